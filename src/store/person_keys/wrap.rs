//! A key as it is stored: `%k1:`, the id of the key of the keyring that wraps it, `:`, and base64url without padding of
//!
//! ```text
//! branch (1 byte)  nonce (12 bytes)  ciphertext  tag (16 bytes)
//! ```
//!
//! by AES-256-GCM, as records are. Where it is stored is authenticated with it.

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce};
use aws_lc_rs::rand::{SecureRandom, SystemRandom};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{damaged, no_random};
use crate::ports::StoreError;
use crate::store::keyring::{Key, Keyring};

const MARK: &str = "%k1:";
const HEAD_BYTES: usize = 1 + NONCE_LEN;

/// Wraps by the key that encrypts now.
///
/// # Errors
/// `Unavailable`: the system has no random bytes.
pub(super) fn wrap(keyring: &Keyring, place: &str, content: &str) -> Result<String, StoreError> {
    let key = keyring.first();
    let mut head = [0; HEAD_BYTES];
    SystemRandom::new().fill(&mut head).map_err(|_| no_random())?;
    let [branch, nonce @ ..] = head;
    let mut sealed = content.as_bytes().to_vec();
    let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(bound(key, place)));
    let cipher = key.branch(branch).ok_or_else(no_random)?;
    cipher.seal_in_place_append_tag(nonce, aad, &mut sealed).map_err(|_| no_random())?;
    let sealed = [head.as_slice(), &sealed].concat();
    Ok(format!("{MARK}{}:{}", key.id(), URL_SAFE_NO_PAD.encode(sealed)))
}

/// What was wrapped for a place.
///
/// # Errors
/// `Locked`: the key that wraps it is not there. `Corrupt`: it is not what was stored there.
pub(super) fn unwrap(keyring: &Keyring, place: &str, wrapped: &str) -> Result<String, StoreError> {
    let parts = wrapped.strip_prefix(MARK).and_then(|rest| rest.split_once(':'));
    let (id, sealed) = parts.ok_or_else(damaged)?;
    let key = keyring.named(id).ok_or_else(|| {
        let why =
            format!("a person's key is wrapped by the key `{id}`, which is not in [keys] store");
        StoreError::Locked(why)
    })?;
    let mut sealed = URL_SAFE_NO_PAD.decode(sealed).map_err(|_| damaged())?;
    let (head, _) = sealed.split_first_chunk::<HEAD_BYTES>().ok_or_else(damaged)?;
    let [branch, nonce @ ..] = *head;
    let (nonce, aad) = (Nonce::assume_unique_for_key(nonce), Aad::from(bound(key, place)));
    let cipher = key.branch(branch).ok_or_else(damaged)?;
    let opened = cipher.open_within(nonce, aad, &mut sealed, HEAD_BYTES..);
    String::from_utf8(opened.map_err(|_| damaged())?.to_vec()).map_err(|_| damaged())
}

/// Whether it is wrapped by the key that encrypts now.
pub(super) fn is_by_first(keyring: &Keyring, wrapped: &str) -> bool {
    let rest = wrapped.strip_prefix(MARK).and_then(|rest| rest.strip_prefix(keyring.first().id()));
    rest.is_some_and(|rest| rest.starts_with(':'))
}

fn bound(key: &Key, place: &str) -> Vec<u8> {
    format!("{MARK}{}:{place}", key.id()).into_bytes()
}
