//! The `Idempotency-Key` of an import.

use crate::casework::Fault;
use crate::runtime::limits::IMPORT_KEY_CHARS_MAX;
use crate::runtime::tokens::{hex, sha256_of_parts};

/// An idempotency key, with a digest of the request that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportKey {
    pub(super) id: String,
    /// SHA-256 of the request, in hexadecimal.
    pub(super) asks: String,
}

/// An idempotency key with no valid result on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnusedKey {
    pub(super) key: ImportKey,
    /// The version of the expired record that this one replaces; 0 for a new key.
    pub(super) version: u64,
}

impl ImportKey {
    /// The key `key` that `by` sent with the request `asks`, in parts. The same key from another sender is a different
    /// key.
    ///
    /// # Errors
    /// [`Fault::Refused`]: the key is empty, too long, or not visible ASCII.
    pub fn new(by: &str, key: &str, asks: &[&[u8]]) -> Result<Self, Fault> {
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > IMPORT_KEY_CHARS_MAX || !is_plain {
            return Err(Fault::Refused(format!(
                "`Idempotency-Key` has 1 to {IMPORT_KEY_CHARS_MAX} visible ASCII characters"
            )));
        }
        let digest = |parts: &[&[u8]]| hex(&sha256_of_parts(parts));
        Ok(ImportKey { id: digest(&[by.as_bytes(), key.as_bytes()]), asks: digest(asks) })
    }
}
