//! A key for each person, and for each day of contacts of nobody on record. Destroying one erases its records even
//! from copies that nobody can reach.
//!
//! Records and originals about a person are encrypted with a key of their own, which the keyring keeps wrapped in a
//! folder that is part of no backup of the store. Once it is destroyed, nothing about them can be read any more,
//! wherever a copy of it may be. Records of contacts of nobody on record have the key of their day, which retention
//! destroys. It has the form of any other key, so that gateways older than keys of days can still read by it.
//!
//! ```text
//! people-keys/
//!   names                    a secret by which files are named, wrapped; made with the first key
//!   current/3f/3f9a…         the key that encrypts new records about a person, or of a day; named by a keyed hash
//!   retired/~8c01…~3f9a…~51d7…   keys of what is being erased: they read, and encrypt nothing more
//!   destroyed/~8c01…~3f9a…~51d7… empty: says that the key of this name was destroyed, and is not just missing
//!   .lock                    held while a key is made, retired, destroyed or wrapped anew
//!   .new-…                   also in the folders above: not finished yet, or left behind by a process that was killed
//! ```
//!
//! A key's name in records is `~`, its folder, `~`, the hash of person or day, `~`, and some random digits.
//! Someone who is entered under the same id later has another key. Gateways on one store share the folder.

mod file_wait;
mod files;
mod names;
mod rewrap;
mod wrap;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::keyring::{KEY_BYTES, Key, Keyring};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ErasedKeys, KeyOf, StoreError};
use crate::runtime::limits::{PERSON_KEY_SEEN_FOR, PERSON_KEYS_IN_MEMORY_MAX};
use crate::runtime::tokens::hex;
use file_wait::FileWait;
use files::Files;
use names::{KeyNames, subject};

/// The first character of such a key's name; no name in a keyring has it.
pub(super) const FIRST: char = '~';

/// Random bytes at the end of the name.
const OWN_BYTES: usize = 4;

/// The purpose for which the names' secret is wrapped, where a key has the hash of its person or day.
const NAMES: &str = "names";

/// The keys of people and days, in a folder.
pub struct PersonKeys {
    files: Files,
    file_wait: FileWait,
    /// What wraps them.
    keyring: Arc<Keyring>,
    known: RwLock<Known>,
    /// The last key that a record bears and that was not found, until it is there.
    missed: Mutex<Option<String>>,
}

/// The keys in memory, so that no contact waits for a file.
#[derive(Default)]
struct Known {
    names: Option<Arc<KeyNames>>,
    /// When the folder was last found to have no keys.
    unused: Option<Instant>,
    current: HashMap<String, (Arc<Key>, Instant)>,
    named: HashMap<String, Arc<Key>>,
}

/// A key as it is wrapped: its name, `:`, and base64.
struct Stored {
    name: String,
    key: String,
}

/// Whether this names the key of a person or a day.
pub(super) fn is_name(id: &str) -> bool {
    id.starts_with(FIRST)
}

impl PersonKeys {
    /// Where the keys are.
    pub fn folder(&self) -> &Path {
        self.files.folder()
    }

    /// The keys in a folder, which is not looked at yet.
    pub fn at(folder: PathBuf, keyring: Arc<Keyring>) -> Self {
        PersonKeys {
            files: Files::at(folder),
            file_wait: FileWait::default(),
            keyring,
            known: RwLock::default(),
            missed: Mutex::default(),
        }
    }

    /// The key for new records about a person, or of a day; made if it is missing. Another gateway may have retired
    /// it a moment ago ([`PERSON_KEY_SEEN_FOR`]). `None` for a day while the folder has no key of a person.
    ///
    /// # Errors
    /// `Unavailable`: the folder is not there, or can't be read or written. `Locked`: a key of the keyring is missing.
    pub(super) fn current(
        &self,
        organisation: &str,
        of: KeyOf<'_>,
    ) -> Result<Option<Arc<Key>>, StoreError> {
        let remembered_by = subject(organisation, of);
        if let Some((key, seen)) = self.known().current.get(&remembered_by)
            && seen.elapsed() < PERSON_KEY_SEEN_FOR
        {
            return Ok(Some(Arc::clone(key)));
        }
        let names = match (self.names_for(of)?, of) {
            (Some(names), _) => names,
            (None, KeyOf::Person(_)) => self.make_names()?,
            (None, KeyOf::Day(_)) => return Ok(None),
        };
        let hash = names.hash(organisation, of);
        let stored = match self.wrapped(&hash)? {
            Some(wrapped) => self.unwrap(&hash, &wrapped)?,
            None => self.make(&names, &hash)?,
        };
        let key = self.remember(&stored)?;
        let mut known = self.known_mut();
        if known.current.len() >= PERSON_KEYS_IN_MEMORY_MAX {
            known.current.clear();
        }
        known.current.insert(remembered_by, (Arc::clone(&key), Instant::now()));
        Ok(Some(key))
    }

    /// As [`PersonKeys::names`]. For a day, an empty folder is not looked at each time, and gets no keys: it may be
    /// an empty mount point, which only the key of a person rules out.
    fn names_for(&self, of: KeyOf<'_>) -> Result<Option<Arc<KeyNames>>, StoreError> {
        if matches!(of, KeyOf::Person(_)) {
            return self.names();
        }
        let unused = self.known().unused;
        if unused.is_some_and(|seen| seen.elapsed() < PERSON_KEY_SEEN_FOR) {
            return Ok(None);
        }
        let names = self.names()?;
        if names.is_none() {
            self.known_mut().unused = Some(Instant::now());
        }
        Ok(names)
    }

    /// The key that a record names.
    ///
    /// # Errors
    /// `Destroyed`; else as [`PersonKeys::current`]. `Locked` also: it is of another folder.
    pub(super) fn named(&self, name: &str) -> Result<Arc<Key>, StoreError> {
        if let Some(key) = self.known().named.get(name) {
            return Ok(Arc::clone(key));
        }
        let found = self.find(name);
        if matches!(found, Err(StoreError::Unavailable(_) | StoreError::Locked(_))) {
            *self.missed() = Some(name.to_owned());
        }
        found
    }

    fn find(&self, name: &str) -> Result<Arc<Key>, StoreError> {
        let parts: Vec<&str> = name.split(FIRST).collect();
        let ["", folder, hash, own] = parts.as_slice() else { return Err(not_a_name()) };
        if [folder, hash, own].iter().any(|part| !part.bytes().all(|it| it.is_ascii_hexdigit())) {
            return Err(not_a_name());
        }
        self.is_of(folder)?;
        if let Some(wrapped) = self.wrapped(hash)? {
            let stored = self.unwrap(hash, &wrapped)?;
            if stored.name == name {
                return self.remember(&stored);
            }
        }
        let retired = name.to_owned();
        match self.look(move |files| files.retired(&retired))? {
            Some(wrapped) => self.remember(&self.unwrap(hash, &wrapped)?),
            None => Err(self.missing(name)?),
        }
    }

    /// Whether records name this folder. What is in memory gives way to what is mounted now, if they name that: the
    /// folder may have been mounted late.
    fn is_of(&self, folder: &str) -> Result<(), StoreError> {
        if self.known().names.as_ref().is_some_and(|names| names.folder == folder) {
            return Ok(());
        }
        let names = self.mounted()?.ok_or_else(swapped)?;
        if names.folder != folder {
            return Err(StoreError::Locked(
                "records are encrypted with personal keys from a different folder than the one in [keys] people"
                    .to_owned(),
            ));
        }
        let mut known = self.known_mut();
        known.names = Some(Arc::new(names));
        known.current.clear();
        Ok(())
    }

    /// Why a key can't be read that is in no file. That it was destroyed takes evidence: a folder that is away, or was
    /// put back from an older copy, has no key either.
    fn missing(&self, name: &str) -> Result<StoreError, StoreError> {
        let destroyed = name.to_owned();
        if self.look(move |files| files.is_destroyed(&destroyed))? {
            return Ok(StoreError::Destroyed(
                "this was about a person who has been erased, or is of a day whose contacts are gone: its key was \
                 destroyed"
                    .to_owned(),
            ));
        }
        Ok(match self.look(Files::names)? {
            None => swapped(),
            Some(_) => StoreError::Locked(
                "a key is missing from [keys] people: is it mounted, or an older copy?".to_owned(),
            ),
        })
    }

    /// Why some of what is stored can't be read or written now; `None`: the folder is there, and no key that a record
    /// bears is missing. Looks at files.
    pub fn fault(&self) -> Option<String> {
        let missed = self.missed().clone();
        let looked = match &missed {
            Some(name) => self.find(name).map(|_| ()),
            None if self.known().names.is_some() => self.is_same_folder(),
            None => self.mounted().map(|_| ()),
        };
        match looked {
            Ok(()) | Err(StoreError::Destroyed(_)) => {
                self.missed().take_if(|name| Some(&*name) == missed.as_ref());
                None
            }
            Err(fault) => Some(fault.to_string()),
        }
    }

    /// Stops encrypting with a key, which can still decrypt: new records about the person, or of the day, get
    /// another. `false` if there was no key to retire.
    ///
    /// # Errors
    /// As [`PersonKeys::current`].
    pub fn retire(&self, organisation: &str, of: KeyOf<'_>) -> Result<bool, StoreError> {
        let Some(names) = self.names()? else { return Ok(false) };
        let hash = names.hash(organisation, of);
        self.is_same_folder()?;
        let lock = self.files.lock()?;
        let current = self.files.current(&hash)?;
        if let Some(wrapped) = &current {
            let stored = self.unwrap(&hash, wrapped)?;
            self.files.retire(&hash, &stored.name)?;
        }
        drop(lock);
        self.known_mut().current.remove(&subject(organisation, of));
        Ok(current.is_some())
    }

    /// Destroys the retired keys of a person or a day, and returns how many.
    ///
    /// # Errors
    /// As [`PersonKeys::current`].
    pub fn destroy(&self, organisation: &str, of: KeyOf<'_>) -> Result<u64, StoreError> {
        let Some(names) = self.names()? else { return Ok(0) };
        let hash = names.hash(organisation, of);
        self.is_same_folder()?;
        let _lock = self.files.lock()?;
        self.files.clear_up(Some(&hash))?;
        let begins = format!("{FIRST}{}{FIRST}{hash}{FIRST}", names.folder);
        let mut destroyed = 0;
        for name in self.files.all_retired()? {
            if name.starts_with(&begins) {
                self.files.destroy(&name)?;
                self.known_mut().named.remove(&name);
                destroyed += 1;
            }
        }
        Ok(destroyed)
    }

    /// Looks at files from where nobody may wait for long.
    fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&Files) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let files = self.files.clone();
        self.file_wait.wait(move || look(&files))
    }

    /// The key that is current for a hash, as it is stored.
    fn wrapped(&self, hash: &str) -> Result<Option<String>, StoreError> {
        let hash = hash.to_owned();
        self.look(move |files| files.current(&hash))
    }

    fn known(&self) -> std::sync::RwLockReadGuard<'_, Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn known_mut(&self) -> std::sync::RwLockWriteGuard<'_, Known> {
        self.known.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn missed(&self) -> std::sync::MutexGuard<'_, Option<String>> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn remember(&self, stored: &Stored) -> Result<Arc<Key>, StoreError> {
        let key = STANDARD.decode(&stored.key).ok().and_then(|key| key.try_into().ok());
        let key: [u8; KEY_BYTES] = key.ok_or_else(damaged)?;
        let key = Arc::new(Key::of_person(&stored.name, &key).ok_or_else(damaged)?);
        let mut known = self.known_mut();
        if known.named.len() >= PERSON_KEYS_IN_MEMORY_MAX {
            known.named.clear();
        }
        let known = known.named.entry(stored.name.clone()).or_insert(key);
        Ok(Arc::clone(known))
    }

    /// Makes the key of a person or a day, or returns the one that another gateway made a moment before.
    fn make(&self, names: &KeyNames, hash: &str) -> Result<Stored, StoreError> {
        let mut own = [0; OWN_BYTES];
        SystemRandom::new().fill(&mut own).map_err(|_| no_random())?;
        self.is_same_folder()?;
        let name = format!("{FIRST}{}{FIRST}{hash}{FIRST}{}", names.folder, hex(&own));
        let stored = Stored { name, key: STANDARD.encode(fresh()?) };
        let text = format!("{}:{}", stored.name, stored.key);
        let wrapped = wrap::wrap(&self.keyring, hash, &text)?;
        let (of, put) = (hash.to_owned(), wrapped.clone());
        let there = self.look(move |files| files.put_current(&of, &put))?;
        if there == wrapped { Ok(stored) } else { self.unwrap(hash, &there) }
    }

    fn unwrap(&self, hash: &str, wrapped: &str) -> Result<Stored, StoreError> {
        let text = wrap::unwrap(&self.keyring, hash, wrapped)?;
        let (name, key) = text.split_once(':').ok_or_else(damaged)?;
        Ok(Stored { name: name.to_owned(), key: key.to_owned() })
    }

    /// `None`: no key was made in this folder yet.
    ///
    /// # Errors
    /// `Unavailable`: one was, and so it is not the folder, or it is not there.
    fn names(&self) -> Result<Option<Arc<KeyNames>>, StoreError> {
        if let Some(names) = &self.known().names {
            return Ok(Some(Arc::clone(names)));
        }
        match self.mounted()? {
            Some(names) => Ok(Some(self.keep(names))),
            None if self.missed().is_some() => Err(swapped()),
            None => Ok(None),
        }
    }

    fn make_names(&self) -> Result<Arc<KeyNames>, StoreError> {
        let made = wrap::wrap(&self.keyring, NAMES, &STANDARD.encode(fresh()?))?;
        let wrapped = self.look(move |files| files.put_names(&made))?;
        Ok(self.keep(self.unwrap_names(&wrapped)?))
    }

    fn keep(&self, names: KeyNames) -> Arc<KeyNames> {
        let mut known = self.known_mut();
        known.unused = None;
        Arc::clone(known.names.get_or_insert_with(|| Arc::new(names)))
    }

    /// The names of the folder that is mounted now.
    fn mounted(&self) -> Result<Option<KeyNames>, StoreError> {
        self.look(Files::names)?.map(|wrapped| self.unwrap_names(&wrapped)).transpose()
    }

    fn unwrap_names(&self, wrapped: &str) -> Result<KeyNames, StoreError> {
        let secret = wrap::unwrap(&self.keyring, NAMES, wrapped)?;
        let secret = STANDARD.decode(secret).map_err(|_| damaged())?;
        Ok(KeyNames::by(&secret))
    }

    /// Whether what is mounted now is the folder whose names are in memory: no key is made or destroyed in another.
    fn is_same_folder(&self) -> Result<(), StoreError> {
        let now = self.mounted()?;
        let known = self.known().names.clone();
        match (now, known) {
            (Some(now), Some(known)) if now.folder == known.folder => Ok(()),
            _ => Err(swapped()),
        }
    }
}

impl ErasedKeys for PersonKeys {
    fn retire(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<bool, StoreError> {
        PersonKeys::retire(self, organisation.as_str(), of)
    }

    fn destroy(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<u64, StoreError> {
        PersonKeys::destroy(self, organisation.as_str(), of)
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
    StoreError::Unavailable("the system provides no random bytes".to_owned())
}

fn swapped() -> StoreError {
    StoreError::Unavailable(
        "the folder of [keys] people is not the one that has the keys of what is stored: mount that one".to_owned(),
    )
}

fn damaged() -> StoreError {
    StoreError::Corrupt("a key in [keys] people can't be read back".to_owned())
}

fn not_a_name() -> StoreError {
    StoreError::Corrupt("a record names a key that belongs to nobody".to_owned())
}

#[cfg(test)]
mod tests;
