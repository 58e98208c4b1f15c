//! `[organisation.contact_details]`, `[organisation.staffed_hours]` and what else a notice says of how
//! to reach an organisation.

use std::collections::BTreeMap;

use chrono::{NaiveTime, Weekday};

use super::organisation::address;
use super::reader::{Field, Section, brief};
use crate::domain::channel::Channel;
use crate::domain::identifier::e164;
use crate::domain::language::Language;
use crate::domain::profile::Nation;
use crate::domain::reach::Reach;
use crate::domain::restriction::{Window, WindowEnd};

const DAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Mon),
    ("tue", Weekday::Tue),
    ("wed", Weekday::Wed),
    ("thu", Weekday::Thu),
    ("fri", Weekday::Fri),
    ("sat", Weekday::Sat),
    ("sun", Weekday::Sun),
];

/// What an organisation's section says of how to reach it.
pub(super) fn read(section: &Section<'_>, nation: Nation) -> Reach {
    let details =
        by_channel(section, "contact_details", |channel, field| detail(channel, field, nation));
    let staffed_hours =
        by_channel(section, "staffed_hours", |_, field| field.list(|window| hours(window)));
    Reach {
        details,
        staffed_hours,
        policy_url: section.field("policy_url").and_then(|f| f.parsed(link)),
        appeal_to: section.field("appeal_to").and_then(|f| address(&f, nation)),
        languages: section.field("languages").and_then(|f| languages(&f)).unwrap_or_default(),
    }
}

fn by_channel<T>(
    section: &Section<'_>,
    key: &'static str,
    read: impl Fn(Channel, &Field<'_>) -> Option<T>,
) -> BTreeMap<Channel, T> {
    let Some(table) = section.field(key).and_then(|f| f.section()) else {
        return BTreeMap::new();
    };
    let found = Channel::ALL
        .into_iter()
        .filter_map(|channel| Some((channel, read(channel, &table.field(channel.name())?)?)))
        .collect();
    table.close();
    found
}

/// Where a channel leads, in the form that it has.
fn detail(channel: Channel, field: &Field<'_>, nation: Nation) -> Option<String> {
    match channel {
        Channel::Email => address(field, nation),
        Channel::Telephone | Channel::Sms | Channel::Whatsapp => field.parsed(|text| {
            e164(text, nation).map_err(|_| {
                ("is not a telephone number".to_owned(), "write it as 0191 498 0123".to_owned())
            })
        }),
        Channel::WebForm | Channel::WebChat => field.parsed(link),
        Channel::Letter | Channel::InPerson | Channel::Social => {
            field.words().map(|text| text.trim().to_owned())
        }
    }
}

/// A link that a customer can follow.
pub(super) fn link(text: &str) -> Result<String, (String, String)> {
    let text = text.trim();
    match url::Url::parse(text) {
        Ok(url) if url.scheme() == "https" && url.host_str().is_some() => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err((
            format!("`{}` is not a link that a customer can follow", brief(text)),
            "write it as https://www.karbon.example/contact".to_owned(),
        )),
    }
}

/// Hours of some days: `{ days = ["mon", "tue"], from = "09:00", to = "17:00" }`.
fn hours(field: &Field<'_>) -> Option<Window> {
    let section = field.section()?;
    let days = section
        .need("days", "the days, as [\"mon\", \"tue\"]")
        .and_then(|f| f.list(|day| day.choice("a day", &DAYS)));
    let from = section.need("from", "a time, as \"09:00\"").and_then(|f| f.parsed(time));
    let to = section.need("to", "a time, as \"17:00\"").and_then(|f| f.parsed(end));
    section.close();
    Some(Window { days: days?, from: from?, to: to? })
}

fn time(text: &str) -> Result<NaiveTime, (String, String)> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| {
        (format!("`{}` is not a time", brief(text)), "write it as \"09:00\"".to_owned())
    })
}

fn end(text: &str) -> Result<WindowEnd, (String, String)> {
    if text == "24:00" { Ok(WindowEnd::Midnight) } else { time(text).map(WindowEnd::At) }
}

/// `["en"]`, `["en", "cy"]`: each once, the first first.
pub(super) fn languages(field: &Field<'_>) -> Option<Vec<Language>> {
    let names = Language::ALL.map(|language| (language.tag(), language));
    let mut found: Vec<Language> = Vec::new();
    for language in field.list(|item| item.choice("a language", &names))? {
        if !found.contains(&language) {
            found.push(language);
        }
    }
    if found.is_empty() {
        field.fault("is empty", "write [\"en\"], [\"cy\"] or [\"en\", \"cy\"]");
        return None;
    }
    Some(found)
}
