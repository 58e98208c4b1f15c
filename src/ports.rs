//! What intake and casework need of the outside: small dyn-safe traits over domain types.
//!
//! Adapters live in `store` and `forward`; only `app` wires them. One error type says whether
//! trying again makes sense.

pub mod archive;
pub mod clock;
pub mod dead_letters;
pub mod documents;
pub mod message;
pub mod past;
pub mod portable;
pub mod relay;

pub use archive::{Archive, ArchiveIdentity, Original, OriginalFault, OriginalTrouble};
pub use clock::{Clock, SteadyClock, SystemClock};
pub use documents::Documents;
pub use past::Past;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use crate::domain::audit::{AuditEntry, AuditEvent, DecidedEntry};
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::ledger::{Additions, Ledger};
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::{ItemState, QueueItem};

/// Trouble of a store or archive. The text never holds an address or a body.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Away, slow, full or failing over: the same call may work later.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The stored bytes are not what was written: trying again does not help.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// The store is not, or not yet again, what it was known to be: nothing is written before an
    /// operator has accepted it, or a newer one is there.
    #[error("the store is behind what was known of it: {0}")]
    Behind(String),
    /// The call itself can't be carried out.
    #[error("{0}")]
    Refused(String),
    /// A kept original can't be had as it was kept: trying again does not help before somebody has
    /// looked at the archive.
    #[error("{0}")]
    Original(OriginalFault),
    /// What was decided keeps the contact's original, which is not kept yet ([`CommitRequest`]):
    /// nothing was committed. The same works once it is.
    #[error("the contact's original is not kept yet")]
    OriginalWanted,
}

impl StoreError {
    pub const fn is_retryable(&self) -> bool {
        matches!(self, StoreError::Unavailable(_) | StoreError::Behind(_))
    }
}

/// A change to an organisation's people, announced to every gateway on the store.
#[derive(Debug, Clone)]
pub enum Change {
    /// The person's record is now this.
    Put(OrganisationId, Arc<Person>),
    /// The person's record is gone.
    Removed(OrganisationId, String),
    /// Changes were missed: load the organisation's people again.
    Gap(OrganisationId),
}

/// All people of an organisation at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub people: Vec<Arc<Person>>,
}

/// The people and their restrictions, kept by the store and followed by every gateway.
#[async_trait]
pub trait Register: Send + Sync {
    /// Everybody on record. Subscribe first, then load: a change is then seen at least once.
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError>;

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError>;

    /// Writes people, all or none, and tells every gateway. Idempotent by person id.
    /// The audit event is committed with them.
    async fn put_people(
        &self,
        organisation: &OrganisationId,
        people: Vec<Person>,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError>;

    /// The changes from now on. A lagging receiver treats the lag as [`Change::Gap`].
    fn changes(&self) -> broadcast::Receiver<Change>;
}

/// Who did something, and when.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// One contact of a person with restrictions, to be decided and committed in one atomic step.
pub struct CommitRequest {
    pub organisation: OrganisationId,
    pub contact: String,
    /// SHA-256 of the content behind the id, to notice the same id with different content.
    pub digest: [u8; 32],
    /// `None`: a sender about whom nothing is counted (doubtful, ambiguous).
    pub person: Option<String>,
    /// Whether the decision needs what was received before.
    pub needs_received: bool,
    /// Entries counted before this instant can't matter to any quota.
    pub counted_since: DateTime<Utc>,
    /// When the decision is made, for the audit trail.
    pub at: DateTime<Utc>,
    /// Keep nothing: only the answer is wanted.
    pub preview: bool,
    /// Decides on the ledger. Called when what it returns is to be written now, not sooner: where a
    /// commit fails, the last that it returned may have been written. May be called more than once,
    /// and on a ledger that turns out to be another one, or for an id that turns out to be
    /// recorded: then what it returned is not used. [`Committed::decision`] is what counts. An error
    /// of it is the commit's: nothing is written.
    pub decide: Arc<Decider>,
}

/// Decides one contact on what is remembered of its person.
pub type Decider = dyn Fn(&Ledger) -> Result<Settled, StoreError> + Send + Sync;

/// What a decider hands to the store to commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settled {
    pub decision: Decision,
    pub additions: Additions,
    pub item: Option<QueueItem>,
    pub audit: DecidedEntry,
}

/// What the store answers to a commit.
#[derive(Debug, Clone)]
pub struct Committed {
    pub decision: Decision,
    /// The id was known: the decision is the recorded one, and nothing was changed.
    pub repeated: bool,
    /// The id was known with other content.
    pub conflicting: bool,
}

/// A decision on a contact of somebody without restrictions: recorded without being waited for.
#[derive(Debug, Clone)]
pub struct PlainDecision {
    pub organisation: OrganisationId,
    pub contact: String,
    pub digest: [u8; 32],
    pub at: DateTime<Utc>,
    pub decision: Decision,
    pub audit: DecidedEntry,
}

/// The atomic heart: decisions, counters, history, queue items, audit entries.
#[async_trait]
pub trait Decisions: Send + Sync {
    /// Decides and records one contact: recorded decision by id, all quotas or none, history,
    /// queue item and audit entry, in one atomic durable step.
    async fn commit(&self, request: CommitRequest) -> Result<Committed, StoreError>;

    /// Records decisions on unrestricted contacts, idempotent by id.
    async fn record_plain(&self, decisions: Arc<[PlainDecision]>) -> Result<(), StoreError>;

    /// The decision recorded for a contact id, with the digest of its content.
    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError>;

    /// Which of these contact ids is the first that is recorded. A store that is asked over a
    /// network answers in one step.
    async fn first_recorded<'a>(
        &self,
        organisation: &OrganisationId,
        contacts: &'a [String],
    ) -> Result<Option<&'a str>, StoreError> {
        for contact in contacts {
            if self.recorded(organisation, contact).await?.is_some() {
                return Ok(Some(contact));
            }
        }
        Ok(None)
    }

    /// Takes back what a contact counted, and its trace for comparison, once: the form's own
    /// handler refused the submission, so that it never arrived. The decision and its audit entry
    /// stay.
    async fn uncount(&self, organisation: &OrganisationId, contact: &str)
    -> Result<(), StoreError>;

    /// Attaches a file kept later (a voicemail) or an outcome to the contact's queue item.
    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError>;

    /// Commits what was decided while the store was away. Exactly once: where the contact's id is
    /// recorded already, nothing is written.
    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError>;
}

/// A contact that was decided, whole: all that a store writes for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct JournalEntry {
    pub organisation: OrganisationId,
    pub contact: String,
    /// As [`CommitRequest::digest`].
    pub digest: [u8; 32],
    /// `None`: nothing is counted or remembered of anybody, whatever `settled` adds.
    pub person: Option<String>,
    /// When the decision was made.
    pub at: DateTime<Utc>,
    pub settled: Settled,
}

/// A decision on an unrestricted contact counts and remembers nothing.
impl From<PlainDecision> for JournalEntry {
    fn from(plain: PlainDecision) -> Self {
        JournalEntry {
            organisation: plain.organisation,
            contact: plain.contact,
            digest: plain.digest,
            person: None,
            at: plain.at,
            settled: Settled {
                decision: plain.decision,
                additions: Additions::default(),
                item: None,
                audit: plain.audit,
            },
        }
    }
}

/// Shows only the ids: a queue item may hold a text.
impl std::fmt::Debug for JournalEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "JournalEntry({}, {})", self.organisation, self.contact)
    }
}

/// What was decided while the store was away, on the local disk until the store has it.
///
/// Putting right: `pending`, [`Decisions::replay`] each, `done` each, until nothing is pending.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entry is on disk, synced, when this returns.
    async fn append(&self, entry: JournalEntry) -> Result<(), StoreError>;

    /// The oldest entries that are not done, with their numbers, in the order of their writing. A
    /// page, not all: ask again until it is empty.
    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError>;

    /// What keeps it from taking entries, now or as soon as the disk is full; `None`: nothing.
    fn fault(&self) -> Option<String> {
        None
    }

    /// The store has this entry. An entry whose mark is lost in a crash is pending again, which a
    /// replay makes harmless.
    async fn done(&self, number: u64) -> Result<(), StoreError>;
}

/// Something learnt about a contact after it was decided.
#[derive(Debug, Clone)]
pub struct Attachment {
    /// What it is: `voicemail`, `outcome`, `duration`.
    pub name: String,
    pub value: String,
    /// Put the item on this queue if the contact has none yet.
    pub item: Option<QueueItem>,
}

/// Which items of a queue.
#[derive(Debug, Clone, Default)]
pub struct ItemFilter {
    /// Only items in these states; empty: those that are waiting.
    pub states: Vec<ItemState>,
    /// Only items after this one, in the order of the queue (oldest first, then by id).
    pub after: Option<String>,
    /// 0: as many as a page holds. A page never holds more than the store's bound; the end is an
    /// empty page.
    pub limit: usize,
}

/// A queue and how many items wait on it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct QueueCount {
    pub queue: String,
    pub waiting: u64,
    pub oldest_at: Option<DateTime<Utc>>,
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

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError>;

    /// Writes an item that was changed by staff, if it still is as it was read; `false`: somebody
    /// else changed it meanwhile. The audit event is committed with it.
    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError>;
}

/// The audit trail.
#[async_trait]
pub trait AuditTrail: Send + Sync {
    /// Entries after a number, oldest first, at most `limit` and never more than a page of the
    /// store; the end is an empty page.
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError>;
}

/// What downstream has taken, so that a retry does not send it again.
#[async_trait]
pub trait Deliveries: Send + Sync {
    /// Which of these delivery keys (contact id + recipient) are done.
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        keys: &[String],
    ) -> Result<Vec<bool>, StoreError>;

    /// Remembers that downstream took them.
    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        keys: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError>;
}

/// What a store must be: all of it, on one atomic and durable ground.
pub trait Store:
    Register + Decisions + Queues + AuditTrail + Deliveries + Documents + Past
{
}

impl<T: Register + Decisions + Queues + AuditTrail + Deliveries + Documents + Past> Store for T {}

/// A message that the gateway itself writes: a notice to a sender, or a copy to a route's mailbox.
#[derive(Clone)]
pub struct OwnMail {
    pub organisation: OrganisationId,
    /// The message's id is made of this key: the same key again is the same message.
    pub key: String,
    pub kind: OwnMailKind,
    pub to: String,
    pub subject: String,
    pub text: String,
    /// The Message-ID that it answers, and the references to carry.
    pub in_reply_to: Option<String>,
    /// The original, carried as an attachment inside the organisation (never to a sender).
    pub original: Option<Bytes>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnMailKind {
    /// To a limited sender: null reverse-path, `Auto-Submitted: auto-replied` (RFC 3834).
    Notice,
    /// To a mailbox of the organisation.
    Internal,
}

/// Sends the gateway's own mail.
#[async_trait]
pub trait Mailer: Send + Sync {
    async fn send(&self, mail: OwnMail) -> Result<(), StoreError>;
}

/// Hands a kept original to its recipients, once: what a release does.
#[async_trait]
pub trait Release: Send + Sync {
    async fn release(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), StoreError>;
}

/// The outcome of a contact submitted through [`Decide`].
#[derive(Debug, Clone)]
pub struct Decided {
    pub decision: Decision,
    /// The id was decided before: this is the recorded decision, nothing was counted.
    pub repeated: bool,
    /// The id was decided before, with other content.
    pub conflicting: bool,
    /// The decision is on disk. `false`: the caller must try again.
    pub durable: bool,
}

/// The way in, as casework sees it: staff log a letter, a visit, a post, a chat.
#[async_trait]
pub trait Decide: Send + Sync {
    /// Decides and records one contact. `digest` is the SHA-256 of the content behind its id.
    async fn receive(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
        digest: [u8; 32],
    ) -> Decided;

    /// What would be decided now; changes nothing. While the store is away, what a contact would be
    /// given meanwhile.
    ///
    /// # Errors
    /// `Refused`: there is no such organisation.
    async fn preview(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, StoreError>;
}
