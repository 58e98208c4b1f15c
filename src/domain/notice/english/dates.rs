//! Days and times in English.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};

use crate::domain::notice::line_of_days;
use crate::domain::notice::phrases::{clock, joined};

const DAYS: [(Weekday, &str); 7] = [
    (Weekday::Mon, "Monday"),
    (Weekday::Tue, "Tuesday"),
    (Weekday::Wed, "Wednesday"),
    (Weekday::Thu, "Thursday"),
    (Weekday::Fri, "Friday"),
    (Weekday::Sat, "Saturday"),
    (Weekday::Sun, "Sunday"),
];

fn day_name(day: Weekday) -> &'static str {
    DAYS.iter().find(|(one, _)| *one == day).map_or("", |(_, name)| name)
}

/// "Monday to Friday", "Monday and Wednesday".
pub(super) fn days(days: &[Weekday]) -> String {
    if line_of_days(days)
        && let [first, .., last] = days
    {
        return format!("{} to {}", day_name(*first), day_name(*last));
    }
    let names: Vec<&str> = days.iter().map(|day| day_name(*day)).collect();
    joined(&names, "and")
}

pub(super) fn time_of_day(time: NaiveTime) -> String {
    clock(time, "midnight", "midday")
}

/// "9 November 2026".
pub(super) fn date(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// "Monday 9 November 2026".
pub(super) fn long_day(day: NaiveDate) -> String {
    day.format("%A %-d %B %Y").to_string()
}

/// "10am on Monday 9 November 2026"; a whole day from its beginning.
pub(super) fn instant(at: NaiveDateTime) -> String {
    match at.time() {
        NaiveTime::MIN => long_day(at.date()),
        time => format!("{} on {}", time_of_day(time), long_day(at.date())),
    }
}

/// As [`instant`], without the year, which a caller need not hear.
pub(super) fn spoken_instant(at: NaiveDateTime) -> String {
    let day = at.date().format("%A %-d %B");
    match at.time() {
        NaiveTime::MIN => day.to_string(),
        time => format!("{} on {day}", time_of_day(time)),
    }
}
