//! What customers said of their protected characteristics: recorded, shown to those who may see it, and counted. A
//! document of its own, which nothing else reads.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::acting::Acting;
use super::person_check::PersonFault;
use super::{Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::equality::{EqualityAnswers, GivenAnswers};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::report::{CaseFacts, EqualityFigures, Period, by_characteristic};
use crate::ports::documents::{BY_ID, Batch, Document, IndexKey, Listing, OF_PERSON};

/// The kind of document that holds a person's answers. Its id is the person's.
pub(super) const EQUALITY: &str = "equality";

/// The answers, who recorded them last, and when.
#[derive(Serialize, Deserialize)]
struct Recorded {
    answers: EqualityAnswers,
    by: String,
    #[serde(serialize_with = "crate::domain::instant::written")]
    at: DateTime<Utc>,
}

impl Desk {
    /// A person's answers. The caller puts the look on the trail.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn equality_of(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<EqualityAnswers, Fault> {
        self.read_person(organisation, person).await?;
        self.held_equality(organisation, person).await
    }

    /// As `equality_of`, for a record that is known to exist.
    pub(super) async fn held_equality(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<EqualityAnswers, Fault> {
        let stored = self.stored_equality(organisation, person).await?;
        Ok(stored.map(|(recorded, _)| recorded.answers).unwrap_or_default())
    }

    /// Records the answers that are given, and keeps the others.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has this id. [`Fault::Invalid`]: the organisation does not record a
    /// characteristic, or does not offer an answer.
    pub async fn record_equality(
        &self,
        organisation: &Organisation,
        person: &str,
        given: &GivenAnswers,
        acting: Acting<'_>,
    ) -> Result<(), Fault> {
        acting.check()?;
        let faults = organisation.equality.faults(given).into_iter();
        let faults: Vec<PersonFault> =
            faults.map(|one| PersonFault { path: one.key, message: one.message }).collect();
        if !faults.is_empty() {
            return Err(Fault::Invalid(faults));
        }
        self.read_person(&organisation.id, person).await?;
        let batch = Batch::new(self.stamp(acting.by));
        let (batch, changed) =
            self.with_equality(&organisation.id, batch, (person, given), acting).await?;
        if changed {
            self.write_once(&organisation.id, batch).await?;
        }
        Ok(())
    }

    /// Adds checked answers of a person to a batch, with an entry of the trail that does not repeat them. Also
    /// returns whether anything changes.
    pub(super) async fn with_equality(
        &self,
        organisation: &OrganisationId,
        batch: Batch,
        (person, given): (&str, &GivenAnswers),
        acting: Acting<'_>,
    ) -> Result<(Batch, bool), Fault> {
        let stored = self.stored_equality(organisation, person).await?;
        let version = stored.as_ref().map_or(0, |(_, was)| was.version);
        let was = stored.map(|(recorded, _)| recorded.answers).unwrap_or_default();
        let answers = was.clone().with(given);
        if answers == was {
            return Ok((batch, false));
        }
        let recorded = Recorded { answers, by: acting.by.to_owned(), at: batch.stamp.at };
        let keys = vec![IndexKey::new(OF_PERSON, person)];
        let document = Document::new(EQUALITY, person, version, keys, &recorded)?;
        let event = AuditEvent::RecordChanged {
            person: person.to_owned(),
            is_new: false,
            what: vec![EQUALITY.to_owned()],
            reason: acting.reason.map(str::to_owned),
        };
        Ok((batch.put(document).audit(event), true))
    }

    /// Restrictions, warnings and appeals, by the answers of the people concerned, in the calendar year of a day.
    /// Also returns the days that were counted.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn equality_figures(
        &self,
        organisation: &Organisation,
        day: NaiveDate,
    ) -> Result<(EqualityFigures, Period), Fault> {
        self.catch_up(organisation).await?;
        let today = self.today(organisation);
        let period = Period::of_equality(day, today);
        let answers = self.all_equality(&organisation.id).await?;
        let everybody = self.everybody(organisation, today).await?;
        let facts: Vec<&CaseFacts> = everybody.people().map(|(_, one)| &one.facts).collect();
        Ok((by_characteristic(&facts, &answers, &organisation.equality, period), period))
    }

    async fn all_equality(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeMap<String, EqualityAnswers>, Fault> {
        let mut all = BTreeMap::new();
        for document in self.every(organisation, EQUALITY, Listing::of(BY_ID)).await? {
            let recorded: Recorded = document.read()?;
            all.insert(document.id, recorded.answers);
        }
        Ok(all)
    }

    async fn stored_equality(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Option<(Recorded, Document)>, Fault> {
        let Some(document) = self.store.document(organisation, EQUALITY, person).await? else {
            return Ok(None);
        };
        Ok(Some((document.read()?, document)))
    }
}
