//! The gateway's own notices, quoted back. They speak of emergencies and appeals, so that a bare reply
//! would open every lane: their sentences are blanked out of what the sender said, in any form in which
//! a mail program quotes them, re-wrapped, without marks, with headings and lists run together.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use crate::domain::folding::folded;
use crate::domain::notice::{STAND_IN, sentences};

/// Consecutive words that distinguish a notice from anybody's own words.
const LONG_WORDS_MIN: usize = 5;
/// Different sentences that make a notice: a single one may be quoted by somebody who writes about it.
const SENTENCES_MIN: usize = 3;

/// A word of a text or of a sentence, as a hash of its letters; all numbers and days are equal.
type Token = u64;
const NUMBER: Token = 0;

static KNOWN: LazyLock<Known> = LazyLock::new(Known::new);

struct Known {
    /// By their first [`LONG_WORDS_MIN`] tokens, the longest first.
    long: HashMap<[Token; LONG_WORDS_MIN], Vec<Vec<Token>>>,
    short: HashSet<Vec<Token>>,
    /// The first tokens of the long ones, sorted: most words are none of them.
    firsts: Vec<Token>,
}

impl Known {
    fn new() -> Self {
        let mut long: HashMap<[Token; LONG_WORDS_MIN], Vec<Vec<Token>>> = HashMap::new();
        let mut short = HashSet::new();
        for sentence in sentences() {
            for run in runs(&sentence) {
                match run.first_chunk() {
                    Some(start) => long.entry(*start).or_default().push(run),
                    None => _ = short.insert(run),
                }
            }
        }
        for runs in long.values_mut() {
            runs.sort_by_key(|run| std::cmp::Reverse(run.len()));
            runs.dedup();
        }
        let mut firsts: Vec<Token> = long.keys().map(|[first, ..]| *first).collect();
        firsts.sort_unstable();
        firsts.dedup();
        Known { long, short, firsts }
    }

    /// The long run that a text begins with.
    fn long_at(&self, said: &[Token]) -> Option<&Vec<Token>> {
        let start = said.first_chunk::<LONG_WORDS_MIN>()?;
        let [first, ..] = start;
        self.firsts.binary_search(first).ok()?;
        self.long.get(start)?.iter().find(|run| said.starts_with(run.as_slice()))
    }
}

/// A sentence's tokens, in pieces between what is put in.
fn runs(text: &str) -> Vec<Vec<Token>> {
    let stand_in = token(STAND_IN);
    // At full stops too: which sentence follows which depends on the notice.
    text.split_inclusive(['.', '?', '!'])
        .flat_map(|sentence| {
            let tokens: Vec<Token> = tokens(sentence).into_iter().map(|(token, _)| token).collect();
            let runs: Vec<Vec<Token>> =
                tokens.split(|token| *token == stand_in).map(<[Token]>::to_vec).collect();
            runs
        })
        .filter(|run| run.iter().any(|token| *token != NUMBER))
        .collect()
}

/// The tokens of a text with their positions; consecutive numbers are one.
fn tokens(text: &str) -> Vec<(Token, Range<usize>)> {
    let mut tokens: Vec<(Token, Range<usize>)> = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let in_word = c.is_alphanumeric() || matches!(c, '\'' | '\u{300}'..='\u{36f}');
        match (in_word, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                start = None;
                let token = token(text.get(from..at).unwrap_or_default());
                match tokens.last_mut() {
                    Some((NUMBER, last)) if token == NUMBER => last.end = at,
                    _ => tokens.push((token, from..at)),
                }
            }
            _ => {}
        }
    }
    tokens
}

fn token(word: &str) -> Token {
    let mut token = Fnv::default();
    if word.is_ascii() {
        for byte in word.bytes() {
            match byte {
                b'0'..=b'9' => return NUMBER,
                b'\'' => {}
                letter => token.add(letter.to_ascii_lowercase()),
            }
        }
    } else {
        if word.bytes().any(|byte| byte.is_ascii_digit()) {
            return NUMBER;
        }
        folded(word).bytes().for_each(|byte| token.add(byte));
    }
    if OF_DATES.binary_search(&token.0).is_ok() { NUMBER } else { token.0.max(1) }
}

/// FNV-1a of 64 bits: every word of every text passes here.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Fnv {
    fn add(&mut self, byte: u8) {
        self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
}

/// Days and months, English and Welsh, with the mutations that dates bring; midday and midnight.
const DATES: [&str; 52] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
    "midday",
    "midnight",
    "noon",
    "llun",
    "mawrth",
    "mercher",
    "iau",
    "gwener",
    "sadwrn",
    "sul",
    "wener",
    "ionawr",
    "chwefror",
    "ebrill",
    "mai",
    "mehefin",
    "gorffennaf",
    "awst",
    "medi",
    "hydref",
    "tachwedd",
    "rhagfyr",
    "fawrth",
    "fai",
    "fehefin",
    "orffennaf",
    "fedi",
    "dachwedd",
    "ragfyr",
    "am",
    "pm",
    "ddydd",
    "dydd",
];

/// Their tokens, sorted.
static OF_DATES: LazyLock<Vec<Token>> = LazyLock::new(|| {
    let token = |word: &&str| {
        let mut token = Fnv::default();
        word.bytes().for_each(|byte| token.add(byte));
        token.0
    };
    let mut tokens: Vec<Token> = DATES.iter().map(token).collect();
    tokens.sort_unstable();
    tokens
});

/// The text without the sentences of a notice; `None`: it quotes none.
pub(super) fn set_aside(text: &str) -> Option<String> {
    let tokens = tokens(text);
    let plain: Vec<Token> = tokens.iter().map(|(token, _)| *token).collect();
    let mut blank = vec![false; tokens.len()];
    let mut found = HashSet::new();
    let mut at = 0;
    while let Some(said) = plain.get(at..).filter(|said| said.len() >= LONG_WORDS_MIN) {
        match KNOWN.long_at(said) {
            Some(run) => {
                found.insert(run);
                blank.iter_mut().skip(at).take(run.len()).for_each(|blank| *blank = true);
                at += run.len();
            }
            None => at += 1,
        }
    }
    if found.len() < SENTENCES_MIN {
        return None;
    }
    blank_lines(text, &tokens, &mut blank);
    blank_headings(&plain, &mut blank);
    let mut rest = String::with_capacity(text.len());
    let mut from = 0;
    for ((_, at), _) in tokens.iter().zip(&blank).filter(|(_, blank)| **blank) {
        rest.push_str(text.get(from..at.start).unwrap_or_default());
        rest.push(' ');
        from = at.end;
    }
    rest.push_str(text.get(from..).unwrap_or_default());
    Some(rest)
}

/// A line that is mostly of a notice is all of it: a name, a role or an address was put in.
fn blank_lines(text: &str, tokens: &[(Token, Range<usize>)], blank: &mut [bool]) {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| ends.partition_point(|end| *end < at);
    let mut from = 0;
    for line in tokens.chunk_by(|(_, one), (_, next)| line_of(one.start) == line_of(next.start)) {
        let to = from + line.len();
        if let Some(blank) = blank.get_mut(from..to) {
            let blanked = blank.iter().filter(|blank| **blank).count();
            if blanked * 2 > blank.len() {
                blank.fill(true);
            }
        }
        from = to;
    }
}

/// Between the sentences of a notice are its headings, and sentences too short to be distinguished from anybody's. Text
/// that is mostly made of those is part of the notice; other words are the sender's, and stay.
fn blank_headings(plain: &[Token], blank: &mut [bool]) {
    let Some(first) = blank.iter().position(|blank| *blank) else { return };
    let last = blank.iter().rposition(|blank| *blank).unwrap_or(first);
    let mut at = first;
    while at < last {
        let length =
            blank.get(at..last).unwrap_or_default().iter().take_while(|blank| !**blank).count();
        let gap = plain.get(at..at + length).unwrap_or_default();
        if length > 0 && in_short_runs(gap) * 2 >= length {
            blank.iter_mut().skip(at).take(length).for_each(|blank| *blank = true);
        }
        at += length.max(1);
    }
}

/// How many of the tokens are in short runs, one after another.
fn in_short_runs(mut gap: &[Token]) -> usize {
    let mut covered = 0;
    while !gap.is_empty() {
        let longest = (1..LONG_WORDS_MIN.min(gap.len() + 1))
            .rev()
            .find(|length| gap.get(..*length).is_some_and(|run| KNOWN.short.contains(run)));
        covered += longest.unwrap_or_default();
        gap = gap.get(longest.unwrap_or(1)..).unwrap_or_default();
    }
    covered
}
