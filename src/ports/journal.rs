//! Decisions made while the store was away.

use async_trait::async_trait;

use super::StoreError;
use super::decisions::JournalEntry;

/// Decisions made while the store was away, on the local disk until the store has them.
///
/// Replaying: `pending`, [`Decisions::replay`](super::Decisions::replay) each, `done` each, until nothing is pending.
#[async_trait]
pub trait Journal: Send + Sync {
    /// The entry is on disk, synced, when this returns.
    async fn append(&self, entry: JournalEntry) -> Result<(), StoreError>;

    /// The oldest entries that are not done, with their numbers, in the order of their writing. A
    /// page, not all: ask again until it is empty.
    async fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError>;

    /// What keeps it from accepting entries, now or as soon as the disk is full, or from replaying them;
    /// `None`: nothing.
    fn fault(&self) -> Option<String> {
        None
    }

    /// The store has this entry. An entry whose mark is lost in a crash is pending again, which a
    /// replay makes harmless.
    async fn done(&self, number: u64) -> Result<(), StoreError>;
}
