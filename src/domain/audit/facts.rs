//! What a decision depended on, as far as it can't be had from elsewhere afterwards. With it, and with the terms of the
//! restrictions, the production code comes to the decision again ([`crate::domain::replay`]).
//!
//! Ids, codes, digests and instants: no address, name or text.

use std::ops::Not;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::super::instant::written_each;
use super::super::ledger::Told;
use super::super::reason_code::ReasonCode;

/// Recorded with a decision on somebody with a restriction in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecisionFacts {
    /// The digest of the profile's rules ([`crate::domain::profile::Profile::rules`]).
    pub rules: String,
    pub sent_by: SentBy,
    /// The safeguards found in the contact, and the doubts about who sent it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub found: Vec<ReasonCode>,
    pub in_force: Vec<RestrictionFact>,
    /// Other restrictions of the person that name what was received or answered before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_in_force: Vec<RestrictionFact>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub circumstances: Vec<Circumstance>,
    /// How many earlier contacts this one was compared with. Absent: it did not matter what it says, or on which issue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compared: Option<usize>,
    /// Of a contact that can't be answered: when the person was notified before, by reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Told>,
}

impl DecisionFacts {
    pub fn has(&self, circumstance: Circumstance) -> bool {
        self.circumstances.contains(&circumstance)
    }
}

/// Who sent a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentBy {
    Person,
    Representative,
    /// It is in doubt.
    Doubtful,
}

/// One restriction, as a decision met it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestrictionFact {
    pub restriction: String,
    /// The digest of its terms ([`crate::domain::restriction::Restriction::terms`]).
    pub terms: String,
    /// Of a quota that was looked at: what it had counted in its period, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty", serialize_with = "written_each")]
    pub counted: Vec<DateTime<Utc>>,
    /// Of a quota of issues: the digest of each of their references, in the order of `counted`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<String>,
    /// It names the representative who sent the contact.
    #[serde(default, skip_serializing_if = "Not::not")]
    pub names_sender: bool,
}

/// What else held of a contact, its sender, the day or the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Circumstance {
    Automatic,
    /// It answers a message of staff, or an invitation covers it.
    Invited,
    Ambiguous,
    Unread,
    /// An identifier of the sender could not be read.
    SenderUnread,
    Unanswerable,
    Unstoppable,
    NotifiedApart,
    /// An adjustment keeps the contact's channel open.
    NeedsChannel,
    SeveralRecords,
    /// It has a message-id of its own, which its trace and its item list with those that it answers.
    HasMessageId,
    /// The case reference that the contact gives is on the person's record.
    IssueListed,
    /// Somebody decided to engage with the issue after contact was ended.
    Engaged,
    BankHoliday,
    /// The organisation only observes.
    Observing,
    /// The store was away, and the counters with it.
    StoreAway,
}
