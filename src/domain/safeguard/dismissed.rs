//! Words that were looked up before and mean nothing here: most of any text is made of the same few
//! hundred.

use std::sync::atomic::{AtomicU64, Ordering};

/// Up to eight bytes of a word are packed into one number: a word is found exactly or not at all.
pub(super) struct Dismissed {
    words: Box<[AtomicU64; 1 << DISMISSED_BITS]>,
}

/// 1,024 words; another one of the same hash takes the place of the one before it.
const DISMISSED_BITS: u32 = 10;

impl Dismissed {
    pub(super) fn holds(&self, word: &str) -> bool {
        // Each position is independent: its result affects no other.
        Dismissed::number(word).is_some_and(|number| {
            self.place(number).is_some_and(|place| place.load(Ordering::Relaxed) == number)
        })
    }

    pub(super) fn add(&self, word: &str) {
        if let Some(number) = Dismissed::number(word)
            && let Some(place) = self.place(number)
        {
            place.store(number, Ordering::Relaxed);
        }
    }

    fn place(&self, number: u64) -> Option<&AtomicU64> {
        self.words.get(hash(number, DISMISSED_BITS))
    }

    /// The word's bytes. No word has a zero among them.
    fn number(word: &str) -> Option<u64> {
        let mut bytes = [0; size_of::<u64>()];
        bytes.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
        Some(u64::from_le_bytes(bytes))
    }
}

impl Default for Dismissed {
    fn default() -> Self {
        Dismissed { words: Box::new([const { AtomicU64::new(0) }; 1 << DISMISSED_BITS]) }
    }
}

/// So many bits, by multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4).
pub(super) fn hash(of: u64, bits: u32) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    // So few bits are in every `usize`.
    usize::try_from(of.wrapping_mul(GOLDEN) >> (u64::BITS - bits)).unwrap_or_default()
}
