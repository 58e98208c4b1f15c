//! The audit trail.

use rusqlite::{Connection, params};

use super::fault::{from_sqlite, unreadable, unwritable};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::{Stamp, StoreError};
use crate::store::page;

/// Appends an entry with the organisation's next number. There is one writer at a time, so that
/// no number is given twice and none is left out.
pub(super) fn append(
    connection: &Connection,
    organisation: &OrganisationId,
    stamp: Stamp,
    event: AuditEvent,
) -> Result<(), StoreError> {
    let last: i64 = connection
        .prepare_cached("SELECT coalesce(max(number), 0) FROM audit WHERE organisation = ?1")
        .and_then(|mut it| it.query_row([organisation.as_str()], |row| row.get(0)))
        .map_err(from_sqlite)?;
    let number = last + 1;
    let entry = AuditEntry {
        number: u64::try_from(number).map_err(|_| unreadable("audit number"))?,
        at: stamp.at,
        by: stamp.by,
        event,
    };
    let record = serde_json::to_string(&entry).map_err(unwritable)?;
    connection
        .prepare_cached(
            "INSERT INTO audit (organisation, number, at, record) VALUES (?1, ?2, ?3, ?4)",
        )
        .and_then(|mut it| {
            it.execute(params![organisation.as_str(), number, stamp.at.timestamp_micros(), record])
        })
        .map_err(from_sqlite)?;
    Ok(())
}

pub(super) fn list(
    connection: &Connection,
    organisation: &OrganisationId,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = i64::try_from(page(limit)).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached(
            "SELECT record FROM audit WHERE organisation = ?1 AND number > ?2
             ORDER BY number LIMIT ?3",
        )
        .map_err(from_sqlite)?;
    let mut rows =
        statement.query(params![organisation.as_str(), after, limit]).map_err(from_sqlite)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let record: String = row.get(0).map_err(from_sqlite)?;
        entries.push(serde_json::from_str(&record).map_err(|_| unreadable("audit entry"))?);
    }
    Ok(entries)
}
