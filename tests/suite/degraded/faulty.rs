//! A store and an archive that fail as they are told to.

mod index;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, NaiveDate, Utc};
use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::decision::Decision;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::past::{Nameplate, TrailEnd};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::audit_trail::{TrailPage, TrailSearch};
use contact_gateway::ports::documents::{
    Batch, Document, DocumentPage, DocumentWrite, Documents, Listing, PlacePage, WriteFault,
};
use contact_gateway::ports::{
    Archive, Attachment, AuditTrail, Change, Commit, CommitRequest, Decisions, Deliveries,
    FetchError, ItemFilter, JournalEntry, Keep, Original, Owner, Past, PlainDecision, QueueCount,
    Queues, Register, Snapshot, Stamp, Store, StoreError,
};
use contact_gateway::runtime::limits::STORE_COMMIT_WAIT;
use tokio::sync::{Notify, broadcast};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    None,
    Away,
    Hangs,
    /// Does what it is asked, after a second.
    Slow,
    Corrupt,
    /// Every decider that is handed in panics inside the store.
    DeciderPanics,
}

pub struct Faulty {
    pub inner: Arc<dyn Store>,
    trouble: Mutex<Trouble>,
    calls: AtomicUsize,
    largest_page: AtomicUsize,
    /// How many calls it still answers before it is away.
    answers: AtomicUsize,
    /// Whether it then never answers again, as for a process that was killed.
    dies: AtomicBool,
    died: Notify,
    case_files: AtomicUsize,
    /// Refuses writes of this kind of document.
    refused: Mutex<Option<&'static str>>,
    /// Rejects replays of contacts whose ids begin so.
    rejected: Mutex<Option<&'static str>>,
    /// Runs while days are being read.
    meanwhile: Mutex<Option<Others>>,
    /// Runs while a document of this kind is being read.
    aside: Mutex<Option<(&'static str, Others)>>,
}

/// What others do in the middle of a call.
type Others = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Faulty {
    pub fn over(inner: Arc<dyn Store>) -> Arc<Self> {
        let trouble = Mutex::new(Trouble::None);
        Arc::new(Faulty {
            inner,
            trouble,
            calls: AtomicUsize::new(0),
            largest_page: AtomicUsize::new(0),
            answers: AtomicUsize::new(usize::MAX),
            dies: AtomicBool::new(false),
            died: Notify::new(),
            case_files: AtomicUsize::new(0),
            refused: Mutex::new(None),
            rejected: Mutex::new(None),
            meanwhile: Mutex::new(None),
            aside: Mutex::new(None),
        })
    }

    /// Runs this once days were read, before the reader gets them.
    pub fn while_days_are_read(&self, others: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::pin(others));
    }

    /// Runs this once a document of a kind was read, before the reader gets it.
    pub fn while_one_is_read(
        &self,
        kind: &'static str,
        others: impl Future<Output = ()> + Send + 'static,
    ) {
        *self.aside.lock().unwrap() = Some((kind, Box::pin(others)));
    }

    /// Answers so many calls more, and none after them.
    pub fn ends_after(&self, calls: usize) {
        self.answers.store(calls, Ordering::SeqCst);
    }

    /// Whoever uses it is killed at the call after so many more: that one is never made, and none behind it.
    pub fn kills_after(&self, calls: usize) {
        self.dies.store(true, Ordering::SeqCst);
        self.ends_after(calls);
    }

    /// Ends once whoever uses it was killed.
    pub async fn killed(&self) {
        self.died.notified().await;
    }

    /// How often it was called.
    pub fn accesses(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// How many case files were read, or looked for.
    pub fn case_files(&self) -> usize {
        self.case_files.load(Ordering::SeqCst)
    }

    /// The most items that were read at once.
    pub fn largest_page(&self) -> usize {
        self.largest_page.load(Ordering::SeqCst)
    }

    pub fn has(&self, trouble: Trouble) {
        *self.trouble.lock().unwrap() = trouble;
    }

    /// Refuses batches that contain a document of this kind.
    pub fn refuses(&self, kind: Option<&'static str>) {
        *self.refused.lock().unwrap() = kind;
    }

    /// Rejects replays of contacts whose ids begin so, for good.
    pub fn rejects(&self, beginning: Option<&'static str>) {
        *self.rejected.lock().unwrap() = beginning;
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().unwrap()
    }

    async fn pass(&self) -> Result<(), StoreError> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let less = |left: usize| left.checked_sub(1);
        if self.answers.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_err() {
            if self.dies.load(Ordering::SeqCst) {
                self.died.notify_one();
                std::future::pending::<()>().await;
            }
            return Err(StoreError::Unavailable("it has ended".to_owned()));
        }
        match self.trouble() {
            Trouble::None | Trouble::DeciderPanics => Ok(()),
            Trouble::Away => Err(StoreError::Unavailable("told to be away".to_owned())),
            Trouble::Corrupt => Err(StoreError::Corrupt("told to be corrupt".to_owned())),
            Trouble::Slow => {
                tokio::time::sleep(Duration::from_secs(1)).await;
                Ok(())
            }
            Trouble::Hangs => {
                tokio::time::sleep(STORE_COMMIT_WAIT * 10).await;
                Err(StoreError::Unavailable("told to hang".to_owned()))
            }
        }
    }
}

#[async_trait]
impl Register for Faulty {
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        self.pass().await?;
        self.inner.people(organisation).await
    }

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        self.pass().await?;
        self.inner.person(organisation, id).await
    }

    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        self.pass().await?;
        self.inner.people_page(organisation, after, limit).await
    }

    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        self.pass().await?;
        self.inner.restricted(organisation, restriction).await
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.inner.changes()
    }
}

#[async_trait]
impl Decisions for Faulty {
    async fn commit(&self, mut request: CommitRequest) -> Result<Commit, StoreError> {
        self.pass().await?;
        if self.trouble() == Trouble::DeciderPanics {
            request.decide = Arc::new(|_| panic!("told to panic"));
        }
        self.inner.commit(request).await
    }

    async fn record_plain(&self, decisions: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        self.pass().await?;
        self.inner.record_plain(decisions).await
    }

    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        self.pass().await?;
        self.inner.recorded(organisation, contact).await
    }

    async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        self.pass().await?;
        self.inner.uncount(organisation, contact).await
    }

    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        self.pass().await?;
        self.inner.attach(organisation, contact, attachment).await
    }

    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.pass().await?;
        let rejected = *self.rejected.lock().unwrap();
        if rejected.is_some_and(|beginning| entry.contact.starts_with(beginning)) {
            return Err(StoreError::Refused("told to reject it".to_owned()));
        }
        self.inner.replay(entry).await
    }

    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        self.pass().await?;
        let days = self.inner.unnamed_days(organisation).await;
        let others = self.meanwhile.lock().unwrap().take();
        if let Some(others) = others {
            others.await;
        }
        days
    }
}

#[async_trait]
impl Queues for Faulty {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        self.pass().await?;
        self.inner.queues(organisation).await
    }

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        self.pass().await?;
        let items = self.inner.items(organisation, queue, filter).await?;
        self.largest_page.fetch_max(items.len(), Ordering::SeqCst);
        Ok(items)
    }

    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        self.pass().await?;
        self.inner.items_in_hand(organisation, filter).await
    }

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError> {
        self.pass().await?;
        self.inner.item(organisation, item).await
    }

    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        self.pass().await?;
        self.inner.replace_item(organisation, was, now, stamp, event).await
    }
}

#[async_trait]
impl AuditTrail for Faulty {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        self.pass().await?;
        self.inner.audit(organisation, after, limit).await
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        self.pass().await?;
        self.inner.search_audit(organisation, search).await
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.pass().await?;
        self.inner.append_audit(organisation, stamp, event).await
    }
}

#[async_trait]
impl Deliveries for Faulty {
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        keys: &[String],
    ) -> Result<Vec<bool>, StoreError> {
        self.pass().await?;
        self.inner.delivered(organisation, keys).await
    }

    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        keys: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.pass().await?;
        self.inner.remember_delivered(organisation, keys, at).await
    }
}

#[async_trait]
impl Past for Faulty {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        self.pass().await?;
        self.inner.trail_end(organisation).await
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        self.pass().await?;
        self.inner.put_nameplate(organisation, was, now).await
    }
}

/// An archive whose disk is full.
pub struct FullDisk;

#[async_trait]
impl Archive for FullDisk {
    async fn keep(
        &self,
        _: &OrganisationId,
        _: Owner<'_>,
        _: Original,
    ) -> Result<Keep, StoreError> {
        Err(StoreError::Unavailable("the disk is full".to_owned()))
    }

    async fn fetch(&self, _: &OrganisationId, _: &str) -> Result<Bytes, FetchError> {
        Err(StoreError::Unavailable("the disk is full".to_owned()).into())
    }

    async fn discard(&self, _: &OrganisationId, _: &str) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Documents for Faulty {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        self.pass().await?;
        self.case_files.fetch_add(usize::from(kind == "case"), Ordering::SeqCst);
        let document = self.inner.document(organisation, kind, id).await;
        let others = self.aside.lock().unwrap().take_if(|(of, _)| *of == kind);
        if let Some((_, others)) = others {
            others.await;
        }
        document
    }

    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError> {
        self.pass().await?;
        let page = self.inner.documents(organisation, kind, listing).await?;
        let found = if kind == "case" { page.documents.len() } else { 0 };
        self.case_files.fetch_add(found, Ordering::SeqCst);
        Ok(page)
    }

    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError> {
        self.pass().await?;
        self.inner.places(organisation, kind, listing).await
    }

    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError> {
        self.pass().await?;
        self.inner.count_places(organisation, kind, listing).await
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault> {
        self.pass().await?;
        let refused = *self.refused.lock().unwrap();
        let is_refused = |write: &DocumentWrite| match write {
            DocumentWrite::Put(document) => Some(document.kind.as_str()) == refused,
            DocumentWrite::Remove { .. } => false,
        };
        if batch.documents.iter().any(is_refused) {
            return Err(StoreError::Refused("told to refuse it".to_owned()).into());
        }
        self.inner.write(organisation, batch).await
    }
}
