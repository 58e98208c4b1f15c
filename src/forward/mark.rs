//! The loop mark: shows that the gateway itself wrote a message's own fields, so that a message
//! that comes round again is not decided twice. Nobody else can make one.

use std::fmt;

use aws_lc_rs::{digest, hmac};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};

use crate::ports::relay::Marked;
use crate::runtime::limits::{MAIL_MARK_AGE_MAX, MAIL_MARKED_RECIPIENTS_MAX};

/// The mark's own format; another one is another version.
const VERSION: &str = "v2";

/// Bytes of the digest of a recipient: enough to tell those of one message from others.
const RECIPIENT_BYTES: usize = 6;

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

    /// `v2; contact id; seconds since 1970; its recipients; HMAC-SHA256`. `sender`: the reverse-path in
    /// brackets.
    pub fn make(&self, marked: &Marked, sender: &[u8], at: DateTime<Utc>) -> String {
        let time = at.timestamp();
        let id = id_of(&marked.contact);
        let named = marked.recipients.iter().take(MAIL_MARKED_RECIPIENTS_MAX);
        let recipients: Vec<u8> = named.flat_map(|one| short_digest(one)).collect();
        let mac = hmac::sign(&self.0, &covered(&id, time, sender, &marked.digest, &recipients));
        let recipients = URL_SAFE_NO_PAD.encode(recipients);
        format!("{VERSION}; {id}; {time}; {recipients}; {}", URL_SAFE_NO_PAD.encode(mac.as_ref()))
    }

    /// The contact of a mark that was made with this key for this sender and content and for all of
    /// these recipients, and is not too old.
    pub fn verified(
        &self,
        mark: &str,
        sender: &[u8],
        digest: &[u8; 32],
        recipients: &[String],
        now: DateTime<Utc>,
    ) -> Option<String> {
        let mut parts = mark.split(';').map(str::trim);
        let (Some(VERSION), Some(id), Some(time), Some(marked), Some(mac), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let time = time.parse::<i64>().ok()?;
        let marked = URL_SAFE_NO_PAD.decode(marked).ok()?;
        let mac = URL_SAFE_NO_PAD.decode(mac).ok()?;
        let age = now - DateTime::from_timestamp(time, 0)?;
        let oldest = TimeDelta::from_std(MAIL_MARK_AGE_MAX).unwrap_or(TimeDelta::MAX);
        let in_time = age <= oldest && age >= -CLOCKS_DIFFER_MAX;
        let is_marked = |one: &String| {
            let wanted = short_digest(one);
            marked.chunks_exact(RECIPIENT_BYTES).any(|known| known == wanted)
        };
        let covered = covered(id, time, sender, digest, &marked);
        let holds = in_time
            && hmac::verify(&self.0, &covered, &mac).is_ok()
            && recipients.iter().all(is_marked);
        holds.then(|| id.to_owned())
    }
}

/// Of an address, whose letters servers write either way.
fn short_digest(recipient: &str) -> Vec<u8> {
    let lowered = recipient.to_lowercase();
    let whole = digest::digest(&digest::SHA256, lowered.as_bytes());
    whole.as_ref().iter().copied().take(RECIPIENT_BYTES).collect()
}

/// A contact id as it can be written in the mark.
fn id_of(contact: &str) -> String {
    contact.chars().map(|c| if c.is_ascii_graphic() && c != ';' { c } else { '_' }).collect()
}

/// What the code covers; each part with its length, so that no two lists of parts look alike.
fn covered(id: &str, time: i64, sender: &[u8], digest: &[u8; 32], recipients: &[u8]) -> Vec<u8> {
    let time = time.to_be_bytes();
    let parts = [VERSION.as_bytes(), id.as_bytes(), &time, sender, digest, recipients];
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
    fn a_mark_holds_for_its_own_sender_content_recipients_key_and_hour_alone() {
        let key = MarkKey::new(&[7; 32]);
        let at = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let to =
            |names: &[&str]| -> Vec<String> { names.iter().map(|n| (*n).to_owned()).collect() };
        let recipients = to(&["b@karbon.example", "c@karbon.example"]);
        let marked =
            Marked { contact: "a;b c".into(), digest: [1; 32], recipients: recipients.clone() };
        let sender = b"<a@b.example>";
        let mark = key.make(&marked, sender, at);
        let holds = |sender: &[u8], digest: [u8; 32], to: &[String], at: DateTime<Utc>| {
            key.verified(&mark, sender, &digest, to, at).is_some()
        };
        assert_eq!(
            key.verified(&mark, sender, &[1; 32], &recipients, at).as_deref(),
            Some("a_b_c")
        );
        assert!(holds(sender, [1; 32], &to(&["C@Karbon.example"]), at), "fewer, in other letters");
        assert!(!holds(b"<x@b.example>", [1; 32], &recipients, at));
        assert!(!holds(sender, [2; 32], &recipients, at));
        assert!(!holds(sender, [1; 32], &to(&["b@karbon.example", "d@karbon.example"]), at));
        assert!(holds(sender, [1; 32], &recipients, at + TimeDelta::minutes(59)));
        assert!(!holds(sender, [1; 32], &recipients, at + TimeDelta::minutes(61)));
        assert!(!holds(sender, [1; 32], &recipients, at - TimeDelta::hours(1)));
        let other = MarkKey::new(&[8; 32]);
        assert!(other.verified(&mark, sender, &[1; 32], &recipients, at).is_none());
        for forged in ["", "v1", "v2; a; b; c; d", "v2; a; 1; ====; AAAA", "v1; a; 1; AAAA; AAAA"] {
            assert!(key.verified(forged, sender, &[1; 32], &recipients, at).is_none());
        }
    }
}
