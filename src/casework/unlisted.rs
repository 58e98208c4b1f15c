//! Entries of the trail that the index does not list under a person though they concern them. The index is covered by
//! no seal: whoever says that all of a person was read, or erased, looks at the trail itself.

use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::{Store, StoreError};

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

/// The entry of a number; `None`: there is none, or it can't be read.
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
