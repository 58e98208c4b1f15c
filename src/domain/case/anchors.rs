//! The days from which the clocks of a restriction run, and the days that follow from them.

use chrono::{DateTime, NaiveDate, Utc};

use super::CaseFile;
use super::restraint::Restraint;
use crate::domain::calendar::add_months;
use crate::domain::profile::{Anchor, Deadline, Length, Profile};
use crate::domain::restriction::Restriction;

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
    /// its start stands for decision, letter and implementation.
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
