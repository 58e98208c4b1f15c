//! Reading the audit trail.

use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::PAGE_ITEMS_MAX;

use super::{Desk, Fault};

/// Some entries of the trail, oldest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// What to give as `after` for the entries that follow; `None`: these are all for now.
    pub next: Option<u64>,
}

impl Desk {
    /// Entries after a number (0: from the first), at most `limit` and [`PAGE_ITEMS_MAX`].
    pub async fn read_audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<AuditPage, Fault> {
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let entries = self.store.audit(organisation, after, limit).await?;
        let next =
            (entries.len() == limit).then(|| entries.last().map(|entry| entry.number)).flatten();
        Ok(AuditPage { entries, next })
    }
}
