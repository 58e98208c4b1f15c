//! The entries of the diary, one function per kind of deadline.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::{Case, Deadline, Diary, What};
use crate::domain::calendar::add_months;
use crate::domain::case::anchors::{anchor_day, day, imposing_letter, last_day};
use crate::domain::case::appeal::Appeal;
use crate::domain::case::conduct::{AgreementState, Medium};
use crate::domain::case::letter::LetterKind;
use crate::domain::case::proposal::ProposalState;
use crate::domain::case::restraint::{Task, TaskKind};
use crate::domain::lifecycle::unset_keys;
use crate::domain::moment::midnight;
use crate::domain::profile::{Anchor, Exception, OnOverdue, Role};
use crate::domain::restriction::{Kind, Restriction, Status};

/// What brings a review forward, as profiles say it.
const GOOD_CONDUCT: &str = "good_conduct";

/// How the anchors are called.
const fn name_of(anchor: Anchor) -> &'static str {
    match anchor {
        Anchor::Decision => "decision",
        Anchor::Letter => "letter",
        Anchor::Implementation => "implementation",
        Anchor::Receipt => "receipt",
        Anchor::AppealDecision => "appeal_decision",
    }
}

impl Diary<'_> {
    pub(super) fn of_case(&mut self, case: Case<'_>) {
        for restriction in &case.person.restrictions {
            self.review(case, restriction);
            self.early_review(case, restriction);
            self.end(case, restriction);
            self.absences(case, restriction);
        }
        self.reviews_done(case);
        self.letters(case);
        self.letters_returned(case);
        for appeal in case.file.appeals.iter().filter(|one| one.withdrawn_at.is_none()) {
            self.appeal(case, appeal);
        }
        for task in &case.file.tasks {
            self.task(&case.person.id, task);
        }
        self.agreements(case);
        self.adjustments(case);
        self.exceptions(case);
    }

    fn day(&self, at: DateTime<Utc>) -> NaiveDate {
        day(self.profile, at)
    }

    fn is_held(&self, restriction: &Restriction) -> bool {
        let over =
            restriction.runs_out(self.profile).is_some_and(|end| self.day(end) <= self.today);
        matches!(restriction.status, Status::Active | Status::UnderAppeal) && !over
    }

    /// The anchor that the profile names for reviews, and its day for a restriction.
    fn review_anchor(
        &self,
        case: Case<'_>,
        restriction: &Restriction,
    ) -> Option<(&'static str, NaiveDate)> {
        let anchor = self.profile.review.anchor?;
        let at = midnight(self.profile.timezone, self.today);
        let known = case.file.known_or_elsewhere(self.profile, restriction, at);
        Some((name_of(anchor), anchor_day(&known, anchor)))
    }

    fn review_clause(&self) -> Option<String> {
        self.clause("review.every_months").or_else(|| self.clause("review.per_decision"))
    }

    fn review(&mut self, case: Case<'_>, restriction: &Restriction) {
        let Some(due) = restriction.review_due.filter(|_| self.is_held(restriction)) else {
            return;
        };
        let deadline = Deadline {
            what: What::Review,
            about: restriction.id.clone(),
            due: due.day(self.profile.timezone),
            anchor: self.review_anchor(case, restriction),
            clause: self.review_clause(),
            who: self.decides(),
            done: None,
        };
        self.put(Some(&case.person.id), deadline);
    }

    /// Where the policy brings a review forward for good conduct: the day on which the organisation's months
    /// without an incident or a breached agreement are full, if it comes before the review itself.
    fn early_review(&mut self, case: Case<'_>, restriction: &Restriction) {
        let review = &self.profile.review;
        let Some(months) = review.good_conduct_months else { return };
        let brings_forward = review.earlier.as_deref() == Some(GOOD_CONDUCT);
        let zone = self.profile.timezone;
        let (Some(starts), Some(review_due), true) =
            (restriction.starts, restriction.review_due, brings_forward)
        else {
            return;
        };
        if !self.is_held(restriction) {
            return;
        }
        let incidents = case.file.incidents.iter().map(|one| self.day(one.happened_at));
        let breached =
            case.file.agreements.iter().filter(|one| one.state == AgreementState::Breached);
        let breaches = breached.map(|one| self.day(one.since));
        let of_it = case.file.reviews.iter().filter(|one| one.restriction == restriction.id);
        let reviews = of_it.map(|one| self.day(one.at));
        let since = incidents.chain(breaches).chain(reviews).fold(starts.day(zone), NaiveDate::max);
        let due = add_months(since, months);
        if due >= review_due.day(zone) {
            return;
        }
        let deadline = Deadline {
            what: What::EarlyReview,
            about: restriction.id.clone(),
            due,
            anchor: Some((GOOD_CONDUCT, since)),
            clause: self.clause("review.earlier"),
            who: self.decides(),
            done: None,
        };
        self.put(Some(&case.person.id), deadline);
    }

    fn reviews_done(&mut self, case: Case<'_>) {
        for review in &case.file.reviews {
            let Some(due) = review.was_due else { continue };
            let deadline = Deadline {
                what: What::Review,
                about: review.restriction.clone(),
                due,
                anchor: None,
                clause: self.review_clause(),
                who: self.decides(),
                done: Some(self.day(review.at)),
            };
            self.put(Some(&case.person.id), deadline);
        }
    }

    /// The last day of a restriction, by its own end or by the policy's clock; past, it is met.
    fn end(&mut self, case: Case<'_>, restriction: &Restriction) {
        if !matches!(restriction.status, Status::Active | Status::UnderAppeal) {
            return;
        }
        let zone = self.profile.timezone;
        let ends = restriction.ends.map(|ends| ends.day(zone));
        let by_clock = restriction.ended_by_clock(self.profile);
        let path = match self.profile.review.on_overdue {
            Some(OnOverdue::Lapse) => "review.on_overdue",
            _ => "review.longest_months",
        };
        let (due, clause) = match (ends, by_clock) {
            (Some(ends), Some(clock)) if clock < ends => (clock, self.clause(path)),
            (Some(ends), _) => (ends, None),
            (None, Some(clock)) => (clock, self.clause(path)),
            (None, None) => return,
        };
        let deadline = Deadline {
            what: What::RestrictionEnd,
            about: restriction.id.clone(),
            due,
            anchor: restriction.starts.map(|starts| ("implementation", starts.day(zone))),
            clause,
            who: self.decides(),
            done: (self.today > due).then_some(due),
        };
        self.put(Some(&case.person.id), deadline);
    }

    /// Letters that are owed: of written warnings, of decisions, of reviews and appeals that acted at
    /// once.
    fn letters(&mut self, case: Case<'_>) {
        let file = case.file;
        let within = self.profile.letter.within;
        for warning in file.warnings.iter().filter(|one| one.medium == Medium::Written) {
            let sent =
                file.sent(LetterKind::Warning, &warning.id).and_then(|one| one.sent.as_ref());
            let given = self.day(warning.at);
            self.letter(case, &warning.id, given, sent.map(|sent| self.day(sent.at)));
        }
        let waiting = |state| matches!(state, ProposalState::Signed);
        for proposal in file.proposals.iter().filter(|one| waiting(one.state) && within.is_some()) {
            let Some(signature) = &proposal.signature else { continue };
            let told = imposing_letter(file, proposal).filter(|one| one.has_gone());
            let sent = told.and_then(|one| one.sent.as_ref());
            let decided = self.day(signature.at);
            self.letter(case, &proposal.id, decided, sent.map(|sent| self.day(sent.at)));
        }
        for review in file.reviews.iter().filter(|one| one.letter_owed) {
            let about = |id: &str| id == review.id || id == review.restriction;
            let sent = file.letters.iter().find_map(|one| {
                let fits = one.kind == LetterKind::ReviewOutcome && about(&one.about);
                one.sent.as_ref().filter(|sent| fits && one.has_gone() && sent.at >= review.at)
            });
            let done = sent.map(|sent| self.day(sent.at));
            self.letter(case, &review.id, self.day(review.at), done);
        }
        for appeal in file.appeals.iter().filter(|_| self.profile.appeal.notify.is_none()) {
            let Some(decision) = &appeal.decision else { continue };
            let sent =
                file.sent(LetterKind::AppealOutcome, &appeal.id).and_then(|one| one.sent.as_ref());
            let done = sent.map(|sent| self.day(sent.at));
            self.letter(case, &appeal.id, self.day(decision.at), done);
        }
    }

    /// Letters that no mail server takes: they go another way, or to another address.
    fn letters_returned(&mut self, case: Case<'_>) {
        for letter in &case.file.letters {
            let Some(failed) = letter.mail_failed() else { continue };
            let since = self.day(failed.at);
            let deadline = Deadline {
                what: What::Letter,
                about: letter.id.clone(),
                due: self.next_working_day(since),
                anchor: Some(("mail_failed", since)),
                clause: self.clause("letter.within"),
                who: self.decides(),
                done: None,
            };
            self.put(Some(&case.person.id), deadline);
        }
    }

    /// A letter that is owed from a day on: within the policy's period, else by the next working day.
    fn letter(&mut self, case: Case<'_>, about: &str, from: NaiveDate, done: Option<NaiveDate>) {
        let due = match self.profile.letter.within {
            Some(within) => last_day(self.profile, within.length, from),
            None => self.next_working_day(from),
        };
        let deadline = Deadline {
            what: What::Letter,
            about: about.to_owned(),
            due,
            anchor: Some(("decision", from)),
            clause: self.clause("letter.within"),
            who: self.decides(),
            done,
        };
        self.put(Some(&case.person.id), deadline);
    }

    fn appeal(&mut self, case: Case<'_>, appeal: &Appeal) {
        let received = self.day(appeal.received.at);
        let decided = appeal.decision.as_ref().map(|decision| self.day(decision.at));
        if let Some(answer) = self.profile.appeal.answer {
            let deadline = Deadline {
                what: What::AppealAnswer,
                about: appeal.id.clone(),
                due: last_day(self.profile, answer.length, received),
                anchor: Some(("receipt", received)),
                clause: self.clause("appeal.answer"),
                who: self.hears(),
                done: decided,
            };
            self.put(Some(&case.person.id), deadline);
        }
        let Some(notify) = self.profile.appeal.notify else { return };
        let anchor = match notify.from {
            Some(Anchor::Receipt) => Some(("receipt", received)),
            _ => decided.map(|decided| ("appeal_decision", decided)),
        };
        let Some(anchor) = anchor else { return };
        let deadline = Deadline {
            what: What::AppealNotice,
            about: appeal.id.clone(),
            due: last_day(self.profile, notify.length, anchor.1),
            anchor: Some(anchor),
            clause: self.clause("appeal.notify"),
            who: self.hears(),
            done: appeal.notified_at.map(|at| self.day(at)),
        };
        self.put(Some(&case.person.id), deadline);
    }

    pub(super) fn task(&mut self, person: &str, task: &Task) {
        let came = self.day(task.at);
        let (what, days, path, who) = match task.kind {
            TaskKind::Engagement => (
                What::Engagement,
                self.profile.engagement_within_working_days,
                "contact_ended.decide_within_working_days",
                self.profile.responsible.engages_after_end.clone(),
            ),
            TaskKind::ReadFiled => (
                What::ReadFiled,
                self.profile.read_within_working_days,
                "read_within_working_days",
                vec![Role("agent".to_owned())],
            ),
        };
        let deadline = Deadline {
            what,
            about: task.contact.clone(),
            due: self.profile.bank_holidays.add_working_days(came, days.unwrap_or(1)),
            anchor: Some(("receipt", came)),
            clause: self.clause(path).or_else(|| match task.kind {
                TaskKind::Engagement => self.clause("responsible.engages_after_end"),
                TaskKind::ReadFiled => None,
            }),
            who,
            done: task.done.as_ref().map(|done| self.day(done.at)),
        };
        self.put(Some(person), deadline);
    }

    fn agreements(&mut self, case: Case<'_>) {
        for agreement in &case.file.agreements {
            let Some(until) = agreement.until else { continue };
            let done = match agreement.state {
                AgreementState::Offered | AgreementState::Accepted => None,
                AgreementState::Kept | AgreementState::Breached | AgreementState::Refused => {
                    Some(self.day(agreement.since))
                }
            };
            let deadline = Deadline {
                what: What::AgreementEnd,
                about: agreement.id.clone(),
                due: until.day(self.profile.timezone),
                anchor: None,
                clause: self.clause("warn_first.voluntary_agreement"),
                who: self.decides(),
                done,
            };
            self.put(Some(&case.person.id), deadline);
        }
    }

    fn adjustments(&mut self, case: Case<'_>) {
        for (index, adjustment) in case.person.adjustments.iter().enumerate() {
            let Some(due) = adjustment.review_due else { continue };
            let deadline = Deadline {
                what: What::AdjustmentReview,
                about: adjustment.id.clone().unwrap_or_else(|| (index + 1).to_string()),
                due: due.day(self.profile.timezone),
                anchor: None,
                clause: self.clause("adjustments"),
                who: self.decides(),
                done: None,
            };
            self.put(Some(&case.person.id), deadline);
        }
    }

    /// Whether somebody who was not notified may know by now.
    fn exceptions(&mut self, case: Case<'_>) {
        let in_force = case.file.proposals.iter().filter(|one| one.state == ProposalState::Done);
        for proposal in in_force {
            let Some(asked) = proposal.asked(Exception::NoNotification) else { continue };
            let held =
                case.person.restrictions.iter().find(|one| one.id == proposal.restriction.id);
            let Some(held) = held.filter(|one| self.is_held(one)) else { continue };
            let Some(due) = asked.review_due.or(held.review_due) else { continue };
            let rule = self.profile.exceptions.get(&Exception::NoNotification);
            let deadline = Deadline {
                what: What::ExceptionReview,
                about: held.id.clone(),
                due: due.day(self.profile.timezone),
                anchor: None,
                clause: rule.and_then(|rule| rule.clause.clone()),
                who: self.decides(),
                done: None,
            };
            self.put(Some(&case.person.id), deadline);
        }
    }

    /// The first day on which nobody of a point of contact is there, and no team is named.
    fn absences(&mut self, case: Case<'_>, restriction: &Restriction) {
        let Kind::SinglePointOfContact(point) = &restriction.kind else { return };
        if !self.is_held(restriction) {
            return;
        }
        let (zone, team) = (self.profile.timezone, &self.profile.team);
        let Some(due) = point.first_uncovered(self.today, zone, team) else { return };
        let deadline = Deadline {
            what: What::AbsenceUncovered,
            about: restriction.id.clone(),
            due,
            anchor: None,
            clause: None,
            who: self.decides(),
            done: None,
        };
        self.put(Some(&case.person.id), deadline);
    }

    /// The keys that restrictions of a person will need and that are unset.
    pub(super) fn unset_of(&self, case: Case<'_>, unset: &mut BTreeSet<String>) {
        for restriction in case.person.restrictions.iter().filter(|one| self.is_held(one)) {
            unset.extend(unset_keys(self.profile, &restriction.kind));
        }
    }

    pub(super) fn of_profile(&mut self, unset: BTreeSet<String>) {
        let today = self.today;
        for about in unset {
            let who = self.decides();
            let what = What::ProfileUnset;
            self.put(
                None,
                Deadline { what, about, due: today, anchor: None, clause: None, who, done: None },
            );
        }
        if let Some(last) = self.profile.bank_holidays.known_until() {
            let deadline = Deadline {
                what: What::CalendarEnd,
                about: self.profile.nation.name().to_owned(),
                due: last,
                anchor: None,
                clause: None,
                who: self.decides(),
                done: None,
            };
            self.put(None, deadline);
        }
    }
}
