//! What lanes are found by, as people write it down: phrases, concepts, sets of words, examples.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Lane;
use super::dismissed::hash;
use super::said::{plain, words_of};

/// Words of a phrase and elements of a concept, at most.
pub const ELEMENTS_MAX: usize = 12;
/// How far apart the elements of a concept may be, in words, by default.
pub(super) const REACH: u32 = 9;
/// The furthest that a concept may say.
pub(super) const REACH_MAX: u32 = 60;

/// What lanes are found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    pub lanes: BTreeMap<Lane, LaneWords>,
    /// Words that mean the same for a concept, by the name that it calls them.
    pub sets: BTreeMap<String, Set>,
    /// Phrases in which a word means nothing: "fire door", "dying to hear".
    pub harmless: Vec<String>,
    /// Everyday messages, with which the examples of a lane have to compete.
    pub ordinary: Vec<String>,
    /// Words allowed between those of a phrase.
    pub fillers: Vec<String>,
    /// Words that Welsh has most and English has not: a text of many of them is in Welsh.
    pub welsh_fillers: Vec<String>,
    /// Whether the phrases may be in either language: an organisation's own don't say.
    pub in_either: bool,
    /// Whether every concept is a hint, as a phrase behind `?` is.
    pub concepts_are_hints: bool,
    /// Abbreviations of text messages, and the words that they mean.
    pub texting: BTreeMap<String, String>,
    /// Words of the language that are a slip away from one that is looked for, and never meant by it.
    pub everyday: Everyday,
}

/// What one lane is found by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneWords {
    /// Words in a row. `~` before it: in any order, with gaps. `=` before it: without slips. `?` before it:
    /// a hint, which counts unless the wording around it speaks against the lane.
    pub phrases: Vec<String>,
    /// The same in Welsh, where words also begin in other ways (mutations).
    pub welsh: Vec<String>,
    /// Sets and words that occur near each other.
    pub concepts: Vec<String>,
    /// Sentences that the lane is about.
    pub examples: Vec<String>,
}

/// The members of a set: words, phrases, and stems (`flood*`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Set {
    pub words: Vec<String>,
    /// In Welsh, where words also begin in other ways (mutations).
    pub welsh: Vec<String>,
}

/// Words by their hashes: what it takes to know one again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Everyday(Arc<[u32]>);

impl Default for Everyday {
    fn default() -> Self {
        Everyday(Arc::from([]))
    }
}

impl Everyday {
    pub fn new<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let mut hashes: Vec<u32> = words.map(hash_of).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Everyday(hashes.into())
    }

    pub fn holds(&self, word: &str) -> bool {
        self.0.binary_search(&hash_of(word)).is_ok()
    }
}

fn hash_of(word: &str) -> u32 {
    const PRIME: u64 = 0x0000_0100_0000_01b3;
    let state = word.bytes().fold(0xcbf2_9ce4_8422_2325, |state: u64, byte| {
        (state ^ u64::from(byte)).wrapping_mul(PRIME)
    });
    u32::try_from(hash(state, u32::BITS)).unwrap_or_default()
}

/// A phrase in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PhraseParts {
    pub words: Vec<String>,
    pub exact: bool,
    pub any_order: bool,
    pub hint: bool,
}

impl PhraseParts {
    pub(super) fn of(written: &str) -> Self {
        let marks = written.trim_start();
        let words = marks.trim_start_matches(['=', '~', '?']);
        let before = marks.get(..marks.len() - words.len()).unwrap_or_default();
        PhraseParts {
            words: words_in(words),
            exact: before.contains('='),
            any_order: before.contains('~'),
            hint: before.contains('?'),
        }
    }
}

/// A concept in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ConceptParts {
    pub elements: Vec<Element>,
    pub unless: Vec<Element>,
    pub reach: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Element {
    Set(String),
    Word(String),
}

impl ConceptParts {
    /// # Errors
    /// Its fault, for the author.
    pub(super) fn of(written: &str, sets: &BTreeMap<String, Set>) -> Result<Self, String> {
        let mut parts = ConceptParts { elements: Vec::new(), unless: Vec::new(), reach: REACH };
        for part in written.split_whitespace() {
            if let Some(reach) = part.strip_prefix('/') {
                parts.reach =
                    reach.parse().ok().filter(|reach| (1..=REACH_MAX).contains(reach)).ok_or_else(
                        || format!("`{part}` is not a reach of 1 to {REACH_MAX} words"),
                    )?;
                continue;
            }
            let (element, list) = match part.strip_prefix('!') {
                Some(element) => (element, &mut parts.unless),
                None => (part, &mut parts.elements),
            };
            list.push(Element::of(element, sets)?);
        }
        match parts.elements.len() {
            0..2 => Err("has fewer than two elements".to_owned()),
            2..=ELEMENTS_MAX => Ok(parts),
            _ => Err(format!("has more than {ELEMENTS_MAX} elements")),
        }
    }
}

impl Element {
    fn of(written: &str, sets: &BTreeMap<String, Set>) -> Result<Self, String> {
        if let Some(set) = written.strip_prefix('@') {
            return match sets.contains_key(set) {
                true => Ok(Element::Set(set.to_owned())),
                false => Err(format!("names the set `@{set}`, which does not exist")),
            };
        }
        match words_in(written).as_slice() {
            [word] => Ok(Element::Word(word.clone())),
            _ => Err(format!("`{written}` is not one word")),
        }
    }
}

/// The fault of a phrase; `None`: nothing.
pub fn phrase_fault(written: &str) -> Option<String> {
    match PhraseParts::of(written).words.len() {
        0 => Some("has no word".to_owned()),
        1..=ELEMENTS_MAX => None,
        _ => Some(format!("has more than {ELEMENTS_MAX} words")),
    }
}

/// The fault of a concept that may name these sets; `None`: nothing.
pub fn concept_fault(written: &str, sets: &BTreeMap<String, Set>) -> Option<String> {
    ConceptParts::of(written, sets).err()
}

/// The fault of an example; `None`: nothing.
pub fn example_fault(written: &str) -> Option<String> {
    const WORDS_MIN: usize = 3;
    (words_in(written).len() < WORDS_MIN)
        .then(|| format!("has fewer than {WORDS_MIN} words: write a sentence, or use `phrases`"))
}

pub(super) fn words_in(written: &str) -> Vec<String> {
    words_of(&plain(written)).into_iter().map(|word| word.text.into_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_before_a_phrase_say_how_it_is_looked_for() {
        for (written, words, marks) in [
            ("fire", vec!["fire"], (false, false, false)),
            ("=flooding", vec!["flooding"], (true, false, false)),
            (" ~water ceiling", vec!["water", "ceiling"], (false, true, false)),
            ("?~ water", vec!["water"], (false, true, true)),
            ("=~? the Café's", vec!["the", "cafe"], (true, true, true)),
            ("gas =leak", vec!["gas", "leak"], (false, false, false)),
        ] {
            let parts = PhraseParts::of(written);
            assert_eq!(parts.words, words, "{written}");
            assert_eq!((parts.exact, parts.any_order, parts.hint), marks, "{written}");
        }
    }

    #[test]
    fn the_author_reads_what_is_wrong() {
        let sets = BTreeMap::from([("fires".to_owned(), Set::default())]);
        let words = |count: usize| vec!["a"; count].join(" ");
        let (most, too_many) = (words(ELEMENTS_MAX), words(ELEMENTS_MAX + 1));
        for (concept, fault) in [
            ("fire door", None),
            ("@fires door !joke /60", None),
            ("@fires door /1", None),
            (most.as_str(), None),
            (too_many.as_str(), Some("has more than 12 elements")),
            ("", Some("has fewer than two elements")),
            ("door !joke !film", Some("has fewer than two elements")),
            ("@none door", Some("names the set `@none`, which does not exist")),
            ("fire-door x", Some("`fire-door` is not one word")),
            ("fire door /0", Some("`/0` is not a reach of 1 to 60 words")),
            ("fire door /61", Some("`/61` is not a reach of 1 to 60 words")),
            ("fire door /x", Some("`/x` is not a reach of 1 to 60 words")),
        ] {
            assert_eq!(concept_fault(concept, &sets).as_deref(), fault, "{concept}");
        }
        for (phrase, fault) in [
            ("gas", None),
            (most.as_str(), None),
            (too_many.as_str(), Some("has more than 12 words")),
            ("=~? -", Some("has no word")),
        ] {
            assert_eq!(phrase_fault(phrase).as_deref(), fault, "{phrase}");
        }
        let too_short = "has fewer than 3 words: write a sentence, or use `phrases`";
        assert_eq!(example_fault("water everywhere").as_deref(), Some(too_short));
        assert_eq!(example_fault("water is everywhere"), None);
    }

    #[test]
    fn a_concept_has_elements_exceptions_and_a_reach() {
        let sets = BTreeMap::from([("fires".to_owned(), Set::default())]);
        let word = |word: &str| Element::Word(word.to_owned());
        let of = |written: &str| ConceptParts::of(written, &sets).unwrap();
        let (fires, door, joke) = (Element::Set("fires".to_owned()), word("door"), word("joke"));
        let expected = ConceptParts { elements: vec![fires, door], unless: vec![joke], reach: 20 };
        assert_eq!(of("@fires Door !joke /20"), expected);
        assert_eq!(of("fire door").reach, REACH);
    }

    #[test]
    fn a_word_that_differs_in_one_letter_is_not_the_everyday_one() {
        const WORD: &str = "flooring";
        let everyday = Everyday::new([WORD, "posture"].into_iter());
        assert!(everyday.holds(WORD) && everyday.holds("posture"));
        for at in 0..WORD.len() {
            for letter in ('a'..='z').filter(|letter| !WORD[at..].starts_with(*letter)) {
                let other = format!("{}{letter}{}", &WORD[..at], &WORD[at + 1..]);
                assert!(!everyday.holds(&other), "{other}");
            }
        }
    }
}
