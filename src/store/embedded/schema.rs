//! The tables of the database, and how it is opened. Older and newer versions: [`migration`].
//!
//! | table | holds |
//! |---|---|
//! | `person` | a person's record in the published JSON shape |
//! | `change` | which person changed, in order: what followers read; bounded, oldest forgotten |
//! | `decision` | the decision on a contact id, with the digest of the content: 32 bytes, or encrypted |
//! | `counted` | what quotas counted of a person; the reference of the issue as text, or encrypted |
//! | `received` | traces of a person's contacts for comparison; bounded for each person |
//! | `told` | when a person was last notified of a reason code |
//! | `lane` | how often a person used a safeguard lane |
//! | `item` | queue items; one per contact |
//! | `audit` | the audit trail, numbered from 1 for each organisation, without gaps but for what was erased |
//! | `delivery` | what downstream has taken |
//! | `copy` | how far a copy of another store into this one has come |
//! | `audit_mark` | which entries concern a person, or have a flag or disposition that is looked for |
//! | `audit_day` | in which blocks of 1,024 numbers a day (counted from 1970) has entries |
//! | `restricted` | the restrictions of each person, to find a person by |
//! | `document` | a record that staff write, of any kind, with its version |
//! | `document_key` | under which values a document is listed |
//! | `nameplate` | the names of the audit trail, which identify it, and its archive |
//!
//! Every key begins with the organisation: nothing crosses from one to another. Columns named
//! `record` are JSON of the domain's own shapes, written and read by [`record`](crate::store::record);
//! columns named `at` are microseconds since 1970 UTC, rounded down. Read it with `sqlite3 -readonly gateway.sqlite3`.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::fault::from_sqlite;
use super::migration;
use crate::ports::StoreError;
use crate::runtime::limits::{
    INTEGRITY_FAULTS_MAX, STORE_LOCK_WAIT, STORE_LOG_BYTES_KEPT, STORE_LOG_PAGES,
    STORE_PREPARED_MAX, STORE_READY_RETRY,
};
use crate::runtime::private;

/// Where a folder's database is.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("gateway.sqlite3")
}

/// Where a database's write-ahead log is (sqlite.org/wal.html, "The WAL File").
pub(super) fn log_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

/// The path of the WAL index (sqlite.org/walformat.html, 2).
pub(super) fn index_of(file: &Path) -> PathBuf {
    beside(file, "-shm")
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The writer's connection: created, checked and brought up to date.
pub(super) fn open_to_write(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(from_sqlite)?;
    // The log and its index are made with the database's own mode.
    private::close(file);
    settle(&connection)?;
    switch_to_wal(&connection)?;
    private::close(&log_of(file));
    write_for_good(&connection)?;
    migration::bring_up_to_date(&connection)?;
    Ok(connection)
}

/// An exclusive connection to a database of any version, which stays as it is.
///
/// # Errors `Refused`: another process has the database open.
pub(super) fn open_without_others(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(from_sqlite)?;
    settle(&connection)?;
    // Set before the first reading, which then locks the file until it is closed: every other connection in WAL mode
    // keeps a lock on it, even while it is idle (sqlite.org/wal.html, "Use of WAL Without Shared-Memory").
    connection
        .pragma_update_and_check(None, "locking_mode", "exclusive", |_| Ok(()))
        .map_err(from_sqlite)?;
    connection.pragma_query_value(None, "user_version", |_| Ok(())).map_err(|error| {
        if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) {
            return StoreError::Refused(
                "another process has the database open: stop the gateway, and wait for other \
                 commands to end"
                    .to_owned(),
            );
        }
        from_sqlite(error)
    })?;
    write_for_good(&connection)?;
    Ok(connection)
}

/// Every commit is synced.
fn write_for_good(connection: &Connection) -> Result<(), StoreError> {
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        // Deleted or replaced records are overwritten with zeros, in the log as soon as that is written back: erased
        // data can't be read from the file (sqlite.org/pragma.html, "secure_delete").
        .and_then(|()| connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())))
        .and_then(|()| {
            connection.pragma_update_and_check(
                None,
                "journal_size_limit",
                STORE_LOG_BYTES_KEPT,
                |_| Ok(()),
            )
        })
        .and_then(|()| {
            connection
                .pragma_update_and_check(None, "wal_autocheckpoint", STORE_LOG_PAGES, |_| Ok(()))
        })
        .map_err(from_sqlite)
}

/// A connection that only reads. The database is there and up to date.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(from_sqlite)?;
    settle(&connection)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(STORE_LOCK_WAIT).map_err(from_sqlite)?;
    connection.set_prepared_statement_cache_capacity(STORE_PREPARED_MAX);
    // Otherwise a statement is planned again with every value bound to it
    // (sqlite.org/queryplanner-ng.html, "Query Planner Stability Guarantee").
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(from_sqlite)?;
    // The writer does it when nobody writes, and at its end. SQLite would take the log away by its
    // name, which may be that of another database's by then.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(from_sqlite)?;
    Ok(())
}

/// Two processes that create the database at once: SQLite answers `BUSY` to one without waiting
/// (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"), so the wait is ours.
fn switch_to_wal(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + STORE_LOCK_WAIT;
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::Refused(format!(
                    "the database's folder allows journal mode `{mode}` only; the store needs a \
                     local disk (no network share) for mode `wal`"
                )));
            }
            Err(error) => {
                let error = from_sqlite(error);
                if !error.is_retryable() || Instant::now() >= until {
                    return Err(error);
                }
                std::thread::sleep(STORE_READY_RETRY);
            }
        }
    }
}

/// `ok`, or the fault.
pub(super) fn soundness(connection: &Connection) -> Result<String, StoreError> {
    connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(from_sqlite)
}

/// What SQLite's full reading finds; empty: nothing. In its own words, which name tables, rows and pages.
pub(super) fn integrity(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = format!("PRAGMA integrity_check({INTEGRITY_FAULTS_MAX})");
    let said: Vec<String> = connection
        .prepare(&sql)
        .and_then(|mut it| it.query_map([], |row| row.get(0))?.collect())
        .map_err(from_sqlite)?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

pub(super) fn has_table(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let tables: i64 = connection.query_row(sql, [name], |row| row.get(0)).map_err(from_sqlite)?;
    Ok(tables > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_programs_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(open_to_write(&path), Err(StoreError::Refused(_))));
    }

    #[test]
    fn a_file_that_is_no_database_is_corrupt() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        std::fs::write(
            &path,
            "not a database at all, but long enough to be read as one".repeat(40),
        )
        .unwrap();
        assert!(matches!(open_to_write(&path), Err(StoreError::Corrupt(_))));
    }
}
