//! Calendar arithmetic in an organisation's time zone: periods, working days, bank holidays.

use std::collections::BTreeSet;
use std::ops::{Bound, RangeBounds};
use std::sync::Arc;

use chrono::{DateTime, Datelike, Days, Duration, Months, NaiveDate, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::moment::{midnight, next_day};

/// The bank holidays of one nation, and the last year for which they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BankHolidays {
    days: Arc<BTreeSet<NaiveDate>>,
    known_until: Option<NaiveDate>,
}

impl BankHolidays {
    /// `known_until` is the last day up to which the list is complete.
    pub fn new(days: impl IntoIterator<Item = NaiveDate>, known_until: Option<NaiveDate>) -> Self {
        BankHolidays { days: Arc::new(days.into_iter().collect()), known_until }
    }

    pub fn contains(&self, day: NaiveDate) -> bool {
        self.days.contains(&day)
    }

    /// The last day up to which the list is complete; after it, bank holidays are missed.
    pub fn known_until(&self) -> Option<NaiveDate> {
        self.known_until
    }

    pub fn is_working_day(&self, day: NaiveDate) -> bool {
        !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !self.contains(day)
    }

    /// The day on which the `count`th working day after `from` falls; `from` itself never counts.
    pub fn add_working_days(&self, from: NaiveDate, count: u32) -> NaiveDate {
        let mut day = from;
        let mut left = count;
        while left > 0 {
            let next = next_day(day);
            if next == day {
                return day;
            }
            day = next;
            if self.is_working_day(day) {
                left -= 1;
            }
        }
        day
    }
}

/// Calendar months after a day; a day that the month does not have becomes its last.
pub fn add_months(day: NaiveDate, months: u32) -> NaiveDate {
    day.checked_add_months(Months::new(months)).unwrap_or(NaiveDate::MAX)
}

/// A half-open span of time, `start` ≤ t < `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub start: DateTime<Utc>,
    pub end: DateTime<Utc>,
}

/// The calendar day, week (from Monday) or month of the zone in which an instant falls. Computed in
/// local dates, so that the week of a clock change has 167 or 169 hours.
pub fn calendar_period(per: Per, at: DateTime<Utc>, zone: Tz) -> Span {
    let today = at.with_timezone(&zone).date_naive();
    let (first, last_plus_one) = match per {
        Per::Day => (today, next_day(today)),
        Per::Week => {
            let monday = today
                .checked_sub_days(Days::new(u64::from(today.weekday().num_days_from_monday())))
                .unwrap_or(today);
            (monday, monday.checked_add_days(Days::new(7)).unwrap_or(monday))
        }
        Per::Month => {
            let first = today.with_day(1).unwrap_or(today);
            (first, add_months(first, 1))
        }
    };
    Span { start: midnight(zone, first), end: midnight(zone, last_plus_one) }
}

/// The length of a rolling period in elapsed time: 24, 168 or 720 hours.
pub fn rolling_length(per: Per) -> Duration {
    match per {
        Per::Day => Duration::hours(24),
        Per::Week => Duration::hours(168),
        Per::Month => Duration::hours(720),
    }
}

/// How far contacts overtake each other between their arrival and their count: one that arrived
/// later may be counted already, and takes up the same room. Longer than a commit waits, shorter
/// than what letters that are entered late are apart.
pub const OVERTAKING_MINUTES_MAX: i64 = 1;

/// What still counts at an instant. Found once, and asked of each contact that was counted.
#[derive(Debug, Clone, Copy)]
pub struct Counting {
    instants: (Bound<DateTime<Utc>>, Bound<DateTime<Utc>>),
    /// Of a calendar period, when the next one begins.
    pub next_period: Option<DateTime<Utc>>,
}

impl Counting {
    /// In the same calendar period as `at`, or within (at − w, at], and beyond `at` by what contacts
    /// overtake each other.
    pub fn at(per: Per, window: QuotaWindow, at: DateTime<Utc>, zone: Tz) -> Self {
        match window {
            QuotaWindow::Calendar => {
                let Span { start, end } = calendar_period(per, at, zone);
                let instants = (Bound::Included(start), Bound::Excluded(end));
                Counting { instants, next_period: Some(end) }
            }
            QuotaWindow::Rolling => {
                let after = Bound::Excluded(at - rolling_length(per));
                let overtaking = Duration::minutes(OVERTAKING_MINUTES_MAX);
                Counting { instants: (after, Bound::Included(at + overtaking)), next_period: None }
            }
        }
    }

    pub fn has(&self, earlier: DateTime<Utc>) -> bool {
        self.instants.contains(&earlier)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    Day,
    Week,
    Month,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuotaWindow {
    /// The day, week from Monday or month of the organisation's time zone.
    Calendar,
    /// The last 24, 168 or 720 elapsed hours.
    Rolling,
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use chrono_tz::Europe::London;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_weeks_of_a_clock_change_have_an_hour_more_or_less() {
        let autumn = calendar_period(Per::Week, utc("2026-10-22T12:00:00Z"), London);
        assert_eq!((autumn.end - autumn.start).num_hours(), 169);
        let spring = calendar_period(Per::Week, utc("2026-03-25T12:00:00Z"), London);
        assert_eq!((spring.end - spring.start).num_hours(), 167);
    }

    #[test]
    fn periods_begin_at_local_midnight() {
        // 23:30 UTC on 30 June is already July in London.
        let month = calendar_period(Per::Month, utc("2026-06-30T23:30:00Z"), London);
        assert_eq!(month.start, London.with_ymd_and_hms(2026, 7, 1, 0, 0, 0).unwrap());
        assert_eq!(month.end, London.with_ymd_and_hms(2026, 8, 1, 0, 0, 0).unwrap());
    }

    #[test]
    fn a_rolling_period_is_open_at_its_far_end() {
        let at = utc("2026-11-08T10:00:00Z");
        let counting = Counting::at(Per::Week, QuotaWindow::Rolling, at, London);
        let counts = |earlier| counting.has(utc(earlier));
        assert!(!counts("2026-11-01T10:00:00Z"));
        assert!(counts("2026-11-01T10:00:01Z"));
        assert!(counts("2026-11-08T10:00:00Z"));
        assert!(counts("2026-11-08T10:00:02Z"), "one that overtook it");
        assert!(!counts("2026-11-09T10:00:00Z"), "a letter that was entered late");
    }

    #[test]
    fn working_days_skip_weekends_and_bank_holidays() {
        let holidays = BankHolidays::new([day("2026-12-25"), day("2026-12-28")], None);
        assert_eq!(holidays.add_working_days(day("2026-12-24"), 1), day("2026-12-29"));
        assert_eq!(holidays.add_working_days(day("2026-12-24"), 0), day("2026-12-24"));
    }

    #[test]
    fn months_end_at_the_month_that_has_fewer_days() {
        assert_eq!(add_months(day("2026-08-31"), 6), day("2027-02-28"));
    }
}
