//! Which of many words may have been meant by one, but for slips. All are asked at once, 64 by 64:
//! a word with so many slips lacks at most so many of the letters that are said.

use super::spelling::{SLIPS_MAX, Word, slips_of};

/// Words that are asked together, a bit each.
const TOGETHER: usize = 64;
/// Bits for letters ([`Word::occurring`]).
const LETTERS: usize = 64;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nearness {
    groups: Vec<Group>,
}

/// Up to 64 words, each a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// Of each letter, the words that lack it.
    lacking: [u64; LETTERS],
    /// By how many letters are said, the words that may be meant with that length.
    of_length: Vec<OfLength>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct OfLength {
    with_one_slip: u64,
    with_two_slips: u64,
}

impl Nearness {
    /// Of words in an order; those that may have no slips are never candidates.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w Word<'static>>) -> Self {
        let mut nearness = Nearness::default();
        for (at, word) in words.enumerate() {
            if at % TOGETHER == 0 {
                nearness.groups.push(Group { lacking: [0; LETTERS], of_length: Vec::new() });
            }
            if let Some(group) = nearness.groups.last_mut() {
                group.add(word, 1 << (at % TOGETHER));
            }
        }
        nearness
    }

    /// Places of the words that may have been meant, and hardly any other.
    pub(super) fn candidates<'a>(&'a self, said: &'a Word<'_>) -> impl Iterator<Item = usize> + 'a {
        let groups = self.groups.iter().enumerate();
        groups.flat_map(|(number, group)| {
            bits(group.candidates(said)).map(move |bit| number * TOGETHER + bit)
        })
    }
}

impl Group {
    fn add(&mut self, word: &Word<'_>, bit: u64) {
        for (letter, lacking) in self.lacking.iter_mut().enumerate() {
            if word.occurring() & (1 << letter) == 0 {
                *lacking |= bit;
            }
        }
        let slips = slips_of(word.letters());
        let longest = word.letters() + slips;
        if self.of_length.len() <= longest {
            self.of_length.resize(longest + 1, OfLength::default());
        }
        let lengths = word.letters() - slips..=longest;
        for length in self.of_length.get_mut(lengths).into_iter().flatten() {
            match slips {
                0 => {}
                1 => length.with_one_slip |= bit,
                SLIPS_MAX.. => length.with_two_slips |= bit,
            }
        }
    }

    fn candidates(&self, said: &Word<'_>) -> u64 {
        let Some(of_length) = self.of_length.get(said.letters()) else { return 0 };
        if *of_length == OfLength::default() {
            return 0;
        }
        // Those that lack one letter, two and three, of those that are said.
        let (mut one, mut two, mut three) = (0, 0, 0);
        for letter in bits(said.occurring()) {
            let lacking = self.lacking.get(letter).copied().unwrap_or_default();
            three |= two & lacking;
            two |= one & lacking;
            one |= lacking;
        }
        of_length.with_one_slip & !two | of_length.with_two_slips & !three
    }
}

/// The places of the bits that are set.
fn bits(mut of: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let lowest = of.trailing_zeros();
        // Without the lowest that is set.
        of &= of.wrapping_sub(1);
        (lowest < u64::BITS).then_some(lowest as usize)
    })
}
