//! Which of many words may have been meant by one, but for slips. All are asked at once, 64 by 64: with
//! so many slips, a word lacks at most so many of the letters that are said, and has at most so many that
//! are not.

use super::spelling::{SLIPS_MAX, Word, slips_of};

/// Words that are asked together, a bit each.
const TOGETHER: usize = 64;
/// Bits for letters ([`Word::occurring`]).
const LETTERS: usize = 64;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Nearness {
    groups: Vec<Group>,
    /// By number of letters, which to compare.
    of_length: Vec<Vec<Asked>>,
}

/// Up to 64 words, each a bit.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Group {
    /// Of each letter, the words that lack it.
    lacking: [u64; LETTERS],
    /// Of each number, the words in which no more than so many different letters occur.
    with_letters: [u64; LETTERS],
    /// Where the words are, in the order of their bits.
    places: Vec<usize>,
}

/// Which of a group to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Asked {
    group: usize,
    with_one_slip: u64,
    with_two_slips: u64,
}

impl Nearness {
    /// Of words in an order, best by length; those that may have no slips are never candidates.
    pub(super) fn of<'w>(words: impl Iterator<Item = &'w Word<'static>>) -> Self {
        let mut nearness = Nearness::default();
        let with_slips = words.enumerate().filter(|(_, word)| word.slips() > 0);
        for (number, (place, word)) in with_slips.enumerate() {
            if number % TOGETHER == 0 {
                nearness.groups.push(Group::default());
            }
            let number = nearness.groups.len() - 1;
            if let Some(group) = nearness.groups.last_mut() {
                let bit = group.add(word, place);
                nearness.ask(number, bit, word);
            }
        }
        nearness
    }

    /// Notes with which lengths the word of a group may be meant.
    fn ask(&mut self, group: usize, bit: u64, word: &Word<'_>) {
        let slips = slips_of(word.letters());
        let longest = word.letters() + slips;
        if self.of_length.len() <= longest {
            self.of_length.resize(longest + 1, Vec::new());
        }
        let lengths = word.letters() - slips..=longest;
        for asked in self.of_length.get_mut(lengths).into_iter().flatten() {
            if asked.last().is_none_or(|last| last.group != group) {
                asked.push(Asked { group, with_one_slip: 0, with_two_slips: 0 });
            }
            if let Some(asked) = asked.last_mut() {
                match slips {
                    0 => {}
                    1 => asked.with_one_slip |= bit,
                    SLIPS_MAX.. => asked.with_two_slips |= bit,
                }
            }
        }
    }

    /// Hands over places of the words that may have been meant, and hardly any other.
    pub(super) fn candidates(&self, said: &Word<'_>, mut take: impl FnMut(usize)) {
        let Some(asked) = self.of_length.get(said.letters()) else { return };
        for asked in asked {
            let Some(group) = self.groups.get(asked.group) else { continue };
            let mut candidates = group.candidates(said.occurring(), *asked);
            while candidates != 0 {
                if let Some(place) = group.places.get(lowest(candidates)) {
                    take(*place);
                }
                candidates &= candidates - 1;
            }
        }
    }
}

impl Default for Group {
    fn default() -> Self {
        Group { lacking: [0; LETTERS], with_letters: [0; LETTERS], places: Vec::new() }
    }
}

impl Group {
    /// Gives the word's bit.
    fn add(&mut self, word: &Word<'_>, place: usize) -> u64 {
        let bit = 1 << self.places.len();
        self.places.push(place);
        for (letter, lacking) in self.lacking.iter_mut().enumerate() {
            if word.occurring() & (1 << letter) == 0 {
                *lacking |= bit;
            }
        }
        for words in self.with_letters.iter_mut().skip(word.occurring().count_ones() as usize) {
            *words |= bit;
        }
        bit
    }

    fn candidates(&self, mut letters: u64, asked: Asked) -> u64 {
        // Those that lack one letter, two and three, of those that are said.
        let (mut one, mut two, mut three) = (0, 0, 0);
        let mut said = 0;
        while letters != 0 {
            let lacking = self.lacking.get(lowest(letters)).copied().unwrap_or_default();
            three |= two & lacking;
            two |= one & lacking;
            one |= lacking;
            letters &= letters - 1;
            said += 1;
        }
        let (with_one, with_two) = (asked.with_one_slip & !two, asked.with_two_slips & !three);
        if with_one | with_two == 0 {
            return 0;
        }
        // Who lacks none of them and has two that are not said has two more than are said; and so on.
        let (none, just_one, just_two) = (!one, one & !two, two & !three);
        let up_to = |letters: usize| self.with_letters.get(letters).copied().unwrap_or(u64::MAX);
        let (same, one_more, two_more) = (up_to(said), up_to(said + 1), up_to(said + 2));
        let near_by_one = none & one_more | just_one & same;
        let near_by_two = none & two_more | just_one & one_more | just_two & same;
        with_one & near_by_one | with_two & near_by_two
    }
}

/// The place of the lowest bit that is set.
const fn lowest(bits: u64) -> usize {
    bits.trailing_zeros() as usize
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By the definition at the head of this file, word by word.
    fn may_be_meant(said: &Word<'_>, word: &Word<'_>) -> bool {
        let lacks = (said.occurring() & !word.occurring()).count_ones() as usize;
        let more = (word.occurring() & !said.occurring()).count_ones() as usize;
        let slips = word.slips();
        let as_long = said.letters().abs_diff(word.letters()) <= slips;
        slips > 0 && as_long && lacks <= slips && more <= slips
    }

    proptest! {
        #[test]
        fn all_that_are_asked_at_once_are_those_that_may_be_meant_one_by_one(
            words in prop::collection::vec("[a-k]{4,12}", 1..150), said in "[a-k]{3,14}",
        ) {
            let words: Vec<Word<'static>> =
                words.iter().map(|word| Word::new(word).into_owned()).collect();
            let nearness = Nearness::of(words.iter());
            for said in words.iter().chain([&Word::new(&said).into_owned()]) {
                let mut taken = Vec::new();
                nearness.candidates(said, |place| taken.push(place));
                taken.sort_unstable();
                let expected: Vec<usize> = words
                    .iter()
                    .enumerate()
                    .filter(|(_, word)| may_be_meant(said, word))
                    .map(|(place, _)| place)
                    .collect();
                prop_assert_eq!(taken, expected, "{}", said.text());
            }
        }
    }
}
