//! The words that are looked for, and which of them a word of a text may mean: as it is written, with
//! another ending, mutated, misspelt, or spelt as it sounds. A word of the language that is none of them
//! is never mistaken for a slip of one ("parking" is not "sparking").

use std::collections::HashMap;

use super::dismissed::{Dismissed, Packed, hash};
use super::hash_index::{HashIndex, word_hash};
use super::mutation::radicals;
use super::nearness::Nearness;
use super::said::SaidWord;
use super::sound;
use super::spelling::Word;
use super::written::Everyday;

/// What rules are made of: a word, or a set of words.
pub(super) type Slot = u16;

/// How a word of a text was found to mean one that is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    Written,
    /// With an ending that means nothing.
    Ending,
    /// With a Welsh beginning.
    Mutation,
    /// A letter or two wrong.
    Slip,
    /// As it sounds.
    Sound,
}

/// Radicals of fewer letters are too like other words.
const MUTATED_LETTERS_MIN: usize = 4;
/// What is left of a word without its ending has as many letters.
const STEM_LETTERS_MIN: usize = 3;
/// Endings that a stem (`flood*`) may have.
const ENDINGS: [&str; 12] = ["", "s", "e", "y", "d", "ed", "es", "er", "ers", "ing", "ies", "ied"];
/// Endings that mean nothing on any word: a plural, and Welsh `'r` and `'n` without the apostrophe.
const CLITICS: [&str; 3] = ["s", "r", "n"];

#[derive(Default)]
pub(super) struct Vocabulary {
    entries: Vec<Entry>,
    /// The entries that are words, and those that are stems, by hash.
    written: HashIndex,
    stems: HashIndex,
    /// How stems begin: most words begin otherwise.
    beginnings: Beginnings,
    /// The entries that may be misspelt, and where they are.
    fuzzy: Vec<(Word<'static>, usize)>,
    near: Nearness,
    sounds: HashMap<String, Vec<usize>>,
    everyday: Everyday,
    dismissed: Dismissed,
    /// In which language the words are that are added.
    adds: Tongue,
}

/// In which language words are written that are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Tongue {
    /// Misspelt, and not mutated.
    #[default]
    English,
    /// Mutated, and without slips: short words of Welsh are a letter apart from each other in their own
    /// forms.
    Welsh,
    /// An organisation's own words may be either.
    Either,
}

/// A word that is looked for.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub text: Box<str>,
    /// What it belongs to.
    slots: Vec<Slot>,
    /// To what it belongs only as it is written.
    exact: Vec<Slot>,
    /// Whether it is never English, so that it may be mutated.
    mutates: bool,
    /// Whether it may be misspelt.
    slips: bool,
}

impl Entry {
    fn may_slip(&self) -> bool {
        !self.slots.is_empty() && self.slips
    }
}

impl Vocabulary {
    pub(super) fn new(everyday: Everyday) -> Self {
        Vocabulary { everyday, ..Vocabulary::default() }
    }

    /// In which language the words are that are added from now on.
    pub(super) fn adds(&mut self, tongue: Tongue) {
        self.adds = tongue;
    }

    /// A word of a slot; with `*` at its end, a stem.
    pub(super) fn add(&mut self, word: &str, slot: Slot, exact: bool) {
        let (text, table) = match word.strip_suffix('*') {
            Some(stem) => {
                self.beginnings.add(stem);
                (stem, &mut self.stems)
            }
            None => (word, &mut self.written),
        };
        let hash = word_hash(text);
        let at = found(table, &self.entries, text, hash).unwrap_or_else(|| {
            let next = self.entries.len();
            table.add(hash, next);
            self.entries.push(Entry { text: text.into(), mutates: true, ..Entry::default() });
            next
        });
        if let Some(entry) = self.entries.get_mut(at) {
            entry.mutates &= self.adds != Tongue::English;
            entry.slips |= self.adds != Tongue::Welsh;
            let slots = if exact { &mut entry.exact } else { &mut entry.slots };
            if !slots.contains(&slot) {
                slots.push(slot);
            }
        }
    }

    /// After the last word was added.
    pub(super) fn finish(&mut self) {
        let may_slip = |(at, entry): (usize, &Entry)| {
            let word = Word::new(&entry.text).into_owned();
            (entry.may_slip() && word.slips() > 0).then_some((word, at))
        };
        self.fuzzy = self.entries.iter().enumerate().filter_map(may_slip).collect();
        // Words of similar length are adjacent, and compared together.
        self.fuzzy.sort_by(|(a, _), (b, _)| (a.letters(), a.text()).cmp(&(b.letters(), b.text())));
        self.near = Nearness::of(self.fuzzy.iter().map(|(word, _)| word));
        for (at, entry) in self.entries.iter().enumerate() {
            if let Some(key) = sound::key(&entry.text).filter(|_| entry.may_slip()) {
                self.sounds.entry(key).or_default().push(at);
            }
        }
    }

    pub(super) fn entry(&self, at: usize) -> Option<&Entry> {
        self.entries.get(at)
    }

    /// Hands over each slot that the word belongs to, with the entry by which it does. In a text in Welsh,
    /// no word is a slip of an English one.
    pub(super) fn meant_by(
        &self,
        word: &SaidWord<'_>,
        in_welsh: bool,
        mut take: impl FnMut(Slot, usize),
    ) -> Option<Spelling> {
        let said = word.text.as_ref();
        let written = found(&self.written, &self.entries, said, word.hash);
        let written = self.take(written, true, &mut take);
        let packed = if written { None } else { Packed::of(said, in_welsh) };
        if packed.is_some_and(|packed| self.dismissed.holds(packed)) {
            return None;
        }
        // A word may be written as it is and have a stem besides.
        if self.take(self.stem_of(said), false, &mut take) || written {
            return Some(Spelling::Written);
        }
        let found = match self.everyday.holds(said) {
            true => None,
            false => self.otherwise(said, in_welsh, &mut take),
        };
        if let Some(packed) = packed.filter(|_| found.is_none()) {
            self.dismissed.add(packed);
        }
        found
    }

    fn otherwise(
        &self,
        said: &str,
        in_welsh: bool,
        take: &mut impl FnMut(Slot, usize),
    ) -> Option<Spelling> {
        for clitic in CLITICS {
            let bare = said.strip_suffix(clitic).filter(|bare| bare.len() >= STEM_LETTERS_MIN);
            if self.take(bare.and_then(|bare| self.word(bare)), false, take) {
                return Some(Spelling::Ending);
            }
        }
        let mutated = radicals(said, |radical| {
            let stem = || self.stem_of(radical);
            let at = self.word(radical).or_else(stem);
            let mutates = at.and_then(|at| self.entries.get(at)).is_some_and(|it| it.mutates);
            let may_be = mutates && radical.len() >= MUTATED_LETTERS_MIN;
            may_be && self.take(at, false, take)
        });
        if mutated {
            return Some(Spelling::Mutation);
        }
        let shorter = without_repeats(said);
        if let Some(shorter) = &shorter
            && self.as_written(shorter, take)
        {
            return Some(Spelling::Slip);
        }
        if in_welsh { None } else { self.misspelt(shorter.as_deref().unwrap_or(said), take) }
    }

    fn as_written(&self, said: &str, take: &mut impl FnMut(Slot, usize)) -> bool {
        let written = self.take(self.word(said), false, take);
        self.take(self.stem_of(said), false, take) || written
    }

    fn misspelt(&self, said: &str, take: &mut impl FnMut(Slot, usize)) -> Option<Spelling> {
        let mut found = false;
        let mut near = |said: &str| {
            let word = Word::new(said);
            self.near.candidates(&word, |place| {
                if let Some((other, at)) = self.fuzzy.get(place)
                    && word.is_near_by_letters(other)
                {
                    found |= self.take(Some(*at), false, take);
                }
            });
        };
        near(said);
        for ending in ["s", "ed", "ing", "in"] {
            if let Some(base) = said.strip_suffix(ending) {
                near(base);
            }
        }
        if found {
            return Some(Spelling::Slip);
        }
        let alike = sound::key(said).and_then(|key| self.sounds.get(&key));
        for at in alike.into_iter().flatten() {
            let is_like = |entry: &&Entry| sounds_like(said, &entry.text);
            if self.entry(*at).as_ref().is_some_and(is_like) {
                found |= self.take(Some(*at), false, take);
            }
        }
        found.then_some(Spelling::Sound)
    }

    /// The entry of a word as it is written.
    fn word(&self, word: &str) -> Option<usize> {
        found(&self.written, &self.entries, word, word_hash(word))
    }

    /// The stem of which this is a form.
    fn stem_of(&self, said: &str) -> Option<usize> {
        if !self.beginnings.may_have(said) {
            return None;
        }
        let stem = |base: &str| found(&self.stems, &self.entries, base, word_hash(base));
        ENDINGS.iter().find_map(|ending| {
            let base = said.strip_suffix(ending).filter(|base| base.len() >= STEM_LETTERS_MIN)?;
            let doubled = || {
                // "dripping": a consonant is doubled before the ending.
                let (shorter, last) = base.split_at_checked(base.len() - 1)?;
                let is_doubled = ending.len() > 1 && shorter.ends_with(last);
                is_doubled.then(|| stem(shorter)).flatten()
            };
            stem(base).or_else(doubled)
        })
    }

    fn take(&self, at: Option<usize>, exact: bool, take: &mut impl FnMut(Slot, usize)) -> bool {
        let Some((at, entry)) = at.and_then(|at| Some((at, self.entries.get(at)?))) else {
            return false;
        };
        let exact = if exact { entry.exact.as_slice() } else { &[] };
        for slot in entry.slots.iter().chain(exact) {
            take(*slot, at);
        }
        !entry.slots.is_empty() || !exact.is_empty()
    }
}

/// The entry of a word in `table`.
fn found(table: &HashIndex, entries: &[Entry], word: &str, hash: u32) -> Option<usize> {
    table.find(hash, |at| entries.get(at).is_some_and(|entry| *entry.text == *word))
}

/// The first letters of words, [`STEM_LETTERS_MIN`] of each, as bits by their hashes.
struct Beginnings(Box<[u64; 1 << (BEGINNING_BITS - 6)]>);

const BEGINNING_BITS: u32 = 12;

impl Default for Beginnings {
    fn default() -> Self {
        Beginnings(Box::new([0; 1 << (BEGINNING_BITS - 6)]))
    }
}

impl Beginnings {
    fn add(&mut self, word: &str) {
        if let Some((at, bit)) = Beginnings::place(word)
            && let Some(bits) = self.0.get_mut(at)
        {
            *bits |= bit;
        }
    }

    fn may_have(&self, word: &str) -> bool {
        let bits = Beginnings::place(word).and_then(|(at, bit)| Some(self.0.get(at)? & bit));
        bits.is_some_and(|bit| bit != 0)
    }

    fn place(word: &str) -> Option<(usize, u64)> {
        let letters = word.as_bytes().first_chunk::<STEM_LETTERS_MIN>()?;
        let number = letters.iter().fold(0, |number, letter| number << 8 | u64::from(*letter));
        let at = hash(number, BEGINNING_BITS);
        Some((at >> 6, 1 << (at & 63)))
    }
}

/// Words that sound alike are about as long and begin alike, or they are others.
fn sounds_like(said: &str, word: &str) -> bool {
    const LETTERS_APART_MAX: usize = 3;
    let begins = |word: &str| match word.as_bytes().first() {
        Some(b'k' | b'q' | b'c' | b's' | b'z') => b'k',
        Some(b'f' | b'p') => b'f',
        Some(b'g' | b'j') => b'g',
        Some(b'a' | b'e' | b'i' | b'o' | b'u') => b'a',
        Some(other) => *other,
        None => b' ',
    };
    said.len().abs_diff(word.len()) <= LETTERS_APART_MAX && begins(said) == begins(word)
}

/// "heeelp" is help: a letter that occurs there three times or more, once; `None` where there is none.
fn without_repeats(said: &str) -> Option<String> {
    let repeated = |window: &[u8]| matches!(window, [a, b, c] if a == b && b == c);
    if !said.as_bytes().windows(3).any(repeated) {
        return None;
    }
    let mut shorter = String::with_capacity(said.len());
    let mut rest = said;
    while let Some(letter) = rest.chars().next() {
        let after = rest.trim_start_matches(letter);
        let run = (rest.len() - after.len()) / letter.len_utf8();
        let kept = if run > 2 { 1 } else { run };
        shorter.extend(std::iter::repeat_n(letter, kept));
        rest = after;
    }
    Some(shorter)
}

#[cfg(test)]
mod tests;
