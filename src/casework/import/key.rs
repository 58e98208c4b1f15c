//! The `Idempotency-Key` of an import.

use crate::casework::Fault;
use crate::runtime::limits::IMPORT_KEY_CHARS_MAX;
use crate::runtime::tokens::{hex, sha256};

/// An idempotency key, with a digest of the request that it came with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportKey {
    pub(super) id: String,
    /// SHA-256 of the request, in hexadecimal.
    pub(super) asks: String,
    /// The version of an expired record of this key, which is overwritten; 0: there is none.
    pub(super) version: u64,
}

impl ImportKey {
    /// The key `key` that `by` sent with the request `asks`. The same key from another sender is a different key.
    ///
    /// # Errors
    /// [`Fault::Refused`]: the key is empty, too long, or not visible ASCII.
    pub fn new(by: &str, key: &str, asks: &str) -> Result<Self, Fault> {
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > IMPORT_KEY_CHARS_MAX || !is_plain {
            return Err(Fault::Refused(format!(
                "`Idempotency-Key` has 1 to {IMPORT_KEY_CHARS_MAX} visible ASCII characters"
            )));
        }
        let digest = |text: &str| hex(&sha256(text.as_bytes()));
        Ok(ImportKey { id: digest(&format!("{by}\0{key}")), asks: digest(asks), version: 0 })
    }
}
