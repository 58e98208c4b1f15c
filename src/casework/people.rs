//! Reading and writing people's records.

use std::sync::Arc;

use crate::domain::audit::AuditEvent;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::runtime::limits::PAGE_ITEMS_MAX;

use super::person_check::{faults_of_change, normalised};
use super::{Desk, Fault};

/// Some people, in the order of their ids.
#[derive(Debug, Clone)]
pub struct PeoplePage {
    pub people: Vec<Arc<Person>>,
    /// What to give as `after` for the people that follow; `None`: these are all for now.
    pub next: Option<String>,
}

impl Desk {
    pub async fn people(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<PeoplePage, Fault> {
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let mut people = self.store.people(organisation).await?.people;
        people.sort_by(|a, b| a.id.cmp(&b.id));
        people.retain(|person| after.is_none_or(|after| person.id.as_str() > after));
        let more = people.len() > limit;
        people.truncate(limit);
        let next = more.then(|| people.last().map(|person| person.id.clone())).flatten();
        Ok(PeoplePage { people, next })
    }

    pub async fn read_person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Arc<Person>, Fault> {
        self.store.person(organisation, id).await?.ok_or(Fault::NotFound("person"))
    }

    /// Writes a person's whole record; it takes effect at once, on every gateway. `true`: the
    /// person was not on record before.
    pub async fn put_person(
        &self,
        organisation: &Organisation,
        person: Person,
        by: &str,
    ) -> Result<(Arc<Person>, bool), Fault> {
        let _changing = self.changing_people.lock().await;
        let before = self.store.person(&organisation.id, &person.id).await?;
        let after = self.write_person(organisation, person, before.as_deref(), by).await?;
        Ok((after, before.is_none()))
    }

    /// Changes a person's record: reads it, lets `change` make another of it, writes that.
    pub async fn change_person(
        &self,
        organisation: &Organisation,
        id: &str,
        by: &str,
        change: impl FnOnce(&Person) -> Result<Person, Fault> + Send,
    ) -> Result<Arc<Person>, Fault> {
        let _changing = self.changing_people.lock().await;
        let before = self.read_person(&organisation.id, id).await?;
        let after = change(&before)?;
        if after.id != id {
            return Err(Fault::Refused("a person's id can't be changed".to_owned()));
        }
        self.write_person(organisation, after, Some(&before), by).await
    }

    /// Checks and writes. A record that is as it was is not written again.
    async fn write_person(
        &self,
        organisation: &Organisation,
        person: Person,
        before: Option<&Person>,
        by: &str,
    ) -> Result<Arc<Person>, Fault> {
        let person = normalised(person, organisation);
        let found = faults_of_change(&person, before, organisation);
        if !found.is_empty() {
            return Err(Fault::Invalid(found));
        }
        let written = Arc::new(person.clone());
        if before != Some(&person) {
            let event = AuditEvent::PersonChanged { person: person.id.clone() };
            self.store.put_people(&organisation.id, vec![person], self.stamp(by), event).await?;
        }
        Ok(written)
    }
}
