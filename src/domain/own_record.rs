//! What is held about one person, for a copy of it that they may ask for (UK GDPR Art. 15): piece by piece,
//! since nobody knows how many contacts somebody has made.

use super::audit::{AuditEntry, DecidedEntry};
use super::case::letter::CaseLetter;
use super::decision::Decision;
use super::equality::EqualityAnswers;
use super::queue::QueueItem;

/// What follows the case file, in this order.
#[derive(Debug, Clone)]
pub enum Piece {
    /// The person's answers for equality monitoring.
    Equality(HeldEquality),
    /// A letter with its words.
    Letter(Box<HeldLetter>),
    /// Contacts of theirs, oldest first.
    Contacts(Vec<HeldContact>),
    /// What was done with their record, and who looked at it, oldest first.
    Deeds(Vec<Deed>),
}

/// Answers on protected characteristics.
#[derive(Debug, Clone)]
pub struct HeldEquality {
    pub answers: EqualityAnswers,
    /// The record that has them, if the person has several.
    pub record: Option<String>,
}

/// A letter that went, with its words.
#[derive(Debug, Clone)]
pub struct HeldLetter {
    pub letter: CaseLetter,
    /// The record that it is on, where the person has several.
    pub record: Option<String>,
}

/// What was done, or who looked.
#[derive(Debug, Clone)]
pub struct Deed {
    pub entry: AuditEntry,
    /// The record that it is on, where the person has several.
    pub record: Option<String>,
}

/// One contact of theirs with all that is known of it.
#[derive(Debug, Clone)]
pub struct HeldContact {
    pub decided: DecidedEntry,
    pub decision: Option<Decision>,
    /// Its item, if it is on a queue.
    pub item: Option<QueueItem>,
    /// The record that it is on, where the person has several.
    pub record: Option<String>,
}

/// Contacts that are on the person's trail and are left out: they may be about somebody else.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Passed in doubt about who they are from.
    pub in_doubt: u64,
    /// Decided as theirs, and found not to be.
    pub not_theirs: u64,
}
