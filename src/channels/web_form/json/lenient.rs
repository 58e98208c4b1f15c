//! JSON as lenient readers take it, made what every reader takes.
//!
//! Form handlers differ: Python reads `NaN`, JavaScript half of a surrogate pair, .NET comments and commas
//! too many, and many a parser the bare line break of a text area. A body that one of them understands
//! must not pass unread here. What none understands stays broken, and is refused by the strict reader.

use std::borrow::Cow;

/// The body in strict JSON (RFC 8259), as far as it can be made so. Its bytes are looked at once each.
pub fn made_strict(body: &[u8]) -> Vec<u8> {
    let text = decoded(body);
    let mut strict = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'"' => {
                strict.push(b'"');
                string(after, &mut strict)
            }
            b'/' => comment(after),
            b',' => comma(after, &mut strict),
            b'N' | b'I' | b'+' | b'-' => number(rest, &mut strict),
            control if *control < b' ' => {
                strict.push(b' ');
                after
            }
            other => {
                strict.push(*other);
                after
            }
        };
    }
    strict
}

/// The text in whatever encoding: UTF-16 by its mark or its zeros (RFC 4627 3, which old writers follow),
/// UTF-8, and else ISO 8859-1, in which every byte is a character.
fn decoded(body: &[u8]) -> Cow<'_, str> {
    let utf16 = match body {
        [0xff, 0xfe, rest @ ..] => Some((rest, false)),
        [0xfe, 0xff, rest @ ..] => Some((rest, true)),
        [first, 0, ..] if *first != 0 => Some((body, false)),
        [0, second, ..] if *second != 0 => Some((body, true)),
        _ => None,
    };
    if let Some((bytes, big_endian)) = utf16 {
        let units = bytes.chunks_exact(2).map(|pair| match *pair {
            [a, b] if big_endian => u16::from_be_bytes([a, b]),
            [a, b] => u16::from_le_bytes([a, b]),
            _ => 0,
        });
        let text =
            char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER));
        return Cow::Owned(text.collect());
    }
    match std::str::from_utf8(body) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(body.iter().copied().map(char::from).collect()),
    }
}

/// Copies a string to its end, and returns the rest.
fn string<'a>(mut rest: &'a [u8], strict: &mut Vec<u8>) -> &'a [u8] {
    while let Some((first, after)) = rest.split_first() {
        rest = match first {
            b'"' => {
                strict.push(b'"');
                return after;
            }
            b'\\' => escape(after, strict),
            b'\n' => {
                strict.extend_from_slice(b"\\n");
                after
            }
            // Of no more use to anybody than a space, which takes no more room.
            control if *control < b' ' => {
                strict.push(b' ');
                after
            }
            other => {
                strict.push(*other);
                after
            }
        };
    }
    rest
}

const REPLACEMENT: &[u8] = b"\\ufffd";

/// Copies what follows a backslash, half of a surrogate pair as the character for what can't be read.
fn escape<'a>(rest: &'a [u8], strict: &mut Vec<u8>) -> &'a [u8] {
    let Some((first, after)) = rest.split_first() else { return rest };
    match first {
        b'u' => match unit(after) {
            Some((0xd800..=0xdbff, behind)) => match behind.strip_prefix(b"\\u").and_then(unit) {
                Some((0xdc00..=0xdfff, behind)) => {
                    copy_between(rest, behind, strict);
                    behind
                }
                _ => {
                    strict.extend_from_slice(REPLACEMENT);
                    behind
                }
            },
            Some((0xdc00..=0xdfff, behind)) => {
                strict.extend_from_slice(REPLACEMENT);
                behind
            }
            Some((_, behind)) => {
                copy_between(rest, behind, strict);
                behind
            }
            // The letter itself, as JavaScript's older readers have it.
            None => {
                strict.push(b'u');
                after
            }
        },
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
            strict.extend_from_slice(&[b'\\', *first]);
            after
        }
        // A backslash that means nothing is left out; the character after it is itself.
        _ => rest,
    }
}

/// Copies an escape with its backslash: the part before `behind`, which is the end of `rest`.
fn copy_between(rest: &[u8], behind: &[u8], strict: &mut Vec<u8>) {
    strict.push(b'\\');
    let bytes = rest.len().saturating_sub(behind.len());
    strict.extend_from_slice(rest.get(..bytes).unwrap_or_default());
}

/// The code unit of four hexadecimal digits, and the rest.
fn unit(rest: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, behind) = rest.split_at_checked(4)?;
    let mut unit = 0;
    for digit in digits {
        unit = unit * 16 + char::from(*digit).to_digit(16)?;
    }
    Some((unit, behind))
}

/// Leaves a comment out, and returns the rest.
fn comment(after: &[u8]) -> &[u8] {
    match after.split_first() {
        Some((b'/', line)) => {
            let end = memchr::memchr(b'\n', line).unwrap_or(line.len());
            line.get(end..).unwrap_or_default()
        }
        Some((b'*', block)) => {
            let end = memchr::memmem::find(block, b"*/").map_or(block.len(), |end| end + 2);
            block.get(end..).unwrap_or_default()
        }
        _ => after,
    }
}

/// Copies a comma that something follows.
fn comma<'a>(after: &'a [u8], strict: &mut Vec<u8>) -> &'a [u8] {
    let next = after.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(after.len());
    let rest = after.get(next..).unwrap_or_default();
    if !matches!(rest.first(), Some(b'}' | b']')) {
        strict.push(b',');
    }
    rest
}

/// Words for numbers that JSON has none for: nothing that is compared with anything.
const NO_NUMBERS: [&[u8]; 6] = [b"NaN", b"Infinity", b"-Infinity", b"+Infinity", b"-NaN", b"+NaN"];

fn number<'a>(rest: &'a [u8], strict: &mut Vec<u8>) -> &'a [u8] {
    if let Some(behind) = NO_NUMBERS.iter().find_map(|word| rest.strip_prefix(*word)) {
        strict.extend_from_slice(b"null");
        return behind;
    }
    match rest.split_first() {
        // A plus in front of a number says nothing.
        Some((b'+', after)) => after,
        Some((other, after)) => {
            strict.push(*other);
            after
        }
        None => rest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strict(body: impl AsRef<[u8]>) -> String {
        String::from_utf8(made_strict(body.as_ref())).unwrap()
    }

    #[test]
    fn what_a_lenient_reader_takes_is_made_what_every_reader_takes() {
        for (lenient, wanted) in [
            ("{\"a\":\"x\ny\tz\"}", r#"{"a":"x\ny z"}"#),
            (
                r#"["\ud83d", "\ude00", "\ud83d\ude00", "\ud83dx"]"#,
                r#"["\ufffd","\ufffd","\ud83d\ude00","\ufffdx"]"#,
            ),
            (r#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#),
            ("[NaN,-Infinity,+Infinity,-1,+2,1e+3]", "[null,null,null,-1,2,1e3]"),
            ("{\"a\":1,\n}", "{\"a\":1}"),
            ("[1, 2 , ]", "[1,2 ]"),
            ("/* a */{\"a\":1// b\n}", "{\"a\":1 }"),
            (r#"{"a":"// no /* comment, NaN,]"}"#, r#"{"a":"// no /* comment, NaN,]"}"#),
            (r#"{"a":"it\'s \x \u12"}"#, r#"{"a":"it's x u12"}"#),
            ("{\"a\":\u{1}1}", "{\"a\": 1}"),
            ("{\"a\":\"\\", "{\"a\":\""),
            ("/*", ""),
            ("/", ""),
        ] {
            assert_eq!(strict(lenient), wanted, "{lenient}");
        }
    }

    #[test]
    fn every_encoding_is_read() {
        let text = r#"{"a":"é"}"#;
        let units: Vec<u16> = text.encode_utf16().collect();
        let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        for bytes in [
            text.as_bytes().to_vec(),
            b"{\"a\":\"\xe9\"}".to_vec(),
            [b"\xfe\xff".as_slice(), &big].concat(),
            [b"\xff\xfe".as_slice(), &little].concat(),
            big.clone(),
            little.clone(),
        ] {
            assert_eq!(strict(&bytes), text);
        }
    }

    #[test]
    fn what_is_strict_stays_as_it_is() {
        let body = r#"{"a":[1,-2.5e+3,true,null,"\u00e9\n\\\"/"],"b":{"c":"Ünïcode"}}"#;
        // But for the plus, which means the same.
        assert_eq!(strict(body), body.replace("e+3", "e3"));
    }
}
