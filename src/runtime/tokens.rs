//! Bearer tokens (RFC 6750), of which only the SHA-256 is ever held.
//!
//! A token is looked up by its digest. How long a look-up takes says something about digests of
//! known tokens at most, from which no token can be worked out; so no comparison needs to be made
//! in constant time.
//!
//! Here as well: new tokens, and random bytes for whatever else is not to be guessed.

use std::collections::HashMap;

use aws_lc_rs::{digest, rand};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};

/// The holder of each token: a member of staff, a program, a source of calls.
pub struct TokenTable<T> {
    entries: HashMap<[u8; 32], Issued<T>>,
}

struct Issued<T> {
    holder: T,
    /// The token is refused from this instant on; `None`: it does not expire.
    expires: Option<DateTime<Utc>>,
}

impl<T> TokenTable<T> {
    /// A table of the holder of each token, by its SHA-256. Of two entries with one digest the
    /// later one counts.
    pub fn new(entries: impl IntoIterator<Item = ([u8; 32], T)>) -> Self {
        Self::expiring(entries.into_iter().map(|(digest, holder)| (digest, holder, None)))
    }

    /// As [`TokenTable::new`], with the instant from which each token is refused.
    pub fn expiring(
        entries: impl IntoIterator<Item = ([u8; 32], T, Option<DateTime<Utc>>)>,
    ) -> Self {
        let issued = |(digest, holder, expires)| (digest, Issued { holder, expires });
        TokenTable { entries: entries.into_iter().map(issued).collect() }
    }

    /// The holder of the bearer token in an `Authorization` field, as of `now`.
    pub fn authorise(&self, authorization: Option<&str>, now: DateTime<Utc>) -> Presented<&T> {
        let token = authorization.and_then(bearer);
        match token.and_then(|token| self.entries.get(&sha256(token.as_bytes()))) {
            None => Presented::Unknown,
            Some(issued) if issued.expires.is_some_and(|end| end <= now) => Presented::Expired,
            Some(issued) => Presented::Holds(&issued.holder),
        }
    }
}

/// What a presented token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presented<T> {
    /// It is valid: its holder.
    Holds(T),
    /// It has expired.
    Expired,
    /// There is no token, or it is nobody's.
    Unknown,
}

/// Shows how many tokens there are, and none of them.
impl<T> std::fmt::Debug for TokenTable<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TokenTable({} tokens)", self.entries.len())
    }
}

/// The token in the value of an `Authorization` field. The scheme's name has no case
/// (RFC 9110 11.1).
pub fn bearer(authorization: &str) -> Option<&str> {
    let (scheme, token) = authorization.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then_some(token)
}

/// The system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system provides no random bytes")]
pub struct NoRandomBytes;

/// Bytes that nobody guesses.
///
/// # Errors
/// [`NoRandomBytes`]
pub fn random<const N: usize>() -> Result<[u8; N], NoRandomBytes> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| NoRandomBytes)?;
    Ok(bytes)
}

/// A token that nobody guesses: 256 random bits, as 43 characters that an address can carry.
///
/// # Errors
/// [`NoRandomBytes`]
pub fn token() -> Result<String, NoRandomBytes> {
    Ok(URL_SAFE_NO_PAD.encode(random::<32>()?))
}

/// SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest::digest(&digest::SHA256, bytes).as_ref());
    sum
}

/// SHA-256 of several parts, each with its length in front so that none runs into the next.
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut sum = [0; 32];
    sum.copy_from_slice(context.finish().as_ref());
    sum
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    // Every contact's digest is written so: digit by digit, without asking what each may be.
    let digit = |half: u8| char::from(if half < 10 { b'0' + half } else { b'a' + half - 10 });
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(digit(byte >> 4));
        text.push(digit(byte & 0xf));
    }
    text
}

/// The bytes of hexadecimal digits in either case; `None` if they are not whole bytes.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| char::from(c).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(*high)? << 4 | digit(*low)?),
            _ => None,
        })
        .collect()
}

/// A SHA-256 from 64 hexadecimal digits in either case.
pub fn sha256_of_hex(text: &str) -> Option<[u8; 32]> {
    unhex(text)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_from_64_digits_of_either_case() {
        let sum = sha256(b"abc");
        assert_eq!(sha256_of_hex(&hex(&sum)), Some(sum));
        assert_eq!(sha256_of_hex(&hex(&sum).to_uppercase()), Some(sum));
        let digits = hex(&sum);
        for wrong in [&digits[1..], &digits[2..], "", digits.replace('0', "g").as_str(), "é"] {
            assert_eq!(sha256_of_hex(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_token_is_found_by_its_digest_and_never_shown() {
        let table = TokenTable::new([(sha256(b"open sesame"), "ali")]);
        let open = |field| table.authorise(field, DateTime::UNIX_EPOCH);
        assert_eq!(open(Some("bearer  open sesame")), Presented::Holds(&"ali"));
        assert_eq!(open(Some("bearer Open sesame")), Presented::Unknown);
        assert_eq!(open(Some("Basic open sesame")), Presented::Unknown);
        assert_eq!(open(None), Presented::Unknown);
        assert!(!format!("{table:?}").contains("sesame"));
    }

    #[test]
    fn a_token_opens_until_the_instant_at_which_it_expires() {
        let end: DateTime<Utc> = "2027-02-01T00:00:00Z".parse().unwrap();
        let table = TokenTable::expiring([(sha256(b"open sesame"), "ali", Some(end))]);
        let open = |at| table.authorise(Some("Bearer open sesame"), at);
        assert_eq!(open(end - chrono::TimeDelta::microseconds(1)), Presented::Holds(&"ali"));
        assert_eq!(open(end), Presented::Expired);
    }

    #[test]
    fn parts_are_hashed_with_where_each_ends() {
        let parts: [&[u8]; 4] = [&3_u64.to_be_bytes(), b"one", &2_u64.to_be_bytes(), b"xy"];
        let whole = parts.concat();
        assert_eq!(sha256_of_parts(&[b"one", b"xy"]), sha256(&whole));
        assert_ne!(sha256_of_parts(&[b"one", b"xy"]), sha256_of_parts(&[b"onex", b"y"]));
        assert_ne!(sha256_of_parts(&[b"one"]), sha256_of_parts(&[b"one", b""]));
    }

    #[test]
    fn every_byte_has_its_two_digits() {
        for byte in 0..=u8::MAX {
            assert_eq!(hex(&[byte]), format!("{byte:02x}"));
        }
    }

    #[test]
    fn a_new_token_is_another_each_time_and_fits_an_address() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert_ne!(one, other);
        for token in [one, other] {
            assert_eq!(token.len(), 43);
            let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            assert!(token.chars().all(fits), "{token}");
        }
    }

    #[test]
    fn an_empty_token_is_no_token() {
        assert_eq!(bearer("Bearer "), None);
        assert_eq!(bearer("Bearer"), None);
        assert_eq!(bearer("Bearer abc"), Some("abc"));
    }
}
