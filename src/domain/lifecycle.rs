//! One step of a case: a pure function of case file, person, profile, act, who and when.
//!
//! A step is taken whole or not at all: everything that keeps it from being taken is found in one
//! go, each with its code and clause.

mod guard;
mod steps;
#[cfg(test)]
mod tests;
pub mod trail;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use self::steps::{appeals, conduct, letters, proposals, records, restrictions};
use super::case::CaseFile;
use super::case::act::Act;
use super::case::anchors::day;
use super::invisible::is_blank;
use crate::domain::broken::Broken;
use crate::domain::duty::Duty;
use crate::domain::organisation::Organisation;
use crate::domain::permission;
use crate::domain::person::Person;
use crate::domain::profile::{Profile, Role};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Restriction, Status};

pub use self::guard::unset_keys;

/// A step, with everything that it is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Step<'a> {
    pub organisation: &'a Organisation,
    /// Everybody who may be named, with their role.
    pub staff: &'a BTreeMap<String, Role>,
    /// Other records of the same person, which are enforced together with this one.
    pub others: &'a [Arc<Person>],
    pub act: &'a Act,
    /// The id of what the step makes; absent: the next of its kind.
    pub id: Option<&'a str>,
    pub by: &'a str,
    pub at: DateTime<Utc>,
}

/// What a step leaves behind.
#[derive(Debug, Clone, PartialEq)]
pub struct Stepped {
    pub file: CaseFile,
    pub person: Person,
    /// What the step made, as its answer shows it.
    pub made: Map<String, Value>,
    /// Of `propose`: what still keeps the proposal from being put in force.
    pub still_broken: Option<Vec<Broken>>,
    pub effects: Vec<Effect>,
}

/// What has to happen with a step, besides what it writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Contacts that were held because of this restriction are decided again; those that would pass
    /// now are released, each once.
    DecideAgain { restriction: String },
    /// This contact is released.
    Release { contact: String },
    /// This letter is mailed.
    MailLetter { letter: String },
}

/// Takes a step.
///
/// # Errors
/// Everything that keeps it from being taken; nothing is done then.
pub fn step(file: &CaseFile, person: &Person, step: &Step<'_>) -> Result<Stepped, Vec<Broken>> {
    let mut work = Work {
        step: *step,
        file: file.clone(),
        person: person.clone(),
        broken: Vec::new(),
        made: Map::new(),
        still_broken: None,
        effects: Vec::new(),
    };
    work.begin();
    work.take();
    if !work.broken.is_empty() {
        return Err(work.broken);
    }
    work.file.version += 1;
    Ok(Stepped {
        file: work.file,
        person: work.person,
        made: work.made,
        still_broken: work.still_broken,
        effects: work.effects,
    })
}

/// A step on its way.
pub(super) struct Work<'a> {
    pub(super) step: Step<'a>,
    pub(super) file: CaseFile,
    pub(super) person: Person,
    pub(super) broken: Vec<Broken>,
    pub(super) made: Map<String, Value>,
    pub(super) still_broken: Option<Vec<Broken>>,
    pub(super) effects: Vec<Effect>,
}

impl<'a> Work<'a> {
    fn take(&mut self) {
        match self.step.act {
            Act::RecordIncident(fields) => conduct::record_incident(self, fields),
            Act::CloseIncident(fields) => conduct::close_incident(self, fields),
            Act::GiveWarning(fields) => conduct::give_warning(self, fields),
            Act::OfferAgreement(fields) => conduct::offer_agreement(self, fields),
            Act::AnswerAgreement(fields) => conduct::answer_agreement(self, fields),
            Act::BreachAgreement(fields) => conduct::end_agreement(self, fields, true),
            Act::CloseAgreement(fields) => conduct::end_agreement(self, fields, false),
            Act::RecordMediation(fields) => conduct::record_mediation(self, fields),
            Act::Propose(fields) => proposals::propose(self, fields),
            Act::Submit(fields) => proposals::submit(self, fields),
            Act::SignOff(fields) => proposals::sign_off(self, fields),
            Act::SendBack(fields) => proposals::send_back(self, fields),
            Act::WithdrawProposal(fields) => proposals::withdraw(self, fields),
            Act::DraftLetter(fields) => letters::draft(self, fields),
            Act::ApproveLetter(fields) => letters::approve(self, fields),
            Act::SendLetter(fields) => letters::send(self, fields),
            Act::PutInForce(fields) => restrictions::put_in_force(self, fields),
            Act::Vary(fields) => restrictions::vary(self, fields),
            Act::Lift(fields) => restrictions::lift(self, fields),
            Act::Review(fields) => restrictions::review(self, fields),
            Act::ReceiveAppeal(fields) => appeals::receive(self, fields),
            Act::AssignHearer(fields) => appeals::assign_hearer(self, fields),
            Act::DecideAppeal(fields) => appeals::decide(self, fields),
            Act::NotifyAppeal(fields) => appeals::notify(self, fields),
            Act::WithdrawAppeal(fields) => appeals::withdraw(self, fields),
            Act::DecideEngagement(fields) => records::decide_engagement(self, fields),
            Act::ReconcileAdjustment(fields) => records::reconcile_adjustment(self, fields),
            Act::RecordStaffComplaint(fields) => records::record_staff_complaint(self, fields),
            Act::CloseStaffComplaint(fields) => records::close_staff_complaint(self, fields),
            Act::RecordAdjustment(fields) => records::record_adjustment(self, fields),
            Act::RecordAbsence(fields) => records::record_absence(self, fields),
            Act::MarkRead(fields) => records::mark_read(self, fields),
            Act::RecordAction(fields) => records::record_action(self, fields),
        }
    }

    /// The same clocks apply to decisions made elsewhere, from the first step that is taken.
    fn begin(&mut self) {
        self.file.take_in(&self.person, self.profile(), self.step.at);
    }

    pub(super) fn profile(&self) -> &'a Profile {
        &self.step.organisation.profile
    }

    /// The local day of the step.
    pub(super) fn today(&self) -> NaiveDate {
        day(self.profile(), self.step.at)
    }

    pub(super) fn role_of(&self, name: &str) -> Option<&'a Role> {
        self.step.staff.get(name)
    }

    pub(super) fn refuse(&mut self, broken: Broken) {
        self.broken.push(broken);
    }

    /// Refuses with the clause behind a value of the profile.
    pub(super) fn refuse_by(&mut self, code: RefusalCode, path: &str, what: impl Into<String>) {
        let clause = self.profile().clause_of(path);
        self.broken.push(Broken::new(code, what).clause(clause));
    }

    /// A field that the step can't do without.
    pub(super) fn need<T: Clone>(&mut self, field: &Option<T>, key: &str) -> Option<T> {
        if field.is_none() {
            self.missing(key);
        }
        field.clone()
    }

    /// The same of a text, which must say something.
    pub(super) fn text(&mut self, field: &Option<String>, key: &str) -> Option<String> {
        let said = field.as_deref().map(str::trim).filter(|text| !is_blank(text));
        if said.is_none() {
            self.missing(key);
        }
        said.map(str::to_owned)
    }

    pub(super) fn missing(&mut self, key: &str) {
        self.refuse(Broken::new(RefusalCode::FieldMissing, format!("`{key}` is missing")).key(key));
    }

    pub(super) fn unknown(&mut self, key: &str, id: &str) {
        let what = format!("`{key}` names `{id}`, which is not on this person's file");
        self.refuse(Broken::new(RefusalCode::ReferenceUnknown, what).key(key));
    }

    pub(super) fn wrong_state(&mut self, what: impl Into<String>) {
        self.refuse(Broken::new(RefusalCode::StateWrong, what));
    }

    /// Refuses unless the person who takes the step has a duty.
    pub(super) fn must(&mut self, duty: Duty) {
        let (profile, by) = (self.profile(), self.step.by);
        if self.role_of(by).is_some_and(|role| permission::has(profile, role, duty)) {
            return;
        }
        if permission::roles_with(profile, duty).is_empty() {
            let key = match duty {
                Duty::Decide | Duty::SignOff => "responsible.decides",
                Duty::Hear => "appeal.heard_by",
                _ => "roles",
            };
            self.unset(key);
            return;
        }
        let what = match self.role_of(by) {
            Some(Role(role)) => {
                format!("the role `{role}` of {by} does not have the duty `{}`", duty.name())
            }
            None => format!("{by} has no role, and so not the duty `{}`", duty.name()),
        };
        self.refuse(Broken::new(RefusalCode::RoleNotAllowed, what).key("by"));
    }

    /// Refuses unless the person who takes the step has one of these duties.
    pub(super) fn must_one_of(&mut self, duties: &[Duty]) {
        let (profile, by) = (self.profile(), self.step.by);
        let has = |role: &Role| duties.iter().any(|duty| permission::has(profile, role, *duty));
        if !self.role_of(by).is_some_and(has) {
            let names: Vec<&str> = duties.iter().map(|duty| duty.name()).collect();
            let what = format!("{by} has none of the duties {}", names.join(", "));
            self.refuse(Broken::new(RefusalCode::RoleNotAllowed, what).key("by"));
        }
    }

    /// Refuses staff about whom the person complains, or who are named in an incident.
    pub(super) fn must_not_be_accused(&mut self, name: &str) {
        if let Some(broken) = accused(&self.file, name) {
            self.refuse(broken);
        }
    }

    pub(super) fn unset(&mut self, key: &str) {
        self.refuse(unset(key));
    }

    /// The id of the new record: the one that was given, if it is free, or the next of its kind.
    pub(super) fn new_id(
        &mut self,
        prefix: &str,
        taken: impl Fn(&CaseFile, &str) -> bool,
    ) -> String {
        if let Some(id) = self.step.id {
            if taken(&self.file, id) {
                self.wrong_state(format!("the id `{id}` is taken"));
            }
            return id.to_owned();
        }
        let person = &self.file.person;
        let mut number = 1;
        loop {
            let id = format!("{person}-{prefix}-{number}");
            if !taken(&self.file, &id) {
                return id;
            }
            number += 1;
        }
    }

    pub(super) fn make(&mut self, id: &str, kind: &str) {
        self.made.insert("id".to_owned(), json!(id));
        self.made.insert("kind".to_owned(), json!(kind));
    }

    pub(super) fn restriction(&self, id: &str) -> Option<&Restriction> {
        self.person.restrictions.iter().find(|one| one.id == id)
    }

    pub(super) fn restriction_mut(&mut self, id: &str) -> Option<&mut Restriction> {
        self.person.restrictions.iter_mut().find(|one| one.id == id)
    }

    /// A restriction that a step names and that is in force now, or would be but for an appeal.
    pub(super) fn held(&mut self, id: &Option<String>) -> Option<Restriction> {
        let id = self.text(id, "restriction")?;
        let Some(found) = self.restriction(&id).cloned() else {
            self.unknown("restriction", &id);
            return None;
        };
        if !self.is_held(&found) {
            self.wrong_state(format!("restriction `{id}` is not in force"));
            return None;
        }
        Some(found)
    }

    /// Whether a restriction is in force, or would be but for an appeal or its start.
    pub(super) fn is_held(&self, restriction: &Restriction) -> bool {
        let holds = matches!(restriction.status, Status::Active | Status::UnderAppeal);
        holds && !restriction.has_run_out(self.step.at, self.profile())
    }
}

/// Why somebody takes no part in decisions on a person.
pub(super) fn accused(file: &CaseFile, name: &str) -> Option<Broken> {
    let what = if file.is_accused(name) {
        format!("{name} is the subject of an open complaint by this person")
    } else if file.incidents.iter().any(|one| one.is_about(name)) {
        format!("an incident on this person's file is about {name}")
    } else {
        return None;
    };
    Some(Broken::new(RefusalCode::DeciderAccused, what).key("by"))
}

pub(super) fn unset(key: &str) -> Broken {
    let what =
        format!("the policy leaves `{key}` unset, and the organisation has not chosen it yet");
    Broken::new(RefusalCode::ProfileUnset, what).key(key)
}
