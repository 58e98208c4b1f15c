//! Transfer encodings, character sets and encoded words, read as forgivingly as mail programs do.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use mail_parser::decoders::charsets::map::charset_decoder;

/// What a part is encoded in (RFC 2045 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Also every name that is not known.
    #[default]
    Identity,
    Base64,
    QuotedPrintable,
}

/// As forgiving as RFC 2045 6.8 asks: with or without padding, whatever its last bits are.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl Encoding {
    /// Comments are allowed in the field (RFC 2045 3), and a semicolon is often there.
    pub fn named(value: &str) -> Self {
        let value =
            value.split(['(', ';']).find(|piece| !piece.trim().is_empty()).unwrap_or_default();
        match value.trim().trim_matches('"').to_ascii_lowercase().as_str() {
            "base64" => Encoding::Base64,
            "quoted-printable" => Encoding::QuotedPrintable,
            _ => Encoding::Identity,
        }
    }

    /// The bytes that were encoded.
    pub fn bytes(self, body: &Bytes) -> Bytes {
        match self {
            Encoding::Identity => body.clone(),
            Encoding::Base64 => Bytes::from(base64(body).0),
            Encoding::QuotedPrintable => Bytes::from(quoted_printable(body, false)),
        }
    }

    /// What mailing lists put under encoded text without encoding it: shown by some programs.
    pub fn footer(self, body: &Bytes) -> Option<String> {
        match self {
            Encoding::Base64 => base64(body).1.map(|footer| text(footer, None)),
            Encoding::Identity | Encoding::QuotedPrintable => None,
        }
    }
}

/// The encoded text, and the plain text after it. Foreign characters are ignored (RFC 2045 6.8);
/// the encoding ends with its padding, or with an empty line before something that is not base64.
fn base64(body: &[u8]) -> (Vec<u8>, Option<&[u8]>) {
    let mut digits = Vec::with_capacity(body.len());
    let mut rest = body;
    let mut footer = None;
    // Looked for once: a body may be nothing but empty lines.
    let foreign_ends = body.iter().rposition(is_foreign).map_or(0, |last| last + 1);
    while !rest.is_empty() {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let (line, behind) = rest.split_at(end);
        let has_foreign = body.len() - behind.len() < foreign_ends;
        if line.trim_ascii().is_empty() && !digits.is_empty() && has_foreign {
            footer = Some(behind);
            break;
        }
        for (at, byte) in line.iter().enumerate() {
            if *byte == b'=' && digits.len() % 4 > 1 {
                let behind = rest.get(at..).unwrap_or_default();
                let after = behind.iter().position(|byte| *byte != b'=').unwrap_or(behind.len());
                let after = behind.get(after..).unwrap_or_default();
                footer = (!after.trim_ascii().is_empty()).then_some(after);
                return (decoded(digits), footer);
            }
            if byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/') {
                digits.push(*byte);
            }
        }
        rest = behind;
    }
    (decoded(digits), footer)
}

fn decoded(mut digits: Vec<u8>) -> Vec<u8> {
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    BASE64.decode(&digits).unwrap_or_default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "what a search through bytes hands over")]
fn is_foreign(byte: &u8) -> bool {
    !byte.is_ascii_alphanumeric() && !matches!(byte, b'+' | b'/' | b'=' | b'\r' | b'\n')
}

/// `in_words`: the Q encoding, where `_` is a space (RFC 2047 4.2).
fn quoted_printable(body: &[u8], in_words: bool) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'_' if in_words => bytes.push(b' '),
            b'=' => match behind {
                [high, low, after @ ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                    let digit = |byte: u8| char::from(byte).to_digit(16).unwrap_or_default();
                    let value = digit(*high) * 16 + digit(*low);
                    bytes.push(u8::try_from(value).unwrap_or_default());
                    rest = after;
                }
                _ => {
                    // A soft line break, with the space that some servers leave before its end.
                    let end = behind.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
                    let after = behind.get(end.unwrap_or(behind.len())..).unwrap_or_default();
                    match after {
                        [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => rest = after,
                        [] => rest = after,
                        _ => bytes.push(b'='),
                    }
                }
            },
            byte => bytes.push(*byte),
        }
    }
    bytes
}

/// The characters of bytes. A label may be wrong: UTF-8 is read as UTF-8, and a byte that is neither in the labelled
/// set nor UTF-8 as in Windows-1252.
pub fn text(bytes: &[u8], charset: Option<&str>) -> String {
    let label = charset.unwrap_or_default().trim();
    let wide = label.get(..4).is_some_and(|start| start.eq_ignore_ascii_case("utf-"))
        && !label.eq_ignore_ascii_case("utf-8");
    if !wide
        && !bytes.is_ascii()
        && let Ok(text) = std::str::from_utf8(bytes)
    {
        return text.to_owned();
    }
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes());
    match encoding {
        Some(encoding) if encoding != encoding_rs::UTF_8 => encoding.decode(bytes).0.into_owned(),
        Some(_) => mended(bytes),
        None => match charset_decoder(label.as_bytes()) {
            Some(decode) if !label.is_empty() => decode(bytes),
            _ => mended(bytes),
        },
    }
}

/// UTF-8, with each other byte as windows-1252 has it.
fn mended(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.push_str(&encoding_rs::WINDOWS_1252.decode_without_bom_handling(chunk.invalid()).0);
    }
    text
}

/// A field's text (RFC 2047). Encoded words that follow each other in one charset and encoding are
/// joined before they are decoded: some programs split characters over them, which 5 forbids.
pub fn words(value: &[u8]) -> String {
    let mut out = String::new();
    // Of the words that are being joined: charset and bytes.
    let mut open: Option<(String, Vec<u8>)> = None;
    let mut rest = value.trim_ascii();
    // Behind the last end of a word nothing is one, and nothing is searched for its end.
    let words_end = memchr::memmem::rfind(rest, b"?=").unwrap_or(0);
    let length = rest.len();
    while !rest.is_empty() {
        let space = rest.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(rest.len());
        let (gap, behind) = rest.split_at(space);
        let may_be_word = length - behind.len() < words_end;
        if let Some((charset, bytes, after)) = may_be_word.then(|| encoded_word(behind)).flatten() {
            match &mut open {
                Some((known, joined)) if known.eq_ignore_ascii_case(&charset) => {
                    joined.extend(bytes);
                }
                _ => {
                    // White space between encoded words is not shown (6.2).
                    if open.is_none() {
                        out.push_str(&text(gap, None));
                    }
                    out.extend(open.take().map(|(charset, bytes)| text(&bytes, Some(&charset))));
                    open = Some((charset, bytes));
                }
            }
            rest = after;
            continue;
        }
        out.extend(open.take().map(|(charset, bytes)| text(&bytes, Some(&charset))));
        out.push_str(&text(gap, None));
        // One look that ends with the word: a subject may be nothing but words.
        let end = (1..behind.len()).find(|at| {
            let here = behind.get(*at..).unwrap_or_default();
            here.starts_with(b"=?") || here.first().is_some_and(u8::is_ascii_whitespace)
        });
        let (word, after) = behind.split_at(end.unwrap_or(behind.len()));
        out.push_str(&text(word, None));
        rest = after;
    }
    out.extend(open.take().map(|(charset, bytes)| text(&bytes, Some(&charset))));
    out
}

/// `=?charset?encoding?text?=` at the start: its charset (without RFC 2231's language), the bytes, and
/// what follows.
fn encoded_word(text: &[u8]) -> Option<(String, Vec<u8>, &[u8])> {
    let inner = text.strip_prefix(b"=?")?;
    let end = memchr::memchr(b'?', inner)?;
    let (charset, inner) = (inner.get(..end)?, inner.get(end + 1..)?);
    let (how, inner) = inner.split_first()?;
    let inner = inner.strip_prefix(b"?")?;
    let how = how.to_ascii_lowercase();
    if !matches!(how, b'b' | b'q') || !charset.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let end = memchr::memmem::find(inner, b"?=")?;
    let (coded, after) = (inner.get(..end)?, inner.get(end + 2..)?);
    let bytes = if how == b'b' { base64(coded).0 } else { quoted_printable(coded, true) };
    let charset = String::from_utf8_lossy(charset);
    let charset = charset.split('*').next().unwrap_or_default().to_owned();
    Some((charset, bytes, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_joined_where_they_follow_each_other() {
        for (field, meant) in [
            (" =?utf-8?B?SSBjYW7igA==?= =?utf-8?B?mXQgZ28gb24=?=", "I can\u{2019}t go on"),
            ("Re: =?iso-8859-1?q?R=E9pairs?= now", "Re: R\u{e9}pairs now"),
            ("=?utf-8?q?a?= =?iso-8859-1?q?=E9?=", "a\u{e9}"),
            ("plain = text =? no", "plain = text =? no"),
            ("a=?utf-8?q?b_c?=d", "ab cd"),
            ("t\u{e2}n", "t\u{e2}n"),
        ] {
            assert_eq!(words(field.as_bytes()), meant, "{field}");
        }
    }

    #[test]
    fn base64_ignores_what_is_foreign_and_ends_before_a_footer() {
        let leak = "VGhlcmUgaXMgYSBnYXMgbGVhaw==";
        for (body, footer) in [
            (leak.to_owned(), None),
            ("VGhlcmUgaX!*-\r\n \tMgYSBnYXMgbGVhaw==\r\n".to_owned(), None),
            (format!("{leak}\r\n\r\n-- \r\nlist"), Some("\r\n\r\n-- \r\nlist")),
            ("VGhlcmUgaXMgYSBnYXMgbGVhaw\r\n\r\n-- \r\nlist".to_owned(), Some("-- \r\nlist")),
        ] {
            let (bytes, found) = base64(body.as_bytes());
            assert_eq!(bytes, b"There is a gas leak", "{body}");
            assert_eq!(found, footer.map(str::as_bytes));
        }
    }

    #[test]
    fn a_label_may_be_wrong() {
        assert_eq!(text("tân".as_bytes(), Some("iso-8859-1")), "tân");
        assert_eq!(text(b"t\xe2n", Some("iso-8859-1")), "tân");
        assert_eq!(text(b"can\x92t", Some("utf-8")), "can\u{2019}t");
        assert_eq!(text(b"can\x92t", None), "can\u{2019}t");
        assert_eq!(text(b"can\x92t", Some("nobody-knows")), "can\u{2019}t");
        assert_eq!(text(b"h\0i\0", Some("utf-16le")), "hi");
    }

    #[test]
    fn encodings_are_named_in_many_ways() {
        for name in ["base64", "BASE64 (MIME)", "base64;", "(x) base64", "\"base64\""] {
            let expected =
                if name.starts_with('(') { Encoding::Identity } else { Encoding::Base64 };
            assert_eq!(Encoding::named(name), expected, "{name}");
        }
        assert_eq!(quoted_printable(b"a=3Db= \r\nc=zz=", false), b"a=bc=zz");
    }

    #[test]
    fn a_body_of_empty_lines_and_a_field_of_beginnings_cost_no_more_than_their_length() {
        // Each was once searched to its end for every line, or word, of it: some minutes.
        let lines = Bytes::from([b"QUJD".as_slice(), &b"\r\n".repeat(1_000_000)].concat());
        assert_eq!(Encoding::Base64.bytes(&lines), "ABC");
        assert_eq!(Encoding::Base64.footer(&lines), None);
        for beginning in ["=?a?q?b", "=?a?b?b ", "=?a", "=?a?x?"] {
            let field = beginning.repeat(100_000);
            assert_eq!(words(field.as_bytes()), field.trim_ascii_end());
        }
        let field = format!("{}?=", "=?a?x?".repeat(100_000));
        assert_eq!(words(field.as_bytes()), field);
    }
}
