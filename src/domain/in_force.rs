//! When a restriction is in force, by its own dates and by the policy's clock.

use chrono::{DateTime, NaiveDate, Utc};

use super::calendar::add_months;
use super::moment::{midnight, next_day};
use super::profile::{OnOverdue, Profile};
use super::restriction::{Restriction, Status};

impl Restriction {
    /// Whether the restriction holds at an instant: its status is one that holds, the instant is
    /// between its dates, and its review has not ended it.
    pub fn is_in_force(&self, at: DateTime<Utc>, profile: &Profile) -> bool {
        let holds = match self.status {
            Status::Active => true,
            Status::UnderAppeal => profile.kept_during_appeal(),
            Status::Proposed
            | Status::Varied
            | Status::Lifted
            | Status::Quashed
            | Status::Expired
            | Status::Ended => false,
        };
        holds
            && self.starts.is_none_or(|starts| starts.start(profile.timezone) <= at)
            && !self.has_run_out(at, profile)
    }

    /// Whether its end has passed, or the policy's clock has ended it.
    pub fn has_run_out(&self, at: DateTime<Utc>, profile: &Profile) -> bool {
        self.runs_out(profile).is_some_and(|end| end <= at)
    }

    /// The instant from which it no longer holds, by its end or by what the policy does at an overdue
    /// review. The decision itself knows this instant: no timer has to run for a restriction to end.
    pub fn runs_out(&self, profile: &Profile) -> Option<DateTime<Utc>> {
        let zone = profile.timezone;
        let ends = self.ends.map(|ends| ends.end(zone));
        let by_clock = self.ended_by_clock(profile).map(|last| midnight(zone, next_day(last)));
        ends.into_iter().chain(by_clock).min()
    }

    /// The last day on which it can be in force by the policy's own clock: the day of its review
    /// where an overdue one lapses, the last of the longest period where that is a hard cap.
    pub fn ended_by_clock(&self, profile: &Profile) -> Option<NaiveDate> {
        let zone = profile.timezone;
        match profile.review.on_overdue? {
            OnOverdue::Lapse => self.review_due.map(|due| due.day(zone)),
            OnOverdue::HardCap => {
                let starts = self.starts?.day(zone);
                Some(add_months(starts, profile.review.longest_months?))
            }
            OnOverdue::Keep => None,
        }
    }
}
