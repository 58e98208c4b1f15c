//! Who a message may be from where its From field settles nothing: every text in which a mail program may find
//! its sender, for the people who are looked for in it. Nothing is decided on it.

use super::mailbox::comment_free;
use crate::domain::mention::MENTION_CHARS_MAX;
use crate::ports::message::HeaderBlock;
use crate::runtime::limits::MAIL_MAILBOXES_MAX;
use crate::runtime::mime::decode;

/// What names the sender in a message's head (RFC 5322 3.6.2), in every reading, and what the head holds else
/// where it could not be read for certain. Each value has its share of the room, From first.
pub(super) fn obscure(head: &[u8], header: &HeaderBlock, unread: bool) -> String {
    let named = |name| header.named(head, name).map(|field| field.value(head));
    let values = named("From").chain(first_line(head)).chain(named("Sender"));
    let mut values: Vec<Vec<String>> = values.take(MAIL_MAILBOXES_MAX).map(readings).collect();
    if unread {
        let start = head.get(..MENTION_CHARS_MAX).unwrap_or(head);
        values.push(vec![String::from_utf8_lossy(start).into_owned()]);
    }
    let mut text = String::new();
    let mut room = MENTION_CHARS_MAX;
    for (at, readings) in values.iter().enumerate() {
        let mut share = room / (values.len() - at);
        room -= share;
        for (at, reading) in readings.iter().enumerate() {
            share -= add(reading, share / (readings.len() - at), &mut text);
        }
        // What one leaves is the next ones'.
        room += share;
    }
    text
}

/// What mail programs make of a field's value, each once.
fn readings(value: &[u8]) -> Vec<String> {
    let raw = String::from_utf8_lossy(value).into_owned();
    let decoded = decode::words(value);
    let mut found: Vec<String> = Vec::new();
    for reading in [joined(&comment_free(&decoded)), joined(&comment_free(&raw)), decoded, raw] {
        if !found.contains(&reading) {
            found.push(reading);
        }
    }
    found
}

/// Adds a line of at most so many characters, its end included, and says how many they were.
fn add(line: &str, room: usize, text: &mut String) -> usize {
    let Some(room) = room.checked_sub(1) else { return 0 };
    let mut taken = 1;
    text.extend(line.chars().take(room).inspect(|_| taken += 1));
    text.push('\n');
    taken
}

/// The value of a From field with space before its colon (RFC 5322 4.5) in the place of mbox's separator, to the
/// end of its last folded line: some programs read the one, some the other.
pub(super) fn first_line(head: &[u8]) -> Option<&[u8]> {
    let is_end = |at: &usize| !matches!(head.get(at + 1), Some(b' ' | b'\t'));
    let end = memchr::memchr_iter(b'\n', head).find(is_end).unwrap_or(head.len());
    let field = head.get(..end)?;
    let rest = field.strip_prefix(b">").unwrap_or(field).strip_prefix(b"From ")?;
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
            "From : Jo\r\n <jo@x.example>",
            ">From \t:Jo\r\n\t<jo@x.example>",
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
    fn no_field_is_so_long_that_it_hides_another() {
        let long = "é ".repeat(MENTION_CHARS_MAX);
        let short = "é ".repeat(300);
        let many: String = (0..200).map(|at| format!("Sender: a{at} {short}\r\n")).collect();
        for head in [
            format!("Sender: {long}\r\nFrom: Jo <jo@x.example>, al@y.example"),
            format!("From: {long}, al@y.example\r\nSender: jo@x.example"),
            format!("From : {long}\r\nSender: jo@x.example"),
            format!("{many}From: zoe@y.example, jo@x.example"),
            format!("From: ({long}) jo@x.example, al@y.example"),
        ] {
            let head = format!("{head}\r\n\r\n");
            let header = HeaderBlock::scan(head.as_bytes(), true);
            for unread in [false, true] {
                let text = obscure(head.as_bytes(), &header, unread);
                assert!(text.chars().count() <= MENTION_CHARS_MAX);
                assert!(text.contains("jo@x.example"), "{}", &head[..40]);
            }
        }
    }

    #[test]
    fn an_mbox_separator_names_nobody() {
        assert_eq!(first_line(b"From jo@x.example Mon Nov  2 10:00:00 2026\r\n"), None);
        assert_eq!(first_line(b"From: jo@x.example\r\n"), None);
        assert_eq!(first_line(b"From jo@x.example\r\nX : y\r\n"), None);
        let folded = b"From : Jo\r\n <a@b>,\r\n\tc@d\r\nTo: e@f\r\n";
        assert_eq!(first_line(folded), Some(&b" Jo\r\n <a@b>,\r\n\tc@d\r"[..]));
    }
}
