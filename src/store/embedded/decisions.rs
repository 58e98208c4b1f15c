//! The atomic heart in SQL: recorded decision, ledger, additions, item, audit entry. Everything
//! here runs inside the writer's transaction, or a read transaction.

use super::database::Database;
use super::desk::Desk;
use super::fault::from_sqlite;
use super::items;
use super::ledger::LedgerReading;
use super::recording::Recording;
use crate::domain::organisation::OrganisationId;
use crate::ports::{
    Commit, CommitRequest, Committed, JournalEntry, PlainDecision, Settled, StoreError,
};
use crate::store::record::unless_destroyed;

pub(super) fn commit(desk: &mut Desk<'_>, request: &CommitRequest) -> Result<Commit, StoreError> {
    let found = unless_destroyed(repeated(&mut desk.recording, request))?;
    if let Some(Some(committed)) = found {
        return Ok(committed.into());
    }
    let settled = match (request.decide)(&desk.reading.ledger(request)?) {
        Ok(settled) => settled,
        Err(withheld) => return Ok(withheld.into()),
    };
    if found.is_none() {
        forget(desk.connection, request)?;
    }
    let entry = JournalEntry {
        organisation: request.organisation.clone(),
        contact: request.contact.clone(),
        digest: request.digest,
        person: request.person.clone(),
        at: request.at,
        settled,
    };
    write(desk, &entry)?;
    Ok(fresh(entry.settled).into())
}

/// What a commit would answer. Writes nothing.
pub(super) fn preview(
    connection: &Database,
    request: &CommitRequest,
) -> Result<Commit, StoreError> {
    let found = repeated(&mut Recording::prepare(connection)?, request);
    if let Some(Some(committed)) = unless_destroyed(found)? {
        return Ok(committed.into());
    }
    let ledger = LedgerReading::prepare(connection)?.ledger(request)?;
    Ok((request.decide)(&ledger).map_or_else(Commit::from, |settled| fresh(settled).into()))
}

pub(super) fn replay(desk: &mut Desk<'_>, entry: &JournalEntry) -> Result<(), StoreError> {
    let found = desk.recording.find(&entry.organisation, &entry.contact);
    // One whose key is destroyed is recorded too.
    match unless_destroyed(found)? {
        Some(None) => write(desk, entry),
        Some(Some(_)) | None => Ok(()),
    }
}

pub(super) fn record_plain(desk: &mut Desk<'_>, plain: &PlainDecision) -> Result<(), StoreError> {
    let PlainDecision { organisation, contact, digest, at, decision, audit } = plain;
    if desk.recording.add(organisation, contact, digest, *at, decision)? {
        desk.trail.append_decided(organisation, *at, audit)?;
    }
    Ok(())
}

pub(super) fn uncount(
    connection: &Database,
    organisation: &OrganisationId,
    contact: &str,
) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM counted WHERE organisation = ?1 AND contact = ?2",
        "DELETE FROM received WHERE organisation = ?1 AND contact = ?2",
    ] {
        connection
            .prepare_cached(sql)
            .and_then(|mut it| it.execute([organisation.as_str(), contact]))
            .map_err(from_sqlite)?;
    }
    Ok(())
}

/// The answer to a contact that is recorded already.
fn repeated(
    recording: &mut Recording<'_>,
    request: &CommitRequest,
) -> Result<Option<Committed>, StoreError> {
    let found = recording.find(&request.organisation, &request.contact)?;
    Ok(found.map(|(decision, digest)| {
        let conflicting = digest != request.digest;
        Committed { decision, repeated: true, conflicting }
    }))
}

/// Removes the records of a contact of somebody whose key is destroyed, so that it is decided as a new one.
fn forget(connection: &Database, request: &CommitRequest) -> Result<(), StoreError> {
    let (organisation, contact) = (&request.organisation, request.contact.as_str());
    let delete = |sql: &str| {
        let deleted = connection
            .prepare_cached(sql)
            .and_then(|mut it| it.execute([organisation.as_str(), contact]));
        deleted.map(drop).map_err(from_sqlite)
    };
    delete("DELETE FROM decision WHERE organisation = ?1 AND contact = ?2")?;
    delete("DELETE FROM received WHERE organisation = ?1 AND contact = ?2")?;
    // A readable item is not theirs.
    if items::one(connection, organisation, contact)?.is_none() {
        delete("DELETE FROM item WHERE organisation = ?1 AND id = ?2")?;
    }
    Ok(())
}

fn fresh(settled: Settled) -> Committed {
    Committed { decision: settled.decision, repeated: false, conflicting: false }
}

/// Writes all of a decided contact that is not recorded yet.
fn write(desk: &mut Desk<'_>, entry: &JournalEntry) -> Result<(), StoreError> {
    let JournalEntry { organisation, contact, digest, at, settled, .. } = entry;
    desk.recording.add(organisation, contact, digest, *at, &settled.decision)?;
    if let Some(person) = &entry.person {
        desk.adding.add(desk.connection, entry, person)?;
    }
    if let Some(item) = &settled.item {
        items::insert(desk.connection, organisation, item)?;
    }
    desk.trail.append_decided(organisation, *at, &settled.audit)
}
