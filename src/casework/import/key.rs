//! The key by which the sender of an import knows it again.

use crate::casework::Fault;
use crate::runtime::limits::IMPORT_KEY_CHARS_MAX;
use crate::runtime::tokens::{hex, sha256};

/// By what its sender knows an import again, and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportKey {
    pub(super) id: String,
    /// SHA-256 of what is asked, in hexadecimal.
    pub(super) asks: String,
    /// Of what is on record of the key and too old to count; 0: nothing is.
    pub(super) version: u64,
}

impl ImportKey {
    /// The key that somebody gave to what they ask. The same key of somebody else is another one.
    ///
    /// # Errors
    /// [`Fault::Refused`]: it is empty, too long, or has other than visible ASCII characters.
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
