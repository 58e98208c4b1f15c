//! A text as the words that it says, ready to be looked up: in lower case, without accents, and
//! without what English and Welsh hang on a word with an apostrophe ("the ceiling's", "mae'r").

use std::borrow::Cow;

use super::super::folding::{each_decomposed, is_of_word};
use super::hash_index::word_hash;

/// So many words apart are two that follow each other in different sentences.
const SENTENCE_GAP: u32 = 3;

/// One word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SaidWord<'t> {
    pub text: Cow<'t, str>,
    /// Counted in words; the end of a sentence counts as some more.
    pub place: u32,
    /// Whether a sentence begins with it.
    pub begins: bool,
    /// Its [`word_hash`], computed once for several tables.
    pub hash: u32,
}

/// Lower case, compatibility forms resolved, accents gone. What looks like an apostrophe is one, and
/// other signs that are not ASCII are spaces.
pub(super) fn plain(text: &str) -> String {
    if text.is_ascii() {
        let mut plain = text.replace('`', "'");
        plain.make_ascii_lowercase();
        return plain;
    }
    let mut plain = String::with_capacity(text.len());
    each_decomposed(text, |c| match c {
        // Spacing accents (U+00B4) do not get here: NFKD splits them into a space and a mark.
        '\'' | '`' | '’' | '‘' | '‛' | 'ʼ' | 'ʹ' | 'ʻ' | '′' | '＇' => {
            plain.push('\'');
        }
        c if c.is_ascii() => plain.push(c.to_ascii_lowercase()),
        c if c.is_alphanumeric() => plain.extend(c.to_lowercase()),
        _ => plain.push(' '),
    });
    plain
}

/// The words of a text that is plain.
pub(super) fn words_of(plain: &str) -> Vec<SaidWord<'_>> {
    // Words are seldom shorter on average.
    const LETTERS_OF_A_WORD: usize = 5;
    let mut words: Vec<SaidWord<'_>> = Vec::with_capacity(plain.len() / LETTERS_OF_A_WORD + 1);
    let mut place = 0;
    let mut begins = true;
    let mut rest = plain;
    while let Some(from) = rest.bytes().position(is_in_word) {
        let (between, after) = rest.split_at(from);
        if !words.is_empty() && ends_sentence(between) {
            place += SENTENCE_GAP;
            begins = true;
        }
        let end = after.bytes().position(|byte| !is_in_word(byte)).unwrap_or(after.len());
        let (mut word, mut next) = after.split_at(end);
        let joined = mutated_with_hyphen(word, next);
        if let Some((whole, behind)) = joined {
            (word, next) = (whole, behind);
        }
        let text = without_apostrophes(word);
        if !text.is_empty() {
            let hash = word_hash(&text);
            words.push(SaidWord { text, place, begins, hash });
            place += 1;
            begins = false;
        }
        rest = next;
    }
    words
}

/// Letters, digits and apostrophes. Beyond ASCII a plain text has nothing but letters.
fn is_in_word(byte: u8) -> bool {
    is_of_word(byte) || byte == b'\'' || !byte.is_ascii()
}

fn ends_sentence(between: &str) -> bool {
    // A line ends anywhere; an empty one ends a sentence.
    let mut lines = 0;
    between.bytes().any(|byte| {
        lines += usize::from(byte == b'\n');
        matches!(byte, b'.' | b'!' | b'?') || lines > 1
    })
}

/// A mutation written with a hyphen ("n-ghyfreithiwr", "h-apêl"), and what follows the word.
fn mutated_with_hyphen<'t>(word: &str, next: &'t str) -> Option<(&'t str, &'t str)> {
    if !matches!(word, "n" | "ng" | "m" | "h") {
        return None;
    }
    let behind = next.strip_prefix('-')?;
    let end = behind.bytes().position(|byte| !is_in_word(byte)).unwrap_or(behind.len());
    (end > 0).then(|| behind.split_at(end))
}

/// `can't` is one word; what Welsh joins to a word (`'r`, `'n`, `'i`, `'w`, `'ch`) and the English
/// `'s` fall away.
fn without_apostrophes(word: &str) -> Cow<'_, str> {
    if !word.contains('\'') {
        return Cow::Borrowed(word);
    }
    let word = word.trim_matches('\'');
    match word.rsplit_once('\'') {
        None => Cow::Borrowed(word),
        Some((head, "s" | "r" | "n" | "i" | "u" | "w" | "ch" | "th")) if !head.contains('\'') => {
            Cow::Borrowed(head)
        }
        Some(_) => Cow::Owned(word.replace('\'', "")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> Vec<String> {
        words_of(&plain(text)).into_iter().map(|word| word.text.into_owned()).collect()
    }

    #[test]
    fn apostrophes_of_any_kind_join_and_what_hangs_on_a_word_falls_away() {
        assert_eq!(said("I can't, can’t, can`t BREATHE"), ["i", "cant", "cant", "cant", "breathe"]);
        assert_eq!(
            said("Mae'r babi'n oer, the ceiling's down"),
            ["mae", "babi", "oer", "the", "ceiling", "down"]
        );
        assert_eq!(said("'quoted' o'm ffeil"), ["quoted", "om", "ffeil"]);
    }

    #[test]
    fn a_mutation_behind_a_hyphen_is_one_word() {
        assert_eq!(
            said("fy n-ghyfreithiwr, ein h-apêl, no-heating"),
            ["fy", "ghyfreithiwr", "ein", "apel", "no", "heating"]
        );
    }

    #[test]
    fn compatibility_forms_and_accents_are_plain() {
        assert_eq!(said("ＧＡＳ dŵr ﬂood…now"), ["gas", "dwr", "flood", "now"]);
    }

    #[test]
    fn the_end_of_a_sentence_is_some_words_wide_and_a_line_break_is_not() {
        let places = |text: &str| -> Vec<u32> {
            words_of(&plain(text)).iter().map(|word| word.place).collect::<Vec<_>>()
        };
        assert_eq!(places("a b\nc"), [0, 1, 2]);
        assert_eq!(places("a b. c"), [0, 1, 5]);
        assert_eq!(places("a b\n\nc"), [0, 1, 5]);
    }

    #[test]
    fn what_is_no_letter_and_not_ascii_is_a_space() {
        assert_eq!(plain("Łódź—É. A"), "łodz e. a");
        assert_eq!(plain("‘a’ ‛b ʼc ʹd ʻe ′f ＇g `h—"), "'a' 'b 'c 'd 'e 'f 'g 'h ");
        assert_eq!(plain("A`B c."), "a'b c.");
    }

    #[test]
    fn signs_by_themselves_are_no_words() {
        assert_eq!(said("' a '' - b"), ["a", "b"]);
        assert_eq!(said("n- x, h-"), ["n", "x", "h"]);
        assert_eq!(said("mae'r, y'all'n, it's"), ["mae", "yalln", "it"]);
    }

    #[test]
    fn a_sentence_begins_behind_what_ends_one() {
        for (text, begins) in [
            ("a b", vec![true, false]),
            ("... a b", vec![true, false]),
            ("a. b", vec![true, true]),
            ("a! b? c, d", vec![true, true, true, false]),
            ("a\nb\n \nc", vec![true, false, true]),
        ] {
            let words: Vec<bool> = words_of(text).iter().map(|word| word.begins).collect();
            assert_eq!(words, begins, "{text:?}");
        }
        assert_eq!(words_of(". a").first().map(|word| word.place), Some(0));
    }
}
