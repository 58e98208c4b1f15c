//! What a file from elsewhere says of somebody's case: what happened, what was tried, how each restriction came
//! about, reviews and appeals. From then on the same clocks apply as for decisions made here.
//!
//! An entry that is on record stays as it is: a file adds new entries, and differences are reported.

mod checked;
mod laid;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::appeal::AppealOutcome;
use super::conduct::{AgreementState, MediationStep, Medium, Severity, WarningKind};
use super::letter::Means;
use super::restraint::ReviewOutcome;
use crate::domain::channel::Channel;
use crate::domain::moment::Moment;

pub use self::checked::Fault;
pub use self::laid::Laid;

/// A case as a file has it. Every entry has an id of the file's own, so that the same file again adds nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brought {
    pub incidents: Vec<Incident>,
    pub warnings: Vec<Warning>,
    pub agreements: Vec<Agreement>,
    pub mediations: Vec<Mediation>,
    /// How restrictions came about: the days from which their clocks run.
    pub decisions: Vec<Decision>,
    pub reviews: Vec<Review>,
    pub appeals: Vec<Appeal>,
    pub staff_complaints: Vec<StaffComplaint>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Incident {
    pub id: String,
    /// A ground of the profile.
    pub ground: String,
    #[serde(default = "ordinary")]
    pub severity: Severity,
    pub happened: Moment,
    pub channel: Channel,
    pub what: String,
    #[serde(default)]
    pub reported_by: Option<String>,
    #[serde(default)]
    pub interaction_ended: bool,
    #[serde(default)]
    pub told: Vec<String>,
    #[serde(default)]
    pub staff: Vec<String>,
    /// It is over: this was answered. Absent: it is open.
    #[serde(default)]
    pub answered: Option<Moment>,
}

const fn ordinary() -> Severity {
    Severity::Ordinary
}

/// One in writing went by letter on the day on which it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    pub id: String,
    pub given: Moment,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub incidents: Vec<String>,
    pub kind: WarningKind,
    pub medium: Medium,
    pub behaviour: String,
    #[serde(default)]
    pub must_change: Option<String>,
    #[serde(default)]
    pub consequences: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreement {
    pub id: String,
    pub offered: Moment,
    #[serde(default)]
    pub by: Option<String>,
    pub terms: String,
    #[serde(default)]
    pub until: Option<Moment>,
    pub state: AgreementState,
    /// When it came to its state; absent: when it was offered.
    #[serde(default)]
    pub since: Option<Moment>,
    #[serde(default)]
    pub what: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mediation {
    pub id: String,
    pub at: Moment,
    #[serde(default)]
    pub by: Option<String>,
    pub step: MediationStep,
    #[serde(default)]
    pub why: Option<String>,
}

/// Of one restriction. A day that is absent is that of its start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    pub restriction: String,
    #[serde(default)]
    pub decided: Option<Moment>,
    /// When its letter went; absent: the file does not know of one.
    #[serde(default)]
    pub letter_sent: Option<Moment>,
    #[serde(default)]
    pub letter_means: Option<Means>,
    #[serde(default)]
    pub implemented: Option<Moment>,
    /// Everybody who took part besides those who decided and signed: they don't hear an appeal.
    #[serde(default)]
    pub took_part: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Review {
    pub id: String,
    pub restriction: String,
    pub at: Moment,
    #[serde(default)]
    pub by: Option<String>,
    #[serde(default)]
    pub was_due: Option<Moment>,
    pub outcome: ReviewOutcome,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub conduct: Option<String>,
    #[serde(default)]
    pub next_due: Option<Moment>,
}

/// Without `outcome` it is open, and goes on here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Appeal {
    pub id: String,
    pub restriction: String,
    pub received: Moment,
    #[serde(default)]
    pub channel: Option<Channel>,
    #[serde(default)]
    pub grounds: Vec<String>,
    #[serde(default)]
    pub text: Option<String>,
    /// Of the decision, not of the appeal: `upheld` leaves the restriction as it was.
    #[serde(default)]
    pub outcome: Option<AppealOutcome>,
    #[serde(default)]
    pub decided: Option<Moment>,
    #[serde(default)]
    pub heard_by: Option<String>,
    #[serde(default)]
    pub why: Option<String>,
    #[serde(default)]
    pub notified: Option<Moment>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StaffComplaint {
    pub id: String,
    pub at: Moment,
    #[serde(default)]
    pub by: Option<String>,
    pub about: String,
    pub what: String,
    /// When it was closed, and how; absent: it is open.
    #[serde(default)]
    pub closed: Option<Moment>,
    #[serde(default)]
    pub outcome: Option<String>,
}

impl Brought {
    /// The last review of a restriction.
    pub fn last_review(&self, restriction: &str) -> Option<&Review> {
        self.reviews.iter().rfind(|one| one.restriction == restriction)
    }

    pub fn decision(&self, restriction: &str) -> Option<&Decision> {
        self.decisions.iter().find(|one| one.restriction == restriction)
    }

    /// The appeal against a restriction that is still to be decided.
    pub fn open_appeal(&self, restriction: &str) -> Option<&Appeal> {
        self.appeals.iter().find(|one| one.restriction == restriction && one.outcome.is_none())
    }

    pub const fn is_empty(&self) -> bool {
        self.incidents.is_empty()
            && self.warnings.is_empty()
            && self.agreements.is_empty()
            && self.mediations.is_empty()
            && self.decisions.is_empty()
            && self.reviews.is_empty()
            && self.appeals.is_empty()
            && self.staff_complaints.is_empty()
    }
}
