//! Idempotent imports: the result is stored under the sender's key, in the same commit as the import.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::apply::{Go, Imported, Missing};
use super::key::{ImportKey, UnusedKey};
use super::listed::Listed;
use crate::casework::acting::Acting;
use crate::casework::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, IndexKey, Listing, WriteFault};
use crate::runtime::limits::{IMPORT_KEY_KEPT, IMPORT_KEYS_FORGOTTEN_AT_ONCE};

/// The kind of document that stores the result of an import. Its id is a digest of the key.
pub(in crate::casework) const IMPORT_KEY: &str = "import_key";

/// The index by time of writing.
const BY_TIME: &str = "time";

/// The stored result of an import, with the digest of its request.
#[derive(Serialize, Deserialize)]
struct Remembered {
    asks: String,
    done: Imported,
}

/// What is on record for a key.
pub enum KeyUse {
    /// The result of the same request.
    Done(Imported),
    Unused(UnusedKey),
}

fn written_at(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

impl Desk {
    /// As [`Desk::import`], once per key: the same request within [`IMPORT_KEY_KEPT`] returns the first result, by
    /// [`Desk::key_use`], or here where it was sent twice at once.
    ///
    /// # Errors
    /// As [`Desk::import`]; [`Fault::Refused`]: the key was used for another request meanwhile.
    pub async fn import_once(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        missing: Missing,
        acting: Acting<'_>,
        key: UnusedKey,
    ) -> Result<Imported, Fault> {
        match self.imported(organisation, people, (missing, Go::Write), acting, Some(&key)).await {
            // The same request may have been sent twice at once.
            Err(Fault::Contended) => match self.key_use(&organisation.id, key.key).await? {
                KeyUse::Done(done) => Ok(done),
                KeyUse::Unused(_) => Err(Fault::Contended),
            },
            done => done,
        }
    }

    /// What a key was used for within [`IMPORT_KEY_KEPT`]. To be asked before the list is judged: what is done stays
    /// done, whatever the configuration says of such a list by now.
    ///
    /// # Errors
    /// [`Fault::Refused`]: the key came with something else. The store can't be read.
    pub async fn key_use(
        &self,
        organisation: &OrganisationId,
        key: ImportKey,
    ) -> Result<KeyUse, Fault> {
        let Some(stored) = self.store.document(organisation, IMPORT_KEY, &key.id).await? else {
            return Ok(KeyUse::Unused(UnusedKey { key, version: 0 }));
        };
        let counts_from = written_at(self.clock.now() - IMPORT_KEY_KEPT);
        if !stored.keys.iter().any(|it| it.index == BY_TIME && it.value >= counts_from) {
            return Ok(KeyUse::Unused(UnusedKey { key, version: stored.version }));
        }
        let known: Remembered = stored.read()?;
        if known.asks != key.asks {
            let why = "this `Idempotency-Key` was used for another request";
            return Err(Fault::Refused(why.to_owned()));
        }
        Ok(KeyUse::Done(known.done))
    }

    /// Removes expired keys.
    ///
    /// # Errors
    /// The store can't be read or written: the next call does the same.
    pub async fn forget_old_imports(&self, organisation: &OrganisationId) -> Result<(), Fault> {
        loop {
            let stamp = self.stamp(GATEWAY);
            let listing = Listing {
                to: Some(written_at(stamp.at - IMPORT_KEY_KEPT)),
                limit: IMPORT_KEYS_FORGOTTEN_AT_ONCE,
                ..Listing::of(BY_TIME)
            };
            let old = self.store.documents(organisation, IMPORT_KEY, listing).await?.documents;
            if old.is_empty() {
                return Ok(());
            }
            let batch = old.iter().fold(Batch::new(stamp), Batch::remove);
            match self.store.write(organisation, batch).await {
                Ok(()) => {}
                // Another gateway removes the same, or a key came again: the next call removes the rest.
                Err(WriteFault::Conflict(_)) => return Ok(()),
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
    }
}

impl UnusedKey {
    /// The document with the result, for the batch of the import.
    pub(super) fn remembers(
        &self,
        done: &Imported,
        at: DateTime<Utc>,
    ) -> Result<Document, StoreError> {
        let UnusedKey { key: ImportKey { id, asks }, version } = self.clone();
        let body = Remembered { asks, done: done.clone() };
        let keys = vec![IndexKey::new(BY_TIME, written_at(at))];
        Document::new(IMPORT_KEY, id, version, keys, &body)
    }
}
