//! One person's case file: everything about their conduct, and the answers to it.
//!
//! A file is one document with one version. [`lifecycle::step`](super::lifecycle::step) is the only way in which it changes,
//! and the only way in which the status of a restriction does.

pub mod act;
pub mod anchors;
pub mod appeal;
pub mod brought;
pub mod conduct;
pub mod elsewhere;
pub mod letter;
pub mod lighter;
pub mod proposal;
pub mod restraint;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use self::appeal::Appeal;
use self::conduct::{Agreement, Incident, Mediation, StaffComplaint, Warning};
use self::letter::CaseLetter;
use self::proposal::Proposal;
use self::restraint::{Action, Reconciliation, Restraint, Review, Task, TaskKind};
use super::contact::Contact;
use super::decision::Decision;
use super::disposition::Disposition;

/// Everything about one person's conduct and the answers to it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CaseFile {
    pub person: String,
    /// How many steps were taken; a step names the version that it was made on.
    pub version: u64,
    pub incidents: Vec<Incident>,
    pub warnings: Vec<Warning>,
    pub agreements: Vec<Agreement>,
    pub mediations: Vec<Mediation>,
    pub proposals: Vec<Proposal>,
    pub letters: Vec<CaseLetter>,
    /// How each restriction came about, and what became of it.
    pub restraints: Vec<Restraint>,
    pub reviews: Vec<Review>,
    pub appeals: Vec<Appeal>,
    pub staff_complaints: Vec<StaffComplaint>,
    pub reconciliations: Vec<Reconciliation>,
    pub actions: Vec<Action>,
    /// Contacts that somebody must read, or decide on. A store keeps them in documents of their own.
    pub tasks: Vec<Task>,
    /// Entries that a file from elsewhere brought: `appeals A-1`.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub elsewhere: BTreeSet<String>,
    /// How restrictions that were decided elsewhere came about, as a file said last.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<String, brought::Decision>,
}

impl CaseFile {
    pub fn of(person: &str) -> Self {
        CaseFile { person: person.to_owned(), ..CaseFile::default() }
    }

    pub fn incident(&self, id: &str) -> Option<&Incident> {
        self.incidents.iter().find(|one| one.id == id)
    }

    pub fn warning(&self, id: &str) -> Option<&Warning> {
        self.warnings.iter().find(|one| one.id == id)
    }

    pub fn proposal(&self, id: &str) -> Option<&Proposal> {
        self.proposals.iter().find(|one| one.id == id)
    }

    pub fn letter(&self, id: &str) -> Option<&CaseLetter> {
        self.letters.iter().find(|one| one.id == id)
    }

    pub fn restraint(&self, restriction: &str) -> Option<&Restraint> {
        self.restraints.iter().find(|one| one.restriction == restriction)
    }

    pub fn appeal(&self, id: &str) -> Option<&Appeal> {
        self.appeals.iter().find(|one| one.id == id)
    }

    /// The appeal against a restriction that is not decided yet.
    pub fn open_appeal(&self, restriction: &str) -> Option<&Appeal> {
        self.appeals.iter().find(|one| one.restriction == restriction && one.is_open())
    }

    /// Whether somebody is the subject of a complaint that the person made and that is open.
    pub fn is_accused(&self, staff: &str) -> bool {
        self.staff_complaints.iter().any(|one| one.is_about(staff) && one.closed.is_none())
    }

    /// The last letter of a kind about something that was sent.
    pub fn sent(&self, kind: letter::LetterKind, about: &str) -> Option<&CaseLetter> {
        self.letters
            .iter()
            .rev()
            .find(|one| one.kind == kind && one.about == about && one.has_gone())
    }

    /// Notes a contact that somebody of the case must read or decide on.
    pub fn note(&mut self, contact: &Contact, decision: &Decision) {
        // Contacts that were only observed went on.
        if decision.disposition == Disposition::Deliver {
            return;
        }
        for reason in &decision.reasons {
            let Some(kind) = TaskKind::of_reason(&reason.code) else { continue };
            let own = contact.message_id.iter().cloned();
            self.add_task(Task {
                contact: contact.id.clone(),
                kind,
                at: contact.at,
                restriction: reason.restriction.clone(),
                issue: contact.issue.clone(),
                thread: Task::thread_of(own.chain(contact.thread.iter().cloned())),
                done: None,
            });
        }
    }

    /// Notes a contact once; `false`: it was noted before.
    pub fn add_task(&mut self, task: Task) -> bool {
        let known =
            self.tasks.iter().any(|one| one.contact == task.contact && one.kind == task.kind);
        if !known {
            self.tasks.push(task);
        }
        !known
    }
}

#[cfg(test)]
mod tests;
