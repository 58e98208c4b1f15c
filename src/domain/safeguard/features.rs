//! The features of a text by which its wording is judged: words, pairs of words, and groups of 3 and 4
//! letters, each as a hash.

use super::dismissed::hash;
use super::said::SaidWord;

/// Letters of a word that are looked at.
const WORD_BYTES_MAX: usize = 24;
/// So that a word and a group of the same letters differ (FNV-1a of 32 bits from its own offset).
const WHOLE: u32 = 0x811c_9dc5;
const GROUP: u32 = 0x1234_5678;

/// The features of a text, each word and each pair once, however often it is said.
pub(super) fn features_of(words: &[SaidWord<'_>]) -> Vec<u32> {
    let keys = Keys::of(words);
    let mut features = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if keys.words_before.get(at).is_some_and(Option::is_none) {
            keys.each_of_word(word, at, |feature| features.push(feature));
        }
    }
    let first = keys.pairs.iter().zip(&keys.pairs_before).filter(|(_, before)| before.is_none());
    features.extend(first.filter_map(|(pair, _)| *pair));
    features
}

/// A text's words and pairs of words, each as a hash, and where each was last said before.
pub(super) struct Keys {
    words: Vec<Option<u32>>,
    pub words_before: Vec<Option<usize>>,
    /// A word behind the one before it; none where a sentence begins.
    pub pairs: Vec<Option<u32>>,
    pub pairs_before: Vec<Option<usize>>,
}

impl Keys {
    pub(super) fn of(words: &[SaidWord<'_>]) -> Keys {
        let key = |word: &SaidWord<'_>| match word.text.as_bytes() {
            number if is_number(number) => letters(WHOLE, b"0"),
            text => letters(WHOLE, text),
        };
        let each: Vec<Option<u32>> = words.iter().map(|word| Some(key(word))).collect();
        let pair = |(at, word): (usize, &SaidWord<'_>)| {
            let before = at.checked_sub(1).filter(|_| !word.begins).and_then(|at| words.get(at))?;
            Some(letters(letters((*each.get(at)?)?, b" "), before.text.as_bytes()))
        };
        let pairs: Vec<Option<u32>> = words.iter().enumerate().map(pair).collect();
        let words_before = said_before(&each);
        let pairs_before = said_before(&pairs);
        Keys { words: each, words_before, pairs, pairs_before }
    }

    /// The features of a word: itself, and its groups of letters.
    pub(super) fn each_of_word(&self, word: &SaidWord<'_>, at: usize, mut take: impl FnMut(u32)) {
        let Some(whole) = self.words.get(at).copied().flatten() else { return };
        take(whole);
        let text = word.text.as_bytes();
        if is_number(text) {
            return;
        }
        let mut padded = [b' '; WORD_BYTES_MAX + 2];
        let looked_at = text.get(..WORD_BYTES_MAX).unwrap_or(text);
        if let Some(room) = padded.get_mut(1..=looked_at.len()) {
            room.copy_from_slice(looked_at);
        }
        let padded = padded.get(..looked_at.len() + 2).unwrap_or_default();
        for at in 0..padded.len() {
            if let Some((three, rest)) = padded.get(at..).and_then(<[u8]>::split_first_chunk::<3>) {
                let group = letters(GROUP, three);
                take(group);
                if let Some(fourth) = rest.first() {
                    take(letters(group, &[*fourth]));
                }
            }
        }
    }
}

fn is_number(word: &[u8]) -> bool {
    word.iter().all(u8::is_ascii_digit)
}

/// Of each key, where it was last before.
fn said_before(keys: &[Option<u32>]) -> Vec<Option<usize>> {
    // Twice the room, so that few share a place (linear probing).
    let bits = (2 * keys.len() + 1).next_power_of_two().ilog2().max(1);
    let mut last: Vec<Option<(u32, usize)>> = vec![None; 1 << bits];
    let mut before = Vec::with_capacity(keys.len());
    for (at, key) in keys.iter().enumerate() {
        let Some(key) = *key else {
            before.push(None);
            continue;
        };
        let mut place = hash(key.into(), bits);
        while last.get(place).copied().flatten().is_some_and(|(other, _)| other != key) {
            place = (place + 1) & ((1 << bits) - 1);
        }
        let place = last.get_mut(place);
        before.push(place.and_then(|place| place.replace((key, at))).map(|(_, at)| at));
    }
    before
}

fn letters(from: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

#[cfg(test)]
mod tests {
    use super::super::said::words_of;
    use super::*;

    #[test]
    fn what_is_learnt_of_a_text_has_each_word_and_pair_once() {
        let once = features_of(&words_of("all over again"));
        let again = features_of(&words_of("all over again. all over again. all over again."));
        assert_eq!(once, again);
    }

    #[test]
    fn what_was_said_before_is_known_by_where_it_was_last() {
        let keys = [Some(1), Some(2), None, Some(1), None, Some(1)];
        assert_eq!(said_before(&keys), [None, None, None, Some(0), None, Some(3)]);
    }

    /// The learnt table is indexed by these.
    #[test]
    fn the_features_of_a_text_stay_as_they_were_when_wording_was_learnt() {
        let features = features_of(&words_of("gas 12. gas"));
        assert_eq!(
            features,
            [
                0x4917_2362,
                0x3ac4_44d4,
                0x29f8_12e5,
                0xdc15_0c15,
                0xaa22_376f,
                0xa380_1f08,
                0x350c_a8af,
                0x9da6_014a,
            ]
        );
        // A word by itself, and behind another.
        assert_eq!(features_of(&words_of("12 gas")).len(), 7 + 1);
        assert_eq!(features_of(&words_of("12. gas")).len(), 7);
    }

    #[test]
    fn the_first_24_letters_of_a_word_have_groups() {
        for (letters, groups) in [(1, 1), (2, 2 + 1), (23, 23 + 22), (24, 24 + 23), (30, 24 + 23)] {
            let word = "abcdefghijklmnopqrstuvwxyzabcd".get(..letters).unwrap();
            assert_eq!(features_of(&words_of(word)).len(), 1 + groups, "{letters}");
        }
    }

    #[test]
    fn every_one_of_many_words_is_known_again() {
        assert!(said_before(&[]).is_empty());
        assert_eq!(said_before(&[Some(7)]), [None]);
        let keys: Vec<Option<u32>> = (0..1_000).chain(0..1_000).map(Some).collect();
        let before = said_before(&keys);
        let expected: Vec<Option<usize>> =
            (0..1_000).map(|_| None).chain((0..1_000).map(Some)).collect();
        assert_eq!(before, expected);
    }
}
