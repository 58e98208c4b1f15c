//! Names of people as they are compared.

use unicode_normalization::UnicodeNormalization;
use unicode_security::skeleton;

/// A name as it is compared with others: two that look alike are one (UTS #39 4), with or without blanks and
/// marks between the letters.
pub fn as_seen(name: &str) -> String {
    let plain = name.nfkc().collect::<String>().to_lowercase();
    skeleton(&plain).filter(|c| c.is_alphanumeric()).collect()
}
