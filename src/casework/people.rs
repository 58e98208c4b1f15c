//! Reading and writing people's records.

use std::sync::Arc;

use crate::domain::audit::changes;
use crate::domain::case::CaseFile;
use crate::domain::case::elsewhere::{keep_merged, keep_what_does_not_hold, step_for};
use crate::domain::channel::Channel;
use crate::domain::may_contact::{ContactAnswer, Purpose, Question, may_contact};
use crate::domain::merge;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::ports::documents::{Batch, WriteFault};
use crate::runtime::limits::{PAGE_ITEMS_MAX, PERSON_TRIES_MAX};

use super::acting::Acting;
use super::case::record::CASE;
use super::expected::Expected;
use super::person_check::{faults_of_change, normalised};
use super::{Desk, Fault};

/// Some people, in the order of their ids.
#[derive(Debug, Clone)]
pub struct PeoplePage {
    pub people: Vec<Arc<Person>>,
    /// What to give as `after` for the people that follow; `None`: these are all for now.
    pub next: Option<String>,
}

/// A person's record as it was put.
#[derive(Debug)]
pub struct PersonPut {
    pub person: Arc<Person>,
    /// Nobody of this id was on record before.
    pub is_new: bool,
}

impl Desk {
    pub async fn people(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<PeoplePage, Fault> {
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let people = self.store.people_page(organisation, after, limit).await?;
        let is_full = people.len() == limit;
        let next = is_full.then(|| people.last().map(|person| person.id.clone())).flatten();
        Ok(PeoplePage { people, next })
    }

    pub async fn read_person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Arc<Person>, Fault> {
        self.store.person(organisation, id).await?.ok_or(Fault::NotFound("person"))
    }

    /// Writes a person's whole record, where it is found as expected; it takes effect at once, on
    /// every gateway.
    pub async fn put_person(
        &self,
        organisation: &Organisation,
        person: Person,
        expected: &Expected,
        acting: Acting<'_>,
    ) -> Result<PersonPut, Fault> {
        acting.check()?;
        for _ in 0..PERSON_TRIES_MAX {
            let before = self.store.person(&organisation.id, &person.id).await?;
            expected.check("person", before.as_deref())?;
            let is_new = before.is_none();
            let put = self.replace(organisation, before, person.clone(), acting).await?;
            if let Some(person) = put {
                return Ok(PersonPut { person, is_new });
            }
        }
        Err(Fault::Contended)
    }

    /// Changes a person's record: reads it, lets `change` make another of it, writes that. If somebody else has changed
    /// it in the meantime it begins again, unless a state was expected.
    pub async fn change_person(
        &self,
        organisation: &Organisation,
        id: &str,
        expected: &Expected,
        acting: Acting<'_>,
        change: impl Fn(&Person) -> Result<Person, Fault> + Send,
    ) -> Result<Arc<Person>, Fault> {
        acting.check()?;
        for _ in 0..PERSON_TRIES_MAX {
            let before = self.read_person(&organisation.id, id).await?;
            expected.check("person", Some(before.as_ref()))?;
            let after = change(&before)?;
            if after.id != id {
                return Err(Fault::Refused("a person's id can't be changed".to_owned()));
            }
            if let Some(after) = self.replace(organisation, Some(before), after, acting).await? {
                return Ok(after);
            }
        }
        Err(Fault::Contended)
    }

    /// Checks and writes; `None`: somebody else has changed the record since it was read. A record
    /// that is as it was is not written again.
    async fn replace(
        &self,
        organisation: &Organisation,
        before: Option<Arc<Person>>,
        person: Person,
        acting: Acting<'_>,
    ) -> Result<Option<Arc<Person>>, Fault> {
        let mut person = normalised(person, organisation);
        match &before {
            Some(before) => keep_what_does_not_hold(before, &mut person),
            None => keep_merged(None, &mut person),
        }
        let found = faults_of_change(&person, before.as_deref(), organisation);
        if !found.is_empty() {
            return Err(Fault::Invalid(found));
        }
        let written = Arc::new(person.clone());
        if before.as_deref() == Some(&person) {
            return Ok(Some(written));
        }
        if let Some(before) = &before {
            self.must_need_no_step(organisation, before, &person).await?;
        }
        let audit = changes::of_person(before.as_deref(), &person, acting.reason);
        let batch = Batch { audit, ..Batch::new(self.stamp(acting.by)) }.person(before, person);
        match self.store.write(&organisation.id, batch).await {
            Ok(()) => Ok(Some(written)),
            Err(WriteFault::Conflict(_)) => Ok(None),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// Refuses what only a step of the case does.
    async fn must_need_no_step(
        &self,
        organisation: &Organisation,
        before: &Person,
        after: &Person,
    ) -> Result<(), Fault> {
        if before.restrictions == after.restrictions {
            return Ok(());
        }
        let stored = self.store.document(&organisation.id, CASE, &before.id).await?;
        let file = stored.map(|document| document.read::<CaseFile>()).transpose()?;
        match step_for(before, after, file.as_ref()) {
            Some((what, step)) => Err(Fault::StepNeeded { what, step }),
            None => Ok(()),
        }
    }

    /// Whether a person may be contacted: how, and through whom.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn may_contact(
        &self,
        organisation: &Organisation,
        person: &str,
        purpose: Purpose,
        channel: Channel,
        by: Option<&str>,
    ) -> Result<ContactAnswer, Fault> {
        let found = self.enforced(&organisation.id, person).await?;
        let person = found.ok_or(Fault::NotFound("person"))?;
        let question = Question { channel, purpose, by, at: self.clock.now() };
        Ok(may_contact(organisation, &person, &question))
    }

    /// A person by all their records, as if these were one: what is decided on them, without the pointers
    /// between records.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn as_one(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Arc<Person>, Fault> {
        let own = self.read_person(organisation, person).await?;
        if own.merged_into.is_none() && own.merged.is_empty() {
            return Ok(own);
        }
        let records = self.records_of(organisation, &own).await?;
        let whole = merge::together(&records).into_iter().find(|one| one.id == own.id);
        let whole = Person::clone(&whole.unwrap_or(own));
        Ok(Arc::new(Person { merged_into: None, merged: Vec::new(), together: None, ..whole }))
    }
}
