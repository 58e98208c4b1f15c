//! Following the audit trail: decisions on contacts are counted by day and noted by person, and contacts to be read or
//! decided on become tasks. Each entry once, by a mark that is written with what it counts, so that it does not matter
//! which gateway follows, or how often.
//!
//! What can't be written of one person keeps nothing of anybody else from being counted: a page that is refused is
//! taken in halves, down to the entry that it is, which is then passed over with a note on the person.

mod page;

use serde::{Deserialize, Serialize};

use self::page::{Page, Whole};
use super::walk::TrailMark;
use super::{Desk, Fault};
use crate::domain::audit::{DecidedEntry, GATEWAY};
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::row::DecisionRow;
use crate::domain::tally::Contacted;
use crate::ports::StoreError;
use crate::ports::documents::{Batch, WriteFault};
use crate::runtime::limits::{CATCH_UP_PAGES_MAX, FOLLOW_TRIES_MAX, FOLLOWED_ENTRIES};

/// The kinds of documents that are made of the trail: how far it was followed, a day's tally, a person's
/// month.
const MARK: &str = "followed";
pub(super) const TALLY: &str = "tally";
pub(super) const TIMELINE: &str = "timeline";

/// A person's contacts of one month.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Timeline {
    pub contacts: Vec<Contacted>,
    /// Contacts of the month that found no place any more.
    #[serde(default)]
    pub more: u64,
}

impl Desk {
    /// Follows the trail to its end, or a good way towards it.
    ///
    /// # Errors
    /// The store can't be read or written.
    pub async fn catch_up(&self, organisation: &Organisation) -> Result<(), Fault> {
        let following = self.following(&organisation.id);
        let _following = following.lock().await;
        for _ in 0..CATCH_UP_PAGES_MAX {
            if self.follow_some(organisation).await? {
                break;
            }
        }
        Ok(())
    }

    /// The number of the last entry that was followed.
    pub(super) async fn followed_to(&self, organisation: &OrganisationId) -> Result<u64, Fault> {
        Ok(self.mark(organisation, MARK).await?.mark.unwrap_or_default().number)
    }

    /// How many entries of the trail are still to be followed.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn behind(&self, organisation: &OrganisationId) -> Result<u64, Fault> {
        let followed = self.followed_to(organisation).await?;
        let last = self.store.trail_end(organisation).await?.last.map_or(0, |last| last.number);
        Ok(last.saturating_sub(followed))
    }

    /// Follows some entries more; `true`: these were all.
    async fn follow_some(&self, organisation: &Organisation) -> Result<bool, Fault> {
        let mut most = FOLLOWED_ENTRIES;
        loop {
            match self.follow_a_page(organisation, most, Whole::All).await {
                Err(fault) if most > 1 && is_of_an_entry(&fault) => most /= 2,
                Err(fault) if is_of_an_entry(&fault) => {
                    return self.pass_over(organisation, &fault).await;
                }
                followed => return followed,
            }
        }
    }

    /// Passes over the next entry, of which something can't be read or written: the day is counted if it can be,
    /// and the person's file says that it lacks something.
    async fn pass_over(&self, organisation: &Organisation, fault: &Fault) -> Result<bool, Fault> {
        let passed = match self.follow_a_page(organisation, 1, Whole::WithoutPerson).await {
            Err(again) if is_of_an_entry(&again) => {
                self.follow_a_page(organisation, 1, Whole::Nothing).await?
            }
            passed => passed?,
        };
        tracing::error!(
            organisation = %organisation.id,
            %fault,
            "an entry of the audit trail can't be counted: the person's file says so"
        );
        Ok(passed)
    }

    async fn follow_a_page(
        &self,
        organisation: &Organisation,
        most: usize,
        whole: Whole,
    ) -> Result<bool, Fault> {
        let id = &organisation.id;
        for _ in 0..FOLLOW_TRIES_MAX {
            let followed = self.mark(id, MARK).await?;
            let after = followed.mark.as_ref().map_or(0, |mark| mark.number);
            let entries = self.store.audit(id, after, most).await?;
            let Some(last) = entries.last() else { return Ok(true) };
            let was_all = entries.len() < most;
            let mark = TrailMark { number: last.number, ..TrailMark::default() };
            let mut batch = Batch::new(self.stamp(GATEWAY)).put(followed.moved(&mark)?);
            let mut page = Page::new(self, organisation);
            for entry in &entries {
                match whole {
                    Whole::All => page.take(entry).await?,
                    Whole::WithoutPerson => page.take_without_person(entry, true).await?,
                    Whole::Nothing => page.take_without_person(entry, false).await?,
                }
            }
            batch.documents.extend(page.into_writes()?);
            match self.store.write(id, batch).await {
                Ok(()) => return Ok(was_all),
                // Another gateway follows as well, or a step was taken on one of the cases.
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        // Others follow: what they write is what this would have written.
        Ok(true)
    }
}

/// Whether a fault is in the data read or written, and not in the store's present state: trying again does not
/// help.
const fn is_of_an_entry(fault: &Fault) -> bool {
    matches!(
        fault,
        Fault::Store(StoreError::Refused(_) | StoreError::Locked(_) | StoreError::Corrupt(_))
    )
}

/// Whether a decision is one of a contact that came: repetitions and repeated decisions were counted before.
pub(super) fn counts(decided: &DecidedEntry) -> bool {
    let is_repeat = decided.rows.iter().any(|row| row.row == DecisionRow::Recorded);
    !is_repeat && !decided.flags.contains(&Flag::DecidedAgain)
}

/// The id of a person's month, `2026-11`.
pub(super) fn timeline_id(person: &str, month: &str) -> String {
    format!("{person} {month}")
}
