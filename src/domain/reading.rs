//! What a contact's words say, read once: the search takes longer than all the rest of a decision,
//! and a decision that is made again, on another ledger, needs nothing read again.
//!
//! Safeguards, evidence and staff go by the same reading: the sender's own words, as a person sees
//! them. Quotations are set aside; where nothing of the sender's own is left, the quotation is what
//! they said. A notice of the gateway's own, quoted back, is never what they said.

mod invisible;
mod own_notice;
mod quotation;

use std::borrow::Cow;

use super::contact::Contact;
use super::fingerprints::fingerprint_of;
use super::profile::Profile;
use super::safeguard::{FoundBy, Hit, Lane, Matches, Resemblance, Safeguards, Spelling};

pub use quotation::{Split, split};

/// What was read in one contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Every lane that the contact falls into, in routing order.
    pub hits: Vec<Hit>,
    /// The example of every other lane that it is a little like, in routing order: not enough to open
    /// the lane, and enough to be read before what resembles none.
    pub resembles: Vec<Resemblance>,
    /// Of the sender's own text.
    pub fingerprints: Vec<u64>,
}

impl Reading {
    pub fn of(profile: &Profile, contact: &Contact) -> Self {
        let said = Said::of(contact);
        let Matches { hits, mut resembles } = profile.safeguards.matches_in(contact, &said.words());
        resembles.retain(|like| hits.iter().all(|hit| hit.lane != like.lane));
        let forwarded = contact.text.as_deref().and_then(quotation::compared);
        let fingerprints = match forwarded {
            Some(text) => fingerprint_of(&without_notices(Cow::Owned(text))),
            None => fingerprint_of(said.text_or_subject()),
        };
        Reading { hits, resembles, fingerprints }
    }
}

impl Reading {
    /// Adds a lane that somebody else saw in the contact. One that was found stays as it was found.
    pub fn add(&mut self, lane: Lane, because: &str) {
        if self.hits.iter().any(|hit| hit.lane == lane) {
            return;
        }
        self.resembles.retain(|like| like.lane != lane);
        let (part, spelling) = (FoundBy::Helper, Spelling::Written);
        self.hits.push(Hit { lane, by: because.to_owned(), part, spelling });
        self.hits.sort_by_key(|hit| hit.lane);
    }
}

impl Safeguards {
    /// Every lane that the contact falls into, each once, in routing order.
    pub fn hits(&self, contact: &Contact) -> Vec<Hit> {
        self.matches(contact).hits
    }

    /// Every lane that the contact falls into, and what it is a little like.
    pub fn matches(&self, contact: &Contact) -> Matches {
        self.matches_in(contact, &Said::of(contact).words())
    }
}

/// What somebody said, in their own words.
pub struct Said<'a> {
    subject: Cow<'a, str>,
    text: Cow<'a, str>,
    /// There was a text at all, quoted or not.
    has_text: bool,
}

impl<'a> Said<'a> {
    pub fn of(contact: &'a Contact) -> Self {
        let text = contact.text.as_deref().unwrap_or_default();
        Said {
            subject: invisible::removed(contact.subject.as_deref().unwrap_or_default()),
            text: own_words(text),
            has_text: !text.trim().is_empty(),
        }
    }

    /// Subject and text as one, for everything that looks at words.
    pub fn words(&self) -> String {
        match (self.subject.is_empty(), self.text.is_empty()) {
            (true, _) => self.text.to_string(),
            (false, true) => self.subject.to_string(),
            (false, false) => format!("{}\n{}", self.subject, self.text),
        }
    }

    /// The text, or the subject if there is no text.
    fn text_or_subject(&self) -> &str {
        if self.has_text { &self.text } else { &self.subject }
    }
}

/// A text's own words: without what it quotes, unless it only quotes, without invisible characters and
/// notices of ours.
pub fn own_words(text: &str) -> Cow<'_, str> {
    without_notices(quotation::own_or_quoted(text))
}

fn without_notices(said: Cow<'_, str>) -> Cow<'_, str> {
    let said = match said {
        Cow::Borrowed(text) => invisible::removed(text),
        Cow::Owned(text) => Cow::Owned(invisible::removed(&text).into_owned()),
    };
    match own_notice::set_aside(&said) {
        Some(rest) => Cow::Owned(rest),
        None => said,
    }
}

#[cfg(test)]
mod tests;
