//! A person's timeline: contacts that were decided and what staff did, newest first. Of somebody whose records are
//! merged it is that of all of them, each entry with its record.

use std::collections::HashSet;

use serde::Serialize;

use super::joined::OfRecord;
use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::documents::Order;
use crate::runtime::limits::{AUDIT_LOOKED_AT_MAX, PAGE_ITEMS_MAX};

/// Some entries of a person's timeline, newest first.
#[derive(Debug, Clone)]
pub struct Timeline {
    pub entries: Vec<TimelineEntry>,
    /// What to give as `after` for older ones; `None`: these are all.
    pub next: Option<u64>,
    /// On the first page alone.
    pub counts: Option<TimelineCounts>,
}

/// One entry, with what is known beside it.
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

/// Where a queue item is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemPlace {
    pub queue: String,
    pub id: String,
    pub state: &'static str,
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

/// The flag of a contact that no human being wrote.
const AUTOMATIC: &str = "automatic";

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
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let (mut entries, mut next, mut looked_at) = (Vec::new(), after, 0);
        loop {
            let left = limit - entries.len();
            let page =
                self.joined_trail(organisation, &records, Order::Descending, next, left).await?;
            looked_at += page.entries.len().max(1);
            // Who looked is on the trail, and nothing that happened with the person.
            let happened = |one: &OfRecord| !matches!(one.entry.event, AuditEvent::Looked { .. });
            for entry in page.entries.into_iter().filter(happened) {
                entries.push(self.timeline_entry(organisation, entry, of).await?);
            }
            next = page.next;
            if next.is_none() || entries.len() >= limit || looked_at >= AUDIT_LOOKED_AT_MAX {
                break;
            }
        }
        let counts = match after {
            None => Some(self.counts(organisation, of).await?),
            Some(_) => None,
        };
        Ok(Timeline { entries, next, counts })
    }

    async fn timeline_entry(
        &self,
        organisation: &OrganisationId,
        OfRecord { record, entry }: OfRecord,
        of: Joined<'_>,
    ) -> Result<TimelineEntry, Fault> {
        let item = match item_of(&entry) {
            Some(id) => self.store.item(organisation, id).await?,
            None => None,
        };
        let item =
            item.map(|item| ItemPlace { queue: item.queue, id: item.id, state: item.state.name() });
        let record = (of.records.len() > 1).then_some(record);
        Ok(TimelineEntry { what: of.what(&entry), entry, record, item })
    }

    async fn counts(
        &self,
        organisation: &OrganisationId,
        of: Joined<'_>,
    ) -> Result<TimelineCounts, Fault> {
        let (mut counts, mut after, mut looked_at) = (TimelineCounts::default(), None, 0);
        loop {
            let order = Order::Descending;
            let page =
                self.joined_trail(organisation, of.records, order, after, PAGE_ITEMS_MAX).await?;
            looked_at += page.entries.len().max(1);
            for OfRecord { entry, .. } in &page.entries {
                let AuditEvent::Decided(decided) = &entry.event else { continue };
                match of.what(entry) {
                    What::InDoubt => counts.in_doubt += 1,
                    What::NotTheirs => {
                        counts.not_theirs += 1;
                        continue;
                    }
                    What::Contact | What::Act => counts.contacts += 1,
                }
                counts.automatic += u64::from(decided.flags.iter().any(|flag| flag == AUTOMATIC));
            }
            after = page.next;
            if after.is_none() {
                return Ok(counts);
            }
            if looked_at >= AUDIT_LOOKED_AT_MAX {
                return Ok(TimelineCounts { is_partial: true, ..counts });
            }
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
