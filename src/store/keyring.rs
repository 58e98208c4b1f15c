//! The keys with which records are encrypted.
//!
//! A key is a name and 256 random bits, kept outside the store. Nothing is encrypted with it directly: of each there are
//! [`BRANCHES`] keys derived by HKDF-SHA-256 (RFC 5869), of which every record uses one at random. AES-GCM with random
//! nonces is safe for 2^32 records under one key (NIST SP 800-38D, 8.3), so that one of ours lasts for 2^40: more than
//! thirty years at a thousand records a second.
//!
//! What a key seals is base64url without padding of
//!
//! ```text
//! branch (1 byte)  nonce (12 bytes)  ciphertext  tag (16 bytes)
//! ```

use std::fmt;
use std::sync::OnceLock;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Prk, Salt};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};

use crate::runtime::limits::{KEY_ID_BYTES_MAX, ORIGINAL_PIECE_BYTES};
use crate::runtime::pieces::PieceCipher;
use crate::runtime::tokens::hex;

pub(super) const KEY_BYTES: usize = 32;

/// Random bytes of which the key of a file is derived.
pub(super) const SALT_BYTES: usize = 32;

/// Keys derived of each key for records: as many as a byte can name.
const BRANCHES: usize = 256;

/// What keys derived for one purpose have in common, and with none for another.
const OF_RECORDS: &[u8] = b"contact-gateway records 1";
const OF_ORIGINALS: &[u8] = b"contact-gateway originals 1";
const OF_HASHES: &[u8] = b"contact-gateway hashes 1";
const SALT: &[u8] = b"contact-gateway keyring 1";

/// The key of one person is for far fewer records.
const BRANCHES_OF_PERSON: usize = 1;

/// The random bytes before a ciphertext: branch and nonce.
const HEAD_BYTES: usize = 1 + NONCE_LEN;

/// Random bytes of a new key's name.
const ID_BYTES: usize = 4;

/// Keys, of which the first one encrypts.
pub struct Keyring {
    first: Key,
    others: Vec<Key>,
}

/// Why keys can't be used. Never shows any of one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyFault {
    #[error("is not a key: NAME:BASE64 of 32 bytes, as `contact-gateway store new-key` prints one")]
    NotAKey,
    #[error("has the name `{0}`, which another key has already")]
    Twice(String),
    #[error("holds no key")]
    None,
}

pub(super) struct Key {
    id: String,
    root: Prk,
    branches: Box<[OnceLock<LessSafeKey>]>,
    hashing: hmac::Key,
}

impl Keyring {
    /// Keys as [`Keyring::new_key`] writes them, the one that encrypts first.
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn of(texts: &[SecretString]) -> Result<Self, KeyFault> {
        let mut keys: Vec<Key> = Vec::with_capacity(texts.len());
        for text in texts {
            let key = Key::parse(text.expose_secret()).ok_or(KeyFault::NotAKey)?;
            if keys.iter().any(|other| other.id == key.id) {
                return Err(KeyFault::Twice(key.id));
            }
            keys.push(key);
        }
        let mut keys = keys.into_iter();
        let first = keys.next().ok_or(KeyFault::None)?;
        Ok(Keyring { first, others: keys.collect() })
    }

    /// The text of a key that nobody has yet.
    ///
    /// # Errors
    /// The system has no random bytes.
    pub fn new_key() -> Result<SecretString, aws_lc_rs::error::Unspecified> {
        let random = SystemRandom::new();
        let (mut id, mut key) = ([0; ID_BYTES], [0; KEY_BYTES]);
        random.fill(&mut id)?;
        random.fill(&mut key)?;
        Ok(SecretString::from(format!("k-{}:{}", hex(&id), STANDARD.encode(key))))
    }

    /// The names of the keys, the one that encrypts first.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.all().map(Key::id)
    }

    /// All keys, the one that encrypts first.
    pub(super) fn all(&self) -> impl Iterator<Item = &Key> {
        std::iter::once(&self.first).chain(&self.others)
    }

    pub(super) const fn first(&self) -> &Key {
        &self.first
    }

    pub(super) fn named(&self, id: &str) -> Option<&Key> {
        self.all().find(|key| key.id == id)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

impl Key {
    fn parse(text: &str) -> Option<Self> {
        let (id, key) = text.trim().split_once(':')?;
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if id.is_empty() || id.len() > KEY_ID_BYTES_MAX || !id.bytes().all(is_name) {
            return None;
        }
        let key: [u8; KEY_BYTES] = STANDARD.decode(key).ok()?.try_into().ok()?;
        Key::derived(id, &key, BRANCHES)
    }

    /// The key of one person, by the name that it has in records. `None`: it can't be derived.
    pub(super) fn of_person(id: &str, key: &[u8; KEY_BYTES]) -> Option<Self> {
        Key::derived(id, key, BRANCHES_OF_PERSON)
    }

    fn derived(id: &str, key: &[u8; KEY_BYTES], branches: usize) -> Option<Self> {
        let branches = (0..branches).map(|_| OnceLock::new()).collect();
        let root = Salt::new(HKDF_SHA256, SALT).extract(key);
        let hashing = hmac::Key::from(root.expand(&[OF_HASHES], hmac::HMAC_SHA256).ok()?);
        Some(Key { id: id.to_owned(), root, branches, hashing })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What encrypts one file, by the salt in it.
    pub(super) fn of_original(&self, salt: &[u8; SALT_BYTES]) -> Option<PieceCipher> {
        let info: [&[u8]; 2] = [OF_ORIGINALS, salt];
        let derived = UnboundKey::from(self.root.expand(&info, &AES_256_GCM).ok()?);
        Some(PieceCipher::new(LessSafeKey::new(derived), ORIGINAL_PIECE_BYTES))
    }

    /// A keyed hash of words, each behind its length.
    pub(super) fn hash(&self, words: &[&str]) -> hmac::Tag {
        let mut hash = hmac::Context::with_key(&self.hashing);
        for word in words {
            hash.update(&(word.len() as u64).to_be_bytes());
            hash.update(word.as_bytes());
        }
        hash.sign()
    }

    /// Appends what it seals, base64url. `None`: nothing is appended; there are no random bytes.
    pub(super) fn seal(&self, to: &mut Vec<u8>, bound: &[u8], mut content: Vec<u8>) -> Option<()> {
        let mut head = [0; HEAD_BYTES];
        SystemRandom::new().fill(&mut head).ok()?;
        let [branch, nonce @ ..] = head;
        let nonce = Nonce::assume_unique_for_key(nonce);
        let cipher = self.branch(branch)?;
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(bound), &mut content).ok()?;
        let sealed = [head.as_slice(), &content, tag.as_ref()].concat();
        let start = to.len();
        to.resize(start + sealed.len().div_ceil(3) * 4, 0);
        let room = to.get_mut(start..).unwrap_or_default();
        let written = URL_SAFE_NO_PAD.encode_slice(sealed, room).ok();
        to.truncate(start + written.unwrap_or_default());
        written.map(|_| ())
    }

    /// What was sealed. `None`: not by this key, not bound to this, or changed since.
    pub(super) fn open(&self, bound: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (head, _) = sealed.split_first_chunk::<HEAD_BYTES>()?;
        let [branch, nonce @ ..] = *head;
        let nonce = Nonce::assume_unique_for_key(nonce);
        // Moves the content to the beginning of what was sealed.
        let opened =
            self.branch(branch)?.open_within(nonce, Aad::from(bound), &mut sealed, HEAD_BYTES..);
        let length = opened.ok()?.len();
        sealed.truncate(length);
        Some(sealed)
    }

    /// The key of a branch, derived when it is first used. `None`: it can't be derived.
    pub(super) fn branch(&self, branch: u8) -> Option<&LessSafeKey> {
        let at = usize::from(branch).checked_rem(self.branches.len())?;
        let place = self.branches.get(at)?;
        if let Some(key) = place.get() {
            return Some(key);
        }
        let info: [&[u8]; 2] = [OF_RECORDS, &[u8::try_from(at).ok()?]];
        let derived = UnboundKey::from(self.root.expand(&info, &AES_256_GCM).ok()?);
        Some(place.get_or_init(|| LessSafeKey::new(derived)))
    }
}
