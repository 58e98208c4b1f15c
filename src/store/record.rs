//! How a record is written: the one place through which everything passes that a store keeps.
//!
//! A record is JSON behind a mark. The mark of plain JSON is one space, which leaves the record JSON for SQL, for other
//! tools, and for a gateway from before there was a mark; a record of that time has none and begins with its JSON. The
//! mark of any other format begins with [`ENVELOPE`], which no JSON does; it names the format and what it takes to read
//! what follows. Format 1 is JSON encrypted with a key of the keyring, of the person the record is about, or of the day
//! of a contact of nobody on record (`encrypted`).
//!
//! A store with a keyring encrypts what it writes, and reads plain records as well: those of before. One without a
//! keyring writes plain JSON, and refuses encrypted records.
//!
//! A fault names a record by its kind and its key, and never shows its content.

mod column;
mod encrypted;

use std::fmt::Display;
use std::ops::Deref;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::keyring::{Key, Keyring};
use super::person_keys::PersonKeys;
use crate::ports::{KeyOf, StoreError};
use crate::runtime::tokens::hex;

/// JSON that a record carries as it was handed in.
pub(super) use serde_json::value::RawValue;

/// The mark of plain JSON.
const MARK: u8 = b' ';

/// Begins the mark of a format that is not JSON: `%`, the format's number, `:`, and what that format puts there.
const ENVELOPE: u8 = b'%';

/// At most so long is what an encrypted record says before its ciphertext, in bytes.
pub(super) const MARK_CHARS_MAX: i64 = 128;

/// What records are called, in faults and in what their encryption is bound to. A document is called by its own kind.
pub(super) mod kind {
    pub(in crate::store) const PERSON: &str = "person";
    pub(in crate::store) const DECISION: &str = "decision";
    pub(in crate::store) const ITEM: &str = "queue item";
    pub(in crate::store) const AUDIT_ENTRY: &str = "audit entry";
    pub(in crate::store) const RECEIVED: &str = "received contact";
    /// Beside a record, in a column or field of its own.
    pub(in crate::store) const DIGEST: &str = "digest of";
    pub(in crate::store) const ISSUE: &str = "counted issue of";
    pub(in crate::store) const NAMEPLATE: &str = "name of";
    pub(in crate::store) const COPY_MARK: &str = "place of a copy of";
    /// On Redis, both by the person: the place does not say of which contact they are.
    pub(in crate::store) const COUNTED_OF: &str = "counted contact of";
    pub(in crate::store) const RECEIVED_OF: &str = "received contact of";
    /// Outside the store.
    pub(in crate::store) const KEEPSAKE: &str = "keepsake";
    pub(in crate::store) const JOURNALLED: &str = "entry of the journal";
}

/// Where a record is kept: what a fault names it by, and what its encryption is bound to. An encrypted record that is moved to
/// another place can't be read there.
#[derive(Clone, Copy)]
pub(super) struct Label<'a> {
    organisation: &'a str,
    kind: &'a str,
    key: &'a dyn Display,
    is_bound: bool,
    /// The owner of the key that encrypts it, if people have keys.
    of: Option<KeyOf<'a>>,
}

impl<'a> Label<'a> {
    /// The same words wherever the record is written and read.
    pub(super) const fn new(organisation: &'a str, kind: &'a str, key: &'a dyn Display) -> Self {
        Label { organisation, kind, key, is_bound: true, of: None }
    }

    /// Not bound to the key: where the record is written it is not known yet, or will change.
    pub(super) const fn anywhere(self) -> Self {
        Label { is_bound: false, ..self }
    }

    /// About a person, as far as it is known. It makes no difference for reading.
    pub(super) fn about(self, person: Option<&'a str>) -> Self {
        let person = person.filter(|person| !person.is_empty());
        Label { of: person.map(KeyOf::Person), ..self }
    }

    /// Marks a contact of nobody on record with its day. Records about a person ignore it.
    pub(super) fn on(self, day: Option<NaiveDate>) -> Self {
        Label { of: self.of.or(day.map(KeyOf::Day)), ..self }
    }

    /// What else is stored in the same place.
    const fn called(self, kind: &'a str) -> Self {
        Label { kind, ..self }
    }

    fn unreadable(&self) -> StoreError {
        StoreError::Corrupt(format!("the stored {} `{}` can't be read back", self.kind, self.key))
    }
}

/// Writes and reads records, encrypted where there is a keyring.
#[derive(Debug, Clone, Default)]
pub struct Codec {
    keyring: Option<Arc<Keyring>>,
    people: Option<Arc<PersonKeys>>,
}

/// The key that encrypts a record or an original.
pub(super) enum Sealing<'c> {
    Keyring(&'c Key),
    Own(Arc<Key>),
}

impl Deref for Sealing<'_> {
    type Target = Key;

    fn deref(&self) -> &Key {
        match self {
            Sealing::Keyring(key) => key,
            Sealing::Own(key) => key,
        }
    }
}

impl Codec {
    /// Records as plain JSON.
    pub const fn plain() -> Self {
        Codec { keyring: None, people: None }
    }

    /// Records encrypted with the first key of the keyring, if there is one.
    pub const fn with(keyring: Option<Arc<Keyring>>) -> Self {
        Codec { keyring, people: None }
    }

    /// With a key for each person that a record is about, and for each day of contacts of nobody on record.
    #[must_use]
    pub fn with_people(self, people: Arc<PersonKeys>) -> Self {
        Codec { people: Some(people), ..self }
    }

    /// The keys of people, where they have any.
    pub const fn people(&self) -> Option<&Arc<PersonKeys>> {
        self.people.as_ref()
    }

    /// Whether this codec reads what another one writes.
    ///
    /// # Errors
    /// `Locked`: it lacks the key.
    pub fn must_read(&self, other: &Codec) -> Result<(), StoreError> {
        let label = Label::new("", kind::KEEPSAKE, &"try");
        let written = other.write(label, "")?;
        self.read::<String>(written.as_bytes(), label).map(drop)
    }

    /// The key for a record or an original, where `of` is the key's owner; `None` if it stays plain.
    ///
    /// # Errors
    /// `Unavailable`, `Locked`: its own key can't be read or made.
    pub(super) fn sealing(
        &self,
        organisation: &str,
        of: Option<KeyOf<'_>>,
    ) -> Result<Option<Sealing<'_>>, StoreError> {
        let Some(keyring) = &self.keyring else { return Ok(None) };
        let own = match (&self.people, of) {
            (Some(people), Some(of)) => people.current(organisation, of)?,
            _ => None,
        };
        Ok(Some(own.map_or_else(|| Sealing::Keyring(keyring.first()), Sealing::Own)))
    }

    /// Whether a record is written with a key of the keyring, since it has no key of its own.
    ///
    /// # Errors
    /// As [`Codec::sealing`].
    pub(super) fn takes_keyring(&self, label: Label<'_>) -> Result<bool, StoreError> {
        let sealing = self.sealing(label.organisation, label.of)?;
        Ok(matches!(sealing, Some(Sealing::Keyring(_))))
    }

    /// The key of a name that a record or an original bears; `None`: it is not there.
    ///
    /// # Errors
    /// `Destroyed`: its key was. `Unavailable`, `Locked`: people's keys can't be read.
    pub(super) fn named(&self, id: &str) -> Result<Option<Sealing<'_>>, StoreError> {
        if !super::person_keys::is_name(id) {
            let key = self.keyring.as_ref().and_then(|keyring| keyring.named(id));
            return Ok(key.map(Sealing::Keyring));
        }
        match &self.people {
            Some(people) => people.named(id).map(|key| Some(Sealing::Own(key))),
            None => Err(StoreError::Locked(
                "records are encrypted with a key for each person: name their folder in [keys] people"
                    .to_owned(),
            )),
        }
    }

    /// The names of the keys, the one that encrypts first. None: records are plain.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keyring.iter().flat_map(|keyring| keyring.ids())
    }

    /// A record as it is stored.
    ///
    /// # Errors
    /// `Refused`: it can't be written as JSON: a float or a map key that JSON does not have.
    pub(super) fn write(
        &self,
        label: Label<'_>,
        what: &(impl Serialize + ?Sized),
    ) -> Result<String, StoreError> {
        let mut bytes = Vec::new();
        self.write_to(&mut bytes, label, what)?;
        text(bytes)
    }

    /// Appends a record as it is stored.
    ///
    /// # Errors
    /// As [`Codec::write`].
    pub(super) fn write_to(
        &self,
        bytes: &mut Vec<u8>,
        label: Label<'_>,
        what: &(impl Serialize + ?Sized),
    ) -> Result<(), StoreError> {
        let Some(key) = self.sealing(label.organisation, label.of)? else {
            bytes.push(MARK);
            return serde_json::to_writer(bytes, what).map_err(unwritable);
        };
        encrypted::write_to(bytes, &key, label, content(what)?)
    }

    pub(super) fn keyring(&self) -> Option<&Keyring> {
        self.keyring.as_deref()
    }

    /// What is stored in place of something that names somebody, and is only ever looked up as a whole: a hash by
    /// the key that encrypts, or without one the thing itself.
    pub(super) fn hidden(&self, organisation: &str, what: &str) -> String {
        match &self.keyring {
            Some(keyring) => encrypted::hash(keyring.first(), organisation, what),
            None => what.to_owned(),
        }
    }

    /// Everything that may be stored there: by each key, and as it was before there was one.
    pub(super) fn all_hidden(&self, organisation: &str, what: &str) -> Vec<String> {
        let by = |key| encrypted::hash(key, organisation, what);
        let hashes = self.keyring.iter().flat_map(|keyring| keyring.all().map(by));
        hashes.chain([what.to_owned()]).collect()
    }

    /// What a file's name has in place of something that names somebody, by each key: hexadecimal, the one that is
    /// written now first. Empty: there is no key.
    pub(super) fn fingerprints(&self, organisation: &str, what: &str) -> Vec<String> {
        let by = |key: &Key| hex(key.hash(&["file name", organisation, what]).as_ref());
        self.keyring.iter().flat_map(|keyring| keyring.all().map(by)).collect()
    }

    /// What every record begins with that is written now.
    pub(super) fn mark(&self) -> String {
        match &self.keyring {
            Some(keyring) => encrypted::mark(keyring.first()),
            None => char::from(MARK).to_string(),
        }
    }

    /// Whether a record's beginning names a destroyed key of a person or a day.
    ///
    /// # Errors
    /// `Unavailable`, `Locked`: people's keys can't be read.
    pub(super) fn is_destroyed(&self, beginning: &str) -> Result<bool, StoreError> {
        if self.people.is_none() || !beginning.starts_with(&Codec::mark_of_people()) {
            return Ok(false);
        }
        let name = beginning.split(':').nth(1).unwrap_or_default();
        Ok(unless_destroyed(self.named(name))?.is_none())
    }

    /// The beginning of every record encrypted with the key of a person or a day.
    pub(super) fn mark_of_people() -> String {
        format!("%1:{}", super::person_keys::FIRST)
    }

    /// Whether a stored record is this, as it would be written now.
    pub(super) fn is_current(
        &self,
        record: &[u8],
        label: Label<'_>,
        what: &(impl Serialize + ?Sized),
    ) -> bool {
        let Ok(content) = content(what) else { return false };
        match (&self.keyring, record) {
            (None, [MARK, json @ ..]) => json == content,
            (Some(keyring), [ENVELOPE, envelope @ ..]) => {
                encrypted::is_by_first(envelope, keyring)
                    && encrypted::open(envelope, self, label).is_ok_and(|it| it == content)
            }
            _ => false,
        }
    }

    /// Reads a record back.
    ///
    /// # Errors
    /// `Corrupt`: it was not written there. `Locked`: it has a format that this gateway does not know, or
    /// takes a key that is not in the keyring. `Destroyed`: its key was.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        record: impl AsRef<[u8]>,
        label: Label<'_>,
    ) -> Result<T, StoreError> {
        let json = match record.as_ref() {
            [MARK, json @ ..] => json,
            [ENVELOPE, envelope @ ..] => {
                let opened = encrypted::open(envelope, self, label)?;
                return serde_json::from_slice(&opened).map_err(|_| label.unreadable());
            }
            json => json,
        };
        serde_json::from_slice(json).map_err(|_| label.unreadable())
    }
}

/// The record that was read; `None` if its key is destroyed, which counts as removed.
///
/// # Errors
/// As the reading, but for `Destroyed`.
pub(super) fn unless_destroyed<T>(read: Result<T, StoreError>) -> Result<Option<T>, StoreError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Destroyed(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Some of what a record's content says; `None`: it says nothing of that form.
pub(super) fn part<T: DeserializeOwned>(content: &RawValue) -> Option<T> {
    serde_json::from_str(content.get()).ok()
}

/// A record's content, in whatever format it is stored: what two stores that hold the same agree on.
///
/// # Errors
/// As [`Codec::write`].
pub(super) fn content(what: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(what).map_err(unwritable)
}

/// JSON that a script of the store's reads with its arguments. It is not a record, and is not kept.
///
/// # Errors
/// As [`Codec::write`].
pub(super) fn argument(what: &(impl Serialize + ?Sized)) -> Result<String, StoreError> {
    text(content(what)?)
}

fn text(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|_| unreadable("record"))
}

/// Something stored besides records, such as a column, that can't be read back.
pub(super) fn unreadable(what: &str) -> StoreError {
    StoreError::Corrupt(format!("a stored {what} can't be read back"))
}

fn unwritable(_: serde_json::Error) -> StoreError {
    StoreError::Refused("a record can't be written as JSON".to_owned())
}

/// Records that are written one after another into the same memory.
#[derive(Default)]
pub(super) struct Sheet {
    record: Vec<u8>,
}

impl Sheet {
    /// The record stays until the next one is written.
    ///
    /// # Errors
    /// As [`Codec::write`].
    pub(super) fn write(
        &mut self,
        codec: &Codec,
        label: Label<'_>,
        what: &impl Serialize,
    ) -> Result<&str, StoreError> {
        self.record.clear();
        codec.write_to(&mut self.record, label, what)?;
        std::str::from_utf8(&self.record).map_err(|_| unreadable("record"))
    }
}

#[cfg(test)]
mod tests;
