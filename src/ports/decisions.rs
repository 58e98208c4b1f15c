//! The atomic heart: one contact decided and committed with all that goes with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Allowance, StoreError};
use crate::domain::audit::DecidedEntry;
use crate::domain::decision::Decision;
use crate::domain::ledger::{Additions, Ledger};
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;

/// One contact of a person with restrictions, to be decided and committed in one atomic step.
pub struct CommitRequest {
    pub organisation: OrganisationId,
    pub contact: String,
    /// SHA-256 of the content behind the id, to notice the same id with different content.
    pub digest: [u8; 32],
    /// `None`: a sender about whom nothing is counted (doubtful, ambiguous).
    pub person: Option<String>,
    /// Other records of the same person: their history is decided on as well, and nothing added.
    pub also: Vec<String>,
    /// Whether the decision needs earlier contacts.
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
    /// recorded: then what it returned is not used. [`Committed::decision`] is what counts. Where it
    /// withholds, nothing is written.
    pub decide: Arc<Decider>,
}

/// Decides one contact on its person's history.
pub type Decider = dyn Fn(&Ledger) -> Result<Settled, Withheld> + Send + Sync;

/// Why a decider has nothing written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Withheld {
    /// What it decided keeps the contact's original, which is not kept yet. The same works once it is.
    OriginalWanted(Allowance),
    /// On this ledger there is nothing to write: the contact stays as it is, or the ledger was only to be
    /// looked at.
    NothingToWrite,
}

/// What a decider hands to the store to commit.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Settled {
    pub decision: Decision,
    pub additions: Additions,
    pub item: Option<QueueItem>,
    pub audit: DecidedEntry,
}

/// What came of a commit.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "nearly always the large one, and matched at once")]
pub enum Commit {
    /// The contact is decided, now or before.
    Committed(Committed),
    /// The decider had nothing written, on the ledger as it is.
    Withheld(Withheld),
}

impl Commit {
    /// What was committed; `None`: it was withheld.
    pub fn committed(self) -> Option<Committed> {
        match self {
            Commit::Committed(committed) => Some(committed),
            Commit::Withheld(_) => None,
        }
    }
}

impl From<Committed> for Commit {
    fn from(committed: Committed) -> Self {
        Commit::Committed(committed)
    }
}

impl From<Withheld> for Commit {
    fn from(withheld: Withheld) -> Self {
        Commit::Withheld(withheld)
    }
}

/// The decision on record for a contact.
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
    async fn commit(&self, request: CommitRequest) -> Result<Commit, StoreError>;

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

    /// Commits decisions made while the store was away. Exactly once: where the contact's id is
    /// recorded already, nothing is written.
    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError>;

    /// The days of which the store still holds a contact of nobody on record: a decision, a queue item or an entry of
    /// the trail. Reads all of these, so that no record under a day's key is missed.
    ///
    /// # Errors
    /// Also fails if a record can't be read, since its day is then unknown.
    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError>;
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

/// A contact that was decided, whole: all that a store writes for it.
#[derive(Clone, Serialize, Deserialize)]
pub struct JournalEntry {
    pub organisation: OrganisationId,
    pub contact: String,
    /// As [`CommitRequest::digest`](super::CommitRequest).
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
