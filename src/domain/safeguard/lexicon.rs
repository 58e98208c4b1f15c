//! Which phrases a text says. Each of its words is looked up once among the words that phrases begin
//! with, rather than each beside every phrase: a profile has hundreds of them, and a text thousands of
//! words of which hardly any begins one.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};

use super::nearness::Nearness;
use super::spelling::Word;
use super::{Lane, LaneRule, Phrase};

/// The words with which the phrases of all lanes begin.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Lexicon {
    firsts: Vec<First>,
    /// Of each word as it is written, which of `firsts` it is.
    written: HashMap<String, usize>,
    /// Asked before that: nearly every word of a text is none of them.
    signatures: Signatures,
    /// Of the others, which may have been meant by a word.
    near: Nearness,
    dismissed: Dismissed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct First {
    word: Word<'static>,
    /// Where the phrases are that begin with it.
    phrases: Vec<(Lane, usize)>,
}

/// What it was made of says it all; and the order of a table by hash is another each time.
impl std::fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lexicon({} words)", self.firsts.len())
    }
}

impl Lexicon {
    pub(super) fn of(lanes: &BTreeMap<Lane, LaneRule>) -> Self {
        let mut lexicon = Lexicon::default();
        for (lane, rule) in lanes {
            for (at, phrase) in rule.folded.iter().enumerate() {
                if let Some(word) = phrase.words.first() {
                    lexicon.add(word, (*lane, at));
                }
            }
        }
        // Neighbours in length stand together, and are looked at together.
        lexicon.firsts.sort_by(|a, b| {
            (a.word.letters(), a.word.text()).cmp(&(b.word.letters(), b.word.text()))
        });
        let written = lexicon.firsts.iter().map(|first| first.word.text().to_owned());
        lexicon.written = written.zip(0..).collect();
        for first in &lexicon.firsts {
            lexicon.signatures.add(&first.word);
        }
        lexicon.near = Nearness::of(lexicon.firsts.iter().map(|first| &first.word));
        lexicon
    }

    fn add(&mut self, word: &Word<'static>, place: (Lane, usize)) {
        let next = self.firsts.len();
        let at = *self.written.entry(word.text().to_owned()).or_insert(next);
        match self.firsts.get_mut(at) {
            Some(first) => first.phrases.push(place),
            None => self.firsts.push(First { word: word.clone(), phrases: vec![place] }),
        }
    }

    /// The phrase of each lane that is said: the first of those of the lane, where several are.
    pub(super) fn said_in<'r>(
        &self,
        text: &[&str],
        lanes: &'r BTreeMap<Lane, LaneRule>,
    ) -> BTreeMap<Lane, &'r Phrase> {
        let mut said: BTreeMap<Lane, (usize, &Phrase)> = BTreeMap::new();
        for (at, word) in text.iter().enumerate() {
            if self.dismissed.holds(word) {
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            let mut begins_any = false;
            self.meant_by(&Word::new(word), |first| {
                begins_any = true;
                for (lane, place) in &first.phrases {
                    if said.get(lane).is_some_and(|(earlier, _)| earlier <= place) {
                        continue;
                    }
                    let phrase = lanes.get(lane).and_then(|rule| rule.folded.get(*place));
                    if let Some(phrase) = phrase.filter(|phrase| phrase.begins(rest)) {
                        said.insert(*lane, (*place, phrase));
                    }
                }
            });
            if !begins_any {
                self.dismissed.add(word);
            }
        }
        said.into_iter().map(|(lane, (_, phrase))| (lane, phrase)).collect()
    }

    /// Hands over every first word that was meant; one may come twice.
    fn meant_by(&self, said: &Word<'_>, mut take: impl FnMut(&First)) {
        let may_be_one = self.signatures.may_have(said);
        let is = may_be_one.then(|| self.written(said.text())).flatten();
        is.and_then(|at| self.firsts.get(at)).into_iter().for_each(&mut take);
        // What is only a mutation of it is looked at as any other: short words have none.
        let mutated = said.unmutated().and_then(|word| self.written(&word));
        let mutated = mutated.and_then(|at| self.firsts.get(at));
        mutated.filter(|first| said.may_mean(&first.word)).into_iter().for_each(&mut take);
        self.near.candidates(said, |at| {
            let other = self.firsts.get(at).filter(|_| is != Some(at));
            let near = other.filter(|first| said.is_near_by_letters(&first.word));
            near.into_iter().for_each(&mut take);
        });
    }

    fn written(&self, word: &str) -> Option<usize> {
        self.written.get(word).copied()
    }
}

/// Of words, which letters occur in them and how many there are, as one bit of 4,096 each: what has none
/// of these bits is none of the words.
#[derive(Clone, PartialEq, Eq)]
struct Signatures {
    bits: [u64; 1 << (SIGNATURE_BITS - u64::BITS.ilog2())],
}

/// 4,096 signatures.
const SIGNATURE_BITS: u32 = 12;

impl Default for Signatures {
    fn default() -> Self {
        Signatures { bits: [0; 1 << (SIGNATURE_BITS - u64::BITS.ilog2())] }
    }
}

impl Signatures {
    fn add(&mut self, word: &Word<'_>) {
        let (at, bit) = place_of(word);
        if let Some(bits) = self.bits.get_mut(at) {
            *bits |= bit;
        }
    }

    fn may_have(&self, word: &Word<'_>) -> bool {
        let (at, bit) = place_of(word);
        self.bits.get(at).is_some_and(|bits| bits & bit != 0)
    }
}

fn place_of(word: &Word<'_>) -> (usize, u64) {
    let hash = hash(word.occurring() ^ word.letters() as u64, SIGNATURE_BITS);
    (hash / 64, 1 << (hash % 64))
}

/// So many bits, by multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4).
fn hash(of: u64, bits: u32) -> usize {
    const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
    // So few bits are in every `usize`.
    usize::try_from(of.wrapping_mul(GOLDEN) >> (u64::BITS - bits)).unwrap_or_default()
}

/// Words that came before and with which no phrase begins: most of any text is made of the same few hundred.
/// They have up to eight bytes, which stand here as one number: a word is found exactly or not at all.
struct Dismissed {
    words: Box<[AtomicU64; 1 << DISMISSED_BITS]>,
}

/// 512 words; another one of the same hash takes the place of the one before it.
const DISMISSED_BITS: u32 = 9;

impl Dismissed {
    fn holds(&self, word: &str) -> bool {
        // Each place stands for itself: nothing else is read by what is found in it.
        Dismissed::number(word).is_some_and(|number| {
            self.place(number).is_some_and(|place| place.load(Ordering::Relaxed) == number)
        })
    }

    fn add(&self, word: &str) {
        if let Some(number) = Dismissed::number(word)
            && let Some(place) = self.place(number)
        {
            place.store(number, Ordering::Relaxed);
        }
    }

    fn place(&self, number: u64) -> Option<&AtomicU64> {
        self.words.get(hash(number, DISMISSED_BITS))
    }

    /// The word's bytes. No word has a zero among them.
    fn number(word: &str) -> Option<u64> {
        let mut bytes = [0; size_of::<u64>()];
        bytes.get_mut(..word.len())?.copy_from_slice(word.as_bytes());
        Some(u64::from_le_bytes(bytes))
    }
}

impl Default for Dismissed {
    fn default() -> Self {
        Dismissed { words: Box::new([const { AtomicU64::new(0) }; 1 << DISMISSED_BITS]) }
    }
}

/// What came before is nothing that a lexicon is made of.
impl Clone for Dismissed {
    fn clone(&self) -> Self {
        Dismissed::default()
    }
}

impl PartialEq for Dismissed {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Dismissed {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{each_word, folded};
    use super::*;

    const PHRASES: [&str; 8] = [
        "emergency",
        "gas leak",
        "=flooding",
        "subject access request",
        "cyfreithiwr",
        "camdriniaeth",
        "gas",
        "request for review",
    ];

    /// Each phrase beside each place of the text.
    fn one_by_one<'r>(text: &[&str], rule: &'r LaneRule) -> Option<&'r Phrase> {
        let said = |phrase: &&Phrase| (0..text.len()).any(|at| phrase.begins(&text[at..]));
        rule.folded.iter().find(said)
    }

    fn text() -> impl Strategy<Value = String> {
        let slip = (any::<prop::sample::Index>(), "[a-z]{0,2}", 0_usize..4);
        let word = prop_oneof![
            prop::sample::select(
                PHRASES
                    .join(" ")
                    .replace('=', "")
                    .split(' ')
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            ),
            prop::sample::select(vec!["nghyfreithiwr".to_owned(), "chamdriniaeth".to_owned()]),
            "[a-z]{1,12}",
        ];
        let slipped = (word, slip).prop_map(|(word, (place, letters, kind))| {
            let mut word: Vec<char> = word.chars().collect();
            let at = place.index(word.len());
            match kind {
                0 => {}
                1 => word.splice(at..at, letters.chars()).for_each(drop),
                2 => drop(word.remove(at)),
                _ => word.swap(at, 0),
            }
            word.into_iter().collect::<String>()
        });
        prop::collection::vec(slipped, 0..12).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn what_is_looked_up_is_what_is_found_one_by_one(text in text()) {
            let rule = LaneRule::new(PHRASES.map(str::to_owned).to_vec(), None);
            let lanes = BTreeMap::from([(Lane::Emergency, rule.clone()), (Lane::Legal, rule.clone())]);
            let text = folded(&text);
            let text = each_word(&text, |word| word);
            let lexicon = Lexicon::of(&lanes);
            // The second time with words that came before.
            for _ in 0..2 {
                let found = lexicon.said_in(&text, &lanes);
                prop_assert_eq!(found.get(&Lane::Emergency).copied(), one_by_one(&text, &rule));
                prop_assert_eq!(found.get(&Lane::Legal).copied(), one_by_one(&text, &rule));
            }
        }
    }
}
