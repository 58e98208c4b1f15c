//! Safeguards: lanes that come before every rule. Over-inclusive, and only ever of help to the
//! sender: a profile adds words, senders and recipients; nothing can take a lane away.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::contact::Contact;
use super::identifier::IdentifierKind;
use super::queue;

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

/// The words, senders and recipients of an organisation's lanes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Safeguards {
    lanes: BTreeMap<Lane, LaneRule>,
    /// Addresses (`a@b`), domains (`@b`, with all below it) or numbers of protected senders.
    pub protected_senders: Vec<String>,
    /// The same of protected recipients.
    pub protected_recipients: Vec<String>,
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
    words: Vec<String>,
    exact: bool,
}

impl Phrase {
    fn new(written: &str) -> Self {
        Phrase { words: words(written), exact: written.starts_with('=') }
    }

    fn is_said(&self, window: &[String]) -> bool {
        window
            .iter()
            .zip(&self.words)
            .all(|(said, word)| if self.exact { said == word } else { alike(said, word) })
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
        Safeguards { lanes, protected_senders, protected_recipients }
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
        let text = words(&without_quoted_lines(&contact.words()));
        Lane::ALL
            .into_iter()
            .filter_map(|lane| {
                let by = match lane {
                    Lane::ProtectedSender => protected(
                        &self.protected_senders,
                        contact
                            .from
                            .iter()
                            .filter(|from| from.kind != IdentifierKind::Account)
                            .map(|from| from.value.as_str()),
                    ),
                    Lane::ProtectedRecipient => {
                        protected(&self.protected_recipients, contact.to.iter().map(String::as_str))
                    }
                    _ => self.lanes.get(&lane).and_then(|rule| rule.found_in(&text)),
                };
                by.map(|by| Hit { lane, by })
            })
            .collect()
    }
}

impl LaneRule {
    fn found_in(&self, text: &[String]) -> Option<String> {
        // `folded` leaves out phrases without a word; the words themselves say enough.
        let said = self
            .folded
            .iter()
            .find(|phrase| text.windows(phrase.words.len()).any(|window| phrase.is_said(window)))?;
        Some(said.words.join(" "))
    }
}

fn protected<'a>(rules: &[String], mut values: impl Iterator<Item = &'a str>) -> Option<String> {
    values.any(|value| rules.iter().any(|rule| is_covered(rule, value))).then(String::new)
}

/// `@example.org` covers the domain and all below it; anything else is compared whole.
fn is_covered(rule: &str, value: &str) -> bool {
    let value = value.to_lowercase();
    let rule = rule.to_lowercase();
    match rule.strip_prefix('@') {
        Some(domain) => value.rsplit_once('@').is_some_and(|(_, host)| {
            host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
        }),
        None => value == rule,
    }
}

/// Lines quoted with `>` repeat somebody else's words; where nothing else stands, they count.
fn without_quoted_lines(text: &str) -> String {
    let own: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with('>')).collect();
    if own.iter().all(|line| line.trim().is_empty()) { text.to_owned() } else { own.join("\n") }
}

/// The words of a text: lower case, without accents, split at everything that is neither letter
/// nor digit. An apostrophe joins (`can't` → `cant`).
pub fn words(text: &str) -> Vec<String> {
    let folded: String = text
        .nfkd()
        .filter(|c| !is_combining_mark(*c) && !matches!(c, '\'' | '’' | '‘' | 'ʼ'))
        .collect::<String>()
        .to_lowercase();
    folded
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Words of fewer letters are compared exactly: one slip makes "gas" of "has".
const SLIP_LETTERS_MIN: usize = 5;
/// Words of at least this many letters may have two slips.
const TWO_SLIPS_LETTERS_MIN: usize = 9;

/// Whether a word was meant: the same, or within one or two slips of a longer word (a letter
/// wrong, missing, extra, or two swapped).
fn alike(said: &str, word: &str) -> bool {
    let is_long = word.chars().count() >= SLIP_LETTERS_MIN;
    is_near(said, word) || (is_long && unmutated(said).is_some_and(|said| said == word))
}

/// The initial mutations of Welsh that change more than one letter: the nasal and the aspirate
/// ("fy nghyfreithiwr", "ei chyfreithiwr": cyfreithiwr). The soft one is a single slip.
const MUTATIONS: [(&str, &str); 6] =
    [("ngh", "c"), ("mh", "p"), ("nh", "t"), ("ch", "c"), ("ph", "p"), ("th", "t")];

/// The word as a dictionary has it, where it begins as a mutated one does.
fn unmutated(said: &str) -> Option<String> {
    MUTATIONS
        .iter()
        .find_map(|(mutated, plain)| Some(format!("{plain}{}", said.strip_prefix(mutated)?)))
}

fn is_near(said: &str, word: &str) -> bool {
    if said == word {
        return true;
    }
    let letters = word.chars().count();
    let slips = match letters {
        0..SLIP_LETTERS_MIN => return false,
        SLIP_LETTERS_MIN..TWO_SLIPS_LETTERS_MIN => 1,
        _ => 2,
    };
    if said.chars().count().abs_diff(letters) > slips {
        return false;
    }
    slips_between(said, word) <= slips
}

/// The optimal string alignment distance: insertions, deletions, substitutions, adjacent swaps.
fn slips_between(a: &str, b: &str) -> usize {
    let a: Vec<char> = a.chars().collect();
    let b: Vec<char> = b.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, &from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, &to) in b.iter().enumerate() {
            let at =
                |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX / 2);
            let replaced = at(&last, j) + usize::from(from != to);
            let mut best = replaced.min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped =
                i > 0 && j > 0 && a.get(i - 1) == Some(&to) && b.get(j - 1) == Some(&from);
            if swapped {
                best = best.min(at(&before_last, j - 1) + 1);
            }
            row.push(best);
        }
        before_last = last;
        last = row;
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(phrases: &[&str]) -> LaneRule {
        LaneRule::new(phrases.iter().map(|p| (*p).to_owned()).collect(), None)
    }

    fn finds(phrases: &[&str], text: &str) -> bool {
        lane(phrases).found_in(&words(text)).is_some()
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
    fn quoted_lines_count_only_where_nothing_else_stands() {
        assert_eq!(without_quoted_lines("thanks\n> emergency"), "thanks");
        assert_eq!(without_quoted_lines("> emergency"), "> emergency");
    }

    #[test]
    fn a_protected_domain_covers_what_is_below_it_and_nothing_beside_it() {
        assert!(is_covered("@parliament.uk", "A.Member@parliament.uk"));
        assert!(is_covered("@parliament.uk", "a@commons.parliament.uk"));
        assert!(!is_covered("@parliament.uk", "a@notparliament.uk"));
        assert!(is_covered("board@x.example", "BOARD@x.example"));
    }
}
