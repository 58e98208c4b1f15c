//! Days and times in Welsh.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike, Weekday};

use crate::domain::notice::line_of_days;
use crate::domain::notice::phrases::{clock, joined};

const fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Mon => "dydd Llun",
        Weekday::Tue => "dydd Mawrth",
        Weekday::Wed => "dydd Mercher",
        Weekday::Thu => "dydd Iau",
        Weekday::Fri => "dydd Gwener",
        Weekday::Sat => "dydd Sadwrn",
        Weekday::Sun => "dydd Sul",
    }
}

/// A word that begins with `d`, mutated softly, as `o`, `i` and `tan` ask: dydd Sul, ddydd Sul.
fn after_o_i_tan(word: &str) -> String {
    word.strip_prefix('d').map_or_else(|| word.to_owned(), |rest| format!("dd{rest}"))
}

/// "dydd Llun i ddydd Gwener", "dydd Llun a dydd Mercher".
pub(super) fn days(days: &[Weekday]) -> String {
    if line_of_days(days)
        && let [first, .., last] = days
    {
        return format!("{} i {}", day_name(*first), after_o_i_tan(day_name(*last)));
    }
    let names: Vec<&str> = days.iter().map(|day| day_name(*day)).collect();
    joined(&names, "a")
}

pub(super) fn time_of_day(time: NaiveTime) -> String {
    clock(time, "hanner nos", "hanner dydd")
}

pub(super) fn date(day: NaiveDate) -> String {
    format!("{} {}", day_and_month(day), day.year())
}

fn day_and_month(day: NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "Ionawr",
        "Chwefror",
        "Mawrth",
        "Ebrill",
        "Mai",
        "Mehefin",
        "Gorffennaf",
        "Awst",
        "Medi",
        "Hydref",
        "Tachwedd",
        "Rhagfyr",
    ];
    let month = usize::try_from(day.month0()).ok().and_then(|month| MONTHS.get(month));
    format!("{} {}", day.day(), month.copied().unwrap_or_default())
}

/// "dydd Llun 9 Tachwedd 2026".
pub(super) fn long_day(day: NaiveDate) -> String {
    format!("{} {}", day_name(day.weekday()), date(day))
}

/// The form after `o`: "ddydd Llun 9 Tachwedd 2026 am 10am".
pub(super) fn instant(at: NaiveDateTime) -> String {
    let day = after_o_i_tan(&long_day(at.date()));
    match at.time() {
        NaiveTime::MIN => day,
        time => format!("{day} am {}", time_of_day(time)),
    }
}

/// As [`instant`], without the year, and with the hour in words that a voice can say.
pub(super) fn spoken_instant(at: NaiveDateTime) -> String {
    let day = after_o_i_tan(day_name(at.date().weekday()));
    let day = format!("{day} {}", day_and_month(at.date()));
    match (at.time().hour(), at.time().minute()) {
        (0, 0) => day,
        (12, 0) => format!("{day} am hanner dydd"),
        (hour, minute) => {
            let half = match hour {
                0..12 => "y bore",
                12..18 => "y prynhawn",
                _ => "yr hwyr",
            };
            let (_, hour) = at.time().hour12();
            match minute {
                0 => format!("{day} am {hour} o'r gloch {half}"),
                minute => format!("{day} am {hour} {minute} {half}"),
            }
        }
    }
}
