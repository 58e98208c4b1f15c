//! The parts of a case as cards: its kind, its state in words, what is known of it, what can be done.

mod decisions;
mod events;

use chrono::{DateTime, Utc};

pub(in crate::staff::console) use self::decisions::proposal_href;
pub(super) use self::decisions::{appeal, lasting, letter, proposal, restriction, review};
pub(super) use self::events::{
    action, agreement, complaint, incident, mediation, reconciliation, warning,
};

use super::offered::{self, StepLink, Trial, Tried};
use super::refusal::Refusal;
use super::setting::Desktop;
use crate::domain::invisible::is_blank;
use crate::staff::console::form::quoted;
use crate::staff::console::say;
use crate::staff::console::visit::Visit;
use crate::staff::console::words;

/// How a tag looks. What it says is in its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Plain,
    On,
    Held,
    Late,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Plain => "tag",
            Tone::On => "tag on",
            Tone::Held => "tag held",
            Tone::Late => "tag late",
        }
    }
}

/// One part of a case.
pub(super) struct Card {
    pub id: String,
    pub title: String,
    pub tags: Vec<(&'static str, String)>,
    /// Words of the people concerned.
    pub text: Option<String>,
    pub rows: Vec<(&'static str, String)>,
    /// Links to read on.
    pub links: Vec<(String, String)>,
    pub steps: Vec<StepLink>,
    /// Less often needed.
    pub more: Vec<StepLink>,
    pub shut: Vec<Refusal>,
    pub strong: bool,
    /// It is the only one under the page's heading, with no other between.
    pub alone: bool,
}

/// A card's place on the page of the case.
pub(in crate::staff::console) fn anchor(id: &str) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' };
    format!("c-{}", id.chars().map(plain).collect::<String>())
}

/// The reader of the cards, and their source.
#[derive(Clone, Copy)]
pub(super) struct Maker<'a> {
    pub visit: &'a Visit,
    pub desktop: &'a Desktop,
    pub w: &'static words::Case,
}

impl<'a> Maker<'a> {
    pub(super) fn new(visit: &'a Visit, desktop: &'a Desktop) -> Self {
        Maker { visit, desktop, w: words::Case::of(visit.language()) }
    }

    fn card(&self, id: &str, title: impl Into<String>) -> Card {
        Card {
            id: anchor(id),
            title: title.into(),
            tags: Vec::new(),
            text: None,
            rows: Vec::new(),
            links: Vec::new(),
            steps: Vec::new(),
            more: Vec::new(),
            shut: Vec::new(),
            strong: false,
            alone: false,
        }
    }

    pub(super) fn when(&self, at: DateTime<Utc>) -> String {
        let zone = self.visit.organisation.profile.timezone;
        say::when(at, self.visit.now(), zone, self.visit.language())
    }

    fn by_at(&self, by: &str, at: DateTime<Utc>) -> String {
        format!("{by}, {}", self.when(at))
    }

    /// Contacts by when they came, where they are known.
    fn person_href(&self) -> String {
        format!("/people/{}", quoted(&self.desktop.read.person.id))
    }

    fn open(&self, act: &str, about: &str) -> Option<StepLink> {
        offered::open(self.visit, self.desktop, act, about)
    }

    /// The steps that can be taken; of one that can't, why.
    fn offer(&self, card: &mut Card, act: &str, about: &str) {
        let Some(trial) = Trial::of(act, about) else { return };
        match offered::tried(self.visit, self.desktop, &trial) {
            Tried::Open(link) => card.steps.push(link),
            Tried::Shut(why) => card.shut.extend(why),
            Tried::Closed => {}
        }
    }

    /// The title of what a letter, a review or an appeal is about.
    pub(super) fn about(&self, id: &str) -> String {
        let language = self.visit.language();
        let profile = &self.visit.organisation.profile;
        let read = &self.desktop.read;
        let held = read.person.restrictions.iter().find(|one| one.id == id);
        let proposed = read.file.proposal(id).map(|one| &one.restriction);
        if let Some(restriction) = held.or(proposed) {
            return say::terms(&restriction.kind, profile, language);
        }
        if let Some(warning) = read.file.warning(id) {
            return say::warning(warning.kind, warning.medium, language);
        }
        if let Some(appeal) = read.file.appeal(id) {
            return format!("{} {}", self.w.against, say::lower(&self.about(&appeal.restriction)));
        }
        if let Some(review) = read.file.reviews.iter().find(|one| one.id == id) {
            return self.about(&review.restriction);
        }
        self.beside(id).unwrap_or_else(|| id.to_owned())
    }

    /// The title of what else can fall due.
    fn beside(&self, id: &str) -> Option<String> {
        let (language, read) = (self.visit.language(), &self.desktop.read);
        if let Some(letter) = read.file.letter(id) {
            return Some(say::letter_kind(letter.kind, language).to_owned());
        }
        if let Some(one) = read.file.agreements.iter().find(|one| one.id == id) {
            let name = words::CaseTerms::of(language).g_agreement;
            return Some(format!("{name}, {}", self.when(one.offered_at)));
        }
        // Those without an id go by their number.
        let mut adjustments = read.person.adjustments.iter().zip(1_usize..);
        let found = adjustments.find(|(one, number)| match &one.id {
            Some(own) => own == id,
            None => number.to_string() == id,
        });
        found.map(|(one, _)| say::adjustment(one, language))
    }

    pub(super) fn incidents(&self, ids: &[String]) -> String {
        let each = ids.iter().map(|id| match self.desktop.read.file.incident(id) {
            Some(one) => {
                format!("{}, {}", say::capitalised(&one.ground), self.when(one.happened_at))
            }
            None => id.clone(),
        });
        each.collect::<Vec<_>>().join("; ")
    }
}

impl Card {
    fn tag(&mut self, tone: Tone, text: impl Into<String>) {
        self.tags.push((tone.class(), text.into()));
    }

    fn row(&mut self, name: &'static str, value: impl Into<String>) {
        self.rows.push((name, value.into()));
    }

    /// A row, where there is something to say.
    fn maybe(&mut self, name: &'static str, value: Option<impl Into<String>>) {
        if let Some(value) = value.map(Into::into).filter(|value| !is_blank(value)) {
            self.rows.push((name, value));
        }
    }
}
