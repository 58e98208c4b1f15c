//! How long records are kept: a period, what it counts from, and the clause of the organisation's own schedule, for
//! each class. Nothing goes that no rule names.

use std::collections::BTreeMap;

use chrono::{DateTime, Months, Utc};
use serde::{Deserialize, Serialize};

use super::audit::{AuditEntry, AuditEvent};
use super::case::CaseFile;
use super::outbound::{OutboundEntry, OutboundTreatment};
use super::person::Person;
use super::profile::Profile;

/// What goes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Queue items that are done, with their originals; from the decision on the contact on.
    Items,
    /// Contacts of nobody on record: decision, item, original, entry of the trail; from the decision on.
    Contacts,
    /// Everything about a person with no restriction; from the last contact or act about them on.
    Records,
    /// What else the trail says of staff and the gateway: looks, accounts, work on items; from then on.
    Trail,
}

impl Class {
    pub const ALL: [Class; 4] = [Class::Items, Class::Contacts, Class::Records, Class::Trail];

    pub const fn name(self) -> &'static str {
        match self {
            Class::Items => "items",
            Class::Contacts => "contacts",
            Class::Records => "records",
            Class::Trail => "trail",
        }
    }

    pub fn of_name(name: &str) -> Option<Self> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Rule {
    pub months: u32,
    pub clause: String,
    /// It goes without anybody's approval.
    pub automatic: bool,
}

impl Rule {
    /// What began before this instant goes.
    pub fn before(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_sub_months(Months::new(self.months)).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// An organisation's rules.
pub type Schedule = BTreeMap<Class, Rule>;

/// Whether nothing of a person's case is open: no restriction in force or to come, no appeal or proposal.
pub fn is_closed(person: &Person, file: &CaseFile, profile: &Profile, now: DateTime<Utc>) -> bool {
    let holds = |one: &super::restriction::Restriction| {
        one.is_in_force(now, profile)
            || one.starts.is_some_and(|starts| starts.start(profile.timezone) > now)
    };
    !person.restrictions.iter().any(holds)
        && !file.appeals.iter().any(super::case::appeal::Appeal::is_open)
        && !file.proposals.iter().any(super::case::proposal::Proposal::is_open)
}

/// Whether an entry is one from which a record's period counts: all but looks at it.
pub const fn counts(entry: &AuditEntry) -> bool {
    !matches!(entry.event, AuditEvent::Looked { .. })
}

/// Whether an entry goes with the class `trail`: anything that is not a contact, part of a case or record, or a proof.
pub const fn is_of_trail(event: &AuditEvent) -> bool {
    matches!(
        event,
        AuditEvent::Looked { .. }
            | AuditEvent::Outbound(OutboundEntry {
                treatment: OutboundTreatment::Noted | OutboundTreatment::Warned,
                ..
            })
            | AuditEvent::Account { .. }
            | AuditEvent::ApiToken { .. }
            | AuditEvent::LetterTemplate { .. }
            | AuditEvent::Item { .. }
            | AuditEvent::Released { .. }
            | AuditEvent::Unread { .. }
            | AuditEvent::Unanswered { .. }
            | AuditEvent::DeadLetterDiscarded { .. }
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::nation::Nation;

    #[test]
    fn a_class_is_known_by_its_name_and_a_rule_goes_back_its_months() {
        for class in Class::ALL {
            assert_eq!(Class::of_name(class.name()), Some(class));
            assert_eq!(serde_json::to_value(class).unwrap(), class.name());
        }
        assert_eq!(Class::of_name("letters"), None);
        let rule = |months| Rule { months, clause: "4".to_owned(), automatic: false };
        let at = |day: &str| format!("{day}T10:00:00Z").parse::<DateTime<Utc>>().unwrap();
        assert_eq!(rule(18).before(at("2026-11-30")), at("2025-05-30"));
        assert_eq!(rule(u32::MAX).before(at("2026-11-30")), DateTime::<Utc>::MIN_UTC);
    }

    #[test]
    fn a_case_is_closed_once_nothing_of_it_is_in_force_to_come_or_to_be_decided() {
        let now = "2026-06-01T10:00:00Z";
        let held = |more: Value| {
            let mut held = json!({"id": "R-1", "kind": "visits_in_pairs", "starts": "2026-01-01"});
            held.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            (json!([held]), json!({}))
        };
        let in_file = |part: &str, entry: Value| (json!([]), json!({part: [entry]}));
        let appeal = |state: Value| {
            let mut appeal = json!({"id": "A-1", "restriction": "R-1", "joined": [], "out_of_time": false,
                "received": {"at": now, "channel": "letter", "grounds": [], "recorded_by": "Ann Bell"}, "suspends": false});
            appeal.as_object_mut().unwrap().extend(state.as_object().unwrap().clone());
            in_file("appeals", appeal)
        };
        let proposal = |state: &str| {
            let restriction = json!({"id": "R-1", "kind": "visits_in_pairs"});
            let proposal = json!({"id": "PR-1", "at": now, "by": "Ann Bell", "restriction": restriction,
                "incidents": [], "exceptions": [], "state": state});
            in_file("proposals", proposal)
        };
        let decision = json!({"at": now, "by": "Ed Fox", "outcome": "upheld", "why": "Right."});
        for ((restrictions, file), expected) in [
            ((json!([]), json!({})), true),
            (held(json!({})), false),
            (held(json!({"status": "lifted"})), true),
            (held(json!({"ends": "2026-05-31"})), true),
            // Still to start, whatever its status.
            (held(json!({"starts": "2026-06-02"})), false),
            (held(json!({"starts": "2026-06-01T10:00:01Z", "status": "proposed"})), false),
            (held(json!({"starts": now, "status": "proposed"})), true),
            (held(json!({"starts": now})), false),
            (appeal(json!({})), false),
            (appeal(json!({"decision": decision})), true),
            (appeal(json!({"withdrawn_at": now})), true),
            (proposal("draft"), false),
            (proposal("signed"), false),
            (proposal("done"), true),
            (proposal("withdrawn"), true),
        ] {
            let person = json!({"id": "P-1", "restrictions": restrictions});
            let person: Person = serde_json::from_value(person).unwrap();
            let case: CaseFile = serde_json::from_value(file.clone()).unwrap();
            let profile = Profile::silent("Bare Homes", Nation::England);
            let found = is_closed(&person, &case, &profile, now.parse().unwrap());
            assert_eq!(found, expected, "{restrictions} {file}");
        }
    }

    /// Whether an entry keeps a record, and whether it goes with the trail.
    fn of_entry(event: &Value) -> (bool, bool) {
        let mut entry = json!({"number": 7, "at": "2026-11-21T10:00:00Z", "by": "Ann Bell"});
        entry.as_object_mut().unwrap().extend(event.as_object().unwrap().clone());
        let entry: AuditEntry = serde_json::from_value(entry).unwrap();
        (counts(&entry), is_of_trail(&entry.event))
    }

    #[test]
    fn a_look_keeps_no_record_and_the_trail_has_what_is_no_contact_case_or_proof() {
        let outbound = |treatment: &str| {
            json!({"event": "outbound", "contact": "o-1", "person": "P-1", "restriction": "R-1",
                "code": "single_point_of_contact.other", "treatment": treatment, "sender": "ann@karbon.example"})
        };
        let decided = json!({"event": "decided", "contact": "c-1", "person": "P-1", "channel": "email",
            "contact_at": "2026-11-21T09:59:00Z", "disposition": "limit", "mode": "enforce", "stale": false,
            "profile_version": "1", "rows": []});
        for (event, expected) in [
            (json!({"event": "looked", "looked_at": "person", "id": "P-1"}), (false, true)),
            (json!({"event": "item", "item": "c-1", "action": "claim"}), (true, true)),
            (json!({"event": "released", "item": "c-1"}), (true, true)),
            (json!({"event": "unread", "item": "c-1"}), (true, true)),
            (json!({"event": "account", "account": "ann", "action": "signed_in"}), (true, true)),
            (outbound("noted"), (true, true)),
            (outbound("warned"), (true, true)),
            // A contact of its person.
            (outbound("held"), (true, false)),
            (decided, (true, false)),
            (json!({"event": "person_changed", "person": "P-1"}), (true, false)),
            (json!({"event": "store_accepted", "known": 9, "found": 7}), (true, false)),
        ] {
            assert_eq!(of_entry(&event), expected, "{event}");
        }
    }
}
