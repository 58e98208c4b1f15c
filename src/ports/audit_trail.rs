//! The audit trail.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::documents::Order;
use super::{Stamp, StoreError};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::OrganisationId;

/// The kind of document that lists entries which were erased. Its id is that of the block of numbers.
pub const ERASED: &str = "audit_erased";

/// Numbers of one such document.
const ERASED_BLOCK: u64 = 1_024;

/// The document that would list a number.
pub fn erased_id(number: u64) -> String {
    format!("{:020}", number / ERASED_BLOCK)
}

/// Entries of the trail that were erased: their number and instant, by which a gateway may know the trail.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct ErasedNumbers {
    /// Instants in microseconds since 1970, by number.
    pub at: BTreeMap<u64, i64>,
}

/// Which entries are looked for: those for which all of this holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrailFilter {
    /// Concerns this person: a decision on a contact of theirs, or that may be theirs; what staff did
    /// with one, or with the record.
    pub person: Option<String>,
    /// A decision with this flag.
    pub flag: Option<Flag>,
    pub disposition: Option<Disposition>,
    /// Written at this instant or later.
    pub from: Option<DateTime<Utc>>,
    /// Written before this instant.
    pub to: Option<DateTime<Utc>>,
}

impl TrailFilter {
    /// Whether an entry is looked for, its person apart: only the store knows whom work on a queue item concerns.
    pub fn has(&self, entry: &AuditEntry) -> bool {
        if self.from.is_some_and(|from| entry.at < from) || self.to.is_some_and(|to| entry.at >= to)
        {
            return false;
        }
        if self.flag.is_none() && self.disposition.is_none() {
            return true;
        }
        let AuditEvent::Decided(decided) = &entry.event else { return false };
        self.flag.as_ref().is_none_or(|flag| decided.flags.contains(flag))
            && self.disposition.is_none_or(|disposition| decided.disposition == disposition)
    }
}

/// What to look for, and where.
#[derive(Debug, Clone)]
pub struct TrailSearch {
    pub filter: TrailFilter,
    pub order: Order,
    /// Behind this number, in the order of the search.
    pub after: Option<u64>,
    /// 0: as many as a page holds.
    pub limit: usize,
}

/// Entries in the order of a search.
#[derive(Debug, Clone, Default)]
pub struct TrailPage {
    pub entries: Vec<AuditEntry>,
    /// Where to go on; `None`: that was all for now. A page may have fewer entries than were asked for,
    /// and none: a search looks at a bounded number at once.
    pub next: Option<u64>,
}

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

    /// Looks entries up. What a page takes does not depend on how long the trail is, nor on how far
    /// into it the page is.
    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError>;

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError>;
}
