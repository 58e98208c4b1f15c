//! Handing over what was kept.

use async_trait::async_trait;
use bytes::Bytes;

use super::StoreError;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;

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
