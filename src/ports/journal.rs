//! Decisions and notes made while the store was away.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::StoreError;
use super::decisions::JournalEntry;
use crate::domain::organisation::OrganisationId;
use crate::domain::outbound::OutboundEntry;

/// An entry of the trail about a message on its way out, with the time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboundNote {
    pub organisation: OrganisationId,
    pub entry: OutboundEntry,
    pub at: DateTime<Utc>,
}

/// Decisions made while the store was away, on the local disk until the store has them.
///
/// Replaying: `pending`, [`Decisions::replay`](super::Decisions::replay) each, `done` or `rejected` each, until nothing
/// is pending.
/// Notes on outgoing mail have pages of their own, numbered in the same sequence.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entry is on disk, synced, when this returns.
    async fn append(&self, entry: JournalEntry) -> Result<(), StoreError>;

    /// The oldest entries that are not done, with their numbers, in the order of their writing. A
    /// page, not all: ask again until it is empty.
    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError>;

    /// As [`Journal::append`], for a note on outgoing mail.
    async fn append_outbound(&self, note: OutboundNote) -> Result<(), StoreError>;

    /// As [`Journal::pending`], for notes on outgoing mail.
    async fn pending_outbound(&self) -> Result<Vec<(u64, OutboundNote)>, StoreError>;

    /// What keeps it from accepting entries, now or as soon as the disk is full, or from replaying them;
    /// `None`: nothing.
    fn fault(&self) -> Option<String> {
        None
    }

    /// The store has this entry. An entry whose mark is lost in a crash is pending again, which a
    /// replay makes harmless.
    async fn done(&self, number: u64) -> Result<(), StoreError>;

    /// The store is there and does not take this entry. It stays, as a fault of the journal, and pages leave it out
    /// until [`Journal::try_rejected`], so that it keeps no other waiting.
    async fn rejected(&self, number: u64, why: String) -> Result<(), StoreError>;

    /// Pages have every entry again: what the store did not take may have been put right.
    async fn try_rejected(&self) -> Result<(), StoreError>;
}
