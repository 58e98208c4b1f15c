//! Weekly hours of contact: whether they are open, and when they open next.

use chrono::{
    DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, Timelike, Utc,
    Weekday,
};
use chrono_tz::Tz;

use super::calendar::BankHolidays;
use super::channel::Channel;
use super::moment::{local, midnight, next_day};
use super::profile::Profile;
use super::restriction::{Hours, WeeklyHours, Window, WindowEnd};

/// Days ahead in which an opening is looked for: a weekly window comes within a week, and no run of
/// bank holidays is longer than the rest.
const LOOK_AHEAD_DAYS: usize = 60;

/// The channels on which hours hold where the restriction names none.
const BY_DEFAULT: [Channel; 3] = [Channel::Telephone, Channel::InPerson, Channel::WebChat];

impl Hours {
    /// Whether the hours hold on a channel at all.
    pub fn covers(&self, channel: Channel, profile: &Profile) -> bool {
        match &self.channels {
            Some(set) => profile.set_contains(set, channel),
            None => BY_DEFAULT.contains(&channel),
        }
    }

    /// Whether contact is admitted at an instant.
    pub fn is_open(&self, at: DateTime<Utc>, zone: Tz, holidays: &BankHolidays) -> bool {
        let wall = at.with_timezone(&zone).naive_local();
        self.open_on(wall.date(), holidays)
            .any(|window| window.from <= wall.time() && window.is_before_end(wall))
    }

    /// The first instant from `at` on at which contact is admitted, within [`LOOK_AHEAD_DAYS`].
    pub fn next_opening(
        &self,
        at: DateTime<Utc>,
        zone: Tz,
        holidays: &BankHolidays,
    ) -> Option<DateTime<Utc>> {
        if self.is_open(at, zone, holidays) {
            return Some(at);
        }
        let mut day = at.with_timezone(&zone).date_naive();
        for _ in 0..LOOK_AHEAD_DAYS {
            let starts = self.open_on(day, holidays).map(|one| local(zone, day.and_time(one.from)));
            // A clock that is put back in the middle of a window opens it again.
            let opening = starts
                .chain(clock_change(day, zone))
                .filter(|start| at < *start && self.is_open(*start, zone, holidays))
                .min();
            if opening.is_some() {
                return opening;
            }
            day = next_day(day);
        }
        None
    }

    /// As [`WeeklyHours::spans_on`].
    pub fn spans_on(&self, day: NaiveDate, holidays: &BankHolidays) -> Spans {
        spans(self.open_on(day, holidays))
    }

    fn open_on(
        &self,
        day: NaiveDate,
        holidays: &BankHolidays,
    ) -> impl Iterator<Item = &Window> + use<'_> {
        windows_on(&self.windows, self.bank_holidays, day, holidays)
    }
}

impl WeeklyHours {
    /// The open time of a day, in minutes by the local clock: in order, and no minute twice. 24:00 is
    /// [`MINUTES_OF_A_DAY`].
    pub fn spans_on(&self, day: NaiveDate, holidays: &BankHolidays) -> Spans {
        spans(windows_on(&self.windows, self.bank_holidays, day, holidays))
    }
}

/// Spans of a day's minutes, each without its last.
pub type Spans = Vec<(u16, u16)>;

/// The end of a day.
pub const MINUTES_OF_A_DAY: u16 = 24 * 60;

/// The windows of a day.
fn windows_on<'w>(
    windows: &'w [Window],
    on_holidays: bool,
    day: NaiveDate,
    holidays: &BankHolidays,
) -> impl Iterator<Item = &'w Window> + use<'w> {
    let closed = !on_holidays && holidays.contains(day);
    windows.iter().filter(move |window| !closed && window.days.contains(&day.weekday()))
}

fn spans<'w>(windows: impl Iterator<Item = &'w Window>) -> Spans {
    let mut found: Spans = windows.map(Window::minutes).collect();
    found.sort_unstable();
    // Windows may overlap.
    let mut until = 0;
    for (from, to) in &mut found {
        *from = (*from).max(until);
        until = until.max(*to);
    }
    found.retain(|(from, to)| from < to);
    found
}

fn minute(time: NaiveTime) -> u16 {
    u16::try_from(time.hour() * 60 + time.minute()).unwrap_or(u16::MAX)
}

/// Whether some window falls on a day that `is_staffed`.
pub fn opens_on_a_day(hours: &Hours, is_staffed: impl Fn(Weekday) -> bool) -> bool {
    hours.windows.iter().flat_map(|window| &window.days).any(|day| is_staffed(*day))
}

impl Window {
    fn minutes(&self) -> (u16, u16) {
        let to = match self.to {
            WindowEnd::At(end) => minute(end),
            WindowEnd::Midnight => MINUTES_OF_A_DAY,
        };
        (minute(self.from), to)
    }

    fn is_before_end(&self, wall: NaiveDateTime) -> bool {
        match self.to {
            WindowEnd::At(end) => wall.time() < end,
            WindowEnd::Midnight => true,
        }
    }
}

/// The instant of the day at which the zone changes its clocks, if it does.
fn clock_change(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let offset = |at: DateTime<Utc>| at.with_timezone(&zone).offset().fix();
    let (mut before, mut after) = (midnight(zone, day), midnight(zone, next_day(day)));
    let first = offset(before);
    if first == offset(after) {
        return None;
    }
    // Halving a day's span comes below a second within 17 steps.
    while after - before > TimeDelta::seconds(1) {
        let middle = before + (after - before) / 2;
        if offset(middle) == first {
            before = middle;
        } else {
            after = middle;
        }
    }
    Some(after.with_nanosecond(0).unwrap_or(after))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::restriction::{Kind, Restriction};
    use chrono_tz::Europe::London;

    fn hours(bank_holidays: bool) -> Hours {
        let json = format!(
            r#"{{"id":"R","kind":"hours_only","bank_holidays":{bank_holidays},
               "windows":[{{"days":["mon","wed"],"from":"10:00","to":"12:00"}}]}}"#
        );
        match serde_json::from_str::<Restriction>(&json).unwrap().kind {
            Kind::HoursOnly(hours) => hours,
            other => panic!("{other:?}"),
        }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_window_begins_with_its_first_minute_and_ends_before_its_last() {
        let (hours, none) = (hours(false), BankHolidays::default());
        assert!(hours.is_open(utc("2026-11-23T10:00:00Z"), London, &none));
        assert!(hours.is_open(utc("2026-11-23T11:59:59Z"), London, &none));
        assert!(!hours.is_open(utc("2026-11-23T12:00:00Z"), London, &none));
        assert!(!hours.is_open(utc("2026-11-24T10:30:00Z"), London, &none));
        // In summer 10:00 in London is 09:00 UTC.
        assert!(hours.is_open(utc("2026-07-06T09:00:00Z"), London, &none));
        assert!(!hours.is_open(utc("2026-07-06T11:30:00Z"), London, &none));
    }

    #[test]
    fn bank_holidays_close_unless_the_restriction_says_otherwise() {
        let holidays = BankHolidays::new(["2026-12-28".parse().unwrap()], None);
        let at = utc("2026-12-28T10:30:00Z");
        assert!(!hours(false).is_open(at, London, &holidays));
        assert!(hours(true).is_open(at, London, &holidays));
        let next = hours(false).next_opening(at, London, &holidays);
        assert_eq!(next, Some(utc("2026-12-30T10:00:00Z")));
    }

    #[test]
    fn no_minute_of_a_day_is_in_two_spans() {
        let weekly: WeeklyHours = serde_json::from_str(
            r#"{"windows":[{"days":["tue"],"from":"18:00","to":"24:00"},
                {"days":["tue"],"from":"09:00","to":"12:00"},
                {"days":["tue"],"from":"10:00","to":"11:00"},
                {"days":["tue"],"from":"11:30","to":"14:00"},
                {"days":["mon"],"from":"09:00","to":"10:00"}]}"#,
        )
        .unwrap();
        let day = "2026-11-24".parse().unwrap();
        let spans = [(540, 720), (720, 840), (1_080, MINUTES_OF_A_DAY)];
        assert_eq!(weekly.spans_on(day, &BankHolidays::default()), spans);
        let holidays = BankHolidays::new([day], None);
        assert!(weekly.spans_on(day, &holidays).is_empty());
        let always = WeeklyHours { bank_holidays: true, ..weekly };
        assert_eq!(always.spans_on(day, &holidays), spans);
    }

    #[test]
    fn a_clock_put_back_in_a_window_opens_it_again() {
        let json = r#"{"id":"R","kind":"hours_only",
            "windows":[{"days":["sun"],"from":"00:30","to":"01:30"}]}"#;
        let Kind::HoursOnly(hours) = serde_json::from_str::<Restriction>(json).unwrap().kind else {
            panic!("not hours");
        };
        let none = BankHolidays::default();
        // 01:45 by the clock, for the first time; at 01:00 UTC it shows 01:00 again.
        let next = hours.next_opening(utc("2026-10-25T00:45:00Z"), London, &none);
        assert_eq!(next, Some(utc("2026-10-25T01:00:00Z")));
    }

    #[test]
    fn the_next_opening_is_now_while_open() {
        let at = utc("2026-11-23T11:00:00Z");
        let next = hours(false).next_opening(at, London, &BankHolidays::default());
        assert_eq!(next, Some(at));
    }
}
