//! The audit trail.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{CachedStatement, Row, params};
use serde::Serialize;

use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use super::items;
use super::marks::Marking;
use crate::domain::audit::{AuditEntry, AuditEvent, DecidedEntry, DecidedRecord, GATEWAY};
use crate::domain::organisation::OrganisationId;
use crate::ports::{Stamp, StoreError};
use crate::store::page;
use crate::store::record::{Codec, Label, Sheet, kind, unless_destroyed};

/// The organisations' trails, to be written on. There is one writer at a time, so that no number is given
/// twice and none is left out.
pub(super) struct Trail<'c> {
    last: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    marking: Marking<'c>,
    /// The last numbers, as far as this transaction knows them.
    numbers: HashMap<OrganisationId, i64>,
    record: Sheet,
    codec: &'c Codec,
}

impl<'c> Trail<'c> {
    pub(super) fn prepare(connection: &'c Database) -> Result<Self, StoreError> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(from_sqlite);
        Ok(Trail {
            last: prepare("SELECT coalesce(max(number), 0) FROM audit WHERE organisation = ?1")?,
            insert: prepare(
                "INSERT INTO audit (organisation, number, at, record) VALUES (?1, ?2, ?3, ?4)",
            )?,
            marking: Marking::prepare(connection)?,
            numbers: HashMap::new(),
            record: Sheet::default(),
            codec: &connection.codec,
        })
    }

    /// To be called where others may have written since.
    pub(super) fn forget_numbers(&mut self) {
        self.numbers.clear();
    }

    /// To be called if the write is undone.
    pub(super) fn undone(&mut self) {
        self.forget_numbers();
        self.marking.noted.clear();
    }

    /// Appends an entry with the organisation's next number. `of`: people it concerns, besides those it names.
    pub(super) fn append<'p>(
        &mut self,
        organisation: &OrganisationId,
        stamp: &Stamp,
        event: &AuditEvent,
        of: impl IntoIterator<Item = &'p str>,
    ) -> Result<(), StoreError> {
        let (at, by) = (stamp.at, stamp.by.clone());
        let of: Vec<&str> = of.into_iter().collect();
        let about = event.people().first().copied().or_else(|| of.first().copied());
        let entry = |number| AuditEntry { number, at, by, event: event.clone() };
        let number = self.write(organisation, (at, about, event.unnamed_on(at)), entry)?;
        self.marking.note(organisation, number, at, event, of)
    }

    /// Notes for searching, of an entry that is in the trail already.
    pub(super) fn carried(
        &mut self,
        connection: &Database,
        organisation: &OrganisationId,
        entry: &AuditEntry,
    ) -> Result<(), StoreError> {
        let number = i64::try_from(entry.number).map_err(|_| unreadable("audit number"))?;
        let item = match entry.event.item() {
            Some(item) => items::one(connection, organisation, item)?,
            None => None,
        };
        let of = item.as_ref().and_then(|item| item.person.as_deref());
        self.marking.note(organisation, number, entry.at, &entry.event, of)
    }

    /// As [`Trail::append`], what the gateway itself decided.
    pub(super) fn append_decided(
        &mut self,
        organisation: &OrganisationId,
        at: DateTime<Utc>,
        decided: &DecidedEntry,
    ) -> Result<(), StoreError> {
        let whose = (at, decided.person.as_deref(), decided.unnamed_on(at));
        let number = self.write(organisation, whose, |number| {
            DecidedRecord::new(Some(number), at, GATEWAY, decided)
        })?;
        self.marking.note_decided(organisation, number, at, decided)
    }

    fn write<R: Serialize>(
        &mut self,
        organisation: &OrganisationId,
        (at, about, day): (DateTime<Utc>, Option<&str>, Option<NaiveDate>),
        entry: impl FnOnce(u64) -> R,
    ) -> Result<i64, StoreError> {
        let name = organisation.as_str();
        let last = match self.numbers.get(organisation) {
            Some(last) => *last,
            None => self.last.query_row([name], |row| row.get(0)).map_err(from_sqlite)?,
        };
        let number = last + 1;
        let entry = entry(u64::try_from(number).map_err(|_| unreadable("audit number"))?);
        let label = Label::new(name, kind::AUDIT_ENTRY, &number).about(about).on(day);
        let record = self.record.write(self.codec, label, &entry)?;
        self.insert
            .execute(params![name, number, at.timestamp_micros(), record])
            .map_err(from_sqlite)?;
        match self.numbers.get_mut(organisation) {
            Some(last) => *last = number,
            None => {
                self.numbers.insert(organisation.clone(), number);
            }
        }
        Ok(number)
    }
}

pub(super) fn list(
    connection: &Database,
    organisation: &OrganisationId,
    after: u64,
    limit: usize,
) -> Result<Vec<AuditEntry>, StoreError> {
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let mut statement = connection
        .prepare_cached(
            "SELECT number, record FROM audit WHERE organisation = ?1 AND number > ?2
             ORDER BY number",
        )
        .map_err(from_sqlite)?;
    let mut rows = statement.query(params![organisation.as_str(), after]).map_err(from_sqlite)?;
    let (mut entries, limit) = (Vec::new(), page(limit));
    // Read until the page is full: a shorter one is the end of the trail to who asked.
    while entries.len() < limit
        && let Some(row) = rows.next().map_err(from_sqlite)?
    {
        entries.extend(unless_destroyed(read(connection, organisation.as_str(), row))?);
    }
    Ok(entries)
}

/// The entry of a row of number and record.
pub(super) fn read(
    connection: &Database,
    organisation: &str,
    row: &Row<'_>,
) -> Result<AuditEntry, StoreError> {
    let number: i64 = row.get(0).map_err(from_sqlite)?;
    let record = row.get_ref(1).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
    connection.codec.read(record, Label::new(organisation, kind::AUDIT_ENTRY, &number))
}
