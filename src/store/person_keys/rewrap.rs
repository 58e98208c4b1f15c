//! Wrapping keys again, once another key of the keyring encrypts.

use super::files::Files;
use super::{NAMES, PersonKeys, wrap};
use crate::ports::StoreError;

impl PersonKeys {
    /// Wraps every key with the key that encrypts now; how many it were. The same call resumes after an interruption:
    /// each file is as it was, or as it is to be. Gateways may keep running.
    ///
    /// # Errors
    /// `Unavailable`: the folder can't be read or written. `Locked`: a key of the keyring is missing.
    pub fn rewrap(&self) -> Result<u64, StoreError> {
        let lock = self.files.lock()?;
        self.files.clear_up(None)?;
        drop(lock);
        let mut done = 0;
        for (path, hash) in self.files.all()? {
            // One that was retired or destroyed since it was listed must not come back.
            let _lock = self.files.lock()?;
            let Some(wrapped) = Files::read(&path)? else { continue };
            if wrapped.starts_with('\0') || wrap::is_by_first(&self.keyring, &wrapped) {
                continue;
            }
            let place = hash.as_deref().unwrap_or(NAMES);
            let content = wrap::unwrap(&self.keyring, place, &wrapped)?;
            Files::replace(&path, &wrap::wrap(&self.keyring, place, &content)?)?;
            done += 1;
        }
        Ok(done)
    }
}
