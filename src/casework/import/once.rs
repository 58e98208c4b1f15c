//! An import that is sent twice is done once: what came of it is written with it, under the key that its sender gave.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::apply::{Go, Imported, Missing};
use super::key::ImportKey;
use super::listed::Listed;
use crate::casework::acting::Acting;
use crate::casework::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, IndexKey, Listing, WriteFault};
use crate::runtime::limits::{IMPORT_KEY_KEPT, IMPORT_KEYS_FORGOTTEN_AT_ONCE};

/// The kind of document that says what came of an import. Its id is a digest of the key.
pub(in crate::casework) const IMPORT_KEY: &str = "import_key";

/// The index of them by when they were written.
const BY_TIME: &str = "time";

/// What came of an import.
#[derive(Serialize, Deserialize)]
struct Remembered {
    asks: String,
    done: Imported,
}

/// What is known of a key.
enum Known {
    Done(Imported),
    /// Nothing that still counts; the version of what is on record.
    Unused(u64),
}

fn written_at(at: DateTime<Utc>) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

impl Desk {
    /// The same as [`Desk::import`], once for each key: who sends it again within [`IMPORT_KEY_KEPT`] gets what came of
    /// it the first time.
    ///
    /// # Errors
    /// As [`Desk::import`]; [`Fault::Refused`]: the key came with something else before.
    pub async fn import_once(
        &self,
        organisation: &Organisation,
        people: Vec<Listed>,
        missing: Missing,
        acting: Acting<'_>,
        key: &ImportKey,
    ) -> Result<Imported, Fault> {
        let version = match self.done_before(&organisation.id, key).await? {
            Known::Done(done) => return Ok(done),
            Known::Unused(version) => version,
        };
        let key = &ImportKey { version, ..key.clone() };
        match self.imported(organisation, people, (missing, Go::Write), acting, Some(key)).await {
            // Perhaps the same, sent twice at once.
            Err(Fault::Contended) => match self.done_before(&organisation.id, key).await? {
                Known::Done(done) => Ok(done),
                Known::Unused(_) => Err(Fault::Contended),
            },
            Ok(done) => {
                self.forget_old_imports(&organisation.id).await;
                Ok(done)
            }
            Err(fault) => Err(fault),
        }
    }

    async fn done_before(
        &self,
        organisation: &OrganisationId,
        key: &ImportKey,
    ) -> Result<Known, Fault> {
        let Some(stored) = self.store.document(organisation, IMPORT_KEY, &key.id).await? else {
            return Ok(Known::Unused(0));
        };
        let counts_from = written_at(self.clock.now() - IMPORT_KEY_KEPT);
        if !stored.keys.iter().any(|it| it.index == BY_TIME && it.value >= counts_from) {
            return Ok(Known::Unused(stored.version));
        }
        let known: Remembered = stored.read()?;
        if known.asks != key.asks {
            let why = "this `Idempotency-Key` came with another request before";
            return Err(Fault::Refused(why.to_owned()));
        }
        Ok(Known::Done(known.done))
    }

    /// Forgets keys that are too old, apart from any import: what others do with these keys keeps none from being done.
    async fn forget_old_imports(&self, organisation: &OrganisationId) {
        let stamp = self.stamp(GATEWAY);
        let listing = Listing {
            to: Some(written_at(stamp.at - IMPORT_KEY_KEPT)),
            limit: IMPORT_KEYS_FORGOTTEN_AT_ONCE,
            ..Listing::of(BY_TIME)
        };
        let old = self.store.documents(organisation, IMPORT_KEY, listing).await;
        let done = match old.map(|page| page.documents) {
            Ok(old) if old.is_empty() => return,
            Ok(old) => {
                let batch = old.iter().fold(Batch::new(stamp), Batch::remove);
                self.store.write(organisation, batch).await
            }
            Err(error) => Err(WriteFault::Store(error)),
        };
        // The next import does the same.
        if let Err(error) = done {
            tracing::debug!(%error, %organisation, "old keys of imports are not forgotten yet");
        }
    }
}

impl ImportKey {
    /// What came of its import, to be written with it.
    pub(super) fn remembers(
        &self,
        done: &Imported,
        at: DateTime<Utc>,
    ) -> Result<Document, StoreError> {
        let body = Remembered { asks: self.asks.clone(), done: done.clone() };
        let keys = vec![IndexKey::new(BY_TIME, written_at(at))];
        Document::new(IMPORT_KEY, self.id.clone(), self.version, keys, &body)
    }
}
