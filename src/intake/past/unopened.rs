//! Takes the place of a store that could not be opened, or is being reopened: refuses everything, and says why.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;

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
use crate::ports::past::BeforeReopening;
use crate::ports::trail_index::{IndexPage, TrailIndex};
use crate::ports::{
    Attachment, AuditTrail, Change, Commit, CommitRequest, Decisions, Deliveries, ItemFilter,
    JournalEntry, Past, PlainDecision, QueueCount, Queues, Register, Snapshot, Stamp, Store,
    StoreError,
};

/// A store that is not there, and why.
pub struct Unopened {
    why: String,
}

impl Unopened {
    pub fn store(why: String) -> Arc<dyn Store> {
        Arc::new(Unopened { why })
    }

    fn fault(&self) -> StoreError {
        StoreError::Behind(self.why.clone())
    }
}

#[async_trait]
impl Register for Unopened {
    async fn people(&self, _: &OrganisationId) -> Result<Snapshot, StoreError> {
        Err(self.fault())
    }

    async fn person(&self, _: &OrganisationId, _: &str) -> Result<Option<Arc<Person>>, StoreError> {
        Err(self.fault())
    }

    async fn people_page(
        &self,
        _: &OrganisationId,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Err(self.fault())
    }

    async fn restricted(
        &self,
        _: &OrganisationId,
        _: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Err(self.fault())
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        // Closed from the first: nothing will change.
        broadcast::channel(1).1
    }
}

#[async_trait]
impl Decisions for Unopened {
    async fn commit(&self, _: CommitRequest) -> Result<Commit, StoreError> {
        Err(self.fault())
    }

    async fn record_plain(&self, _: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        Err(self.fault())
    }

    async fn recorded(
        &self,
        _: &OrganisationId,
        _: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        Err(self.fault())
    }

    async fn first_recorded<'a>(
        &self,
        _: &OrganisationId,
        _: &'a [String],
    ) -> Result<Option<&'a str>, StoreError> {
        Err(self.fault())
    }

    async fn uncount(&self, _: &OrganisationId, _: &str) -> Result<(), StoreError> {
        Err(self.fault())
    }

    async fn attach(&self, _: &OrganisationId, _: &str, _: Attachment) -> Result<(), StoreError> {
        Err(self.fault())
    }

    async fn replay(&self, _: JournalEntry) -> Result<(), StoreError> {
        Err(self.fault())
    }

    async fn unnamed_days(&self, _: &OrganisationId) -> Result<BTreeSet<NaiveDate>, StoreError> {
        Err(self.fault())
    }
}

#[async_trait]
impl Queues for Unopened {
    async fn queues(&self, _: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        Err(self.fault())
    }

    async fn items(
        &self,
        _: &OrganisationId,
        _: &str,
        _: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        Err(self.fault())
    }

    async fn items_in_hand(
        &self,
        _: &OrganisationId,
        _: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        Err(self.fault())
    }

    async fn item(&self, _: &OrganisationId, _: &str) -> Result<Option<QueueItem>, StoreError> {
        Err(self.fault())
    }

    async fn replace_item(
        &self,
        _: &OrganisationId,
        _: &QueueItem,
        _: &QueueItem,
        _: Stamp,
        _: AuditEvent,
    ) -> Result<bool, StoreError> {
        Err(self.fault())
    }
}

#[async_trait]
impl AuditTrail for Unopened {
    async fn audit(
        &self,
        _: &OrganisationId,
        _: u64,
        _: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        Err(self.fault())
    }

    async fn search_audit(
        &self,
        _: &OrganisationId,
        _: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        Err(self.fault())
    }

    async fn append_audit(
        &self,
        _: &OrganisationId,
        _: Stamp,
        _: AuditEvent,
    ) -> Result<(), StoreError> {
        Err(self.fault())
    }
}

#[async_trait]
impl TrailIndex for Unopened {
    async fn index_marks(&self, _: &OrganisationId) -> Result<BTreeSet<String>, StoreError> {
        Err(self.fault())
    }

    async fn index_rows(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        Err(self.fault())
    }

    async fn unindexed(
        &self,
        _: &OrganisationId,
        _: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        Err(self.fault())
    }

    async fn index_days(&self, _: &OrganisationId) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        Err(self.fault())
    }
}

#[async_trait]
impl Deliveries for Unopened {
    async fn delivered(&self, _: &OrganisationId, _: &[String]) -> Result<Vec<bool>, StoreError> {
        Err(self.fault())
    }

    async fn remember_delivered(
        &self,
        _: &OrganisationId,
        _: Vec<String>,
        _: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        Err(self.fault())
    }
}

#[async_trait]
impl Documents for Unopened {
    async fn document(
        &self,
        _: &OrganisationId,
        _: &str,
        _: &str,
    ) -> Result<Option<Document>, StoreError> {
        Err(self.fault())
    }

    async fn documents(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Listing,
    ) -> Result<DocumentPage, StoreError> {
        Err(self.fault())
    }

    async fn places(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Listing,
    ) -> Result<PlacePage, StoreError> {
        Err(self.fault())
    }

    async fn count_places(
        &self,
        _: &OrganisationId,
        _: &str,
        _: Listing,
    ) -> Result<usize, StoreError> {
        Err(self.fault())
    }

    async fn write(&self, _: &OrganisationId, _: Batch) -> Result<(), WriteFault> {
        Err(self.fault().into())
    }
}

#[async_trait]
impl Past for Unopened {
    async fn trail_end(&self, _: &OrganisationId) -> Result<TrailEnd, StoreError> {
        Err(self.fault())
    }

    async fn put_nameplate(
        &self,
        _: &OrganisationId,
        _: Option<&Nameplate>,
        _: &Nameplate,
    ) -> Result<bool, StoreError> {
        Err(self.fault())
    }

    async fn damage(&self) -> Result<Option<String>, StoreError> {
        Ok(Some(self.why.clone()))
    }

    fn lost(&self) -> Option<String> {
        Some(self.why.clone())
    }

    /// There is nothing to let go of; it is tried again.
    fn abandon(&self) -> Option<BeforeReopening> {
        Some(Box::new(|| ()))
    }
}
