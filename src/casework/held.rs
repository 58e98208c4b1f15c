//! What the diary and the figures of an organisation need of everybody, held in memory. Everybody's cases are read for
//! it once a day, and then again only those of people named by new entries of the trail.
//!
//! What is held follows from case, profile and day. Within a day, in one run of the program, the profile is the same.
//! Tasks have an index of their own, and are read from it.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError};

use chrono::NaiveDate;

use super::case::record::CaseRead;
use super::named::{AsOf, changed};
use super::{Desk, Fault};
use crate::domain::diary::{Case, DiaryPart};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::profile::Profile;
use crate::domain::report::CaseFacts;
use crate::runtime::limits::HELD_FACTS_MAX;

/// The organisations, each under a lock of its own: requests at the same time read once.
pub(super) type HeldCases =
    HashMap<OrganisationId, Arc<tokio::sync::Mutex<Option<Arc<Everybody>>>>>;

/// Everybody of one organisation, as of one moment.
pub(super) struct Everybody {
    as_of: AsOf,
    people: BTreeMap<String, Arc<OfOne>>,
}

/// One person.
pub(super) struct OfOne {
    pub(super) part: DiaryPart,
    pub(super) facts: CaseFacts,
    /// A file of an earlier version that holds tasks itself. No entry names the person when these change.
    has_own_tasks: bool,
}

impl OfOne {
    fn of(case: &CaseRead, profile: &Profile, today: NaiveDate) -> Self {
        let of = Case { file: &case.file, person: &case.person };
        OfOne {
            part: DiaryPart::of(of, profile, today),
            facts: CaseFacts::of(of, profile, today),
            has_own_tasks: !case.file.tasks.is_empty(),
        }
    }
}

impl Everybody {
    /// In the order of their ids.
    pub(super) fn people(&self) -> impl Iterator<Item = (&str, &OfOne)> {
        self.people.iter().map(|(id, one)| (id.as_str(), one.as_ref()))
    }

    fn count(&self) -> usize {
        self.people.values().map(|one| 1 + one.part.count() + one.facts.count()).sum()
    }
}

impl Desk {
    /// What the diary and the figures need of everybody who has a case, as of a day.
    ///
    /// # Errors
    /// The store can't be read.
    pub(super) async fn everybody(
        &self,
        organisation: &Organisation,
        today: NaiveDate,
    ) -> Result<Arc<Everybody>, Fault> {
        let slot = {
            let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(held.entry(organisation.id.clone()).or_default())
        };
        let mut slot = slot.lock().await;
        let as_of = self.as_of(&organisation.id, today).await?;
        let known = slot.clone().filter(|known| known.as_of.is_of(&as_of));
        let named = match &known {
            Some(known) => self.named_since(&organisation.id, known.as_of.number, changed).await?,
            None => None,
        };
        let people = match known.zip(named) {
            Some((known, named)) => self.read_again(organisation, &known, named, today).await?,
            None => self.read_all(organisation, today).await?,
        };
        let now = Arc::new(Everybody { as_of, people });
        *slot = (now.count() <= HELD_FACTS_MAX).then(|| Arc::clone(&now));
        Ok(now)
    }

    async fn read_all(
        &self,
        organisation: &Organisation,
        today: NaiveDate,
    ) -> Result<BTreeMap<String, Arc<OfOne>>, Fault> {
        let cases = self.cases(organisation).await?;
        let of = |case: &CaseRead| {
            let one = OfOne::of(case, &organisation.profile, today);
            (case.person.id.clone(), Arc::new(one))
        };
        Ok(cases.read.iter().map(of).collect())
    }

    async fn read_again(
        &self,
        organisation: &Organisation,
        known: &Everybody,
        mut named: BTreeSet<String>,
        today: NaiveDate,
    ) -> Result<BTreeMap<String, Arc<OfOne>>, Fault> {
        let mut people = known.people.clone();
        let unnamed = people.iter().filter(|(_, one)| one.has_own_tasks);
        named.extend(unnamed.map(|(id, _)| id.clone()));
        for id in named {
            let case = match self.read_case(organisation, &id).await {
                Ok(case) => Some(case),
                // Erased in the meantime.
                Err(Fault::NotFound(_)) => None,
                Err(fault) => return Err(fault),
            };
            if let Some(case) = case.filter(CaseRead::is_any) {
                let one = OfOne::of(&case, &organisation.profile, today);
                people.insert(id, Arc::new(one));
            } else {
                people.remove(&id);
            }
        }
        Ok(people)
    }
}
