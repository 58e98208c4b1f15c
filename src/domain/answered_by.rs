//! By when a point of contact takes up what was routed to them, and who takes over if they don't.

use chrono::{DateTime, Datelike, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;

use super::channel::Channel;
use super::moment::{local, midnight, next_day};
use super::point_of_contact::Taker;
use super::profile::Profile;
use super::restriction::{PointOfContact, StaffContact, WeeklyHours, WindowEnd};

/// Days in which so many hours are looked for. A point of contact who is there less often has until then.
const LOOK_AHEAD_DAYS: usize = 60;

/// Working hours where neither the point of contact nor the channel has any: 9 to 5, Monday to Friday.
const OFFICE_HOURS: (i64, i64) = (9, 17);

/// Who takes over from somebody who did not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOn<'p> {
    /// Whose turn it was when the contact came.
    pub from: &'p str,
    /// The next deputy who is there; `None`: the team.
    pub to: Option<&'p StaffContact>,
}

impl Profile {
    /// From when on a contact that was routed counts as unanswered, if nobody has taken it up; `None`: the
    /// organisation has set no number of hours.
    pub fn unanswered_from(
        &self,
        point: &PointOfContact,
        channel: Channel,
        at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let mut left = TimeDelta::hours(i64::from(self.answered_within_hours?));
        let staffed = self.staffed_hours.as_ref().and_then(|hours| hours.get(&channel));
        let hours = point.contact.roster.as_ref().or(staffed);
        let mut day = at.with_timezone(&self.timezone).date_naive();
        for _ in 0..LOOK_AHEAD_DAYS {
            for (from, to) in self.open_on(day, hours) {
                let open = (to - from.max(at)).max(TimeDelta::zero());
                if left <= open {
                    return Some(from.max(at) + left);
                }
                left -= open;
            }
            day = next_day(day);
        }
        Some(midnight(self.timezone, day))
    }

    /// The working hours of a day, in their order.
    fn open_on(
        &self,
        day: chrono::NaiveDate,
        hours: Option<&WeeklyHours>,
    ) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let zone = self.timezone;
        let is_holiday = self.bank_holidays.contains(day);
        let Some(hours) = hours else {
            let is_off = is_holiday || matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            let start = day.and_time(chrono::NaiveTime::MIN);
            let at = |hour| local(zone, start + TimeDelta::hours(hour));
            return if is_off {
                Vec::new()
            } else {
                vec![(at(OFFICE_HOURS.0), at(OFFICE_HOURS.1))]
            };
        };
        if is_holiday && !hours.bank_holidays {
            return Vec::new();
        }
        let windows = hours.windows.iter().filter(|window| window.days.contains(&day.weekday()));
        let mut open: Vec<_> = windows
            .map(|window| {
                let to = match window.to {
                    WindowEnd::At(end) => local(zone, day.and_time(end)),
                    WindowEnd::Midnight => midnight(zone, next_day(day)),
                };
                (local(zone, day.and_time(window.from)), to)
            })
            .collect();
        open.sort_unstable();
        // Windows may overlap: an hour counts once.
        let mut until = DateTime::<Utc>::MIN_UTC;
        for (from, to) in &mut open {
            *from = (*from).max(until);
            *to = (*to).max(*from);
            until = *to;
        }
        open
    }
}

impl PointOfContact {
    /// Who takes over now a contact that came at an instant; `takes_part`: whether somebody may. `None`: the team has
    /// had it from the start.
    pub fn passed_on(
        &self,
        came: DateTime<Utc>,
        now: DateTime<Utc>,
        zone: Tz,
        takes_part: impl Fn(&str) -> bool,
    ) -> Option<PassedOn<'_>> {
        let chain = || std::iter::once(&self.contact).chain(&self.deputies);
        let had = chain().position(|one| !self.is_absent(&one.name, came, zone))?;
        let from = chain().nth(had)?.name.as_str();
        let mut later = chain().skip(had + 1);
        let to = later.find(|one| {
            one.name != from && !self.is_absent(&one.name, now, zone) && takes_part(&one.name)
        });
        Some(PassedOn { from, to })
    }
}

impl PassedOn<'_> {
    pub const fn taker(&self) -> Taker {
        match self.to {
            Some(_) => Taker::Deputy,
            None => Taker::Team,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;
    use crate::domain::restriction::{Kind, Restriction};

    fn point(roster: &str) -> PointOfContact {
        let json = format!(
            r#"{{"id":"R","kind":"single_point_of_contact",
            "contact":{{"name":"Sam"{roster}}},"deputies":[{{"name":"Dee"}},{{"name":"Eve"}}],
            "absences":[{{"contact":"Sam","from":"2026-11-09","to":"2026-11-09"}},
                        {{"contact":"Dee","from":"2026-11-10","to":"2026-11-10"}}]}}"#
        );
        match serde_json::from_str::<Restriction>(&json).unwrap().kind {
            Kind::SinglePointOfContact(point) => *point,
            other => panic!("{other:?}"),
        }
    }

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn only_working_hours_count() {
        let mut profile = Profile::silent("x", Nation::England);
        let from = |profile: &Profile, roster: &str, at: &str| {
            profile.unanswered_from(&point(roster), Channel::Email, utc(at))
        };
        assert_eq!(from(&profile, "", "2026-11-06T15:00:00Z"), None, "no hours are set");
        profile.answered_within_hours = Some(8);
        // A Friday at three: two hours are left of it, and six of Monday.
        assert_eq!(from(&profile, "", "2026-11-06T15:00:00Z"), Some(utc("2026-11-09T15:00:00Z")));
        assert_eq!(from(&profile, "", "2026-11-07T23:00:00Z"), Some(utc("2026-11-09T17:00:00Z")));
        // By the local clock, in summer.
        assert_eq!(from(&profile, "", "2026-07-06T08:00:00Z"), Some(utc("2026-07-06T16:00:00Z")));
        let roster = r#","roster":{"windows":[{"days":["tue"],"from":"10:00","to":"12:00"},
            {"days":["tue"],"from":"11:00","to":"14:00"}]}"#;
        assert_eq!(
            from(&profile, roster, "2026-11-06T15:00:00Z"),
            Some(utc("2026-11-17T14:00:00Z")),
            "four hours on each of two Tuesdays"
        );
        let never = r#","roster":{"windows":[]}"#;
        assert_eq!(
            from(&profile, never, "2026-11-06T15:00:00Z"),
            Some(utc("2027-01-05T00:00:00Z"))
        );
    }

    #[test]
    fn the_next_who_is_there_takes_over_and_then_the_team() {
        let (point, zone) = (point(""), chrono_tz::Europe::London);
        let to = |came: &str, now: &str, not: &'static str| {
            let passed = point.passed_on(utc(came), utc(now), zone, |name| name != not)?;
            Some((passed.from.to_owned(), passed.to.map(|one| one.name.clone())))
        };
        let some = |from: &str, to: Option<&str>| Some((from.to_owned(), to.map(str::to_owned)));
        assert_eq!(
            to("2026-11-05T10:00:00Z", "2026-11-06T10:00:00Z", ""),
            some("Sam", Some("Dee"))
        );
        assert_eq!(
            to("2026-11-05T10:00:00Z", "2026-11-10T10:00:00Z", ""),
            some("Sam", Some("Eve"))
        );
        assert_eq!(to("2026-11-05T10:00:00Z", "2026-11-10T10:00:00Z", "Eve"), some("Sam", None));
        // It came while Sam was away: Dee had it, and it does not go back to Sam.
        assert_eq!(
            to("2026-11-09T10:00:00Z", "2026-11-11T10:00:00Z", ""),
            some("Dee", Some("Eve"))
        );
    }
}
