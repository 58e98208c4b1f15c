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
    /// The first two tokens of the long ones: rules out nearly every word as the start of one.
    beginnings: Tokens,
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
        let beginnings = long.keys().map(beginning).collect();
        Known { long, short, beginnings }
    }

    /// The long run that a text begins with.
    fn long_at(&self, said: &[Token]) -> Option<&Vec<Token>> {
        let start = said.first_chunk::<LONG_WORDS_MIN>()?;
        let may_be = self.beginnings.holds(beginning(start));
        may_be
            .then(|| self.long.get(start))
            .flatten()?
            .iter()
            .find(|run| said.starts_with(run.as_slice()))
    }
}

/// The first two tokens, combined.
const fn beginning([first, second, ..]: &[Token; LONG_WORDS_MIN]) -> Token {
    first.rotate_left(23) ^ *second
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
    // Words are seldom shorter on average.
    const LETTERS_OF_A_WORD: usize = 5;
    let mut tokens: Vec<(Token, Range<usize>)> =
        Vec::with_capacity(text.len() / LETTERS_OF_A_WORD + 1);
    let mut rest = Scan { text, at: 0 };
    while let Some((token, at)) = rest.next_word() {
        match tokens.last_mut() {
            Some((NUMBER, last)) if token == NUMBER => last.end = at.end,
            _ => tokens.push((token, at)),
        }
    }
    tokens
}

/// A text, and how far it is read.
struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl Scan<'_> {
    fn next_word(&mut self) -> Option<(Token, Range<usize>)> {
        while self.length_in_word(self.kind()?) == 0 {
            self.at += self.kind().map_or(1, |kind| self.length(kind));
        }
        let from = self.at;
        let mut letters = Fnv::default();
        let (mut has_digit, mut is_ascii) = (false, true);
        while let Some(kind) = self.kind() {
            let length = self.length_in_word(kind);
            match kind {
                _ if length == 0 => break,
                DIGIT => has_digit = true,
                APOSTROPHE => {}
                BEYOND_ASCII => is_ascii = false,
                letter => letters.add(letter),
            }
            self.at += length;
        }
        let word = from..self.at;
        let token = match (has_digit, is_ascii) {
            (true, _) => NUMBER,
            (false, true) => token_of(letters),
            (false, false) => token(self.text.get(word.clone()).unwrap_or_default()),
        };
        Some((token, word))
    }

    /// The kind of the next byte ([`BYTES`]).
    fn kind(&self) -> Option<u8> {
        let byte = self.text.as_bytes().get(self.at)?;
        BYTES.get(usize::from(*byte)).copied()
    }

    /// The bytes of the next character if it is part of a word; otherwise 0.
    fn length_in_word(&self, kind: u8) -> usize {
        match kind {
            BETWEEN_WORDS => 0,
            BEYOND_ASCII => {
                self.beyond_ascii().filter(|c| is_in_word(*c)).map_or(0, char::len_utf8)
            }
            _ => 1,
        }
    }

    fn length(&self, kind: u8) -> usize {
        if kind == BEYOND_ASCII { self.beyond_ascii().map_or(1, char::len_utf8) } else { 1 }
    }

    fn beyond_ascii(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }
}

fn is_in_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '\'' | '\u{300}'..='\u{36f}')
}

/// The kind of each byte; for an ASCII letter, its lower case.
const BYTES: [u8; 256] = {
    let mut kinds = [BETWEEN_WORDS; 256];
    let mut rest: &mut [u8] = &mut kinds;
    let mut byte: u8 = 0;
    while let Some((kind, after)) = rest.split_first_mut() {
        *kind = match byte {
            b'0'..=b'9' => DIGIT,
            b'\'' => APOSTROPHE,
            0x80.. => BEYOND_ASCII,
            letter if letter.is_ascii_alphabetic() => letter.to_ascii_lowercase(),
            _ => BETWEEN_WORDS,
        };
        byte = byte.wrapping_add(1);
        rest = after;
    }
    kinds
};

const BETWEEN_WORDS: u8 = 0;
const DIGIT: u8 = 1;
const APOSTROPHE: u8 = 2;
const BEYOND_ASCII: u8 = 3;

/// The token of a word without digits.
fn token(word: &str) -> Token {
    let mut letters = Fnv::default();
    folded(word).bytes().for_each(|byte| letters.add(byte));
    token_of(letters)
}

fn token_of(Fnv(letters): Fnv) -> Token {
    if OF_DATES.holds(letters) { NUMBER } else { letters.max(1) }
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
const DATES: &str = "\
    monday tuesday wednesday thursday friday saturday sunday january february march april may june \
    july august september october november december midday midnight noon llun mawrth mercher iau \
    gwener sadwrn sul wener ionawr chwefror ebrill mai mehefin gorffennaf awst medi hydref \
    tachwedd rhagfyr fawrth fai fehefin orffennaf fedi dachwedd ragfyr am pm ddydd dydd";

static OF_DATES: LazyLock<Tokens> = LazyLock::new(|| {
    let token = |word: &str| {
        let mut letters = Fnv::default();
        word.bytes().for_each(|byte| letters.add(byte));
        letters.0
    };
    DATES.split_whitespace().map(token).collect()
});

/// A set of tokens, made for lookups that mostly miss.
struct Tokens {
    sorted: Vec<Token>,
    /// A Bloom filter of one hash: rules out most tokens that are not in the set.
    bits: [u64; WORDS_OF_BITS],
}

const WORDS_OF_BITS: usize = 64;

impl Tokens {
    fn holds(&self, token: Token) -> bool {
        let (at, bit) = Tokens::bit(token);
        let may_be = self.bits.get(at).is_some_and(|bits| bits & bit != 0);
        may_be && self.sorted.binary_search(&token).is_ok()
    }

    fn bit(token: Token) -> (usize, u64) {
        // The lowest bits of FNV-1a are poorly mixed.
        let place = usize::try_from(token >> 32).unwrap_or_default();
        ((place >> 6) % WORDS_OF_BITS, 1 << (place % 64))
    }
}

impl FromIterator<Token> for Tokens {
    fn from_iter<I: IntoIterator<Item = Token>>(tokens: I) -> Self {
        let mut sorted: Vec<Token> = tokens.into_iter().collect();
        sorted.sort_unstable();
        sorted.dedup();
        let mut bits = [0; WORDS_OF_BITS];
        for (at, bit) in sorted.iter().map(|token| Tokens::bit(*token)) {
            if let Some(bits) = bits.get_mut(at) {
                *bits |= bit;
            }
        }
        Tokens { sorted, bits }
    }
}

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
    blank_nearly_long(&plain, &mut blank);
    blank_lines(text, &tokens, &plain, &mut blank);
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

/// Within a notice a run that is nearly as long as the long ones is the notice's, wherever its line is broken.
fn blank_nearly_long(plain: &[Token], blank: &mut [bool]) {
    let Some(first) = blank.iter().position(|blank| *blank) else { return };
    let last = blank.iter().rposition(|blank| *blank).unwrap_or(first);
    let within = plain.get(first..last).unwrap_or_default();
    for (at, said) in within.windows(LONG_WORDS_MIN - 1).enumerate() {
        if is_short_run(said) {
            blank.iter_mut().skip(first + at).take(said.len()).for_each(|blank| *blank = true);
        }
    }
}

/// A line that is mostly of a notice is all of it: a name, a role or an address was put in. So is a line before the
/// notice that has nothing but short runs and numbers, as a text message begins with.
fn blank_lines(text: &str, tokens: &[(Token, Range<usize>)], plain: &[Token], blank: &mut [bool]) {
    let ends: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| ends.partition_point(|end| *end < at);
    let mut to = 0;
    let lines: Vec<Range<usize>> = tokens
        .chunk_by(|(_, one), (_, next)| line_of(one.start) == line_of(next.start))
        .map(|line| {
            let from = to;
            to += line.len();
            from..to
        })
        .collect();
    for line in &lines {
        let words = plain.get(line.clone()).unwrap_or_default();
        if let Some(blank) = blank.get_mut(line.clone())
            && is_mostly_notice(words, blank)
        {
            blank.fill(true);
        }
    }
    let is_notice =
        |line: &Range<usize>| blank.get(line.clone()).is_some_and(|blank| blank.contains(&true));
    let first = lines.iter().position(is_notice);
    let Some(line) = first.and_then(|first| lines.get(first.checked_sub(1)?)) else { return };
    let words = plain.get(line.clone()).unwrap_or_default();
    if words.len() >= LONG_WORDS_MIN
        && in_short_runs(words, is_put_between) == words.len()
        && let Some(blank) = blank.get_mut(line.clone())
    {
        blank.fill(true);
    }
}

/// Whether more of a line is a notice's than not. It must have a long run or begin with one that is nearly as long;
/// beside that, short runs and numbers count.
fn is_mostly_notice(words: &[Token], blank: &[bool]) -> bool {
    let has_long = blank.contains(&true);
    let begins =
        words.len() >= LONG_WORDS_MIN && words.get(..LONG_WORDS_MIN - 1).is_some_and(is_short_run);
    if !has_long && !begins {
        return false;
    }
    let words: Vec<(Token, bool)> = words.iter().copied().zip(blank.iter().copied()).collect();
    let of_notice: usize = words
        .chunk_by(|(_, one), (_, next)| one == next)
        .map(|stretch| match stretch {
            [(_, true), ..] => stretch.len(),
            _ => {
                let words: Vec<Token> = stretch.iter().map(|(word, _)| *word).collect();
                in_short_runs(&words, is_put_between)
            }
        })
        .sum();
    // A sentence that begins with a short run has little else: half of it will do.
    of_notice * 2 + usize::from(!has_long) > words.len()
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
        if length > 0 && in_short_runs(gap, is_short_run) * 2 >= length {
            blank.iter_mut().skip(at).take(length).for_each(|blank| *blank = true);
        }
        at += length.max(1);
    }
}

fn is_short_run(run: &[Token]) -> bool {
    KNOWN.short.contains(run)
}

/// A number, or a short run that is more than one word: a single word ("appeal") may be the sender's.
fn is_put_between(run: &[Token]) -> bool {
    match run {
        [word] => *word == NUMBER,
        run => is_short_run(run),
    }
}

/// How many of the tokens are in runs that count, one after another.
fn in_short_runs(mut gap: &[Token], counts: impl Fn(&[Token]) -> bool) -> usize {
    let mut covered = 0;
    while !gap.is_empty() {
        let longest = (1..LONG_WORDS_MIN.min(gap.len() + 1))
            .rev()
            .find(|length| gap.get(..*length).is_some_and(&counts));
        covered += longest.unwrap_or_default();
        gap = gap.get(longest.unwrap_or(1)..).unwrap_or_default();
    }
    covered
}

#[cfg(test)]
mod tests;
