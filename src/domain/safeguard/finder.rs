//! Finds what lanes are found by. Each word of a text is looked up once; phrases begin at a word that
//! means their first, and concepts are asked for only where their rarest element is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Lane;
use super::examples::{Content, Examples, Likeness, passage};
use super::found_by::FoundBy;
use super::hash_index::{WordTable, word_hash};
use super::looked_up::{LookedUp, Meant};
use super::rules::{Candidate, Goal, Rules};
use super::said::{SaidWord, words_of};
use super::slot_set::SlotSet;
use super::vocabulary::{Slot, Spelling, Vocabulary};
use super::wording::Shares;
use super::written::{ELEMENTS_MAX, LaneWords, Written, words_in};

/// What words find.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub lanes: AllFound,
    /// What would be found, if the wording did not speak against it.
    pub doubted: AllFound,
    pub likenesses: Vec<Likeness>,
}

impl Finds {
    fn note(&mut self, doubted: bool, lane: Lane, new: FoundSafeguard) {
        let found = if doubted { &mut self.doubted } else { &mut self.lanes };
        let surer = found.get(&lane);
        if surer.is_none_or(|known| (new.part, new.rule) < (known.part, known.rule)) {
            found.insert(lane, new);
        }
    }
}

/// A lane that was found, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundSafeguard {
    pub by: String,
    pub part: FoundBy,
    /// The rule's number: of several of one part, the first is shown.
    rule: usize,
    pub spelling: Spelling,
}

pub(super) type AllFound = BTreeMap<Lane, FoundSafeguard>;

/// The written lists, ready to be looked for.
#[derive(Default)]
pub(super) struct Finder {
    vocabulary: Vocabulary,
    rules: Rules,
    examples: Examples,
    /// The lanes' examples as written.
    shown: Vec<String>,
    texting: WordTable<Vec<String>>,
    /// Words by which Welsh is known.
    welsh: WordTable<()>,
}

/// A word that is looked for, at its place in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Occurrence {
    slot: Slot,
    place: u32,
    /// Where its last word is.
    last: u32,
    shown: Shown,
    spelling: Spelling,
}

impl Occurrence {
    /// Whether both are found in the same word.
    fn overlaps(&self, other: &Occurrence) -> bool {
        self.place <= other.last && other.place <= self.last
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Entry(usize),
    Row(usize),
}

impl Finder {
    pub(super) fn new(written: &Written) -> Self {
        let mut vocabulary = Vocabulary::new(written.everyday.clone());
        let rules = Rules::new(written, &mut vocabulary);
        vocabulary.finish();
        let texting = written.texting.iter();
        let texting = texting.map(|(short, long)| (short.as_str().into(), words_in(long)));
        let mut finder = Finder {
            vocabulary,
            rules,
            texting: texting.collect(),
            welsh: written.welsh_fillers.iter().map(|word| (word.as_str().into(), ())).collect(),
            ..Finder::default()
        };
        let passage = |text: &String| finder.passage_of(text);
        let of_lane = |(lane, words): (&Lane, &LaneWords)| -> Vec<(Lane, String)> {
            words.examples.iter().map(|example| (*lane, passage(example))).collect()
        };
        let of_lanes: Vec<(Lane, String)> = written.lanes.iter().flat_map(of_lane).collect();
        let everyday: Vec<String> = match of_lanes.is_empty() {
            true => Vec::new(),
            false => written.ordinary.iter().map(passage).collect(),
        };
        finder.examples = Examples::new(&of_lanes, &everyday);
        let shown = written.lanes.values().flat_map(|words| &words.examples);
        finder.shown = shown.cloned().collect();
        finder
    }

    /// An example as it is compared.
    fn passage_of(&self, example: &str) -> String {
        let plain = super::said::plain(example);
        let words = self.spelt_out(words_of(&plain));
        let text = self.look_up(&words);
        passage(&self.content(&text))
    }

    /// Words of text messages in full.
    pub(super) fn spelt_out<'t>(&'t self, words: Vec<SaidWord<'t>>) -> Vec<SaidWord<'t>> {
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            // Longer words are not abbreviations.
            const LETTERS_MAX: usize = 8;
            let long = word.text.len() <= LETTERS_MAX;
            match long.then(|| self.texting.get(&word.text, word.hash)).flatten() {
                None => out.push(word),
                Some(full) => out.extend(full.iter().enumerate().map(|(at, text)| SaidWord {
                    text: Cow::Borrowed(text.as_str()),
                    place: word.place,
                    begins: word.begins && at == 0,
                    hash: word_hash(text),
                })),
            }
        }
        out
    }

    /// What the words find, lane by lane, where the wording makes each lane so likely, and which examples they
    /// resemble by `least` or more.
    pub(super) fn find(&self, words: &[SaidWord<'_>], shares: &Shares, least: f32) -> Finds {
        let mut finds = Finds::default();
        if self.rules.is_empty() && self.shown.is_empty() {
            return finds;
        }
        let mut text = self.look_up(words);
        let mut occurrences = self.single(&text);
        self.rows(&text, shares, &mut finds, &mut occurrences);
        occurrences.iter().for_each(|one| text.note(one.slot));
        let asked = self.asked_near(&text, &occurrences);
        occurrences.retain(|one| asked.holds(one.slot));
        occurrences.sort_unstable();
        self.near(&text, &occurrences, shares, &mut finds);
        if !self.shown.is_empty() {
            finds.likenesses = self.examples.likenesses(&self.content(&text), least);
        }
        finds
    }

    pub(super) fn example(&self, at: usize) -> &str {
        self.shown.get(at).map_or("", String::as_str)
    }

    /// Which word that is looked for a single one is taken for, and how.
    pub(super) fn taken_for(
        &self,
        word: &SaidWord<'_>,
        in_welsh: bool,
    ) -> Option<(String, Spelling)> {
        let mut by = None;
        let spelling = self.vocabulary.meant_by(word, in_welsh, |slot, entry| {
            if slot != Rules::FILLER {
                by = Some(entry);
            }
        })?;
        let entry = by.and_then(|at| self.vocabulary.entry(at))?;
        Some((entry.text.to_string(), spelling))
    }

    fn look_up<'t>(&self, words: &'t [SaidWord<'t>]) -> LookedUp<'t> {
        let in_welsh = self.is_welsh(words);
        let mut text = LookedUp::new(words, self.rules.slots(), |word, meanings| {
            let from = meanings.len();
            let spelling = self.vocabulary.meant_by(word, in_welsh, |slot, entry| {
                meanings.push((slot, entry, Spelling::Written));
            });
            if let Some(spelling) = spelling.filter(|how| *how > Spelling::Ending) {
                for (_, _, how) in meanings.iter_mut().skip(from) {
                    *how = spelling;
                }
            }
        });
        text.set_aside(|slot| self.rules.harmless_from(slot));
        text
    }

    /// Whether a text is mostly in Welsh, by the share of its words that Welsh has most.
    fn is_welsh(&self, words: &[SaidWord<'_>]) -> bool {
        const SHARE: usize = 5;
        let of_welsh =
            words.iter().filter(|word| self.welsh.get(&word.text, word.hash).is_some()).count();
        of_welsh * SHARE > words.len()
    }

    fn single(&self, text: &LookedUp<'_>) -> Vec<Occurrence> {
        let mut occurrences = Vec::new();
        for (word, meanings) in text.each() {
            let here = meanings.iter().filter(|(slot, ..)| self.rules.is_asked_for(*slot));
            occurrences.extend(here.map(|(slot, entry, spelling)| Occurrence {
                slot: *slot,
                place: word.place,
                last: word.place,
                shown: Shown::Entry(*entry),
                spelling: *spelling,
            }));
        }
        occurrences
    }

    fn rows(
        &self,
        text: &LookedUp<'_>,
        shares: &Shares,
        finds: &mut Finds,
        occurrences: &mut Vec<Occurrence>,
    ) {
        for (at, (word, meanings)) in text.each().enumerate() {
            for (slot, _, spelling) in meanings {
                let from = self.rules.rows_from(*slot).iter();
                let may_be =
                    |row: &&Candidate| row.second.is_none_or(|second| text.may_follow(at, second));
                for row in from.filter(may_be) {
                    let number = row.number;
                    let Some(row) = self.rules.row(number) else { continue };
                    let may_be = row.words.iter().skip(2).all(|slot| text.means(*slot));
                    let end = may_be.then(|| text.row_end(&row.words, at)).flatten();
                    let Some(last) = end.and_then(|end| text.words.get(end.checked_sub(1)?)) else {
                        continue;
                    };
                    match row.goal {
                        Goal::Lane(lane) => {
                            let doubted = shares.of(lane) < row.least;
                            let (by, part, rule) = (row.shown.clone(), FoundBy::Words, number);
                            let found = FoundSafeguard { by, part, rule, spelling: *spelling };
                            finds.note(doubted, lane, found);
                        }
                        Goal::Set(slot) => occurrences.push(Occurrence {
                            slot,
                            place: word.place,
                            last: last.place,
                            shown: Shown::Row(number),
                            spelling: *spelling,
                        }),
                    }
                }
            }
        }
    }

    /// The slots that a rule asks for and that the text may fill completely.
    fn asked_near(&self, text: &LookedUp<'_>, occurrences: &[Occurrence]) -> SlotSet {
        let mut asked = SlotSet::of(self.rules.slots());
        let mut known = SlotSet::of(self.rules.slots());
        for slot in occurrences.iter().map(|one| one.slot) {
            if known.holds(slot) {
                continue;
            }
            known.add(slot);
            let from = self.rules.near_from(slot).iter();
            for from in from.filter(|near| near.second.is_none_or(|slot| text.means(slot))) {
                let Some(rule) = self.rules.near(from.number) else { continue };
                if rule.others.iter().all(|slot| text.means(*slot)) {
                    let slots = rule.others.iter().chain(&rule.unless).chain([&slot]);
                    slots.for_each(|slot| asked.add(*slot));
                }
            }
        }
        asked
    }

    /// Phrases in any order, and concepts.
    fn near(
        &self,
        text: &LookedUp<'_>,
        occurrences: &[Occurrence],
        shares: &Shares,
        finds: &mut Finds,
    ) {
        let mut taken: Vec<Occurrence> = Vec::with_capacity(ELEMENTS_MAX);
        for key in occurrences {
            let from = self.rules.near_from(key.slot).iter();
            for from in from.filter(|near| near.second.is_none_or(|slot| text.means(slot))) {
                let number = from.number;
                let Some(rule) = self.rules.near(number) else { continue };
                if !rule.others.iter().all(|slot| text.means(*slot)) {
                    continue;
                }
                let surer = finds.lanes.get(&rule.lane);
                if surer.is_some_and(|known| (known.part, known.rule) <= (rule.part, number)) {
                    continue;
                }
                let near = |slot: Slot, taken: &[Occurrence]| {
                    nearest(occurrences, slot, key.place, rule.reach, taken)
                };
                taken.clear();
                taken.push(*key);
                let all = rule.others.iter().all(|slot| match near(*slot, &taken) {
                    Some(other) => {
                        taken.push(other);
                        true
                    }
                    None => false,
                });
                if !all || rule.unless.iter().any(|slot| near(*slot, &[]).is_some()) {
                    continue;
                }
                taken.sort_by_key(|one| one.place);
                let gaps = taken.windows(2).all(|pair| match pair {
                    [a, b] => b.place - a.place <= rule.gap,
                    _ => true,
                });
                if gaps {
                    let worst = taken.iter().map(|one| one.spelling).max();
                    let spelling = worst.unwrap_or(Spelling::Written);
                    let doubted = shares.of(rule.lane) < rule.least;
                    let (by, part) = (self.show(&taken), rule.part);
                    let found = FoundSafeguard { by, part, rule: number, spelling };
                    finds.note(doubted, rule.lane, found);
                }
            }
        }
    }

    fn show(&self, taken: &[Occurrence]) -> String {
        let words: Vec<&str> = taken
            .iter()
            .filter_map(|one| match one.shown {
                Shown::Entry(at) => self.vocabulary.entry(at).map(|entry| entry.text.as_ref()),
                Shown::Row(at) => self.rules.row(at).map(|row| row.shown.as_str()),
            })
            .collect();
        words.join(" … ")
    }

    /// The text compared with examples: words that say something, and are not set aside.
    fn content<'t>(&self, text: &LookedUp<'t>) -> Vec<Content<'t>> {
        let mut begins = false;
        let mut content = Vec::with_capacity(text.words.len());
        for (word, meanings) in text.each() {
            begins |= word.begins;
            let is = |(slot, _, how): &Meant| *slot == Rules::FILLER && *how == Spelling::Written;
            if !meanings.iter().any(is) {
                content.push(Content { begins, ..Content::of(word) });
                begins = false;
            }
        }
        content
    }
}

/// The occurrence of a slot that is nearest to a place, within reach, in words of its own.
fn nearest(
    occurrences: &[Occurrence],
    slot: Slot,
    place: u32,
    reach: u32,
    taken: &[Occurrence],
) -> Option<Occurrence> {
    let from = place.saturating_sub(reach);
    let start = occurrences.partition_point(|one| (one.slot, one.place) < (slot, from));
    occurrences
        .get(start..)?
        .iter()
        .take_while(|one| one.slot == slot && one.place <= place + reach)
        .filter(|one| taken.iter().all(|other| !other.overlaps(one)))
        .min_by_key(|one| one.place.abs_diff(place))
        .copied()
}

#[cfg(test)]
mod tests;
