//! A member of staff who leaves: each point of contact that names them gets an absence without end, and somebody who
//! takes over from that day. The contact that the customer knows stays the same.

use chrono::NaiveDate;
use chrono_tz::Tz;

use super::moment::Moment;
use super::restriction::{Absence, PointOfContact, StaffContact};

/// The end of an endless absence.
pub fn for_good() -> NaiveDate {
    NaiveDate::from_ymd_opt(9999, 12, 31).unwrap_or(NaiveDate::MAX)
}

/// Why nobody can take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoSuccessor {
    #[error("nobody is left who would answer: name a successor")]
    Nobody,
    #[error("the successor leaves as well, or is the one who leaves: name somebody who stays")]
    GoesRound,
    #[error("no member of staff has the successor's name: name a colleague")]
    NotStaff,
}

impl Absence {
    /// Whether the absence has no end, since the member of staff leaves.
    pub fn is_for_good(&self, zone: Tz) -> bool {
        self.to.day(zone) >= for_good()
    }
}

impl PointOfContact {
    /// Whether somebody has left by a day.
    pub fn has_left(&self, name: &str, by: NaiveDate, zone: Tz) -> bool {
        let of_them = self.absences.iter().filter(|absence| absence.contact == name);
        of_them.filter(|absence| absence.is_for_good(zone)).any(|one| one.from.day(zone) <= by)
    }

    /// The point of contact once somebody leaves on a day, and who takes over then: the successor, placed after the
    /// leaver and before all other deputies, or else the next deputy. Recording it again replaces the day and the
    /// successor; the day [`for_good`] takes the leaving back.
    ///
    /// # Errors
    /// [`NoSuccessor`]: at some point nobody would be left to answer.
    pub fn left_by(
        &self,
        leaver: &str,
        from: NaiveDate,
        successor: Option<&StaffContact>,
        zone: Tz,
    ) -> Result<(PointOfContact, String), NoSuccessor> {
        let mut after = self.clone();
        after.absences.retain(|one| one.contact != leaver || !one.is_for_good(zone));
        if from >= for_good() {
            return Ok((after, leaver.to_owned()));
        }
        let (contact, from_day) = (leaver.to_owned(), Moment::Day(from));
        let to = Moment::Day(for_good());
        after.absences.push(Absence { contact, from: from_day, to });
        if let Some(successor) = successor {
            if successor.name == leaver || self.has_left(&successor.name, from, zone) {
                return Err(NoSuccessor::GoesRound);
            }
            after.put_behind(leaver, successor);
        }
        if after.members().all(|one| after.has_left(&one.name, for_good(), zone)) {
            return Err(match successor {
                Some(_) => NoSuccessor::GoesRound,
                None => NoSuccessor::Nobody,
            });
        }
        let stays = |one: &&StaffContact| !after.has_left(&one.name, from, zone);
        let heir = after.members().find(stays).map(|one| one.name.clone());
        Ok((after, heir.ok_or(NoSuccessor::Nobody)?))
    }

    fn put_behind(&mut self, leaver: &str, successor: &StaffContact) {
        // A contact who stays takes over from a deputy anyway.
        if self.contact.name == successor.name {
            return;
        }
        self.deputies.retain(|one| one.name != successor.name);
        let place = self.deputies.iter().position(|one| one.name == leaver);
        self.deputies.insert(place.map_or(0, |place| place + 1), successor.clone());
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;

    use super::*;
    use crate::domain::profile::Team;
    use crate::domain::restriction::{Kind, Restriction};

    fn point(deputies: &str) -> PointOfContact {
        let json = format!(
            r#"{{"id":"R","kind":"single_point_of_contact",
            "contact":{{"name":"Sam","email":"sam@x.example"}},"deputies":[{deputies}]}}"#
        );
        match serde_json::from_str::<Restriction>(&json).unwrap().kind {
            Kind::SinglePointOfContact(point) => *point,
            other => panic!("{other:?}"),
        }
    }

    fn member(name: &str) -> StaffContact {
        serde_json::from_value(serde_json::json!({"name": name})).unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn answers(point: &PointOfContact, at: &str) -> Option<String> {
        point.route(at.parse().unwrap(), London, &Team::default()).route.name
    }

    #[test]
    fn from_that_day_the_deputy_answers_on_the_queue_that_was_and_the_contact_stays_on_record() {
        let (after, heir) =
            point(r#"{"name":"Dee"}"#).left_by("Sam", day("2026-03-02"), None, London).unwrap();
        assert_eq!(heir, "Dee");
        assert_eq!(answers(&after, "2026-03-01T23:59:59Z").as_deref(), Some("Sam"));
        assert_eq!(answers(&after, "2026-03-02T00:00:00Z").as_deref(), Some("Dee"));
        assert_eq!(answers(&after, "2050-03-02T00:00:00Z").as_deref(), Some("Dee"));
        assert_eq!(after.contact, point("").contact);
        let route = after.route("2026-03-02T00:00:00Z".parse().unwrap(), London, &Team::default());
        assert_eq!(route.route.queue, "sam");
    }

    #[test]
    fn a_successor_comes_before_other_deputies_and_recorded_again_the_day_changes() {
        let before = point(r#"{"name":"Dee"},{"name":"Eve"}"#);
        let eve = member("Eve");
        let (after, heir) = before.left_by("Sam", day("2026-03-02"), Some(&eve), London).unwrap();
        let names: Vec<&str> = after.deputies.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((heir.as_str(), names.as_slice()), ("Eve", &["Eve", "Dee"][..]));
        let later = day("2026-04-01");
        let (again, _) = after.left_by("Sam", later, Some(&member("Fay")), London).unwrap();
        assert_eq!(again.absences.len(), 1);
        assert_eq!(answers(&again, "2026-03-31T12:00:00Z").as_deref(), Some("Sam"));
        assert_eq!(answers(&again, "2026-04-01T12:00:00Z").as_deref(), Some("Fay"));
        // The contact takes over from a deputy who leaves.
        let (_, heir) = before.left_by("Dee", later, None, London).unwrap();
        assert_eq!(heir, "Sam");
    }

    #[test]
    fn who_stays_after_all_answers_again_and_may_take_over() {
        let on = day("2026-03-02");
        let before = point(r#"{"name":"Dee"}"#);
        let (after, _) = before.left_by("Sam", on, None, London).unwrap();
        let (stays, who) = after.left_by("Sam", for_good(), None, London).unwrap();
        assert_eq!((who.as_str(), &stays), ("Sam", &before));
        let (_, heir) = stays.left_by("Dee", on, Some(&member("Sam")), London).unwrap();
        assert_eq!(heir, "Sam");
    }

    #[test]
    fn a_chain_that_ends_or_goes_round_is_refused() {
        let on = day("2026-03-02");
        let left = |point: &PointOfContact, who: &str, to: Option<&str>, on: NaiveDate| {
            let to = to.map(member);
            point.left_by(who, on, to.as_ref(), London)
        };
        assert_eq!(left(&point(""), "Sam", None, on), Err(NoSuccessor::Nobody));
        assert_eq!(left(&point(""), "Sam", Some("Sam"), on), Err(NoSuccessor::GoesRound));
        let (after, _) = left(&point(""), "Sam", Some("Dee"), on).unwrap();
        assert_eq!(left(&after, "Dee", None, on), Err(NoSuccessor::Nobody));
        assert_eq!(left(&after, "Dee", Some("Sam"), on), Err(NoSuccessor::GoesRound));
        // Dee leaves first, and Sam would leave later.
        assert_eq!(
            left(&after, "Dee", Some("Sam"), day("2026-02-02")),
            Err(NoSuccessor::GoesRound)
        );
        let (_, heir) = left(&after, "Dee", Some("Eve"), on).unwrap();
        assert_eq!(heir, "Eve");
    }
}
