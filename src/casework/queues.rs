//! Looking at queues and their items.

use bytes::Bytes;

use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemState, QueueItem};
use crate::ports::ItemFilter;
pub use crate::ports::QueueCount;
use crate::runtime::limits::{EXCERPT_CHARS_MAX, PAGE_ITEMS_MAX, PAGE_PIECE_ITEMS};

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
        let filter =
            ItemFilter { states: wanted.states, after: wanted.after, ..ItemFilter::default() };
        let looking = self.look_through(organisation, queue, filter, |item| {
            items.push(item.with_excerpt(EXCERPT_CHARS_MAX));
            items.len() < limit
        });
        let next = looking.await?;
        Ok(ItemPage { items, next })
    }

    /// Looks at the items of a queue that a filter lets through, whatever its limit, until `look` says that it has seen
    /// enough: where it went no further. Of whole items, which may hold a text each, only a few are in memory at a time.
    pub(super) async fn look_through(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        mut filter: ItemFilter,
        mut look: impl FnMut(QueueItem) -> bool + Send,
    ) -> Result<Option<String>, Fault> {
        filter.limit = PAGE_PIECE_ITEMS;
        loop {
            // The semaphore is never closed.
            let _turn = self.pages.acquire().await.ok();
            let found = self.store.items(organisation, queue, filter.clone()).await?;
            let is_last = found.len() < PAGE_PIECE_ITEMS;
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
