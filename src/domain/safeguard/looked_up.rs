//! The words of a text, with the slots that each may mean.

use super::rules::{Row, Rules};
use super::said::SaidWord;
use super::slot_set::SlotSet;
use super::vocabulary::{Slot, Spelling};

/// Fillers allowed between two words of a phrase.
const FILLERS_MAX: usize = 3;

/// A slot that a word may mean, the entry that matched, and how the word is spelt.
pub(super) type Meant = (Slot, usize, Spelling);

/// A text whose words were looked up.
pub(super) struct LookedUp<'t> {
    pub words: &'t [SaidWord<'t>],
    /// By word.
    looked: Vec<Looked>,
    meanings: Vec<Meant>,
    /// The slots that a word or a sequence of words may mean. Others need no search.
    meant: SlotSet,
}

/// The meanings of a word.
#[derive(Clone, Copy)]
struct Looked {
    /// Their range in [`LookedUp::meanings`].
    from: usize,
    to: usize,
    is_filler: bool,
    /// The slots that it may mean, one [`bit_of`] each.
    slots: u64,
    /// Those that the next word of a row may mean: this rules out nearly all rows.
    ahead: u64,
}

impl<'t> LookedUp<'t> {
    /// `slots`: the number of slots. `look_up` appends the meanings of a word.
    pub(super) fn new(
        words: &'t [SaidWord<'t>],
        slots: usize,
        look_up: impl Fn(&SaidWord<'t>, &mut Vec<Meant>),
    ) -> Self {
        let mut meanings = Vec::with_capacity(words.len());
        let mut looked = Vec::with_capacity(words.len());
        let mut meant = SlotSet::of(slots);
        for word in words {
            let from = meanings.len();
            look_up(word, &mut meanings);
            let mut one = Looked { from, to: meanings.len(), is_filler: false, slots: 0, ahead: 0 };
            for (slot, ..) in meanings.iter().skip(from) {
                one.is_filler |= *slot == Rules::FILLER;
                one.slots |= bit_of(*slot);
                meant.add(*slot);
            }
            looked.push(one);
        }
        // Fillers may come before the next word of a row.
        let mut after = [0; FILLERS_MAX + 1];
        for one in looked.iter_mut().rev() {
            one.ahead = after.iter().fold(0, |all, slots| all | slots);
            after.rotate_right(1);
            after[0] = one.slots;
        }
        LookedUp { words, looked, meanings, meant }
    }

    /// Each word with its meanings.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'t SaidWord<'t>, &[Meant])> {
        self.words.iter().zip(self.looked.iter().map(|looked| self.meanings_of(looked)))
    }

    fn meanings_of(&self, looked: &Looked) -> &[Meant] {
        self.meanings.get(looked.from..looked.to).unwrap_or_default()
    }

    /// Whether a row may continue with `slot` after a word: `false` is certain.
    pub(super) fn may_follow(&self, word: usize, slot: Slot) -> bool {
        self.looked.get(word).is_some_and(|word| word.ahead & bit_of(slot) != 0)
    }

    /// Whether any word or noted row of words may mean the slot.
    pub(super) fn means(&self, slot: Slot) -> bool {
        self.meant.holds(slot)
    }

    /// Notes that a row of words means the slot.
    pub(super) fn note(&mut self, slot: Slot) {
        self.meant.add(slot);
    }

    /// Drops the meanings of words that are harmless in their context ("fire door").
    pub(super) fn set_aside<'r>(&mut self, harmless_from: impl Fn(Slot) -> &'r [Row]) {
        let mut aside: Vec<(usize, usize)> = Vec::new();
        for (at, (_, meanings)) in self.each().enumerate() {
            for row in meanings.iter().flat_map(|(slot, ..)| harmless_from(*slot)) {
                let may_be = row.words.get(1).is_none_or(|slot| self.may_follow(at, *slot));
                if let Some(end) = may_be.then(|| self.row_end(&row.words, at)).flatten() {
                    aside.push((at, end));
                }
            }
        }
        for (from, to) in aside {
            for at in from..to {
                self.leave_fillers(at);
            }
        }
    }

    fn leave_fillers(&mut self, at: usize) {
        let Some(looked) = self.looked.get_mut(at) else { return };
        let Some(meanings) = self.meanings.get_mut(looked.from..looked.to) else { return };
        let mut left = 0;
        for other in 0..meanings.len() {
            if meanings.get(other).is_some_and(|(slot, ..)| *slot == Rules::FILLER) {
                meanings.swap(left, other);
                left += 1;
            }
        }
        looked.to = looked.from + left;
    }

    /// The end (exclusive) of a row whose first word is at `from`, if all its other words follow.
    pub(super) fn row_end(&self, row: &[Slot], from: usize) -> Option<usize> {
        let mut at = from + 1;
        for slot in row.iter().skip(1) {
            let mut fillers = 0;
            while !self.word_means(at, *slot) {
                if fillers == FILLERS_MAX || !self.looked.get(at)?.is_filler {
                    return None;
                }
                fillers += 1;
                at += 1;
            }
            at += 1;
        }
        Some(at)
    }

    fn word_means(&self, word: usize, slot: Slot) -> bool {
        self.looked.get(word).is_some_and(|looked| {
            looked.slots & bit_of(slot) != 0
                && self.meanings_of(looked).iter().any(|(meant, ..)| *meant == slot)
        })
    }
}

/// The bit of a slot; slots 64 apart share one.
const fn bit_of(slot: Slot) -> u64 {
    1 << (slot % 64)
}

#[cfg(test)]
mod tests {
    use super::super::rules::Goal;
    use super::super::said::words_of;
    use super::*;

    /// Of a letter; a filler is `x`. A digit's shares its bit with a letter's.
    fn slot(letter: u8) -> Slot {
        match letter {
            b'x' => Rules::FILLER,
            b'0'..=b'9' => Slot::from(letter - b'0') + 65,
            _ => Slot::from(letter - b'a') + 1,
        }
    }

    fn slots(letters: &str) -> Vec<Slot> {
        letters.bytes().map(slot).collect()
    }

    /// A word may mean the slot of each of its letters.
    fn looked_up<'t>(words: &'t [SaidWord<'t>]) -> LookedUp<'t> {
        LookedUp::new(words, 200, |word, meanings| {
            let letters = word.text.bytes().enumerate();
            meanings.extend(letters.map(|(at, letter)| (slot(letter), at, Spelling::Written)));
        })
    }

    #[test]
    fn a_row_goes_on_behind_at_most_three_fillers_for_each_word() {
        for (text, from, row, end) in [
            ("a", 0, "a", Some(1)),
            ("a b c", 0, "ab", Some(2)),
            ("a b c", 0, "abc", Some(3)),
            ("c a b", 1, "ab", Some(3)),
            ("a b c", 0, "ac", None),
            ("a x b", 0, "ab", Some(3)),
            ("a x x x b", 0, "ab", Some(5)),
            ("a x x x x b", 0, "ab", None),
            ("a x b x x x c", 0, "abc", Some(7)),
            ("a x x", 0, "ab", None),
            ("a", 0, "ab", None),
            ("a bd", 0, "ad", Some(2)),
            // Its bit is that of `a`, and it is another slot.
            ("c a", 0, "c0", None),
        ] {
            let words = words_of(text);
            assert_eq!(looked_up(&words).row_end(&slots(row), from), end, "{text}: {row}");
        }
    }

    #[test]
    fn what_cannot_follow_a_word_is_known_beforehand() {
        let words = words_of("a xx xx xx b c");
        let text = looked_up(&words);
        let follows = |word: usize, letter: u8| text.may_follow(word, slot(letter));
        assert!(follows(0, b'b') && follows(4, b'c'));
        assert!(!follows(0, b'c') && !follows(0, b'a') && !follows(5, b'c') && !follows(6, b'c'));
        let bits = (0..64).map(bit_of).fold(0, |all, bit| all | bit);
        assert_eq!(bits, u64::MAX);
    }

    #[test]
    fn a_text_means_what_its_words_mean_and_what_is_noted() {
        let words = words_of("a b");
        let mut text = looked_up(&words);
        assert!(text.means(slot(b'a')) && !text.means(slot(b'd')));
        text.note(slot(b'd'));
        assert!(text.means(slot(b'd')) && !text.means(slot(b'c')));
    }

    #[test]
    fn words_that_are_harmless_together_mean_nothing_there_but_fill() {
        for (text, left) in [
            ("a b c", ["", "", "c"]),
            ("a c b", ["a", "c", "b"]),
            ("d a b", ["d", "", ""]),
            ("ca bxd c", ["", "x", "c"]),
            ("a x b", ["", "x", ""]),
        ] {
            let words = words_of(text);
            let mut text = looked_up(&words);
            let row = [Row {
                words: slots("ab"),
                goal: Goal::Set(Rules::FILLER),
                shown: String::new(),
                least: 0.0,
            }];
            text.set_aside(|first| if first == slot(b'a') { row.as_slice() } else { &[] });
            let meant: Vec<Vec<Slot>> = text
                .each()
                .map(|(_, meanings)| meanings.iter().map(|(slot, ..)| *slot).collect())
                .collect();
            assert_eq!(meant, left.map(slots));
        }
    }
}
