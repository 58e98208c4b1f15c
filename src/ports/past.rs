//! The store's past: what the store says of itself, compared with what the gateway keeps of it outside ([`Keepsakes`]).
//!
//! [`Keepsakes`]: super::keepsakes::Keepsakes

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;

use super::audit_trail::{ERASED, ErasedNumbers, erased_id};
use super::{AuditTrail, Documents, Store, StoreError};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{LastEntry, Mark, Nameplate, Standing, TrailEnd, compare};

/// Cleanup of an abandoned store, before each try to reopen it: its files may have been replaced by then. Called once
/// nobody uses the store any more. Blocks.
pub type BeforeReopening = Box<dyn Fn() + Send + Sync>;

/// Who asks a store, by how long they can wait for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asker {
    /// Contacts: decided in a fraction of a second, or on the last known state.
    Contacts,
    /// Staff, and work in the background.
    Staff,
}

/// A gateway's one store, as each asker reaches it.
#[derive(Clone)]
pub struct Stores {
    pub for_contacts: Arc<dyn Store>,
    pub for_staff: Arc<dyn Store>,
}

impl Stores {
    /// A store that both reach in the same way.
    pub fn same(store: Arc<dyn Store>) -> Self {
        Stores { for_contacts: Arc::clone(&store), for_staff: store }
    }

    pub fn of(&self, asker: Asker) -> Arc<dyn Store> {
        match asker {
            Asker::Contacts => Arc::clone(&self.for_contacts),
            Asker::Staff => Arc::clone(&self.for_staff),
        }
    }

    /// Whose findings apply to this asker: where both reach the store in the same way, one's do to both.
    pub fn regarded_as(&self, asker: Asker) -> Asker {
        match Arc::ptr_eq(&self.for_contacts, &self.for_staff) {
            true => Asker::Contacts,
            false => asker,
        }
    }
}

/// What a store says of itself.
#[async_trait]
pub trait Past: Send + Sync {
    /// # Errors
    /// `Corrupt`: the record is damaged.
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError>;

    /// Writes the nameplate, if it still is as it was read; `false`: somebody else has changed it.
    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError>;

    /// Reads everything, as far as the store allows: the damage, in words.
    async fn damage(&self) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// Whether the opened files have been replaced or cut, so that writes would be lost. Asked before
    /// every write.
    fn lost(&self) -> Option<String> {
        None
    }

    /// Closes the open store without writing anything more. `Some`: it must be reopened. Blocks.
    fn abandon(&self) -> Option<BeforeReopening> {
        None
    }

    /// Whether the store is older than last seen.
    fn is_behind(&self, _organisation: &OrganisationId) -> bool {
        false
    }
}

/// Reads where a store's trail ends, and compares that with its last known end.
///
/// # Errors
/// As [`Past::trail_end`].
pub async fn look<S: Past + AuditTrail + Documents + ?Sized>(
    store: &S,
    organisation: &OrganisationId,
    mark: Option<&Mark>,
) -> Result<(TrailEnd, Standing), StoreError> {
    let end = store.trail_end(organisation).await?;
    let known = mark.and_then(|mark| mark.last);
    let marked = match (known, end.last) {
        (Some(known), Some(last)) if known.number == last.number => Some(last),
        (Some(known), Some(last)) if known.number < last.number => {
            let entries = store.audit(organisation, known.number.saturating_sub(1), 1).await?;
            match entries.first().map(LastEntry::of) {
                Some(next) if next.number > known.number => {
                    erased(store, organisation, known.number).await?
                }
                found => found,
            }
        }
        _ => None,
    };
    let standing = compare(mark, &end, marked);
    Ok((end, standing))
}

/// An entry that was there and was erased.
async fn erased<S: Documents + ?Sized>(
    store: &S,
    organisation: &OrganisationId,
    number: u64,
) -> Result<Option<LastEntry>, StoreError> {
    let Some(listed) = store.document(organisation, ERASED, &erased_id(number)).await? else {
        return Ok(None);
    };
    let at = listed.read::<ErasedNumbers>()?.at.get(&number).copied();
    Ok(at.and_then(DateTime::from_timestamp_micros).map(|at| LastEntry { number, at }))
}
