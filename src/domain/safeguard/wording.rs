//! Wording: how messages of a lane are put, learnt from many of them.
//!
//! Each word, pair of words and group of 3 or 4 letters counts for or against each lane, by weights learnt
//! from labelled texts (logistic regression; `cargo bench --bench safeguards -- --learn`). It finds what
//! nobody thought of, and says by which words. What is learnt adds lanes and takes none away: it is asked
//! beside words and concepts, never against them.

use std::fmt::Write;

use super::Lane;
use super::dismissed::hash;
use super::said::SaidWord;

/// The lanes that wording is learnt for, in the order of a row.
pub const LEARNT: [Lane; 6] = [
    Lane::Emergency,
    Lane::Safeguarding,
    Lane::Statutory,
    Lane::Legal,
    Lane::Appeal,
    Lane::Adjustment,
];
/// Rows of weights, as a power of two. Several features share one: it costs little, and bounds the table.
pub const ROWS_BITS: u32 = 14;
/// A row: a weight for each lane, and how much the feature says by being rare.
pub const ROW_BYTES: usize = 8;
/// Where a row says how rare its features are.
pub const RARITY: usize = 6;
/// Before the rows: for each lane its constant and its scale, as little-endian `f32`.
const HEAD_BYTES: usize = LEARNT.len() * 2 * size_of::<f32>();

/// Words that are judged as one. A longer text is judged in pieces that overlap by half.
const PIECE_WORDS: usize = 30;
/// What the evidence of one of many pieces must have above that of a text by itself, for each doubling.
const PIECES_COST: f32 = 0.35;
/// Words that are shown of what a lane was found by.
const SHOWN_WORDS: usize = 4;
/// Of fewer different words one says too much: "the very last words" asks for nothing.
const WORDS_MIN: usize = 5;
/// Of fewer different words a text says too little to speak against a lane: "There is abuse going on next door."
const WORDS_TO_DOUBT_MIN: usize = 12;

/// What was learnt.
#[derive(Clone, Default)]
pub struct Wording {
    lanes: Vec<(f32, f32)>,
    rows: Vec<[i8; ROW_BYTES]>,
}

/// What the wording of a text says of the lanes.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Judged {
    pub likely: Vec<Worded>,
    pub shares: Shares,
}

/// How likely each lane is by the piece that speaks most for it, 0 to 1; what is not judged is no less
/// likely than anything.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Shares([f32; LEARNT.len()]);

impl Default for Shares {
    fn default() -> Self {
        Shares([1.0; LEARNT.len()])
    }
}

impl Shares {
    pub(super) fn of(&self, lane: Lane) -> f32 {
        let place = LEARNT.iter().position(|learnt| *learnt == lane);
        place.and_then(|place| self.0.get(place)).copied().unwrap_or(1.0)
    }
}

/// A lane that a text is worded like.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Worded {
    pub lane: Lane,
    /// How likely it is, 0 to 1.
    pub share: f32,
    /// The words that say so, in their order.
    pub by: String,
}

/// The sums of some words, in the order of a row.
#[derive(Debug, Clone, Copy, Default)]
struct Sums([i32; ROW_BYTES]);

impl Sums {
    fn of(&self, place: usize) -> i32 {
        self.0.get(place).copied().unwrap_or_default()
    }
}

impl Wording {
    /// From what [`Wording::written`] wrote; `None`: it is something else.
    pub fn read(bytes: &[u8]) -> Option<Wording> {
        let (head, rows) = bytes.split_at_checked(HEAD_BYTES)?;
        let mut numbers = head
            .chunks_exact(size_of::<f32>())
            .map(|bytes| bytes.try_into().map_or(0.0, f32::from_le_bytes));
        let mut lanes = Vec::new();
        while let (Some(constant), Some(scale)) = (numbers.next(), numbers.next()) {
            lanes.push((constant, scale));
        }
        let rows: Vec<[i8; ROW_BYTES]> = rows
            .chunks_exact(ROW_BYTES)
            .filter_map(|row| <[u8; ROW_BYTES]>::try_from(row).ok())
            .map(|row| row.map(u8::cast_signed))
            .collect();
        (rows.len() == 1 << ROWS_BITS).then_some(Wording { lanes, rows })
    }

    /// The bytes that [`Wording::read`] takes.
    pub fn written(lanes: &[(f32, f32)], rows: &[[i8; ROW_BYTES]]) -> Vec<u8> {
        let numbers = lanes.iter().flat_map(|(constant, scale)| [*constant, *scale]);
        let mut bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        bytes.extend(rows.iter().flatten().map(|weight| weight.cast_unsigned()));
        bytes
    }

    /// How likely a text is of each lane, and of which it is so by `least` or more: the likeliest piece of it.
    pub(super) fn judged(&self, words: &[SaidWord<'_>], least: f32) -> Judged {
        let mut judged = Judged::default();
        if self.rows.is_empty() || has_fewer(words, WORDS_MIN) {
            return judged;
        }
        // A word that is only said again, "long long long", is no more likely to be meant.
        let is_again = |at: usize| {
            let before = at.checked_sub(1).and_then(|before| words.get(before));
            before.is_some_and(|before| words.get(at).is_some_and(|word| word.text == before.text))
        };
        let sums_at = |at| if is_again(at) { Sums::default() } else { self.sums(words, at) };
        let sums: Vec<Sums> = (0..words.len()).map(sums_at).collect();
        let may_doubt = !has_fewer(words, WORDS_TO_DOUBT_MIN);
        let pieces = pieces(words.len());
        let cost = PIECES_COST * (pieces.len() as f32).log2();
        for (place, lane) in LEARNT.into_iter().enumerate() {
            let evidence = |(from, to): (usize, usize)| {
                self.evidence(sums.get(from..to).unwrap_or_default(), place)
            };
            let best = pieces.iter().map(|piece| (evidence(*piece), *piece));
            let Some((evidence, (from, to))) = best.max_by(|a, b| a.0.total_cmp(&b.0)) else {
                continue;
            };
            if may_doubt && let Some(share) = judged.shares.0.get_mut(place) {
                *share = share_of(evidence);
            }
            let share = share_of(evidence - cost);
            if share >= least {
                let of = |at: usize| sums.get(at).map_or(0, |sums| sums.of(place));
                let by = shown(words, from, to, of);
                judged.likely.push(Worded { lane, share, by });
            }
        }
        judged
    }

    /// The evidence for a lane in some words, as the logarithm of odds.
    fn evidence(&self, sums: &[Sums], place: usize) -> f32 {
        let (constant, scale) = self.lanes.get(place).copied().unwrap_or_default();
        let (mut sum, mut rarity) = (0, 0);
        for one in sums {
            sum += one.of(place);
            rarity += one.of(RARITY);
        }
        constant + scale * sum as f32 / (rarity.max(1) as f32).sqrt()
    }

    fn sums(&self, words: &[SaidWord<'_>], at: usize) -> Sums {
        let mut sums = Sums::default();
        each_feature(words, at, |row| {
            let Some(row) = self.rows.get(row) else { return };
            for (sum, weight) in sums.0.iter_mut().zip(row) {
                *sum += i32::from(*weight);
            }
        });
        sums
    }
}

/// What is as likely as the logarithm of odds says.
fn share_of(evidence: f32) -> f32 {
    1.0 / (1.0 + (-evidence).exp())
}

fn has_fewer(words: &[SaidWord<'_>], different_words: usize) -> bool {
    let mut different: Vec<&str> = Vec::with_capacity(different_words);
    for word in words {
        if !different.contains(&word.text.as_ref()) {
            different.push(&word.text);
        }
        if different.len() >= different_words {
            return false;
        }
    }
    true
}

/// Where each piece of so many words begins and ends.
fn pieces(words: usize) -> Vec<(usize, usize)> {
    let mut pieces = Vec::new();
    let mut from = 0;
    loop {
        let to = (from + PIECE_WORDS).min(words);
        pieces.push((from, to));
        if to == words {
            return pieces;
        }
        from += PIECE_WORDS / 2;
    }
}

/// The words that speak most for a lane, in the order in which they were said.
fn shown(words: &[SaidWord<'_>], from: usize, to: usize, weight: impl Fn(usize) -> i32) -> String {
    let mut most: Vec<usize> = (from..to).filter(|at| weight(*at) > 0).collect();
    most.sort_by_key(|at| std::cmp::Reverse(weight(*at)));
    most.truncate(SHOWN_WORDS);
    most.sort_unstable();
    let mut by = String::new();
    for (number, word) in most.iter().filter_map(|at| words.get(*at)).enumerate() {
        // Writing to a `String` has no error of its own.
        let _ = write!(by, "{}{}", if number == 0 { "" } else { " … " }, word.text);
    }
    by
}

/// The rows of what a word says: itself, it behind the word before, and its groups of letters.
pub(super) fn each_feature(words: &[SaidWord<'_>], at: usize, mut take: impl FnMut(usize)) {
    let Some(word) = words.get(at) else { return };
    let text = word.text.as_bytes();
    let number = text.iter().all(u8::is_ascii_digit);
    let whole = if number { letters(WHOLE, b"0") } else { letters(WHOLE, text) };
    take(row(whole));
    let before = at.checked_sub(1).filter(|_| !word.begins).and_then(|at| words.get(at));
    if let Some(before) = before {
        take(row(letters(letters(whole, b" "), before.text.as_bytes())));
    }
    if number {
        return;
    }
    let mut padded = [b' '; WORD_BYTES_MAX + 2];
    let length = text.len().min(WORD_BYTES_MAX);
    for (to, from) in padded.iter_mut().skip(1).zip(text) {
        *to = *from;
    }
    let padded = padded.get(..length + 2).unwrap_or_default();
    for size in [3, 4] {
        for group in padded.windows(size) {
            take(row(letters(GROUP, group)));
        }
    }
}

/// Letters of a word that are looked at.
const WORD_BYTES_MAX: usize = 24;
/// So that a word and a group of the same letters are told apart (FNV-1a of 32 bits from its own offset).
const WHOLE: u32 = 0x811c_9dc5;
const GROUP: u32 = 0x1234_5678;

fn letters(from: u32, bytes: &[u8]) -> u32 {
    bytes.iter().fold(from, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

fn row(feature: u32) -> usize {
    hash(feature.into(), ROWS_BITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let lanes = [(-1.0, 0.5); LEARNT.len()];
        let mut rows = vec![[0; ROW_BYTES]; 1 << ROWS_BITS];
        rows[7] = [1, -2, 3, -4, 5, -6, 7, 0];
        let bytes = Wording::written(&lanes, &rows);
        let read = Wording::read(&bytes).unwrap();
        assert_eq!((read.lanes.as_slice(), &read.rows), (lanes.as_slice(), &rows));
        assert!(Wording::read(bytes.get(1..).unwrap()).is_none());
        assert!(Wording::read(b"").is_none());
    }

    #[test]
    fn a_long_text_is_judged_in_pieces_that_overlap() {
        assert_eq!(pieces(0), [(0, 0)]);
        assert_eq!(pieces(30), [(0, 30)]);
        assert_eq!(pieces(31), [(0, 30), (15, 31)]);
        assert_eq!(pieces(61), [(0, 30), (15, 45), (30, 60), (45, 61)]);
    }
}
