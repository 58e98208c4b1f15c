//! Days as they are written in these islands: day, month, year.

use chrono::NaiveDate;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// What a day is to look like.
const RIGHT: &str = "write 31/01/2026, 31 January 2026 or 2026-01-31";

/// Reads a day: `2/3/2026` is the second of March. Excel's midnight behind it is left out.
///
/// # Errors
/// The fault, and the remedy.
pub(super) fn read(written: &str) -> Result<NaiveDate, String> {
    let refused = |why: &str| Err(format!("`{written}` {why}; {RIGHT}"));
    let midnight = [" 00:00:00", " 00:00", "T00:00:00", " 0:00"];
    let text = midnight.iter().find_map(|end| written.strip_suffix(end)).unwrap_or(written);
    if text.len() > 4 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused(
            "is a date as Excel's serial number: format the column as a date, and save it again",
        );
    }
    let parts: Vec<&str> = text
        .split(['/', '-', '.', ' ', ','])
        .filter(|part| !part.is_empty() && !part.eq_ignore_ascii_case("of"))
        .collect();
    let [first, month, last] = parts.as_slice() else { return refused("is not a date") };
    let (day, year) = if first.len() == 4 { (*last, *first) } else { (*first, *last) };
    if year.len() == 2 {
        return refused("has a year of two digits");
    }
    let number = |text: &str| text.parse::<u32>().ok();
    let (Some(day), Some(month), Some(year)) =
        (number(without_ordinal(day)), month_of(month), number(year).filter(|_| year.len() == 4))
    else {
        return refused("is not a date");
    };
    if month > 12 && day <= 12 {
        return refused("has no such month: the day comes first");
    }
    let year = i32::try_from(year).unwrap_or_default();
    match NaiveDate::from_ymd_opt(year, month, day) {
        Some(day) => Ok(day),
        None => refused("is not a date"),
    }
}

fn without_ordinal(day: &str) -> &str {
    let ends = ["st", "nd", "rd", "th"];
    ends.iter().find_map(|end| day.strip_suffix(end)).unwrap_or(day)
}

fn month_of(text: &str) -> Option<u32> {
    if let Ok(number) = text.parse::<u32>() {
        return Some(number);
    }
    let text = text.to_lowercase();
    let place = MONTHS.iter().position(|month| text.starts_with(month))?;
    u32::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_comes_before_its_month() {
        let second_of_march = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        for written in [
            "02/03/2026",
            "2/3/2026",
            "2.3.2026",
            "02-03-2026",
            "2026-03-02",
            "2 March 2026",
            "2nd of March 2026",
            "2-Mar-2026",
            "02/03/2026 00:00",
        ] {
            assert_eq!(read(written), Ok(second_of_march), "{written}");
        }
    }

    #[test]
    fn what_is_no_day_says_what_would_be_right() {
        for (written, says) in [
            ("31/02/2026", "is not a date"),
            ("03/25/2026", "has no such month: the day comes first"),
            ("2/3/26", "has a year of two digits"),
            ("46083", "is a date as Excel's serial number"),
            ("soon", "is not a date"),
            ("2/3", "is not a date"),
        ] {
            let said = read(written).unwrap_err();
            assert!(said.contains(says) && said.contains("31/01/2026"), "{said}");
        }
    }
}
