//! The parts of a message as a mail program finds them (RFC 2045, RFC 2046): flat, in their order, read
//! from slices of the message without recursion. Broken parts are read as they appear: an encoding that
//! nobody knows undecoded, a multipart without its boundary as text.

pub mod decode;
pub mod harmless;
pub mod html;
mod well_formed;

use std::sync::LazyLock;

use bytes::Bytes;
use mail_parser::{HeaderName, Message, MessageParser, MimeHeaders};
use memchr::memmem;

use super::limits::{
    MAIL_HEADER_BYTES_MAX, MAIL_NESTED_DECODED_BYTES_MAX, MAIL_NESTED_MAX,
    MAIL_PARAMETERS_BYTES_MAX, MAIL_PARTS_MAX,
};
use decode::Encoding;

/// Understands the header fields read here and by intake, and leaves the rest as they are.
pub static PARSER: LazyLock<MessageParser> = LazyLock::new(|| {
    MessageParser::new()
        .with_mime_headers()
        .with_message_ids()
        .header_text(HeaderName::Subject)
        .default_header_raw()
});

/// Everything in a message that is not a container.
#[derive(Debug, Default)]
pub struct Parts {
    pub parts: Vec<MimePart>,
    /// The message is a report (RFC 6522), or a list's wrapping of one: a multipart that begins with it.
    pub report: Report,
    /// More containers or parts than the bounds allow, or a field too long to parse.
    pub beyond: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Report {
    #[default]
    No,
    Whole,
    Wrapped,
}

/// One part, still encoded.
#[derive(Debug)]
pub struct MimePart {
    /// "text/html", in lower case.
    pub kind: String,
    pub charset: Option<String>,
    pub encoding: Encoding,
    /// The sender calls it an attachment, or it has a file's name.
    pub attached: bool,
    pub name: String,
    /// The subject of the attached message that begins with this part.
    pub subject: Option<String>,
    /// It is inside an attached message.
    pub inner: bool,
    pub body: Bytes,
}

/// A piece of the message that has a header of its own.
struct Entity {
    bytes: Bytes,
    /// Without a type it is a message (RFC 2046 5.1.5).
    in_digest: bool,
    /// 0: the message itself; 1: a part of its outermost multipart.
    depth: usize,
    first: bool,
    /// It is an attached message, or inside one.
    message: bool,
    inner: bool,
    /// A boundary ends it.
    delimited: bool,
}

impl Entity {
    const fn whole(bytes: Bytes) -> Self {
        Entity {
            bytes,
            in_digest: false,
            depth: 0,
            first: true,
            message: false,
            inner: false,
            delimited: false,
        }
    }

    /// The line break in front of a boundary belongs to the boundary (RFC 2046 5.1.1), and not to what
    /// the boundary ends.
    fn head(&self) -> Head {
        let mut head = Head::of(&self.bytes);
        if self.delimited {
            head.body.truncate(without_line_break(&head.body));
        }
        head
    }
}

/// Finds the parts of a message.
pub fn parts(message: Bytes) -> Parts {
    let mut found = Parts::default();
    let (mut containers, mut decoded) = (0, 0);
    let mut open = vec![Entity::whole(message)];
    while let Some(entity) = open.pop() {
        if found.parts.len() >= MAIL_PARTS_MAX {
            found.beyond = true;
            break;
        }
        let Head { header, body, endless } = entity.head();
        found.beyond |= endless;
        let parsed = PARSER.parse_headers(&header);
        let mut part = MimePart::of(parsed.as_ref(), body, entity.in_digest);
        part.inner = entity.inner;
        if entity.message {
            part.subject = subject(&header);
        }
        let is_multipart = part.kind.starts_with("multipart/");
        let is_message = matches!(part.kind.as_str(), "message/rfc822" | "message/global");
        if is_multipart || is_message {
            containers += 1;
            // Each level that is encoded makes, and keeps, a copy of all below it.
            if is_message && part.encoding != Encoding::Identity {
                decoded += part.body.len();
            }
            if containers > MAIL_NESTED_MAX || decoded > MAIL_NESTED_DECODED_BYTES_MAX {
                found.beyond = true;
                part.kind = "text/plain".to_owned();
                found.parts.push(part);
                continue;
            }
        }
        if is_message {
            // As an attachment it is compared whole; what it says is read as well.
            let bytes = part.encoding.bytes(&part.body);
            open.push(Entity {
                bytes,
                in_digest: false,
                depth: entity.depth + 1,
                first: false,
                message: true,
                inner: true,
                delimited: false,
            });
            part.attached = true;
            found.parts.push(part);
        } else if is_multipart {
            if part.kind == "multipart/report" {
                found.report = match (entity.depth, entity.first) {
                    (0, _) => Report::Whole,
                    (1, true) => Report::Wrapped,
                    _ => found.report,
                };
            }
            let opened = opened(parsed.as_ref(), &part, &entity);
            if opened.is_empty() {
                part.kind = "text/plain".to_owned();
                found.parts.push(part);
            }
            open.extend(opened);
        } else {
            found.parts.push(part);
        }
    }
    found
}

/// The parts of a multipart, the first last: that is read next. Empty: it has no boundary.
fn opened(parsed: Option<&Message<'_>>, part: &MimePart, entity: &Entity) -> Vec<Entity> {
    let boundary = parsed
        .and_then(MimeHeaders::content_type)
        .and_then(|kind| kind.attribute("boundary"))
        .unwrap_or_default();
    let in_digest = part.kind == "multipart/digest";
    let pieces = pieces(&part.body, boundary.as_bytes());
    let mut opened: Vec<Entity> = pieces
        .into_iter()
        .take(MAIL_PARTS_MAX)
        .enumerate()
        .map(|(at, (bytes, delimited))| Entity {
            bytes,
            delimited,
            in_digest,
            depth: entity.depth + 1,
            first: at == 0,
            message: false,
            inner: entity.inner,
        })
        .collect();
    opened.reverse();
    opened
}

impl MimePart {
    fn of(parsed: Option<&Message<'_>>, body: Bytes, in_digest: bool) -> Self {
        let kind = parsed.and_then(MimeHeaders::content_type);
        let named = kind.map(|kind| {
            let subtype = kind.subtype().unwrap_or("plain");
            format!("{}/{subtype}", kind.ctype()).to_ascii_lowercase()
        });
        let default = if in_digest { "message/rfc822" } else { "text/plain" };
        let name = parsed.and_then(MimeHeaders::attachment_name).unwrap_or_default().to_owned();
        let disposition = parsed.and_then(MimeHeaders::content_disposition);
        MimePart {
            kind: named.unwrap_or_else(|| default.to_owned()),
            charset: kind.and_then(|kind| kind.attribute("charset")).map(str::to_owned),
            encoding: Encoding::named(
                parsed.and_then(MimeHeaders::content_transfer_encoding).unwrap_or_default(),
            ),
            attached: !name.is_empty() || disposition.is_some_and(|how| how.is_attachment()),
            name,
            subject: None,
            inner: false,
            body,
        }
    }

    /// A text that a mail program shows or opens: by its type, or by its file's name.
    pub fn is_text(&self) -> bool {
        let named = |ends: &[&str]| {
            let name = self.name.to_ascii_lowercase();
            ends.iter().any(|end| name.ends_with(end))
        };
        self.kind.starts_with("text/")
            || (self.kind.starts_with("message/") && !self.is_message())
            || (self.kind == "application/octet-stream"
                && named(&[".txt", ".text", ".md", ".eml", ".htm", ".html", ".csv"]))
    }

    pub fn is_message(&self) -> bool {
        matches!(self.kind.as_str(), "message/rfc822" | "message/global")
    }

    pub fn is_html(&self) -> bool {
        let name = self.name.to_ascii_lowercase();
        self.kind == "text/html"
            || self.kind == "application/octet-stream"
                && (name.ends_with(".htm") || name.ends_with(".html"))
    }
}

/// The subject of a header block, decoded.
pub fn subject(header: &[u8]) -> Option<String> {
    let line = header
        .split(|byte| *byte == b'\n')
        .find(|line| line.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"subject:")))?;
    Some(decode::words(line.get(8..).unwrap_or_default()))
}

/// A header block, each field on one line, and what follows it.
pub struct Head {
    pub header: Vec<u8>,
    body: Bytes,
    /// A field has more parameters than are looked at, and is left out; or the block is longer than is
    /// looked at.
    endless: bool,
}

impl Head {
    pub fn of(entity: &Bytes) -> Self {
        let (mut header, mut endless): (Vec<u8>, _) = (Vec::new(), false);
        let mut field = 0;
        let mut at = 0;
        while let Some(rest) = entity.get(at..).filter(|rest| !rest.is_empty()) {
            let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
            let line = rest.get(..end).unwrap_or_default();
            let text = line.trim_ascii_end();
            let folded = line.starts_with(b" ") || line.starts_with(b"\t");
            // Mail files begin with a line of their own.
            let envelope = at == 0 && line.starts_with(b"From ");
            if text.is_empty() && !folded {
                at += end;
                break;
            }
            // A single line may be as long as the message.
            let room = MAIL_HEADER_BYTES_MAX.saturating_sub(header.len());
            let taken = text.get(..room).unwrap_or(text);
            if folded && !header.is_empty() {
                if !taken.is_empty() {
                    header.truncate(header.trim_ascii_end().len());
                    header.extend_from_slice(taken);
                    header.extend_from_slice(b"\r\n");
                }
                endless |= taken.len() < text.len();
            } else if is_field(text) {
                endless |= bound(&mut header, field);
                field = header.len();
                if !taken.is_empty() {
                    header.extend_from_slice(taken);
                    header.extend_from_slice(b"\r\n");
                }
                endless |= taken.len() < text.len();
            } else if !envelope {
                break;
            }
            at += end;
        }
        endless |= bound(&mut header, field);
        header.extend_from_slice(b"\r\n");
        Head { header, body: entity.slice(at.min(entity.len())..), endless }
    }
}

/// Takes off a MIME field that is too long to be understood: mail-parser 0.11.9 searches the parameters of one again
/// for each.
fn bound(header: &mut Vec<u8>, from: usize) -> bool {
    let field = header.get(from..).unwrap_or_default();
    let mime = field.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"));
    let endless = mime && field.len() > MAIL_PARAMETERS_BYTES_MAX;
    if endless {
        header.truncate(from);
    }
    endless
}

/// `field-name ":"` (RFC 5322 3.6.8), with the space that obsolete ones have before the colon.
fn is_field(line: &[u8]) -> bool {
    let Some(colon) = memchr::memchr(b':', line) else { return false };
    let name = line.get(..colon).unwrap_or_default().trim_ascii_end();
    !name.is_empty() && name.iter().all(|byte| byte.is_ascii_graphic())
}

/// The text between the boundaries of a multipart. A boundary counts only at the start of a line (RFC 2046 5.1.1).
/// Where it is nowhere, the first line that looks like one is taken.
fn pieces(body: &Bytes, boundary: &[u8]) -> Vec<(Bytes, bool)> {
    if !boundary.is_empty() {
        let pieces = pieces_at(body, boundary);
        if !pieces.is_empty() {
            return pieces;
        }
    }
    match boundary_like(body) {
        Some(boundary) => pieces_at(body, &boundary),
        None => Vec::new(),
    }
}

/// Each with whether a boundary ends it.
fn pieces_at(body: &Bytes, boundary: &[u8]) -> Vec<(Bytes, bool)> {
    let mut pieces = Vec::new();
    let mut from: Option<usize> = None;
    for (start, line) in dashed_lines(body) {
        let Some(rest) = line.get(2..).and_then(|line| line.strip_prefix(boundary)) else {
            continue;
        };
        let rest = rest.trim_ascii();
        if !(rest.is_empty() || rest == b"--") {
            continue;
        }
        if let Some(from) = from {
            pieces.push((body.slice(from..start.max(from)), true));
        }
        // What follows the last boundary is shown by nobody.
        from = rest.is_empty().then(|| (start + line.len()).min(body.len()));
        if pieces.len() > MAIL_PARTS_MAX {
            return pieces;
        }
    }
    // No boundary ends it: what is there is there (cut off on its way).
    pieces.extend(from.map(|from| (body.slice(from..), false)));
    pieces
}

/// The length of the text before a line break that ends it.
fn without_line_break(body: &[u8]) -> usize {
    let text = body.strip_suffix(b"\n").map(|text| text.strip_suffix(b"\r").unwrap_or(text));
    text.map_or(body.len(), <[u8]>::len)
}

/// The lines that begin with two dashes, line ends included.
fn dashed_lines(body: &[u8]) -> impl Iterator<Item = (usize, &[u8])> {
    let first = body.starts_with(b"--").then_some(0);
    let others = memmem::find_iter(body, b"\n--").map(|at| at + 1);
    first.into_iter().chain(others).map(move |start| {
        let rest = body.get(start..).unwrap_or_default();
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        (start, rest.get(..end).unwrap_or_default())
    })
}

/// The boundary of a line that a MIME field follows.
fn boundary_like(body: &[u8]) -> Option<Vec<u8>> {
    let (_, line) = dashed_lines(body).take(MAIL_PARTS_MAX).find(|(start, line)| {
        let next = body.get(start + line.len()..).unwrap_or_default();
        line.trim_ascii_end().len() > 2
            && next.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"))
    })?;
    Some(line.trim_ascii_end().get(2..)?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_block_takes_no_more_than_its_bound_however_long_a_line_is() {
        let long = "x".repeat(2 * 1024 * 1024);
        for block in [
            format!("X-A: {long}\r\n"),
            format!("X-A: a\r\n {long}\r\n"),
            "X-A: a\r\n".repeat(200_000),
            format!("X-A: a\r\n{}", " a\r\n".repeat(400_000)),
        ] {
            let head = Head::of(&Bytes::from(format!("{block}\r\nbody")));
            assert!(head.header.len() <= MAIL_HEADER_BYTES_MAX + 4, "{}", head.header.len());
            assert!(head.endless, "it is said that there is more");
            assert_eq!(head.body, "body");
        }
        let head = Head::of(&Bytes::from("Subject: a\r\n b\r\n\r\nbody"));
        assert!(!head.endless);
        assert_eq!(head.header, b"Subject: a b\r\n\r\n");
    }

    #[test]
    fn a_part_with_a_line_without_end_does_not_hide_the_next() {
        let long = "x".repeat(1024 * 1024);
        let message = format!(
            "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX-A: {long}\r\n\r\none\r\n\
             --b\r\n\r\ntwo\r\n--b--\r\n"
        );
        let found = parts(Bytes::from(message));
        assert!(found.beyond);
        let bodies: Vec<&[u8]> = found.parts.iter().map(|part| &part.body[..]).collect();
        assert_eq!(bodies, [b"one", b"two"]);
    }
}
