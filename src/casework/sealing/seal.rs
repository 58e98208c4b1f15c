//! One seal, and how a digest is made of an entry.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::runtime::tokens::{hex, random, sha256};

/// The kind of document that a seal is. Its id is the number of its first entry.
pub const SEAL: &str = "audit_seal";

const SALT_BYTES: usize = 16;
const DIGEST_BYTES: usize = 32;
/// What each entry takes in a seal: its salt, and the digest of both.
const ENTRY_BYTES: usize = SALT_BYTES + DIGEST_BYTES;

/// The id of the seal whose first entry has this number: ids come in the order of the numbers.
pub fn id(from: u64) -> String {
    format!("{from:020}")
}

/// What a seal adds to the one before it: SHA-256 over that one's link, its own numbers and instant, and
/// the digests of its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link([u8; DIGEST_BYTES]);

impl Link {
    /// What comes before the first seal of an organisation's trail.
    pub fn first(organisation: &OrganisationId) -> Self {
        Link(sha256(format!("contact-gateway seals 1\n{organisation}\n").as_bytes()))
    }

    /// # Errors
    /// It is not 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fault = || "expected 64 hexadecimal digits".to_owned();
        let bytes = of_hex(text).ok_or_else(fault)?;
        Ok(Link(bytes.try_into().map_err(|_| fault())?))
    }
}

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for Link {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Link {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Link::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Bytes from lower-case hexadecimal digits; `None`: it is something else.
pub(super) fn of_hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// Entries one behind the other, under one seal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seal {
    /// The numbers of its first and last entry.
    pub from: u64,
    pub to: u64,
    #[serde(serialize_with = "crate::domain::instant::written")]
    pub at: DateTime<Utc>,
    /// The link of the seal before.
    pub previous: Link,
    pub link: Link,
    /// Base64 of 48 bytes for each entry: 16 of salt, and SHA-256 of salt and entry. Without its salt a
    /// digest says nothing of an entry, so that one can be forgotten and the chain stays whole.
    pub entries: String,
}

impl Seal {
    /// A seal of entries whose numbers follow each other; `None`: there are none.
    ///
    /// # Errors
    /// `Unavailable`: the system provides no random bytes.
    pub fn of(
        previous: Link,
        entries: &[AuditEntry],
        at: DateTime<Utc>,
    ) -> Result<Option<Seal>, StoreError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else { return Ok(None) };
        let (from, to) = (first.number, last.number);
        let mut bytes = Vec::with_capacity(entries.len() * ENTRY_BYTES);
        for entry in entries {
            let salt =
                random::<SALT_BYTES>().map_err(|none| StoreError::Unavailable(none.to_string()))?;
            bytes.extend(salt);
            bytes.extend(digest(&salt, entry));
        }
        // To the millisecond, as it is written.
        let at = DateTime::from_timestamp_millis(at.timestamp_millis()).unwrap_or(at);
        let link = link(previous, from, to, at, &bytes);
        Ok(Some(Seal { from, to, at, previous, link, entries: STANDARD.encode(bytes) }))
    }

    /// Forgets the salt of an entry, so that its digest tells nothing of it. The link stays what it is: it covers only
    /// the digests.
    pub fn forget(&mut self, number: u64) {
        let Ok(mut bytes) = STANDARD.decode(&self.entries) else { return };
        let at = number.checked_sub(self.from).and_then(|at| usize::try_from(at).ok());
        let salt = at
            .and_then(|at| bytes.as_chunks_mut::<ENTRY_BYTES>().0.get_mut(at))
            .and_then(|entry| entry.get_mut(..SALT_BYTES));
        if let Some(salt) = salt {
            salt.fill(0);
            self.entries = STANDARD.encode(bytes);
        }
    }

    /// What it holds of its entries, if it is as it was made.
    pub fn opened(&self) -> Option<Opened> {
        let bytes = STANDARD.decode(&self.entries).ok()?;
        let (entries, rest) = bytes.as_chunks::<ENTRY_BYTES>();
        let count = self.to.checked_sub(self.from)?.checked_add(1)?;
        let is_whole = rest.is_empty()
            && entries.len() as u64 == count
            && self.link == link(self.previous, self.from, self.to, self.at, &bytes);
        is_whole.then(|| Opened { from: self.from, entries: entries.to_vec() })
    }
}

/// The salts and digests of a seal that is as it was made.
pub struct Opened {
    from: u64,
    entries: Vec<[u8; ENTRY_BYTES]>,
}

impl Opened {
    /// Whether an entry is the one that was sealed under its number.
    pub fn has(&self, entry: &AuditEntry) -> bool {
        let at = entry.number.checked_sub(self.from).and_then(|at| usize::try_from(at).ok());
        let sealed = at.and_then(|at| self.entries.get(at));
        sealed.is_some_and(|sealed| {
            let (salt, known) = sealed.split_at(SALT_BYTES);
            digest(salt, entry) == known
        })
    }
}

fn link(previous: Link, from: u64, to: u64, at: DateTime<Utc>, entries: &[u8]) -> Link {
    let mut bytes = Vec::with_capacity(2 * DIGEST_BYTES + 64);
    bytes.extend(b"contact-gateway seal 1\n");
    bytes.extend(previous.0);
    bytes.extend(from.to_be_bytes());
    bytes.extend(to.to_be_bytes());
    bytes.extend(at.timestamp_millis().to_be_bytes());
    let digests = entries.as_chunks::<ENTRY_BYTES>().0.iter();
    let digests: Vec<u8> = digests.flat_map(|entry| entry[SALT_BYTES..].to_vec()).collect();
    bytes.extend(sha256(&digests));
    Link(sha256(&bytes))
}

/// SHA-256 of a salt and an entry's JSON with its keys in order: it is the same however the entry is stored.
fn digest(salt: &[u8], entry: &AuditEntry) -> [u8; DIGEST_BYTES] {
    let mut bytes = salt.to_vec();
    // A `Value` keeps its keys in order; an entry is always JSON.
    let entry = serde_json::to_value(entry).unwrap_or_default();
    // Writing to memory never fails.
    let _ = serde_json::to_writer(&mut bytes, &entry);
    sha256(&bytes)
}
