//! The audit trail.

use async_trait::async_trait;

use super::{Stamp, StoreError};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;

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
