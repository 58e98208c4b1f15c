//! The queues that staff work.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Stamp, StoreError};
use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemState, QueueItem};

/// Which items of a queue.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// Only items in these states; empty: those that are waiting.
    pub states: Vec<ItemState>,
    /// Only items after this one, in the order of the queue ([`QueueItem::place`], then by id).
    pub after: Option<String>,
    /// Without those already known to be overdue.
    pub without_overdue: bool,
    /// How many characters to return of each text; `None`: all.
    pub excerpt: Option<usize>,
    /// 0: as many as a page holds. A page never holds more than the store's bound; the end is an
    /// empty page.
    pub limit: usize,
}

/// A queue and how many items wait on it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QueueCount {
    pub queue: String,
    pub waiting: u64,
    /// When the oldest of them was made.
    pub oldest_at: Option<DateTime<Utc>>,
    /// How many of them nobody read, or took up, in time.
    pub overdue: u64,
}

impl ItemFilter {
    /// Whether items in this state match.
    pub fn wants(&self, state: ItemState) -> bool {
        if self.states.is_empty() { state.is_waiting() } else { self.states.contains(&state) }
    }

    /// The item with its texts cut as the filter asks.
    pub fn shown(&self, item: QueueItem) -> QueueItem {
        match self.excerpt {
            Some(most) => item.with_excerpt(most),
            None => item,
        }
    }
}

/// Where an item is, and in which state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPlace {
    pub id: String,
    pub queue: String,
    pub state: ItemState,
}

/// The queues that staff work.
#[async_trait]
pub trait Queues: Send + Sync {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError>;

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError>;

    /// Items of all queues that somebody has claimed or read but not finished, in the order of [`QueueItem::place`],
    /// then by id. The filter's `states` and `without_overdue` don't apply.
    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError>;

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError>;

    /// Where some items are, those that there are, in whatever order. Of a page's worth of them, which is asked for
    /// at once.
    async fn item_places(
        &self,
        organisation: &OrganisationId,
        items: &[String],
    ) -> Result<Vec<ItemPlace>, StoreError> {
        let mut places = Vec::new();
        for id in items {
            if let Some(item) = self.item(organisation, id).await? {
                places.push(ItemPlace { id: item.id, queue: item.queue, state: item.state });
            }
        }
        Ok(places)
    }

    /// Writes an item that was changed by staff, if it still is as it was read; `false`: somebody else changed it in
    /// the meantime. The audit event is committed with it.
    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError>;
}
