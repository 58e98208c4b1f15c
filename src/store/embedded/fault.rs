//! What SQLite's errors mean to a caller.
//!
//! The texts carry SQLite's codes (sqlite.org/rescode.html) and never its messages, which may quote the data.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::ports::StoreError;
use crate::runtime::private;
pub(super) use crate::store::record::unreadable;

pub(super) fn from_sqlite(error: Error) -> StoreError {
    match error {
        Error::SqliteFailure(fault, _) => from_code(fault),
        Error::SqlInputError { error: fault, .. } => from_code(fault),
        Error::FromSqlConversionFailure(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..)
        | Error::InvalidColumnType(..) => unreadable("column"),
        // The rest are faults of the calling code: a wrong parameter, a missing row.
        other => StoreError::Refused(format!("the database call failed: {}", name_of(&other))),
    }
}

fn from_code(fault: rusqlite::ffi::Error) -> StoreError {
    let code = fault.extended_code;
    match fault.code {
        ErrorCode::DiskFull => {
            StoreError::Unavailable("the disk of the database is full; free some space".to_owned())
        }
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Unavailable("another process holds the database".to_owned())
        }
        // The file ends before a page that it should have.
        ErrorCode::SystemIoFailure if code == rusqlite::ffi::SQLITE_IOERR_SHORT_READ => {
            StoreError::Corrupt("the database file or its log was cut short".to_owned())
        }
        ErrorCode::SystemIoFailure
        | ErrorCode::CannotOpen
        | ErrorCode::ReadOnly
        | ErrorCode::PermissionDenied
        | ErrorCode::OutOfMemory
        | ErrorCode::OperationInterrupted
        | ErrorCode::FileLockingProtocolFailed
        | ErrorCode::NoLargeFileSupport
        | ErrorCode::SchemaChanged => StoreError::Unavailable(format!("SQLite code {code}")),
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Corrupt(format!("the database file is damaged (SQLite code {code})"))
        }
        // Faults of the calling code, among codes that SQLite may add to.
        _ => StoreError::Refused(format!("the database refused the call (SQLite code {code})")),
    }
}

fn name_of(error: &Error) -> &'static str {
    match error {
        Error::QueryReturnedNoRows => "no row",
        Error::InvalidParameterCount(..) => "parameter count",
        Error::ToSqlConversionFailure(_) => "a value that SQLite can't store",
        _ => "misuse",
    }
}

/// The thread that was to do it is gone.
pub(super) fn closed() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}

pub(super) fn task(error: tokio::task::JoinError) -> StoreError {
    if error.is_panic() {
        return StoreError::Refused(super::super::DECIDER_PANICKED.to_owned());
    }
    closed()
}

/// Creates the store's folder, readable only by the gateway's own user: it holds personal data.
pub(super) fn create_folder(folder: &Path) -> Result<(), StoreError> {
    private::folder(folder).map_err(|error| {
        StoreError::Unavailable(format!(
            "the store's folder {} can't be made: {}",
            folder.display(),
            error.kind()
        ))
    })
}
