//! Looking at queues and their items.

use bytes::Bytes;
use chrono::{DateTime, Utc};

use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemState, QueueItem};
use crate::ports::ItemFilter;
use crate::runtime::limits::PAGE_ITEMS_MAX;

use super::{Desk, Fault};

/// A queue and how many items wait on it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct QueueCount {
    pub queue: String,
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest_at: Option<DateTime<Utc>>,
}

/// Some items of a queue, oldest first.
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
        let queues = self.store.queues(organisation).await?;
        Ok(queues
            .into_iter()
            .map(|count| QueueCount {
                queue: count.queue,
                waiting: count.waiting,
                oldest_at: count.oldest_at,
            })
            .collect())
    }

    pub async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        wanted: ItemsWanted,
    ) -> Result<ItemPage, Fault> {
        let limit = wanted.limit.clamp(1, PAGE_ITEMS_MAX);
        let filter = ItemFilter { states: wanted.states, after: wanted.after, limit };
        let items = self.store.items(organisation, queue, filter).await?;
        let next =
            (items.len() == limit).then(|| items.last().map(|item| item.id.clone())).flatten();
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
