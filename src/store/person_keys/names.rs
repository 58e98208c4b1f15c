//! How keys are found: by a keyed hash of the person or day.

use aws_lc_rs::hmac;

use crate::ports::KeyOf;
use crate::runtime::tokens::{hex, sha256};

/// Hex digits that say which folder a key belongs to.
const FOLDER_HEX: usize = 8;
const OWNER_HEX: usize = 32;

/// The purpose of a day's key, as a word in its hash.
const CONTACTS: &str = "contacts";

/// Names the keys of one folder.
pub(super) struct KeyNames {
    hashing: hmac::Key,
    /// Identifies the folder.
    pub(super) folder: String,
}

impl KeyNames {
    /// Derives the names from a folder's secret.
    pub(super) fn by(secret: &[u8]) -> Self {
        let mut folder = hex(&sha256(secret));
        folder.truncate(FOLDER_HEX);
        KeyNames { hashing: hmac::Key::new(hmac::HMAC_SHA256, secret), folder }
    }

    /// The keyed hash of a person's id, or of a day. Each word follows its length, so that a day never has the hash
    /// of an id.
    pub(super) fn hash(&self, organisation: &str, of: KeyOf<'_>) -> String {
        let mut hash = hmac::Context::with_key(&self.hashing);
        let mut add = |word: &str| {
            hash.update(&(word.len() as u64).to_be_bytes());
            hash.update(word.as_bytes());
        };
        add(organisation);
        match of {
            KeyOf::Person(person) => add(person),
            KeyOf::Day(day) => {
                add(CONTACTS);
                add(&day.to_string());
            }
        }
        let mut text = hex(hash.sign().as_ref());
        text.truncate(OWNER_HEX);
        text
    }
}

/// The name under which a key is kept in memory.
pub(super) fn subject(organisation: &str, of: KeyOf<'_>) -> String {
    match of {
        KeyOf::Person(person) => ["person ", organisation, "\0", person].concat(),
        KeyOf::Day(day) => format!("day {organisation}\0{day}"),
    }
}
