//! Audit entries: what was decided or done, on which facts, by which rule or person.

pub mod changes;
pub mod facts;
mod record;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::channel::Channel;
use super::disposition::Disposition;
use super::flag::Flag;
use super::identifier::IdentifierKind;
use super::language::Language;
use super::outbound::{OutboundEntry, OutboundTreatment};
use super::profile::Role;
use super::reason_code::ReasonCode;
use super::restriction::{KindName, Mode, Status};
use super::row::DecisionRow;
use facts::DecisionFacts;

pub use record::{DecidedRecord, UnnumberedEntry};

/// The name on an audit entry for what the gateway does by itself, its decisions among it.
pub const GATEWAY: &str = "gateway";

/// One entry of an organisation's audit trail. It has ids and codes, never a customer's address; its only free text
/// is the reason that staff gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// One contact was decided.
    Decided(DecidedEntry),
    /// People and restrictions were loaded.
    Imported {
        people: u32,
        /// Those on record for these people.
        restrictions: u32,
        /// Held before, and hold no longer.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        ended: Vec<EndedRestriction>,
        /// Of the people, those who were not on record before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        added: Option<u32>,
        /// Case files that were begun or added to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cases: Option<u32>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Staff did something with a queue item.
    Item { item: String, action: String },
    /// A kept original was handed to its recipients.
    Released { item: String },
    /// Nobody read an item in time.
    Unread { item: String },
    /// A point of contact did not take up an item in time: it was passed on, from a queue to the same or another one.
    Unanswered { item: String, from: String, to: String },
    /// A person's record was changed, by a gateway that did not say in what.
    PersonChanged { person: String },
    /// A step of a person's case was taken.
    Step(StepEntry),
    /// Somebody was reminded of a due date, or notified that a way of contact closed.
    Reminded { what: String, about: String, person: Option<String>, state: String },
    /// A person came on record, or something of the record was changed that has no event of its own.
    RecordChanged {
        person: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        is_new: bool,
        /// The keys that changed.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        what: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    IdentifierAdded {
        person: String,
        kind: IdentifierKind,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    IdentifierRemoved {
        person: String,
        kind: IdentifierKind,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        shared: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    RestrictionAdded {
        person: String,
        restriction: String,
        kind: KindName,
        status: Status,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    RestrictionVaried {
        person: String,
        restriction: String,
        changes: Vec<Variation>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A restriction in force, or about to be, no longer is.
    RestrictionLifted {
        person: String,
        restriction: String,
        /// What it is now; absent: it is off the record.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<Status>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Two records were found to be of one person, and are enforced together.
    Merged { person: String, other: String, merge: String, reason: String },
    /// They were found not to be: each has its own again.
    Unmerged { person: String, other: String, merge: String, reason: String },
    /// Somebody looked at personal data: a person's record, an item, an original, a whole list.
    Looked {
        looked_at: LookedAt,
        id: String,
        /// The queue item that led there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// An account of the console was used or changed (a sign-in, an invitation), or somebody was recorded as leaving.
    /// A leaver without an account is named in `account`.
    Account { account: String, action: String },
    /// A token of the API was made in the console or by the API, or revoked.
    ApiToken {
        /// Its id: the SHA-256 of the token.
        token: String,
        /// The name under which its acts are on the trail.
        holder: String,
        role: Role,
        /// The last day on which it is valid.
        expires: NaiveDate,
        /// `made` or `revoked`.
        action: String,
    },
    /// The wording of letters was edited in the console or by the API, or went back to the configured one.
    LetterTemplate {
        language: Language,
        /// The edition of that language, from 1.
        edition: u64,
        /// The version that letters give from then on.
        template: String,
        /// `edited` or `as_configured`.
        action: String,
    },
    /// Somebody let go of an event that a receiver did not take.
    DeadLetterDiscarded {
        /// The receiver's configured name.
        receiver: String,
        /// The event's id, as the receiver knows it.
        id: String,
    },
    /// Somebody other than the point of contact wrote to a restricted person.
    Outbound(OutboundEntry),
    /// An operator took a store as it is that was behind: with so many entries, where so many were
    /// known.
    StoreAccepted { known: u64, found: u64 },
    /// The trail up to and including an entry was signed, so that earlier changes show.
    Anchored(AnchoredEntry),
    /// Somebody asked for all about a person to be erased, approved that or took it back; or held it.
    Erasure {
        person: String,
        /// `asked`, `approved`, `withdrawn`, `held`, `hold_ended`.
        action: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        clause: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// Personal data was erased, entries of this trail with it. Names none of the people erased.
    Erased(ErasedEntry),
}

/// What was erased, by whom, and why: the proof that stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErasedEntry {
    /// The erasure's id. An erasure has several entries, each for the records removed with it.
    pub erasure: String,
    /// The clause of the law or of the schedule.
    pub clause: String,
    pub asked_by: String,
    /// Empty: nobody had to.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub approved_by: String,
    /// The entries of the trail that are gone: first and last numbers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entries: Vec<(u64, u64)>,
    /// How many of what: `contacts`, `items`, `originals` and the like.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub removed: BTreeMap<String, u64>,
    /// Everything to be erased is gone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_complete: bool,
}

/// What was signed for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnchoredEntry {
    pub entry: u64,
    /// The link of the seal that ends there: hexadecimal.
    pub link: String,
    /// The Ed25519 key that signed, and its signature: hexadecimal.
    pub key: String,
    pub signature: String,
}

/// The auditor's view of a step. Ids and codes: what was written stays in the case file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEntry {
    pub act: String,
    pub person: String,
    /// The version of the case file after it.
    pub version: u64,
    /// The id of what it made, or else of what it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// The clause of the policy by which it was taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause: Option<String>,
    /// Ground, severity, kind, outcome and the like, by their names in the step.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, String>,
    /// What it varied the restriction in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Variation>,
}

/// What a restriction was varied in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    /// The key, as it is published.
    pub what: String,
    /// Absent: it was not set, or is nothing that the trail repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// What somebody looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LookedAt {
    Person,
    /// Everybody on record, from an id on.
    People,
    /// Everybody's incidents.
    Incidents,
    /// What waits on a queue, with the beginnings of texts.
    Queue,
    /// A copy of all that is held about a person was made.
    OwnRecord,
    /// A person's answers on protected characteristics.
    Equality,
    Item,
    Original,
}

/// A restriction that was ended, by the ids of it and its person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedRestriction {
    pub person: String,
    pub restriction: String,
}

impl AuditEvent {
    /// The people it concerns directly, each at least once. Work on a queue item concerns the item's person, whom the
    /// item names.
    pub fn people(&self) -> Vec<&str> {
        match self {
            AuditEvent::Decided(decided) => {
                let in_doubt = decided.in_doubt.iter().map(String::as_str);
                decided.person.as_deref().into_iter().chain(in_doubt).collect()
            }
            AuditEvent::Imported { ended, .. } => {
                ended.iter().map(|one| one.person.as_str()).collect()
            }
            AuditEvent::PersonChanged { person }
            | AuditEvent::Erasure { person, .. }
            | AuditEvent::RecordChanged { person, .. }
            | AuditEvent::IdentifierAdded { person, .. }
            | AuditEvent::IdentifierRemoved { person, .. }
            | AuditEvent::RestrictionAdded { person, .. }
            | AuditEvent::RestrictionVaried { person, .. }
            | AuditEvent::RestrictionLifted { person, .. } => vec![person],
            AuditEvent::Merged { person, other, .. }
            | AuditEvent::Unmerged { person, other, .. } => vec![person, other],
            AuditEvent::Step(step) => vec![&step.person],
            AuditEvent::Outbound(outbound) => vec![&outbound.person],
            AuditEvent::Reminded { person, .. } => person.as_deref().into_iter().collect(),
            AuditEvent::Looked {
                looked_at: LookedAt::Person | LookedAt::OwnRecord | LookedAt::Equality,
                id,
                ..
            } => vec![id],
            AuditEvent::Looked { .. }
            | AuditEvent::Item { .. }
            | AuditEvent::Released { .. }
            | AuditEvent::Account { .. }
            | AuditEvent::ApiToken { .. }
            | AuditEvent::LetterTemplate { .. }
            | AuditEvent::DeadLetterDiscarded { .. }
            | AuditEvent::Unread { .. }
            | AuditEvent::Unanswered { .. }
            | AuditEvent::StoreAccepted { .. }
            | AuditEvent::Erased(_)
            | AuditEvent::Anchored(_) => Vec::new(),
        }
    }

    /// The queue item that it is about.
    pub fn item(&self) -> Option<&str> {
        match self {
            AuditEvent::Item { item, .. }
            | AuditEvent::Released { item }
            | AuditEvent::Unread { item }
            | AuditEvent::Unanswered { item, .. } => Some(item),
            AuditEvent::Outbound(held) if held.treatment == OutboundTreatment::Held => {
                Some(&held.contact)
            }
            _ => None,
        }
    }

    /// The contact of this person that the entry records: a decision, or a message held on its way to them. Its queue
    /// item has the same id.
    pub fn contact_of(&self, person: &str) -> Option<&str> {
        match self {
            AuditEvent::Decided(decided) if decided.person.as_deref() == Some(person) => {
                Some(&decided.contact)
            }
            AuditEvent::Outbound(outbound) if outbound.person == person => self.item(),
            _ => None,
        }
    }
}

/// The auditor's view of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedEntry {
    pub contact: String,
    pub person: Option<String>,
    pub channel: Channel,
    /// When the contact was made.
    #[serde(serialize_with = "super::instant::written")]
    pub contact_at: DateTime<Utc>,
    pub disposition: Disposition,
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would: Option<Disposition>,
    pub stale: bool,
    pub profile_version: String,
    pub rows: Vec<AuditRow>,
    /// The decision's flags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// The restricted people, other than `person`, that the contact may be from: it was passed in
    /// doubt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub in_doubt: Vec<String>,
    /// What it depended on, where a restriction was in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub facts: Option<Box<DecisionFacts>>,
}

/// One row of the decision order that had something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    pub row: DecisionRow,
    pub code: ReasonCode,
    pub restriction: Option<String>,
    pub clause: Option<String>,
    /// Only recorded; the search went on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// This row ended the search.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
}

/// An entry as recorded in the trail. Its JSON is sealed: a key that is added later must be left out where it
/// is empty, and none may be renamed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AuditEntry {
    /// The entry's number in the organisation's trail, from 1.
    pub number: u64,
    #[serde(serialize_with = "super::instant::written")]
    pub at: DateTime<Utc>,
    /// `gateway`, or the name of the member of staff.
    pub by: String,
    #[serde(flatten)]
    pub event: AuditEvent,
}

#[cfg(test)]
mod tests;
