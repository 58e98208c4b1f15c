//! Whether a word was meant, though it is spelt another way.

use std::borrow::Cow;

/// Words of fewer letters are compared exactly: one slip makes "gas" of "has".
const SLIP_LETTERS_MIN: usize = 5;
/// Words of at least this many letters may have two slips.
const TWO_SLIPS_LETTERS_MIN: usize = 9;
/// No word has more slips than this.
pub(super) const SLIPS_MAX: usize = 2;

/// How many slips there may be in whatever means a word of so many letters.
pub(super) const fn slips_of(letters: usize) -> usize {
    match letters {
        0..SLIP_LETTERS_MIN => 0,
        SLIP_LETTERS_MIN..TWO_SLIPS_LETTERS_MIN => 1,
        _ => SLIPS_MAX,
    }
}

/// A word, and what of it is compared before its letters are: a long text has hundreds of thousands
/// of words, and nearly all that are compared are nothing alike.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word<'t> {
    text: Cow<'t, str>,
    letters: usize,
    /// A bit for each letter that occurs. Letters may share one of the 64.
    occurring: u64,
}

impl<'t> Word<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let bit = |letter: u32| 1_u64 << (letter % 64);
        let (letters, occurring) = if text.is_ascii() {
            let occurring = text.bytes().fold(0, |bits, letter| bits | bit(letter.into()));
            (text.len(), occurring)
        } else {
            let each = |(letters, bits), letter| (letters + 1, bits | bit(u32::from(letter)));
            text.chars().fold((0, 0), each)
        };
        Word { text: Cow::Borrowed(text), letters, occurring }
    }

    pub(super) fn into_owned(self) -> Word<'static> {
        Word { text: Cow::Owned(self.text.into_owned()), ..self }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn letters(&self) -> usize {
        self.letters
    }

    /// How many slips there may be in whatever means this word.
    pub(super) const fn slips(&self) -> usize {
        slips_of(self.letters)
    }

    /// A bit for each letter that occurs.
    pub(super) fn occurring(&self) -> u64 {
        self.occurring
    }

    /// Whether the same word was meant, but for slips.
    pub(super) fn is_near_by_letters(&self, word: &Word<'_>) -> bool {
        let slips = word.slips();
        if self.text.is_ascii() && word.text.is_ascii() {
            return is_within(self.text.as_bytes(), word.text.as_bytes(), slips);
        }
        let (a, b): (Vec<char>, Vec<char>) =
            (self.text.chars().collect(), word.text.chars().collect());
        is_within(&a, &b, slips)
    }
}

/// Whether so many insertions, deletions, substitutions and swaps of neighbours make one of the other
/// (the optimal string alignment distance). What both begin and end with stays as it is.
fn is_within<T: PartialEq>(a: &[T], b: &[T], slips: usize) -> bool {
    if a.len().abs_diff(b.len()) > slips {
        return false;
    }
    let (a, b) = where_they_differ(a, b);
    let (Some((from, a_rest)), Some((to, b_rest))) = (a.split_first(), b.split_first()) else {
        return true;
    };
    let Some(fewer) = slips.checked_sub(1) else { return false };
    let swapped = match (a_rest.split_first(), b_rest.split_first()) {
        (Some((a_next, a_rest)), Some((b_next, b_rest))) if from == b_next && a_next == to => {
            Some((a_rest, b_rest))
        }
        _ => None,
    };
    if fewer == 0 {
        // One letter for another, or the two that were swapped: nothing else differs.
        let replaced = a_rest.is_empty() && b_rest.is_empty();
        return replaced || swapped.is_some_and(|(a, b)| a.is_empty() && b.is_empty());
    }
    is_within(a_rest, b_rest, fewer)
        || is_within(a_rest, b, fewer)
        || is_within(a, b_rest, fewer)
        || swapped.is_some_and(|(a, b)| is_within(a, b, fewer))
}

/// Without what both begin and end with.
fn where_they_differ<'t, T: PartialEq>(a: &'t [T], b: &'t [T]) -> (&'t [T], &'t [T]) {
    let begin = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (a.get(begin..).unwrap_or_default(), b.get(begin..).unwrap_or_default());
    let end = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let rest = |of: &'t [T]| of.get(..of.len() - end).unwrap_or_default();
    (rest(a), rest(b))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::nearness::Nearness;
    use super::*;

    /// The optimal string alignment distance: insertions, deletions, substitutions, adjacent swaps.
    fn slips_between(a: &str, b: &str) -> usize {
        let a: Vec<char> = a.chars().collect();
        let b: Vec<char> = b.chars().collect();
        let mut before_last: Vec<usize> = Vec::new();
        let mut last: Vec<usize> = (0..=b.len()).collect();
        for (i, &from) in a.iter().enumerate() {
            let mut row = vec![i + 1];
            for (j, &to) in b.iter().enumerate() {
                let at =
                    |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
                let replaced = at(&last, j) + usize::from(from != to);
                let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
                let swapped =
                    i > 0 && j > 0 && a.get(i - 1) == Some(&to) && b.get(j - 1) == Some(&from);
                if swapped {
                    best = best.min(at(&before_last, j - 1) + 1);
                }
                row.push(best);
            }
            before_last = last;
            last = row;
        }
        last.last().copied().unwrap_or(0)
    }

    proptest! {
        /// And what is asked first ([`Nearness`]) leaves out no word that is within its slips.
        #[test]
        fn a_slip_is_seen_whatever_is_compared_first(
            word in "[a-fé]{5,11}", said in "[a-fé]{3,12}", at in 0_usize..5, letter in "[a-z]",
        ) {
            let slips = if word.chars().count() < TWO_SLIPS_LETTERS_MIN { 1 } else { 2 };
            let words = [Word::new(&word).into_owned()];
            let asked_first = Nearness::of(words.iter());
            let near = |said: &str| {
                let said = Word::new(said);
                let mut candidate = false;
                asked_first.candidates(&said, |_| candidate = true);
                let near = said.is_near_by_letters(&Word::new(&word));
                assert!(candidate || !near, "{} is not asked about", said.text());
                near
            };
            prop_assert_eq!(near(&said), slips_between(&said, &word) <= slips);
            let mut slipped: Vec<char> = word.chars().collect();
            slipped.splice(at..at, letter.chars());
            prop_assert!(near(&slipped.iter().collect::<String>()));
            slipped.remove(at);
            slipped.swap(at.min(3), at.min(3) + 1);
            prop_assert!(near(&slipped.iter().collect::<String>()));
        }
    }

    #[test]
    fn longer_words_may_have_more_slips() {
        for (letters, slips) in [(0, 0), (4, 0), (5, 1), (8, 1), (9, 2), (40, 2)] {
            assert_eq!(slips_of(letters), slips, "{letters}");
            let word = "é".repeat(letters);
            assert_eq!(Word::new(&word).letters(), letters);
            assert_eq!(Word::new(&word).slips(), slips);
        }
    }

    #[test]
    fn a_slip_is_a_letter_more_or_less_or_another_or_two_that_are_swapped() {
        for (said, word, slips) in [
            ("kitten", "kitten", 0),
            ("kitten", "mitten", 1),
            ("kitten", "kittex", 1),
            ("kitten", "ktten", 1),
            ("kitten", "kitten s", 2),
            ("kitten", "kittens", 1),
            ("kitten", "iktten", 1),
            ("kitten", "kittne", 1),
            ("kitten", "kixyen", 2),
            ("kitten", "mittens", 2),
            ("kitten", "mitetn", 2),
            ("kitten", "iktens", 3),
            // The first slip and the last, of each kind.
            ("abcdefghi", "xbcdefghy", 2),
            ("xabcdefgh", "abcdefgy", 2),
            ("abcdefgy", "xabcdefgh", 2),
            ("bacdefghi", "abcdefghy", 2),
            ("ab", "cd", 2),
            ("ab", "ca", 2),
            ("ab", "bc", 2),
            ("a", "bc", 2),
            ("ba", "abc", 2),
            ("abc", "abcxyz", 3),
        ] {
            for allowed in 0..=SLIPS_MAX {
                let is = |a: &str, b: &str| is_within(a.as_bytes(), b.as_bytes(), allowed);
                assert_eq!(is(said, word), slips <= allowed, "{said} {word} {allowed}");
                assert_eq!(is(word, said), slips <= allowed, "{word} {said} {allowed}");
            }
        }
    }

    #[test]
    fn letters_beyond_ascii_are_letters_and_not_bytes() {
        let near = |said: &str, word: &str| Word::new(said).is_near_by_letters(&Word::new(word));
        assert!(near("boiłer", "boiler") && near("boiler", "boiłer"));
        assert!(near("łódźka", "łódxka"));
        assert!(!near("łódźka", "łxdxka"));
        assert_eq!(Word::new("łaał").occurring().count_ones(), 2);
        assert_eq!(Word::new("abba").occurring(), Word::new("ab").occurring());
        let owned = Word::new("łódź").into_owned();
        assert_eq!((owned.text(), owned.letters()), ("łódź", 4));
    }
}
