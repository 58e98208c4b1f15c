//! A message in hand: where its header fields are, and the digest that identifies its contact.
//!
//! Shared by the mail edge, which reads messages, and by `forward`, which hands them on: both must
//! see the same fields in the same bytes. Nothing here changes a byte.

mod decided;

pub use decided::{DecisionTold, VALUE_CHARS_MAX, decision_parts, token};

use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;

use aws_lc_rs::digest;
use memchr::memchr2;

use super::Original;
use crate::runtime::limits::MAIL_HEADER_BYTES_MAX;

/// The header fields that are the gateway's own. Incoming ones are removed (a sender must not be able to claim a
/// decision).
pub const DECISION_FIELD: &str = "X-Contact-Gateway-Decision";
pub const FLAGS_FIELD: &str = "X-Contact-Gateway-Flags";
pub const ORIGINAL_TO_FIELD: &str = "X-Contact-Gateway-Original-To";
pub const PASS_FIELD: &str = "X-Contact-Gateway-Pass";
/// The purpose of a message, which the organisation's systems write on mail that leaves it.
pub const PURPOSE_FIELD: &str = "X-Contact-Gateway-Purpose";

/// What is attached to a queue item if a server hands one message over in several transactions: the
/// recipients that the item does not name, one per line.
pub const FURTHER_RECIPIENTS: &str = "further_recipients";

const OWN_FIELDS: [&str; 5] =
    [DECISION_FIELD, FLAGS_FIELD, ORIGINAL_TO_FIELD, PASS_FIELD, PURPOSE_FIELD];

/// Fields that a server writes on top of a message on its way (RFC 5321 4.4, and what Postfix and
/// Exim add at delivery): the same message may carry more of them the next time it is seen.
const TRACE_FIELDS: [&str; 6] =
    ["Received", "Return-Path", "Delivered-To", "X-Original-To", "Envelope-To", "Delivery-Date"];

/// One header field: offsets into the message's first bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Field {
    /// The name as written, without the colon.
    pub fn name<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        head.get(self.name.clone()).unwrap_or_default()
    }

    /// What follows the colon, folds and all, without the last CRLF.
    pub fn value<'a>(&self, head: &'a [u8]) -> &'a [u8] {
        let value = head.get(self.value.clone()).unwrap_or_default();
        value.strip_suffix(b"\r\n").unwrap_or(value)
    }

    pub fn is(&self, head: &[u8], name: &str) -> bool {
        self.name(head).eq_ignore_ascii_case(name.as_bytes())
    }

    /// Whether the name is one of the gateway's own.
    pub fn is_own(&self, head: &[u8]) -> bool {
        own_name(self.name(head)).is_some()
    }

    fn is_trace(&self, head: &[u8]) -> bool {
        self.is_own(head) || TRACE_FIELDS.iter().any(|trace| self.is(head, trace))
    }

    fn whole(&self) -> Range<usize> {
        self.name.start..self.value.end
    }
}

/// The gateway's own name that a field's name is, in whatever case it is written.
pub fn own_name(name: &[u8]) -> Option<&'static str> {
    OWN_FIELDS.into_iter().find(|own| name.eq_ignore_ascii_case(own.as_bytes()))
}

/// The header block of a message (RFC 5322 2.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HeaderBlock {
    pub fields: Vec<Field>,
    /// Where the body begins, behind the empty line; if there is none, the first line that is not a header field.
    pub body_at: usize,
    /// Whether the end of the block was found within [`MAIL_HEADER_BYTES_MAX`].
    pub complete: bool,
}

impl HeaderBlock {
    /// Finds the fields in a message's first bytes. `whole`: these are all its bytes.
    ///
    /// The block ends at the empty line, or before the first line that can't belong to it, which
    /// is where mail servers end it too.
    pub fn scan(head: &[u8], whole: bool) -> HeaderBlock {
        let head = head.get(..MAIL_HEADER_BYTES_MAX.min(head.len())).unwrap_or_default();
        let mut block = HeaderBlock { fields: Vec::new(), body_at: 0, complete: true };
        let mut at = 0;
        while at < head.len() {
            let rest = head.get(at..).unwrap_or_default();
            let Some(length) = line_length(rest) else {
                // A last line without its end: the block is cut off, unless the message is too.
                block.complete = whole;
                let taken = whole && block.take_line(head, at..head.len());
                block.body_at = if taken { head.len() } else { at };
                return block;
            };
            let line = at..at + length;
            if rest.starts_with(b"\r\n") {
                block.body_at = line.end;
                return block;
            }
            // An mbox separator on the first line is not a field and ends nothing.
            let separator = at == 0 && (rest.starts_with(b"From ") || rest.starts_with(b">From "));
            if !separator && !block.take_line(head, line.clone()) {
                block.body_at = at;
                return block;
            }
            at = line.end;
        }
        block.complete = whole;
        block.body_at = head.len();
        block
    }

    /// Adds a line to the block; `false`: it can't belong to it.
    fn take_line(&mut self, head: &[u8], line: Range<usize>) -> bool {
        let bytes = head.get(line.clone()).unwrap_or_default();
        if bytes.starts_with(b" ") || bytes.starts_with(b"\t") {
            return match self.fields.last_mut() {
                Some(field) => {
                    field.value.end = line.end;
                    true
                }
                None => false,
            };
        }
        let Some(colon) = bytes.iter().position(|byte| *byte == b':') else { return false };
        // RFC 5322 4.5.1: old senders put spaces before the colon.
        let name = bytes.get(..colon).unwrap_or_default().trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return false;
        }
        self.fields.push(Field {
            name: line.start..line.start + name.len(),
            value: line.start + colon + 1..line.end,
        });
        true
    }

    /// The fields of a name, from the top.
    pub fn named<'a>(
        &'a self,
        head: &'a [u8],
        name: &'a str,
    ) -> impl Iterator<Item = &'a Field> + 'a {
        self.fields.iter().filter(move |field| field.is(head, name))
    }

    /// The byte ranges of the message without the gateway's own fields.
    pub fn without_own(&self, head: &[u8], length: u64) -> Vec<Range<u64>> {
        let mut kept = Vec::new();
        let mut from = 0_u64;
        for field in self.fields.iter().filter(|field| field.is_own(head)) {
            let own = field.whole();
            if from < own.start as u64 {
                kept.push(from..own.start as u64);
            }
            from = own.end as u64;
        }
        if from < length {
            kept.push(from..length);
        }
        kept
    }
}

/// How many of these bytes, from the first, are text and CRLFs not followed by a dot: they are
/// the same in a message and on the wire (RFC 5321 4.5.2). A dot as the first byte is not looked at.
pub fn ordinary(bytes: &[u8]) -> usize {
    let mut at = 0;
    while let Some(length) = memchr2(b'\r', b'\n', bytes.get(at..).unwrap_or_default()) {
        let end = at + length;
        match bytes.get(end..) {
            Some([b'\r', b'\n', next, ..]) if *next != b'.' => at = end + 2,
            Some(_) | None => return end,
        }
    }
    bytes.len()
}

/// The length of the first line with its CRLF; `None`: it has no end here.
fn line_length(bytes: &[u8]) -> Option<usize> {
    let end = bytes.windows(2).position(|pair| pair == b"\r\n")?;
    Some(end + 2)
}

/// The digest of a message's content: SHA-256 of its header fields without the trace that servers
/// add on the way, and its body. Recipients have no part in it. Reads a spooled file, so call it
/// where blocking is allowed.
///
/// # Errors
/// The spooled file could not be read.
pub fn content_digest(
    head: &[u8],
    block: &HeaderBlock,
    original: &Original,
) -> io::Result<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    for field in block.fields.iter().filter(|field| !field.is_trace(head)) {
        context.update(head.get(field.whole()).unwrap_or_default());
    }
    context.update(b"\r\n");
    match original {
        Original::Bytes(bytes) => context.update(bytes.get(block.body_at..).unwrap_or_default()),
        Original::File(path) => {
            let mut file = std::fs::File::open(path)?;
            file.seek(SeekFrom::Start(block.body_at as u64))?;
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                context.update(buffer.get(..read).unwrap_or_default());
            }
        }
    }
    let mut digest = [0; 32];
    digest.copy_from_slice(context.finish().as_ref());
    Ok(digest)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn names(head: &str) -> Vec<String> {
        let block = HeaderBlock::scan(head.as_bytes(), true);
        let name = |field: &Field| String::from_utf8_lossy(field.name(head.as_bytes())).into();
        block.fields.iter().map(name).collect()
    }

    fn digest(text: &str) -> [u8; 32] {
        let block = HeaderBlock::scan(text.as_bytes(), true);
        let original = Original::Bytes(Bytes::copy_from_slice(text.as_bytes()));
        content_digest(text.as_bytes(), &block, &original).unwrap()
    }

    #[test]
    fn fields_end_at_the_empty_line_or_before_a_line_that_is_none() {
        assert_eq!(names("A: 1\r\nB : 2\r\n  folded\r\n\r\nC: 3\r\n"), ["A", "B"]);
        assert_eq!(names("A: 1\r\nno field\r\nB: 2\r\n"), ["A"]);
        assert_eq!(names(" A: 1\r\nB: 2\r\n"), Vec::<String>::new());
        assert_eq!(names("From x Mon\r\nB: 2\r\n"), ["B"]);
        let block = HeaderBlock::scan(b"A: 1\r\n\r\nbody", true);
        assert_eq!((block.body_at, block.complete), (8, true));
        assert!(!HeaderBlock::scan(b"A: 1\r\n", false).complete);
        assert!(HeaderBlock::scan(b"\r\nA: 1\r\n", true).fields.is_empty());
    }

    #[test]
    fn ordinary_lines_end_before_what_the_wire_has_in_another_way() {
        for (bytes, length) in [
            (&b""[..], 0),
            (b"a", 1),
            (b"a\r\nb\r\n\r\nc", 9),
            (b"a\r\nb\r\n.c", 4),
            (b"a\r\nb\r\n", 4),
            (b"a\nb", 1),
            (b"a\rb", 1),
            (b"\r\n.", 0),
        ] {
            assert_eq!(ordinary(bytes), length, "{bytes:?}");
        }
    }

    #[test]
    fn own_fields_are_left_out_and_nothing_else() {
        let head =
            b"x-contact-gateway-PASS: a\r\n b\r\nA: 1\r\nX-Contact-Gateway-Flags: c\r\n\r\nz";
        let block = HeaderBlock::scan(head, true);
        let kept = block.without_own(head, head.len() as u64);
        let at = |offset: u64| usize::try_from(offset).unwrap();
        let bytes: Vec<u8> = kept
            .into_iter()
            .flat_map(|range| head[at(range.start)..at(range.end)].to_vec())
            .collect();
        assert_eq!(bytes, b"A: 1\r\n\r\nz");
    }

    #[test]
    fn the_digest_leaves_the_trace_out_and_nothing_else() {
        let plain = digest("A: 1\r\n\r\nbody\r\n");
        assert_eq!(plain, digest("Received: x\r\n y\r\nDelivered-To: z\r\nA: 1\r\n\r\nbody\r\n"));
        assert_ne!(plain, digest("A: 2\r\n\r\nbody\r\n"));
        assert_ne!(plain, digest("A: 1\r\n\r\nbody \r\n"));
    }
}
