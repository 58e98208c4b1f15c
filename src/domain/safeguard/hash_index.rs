//! Hash tables in which every word and letter group of a text is looked up. Most lookups miss, and a miss takes a few
//! instructions.

use super::dismissed::hash;

/// Numbers by hash: open addressing with linear probing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct HashIndex {
    bits: u32,
    taken: usize,
    /// Hash and number; the number of an empty slot is [`FREE`].
    places: Vec<(u32, u32)>,
}

const FREE: u32 = u32::MAX;

impl HashIndex {
    /// The first number of the hash `of` for which `is_meant` holds.
    #[inline]
    pub(super) fn find(&self, of: u32, is_meant: impl Fn(usize) -> bool) -> Option<usize> {
        let last = self.places.len().checked_sub(1)?;
        let mut at = hash(of.into(), self.bits);
        loop {
            let (known, number) = *self.places.get(at)?;
            if number == FREE {
                return None;
            }
            if known == of {
                let number = usize::try_from(number).unwrap_or_default();
                if is_meant(number) {
                    return Some(number);
                }
            }
            at = (at + 1) & last;
        }
    }

    pub(super) fn add(&mut self, of: u32, number: usize) {
        // At most two slots in three are taken, so that probing ends soon.
        if (self.taken + 1) * 3 > self.places.len() * 2 {
            self.grow();
        }
        self.taken += 1;
        self.put(of, u32::try_from(number).unwrap_or_default());
    }

    fn grow(&mut self) {
        self.bits += 1;
        let before = std::mem::replace(&mut self.places, vec![(0, FREE); 1 << self.bits]);
        for (of, number) in before.into_iter().filter(|(_, number)| *number != FREE) {
            self.put(of, number);
        }
    }

    fn put(&mut self, of: u32, number: u32) {
        let last = self.places.len().saturating_sub(1);
        let mut at = hash(of.into(), self.bits);
        while self.places.get(at).is_some_and(|(_, taken)| *taken != FREE) {
            at = (at + 1) & last;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = (of, number);
        }
    }
}

/// Values by word.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WordTable<V> {
    index: HashIndex,
    entries: Vec<(Box<str>, V)>,
}

impl<V> WordTable<V> {
    /// The value of a word; `hash`: its [`word_hash`].
    pub(super) fn get(&self, word: &str, hash: u32) -> Option<&V> {
        let is = |at: usize| self.entries.get(at).is_some_and(|(known, _)| **known == *word);
        let at = self.index.find(hash, is)?;
        self.entries.get(at).map(|(_, value)| value)
    }
}

impl<V> FromIterator<(Box<str>, V)> for WordTable<V> {
    fn from_iter<I: IntoIterator<Item = (Box<str>, V)>>(entries: I) -> Self {
        let entries: Vec<(Box<str>, V)> = entries.into_iter().collect();
        let mut index = HashIndex::default();
        for (at, (word, _)) in entries.iter().enumerate() {
            index.add(word_hash(word), at);
        }
        WordTable { index, entries }
    }
}

/// The hash of a word in these tables: one multiplication for eight bytes. It need not resist chosen collisions: the
/// tables hold words of our own, and a text with colliding words costs at worst one longer probe for each.
#[inline]
pub(super) fn word_hash(word: &str) -> u32 {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = 0_u64;
    let mut add = |eight: u64| state = (state.rotate_left(23) ^ eight).wrapping_mul(GOLDEN);
    let (eights, rest) = word.as_bytes().as_chunks();
    eights.iter().for_each(|eight| add(u64::from_le_bytes(*eight)));
    match (rest.first_chunk(), rest.last_chunk(), rest) {
        // Bytes in both are hashed twice.
        (Some(first), Some(last), _) => {
            add(u64::from(u32::from_le_bytes(*first)) << 32 | u64::from(u32::from_le_bytes(*last)));
        }
        (_, _, []) => {}
        (.., rest) => add(rest.iter().fold(1, |three, byte| three << 8 | u64::from(*byte))),
    }
    u32::try_from(state >> 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_word_is_found_by_what_it_is_and_nothing_else_is() {
        let words: Vec<String> =
            (0..3_000).map(|number| "ab".repeat(number % 11) + &number.to_string()).collect();
        let table: WordTable<usize> =
            words.iter().enumerate().map(|(at, word)| (word.as_str().into(), at)).collect();
        for (at, word) in words.iter().enumerate() {
            assert_eq!(table.get(word, word_hash(word)), Some(&at));
            // Even if the hash is another word's.
            assert_eq!(table.get("other", word_hash(word)), None);
        }
        assert_eq!(table.get("abab", word_hash("abab")), None);
        assert_eq!(WordTable::<usize>::default().get("a", word_hash("a")), None);
    }

    #[test]
    fn a_table_is_at_most_two_thirds_full_and_no_larger_than_that_takes() {
        let mut index = HashIndex::default();
        for number in 0..500 {
            index.add(word_hash(&number.to_string()), number);
            let taken = number + 1;
            assert_eq!(index.taken, taken);
            assert!(taken * 3 <= index.places.len() * 2, "{taken}");
            assert!(taken * 3 > index.places.len(), "{taken}");
        }
    }

    #[test]
    fn words_that_differ_in_one_letter_hardly_ever_share_a_hash() {
        const ALPHABET: &str = "abcdefghijklmnopqrst";
        let mut words = HashSet::new();
        for letters in 1..ALPHABET.len() {
            for at in 0..letters {
                for letter in 'a'..='z' {
                    let (before, after) = (&ALPHABET[..at], &ALPHABET[at + 1..letters]);
                    words.insert(format!("{before}{letter}{after}"));
                }
            }
        }
        let hashes: HashSet<u32> = words.iter().map(|word| word_hash(word)).collect();
        assert!(words.len() - hashes.len() < 20, "{} of {}", hashes.len(), words.len());
    }
}
