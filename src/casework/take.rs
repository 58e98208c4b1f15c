//! Taking work: the oldest item that nobody has, and what somebody has taken.

use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemAction, ItemFault, ItemState, QueueItem};
use crate::ports::ItemFilter;
use crate::runtime::limits::{
    EXCERPT_CHARS_MAX, IN_HAND_LOOKED_AT_MAX, LISTED_PIECE_ITEMS, TAKE_TRIES_MAX,
};

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
            let filter = ItemFilter { states, limit: 1, ..ItemFilter::default() };
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

    /// What somebody has claimed and not finished, oldest first; among the first [`IN_HAND_LOOKED_AT_MAX`] items in
    /// hand.
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
        let (mut theirs, mut after, mut looked_at) = (Vec::new(), None, 0);
        while looked_at < IN_HAND_LOOKED_AT_MAX {
            let filter = ItemFilter {
                after,
                excerpt: Some(EXCERPT_CHARS_MAX),
                limit: LISTED_PIECE_ITEMS,
                ..ItemFilter::default()
            };
            let _turn = self.page_turn().await;
            let found = self.store.items_in_hand(organisation, filter).await?;
            looked_at += found.len();
            let is_last = found.len() < LISTED_PIECE_ITEMS;
            after = found.last().map(|item| item.id.clone());
            theirs.extend(
                found.into_iter().filter(|item| item.claimed_by.as_deref().is_some_and(&fits)),
            );
            if is_last {
                break;
            }
        }
        theirs.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        Ok(theirs)
    }
}
