//! What downstream has taken.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::StoreError;
use crate::domain::organisation::OrganisationId;

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
