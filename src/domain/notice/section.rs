//! A notice in one language, in sections with a heading each: what pages and letters show.

use super::line::Line;
use super::phrases::{Phrases, SectionKind};
use super::{NoticePart, Way, phrases_of};
use crate::domain::channel::Channel;
use crate::domain::language::Language;

/// A heading and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    pub kind: SectionKind,
    pub heading: &'static str,
    pub paragraphs: Vec<Line>,
    /// Entries of a list behind the paragraphs.
    pub list: Vec<Line>,
}

/// The sections of a notice in a language.
pub fn sections(parts: &[NoticePart], language: Language) -> Vec<Section> {
    let say = phrases_of(language);
    let channel = parts.iter().find_map(|part| match part {
        NoticePart::WhatHappened { channel, .. } => Some(*channel),
        _ => None,
    });
    let mut sections: Vec<Section> = Vec::new();
    for part in parts {
        let (kind, paragraphs, list) = said(part, channel, say);
        match sections.iter_mut().find(|section| section.kind == kind) {
            Some(section) => {
                section.paragraphs.extend(paragraphs);
                section.list.extend(list);
            }
            None => {
                sections.push(Section { kind, heading: say.heading(kind), paragraphs, list });
            }
        }
    }
    sections
}

/// What a part says: its place, its paragraphs and the entries of its list.
fn said(
    part: &NoticePart,
    channel: Option<Channel>,
    say: &dyn Phrases,
) -> (SectionKind, Vec<Line>, Vec<Line>) {
    let one = |kind, line| (kind, vec![line], Vec::new());
    match part {
        NoticePart::Emergency { number } => {
            one(SectionKind::Emergency, say.emergency(number.as_deref()))
        }
        NoticePart::WhatHappened { channel, handling } => {
            one(SectionKind::WhatHappened, say.what_happened(*channel, *handling))
        }
        NoticePart::ReadBy { day } => one(SectionKind::WhatHappened, say.read_by(channel, *day)),
        NoticePart::Why { .. } => one(SectionKind::Why, say.why(part)),
        NoticePart::Limit { limit } => one(SectionKind::Limit, say.limit(limit)),
        NoticePart::Until { until } => one(SectionKind::Limit, say.until(*until)),
        NoticePart::NextSlot { channel, at } => {
            one(SectionKind::Limit, say.next_slot(*channel, *at))
        }
        NoticePart::HowToReach { ways } => {
            let (paragraphs, list) = reach(ways, say);
            (SectionKind::HowToReach, paragraphs, list)
        }
        NoticePart::AlwaysOpen => {
            let list = say.always_list().map(Line::words).into();
            (SectionKind::AlwaysOpen, vec![Line::words(say.always())], list)
        }
        NoticePart::HowAlways { ways } => {
            (SectionKind::HowAlways, Vec::new(), ways.iter().map(|way| say.way(way)).collect())
        }
        NoticePart::Appeal { .. } => (SectionKind::Appeal, say.appeal(part), Vec::new()),
        NoticePart::Ombudsman { .. } => one(SectionKind::Appeal, say.ombudsman(part)),
        NoticePart::Reference { contact } => one(SectionKind::Reference, say.reference(contact)),
    }
}

/// A list where anything is known of a way but its name, else one sentence.
fn reach(ways: &[Way], say: &dyn Phrases) -> (Vec<Line>, Vec<Line>) {
    if ways.is_empty() {
        return (Vec::new(), Vec::new());
    }
    if ways.iter().any(|way| way.detail.is_some() || !way.hours.is_empty()) {
        return (Vec::new(), ways.iter().map(|way| say.way(way)).collect());
    }
    let channels: Vec<Channel> = ways.iter().map(|way| way.channel).collect();
    (vec![say.ways(&channels)], Vec::new())
}
