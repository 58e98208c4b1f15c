//! The bank holidays of the UK nations, from the list that is built in or from a file.

use std::path::Path;

use chrono::{Days, NaiveDate};

use super::fault::{Faults, Warning};
use super::node::{self, Node, Value};
use super::reader::{Field, Reader};
use crate::domain::calendar::BankHolidays;
use crate::domain::nation::Nation;
use crate::runtime::limits::BANK_HOLIDAYS_WARNING_DAYS;

const BUILT_IN: &str = include_str!("../../config/bank-holidays.toml");
const BUILT_IN_NAME: &str = "config/bank-holidays.toml (built in)";

/// The bank holidays of every nation.
#[derive(Debug, Clone)]
pub struct Calendars {
    england: BankHolidays,
    wales: BankHolidays,
    scotland: BankHolidays,
    northern_ireland: BankHolidays,
    known_until: NaiveDate,
}

impl Calendars {
    /// The list that the gateway was built with.
    ///
    /// # Errors
    /// None that the gateway's own tests let through.
    pub fn built_in() -> Result<Self, Faults> {
        Self::from_toml(BUILT_IN_NAME, BUILT_IN)
    }

    pub(super) fn from_file(path: &Path) -> Result<Self, Faults> {
        Self::from_toml(&path.display().to_string(), &node::read(path)?)
    }

    fn from_toml(name: &str, text: &str) -> Result<Self, Faults> {
        let root = node::parse(name, text)?;
        let reader = Reader::default();
        match read(&reader, &root).filter(|_| reader.is_clean()) {
            Some(calendars) => Ok(calendars),
            None => Err(reader.faults()),
        }
    }

    pub fn of(&self, nation: Nation) -> BankHolidays {
        match nation {
            Nation::England => self.england.clone(),
            Nation::Wales => self.wales.clone(),
            Nation::Scotland => self.scotland.clone(),
            Nation::NorthernIreland => self.northern_ireland.clone(),
        }
    }

    /// What to say to somebody who starts or checks the gateway on this day.
    pub fn warning(&self, today: NaiveDate) -> Option<Warning> {
        let soon = today.checked_add_days(Days::new(BANK_HOLIDAYS_WARNING_DAYS))?;
        let known_until = self.known_until;
        let text = if known_until < today {
            format!(
                "bank holidays are known until {known_until} only: deadlines in working days and \
                 hours are wrong from then on; name a newer list in `[calendar] bank_holidays`"
            )
        } else if known_until < soon {
            format!(
                "bank holidays are known until {known_until}, which is soon; name a newer list in \
                 `[calendar] bank_holidays`"
            )
        } else {
            return None;
        };
        Some(Warning { organisation: None, text })
    }
}

fn read(reader: &Reader, root: &Node) -> Option<Calendars> {
    let section = reader.section(root, "")?;
    let known_until = section
        .need("known_until", "the last day of the list, such as 2028-12-31")
        .and_then(|f| day(&f));
    let days = |key| {
        let field = section.need(key, "the list of days, such as [2026-12-25, 2026-12-28]")?;
        field.list(day)
    };
    let lists = (days("england"), days("wales"), days("scotland"), days("northern_ireland"));
    section.close();
    let known_until = known_until?;
    let of = |days: Vec<NaiveDate>| BankHolidays::new(days, Some(known_until));
    Some(Calendars {
        england: of(lists.0?),
        wales: of(lists.1?),
        scotland: of(lists.2?),
        northern_ireland: of(lists.3?),
        known_until,
    })
}

/// A day, as TOML writes dates or as text.
pub(super) fn day(field: &Field<'_>) -> Option<NaiveDate> {
    let parsed = match &field.node().value {
        Value::Date(written) | Value::Text(written) => written.parse().ok(),
        Value::Unset
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::List(_)
        | Value::Table(_) => None,
    };
    if parsed.is_none() {
        field.fault("is not a day", "write it as 2026-12-25");
    }
    parsed
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, Weekday};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn each_nation_has_its_own_days_and_none_at_a_weekend() {
        let calendars = Calendars::built_in().unwrap();
        let mut day = date("2024-01-01");
        let mut counts = [0; 4];
        while day <= date("2028-12-31") {
            for (count, nation) in counts.iter_mut().zip(Nation::ALL) {
                if calendars.of(nation).contains(day) {
                    assert!(!matches!(day.weekday(), Weekday::Sat | Weekday::Sun), "{day}");
                    *count += 1;
                }
            }
            day = day.succ_opt().unwrap();
        }
        // Eight a year, nine in Scotland and one more in 2026, ten in Northern Ireland.
        assert_eq!(counts, [40, 40, 46, 50]);
    }

    #[test]
    fn the_list_warns_before_it_runs_out() {
        let calendars = Calendars::built_in().unwrap();
        assert_eq!(calendars.warning(date("2028-09-02")), None);
        let soon = calendars.warning(date("2028-09-03")).unwrap();
        assert!(soon.text.contains("which is soon"), "{soon}");
        let late = calendars.warning(date("2029-01-01")).unwrap();
        assert!(late.text.contains("wrong from then on"), "{late}");
    }
}
