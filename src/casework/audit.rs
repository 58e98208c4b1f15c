//! Reading the audit trail, and replaying its decisions.

pub mod replayed;

use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
pub use crate::ports::audit_trail::TrailFilter;
use crate::ports::audit_trail::TrailSearch;
use crate::ports::documents::Order;
use crate::runtime::limits::{AUDIT_LOOKED_AT_MAX, PAGE_ITEMS_MAX};

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

/// Which entries are asked for, newest first.
#[derive(Debug, Clone, Default)]
pub struct NewestWanted {
    pub filter: TrailFilter,
    /// Only those by somebody of this name.
    pub by: Option<String>,
    /// Only entries before this number; `None`: from the newest.
    pub before: Option<u64>,
    pub limit: usize,
}

/// Some entries, newest first.
#[derive(Debug, Clone)]
pub struct NewestPage {
    pub entries: Vec<AuditEntry>,
    /// What to give as `before` for older ones; `None`: there are none.
    pub older: Option<u64>,
}

impl Desk {
    /// The newest entries that fit. At most about [`AUDIT_LOOKED_AT_MAX`] are looked at in one go: a page
    /// with few entries, or none, may have older ones behind it.
    pub async fn newest_audit(
        &self,
        organisation: &OrganisationId,
        wanted: NewestWanted,
    ) -> Result<NewestPage, Fault> {
        let NewestWanted { filter, by, before: mut older, limit } = wanted;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let fits =
            |entry: &AuditEntry| by.as_deref().is_none_or(|by| entry.by.eq_ignore_ascii_case(by));
        let mut entries = Vec::new();
        for _ in 0..AUDIT_LOOKED_AT_MAX.div_ceil(limit) {
            let (filter, order) = (filter.clone(), Order::Descending);
            let search = TrailSearch { filter, order, after: older, limit };
            let page = self.store.search_audit(organisation, search).await?;
            older = page.next;
            for entry in page.entries {
                let number = entry.number;
                if fits(&entry) {
                    entries.push(entry);
                    if entries.len() == limit {
                        let older = (number > 1).then_some(number);
                        return Ok(NewestPage { entries, older });
                    }
                }
            }
            if older.is_none() {
                break;
            }
        }
        Ok(NewestPage { entries, older })
    }

    /// Entries that are asked for, oldest first. Where a filter lets few through, a page may have fewer than asked
    /// although more follow.
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
