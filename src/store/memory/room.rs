//! One organisation's data in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::shelf::Shelf;
use crate::domain::audit::{AuditEntry, AuditEvent, GATEWAY};
use crate::domain::decision::Decision;
use crate::domain::ledger::{Counted, Ledger, Received, TOLD_AHEAD_MAX, Told};
use crate::domain::past::Nameplate;
use crate::domain::person::Person;
use crate::domain::queue::{QueueItem, Turn};
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::documents::Order;
use crate::ports::portable::CopyMark;
use crate::ports::trail_index::{IndexPage, IndexRow, Led};
use crate::ports::{ItemFilter, JournalEntry, QueueCount, Stamp, StoreError};
use crate::runtime::limits::{
    COUNTED_KEPT, COUNTED_KEPT_NEWEST, PAGE_ITEMS_MAX, RECEIVED_PER_PERSON_MAX,
};
use crate::store::trail::{Search, Source, marks, of_person};
use crate::store::{page, place};

#[derive(Default)]
pub(super) struct Room {
    pub(super) people: BTreeMap<String, Arc<Person>>,
    /// By contact id.
    pub(super) decisions: BTreeMap<String, KeptDecision>,
    pub(super) items: BTreeMap<String, QueueItem>,
    pub(super) audit: Vec<AuditEntry>,
    /// The numbers of entries under each mark (`store::trail`).
    pub(super) marks: BTreeMap<String, BTreeSet<u64>>,
    /// When each was taken.
    pub(super) delivered: BTreeMap<String, DateTime<Utc>>,
    /// By person id.
    pub(super) remembered: BTreeMap<String, Remembered>,
    /// How far a copy into this room has come.
    pub(super) copy: Option<CopyMark>,
    pub(super) nameplate: Option<Nameplate>,
    /// What staff wrote.
    pub(super) shelf: Shelf,
}

/// A decision as it was recorded.
pub(super) struct KeptDecision {
    pub(super) decision: Decision,
    pub(super) digest: [u8; 32],
    pub(super) at: DateTime<Utc>,
}

/// One person's history.
#[derive(Default)]
pub(super) struct Remembered {
    /// With the contact that was counted.
    pub(super) counted: Vec<(String, Counted)>,
    pub(super) received: Vec<Received>,
    pub(super) told: BTreeMap<String, DateTime<Utc>>,
    pub(super) lanes_used: BTreeMap<String, u32>,
}

impl Room {
    pub(super) fn ledger(
        &self,
        person: &str,
        needs_received: bool,
        since: DateTime<Utc>,
    ) -> Ledger {
        let Some(remembered) = self.remembered.get(person) else { return Ledger::default() };
        let counted = remembered.counted.iter().map(|(_, counted)| counted);
        Ledger {
            recorded: None,
            counted: counted.filter(|counted| counted.at >= since).cloned().collect(),
            received: if needs_received { remembered.received.clone() } else { Vec::new() },
            told: remembered
                .told
                .iter()
                .map(|(code, at)| Told { code: code.clone(), at: *at })
                .collect(),
            lanes_used: remembered
                .lanes_used
                .iter()
                .map(|(lane, used)| (lane.clone(), *used))
                .collect(),
        }
    }

    /// Writes a decided contact with all that goes with it, unless its id is recorded already.
    pub(super) fn write_once(&mut self, entry: JournalEntry) {
        if self.decisions.contains_key(&entry.contact) {
            return;
        }
        if let Some(person) = &entry.person {
            self.remembered.entry(person.clone()).or_default().add(&entry);
        }
        if let Some(item) = entry.settled.item {
            self.items.entry(item.id.clone()).or_insert(item);
        }
        let kept =
            KeptDecision { decision: entry.settled.decision, digest: entry.digest, at: entry.at };
        self.decisions.insert(entry.contact, kept);
        let stamp = Stamp { by: GATEWAY.to_owned(), at: entry.at };
        self.append_audit(stamp, AuditEvent::Decided(entry.settled.audit), &[]);
    }

    /// `of`: people it concerns, besides those it names.
    pub(super) fn append_audit(&mut self, stamp: Stamp, event: AuditEvent, of: &[&str]) {
        let number = self.audit.last().map_or(1, |entry| entry.number + 1);
        self.mark(number, &event, of);
        self.audit.push(AuditEntry { number, at: stamp.at, by: stamp.by, event });
    }

    pub(super) fn mark(&mut self, number: u64, event: &AuditEvent, of: &[&str]) {
        let mut note = |mark: &str| {
            self.marks.entry(mark.to_owned()).or_default().insert(number);
            Ok::<_, std::convert::Infallible>(())
        };
        for person in of {
            let Ok(()) = note(&of_person(person));
        }
        let Ok(()) = marks(event, None, note);
    }

    pub(super) fn search(&self, asked: TrailSearch) -> TrailPage {
        let source = Source::of(&asked.filter);
        let mut search = Search::new(asked);
        let none = BTreeSet::new();
        while let Some(range) = search.range() {
            let numbers: Box<dyn DoubleEndedIterator<Item = u64>> = match &source {
                Source::Marked(mark) => {
                    let numbers = self.marks.get(mark).unwrap_or(&none);
                    Box::new(numbers.range(range.from..=range.to).copied())
                }
                Source::Days(..) | Source::Trail => {
                    let last = self.audit.last().map_or(0, |entry| entry.number);
                    Box::new(range.from..=range.to.min(last))
                }
            };
            let numbers: Vec<u64> = match search.order() {
                Order::Ascending => numbers.take(search.piece()).collect(),
                Order::Descending => numbers.rev().take(search.piece()).collect(),
            };
            let is_all = numbers.len() < search.piece();
            let entry = |number: u64| {
                let at = self.audit.binary_search_by_key(&number, |entry| entry.number).ok()?;
                self.audit.get(at).cloned().map(|entry| (number, Some(entry)))
            };
            let found = numbers.into_iter().filter_map(entry).collect();
            if search.take(range, found, is_all) {
                break;
            }
        }
        search.into_page()
    }

    /// The place of a row is its number.
    pub(super) fn index_rows(&self, mark: &str, after: Option<i64>) -> IndexPage {
        let none = BTreeSet::new();
        let after = after.and_then(|after| u64::try_from(after).ok());
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let numbers = self.marks.get(mark).unwrap_or(&none).range((from, Bound::Unbounded));
        let row = |number: &u64| {
            let at = self.audit.binary_search_by_key(number, |entry| entry.number).ok();
            let entry = at.and_then(|at| self.audit.get(at));
            let led = entry.map_or(Led::Nowhere, |entry| Led::Entry(Box::new(entry.clone())));
            IndexRow { number: *number, led }
        };
        let rows: Vec<IndexRow> = numbers.take(PAGE_ITEMS_MAX).map(row).collect();
        let last = rows.last().filter(|_| rows.len() == PAGE_ITEMS_MAX);
        let next = last.and_then(|last| i64::try_from(last.number).ok());
        IndexPage { rows, next }
    }

    pub(super) fn uncount(&mut self, contact: &str) {
        for remembered in self.remembered.values_mut() {
            remembered.counted.retain(|(of, _)| of != contact);
            remembered.received.retain(|received| received.contact != contact);
        }
    }

    pub(super) fn queues(&self) -> Vec<QueueCount> {
        let mut counts: BTreeMap<&str, (u64, i64, u64)> = BTreeMap::new();
        for item in self.items.values().filter(|item| item.state.is_waiting()) {
            let (waiting, oldest, overdue) = counts.entry(&item.queue).or_insert((0, i64::MAX, 0));
            *waiting += 1;
            *oldest = (*oldest).min(item.at.timestamp_micros());
            *overdue += u64::from(item.turn() == Turn::Overdue);
        }
        let count = |(queue, (waiting, oldest, overdue)): (&str, (u64, i64, u64))| QueueCount {
            queue: queue.to_owned(),
            waiting,
            oldest_at: DateTime::from_timestamp_micros(oldest),
            overdue,
        };
        counts.into_iter().map(count).collect()
    }

    /// The items asked for, after the one that the filter names.
    pub(super) fn list(
        &self,
        filter: &ItemFilter,
        is_asked: impl Fn(&QueueItem) -> bool,
    ) -> Result<Vec<QueueItem>, StoreError> {
        let after = match &filter.after {
            None => None,
            Some(id) => Some(self.items.get(id).map(place).ok_or_else(|| {
                StoreError::Refused("there is no such item to list after".to_owned())
            })?),
        };
        let mut items: Vec<&QueueItem> = self
            .items
            .values()
            .filter(|item| is_asked(item))
            .filter(|item| after.is_none_or(|after| place(item) > after))
            .collect();
        items.sort_by_key(|item| place(item));
        let shown = items.into_iter().take(page(filter.limit)).cloned();
        Ok(shown.map(|item| filter.shown(item)).collect())
    }
}

impl Remembered {
    fn add(&mut self, entry: &JournalEntry) {
        let additions = &entry.settled.additions;
        let counted = additions.counted.iter().cloned();
        self.counted.extend(counted.map(|counted| (entry.contact.clone(), counted)));
        self.counted.sort_by_key(|(_, counted)| counted.at);
        if let Some(kept) = TimeDelta::from_std(COUNTED_KEPT).ok()
            && let Some(oldest) = entry.at.checked_sub_signed(kept)
        {
            let long_ago = self.counted.partition_point(|(_, counted)| counted.at < oldest);
            let over = self.counted.len().saturating_sub(COUNTED_KEPT_NEWEST);
            self.counted.drain(..long_ago.min(over));
        }
        self.received.extend(additions.received.clone());
        self.received.sort_by_key(|received| received.at);
        let over = self.received.len().saturating_sub(RECEIVED_PER_PERSON_MAX);
        self.received.drain(..over);
        if let Some(told) = &additions.told {
            let at = self.told.entry(told.code.clone()).or_insert(told.at);
            *at = if *at - told.at > TOLD_AHEAD_MAX { told.at } else { told.at.max(*at) };
        }
        if let Some(lane) = &additions.lane {
            *self.lanes_used.entry(lane.clone()).or_insert(0) += 1;
        }
    }
}
