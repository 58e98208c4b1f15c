//! An import that is sent twice is done once: what came of it is written with it, under the key that its sender gave.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::apply::{Imported, Missing};
use super::key::ImportKey;
use super::listed::Listed;
use crate::casework::acting::Acting;
use crate::casework::{Desk, Fault};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::ports::documents::{Batch, Document, DocumentWrite, IndexKey, Listing};
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
        if let Some(done) = self.done_before(&organisation.id, key).await? {
            return Ok(done);
        }
        match self.import_under(organisation, people, missing, acting, key).await {
            // Perhaps the same, sent twice at once.
            Err(Fault::Contended) => {
                let done = self.done_before(&organisation.id, key).await?;
                done.ok_or(Fault::Contended)
            }
            done => done,
        }
    }

    async fn done_before(
        &self,
        organisation: &OrganisationId,
        key: &ImportKey,
    ) -> Result<Option<Imported>, Fault> {
        let Some(stored) = self.store.document(organisation, IMPORT_KEY, &key.id).await? else {
            return Ok(None);
        };
        let known: Remembered = stored.read()?;
        if known.asks != key.asks {
            let why = "this `Idempotency-Key` came with another request before";
            return Err(Fault::Refused(why.to_owned()));
        }
        Ok(Some(known.done))
    }

    /// Writes what came of an import with it, and forgets keys that are too old.
    pub(super) async fn remember_import(
        &self,
        organisation: &OrganisationId,
        key: &ImportKey,
        done: &Imported,
        batch: &mut Batch,
    ) -> Result<(), StoreError> {
        let at = batch.stamp.at;
        let body = Remembered { asks: key.asks.clone(), done: done.clone() };
        let keys = vec![IndexKey::new(BY_TIME, written_at(at))];
        let mut writes =
            vec![DocumentWrite::Put(Document::new(IMPORT_KEY, key.id.clone(), 0, keys, &body)?)];
        let listing = Listing {
            to: Some(written_at(at - IMPORT_KEY_KEPT)),
            limit: IMPORT_KEYS_FORGOTTEN_AT_ONCE,
            ..Listing::of(BY_TIME)
        };
        let old = self.store.documents(organisation, IMPORT_KEY, listing).await?.documents;
        writes.extend(
            old.into_iter().filter(|one| one.id != key.id).map(|one| DocumentWrite::Remove {
                kind: one.kind,
                id: one.id,
                version: one.version,
            }),
        );
        batch.documents.extend(writes);
        Ok(())
    }
}
