//! Contacts of nobody on record: no part of them names anybody, so all of it is removed by age.
//!
//! Days are in UTC, so that they are the same in every store and gateway, and survive a change of an organisation's
//! time zone. A flagged contact is left out: it may be of somebody on record, and be kept with their data.

use chrono::{DateTime, NaiveDate, Utc};

use super::audit::{AuditEvent, DecidedEntry};
use super::decision::Decision;
use super::queue::QueueItem;

impl Decision {
    /// The day of a decision made at `at`, if its contact is of nobody on record.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        (self.person.is_none() && self.flags.is_empty()).then(|| at.date_naive())
    }
}

impl QueueItem {
    /// The day of the item, if its contact is of nobody on record.
    pub fn unnamed_on(&self) -> Option<NaiveDate> {
        (self.person.is_none() && self.flags.is_empty()).then(|| self.at.date_naive())
    }
}

impl DecidedEntry {
    /// The day of an entry written at `at`, if its contact is of nobody on record.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let is_of_nobody =
            self.person.is_none() && self.in_doubt.is_empty() && self.flags.is_empty();
        is_of_nobody.then(|| at.date_naive())
    }
}

impl AuditEvent {
    /// As [`DecidedEntry::unnamed_on`]; `None` for entries of all other kinds.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        match self {
            AuditEvent::Decided(decided) => decided.unnamed_on(at),
            _ => None,
        }
    }
}
