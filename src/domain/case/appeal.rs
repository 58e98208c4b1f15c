//! Appeals against a restriction.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::channel::Channel;
use crate::domain::profile::Role;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppealOutcome {
    /// The decision stands.
    Upheld,
    Varied,
    Quashed,
}

impl AppealOutcome {
    pub const fn name(self) -> &'static str {
        match self {
            AppealOutcome::Upheld => "upheld",
            AppealOutcome::Varied => "varied",
            AppealOutcome::Quashed => "quashed",
        }
    }
}

/// How an appeal came in. One that joins an open appeal is kept with the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    pub at: DateTime<Utc>,
    pub channel: Channel,
    pub grounds: Vec<String>,
    pub text: Option<String>,
    pub contact: Option<String>,
    pub recorded_by: String,
}

/// Who hears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hearer {
    pub name: String,
    pub role: Role,
    pub assigned_at: DateTime<Utc>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppealDecision {
    pub at: DateTime<Utc>,
    pub by: String,
    pub outcome: AppealOutcome,
    pub why: String,
}

/// An appeal against one restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appeal {
    pub id: String,
    pub restriction: String,
    pub received: Received,
    /// What came in while it was open.
    pub joined: Vec<Received>,
    /// Received after the policy's window; the hearer may accept it anyway.
    pub out_of_time: bool,
    /// The restriction is under appeal because of it.
    pub suspends: bool,
    pub hearer: Option<Hearer>,
    pub decision: Option<AppealDecision>,
    pub notified_at: Option<DateTime<Utc>>,
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl Appeal {
    pub const fn is_open(&self) -> bool {
        self.decision.is_none() && self.withdrawn_at.is_none()
    }

    pub const fn state(&self) -> &'static str {
        if self.withdrawn_at.is_some() {
            "withdrawn"
        } else if self.notified_at.is_some() {
            "notified"
        } else if self.decision.is_some() {
            "decided"
        } else if self.hearer.is_some() {
            "being_heard"
        } else {
            "received"
        }
    }
}
