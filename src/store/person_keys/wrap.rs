//! A key as it is stored: `%k1:`, the id of the key of the keyring that wraps it, `:`, and what that sealed (`keyring`),
//! bound to where it is stored.

use super::{damaged, no_random};
use crate::ports::StoreError;
use crate::store::keyring::{Key, Keyring};

const MARK: &str = "%k1:";

/// Wraps by the key that encrypts now.
///
/// # Errors
/// `Unavailable`: the system provides no random bytes.
pub(super) fn wrap(keyring: &Keyring, place: &str, content: &str) -> Result<String, StoreError> {
    let key = keyring.first();
    let mut wrapped = format!("{MARK}{}:", key.id()).into_bytes();
    let sealed = key.seal(&mut wrapped, &bound(key, place), content.as_bytes().to_vec());
    sealed.ok_or_else(no_random)?;
    String::from_utf8(wrapped).map_err(|_| damaged())
}

/// What was wrapped for a place.
///
/// # Errors
/// `Locked`: the key that wraps it is not there. `Corrupt`: it was not stored there.
pub(super) fn unwrap(keyring: &Keyring, place: &str, wrapped: &str) -> Result<String, StoreError> {
    let parts = wrapped.strip_prefix(MARK).and_then(|rest| rest.split_once(':'));
    let (id, sealed) = parts.ok_or_else(damaged)?;
    let key = keyring.named(id).ok_or_else(|| {
        let why = format!(
            "a key in [keys] people is wrapped by the key `{id}`, which is not in [keys] store"
        );
        StoreError::Locked(why)
    })?;
    let opened = key.open(&bound(key, place), sealed.as_bytes()).ok_or_else(damaged)?;
    String::from_utf8(opened).map_err(|_| damaged())
}

/// Whether it is wrapped by the key that encrypts now.
pub(super) fn is_by_first(keyring: &Keyring, wrapped: &str) -> bool {
    let rest = wrapped.strip_prefix(MARK).and_then(|rest| rest.strip_prefix(keyring.first().id()));
    rest.is_some_and(|rest| rest.starts_with(':'))
}

fn bound(key: &Key, place: &str) -> Vec<u8> {
    format!("{MARK}{}:{place}", key.id()).into_bytes()
}
