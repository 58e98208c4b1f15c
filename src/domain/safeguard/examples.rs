//! Examples: sentences that a lane is about, with which the sentences of a text are compared by the groups of 3 to 5
//! letters that both have. What few examples have counts more (inverse document frequency; Salton and Buckley, 1988),
//! and the measure is the cosine. Everyday messages compete: a text more like one of them is like no example.

use std::ops::Range;

use super::Lane;
use super::hash_index::HashIndex;
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
    /// The lane of each example. Examples after these are everyday messages.
    lanes: Vec<Lane>,
    /// The reciprocal of each example's vector length, everyday messages included.
    scales: Vec<f32>,
    /// Positions in `groups`, by the hash of the group.
    index: HashIndex,
    groups: Vec<Group>,
    /// The examples that have each group, group by group.
    having: Vec<u16>,
    /// The square of the weight of a group that only one example has.
    rarest: f32,
}

/// A group of letters.
struct Group {
    /// The square of its weight.
    weight: f32,
    /// Ranges in [`Examples::having`] of the lanes' examples and of the everyday messages that have it; empty if the
    /// group is too common.
    of_lanes: Range<u32>,
    everyday: Range<u32>,
}

impl Examples {
    /// Indexes the passages of lanes and of everyday messages.
    pub(super) fn new(of_lanes: &[(Lane, String)], everyday: &[String]) -> Self {
        let passages = of_lanes.iter().map(|(_, passage)| passage).chain(everyday);
        let mut having: Vec<(u32, u16)> = Vec::new();
        for (number, passage) in (0_u16..).zip(passages) {
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
        let count = (of_lanes.len() + everyday.len()).min(having.len());
        let common = (count / COMMON_SHARE).max(4);
        let mut made = Examples {
            lanes: of_lanes.iter().map(|(lane, _)| *lane).collect(),
            rarest: weight(count, 1),
            ..Examples::default()
        };
        let mut lengths = vec![0.0_f32; count];
        for group in having.chunk_by(|(a, _), (b, _)| a == b) {
            let weight = weight(count, group.len());
            for (_, example) in group {
                if let Some(length) = lengths.get_mut(usize::from(*example)) {
                    *length += weight;
                }
            }
            made.add(group, weight, group.len() <= common);
        }
        made.scales = lengths.iter().map(|length| 1.0 / length.sqrt().max(f32::EPSILON)).collect();
        made
    }

    fn add(&mut self, group: &[(u32, u16)], weight: f32, says_something: bool) {
        let Some((hash, _)) = group.first() else { return };
        let having = if says_something { group } else { &[] };
        let is_of_lane = |(_, example): &(u32, u16)| usize::from(*example) < self.lanes.len();
        let of_lanes = having.partition_point(is_of_lane);
        let place = |more: usize| u32::try_from(self.having.len() + more).unwrap_or(u32::MAX);
        let (from, middle, to) = (place(0), place(of_lanes), place(having.len()));
        self.index.add(*hash, self.groups.len());
        self.groups.push(Group { weight, of_lanes: from..middle, everyday: middle..to });
        self.having.extend(having.iter().map(|(_, example)| *example));
    }

    /// The best likeness of each lane that the passages of a text have: texts at least `least` like an example, and
    /// less like every everyday message.
    pub(super) fn likenesses(&self, said: &[Content<'_>], least: f32) -> Vec<Likeness> {
        let mut best: Vec<Likeness> = Vec::new();
        if self.lanes.is_empty() {
            return best;
        }
        let mut sums = vec![0.0_f32; self.scales.len()];
        each_passage(said, |passage| self.compare(passage, &mut sums, least, &mut best));
        best
    }

    /// `sums`: a buffer with a zero for each example, before and after.
    fn compare(&self, passage: &str, sums: &mut [f32], least: f32, best: &mut Vec<Likeness>) {
        let scale = self.add_up(passage, sums, |group| &group.of_lanes);
        // Few passages are like any example.
        if reaches(least, scale, sums, self.scales.get(..self.lanes.len()).unwrap_or_default()) {
            self.add_up(passage, sums, |group| &group.everyday);
            let mut everyday = 0.0_f32;
            let mut found: Vec<Likeness> = Vec::new();
            for (example, (sum, own)) in sums.iter().zip(&self.scales).enumerate() {
                let score = sum * scale * own;
                match self.lanes.get(example) {
                    None => everyday = everyday.max(score),
                    Some(lane) if score >= least => {
                        keep(&mut found, Likeness { lane: *lane, score, example });
                    }
                    Some(_) => {}
                }
            }
            found
                .into_iter()
                .filter(|like| like.score > everyday)
                .for_each(|like| keep(best, like));
        }
        sums.fill(0.0);
    }

    /// Adds to `sums` the weights of the groups that the passage shares with each example; returns the reciprocal of
    /// the passage's vector length.
    fn add_up(&self, passage: &str, sums: &mut [f32], of: impl Fn(&Group) -> &Range<u32>) -> f32 {
        let mut length = 0.0;
        let place = |at: u32| usize::try_from(at).unwrap_or_default();
        each_group(passage.as_bytes(), |letters, hash| {
            let at = self.index.find(hash, |_| true);
            let Some(group) = at.and_then(|at| self.groups.get(at)) else {
                // Longer groups that begin with it are unknown too; each counts.
                length += self.rarest * f32::from(LETTERS_MAX + 1 - letters);
                return false;
            };
            length += group.weight;
            let Range { start, end } = of(group);
            if start == end {
                return true;
            }
            for example in self.having.get(place(*start)..place(*end)).unwrap_or_default() {
                if let Some(sum) = sums.get_mut(usize::from(*example)) {
                    *sum += group.weight;
                }
            }
            true
        });
        1.0 / length.sqrt().max(f32::EPSILON)
    }
}

/// Whether the score of any example reaches `least`.
fn reaches(least: f32, scale: f32, sums: &[f32], scales: &[f32]) -> bool {
    // Eight at once, so that the compiler vectorises it.
    const TOGETHER: usize = 8;
    let (eights, rest) = scales.as_chunks::<TOGETHER>();
    let (of_eights, _) = sums.as_chunks::<TOGETHER>();
    let does = |(sum, own): (&f32, &f32)| sum * scale * own >= least;
    let any = |(sums, scales): (&[f32; TOGETHER], &[f32; TOGETHER])| {
        sums.iter().zip(scales).fold(false, |any, pair| any | does(pair))
    };
    of_eights.iter().zip(eights).any(any)
        || sums.iter().skip(eights.len() * TOGETHER).zip(rest).any(does)
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
    /// The [`SaidWord::hash`].
    pub hash: u32,
}

impl<'t> Content<'t> {
    pub(super) fn of(word: &'t SaidWord<'_>) -> Self {
        Content { text: &word.text, begins: word.begins, hash: word.hash }
    }
}

/// Words as one passage, as examples are kept. A word that is said again makes it no more like anything.
pub(super) fn passage(words: &[Content<'_>]) -> String {
    let mut passage = String::new();
    write_passage(&mut passage, words);
    passage
}

/// Writes the words as a passage, and returns the number of different words.
fn write_passage(passage: &mut String, words: &[Content<'_>]) -> usize {
    passage.clear();
    passage.push(' ');
    let mut different = 0;
    for (at, word) in words.iter().enumerate() {
        let is = |other: &Content<'_>| other.hash == word.hash && other.text == word.text;
        if !words.iter().take(at).any(is) {
            different += 1;
            passage.push_str(word.text);
            passage.push(' ');
        }
    }
    different
}

/// Calls `take` with each sentence that has enough different words; long ones are cut into pieces that overlap by half.
fn each_passage(said: &[Content<'_>], mut take: impl FnMut(&str)) {
    let mut passage = String::with_capacity(PASSAGE_BYTES_MAX);
    let mut from = 0;
    while from < said.len() {
        let rest = said.get(from..).unwrap_or_default();
        let ends = |(at, word): (usize, &Content<'_>)| {
            (at >= PASSAGE_WORDS_MIN && word.begins || at >= PASSAGE_WORDS_MAX).then_some(at)
        };
        let count = rest.iter().enumerate().find_map(ends).unwrap_or(rest.len());
        let words = rest.get(..count).unwrap_or_default();
        let different = write_passage(&mut passage, words);
        if different >= PASSAGE_DIFFERENT_WORDS_MIN {
            take(&passage);
        }
        let is_cut = rest.get(count).is_some_and(|next| !next.begins);
        from += if is_cut { count / 2 } else { count };
    }
}

/// Hands over the groups of letters of a passage, each as its hash. Where `take` says no, longer ones that
/// begin alike are left out.
fn each_group(passage: &[u8], mut take: impl FnMut(u8, u32) -> bool) {
    // FNV-1a of 32 bits.
    let with = |group: u32, letter: u8| (group ^ u32::from(letter)).wrapping_mul(0x0100_0193);
    let mut rest = passage.get(..PASSAGE_BYTES_MAX).unwrap_or(passage);
    while let Some((shortest, longer)) = rest.split_first_chunk::<{ LETTERS_MIN as usize }>() {
        let mut group = shortest.iter().fold(0x811c_9dc5, |group, letter| with(group, *letter));
        let mut letters = LETTERS_MIN;
        let mut longer = longer.iter();
        while take(letters, group) && letters < LETTERS_MAX {
            let Some(letter) = longer.next() else { break };
            group = with(group, *letter);
            letters += 1;
        }
        rest = rest.get(1..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests;
