//! Rewriting originals that are plain, or encrypted with a key that no longer encrypts.
//!
//! A gateway may erase an original meanwhile, which must not come back, and no original may be lost if two of these
//! calls meet. A bucket has no locks, so requests with conditions take their place:
//!
//! - An encrypted object is replaced only if it is still the one that was read (`If-Match`).
//! - A plain original is removed, by an erasure, before the encrypted one is. So once the encrypted one is made
//!   (`If-None-Match`), a plain one that is gone was erased, and the new one goes, too. Where both were there already,
//!   the encrypted one is made anew before the plain one goes, by which a call that has just made it sees that it was
//!   no erasure.
//!
//! What remains: a call that is killed between the new object and the look at the plain one, or two calls at once, may
//! leave an original that was erased in that moment. No item names it, and `check --store` reports it.

use std::sync::Arc;

use bytes::Bytes;

use super::fault::S3Fault;
use super::listing::Listed;
use super::wire::{ETag, Only, Stored};
use super::{Prepared, S3Archive, encrypted};
use crate::ports::{FetchError, Original, StoreError};
use crate::runtime::limits::KEY_HEAD_BYTES;
use crate::store::archive::place::{Form, OriginalPlace};
use crate::store::archive::{blocking, cipher};
use crate::store::keyring::{Key, Keyring};

impl S3Archive {
    /// Encrypts every original with the key that encrypts now; how many it were. The same call resumes after an
    /// interruption.
    ///
    /// # Errors
    /// `Refused`: there is no key. `Locked`: an original takes one that is not there. [`FetchError::Original`]: one was
    /// altered. `Unavailable`: the server is away.
    pub async fn rekey(&self) -> Result<u64, FetchError> {
        let key = first(self.codec.keyring())?;
        let mut found = Vec::new();
        let mut each = |object: Listed| found.extend(OriginalPlace::below(&object.name));
        let listed = self.wire.list("", &mut each).await;
        listed.map_err(|fault| self.fault(&fault))?;
        let mut done = 0;
        for (place, form) in found {
            done += u64::from(match form {
                Form::Encrypted => self.replace(&place, key.id()).await?,
                Form::Plain => self.encrypt(&place).await?,
            });
        }
        Ok(done)
    }

    /// `false`: there was nothing to do, or nothing is left to do it to.
    async fn replace(&self, place: &OriginalPlace, key: &str) -> Result<bool, FetchError> {
        let name = place.name(Form::Encrypted);
        let head = self.wire.begins(&name, KEY_HEAD_BYTES).await;
        let Some(head) = head.map_err(|fault| self.fault(&fault))? else { return Ok(false) };
        if cipher::is_by(&mut head.bytes.as_ref(), key).unwrap_or(false) {
            return Ok(false);
        }
        let found = self.wire.whole(&name).await;
        let Some(found) = found.map_err(|fault| self.fault(&fault))? else { return Ok(false) };
        let anew = self.anew(place, Form::Encrypted, found.bytes).await?;
        let put = self.put(place, &anew, self.if_still(found.tag.as_ref())?).await?;
        Ok(put.is_some())
    }

    /// `false`: nothing is left to do it to.
    async fn encrypt(&self, place: &OriginalPlace) -> Result<bool, FetchError> {
        let plain = place.name(Form::Plain);
        let found = self.wire.bytes(&plain).await;
        let Some(found) = found.map_err(|fault| self.fault(&fault))? else { return Ok(false) };
        let anew = self.anew(place, Form::Plain, found).await?;
        let is_encrypted = match self.put(place, &anew, Only::IfNew).await? {
            Some(stored) => !self.was_erased(place, &stored).await?,
            None => self.made_again(place, &anew).await?,
        };
        if is_encrypted {
            let deleted = self.wire.delete(&plain).await;
            deleted.map_err(|fault| self.fault(&fault))?;
        }
        Ok(is_encrypted)
    }

    /// Whether an original was erased while it was encrypted; then the new object is gone, too.
    async fn was_erased(&self, place: &OriginalPlace, stored: &Stored) -> Result<bool, StoreError> {
        let fault = |fault| self.fault(&fault);
        if self.wire.tag(&place.name(Form::Plain)).await.map_err(fault)?.is_some() {
            return Ok(false);
        }
        let name = place.name(Form::Encrypted);
        // Another call has made it anew: that removed the plain one, and nobody erased it.
        if self.wire.tag(&name).await.map_err(fault)?.is_some_and(|tag| tag == stored.tag) {
            self.wire.delete(&name).await.map_err(fault)?;
        }
        Ok(true)
    }

    /// Makes an encrypted object anew that was there beside the plain one, by an interrupted call or one that runs.
    /// `false`: it is another one by now, or gone, and not for this call to deal with.
    async fn made_again(&self, place: &OriginalPlace, anew: &Prepared) -> Result<bool, StoreError> {
        let head = self.wire.begins(&place.name(Form::Encrypted), KEY_HEAD_BYTES).await;
        let Some(head) = head.map_err(|fault| self.fault(&fault))? else { return Ok(false) };
        // By no call of these: they know no person.
        if cipher::is_by_a_person(&mut head.bytes.as_ref()).unwrap_or(false) {
            return Ok(true);
        }
        let put = self.put(place, anew, self.if_still(head.tag.as_ref())?).await?;
        Ok(put.is_some())
    }

    /// Without a tag, originals erased in the meantime would come back.
    fn if_still<'a>(&self, tag: Option<&'a ETag>) -> Result<Only<'a>, StoreError> {
        tag.map(Only::IfStill).ok_or_else(|| self.fault(&S3Fault::Unreadable))
    }

    /// What an object holds, encrypted with the key that encrypts now.
    async fn anew(
        &self,
        place: &OriginalPlace,
        form: Form,
        found: Bytes,
    ) -> Result<Prepared, FetchError> {
        let original = Original::Bytes(self.reading().opened(place, form, found).await?);
        let (temporary, codec) = (Arc::clone(&self.temporary), self.codec.clone());
        let place = place.clone();
        blocking(move || Ok(encrypted(&temporary, &original, first(codec.keyring())?, &place)?))
            .await
    }
}

/// The key that encrypts now.
fn first(keyring: Option<&Keyring>) -> Result<&Key, StoreError> {
    keyring
        .map(Keyring::first)
        .ok_or_else(|| StoreError::Refused("there is no [keys] store to encrypt with".to_owned()))
}
