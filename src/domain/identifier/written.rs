//! Identifiers as people and programs write them, tidied before they are read.

use std::borrow::Cow;

use super::IdentifierKind;
use crate::domain::invisible::is_invisible;

/// A text without characters that show nothing.
pub fn visible(text: &str) -> Cow<'_, str> {
    if text.is_ascii() || !text.contains(is_invisible) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_invisible(*c)).collect())
}

/// A value without the text around the identifier: blanks, invisible characters, and of an address
/// `mailto:` and a display name.
pub fn cleaned(kind: IdentifierKind, value: &str) -> Cow<'_, str> {
    let seen = match visible(value) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    };
    match kind {
        IdentifierKind::Email => match seen {
            Cow::Borrowed(text) => Cow::Borrowed(bare_address(text)),
            Cow::Owned(text) => Cow::Owned(bare_address(&text).to_owned()),
        },
        IdentifierKind::Phone | IdentifierKind::Whatsapp => match seen {
            Cow::Borrowed(text) => Cow::Borrowed(in_brackets(text).unwrap_or(text)),
            Cow::Owned(text) => Cow::Owned(in_brackets(&text).unwrap_or(&text).to_owned()),
        },
        IdentifierKind::Account | IdentifierKind::Social => seen,
    }
}

/// The URI or number of a value such as `"Flat 3" <sip:+44…@host>;tag=1` (`name-addr`, RFC 3261 25.1,
/// and how telephone systems write callers): the content of the first angle brackets outside quotes.
/// Anybody chooses a display name, which may look like another caller.
pub fn in_brackets(value: &str) -> Option<&str> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '<' if !quoted => return value.get(at + 1..)?.split('>').next().map(str::trim),
            _ => {}
        }
    }
    None
}

/// The address in `Name <a@b>`, `mailto:a@b?subject=x` (RFC 6068) and `a@b;`. A value with another address next to it
/// stays as it is, and is not an address.
fn bare_address(value: &str) -> &str {
    let value = value.trim_end_matches([';', ',', ' ']);
    let mut address = value;
    if let Some((before, inside)) = value.rsplit_once('<')
        && let Some(inside) = inside.strip_suffix('>')
        && !before.contains('@')
    {
        address = inside.trim();
    }
    match address.get(..MAILTO.len()) {
        Some(scheme) if scheme.eq_ignore_ascii_case(MAILTO) => {
            let bare = address.get(MAILTO.len()..).unwrap_or_default();
            bare.split('?').next().unwrap_or_default().trim()
        }
        _ => address,
    }
}

const MAILTO: &str = "mailto:";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_what_stands_around_it() {
        for value in [
            "jo@x.example",
            " jo@x.example ",
            "Jo <jo@x.example>",
            "\"Doe, Jo\" <jo@x.example>;",
            "mailto:jo@x.example",
            "MAILTO:jo@x.example?subject=hello",
            "<mailto:jo@x.example>",
            "\u{200b}jo@x.exam\u{ad}ple\u{feff}",
        ] {
            assert_eq!(cleaned(IdentifierKind::Email, value), "jo@x.example", "{value}");
        }
        let spoofed = "\"07700 900999 <sip:+447700900999@h>\" <sip:+447700900123@h>;tag=1";
        assert_eq!(cleaned(IdentifierKind::Phone, spoofed), "sip:+447700900123@h");
        assert_eq!(cleaned(IdentifierKind::Phone, "Flat 3 <07700900123>"), "07700900123");
        let two = "a@y.example <jo@x.example>";
        assert_eq!(cleaned(IdentifierKind::Email, two), two);
    }

    #[test]
    fn brackets_count_outside_quotes_and_quotes_end_where_they_are_not_escaped() {
        for (value, found) in [
            ("<a>", Some("a")),
            ("x < a > <b>", Some("a")),
            ("<a", Some("a")),
            ("\"<x>\" <a>", Some("a")),
            (r#""a\" <x>" <y>"#, Some("y")),
            (r#""a\\" <x>"#, Some("x")),
            (r"\<x>", Some("x")),
            ("\"<x>", None),
            ("a>b", None),
            ("", None),
        ] {
            assert_eq!(in_brackets(value), found, "{value}");
        }
    }

    #[test]
    fn an_address_stays_as_it_is_unless_something_is_around_it() {
        for (value, address) in [
            ("jo@x.example;, ", "jo@x.example"),
            ("<jo@x.example> x", "<jo@x.example> x"),
            ("Jo <jo@x.example", "Jo <jo@x.example"),
            ("Jo < jo@x.example >", "jo@x.example"),
            ("mailtos:jo@x.example", "mailtos:jo@x.example"),
            ("Mailto: jo@x.example ?cc=a", "jo@x.example"),
            ("a@b", "a@b"),
        ] {
            assert_eq!(bare_address(value), address, "{value}");
        }
    }

    #[test]
    fn each_kind_is_tidied_in_its_own_way() {
        for (kind, value, tidy) in [
            (IdentifierKind::Phone, " +44\u{ad} 1 ", "+44 1"),
            (IdentifierKind::Phone, "Jo\u{ad} <+44>", "+44"),
            (IdentifierKind::Whatsapp, "Jo <+44>", "+44"),
            (IdentifierKind::Account, " T\u{200b}1 <x> ", "T1 <x>"),
            (IdentifierKind::Social, " @jo <x> ", "@jo <x>"),
        ] {
            assert_eq!(cleaned(kind, value), tidy, "{value:?}");
        }
    }
}
