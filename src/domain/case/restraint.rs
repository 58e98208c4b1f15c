//! What is known of a restriction besides the restriction itself: how it came about, its reviews, and
//! what else was done.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::reason_code::ReasonCode;
use crate::domain::restriction::Status;

/// How one restriction came to be, and how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restraint {
    pub restriction: String,
    /// The proposal that it came from; absent: it was decided elsewhere.
    pub proposal: Option<String>,
    pub decided_elsewhere: bool,
    /// The day of the signature that completed the decision.
    pub decided: NaiveDate,
    /// The day on which its letter went; absent: none did.
    pub letter_sent: Option<NaiveDate>,
    /// The later of its start and the day on which it was put in force.
    pub implemented: NaiveDate,
    /// The same of its first form, where a heavier one was put in its place since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_implemented: Option<NaiveDate>,
    /// Everybody who took part in the decision: proposed, signed, put in force, varied, reviewed.
    pub took_part: Vec<String>,
    pub variations: Vec<Variation>,
    pub ended: Option<Ending>,
}

impl Restraint {
    /// The day since which the person has been restricted by it, in whichever form.
    pub fn since(&self) -> NaiveDate {
        self.first_implemented.unwrap_or(self.implemented)
    }
}

/// A change of a restriction that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variation {
    pub at: DateTime<Utc>,
    pub by: String,
    pub why: String,
}

/// How a restriction ended by a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    pub at: DateTime<Utc>,
    pub by: String,
    pub status: Status,
    pub why: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReviewOutcome {
    Keep,
    Vary,
    Lift,
}

impl ReviewOutcome {
    pub const fn name(self) -> &'static str {
        match self {
            ReviewOutcome::Keep => "keep",
            ReviewOutcome::Vary => "vary",
            ReviewOutcome::Lift => "lift",
        }
    }
}

/// A review that was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    pub id: String,
    pub restriction: String,
    pub at: DateTime<Utc>,
    pub by: String,
    /// The day on which it was due.
    pub was_due: Option<NaiveDate>,
    pub outcome: ReviewOutcome,
    pub why: String,
    pub conduct: Option<String>,
    pub next_due: Option<NaiveDate>,
    /// The person must be notified of the outcome.
    pub letter_owed: bool,
}

/// An adjustment that a restriction seemed to clash with, and how both go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reconciliation {
    pub adjustment: String,
    pub restriction: String,
    pub how: String,
    pub by: String,
    pub at: DateTime<Utc>,
    /// When it ceased to hold, because the person needed something else from then on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub void_since: Option<DateTime<Utc>>,
}

impl Reconciliation {
    pub const fn holds(&self) -> bool {
        self.void_since.is_none()
    }
}

/// Something else that was done: on social media, in law, with the police. A record only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Action {
    pub id: String,
    pub at: DateTime<Utc>,
    pub by: String,
    pub action: String,
    pub what: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskKind {
    /// A filed contact that somebody must read.
    ReadFiled,
    /// A new issue after contact was ended: is it engaged with?
    Engagement,
}

impl TaskKind {
    /// What a decision for this reason leaves for somebody to do.
    pub fn of_reason(code: &ReasonCode) -> Option<Self> {
        match code {
            ReasonCode::ContactEndedNewIssue => Some(TaskKind::Engagement),
            ReasonCode::ReadAndFileFiled => Some(TaskKind::ReadFiled),
            _ => None,
        }
    }
}

/// Ids of a task's thread, at most, because a sender can write as many as they like.
const THREAD_IDS_MAX: usize = 50;

/// The longest of them, in bytes: no line of a mail may be longer (RFC 5322 2.1.1).
const THREAD_ID_BYTES_MAX: usize = 998;

/// A contact that waits for somebody of the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    pub contact: String,
    pub kind: TaskKind,
    pub at: DateTime<Utc>,
    pub restriction: Option<String>,
    pub issue: Option<String>,
    /// Message-ids of the contact and of what it answered.
    pub thread: Vec<String>,
    pub done: Option<TaskDone>,
}

impl Task {
    /// So much of a thread as a task keeps: its first ids, and none that is longer than any can be.
    pub fn thread_of(ids: impl IntoIterator<Item = String>) -> Vec<String> {
        let fits = |id: &String| id.len() <= THREAD_ID_BYTES_MAX;
        ids.into_iter().filter(fits).take(THREAD_IDS_MAX).collect()
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskDone {
    pub at: DateTime<Utc>,
    pub by: String,
    /// Of an engagement: whether.
    pub engage: Option<bool>,
    pub why: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_keeps_the_first_ids_of_a_thread_and_none_that_is_too_long() {
        let longest = "x".repeat(THREAD_ID_BYTES_MAX);
        let thread = [longest.clone(), format!("{longest}x"), "a@x".to_owned()];
        assert_eq!(Task::thread_of(thread), [longest, "a@x".to_owned()]);
        let many = (0..=THREAD_IDS_MAX).map(|number| number.to_string());
        assert_eq!(Task::thread_of(many).len(), THREAD_IDS_MAX);
    }
}
