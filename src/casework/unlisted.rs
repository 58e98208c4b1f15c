//! Entries of the trail that the index does not list under a person though they concern them. The index is covered by
//! no seal: whoever says that all of a person was read, or erased, looks at the trail itself.

use std::collections::{BTreeMap, BTreeSet};

use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::trail_index::{of_person, person_of};
use crate::ports::{Store, StoreError};
use crate::runtime::limits::PAGE_ITEMS_MAX;

/// The person of the queue item that an entry is about, as far as the item is on record: the entry does not name them.
pub(super) async fn of_item(
    store: &dyn Store,
    organisation: &OrganisationId,
    event: &AuditEvent,
) -> Result<Option<String>, StoreError> {
    let Some(item) = event.item() else { return Ok(None) };
    match store.item(organisation, item).await {
        Ok(item) => Ok(item.and_then(|item| item.person)),
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The entry with this number. `None` if it does not exist or can't be read.
pub(super) async fn at(
    store: &dyn Store,
    organisation: &OrganisationId,
    number: u64,
) -> Result<Option<AuditEntry>, StoreError> {
    match store.audit(organisation, number.saturating_sub(1), 1).await {
        Ok(page) => Ok(page.into_iter().next().filter(|entry| entry.number == number)),
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The entries that the index lacks under each of some people. The trail is read for all of them at once, when the
/// first is asked for: it is long, and sweeps erase many people.
#[derive(Default)]
pub(super) struct Unlisted {
    people: BTreeSet<String>,
    /// By person, the numbers of entries.
    found: Option<BTreeMap<String, BTreeSet<u64>>>,
}

impl Unlisted {
    pub(super) fn of(people: impl IntoIterator<Item = String>) -> Self {
        Unlisted { people: people.into_iter().collect(), found: None }
    }

    /// Those of a person.
    pub(super) async fn under(
        &mut self,
        desk: &Desk,
        organisation: &OrganisationId,
        person: &str,
    ) -> Result<BTreeSet<u64>, Fault> {
        // Somebody who was not among them needs a reading of their own.
        if self.people.insert(person.to_owned()) {
            self.found = None;
        }
        if self.found.is_none() {
            self.found = Some(desk.unlisted(organisation, &self.people).await?);
        }
        let found = self.found.as_ref().and_then(|found| found.get(person));
        Ok(found.cloned().unwrap_or_default())
    }
}

impl Desk {
    /// Reads the whole trail, page by page. On a long one that ends when the gateway stops: it is begun again.
    async fn unlisted(
        &self,
        organisation: &OrganisationId,
        people: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, BTreeSet<u64>>, Fault> {
        let store = self.store.as_ref();
        let mut found: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
        let mut after = 0;
        while let Some(page) = page_behind(store, organisation, &mut after).await? {
            if page.len() == PAGE_ITEMS_MAX && self.is_closing() {
                return Err(Fault::stopping());
            }
            let mut marks = BTreeSet::new();
            for entry in page {
                let item_of = of_item(store, organisation, &entry.event).await?;
                let of = entry.event.people().into_iter().chain(item_of.as_deref());
                let of = of.filter(|person| people.contains(*person));
                marks.extend(of.map(|person| (of_person(person), entry.number)));
            }
            if marks.is_empty() {
                continue;
            }
            for (mark, number) in store.unindexed(organisation, marks.into_iter().collect()).await?
            {
                // One that was erased meanwhile is listed under nobody.
                if let Some(person) = person_of(&mark)
                    && at(store, organisation, number).await?.is_some()
                {
                    found.entry(person.to_owned()).or_default().insert(number);
                }
            }
        }
        if !found.is_empty() {
            let entries: usize = found.values().map(BTreeSet::len).sum();
            tracing::warn!(
                %organisation, entries,
                "the trail's index lacks entries about people: `audit verify` names them"
            );
        }
        Ok(found)
    }
}

/// The next entries; `None` at the end. An entry that can't be read is skipped: nobody can tell whom it is about.
async fn page_behind(
    store: &dyn Store,
    organisation: &OrganisationId,
    after: &mut u64,
) -> Result<Option<Vec<AuditEntry>>, StoreError> {
    let page = match store.audit(organisation, *after, PAGE_ITEMS_MAX).await {
        Ok(page) => page,
        Err(StoreError::Corrupt(_)) => match store.audit(organisation, *after, 1).await {
            Ok(page) => page,
            Err(StoreError::Corrupt(_)) => {
                *after += 1;
                return Ok(Some(Vec::new()));
            }
            Err(error) => return Err(error),
        },
        Err(error) => return Err(error),
    };
    let Some(last) = page.last() else { return Ok(None) };
    *after = last.number;
    Ok(Some(page))
}
