//! What would become of contacts, in words.

use chrono::NaiveDate;

use super::lower;
use crate::casework::outlook::{ByChannel, Fate, Open};
use crate::domain::language::Language;
use crate::domain::queue::QueueItem;
use crate::domain::safeguard::Lane;
use crate::staff::console::say;
use crate::staff::console::words::Check;

/// One channel: what happens, then what happens at other times, after so many, or with the same again.
pub(in crate::staff::console) fn channel(one: &ByChannel, language: Language) -> Vec<String> {
    let c = Check::of(language);
    let mut lines = Vec::new();
    let mut first = fate(&one.fate, language);
    if !one.open.is_empty() {
        first = format!("{first}: {}", times(&one.open, language));
    }
    if let Some((number, next)) = &one.then {
        let next = lower(&fate(next, language));
        first = match (language, number) {
            (Language::English, 1) => format!("{first}, once; {} {next}", c.the_next),
            (Language::English, _) => format!("{first}, {number} times; {} {next}", c.the_next),
            (Language::Welsh, 1) => format!("{first}, unwaith; {} {next}", c.the_next),
            (Language::Welsh, _) => format!("{first}, {number} gwaith; {} {next}", c.the_next),
        };
    }
    lines.push(first);
    if let Some(otherwise) = &one.otherwise {
        lines.push(format!("{} {}", c.otherwise, lower(&fate(otherwise, language))));
    }
    if let Some(again) = &one.again {
        lines.push(format!("{} {}", c.again, lower(&fate(again, language))));
    }
    lines
}

fn fate(fate: &Fate, language: Language) -> String {
    let c = Check::of(language);
    match fate {
        Fate::Through { to: None } => c.through.to_owned(),
        Fate::Through { to: Some(to) } => format!("{} {to}", c.through_to),
        Fate::Looked { queue } => format!("{} {}", c.looked, say::queue(queue, language).0),
        Fate::Limited => c.limited.to_owned(),
        Fate::Filed => c.filed.to_owned(),
    }
}

/// Times of one day, each from a minute to a minute.
type Hours = Vec<(u32, u32)>;

/// "Mon, Wed 10:10–11:45": days with the same hours together.
fn times(open: &[Open], language: Language) -> String {
    let mut days: Vec<(NaiveDate, Hours)> = Vec::new();
    for one in open {
        match days.last_mut() {
            Some((day, hours)) if *day == one.day => hours.push((one.from, one.to)),
            _ => days.push((one.day, vec![(one.from, one.to)])),
        }
    }
    let mut together: Vec<(Vec<&'static str>, Hours)> = Vec::new();
    for (day, hours) in days {
        let name = say::weekday(chrono::Datelike::weekday(&day), language);
        match together.iter_mut().find(|(_, known)| *known == hours) {
            Some((names, _)) => names.push(name),
            None => together.push((vec![name], hours)),
        }
    }
    let each = together.into_iter().map(|(names, hours)| {
        let hours: Vec<String> = hours.into_iter().map(|(from, to)| span(from, to)).collect();
        format!("{} {}", names.join(", "), hours.join(", "))
    });
    each.collect::<Vec<_>>().join("; ")
}

/// Minutes of a day as a clock shows them.
pub(in crate::staff::console) fn span(from: u32, to: u32) -> String {
    let clock = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
    format!("{}–{}", clock(from), clock(to))
}

pub(in crate::staff::console) const fn lane(lane: Lane, language: Language) -> &'static str {
    let c = Check::of(language);
    match lane {
        Lane::Emergency => c.l_emergency,
        Lane::Safeguarding => c.l_safeguarding,
        Lane::Statutory => c.l_statutory,
        Lane::Legal => c.l_legal,
        Lane::Appeal => c.l_appeal,
        Lane::Adjustment => c.l_adjustment,
        Lane::ProtectedSender | Lane::ProtectedRecipient => c.always,
    }
}

/// What an item may be that nobody has read yet: the lanes that its text resembles a little.
pub(in crate::staff::console) fn may_be(item: &QueueItem, language: Language) -> Vec<&'static str> {
    if !item.is_unread() {
        return Vec::new();
    }
    let like = |of: &Lane| {
        let mut each = item.resembles.iter().filter_map(|one| one.split_once(':'));
        each.any(|(name, _)| name == of.name())
    };
    Lane::ALL.into_iter().filter(like).map(|of| lane(of, language)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::queue::ItemState;

    #[test]
    fn an_item_may_be_what_it_resembles_until_somebody_reads_it() {
        let mut item: QueueItem = serde_json::from_value(serde_json::json!({
            "id": "c", "queue": "limited", "contact": "c", "channel": "email",
            "at": "2026-11-23T10:00:00Z", "disposition": "limit", "reasons": [], "flags": [],
            "original_to": [], "state": "open",
            "resembles": [
                "emergency: resembles: I am stuck in the lift (26 %)",
                "legal: wording: court … costs (27 %)",
            ],
        }))
        .unwrap();
        assert_eq!(may_be(&item, Language::English), ["an emergency", "a legal matter"]);
        assert_eq!(may_be(&item, Language::Welsh), ["argyfwng", "mater cyfreithiol"]);
        item.state = ItemState::Read;
        assert!(may_be(&item, Language::English).is_empty());
    }

    #[test]
    fn hours_are_said_by_the_days_that_share_them() {
        let open = |day: &str, from, to| Open { day: day.parse().unwrap(), from, to };
        let week = [
            open("2026-11-23", 610, 705),
            open("2026-11-24", 540, 600),
            open("2026-11-25", 610, 705),
        ];
        assert_eq!(times(&week, Language::English), "Mon, Wed 10:10–11:45; Tue 09:00–10:00");
        assert_eq!(times(&week, Language::Welsh), "Llun, Mer 10:10–11:45; Maw 09:00–10:00");
    }
}
