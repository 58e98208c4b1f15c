//! What the audit trail says of a step: ids and codes. What was written stays in the case file.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::audit::{StepEntry, changes};
use crate::domain::case::act::Act;
use crate::domain::lifecycle::Stepped;
use crate::domain::person::Person;
use crate::domain::profile::Profile;

/// What one kind of step says of itself.
#[derive(Default)]
struct Said<'a> {
    name: &'static str,
    /// What it is about, where it makes nothing.
    about: Option<&'a String>,
    restriction: Option<&'a String>,
    /// The path in the profile that the step follows.
    path: &'static str,
    facts: BTreeMap<String, String>,
}

impl<'a> Said<'a> {
    fn new(name: &'static str) -> Self {
        Said { name, ..Said::default() }
    }

    fn about(self, about: &'a Option<String>) -> Self {
        Said { about: about.as_ref(), ..self }
    }

    fn restriction(self, restriction: &'a Option<String>) -> Self {
        Said { restriction: restriction.as_ref(), ..self }
    }

    fn by(self, path: &'static str) -> Self {
        Said { path, ..self }
    }

    /// A fact that is a code of its own.
    fn fact(mut self, name: &str, code: &impl Serialize) -> Self {
        match serde_json::to_value(code) {
            // A word: anything longer is for people to read, and stays in the case file.
            Ok(Value::String(code)) if code.chars().all(|it| it.is_alphanumeric() || it == '_') => {
                self.facts.insert(name.to_owned(), code);
            }
            Ok(Value::Bool(answer)) => {
                self.facts.insert(name.to_owned(), answer.to_string());
            }
            // Left out, or nothing that is one word.
            Ok(_) | Err(_) => {}
        }
        self
    }

    /// A member of staff.
    fn named(mut self, name: &str, staff: &Option<String>) -> Self {
        self.facts.extend(staff.iter().map(|staff| (name.to_owned(), staff.clone())));
        self
    }
}

/// The trail's entry of a step that was taken, on a person as they were before it.
pub fn entry(act: &Act, before: &Person, stepped: &Stepped, profile: &Profile) -> StepEntry {
    let said = said(act);
    let made = |key: &str| text(&stepped.made, key);
    let about = made("id").or_else(|| said.about.cloned());
    let restriction = match act {
        Act::PutInForce(_) => made("id"),
        Act::AssignHearer(_)
        | Act::DecideAppeal(_)
        | Act::NotifyAppeal(_)
        | Act::WithdrawAppeal(_) => {
            let appeal = about.as_deref().and_then(|id| stepped.file.appeal(id));
            appeal.map(|appeal| appeal.restriction.clone())
        }
        Act::Submit(_)
        | Act::SignOff(_)
        | Act::SendBack(_)
        | Act::WithdrawProposal(_)
        | Act::Propose(_) => {
            let proposal = about.as_deref().and_then(|id| stepped.file.proposal(id));
            proposal.map(|proposal| proposal.restriction.id.clone())
        }
        _ => said.restriction.cloned(),
    };
    let held = restriction
        .as_deref()
        .and_then(|id| stepped.person.restrictions.iter().find(|one| one.id == id));
    let mut facts = said.facts;
    if let Some(held) = held {
        facts.insert("restriction_kind".to_owned(), held.kind.name().name().to_owned());
        if let Some(ground) = &held.grounds {
            facts.entry("ground".to_owned()).or_insert_with(|| ground.clone());
        }
    }
    let own = profile.clause_of(said.path).map(str::to_owned);
    StepEntry {
        act: said.name.to_owned(),
        person: stepped.person.id.clone(),
        version: stepped.file.version,
        about,
        clause: own.or_else(|| held.and_then(|held| held.clause.clone())),
        changes: restriction
            .as_deref()
            .map(|id| changes::of_step(before, &stepped.person, id))
            .unwrap_or_default(),
        restriction,
        facts,
    }
}

fn text(made: &Map<String, Value>, key: &str) -> Option<String> {
    made.get(key).and_then(Value::as_str).map(str::to_owned)
}

impl Act {
    /// The step's name, as written in `act`.
    pub fn name(&self) -> &'static str {
        said(self).name
    }
}

fn said(act: &Act) -> Said<'_> {
    match act {
        Act::RecordIncident(of) => Said::new("record_incident")
            .fact("ground", &of.ground)
            .fact("severity", &of.severity)
            .fact("channel", &of.channel),
        Act::CloseIncident(of) => {
            Said::new("close_incident").about(&of.incident).fact("outcome", &of.outcome)
        }
        Act::GiveWarning(of) => Said::new("give_warning")
            .by("warn_first.required")
            .fact("kind", &of.kind)
            .fact("medium", &of.medium),
        Act::OfferAgreement(_) => Said::new("offer_agreement").by("warn_first.voluntary_agreement"),
        Act::AnswerAgreement(of) => {
            Said::new("answer_agreement").about(&of.agreement).fact("accepted", &of.accepted)
        }
        Act::BreachAgreement(of) => Said::new("breach_agreement").about(&of.agreement),
        Act::CloseAgreement(of) => Said::new("close_agreement").about(&of.agreement),
        Act::RecordMediation(of) => Said::new("record_mediation").fact("step", &of.step),
        Act::Propose(_) => Said::new("propose"),
        Act::Submit(of) => Said::new("submit").about(&of.proposal),
        Act::SignOff(of) => {
            Said::new("sign_off").about(&of.proposal).fact("exception", &of.exception)
        }
        Act::SendBack(of) => Said::new("send_back").about(&of.proposal),
        Act::WithdrawProposal(of) => Said::new("withdraw_proposal").about(&of.proposal),
        Act::PutInForce(of) => Said::new("put_in_force").about(&of.proposal),
        other => said_later(other),
    }
}

/// The steps once something is in force, and what is recorded with them.
fn said_later(act: &Act) -> Said<'_> {
    match act {
        Act::DraftLetter(of) => {
            Said::new("draft_letter").by("letter.written").fact("letter_kind", &of.kind)
        }
        Act::ApproveLetter(of) => Said::new("approve_letter").about(&of.letter),
        Act::SendLetter(of) => Said::new("send_letter").about(&of.letter).fact("means", &of.means),
        Act::Vary(of) => Said::new("vary").about(&of.restriction).restriction(&of.restriction),
        Act::Lift(of) => Said::new("lift").about(&of.restriction).restriction(&of.restriction),
        Act::Review(of) => Said::new("review")
            .by("review.every_months")
            .restriction(&of.restriction)
            .fact("outcome", &of.outcome),
        Act::ReceiveAppeal(of) => Said::new("receive_appeal")
            .by("appeal.window")
            .restriction(&of.restriction)
            .fact("channel", &of.channel),
        Act::AssignHearer(of) => Said::new("assign_hearer")
            .by("appeal.heard_by")
            .about(&of.appeal)
            .named("hearer", &of.name),
        Act::DecideAppeal(of) => Said::new("decide_appeal")
            .by("appeal.answer")
            .about(&of.appeal)
            .fact("outcome", &of.outcome),
        Act::NotifyAppeal(of) => Said::new("notify_appeal")
            .by("appeal.notify")
            .about(&of.appeal)
            .fact("means", &of.means),
        Act::WithdrawAppeal(of) => Said::new("withdraw_appeal").about(&of.appeal),
        Act::DecideEngagement(of) => Said::new("decide_engagement")
            .by("responsible.engages_after_end")
            .about(&of.item)
            .fact("engage", &of.engage),
        Act::ReconcileAdjustment(of) => {
            Said::new("reconcile_adjustment").about(&of.adjustment).restriction(&of.restriction)
        }
        Act::RecordStaffComplaint(of) => {
            Said::new("record_staff_complaint").named("staff", &of.about)
        }
        Act::CloseStaffComplaint(of) => Said::new("close_staff_complaint").about(&of.complaint),
        Act::RecordAdjustment(of) => {
            let kind = of.adjustment.as_ref().map(|adjustment| adjustment.kind);
            Said::new("record_adjustment").by("adjustments").fact("kind", &kind)
        }
        Act::RecordAbsence(of) => Said::new("record_absence").restriction(&of.restriction),
        Act::MarkRead(of) => Said::new("mark_read").by("read_within_working_days").about(&of.item),
        Act::RecordAction(of) => Said::new("record_action").fact("action", &of.action),
        // Those of `said`.
        _ => Said::new("step"),
    }
}
