//! What a limited sender reads or hears: typed parts, composed once from the decision, and said in
//! each language and on each channel from there. Plain words, no case detail, nobody's name.

mod compose;
mod english;
mod line;
pub(in crate::domain) mod phrases;
mod section;
mod sentences;
mod short;
mod spoken;
#[cfg(test)]
mod tests;
mod text;
mod welsh;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, Weekday};
use serde::{Deserialize, Serialize};

use self::english::English;
use self::phrases::Phrases;
use self::welsh::Welsh;
use super::channel::Channel;
use super::language::Language;
use super::moment::Moment;
use super::profile::Deadline;
use super::restriction::Quota;

pub use self::phrases::SectionKind;
pub use compose::{Limiting, NoticeFacts, compose, languages, parts_for_everybody};
pub(in crate::domain) use compose::{
    appeal, emergency, is_section, ombudsman, open_hours, open_ways, policy,
};
pub(in crate::domain) use line::sentence;
pub use line::{Line, Piece};
pub use section::{Section, sections};
pub use sentences::{STAND_IN, sentences};
pub use short::short;
pub use spoken::{Spoken, number_spoken, spoken};
pub use text::{in_languages, subject, text};

pub(in crate::domain) fn phrases_of(language: Language) -> &'static dyn Phrases {
    match language {
        Language::English => &English,
        Language::Welsh => &Welsh,
    }
}

/// One part of a notice. Times are those of the organisation's own clock.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum NoticePart {
    /// Comes first on every channel.
    Emergency {
        /// The organisation's emergency number (E.164), where it has one that can be rung.
        number: Option<String>,
    },
    WhatHappened {
        channel: Channel,
        handling: Handling,
    },
    /// When somebody reads the message, that day included.
    ReadBy {
        day: NaiveDate,
    },
    /// That a decision was made, when, and under which published policy.
    Why {
        organisation: String,
        since: Option<NaiveDate>,
        policy: Policy,
        /// The section of the policy, where it is a number.
        clause: Option<String>,
        /// The person had it in writing.
        written: bool,
    },
    Limit {
        limit: Limit,
    },
    Until {
        until: Until,
    },
    /// From when the same channel is open again.
    NextSlot {
        channel: Channel,
        at: NaiveDateTime,
    },
    HowToReach {
        ways: Vec<Way>,
    },
    AlwaysOpen,
    /// How to use it: every way that the organisation answers, open or limited.
    HowAlways {
        ways: Vec<Way>,
    },
    Appeal {
        within: Option<Deadline>,
        /// The role that hears it, by the policy's name for it.
        heard_by: Option<String>,
        /// The hearer took no part in the decision.
        uninvolved: bool,
        /// Where it is sent.
        to: Option<String>,
        /// The organisation's own words, in English.
        how: Option<String>,
    },
    Ombudsman {
        name: String,
        welsh_name: Option<String>,
        website: Option<String>,
        phone: Option<String>,
        /// Only once the organisation's own process has ended.
        after_ours: bool,
    },
    Reference {
        contact: String,
    },
}

/// What became of the contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Handling {
    /// Kept whole, and not passed on.
    Kept,
    /// A decision endpoint saw no message, and nothing was kept.
    NotKept,
    /// A call, visit or chat that does not take place.
    NotConnected,
    /// It came by a form on which anybody can type the person's address.
    InYourName,
}

/// The policy under which the decision was made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub welsh_title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

/// What is limited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Limit {
    OnlyChannels {
        channels: Vec<Channel>,
    },
    OnlyHours {
        channel: Channel,
        hours: Vec<OpenHours>,
    },
    Contacts {
        quota: QuotaWords,
        /// Empty: on every channel together.
        channels: Vec<Channel>,
    },
    Issues {
        quota: QuotaWords,
    },
    OnlyRepresentative,
    ComplaintEnded,
    /// A limit without parameters that a customer would need.
    Other,
}

/// A quota, as the published restriction has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaWords {
    pub limit: u32,
    pub per: super::calendar::Per,
    pub window: super::calendar::QuotaWindow,
}

impl From<&Quota> for QuotaWords {
    fn from(quota: &Quota) -> Self {
        QuotaWords { limit: quota.limit, per: quota.per, window: quota.window }
    }
}

/// How long a limit lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    Ends(Day),
    ReviewedBy(Day),
    /// Reviewed on a day that is not recorded.
    Reviewed,
}

/// A whole day, or a time on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Day {
    pub day: NaiveDate,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<NaiveTime>,
}

impl Day {
    pub(in crate::domain) fn of(moment: Moment, zone: chrono_tz::Tz) -> Self {
        match moment {
            Moment::Day(day) => Day { day, time: None },
            Moment::Instant(instant) => {
                let local = instant.with_timezone(&zone).naive_local();
                Day { day: local.date(), time: Some(local.time()) }
            }
        }
    }
}

/// Hours of some days of the week; without `to`, until midnight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenHours {
    pub days: Vec<Weekday>,
    pub from: NaiveTime,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<NaiveTime>,
}

/// A way that is open now: the channel, where it leads, and when somebody answers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    pub channel: Channel,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hours: Vec<OpenHours>,
}

/// Whether days follow each other, at least three of them, so that "Monday to Friday" names them all.
fn line_of_days(days: &[Weekday]) -> bool {
    days.len() > 2 && days.windows(2).all(|pair| matches!(pair, [one, next] if one.succ() == *next))
}

/// A notice is addressed to one person: `Debug` shows no more than what kind of part it is.
impl std::fmt::Debug for NoticePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            NoticePart::Emergency { .. } => "Emergency",
            NoticePart::WhatHappened { .. } => "WhatHappened",
            NoticePart::ReadBy { .. } => "ReadBy",
            NoticePart::Why { .. } => "Why",
            NoticePart::Limit { .. } => "Limit",
            NoticePart::Until { .. } => "Until",
            NoticePart::NextSlot { .. } => "NextSlot",
            NoticePart::HowToReach { .. } => "HowToReach",
            NoticePart::AlwaysOpen => "AlwaysOpen",
            NoticePart::HowAlways { .. } => "HowAlways",
            NoticePart::Appeal { .. } => "Appeal",
            NoticePart::Ombudsman { .. } => "Ombudsman",
            NoticePart::Reference { .. } => "Reference",
        })
    }
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Way({})", self.channel.name())
    }
}
