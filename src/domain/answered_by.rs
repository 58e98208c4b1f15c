//! By when a point of contact must take up a routed contact, and who takes over if they don't.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::channel::Channel;
use super::hours::{MINUTES_OF_A_DAY, Spans};
use super::moment::{local, midnight, next_day};
use super::profile::Profile;
use super::queue::QueueItem;
use super::reason_code::ReasonCode;
use super::restriction::{Kind, PointOfContact, Restriction, StaffContact, WeeklyHours};

/// Days in which the working hours are counted. If they are not used up by then, the time ends there.
const LOOK_AHEAD_DAYS: usize = 60;

/// Working hours, in minutes of a day, if neither the member of staff nor the channel has any: 9 to 5, Monday to Friday.
const OFFICE_HOURS: (u16, u16) = (9 * 60, 17 * 60);

/// Whether a reason says that a point of contact or a deputy has the contact. What the team has is not passed on.
const fn has_somebody(code: &ReasonCode) -> bool {
    matches!(code, ReasonCode::PointOfContactRouted | ReasonCode::PointOfContactDeputy)
}

/// The point of contact of a restriction, if the restriction routed the item.
pub fn routed_by<'r>(restriction: &'r Restriction, item: &QueueItem) -> Option<&'r PointOfContact> {
    let Kind::SinglePointOfContact(point) = &restriction.kind else { return None };
    let mut reasons = item.reasons.iter().filter(|reason| has_somebody(&reason.code));
    reasons
        .any(|reason| reason.restriction.as_ref() == Some(&restriction.id))
        .then_some(point.as_ref())
}

impl Profile {
    /// The instant from which a contact that was routed to `member` at `at` counts as unanswered. `None`: the
    /// organisation has set no number of hours, or it is a call, which is answered in person.
    pub fn unanswered_from(
        &self,
        member: &StaffContact,
        channel: Channel,
        at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        if channel == Channel::Telephone {
            return None;
        }
        let mut left = TimeDelta::hours(i64::from(self.answered_within_hours?));
        let staffed = self.staffed_hours.as_ref().and_then(|hours| hours.get(&channel));
        let hours = member.roster.as_ref().or(staffed);
        let mut day = at.with_timezone(&self.timezone).date_naive();
        for _ in 0..LOOK_AHEAD_DAYS {
            let instant = |minute| at_minute(self.timezone, day, minute);
            for (from, to) in self.working_hours(day, hours) {
                let (from, to) = (instant(from), instant(to));
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

    /// The working hours of a day, in order.
    fn working_hours(&self, day: NaiveDate, hours: Option<&WeeklyHours>) -> Spans {
        match hours {
            Some(hours) => hours.spans_on(day, &self.bank_holidays),
            None if self.bank_holidays.is_working_day(day) => vec![OFFICE_HOURS],
            None => Vec::new(),
        }
    }
}

fn at_minute(zone: Tz, day: NaiveDate, minute: u16) -> DateTime<Utc> {
    match minute {
        MINUTES_OF_A_DAY => midnight(zone, next_day(day)),
        _ => local(zone, day.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))),
    }
}

impl PointOfContact {
    /// Who takes a contact over from `had`: the next deputy who is present and for whom `takes_part` holds; `None`: the
    /// team.
    pub fn next_after(
        &self,
        had: &str,
        now: DateTime<Utc>,
        zone: Tz,
        takes_part: impl Fn(&str) -> bool,
    ) -> Option<&StaffContact> {
        // Somebody who is no longer listed counts as before the first.
        let place = self.members().position(|one| one.name == had);
        let mut later = self.members().skip(place.map_or(0, |place| place + 1));
        later.find(|one| {
            one.name != had && !self.is_absent(&one.name, now, zone) && takes_part(&one.name)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::nation::Nation;

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
            profile.unanswered_from(&point(roster).contact, Channel::Email, utc(at))
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
        let deputy = &point(roster).deputies[0];
        let of_deputy =
            |channel| profile.unanswered_from(deputy, channel, utc("2026-11-06T15:00:00Z"));
        assert_eq!(
            of_deputy(Channel::Email),
            Some(utc("2026-11-09T15:00:00Z")),
            "without a roster"
        );
        assert_eq!(of_deputy(Channel::Telephone), None, "calls are answered in person");
        let never = r#","roster":{"windows":[]}"#;
        assert_eq!(
            from(&profile, never, "2026-11-06T15:00:00Z"),
            Some(utc("2027-01-05T00:00:00Z"))
        );
    }

    #[test]
    fn an_item_came_to_somebody_by_the_restriction_that_its_reasons_name() {
        let restriction = |id: &str| Restriction {
            id: id.to_owned(),
            ..serde_json::from_str(
                r#"{"id":"R","kind":"single_point_of_contact","contact":{"name":"Sam"},
                "deputies":[{"name":"Dee"}]}"#,
            )
            .unwrap()
        };
        let item = |code: &str| -> QueueItem {
            serde_json::from_value(serde_json::json!({
                "id": "c", "queue": "sam", "contact": "c", "person": "P", "channel": "email",
                "at": "2026-11-02T10:00:00Z", "disposition": "route", "flags": [], "subject": null,
                "original_to": [], "state": "open",
                "reasons": [{"code": code, "restriction": "R", "clause": null, "text": "t"}]
            }))
            .unwrap()
        };
        let by = |id: &str, code: &str| {
            routed_by(&restriction(id), &item(&format!("single_point_of_contact.{code}"))).cloned()
        };
        for code in ["routed", "deputy"] {
            assert_eq!(by("R", code).map(|point| point.contact.name), Some("Sam".to_owned()));
            assert_eq!(by("Q", code), None, "another restriction");
        }
        for code in ["team", "unanswered"] {
            assert_eq!(by("R", code), None, "{code}");
        }
    }

    #[test]
    fn the_next_who_is_there_takes_over_and_then_the_team() {
        let (point, zone) = (point(""), chrono_tz::Europe::London);
        let to = |had: &str, now: &str, not: &str| {
            let next = point.next_after(had, utc(now), zone, |name| name != not);
            next.map(|one| one.name.clone())
        };
        let some = |name: &str| Some(name.to_owned());
        assert_eq!(to("Sam", "2026-11-06T10:00:00Z", ""), some("Dee"));
        assert_eq!(to("Sam", "2026-11-10T10:00:00Z", ""), some("Eve"));
        assert_eq!(to("Sam", "2026-11-10T10:00:00Z", "Eve"), None);
        // Dee had it, and it does not go back to Sam, who is there again.
        assert_eq!(to("Dee", "2026-11-11T10:00:00Z", ""), some("Eve"));
        assert_eq!(to("Eve", "2026-11-11T10:00:00Z", ""), None);
        assert_eq!(to("Somebody who has left", "2026-11-11T10:00:00Z", ""), some("Sam"));
    }
}
