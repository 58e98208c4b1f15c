//! A key for each person: what erases them from copies that nobody can reach.
//!
//! Records and originals about a person are encrypted with a key of their own, which the keyring keeps wrapped in a
//! folder that is part of no backup of the store. Once it is destroyed, nothing about them can be read any more,
//! wherever a copy of it may be.
//!
//! ```text
//! people-keys/
//!   names                    a secret by which files are named, wrapped; made with the first key
//!   current/3f/3f9a…         the key that encrypts what is written about a person; named by a keyed hash
//!   retired/~8c01…~3f9a…~51d7…   keys of people who are being erased: they read, and encrypt nothing more
//!   .lock                    held while a key is retired, destroyed or wrapped anew
//! ```
//!
//! A key's name in records is `~`, which folder it is of, `~`, the person's hash, `~`, and some random digits. Someone
//! who is entered under the same id later has another key. Gateways on one store share the folder.

mod files;
mod rewrap;
mod wrap;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Instant;

use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keyring::{KEY_BYTES, Key, Keyring};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ErasedKeys, StoreError};
use crate::runtime::limits::{PERSON_KEY_SEEN_FOR, PERSON_KEYS_IN_MEMORY_MAX};
use crate::runtime::tokens::{hex, sha256};
use files::Files;

/// What the name of a person's key begins with. No name in a keyring does.
pub(super) const FIRST: char = '~';

/// Hex digits: which folder, whose key, which of theirs.
const FOLDER_HEX: usize = 8;
const PERSON_HEX: usize = 32;
const OWN_BYTES: usize = 4;

/// What the names' secret is wrapped for, where a key is for a person's hash.
const NAMES: &str = "names";

/// The keys of people, in a folder.
pub struct PersonKeys {
    files: Files,
    /// What wraps them.
    keyring: Arc<Keyring>,
    names: OnceLock<Names>,
    known: RwLock<Known>,
}

struct Names {
    hashing: hmac::Key,
    /// Which folder it is.
    folder: String,
}

/// What is in memory, so that no contact waits for a file.
#[derive(Default)]
struct Known {
    current: HashMap<String, (Arc<Key>, Instant)>,
    named: HashMap<String, Arc<Key>>,
}

/// A key as it is wrapped: its name, `:`, and base64.
struct Stored {
    name: String,
    key: String,
}

/// Whether it is the name of a person's key.
pub(super) fn is_name(id: &str) -> bool {
    id.starts_with(FIRST)
}

impl PersonKeys {
    /// The keys in a folder, which is not looked at yet.
    pub fn at(folder: PathBuf, keyring: Arc<Keyring>) -> Self {
        PersonKeys {
            files: Files::at(folder),
            keyring,
            names: OnceLock::new(),
            known: RwLock::default(),
        }
    }

    /// The key that encrypts what is written about a person now; it is made if it is missing. Another gateway may
    /// have retired it a moment ago ([`PERSON_KEY_SEEN_FOR`]).
    ///
    /// # Errors
    /// `Unavailable`: the folder is not there, or can't be read or written. `Locked`: a key of the keyring is missing.
    pub(super) fn current(&self, organisation: &str, person: &str) -> Result<Arc<Key>, StoreError> {
        let subject = [organisation, "\0", person].concat();
        if let Some((key, seen)) = self.known().current.get(&subject)
            && seen.elapsed() < PERSON_KEY_SEEN_FOR
        {
            return Ok(Arc::clone(key));
        }
        let hash = self.hash(organisation, person)?;
        let stored = match self.files.current(&hash)? {
            Some(wrapped) => self.unwrap(&hash, &wrapped)?,
            None => self.make(&hash)?,
        };
        let key = self.remember(&stored)?;
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.current.len() >= PERSON_KEYS_IN_MEMORY_MAX {
            known.current.clear();
        }
        known.current.insert(subject, (Arc::clone(&key), Instant::now()));
        Ok(key)
    }

    /// The key of a name that a record bears.
    ///
    /// # Errors
    /// `Destroyed`; else as [`PersonKeys::current`]. `Locked` also: it is of another folder.
    pub(super) fn named(&self, name: &str) -> Result<Arc<Key>, StoreError> {
        if let Some(key) = self.known().named.get(name) {
            return Ok(Arc::clone(key));
        }
        let parts: Vec<&str> = name.split(FIRST).collect();
        let ["", folder, hash, _] = parts.as_slice() else { return Err(not_a_name()) };
        if *folder != self.names()?.folder {
            return Err(StoreError::Locked(
                "records are encrypted with people's keys of another folder than [keys] people names"
                    .to_owned(),
            ));
        }
        if let Some(wrapped) = self.files.current(hash)? {
            let stored = self.unwrap(hash, &wrapped)?;
            if stored.name == name {
                return self.remember(&stored);
            }
        }
        match self.files.retired(name)? {
            Some(wrapped) => self.remember(&self.unwrap(hash, &wrapped)?),
            None => Err(StoreError::Destroyed(
                "it was about somebody who was erased: their key is destroyed".to_owned(),
            )),
        }
    }

    /// Encrypts nothing more with a person's key: what is written under the same id from now on has another. It still
    /// reads. Nothing happens where there is none.
    ///
    /// # Errors
    /// As [`PersonKeys::current`].
    pub fn retire(&self, organisation: &str, person: &str) -> Result<(), StoreError> {
        let hash = self.hash(organisation, person)?;
        let lock = self.files.lock()?;
        if let Some(wrapped) = self.files.current(&hash)? {
            let stored = self.unwrap(&hash, &wrapped)?;
            self.files.retire(&hash, &stored.name)?;
        }
        drop(lock);
        let subject = [organisation, "\0", person].concat();
        self.known.write().unwrap_or_else(PoisonError::into_inner).current.remove(&subject);
        Ok(())
    }

    /// Destroys the keys of a person that were retired; how many it were.
    ///
    /// # Errors
    /// As [`PersonKeys::current`].
    pub fn destroy(&self, organisation: &str, person: &str) -> Result<u64, StoreError> {
        let hash = self.hash(organisation, person)?;
        let _lock = self.files.lock()?;
        let begins = format!("{FIRST}{}{FIRST}{hash}{FIRST}", self.names()?.folder);
        let mut destroyed = 0;
        for name in self.files.all_retired()? {
            if name.starts_with(&begins) {
                self.files.destroy(&name)?;
                let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
                known.named.remove(&name);
                destroyed += 1;
            }
        }
        Ok(destroyed)
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, stored: &Stored) -> Result<Arc<Key>, StoreError> {
        let key = STANDARD.decode(&stored.key).ok().and_then(|key| key.try_into().ok());
        let key: [u8; KEY_BYTES] = key.ok_or_else(damaged)?;
        let key = Arc::new(Key::of_person(&stored.name, &key).ok_or_else(damaged)?);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.named.len() >= PERSON_KEYS_IN_MEMORY_MAX {
            known.named.clear();
        }
        let known = known.named.entry(stored.name.clone()).or_insert(key);
        Ok(Arc::clone(known))
    }

    /// Makes the key of a person; one that another gateway made a moment before is theirs.
    fn make(&self, hash: &str) -> Result<Stored, StoreError> {
        let mut own = [0; OWN_BYTES];
        SystemRandom::new().fill(&mut own).map_err(|_| no_random())?;
        let folder = &self.names()?.folder;
        let name = format!("{FIRST}{folder}{FIRST}{hash}{FIRST}{}", hex(&own));
        let stored = Stored { name, key: STANDARD.encode(fresh()?) };
        let text = format!("{}:{}", stored.name, stored.key);
        let wrapped = wrap::wrap(&self.keyring, hash, &text)?;
        let there = self.files.put_current(hash, &wrapped)?;
        if there == wrapped { Ok(stored) } else { self.unwrap(hash, &there) }
    }

    fn unwrap(&self, hash: &str, wrapped: &str) -> Result<Stored, StoreError> {
        let text = wrap::unwrap(&self.keyring, hash, wrapped)?;
        let (name, key) = text.split_once(':').ok_or_else(damaged)?;
        Ok(Stored { name: name.to_owned(), key: key.to_owned() })
    }

    /// The keyed hash of a person's id.
    fn hash(&self, organisation: &str, person: &str) -> Result<String, StoreError> {
        let mut hash = hmac::Context::with_key(&self.names()?.hashing);
        for word in [organisation, person] {
            hash.update(&(word.len() as u64).to_be_bytes());
            hash.update(word.as_bytes());
        }
        let mut text = hex(hash.sign().as_ref());
        text.truncate(PERSON_HEX);
        Ok(text)
    }

    fn names(&self) -> Result<&Names, StoreError> {
        if let Some(names) = self.names.get() {
            return Ok(names);
        }
        let wrapped = match self.files.names()? {
            Some(wrapped) => wrapped,
            None => {
                let made = wrap::wrap(&self.keyring, NAMES, &STANDARD.encode(fresh()?))?;
                self.files.put_names(&made)?
            }
        };
        let secret = wrap::unwrap(&self.keyring, NAMES, &wrapped)?;
        let secret = STANDARD.decode(secret).map_err(|_| damaged())?;
        let mut folder = hex(&sha256(&secret));
        folder.truncate(FOLDER_HEX);
        let hashing = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        Ok(self.names.get_or_init(|| Names { hashing, folder }))
    }
}

impl ErasedKeys for PersonKeys {
    fn retire(&self, organisation: &OrganisationId, person: &str) -> Result<(), StoreError> {
        PersonKeys::retire(self, organisation.as_str(), person)
    }

    fn destroy(&self, organisation: &OrganisationId, person: &str) -> Result<u64, StoreError> {
        PersonKeys::destroy(self, organisation.as_str(), person)
    }
}

impl std::fmt::Debug for PersonKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("PersonKeys").field(&self.files.folder()).finish()
    }
}

fn fresh() -> Result<[u8; KEY_BYTES], StoreError> {
    let mut bytes = [0; KEY_BYTES];
    SystemRandom::new().fill(&mut bytes).map_err(|_| no_random())?;
    Ok(bytes)
}

fn no_random() -> StoreError {
    StoreError::Unavailable("the system has no random bytes".to_owned())
}

fn damaged() -> StoreError {
    StoreError::Corrupt("a person's key in [keys] people can't be read back".to_owned())
}

fn not_a_name() -> StoreError {
    StoreError::Corrupt("a record names a key that is nobody's".to_owned())
}

#[cfg(test)]
mod tests;
