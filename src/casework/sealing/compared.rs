//! Whether the trail is found by its index: no seal covers that.
//!
//! Each page of the trail that is read is compared with the index at once: each entry must be listed under each of its
//! marks. Then each row of the index must lead to an entry that has the mark. Both may be read while a gateway writes:
//! what it writes and removes, it writes and removes together with the rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::finding::Finding;
use super::verify::Verified;
use crate::casework::unlisted::{self, of_item};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::trail_index::{BLOCK, IndexRow, Led, block, day, every_mark, person_of};
use crate::ports::{AuditTrail, Stamp, Store, StoreError};
use crate::runtime::limits::TRAIL_FINDINGS_MAX;

/// A trail whose pages are compared with the index as they are read.
pub(super) struct Compared<'a> {
    store: &'a dyn Store,
    seen: Mutex<SeenTrail>,
}

/// What is known of the entries that were read: a bit for each, and the days of each block.
#[derive(Default)]
struct SeenTrail {
    blocks: BTreeMap<u64, SeenBlock>,
    /// At most [`TRAIL_FINDINGS_MAX`].
    findings: Vec<Finding>,
    found: u64,
}

#[derive(Default)]
struct SeenBlock {
    /// Numbers that have an entry.
    numbers: [u64; 16],
    days: BTreeSet<i64>,
}

// A bit for each number of a block.
const _: () = assert!(BLOCK == 16 * 64);

impl SeenBlock {
    /// Which of the words has a number's bit, and the bit.
    fn bit(number: u64) -> (usize, u64) {
        let place = number % BLOCK;
        // Below 16: it fits.
        let word = usize::try_from(place / 64).unwrap_or(0);
        (word, 1_u64 << (place % 64))
    }

    fn note(&mut self, entry: &AuditEntry) {
        let (word, bit) = SeenBlock::bit(entry.number);
        if let Some(word) = self.numbers.get_mut(word) {
            *word |= bit;
        }
        self.days.insert(day(entry.at));
    }

    fn has(&self, number: u64) -> bool {
        let (word, bit) = SeenBlock::bit(number);
        self.numbers.get(word).is_some_and(|word| word & bit != 0)
    }

    /// Whether every number of the block has an entry, so that all its days are known. Numbers begin with 1.
    fn is_full(&self, block: u64) -> bool {
        let entries: u32 = self.numbers.iter().map(|word| word.count_ones()).sum();
        u64::from(entries) == if block == 0 { BLOCK - 1 } else { BLOCK }
    }
}

impl SeenTrail {
    fn note(&mut self, entry: &AuditEntry) {
        self.blocks.entry(block(entry.number)).or_default().note(entry);
    }

    fn has(&self, number: u64) -> bool {
        self.blocks.get(&block(number)).is_some_and(|block| block.has(number))
    }

    fn add(&mut self, finding: Finding) {
        self.found += 1;
        if self.findings.len() < TRAIL_FINDINGS_MAX {
            self.findings.push(finding);
        }
    }
}

impl<'a> Compared<'a> {
    pub(super) fn with_index(store: &'a dyn Store) -> Self {
        Compared { store, seen: Mutex::default() }
    }

    fn seen(&self) -> MutexGuard<'_, SeenTrail> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares entries with the index.
    async fn compare(
        &self,
        organisation: &OrganisationId,
        entries: &[AuditEntry],
    ) -> Result<(), StoreError> {
        let mut marks = Vec::new();
        for entry in entries {
            self.seen().note(entry);
            let item_of = of_item(self.store, organisation, &entry.event).await?;
            let every = every_mark(&entry.event, item_of.as_deref());
            marks.extend(every.into_iter().map(|mark| (mark, entry.number)));
        }
        if marks.is_empty() {
            return Ok(());
        }
        for (mark, entry) in self.store.unindexed(organisation, marks).await? {
            // One that was erased meanwhile has no rows any more.
            if unlisted::at(self.store, organisation, entry).await?.is_some() {
                self.seen().add(Finding::Unlisted { entry, mark });
            }
        }
        Ok(())
    }

    /// Compares the rows of the index with the entries, once all of those were read.
    pub(super) async fn compare_rows(
        self,
        organisation: &OrganisationId,
        verified: &mut Verified,
    ) -> Result<(), StoreError> {
        let Compared { store, seen } = self;
        let mut seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
        let findings = std::mem::take(&mut seen.findings);
        let left_out = seen.found - findings.len() as u64;
        findings.into_iter().for_each(|finding| verified.add(finding));
        verified.found += left_out;
        compare_days(&seen, &store.index_days(organisation).await?, verified);
        for mark in store.index_marks(organisation).await? {
            let mut after = None;
            loop {
                let page = store.index_rows(organisation, &mark, after).await?;
                for row in page.rows {
                    let entry = row.number;
                    let is_wrong = match row.led {
                        Led::Nowhere => !seen.has(entry) && !verified.is_erased(entry),
                        _ => !belongs(store, organisation, &mark, &row).await?,
                    };
                    if is_wrong {
                        verified.add(Finding::Misled { entry, mark: mark.clone() });
                    }
                }
                let Some(next) = page.next else { break };
                after = Some(next);
            }
        }
        Ok(())
    }
}

/// A block that lacks entries may have days of those that were erased: their rows stay.
fn compare_days(seen: &SeenTrail, rows: &BTreeSet<(i64, u64)>, verified: &mut Verified) {
    for (block, of) in &seen.blocks {
        for day in of.days.iter().filter(|day| !rows.contains(&(**day, *block))) {
            verified.add(Finding::UnlistedDay { day: *day, block: *block });
        }
    }
    for (day, block) in rows {
        let of = seen.blocks.get(block);
        if of.is_some_and(|of| of.is_full(*block) && !of.days.contains(day)) {
            verified.add(Finding::MisledDay { day: *day, block: *block });
        }
    }
}

/// Whether a row leads to an entry that has the mark, or may have had it when it was written: work on a queue item
/// concerns the item's person, and an import those whom it wrote. The entry names neither.
async fn belongs(
    store: &dyn Store,
    organisation: &OrganisationId,
    mark: &str,
    row: &IndexRow,
) -> Result<bool, StoreError> {
    let Led::Entry(entry) = &row.led else { return Ok(true) };
    if every_mark(&entry.event, None).contains(mark) {
        return Ok(true);
    }
    let Some(person) = person_of(mark) else { return Ok(false) };
    let Some(item) = entry.event.item() else {
        return Ok(matches!(entry.event, AuditEvent::Imported { .. }));
    };
    if let Some(of) = of_item(store, organisation, &entry.event).await? {
        return Ok(of == person);
    }
    // Without the item, the decision on the contact says whose it was, if that is on record.
    let decision = match store.recorded(organisation, item).await {
        Ok(recorded) => recorded.and_then(|(decision, _)| decision.person),
        Err(StoreError::Corrupt(_)) => None,
        Err(error) => return Err(error),
    };
    Ok(decision.is_none_or(|of| of == person))
}

#[async_trait]
impl AuditTrail for Compared<'_> {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let entries = self.store.audit(organisation, after, limit).await?;
        self.compare(organisation, &entries).await?;
        Ok(entries)
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        self.store.search_audit(organisation, search).await
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.store.append_audit(organisation, stamp, event).await
    }
}
