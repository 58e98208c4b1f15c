//! Walking along the audit trail page by page, and the marks that say how far each walk has got.

use serde::{Deserialize, Serialize};

use super::{Desk, Fault};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::Document;
use crate::ports::{Store, StoreError};
use crate::runtime::limits::PAGE_ITEMS_MAX;

/// The id of the mark: an organisation has one of each kind.
const TRAIL: &str = "trail";

/// How far the trail was read, for one kind of document. Written in the same batch as the result of reading, or after
/// it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrailMark {
    /// The last entry that was read.
    pub number: u64,
    /// Earlier entries to read again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub again: Vec<u64>,
}

/// A mark as it was read.
pub(super) struct StoredMark {
    /// `None` on the first walk.
    pub mark: Option<TrailMark>,
    kind: &'static str,
    version: u64,
}

impl StoredMark {
    /// The mark's replacement, which fails if somebody else has moved it meanwhile.
    pub(super) fn moved(&self, to: &TrailMark) -> Result<Document, StoreError> {
        Document::new(self.kind, TRAIL, self.version, Vec::new(), to)
    }
}

/// A walk along one organisation's trail.
pub(super) struct TrailWalk<'d> {
    store: &'d dyn Store,
    organisation: &'d OrganisationId,
    number: u64,
    is_at_end: bool,
}

impl TrailWalk<'_> {
    /// The next entries; empty at the end.
    pub(super) async fn page(&mut self) -> Result<Vec<AuditEntry>, StoreError> {
        let entries = self.store.audit(self.organisation, self.number, PAGE_ITEMS_MAX).await?;
        self.is_at_end = entries.len() < PAGE_ITEMS_MAX;
        self.number = entries.last().map_or(self.number, |last| last.number);
        Ok(entries)
    }

    /// The last entry that was read.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Whether the last page reached the end of the trail at that moment.
    pub(super) const fn is_at_end(&self) -> bool {
        self.is_at_end
    }
}

impl Desk {
    /// Begins a walk after an entry. The caller bounds it.
    pub(super) fn walk<'d>(
        &'d self,
        organisation: &'d OrganisationId,
        after: u64,
    ) -> TrailWalk<'d> {
        TrailWalk { store: self.store.as_ref(), organisation, number: after, is_at_end: false }
    }

    pub(super) async fn mark(
        &self,
        organisation: &OrganisationId,
        kind: &'static str,
    ) -> Result<StoredMark, Fault> {
        let stored = self.store.document(organisation, kind, TRAIL).await?;
        let version = stored.as_ref().map_or(0, |document| document.version);
        let mark = stored.map(|document| document.read()).transpose()?;
        Ok(StoredMark { mark, kind, version })
    }
}
