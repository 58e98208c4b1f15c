//! Contacts of nobody on record: no part of one names anybody, and all of it goes by its age.
//!
//! The day is in UTC: it is the same in every store and for every gateway, and whatever zone an organisation comes to
//! be in. A contact that anything was flagged of is left out: it may be of somebody on record, and stay with them.

use chrono::{DateTime, NaiveDate, Utc};

use super::audit::{AuditEvent, DecidedEntry};
use super::decision::Decision;
use super::queue::QueueItem;

impl Decision {
    /// The day of a decision that was made then, if its contact is of nobody on record.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        (self.person.is_none() && self.flags.is_empty()).then(|| at.date_naive())
    }
}

impl QueueItem {
    /// Its day, if its contact is of nobody on record.
    pub fn unnamed_on(&self) -> Option<NaiveDate> {
        (self.person.is_none() && self.flags.is_empty()).then(|| self.at.date_naive())
    }
}

impl DecidedEntry {
    /// The day of an entry that was written then, if its contact is of nobody on record.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        let is_of_nobody =
            self.person.is_none() && self.in_doubt.is_empty() && self.flags.is_empty();
        is_of_nobody.then(|| at.date_naive())
    }
}

impl AuditEvent {
    /// As [`DecidedEntry::unnamed_on`]; `None` also of whatever else happened.
    pub fn unnamed_on(&self, at: DateTime<Utc>) -> Option<NaiveDate> {
        match self {
            AuditEvent::Decided(decided) => decided.unnamed_on(at),
            _ => None,
        }
    }
}
