//! Appeals: received by any way at any time, heard by somebody who took no part, decided at once.

use serde_json::json;

use super::letters::must_have_gone;
use super::restrictions::{changed, ended, varied};
use crate::domain::broken::Broken;
use crate::domain::case::act::{AssignHearer, DecideAppeal, OfAppeal, ReceiveAppeal};
use crate::domain::case::anchors::{appeal_window_ends, day};
use crate::domain::case::appeal::{Appeal, AppealDecision, AppealOutcome, Hearer, Received};
use crate::domain::case::conduct::Incident;
use crate::domain::case::letter::{LetterKind, OMBUDSMAN};
use crate::domain::case::proposal::ProposalState;
use crate::domain::case::restraint::Restraint;
use crate::domain::duty::Duty;
use crate::domain::lifecycle::{Effect, Work, accused};
use crate::domain::profile::Role;
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Restriction, Status};

/// Never refused for being late: that is flagged, and the hearer may accept it.
pub(in crate::domain::lifecycle) fn receive(work: &mut Work<'_>, fields: &ReceiveAppeal) {
    work.must(Duty::Record);
    let restriction = work.text(&fields.restriction, "restriction");
    let received_at = fields.received_at.unwrap_or(work.step.at);
    if received_at > work.step.at {
        let what = "the appeal is dated after it was recorded";
        work.refuse(Broken::new(RefusalCode::DatesOrder, what).key("received_at"));
    }
    let channel = work.need(&fields.channel, "channel");
    let (Some(id), Some(channel)) = (restriction, channel) else { return };
    let Some(restriction) = work.restriction(&id).cloned() else {
        work.unknown("restriction", &id);
        return;
    };
    let received = Received {
        at: received_at,
        channel,
        grounds: fields.grounds.clone(),
        text: fields.text.clone(),
        contact: fields.contact.clone(),
        recorded_by: work.step.by.to_owned(),
    };
    let late = is_late(work, &restriction, &received);
    if let Some(open) = work.file.open_appeal(&id).map(|open| open.id.clone()) {
        if let Some(appeal) = work.file.appeals.iter_mut().find(|one| one.id == open) {
            appeal.joined.push(received);
        }
        work.make(&open, "appeal");
        work.made.insert("joined".to_owned(), json!(true));
        shown_late(work, late);
        return;
    }
    let suspends = work.is_held(&restriction) && may_suspend(work, &id, &received, late);
    let appeal = work.new_id("A", |file, id| file.appeal(id).is_some());
    work.make(&appeal, "appeal");
    shown_late(work, late);
    work.file.appeals.push(Appeal {
        id: appeal,
        restriction: id.clone(),
        received,
        joined: Vec::new(),
        out_of_time: late,
        suspends,
        hearer: None,
        decision: None,
        notified_at: None,
        withdrawn_at: None,
    });
    if let Some(held) = work.restriction_mut(&id).filter(|_| suspends) {
        held.status = Status::UnderAppeal;
    }
}

fn shown_late(work: &mut Work<'_>, late: bool) {
    if late {
        work.made.insert("out_of_time".to_owned(), json!(true));
    }
}

/// The whole local day on which the window ends is in time.
fn is_late(work: &Work<'_>, restriction: &Restriction, received: &Received) -> bool {
    let profile = work.profile();
    let known = work.file.known_or_elsewhere(profile, restriction, work.step.at);
    appeal_window_ends(profile, &known).is_some_and(|last| day(profile, received.at) > last)
}

/// The first appeal suspends a restriction whenever it comes, and so does one after others that were withdrawn. After a
/// decision one does again only in time and on grounds that are new.
fn may_suspend(work: &Work<'_>, restriction: &str, received: &Received, late: bool) -> bool {
    let appeals: Vec<&Appeal> =
        work.file.appeals.iter().filter(|one| one.restriction == restriction).collect();
    if !appeals.iter().any(|one| one.decision.is_some()) {
        return true;
    }
    let known: Vec<&String> = appeals
        .into_iter()
        .flat_map(|one| std::iter::once(&one.received).chain(&one.joined))
        .flat_map(|one| &one.grounds)
        .collect();
    !late && received.grounds.iter().any(|ground| !known.contains(&ground))
}

pub(in crate::domain::lifecycle) fn assign_hearer(work: &mut Work<'_>, fields: &AssignHearer) {
    work.must_one_of(&[Duty::Propose, Duty::Decide, Duty::Hear]);
    let name = work.text(&fields.name, "name");
    let Some(appeal) = open_appeal(work, &fields.appeal) else { return };
    let Some(name) = name else { return };
    let clause = work.profile().clause_of("appeal.heard_by").map(str::to_owned);
    let role = work.role_of(&name).cloned();
    match &work.profile().appeal.heard_by {
        None => work.unset("appeal.heard_by"),
        Some(roles) => {
            let said = fields.role.clone().map(Role);
            let fits = role.as_ref().is_some_and(|role| {
                roles.include(role) && said.as_ref().is_none_or(|said| said == role)
            });
            if !fits {
                let what = format!("{roles} hears appeals; {name} does not have that role");
                work.refuse(
                    Broken::new(RefusalCode::HearerRole, what)
                        .clause(clause.as_deref())
                        .key("name"),
                );
            }
        }
    }
    must_not_be_involved(work, &appeal.restriction, &name, "name");
    if work.file.is_accused(&name) {
        work.must_not_be_accused(&name);
    }
    let Some(role) = role else { return };
    let hearer = Hearer { name, role, assigned_at: work.step.at };
    if let Some(found) = work.file.appeals.iter_mut().find(|one| one.id == appeal.id) {
        found.hearer = Some(hearer);
    }
}

/// Refuses somebody who had to do with the restriction that is appealed against.
fn must_not_be_involved(work: &mut Work<'_>, restriction: &str, name: &str, key: &str) {
    for why in involvement(work, restriction, name) {
        let clause = work.profile().clause_of("appeal.hearer_uninvolved");
        let what = format!("{name} {why}");
        work.refuse(Broken::new(RefusalCode::HearerInvolved, what).clause(clause).key(key));
    }
}

/// What somebody had to do with the restriction that is appealed against.
fn involvement(work: &Work<'_>, restriction: &str, name: &str) -> Vec<&'static str> {
    let mut why = Vec::new();
    let known = work.file.restraint(restriction);
    if known.is_some_and(|known| known.took_part.iter().any(|one| one == name)) {
        why.push("took part in the decision");
    }
    // For a decision made elsewhere it is not known which incidents are behind it: all from before it may be. A heavier
    // form has those of every decision before it.
    let profile = work.profile();
    let may_be_behind = |known: &Restraint, incident: &Incident| {
        known.proposal.is_none() && day(profile, incident.happened_at) <= known.decided
    };
    let is_behind = |incident: &Incident| {
        known.is_none_or(|known| may_be_behind(known, incident))
            || work.file.proposals.iter().any(|proposal| {
                proposal.state == ProposalState::Done
                    && proposal.restriction.id == restriction
                    && proposal.incidents.contains(&incident.id)
            })
    };
    let incidents = work.file.incidents.iter().filter(|incident| is_behind(incident));
    for incident in incidents {
        if incident.reported_by == name {
            why.push("reported an incident behind it");
        }
        if incident.is_about(name) {
            why.push("is named as staff in an incident behind it");
        }
    }
    if work.file.is_accused(name) {
        why.push("is the subject of an open complaint by this person");
    }
    why.dedup();
    why
}

/// The hearer's decision acts at this instant, and never makes anything heavier.
pub(in crate::domain::lifecycle) fn decide(work: &mut Work<'_>, fields: &DecideAppeal) {
    let outcome = work.need(&fields.outcome, "outcome");
    let why = work.text(&fields.why, "why");
    let Some(appeal) = open_appeal(work, &fields.appeal) else { return };
    let by = work.step.by;
    if appeal.hearer.as_ref().is_none_or(|hearer| hearer.name != by) {
        let what = format!("{by} was not chosen to hear this appeal");
        work.refuse(Broken::new(RefusalCode::AppealNotHearer, what).key("by"));
    } else if accused(&work.file, by).is_none() {
        // They may have taken part since they were chosen.
        must_not_be_involved(work, &appeal.restriction, by, "by");
    }
    work.must_not_be_accused(by);
    let (Some(outcome), Some(why)) = (outcome, why) else { return };
    let id = appeal.restriction.clone();
    let Some(restriction) = work.restriction(&id).cloned() else { return };
    let held = work.is_held(&restriction);
    let after = match outcome {
        AppealOutcome::Varied => {
            if fields.changes.is_empty() {
                work.missing("changes");
            }
            if !held {
                work.wrong_state(format!("restriction `{id}` has ended; there is nothing to vary"));
            }
            changed(work, &restriction, &fields.changes)
        }
        AppealOutcome::Upheld | AppealOutcome::Quashed => None,
    };
    let decision =
        AppealDecision { at: work.step.at, by: by.to_owned(), outcome, why: why.clone() };
    if let Some(found) = work.file.appeals.iter_mut().find(|one| one.id == appeal.id) {
        found.decision = Some(decision);
    }
    match outcome {
        AppealOutcome::Upheld => resumed(work, &id),
        AppealOutcome::Varied => {
            if let Some(mut after) = after {
                after.status = Status::Active;
                varied(work, after, why);
            }
        }
        AppealOutcome::Quashed => ended(work, &id, Status::Quashed, why),
    }
    if outcome != AppealOutcome::Upheld {
        work.effects.push(Effect::DecideAgain { restriction: id });
    }
}

/// A restriction that is no longer under appeal continues.
fn resumed(work: &mut Work<'_>, id: &str) {
    if let Some(held) = work.restriction_mut(id).filter(|one| one.status == Status::UnderAppeal) {
        held.status = Status::Active;
    }
}

pub(in crate::domain::lifecycle) fn notify(work: &mut Work<'_>, fields: &OfAppeal) {
    work.must_one_of(&[Duty::Propose, Duty::Decide, Duty::Hear]);
    let Some(appeal) = named(work, &fields.appeal) else { return };
    if appeal.decision.is_none() || appeal.notified_at.is_some() {
        work.wrong_state(format!("appeal `{}` is {}", appeal.id, appeal.state()));
    }
    must_have_gone(work, LetterKind::AppealOutcome, &appeal.id, None);
    let letter = work.file.sent(LetterKind::AppealOutcome, &appeal.id);
    let names = letter.is_none_or(|letter| letter.parts.iter().any(|part| part == OMBUDSMAN));
    if work.profile().ombudsman.is_some() && !names {
        let what = "the letter does not name the ombudsman";
        let clause = work.profile().clause_of("ombudsman");
        work.refuse(
            Broken::new(RefusalCode::LetterPartMissing, what).clause(clause).key(OMBUDSMAN),
        );
    }
    let at = work.step.at;
    if let Some(found) = work.file.appeals.iter_mut().find(|one| one.id == appeal.id) {
        found.notified_at = Some(at);
    }
}

pub(in crate::domain::lifecycle) fn withdraw(work: &mut Work<'_>, fields: &OfAppeal) {
    work.must(Duty::Record);
    work.must_not_be_accused(work.step.by);
    let Some(appeal) = open_appeal(work, &fields.appeal) else { return };
    let at = work.step.at;
    if let Some(found) = work.file.appeals.iter_mut().find(|one| one.id == appeal.id) {
        found.withdrawn_at = Some(at);
    }
    resumed(work, &appeal.restriction);
}

fn named(work: &mut Work<'_>, id: &Option<String>) -> Option<Appeal> {
    let id = work.text(id, "appeal")?;
    let found = work.file.appeal(&id).cloned();
    if found.is_none() {
        work.unknown("appeal", &id);
    }
    found
}

fn open_appeal(work: &mut Work<'_>, id: &Option<String>) -> Option<Appeal> {
    let appeal = named(work, id)?;
    if !appeal.is_open() {
        work.wrong_state(format!("appeal `{}` is {} already", appeal.id, appeal.state()));
        return None;
    }
    Some(appeal)
}
