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
use crate::domain::restriction::{
    Absence, Kind, PointOfContact, Restriction, StaffContact, Status,
};
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
    /// Sorted by the contact's name, then the person's: the first [`POINTS_OF_CONTACT_MAX`].
    pub first: Vec<Answering>,
    /// There are more than those.
    pub more: bool,
    /// The names of all contacts and deputies, also of those that are not among the first.
    pub members: BTreeSet<String>,
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
    /// Who answers for whom.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn points_of_contact(
        &self,
        organisation: &Organisation,
    ) -> Result<PointsOfContact, Fault> {
        let people = self.people_with(organisation, &|_| true).await?;
        let mut members = BTreeSet::new();
        let mut all = Vec::new();
        for person in &people {
            for (restriction, point) in self.held(organisation, person) {
                members.extend(point.members().map(|one| one.name.clone()));
                all.push((&point.contact.name, &person.name, &restriction.id, &person.id));
            }
        }
        all.sort_unstable();
        let ids = all.iter().take(POINTS_OF_CONTACT_MAX).map(|(.., id)| (*id).clone()).collect();
        let mut first = self.answering(organisation, ids).await?;
        let more = all.len().max(first.len()) > POINTS_OF_CONTACT_MAX;
        first.truncate(POINTS_OF_CONTACT_MAX);
        // Memory may not have yet what somebody recorded a moment ago.
        members
            .extend(first.iter().flat_map(|one| one.point.members()).map(|one| one.name.clone()));
        Ok(PointsOfContact { first, more, members })
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
            all.extend(self.held(organisation, &person).map(|(restriction, point)| Answering {
                person: Arc::clone(&person),
                restriction: restriction.id.clone(),
                point: point.clone(),
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
        let found = self.answered_by(organisation, away.contact).await?;
        let mut done = AbsenceRecorded::default();
        if found.is_empty() {
            return Err(Fault::NotFound("point of contact"));
        }
        let absence = Absence {
            contact: away.contact.to_owned(),
            from: Moment::Day(away.from),
            to: Moment::Day(away.to),
        };
        for one in &found {
            if one.point.absences.contains(&absence) {
                done.already.push(one.restriction.clone());
                continue;
            }
            match self.absence_step(organisation, role, by, one, (&absence, None)).await {
                None => done.recorded.push(one.restriction.clone()),
                Some(refused) => done.refused.push(refused),
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

    /// The step that records an absence on one restriction, with the successor of somebody who leaves. `None`: it is on
    /// record.
    pub(super) async fn absence_step(
        &self,
        organisation: &Arc<Organisation>,
        role: &Role,
        by: &str,
        on: &Answering,
        (absence, successor): (&Absence, Option<&StaffContact>),
    ) -> Option<AbsenceNotRecorded> {
        let act = Act::RecordAbsence(RecordAbsence {
            restriction: Some(on.restriction.clone()),
            contact: Some(absence.contact.clone()),
            from: Some(absence.from),
            to: Some(absence.to),
            successor: successor.cloned(),
        });
        let asked = Asked { person: &on.person.id, act: &act, id: None, by, version: None };
        let why = self.step(organisation, role, asked).await.err()?;
        let (person, restriction) = (Arc::clone(&on.person), on.restriction.clone());
        Some(AbsenceNotRecorded { person, restriction, why })
    }

    /// The restrictions whose point of contact names a member of staff, as contact or deputy.
    pub(super) async fn answered_by(
        &self,
        organisation: &Organisation,
        name: &str,
    ) -> Result<Vec<Answering>, Fault> {
        let people = self.people_with(organisation, &|point| point.names(name)).await?;
        let ids = people.iter().map(|person| person.id.clone()).collect();
        let mut found = self.answering(organisation, ids).await?;
        found.retain(|one| one.point.names(name));
        Ok(found)
    }

    /// Everybody with a `wanted` point of contact, from the people in memory or, without those, from the store.
    async fn people_with(
        &self,
        organisation: &Organisation,
        wanted: &(dyn Fn(&PointOfContact) -> bool + Sync),
    ) -> Result<Vec<Arc<Person>>, Fault> {
        let mut has =
            |person: &Person| self.held(organisation, person).any(|(_, point)| wanted(point));
        self.people_who(&organisation.id, &mut has).await
    }

    /// The points of contact of a person, with their restrictions, unless these are over.
    fn held<'p>(
        &self,
        organisation: &Organisation,
        person: &'p Person,
    ) -> impl Iterator<Item = (&'p Restriction, &'p PointOfContact)> {
        let now = self.now();
        person.restrictions.iter().filter_map(move |one| {
            let Kind::SinglePointOfContact(point) = &one.kind else { return None };
            let holds = matches!(one.status, Status::Active | Status::UnderAppeal)
                && !one.has_run_out(now, &organisation.profile);
            holds.then_some((one, point.as_ref()))
        })
    }
}
