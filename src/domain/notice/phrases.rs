//! What a language says for each part of a notice.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};

use super::line::Line;
use super::{Handling, Limit, NoticePart, OpenHours, Policy, Until, Way};
use crate::domain::channel::Channel;
use crate::domain::profile::Deadline;

/// The sentences of one language. Each is short and whole; what they name is put in.
pub(in crate::domain) trait Phrases: Sync {
    fn heading(&self, kind: SectionKind) -> &'static str;

    fn emergency(&self, number: Option<&str>) -> Line;
    fn what_happened(&self, channel: Channel, handling: Handling) -> Line;
    fn read_by(&self, channel: Option<Channel>, day: NaiveDate) -> Line;
    /// Only of [`NoticePart::Why`].
    fn why(&self, part: &NoticePart) -> Line;
    fn limit(&self, limit: &Limit) -> Line;
    fn until(&self, until: Until) -> Line;
    fn next_slot(&self, channel: Channel, at: NaiveDateTime) -> Line;
    /// One way with its detail and hours: an entry of a list.
    fn way(&self, way: &Way) -> Line;
    /// Ways of which nothing is known but that they are open.
    fn ways(&self, channels: &[Channel]) -> Line;
    fn or(&self) -> &'static str;
    fn always(&self) -> &'static str;
    /// What is always open: entries of a list that go on where [`Phrases::always`] ends.
    fn always_list(&self) -> [&'static str; 5];
    /// Only of [`NoticePart::Appeal`].
    fn appeal(&self, part: &NoticePart) -> Vec<Line>;
    /// Only of [`NoticePart::Ombudsman`].
    fn ombudsman(&self, part: &NoticePart) -> Line;
    fn reference(&self, contact: &str) -> Line;

    /// The same in a text message.
    fn short_emergency(&self, number: Option<&str>) -> Line;
    fn short_happened(&self) -> &'static str;
    fn short_why(&self, organisation: &str) -> Line;
    fn short_always(&self) -> &'static str;
    fn short_appeal(&self) -> &'static str;

    /// To a caller, before anything else of the notice.
    fn not_connected(&self, organisation: &str) -> String;
    fn call_again(&self, at: NaiveDateTime) -> String;
    /// An e-mail or web address as it is read out.
    fn address_spoken(&self, address: &str) -> String;
    /// "dydd Llun, 10am tan hanner dydd".
    fn hours(&self, hours: &OpenHours) -> String;

    /// "9 November 2026".
    fn date(&self, day: NaiveDate) -> String;
    /// "by email".
    fn by(&self, channel: Channel) -> &'static str;
    /// "a head of service", as it follows "goes to".
    fn role(&self, role: &str) -> String;
    /// "within 20 working days of our letter".
    fn within(&self, deadline: Deadline) -> String;
    /// "We made it under section 6.2 of our policy."
    fn under(&self, policy: &Policy, clause: Option<&str>) -> Line;
}

/// "by email, by letter or in person".
pub(in crate::domain) fn joined<T: AsRef<str>>(parts: &[T], last: &str) -> String {
    match parts {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., end] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} {last} {}", first.join(", "), end.as_ref())
        }
    }
}

/// Hours and minutes as GOV.UK writes them, but for those that have a word of their own: 9am,
/// 5:30pm.
pub(super) fn clock(time: NaiveTime, midnight: &str, midday: &str) -> String {
    use chrono::Timelike;
    let (afternoon, hour) = time.hour12();
    match (time.hour(), time.minute()) {
        (0, 0) => midnight.to_owned(),
        (12, 0) => midday.to_owned(),
        (_, minute) => {
            let half = if afternoon { "pm" } else { "am" };
            match minute {
                0 => format!("{hour}{half}"),
                minute => format!("{hour}:{minute:02}{half}"),
            }
        }
    }
}

/// What a section is about, in the order of the sections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    Emergency,
    WhatHappened,
    Why,
    Limit,
    HowToReach,
    AlwaysOpen,
    HowAlways,
    Appeal,
    Reference,
}
