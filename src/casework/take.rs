//! Taking work: the oldest item that nobody has, and what somebody has taken.

use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemAction, ItemFault, ItemState, QueueItem};
use crate::ports::ItemFilter;
use crate::runtime::limits::{CLAIMED_LOOKED_AT_MAX, EXCERPT_CHARS_MAX, TAKE_TRIES_MAX};

use super::{Desk, Fault};

impl Desk {
    /// One item, on whatever queue it is.
    pub async fn item_anywhere(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<QueueItem, Fault> {
        self.store.item(organisation, item).await?.ok_or(Fault::NotFound("item"))
    }

    /// A decision on a contact, as recorded.
    pub async fn decision_on(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<Decision>, Fault> {
        Ok(self.store.recorded(organisation, contact).await?.map(|(decision, _)| decision))
    }

    /// Claims the oldest open item of a queue, if it has one. Callers at the same moment get different items.
    pub async fn take_next(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        by: &str,
    ) -> Result<Option<QueueItem>, Fault> {
        for _ in 0..TAKE_TRIES_MAX {
            let states = vec![ItemState::Open];
            let filter = ItemFilter { states, after: None, without_overdue: false, limit: 1 };
            let Some(first) = self.store.items(organisation, queue, filter).await?.pop() else {
                return Ok(None);
            };
            let claimed =
                self.work_item(organisation, queue, &first.id, ItemAction::Claim, by).await;
            match claimed {
                Ok(item) => return Ok(Some(item)),
                // Somebody was quicker: the next one.
                Err(
                    Fault::Item(ItemFault::ClaimedByAnother | ItemFault::Done(_))
                    | Fault::Moved { .. }
                    | Fault::Contended,
                ) => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(Fault::Contended)
    }

    /// What somebody has claimed and not finished, oldest first. Of each queue the first
    /// [`CLAIMED_LOOKED_AT_MAX`] items in hand are looked at.
    pub async fn in_hand(
        &self,
        organisation: &OrganisationId,
        by: &str,
    ) -> Result<Vec<QueueItem>, Fault> {
        self.held(organisation, |holder| holder == by).await
    }

    /// The same of everybody whose name fits.
    pub(super) async fn held(
        &self,
        organisation: &OrganisationId,
        fits: impl Fn(&str) -> bool + Send + Sync,
    ) -> Result<Vec<QueueItem>, Fault> {
        let mut mine = Vec::new();
        for count in self.store.queues(organisation).await? {
            if count.waiting == 0 {
                continue;
            }
            let states = vec![ItemState::Claimed, ItemState::Read];
            let filter = ItemFilter { states, ..ItemFilter::default() };
            let mut looked_at = 0;
            let looking = self.look_through(organisation, &count.queue, filter, |item| {
                if item.claimed_by.as_deref().is_some_and(&fits) {
                    mine.push(item.with_excerpt(EXCERPT_CHARS_MAX));
                }
                looked_at += 1;
                looked_at < CLAIMED_LOOKED_AT_MAX
            });
            looking.await?;
        }
        mine.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(mine)
    }
}
