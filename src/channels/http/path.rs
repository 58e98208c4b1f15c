//! Paths as handlers compare them. The gateway judges the rest of a path, and somebody else's program acts on it,
//! which may decode it, collapse its slashes or ignore its case. A path that any such program takes for another
//! is treated as that other one.

use unicode_normalization::UnicodeNormalization;

use crate::domain::identifier::visible;
use crate::domain::percent;

/// How often a path is decoded: by each proxy on the way and by the handler. A path escaped more often is a different
/// path to all of them.
const DECODINGS_MAX: usize = 4;

/// Whether a path is read by every handler as it is written: no number in it has a nought in front either.
pub fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'/' | b'-' | b'_')
    };
    path.bytes().all(plain)
        && !path.contains("//")
        && path.split('/').all(|segment| number(segment) == segment)
}

/// The segments that handlers may find in a path: decoded, in one case, without empty ones, parameters
/// (RFC 3986 3.3), surrounding space and what can't be seen. A path with a segment `..`
/// ([`has_dot_segment`]) is nobody's, and need not be asked about.
pub fn read(path: &str) -> Vec<String> {
    if is_plain(path) {
        let segments = path.split('/').filter(|segment| !segment.is_empty());
        return segments.map(str::to_owned).collect();
    }
    let text = decoded(path);
    // A decoded query, fragment or NUL ends the path for some.
    let text = text.split(['?', '#', '\0']).next().unwrap_or_default();
    let segments =
        text.split(['/', '\\']).map(bare).filter(|segment| !matches!(*segment, "" | "."));
    // Windows drops a full stop at the end of a name.
    segments.map(|segment| number(segment.trim_end_matches('.')).to_owned()).collect()
}

/// Whether some handler may find a segment `.` or `..` in a path, by which it takes the path for another one
/// (RFC 3986 6.2.2.3): in whatever way the dots and the slashes around them are written, and also behind a
/// decoded query, which ends the path for some handlers and is part of it for others.
pub fn has_dot_segment(path: &str) -> bool {
    // Most paths have no dot in whatever form.
    if path.is_ascii() && !path.bytes().any(|byte| matches!(byte, b'.' | b'%')) {
        return false;
    }
    decoded(path).split(['/', '\\']).any(|segment| matches!(bare(segment), "." | ".."))
}

/// A path decoded as often as anybody does, in one case, and without what can't be seen.
fn decoded(path: &str) -> String {
    let mut bytes = path.as_bytes().to_vec();
    for _ in 0..DECODINGS_MAX {
        let decoded = percent::decoded(&bytes);
        if decoded == bytes {
            break;
        }
        bytes = decoded;
    }
    let text = String::from_utf8_lossy(&bytes);
    visible(&text).nfkc().collect::<String>().to_lowercase()
}

/// A segment without what handlers cut off it: parameters, a decoded query, fragment or NUL, and surrounding
/// space.
fn bare(segment: &str) -> &str {
    let segment = segment.split([';', '?', '#', '\0']).next().unwrap_or_default();
    segment.trim_matches(|c: char| c.is_whitespace() || c.is_control())
}

/// A number without the noughts in front, which handlers that parse it do not see.
fn number(segment: &str) -> &str {
    let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
    match segment.trim_start_matches('0') {
        "" if is_number => "0",
        short if is_number => short,
        _ => segment,
    }
}

/// Whether a handler may take `path` for `wanted`: the two are read the same, but for a format behind
/// the last segment (`/send.json`), or what follows the name of a script (`/send.php/x`).
pub fn may_be(path: &str, wanted: &str) -> bool {
    let (path, wanted) = (read(path), read(wanted));
    if path == wanted {
        return true;
    }
    let (Some((last, before)), Some((wanted_last, wanted_before))) =
        (path.split_last(), wanted.split_last())
    else {
        return false;
    };
    let is_script = wanted_last.contains('.');
    let format = last.split_once('.').map(|(bare, _)| bare);
    (before == wanted_before && !is_script && format == Some(wanted_last.as_str()))
        || (is_script && path.starts_with(&wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_any_handler_takes_it_for() {
        for path in [
            "/step/3",
            "/step/3/",
            "/step/%33",
            "/step/%2533",
            "//step/3",
            "/step//3",
            "/STEP/3",
            "/step/3%20",
            "/step/3%00",
            "/step/3;x",
            "/step;x=1/3",
            "/step%2F3",
            "/step\\3",
            "/step/3%3Fx",
            "/step/3.",
            "/step/3.json",
            "/step/03",
            "/step/3%E2%80%8B",
            "/step/%EF%BC%93",
        ] {
            assert!(may_be(path, "/step/3"), "{path}");
        }
        for path in ["", "/", "/step", "/step/2", "/step/33", "/step/3/4", "/steps/3", "/step3"] {
            assert!(!may_be(path, "/step/3"), "{path}");
        }
        assert!(may_be("/send.php/x", "/send.php") && may_be("/Send.PHP", "/send.php"));
        assert!(!may_be("/send", "/send.php") && !may_be("/send.html", "/send.php"));
        assert!(may_be("/", "/") && may_be("", "/") && !may_be("/x", "/"));
    }

    #[test]
    fn a_path_that_climbs_is_known_however_it_is_written() {
        for path in [
            "/a/../b",
            "/a/%2E%2e/b",
            "/a/.",
            "/.%2e",
            "/..",
            "/step/2/../3",
            "/karbon/x;/../CONTACT",
            "/x%3F%2F..%2Fstep/3",
            "/x%3F/..%2Fstep/3",
            "/x%23/..",
            "/x%00/..",
            "/a%5Cb%2F..%2Fstep/3",
            "/a\\..\\b",
            "/step/3/x%2F%2F..%2F..",
            "/a/%252e%252e%252fb",
            "/a/..;x=1/b",
            "/a/..%3Fx",
            "/a/..%00/b",
            "/a/..%20/b",
            "/a/.%E2%80%8B./b",
            "/a/%EF%BC%8E%EF%BC%8E/b",
        ] {
            assert!(has_dot_segment(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/a.b/..c",
            "/a/...",
            "/.well-known/x",
            "/a%2Fb",
            "/a;x=../b",
            "/caf\u{e9}/3.json",
        ] {
            assert!(!has_dot_segment(path), "{path}");
        }
    }

    #[test]
    fn a_number_with_noughts_in_front_is_not_plain() {
        for path in ["/", "/step/3", "/step/0", "/step/30", "/step/0a", "/karbon/step-03"] {
            assert!(is_plain(path), "{path}");
        }
        for path in ["/step/03", "/00/x", "/Step", "/step//3", "/step/3.json"] {
            assert!(!is_plain(path), "{path}");
        }
    }
}
