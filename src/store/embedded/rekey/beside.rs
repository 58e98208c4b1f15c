//! What lies beside records and is encrypted like them: the digest of a decided contact, and the reference of the issue
//! for which one was counted.

use rusqlite::params;

use super::super::database::Database;
use super::super::fault::from_sqlite;
use super::super::ledger::{instant, of_issue};
use super::{Page, marks};
use crate::domain::decision::Decision;
use crate::ports::StoreError;
use crate::runtime::limits::REKEY_PAGE;
use crate::store::record::{Label, kind, unless_destroyed};

/// A decision with its digest.
struct FoundDigest {
    place: i64,
    organisation: String,
    contact: String,
    digest: Vec<u8>,
    at: i64,
    record: String,
}

/// A counted contact with its reference.
struct FoundIssue {
    place: i64,
    organisation: String,
    person: String,
    contact: String,
    issue: String,
}

/// `None`: nothing is left behind this place.
pub(super) fn digests(connection: &Database, after: i64) -> Result<Option<Page>, StoreError> {
    let codec = &connection.codec;
    let found = found_digests(connection, after)?;
    let Some(last) = found.last().map(|last| last.place) else { return Ok(None) };
    let mut records = 0;
    for FoundDigest { place, organisation, contact, digest, at, record } in &found {
        let label = Label::new(organisation, kind::DECISION, contact);
        // With a destroyed key it counts as removed.
        let decision: Option<Decision> = unless_destroyed(codec.read(record, label))?;
        let Some(decision) = decision else { continue };
        let plain = codec.digest_of_bytes(label, digest)?;
        let label = label.about(decision.person.as_deref());
        let label = label.on(decision.unnamed_on(instant(*at)?));
        if codec.takes_keyring(label)? && digest.starts_with(codec.mark().as_bytes()) {
            continue;
        }
        let digest = codec.digest_bytes(label, &plain)?;
        connection
            .prepare_cached("UPDATE decision SET digest = ?2 WHERE rowid = ?1")
            .and_then(|mut it| it.execute(params![place, digest]))
            .map_err(from_sqlite)?;
        records += 1;
    }
    Ok(Some(Page { place: last, records }))
}

fn found_digests(connection: &Database, after: i64) -> Result<Vec<FoundDigest>, StoreError> {
    let (mark, of_people) = marks(&connection.codec);
    // SQLite never takes a text for equal to the bytes of a column.
    let (mark, of_people) = (mark.as_bytes(), of_people.as_bytes());
    let sql = format!(
        "SELECT rowid, organisation, contact, digest, at, record FROM decision
         WHERE rowid > ?1 AND substr(digest, 1, length(?2)) <> ?2
         AND substr(digest, 1, length(?3)) <> ?3 ORDER BY rowid LIMIT {REKEY_PAGE}"
    );
    connection.page_behind(&sql, params![after, mark, of_people], |row| {
        Ok(FoundDigest {
            place: row.get(0)?,
            organisation: row.get(1)?,
            contact: row.get(2)?,
            digest: row.get(3)?,
            at: row.get(4)?,
            record: row.get(5)?,
        })
    })
}

/// `None`: nothing is left behind this place.
pub(super) fn issues(connection: &Database, after: i64) -> Result<Option<Page>, StoreError> {
    let codec = &connection.codec;
    let found = found_issues(connection, after)?;
    let Some(last) = found.last().map(|last| last.place) else { return Ok(None) };
    let mut records = 0;
    for FoundIssue { place, organisation, person, contact, issue } in &found {
        let label = of_issue(organisation, person, contact);
        if codec.takes_keyring(label)? && issue.starts_with(&codec.mark()) {
            continue;
        }
        let plain = codec.read_issue(label, issue.clone())?;
        let written = codec.write_issue(label, Some(&plain))?;
        connection
            .prepare_cached("UPDATE counted SET issue = ?2 WHERE rowid = ?1")
            .and_then(|mut it| it.execute(params![place, written]))
            .map_err(from_sqlite)?;
        records += 1;
    }
    Ok(Some(Page { place: last, records }))
}

fn found_issues(connection: &Database, after: i64) -> Result<Vec<FoundIssue>, StoreError> {
    let (mark, of_people) = marks(&connection.codec);
    let sql = format!(
        "SELECT rowid, organisation, person, contact, issue FROM counted
         WHERE rowid > ?1 AND issue IS NOT NULL AND substr(issue, 1, length(?2)) <> ?2
         AND substr(issue, 1, length(?3)) <> ?3 ORDER BY rowid LIMIT {REKEY_PAGE}"
    );
    connection.page_behind(&sql, params![after, mark, of_people], |row| {
        Ok(FoundIssue {
            place: row.get(0)?,
            organisation: row.get(1)?,
            person: row.get(2)?,
            contact: row.get(3)?,
            issue: row.get(4)?,
        })
    })
}
