//! The days from which the clocks of a restriction run, and the days that follow from them.

use chrono::{DateTime, NaiveDate, Utc};

use super::CaseFile;
use super::letter::CaseLetter;
use super::proposal::Proposal;
use super::restraint::Restraint;
use crate::domain::calendar::add_months;
use crate::domain::moment::Moment;
use crate::domain::profile::{Anchor, Deadline, Length, Profile};
use crate::domain::restriction::{Restriction, Status};

/// The local day on which an instant falls.
pub fn day(profile: &Profile, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&profile.timezone).date_naive()
}

/// The day of a restriction's anchor; a letter that never went is the day of the decision.
pub fn anchor_day(restraint: &Restraint, anchor: Anchor) -> NaiveDate {
    match anchor {
        Anchor::Decision | Anchor::Receipt | Anchor::AppealDecision => restraint.decided,
        Anchor::Letter => restraint.letter_sent.unwrap_or(restraint.decided),
        Anchor::Implementation => restraint.implemented,
    }
}

/// The last day of a deadline that runs from a day, which is its day 0.
pub fn last_day(profile: &Profile, length: Length, from: NaiveDate) -> NaiveDate {
    match length {
        Length::WorkingDays(days) => profile.bank_holidays.add_working_days(from, days),
        Length::Months(months) => add_months(from, months),
    }
}

/// The last day on which an appeal against a restriction is in time; `None`: there is no window.
pub fn appeal_window_ends(profile: &Profile, restraint: &Restraint) -> Option<NaiveDate> {
    let Deadline { length, from } = profile.appeal.window?;
    Some(last_day(profile, length, anchor_day(restraint, from?)))
}

/// The day on which the next review is due where nobody names one: `every_months` after the anchor.
pub fn review_from(profile: &Profile, anchor: NaiveDate) -> Option<NaiveDate> {
    profile.review.every_months.map(|months| add_months(anchor, months))
}

impl CaseFile {
    /// What is known of a restriction. One without a case file of its own was decided elsewhere:
    /// its start serves as decision, letter and implementation.
    pub fn known_or_elsewhere(
        &self,
        profile: &Profile,
        restriction: &Restriction,
        at: DateTime<Utc>,
    ) -> Restraint {
        if let Some(known) = self.restraint(&restriction.id) {
            return known.clone();
        }
        let start = restriction.starts.map(|starts| starts.day(profile.timezone));
        let start = start.unwrap_or_else(|| day(profile, at));
        let took_part = restriction.decided_by.iter().chain(&restriction.signed_off_by);
        Restraint {
            restriction: restriction.id.clone(),
            proposal: None,
            decided_elsewhere: true,
            decided: start,
            letter_sent: Some(start),
            implemented: start,
            first_implemented: None,
            took_part: took_part.cloned().collect(),
            variations: Vec::new(),
            ended: None,
        }
    }
}

/// The same of a file, on a day.
pub fn will_hold(
    profile: &Profile,
    file: &CaseFile,
    proposal: &Proposal,
    today: NaiveDate,
) -> Restriction {
    let zone = profile.timezone;
    let mut restriction = proposal.restriction.clone();
    restriction.status = Status::Active;
    let starts = *restriction.starts.get_or_insert(Moment::Day(today));
    let implemented = starts.day(zone).max(today);
    let anchor = match profile.review.anchor {
        Some(Anchor::Decision) => decided_on(profile, proposal).unwrap_or(today),
        Some(Anchor::Letter) => {
            let letter = imposing_letter(file, proposal).and_then(|one| one.sent.as_ref());
            letter.map_or(today, |sent| day(profile, sent.at))
        }
        _ => implemented,
    };
    if restriction.review_due.is_none() {
        let due = review_from(profile, anchor);
        let ends = restriction.ends.map(|ends| ends.day(zone));
        restriction.review_due =
            due.filter(|due| ends.is_none_or(|ends| *due <= ends)).map(Moment::Day);
    }
    if restriction.clause.is_none() {
        restriction.clause = profile.clause_for(restriction.kind.name()).map(str::to_owned);
    }
    restriction
}

/// The day of the signature that completed the decision.
pub fn decided_on(profile: &Profile, proposal: &Proposal) -> Option<NaiveDate> {
    proposal.signature.as_ref()?;
    let last = proposal.signers().map(|signature| signature.at).max()?;
    Some(day(profile, last))
}

/// The letter that tells the person of a proposal as it is: the last that went or, if none has gone, the last drafted.
/// One that went before the proposal was changed told them something else, and one about the restriction tells of what
/// holds.
pub(in crate::domain) fn imposing_letter<'f>(
    file: &'f CaseFile,
    proposal: &Proposal,
) -> Option<&'f CaseLetter> {
    let mut letters = file.letters.iter().rev().filter(|one| {
        let told_before = one.sent.as_ref().is_some_and(|sent| sent.at < proposal.terms_since());
        one.kind.imposes() && one.about == proposal.id && !told_before
    });
    let sent = letters.clone().find(|one| one.sent.is_some());
    sent.or_else(|| letters.next())
}
