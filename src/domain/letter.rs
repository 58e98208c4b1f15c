//! A letter to a person: typed parts, composed from the case; said in a language; laid out by the
//! organisation's template; rendered as a page or as plain text. Plain words, you and we, no case
//! detail that the person does not need, nothing that only a machine understands.
//!
//! What happened, what must change and why are said in the words of the staff who wrote the case; everything
//! else in sentences of our own, and where a notice says the same, in the notice's.

mod compose;
mod document;
mod english;
mod lint;
mod markup;
mod page;
mod plain;
mod samples;
mod say;
mod template;
mod terms;
#[cfg(test)]
mod tests;
mod welsh;
mod write;

use chrono::NaiveDate;
use serde::Serialize;

use self::english::English;
use self::say::Says;
use self::welsh::Welsh;
use super::case::letter::{Format, LetterKind};
use super::channel::Channel;
use super::language::Language;
use super::notice::{Day, NoticePart, Policy, Until};
use super::profile::Role;

pub use super::templates::{Template, Templates};
pub use compose::{About, compose};
pub use document::{Block, Document, Text};
pub use lint::missing;
pub use page::{escaped, page, title_of};
pub use plain::plain;
pub use samples::{sample, samples};
pub use template::{TemplateFault, TemplateTrouble, UnsaidPart};
pub use terms::Terms;
pub use write::{Written, write};

fn says_of(language: Language) -> &'static dyn Says {
    match language {
        Language::English => &English,
        Language::Welsh => &Welsh,
    }
}

/// A part of a letter, in the order in which a letter says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Opening,
    Outcome,
    Restrictions,
    Duration,
    Behaviour,
    MustChange,
    Consequences,
    Reasons,
    Considered,
    Monitoring,
    HowToReach,
    AlwaysOpen,
    HowToAppeal,
    Ombudsman,
    PolicyCopy,
}

impl Part {
    pub const ALL: [Part; 15] = [
        Part::Opening,
        Part::Outcome,
        Part::Restrictions,
        Part::Duration,
        Part::Behaviour,
        Part::MustChange,
        Part::Consequences,
        Part::Reasons,
        Part::Considered,
        Part::Monitoring,
        Part::HowToReach,
        Part::AlwaysOpen,
        Part::HowToAppeal,
        Part::Ombudsman,
        Part::PolicyCopy,
    ];

    /// The name in templates.
    pub const fn name(self) -> &'static str {
        match self {
            Part::Opening => "opening",
            Part::Outcome => "outcome",
            Part::Restrictions => "restrictions",
            Part::Duration => "duration",
            Part::Behaviour => "behaviour",
            Part::MustChange => "must_change",
            Part::Consequences => "consequences",
            Part::Reasons => "reasons",
            Part::Considered => "considered",
            Part::Monitoring => "monitoring",
            Part::HowToReach => "how_to_reach",
            Part::AlwaysOpen => "always_open",
            Part::HowToAppeal => "how_to_appeal",
            Part::Ombudsman => "ombudsman",
            Part::PolicyCopy => "policy_copy",
        }
    }

    /// The part's usual heading.
    pub fn heading(self, language: Language) -> &'static str {
        says_of(language).heading(self, LetterKind::Restriction)
    }

    /// The part that a policy asks for by a name (`letter.must_say`). Policies have words of their own
    /// for the same thing.
    pub fn asked_for_as(name: &str) -> Option<Self> {
        Some(match name {
            "decision" | "limits" | "what_it_means" => Part::Restrictions,
            "review_date" | "review" | "end_date" | "dates" | "how_long" => Part::Duration,
            "incidents" | "conduct" => Part::Behaviour,
            "grounds" | "clause" | "why" => Part::Reasons,
            "adjustments" => Part::Considered,
            "contact_details" | "how_to_contact" => Part::HowToReach,
            "emergency" => Part::AlwaysOpen,
            "right_to_appeal" | "appeal" => Part::HowToAppeal,
            "policy" => Part::PolicyCopy,
            own => return Part::ALL.into_iter().find(|part| part.name() == own),
        })
    }
}

/// A letter, before anybody said it in a language.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Letter {
    pub kind: LetterKind,
    pub language: Language,
    pub format: Format,
    pub organisation: String,
    /// The postal address that the organisation gives; empty where it gives none.
    pub from: Vec<String>,
    pub date: NaiveDate,
    /// The person's name and address; empty where they are not on record.
    pub name: String,
    pub address: Vec<String>,
    /// The organisation's own reference of the person, which the person knows.
    pub reference: Option<String>,
    pub said: Vec<Said>,
    /// The role that signs.
    pub signed_by: Option<Role>,
}

impl Letter {
    /// What the letter says of a part, where it has the part.
    pub fn says(&self, part: Part) -> Option<&Said> {
        self.said.iter().find(|said| said.part() == Some(part))
    }
}

/// What a letter says of one of its parts.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum Said {
    Opening(Opening),
    Outcome {
        outcome: Outcome,
    },
    Restrictions {
        terms: Terms,
    },
    Duration(Lasting),
    Behaviour(Behaviour),
    /// What must change, in the words of the warning.
    MustChange {
        what: String,
    },
    Consequences {
        what: Option<String>,
    },
    Reasons(Reasons),
    Considered(Considered),
    Monitoring {
        every_months: Option<u32>,
    },
    /// `ways` are left out where the terms themselves name the way. `others`: something else of which the person was
    /// notified still restricts them.
    HowToReach {
        ways: Option<NoticePart>,
        others: bool,
    },
    AlwaysOpen {
        emergency: NoticePart,
    },
    HowToAppeal(AppealRight),
    Ombudsman {
        named: NoticePart,
    },
    /// `enclosed`: the policy asks that a copy goes with the letter.
    PolicyCopy {
        policy: Policy,
        enclosed: bool,
    },
    /// A part of the organisation's own, or in words of its own, by the name that was asked for.
    Own {
        name: String,
        text: String,
    },
}

impl Said {
    /// `None`: a part that only the organisation knows.
    pub fn part(&self) -> Option<Part> {
        Some(match self {
            Said::Opening(_) => Part::Opening,
            Said::Outcome { .. } => Part::Outcome,
            Said::Restrictions { .. } => Part::Restrictions,
            Said::Duration(_) => Part::Duration,
            Said::Behaviour(_) => Part::Behaviour,
            Said::MustChange { .. } => Part::MustChange,
            Said::Consequences { .. } => Part::Consequences,
            Said::Reasons(_) => Part::Reasons,
            Said::Considered(_) => Part::Considered,
            Said::Monitoring { .. } => Part::Monitoring,
            Said::HowToReach { .. } => Part::HowToReach,
            Said::AlwaysOpen { .. } => Part::AlwaysOpen,
            Said::HowToAppeal(_) => Part::HowToAppeal,
            Said::Ombudsman { .. } => Part::Ombudsman,
            Said::PolicyCopy { .. } => Part::PolicyCopy,
            Said::Own { name, .. } => return Part::asked_for_as(name),
        })
    }
}

/// Whether a decision limits how somebody gets in touch, or changes how staff meet them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Concerns {
    Contact,
    Meeting,
}

/// Why we write.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "opening", rename_all = "snake_case")]
pub enum Opening {
    Warning { formal: bool },
    Restriction { concerns: Concerns },
    Variation { concerns: Concerns },
    Lifted { concerns: Concerns },
    UpcomingReview { concerns: Concerns },
    ReviewOutcome { concerns: Concerns },
    AppealAcknowledged { received: NaiveDate, channel: Channel },
    AppealOutcome { received: NaiveDate, channel: Channel },
    ContactEnded,
    NoNotificationRecord,
}

/// What came of something.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Outcome {
    /// A restriction ends, with why where it is known.
    Lifted {
        on: Option<NaiveDate>,
        why: Option<String>,
    },
    /// A review is coming.
    Upcoming {
        by: Option<NaiveDate>,
    },
    /// A review kept the restriction.
    Kept {
        why: String,
        next: Option<NaiveDate>,
    },
    /// A review made it lighter.
    Eased {
        why: String,
        next: Option<NaiveDate>,
    },
    /// A review ended it.
    EndedByReview {
        why: String,
    },
    /// An appeal is being heard.
    Acknowledged {
        heard_by: Option<Role>,
        answer_by: Option<NaiveDate>,
        holds: bool,
        /// After the time for appeals; it may still be heard.
        late: bool,
    },
    Upheld,
    Varied,
    Quashed,
    /// Nothing is decided yet.
    Open,
    /// The person is not notified, and why.
    NotTold {
        why: Option<String>,
        signed_by: Option<Role>,
        review: Option<NaiveDate>,
    },
}

/// From when and until when.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lasting {
    pub from: Option<Day>,
    pub until: Vec<Until>,
    /// It ends by itself unless it is reviewed in time.
    pub lapses: bool,
    /// Good conduct brings a review forward.
    pub earlier: bool,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Behaviour {
    /// In the words of a warning.
    pub own: Option<String>,
    /// The policy's grounds, by their names.
    pub grounds: Vec<String>,
    pub events: Vec<Event>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    pub day: NaiveDate,
    pub channel: Channel,
    /// Absent where the words of a warning say it.
    pub what: Option<String>,
}

/// Why it was decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reasons {
    pub policy: Policy,
    /// The section of the policy.
    pub clause: Option<String>,
    pub warned: Vec<NaiveDate>,
    pub aim: Option<String>,
    /// In the words of the person who decided an appeal.
    pub why: Option<String>,
}

/// What was weighed before.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Considered {
    /// What came of considering adjustments.
    pub adjustments: Option<String>,
    pub why_no_lesser: Option<String>,
}

/// How to appeal, and what happens then.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AppealRight {
    pub right: NoticePart,
    /// The last day, where it is known for certain.
    pub last_day: Option<NaiveDate>,
    /// Whether the restriction applies in the meantime.
    pub holds_during: Option<bool>,
    /// How long the answer takes.
    pub answer: Option<super::profile::Length>,
}
