//! The loop mark: shows that the gateway itself wrote a message's own fields, so that a message
//! that comes round again is not decided twice. Nobody else can make one.

use std::fmt;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::relay::Marked;
use crate::runtime::limits::MAIL_MARK_AGE_MAX;

/// The mark's own format; another one is another version.
const VERSION: &str = "v1";

/// Clocks of gateways that share a key may differ by so much.
const CLOCKS_DIFFER_MAX: TimeDelta = TimeDelta::minutes(5);

pub struct MarkKey(hmac::Key);

impl fmt::Debug for MarkKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MarkKey")
    }
}

impl MarkKey {
    pub fn new(key: &[u8; 32]) -> Self {
        MarkKey(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// `v1; contact id; seconds since 1970; HMAC-SHA256`. `sender`: the reverse-path in brackets.
    pub fn make(&self, marked: &Marked, sender: &[u8], at: DateTime<Utc>) -> String {
        let time = at.timestamp();
        let id = id_of(&marked.contact);
        let mac = hmac::sign(&self.0, &covered(&id, time, sender, &marked.digest));
        format!("{VERSION}; {id}; {time}; {}", URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    /// Whether the mark was made with this key for this sender and content, and is not too old.
    pub fn verifies(
        &self,
        mark: &str,
        sender: &[u8],
        digest: &[u8; 32],
        now: DateTime<Utc>,
    ) -> bool {
        let mut parts = mark.split(';').map(str::trim);
        let (Some(VERSION), Some(id), Some(time), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return false;
        };
        let (Ok(time), Ok(mac)) = (time.parse::<i64>(), URL_SAFE_NO_PAD.decode(mac)) else {
            return false;
        };
        let Some(made) = DateTime::from_timestamp(time, 0) else { return false };
        let age = now - made;
        let oldest = TimeDelta::from_std(MAIL_MARK_AGE_MAX).unwrap_or(TimeDelta::MAX);
        age <= oldest
            && age >= -CLOCKS_DIFFER_MAX
            && hmac::verify(&self.0, &covered(id, time, sender, digest), &mac).is_ok()
    }
}

/// A contact id as it can be written in the mark.
fn id_of(contact: &str) -> String {
    contact.chars().map(|c| if c.is_ascii_graphic() && c != ';' { c } else { '_' }).collect()
}

/// What the code covers; each part with its length, so that no two lists of parts look alike.
fn covered(id: &str, time: i64, sender: &[u8], digest: &[u8; 32]) -> Vec<u8> {
    let time = time.to_be_bytes();
    let parts = [VERSION.as_bytes(), id.as_bytes(), &time, sender, digest];
    let length = |part: &&[u8]| size_of::<u64>() + part.len();
    let mut covered = Vec::with_capacity(parts.iter().map(length).sum());
    for part in parts {
        covered.extend_from_slice(&(part.len() as u64).to_be_bytes());
        covered.extend_from_slice(part);
    }
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_holds_for_its_own_sender_content_key_and_time_alone() {
        let key = MarkKey::new(&[7; 32]);
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let marked = Marked { contact: "a;b c".into(), digest: [1; 32] };
        let mark = key.make(&marked, b"<a@b.example>", at);
        assert!(key.verifies(&mark, b"<a@b.example>", &[1; 32], at));
        assert!(!key.verifies(&mark, b"<x@b.example>", &[1; 32], at));
        assert!(!key.verifies(&mark, b"<a@b.example>", &[2; 32], at));
        assert!(!MarkKey::new(&[8; 32]).verifies(&mark, b"<a@b.example>", &[1; 32], at));
        assert!(!key.verifies(&mark, b"<a@b.example>", &[1; 32], at + TimeDelta::days(6)));
        assert!(!key.verifies(&mark, b"<a@b.example>", &[1; 32], at - TimeDelta::hours(1)));
        for forged in ["", "v1", "v1; a; b; c", "v1; a; 1; ====", "v2; a; 1; AAAA"] {
            assert!(!key.verifies(forged, b"<a@b.example>", &[1; 32], at));
        }
    }
}
