//! Examples: sentences that a lane is about, with which the sentences of a text are compared by the groups of 3 to 5
//! letters that both have. What few examples have counts more (inverse document frequency; Salton and Buckley, 1988),
//! and the measure is the cosine. Everyday messages compete: a text more like one of them is like no example.

use super::Lane;
use super::dismissed::hash;
use super::said::SaidWord;

/// Different words that a passage must have to be compared at all.
const PASSAGE_DIFFERENT_WORDS_MIN: usize = 3;

/// Letters of the shortest and the longest group.
const LETTERS_MIN: u8 = 3;
const LETTERS_MAX: u8 = 5;
/// A group that a larger share of all examples has says nothing: its examples are not looked up.
const COMMON_SHARE: usize = 40;
/// Words of a passage that is compared as one, at most, without those that say nothing.
const PASSAGE_WORDS_MAX: usize = 14;
/// A sentence of fewer is compared together with the next.
const PASSAGE_WORDS_MIN: usize = 4;
/// Bytes of a passage that are looked at: an endless word is not a sentence.
const PASSAGE_BYTES_MAX: usize = 240;

/// How like an example a passage is, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Likeness {
    pub lane: Lane,
    pub score: f32,
    /// Which example it is.
    pub example: usize,
}

#[derive(Default)]
pub(super) struct Examples {
    /// The lane of each; none: an everyday message.
    lanes: Vec<Option<Lane>>,
    /// One over the length of each as a vector.
    scales: Vec<f32>,
    table: Table,
    /// Of each group, how many examples have it, and which.
    postings: Vec<u16>,
    /// The square of a group's weight, by how many examples have it.
    weights: Vec<f32>,
}

/// Groups by their hashes, in the places that follow from these (linear probing).
#[derive(Default)]
struct Table {
    bits: u32,
    /// The hash of a group, and where its examples begin; 0: nothing.
    places: Vec<(u32, u32)>,
}

impl Table {
    fn with_room_for(groups: usize) -> Self {
        let bits = (groups * 3 / 2 + 2).next_power_of_two().ilog2();
        Table { bits, places: vec![(0, 0); 1 << bits] }
    }

    fn find(&self, group: u32) -> Option<u32> {
        let mut at = hash(group.into(), self.bits);
        loop {
            let (known, value) = self.places.get(at).copied()?;
            if known == group || known == 0 {
                return (known != 0).then_some(value);
            }
            at = (at + 1) & (self.places.len() - 1);
        }
    }

    fn add(&mut self, group: u32, value: u32) {
        let mut at = hash(group.into(), self.bits);
        let last = self.places.len().wrapping_sub(1);
        while self.places.get(at).is_some_and(|(known, _)| *known != 0) {
            at = (at + 1) & last;
        }
        if let Some(place) = self.places.get_mut(at) {
            *place = (group, value);
        }
    }
}

impl Examples {
    pub(super) fn new(examples: &[(Option<Lane>, String)]) -> Self {
        let mut having: Vec<(u32, u16)> = Vec::new();
        for (number, (_, passage)) in (0_u16..).zip(examples) {
            let mut groups = Vec::new();
            each_group(passage.as_bytes(), |_, group| {
                groups.push(group);
                true
            });
            groups.sort_unstable();
            groups.dedup();
            having.extend(groups.into_iter().map(|group| (group, number)));
        }
        having.sort_unstable();
        let count = examples.len().min(having.len());
        let weights: Vec<f32> = (0..=count).map(|of| weight(count, of)).collect();
        let common = (count / COMMON_SHARE).max(4);
        let by_group = || having.chunk_by(|(a, _), (b, _)| a == b);
        let mut made = Examples {
            lanes: examples.iter().map(|(lane, _)| *lane).collect(),
            table: Table::with_room_for(by_group().count()),
            weights,
            ..Examples::default()
        };
        let mut lengths = vec![0.0_f32; count];
        for group in by_group() {
            let weight = made.weights.get(group.len()).copied().unwrap_or_default();
            for (_, example) in group {
                if let Some(length) = lengths.get_mut(usize::from(*example)) {
                    *length += weight;
                }
            }
            made.add(group, common);
        }
        made.scales = lengths.iter().map(|length| 1.0 / length.sqrt().max(f32::EPSILON)).collect();
        made
    }

    fn add(&mut self, group: &[(u32, u16)], common: usize) {
        let (Some((hash, _)), Ok(count)) = (group.first(), u16::try_from(group.len())) else {
            return;
        };
        let start = u32::try_from(self.postings.len()).unwrap_or_default();
        self.table.add(*hash, start);
        self.postings.push(count);
        if group.len() <= common {
            self.postings.extend(group.iter().map(|(_, example)| *example));
        }
    }

    /// The best likeness of each lane that the passages of a text have: texts at least `least` like an example, and
    /// less like every everyday message.
    pub(super) fn likenesses(&self, said: &[Content<'_>], least: f32) -> Vec<Likeness> {
        let mut best: Vec<Likeness> = Vec::new();
        if self.lanes.is_empty() {
            return best;
        }
        let mut scores = vec![0.0_f32; self.lanes.len()];
        let mut touched: Vec<u16> = Vec::new();
        each_passage(said, |passage| {
            if says_too_little(passage) {
                return;
            }
            self.compare(passage, &mut scores, &mut touched, least, &mut best);
        });
        best
    }

    fn compare(
        &self,
        passage: &str,
        scores: &mut [f32],
        touched: &mut Vec<u16>,
        least: f32,
        best: &mut Vec<Likeness>,
    ) {
        let rarest = self.weights.get(1).copied().unwrap_or_default();
        let common = (self.lanes.len() / COMMON_SHARE).max(4);
        let mut length = 0.0;
        each_group(passage.as_bytes(), |letters, group| {
            let Some(start) = self.table.find(group) else {
                // No longer group that begins with it is known either; each counts.
                length += rarest * f32::from(LETTERS_MAX + 1 - letters);
                return false;
            };
            let from = usize::try_from(start).unwrap_or_default();
            let count = self.postings.get(from).copied().map_or(0, usize::from);
            let weight = self.weights.get(count).copied().unwrap_or_default();
            length += weight;
            if count <= common {
                let having = self.postings.get(from + 1..=from + count).unwrap_or_default();
                for example in having {
                    if let Some(score) = scores.get_mut(usize::from(*example)) {
                        if *score == 0.0 {
                            touched.push(*example);
                        }
                        *score += weight;
                    }
                }
            }
            true
        });
        let scale = 1.0 / length.sqrt().max(f32::EPSILON);
        let mut everyday = 0.0_f32;
        let mut found: Vec<Likeness> = Vec::new();
        for example in touched.drain(..) {
            let at = usize::from(example);
            let Some(sum) = scores.get_mut(at) else { continue };
            let score = *sum * scale * self.scales.get(at).copied().unwrap_or_default();
            *sum = 0.0;
            match self.lanes.get(at).copied().flatten() {
                None => everyday = everyday.max(score),
                Some(lane) if score >= least => {
                    keep(&mut found, Likeness { lane, score, example: at });
                }
                Some(_) => {}
            }
        }
        found.into_iter().filter(|like| like.score > everyday).for_each(|like| keep(best, like));
    }
}

/// Keeps the best of each lane; of equals, the first example.
fn keep(best: &mut Vec<Likeness>, like: Likeness) {
    match best.iter_mut().find(|known| known.lane == like.lane) {
        None => best.push(like),
        Some(known) if (like.score, known.example) > (known.score, like.example) => *known = like,
        Some(_) => {}
    }
}

/// The square of the weight of a group that so many of all examples have.
fn weight(all: usize, having: usize) -> f32 {
    let share = (all as f32 + 1.0) / (having.max(1) as f32);
    share.ln().powi(2)
}

/// A word that says something, and whether a sentence begins with it.
pub(super) struct Content<'t> {
    pub text: &'t str,
    pub begins: bool,
}

impl<'t> Content<'t> {
    pub(super) fn of(word: &'t SaidWord<'_>) -> Self {
        Content { text: &word.text, begins: word.begins }
    }
}

/// Words as one passage, as examples are kept. A word that is said again makes it no more like anything.
pub(super) fn passage<'t>(words: impl Iterator<Item = &'t str>) -> String {
    let mut passage = String::from(" ");
    let mut said: Vec<&str> = Vec::with_capacity(PASSAGE_WORDS_MAX);
    for word in words {
        if !said.contains(&word) {
            said.push(word);
            passage.push_str(word);
            passage.push(' ');
        }
    }
    passage
}

/// Sentences; longer texts, in pieces that overlap by half.
fn each_passage(said: &[Content<'_>], mut take: impl FnMut(&str)) {
    let mut from = 0;
    while from < said.len() {
        let rest = said.get(from..).unwrap_or_default();
        let ends = |(at, word): (usize, &Content<'_>)| {
            (at >= PASSAGE_WORDS_MIN && word.begins || at >= PASSAGE_WORDS_MAX).then_some(at)
        };
        let count = rest.iter().enumerate().find_map(ends).unwrap_or(rest.len());
        let words = rest.get(..count).unwrap_or_default();
        take(&passage(words.iter().map(|word| word.text)));
        let is_cut = rest.get(count).is_some_and(|next| !next.begins);
        from += if is_cut { count / 2 } else { count };
    }
}

/// Whether a passage has fewer words than can say anything.
fn says_too_little(passage: &str) -> bool {
    passage.split_ascii_whitespace().count() < PASSAGE_DIFFERENT_WORDS_MIN
}

/// Hands over the groups of letters of a passage, each as its hash. Where `take` says no, longer ones that
/// begin alike are left out.
fn each_group(passage: &[u8], mut take: impl FnMut(u8, u32) -> bool) {
    let passage = passage.get(..PASSAGE_BYTES_MAX).unwrap_or(passage);
    for at in 0..passage.len() {
        let mut group: u32 = 0x811c_9dc5;
        let letters = passage.get(at..).unwrap_or_default();
        for (count, letter) in (1..=LETTERS_MAX).zip(letters) {
            // FNV-1a of 32 bits.
            group = (group ^ u32::from(*letter)).wrapping_mul(0x0100_0193);
            if count >= LETTERS_MIN && !take(count, group.max(1)) {
                break;
            }
        }
    }
}
