//! Restrictions: put in force, varied, lifted, reviewed.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::letters::{must_have_gone, must_have_told};
use super::proposals::{named, set_state};
use crate::domain::activation::before_the_start;
use crate::domain::broken::Broken;
use crate::domain::calendar::add_months;
use crate::domain::case::act::{Lift, OfProposal, ReviewStep, Vary};
use crate::domain::case::anchors::{day, imposing_letter, review_from};
use crate::domain::case::letter::{CaseLetter, LetterKind};
use crate::domain::case::lighter::{is_lighter, is_reviewed_as_soon, varied_by};
use crate::domain::case::proposal::{Proposal, ProposalState};
use crate::domain::case::restraint::{Ending, Restraint, Review, ReviewOutcome, Variation};
use crate::domain::duty::Duty;
use crate::domain::invisible::is_blank;
use crate::domain::lifecycle::{Work, guard};
use crate::domain::moment::Moment;
use crate::domain::profile::{OnOverdue, Profile};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Restriction, Status};

pub(in crate::domain::lifecycle) fn put_in_force(work: &mut Work<'_>, fields: &OfProposal) {
    work.must_one_of(&[Duty::Propose, Duty::Decide, Duty::SignOff]);
    let Some(proposal) = named(work, &fields.proposal) else { return };
    if !proposal.is_open() {
        work.wrong_state(format!("proposal `{}` is closed already", proposal.id));
    }
    work.must_not_be_accused(work.step.by);
    let broken = guard::everything(work, &proposal);
    let reported: Vec<Broken> =
        broken.into_iter().filter(|one| !work.broken.contains(one)).collect();
    work.broken.extend(reported);
    let mut restriction = guard::as_it_will_hold(work, &proposal);
    restriction.decided_by = Some(proposal.by.clone());
    restriction.signed_off_by = proposal.signature.as_ref().map(|one| one.name.clone());
    restriction.profile_version = Some(work.profile().version.clone());
    let id = restriction.id.clone();
    // A restriction under appeal is not enforced sooner by a new decision on it.
    if work.file.open_appeal(&id).is_some_and(|appeal| appeal.suspends) {
        restriction.status = Status::UnderAppeal;
    }
    let letter = imposing_letter(&work.file, &proposal).and_then(|one| one.sent.clone());
    let letter_sent = letter.map(|sent| day(work.profile(), sent.at));
    let starts = restriction.starts.map(|starts| starts.day(work.profile().timezone));
    let mut took_part: Vec<String> = proposal.everybody().cloned().collect();
    took_part.push(work.step.by.to_owned());
    let mut restraint = Restraint {
        restriction: id.clone(),
        proposal: Some(proposal.id.clone()),
        decided_elsewhere: false,
        decided: guard::decision_day(work, &proposal),
        letter_sent,
        implemented: starts.map_or(work.today(), |starts| starts.max(work.today())),
        first_implemented: None,
        took_part,
        variations: Vec::new(),
        ended: None,
    };
    if let Some(before) = guard::in_place_of(work, &id) {
        continued(&mut restraint, before, work, &proposal);
    }
    work.make(&id, "restriction");
    work.made.insert("review_due".to_owned(), json!(restriction.review_due));
    work.made.insert("ends".to_owned(), json!(restriction.ends));
    work.person.restrictions.retain(|one| one.id != id);
    work.person.restrictions.push(restriction);
    work.file.restraints.retain(|one| one.restriction != id);
    work.file.restraints.push(restraint);
    set_state(work, &proposal.id, ProposalState::Done);
}

/// A heavier form of a restriction in force is a decision of its own, which may be appealed against, and keeps what was
/// known of it: since when it has held, everybody who took part, and how it changed.
fn continued(
    restraint: &mut Restraint,
    before: (Restriction, Restraint),
    work: &Work<'_>,
    proposal: &Proposal,
) {
    let (_, before) = before;
    restraint.first_implemented = Some(before.since());
    for name in &before.took_part {
        if !restraint.took_part.contains(name) {
            restraint.took_part.push(name.clone());
        }
    }
    let why = proposal.why_no_lesser.clone().unwrap_or_default();
    restraint.variations = before.variations;
    restraint.variations.push(Variation { at: work.step.at, by: work.step.by.to_owned(), why });
}

/// To something lighter. A heavier one takes a proposal, as a new restriction does.
pub(in crate::domain::lifecycle) fn vary(work: &mut Work<'_>, fields: &Vary) {
    work.must(Duty::Decide);
    work.must_not_be_accused(work.step.by);
    let why = work.text(&fields.why, "why");
    if fields.changes.is_empty() {
        work.missing("changes");
    }
    let Some(before) = work.held(&fields.restriction) else { return };
    let after = changed(work, &before, &fields.changes);
    let (profile, since) = (work.profile(), last_change(work, &before.id));
    must_have_told(work, LetterKind::Variation, &before.id, since, &|letter| {
        tells_of(profile, letter, &before, after.as_ref())
    });
    if let (Some(after), Some(why)) = (after, why) {
        varied(work, after, why);
    }
}

/// Whether a letter about a variation tells of these terms. One without terms only says that less is restricted.
fn tells_of(
    profile: &Profile,
    letter: &CaseLetter,
    before: &Restriction,
    after: Option<&Restriction>,
) -> bool {
    let Some(after) = after.filter(|_| !letter.changes.is_empty()) else { return true };
    varied_by(profile, before, &letter.changes).is_ok_and(|told| told == *after)
}

/// When a restriction last became what it is.
fn last_change(work: &Work<'_>, id: &str) -> Option<DateTime<Utc>> {
    work.file.restraint(id)?.variations.last().map(|variation| variation.at)
}

/// Keys that no variation changes: who decided, and on what grounds, is not part of the terms.
const FIXED: [&str; 6] =
    ["id", "status", "grounds", "decided_by", "signed_off_by", "profile_version"];

/// A restriction with changes laid over it; refused where it would be heavier.
pub(super) fn changed(
    work: &mut Work<'_>,
    before: &Restriction,
    changes: &Map<String, Value>,
) -> Option<Restriction> {
    if changes.is_empty() {
        return None;
    }
    for fixed in FIXED.into_iter().filter(|key| changes.contains_key(*key)) {
        work.wrong_state(format!("`changes` names `{fixed}`, which no variation changes"));
    }
    let after = match varied_by(work.profile(), before, changes) {
        Ok(after) => after,
        Err(error) => {
            let what = format!("`changes` do not fit the restriction: {error}");
            work.refuse(Broken::new(RefusalCode::ChangesInvalid, what).key("changes"));
            return None;
        }
    };
    let profile = work.profile();
    let heavier = if !is_lighter(profile, before, &after) {
        Some(
            "some contact that passes now would not pass afterwards; propose it as a new restriction",
        )
    } else if !is_reviewed_as_soon(profile, before, &after) {
        Some("it would be reviewed later; only a review puts off the date, as its `next_due`")
    } else {
        None
    };
    if let Some(what) = heavier {
        work.refuse(Broken::new(RefusalCode::VaryHeavier, what).key("changes"));
        return None;
    }
    if let Some(what) = leaves_nothing(work, before, &after) {
        work.refuse(Broken::new(RefusalCode::DatesOrder, what).key("changes"));
        return None;
    }
    let kind = after.kind.name();
    if let Some(broken) = guard::kind_refused(profile, kind).filter(|_| kind != before.kind.name())
    {
        work.refuse(broken);
        return None;
    }
    Some(after)
}

/// Why nothing would be left of a restriction: ending it is a step of its own, with a letter that says so.
fn leaves_nothing(
    work: &Work<'_>,
    before: &Restriction,
    after: &Restriction,
) -> Option<&'static str> {
    let (profile, at) = (work.profile(), work.step.at);
    if after.has_run_out(at, profile) && !before.has_run_out(at, profile) {
        return Some("it would be over at once: lift it instead or, on appeal, quash it");
    }
    let was_in_order = before_the_start(profile, before).next().is_none();
    let out_of_order = before_the_start(profile, after).next();
    out_of_order.map(|(_, what)| what).filter(|_| was_in_order)
}

/// Puts a variation in the place of a restriction, which keeps its id; and stays under appeal if it is.
pub(super) fn varied(work: &mut Work<'_>, after: Restriction, why: String) {
    let (at, by) = (work.step.at, work.step.by.to_owned());
    let id = after.id.clone();
    if let Some(place) = work.restriction_mut(&id) {
        *place = after;
    }
    if let Some(known) = work.file.restraints.iter_mut().find(|one| one.restriction == id) {
        known.took_part.push(by.clone());
        known.variations.push(Variation { at, by, why });
    }
}

pub(in crate::domain::lifecycle) fn lift(work: &mut Work<'_>, fields: &Lift) {
    work.must(Duty::Decide);
    work.must_not_be_accused(work.step.by);
    let why = work.text(&fields.why, "why");
    let Some(restriction) = work.held(&fields.restriction) else { return };
    let since = last_change(work, &restriction.id);
    must_have_gone(work, LetterKind::Lifted, &restriction.id, since);
    if let Some(why) = why {
        ended(work, &restriction.id, Status::Lifted, why);
    }
}

/// Ends a restriction by a step. One that had ended before, and is quashed afterwards, ended then.
pub(super) fn ended(work: &mut Work<'_>, id: &str, status: Status, why: String) {
    let (at, by) = (work.step.at, work.step.by.to_owned());
    if let Some(restriction) = work.restriction_mut(id) {
        restriction.status = status;
    }
    if let Some(known) = work.file.restraints.iter_mut().find(|one| one.restriction == id) {
        known.ended.get_or_insert(Ending { at, by, status, why });
    }
}

/// Acts at once; the letter about it is owed.
pub(in crate::domain::lifecycle) fn review(work: &mut Work<'_>, fields: &ReviewStep) {
    work.must(Duty::Decide);
    work.must_not_be_accused(work.step.by);
    let outcome = work.need(&fields.outcome, "outcome");
    let why = work.text(&fields.why, "why");
    let considered = fields.adjustments_considered.as_ref();
    let considered = considered.and_then(|considered| considered.outcome.as_deref());
    if considered.is_none_or(is_blank) {
        let what = "it is not recorded that reasonable adjustments were considered again";
        work.refuse_by(RefusalCode::AdjustmentsNotConsidered, "adjustments", what);
    }
    let Some(restriction) = work.held(&fields.restriction) else { return };
    let Some(outcome) = outcome else { return };
    let after = match outcome {
        ReviewOutcome::Vary => {
            if fields.changes.is_empty() {
                work.missing("changes");
            }
            changed(work, &restriction, &fields.changes)
        }
        ReviewOutcome::Keep | ReviewOutcome::Lift => None,
    };
    let next_due = match outcome {
        ReviewOutcome::Keep | ReviewOutcome::Vary => {
            // A variation may end it sooner.
            next_review(work, after.as_ref().unwrap_or(&restriction), fields.next_due)
        }
        ReviewOutcome::Lift => None,
    };
    let id = work.new_id("V", |file, id| file.reviews.iter().any(|one| one.id == id));
    let Some(why) = why else { return };
    work.make(&id, "review");
    work.made.insert("next_due".to_owned(), json!(next_due));
    let told = work.profile().review.outcome_told == Some(true);
    let zone = work.profile().timezone;
    work.file.reviews.push(Review {
        id,
        restriction: restriction.id.clone(),
        at: work.step.at,
        by: work.step.by.to_owned(),
        was_due: restriction.review_due.map(|due| due.day(zone)),
        outcome,
        why: why.clone(),
        conduct: fields.conduct.clone(),
        next_due,
        letter_owed: told || outcome != ReviewOutcome::Keep,
    });
    if let Some(after) = after {
        varied(work, after, why.clone());
    }
    if outcome == ReviewOutcome::Lift {
        ended(work, &restriction.id, Status::Lifted, why);
    }
    let by = work.step.by.to_owned();
    if let Some(known) =
        work.file.restraints.iter_mut().find(|one| one.restriction == restriction.id)
    {
        known.took_part.push(by);
    }
    if let (Some(next), Some(kept)) = (next_due, work.restriction_mut(&restriction.id)) {
        kept.review_due = Some(Moment::Day(next));
    }
}

/// When a restriction that is kept is reviewed next: at most the longest period after this review, and while it
/// holds. `None`: it is refused.
fn next_review(
    work: &mut Work<'_>,
    kept: &Restriction,
    named: Option<Moment>,
) -> Option<NaiveDate> {
    let profile = work.profile();
    let today = work.today();
    let end = last_day_of(profile, kept);
    let next = match named {
        Some(named) => named.day(profile.timezone),
        // Where it ends sooner than a review would come, its last day is looked at.
        None => match review_from(profile, today) {
            Some(next) => end.map_or(next, |(end, _)| next.min(end.max(today))),
            None => {
                let what = "no next review is named, and the policy sets no number of months";
                work.refuse(Broken::new(RefusalCode::ReviewMissing, what).key("next_due"));
                return None;
            }
        },
    };
    if next <= today && named.is_some() {
        work.refuse(
            Broken::new(RefusalCode::DatesOrder, "the next review is not in the future")
                .key("next_due"),
        );
    }
    let (longest, path) = match (profile.review.longest_months, profile.review.every_months) {
        (Some(longest), _) => (Some(longest), "review.longest_months"),
        (None, every) => (every, "review.every_months"),
    };
    if let Some(months) = longest.filter(|months| next > add_months(today, *months)) {
        let what = format!("the next review is more than {months} months after this one");
        let clause = work.profile().clause_of(path);
        work.refuse(Broken::new(RefusalCode::DatesTooLong, what).clause(clause).key("next_due"));
    }
    if let Some((end, path)) = end.filter(|(end, _)| next > *end) {
        let what = format!("the restriction ends on {end}, before the next review");
        let clause = work.profile().clause_of(path);
        work.refuse(Broken::new(RefusalCode::DatesTooLong, what).clause(clause).key("next_due"));
    }
    Some(next)
}

/// The last day on which a restriction holds whatever its reviews say, and the path of the profile that says so.
fn last_day_of(profile: &Profile, kept: &Restriction) -> Option<(NaiveDate, &'static str)> {
    let ends = kept.ends.map(|ends| (ends.day(profile.timezone), "review"));
    let cap = match profile.review.on_overdue {
        Some(OnOverdue::HardCap) => kept.ended_by_clock(profile),
        Some(OnOverdue::Lapse | OnOverdue::Keep) | None => None,
    };
    ends.into_iter().chain(cap.map(|cap| (cap, "review.longest_months"))).min()
}
