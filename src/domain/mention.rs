//! Identifiers found somewhere in text that could not be read for certain: a From field that
//! readers disagree about, a form's body in no known format.
//!
//! Nothing is decided on them. They only show on whose timeline a contact belongs that was passed in
//! doubt, so that a habit of writing unreadable fields is visible.

use super::identifier::{IdentifierKey, IdentifierKind, normalise, visible};
use super::nation::Nation;

/// Characters of such text that are looked at. More: only the beginning counts.
pub const MENTION_CHARS_MAX: usize = 64 * 1024;

/// Identifiers of one contact that are looked up. More: the first.
pub const MENTIONS_MAX: usize = 64;

/// Digits of a number that could be somebody's: a local number with its area code, and E.164's longest.
const DIGITS: std::ops::RangeInclusive<usize> = 9..=15;

/// How an `@` is written where text is encoded: URLs, JSON, quoted-printable.
const ENCODED_AT: [&str; 5] = ["%40", "\\u0040", "=40", "&#64;", "&commat;"];

/// Every identifier that a text could name, each once, in the order of the text: addresses, then numbers.
pub fn mentioned(text: &str, nation: Nation) -> Vec<IdentifierKey> {
    let text: String = visible(text).chars().take(MENTION_CHARS_MAX).collect();
    let mut found = Vec::new();
    let mut plain = text.replace("%2B", "+").replace("%2b", "+");
    for encoded in ENCODED_AT {
        plain = plain.replace(encoded, "@");
    }
    addresses(&plain, nation, &mut found);
    numbers(&plain, nation, &mut found);
    found.truncate(MENTIONS_MAX);
    found
}

fn add(keys: impl IntoIterator<Item = IdentifierKey>, found: &mut Vec<IdentifierKey>) {
    for key in keys {
        if !found.contains(&key) {
            found.push(key);
        }
    }
}

fn addresses(text: &str, nation: Nation, found: &mut Vec<IdentifierKey>) {
    let delimits =
        |c: char| c.is_whitespace() || c.is_control() || "<>()[]{},;:\"'\\=&|?".contains(c);
    let words = text.split(delimits).map(|word| word.trim_matches('.'));
    for word in words.filter(|word| word.contains('@')) {
        if let Ok(keys) = normalise(IdentifierKind::Email, word, nation) {
            add(keys.exact, found);
            add(keys.provider, found);
        }
        if found.len() >= MENTIONS_MAX {
            return;
        }
    }
}

fn numbers(text: &str, nation: Nation, found: &mut Vec<IdentifierKey>) {
    let of_number = |c: char| c.is_numeric() || " +-().\u{a0}".contains(c);
    for run in text.split(|c| !of_number(c)) {
        let digits = run.chars().filter(|c| c.is_numeric()).count();
        if !DIGITS.contains(&digits) {
            continue;
        }
        if let Ok(keys) =
            normalise(IdentifierKind::Phone, run.trim_matches(['.', '-', ')']), nation)
        {
            add(keys.exact, found);
        }
        if found.len() >= MENTIONS_MAX {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let found = mentioned(text, Nation::England);
        found.iter().map(|key| key.as_str().to_owned()).collect()
    }

    #[test]
    fn addresses_and_numbers_are_found_however_they_are_wrapped() {
        for text in [
            "Group: Jo <jo@x.example>;",
            "<@r1,@r2:jo@x.example>",
            "{\"email\":\"jo@x.example\"",
            "email=jo%40x.example&x=1",
            "=?utf-8?q?jo=40x.example?=",
            "jo\u{200b}@x.example.",
            "\\\"jo@x.example\\\"",
        ] {
            assert!(named(text).contains(&"email:jo@x.example".to_owned()), "{text}");
        }
        for text in ["tel: 07700 900123, mum", "\"+44 (0)7700 900123\"", "٠٧٧٠٠٩٠٠١٢٣"] {
            assert_eq!(named(text), ["phone:+447700900123"], "{text}");
        }
        assert_eq!(named("order 12345 of 2026, nobody at home"), Vec::<String>::new());
    }

    #[test]
    fn a_flood_of_addresses_is_cut_off() {
        let many: String = (0..10_000).map(|n| format!("a{n}@x.example ")).collect();
        assert_eq!(mentioned(&many, Nation::England).len(), MENTIONS_MAX);
        assert_eq!(named(&format!("zoe@x.example {many}"))[0], "email:zoe@x.example");
    }

    #[test]
    fn each_is_named_once_addresses_first_in_the_order_of_the_text() {
        let text = "Ring 07700 900124 or 07700 900123 (not 07700 900124), write to j.o@gmail.com, \
                    a@x.example\u{1}b@x.example or A@x.example.";
        let found = [
            "email:j.o@gmail.com",
            "email~:jo@gmail.com",
            "email:a@x.example",
            "email:b@x.example",
            "phone:+447700900124",
            "phone:+447700900123",
        ];
        assert_eq!(named(text), found);
    }

    #[test]
    fn a_number_has_at_least_nine_digits_and_at_most_fifteen() {
        assert_eq!(named("01204 56789, +44 1204 5678"), ["phone:+44120456789"]);
        assert_eq!(named("+4930 1234 5678 901, 12 of 34567890"), ["phone:+493012345678901"]);
        assert_eq!(named("+4930 1234 5678 9012"), Vec::<String>::new());
    }

    #[test]
    fn only_the_beginning_of_a_long_text_counts() {
        let at_the_end = |letters: usize| format!("{} zoe@x.example ", "x".repeat(letters));
        let fits = MENTION_CHARS_MAX - " zoe@x.example".len();
        assert_eq!(named(&at_the_end(fits)), ["email:zoe@x.example"]);
        assert_eq!(named(&at_the_end(fits + 20)), Vec::<String>::new());
    }

    #[test]
    fn a_flood_of_numbers_is_cut_off() {
        let many: String = (0..100).map(|n| format!("077009001{n:02}, ")).collect();
        let found = named(&many);
        assert_eq!(found.len(), MENTIONS_MAX);
        assert_eq!(found.last().unwrap(), "phone:+447700900163");
    }
}
