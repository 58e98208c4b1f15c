//! Whose cases the keeper reads: all of them at its start and once a day, and in between only those of people named by
//! new entries of the trail.
//!
//! What falls due follows from case, profile and day. Within a day, in one run of the program, the profile is the
//! same, and every change of a case is an entry of the trail that names the person.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::NaiveDate;

use crate::casework::case::record::CaseRead;
use crate::casework::named::{AsOf, touched};
use crate::casework::{Desk, Fault};
use crate::domain::merge;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::person::Person;

/// What a keeper has looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::casework) struct LookedAt {
    as_of: AsOf,
    /// Who is looked at again, since something about them could not be written.
    again: BTreeSet<String>,
    /// So is everybody, since something about the organisation could not be.
    all_again: bool,
}

impl LookedAt {
    const fn new(as_of: AsOf) -> Self {
        LookedAt { as_of, again: BTreeSet::new(), all_again: false }
    }

    /// Has a person (`None`: everybody) looked at again in the next round.
    pub(super) fn again(&mut self, person: Option<String>) {
        self.all_again |= person.is_none();
        self.again.extend(person);
    }
}

/// The people to look at.
pub(super) enum Whose {
    Everybody,
    Of(BTreeSet<String>),
}

impl Desk {
    /// The people to look at today, and the state to remember once that is done.
    pub(super) async fn whose(
        &self,
        organisation: &Organisation,
        today: NaiveDate,
    ) -> Result<(Whose, LookedAt), Fault> {
        let id = &organisation.id;
        let known = self.looked_at.lock().await.get(id).cloned();
        // Tasks are made of the trail: behind what was followed there may be some to come.
        let as_of = self.as_of(id, today).await?;
        if known.as_ref().is_some_and(|known| !known.as_of.is_before(&as_of)) {
            // Another store took this one's place: reminders that were written to the former may not be in it.
            self.reminded.lock().await.retain(|(of, _)| of != id);
        }
        let known = known.filter(|known| known.as_of.is_of(&as_of) && !known.all_again);
        let Some(known) = known else {
            return Ok((Whose::Everybody, LookedAt::new(as_of)));
        };
        let whose = match self.named_since(id, known.as_of.number, touched).await? {
            Some(mut named) => {
                named.extend(known.again);
                Whose::Of(named)
            }
            None => Whose::Everybody,
        };
        Ok((whose, LookedAt::new(as_of)))
    }

    /// The cases of some people, with the tasks that the diary shows. A person who is off the record has none.
    pub(super) async fn cases_of(
        &self,
        organisation: &Organisation,
        people: &BTreeSet<String>,
    ) -> Result<Vec<CaseRead>, Fault> {
        let mut cases = Vec::with_capacity(people.len());
        for person in people {
            let mut case = match self.read_case(organisation, person).await {
                Ok(case) => case,
                Err(Fault::NotFound(_)) => continue,
                Err(fault) => return Err(fault),
            };
            case.file.tasks.extend(self.tasks_of(organisation, person, self.clock.now()).await?);
            cases.push(case);
        }
        Ok(cases)
    }

    /// Each of these people once, as they are enforced: by the record that others are merged into.
    pub(super) async fn roots_of(
        &self,
        organisation: &OrganisationId,
        cases: &[CaseRead],
    ) -> Result<Vec<Arc<Person>>, Fault> {
        let (mut people, mut seen) = (Vec::new(), BTreeSet::new());
        for case in cases {
            if !seen.insert(merge::root_of(&case.person).to_owned()) {
                continue;
            }
            let records = self.records_of(organisation, &case.person).await?;
            people.extend(merge::together(&records).into_iter().next());
        }
        Ok(people)
    }
}
