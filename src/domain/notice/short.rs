//! A notice in a text message: what to do first, what is limited, how to get further.

use super::{Line, NoticePart, phrases_of};
use crate::domain::language::Language;

/// The notice in a few lines.
pub fn short(parts: &[NoticePart], language: Language) -> String {
    let say = phrases_of(language);
    let mut lines: Vec<Line> = Vec::new();
    for part in parts {
        match part {
            NoticePart::Emergency { number } => lines.push(say.short_emergency(number.as_deref())),
            NoticePart::WhatHappened { .. } => lines.push(Line::words(say.short_happened())),
            NoticePart::Limit { limit } => lines.push(say.limit(limit)),
            NoticePart::Until { until } => lines.push(say.until(*until)),
            NoticePart::NextSlot { channel, at } => lines.push(say.next_slot(*channel, *at)),
            NoticePart::HowToReach { ways } => {
                lines
                    .extend(ways.iter().filter(|way| way.detail.is_some()).map(|way| say.way(way)));
            }
            NoticePart::AlwaysOpen => lines.push(Line::words(say.short_always())),
            NoticePart::Appeal { .. } => lines.push(Line::words(say.short_appeal())),
            NoticePart::Why { organisation, .. } => lines.push(say.short_why(organisation)),
            NoticePart::Reference { contact } => lines.push(say.reference(contact)),
            NoticePart::ReadBy { day } => lines.push(say.read_by(None, *day)),
            // A reply reaches us.
            NoticePart::HowAlways { .. } | NoticePart::Ombudsman { .. } => {}
        }
    }
    let lines: Vec<String> = lines.iter().map(Line::text).collect();
    lines.join("\n")
}
