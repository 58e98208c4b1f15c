//! How a part of a multipart form names its field (RFC 7578 4.2, RFC 2183 2): every name that some form
//! handler may read.

use hyper::header::{CONTENT_DISPOSITION, HeaderMap};

use super::found::text_of;
use crate::domain::percent;
use crate::runtime::mime::decode;

/// The names of a part's field, in all readings. Names of parameters have no case (RFC 2183 2).
pub(super) fn names(headers: &HeaderMap) -> Vec<String> {
    let mut names = Vec::new();
    for value in headers.get_all(CONTENT_DISPOSITION) {
        // A name that was cut in pieces (RFC 2231 3), in their order as written.
        let mut pieces = String::new();
        for (parameter, value) in parameters(value.as_bytes()) {
            match parameter.strip_prefix("name") {
                Some("") => readings(&value, &mut names),
                Some("*") => add(&extended(&value), &mut names),
                Some(piece) if is_piece(piece) => match piece.ends_with('*') {
                    true => pieces.push_str(&extended(&value)),
                    false => pieces.push_str(&text_of(unquoted(&value))),
                },
                Some(_) | None => {}
            }
        }
        add(&pieces, &mut names);
    }
    names
}

/// `*0`, `*1*` behind a parameter's name.
fn is_piece(behind: &str) -> bool {
    let digits = behind.strip_prefix('*').map(|rest| rest.strip_suffix('*').unwrap_or(rest));
    digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

fn add(name: &str, names: &mut Vec<String>) {
    if !name.is_empty() && !names.iter().any(|known| known == name) {
        names.push(name.to_owned());
    }
}

/// What handlers make of a value: unchanged, without quotes of either kind, and unescaped and decoded.
fn readings(value: &[u8], names: &mut Vec<String>) {
    let bare = unquoted(value);
    let single = bare.strip_prefix(b"'").map(|rest| rest.strip_suffix(b"'").unwrap_or(rest));
    for bytes in [Some(bare), single].into_iter().flatten() {
        let plain = text_of(bytes);
        let unescaped = plain.replace('\\', "");
        for reading in [
            unescaped,
            text_of(&percent::decoded(bytes)),
            decode::words(plain.as_bytes()),
            plain.split([' ', '\t']).next().unwrap_or_default().to_owned(),
            plain,
        ] {
            add(&reading, names);
        }
    }
}

/// A value of RFC 5987 3.2.1: `charset'language'percent-encoded`.
fn extended(value: &[u8]) -> String {
    let value = unquoted(value);
    let encoded = value.splitn(3, |byte| *byte == b'\'').nth(2).unwrap_or(value);
    text_of(&percent::decoded(encoded))
}

fn unquoted(value: &[u8]) -> &[u8] {
    match value.strip_prefix(b"\"") {
        Some(rest) => rest.strip_suffix(b"\"").unwrap_or(rest),
        None => value,
    }
}

/// The parameters of a field in lower case, with their values as they are written: the parts between semicolons outside
/// quotes.
fn parameters(field: &[u8]) -> Vec<(String, Vec<u8>)> {
    let (mut quoted, mut escaped) = (false, false);
    let pieces = field.split(move |byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' => return !quoted,
            _ => {}
        }
        false
    });
    let pair = |piece: &[u8]| {
        let at = memchr::memchr(b'=', piece)?;
        let (name, value) = (piece.get(..at)?, piece.get(at + 1..)?);
        let name = text_of(name.trim_ascii()).to_ascii_lowercase();
        Some((name, value.trim_ascii().to_vec()))
    };
    pieces.filter_map(pair).collect()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderValue;

    use super::*;

    #[test]
    fn a_field_is_named_as_any_handler_reads_it() {
        for written in [
            "form-data; name=\"email\"",
            "form-data; name=email",
            "form-data; NAME=\"email\"",
            "form-data; Name = email",
            "form-data;name='email'",
            "form-data; name='email",
            "form-data; name=\"'email'\"",
            "form-data; name*=utf-8''email",
            "form-data; name*=UTF-8'en'%65mail",
            "form-data; name=\"other\"; name*=utf-8''email",
            "form-data; name=\"other\"; name=\"email\"",
            "form-data; name*0=em; name*1=\"ail\"",
            "form-data; name*0*=utf-8''em; name*1*=%61il",
            "form-data; name=\"e\\mail\"",
            "form-data; name=\"%65mail\"",
            "form-data; name=\"=?utf-8?q?email?=\"",
            "form-data; filename=\"a;b\"; name=email",
            "form-data; x=\"\\\"; name=no\"; name=email",
            "form-data; name=email x",
        ] {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_DISPOSITION, HeaderValue::from_static(written));
            assert!(names(&headers).iter().any(|name| name == "email"), "{written}");
        }
        for other in ["form-data; filename=\"email\"", "form-data; x=\"; name=email\"", "email"] {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_DISPOSITION, HeaderValue::from_static(other));
            assert!(names(&headers).is_empty(), "{other}");
        }
    }

    #[test]
    fn each_of_several_fields_names_it() {
        let mut headers = HeaderMap::new();
        for name in ["form-data; name=a", "form-data; name=b"] {
            headers.append(CONTENT_DISPOSITION, HeaderValue::from_static(name));
        }
        assert_eq!(names(&headers), ["a", "b"]);
    }
}
