//! A person's timeline: contacts that were decided and what staff did, newest first.

use std::collections::HashSet;

use serde::Serialize;

use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
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
        let not_theirs = self.contacts_not_theirs(organisation, person).await?;
        let organisation = &organisation.id;
        let limit = limit.clamp(1, PAGE_ITEMS_MAX);
        let (mut entries, mut next, mut looked_at) = (Vec::new(), after, 0);
        loop {
            let search = of(person, next, limit - entries.len());
            let page = self.store.search_audit(organisation, search).await?;
            looked_at += page.entries.len().max(1);
            // Who looked is on the trail, and nothing that happened with the person.
            let happened = |entry: &AuditEntry| !matches!(entry.event, AuditEvent::Looked { .. });
            for entry in page.entries.into_iter().filter(happened) {
                entries.push(self.timeline_entry(organisation, person, entry, &not_theirs).await?);
            }
            next = page.next;
            if next.is_none() || entries.len() >= limit || looked_at >= AUDIT_LOOKED_AT_MAX {
                break;
            }
        }
        let counts = match after {
            None => Some(self.counts(organisation, person, &not_theirs).await?),
            Some(_) => None,
        };
        Ok(Timeline { entries, next, counts })
    }

    async fn timeline_entry(
        &self,
        organisation: &OrganisationId,
        person: &str,
        entry: AuditEntry,
        not_theirs: &HashSet<String>,
    ) -> Result<TimelineEntry, Fault> {
        let item = match item_of(&entry) {
            Some(id) => self.store.item(organisation, id).await?,
            None => None,
        };
        let item =
            item.map(|item| ItemPlace { queue: item.queue, id: item.id, state: item.state.name() });
        Ok(TimelineEntry { what: what(&entry, person, not_theirs), entry, item })
    }

    async fn counts(
        &self,
        organisation: &OrganisationId,
        person: &str,
        not_theirs: &HashSet<String>,
    ) -> Result<TimelineCounts, Fault> {
        let (mut counts, mut after, mut looked_at) = (TimelineCounts::default(), None, 0);
        loop {
            let search = of(person, after, PAGE_ITEMS_MAX);
            let page = self.store.search_audit(organisation, search).await?;
            looked_at += page.entries.len();
            for entry in &page.entries {
                let AuditEvent::Decided(decided) = &entry.event else { continue };
                match what(entry, person, not_theirs) {
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

fn of(person: &str, after: Option<u64>, limit: usize) -> TrailSearch {
    let filter = TrailFilter { person: Some(person.to_owned()), ..TrailFilter::default() };
    TrailSearch { filter, order: Order::Descending, after, limit }
}

fn what(entry: &AuditEntry, person: &str, not_theirs: &HashSet<String>) -> What {
    match &entry.event {
        AuditEvent::Decided(decided) if not_theirs.contains(&decided.contact) => What::NotTheirs,
        AuditEvent::Decided(decided) if decided.person.as_deref() == Some(person) => What::Contact,
        AuditEvent::Decided(_) => What::InDoubt,
        _ => What::Act,
    }
}

/// An item has the id of its contact.
fn item_of(entry: &AuditEntry) -> Option<&str> {
    match &entry.event {
        AuditEvent::Decided(decided) => Some(&decided.contact),
        event => event.item(),
    }
}
