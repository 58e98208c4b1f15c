//! Who a message may be from where its From field settles nothing: every text in which a mail program may find
//! its sender, for the people who are looked for in it. Nothing is decided on it.

use super::mailbox::comment_free;
use crate::domain::mention::MENTION_CHARS_MAX;
use crate::ports::message::HeaderBlock;
use crate::runtime::limits::MAIL_MAILBOXES_MAX;
use crate::runtime::mime::decode;

/// Fields that name a sender (RFC 5322 3.6.2).
const OF_SENDERS: [&str; 2] = ["Sender", "From"];

/// What names the sender in a message's head, in every reading, and what the head holds else where it could
/// not be read for certain.
pub(super) fn obscure(head: &[u8], header: &HeaderBlock, unread: bool) -> String {
    let mut text = String::new();
    let mut add = |reading: &str| {
        let room = MENTION_CHARS_MAX.saturating_sub(text.len());
        text.extend(reading.chars().take(room));
        text.push('\n');
    };
    let fields = OF_SENDERS.into_iter().flat_map(|name| header.named(head, name));
    let values = fields.map(|field| field.value(head)).chain(first_line(head));
    for value in values.take(MAIL_MAILBOXES_MAX) {
        let raw = String::from_utf8_lossy(value);
        let decoded = decode::words(value);
        for reading in [&*decoded, &*raw] {
            add(&joined(&comment_free(reading)));
        }
        add(&decoded);
        add(&raw);
    }
    if unread {
        add(&String::from_utf8_lossy(head.get(..MENTION_CHARS_MAX).unwrap_or(head)));
    }
    text
}

/// A From field with space before its colon (RFC 5322 4.5) in the place of mbox's separator: some programs
/// read the one, some the other.
pub(super) fn first_line(head: &[u8]) -> Option<&[u8]> {
    let line = head.split(|byte| *byte == b'\n').next()?;
    let rest = line.strip_prefix(b">").unwrap_or(line).strip_prefix(b"From ")?;
    rest.trim_ascii_start().strip_prefix(b":")
}

/// A text without quotes, and without space around the dots and the `@` of an address (RFC 5322 4.4).
fn joined(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars().filter(|c| !matches!(c, '"' | '\\')) {
        if c.is_whitespace() {
            space = true;
            continue;
        }
        if space && !matches!(c, '@' | '.') && !out.ends_with(['@', '.']) {
            out.push(' ');
        }
        space = false;
        out.push(c);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::mention::mentioned;
    use crate::domain::nation::Nation;

    #[test]
    fn every_reading_of_a_doubtful_sender_names_them() {
        for head in [
            "From: Residents: Jo <jo@x.example>;",
            "From : Jo <jo@x.example>",
            "From: =?utf-8?b?am9AeC5leGFtcGxl?=",
            "From: =?utf-8?q?jo=40x=2Eexample?=",
            "From: =?utf-8?q?jo?=\r\n =?utf-8?q?=40x.example?=",
            "From: jo@x . example",
            "From: jo\r\n @ x.\r\n example, al@y.example",
            "From: jo(it is me)@(at home)x.example, al@y.example",
            "From: jo(a (b) c)@x.example al@y.example",
            "From: \"jo\"@x.example \"",
            "Sender: jo@x.example",
            "Subject: x\r\nSender: \"Jo\" <jo@x.example>",
        ] {
            let head = format!("{head}\r\n\r\n");
            let header = HeaderBlock::scan(head.as_bytes(), true);
            let text = obscure(head.as_bytes(), &header, false);
            let found = mentioned(&text, Nation::England);
            assert!(found.iter().any(|key| key.as_str() == "email:jo@x.example"), "{head}: {text}");
        }
    }

    #[test]
    fn an_mbox_separator_names_nobody() {
        assert_eq!(first_line(b"From jo@x.example Mon Nov  2 10:00:00 2026\r\n"), None);
        assert_eq!(first_line(b"From: jo@x.example\r\n"), None);
    }
}
