//! Looking at queues and their items.

use bytes::Bytes;
use tokio::sync::SemaphorePermit;

use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemState, QueueItem};
use crate::ports::ItemFilter;
pub use crate::ports::QueueCount;
use crate::runtime::limits::{
    EXCERPT_CHARS_MAX, LISTED_PIECE_ITEMS, PAGE_ITEMS_MAX, PAGE_PIECE_ITEMS,
};

use super::{Desk, Fault};

/// Some items of a queue, in its order: overdue first, then what resembles a safeguard lane, each oldest first.
#[derive(Debug, Clone)]
pub struct ItemPage {
    pub items: Vec<QueueItem>,
    /// What to give as `after` for the items that follow; `None`: these are all for now.
    pub next: Option<String>,
}

/// Which items of a queue are asked for.
#[derive(Debug, Clone, Default)]
pub struct ItemsWanted {
    /// Only items in these states; empty: those that are waiting.
    pub states: Vec<ItemState>,
    /// Only items after this one.
    pub after: Option<String>,
    /// At most so many, and at most [`PAGE_ITEMS_MAX`].
    pub limit: usize,
}

impl Desk {
    /// Every queue that has ever held an item, with how many wait on it.
    pub async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, Fault> {
        Ok(self.store.queues(organisation).await?)
    }

    /// Some items of a queue, each with the beginning of its text: it is read whole one item at a time.
    pub async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        wanted: ItemsWanted,
    ) -> Result<ItemPage, Fault> {
        let limit = wanted.limit.clamp(1, PAGE_ITEMS_MAX);
        let mut items: Vec<QueueItem> = Vec::new();
        let filter = ItemFilter {
            states: wanted.states,
            after: wanted.after,
            excerpt: Some(EXCERPT_CHARS_MAX),
            limit: limit.min(LISTED_PIECE_ITEMS),
            ..ItemFilter::default()
        };
        let looking = self.look_through(organisation, queue, filter, |item| {
            items.push(item);
            items.len() < limit
        });
        let next = looking.await?;
        Ok(ItemPage { items, next })
    }

    /// Passes the matching items of a queue to `look` until that returns `false`, and returns the id of the item at
    /// which it did. The filter's limit is the number read at once; whole items may hold long texts, so only a few of
    /// those are.
    pub(super) async fn look_through(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        mut filter: ItemFilter,
        mut look: impl FnMut(QueueItem) -> bool + Send,
    ) -> Result<Option<String>, Fault> {
        if filter.excerpt.is_none() || filter.limit == 0 {
            filter.limit = PAGE_PIECE_ITEMS;
        }
        loop {
            let _turn = self.page_turn().await;
            let found = self.store.items(organisation, queue, filter.clone()).await?;
            let is_last = found.len() < filter.limit;
            filter.after = found.last().map(|item| item.id.clone());
            for item in found {
                let id = item.id.clone();
                if !look(item) {
                    return Ok(Some(id));
                }
            }
            if is_last {
                return Ok(None);
            }
        }
    }

    /// Waits for a turn: only a few lists are made at once. The semaphore is never closed.
    pub(super) async fn page_turn(&self) -> Option<SemaphorePermit<'_>> {
        self.pages.acquire().await.ok()
    }

    /// A few items of a queue behind one, each whole, and behind which one the next begin.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn whole_items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        states: &[ItemState],
        after: Option<String>,
    ) -> Result<ItemPage, Fault> {
        let mut items = Vec::new();
        let filter = ItemFilter { states: states.to_vec(), after, ..ItemFilter::default() };
        let looking = self.look_through(organisation, queue, filter, |item| {
            items.push(item);
            items.len() < PAGE_PIECE_ITEMS
        });
        let next = looking.await?;
        Ok(ItemPage { items, next })
    }

    /// One item of a queue.
    ///
    /// # Errors
    /// [`Fault::Moved`] where the item is on another queue of the organisation.
    pub async fn item(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
    ) -> Result<QueueItem, Fault> {
        let item = self.store.item(organisation, item).await?.ok_or(Fault::NotFound("item"))?;
        if item.queue != queue {
            return Err(Fault::Moved { queue: item.queue });
        }
        Ok(item)
    }

    /// An item and its original as it came.
    pub async fn original(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
    ) -> Result<(QueueItem, Bytes), Fault> {
        let item = self.item(organisation, queue, item).await?;
        let reference = item.archived.as_deref().ok_or(Fault::NotFound("original"))?;
        let original = self.archive.fetch(organisation, reference).await?;
        Ok((item, original))
    }
}
