//! A notice as a voice says it: a few words before the caller has a choice, and the rest in pieces
//! that are no longer, one at a time, for a caller who wants to hear more.

use super::line::{Line, Piece};
use super::phrases::{Phrases, SectionKind, joined};
use super::section::sections;
use super::{NoticePart, phrases_of};
use crate::domain::language::Language;

/// Words of one piece, without the choices that follow it.
const PIECE_WORDS_MAX: usize = 42;

/// The spoken parts of a notice to a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// What every caller hears: that the call can't be put through, and when it can.
    pub opening: String,
    /// The rest, in pieces.
    pub more: Vec<String>,
}

/// The notice in a voice's words: numbers digit by digit, links only by their name.
pub fn spoken(parts: &[NoticePart], language: Language) -> Spoken {
    let say = phrases_of(language);
    let mut opening = String::new();
    for part in parts {
        match part {
            NoticePart::Why { organisation, .. } => opening = say.not_connected(organisation),
            NoticePart::NextSlot { at, .. } => {
                opening.push(' ');
                opening.push_str(&say.call_again(*at));
            }
            _ => {}
        }
    }
    // The emergency has its own key, what happened was said; addresses of every way and a reference are
    // made for reading.
    let rest: Vec<NoticePart> = parts
        .iter()
        .filter(|part| {
            !matches!(
                part,
                NoticePart::Emergency { .. }
                    | NoticePart::WhatHappened { .. }
                    | NoticePart::NextSlot { .. }
                    | NoticePart::HowAlways { .. }
                    | NoticePart::Reference { .. }
            )
        })
        .cloned()
        .collect();
    let mut sentences: Vec<String> = Vec::new();
    for section in sections(&rest, language) {
        if section.kind == SectionKind::AlwaysOpen {
            sentences.push(always(say));
            continue;
        }
        // That a decision was made was the first thing said.
        let said_already = usize::from(section.kind == SectionKind::Why);
        for line in section.paragraphs {
            sentences
                .extend(each_sentence(&line_spoken(&line, say)).into_iter().skip(said_already));
        }
        sentences.extend(section.list.iter().map(|entry| {
            let entry = line_spoken(entry, say);
            format!("{}.", entry.trim_end_matches('.'))
        }));
    }
    Spoken { opening, more: pieces(sentences) }
}

/// A number digit by digit, in the groups in which it is written: "0 1 9 1, 4 9 8, 0 1 2 3".
pub fn number_spoken(shown: &str) -> String {
    let groups: Vec<String> = shown
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .map(|group| {
            let digits: Vec<String> = group.chars().map(String::from).collect();
            digits.join(" ")
        })
        .collect();
    groups.join(", ")
}

/// A list that is heard needs no more than commas.
fn always(say: &dyn Phrases) -> String {
    let list = joined(&say.always_list(), say.or());
    format!("{} {list}.", say.always().trim_end_matches(':'))
}

fn line_spoken(line: &Line, say: &dyn Phrases) -> String {
    let pieces: Vec<String> = line
        .0
        .iter()
        .map(|piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Phone { shown, .. } => number_spoken(shown),
            Piece::Email(address) => say.address_spoken(address),
            Piece::Link(url) => {
                let host = url.split("://").nth(1).unwrap_or(url);
                let host = host.trim_start_matches("www.").split('/').next().unwrap_or(host);
                say.address_spoken(host)
            }
        })
        .collect();
    pieces.concat()
}

/// The sentences of a text. A full stop inside a number or name ends none.
fn each_sentence(text: &str) -> Vec<String> {
    let mut sentences = Vec::new();
    let mut rest = text.trim();
    while let Some(end) = rest.find(". ") {
        let (sentence, after) = rest.split_at(end + 1);
        sentences.push(sentence.trim().to_owned());
        rest = after.trim_start();
    }
    if !rest.is_empty() {
        sentences.push(rest.to_owned());
    }
    sentences
}

/// Whole sentences in pieces of up to [`PIECE_WORDS_MAX`] words.
fn pieces(sentences: Vec<String>) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    for sentence in sentences {
        let words = sentence.split_whitespace().count();
        match pieces.last_mut() {
            Some(piece) if piece.split_whitespace().count() + words <= PIECE_WORDS_MAX => {
                piece.push(' ');
                piece.push_str(&sentence);
            }
            Some(_) | None => pieces.push(sentence),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_said_digit_by_digit() {
        assert_eq!(number_spoken("0191 498 0123"), "0 1 9 1, 4 9 8, 0 1 2 3");
        assert_eq!(number_spoken("999"), "9 9 9");
    }

    #[test]
    fn pieces_end_with_a_sentence() {
        let sentence = |words: usize| format!("{}end.", "word ".repeat(words - 1));
        let made = pieces(vec![sentence(20), sentence(20), sentence(5)]);
        assert_eq!(made.len(), 2);
        assert!(made.iter().all(|piece| piece.ends_with("end.")));
        assert_eq!(
            each_sentence("See section 6.2 of it. Call 0 1."),
            ["See section 6.2 of it.", "Call 0 1."]
        );
    }

    #[test]
    fn a_piece_has_up_to_so_many_words() {
        let sentence = |words: usize| vec!["word"; words].join(" ");
        let of = |one: usize, other: usize| pieces(vec![sentence(one), sentence(other)]).len();
        assert_eq!(of(20, PIECE_WORDS_MAX - 20), 1);
        assert_eq!(of(20, PIECE_WORDS_MAX - 19), 2);
        assert_eq!(of(PIECE_WORDS_MAX + 9, 1), 2);
        assert!(pieces(Vec::new()).is_empty());
    }

    #[test]
    fn sentences_end_at_a_full_stop_before_a_space() {
        assert_eq!(each_sentence("  A b.  C 6.2 d. "), ["A b.", "C 6.2 d."]);
        assert_eq!(each_sentence("A"), ["A"]);
        assert!(each_sentence(" ").is_empty());
    }

    #[test]
    fn a_link_is_said_by_its_host() {
        let say = phrases_of(Language::English);
        for url in ["https://www.x.example/a/b", "http://x.example", "x.example/a"] {
            let line = Line::words("See ").link(url).then(" or ").phone("+441914980123");
            let host = say.address_spoken("x.example");
            assert_eq!(line_spoken(&line, say), format!("See {host} or 0 1 9 1, 4 9 8, 0 1 2 3"));
        }
    }
}
