//! What must hold before a restriction is put in force. Everything is found in one go.

mod fairness;
mod signatures;
mod time;

use crate::domain::broken::Broken;
use crate::domain::case::CaseFile;
use crate::domain::case::proposal::Proposal;
use crate::domain::lifecycle::{Work, unset};
use crate::domain::person::Person;
use crate::domain::profile::{Deadline, Profile};
use crate::domain::refusal_code::RefusalCode;
use crate::domain::restriction::{Kind, KindName, Restriction, Status};

pub(super) use self::fairness::name_of;
pub(super) use self::signatures::{exception_signers, kind_signers};
pub(super) use self::time::{as_it_will_hold, decision_day, in_place_of};

/// A proposal with everything that it is judged by.
pub(super) struct Case<'w, 'a> {
    work: &'w Work<'a>,
    proposal: &'w Proposal,
    /// The restriction as it would be in force from now.
    restriction: Restriction,
}

impl<'w, 'a> Case<'w, 'a> {
    fn new(work: &'w Work<'a>, proposal: &'w Proposal) -> Self {
        let restriction = as_it_will_hold(work, proposal);
        Case { work, proposal, restriction }
    }

    fn profile(&self) -> &'a Profile {
        self.work.profile()
    }

    fn file(&self) -> &CaseFile {
        &self.work.file
    }

    fn person(&self) -> &Person {
        &self.work.person
    }

    fn broken(&self, code: RefusalCode, path: &str, what: impl Into<String>) -> Broken {
        Broken::new(code, what).clause(self.profile().clause_of(path))
    }
}

/// Everything that keeps a proposal from being put in force.
pub(super) fn everything(work: &Work<'_>, proposal: &Proposal) -> Vec<Broken> {
    let case = Case::new(work, proposal);
    let mut broken = of_the_proposal(&case);
    broken.extend(signatures::signatures(&case));
    broken.extend(signatures::letter(&case));
    broken
}

/// The same but for what comes after it is submitted: signatures and the letter.
pub(super) fn before_signatures(work: &Work<'_>, proposal: &Proposal) -> Vec<Broken> {
    of_the_proposal(&Case::new(work, proposal))
}

fn of_the_proposal(case: &Case<'_, '_>) -> Vec<Broken> {
    let mut broken = Vec::new();
    broken.extend(id_of_its_own(case));
    broken.extend(kind_refused(case.profile(), case.restriction.kind.name()));
    broken.extend(unset_values(case));
    broken.extend(fairness::recorded(case));
    broken.extend(fairness::adjustments(case));
    broken.extend(fairness::warned(case));
    broken.extend(signatures::exceptions_allowed(case));
    broken.extend(time::dates_of(case));
    broken.extend(fairness::open_way(case));
    broken
}

/// An ended restriction stays as it was, with its days, letters and appeals: a new decision has another id. One of what
/// holds is a heavier form of it.
fn id_of_its_own(case: &Case<'_, '_>) -> Option<Broken> {
    let id = &case.restriction.id;
    let was = case.person().restrictions.iter().find(|one| one.id == *id)?;
    let is_over = in_place_of(case.work, id).is_none() && was.status != Status::Proposed;
    let what = format!("restriction `{id}` is over; give the new decision a new id");
    is_over.then(|| Broken::new(RefusalCode::StateWrong, what).key("restriction.id"))
}

/// Whether the policy allows a kind.
pub(super) fn kind_refused(profile: &Profile, kind: KindName) -> Option<Broken> {
    let key = format!("kinds.{kind}");
    match profile.kinds.get(&kind) {
        Some(rule) if rule.allowed => None,
        Some(rule) => {
            let what = format!("the policy of {} does not allow `{kind}`", profile.name);
            Some(
                Broken::new(RefusalCode::KindNotAllowed, what)
                    .clause(rule.clause.as_deref())
                    .key(key),
            )
        }
        None => {
            let what = format!("the policy of {} does not name `{kind}`", profile.name);
            Some(Broken::new(RefusalCode::KindUnset, what).key(key))
        }
    }
}

/// Everything that the life of the restriction will need and that nobody chose.
fn unset_values(case: &Case<'_, '_>) -> Vec<Broken> {
    unset_keys(case.profile(), &case.restriction.kind).into_iter().map(|key| unset(&key)).collect()
}

/// The keys of the profile that the life of a restriction of this kind will need, and that are unset.
pub fn unset_keys(profile: &Profile, kind: &Kind) -> Vec<String> {
    let (review, appeal) = (&profile.review, &profile.appeal);
    let mut keys = Vec::new();
    let mut want = |is_set: bool, key: &str| {
        if !is_set {
            keys.push(key.to_owned());
        }
    };
    want(review.every_months.is_some() || review.per_decision, "review.every_months");
    want(review.longest_months.is_some(), "review.longest_months");
    want(review.on_overdue.is_some(), "review.on_overdue");
    want(review.anchor.is_some(), "review.anchor");
    for (key, deadline) in [
        ("appeal.window", appeal.window),
        ("appeal.answer", appeal.answer),
        ("appeal.notify", appeal.notify),
    ] {
        match deadline {
            None => want(false, key),
            Some(Deadline { from: None, .. }) => want(false, &format!("{key}.from")),
            Some(Deadline { from: Some(_), .. }) => {}
        }
    }
    want(appeal.heard_by.is_some(), "appeal.heard_by");
    want(appeal.in_force_during.is_some(), "appeal.in_force_during");
    want(!profile.letter.must_say.is_empty(), "letter.must_say");
    want(profile.responsible.decides.is_some(), "responsible.decides");
    want(profile.staffed_hours.is_some(), "staffed_hours");
    match kind.name() {
        KindName::ContactEnded => {
            let engages = !profile.responsible.engages_after_end.is_empty();
            want(engages, "responsible.engages_after_end");
        }
        KindName::ReadAndFile => {
            want(profile.read_within_working_days.is_some(), "read_within_working_days");
        }
        _ => {}
    }
    keys
}
