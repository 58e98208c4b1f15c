//! By what a key is found: the keyed hash of whose it is.

use aws_lc_rs::hmac;

use crate::ports::KeyOf;
use crate::runtime::tokens::{hex, sha256};

/// Hex digits: which folder, whose key.
const FOLDER_HEX: usize = 8;
const OWNER_HEX: usize = 32;

/// What the key of a day is for: its word in a hash.
const CONTACTS: &str = "contacts";

/// How the keys of one folder are named.
pub(super) struct KeyNames {
    hashing: hmac::Key,
    /// Which folder it is.
    pub(super) folder: String,
}

impl KeyNames {
    /// By the secret of a folder.
    pub(super) fn by(secret: &[u8]) -> Self {
        let mut folder = hex(&sha256(secret));
        folder.truncate(FOLDER_HEX);
        KeyNames { hashing: hmac::Key::new(hmac::HMAC_SHA256, secret), folder }
    }

    /// The keyed hash of a person's id, or of a day. Each word is behind its length: the three of a day are no id.
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

/// What a key is remembered by.
pub(super) fn subject(organisation: &str, of: KeyOf<'_>) -> String {
    match of {
        KeyOf::Person(person) => ["person ", organisation, "\0", person].concat(),
        KeyOf::Day(day) => format!("day {organisation}\0{day}"),
    }
}
