//! From fields that break the grammar and still mean one sender to every mail program: a comma,
//! brackets or a second `@` in a display name that nobody quoted, a semicolon at the end.

use super::{Address, Reader};
use crate::runtime::limits::MAIL_MAILBOXES_MAX;

/// The one sender of a field: its last `<addr-spec>`, or all of it, if no different address occurs anywhere in the
/// field. `None` where readers may differ: a group or a route (a colon), quotes or comments that don't end, characters
/// that no header field has.
pub(super) fn sole(text: &str) -> Option<Address> {
    let text = text.trim_end_matches([';', ',', ' ', '\t', '\r', '\n']);
    let (before, inside) = match text.rfind('<') {
        Some(at) => {
            let (before, rest) = (text.get(..at)?, text.get(at + 1..)?);
            (before, rest.split_once('>')?)
        }
        None => ("", (text, "")),
    };
    let (address, behind) = inside;
    let whole = address_of(address)?;
    let harmless = |rest: &str| {
        !rest.contains(|c: char| c == ':' || (c.is_control() && !"\t\r\n".contains(c)))
            && is_closed(rest)
            && words(rest).filter(|word| word.contains('@')).all(|word| is_same(word, &whole))
    };
    (harmless(before) && harmless(behind)).then_some(whole)
}

/// Every address that a field may mean, each once.
pub(super) fn candidates(text: &str) -> Vec<Address> {
    let mut found: Vec<Address> = Vec::new();
    for word in words(text).filter(|word| word.contains('@')) {
        if let Some(address) = address_of(word)
            && !found.contains(&address)
        {
            found.push(address);
        }
        if found.len() >= MAIL_MAILBOXES_MAX {
            break;
        }
    }
    found
}

/// `addr-spec` and nothing else.
fn address_of(text: &str) -> Option<Address> {
    let mut reader = Reader { rest: text };
    reader.space()?;
    let address = reader.addr_spec()?;
    reader.space()?;
    reader.rest.is_empty().then_some(address)
}

/// What could be an address by itself, whatever surrounds it.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let delimits = |c: char| c.is_whitespace() || c.is_control() || "<>()[],;:\"\\".contains(c);
    text.split(delimits).map(|word| word.trim_matches('\''))
}

fn is_same(word: &str, address: &Address) -> bool {
    word.eq_ignore_ascii_case(&address.text())
}

/// Whether every quotation and comment that begins ends: the text after an open one is part of it only for some
/// readers.
fn is_closed(text: &str) -> bool {
    let mut quoted = false;
    let mut depth = 0_usize;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if chars.next().is_none() => return false,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => match depth.checked_sub(1) {
                Some(less) => depth = less,
                None => return false,
            },
            _ => {}
        }
    }
    !quoted && depth == 0
}

#[cfg(test)]
mod tests {
    use super::super::{FromField, from_field};
    use super::*;

    #[test]
    fn a_name_that_nobody_quoted_leaves_no_doubt_about_its_address() {
        for value in [
            "Doe, Jo <jo@x.example>",
            "Jo [Flat 3] <jo@x.example>",
            "jo@x.example <jo@x.example>",
            "'jo@x.example' <JO@x.example>",
            "Jo <jo@x.example>;",
            "Jo <jo@x.example>,",
            "jo@x.example;",
            "Jo <jo@x.example> x",
            "Jo (mum) Doe, Ms <jo@x.example> (work)",
        ] {
            let read = from_field([value.as_bytes()]);
            let FromField::One(address) = read else { panic!("{value}") };
            assert!(address.text().eq_ignore_ascii_case("jo@x.example"), "{value}");
        }
        let latin_1 = from_field([&b"Si\xf4n Doe <jo@x.example>"[..]]);
        assert!(matches!(latin_1, FromField::One(one) if one.text() == "jo@x.example"));
    }

    #[test]
    fn what_readers_differ_about_keeps_its_doubt_and_its_candidates() {
        for (value, candidates) in [
            ("a@y.test <jo@x.example>", &["a@y.test", "jo@x.example"][..]),
            ("Group: Jo <jo@x.example>;", &["jo@x.example"]),
            ("<@r1.test,@r2.test:jo@x.example>", &["jo@x.example"]),
            ("<jo@x.example> <b@y.test>", &["jo@x.example", "b@y.test"]),
            ("Jo (mum <jo@x.example>", &["jo@x.example"]),
            ("\"Jo <jo@x.example>", &["jo@x.example"]),
            ("Jo <jo@x.example", &["jo@x.example"]),
            ("Jo Doe jo@x.example", &["jo@x.example"]),
            ("Jo\0 <jo@x.example>", &["jo@x.example"]),
        ] {
            let FromField::Ambiguous(found) = from_field([value.as_bytes()]) else {
                panic!("{value}")
            };
            let found: Vec<String> = found.iter().map(Address::text).collect();
            assert_eq!(found, candidates, "{value}");
        }
        let broken = from_field([&b"Jo <j\xf4@x.example>"[..]]);
        assert_eq!(broken, FromField::Ambiguous(Vec::new()));
    }
}
