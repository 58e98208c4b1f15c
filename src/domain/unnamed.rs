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

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// Half past midnight in London, and still the day before in UTC.
    const AT: &str = "2026-06-30T23:30:00Z";

    fn with(mut record: Value, more: &Value) -> Value {
        record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        record
    }

    /// The day of a decision, its item and its entry.
    fn days(more: &Value) -> [Option<NaiveDate>; 3] {
        let at = AT.parse().unwrap();
        let decided = json!({"contact": "c-1", "person": null, "disposition": "deliver", "mode": "enforce",
            "route": null, "reasons": [], "flags": [], "quotas": [], "notice": null, "stale": false});
        let decision: Decision = serde_json::from_value(with(decided, more)).unwrap();
        let item = json!({"id": "c-1", "queue": "limited", "contact": "c-1", "person": null, "channel": "email",
            "at": AT, "disposition": "limit", "reasons": [], "flags": [], "subject": null, "original_to": [],
            "state": "open"});
        let item: QueueItem = serde_json::from_value(with(item, more)).unwrap();
        let entry = entry(more);
        let of_entry = entry.unnamed_on(at);
        assert_eq!(AuditEvent::Decided(entry).unnamed_on(at), of_entry);
        [decision.unnamed_on(at), item.unnamed_on(), of_entry]
    }

    fn entry(more: &Value) -> DecidedEntry {
        let entry = json!({"contact": "c-1", "person": null, "channel": "email", "contact_at": AT,
            "disposition": "deliver", "mode": "enforce", "stale": false, "profile_version": "1", "rows": []});
        serde_json::from_value(with(entry, more)).unwrap()
    }

    #[test]
    fn only_a_contact_that_may_be_of_nobody_on_record_goes_by_its_day() {
        let day = Some("2026-06-30".parse().unwrap());
        assert_eq!(days(&json!({})), [day; 3]);
        let (named, flagged) = (json!({"person": "P-1"}), json!({"flags": ["identity_shared"]}));
        for kept in [named, flagged, json!({"person": "P-1", "flags": ["identity_shared"]})] {
            assert_eq!(days(&kept), [None; 3], "{kept}");
        }
        let at = AT.parse().unwrap();
        assert_eq!(entry(&json!({"in_doubt": ["P-1"]})).unnamed_on(at), None);
        assert_eq!(AuditEvent::Released { item: "c-1".to_owned() }.unnamed_on(at), None);
    }
}
