//! Dates of a restriction: in order, within the policy's periods, and filled in where left out.

use chrono::{Days, NaiveDate};

use super::Case;
use crate::domain::activation::before_the_start;
use crate::domain::broken::Broken;
use crate::domain::calendar::add_months;
use crate::domain::case::anchors::{decided_on, will_hold};
use crate::domain::case::proposal::Proposal;
use crate::domain::case::restraint::Restraint;
use crate::domain::lifecycle::Work;
use crate::domain::moment::Moment;
use crate::domain::profile::{Exception, Profile};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::Restriction;

/// The restriction as it would be in force from now: its start, review and clause filled in.
pub(in crate::domain::lifecycle) fn as_it_will_hold(
    work: &Work<'_>,
    proposal: &Proposal,
) -> Restriction {
    let mut restriction = will_hold(work.profile(), &work.file, proposal, work.today());
    if let Some((before, known)) = in_place_of(work, &restriction.id) {
        restriction.starts = first_day(work, &before, &known, restriction.starts);
    }
    restriction
}

/// What a proposal would be put in the place of: what holds under its id, with what is known of it.
pub(in crate::domain::lifecycle) fn in_place_of(
    work: &Work<'_>,
    id: &str,
) -> Option<(Restriction, Restraint)> {
    let held = work.restriction(id).filter(|one| work.is_held(one))?;
    let known = work.file.known_or_elsewhere(work.profile(), held, work.step.at);
    Some((held.clone(), known))
}

/// A heavier form goes on from the first day of what it replaces: a new decision makes no longest period longer.
fn first_day(
    work: &Work<'_>,
    before: &Restriction,
    known: &Restraint,
    named: Option<Moment>,
) -> Option<Moment> {
    let zone = work.profile().timezone;
    let first = before.starts.unwrap_or(Moment::Day(known.since()));
    if first.day(zone) <= work.today() { Some(first) } else { named.or(Some(first)) }
}

/// The day of the signature that completed the decision; today while one is missing.
pub(in crate::domain::lifecycle) fn decision_day(
    work: &Work<'_>,
    proposal: &Proposal,
) -> NaiveDate {
    decided_on(work.profile(), proposal).unwrap_or(work.today())
}

pub(super) fn dates_of(case: &Case<'_, '_>) -> Vec<Broken> {
    let extended = case.proposal.asked(Exception::LongerThanLongest).is_some();
    let varies = case.person().restrictions.iter().any(|one| one.id == case.restriction.id);
    let zone = case.profile().timezone;
    let from = if varies { From::Variation } else { From::Start };
    let mut broken = dates(case.profile(), &case.restriction, (from, case.work.today()), extended);
    let yesterday = case.work.today() - Days::new(1);
    let starts = case.proposal.restriction.starts.map(|starts| starts.day(zone));
    if starts.is_some_and(|starts| starts < yesterday) && !varies {
        let what = "it starts more than a day before it is put in force";
        broken.push(Broken::new(RefusalCode::DatesOrder, what).key("starts"));
    }
    broken
}

/// Whether a new restriction or a variation is put in force.
#[derive(Clone, Copy, PartialEq, Eq)]
enum From {
    Start,
    Variation,
}

/// Whether the dates of a restriction are in order and within the policy's periods. Its first review is counted from the
/// day on which it is put in force, or from a later start.
fn dates(
    profile: &Profile,
    restriction: &Restriction,
    (from, today): (From, NaiveDate),
    extended: bool,
) -> Vec<Broken> {
    let zone = profile.timezone;
    let mut broken = Vec::new();
    let by = |code, path: &str, what: String, key: &str| {
        Broken::new(code, what).clause(profile.clause_of(path)).key(key)
    };
    let first = restriction.starts.map(|starts| starts.day(zone));
    for (key, what) in before_the_start(profile, restriction) {
        broken.push(by(RefusalCode::DatesOrder, "review", what.to_owned(), key));
    }
    if restriction.review_due.is_none() && restriction.ends.is_none() {
        let what = "it has neither a review nor an end date".to_owned();
        broken.push(by(RefusalCode::ReviewMissing, "review.every_months", what, "review_due"));
    }
    let (Some(first), false) = (first, extended) else { return broken };
    let last_of = |last: Option<Moment>| last.map(|last| last.day(zone));
    if let (Some(last), Some(months)) = (last_of(restriction.ends), profile.review.longest_months)
        && last > add_months(first, months)
    {
        let what = format!("it ends more than {months} months after its start");
        broken.push(by(RefusalCode::DatesTooLong, "review.longest_months", what, "ends"));
    }
    let (months, path) = limit_of_first_review(profile);
    let since = first.max(today);
    if let (Some(last), Some(months)) = (last_of(restriction.review_due), months)
        && last > add_months(since, months)
    {
        let anchor = match from {
            _ if since == first => "its start",
            From::Variation => "it is varied",
            From::Start => "it is put in force",
        };
        let what = format!("it is reviewed more than {months} months after {anchor}");
        broken.push(by(RefusalCode::DatesTooLong, path, what, "review_due"));
    }
    broken
}

/// How far away a first review may be: the policy's longest period or, if it names none of its own, its interval
/// between reviews.
pub(in crate::domain::lifecycle) fn limit_of_first_review(
    profile: &Profile,
) -> (Option<u32>, &'static str) {
    let review = &profile.review;
    let own = profile.clauses.contains_key("review.longest_months");
    match (review.longest_months, review.every_months) {
        (Some(longest), Some(every)) if !own => (Some(longest.min(every)), "review.every_months"),
        (Some(longest), _) => (Some(longest), "review.longest_months"),
        (None, every) => (every, "review.every_months"),
    }
}
