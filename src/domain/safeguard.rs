//! Safeguards: lanes that come before every rule. Over-inclusive, and only ever of help to the
//! sender: a profile adds words, senders and recipients; nothing can take a lane away.

mod dismissed;
mod examples;
mod features;
mod finder;
mod found_by;
mod hash_index;
mod looked_up;
mod matches;
mod mutation;
mod nearness;
mod rules;
mod said;
mod slot_set;
mod sound;
mod spelling;
mod vocabulary;
mod wording;
mod written;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::{Arc, OnceLock};

use super::contact::Contact;
use super::identifier::IdentifierKind;
use finder::Finder;

pub use super::lane::Lane;
pub use found_by::FoundBy;
pub use matches::{Hit, Matches, Resemblance};
pub use vocabulary::Spelling;
pub use wording::{LEARNT, RARITY, RARITY_UNKNOWN, Wording};
pub use written::{
    ELEMENTS_MAX, Everyday, LaneWords, Set, Written, concept_fault, example_fault, phrase_fault,
};

/// The built-in part, always in force and the same for everybody.
#[derive(Default)]
pub struct BuiltIn {
    written: Written,
    /// Made for the first text, since most commands read a profile but no text.
    finder: OnceLock<Finder>,
    wording: Wording,
}

impl BuiltIn {
    pub fn new(written: Written) -> Self {
        BuiltIn { written, ..BuiltIn::default() }
    }

    #[must_use]
    pub fn with_wording(mut self, wording: Wording) -> Self {
        self.wording = wording;
        self
    }

    pub fn written(&self) -> &Written {
        &self.written
    }

    fn finder(&self) -> &Finder {
        self.finder.get_or_init(|| Finder::new(&self.written))
    }
}

/// What a lane was found by where its sender asked for it by a key.
const BY_KEY: &str = "the sender's own choice";

/// How like an example a passage must be to open the example's lane, in percent.
pub const RESEMBLES_PERCENT: u8 = 42;
/// An organisation can ask for less, so that more is found, but not for less than this.
pub const RESEMBLES_PERCENT_MIN: u8 = 20;
/// How likely a text must be a lane's by its wording to open the lane, in percent.
pub const WORDING_PERCENT: u8 = 72;
/// From this share of an opening threshold on, a text that opens no lane resembles it a little.
const A_LITTLE: f32 = 0.6;

/// The words, senders and recipients of an organisation's lanes.
#[derive(Clone, Default)]
pub struct Safeguards {
    built_in: Arc<BuiltIn>,
    lanes: BTreeMap<Lane, LaneRule>,
    /// The lanes' own rules beyond the built-in ones, also made for the first text.
    own: Arc<OnceLock<Finder>>,
    resembles_percent: u8,
    wording_percent: u8,
    /// Addresses (`a@b`), domains (`@b`, with all below it) or numbers of protected senders.
    pub protected_senders: Vec<String>,
    /// The same of protected recipients.
    pub protected_recipients: Vec<String>,
    /// Both in lower case.
    protected: Protected,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Protected {
    senders: Vec<String>,
    recipients: Vec<String>,
}

/// What it was made of says it all.
impl fmt::Debug for Safeguards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Safeguards")
            .field("lanes", &self.lanes)
            .field("resembles_percent", &self.resembles_percent)
            .field("wording_percent", &self.wording_percent)
            .field("protected", &self.protected)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Safeguards {
    fn eq(&self, other: &Self) -> bool {
        self.lanes == other.lanes
            && self.resembles_percent == other.resembles_percent
            && self.wording_percent == other.wording_percent
            && self.protected_senders == other.protected_senders
            && self.protected_recipients == other.protected_recipients
            && self.built_in.written == other.built_in.written
    }
}

/// A built-in word that a single word is taken for.
pub struct TakenFor {
    /// The word as it is looked up.
    pub word: String,
    /// The built-in word.
    pub other: String,
    pub how: Spelling,
}

/// One lane's words and queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneRule {
    /// As written in the profile, for people; the built-in ones too.
    pub phrases: Vec<String>,
    /// In addition to the built-in ones.
    pub concepts: Vec<String>,
    pub examples: Vec<String>,
    pub queue: Option<String>,
}

impl LaneRule {
    pub fn new(phrases: Vec<String>, queue: Option<String>) -> Self {
        LaneRule { phrases, queue, ..LaneRule::default() }
    }
}

impl Safeguards {
    /// Safeguards of these lanes only.
    pub fn new(
        lanes: BTreeMap<Lane, LaneRule>,
        protected_senders: Vec<String>,
        protected_recipients: Vec<String>,
    ) -> Self {
        let nothing = Arc::new(BuiltIn::default());
        Safeguards::beside(nothing, lanes, protected_senders, protected_recipients)
    }

    /// Safeguards of the built-in part and of these lanes.
    pub fn beside(
        built_in: Arc<BuiltIn>,
        lanes: BTreeMap<Lane, LaneRule>,
        protected_senders: Vec<String>,
        protected_recipients: Vec<String>,
    ) -> Self {
        let lowered = |rules: &[String]| rules.iter().map(|rule| rule.to_lowercase()).collect();
        let protected = Protected {
            senders: lowered(&protected_senders),
            recipients: lowered(&protected_recipients),
        };
        Safeguards {
            built_in,
            lanes,
            own: Arc::default(),
            resembles_percent: RESEMBLES_PERCENT,
            wording_percent: WORDING_PERCENT,
            protected_senders,
            protected_recipients,
            protected,
        }
    }

    /// With an organisation's own thresholds. They may be lower than the built-in ones, never higher.
    #[must_use]
    pub fn with_percents(mut self, resembles: u8, wording: u8) -> Self {
        self.resembles_percent = resembles.clamp(RESEMBLES_PERCENT_MIN, RESEMBLES_PERCENT);
        self.wording_percent = wording.clamp(RESEMBLES_PERCENT_MIN, WORDING_PERCENT);
        self
    }

    /// How likely a text must be a lane's by its wording to open the lane, in percent.
    pub fn wording_percent(&self) -> u8 {
        self.wording_percent
    }

    /// How like an example a passage must be to open the example's lane, in percent.
    pub fn resembles_percent(&self) -> u8 {
        self.resembles_percent
    }

    /// Prepares the search now, so that the first text need not wait.
    pub fn prepare(&self) {
        let _ = (self.built_in.finder(), self.own());
    }

    fn own(&self) -> &Finder {
        self.own.get_or_init(|| Finder::new(&own_words(&self.built_in.written, &self.lanes)))
    }

    pub fn rule(&self, lane: Lane) -> Option<&LaneRule> {
        self.lanes.get(&lane)
    }

    pub fn built_in(&self) -> &BuiltIn {
        &self.built_in
    }

    /// The queue of a lane; `None`: the contact is delivered.
    pub fn queue(&self, lane: Lane) -> Option<&str> {
        self.lanes.get(&lane).and_then(|rule| rule.queue.as_deref()).or(lane.default_queue())
    }

    /// Every lane that the contact falls into, and what it is a little like. `words`: what its sender said.
    pub fn matches_in(&self, contact: &Contact, words: &str) -> Matches {
        let mut matches = self.matches_of(words);
        if let Some(lane) = contact.lane.map(Lane::from) {
            let (part, spelling) = (FoundBy::Choice, Spelling::Written);
            matches.hits.retain(|hit| hit.lane != lane);
            matches.hits.push(Hit { lane, by: BY_KEY.to_owned(), part, spelling });
            matches.hits.sort_by_key(|hit| hit.lane);
        }
        let senders = contact
            .from
            .iter()
            .filter(|from| from.kind != IdentifierKind::Account)
            .map(|from| from.value.as_str());
        let recipients = contact.to.iter().map(String::as_str);
        for (lane, is_protected) in [
            (Lane::ProtectedSender, is_protected(&self.protected.senders, senders)),
            (Lane::ProtectedRecipient, is_protected(&self.protected.recipients, recipients)),
        ] {
            if is_protected {
                matches.hits.push(Hit {
                    lane,
                    by: String::new(),
                    part: FoundBy::Address,
                    spelling: Spelling::Written,
                });
            }
        }
        matches
    }

    /// The lanes that a text falls into by what it says.
    pub fn matches_of(&self, text: &str) -> Matches {
        let plain = said::plain(text);
        let words = self.built_in.finder().spelt_out(said::words_of(&plain));
        let mut found = finder::AllFound::new();
        let mut doubted = finder::AllFound::new();
        let mut resembles: BTreeMap<Lane, Resemblance> = BTreeMap::new();
        let mut keep = |like: Resemblance| {
            let best = resembles.get(&like.lane);
            if best.is_none_or(|best| like.nearness() > best.nearness()) {
                resembles.insert(like.lane, like);
            }
        };
        let a_little = |threshold: u8| f32::from(threshold) * A_LITTLE / 100.0;
        let judged = self.built_in.wording.judged(&words, a_little(self.wording_percent));
        for finder in [self.built_in.finder(), self.own()] {
            let finds = finder.find(&words, &judged.shares, a_little(self.resembles_percent));
            for (lane, new) in finds.lanes {
                let known = found.entry(lane).or_insert_with(|| new.clone());
                if new.part < known.part {
                    *known = new;
                }
            }
            // It opens nothing, but among limited contacts it is read first.
            for (lane, hint) in finds.doubted {
                keep(Resemblance {
                    lane,
                    percent: percent(judged.shares.of(lane)),
                    threshold: self.wording_percent,
                    by: hint.by.clone(),
                    part: hint.part,
                });
                doubted.entry(lane).or_insert(hint);
            }
            for like in finds.likenesses {
                keep(Resemblance {
                    lane: like.lane,
                    percent: percent(like.score),
                    threshold: self.resembles_percent,
                    by: finder.example(like.example).to_owned(),
                    part: FoundBy::Example,
                });
            }
        }
        // A doubted hint counts together with another lane: the wording that speaks against it may belong to that one.
        if !found.is_empty() {
            for (lane, hint) in doubted {
                found.entry(lane).or_insert(hint);
            }
        }
        for worded in judged.likely {
            keep(Resemblance {
                lane: worded.lane,
                percent: percent(worded.share),
                threshold: self.wording_percent,
                by: worded.by,
                part: FoundBy::Wording,
            });
        }
        let hits = Lane::ALL.into_iter().filter_map(|lane| {
            if let Some(found) = found.remove(&lane) {
                let finder::FoundSafeguard { by, part, spelling, .. } = found;
                return Some(Hit { lane, by, part, spelling });
            }
            let like = resembles.get(&lane).filter(|like| like.opens())?;
            let (by, part) = (like.by.clone(), like.part);
            Some(Hit { lane, by, part, spelling: Spelling::Written })
        });
        Matches { hits: hits.collect(), resembles: resembles.into_values().collect() }
    }

    /// The features of a text by which wording is learnt: for the program that learns them.
    pub fn features_of(&self, text: &str) -> Vec<u32> {
        let plain = said::plain(text);
        let words = self.built_in.finder().spelt_out(said::words_of(&plain));
        features::features_of(&words)
    }

    /// Which of the built-in words a single word is taken for in a text in English or in Welsh: for those who
    /// write the lists of words.
    pub fn taken_for(&self, word: &str, in_welsh: bool) -> Option<TakenFor> {
        let plain = said::plain(word);
        let words = said::words_of(&plain);
        let [word] = words.as_slice() else { return None };
        let (other, how) = self.built_in.finder().taken_for(word, in_welsh)?;
        Some(TakenFor { word: word.text.to_string(), other, how })
    }
}

/// What the lanes have besides the built-in part, with the sets that their concepts may name.
fn own_words(built_in: &Written, lanes: &BTreeMap<Lane, LaneRule>) -> Written {
    let of_lane = |(lane, rule): (&Lane, &LaneRule)| {
        let known = built_in.lanes.get(lane);
        let known: HashSet<&String> =
            known.into_iter().flat_map(|words| words.phrases.iter().chain(&words.welsh)).collect();
        let phrases = rule.phrases.iter().filter(|phrase| !known.contains(phrase)).cloned();
        let words = LaneWords {
            phrases: phrases.collect(),
            welsh: Vec::new(),
            concepts: rule.concepts.clone(),
            examples: rule.examples.clone(),
        };
        (*lane, words)
    };
    Written {
        lanes: lanes.iter().map(of_lane).collect(),
        sets: built_in.sets.clone(),
        fillers: built_in.fillers.clone(),
        welsh_fillers: built_in.welsh_fillers.clone(),
        in_either: true,
        everyday: built_in.everyday.clone(),
        ..Written::default()
    }
}

fn percent(share: f32) -> u8 {
    const ALL: f32 = 100.0;
    let percent = (share * ALL).clamp(0.0, ALL).round();
    (0..=100).rev().find(|whole| f32::from(*whole) <= percent).unwrap_or_default()
}

fn is_protected<'a>(rules: &[String], mut values: impl Iterator<Item = &'a str>) -> bool {
    let any = |value: &str| {
        let value = value.to_lowercase();
        let host = value.rsplit_once('@').map(|(_, host)| host);
        rules.iter().any(|rule| is_covered(rule, &value, host))
    };
    values.any(any)
}

/// `@example.org` covers the domain and all below it; anything else is compared whole. All is in lower
/// case; `host` is what follows the last `@` of the value.
fn is_covered(rule: &str, value: &str, host: Option<&str>) -> bool {
    match rule.strip_prefix('@') {
        Some(domain) => host
            .and_then(|host| host.strip_suffix(domain))
            .is_some_and(|before| before.is_empty() || before.ends_with('.')),
        None => value == rule,
    }
}

#[cfg(test)]
mod tests;
