//! Writing originals anew that are plain, or encrypted with a key that no longer encrypts.

use std::sync::Arc;

use super::listing::Listed;
use super::{S3Archive, blocking, encrypted};
use crate::ports::{Original, StoreError};
use crate::runtime::limits::KEY_HEAD_BYTES;
use crate::store::archive::cipher;
use crate::store::archive::place::{Form, Place};
use crate::store::keyring::{Key, Keyring};

impl S3Archive {
    /// Encrypts every original with the key that encrypts now; how many it were. The same call resumes after an
    /// interruption.
    ///
    /// # Errors
    /// `Refused`: there is no key. `Locked`: an original takes one that is not there. [`StoreError::Original`]: one is
    /// not what was kept. `Unavailable`: the server is away.
    pub async fn rekey(&self) -> Result<u64, StoreError> {
        let key = first(self.codec.keyring())?;
        let mut found = Vec::new();
        let mut each = |object: Listed| found.extend(Place::below(&object.name));
        let listed = self.wire.list("", &mut each).await;
        listed.map_err(|fault| self.fault(&fault))?;
        let mut done = 0;
        for (place, form) in found {
            done += u64::from(self.rekey_one(&place, form, key).await?);
        }
        Ok(done)
    }

    async fn rekey_one(&self, place: &Place, form: Form, key: &Key) -> Result<bool, StoreError> {
        let name = place.name(form);
        if form == Form::Encrypted {
            let head = self.wire.begins(&name, KEY_HEAD_BYTES).await;
            // A gateway may have let go of it meanwhile.
            let Some(head) = head.map_err(|fault| self.fault(&fault))? else { return Ok(false) };
            if cipher::is_by(&mut head.as_ref(), key.id()).unwrap_or(false) {
                return Ok(false);
            }
        }
        if self.length(place).await?.is_none() {
            return Ok(false);
        }
        let whole = Original::Bytes(self.reading().whole(place).await?);
        let (temporary, codec, of) =
            (Arc::clone(&self.temporary), self.codec.clone(), place.clone());
        let anew = blocking(move || encrypted(&temporary, &whole, first(codec.keyring())?, &of));
        self.put(place, &anew.await?).await?;
        if form == Form::Plain {
            let deleted = self.wire.delete(&name).await;
            deleted.map_err(|fault| self.fault(&fault))?;
        }
        Ok(true)
    }
}

/// The key that encrypts now.
fn first(keyring: Option<&Keyring>) -> Result<&Key, StoreError> {
    keyring
        .map(Keyring::first)
        .ok_or_else(|| StoreError::Refused("there is no [keys] store to encrypt with".to_owned()))
}
