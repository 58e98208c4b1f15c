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
    use super::*;

    #[test]
    fn a_class_is_known_by_its_name_and_a_rule_goes_back_its_months() {
        for class in Class::ALL {
            assert_eq!(Class::of_name(class.name()), Some(class));
        }
        assert_eq!(Class::of_name("letters"), None);
        let rule = Rule { months: 18, clause: "4".to_owned(), automatic: false };
        let at = |day: &str| format!("{day}T10:00:00Z").parse::<DateTime<Utc>>().unwrap();
        assert_eq!(rule.before(at("2026-11-30")), at("2025-05-30"));
    }
}
