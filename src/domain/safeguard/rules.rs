//! Phrases and concepts, made of slots, by the slot at which each is looked for.

use std::collections::BTreeMap;

use super::Lane;
use super::found_by::FoundBy;
use super::vocabulary::{Slot, Tongue, Vocabulary};
use super::written::{ConceptParts, Element, PhraseParts, Set, Written};

/// Words allowed between two words of a phrase marked `~`.
const GAP_WORDS_MAX: u32 = 3;
/// How likely its lane must be by the wording so that a phrase behind `?` counts, and a built-in concept,
/// which few words make. Chosen on texts that were not learnt from: real messages that are lost by it are one
/// in forty of those, and near misses that it sets aside are more than half.
const HINT_SHARE: f32 = 0.07;
const CONCEPT_SHARE: f32 = 0.18;

#[derive(Default)]
pub(super) struct Rules {
    rows: Vec<Row>,
    by_first: BySlot<Candidate>,
    harmless: BySlot<Row>,
    nears: Vec<Near>,
    by_key: BySlot<Candidate>,
    /// Of each slot, whether a concept asks for it.
    asked_for: Vec<bool>,
    slots: Slots,
}

/// A list for each slot.
struct BySlot<V>(Vec<Vec<V>>);

impl<V> Default for BySlot<V> {
    fn default() -> Self {
        BySlot(Vec::new())
    }
}

impl<V> BySlot<V> {
    fn add(&mut self, slot: Slot, value: V) {
        let at = usize::from(slot);
        if self.0.len() <= at {
            self.0.resize_with(at + 1, Vec::new);
        }
        if let Some(list) = self.0.get_mut(at) {
            list.push(value);
        }
    }

    fn of(&self, slot: Slot) -> &[V] {
        self.0.get(usize::from(slot)).map_or(&[], Vec::as_slice)
    }

    /// The slots that have any.
    fn slots(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().filter_map(|(slot, list)| (!list.is_empty()).then_some(slot))
    }
}

/// A rule, listed under the slot at which it is looked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candidate {
    /// Another of its slots, which rules out most candidates; `None`: it has only one.
    pub second: Option<Slot>,
    pub number: usize,
}

/// Words in a row.
pub(super) struct Row {
    pub words: Vec<Slot>,
    pub goal: Goal,
    pub shown: String,
    /// How likely its lane must be by the wording, 0 to 1, so that it counts.
    pub least: f32,
}

/// What a row finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Lane(Lane),
    /// A member of a set that is more than a word.
    Set(Slot),
}

/// Elements near each other.
pub(super) struct Near {
    pub lane: Lane,
    pub part: FoundBy,
    /// As of a [`Row`].
    pub least: f32,
    /// All but the one at which it is looked for.
    pub others: Vec<Slot>,
    pub unless: Vec<Slot>,
    /// How far each other is from that one, at most, in words.
    pub reach: u32,
    /// How far two that follow each other are apart, at most.
    pub gap: u32,
}

impl PhraseParts {
    const fn least(&self) -> f32 {
        if self.hint { HINT_SHARE } else { 0.0 }
    }
}

#[derive(Default)]
struct Slots {
    words: BTreeMap<(String, bool), Slot>,
    /// With the number of their members.
    sets: BTreeMap<String, (Slot, usize)>,
    next: Slot,
}

impl Rules {
    /// The class of words that may come between those of a phrase.
    pub(super) const FILLER: Slot = 0;

    pub(super) fn new(written: &Written, vocabulary: &mut Vocabulary) -> Self {
        let mut rules = Rules::default();
        rules.slots.next = Rules::FILLER + 1;
        for filler in written.fillers.iter().flat_map(|filler| super::written::words_in(filler)) {
            // Exactly: a word similar to a filler need not be one.
            vocabulary.add(&filler, Rules::FILLER, true);
        }
        for phrase in &written.harmless {
            rules.add_harmless(phrase, vocabulary);
        }
        for (lane, words) in &written.lanes {
            vocabulary.adds(if written.in_either { Tongue::Either } else { Tongue::English });
            for phrase in &words.phrases {
                rules.add_phrase(*lane, phrase, vocabulary);
            }
            vocabulary.adds(Tongue::Welsh);
            for phrase in &words.welsh {
                rules.add_phrase(*lane, phrase, vocabulary);
            }
            vocabulary.adds(Tongue::English);
        }
        for (lane, words) in &written.lanes {
            for concept in &words.concepts {
                // Its faults were reported when it was read.
                if let Ok(parts) = ConceptParts::of(concept, &written.sets) {
                    rules.add_concept(*lane, &parts, written, vocabulary);
                }
            }
        }
        rules.asked_for = vec![false; usize::from(rules.slots.next)];
        let elements = rules.nears.iter().flat_map(|near| near.others.iter().chain(&near.unless));
        for slot in elements.map(|slot| usize::from(*slot)).chain(rules.by_key.slots()) {
            if let Some(asked) = rules.asked_for.get_mut(slot) {
                *asked = true;
            }
        }
        rules
    }

    /// Whether nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.nears.is_empty()
    }

    /// How many slots there are.
    pub(super) fn slots(&self) -> usize {
        usize::from(self.slots.next)
    }

    pub(super) fn row(&self, number: usize) -> Option<&Row> {
        self.rows.get(number)
    }

    pub(super) fn rows_from(&self, first: Slot) -> &[Candidate] {
        self.by_first.of(first)
    }

    pub(super) fn harmless_from(&self, first: Slot) -> &[Row] {
        self.harmless.of(first)
    }

    pub(super) fn near(&self, number: usize) -> Option<&Near> {
        self.nears.get(number)
    }

    pub(super) fn near_from(&self, key: Slot) -> &[Candidate] {
        self.by_key.of(key)
    }

    pub(super) fn is_asked_for(&self, slot: Slot) -> bool {
        self.asked_for.get(usize::from(slot)).copied().unwrap_or_default()
    }

    fn add_harmless(&mut self, phrase: &str, vocabulary: &mut Vocabulary) {
        let parts = PhraseParts::of(phrase);
        let slots = |word: &String| self.slots.word(word, true, vocabulary);
        let words: Vec<Slot> = parts.words.iter().map(slots).collect();
        let Some(first) = words.first().copied() else { return };
        // It has no lane; that it finds nothing is what it is for.
        let goal = Goal::Set(Rules::FILLER);
        let row = Row { words, goal, shown: String::new(), least: 0.0 };
        self.harmless.add(first, row);
    }

    fn add_phrase(&mut self, lane: Lane, phrase: &str, vocabulary: &mut Vocabulary) {
        let parts = PhraseParts::of(phrase);
        let slots = |word: &String| self.slots.word(word, parts.exact, vocabulary);
        let words: Vec<Slot> = parts.words.iter().map(slots).collect();
        if parts.any_order && words.len() > 1 {
            let gap = GAP_WORDS_MAX + 1;
            let reach = gap * u32::try_from(words.len() - 1).unwrap_or(1);
            let (others, unless) = (Vec::new(), Vec::new());
            let (part, least) = (FoundBy::Gaps, parts.least());
            self.add_near(Near { lane, part, least, others, unless, reach, gap }, words, 0);
        } else {
            self.add_row(words, Goal::Lane(lane), &parts);
        }
    }

    fn add_row(&mut self, words: Vec<Slot>, goal: Goal, parts: &PhraseParts) {
        if let Some(first) = words.first() {
            let second = words.get(1).copied();
            self.by_first.add(*first, Candidate { second, number: self.rows.len() });
            let (shown, least) = (parts.words.join(" "), parts.least());
            self.rows.push(Row { words, goal, shown, least });
        }
    }

    fn add_concept(
        &mut self,
        lane: Lane,
        parts: &ConceptParts,
        written: &Written,
        vocabulary: &mut Vocabulary,
    ) {
        let sets = &written.sets;
        let mut slots = Vec::new();
        // The rarest is what has the fewest members.
        let mut rarest = (usize::MAX, 0);
        for (at, element) in parts.elements.iter().enumerate() {
            let (slot, members) = self.element(element, sets, vocabulary);
            rarest = rarest.min((members, at));
            slots.push(slot);
        }
        let unless = &parts.unless;
        let unless = unless.iter().map(|one| self.element(one, sets, vocabulary).0).collect();
        let rule = Near {
            lane,
            part: FoundBy::Concept,
            least: if written.concepts_are_hints { CONCEPT_SHARE } else { 0.0 },
            others: Vec::new(),
            unless,
            reach: parts.reach,
            gap: u32::MAX,
        };
        self.add_near(rule, slots, rarest.1);
    }

    fn add_near(&mut self, mut rule: Near, mut slots: Vec<Slot>, key: usize) {
        if key < slots.len() {
            let key = slots.remove(key);
            rule.others = slots;
            let second = rule.others.first().copied();
            self.by_key.add(key, Candidate { second, number: self.nears.len() });
            self.nears.push(rule);
        }
    }

    fn element(
        &mut self,
        element: &Element,
        sets: &BTreeMap<String, Set>,
        vocabulary: &mut Vocabulary,
    ) -> (Slot, usize) {
        match element {
            Element::Word(word) => (self.slots.word(word, false, vocabulary), 1),
            Element::Set(name) => match (self.slots.sets.get(name), sets.get(name)) {
                (Some(known), _) => *known,
                (None, None) => (Rules::FILLER, 0),
                (None, Some(set)) => self.set(name, set, vocabulary),
            },
        }
    }

    fn set(&mut self, name: &str, set: &Set, vocabulary: &mut Vocabulary) -> (Slot, usize) {
        let slot = self.slots.take();
        let english = set.words.iter().map(|member| (member, false));
        let members = english.chain(set.welsh.iter().map(|member| (member, true)));
        let count = members.clone().count();
        for (member, is_welsh) in members {
            vocabulary.adds(if is_welsh { Tongue::Welsh } else { Tongue::English });
            let is_stem = member.ends_with('*');
            match PhraseParts::of(member) {
                parts if parts.words.len() > 1 => {
                    let slots = |word: &String| self.slots.word(word, parts.exact, vocabulary);
                    let words = parts.words.iter().map(slots).collect();
                    self.add_row(words, Goal::Set(slot), &parts);
                }
                parts => {
                    for word in &parts.words {
                        let stem = if is_stem { format!("{word}*") } else { word.clone() };
                        vocabulary.add(&stem, slot, parts.exact);
                    }
                }
            }
        }
        vocabulary.adds(Tongue::English);
        self.slots.sets.insert(name.to_owned(), (slot, count));
        (slot, count)
    }
}

impl Slots {
    fn take(&mut self) -> Slot {
        let slot = self.next;
        self.next = self.next.saturating_add(1);
        slot
    }

    fn word(&mut self, word: &str, exact: bool, vocabulary: &mut Vocabulary) -> Slot {
        if let Some(slot) = self.words.get(&(word.to_owned(), exact)) {
            return *slot;
        }
        let slot = self.take();
        self.words.insert((word.to_owned(), exact), slot);
        vocabulary.add(word, slot, exact);
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use super::super::{BuiltIn, LEARNT, LaneRule, LaneWords};
    use super::super::{FoundBy, Lane, Safeguards, Set, Spelling, Wording, Written};

    /// Safeguards whose wording finds every lane so likely, whatever is said, as the logarithm of odds.
    fn worded(evidence: f32, own: LaneRule) -> Safeguards {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let words = LaneWords {
            phrases: texts(&["?fire", "gas leak", "?~ water ceiling"]),
            concepts: texts(&["boiler baby"]),
            ..LaneWords::default()
        };
        let written = Written {
            lanes: BTreeMap::from([(Lane::Emergency, words)]),
            concepts_are_hints: true,
            ..Written::default()
        };
        let wording = Wording::written(&[(evidence, 1.0); LEARNT.len()], &[]);
        let built_in = BuiltIn::new(written).with_wording(Wording::read(&wording).unwrap());
        let lanes = BTreeMap::from([(Lane::Emergency, own)]);
        Safeguards::beside(Arc::new(built_in), lanes, Vec::new(), Vec::new())
    }

    fn found_by(safeguards: &Safeguards, text: &str) -> Option<FoundBy> {
        safeguards.matches_of(text).hits.first().map(|hit| hit.part)
    }

    #[test]
    fn a_hint_beside_another_lane_counts() {
        let own = LaneRule { phrases: vec!["warden bell".to_owned()], ..LaneRule::default() };
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let words = LaneWords { phrases: texts(&["?solicitor"]), ..LaneWords::default() };
        let written =
            Written { lanes: BTreeMap::from([(Lane::Legal, words)]), ..Written::default() };
        let wording = Wording::written(&[(-4.0, 1.0); LEARNT.len()], &[]);
        let built_in = BuiltIn::new(written).with_wording(Wording::read(&wording).unwrap());
        let lanes = BTreeMap::from([(Lane::Emergency, own)]);
        let safeguards = Safeguards::beside(Arc::new(built_in), lanes, Vec::new(), Vec::new());
        let lanes = |text: &str| -> Vec<Lane> {
            safeguards.matches_of(text).hits.iter().map(|hit| hit.lane).collect()
        };
        let alone = "my solicitor will write to you about all of this in the coming week";
        assert_eq!(lanes(alone), []);
        let beside = format!("{alone} and the warden bell is ringing");
        assert_eq!(lanes(&beside), [Lane::Emergency, Lane::Legal]);
    }

    #[test]
    fn a_hint_counts_unless_the_wording_speaks_against_it() {
        let (against, doubtful, not_against) = (
            worded(-4.0, LaneRule::default()),
            worded(-2.0, LaneRule::default()),
            worded(-1.3, LaneRule::default()),
        );
        let (phrase, gaps, concept) = (
            "do you sell a coal fire here or must i go to the big shop",
            "the water on your ceiling poster is blue but should be green i think",
            "a boiler and a baby photo please for my wall at the new house",
        );
        for (text, part) in
            [(phrase, FoundBy::Words), (gaps, FoundBy::Gaps), (concept, FoundBy::Concept)]
        {
            assert_eq!(found_by(&against, text), None, "{text}");
            assert_eq!(found_by(&not_against, text), Some(part), "{text}");
        }
        // A concept takes more.
        assert_eq!(found_by(&doubtful, phrase), Some(FoundBy::Words));
        assert_eq!(found_by(&doubtful, concept), None);
        // A finding that is not a hint counts whatever the wording says, and so does one that is too short to be
        // judged.
        assert_eq!(
            found_by(
                &against,
                "is a gas leak your hobby or only something that you like to read of"
            ),
            Some(FoundBy::Words)
        );
        assert_eq!(found_by(&against, "do you sell a coal fire here"), Some(FoundBy::Words));
    }

    #[test]
    fn what_is_set_aside_is_read_before_what_says_nothing() {
        let matches = worded(-4.0, LaneRule::default())
            .matches_of("do you sell a coal fire here or must i go to the big shop");
        let like = matches.resembles.first().unwrap();
        assert_eq!((like.lane, like.says().as_str()), (Lane::Emergency, "says: fire"));
        assert!(!like.opens());
    }

    #[test]
    fn an_organisations_own_words_count_whatever_the_wording_says() {
        let own = LaneRule {
            concepts: vec!["poster boiler".to_owned()],
            ..LaneRule::new(vec!["fire".to_owned()], None)
        };
        let safeguards = worded(-4.0, own);
        assert_eq!(found_by(&safeguards, "do you sell a coal fire here"), Some(FoundBy::Words));
        let concept = "is the boiler on your new poster";
        assert_eq!(found_by(&safeguards, concept), Some(FoundBy::Concept));
    }

    #[test]
    fn members_of_a_set_are_stems_words_and_phrases() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let fires = Set { words: texts(&["burn*", "candle", "naked flame"]), welsh: Vec::new() };
        let concepts = texts(&["@fires curtain"]);
        let written = Written {
            lanes: BTreeMap::from([(
                Lane::Emergency,
                LaneWords { concepts, ..LaneWords::default() },
            )]),
            sets: BTreeMap::from([("fires".to_owned(), fires)]),
            ..Written::default()
        };
        let built_in = Arc::new(BuiltIn::new(written));
        let safeguards = Safeguards::beside(built_in, BTreeMap::new(), Vec::new(), Vec::new());
        let spelling =
            |text: &str| safeguards.matches_of(text).hits.first().map(|hit| hit.spelling);
        for (text, expected) in [
            ("the curtain burned", Some(Spelling::Written)),
            ("a candle by the curtain", Some(Spelling::Written)),
            ("a naked flame by the curtain", Some(Spelling::Written)),
            ("a naked wall by the curtain", None),
            ("the curtain is red", None),
            ("it burned by the candle", None),
        ] {
            assert_eq!(spelling(text), expected, "{text}");
        }
    }
}
