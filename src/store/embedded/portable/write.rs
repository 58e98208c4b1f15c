//! Records of another store, each in the place of the one before.

use rusqlite::{ToSql, params};

use super::super::database::Database;
use super::super::fault::from_sqlite;
use super::super::{documents, items, ledger, people};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{PersonLedger, Record, RecordedDecision};
use crate::store::record::{Label, kind};

pub(super) fn record(
    connection: &Database,
    organisation: &OrganisationId,
    record: &Record,
) -> Result<(), StoreError> {
    match record {
        Record::Person(person) => people::put(connection, organisation, [person.as_ref()]),
        Record::Decision(recorded) => decision(connection, organisation.as_str(), recorded),
        Record::Ledger(remembered) => whole_ledger(connection, organisation.as_str(), remembered),
        Record::Item(item) => items::put(connection, organisation, item),
        Record::Audit(entry) => self::entry(connection, organisation.as_str(), entry),
        Record::Delivery(delivery) => run(
            connection,
            "INSERT OR REPLACE INTO delivery (organisation, key, at) VALUES (?1, ?2, ?3)",
            params![organisation.as_str(), delivery.key, delivery.at.timestamp_micros()],
        ),
        Record::Document(document) => documents::put(connection, organisation, document),
    }
}

fn run(connection: &Database, sql: &str, with: &[&dyn ToSql]) -> Result<(), StoreError> {
    connection.prepare_cached(sql).and_then(|mut it| it.execute(with)).map_err(from_sqlite)?;
    Ok(())
}

fn decision(
    connection: &Database,
    organisation: &str,
    recorded: &RecordedDecision,
) -> Result<(), StoreError> {
    let label = Label::new(organisation, kind::DECISION, &recorded.contact);
    let label = label.about(recorded.decision.person.as_deref());
    let label = label.on(recorded.decision.unnamed_on(recorded.at));
    let digest = connection.codec.digest_bytes(label, &recorded.digest)?;
    let record = connection.codec.write(label, &recorded.decision)?;
    run(
        connection,
        "INSERT OR REPLACE INTO decision (organisation, contact, digest, at, record)
         VALUES (?1, ?2, ?3, ?4, ?5)",
        params![organisation, recorded.contact, digest, recorded.at.timestamp_micros(), record],
    )
}

fn entry(connection: &Database, organisation: &str, entry: &AuditEntry) -> Result<(), StoreError> {
    let number = i64::try_from(entry.number)
        .map_err(|_| StoreError::Refused("an audit number is too large to be stored".to_owned()))?;
    let about = entry.event.people().first().copied();
    let label = Label::new(organisation, kind::AUDIT_ENTRY, &number).about(about);
    let label = label.on(entry.event.unnamed_on(entry.at));
    let record = connection.codec.write(label, entry)?;
    run(
        connection,
        "INSERT OR REPLACE INTO audit (organisation, number, at, record) VALUES (?1, ?2, ?3, ?4)",
        params![organisation, number, entry.at.timestamp_micros(), record],
    )
}

fn whole_ledger(
    connection: &Database,
    organisation: &str,
    remembered: &PersonLedger,
) -> Result<(), StoreError> {
    let person = remembered.person.as_str();
    for sql in [
        "DELETE FROM counted WHERE organisation = ?1 AND person = ?2",
        "DELETE FROM received WHERE organisation = ?1 AND person = ?2",
        "DELETE FROM told WHERE organisation = ?1 AND person = ?2",
        "DELETE FROM lane WHERE organisation = ?1 AND person = ?2",
    ] {
        run(connection, sql, params![organisation, person])?;
    }
    for one in &remembered.counted {
        let counted = &one.counted;
        let label = ledger::of_issue(organisation, person, &one.contact);
        let issue = connection.codec.write_issue(label, counted.issue.as_deref())?;
        run(
            connection,
            "INSERT INTO counted (organisation, person, contact, restriction, mode, at, issue)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            params![
                organisation,
                person,
                one.contact,
                counted.restriction,
                ledger::mode_name(counted.mode),
                counted.at.timestamp_micros(),
                issue
            ],
        )?;
    }
    for received in &remembered.received {
        let label = Label::new(organisation, kind::RECEIVED, &received.contact).about(Some(person));
        let record = connection.codec.write(label, received)?;
        run(
            connection,
            "INSERT OR REPLACE INTO received (organisation, person, contact, at, record)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![organisation, person, received.contact, received.at.timestamp_micros(), record],
        )?;
    }
    for told in &remembered.told {
        run(
            connection,
            "INSERT INTO told (organisation, person, code, at) VALUES (?1, ?2, ?3, ?4)",
            params![organisation, person, told.code, told.at.timestamp_micros()],
        )?;
    }
    for (lane, used) in &remembered.lanes_used {
        run(
            connection,
            "INSERT INTO lane (organisation, person, lane, used) VALUES (?1, ?2, ?3, ?4)",
            params![organisation, person, lane, used],
        )?;
    }
    Ok(())
}
