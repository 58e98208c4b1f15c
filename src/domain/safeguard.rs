//! Safeguards: lanes that come before every rule. Over-inclusive, and only ever of help to the
//! sender: a profile adds words, senders and recipients; nothing can take a lane away.

mod lexicon;
mod nearness;
mod spelling;

use std::borrow::Cow;
use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::contact::{AskedLane, Contact};
use super::identifier::IdentifierKind;
use super::queue;
use lexicon::Lexicon;
use spelling::Word;

/// The lanes, in the order in which they route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    Emergency,
    Safeguarding,
    Statutory,
    Legal,
    Appeal,
    Adjustment,
    ProtectedSender,
    ProtectedRecipient,
}

impl Lane {
    pub const ALL: [Lane; 8] = [
        Lane::Emergency,
        Lane::Safeguarding,
        Lane::Statutory,
        Lane::Legal,
        Lane::Appeal,
        Lane::Adjustment,
        Lane::ProtectedSender,
        Lane::ProtectedRecipient,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Lane::Emergency => "emergency",
            Lane::Safeguarding => "safeguarding",
            Lane::Statutory => "statutory",
            Lane::Legal => "legal",
            Lane::Appeal => "appeal",
            Lane::Adjustment => "adjustment",
            Lane::ProtectedSender => "protected_sender",
            Lane::ProtectedRecipient => "protected_recipient",
        }
    }

    /// The queue that the lane goes to unless the profile names another; `None`: delivered.
    pub const fn default_queue(self) -> Option<&'static str> {
        match self {
            Lane::Emergency | Lane::Safeguarding => Some(queue::EMERGENCY),
            Lane::Statutory | Lane::Legal => Some(queue::GOVERNANCE),
            Lane::Appeal => Some(queue::HEAD_OF_SERVICE),
            Lane::Adjustment => Some(queue::REVIEW),
            Lane::ProtectedSender | Lane::ProtectedRecipient => None,
        }
    }

    /// Why the contact is on the queue, in a word or two for staff.
    pub const fn says(self) -> &'static str {
        match self {
            Lane::Emergency => "It may be an emergency",
            Lane::Safeguarding => "Somebody may be at risk",
            Lane::Statutory => "It may be a request under data protection or information law",
            Lane::Legal => "It may be about legal proceedings",
            Lane::Appeal => "It may be an appeal against the restriction",
            Lane::Adjustment => "It may ask for a reasonable adjustment",
            Lane::ProtectedSender => "The sender is protected",
            Lane::ProtectedRecipient => "A recipient is protected",
        }
    }
}

/// What a lane was found by where its sender asked for it by a key.
const BY_KEY: &str = "the sender's own choice";

impl From<AskedLane> for Lane {
    fn from(asked: AskedLane) -> Self {
        match asked {
            AskedLane::Emergency => Lane::Emergency,
            AskedLane::Appeal => Lane::Appeal,
            AskedLane::Adjustment => Lane::Adjustment,
        }
    }
}

/// The words, senders and recipients of an organisation's lanes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Safeguards {
    lanes: BTreeMap<Lane, LaneRule>,
    lexicon: Lexicon,
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

/// One lane's words and queue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneRule {
    /// As written in the profile, for people. One that begins with `=` is found as it is written,
    /// without slips, because everyday words are one slip away from it ("flooding", "flooring").
    pub phrases: Vec<String>,
    pub queue: Option<String>,
    folded: Vec<Phrase>,
}

/// A phrase, ready to be looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Phrase {
    words: Vec<Word<'static>>,
    exact: bool,
}

impl Phrase {
    fn new(written: &str) -> Self {
        let words = each_word(&folded(written), |word| Word::new(word).into_owned());
        Phrase { words, exact: written.starts_with('=') }
    }

    fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(Word::text).collect();
        words.join(" ")
    }

    /// Whether a text begins with the phrase.
    fn begins(&self, text: &[&str]) -> bool {
        // From the end: what brings us here is that the first word may be meant.
        text.get(..self.words.len()).is_some_and(|text| {
            text.iter().zip(&self.words).rev().all(|(said, word)| {
                if self.exact { *said == word.text() } else { Word::new(said).may_mean(word) }
            })
        })
    }
}

impl LaneRule {
    pub fn new(phrases: Vec<String>, queue: Option<String>) -> Self {
        let folded = phrases
            .iter()
            .map(|phrase| Phrase::new(phrase))
            .filter(|phrase| !phrase.words.is_empty())
            .collect();
        LaneRule { phrases, queue, folded }
    }
}

/// A lane that a contact falls into, and what it was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    pub lane: Lane,
    /// The phrase of the profile; for protected people, empty.
    pub by: String,
}

impl Safeguards {
    pub fn new(
        lanes: BTreeMap<Lane, LaneRule>,
        protected_senders: Vec<String>,
        protected_recipients: Vec<String>,
    ) -> Self {
        let lexicon = Lexicon::of(&lanes);
        let lowered = |rules: &[String]| rules.iter().map(|rule| rule.to_lowercase()).collect();
        let protected = Protected {
            senders: lowered(&protected_senders),
            recipients: lowered(&protected_recipients),
        };
        Safeguards { lanes, lexicon, protected_senders, protected_recipients, protected }
    }

    pub fn rule(&self, lane: Lane) -> Option<&LaneRule> {
        self.lanes.get(&lane)
    }

    /// The queue of a lane; `None`: the contact is delivered.
    pub fn queue(&self, lane: Lane) -> Option<&str> {
        self.lanes.get(&lane).and_then(|rule| rule.queue.as_deref()).or(lane.default_queue())
    }

    /// Every lane that the contact falls into, each once, in routing order.
    pub fn hits(&self, contact: &Contact) -> Vec<Hit> {
        let text = folded(&without_quoted_lines(&contact.words()));
        let said = self.lexicon.said_in(&each_word(&text, |word| word), &self.lanes);
        Lane::ALL
            .into_iter()
            .filter_map(|lane| {
                let by = match lane {
                    Lane::ProtectedSender => protected(
                        &self.protected.senders,
                        contact
                            .from
                            .iter()
                            .filter(|from| from.kind != IdentifierKind::Account)
                            .map(|from| from.value.as_str()),
                    ),
                    Lane::ProtectedRecipient => {
                        protected(&self.protected.recipients, contact.to.iter().map(String::as_str))
                    }
                    Lane::Emergency
                    | Lane::Safeguarding
                    | Lane::Statutory
                    | Lane::Legal
                    | Lane::Appeal
                    | Lane::Adjustment => match contact.lane.map(Lane::from) {
                        Some(asked) if asked == lane => Some(BY_KEY.to_owned()),
                        Some(_) | None => said.get(&lane).map(|phrase| phrase.text()),
                    },
                };
                by.map(|by| Hit { lane, by })
            })
            .collect()
    }
}

fn protected<'a>(rules: &[String], mut values: impl Iterator<Item = &'a str>) -> Option<String> {
    let any = |value: &str| {
        let value = value.to_lowercase();
        let host = value.rsplit_once('@').map(|(_, host)| host);
        rules.iter().any(|rule| is_covered(rule, &value, host))
    };
    values.any(any).then(String::new)
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

/// Lines quoted with `>` repeat somebody else's words; where nothing else stands, they count.
fn without_quoted_lines(text: &str) -> Cow<'_, str> {
    if !text.contains('>') {
        return Cow::Borrowed(text);
    }
    let own: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('>')).collect();
    if own.iter().all(|line| line.trim().is_empty()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(own.join("\n"))
}

/// The words of a text: lower case, without accents, split at everything that is neither letter
/// nor digit. An apostrophe joins (`can't` → `cant`).
pub fn words(text: &str) -> Vec<String> {
    each_word(&folded(text), str::to_owned)
}

/// A text in lower case, without accents and apostrophes.
pub(super) fn folded(text: &str) -> String {
    if text.is_ascii() {
        let mut folded = text.replace('\'', "");
        folded.make_ascii_lowercase();
        return folded;
    }
    text.nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '‘' | 'ʼ'))
        .collect::<String>()
        .to_lowercase()
}

/// What is made of each word of a text that is folded.
pub(super) fn each_word<'t, T>(folded: &'t str, make: impl Fn(&'t str) -> T) -> Vec<T> {
    // Words are seldom shorter on average.
    const LETTERS_OF_A_WORD: usize = 5;
    let mut made = Vec::with_capacity(folded.len() / LETTERS_OF_A_WORD + 1);
    if !folded.is_ascii() {
        let words = folded.split(|c: char| !c.is_alphanumeric());
        made.extend(words.filter(|word| !word.is_empty()).map(make));
        return made;
    }
    let mut from = 0;
    for (at, byte) in folded.bytes().enumerate() {
        if !IN_WORDS.get(usize::from(byte)).copied().unwrap_or_default() {
            if from < at {
                made.extend(folded.get(from..at).map(&make));
            }
            from = at + 1;
        }
    }
    made.extend(folded.get(from..).filter(|word| !word.is_empty()).map(make));
    made
}

/// Which bytes of ASCII are letters or digits: a look-up for each byte of a text takes a fifth of what
/// decoding it does.
const IN_WORDS: [bool; 256] = {
    let mut in_words = [false; 256];
    let mut rest: &mut [bool] = &mut in_words;
    let mut byte: u8 = 0;
    while let Some((in_word, after)) = rest.split_first_mut() {
        *in_word = byte.is_ascii_alphanumeric();
        byte = byte.wrapping_add(1);
        rest = after;
    }
    in_words
};

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(phrases: &[&str]) -> LaneRule {
        LaneRule::new(phrases.iter().map(|p| (*p).to_owned()).collect(), None)
    }

    fn finds(phrases: &[&str], text: &str) -> bool {
        let lanes = BTreeMap::from([(Lane::Emergency, lane(phrases))]);
        !Lexicon::of(&lanes).said_in(&each_word(&folded(text), |word| word), &lanes).is_empty()
    }

    #[test]
    fn misspellings_of_longer_words_are_tolerated() {
        assert!(finds(&["emergency"], "THIS IS AN EMERGANCY!!"));
        assert!(finds(&["emergency"], "its an emregency"));
        assert!(finds(&["subject access request"], "a subjct acess requst please"));
        assert!(!finds(&["gas leak"], "it has a leak"));
    }

    #[test]
    fn a_phrase_that_everyday_words_resemble_is_found_as_written() {
        assert!(finds(&["flooding"], "new flooring please"));
        assert!(!finds(&["=flooding"], "new flooring please"));
        assert!(finds(&["=flooding"], "The kitchen is FLOODING"));
    }

    #[test]
    fn a_phrase_is_words_in_a_row_whatever_stands_between_them() {
        assert!(finds(&["gas leak"], "Gas-leak; come"));
        assert!(!finds(&["gas leak"], "gas is fine, no leak"));
        assert!(finds(&["can't breathe"], "I can’t breathe"));
    }

    #[test]
    fn welsh_is_found_with_and_without_its_accents() {
        assert!(finds(&["argyfwng"], "Mae'n argyfwng"));
        assert!(finds(&["tân"], "Mae tan yma"));
        assert!(finds(&["cyfreithiwr"], "siaradwch â fy nghyfreithiwr"));
        assert!(finds(&["camdriniaeth"], "ei chamdriniaeth"));
    }

    #[test]
    fn words_are_split_at_everything_else_in_any_script() {
        for text in ["  tân! yma—ŵyl 24x7…naïve\u{a0}ß ", " a-b c3;d", "", "-", "one", "\u{2014}"]
        {
            let by_characters = text.split(|c: char| !c.is_alphanumeric());
            let expected: Vec<&str> = by_characters.filter(|word| !word.is_empty()).collect();
            assert_eq!(each_word(text, |word| word), expected);
        }
    }

    #[test]
    fn quoted_lines_count_only_where_nothing_else_stands() {
        assert_eq!(without_quoted_lines("thanks\n> emergency"), "thanks");
        assert_eq!(without_quoted_lines("> emergency"), "> emergency");
    }

    #[test]
    fn a_protected_domain_covers_what_is_below_it_and_nothing_beside_it() {
        let covers = |value: &str| protected(&["@parliament.uk".to_owned()], [value].into_iter());
        assert!(covers("a.member@parliament.uk").is_some());
        assert!(covers("a@commons.parliament.uk").is_some());
        assert_eq!(covers("a@notparliament.uk"), None);
        assert_eq!(covers("parliament.uk"), None);
        let any_case = protected(&["board@x.example".to_owned()], ["BOARD@x.example"].into_iter());
        assert!(any_case.is_some());
    }
}
