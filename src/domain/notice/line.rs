//! A sentence or two with their links: numbers, addresses, web pages.

use rlibphonenumber::{PhoneNumber, PhoneNumberFormat};

use crate::domain::capital::first_upper;
use crate::domain::identifier::e164;
use crate::domain::nation::Nation;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    Words(String),
    /// A number: as it is dialled, and as people of the nation write it.
    Phone {
        dialled: String,
        shown: String,
    },
    Email(String),
    /// An `https:` address.
    Link(String),
}

impl Piece {
    /// The piece as it is written.
    pub fn shown(&self) -> &str {
        match self {
            Piece::Words(text) | Piece::Email(text) | Piece::Link(text) => text,
            Piece::Phone { shown, .. } => shown,
        }
    }
}

/// The content of one paragraph or list entry.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line(pub Vec<Piece>);

impl Line {
    pub fn words(text: impl Into<String>) -> Self {
        Line(vec![Piece::Words(text.into())])
    }

    #[must_use]
    pub fn then(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(Piece::Words(words)) => words.push_str(text),
            Some(_) | None => self.0.push(Piece::Words(text.to_owned())),
        }
        self
    }

    /// A number in E.164, written as people of its country do: 0191 498 0123.
    #[must_use]
    pub fn phone(mut self, number: &str) -> Self {
        self.0.push(phone(number));
        self
    }

    #[must_use]
    pub fn link(mut self, url: &str) -> Self {
        self.0.push(Piece::Link(url.to_owned()));
        self
    }

    /// What an organisation gives as the way to a channel: a number, an address or a link is recognised by its form.
    #[must_use]
    pub fn detail(mut self, detail: &str) -> Self {
        let detail = detail.trim();
        self.0.push(if detail.starts_with("https://") || detail.starts_with("http://") {
            Piece::Link(detail.to_owned())
        } else if detail.contains('@') && !detail.contains(char::is_whitespace) {
            Piece::Email(detail.to_owned())
        } else if let Some(number) = number(detail) {
            phone(&number)
        } else {
            Piece::Words(detail.to_owned())
        });
        self
    }

    #[must_use]
    pub fn and(mut self, other: Line) -> Self {
        for piece in other.0 {
            match piece {
                Piece::Words(words) => self = self.then(&words),
                other => self.0.push(other),
            }
        }
        self
    }

    /// The line as plain text.
    pub fn text(&self) -> String {
        self.0.iter().map(Piece::shown).collect()
    }
}

/// A text in somebody's own words as a sentence.
pub(in crate::domain) fn sentence(text: &str) -> String {
    let text = text.trim();
    let end = if text.ends_with(['.', '!', '?', ':']) { "" } else { "." };
    format!("{}{end}", first_upper(text))
}

/// A telephone number in whatever spelling, as it is dialled.
fn number(detail: &str) -> Option<String> {
    const DIGITS_MIN: usize = 7;
    let written_so = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '+' | '(' | ')' | '-');
    let digits = detail.chars().filter(char::is_ascii_digit).count();
    if digits < DIGITS_MIN || !detail.chars().all(written_so) {
        return None;
    }
    // Every nation that a profile can name has the same numbering plan.
    e164(detail, Nation::England).ok()
}

/// A number as it is dialled and shown. One of another kind (a short code such as 999) is shown as
/// it is.
fn phone(number: &str) -> Piece {
    // Only an international number can be parsed; for others the library would load its tables in vain.
    let parsed = number.starts_with('+').then(|| number.parse::<PhoneNumber>().ok()).flatten();
    let shown = parsed.map(|parsed| {
        // Of this country, as everybody here writes it; of another, so that it can be dialled.
        let format = match parsed.country_code {
            44 => PhoneNumberFormat::National,
            _ => PhoneNumberFormat::International,
        };
        parsed.format_as(format).into_owned()
    });
    Piece::Phone { dialled: number.to_owned(), shown: shown.unwrap_or_else(|| number.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_followed_is_told_by_its_form() {
        let piece = |detail: &str| Line::default().detail(detail).0.remove(0);
        assert_eq!(
            piece("+441914980123"),
            Piece::Phone { dialled: "+441914980123".to_owned(), shown: "0191 498 0123".to_owned() }
        );
        assert_eq!(piece("a@b.example"), Piece::Email("a@b.example".to_owned()));
        assert_eq!(piece("https://b.example/x"), Piece::Link("https://b.example/x".to_owned()));
        assert_eq!(piece("1 High Street, NE1 1AA").shown(), "1 High Street, NE1 1AA");
        assert_eq!(piece("+33142685300").shown(), "+33 1 42 68 53 00");
        assert_eq!(piece("0300 790 0203").shown(), "0300 790 0203");
        assert!(
            matches!(piece("0300 790 0203"), Piece::Phone { dialled, .. } if dialled == "+443007900203")
        );
        assert_eq!(piece("999").shown(), "999");
    }

    #[test]
    fn words_next_to_words_are_one_piece() {
        let words = |text: &str| Piece::Words(text.to_owned());
        let line = Line::words("a").then("b").and(Line::words("c").link("https://x").then("d"));
        assert_eq!(line.0, [words("abc"), Piece::Link("https://x".to_owned()), words("d")]);
        assert_eq!(line.text(), "abchttps://xd");
        assert_eq!(Line::default().then("a").0, [words("a")]);
        assert_eq!(Line::default().link("https://x").and(Line::words("a")).text(), "https://xa");
    }

    #[test]
    fn a_detail_is_no_address_number_or_link_unless_it_is_all_of_it() {
        let piece = |detail: &str| Line::default().detail(detail).0.remove(0);
        for words in
            ["ask a@b.example", "call 0191 498 0123", "123456", "9600123", "httpx://b", "12 3"]
        {
            assert_eq!(piece(words), Piece::Words(words.to_owned()));
        }
        assert_eq!(piece(" http://b.example "), Piece::Link("http://b.example".to_owned()));
        for (written, dialled) in [
            ("800 1111", "+448001111"),
            ("(0191) 498-0123", "+441914980123"),
            ("+44 191 498 0123", "+441914980123"),
        ] {
            assert_eq!(number(written).as_deref(), Some(dialled));
        }
    }

    #[test]
    fn a_sentence_begins_with_a_capital_and_ends() {
        for (text, said) in [
            (" no reply came ", "No reply came."),
            ("Why?", "Why?"),
            ("stop!", "Stop!"),
            ("these:", "These:"),
            ("done.", "Done."),
            ("one, ", "One,."),
        ] {
            assert_eq!(sentence(text), said);
        }
    }
}
