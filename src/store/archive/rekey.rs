//! Rewriting originals that are plain, or encrypted with a key that no longer encrypts.

use std::fs::File;
use std::io;
use std::path::Path;

use super::cipher;
use super::place::{self, OriginalPlace};
use super::reading;
use super::{FileArchive, away, fill_encrypted};
use crate::ports::{FetchError, Original, StoreError};
use crate::store::keyring::Key;

impl FileArchive {
    /// Encrypts every original with the key that encrypts now; how many it were. Blocks. The same call resumes after
    /// an interruption.
    ///
    /// # Errors
    /// `Refused`: there is no key. `Locked`: an original takes one that is not there. [`FetchError::Original`]: one was
    /// altered.
    pub fn rekey(&self) -> Result<u64, FetchError> {
        let Some(keyring) = self.codec.keyring() else {
            let why = "there is no [keys] store to encrypt with".to_owned();
            return Err(StoreError::Refused(why).into());
        };
        let mut done = 0;
        for (place, _) in place::originals(&self.root).map_err(|error| away(&error))? {
            done += u64::from(self.rekey_one(&place, keyring.first())?);
        }
        Ok(done)
    }

    fn rekey_one(&self, place: &OriginalPlace, key: &Key) -> Result<bool, FetchError> {
        let (encrypted, plain) = (place.encrypted_path(&self.root), place.path(&self.root));
        // A gateway must not release it in the meantime: it would come back.
        let _turn = self.turn(place)?;
        // The remains of a killed call next to the one that it had made.
        let had_both = encrypted.is_file() && plain.is_file();
        if is_by(&encrypted, key.id()).map_err(|error| away(&error))? {
            if had_both {
                std::fs::remove_file(&plain).map_err(|error| away(&error))?;
            }
            return Ok(false);
        }
        let Some(source) = place.found(&self.root) else { return Ok(false) };
        let mut bytes = Vec::new();
        reading::read(place, &self.root, &self.codec, &mut bytes)
            .map_err(|fault| fault.of(&self.identity))?;
        let temporary = self.temporary.file();
        let original = Original::Bytes(bytes.into());
        let written = fill_encrypted(&temporary, &original, key, &place.label()).and_then(|()| {
            std::fs::rename(temporary.path(), &encrypted)?;
            place::sync_folder(&place.folder(&self.root))?;
            if source == plain {
                std::fs::remove_file(&plain)?;
            }
            Ok(true)
        });
        Ok(written.map_err(|error| away(&error))?)
    }
}

/// Whether it is encrypted with this key, or with a person's.
fn is_by(encrypted: &Path, key: &str) -> io::Result<bool> {
    match File::open(encrypted) {
        Ok(mut file) => cipher::is_by(&mut file, key),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}
