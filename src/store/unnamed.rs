//! The days from which a store still holds contacts of nobody on record.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Contents, Kind, Record};

/// The kinds of records that a contact of nobody on record leaves in a store.
pub(super) const KINDS: [Kind; 3] = [Kind::Decisions, Kind::Items, Kind::Audit];

/// The days of the records of these kinds. A store's pages must not miss a record that exists throughout.
pub(super) async fn days(
    store: &dyn Contents,
    organisation: &OrganisationId,
    kinds: &[Kind],
) -> Result<BTreeSet<NaiveDate>, StoreError> {
    let mut days = BTreeSet::new();
    for kind in kinds {
        let mut pages = store.pages(organisation, *kind, None).await?;
        let (mut after, mut is_read_again) = (None, false);
        while let Some(page) = pages.next().await? {
            // Redis finds decisions by the trail, and one may be swept in between.
            if !page.unreadable.is_empty() && !is_read_again {
                pages = store.pages(organisation, *kind, after.clone()).await?;
                is_read_again = true;
                continue;
            }
            page.all_read(*kind)?;
            days.extend(page.records.iter().filter_map(day));
            (after, is_read_again) = (Some(page.last), false);
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use async_trait::async_trait;

    use super::*;
    use crate::ports::portable::{CopyMark, Page, Pages};

    /// Pages with these numbers of unreadable records, one after another, from whatever place they start.
    struct Unreadable(Mutex<Vec<usize>>);

    #[async_trait]
    impl Contents for Unreadable {
        async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
            Ok(Vec::new())
        }

        async fn pages<'s>(
            &'s self,
            _: &OrganisationId,
            _: Kind,
            _: Option<String>,
        ) -> Result<Box<dyn Pages + 's>, StoreError> {
            Ok(Box::new(UnreadablePages(self)))
        }

        async fn copy_mark(&self, _: &OrganisationId) -> Result<Option<CopyMark>, StoreError> {
            Ok(None)
        }
    }

    struct UnreadablePages<'s>(&'s Unreadable);

    #[async_trait]
    impl Pages for UnreadablePages<'_> {
        fn total(&self) -> u64 {
            0
        }

        async fn next(&mut self) -> Result<Option<Page>, StoreError> {
            let many = self.0.0.lock().unwrap().pop();
            Ok(many.map(|many| Page {
                records: Vec::new(),
                unreadable: vec!["c-1".to_owned(); many],
                destroyed: Vec::new(),
                last: "1".to_owned(),
            }))
        }
    }

    #[tokio::test]
    async fn what_goes_while_it_is_read_is_read_again_and_damage_is_a_fault() {
        let read = async |pages: &[usize]| {
            let store = Unreadable(Mutex::new(pages.iter().rev().copied().collect()));
            days(&store, &OrganisationId::new("karbon"), &[Kind::Decisions]).await
        };
        assert_eq!(read(&[0, 1, 0, 1, 0]).await.unwrap(), BTreeSet::new());
        assert!(matches!(read(&[0, 1, 1]).await, Err(StoreError::Corrupt(_))));
    }
}
