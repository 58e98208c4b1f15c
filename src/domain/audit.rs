//! Audit entries: what was decided or done, on which facts, by which rule or person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::channel::Channel;
use super::decision::Disposition;
use super::restriction::Mode;

/// One entry of an organisation's audit trail. Carries ids and codes, never an address or a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum AuditEvent {
    /// One contact was decided.
    Decided(DecidedEntry),
    /// People and restrictions were loaded.
    Imported { people: u32, restrictions: u32 },
    /// Staff did something with a queue item.
    Item { item: String, action: String },
    /// A kept original was handed to its recipients.
    Released { item: String },
    /// A person's record was changed.
    PersonChanged { person: String },
}

/// The auditor's view of a decision.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecidedEntry {
    pub contact: String,
    pub person: Option<String>,
    pub channel: Channel,
    /// When the contact was made.
    pub contact_at: DateTime<Utc>,
    pub disposition: Disposition,
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub would: Option<Disposition>,
    pub stale: bool,
    pub profile_version: String,
    pub rows: Vec<AuditRow>,
}

/// One row of the decision order that had something to say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRow {
    /// The row's number in the decision order, 0 to 13.
    pub row: u8,
    pub code: String,
    pub restriction: Option<String>,
    pub clause: Option<String>,
    /// Only recorded; the search went on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observed: bool,
    /// This row ended the search.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub settled: bool,
}

/// An entry as it stands in the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// The entry's number in the organisation's trail, from 1.
    pub number: u64,
    pub at: DateTime<Utc>,
    /// `gateway`, or the name of the member of staff.
    pub by: String,
    #[serde(flatten)]
    pub event: AuditEvent,
}
