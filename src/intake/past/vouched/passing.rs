//! What a store does for one asker, passed on where the store is vouched for. What staff read is passed on always.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;

use super::Vouched;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{Nameplate, TrailEnd};
use crate::domain::person::Person;
use crate::domain::queue::QueueItem;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::documents::{
    Batch, Document, DocumentPage, Documents, Listing, PlacePage, WriteFault,
};
use crate::ports::past::Asker;
use crate::ports::trail_index::{IndexPage, TrailIndex};
use crate::ports::{
    Attachment, AuditTrail, Change, Commit, CommitRequest, Decisions, Deliveries, ItemFilter,
    ItemPlace, JournalEntry, Past, PlainDecision, QueueCount, Queues, Register, Snapshot, Stamp,
    Store, StoreError,
};

/// The store for one asker.
pub(super) struct Door {
    pub(super) guard: Arc<Vouched>,
    pub(super) asker: Asker,
}

impl Door {
    fn store(&self) -> Arc<dyn Store> {
        self.guard.store(self.asker)
    }

    async fn admit(&self, organisation: &OrganisationId) -> Result<(), StoreError> {
        self.guard.admit(organisation, self.asker).await
    }
}

#[async_trait]
impl Register for Door {
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        self.guard.everybody(organisation, self.asker).await
    }

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        self.store().person(organisation, id).await
    }

    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        self.store().people_page(organisation, after, limit).await
    }

    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        self.store().restricted(organisation, restriction).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.guard.followers.subscribe()
    }
}

#[async_trait]
impl Decisions for Door {
    async fn commit(&self, request: CommitRequest) -> Result<Commit, StoreError> {
        let organisation = request.organisation.clone();
        self.admit(&organisation).await?;
        let committed = self.store().commit(request).await;
        if let Err(StoreError::Behind(_)) = &committed {
            // The store itself has noticed: known before the decision is made without it.
            self.guard.verify(&organisation, self.asker).await?;
        }
        self.guard.passed(&organisation, committed)
    }

    async fn record_plain(&self, decisions: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        let mut admitted: Option<&OrganisationId> = None;
        for one in decisions.iter() {
            if admitted != Some(&one.organisation) {
                self.admit(&one.organisation).await?;
                admitted = Some(&one.organisation);
            }
        }
        let recorded = self.store().record_plain(Arc::clone(&decisions)).await;
        if let Err(error) = &recorded {
            for one in decisions.iter() {
                let _ = self.guard.passed::<()>(&one.organisation, Err(error.clone()));
            }
        }
        recorded
    }

    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        self.store().recorded(organisation, contact).await
    }

    async fn first_recorded<'a>(
        &self,
        organisation: &OrganisationId,
        contacts: &'a [String],
    ) -> Result<Option<&'a str>, StoreError> {
        self.store().first_recorded(organisation, contacts).await
    }

    async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        self.admit(organisation).await?;
        let done = self.store().uncount(organisation, contact).await;
        self.guard.passed(organisation, done)
    }

    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        self.admit(organisation).await?;
        let attached = self.store().attach(organisation, contact, attachment).await;
        self.guard.passed(organisation, attached)
    }

    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError> {
        let organisation = entry.organisation.clone();
        self.admit(&organisation).await?;
        let replayed = self.store().replay(entry).await;
        self.guard.passed(&organisation, replayed)
    }

    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        // A store that lost some of its records would name too few days.
        self.admit(organisation).await?;
        self.store().unnamed_days(organisation).await
    }
}

#[async_trait]
impl Queues for Door {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        self.store().queues(organisation).await
    }

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        self.store().items(organisation, queue, filter).await
    }

    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        self.store().items_in_hand(organisation, filter).await
    }

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError> {
        self.store().item(organisation, item).await
    }

    async fn item_places(
        &self,
        organisation: &OrganisationId,
        items: &[String],
    ) -> Result<Vec<ItemPlace>, StoreError> {
        self.store().item_places(organisation, items).await
    }

    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        // An item that a newer store has as released would be released once more.
        self.admit(organisation).await?;
        let replaced = self.store().replace_item(organisation, was, now, stamp, event).await;
        self.guard.passed(organisation, replaced)
    }
}

#[async_trait]
impl AuditTrail for Door {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.store().audit(organisation, after, limit).await
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        self.store().search_audit(organisation, search).await
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.admit(organisation).await?;
        let appended = self.store().append_audit(organisation, stamp, event).await;
        self.guard.passed(organisation, appended)
    }
}

#[async_trait]
impl TrailIndex for Door {
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.store().index_marks(organisation).await
    }

    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        self.store().index_rows(organisation, mark, after).await
    }

    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.store().unindexed(organisation, marks).await
    }

    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        self.store().index_days(organisation).await
    }
}

#[async_trait]
impl Deliveries for Door {
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        keys: &[String],
    ) -> Result<Vec<bool>, StoreError> {
        self.store().delivered(organisation, keys).await
    }

    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        keys: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.admit(organisation).await?;
        let remembered = self.store().remember_delivered(organisation, keys, at).await;
        self.guard.passed(organisation, remembered)
    }
}

#[async_trait]
impl Documents for Door {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.store().document(organisation, kind, id).await
    }

    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError> {
        self.store().documents(organisation, kind, listing).await
    }

    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError> {
        self.store().places(organisation, kind, listing).await
    }

    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError> {
        self.store().count_places(organisation, kind, listing).await
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault> {
        self.admit(organisation).await?;
        match self.store().write(organisation, batch).await {
            Err(WriteFault::Store(error)) => Ok(self.guard.passed(organisation, Err(error))?),
            written => written,
        }
    }
}

#[async_trait]
impl Past for Door {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        self.store().trail_end(organisation).await
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        self.store().put_nameplate(organisation, was, now).await
    }

    async fn damage(&self) -> Result<Option<String>, StoreError> {
        self.store().damage().await
    }

    fn lost(&self) -> Option<String> {
        self.store().lost()
    }

    fn is_behind(&self, organisation: &OrganisationId) -> bool {
        self.guard.is_behind(organisation, self.asker)
    }
}
