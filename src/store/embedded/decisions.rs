//! The atomic heart in SQL: recorded decision, ledger, additions, item, audit entry. Everything
//! here runs inside the writer's transaction, or a read transaction.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::fault::{from_sqlite, unreadable, unwritable};
use super::{audit, items, ledger};
use crate::domain::audit::{AuditEvent, DecidedEntry};
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::ports::{
    CommitRequest, Committed, JournalEntry, PlainDecision, Settled, Stamp, StoreError,
};
use crate::store::GATEWAY;

pub(super) fn commit(
    connection: &Connection,
    request: CommitRequest,
) -> Result<Committed, StoreError> {
    let (known, settled) = look_and_decide(connection, &request)?;
    let Some(settled) = settled else { return Ok(known) };
    let entry = JournalEntry {
        organisation: request.organisation,
        contact: request.contact,
        digest: request.digest,
        person: request.person,
        at: request.at,
        settled,
    };
    write(connection, &entry)?;
    Ok(known)
}

/// What a commit would answer. Writes nothing.
pub(super) fn preview(
    connection: &Connection,
    request: &CommitRequest,
) -> Result<Committed, StoreError> {
    look_and_decide(connection, request).map(|(answer, _)| answer)
}

pub(super) fn replay(connection: &Connection, entry: &JournalEntry) -> Result<(), StoreError> {
    if recorded(connection, &entry.organisation, &entry.contact)?.is_some() {
        return Ok(());
    }
    write(connection, entry)
}

pub(super) fn record_plain(
    connection: &Connection,
    plain: &PlainDecision,
) -> Result<(), StoreError> {
    let PlainDecision { organisation, contact, digest, at, decision, audit } = plain;
    if record_decision(connection, organisation, contact, digest, *at, decision)? {
        append_decided(connection, organisation, *at, audit)?;
    }
    Ok(())
}

pub(super) fn recorded(
    connection: &Connection,
    organisation: &OrganisationId,
    contact: &str,
) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
    let row = connection
        .prepare_cached(
            "SELECT record, digest FROM decision WHERE organisation = ?1 AND contact = ?2",
        )
        .and_then(|mut it| {
            it.query_row([organisation.as_str(), contact], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 32]>(1)?))
            })
            .optional()
        })
        .map_err(from_sqlite)?;
    let Some((record, digest)) = row else { return Ok(None) };
    let decision = serde_json::from_str(&record).map_err(|_| unreadable("decision"))?;
    Ok(Some((decision, digest)))
}

pub(super) fn uncount(
    connection: &Connection,
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

/// The answer, and what is to be written for it, if anything is.
fn look_and_decide(
    connection: &Connection,
    request: &CommitRequest,
) -> Result<(Committed, Option<Settled>), StoreError> {
    let known = recorded(connection, &request.organisation, &request.contact)?;
    if let Some((decision, digest)) = known {
        let conflicting = digest != request.digest;
        return Ok((Committed { decision, repeated: true, conflicting }, None));
    }
    let ledger = ledger::read(connection, request)?;
    let settled = (request.decide)(&ledger)?;
    let decision = settled.decision.clone();
    Ok((Committed { decision, repeated: false, conflicting: false }, Some(settled)))
}

/// Writes all of a decided contact that is not recorded yet.
fn write(connection: &Connection, entry: &JournalEntry) -> Result<(), StoreError> {
    let JournalEntry { organisation, contact, digest, at, settled, .. } = entry;
    record_decision(connection, organisation, contact, digest, *at, &settled.decision)?;
    if let Some(person) = &entry.person {
        ledger::add(connection, entry, person)?;
    }
    if let Some(item) = &settled.item {
        items::insert(connection, organisation, item)?;
    }
    append_decided(connection, organisation, *at, &settled.audit)
}

/// `false`: the id is recorded already, and nothing was written.
fn record_decision(
    connection: &Connection,
    organisation: &OrganisationId,
    contact: &str,
    digest: &[u8; 32],
    at: DateTime<Utc>,
    decision: &Decision,
) -> Result<bool, StoreError> {
    let record = serde_json::to_string(decision).map_err(unwritable)?;
    let written = connection
        .prepare_cached(
            "INSERT INTO decision (organisation, contact, digest, at, record)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )
        .and_then(|mut it| {
            let at = at.timestamp_micros();
            it.execute(params![organisation.as_str(), contact, digest, at, record])
        })
        .map_err(from_sqlite)?;
    Ok(written == 1)
}

fn append_decided(
    connection: &Connection,
    organisation: &OrganisationId,
    at: DateTime<Utc>,
    decided: &DecidedEntry,
) -> Result<(), StoreError> {
    let stamp = Stamp { by: GATEWAY.to_owned(), at };
    let event = AuditEvent::Decided(decided.clone());
    audit::append(connection, organisation, stamp, event)
}
