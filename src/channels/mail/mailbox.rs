//! The From field (RFC 5322 3.4, 3.6.2; RFC 6532): the one identity that a message claims.
//!
//! Readers disagree about malformed fields, and a restricted sender could write one that each program
//! reads differently. So a field has one sender where every reading gives the same one: one plain
//! mailbox, or what mail programs make of a display name that nobody quoted ([`lenient`]). Anything
//! else is ambiguous, with the addresses that it may mean.

mod lenient;

use std::borrow::Cow;

use crate::runtime::limits::{MAIL_COMMENT_DEPTH_MAX, MAIL_MAILBOXES_MAX};

/// An address: local part and domain, unquoted where quotes are not needed.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub local: String,
    pub domain: String,
}

impl Address {
    pub fn text(&self) -> String {
        format!("{}@{}", self.local, self.domain)
    }

    /// Whether it is written as this one, but for case.
    fn is_same(&self, other: &Address) -> bool {
        self.local.eq_ignore_ascii_case(&other.local)
            && self.domain.eq_ignore_ascii_case(&other.domain)
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Address")
    }
}

/// What a From field says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromField {
    One(Address),
    /// None, several, a group, or not a mailbox list. Readable addresses are included.
    Ambiguous(Vec<Address>),
}

/// Reads the values of all From fields of a message.
pub fn from_field<'a>(values: impl IntoIterator<Item = &'a [u8]>) -> FromField {
    let mut found = Vec::new();
    let mut fields = 0_usize;
    let mut certain = true;
    for value in values.into_iter().take(MAIL_MAILBOXES_MAX) {
        fields += 1;
        let text = text_of(value);
        let read = mailbox_list(&text).or_else(|| lenient::sole(&text).map(|one| vec![one]));
        // Which characters the bytes of an unknown charset are is a guess: no address is made of one.
        let is_guessed = std::str::from_utf8(value).is_err();
        match read.filter(|all| !is_guessed || all.iter().all(|one| one.text().is_ascii())) {
            Some(mut mailboxes) => {
                // Whichever of them a reader takes, it is the same sender.
                let is_repeated = mailboxes.windows(2).all(|two| match two {
                    [one, next] => one.is_same(next),
                    _ => true,
                });
                mailboxes.truncate(if is_repeated { 1 } else { mailboxes.len() });
                found.extend(mailboxes);
            }
            None => {
                certain = false;
                found.extend(lenient::candidates(&text));
            }
        }
    }
    match (fields, certain, found.as_slice()) {
        (1, true, [one]) => FromField::One(one.clone()),
        _ => {
            found.truncate(MAIL_MAILBOXES_MAX);
            FromField::Ambiguous(found)
        }
    }
}

/// A field's value as text: UTF-8 (RFC 6532), else every byte a character of its own, as old programs
/// write names (ISO 8859-1). An address of such a field has to be ASCII.
fn text_of(value: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(value) {
        Ok(text) => Cow::Borrowed(text),
        // Not one byte beyond ASCII is part of an address: U+FFFD is in none (`is_atext`).
        Err(_) => Cow::Owned(value.iter().map(|byte| ascii_or_unknown(*byte)).collect()),
    }
}

const fn ascii_or_unknown(byte: u8) -> char {
    if byte.is_ascii() { byte as char } else { char::REPLACEMENT_CHARACTER }
}

/// `mailbox *("," mailbox)`; `None` where the text is anything else.
fn mailbox_list(text: &str) -> Option<Vec<Address>> {
    let mut reader = Reader { rest: text };
    let mut mailboxes = vec![reader.mailbox()?];
    loop {
        reader.space()?;
        if reader.rest.is_empty() {
            return Some(mailboxes);
        }
        reader.expect(',')?;
        if mailboxes.len() >= MAIL_MAILBOXES_MAX {
            return None;
        }
        mailboxes.push(reader.mailbox()?);
    }
}

/// Whether a character may be part of an atom (RFC 5322 3.2.3, RFC 6532 3.2).
fn is_atext(c: char) -> bool {
    c.is_ascii_alphanumeric()
        || "!#$%&'*+-/=?^_`{|}~".contains(c)
        // RFC 6532 3.2 takes everything beyond ASCII; invisible characters are not part of a name.
        || (!c.is_ascii()
            && !c.is_control()
            && !c.is_whitespace()
            && c != char::REPLACEMENT_CHARACTER)
}

#[derive(Clone)]
struct Reader<'a> {
    rest: &'a str,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn take(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next()?;
        self.rest = chars.as_str();
        Some(next)
    }

    fn expect(&mut self, expected: char) -> Option<()> {
        (self.take()? == expected).then_some(())
    }

    /// Folding white space and comments (CFWS). `None`: a comment does not end, or is too deep.
    fn space(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        while let Some(c) = self.peek() {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                '\\' if depth > 0 => {
                    self.take();
                    self.peek()?;
                }
                ' ' | '\t' | '\r' | '\n' => {}
                _ if depth > 0 && !c.is_control() => {}
                _ => break,
            }
            if depth > MAIL_COMMENT_DEPTH_MAX {
                return None;
            }
            self.take();
        }
        (depth == 0).then_some(())
    }

    fn atom(&mut self) -> Option<&'a str> {
        let end = self.rest.find(|c| !is_atext(c)).unwrap_or(self.rest.len());
        if end == 0 {
            return None;
        }
        let (atom, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(atom)
    }

    /// Atoms joined by single dots, nothing between.
    fn dot_atom(&mut self) -> Option<String> {
        let mut text = self.atom()?.to_owned();
        while self.peek() == Some('.') {
            self.take();
            text.push('.');
            text.push_str(self.atom()?);
        }
        Some(text)
    }

    /// The content of a quoted string, unescaped.
    fn quoted(&mut self) -> Option<String> {
        self.expect('"')?;
        let mut text = String::new();
        loop {
            match self.take()? {
                '"' => return Some(text),
                '\\' => {
                    let escaped = self.take()?;
                    if escaped.is_control() {
                        return None;
                    }
                    text.push(escaped);
                }
                '\r' | '\n' => {}
                '\t' => text.push('\t'),
                c if c.is_control() => return None,
                c => text.push(c),
            }
        }
    }

    /// `addr-spec`, or a display name and an address in angle brackets.
    fn mailbox(&mut self) -> Option<Address> {
        self.space()?;
        let mut bare = self.clone();
        if let Some(address) = bare.addr_spec() {
            bare.space()?;
            if bare.rest.is_empty() || bare.peek() == Some(',') {
                *self = bare;
                return Some(address);
            }
        }
        self.phrase()?;
        self.expect('<')?;
        self.space()?;
        let address = self.addr_spec()?;
        self.space()?;
        self.expect('>')?;
        Some(address)
    }

    /// A display name, possibly empty; with the dots that people write in it (RFC 5322 4.1).
    fn phrase(&mut self) -> Option<()> {
        let mut words = 0_usize;
        loop {
            self.space()?;
            match self.peek()? {
                '<' => return Some(()),
                '"' => {
                    self.quoted()?;
                }
                '.' if words > 0 => {
                    self.take();
                }
                _ => {
                    self.atom()?;
                }
            }
            words += 1;
        }
    }

    fn addr_spec(&mut self) -> Option<Address> {
        let local = if self.peek() == Some('"') {
            let quoted = self.quoted()?;
            // A fold may occur between quotes (RFC 5322 3.2.4), but in no path of SMTP (RFC 5321
            // 4.1.2, qtextSMTP): nobody has such an address.
            if quoted.contains('\t') {
                return None;
            }
            if (Reader { rest: &quoted }).is_dot_atom() { quoted } else { requoted(&quoted) }
        } else {
            self.dot_atom()?
        };
        self.space()?;
        self.expect('@')?;
        self.space()?;
        let domain = if self.peek() == Some('[') { self.literal()? } else { self.dot_atom()? };
        Some(Address { local, domain })
    }

    fn is_dot_atom(&mut self) -> bool {
        self.dot_atom().is_some() && self.rest.is_empty()
    }

    /// A domain literal (`[192.0.2.1]`).
    fn literal(&mut self) -> Option<String> {
        let end = self.rest.find(']')?;
        let (literal, rest) = self.rest.split_at(end + 1);
        let harmless = literal.chars().all(|c| c.is_ascii_alphanumeric() || "[]:.-".contains(c));
        self.rest = rest;
        harmless.then(|| literal.to_owned())
    }
}

/// A text without its comments (RFC 5322 3.2.2). An unclosed comment is kept as text.
pub(super) fn comment_free(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    let mut since = 0;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted || depth > 0 => escaped = true,
            '"' if depth == 0 => quoted = !quoted,
            '(' if !quoted => {
                if depth == 0 {
                    since = at;
                }
                depth += 1;
                continue;
            }
            ')' if depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(c);
        }
    }
    if depth > 0 {
        out.push_str(text.get(since..).unwrap_or_default());
    }
    out
}

fn requoted(text: &str) -> String {
    let escaped: String = text
        .chars()
        .flat_map(|c| if matches!(c, '"' | '\\') { vec!['\\', c] } else { vec![c] })
        .collect();
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn one(value: &str) -> Option<String> {
        match from_field([value.as_bytes()]) {
            FromField::One(address) => Some(address.text()),
            FromField::Ambiguous(_) => None,
        }
    }

    #[test]
    fn one_mailbox_is_read_however_it_is_written() {
        for value in [
            "jo@x.example",
            " Jo Doe <jo@x.example>",
            "\"Doe, Jo\" <jo@x.example>",
            "J. Doe <jo@x.example>",
            "=?utf-8?q?J=C3=B6?= <jo@x.example>",
            "(a (nested) \\) comment) jo@x.example (b)",
            "Jo\r\n <jo@x.example>",
            "<jo@x.example>",
            "\"jo\"@x.example",
            "Jörg <jo@x.example>",
            "jo @ x.example",
            "jo@x.example, jo@x.example",
            "Jo <jo@x.example>, \"Jo Doe\" <jo@x.example>, jo@x.example",
        ] {
            assert_eq!(one(value).as_deref(), Some("jo@x.example"), "{value}");
        }
        assert_eq!(one("\"a b\"@x.example").as_deref(), Some("\"a b\"@x.example"));
        assert_eq!(one("jo@[192.0.2.1]").as_deref(), Some("jo@[192.0.2.1]"));
    }

    #[test]
    fn an_address_in_a_display_name_is_no_address() {
        assert_eq!(one("\"a@x.test\" <evil@y.test>").as_deref(), Some("evil@y.test"));
        assert_eq!(one("=?utf-8?q?a=40x.test?= <e@y.test>").as_deref(), Some("e@y.test"));
        assert_eq!(
            one("=?u?q?a=40bank?=@evil.test").as_deref(),
            Some("=?u?q?a=40bank?=@evil.test")
        );
    }

    #[test]
    fn everything_else_is_ambiguous() {
        for value in [
            "",
            " ",
            "jo",
            "a@x.test, b@y.test",
            "a@x.test, a@x.test, b@y.test",
            "Group: a@x.test;",
            "undisclosed:;",
            "<a@x.test> <b@y.test>",
            "a@x.test b@y.test",
            "a@b <a@x.test>",
            "\"a@x.test\"@y.test@z",
            "<@r1,@r2:a@x.test>",
            "a..b@x.test",
            ".a@x.test",
            "a@x.test.",
            "a@",
            "@x.test",
            "(open",
            "a@x.test\0",
            "<a@x.test",
            "\"open <a@x.test>",
            "a@b@c",
            "Jo <>",
            "a@[bad literal]",
            "\"a\tb\"@x.test",
            "a\u{a0}b@x.test",
            "a@x\u{3000}.test",
        ] {
            assert_eq!(one(value), None, "{value:?}");
        }
        assert!(
            matches!(from_field([&b"a@x"[..], b"a@x"]), FromField::Ambiguous(two) if two.len() == 2)
        );
        assert_eq!(from_field([]), FromField::Ambiguous(Vec::new()));
        assert_eq!(from_field([&b"\xff@x.test"[..]]), FromField::Ambiguous(Vec::new()));
        assert_eq!(one(&format!("{}a@x.test", "(".repeat(100))), None);
    }

    proptest! {
        #[test]
        fn no_field_breaks_the_reader(value in proptest::collection::vec(any::<u8>(), 0..120)) {
            let _ = from_field([&value[..]]);
        }

        #[test]
        fn what_is_read_is_an_address(value in "[a@.<>\", ()\\\\:;]{0,24}") {
            if let Some(address) = one(&value) {
                prop_assert!(address.rsplit_once('@').is_some_and(|(l, d)| !l.is_empty() && !d.is_empty()));
            }
        }
    }
}
