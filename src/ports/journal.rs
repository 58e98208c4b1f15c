//! What was decided while the store was away.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{PlainDecision, Settled, StoreError};
use crate::domain::ledger::Additions;
use crate::domain::organisation::OrganisationId;

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

/// What was decided while the store was away, on the local disk until the store has it.
///
/// Putting right: `pending`, [`Decisions::replay`](super::Decisions::replay) each, `done` each, until nothing is pending.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entry is on disk, synced, when this returns.
    async fn append(&self, entry: JournalEntry) -> Result<(), StoreError>;

    /// The oldest entries that are not done, with their numbers, in the order of their writing. A
    /// page, not all: ask again until it is empty.
    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError>;

    /// What keeps it from taking entries, now or as soon as the disk is full, or entries from being put right;
    /// `None`: nothing.
    fn fault(&self) -> Option<String> {
        None
    }

    /// The store has this entry. An entry whose mark is lost in a crash is pending again, which a
    /// replay makes harmless.
    async fn done(&self, number: u64) -> Result<(), StoreError>;
}
