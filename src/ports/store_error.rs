//! Trouble of a store.

use std::path::Path;

/// Trouble of a store or archive. The text never holds an address or a body.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// Away, slow, full or failing over: the same call may work later.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The stored bytes differ from those written: trying again does not help.
    #[error("the store holds something unreadable: {0}")]
    Corrupt(String),
    /// The store is not, or not yet again, what it was known to be: nothing is written before an
    /// operator has accepted it, or a newer one is there.
    #[error("the store is older than last seen: {0}")]
    Behind(String),
    /// The stored record needs a key that this gateway does not have, or a later version of it.
    #[error("{0}")]
    Locked(String),
    /// The stored record was about somebody who was erased: its key is destroyed, for good.
    #[error("{0}")]
    Destroyed(String),
    /// The call itself can't be carried out.
    #[error("{0}")]
    Refused(String),
}

impl StoreError {
    pub const fn is_retryable(&self) -> bool {
        matches!(self, StoreError::Unavailable(_) | StoreError::Behind(_))
    }

    /// Names the place that can't be used: a folder or file that the configuration names, never one that is named after
    /// somebody.
    #[must_use]
    pub fn at(self, place: &Path) -> Self {
        match self {
            StoreError::Unavailable(why) => {
                StoreError::Unavailable(format!("{}: {why}", place.display()))
            }
            other => other,
        }
    }
}
