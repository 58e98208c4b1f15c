//! A request that is sent again under its key is carried out once: its result is stored under the key, and answers
//! it.
//!
//! This is the part that both kinds of key share. An import stores its result in its own batch (`import/once`). A
//! form of the console may lead to any verb, so it claims its key first (`pressed`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, IndexKey, Listing, WriteFault};
use crate::runtime::limits::{IMPORT_KEY_KEPT, KEYS_FORGOTTEN_AT_ONCE, PRESS_KEPT};

/// One kind of key: the kind of its documents, whose ids are digests of keys, and how long a key is valid.
pub(super) struct KeyUses {
    pub kind: &'static str,
    kept: TimeDelta,
}

/// Imports under an `Idempotency-Key`.
pub(super) const IMPORTS: KeyUses = KeyUses { kind: "import_key", kept: IMPORT_KEY_KEPT };
/// Forms of the console.
pub(super) const PRESSES: KeyUses = KeyUses { kind: "pressed", kept: PRESS_KEPT };

/// The index by time of writing.
const BY_TIME: &str = "time";

/// The record under a key.
pub(super) struct UnderKey<T> {
    /// The version of the document that a write replaces, expired or not; 0 if the key is new.
    pub version: u64,
    /// The stored value, unless it is missing or expired.
    pub holds: Option<T>,
}

/// A time in the form that the index sorts by.
pub(super) fn written_at(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

impl KeyUses {
    /// The document to store under a key, in place of the one read at `version`.
    pub(super) fn document(
        &self,
        (id, version): (&str, u64),
        at: DateTime<Utc>,
        body: &impl Serialize,
    ) -> Result<Document, StoreError> {
        let keys = vec![IndexKey::new(BY_TIME, written_at(at))];
        Document::new(self.kind, id, version, keys, body)
    }
}

impl Desk {
    pub(super) async fn under_key<T: DeserializeOwned>(
        &self,
        organisation: &OrganisationId,
        uses: &KeyUses,
        id: &str,
    ) -> Result<UnderKey<T>, Fault> {
        let Some(stored) = self.store.document(organisation, uses.kind, id).await? else {
            return Ok(UnderKey { version: 0, holds: None });
        };
        let valid_from = written_at(self.clock.now() - uses.kept);
        let is_valid =
            stored.keys.iter().any(|key| key.index == BY_TIME && key.value >= valid_from);
        let holds = if is_valid { Some(stored.read()?) } else { None };
        Ok(UnderKey { version: stored.version, holds })
    }

    /// Removes expired keys of every kind.
    ///
    /// # Errors
    /// The store can't be read or written: the next call does the same.
    pub async fn forget_old_keys(&self, organisation: &OrganisationId) -> Result<(), Fault> {
        for uses in [&IMPORTS, &PRESSES] {
            self.forget_old(organisation, uses).await?;
        }
        Ok(())
    }

    async fn forget_old(&self, organisation: &OrganisationId, uses: &KeyUses) -> Result<(), Fault> {
        loop {
            let stamp = self.stamp(GATEWAY);
            let listing = Listing {
                to: Some(written_at(stamp.at - uses.kept)),
                limit: KEYS_FORGOTTEN_AT_ONCE,
                ..Listing::of(BY_TIME)
            };
            let old = self.store.documents(organisation, uses.kind, listing).await?.documents;
            if old.is_empty() {
                return Ok(());
            }
            let batch = old.iter().fold(Batch::new(stamp), Batch::remove);
            match self.store.write(organisation, batch).await {
                Ok(()) => {}
                // Another gateway removed the same keys, or one came again: the next call removes the rest.
                Err(WriteFault::Conflict(_)) => return Ok(()),
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
    }
}
