//! A person's restrictions: which hold now, adding one that was decided elsewhere, replacing one.
//!
//! Only a step of the case changes a status, or a decision made here.

use std::sync::Arc;

use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::domain::restriction::Restriction;

use super::acting::Acting;
use super::expected::{Expected, Tag};
use super::{Casework, Desk, Fault};

/// A person's restrictions, and which of them are in force now.
#[derive(Debug, Clone)]
pub struct Restrictions {
    pub restrictions: Vec<Restriction>,
    pub in_force: Vec<String>,
    /// This state of the record.
    pub record: Tag,
}

impl Casework {
    /// A person's restrictions, with those in force at this moment by id.
    pub async fn restrictions(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<Restrictions, Fault> {
        let person = self.desk.read_person(&organisation.id, person).await?;
        let now = self.desk.clock.now();
        let profile = &organisation.profile;
        let in_force = person
            .restrictions
            .iter()
            .filter(|restriction| restriction.is_in_force(now, profile))
            .map(|restriction| restriction.id.clone())
            .collect();
        let record = Tag::of(person.as_ref());
        Ok(Restrictions { restrictions: person.restrictions.clone(), in_force, record })
    }

    /// Adds a restriction to a person.
    ///
    /// # Errors
    /// [`Fault::Exists`] where the person has one with this id.
    pub async fn add_restriction(
        &self,
        organisation: &Organisation,
        person: &str,
        restriction: Restriction,
        acting: Acting<'_>,
    ) -> Result<Restriction, Fault> {
        let id = restriction.id.clone();
        let change = |before: &Person| {
            if before.restrictions.iter().any(|known| known.id == restriction.id) {
                return Err(Fault::Exists("restriction"));
            }
            let mut after = before.clone();
            after.restrictions.push(restriction.clone());
            Ok(after)
        };
        let after =
            self.desk.change_person(organisation, person, &Expected::Any, acting, change).await?;
        with_id(&after, &id)
    }

    /// Replaces a restriction of whichever person has it; `person` decides where several do. `expected` is of the
    /// person's record.
    pub async fn replace_restriction(
        &self,
        organisation: &Organisation,
        person: Option<&str>,
        restriction: Restriction,
        expected: &Expected,
        acting: Acting<'_>,
    ) -> Result<(Arc<Person>, Restriction), Fault> {
        let id = restriction.id.clone();
        let person = match person {
            Some(person) => person.to_owned(),
            None => self.desk.restricted_person(&organisation.id, &id).await?.id.clone(),
        };
        let change = |before: &Person| {
            let mut after = before.clone();
            let place = after
                .restrictions
                .iter_mut()
                .find(|known| known.id == restriction.id)
                .ok_or(Fault::NotFound("restriction"))?;
            // Replacing one does not make it one of today's profile.
            let version = place.profile_version.take();
            *place = restriction.clone();
            if place.profile_version.is_none() {
                place.profile_version = version;
            }
            Ok(after)
        };
        let after =
            self.desk.change_person(organisation, &person, expected, acting, change).await?;
        let restriction = with_id(&after, &id)?;
        Ok((after, restriction))
    }

    /// A restriction with the person who has it.
    pub async fn read_restriction(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<(Arc<Person>, Restriction), Fault> {
        let person = self.desk.restricted_person(organisation, id).await?;
        let restriction = with_id(&person, id)?;
        Ok((person, restriction))
    }
}

impl Desk {
    /// The one person who has a restriction with this id.
    async fn restricted_person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Arc<Person>, Fault> {
        let mut people = self.store.restricted(organisation, id).await?;
        let found = people.len();
        match people.pop() {
            None => Err(Fault::NotFound("restriction")),
            Some(person) if found == 1 => Ok(person),
            Some(_) => Err(Fault::AmbiguousRestriction(found)),
        }
    }
}

fn with_id(person: &Person, id: &str) -> Result<Restriction, Fault> {
    person
        .restrictions
        .iter()
        .find(|known| known.id == id)
        .cloned()
        .ok_or(Fault::NotFound("restriction"))
}
