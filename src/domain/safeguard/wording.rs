//! Wording: how messages of a lane are put, learnt from many of them.
//!
//! Each word, pair of words and group of 3 or 4 letters counts for or against each lane, by weights learnt from
//! labelled texts (logistic regression; `cargo bench --bench safeguards -- --learn`). It finds what nobody thought of,
//! and says by which words. Learnt wording adds lanes and takes none away: it is used with words and concepts, never
//! against them.

use std::fmt::Write;
use std::ops::Range;

use super::Lane;
use super::dismissed::hash;
use super::features::Keys;
use super::said::SaidWord;

/// The lanes that wording is learnt for, in the order of a row.
pub const LEARNT: [Lane; 6] = Lane::OF_WORDS;
/// Rows of the table of features, as a power of two. About half are taken.
const ROWS_BITS: u32 = 16;
/// A row: a weight for each lane, how much the feature says by being rare, and the feature's mark.
const ROW_BYTES: usize = 8;
/// Where a row says how rare its feature is.
pub const RARITY: usize = 6;
/// The rarity of what no text had that was learnt from: it speaks for no lane, and others weigh less with it.
pub const RARITY_UNKNOWN: i32 = 90;
/// Where a row says whose it is, by some more bits of the feature's hash; 0: nobody's.
const MARK: usize = 7;
/// Rows that are looked at for a feature, from its own on. If all are taken, the feature is not learnt.
const PROBES_MAX: usize = 32;
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
const WORDS_TO_DOUBT_MIN: usize = 11;

/// The learnt weights.
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

/// How likely each lane is by the piece that speaks most for it, 0 to 1; anything not judged is as likely as the rest.
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

    fn add(&mut self, other: &Sums) {
        for (sum, one) in self.0.iter_mut().zip(other.0) {
            *sum += one;
        }
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

    /// The bytes that [`Wording::read`] takes, of features with their weights and, at [`RARITY`], how rare they
    /// are. The first have their places for certain.
    pub fn written(lanes: &[(f32, f32)], features: &[(u32, [i8; MARK])]) -> Vec<u8> {
        let mut rows = vec![[0_i8; ROW_BYTES]; 1 << ROWS_BITS];
        for (feature, weights) in features {
            let mark = mark(*feature);
            let place = probes(*feature)
                .find(|at| rows.get(*at).is_some_and(|row| row[MARK] == 0 || row[MARK] == mark));
            // Of two with one mark the second is left out.
            if let Some(row) = place.and_then(|at| rows.get_mut(at)).filter(|row| row[MARK] == 0) {
                for (to, weight) in row.iter_mut().zip(weights) {
                    *to = *weight;
                }
                row[MARK] = mark;
            }
        }
        let numbers = lanes.iter().flat_map(|(constant, scale)| [*constant, *scale]);
        let mut bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
        bytes.extend(rows.iter().flatten().map(|byte| byte.cast_unsigned()));
        bytes
    }

    /// How likely a text is of each lane, and of which it is so by `least` or more: the likeliest piece of it.
    pub(super) fn judged(&self, words: &[SaidWord<'_>], least: f32) -> Judged {
        let mut judged = Judged::default();
        if self.rows.is_empty() || has_fewer(words, WORDS_MIN) {
            return judged;
        }
        let spoken = self.spoken(words);
        let may_doubt = !has_fewer(words, WORDS_TO_DOUBT_MIN);
        let piece = |(from, to)| (from, to, spoken.of_piece(from, from..to));
        let pieces: Vec<(usize, usize, Sums)> =
            pieces(words.len()).into_iter().map(piece).collect();
        let cost = PIECES_COST * (pieces.len() as f32).log2();
        for (place, lane) in LEARNT.into_iter().enumerate() {
            let evidence = pieces.iter().map(|(.., sums)| self.evidence(sums, place));
            let best = evidence.zip(&pieces).max_by(|a, b| a.0.total_cmp(&b.0));
            let Some((evidence, (from, to, _))) = best else {
                continue;
            };
            if may_doubt && let Some(share) = judged.shares.0.get_mut(place) {
                *share = share_of(evidence);
            }
            let share = share_of(evidence - cost);
            if share >= least {
                let by = shown(words, *from, *to, |at| spoken.at(at, *from).of(place));
                judged.likely.push(Worded { lane, share, by });
            }
        }
        judged
    }

    /// The evidence for a lane in some words, as the logarithm of odds.
    fn evidence(&self, sums: &Sums, place: usize) -> f32 {
        let (constant, scale) = self.lanes.get(place).copied().unwrap_or_default();
        constant + scale * sums.of(place) as f32 / (sums.of(RARITY).max(1) as f32).sqrt()
    }

    fn spoken(&self, words: &[SaidWord<'_>]) -> Spoken {
        let keys = Keys::of(words);
        let mut each = Vec::with_capacity(words.len());
        let mut pairs = Vec::with_capacity(words.len());
        for (at, (word, before)) in words.iter().zip(&keys.words_before).enumerate() {
            // A word says the same wherever it is said.
            let known = before.and_then(|before| each.get(before)).map(|one: &One| one.sums);
            let sums = known.unwrap_or_else(|| {
                let mut sums = Sums::default();
                keys.each_of_word(word, at, |feature| self.add(&mut sums, feature));
                sums
            });
            each.push(One { sums, before: *before });
        }
        for (pair, before) in keys.pairs.iter().zip(&keys.pairs_before) {
            let mut sums = Sums::default();
            if let Some(pair) = pair {
                self.add(&mut sums, *pair);
            }
            pairs.push(One { sums, before: *before });
        }
        Spoken { each, pairs }
    }

    fn add(&self, sums: &mut Sums, feature: u32) {
        let mark = mark(feature);
        for row in probes(feature).map_while(|at| self.rows.get(at)) {
            if row[MARK] == mark {
                for (sum, weight) in sums.0.iter_mut().zip(row) {
                    *sum += i32::from(*weight);
                }
                return;
            }
            if row[MARK] == 0 {
                break;
            }
        }
        if let Some(rarity) = sums.0.get_mut(RARITY) {
            *rarity += RARITY_UNKNOWN;
        }
    }
}

/// The rows in which a feature may be.
fn probes(feature: u32) -> impl Iterator<Item = usize> {
    let from = hash(feature.into(), ROWS_BITS);
    (from..from + PROBES_MAX).map(|at| at & ((1 << ROWS_BITS) - 1))
}

/// Never 0.
fn mark(feature: u32) -> i8 {
    // MurmurHash3's finalizer (Austin Appleby): other bits than those of the place.
    let mixed = (feature ^ (feature >> 16)).wrapping_mul(0x85eb_ca6b);
    i8::try_from(mixed >> 25).unwrap_or(i8::MAX).max(1)
}

/// A word, or a word behind the one before it: what it says of the lanes, and where it was last said.
struct One {
    sums: Sums,
    before: Option<usize>,
}

/// What each word of a text says, by itself and behind the one before it.
struct Spoken {
    each: Vec<One>,
    pairs: Vec<One>,
}

impl Spoken {
    /// What a word adds to a piece that begins at `from`. A repetition there, "the same, the same", is not more likely
    /// to be meant.
    fn at(&self, at: usize, from: usize) -> Sums {
        self.of_piece(from, at..at + 1)
    }

    /// What `words` add to a piece that begins at `from`.
    fn of_piece(&self, from: usize, words: Range<usize>) -> Sums {
        let mut sums = Sums::default();
        for said in [&self.each, &self.pairs] {
            for one in said.get(words.clone()).unwrap_or_default() {
                if one.before.is_none_or(|before| before < from) {
                    sums.add(&one.sums);
                }
            }
        }
        sums
    }
}

/// The likelihood by the logarithm of odds.
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

#[cfg(test)]
mod tests {
    use super::super::features::features_of;
    use super::super::said::words_of;
    use super::*;

    #[test]
    fn what_was_written_is_read_and_nothing_else() {
        let lanes = [(-1.0, 0.5); LEARNT.len()];
        let features: Vec<(u32, [i8; MARK])> = (1..20_000_u32)
            .map(|number| (number.wrapping_mul(0x0100_0193), [1, -2, 3, -4, 5, -6, 7]))
            .collect();
        let bytes = Wording::written(&lanes, &features);
        let read = Wording::read(&bytes).unwrap();
        assert_eq!(read.lanes, lanes);
        let sums_of = |feature: u32| {
            let mut sums = Sums::default();
            read.add(&mut sums, feature);
            sums.0
        };
        let known = |feature: u32| sums_of(feature)[0] == 1;
        // Nearly all, since two may have one mark; and hardly any other.
        let kept = features.iter().filter(|(feature, _)| known(*feature)).count();
        assert!(kept * 100 > features.len() * 99, "{kept}");
        let taken =
            (1..20_000_u32).filter(|number| known(number.wrapping_mul(0x9e37_79b1))).count();
        assert!(taken < 300, "{taken}");
        let unknown =
            (1..100_u32).map(|number| number.wrapping_mul(0x9e37_79b1)).find(|f| !known(*f));
        let mut expected = [0; ROW_BYTES];
        expected[RARITY] = RARITY_UNKNOWN;
        assert_eq!(sums_of(unknown.unwrap()), expected);
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
    /// A wording in which each word and pair of these says a little for every lane.
    fn for_words(texts: &[&str]) -> Wording {
        let features: Vec<(u32, [i8; MARK])> = texts
            .iter()
            .flat_map(|text| features_of(&words_of(text)))
            .map(|feature| (feature, [20, 20, 20, 20, 20, 20, 1]))
            .collect();
        let lanes = [(-3.0, 0.05); LEARNT.len()];
        Wording::read(&Wording::written(&lanes, &features)).unwrap()
    }

    fn share(wording: &Wording, text: &str) -> f32 {
        wording.judged(&words_of(text), 0.0).likely.first().map_or(0.0, |one| one.share)
    }

    #[test]
    fn what_is_said_again_and_again_weighs_as_much_as_said_once() {
        let wording = for_words(&["the same thing all over again"]);
        for (once, again) in [
            ("please look at this letter the same", "the same, the same, the same, the same"),
            ("please look at this letter thing", "thing thing thing thing thing"),
            (
                "please look at this letter the same thing",
                "the same thing, the same thing, the same thing",
            ),
            (
                "please look at this letter all over again",
                "all over again all over again all over again",
            ),
        ] {
            let again = format!("{once}, {again}");
            let (once, again) = (share(&wording, once), share(&wording, &again));
            // What is new is the pair where the repetition begins.
            assert!(again < once + 0.05, "{once} {again}");
        }
        // Another piece of a long text is judged by itself.
        let far = format!("{} all over again", "a word ".repeat(40));
        assert!(share(&wording, &far) > 0.0);
    }

    #[test]
    fn evidence_is_a_constant_and_what_was_said_by_its_rarity() {
        let lanes = vec![(1.0, 0.5), (-2.0, 3.0)];
        let wording = Wording { lanes, rows: Vec::new() };
        let mut sums = Sums::default();
        (sums.0[0], sums.0[1], sums.0[RARITY]) = (8, -4, 16);
        assert_eq!((wording.evidence(&sums, 0), wording.evidence(&sums, 1)), (2.0, -5.0));
        sums.0[RARITY] = 0;
        assert_eq!(wording.evidence(&sums, 0), 5.0);
        assert_eq!(wording.evidence(&sums, 2), 0.0);
        for (evidence, share) in [(0.0, 0.5), (2.0, 0.8808), (-2.0, 0.1192)] {
            assert!((share_of(evidence) - share).abs() < 0.0001, "{evidence}");
        }
    }

    /// Different words that nobody learnt.
    fn unknown(words: usize) -> String {
        (0..words).map(|number| format!("wxyz{number} ")).collect()
    }

    #[test]
    fn a_text_needs_words_to_be_judged_and_more_of_them_to_be_doubted() {
        let lanes = [(-1.0, 0.0); LEARNT.len()];
        let wording = Wording::read(&Wording::written(&lanes, &[])).unwrap();
        let one = share_of(-1.0);
        for (words, likely, doubt) in
            [(0, 0, 1.0), (4, 0, 1.0), (5, 6, 1.0), (10, 6, 1.0), (11, 6, one), (30, 6, one)]
        {
            let text = unknown(words);
            let judged = wording.judged(&words_of(&text), one);
            assert_eq!(judged.likely.len(), likely, "{words}");
            assert!(LEARNT.iter().all(|lane| judged.shares.of(*lane) == doubt), "{words}");
            assert_eq!(judged.shares.of(Lane::ProtectedSender), 1.0);
        }
        // Where nothing was learnt, nothing is judged.
        let judged = Wording::default().judged(&words_of(&unknown(20)), 0.0);
        assert_eq!(judged, Judged::default());
        assert!(has_fewer(&words_of("a b a b"), 3) && !has_fewer(&words_of("a b a c"), 3));
    }

    #[test]
    fn one_of_many_pieces_must_say_more() {
        let lanes = [(0.0, 0.0); LEARNT.len()];
        let wording = Wording::read(&Wording::written(&lanes, &[])).unwrap();
        for (words, expected) in [(30, 0.5), (31, 0.4134), (46, 0.3647), (61, 0.3318)] {
            let share = share(&wording, &unknown(words));
            assert!((share - expected).abs() < 0.0001, "{words} {share}");
        }
    }

    #[test]
    fn a_word_counts_once_in_a_piece_and_again_in_another() {
        let wording = for_words(&["damp", "cold"]);
        let sums = |text: &str, from: usize, to: usize| {
            let words = words_of(text);
            wording.spoken(&words).of_piece(from, from..to).of(0)
        };
        let once = sums("damp a b", 0, 3);
        assert!(once > 0);
        assert_eq!(sums("damp a b damp", 0, 4), once);
        assert_eq!(sums("damp a b damp", 1, 4), once);
        assert_eq!(sums("damp a cold", 0, 3), once + sums("cold", 0, 1));
        let words = words_of("damp a cold");
        let spoken = wording.spoken(&words);
        let each: Vec<bool> = (0..3).map(|at| spoken.at(at, 0).of(0) > 0).collect();
        assert_eq!(each, [true, false, true]);
        assert_eq!(Sums::default().of(ROW_BYTES), 0);
    }

    #[test]
    fn the_words_that_say_most_are_shown_as_they_were_said() {
        let words = words_of("a b c d e f g");
        for (weights, by) in [
            ([0, 5, -1, 0, 2, 0, 1], "b … e … g"),
            ([9, 8, 7, 6, 5, 10, 4], "a … b … c … f"),
            ([0, 0, 0, 0, 0, 0, 0], ""),
        ] {
            assert_eq!(shown(&words, 0, words.len(), |at| weights[at]), by);
        }
        assert_eq!(shown(&words, 2, 4, |_| 1), "c … d");
    }
}
