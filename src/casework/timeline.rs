//! A person's timeline: contacts that were decided and what staff did, newest first. Of somebody whose records are
//! merged it is that of all of them, each entry with its record.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tokio::time::Instant;

use super::joined::OfRecord;
use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::ItemPlace;
use crate::ports::documents::Order;
use crate::runtime::limits::{
    AUDIT_LOOKED_AT_MAX, PAGE_ITEMS_MAX, TIMELINE_COUNTS_KEPT, TIMELINE_COUNTS_KEPT_MAX,
};

/// Some entries of a person's timeline, newest first.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub entries: Vec<TimelineEntry>,
    /// What to give as `after` for older ones; `None`: these are all.
    pub next: Option<u64>,
    /// Only on the first page.
    pub counts: Option<TimelineCounts>,
}

/// One entry, with related facts.
#[derive(Debug, Clone)]
pub struct TimelineEntry {
    pub entry: AuditEntry,
    /// The record that it is on, where the person has several.
    pub record: Option<String>,
    pub what: What,
    /// The queue item of the contact, or that staff worked on.
    pub item: Option<ItemPlace>,
}

/// What a timeline has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// A contact of theirs.
    Contact,
    /// A contact that may be theirs: it was passed in doubt.
    InDoubt,
    /// A contact that was decided as theirs, and that staff found not to be.
    NotTheirs,
    /// Something that staff, or an operator, did.
    Act,
}

/// How many contacts a timeline has, of the newest entries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TimelineCounts {
    pub contacts: u64,
    /// Passed in doubt about who they are from.
    pub in_doubt: u64,
    /// Decided as theirs, and found not to be.
    pub not_theirs: u64,
    /// Written by a machine: out of office, delivery reports.
    pub automatic: u64,
    /// Older entries were not looked at: there are very many.
    pub is_partial: bool,
}

impl Desk {
    /// Entries behind a number (`None`: from the newest), at most `limit` and [`PAGE_ITEMS_MAX`].
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody has this id.
    pub async fn person_timeline(
        &self,
        organisation: &Organisation,
        person: &str,
        after: Option<u64>,
        limit: usize,
    ) -> Result<Timeline, Fault> {
        self.read_person(&organisation.id, person).await?;
        self.catch_up(organisation).await?;
        let records = self.own_and_others(&organisation.id, person).await?;
        let mut not_theirs = HashSet::new();
        for record in &records {
            not_theirs.extend(self.contacts_not_theirs(organisation, record).await?);
        }
        let of = Joined { records: &records, not_theirs: &not_theirs };
        let organisation = &organisation.id;
        let mut counting = match after {
            None => Some(Counting::going_on(self.counted.of(organisation, of))),
            Some(_) => None,
        };
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let (mut found, mut next, mut looked_at) = (Vec::new(), after, 0);
        loop {
            let left = limit - found.len();
            let page =
                self.joined_trail(organisation, &records, Order::Descending, next, left).await?;
            looked_at += page.entries.len().max(1);
            if let Some(counting) = &mut counting {
                counting.take(&page.entries, of);
            }
            // Who looked is on the trail, and nothing that happened with the person.
            let happened = |one: &OfRecord| !matches!(one.entry.event, AuditEvent::Looked { .. });
            found.extend(page.entries.into_iter().filter(happened));
            next = page.next;
            if next.is_none() || found.len() >= limit || looked_at >= AUDIT_LOOKED_AT_MAX {
                break;
            }
        }
        let counts = match counting {
            Some(counting) => Some(self.counts(organisation, of, counting, next).await?),
            None => None,
        };
        let entries = self.with_items(organisation, found, of).await?;
        Ok(Timeline { entries, next, counts })
    }

    /// Entries with the items that they are about.
    async fn with_items(
        &self,
        organisation: &OrganisationId,
        found: Vec<OfRecord>,
        of: Joined<'_>,
    ) -> Result<Vec<TimelineEntry>, Fault> {
        let ids: HashSet<&str> = found.iter().filter_map(|one| item_of(&one.entry)).collect();
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let places = self.store.item_places(organisation, &ids).await?;
        let places: HashMap<String, ItemPlace> =
            places.into_iter().map(|place| (place.id.clone(), place)).collect();
        let with_item = |OfRecord { record, entry }| {
            let item = item_of(&entry).and_then(|id| places.get(id)).cloned();
            let record = (of.records.len() > 1).then_some(record);
            TimelineEntry { what: of.what(&entry), entry, record, item }
        };
        Ok(found.into_iter().map(with_item).collect())
    }

    /// Counts on, from where the entries of the first page ended.
    async fn counts(
        &self,
        organisation: &OrganisationId,
        of: Joined<'_>,
        mut counting: Counting,
        mut after: Option<u64>,
    ) -> Result<TimelineCounts, Fault> {
        while after.is_some() && !counting.is_done() {
            let order = Order::Descending;
            let page =
                self.joined_trail(organisation, of.records, order, after, PAGE_ITEMS_MAX).await?;
            counting.looked_at += usize::from(page.entries.is_empty());
            counting.take(&page.entries, of);
            after = page.next;
        }
        let counted = counting.ended(after.is_none());
        self.counted.keep(organisation, of, counted);
        Ok(counted.counts)
    }
}

/// Counts of a person's entries, up to the newest of them.
#[derive(Debug, Clone, Copy, Default)]
struct CountedTo {
    newest: u64,
    counts: TimelineCounts,
}

/// Counting entries from the newest on, as far as they were not counted before.
struct Counting {
    before: Option<CountedTo>,
    reached: bool,
    looked_at: usize,
    now: CountedTo,
}

impl Counting {
    fn going_on(before: Option<CountedTo>) -> Self {
        Counting { before, reached: false, looked_at: 0, now: CountedTo::default() }
    }

    fn take(&mut self, entries: &[OfRecord], of: Joined<'_>) {
        for OfRecord { entry, .. } in entries {
            if self.before.is_some_and(|before| entry.number <= before.newest) {
                self.reached = true;
                return;
            }
            self.looked_at += 1;
            self.now.newest = self.now.newest.max(entry.number);
            let counts = &mut self.now.counts;
            let AuditEvent::Decided(decided) = &entry.event else { continue };
            match of.what(entry) {
                What::InDoubt => counts.in_doubt += 1,
                What::NotTheirs => {
                    counts.not_theirs += 1;
                    continue;
                }
                What::Contact | What::Act => counts.contacts += 1,
            }
            counts.automatic += u64::from(decided.flags.contains(&Flag::Automatic));
        }
    }

    const fn is_done(&self) -> bool {
        self.reached || self.looked_at >= AUDIT_LOOKED_AT_MAX
    }

    /// `all`: there are no older entries.
    fn ended(self, all: bool) -> CountedTo {
        let mut whole = self.now;
        match self.before.filter(|_| self.reached) {
            Some(before) => {
                whole.newest = whole.newest.max(before.newest);
                whole.counts.contacts += before.counts.contacts;
                whole.counts.in_doubt += before.counts.in_doubt;
                whole.counts.not_theirs += before.counts.not_theirs;
                whole.counts.automatic += before.counts.automatic;
                whole.counts.is_partial = before.counts.is_partial;
            }
            None => whole.counts.is_partial = !all,
        }
        whole
    }
}

/// Counts of the timelines that were opened lately: entries that are on the trail stay as they are, so that only what
/// came since has to be looked at. Kept for a few minutes: erasing takes entries off.
#[derive(Default)]
pub(super) struct Counted(Mutex<HashMap<(OrganisationId, Vec<String>), Kept>>);

struct Kept {
    since: Instant,
    /// Which contacts were not theirs when it was counted.
    not_theirs: HashSet<String>,
    counted: CountedTo,
}

impl Counted {
    fn of(&self, organisation: &OrganisationId, of: Joined<'_>) -> Option<CountedTo> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = kept.get(&(organisation.clone(), of.records.to_vec()))?;
        let holds =
            kept.since.elapsed() < TIMELINE_COUNTS_KEPT && kept.not_theirs == *of.not_theirs;
        holds.then_some(kept.counted)
    }

    fn keep(&self, organisation: &OrganisationId, of: Joined<'_>, counted: CountedTo) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (organisation.clone(), of.records.to_vec());
        if let Some(known) = kept.get_mut(&key).filter(|known| {
            known.not_theirs == *of.not_theirs && known.since.elapsed() < TIMELINE_COUNTS_KEPT
        }) {
            known.counted = counted;
            return;
        }
        if kept.len() >= TIMELINE_COUNTS_KEPT_MAX {
            kept.retain(|_, one| one.since.elapsed() < TIMELINE_COUNTS_KEPT);
        }
        if kept.len() < TIMELINE_COUNTS_KEPT_MAX || kept.contains_key(&key) {
            let not_theirs = of.not_theirs.clone();
            kept.insert(key, Kept { since: Instant::now(), not_theirs, counted });
        }
    }
}

/// Whose timeline it is.
#[derive(Clone, Copy)]
struct Joined<'a> {
    records: &'a [String],
    not_theirs: &'a HashSet<String>,
}

impl Joined<'_> {
    fn what(self, entry: &AuditEntry) -> What {
        let AuditEvent::Decided(decided) = &entry.event else { return What::Act };
        let is_theirs = |person: &String| self.records.contains(person);
        if self.not_theirs.contains(&decided.contact) {
            What::NotTheirs
        } else if decided.person.as_ref().is_some_and(is_theirs) {
            What::Contact
        } else {
            What::InDoubt
        }
    }
}

/// An item has the id of its contact.
fn item_of(entry: &AuditEntry) -> Option<&str> {
    match &entry.event {
        AuditEvent::Decided(decided) => Some(&decided.contact),
        event => event.item(),
    }
}
