//! Laying people of a file over those on record: what the file does not speak of stays, and nothing
//! that holds is ended without a word.

mod cases;
mod over;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use self::over::Laid;
use super::key::UnusedKey;
use super::listed::Listed;
use crate::casework::acting::Acting;
use crate::casework::case::record::document;
use crate::casework::person_check::PersonFault;
use crate::casework::{Desk, Fault};
use crate::domain::audit::{AuditEvent, EndedRestriction};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;
use crate::ports::documents::{Batch, DocumentWrite, PersonWrite, WriteFault};
use crate::runtime::limits::{BATCH_DOCUMENTS_MAX, IMPORT_READ_APART_MAX};

pub use self::over::Planned;

/// Case files that one import writes. One document of its batch is left for the idempotency key.
const CASES_AT_ONCE_MAX: usize = BATCH_DOCUMENTS_MAX - 1;

/// What becomes of a restriction that holds and that the file leaves out, while it speaks of the
/// person's restrictions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// Nothing is imported, and each is named.
    Refuse,
    /// It is ended, and stays on record.
    End,
}

/// Whether an import is written, or only says what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Go {
    Write,
    /// Everything is read and checked as it would be, and nothing written.
    DryRun,
}

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    pub people: usize,
    /// Those who were not on record before.
    pub added: usize,
    /// Those of these people that are on record now.
    pub restrictions: usize,
    /// People who were on record as they are in the file already.
    pub unchanged: usize,
    /// Case files that were begun or added to.
    pub cases: usize,
    /// People whose answers on protected characteristics were recorded or changed.
    #[serde(default)]
    pub equality: usize,
    /// Held before, and hold no longer.
    pub ended: Vec<EndedRestriction>,
    /// What the file says of something that a step made what it is here: the record is kept.
    pub kept: Vec<PersonFault>,
    /// Of a dry run: everybody who would be added or changed.
    #[serde(skip)]
    pub planned: Vec<Planned>,
}

impl Desk {
    /// Writes people whose records were read by [`super::read_people`], all or none, and at once for every gateway.
    /// Whatever a file does not mention stays as it is on record, as do people who are not in it. What a step decided
    /// here stays too: where a file says otherwise, it is refused and named in `kept`, and all else is written.
    ///
    /// # Errors
    /// [`Fault::WouldEnd`] where restrictions that hold are left out, unless they are to end;
    /// [`Fault::Contended`] where somebody else changes one of these people at the same moment.
    pub async fn import(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        missing: Missing,
        acting: Acting<'_>,
    ) -> Result<Imported, Fault> {
        self.imported(organisation, people, (missing, Go::Write), acting, None).await
    }

    /// What [`Desk::import`] would do. Nothing is written.
    ///
    /// # Errors
    /// As those of [`Desk::import`].
    pub async fn preview_import(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        missing: Missing,
        acting: Acting<'_>,
    ) -> Result<Imported, Fault> {
        self.imported(organisation, people, (missing, Go::DryRun), acting, None).await
    }

    /// Imports, or says what an import would do. With a key, what came of it is written together with it.
    pub(super) async fn imported(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        (missing, go): (Missing, Go),
        acting: Acting<'_>,
        key: Option<&UnusedKey>,
    ) -> Result<Imported, Fault> {
        acting.check()?;
        let mut known = self.known(organisation, &people).await?;
        let stamp = self.stamp(acting.by);
        let files = self.files_of(organisation, &people, &known).await?;
        let mut laid = Laid::new(organisation, stamp.at, go);
        let at = stamp.at;
        let batch = Batch::new(stamp);
        let (mut batch, answered) =
            self.with_answers(&organisation.id, batch, &people, acting).await?;
        for listed in people {
            let before = known.get(&listed.person.id).map(AsRef::as_ref);
            let file = files.get(&listed.person.id);
            laid.over(listed, before, file);
        }
        let (changed, cases, mut done) = laid.finish(missing)?;
        done.equality = answered;
        let documents = cases.len() + answered;
        if documents > CASES_AT_ONCE_MAX {
            return Err(Fault::Refused(format!(
                "{documents} case files and equality records would be written at once, more than \
                 {CASES_AT_ONCE_MAX}; split the file"
            )));
        }
        let changes_nothing = changed.is_empty() && cases.is_empty();
        if go == Go::DryRun || (changes_nothing && answered == 0 && key.is_none()) {
            return Ok(done);
        }
        if !changes_nothing {
            batch = batch.audit(said(&changed, cases.len(), &done, acting));
        }
        batch.people = changed
            .into_iter()
            .map(|now| PersonWrite { was: known.remove(&now.id), now })
            .collect();
        for (file, version) in cases {
            batch.documents.push(DocumentWrite::Put(document(&file, version)?));
        }
        if let Some(key) = key {
            batch = batch.put(key.remembers(&done, at)?);
        }
        match self.store.write(&organisation.id, batch).await {
            Ok(()) => Ok(done),
            Err(WriteFault::Conflict(_)) => Err(Fault::Contended),
            Err(WriteFault::Store(error)) => Err(error.into()),
        }
    }

    /// Adds the list's answers on protected characteristics. Also returns how many people they change.
    async fn with_answers(
        &self,
        organisation: &OrganisationId,
        mut batch: Batch,
        listed: &[Listed],
        acting: Acting<'_>,
    ) -> Result<(Batch, usize), Fault> {
        let mut answered = 0;
        for Listed { person, equality, .. } in listed.iter().filter(|one| !one.equality.is_empty())
        {
            let given = (person.id.as_str(), equality);
            let (with, changes) = self.with_equality(organisation, batch, given, acting).await?;
            batch = with;
            answered += usize::from(changes);
        }
        Ok((batch, answered))
    }

    /// Those of the people listed who are on record.
    async fn known(
        &self,
        organisation: &Organisation,
        listed: &[Listed],
    ) -> Result<HashMap<String, Arc<Person>>, Fault> {
        let mut known = HashMap::new();
        if listed.len() <= IMPORT_READ_APART_MAX {
            for Listed { person, .. } in listed {
                if let Some(before) = self.store.person(&organisation.id, &person.id).await? {
                    known.insert(person.id.clone(), before);
                }
            }
            return Ok(known);
        }
        let ids: HashSet<&str> = listed.iter().map(|one| one.person.id.as_str()).collect();
        let everybody = self.store.people(&organisation.id).await?.people;
        known.extend(
            everybody
                .into_iter()
                .filter(|person| ids.contains(person.id.as_str()))
                .map(|person| (person.id.clone(), person)),
        );
        Ok(known)
    }
}

/// The import's entry on the trail.
fn said(changed: &[Person], cases: usize, done: &Imported, acting: Acting<'_>) -> AuditEvent {
    let counted = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    AuditEvent::Imported {
        people: counted(changed.len()),
        restrictions: counted(changed.iter().map(|person| person.restrictions.len()).sum()),
        ended: done.ended.clone(),
        added: Some(counted(done.added)),
        cases: (cases > 0).then(|| counted(cases)),
        reason: acting.reason.map(str::to_owned),
    }
}
