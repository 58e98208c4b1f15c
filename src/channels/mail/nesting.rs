//! A message is made fit for its parser before it is parsed: mail-parser 0.11.9 builds and drops
//! messages within messages by recursion, as deep as a sender likes, and a stack that overflows ends
//! the process. It also searches its lists of parameters anew for each one.
//!
//! What is too much is taken from the parser, never from the message: the names of its fields are made
//! unknown ones in the copy that is parsed, so that what stands there is read as plain text, and the
//! message counts as unread.

use memchr::{memchr, memmem};

use crate::runtime::limits::{MAIL_NESTED_MAX, MAIL_PARAMETERS_BYTES_MAX};

const TYPE: &[u8] = b"content-type";
const ENCODING: &[u8] = b"content-transfer-encoding";
const DISPOSITION: &[u8] = b"content-disposition";

/// Something that the parser may take for a MIME field, wherever it stands.
struct Field {
    name: &'static [u8],
    /// Of the name, and of the value.
    start: usize,
    value: usize,
    holds: Holds,
}

/// What a field's value speaks of. More than it says rather than less: comments and strings are looked
/// into as well.
#[derive(Clone, Copy, Default)]
struct Holds {
    end: usize,
    multipart: bool,
    message: bool,
    digest: bool,
    encoded: bool,
}

/// Bounds what the parser will make of a message; true where something of it will be left unread.
pub fn bound(message: &mut [u8]) -> bool {
    let fields = fields(message);
    let mut blocks = fields.chunk_by(|one, next| !blank_between(message, one.value, next.start));
    let mut containers = 0;
    let mut unknown = Vec::new();
    let mut mixed = Vec::new();
    for field in blocks.by_ref().flat_map(|block| {
        // RFC 2046 5.2.1: a message within a message is never encoded. One that is would be parsed
        // behind this check.
        let message = block.iter().any(|field| field.name == TYPE && field.holds.message);
        block.iter().map(move |field| (field, message))
    }) {
        let (field, in_message) = field;
        let holds = field.holds;
        if field.name == ENCODING {
            if holds.encoded && in_message {
                unknown.push(field.start);
            }
        } else if holds.end - field.value > MAIL_PARAMETERS_BYTES_MAX {
            unknown.push(field.start);
        } else if field.name == TYPE && (holds.multipart || holds.message) {
            containers += 1;
            if containers > MAIL_NESTED_MAX {
                unknown.push(field.start);
            } else if holds.digest {
                let value = message.get(field.value..holds.end).unwrap_or_default();
                match digest_at(value) {
                    Digest::No => {}
                    Digest::At(at) => mixed.push(field.value + at),
                    Digest::Unclear => unknown.push(field.start),
                }
            }
        }
    }
    for at in mixed {
        // RFC 2046 5.1.5: its parts are messages without saying so. Read as text they are seen.
        let subtype = message.iter_mut().skip(at);
        subtype.zip(b"mixed ").for_each(|(byte, new)| *byte = *new);
    }
    for at in &unknown {
        if let Some(first) = message.get_mut(*at) {
            *first = b'x';
        }
    }
    !unknown.is_empty()
}

enum Digest {
    No,
    At(usize),
    Unclear,
}

/// Where `digest` stands in the value of a Content-Type field that speaks of it, as its subtype.
fn digest_at(value: &[u8]) -> Digest {
    let value = value.to_ascii_lowercase();
    let kind = value.split(|byte| *byte == b';').next().unwrap_or_default();
    let plain = memchr(b'(', &value).is_none() && !kind.iter().any(|b| matches!(b, b'"' | b'\\'));
    match memmem::find(kind, b"digest") {
        None if plain => Digest::No,
        Some(at) if plain && kind.trim_ascii() == b"multipart/digest" => Digest::At(at),
        None | Some(_) => Digest::Unclear,
    }
}

/// All that the parser may take for one of the fields looked for. Linear: a value is looked into once,
/// however many names stand in it.
fn fields(message: &[u8]) -> Vec<Field> {
    let mut fields = Vec::new();
    let mut holds = Holds::default();
    let mut at = 0;
    while let Some(colon) = memchr(b':', message.get(at..).unwrap_or_default()).map(|to| at + to) {
        at = colon + 1;
        let before = message.get(..colon).unwrap_or_default();
        let Some((name, start)) = [TYPE, ENCODING, DISPOSITION]
            .into_iter()
            .find_map(|name| Some((name, name_before(before, name)?)))
        else {
            continue;
        };
        if at > holds.end {
            holds = Holds::of(message, at);
        }
        fields.push(Field { name, start, value: at, holds });
    }
    fields
}

/// Where a name begins that ends here. The parser takes white space within a name for nothing.
fn name_before(before: &[u8], name: &[u8]) -> Option<usize> {
    let mut left = name.iter().rev();
    let mut next = left.next()?;
    for (at, byte) in before.iter().enumerate().rev() {
        if byte.eq_ignore_ascii_case(next) {
            match left.next() {
                Some(more) => next = more,
                None => return Some(at),
            }
        } else if *byte == b'\n' || !byte.is_ascii_whitespace() {
            return None;
        }
    }
    None
}

impl Holds {
    /// Of the value that begins here, up to a line end that no fold follows.
    fn of(message: &[u8], value: usize) -> Self {
        let rest = message.get(value..).unwrap_or_default();
        let length = memchr::memchr_iter(b'\n', rest)
            .find(|at| !matches!(rest.get(at + 1), Some(b' ' | b'\t')))
            .unwrap_or(rest.len());
        let text = rest.get(..length).unwrap_or_default().to_ascii_lowercase();
        let says = |word: &[u8]| memmem::find(&text, word).is_some();
        Holds {
            end: value + length,
            multipart: says(b"multipart"),
            message: says(b"message") && (says(b"rfc822") || says(b"global")),
            digest: says(b"digest"),
            encoded: says(b"base64") || says(b"quoted"),
        }
    }
}

/// Whether a header block must have ended between two places.
fn blank_between(message: &[u8], from: usize, to: usize) -> bool {
    let between = message.get(from..to).unwrap_or_default();
    memmem::find(between, b"\n\n").is_some() || memmem::find(between, b"\n\r\n").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(text: &str) -> (String, bool) {
        let mut bytes = text.as_bytes().to_vec();
        let cut = bound(&mut bytes);
        (String::from_utf8(bytes).unwrap(), cut)
    }

    #[test]
    fn an_ordinary_message_is_left_as_it_is() {
        for text in [
            "From: jo@x.example\n\nContent-Type: text/plain\n",
            "Content-Type: multipart/mixed; boundary=\"a digest\"\n\n--a\n\
             Content-Type: message/rfc822\n\nSubject: x\nContent-Type: text/plain\n\
             Content-Transfer-Encoding: base64\n\naGk=\n",
            "Content-Type: message/delivery-status\nContent-Transfer-Encoding: quoted-printable\n\n",
        ] {
            assert_eq!(bounded(text), (text.to_owned(), false));
        }
    }

    #[test]
    fn what_is_nested_too_deep_is_no_message_any_more() {
        for nested in
            ["Content-Type: message/rfc822\r\n\r\n", "c onTent-\ttype :\n message/global\n\n"]
        {
            let (text, cut) = bounded(&nested.repeat(MAIL_NESTED_MAX + 3));
            assert!(cut);
            assert_eq!(text.matches('x').count(), 3, "{nested}");
            assert!(!bounded(&nested.repeat(MAIL_NESTED_MAX)).1);
        }
    }

    #[test]
    fn a_message_that_is_encoded_is_not_parsed_whatever_the_order_of_its_fields() {
        for text in [
            "Content-Transfer-Encoding: base64\nContent-Type: message/rfc822\n\n",
            "Content-Type: (x) message/\n rfc822\nx: y\n \ncontent-transfer-encoding : Quoted-printable\n\n",
        ] {
            let (bounded, cut) = bounded(text);
            assert!(cut && bounded.contains("xontent-"), "{bounded}");
        }
    }

    #[test]
    fn a_digest_is_read_as_a_mixture_of_texts() {
        let (text, cut) = bounded("Content-Type: Multipart/Digest; boundary=digest\n\n");
        assert_eq!(text, "Content-Type: Multipart/mixed ; boundary=digest\n\n");
        assert!(!cut);
        for hidden in ["multipart/mixed (x) digest", "multipart/\"digest", "multipart/(x)digest"] {
            assert!(bounded(&format!("Content-Type: {hidden}; boundary=b\n\n")).1, "{hidden}");
        }
    }

    #[test]
    fn a_field_with_endless_parameters_is_none() {
        let long =
            format!("Content-Disposition: a{}\n\n", ";x=y".repeat(MAIL_PARAMETERS_BYTES_MAX));
        assert!(bounded(&long).1);
    }
}
