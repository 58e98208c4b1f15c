//! Idempotent imports: the result is stored under the sender's key, in the same commit as the import.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::apply::{Go, Imported, Missing};
use super::key::{ImportKey, UnusedKey};
use super::listed::Listed;
use crate::casework::acting::Acting;
use crate::casework::keyed::{IMPORTS, UnderKey};
use crate::casework::{Desk, Fault};
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::ports::documents::Document;

/// The stored result of an import, with the digest of its request.
#[derive(Serialize, Deserialize)]
struct Remembered {
    asks: String,
    done: Imported,
}

/// The record of a key.
pub enum KeyUse {
    /// The result of the same request.
    Done(Imported),
    Unused(UnusedKey),
}

impl Desk {
    /// As [`Desk::import`], once per key: the same request within its life returns the first result, by
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

    /// What a key was used for within its life. To be asked before the list is judged: what is done stays
    /// done, whatever the configuration says of such a list by now.
    ///
    /// # Errors
    /// [`Fault::Refused`]: the key came with something else. The store can't be read.
    pub async fn key_use(
        &self,
        organisation: &OrganisationId,
        key: ImportKey,
    ) -> Result<KeyUse, Fault> {
        let found: UnderKey<Remembered> = self.under_key(organisation, &IMPORTS, &key.id).await?;
        let Some(known) = found.holds else {
            return Ok(KeyUse::Unused(UnusedKey { key, version: found.version }));
        };
        if known.asks != key.asks {
            let why = "this `Idempotency-Key` was used for another request";
            return Err(Fault::Refused(why.to_owned()));
        }
        Ok(KeyUse::Done(known.done))
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
        IMPORTS.document((&id, version), at, &Remembered { asks, done: done.clone() })
    }
}
