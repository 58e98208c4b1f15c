//! Records besides the way to a restriction: complaints about staff, adjustments, absences, filed
//! contacts that were read, whether a new issue is engaged with, and other action taken.

use crate::domain::broken::Broken;
use crate::domain::case::act::{
    CloseStaffComplaint, DecideEngagement, MarkRead, ReconcileAdjustment, RecordAbsence,
    RecordAction, RecordAdjustment, RecordStaffComplaint,
};
use crate::domain::case::conduct::{Closed, StaffComplaint};
use crate::domain::case::restraint::{Action, Reconciliation, Task, TaskDone, TaskKind};
use crate::domain::duty::Duty;
use crate::domain::leaver::NoSuccessor;
use crate::domain::lifecycle::guard::name_of;
use crate::domain::lifecycle::{Effect, Work};
use crate::domain::person::{Adjustment, Engaged};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Absence, Kind, PointOfContact, StaffContact};

pub(in crate::domain::lifecycle) fn decide_engagement(
    work: &mut Work<'_>,
    fields: &DecideEngagement,
) {
    let roles = &work.profile().responsible.engages_after_end;
    let by = work.step.by;
    if roles.is_empty() {
        work.unset("responsible.engages_after_end");
    } else if !work.role_of(by).is_some_and(|role| roles.contains(role)) {
        let names: Vec<&str> = roles.iter().map(|role| role.0.as_str()).collect();
        let what = format!("{} decides on this; {by} does not have that role", names.join(" or "));
        work.refuse_by(RefusalCode::RoleNotAllowed, "responsible.engages_after_end", what);
    }
    work.must_not_be_accused(by);
    let engage = work.need(&fields.engage, "engage");
    let why = work.text(&fields.why, "why");
    let Some(task) = task(work, &fields.item, TaskKind::Engagement) else { return };
    let Some(engage) = engage else { return };
    done(work, &task, Some(engage), why);
    if engage {
        work.person
            .engaged
            .push(Engaged { issue: task.issue.clone(), threads: task.thread.clone() });
        if let Some(issue) = task.issue.filter(|issue| !work.person.issues.contains(issue)) {
            work.person.issues.push(issue);
        }
        work.effects.push(Effect::Release { contact: task.contact });
    }
}

pub(in crate::domain::lifecycle) fn mark_read(work: &mut Work<'_>, fields: &MarkRead) {
    work.must(Duty::Record);
    if let Some(task) = task(work, &fields.item, TaskKind::ReadFiled) {
        done(work, &task, None, None);
    }
}

/// The task of a kind about the contact that a step names.
fn task(work: &mut Work<'_>, item: &Option<String>, kind: TaskKind) -> Option<Task> {
    let item = work.text(item, "item")?;
    let Some(found) = work.file.tasks.iter().find(|one| one.contact == item && one.kind == kind)
    else {
        work.unknown("item", &item);
        return None;
    };
    if found.done.is_some() {
        work.wrong_state(format!("`{item}` is dealt with already"));
        return None;
    }
    Some(found.clone())
}

fn done(work: &mut Work<'_>, task: &Task, engage: Option<bool>, why: Option<String>) {
    let done = TaskDone { at: work.step.at, by: work.step.by.to_owned(), engage, why };
    let same = |one: &&mut Task| one.contact == task.contact && one.kind == task.kind;
    if let Some(found) = work.file.tasks.iter_mut().find(same) {
        found.done = Some(done);
    }
}

pub(in crate::domain::lifecycle) fn reconcile_adjustment(
    work: &mut Work<'_>,
    fields: &ReconcileAdjustment,
) {
    work.must(Duty::Propose);
    let adjustment = work.text(&fields.adjustment, "adjustment");
    let restriction = work.text(&fields.restriction, "restriction");
    let how = work.text(&fields.how, "how");
    let (Some(adjustment), Some(restriction), Some(how)) = (adjustment, restriction, how) else {
        return;
    };
    let mut listed = work.person.adjustments.iter().enumerate();
    if !listed.any(|(index, one)| name_of(one, index) == adjustment) {
        work.unknown("adjustment", &adjustment);
    }
    let proposed = work.file.proposals.iter().any(|one| one.restriction.id == restriction);
    if !proposed && work.restriction(&restriction).is_none() {
        work.unknown("restriction", &restriction);
    }
    let (by, at) = (work.step.by.to_owned(), work.step.at);
    let void_since = None;
    let reconciled = Reconciliation { adjustment, restriction, how, by, at, void_since };
    work.file.reconciliations.push(reconciled);
}

pub(in crate::domain::lifecycle) fn record_staff_complaint(
    work: &mut Work<'_>,
    fields: &RecordStaffComplaint,
) {
    work.must(Duty::Record);
    let about = work.text(&fields.about, "about");
    let what = work.text(&fields.what, "what");
    let id = work.new_id("C", |file, id| file.staff_complaints.iter().any(|one| one.id == id));
    let (Some(about), Some(what)) = (about, what) else { return };
    work.make(&id, "staff_complaint");
    let (at, by) = (work.step.at, work.step.by.to_owned());
    work.file.staff_complaints.push(StaffComplaint { id, at, by, about, what, closed: None });
}

pub(in crate::domain::lifecycle) fn close_staff_complaint(
    work: &mut Work<'_>,
    fields: &CloseStaffComplaint,
) {
    work.must(Duty::Propose);
    let id = work.text(&fields.complaint, "complaint");
    let outcome = work.text(&fields.outcome, "outcome");
    let (Some(id), Some(outcome)) = (id, outcome) else { return };
    let (at, by) = (work.step.at, work.step.by.to_owned());
    match work.file.staff_complaints.iter_mut().find(|one| one.id == id) {
        None => work.unknown("complaint", &id),
        Some(found) if found.closed.is_some() => {
            work.wrong_state(format!("complaint `{id}` is closed already"));
        }
        Some(found) if found.is_about(&by) => {
            let what = format!("{by} can't close a complaint about themselves");
            work.refuse(Broken::new(RefusalCode::DeciderAccused, what).key("by"));
        }
        Some(found) => {
            found.closed = Some(Closed { at, by, why: outcome.clone(), outcome });
        }
    }
}

pub(in crate::domain::lifecycle) fn record_adjustment(
    work: &mut Work<'_>,
    fields: &RecordAdjustment,
) {
    work.must(Duty::Record);
    let Some(mut adjustment) = work.need(&fields.adjustment, "adjustment") else { return };
    let named = adjustment.id.clone().or_else(|| work.step.id.map(str::to_owned));
    let number = work.person.adjustments.len() + 1;
    let id = named.unwrap_or_else(|| format!("{}-J-{number}", work.file.person));
    adjustment.id = Some(id.clone());
    work.make(&id, "adjustment");
    // Recorded again under its id, an adjustment is what it says now.
    let mut known = work.person.adjustments.iter().filter(|one| one.id.as_deref() == Some(&id));
    let needs = |one: &Adjustment| (one.kind, one.channel);
    if known.any(|known| needs(known) != needs(&adjustment)) {
        let at = work.step.at;
        for one in work.file.reconciliations.iter_mut().filter(|one| one.adjustment == id) {
            one.void_since.get_or_insert(at);
        }
    }
    work.person.adjustments.retain(|one| one.id.as_deref() != Some(&id));
    work.person.adjustments.push(adjustment);
}

pub(in crate::domain::lifecycle) fn record_absence(work: &mut Work<'_>, fields: &RecordAbsence) {
    work.must(Duty::Record);
    let contact = work.text(&fields.contact, "contact");
    let from = work.need(&fields.from, "from");
    let to = work.need(&fields.to, "to");
    let zone = work.profile().timezone;
    if let (Some(from), Some(to)) = (from, to)
        && to.end(zone) <= from.start(zone)
    {
        work.refuse(
            Broken::new(RefusalCode::DatesOrder, "the absence ends before it begins").key("to"),
        );
    }
    let Some(restriction) = work.held(&fields.restriction) else { return };
    let (Some(contact), Some(from), Some(to)) = (contact, from, to) else { return };
    let Kind::SinglePointOfContact(point) = &restriction.kind else {
        work.wrong_state(format!("restriction `{}` has no point of contact", restriction.id));
        return;
    };
    if !point.names(&contact) {
        work.unknown("contact", &contact);
    }
    let absence = Absence { contact, from, to };
    let after = with_absence(work, point, absence, fields.successor.as_ref());
    if let Some(Kind::SinglePointOfContact(point)) =
        work.restriction_mut(&restriction.id).map(|one| &mut one.kind)
    {
        **point = after;
    }
}

/// A point of contact with one more absence, or, for a leaver, handed over.
fn with_absence(
    work: &mut Work<'_>,
    point: &PointOfContact,
    absence: Absence,
    successor: Option<&StaffContact>,
) -> PointOfContact {
    let zone = work.profile().timezone;
    let mut after = point.clone();
    if successor.is_some() {
        // A successor goes ahead of the deputies that were decided on.
        work.must(Duty::Settings);
    }
    if absence.is_for_good(zone) {
        match point.left_by(&absence.contact, absence.from.day(zone), successor, zone) {
            Ok((left, _)) => return left,
            // An absence without a successor may leave the person to the team.
            Err(NoSuccessor::Nobody) if successor.is_none() => {}
            Err(why) => {
                let why = Broken::new(RefusalCode::StateWrong, why.to_string());
                work.refuse(why.key("successor"));
            }
        }
    } else if successor.is_some() {
        let what = "only somebody who leaves for good has a successor: `to` is 9999-12-31 then";
        work.refuse(Broken::new(RefusalCode::StateWrong, what).key("successor"));
    }
    // Two people may record the same absence at once.
    if !after.absences.contains(&absence) {
        after.absences.push(absence);
    }
    after
}

pub(in crate::domain::lifecycle) fn record_action(work: &mut Work<'_>, fields: &RecordAction) {
    work.must(Duty::Record);
    let action = work.text(&fields.action, "action");
    let id = work.new_id("X", |file, id| file.actions.iter().any(|one| one.id == id));
    let Some(action) = action else { return };
    work.make(&id, "action");
    let (at, by) = (work.step.at, work.step.by.to_owned());
    work.file.actions.push(Action { id, at, by, action, what: fields.what.clone() });
}
