//! What happened, and what was tried before any restriction: incidents, warnings, agreements,
//! mediation, and complaints about staff.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::moment::Moment;
use crate::domain::seen::as_seen;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    Ordinary,
    Severe,
}

impl Severity {
    pub const fn name(self) -> &'static str {
        match self {
            Severity::Ordinary => "ordinary",
            Severity::Severe => "severe",
        }
    }
}

/// How an incident was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentOutcome {
    Answered,
    NoAction,
}

/// Who did something, when and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed<T> {
    pub at: DateTime<Utc>,
    pub by: String,
    pub outcome: T,
    pub why: String,
}

/// Behaviour that staff reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    pub id: String,
    pub recorded_at: DateTime<Utc>,
    pub reported_by: String,
    /// A ground of the profile.
    pub ground: String,
    pub severity: Severity,
    pub happened_at: DateTime<Utc>,
    pub channel: Channel,
    pub what: String,
    /// Ids of contacts that show it.
    pub contacts: Vec<String>,
    pub interaction_ended: bool,
    /// Who was informed: `police`, `community_safety` and the like.
    pub told: Vec<String>,
    /// The staff it is about: they take no part in what follows.
    pub staff: Vec<String>,
    pub closed: Option<Closed<IncidentOutcome>>,
}

impl Incident {
    /// Whether it is about a member of staff, however their name is typed.
    pub fn is_about(&self, name: &str) -> bool {
        self.staff.iter().any(|staff| as_seen(staff) == as_seen(name))
    }

    pub fn state(&self) -> &'static str {
        match self.closed.as_ref().map(|closed| closed.outcome) {
            None => "open",
            Some(IncidentOutcome::Answered) => "answered",
            Some(IncidentOutcome::NoAction) => "no_action",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    Informal,
    Formal,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Medium {
    Verbal,
    Written,
}

impl Medium {
    pub const fn name(self) -> &'static str {
        match self {
            Medium::Verbal => "verbal",
            Medium::Written => "written",
        }
    }
}

/// A chance to change. One in writing counts from the day on which its letter went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub id: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub incidents: Vec<String>,
    pub kind: WarningKind,
    pub medium: Medium,
    pub behaviour: String,
    pub must_change: String,
    pub consequences: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AgreementState {
    Offered,
    Accepted,
    Refused,
    Breached,
    Kept,
}

/// What was agreed, or offered, without formal action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    pub id: String,
    pub offered_at: DateTime<Utc>,
    pub by: String,
    pub terms: String,
    pub until: Option<Moment>,
    pub state: AgreementState,
    /// When it came to its state.
    pub since: DateTime<Utc>,
    /// Of one that was breached: what happened.
    pub what: Option<String>,
}

/// Mediation by a third party: considered, offered, declined, done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mediation {
    pub id: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub step: MediationStep,
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MediationStep {
    Considered,
    Offered,
    Declined,
    Done,
}

/// The person's complaint about a member of staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffComplaint {
    pub id: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub about: String,
    pub what: String,
    pub closed: Option<Closed<String>>,
}

impl StaffComplaint {
    /// Whether it is about a member of staff, however their name is typed.
    pub fn is_about(&self, name: &str) -> bool {
        as_seen(&self.about) == as_seen(name)
    }
}
