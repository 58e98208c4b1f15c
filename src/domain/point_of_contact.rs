//! Who receives an admitted contact: the point of contact, a deputy who is present, or the team.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::decision::{Fallback, Route};
use super::profile::Team;
use super::reason_code::ReasonCode;
use super::restriction::{PointOfContact, StaffContact};

/// Who of a point of contact takes a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taker {
    Contact,
    Deputy,
    Team,
}

impl Taker {
    /// The reason code.
    pub const fn code(self) -> ReasonCode {
        match self {
            Taker::Contact => ReasonCode::PointOfContactRouted,
            Taker::Deputy => ReasonCode::PointOfContactDeputy,
            Taker::Team => ReasonCode::PointOfContactTeam,
        }
    }
}

/// Where a contact goes that is admitted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routed<'p> {
    pub taker: Taker,
    /// The contact or the deputy who gets it; `None`: the team.
    pub member: Option<&'p StaffContact>,
    pub route: Route,
}

impl Team {
    /// What is known of the team, the name first: it answers while the point of contact and all deputies are away.
    pub fn known_by(&self) -> impl Iterator<Item = &str> {
        [&self.name, &self.email, &self.phone].into_iter().flatten().map(String::as_str)
    }

    /// Whether the team is configured, so that somebody answers while the point of contact and all deputies are away.
    pub fn is_named(&self) -> bool {
        self.known_by().next().is_some()
    }
}

impl PointOfContact {
    /// The route at an instant: the contact, else the first deputy present, else the team.
    pub fn route(&self, at: DateTime<Utc>, zone: Tz, team: &Team) -> Routed<'_> {
        let mut present = self.members().filter(|member| !self.is_absent(&member.name, at, zone));
        let Some(first) = present.next() else {
            return Routed { taker: Taker::Team, member: None, route: self.team_route(team) };
        };
        let taker = if *first == self.contact { Taker::Contact } else { Taker::Deputy };
        let then = present
            .map(|member| Fallback {
                name: member.name.clone(),
                phone: member.phone.clone(),
                sip: member.sip.clone(),
            })
            .collect();
        let route = Route {
            queue: first.queue.clone().unwrap_or_else(|| self.queue()),
            name: Some(first.name.clone()),
            email: first.email.clone(),
            phone: first.phone.clone(),
            sip: first.sip.clone(),
            then,
        };
        Routed { taker, member: Some(first), route }
    }

    /// The queue of the contact, by its own name where none is given.
    pub fn queue(&self) -> String {
        self.contact.queue.clone().unwrap_or_else(|| own_queue(&self.contact.name))
    }

    fn team_route(&self, team: &Team) -> Route {
        Route {
            queue: self.queue(),
            name: team.name.clone(),
            email: team.email.clone(),
            phone: team.phone.clone(),
            sip: None,
            then: Vec::new(),
        }
    }

    /// Whether `name` is that of the contact or of a deputy.
    pub fn names(&self, name: &str) -> bool {
        self.members().any(|one| one.name == name)
    }

    /// The contact, then the deputies in order.
    pub fn members(&self) -> impl Iterator<Item = &StaffContact> {
        std::iter::once(&self.contact).chain(&self.deputies)
    }

    /// The first day, today or later, on which all of them are away; `None`: there is no such day, or a team is
    /// configured.
    pub fn first_uncovered(&self, today: NaiveDate, zone: Tz, team: &Team) -> Option<NaiveDate> {
        if team.is_named() {
            return None;
        }
        let nobody = |on: NaiveDate| self.members().all(|one| self.is_away_on(&one.name, on, zone));
        // That day is today, or the first day of an absence.
        let begins = self.absences.iter().map(|absence| absence.from.day(zone).max(today));
        begins.filter(|on| nobody(*on)).min()
    }

    /// Whether somebody is away on a day, or on a part of it.
    pub fn is_away_on(&self, name: &str, day: NaiveDate, zone: Tz) -> bool {
        self.absences.iter().any(|absence| {
            absence.contact == name && absence.from.day(zone) <= day && day <= absence.to.day(zone)
        })
    }

    pub(super) fn is_absent(&self, name: &str, at: DateTime<Utc>, zone: Tz) -> bool {
        self.absences.iter().any(|absence| {
            absence.contact == name && absence.from.start(zone) <= at && at < absence.to.end(zone)
        })
    }
}

/// A queue named after a member of staff: "Sam Okoro" works the queue `sam-okoro`.
pub fn own_queue(name: &str) -> String {
    let words = super::folding::words(name);
    if words.is_empty() { "point-of-contact".to_owned() } else { words.join("-") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::restriction::{Kind, Restriction};
    use chrono_tz::Europe::London;

    fn point() -> PointOfContact {
        let json = r#"{"id":"R","kind":"single_point_of_contact",
            "contact":{"name":"Sam Okoro","email":"sam@x.example","phone":"+441910000001"},
            "deputies":[{"name":"Dee","phone":"+441910000002"},{"name":"Eve","queue":"eves"}],
            "absences":[{"contact":"Sam Okoro","from":"2026-11-02","to":"2026-11-03"},
                        {"contact":"Dee","from":"2026-11-03","to":"2026-11-03"},
                        {"contact":"Eve","from":"2026-11-03T12:00:00Z","to":"2026-11-03T13:00:00Z"}]}"#;
        match serde_json::from_str::<Restriction>(json).unwrap().kind {
            Kind::SinglePointOfContact(point) => *point,
            other => panic!("{other:?}"),
        }
    }

    fn taker(at: &str) -> (Taker, Route) {
        let point = point();
        let routed = point.route(at.parse().unwrap(), London, &Team::default());
        let member = match routed.taker {
            Taker::Contact => Some(&point.contact),
            Taker::Deputy => {
                point.deputies.iter().find(|one| Some(&one.name) == routed.route.name.as_ref())
            }
            Taker::Team => None,
        };
        assert_eq!(routed.member, member);
        (routed.taker, routed.route)
    }

    #[test]
    fn the_contact_takes_it_unless_away_that_day() {
        let (who, route) = taker("2026-11-01T23:59:59Z");
        assert_eq!((who, route.queue.as_str()), (Taker::Contact, "sam-okoro"));
        assert_eq!(route.then.len(), 2);
        assert_eq!(taker("2026-11-04T00:00:00Z").0, Taker::Contact);
    }

    #[test]
    fn the_first_deputy_present_takes_it_on_own_fields_and_the_contacts_queue() {
        let (who, route) = taker("2026-11-02T10:00:00Z");
        assert_eq!(who, Taker::Deputy);
        assert_eq!(route.phone.as_deref(), Some("+441910000002"));
        assert_eq!((route.email, route.queue.as_str()), (None, "sam-okoro"));
        assert_eq!(taker("2026-11-03T10:00:00Z").1.queue, "eves");
    }

    #[test]
    fn a_day_is_uncovered_only_where_no_team_is_named() {
        let point = point();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let from = |today: &str, team: &Team| point.first_uncovered(day(today), London, team);
        assert_eq!(from("2026-11-01", &Team::default()), Some(day("2026-11-03")));
        assert_eq!(from("2026-11-04", &Team::default()), None);
        let by_phone = Team { phone: Some("+441910000009".to_owned()), ..Team::default() };
        assert_eq!(from("2026-11-01", &by_phone), None);
    }

    #[test]
    fn with_everybody_away_the_team_takes_it_on_the_contacts_queue() {
        let (who, route) = taker("2026-11-03T12:30:00Z");
        assert_eq!((who, route.queue.as_str()), (Taker::Team, "sam-okoro"));
    }
}
