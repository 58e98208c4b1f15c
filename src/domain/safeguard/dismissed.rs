//! Words that were looked up before and mean nothing here: most of any text is made of the same few
//! hundred.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// A cache of such words. A word and its language are packed into two numbers, so that no other word matches.
#[derive(Default)]
pub(super) struct Dismissed {
    /// Allocated for the first word: most organisations look for no words of their own.
    places: OnceLock<Box<[[AtomicU64; 2]]>>,
}

/// 2,048 words; a word replaces the one with the same hash.
const DISMISSED_BITS: u32 = 11;

/// A cached word: up to 15 bytes, and its language.
#[derive(Clone, Copy)]
pub(super) struct Packed([u64; 2]);

impl Packed {
    /// `None`: it is too long. No word has a zero byte, so the padding is unambiguous.
    pub(super) fn of(word: &str, in_welsh: bool) -> Option<Packed> {
        let mut bytes = [0; 2 * size_of::<u64>()];
        let (language, letters) = bytes.split_last_mut()?;
        letters.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
        *language = 1 + u8::from(in_welsh);
        let (numbers, _) = bytes.as_chunks();
        let mut numbers = numbers.iter().map(|eight| u64::from_le_bytes(*eight));
        Some(Packed([numbers.next()?, numbers.next()?]))
    }

    fn place(self) -> usize {
        let Packed([first, second]) = self;
        hash(first ^ second.rotate_left(29), DISMISSED_BITS)
    }

    /// As stored. If two words are stored at once, one number of each may remain: mixed, these match no word.
    const fn mixed(self) -> [u64; 2] {
        let Packed([first, second]) = self;
        [first ^ second.wrapping_mul(GOLDEN), second]
    }
}

impl Dismissed {
    pub(super) fn holds(&self, word: Packed) -> bool {
        let place = self.places.get().and_then(|places| places.get(word.place()));
        let Some([first, second]) = place else { return false };
        [first.load(Ordering::Relaxed), second.load(Ordering::Relaxed)] == word.mixed()
    }

    pub(super) fn add(&self, word: Packed) {
        let free = |_| [const { AtomicU64::new(0) }; 2];
        let places = || (0..1 << DISMISSED_BITS).map(free).collect();
        if let Some(place) = self.places.get_or_init(places).get(word.place()) {
            for (place, number) in place.iter().zip(word.mixed()) {
                place.store(number, Ordering::Relaxed);
            }
        }
    }
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// So many bits, by multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4).
#[inline]
pub(super) fn hash(of: u64, bits: u32) -> usize {
    // So few bits are in every `usize`.
    usize::try_from(of.wrapping_mul(GOLDEN) >> (u64::BITS - bits)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_word_is_known_again_in_its_language_and_no_other_word_is() {
        let words = Dismissed::default();
        let packed = |word: &str| Packed::of(word, false).unwrap();
        assert!(!words.holds(packed("boiler")));
        for word in ["boiler", "telephoned", "fifteen letters"] {
            words.add(packed(word));
            assert!(words.holds(packed(word)));
            assert!(!words.holds(Packed::of(word, true).unwrap()));
            assert!(!words.holds(packed(word.split_at(5).0)));
        }
        assert!(Packed::of("sixteen letters.", false).is_none());
    }

    #[test]
    fn hundreds_of_words_are_known_at_once() {
        let words = Dismissed::default();
        let packed = |number: usize| Packed::of(&format!("word{number}"), false).unwrap();
        (0..500).for_each(|number| words.add(packed(number)));
        let known = (0..500).filter(|number| words.holds(packed(*number))).count();
        assert!(known > 400, "{known}");
        assert_eq!((500..5_000).find(|number| words.holds(packed(*number))), None);
        // A free slot is not mistaken for an empty word.
        assert!([true, false].iter().all(|in_welsh| {
            let none = Packed::of("", *in_welsh).unwrap();
            !words.holds(none)
        }));
    }

    #[test]
    fn what_is_stored_differs_wherever_words_do() {
        let stored = |letter: char, rest: &str| {
            Packed::of(&format!("abcdefg{letter}{rest}"), false).unwrap().mixed()
        };
        for rest in ["", "ed", "ing it"] {
            let all: HashSet<[u64; 2]> = ('a'..='z').map(|letter| stored(letter, rest)).collect();
            assert_eq!(all.len(), 26, "{rest}");
        }
    }
}
