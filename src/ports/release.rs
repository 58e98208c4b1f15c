//! Handing over kept originals.

use async_trait::async_trait;
use bytes::Bytes;

use super::StoreError;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;

/// Why an original was not handed over. Never holds an address or a text.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReleaseError {
    /// The receiver is away or not ready: the same release may work later.
    #[error("{0}")]
    Away(String),
    /// It can't be handed over as it is.
    #[error("{0}")]
    Refused(String),
    /// Whether it was handed over before can't be read or noted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ReleaseError {
    pub const fn is_retryable(&self) -> bool {
        match self {
            ReleaseError::Away(_) => true,
            ReleaseError::Refused(_) => false,
            ReleaseError::Store(error) => error.is_retryable(),
        }
    }
}

/// Hands a kept original to its recipients, once: what a release does.
#[async_trait]
pub trait Release: Send + Sync {
    async fn release(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), ReleaseError>;
}
