//! Finds what lanes are found by. Each word of a text is looked up once; phrases begin at a word that
//! means their first, and concepts are asked for only where their rarest element is.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Lane;
use super::examples::{Content, Examples, Likeness, passage};
use super::lane::Part;
use super::rules::{Goal, Rules};
use super::said::{SaidWord, words_of};
use super::vocabulary::{Slot, Spelling, Table, Vocabulary};
use super::wording::Shares;
use super::written::{LaneWords, Written, words_in};

/// Little words allowed between two words of a phrase.
const FILLERS_MAX: usize = 3;

/// What words find.
#[derive(Debug, Default)]
pub(super) struct Finds {
    pub lanes: AllFound,
    /// What would be found, if the wording did not speak against it.
    pub doubted: AllFound,
    pub likenesses: Vec<Likeness>,
}

impl Finds {
    fn note(&mut self, doubted: bool, lane: Lane, new: Found) {
        let found = if doubted { &mut self.doubted } else { &mut self.lanes };
        let surer = found.get(&lane);
        if surer.is_none_or(|known| (new.part, new.rule) < (known.part, known.rule)) {
            found.insert(lane, new);
        }
    }
}

/// A lane that was found, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub by: String,
    pub part: Part,
    /// The rule's number: of several of one part, the first is shown.
    rule: usize,
    pub spelling: Spelling,
}

pub(super) type AllFound = BTreeMap<Lane, Found>;

/// The written lists, ready to be looked for.
#[derive(Default)]
pub(super) struct Finder {
    vocabulary: Vocabulary,
    rules: Rules,
    examples: Examples,
    /// Each example as it is written.
    shown: Vec<String>,
    texting: Table<Vec<String>>,
    /// Words by which Welsh is known.
    welsh: Table<()>,
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

/// A text, looked up.
struct Text<'t> {
    words: &'t [SaidWord<'t>],
    /// Where each word's meanings begin in `meanings`; one more at the end.
    starts: Vec<usize>,
    meanings: Vec<(Slot, usize, Spelling)>,
    /// Of each slot, whether a word means it.
    meant: Vec<bool>,
}

impl Text<'_> {
    fn meanings(&self, word: usize) -> &[(Slot, usize, Spelling)] {
        let from = self.starts.get(word).copied().unwrap_or_default();
        let to = self.starts.get(word + 1).copied().unwrap_or(from);
        self.meanings.get(from..to).unwrap_or_default()
    }

    /// Whether any word means it.
    fn means(&self, slot: Slot) -> bool {
        self.meant.get(usize::from(slot)).copied().unwrap_or_default()
    }
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
        let of_lane = |(lane, words): (&Lane, &LaneWords)| {
            let lane = *lane;
            words.examples.iter().map(move |example| (Some(lane), example.clone())).collect()
        };
        let mut examples: Vec<(Option<Lane>, String)> =
            written.lanes.iter().flat_map(|lane| -> Vec<_> { of_lane(lane) }).collect();
        if !examples.is_empty() {
            examples.extend(written.ordinary.iter().map(|text| (None, text.clone())));
        }
        let passages: Vec<(Option<Lane>, String)> =
            examples.iter().map(|(lane, text)| (*lane, finder.passage_of(text))).collect();
        finder.examples = Examples::new(&passages);
        finder.shown = examples.into_iter().map(|(_, text)| text).collect();
        finder
    }

    /// An example as it is compared.
    fn passage_of(&self, example: &str) -> String {
        let plain = super::said::plain(example);
        let words = self.spelt_out(words_of(&plain));
        let text = self.look_up(&words);
        passage(self.content(&text).iter().map(|word| word.text))
    }

    /// Words of text messages in full.
    pub(super) fn spelt_out<'t>(&'t self, words: Vec<SaidWord<'t>>) -> Vec<SaidWord<'t>> {
        if self.texting.is_empty() {
            return words;
        }
        let mut out = Vec::with_capacity(words.len());
        for word in words {
            // Longer words are not abbreviations.
            const LETTERS_MAX: usize = 8;
            let long = word.text.len() <= LETTERS_MAX;
            match long.then(|| self.texting.get(word.text.as_ref())).flatten() {
                None => out.push(word),
                Some(full) => out.extend(full.iter().enumerate().map(|(at, text)| SaidWord {
                    text: Cow::Borrowed(text.as_str()),
                    place: word.place,
                    begins: word.begins && at == 0,
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
        let text = self.look_up(words);
        let mut occurrences = self.single(&text);
        self.rows(&text, shares, &mut finds, &mut occurrences);
        occurrences.sort_unstable();
        self.near(&occurrences, shares, &mut finds);
        if !self.shown.is_empty() {
            finds.likenesses = self.examples.likenesses(&self.content(&text), least);
        }
        finds
    }

    pub(super) fn example(&self, at: usize) -> &str {
        self.shown.get(at).map_or("", String::as_str)
    }

    /// Which word that is looked for a single one is taken for, and how.
    pub(super) fn taken_for(&self, word: &str, in_welsh: bool) -> Option<(String, Spelling)> {
        let mut by = None;
        let spelling = self.vocabulary.meant_by(word, in_welsh, |slot, entry| {
            if slot != Rules::FILLER {
                by = Some(entry);
            }
        })?;
        let entry = by.and_then(|at| self.vocabulary.entry(at))?;
        Some((entry.text.to_string(), spelling))
    }

    fn look_up<'t>(&self, words: &'t [SaidWord<'t>]) -> Text<'t> {
        let mut text = Text {
            words,
            starts: Vec::with_capacity(words.len() + 1),
            meanings: Vec::with_capacity(words.len()),
            meant: vec![false; self.rules.slots()],
        };
        let in_welsh = self.is_welsh(words);
        for word in words {
            let from = text.meanings.len();
            text.starts.push(from);
            let meanings = &mut text.meanings;
            let spelling = self.vocabulary.meant_by(&word.text, in_welsh, |slot, entry| {
                meanings.push((slot, entry, Spelling::Written));
            });
            if let Some(spelling) = spelling.filter(|how| *how > Spelling::Ending) {
                for (_, _, how) in text.meanings.iter_mut().skip(from) {
                    *how = spelling;
                }
            }
        }
        text.starts.push(text.meanings.len());
        for (slot, ..) in &text.meanings {
            if let Some(meant) = text.meant.get_mut(usize::from(*slot)) {
                *meant = true;
            }
        }
        self.set_harmless_aside(&mut text);
        text
    }

    /// Whether a text is mostly in Welsh, by the share of its words that Welsh has most.
    fn is_welsh(&self, words: &[SaidWord<'_>]) -> bool {
        const SHARE: usize = 5;
        let of_welsh =
            words.iter().filter(|word| self.welsh.contains_key(word.text.as_ref())).count();
        of_welsh * SHARE > words.len()
    }

    /// Words that mean nothing in their context ("fire door") are skipped.
    fn set_harmless_aside(&self, text: &mut Text<'_>) {
        let mut aside: Vec<(usize, usize)> = Vec::new();
        for at in 0..text.words.len() {
            for (slot, ..) in text.meanings(at) {
                for row in self.rules.harmless_from(*slot) {
                    if let Some(end) = row_end(text, &row.words, at) {
                        aside.push((at, end));
                    }
                }
            }
        }
        if aside.is_empty() {
            return;
        }
        let covered = |at: usize| aside.iter().any(|(from, to)| (*from..*to).contains(&at));
        let mut meanings = Vec::with_capacity(text.meanings.len());
        let mut starts = Vec::with_capacity(text.starts.len());
        for at in 0..text.words.len() {
            starts.push(meanings.len());
            let aside = covered(at);
            meanings.extend(
                text.meanings(at).iter().filter(|(slot, ..)| !aside || *slot == Rules::FILLER),
            );
        }
        starts.push(meanings.len());
        (text.meanings, text.starts) = (meanings, starts);
    }

    fn single(&self, text: &Text<'_>) -> Vec<Occurrence> {
        let mut occurrences = Vec::new();
        for (at, word) in text.words.iter().enumerate() {
            let here = text.meanings(at).iter().filter(|(slot, ..)| self.rules.is_asked_for(*slot));
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
        text: &Text<'_>,
        shares: &Shares,
        finds: &mut Finds,
        occurrences: &mut Vec<Occurrence>,
    ) {
        for (at, word) in text.words.iter().enumerate() {
            for (slot, _, spelling) in text.meanings(at) {
                let from = self.rules.rows_from(*slot).iter();
                for row in from.filter(|row| row.second.is_none_or(|slot| text.means(slot))) {
                    let number = row.number;
                    let Some(row) = self.rules.row(number) else { continue };
                    let may_be = row.words.iter().skip(2).all(|slot| text.means(*slot));
                    let end = may_be.then(|| row_end(text, &row.words, at)).flatten();
                    let Some(last) = end.and_then(|end| text.words.get(end.checked_sub(1)?)) else {
                        continue;
                    };
                    match row.goal {
                        Goal::Lane(lane) => {
                            let doubted = shares.of(lane) < row.least;
                            let (by, part, rule) = (row.shown.clone(), Part::Words, number);
                            let found = Found { by, part, rule, spelling: *spelling };
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

    /// Phrases in any order, and concepts.
    fn near(&self, occurrences: &[Occurrence], shares: &Shares, finds: &mut Finds) {
        for key in occurrences {
            for number in self.rules.near_from(key.slot) {
                let Some(rule) = self.rules.near(*number) else { continue };
                let surer = finds.lanes.get(&rule.lane);
                if surer.is_some_and(|known| (known.part, known.rule) <= (rule.part, *number)) {
                    continue;
                }
                let near = |slot: Slot, taken: &[Occurrence]| {
                    nearest(occurrences, slot, key.place, rule.reach, taken)
                };
                let mut taken = vec![*key];
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
                    let (by, part, rule_number) = (self.show(&taken), rule.part, *number);
                    let found = Found { by, part, rule: rule_number, spelling };
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
    fn content<'t>(&self, text: &Text<'t>) -> Vec<Content<'t>> {
        let is_filler = |at: usize| {
            text.meanings(at)
                .iter()
                .any(|(slot, _, how)| *slot == Rules::FILLER && *how == Spelling::Written)
        };
        let mut begins = false;
        let mut content = Vec::with_capacity(text.words.len());
        for (at, word) in text.words.iter().enumerate() {
            begins |= word.begins;
            if !is_filler(at) {
                content.push(Content { begins, ..Content::of(word) });
                begins = false;
            }
        }
        content
    }
}

/// Where a row ends whose first word is the one at `from`, if all its words follow.
fn row_end(text: &Text<'_>, row: &[Slot], from: usize) -> Option<usize> {
    let mut at = from + 1;
    for slot in row.iter().skip(1) {
        let mut fillers = 0;
        while !text.meanings(at).iter().any(|(meant, ..)| meant == slot) {
            let skipped = fillers < FILLERS_MAX
                && text.meanings(at).iter().any(|(meant, ..)| *meant == Rules::FILLER);
            if !skipped {
                return None;
            }
            fillers += 1;
            at += 1;
        }
        at += 1;
    }
    Some(at)
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
