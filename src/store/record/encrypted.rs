//! Format 1: `%1:`, the id of the key, `:`, and what the key sealed (`keyring`).
//!
//! The cipher is AES-256-GCM with a key that is derived for each branch from the keyring's (`keyring`) or from the
//! person's (`person_keys`). The record's label is authenticated with it, and so are format and key id.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{Codec, ENVELOPE, Label};
use crate::ports::StoreError;
use crate::store::keyring::{Key, Keyring};

/// The format's number and what ends it.
const FORMAT: &[u8] = b"1:";

/// Appends the record, encrypted with a key.
///
/// # Errors
/// `Unavailable`: the system provides no random bytes.
pub(super) fn write_to(
    bytes: &mut Vec<u8>,
    key: &Key,
    label: Label<'_>,
    content: Vec<u8>,
) -> Result<(), StoreError> {
    let start = bytes.len();
    bytes.push(ENVELOPE);
    bytes.extend_from_slice(FORMAT);
    bytes.extend_from_slice(key.id().as_bytes());
    bytes.push(b':');
    if key.seal(bytes, &authenticated(key.id(), label), content).is_none() {
        bytes.truncate(start);
        return Err(StoreError::Unavailable("a record can't be encrypted now".to_owned()));
    }
    Ok(())
}

/// The content of what follows the [`ENVELOPE`].
///
/// # Errors
/// `Locked`: another format, or a key that is not there. `Corrupt`: it was not written under this label.
/// `Destroyed`: the key was.
pub(super) fn open(
    envelope: &[u8],
    codec: &Codec,
    label: Label<'_>,
) -> Result<Vec<u8>, StoreError> {
    let Label { kind, key: of, .. } = label;
    let Some(rest) = envelope.strip_prefix(FORMAT) else {
        return Err(StoreError::Locked(format!(
            "the stored {kind} `{of}` has a format that this gateway does not know; a newer one wrote it"
        )));
    };
    let end = rest.iter().position(|byte| *byte == b':').ok_or_else(|| label.unreadable())?;
    let (id, encrypted) = rest.split_at_checked(end).ok_or_else(|| label.unreadable())?;
    let id = std::str::from_utf8(id).map_err(|_| label.unreadable())?;
    let Some(key) = codec.named(id)? else {
        return Err(StoreError::Locked(format!(
            "the stored {kind} `{of}` is encrypted with the key `{id}`, which is not in [keys] store"
        )));
    };
    let encrypted = encrypted.get(1..).unwrap_or_default();
    key.open(&authenticated(id, label), encrypted).ok_or_else(|| label.unreadable())
}

/// A keyed hash as stored: `%h1:` and base64url of HMAC-SHA-256.
pub(super) fn hash(key: &Key, organisation: &str, what: &str) -> String {
    format!("%h1:{}", URL_SAFE_NO_PAD.encode(key.hash(&[organisation, what])))
}

/// What every record begins with that is encrypted with a key.
pub(super) fn mark(key: &Key) -> String {
    format!("%1:{}:", key.id())
}

/// Whether it is encrypted with the key that encrypts now.
pub(super) fn is_by_first(envelope: &[u8], keyring: &Keyring) -> bool {
    let rest = envelope.strip_prefix(FORMAT);
    let rest = rest.and_then(|rest| rest.strip_prefix(keyring.first().id().as_bytes()));
    rest.is_some_and(|rest| rest.starts_with(b":"))
}

/// What the ciphertext is bound to: each word behind its length, so that none can run into the next.
fn authenticated(key: &str, label: Label<'_>) -> Vec<u8> {
    let mut bound = Vec::with_capacity(96);
    bound.push(ENVELOPE);
    bound.extend_from_slice(FORMAT);
    let mut of = String::new();
    if label.is_bound {
        // Writing to a string does not fail.
        let _ = write!(of, "{}", label.key);
    }
    for word in [key, label.organisation, label.kind, &of] {
        bound.extend_from_slice(&(word.len() as u64).to_be_bytes());
        bound.extend_from_slice(word.as_bytes());
    }
    bound
}
