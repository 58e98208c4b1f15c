//! The records of one person read together, each part with the record that it is on: what staff see of somebody
//! whose records are merged.

use std::sync::Arc;

use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::merge;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::Order;

/// An entry of the trail, with the record of the person that it concerns.
#[derive(Debug, Clone)]
pub(super) struct OfRecord {
    pub record: String,
    pub entry: AuditEntry,
}

/// Entries of several records in the order of a search, each of them once.
pub(super) struct JoinedPage {
    pub entries: Vec<OfRecord>,
    /// As of a page of the trail.
    pub next: Option<u64>,
}

/// A person with all of their records.
#[derive(Debug, Clone)]
pub struct AllRecords {
    /// The one that was opened, as it is enforced: with what is on the others.
    pub whole: Arc<Person>,
    /// Each as it is; first the one that the others are merged into.
    pub records: Vec<Arc<Person>>,
}

impl Desk {
    /// A person's records.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn all_records(
        &self,
        organisation: &OrganisationId,
        person: &Arc<Person>,
    ) -> Result<AllRecords, Fault> {
        let records = self.records_of(organisation, person).await?;
        let whole = merge::together(&records).into_iter().find(|one| one.id == person.id);
        Ok(AllRecords { whole: whole.unwrap_or_else(|| Arc::clone(person)), records })
    }

    /// The ids of all records of a person, the one that is asked for first.
    pub(super) async fn own_and_others(
        &self,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<Vec<String>, Fault> {
        let mut ids = self.ids_of(organisation, person).await?;
        ids.retain(|id| id != person);
        ids.insert(0, person.to_owned());
        Ok(ids)
    }

    /// Entries of the trail that concern any of these records.
    pub(super) async fn joined_trail(
        &self,
        organisation: &OrganisationId,
        records: &[String],
        order: Order,
        after: Option<u64>,
        limit: usize,
    ) -> Result<JoinedPage, Fault> {
        let mut found: Vec<OfRecord> = Vec::new();
        // Up to here every one of them was looked at; behind it perhaps only some.
        let mut bound: Option<u64> = None;
        for record in records {
            let filter = TrailFilter { person: Some(record.clone()), ..TrailFilter::default() };
            let search = TrailSearch { filter, order, after, limit };
            let page = self.store.search_audit(organisation, search).await?;
            bound = match (bound, page.next) {
                (Some(one), Some(other)) if is_before(order, one, other) => Some(one),
                (_, Some(other)) => Some(other),
                (known, None) => known,
            };
            for entry in page.entries {
                if found.iter().any(|known| known.entry.number == entry.number) {
                    continue;
                }
                let record = record_of(&entry, records).unwrap_or_else(|| record.clone());
                found.push(OfRecord { record, entry });
            }
        }
        let is_within = |number: u64| {
            bound.is_none_or(|bound| number == bound || is_before(order, number, bound))
        };
        found.retain(|one| is_within(one.entry.number));
        found.sort_by(|a, b| {
            let ascending = a.entry.number.cmp(&b.entry.number);
            if order == Order::Ascending { ascending } else { ascending.reverse() }
        });
        if found.len() > limit {
            found.truncate(limit);
            bound = found.last().map(|one| one.entry.number);
        }
        Ok(JoinedPage { entries: found, next: bound })
    }
}

const fn is_before(order: Order, one: u64, other: u64) -> bool {
    match order {
        Order::Ascending => one < other,
        Order::Descending => one > other,
    }
}

/// The record that a decision was made by.
pub(super) fn record_of(entry: &AuditEntry, records: &[String]) -> Option<String> {
    let AuditEvent::Decided(decided) = &entry.event else { return None };
    decided.person.clone().filter(|person| records.contains(person))
}
