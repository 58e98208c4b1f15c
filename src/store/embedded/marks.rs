//! Notes on entries of the audit trail, so that a search finds them.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use rusqlite::{CachedStatement, params};

use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use crate::domain::audit::{AuditEvent, DecidedEntry};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::store::trail::{block, day, decided_marks, marks, of_person};

/// Notes marks and days.
pub(super) struct Marking<'c> {
    mark: CachedStatement<'c>,
    day: CachedStatement<'c>,
    /// The day and block that were noted last: nearly every entry has the same.
    pub(super) noted: HashMap<OrganisationId, (i64, u64)>,
}

impl<'c> Marking<'c> {
    pub(super) fn prepare(connection: &'c Database) -> Result<Self, StoreError> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(from_sqlite);
        Ok(Marking {
            mark: prepare(
                "INSERT OR IGNORE INTO audit_mark (organisation, mark, number) VALUES (?1, ?2, ?3)",
            )?,
            day: prepare(
                "INSERT OR IGNORE INTO audit_day (organisation, day, block) VALUES (?1, ?2, ?3)",
            )?,
            noted: HashMap::new(),
        })
    }

    pub(super) fn note<'p>(
        &mut self,
        organisation: &OrganisationId,
        number: i64,
        at: DateTime<Utc>,
        event: &AuditEvent,
        of: impl IntoIterator<Item = &'p str>,
    ) -> Result<(), StoreError> {
        self.note_day(organisation, number, at)?;
        marks(event, None, |mark| self.insert(organisation, mark, number))?;
        of.into_iter().try_for_each(|person| self.insert(organisation, &of_person(person), number))
    }

    pub(super) fn note_decided(
        &mut self,
        organisation: &OrganisationId,
        number: i64,
        at: DateTime<Utc>,
        decided: &DecidedEntry,
    ) -> Result<(), StoreError> {
        self.note_day(organisation, number, at)?;
        for person in decided.person.iter().chain(&decided.in_doubt) {
            self.insert(organisation, &of_person(person), number)?;
        }
        let (disposition, flags) = (decided.disposition, &decided.flags);
        decided_marks(disposition, flags, |mark| self.insert(organisation, mark, number))
    }

    fn note_day(
        &mut self,
        organisation: &OrganisationId,
        number: i64,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        let number = u64::try_from(number).map_err(|_| unreadable("audit number"))?;
        let place = (day(at), block(number));
        if self.noted.get(organisation) == Some(&place) {
            return Ok(());
        }
        let block = i64::try_from(place.1).map_err(|_| unreadable("audit number"))?;
        self.day.execute(params![organisation.as_str(), place.0, block]).map_err(from_sqlite)?;
        self.noted.insert(organisation.clone(), place);
        Ok(())
    }

    fn insert(
        &mut self,
        organisation: &OrganisationId,
        mark: &str,
        number: i64,
    ) -> Result<(), StoreError> {
        self.mark.execute(params![organisation.as_str(), mark, number]).map_err(from_sqlite)?;
        Ok(())
    }
}
