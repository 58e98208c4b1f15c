//! Time-based one-time passwords (RFC 6238) as authenticators make them: HMAC-SHA-1, 30 seconds, six
//! digits.

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use subtle::ConstantTimeEq;

/// As long as the output of SHA-1 (RFC 4226 section 4, R6).
pub const SECRET_BYTES: usize = 20;
/// Seconds of one step.
const STEP_SECONDS: i64 = 30;
/// Steps before and after now whose codes count: a clock may be a little off, and typing takes time.
const STEPS_AROUND: u64 = 1;

/// The code of a step (RFC 4226 section 5.3), `digits` long.
fn code(secret: &[u8], step: u64, digits: u32) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let bytes = tag.as_ref();
    let offset = usize::from(bytes.last().copied().unwrap_or_default() & 0xf);
    let number = bytes.iter().skip(offset).take(4).fold(0_u32, |n, byte| n << 8 | u32::from(*byte));
    let number = (number & 0x7fff_ffff) % 10_u32.pow(digits);
    format!("{number:0width$}", width = digits as usize)
}

/// The step whose code was typed, if it is around now and after the one used last: no code counts twice
/// (RFC 6238 section 5.2).
pub fn matching_step(
    secret: &[u8],
    typed: &str,
    now: DateTime<Utc>,
    used_step: u64,
) -> Option<u64> {
    let typed: String = typed.chars().filter(char::is_ascii_digit).collect();
    let current = u64::try_from(now.timestamp() / STEP_SECONDS).ok()?;
    (current.saturating_sub(STEPS_AROUND)..=current + STEPS_AROUND)
        .filter(|step| *step > used_step)
        .find(|step| bool::from(code(secret, *step, 6).as_bytes().ct_eq(typed.as_bytes())))
}

const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// RFC 4648 section 6, without padding.
pub fn base32(bytes: &[u8]) -> String {
    bytes
        .chunks(5)
        .flat_map(|chunk| {
            let mut group = [0; 8];
            for (to, from) in group.iter_mut().skip(3).zip(chunk) {
                *to = *from;
            }
            let number = u64::from_be_bytes(group);
            let characters = (chunk.len() * 8).div_ceil(5);
            (0..characters).map(move |at| {
                let five = usize::try_from(number >> (35 - 5 * at) & 31).unwrap_or_default();
                char::from(ALPHABET.get(five).copied().unwrap_or(b'A'))
            })
        })
        .collect()
}

/// The bytes in base32, groups and case aside; `None`: something else does.
pub fn of_base32(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut bits) = (0_u32, 0);
    for c in plain(text).bytes() {
        let five = ALPHABET.iter().position(|one| *one == c)?;
        held = held << 5 | u32::try_from(five).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits & 0xff).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    Some(bytes)
}

/// A code as it is kept: capitals, without what groups it.
pub fn plain(typed: &str) -> String {
    typed.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

/// Four by four, to be read and typed.
pub fn in_groups(code: &str) -> String {
    let groups: Vec<&str> =
        code.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    groups.join(" ")
}

/// The link that an authenticator takes up ("Key URI Format" of Google Authenticator's wiki).
pub fn link(secret: &str, issuer: &str, account: &str) -> String {
    let quoted = |text: &str| {
        let quoted: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
        // In a path a blank is not a plus.
        quoted.replace('+', "%20")
    };
    let (issuer, account) = (quoted(issuer), quoted(account));
    format!("otpauth://totp/{issuer}:{account}?secret={secret}&issuer={issuer}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B.
    #[test]
    fn the_vectors_of_the_rfc() {
        let secret = b"12345678901234567890";
        for (seconds, right) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            assert_eq!(code(secret, seconds / 30, 8), right);
        }
    }

    #[test]
    fn a_code_counts_around_its_time_and_once() {
        let secret = b"12345678901234567890";
        let at = |seconds| DateTime::from_timestamp(seconds, 0).unwrap();
        let step = 1_111_111_109 / 30;
        let typed = code(secret, step, 6);
        for (seconds, matches) in [(0, true), (29, true), (-31, true), (61, false), (-61, false)] {
            let found = matching_step(secret, &typed, at(1_111_111_109 + seconds), 0);
            assert_eq!(found, matches.then_some(step), "{seconds}");
        }
        let spaced = format!(" {} {}", &typed[..3], &typed[3..]);
        assert_eq!(matching_step(secret, &spaced, at(1_111_111_109), 0), Some(step));
        assert_eq!(matching_step(secret, &typed, at(1_111_111_109), step), None);
        assert_eq!(matching_step(secret, "", at(1_111_111_109), 0), None);
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn base32_is_that_of_the_rfc() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(bytes.as_bytes()), text);
            assert_eq!(of_base32(text).unwrap(), bytes.as_bytes());
        }
        assert_eq!(of_base32("mzxw 6ytb oi").unwrap(), b"foobar");
        assert_eq!(of_base32("0"), None);
        assert_eq!(in_groups("MZXW6YTBOI"), "MZXW 6YTB OI");
    }

    #[test]
    fn the_link_names_organisation_and_account() {
        assert_eq!(
            link("MZXQ", "Karbon Homes", "ann@x.example"),
            "otpauth://totp/Karbon%20Homes:ann%40x.example?secret=MZXQ&issuer=Karbon%20Homes"
        );
    }
}
