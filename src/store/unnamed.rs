//! The days from which a store still holds contacts of nobody on record.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Contents, Kind, Record};

/// What a contact of nobody on record leaves in a store.
pub(super) const KINDS: [Kind; 3] = [Kind::Decisions, Kind::Items, Kind::Audit];

/// The days of the records of some kinds. Pages of a store may not miss a record that is there all the while.
pub(super) async fn days(
    store: &dyn Contents,
    organisation: &OrganisationId,
    kinds: &[Kind],
) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let mut days = BTreeSet::new();
    for kind in kinds {
        let mut pages = store.pages(organisation, *kind, None).await?;
        while let Some(page) = pages.next().await? {
            if let Some(id) = page.unreadable.first() {
                return Err(StoreError::Corrupt(format!("{kind}: {id} can't be read back")));
            }
            days.extend(page.records.iter().filter_map(day));
        }
    }
    Ok(days)
}

fn day(record: &Record) -> Option<NaiveDate> {
    match record {
        Record::Decision(recorded) => recorded.decision.unnamed_on(recorded.at),
        Record::Item(item) => item.unnamed_on(),
        Record::Audit(entry) => entry.event.unnamed_on(entry.at),
        Record::Person(_) | Record::Ledger(_) | Record::Delivery(_) | Record::Document(_) => None,
    }
}
