//! Reading the audit trail.

use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
pub use crate::ports::audit_trail::TrailFilter;
use crate::ports::audit_trail::TrailSearch;
use crate::ports::documents::Order;
use crate::runtime::limits::PAGE_ITEMS_MAX;

use super::{Desk, Fault};

/// Some entries of the trail, oldest first.
#[derive(Debug, Clone)]
pub struct AuditPage {
    pub entries: Vec<AuditEntry>,
    /// What to give as `after` for the entries that follow; `None`: these are all for now.
    pub next: Option<u64>,
}

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditWanted {
    pub filter: TrailFilter,
    /// Only entries after this number; 0: from the first.
    pub after: u64,
    /// At most so many, and at most [`PAGE_ITEMS_MAX`].
    pub limit: usize,
}

impl Desk {
    /// Entries that are asked for, oldest first. Where a filter lets few through, a page may have fewer
    /// than asked, and more follow all the same.
    pub async fn read_audit(
        &self,
        organisation: &OrganisationId,
        wanted: AuditWanted,
    ) -> Result<AuditPage, Fault> {
        let AuditWanted { filter, after, limit } = wanted;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let after = (after > 0).then_some(after);
        let search = TrailSearch { filter, order: Order::Ascending, after, limit };
        let page = self.store.search_audit(organisation, search).await?;
        Ok(AuditPage { entries: page.entries, next: page.next })
    }
}
