//! Points of contact: who answers for which restricted person, and an absence recorded for all of them at once.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use super::case::Asked;
use super::{Casework, Fault};
use crate::domain::case::act::{Act, RecordAbsence};
use crate::domain::moment::Moment;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Role;
use crate::domain::restriction::{Absence, Kind, PointOfContact, Restriction, Status};
use crate::runtime::limits::POINTS_OF_CONTACT_MAX;

/// A restriction with a point of contact: in force, suspended by an appeal, or yet to start.
#[derive(Debug, Clone)]
pub struct Answering {
    pub person: Arc<Person>,
    /// The id of the restriction.
    pub restriction: String,
    pub point: PointOfContact,
}

/// An organisation's points of contact.
#[derive(Debug, Clone, Default)]
pub struct PointsOfContact {
    /// Sorted by the contact's name, then the person's.
    pub all: Vec<Answering>,
    /// More than [`POINTS_OF_CONTACT_MAX`] people have one.
    pub more: bool,
}

/// An absence to record.
#[derive(Debug, Clone)]
pub struct Away<'a> {
    /// The member of staff, by the name in the restrictions.
    pub contact: &'a str,
    pub from: NaiveDate,
    /// Inclusive.
    pub to: NaiveDate,
}

/// A restriction on which an absence could not be recorded.
#[derive(Debug, Clone)]
pub struct AbsenceNotRecorded {
    pub person: Arc<Person>,
    pub restriction: String,
    pub why: Fault,
}

/// The result of recording an absence, by restriction id.
#[derive(Debug, Clone, Default)]
pub struct AbsenceRecorded {
    /// Newly recorded.
    pub recorded: Vec<String>,
    /// On record before.
    pub already: Vec<String>,
    pub refused: Vec<AbsenceNotRecorded>,
}

impl Casework {
    /// Who answers for whom, for at most [`POINTS_OF_CONTACT_MAX`] people.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn points_of_contact(
        &self,
        organisation: &Organisation,
    ) -> Result<PointsOfContact, Fault> {
        let mut ids = self.people_with(organisation, &|_| true).await?;
        let more = ids.len() > POINTS_OF_CONTACT_MAX;
        while ids.len() > POINTS_OF_CONTACT_MAX {
            ids.pop_last();
        }
        Ok(PointsOfContact { all: self.answering(organisation, ids).await?, more })
    }

    /// The restrictions of these people that have a point of contact.
    async fn answering(
        &self,
        organisation: &Organisation,
        ids: BTreeSet<String>,
    ) -> Result<Vec<Answering>, Fault> {
        let mut all = Vec::new();
        for id in ids {
            // Read from the store, so that what was recorded a moment ago shows.
            let Some(person) = self.desk.store.person(&organisation.id, &id).await? else {
                continue;
            };
            let held = person.restrictions.iter().filter_map(|one| self.held(organisation, one));
            all.extend(held.map(|(restriction, point)| Answering {
                person: Arc::clone(&person),
                restriction,
                point,
            }));
        }
        all.sort_by(|a, b| {
            let key = |one: &Answering| {
                (one.point.contact.name.clone(), one.person.name.clone(), one.restriction.clone())
            };
            key(a).cmp(&key(b))
        });
        Ok(all)
    }

    /// Records an absence on every restriction that names the member of staff, with one step each, so that it is on
    /// each person's file. Recording it again adds nothing.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no restriction names them. [`Fault::Refused`]: `to` is before `from`. If every step failed,
    /// the fault of the last.
    pub async fn record_absence(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        by: &str,
        away: &Away<'_>,
    ) -> Result<AbsenceRecorded, Fault> {
        if away.to < away.from {
            return Err(Fault::Refused("`to` is before `from`".to_owned()));
        }
        let is_named = |point: &PointOfContact| point.names(away.contact);
        let ids = self.people_with(organisation, &is_named).await?;
        let found = self.answering(organisation, ids).await?;
        let mut done = AbsenceRecorded::default();
        if !found.iter().any(|one| is_named(&one.point)) {
            return Err(Fault::NotFound("point of contact"));
        }
        let absence = Absence {
            contact: away.contact.to_owned(),
            from: Moment::Day(away.from),
            to: Moment::Day(away.to),
        };
        for one in &found {
            if !is_named(&one.point) {
                continue;
            }
            if one.point.absences.contains(&absence) {
                done.already.push(one.restriction.clone());
                continue;
            }
            let act = Act::RecordAbsence(RecordAbsence {
                restriction: Some(one.restriction.clone()),
                contact: Some(absence.contact.clone()),
                from: Some(absence.from),
                to: Some(absence.to),
            });
            let asked = Asked { person: &one.person.id, act: &act, id: None, by, version: None };
            match self.step(organisation, role, asked).await {
                Ok(_) => done.recorded.push(one.restriction.clone()),
                Err(why) => {
                    let (person, restriction) = (Arc::clone(&one.person), one.restriction.clone());
                    done.refused.push(AbsenceNotRecorded { person, restriction, why });
                }
            }
        }
        match done.refused.pop() {
            Some(last) if done.recorded.is_empty() && done.already.is_empty() => Err(last.why),
            last => {
                done.refused.extend(last);
                Ok(done)
            }
        }
    }

    /// The ids of everybody with a `wanted` point of contact, from the people in memory or, without those, from the
    /// store.
    async fn people_with(
        &self,
        organisation: &Organisation,
        wanted: &(dyn Fn(&PointOfContact) -> bool + Sync),
    ) -> Result<BTreeSet<String>, Fault> {
        let has = |person: &Person| {
            let mut held =
                person.restrictions.iter().filter_map(|one| self.held(organisation, one));
            held.any(|(_, point)| wanted(&point))
        };
        let found = self.people_who(&organisation.id, &has).await?;
        Ok(found.iter().map(|person| person.id.clone()).collect())
    }

    /// The point of contact of a restriction, unless the restriction is over.
    fn held(
        &self,
        organisation: &Organisation,
        restriction: &Restriction,
    ) -> Option<(String, PointOfContact)> {
        let Kind::SinglePointOfContact(point) = &restriction.kind else { return None };
        let holds = matches!(restriction.status, Status::Active | Status::UnderAppeal)
            && !restriction.has_run_out(self.now(), &organisation.profile);
        holds.then(|| (restriction.id.clone(), PointOfContact::clone(point)))
    }
}
