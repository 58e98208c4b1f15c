//! A queue as tickets for another help desk: JSON lines (<https://jsonlines.org>) in the shape that ticket imports
//! take, and the same as CSV (RFC 4180). Pure; one item at a time, so that a long queue is never whole in memory.

use serde_json::{Value, json};

use super::figures::line;
use crate::domain::identifier::IdentifierKind;
use crate::domain::person::Person;
use crate::domain::queue::{ItemState, QueueItem};

/// As what a queue is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Lines,
}

impl Form {
    pub const fn content_type(self) -> &'static str {
        match self {
            Form::Csv => "text/csv; charset=utf-8; header=present",
            Form::Lines => "application/jsonl",
        }
    }

    pub const fn ending(self) -> &'static str {
        match self {
            Form::Csv => "csv",
            Form::Lines => "jsonl",
        }
    }

    /// The beginning, before the first item.
    pub fn head(self) -> String {
        match self {
            // With a byte order mark, so that spreadsheets read names as UTF-8.
            Form::Csv => format!("\u{feff}{}", line(&COLUMNS)),
            Form::Lines => String::new(),
        }
    }

    /// One item, with the person on whose record it is.
    pub fn item(self, item: &QueueItem, person: Option<&Person>) -> String {
        let ticket = Ticket::of(item, person);
        match self {
            Form::Csv => ticket.csv(),
            Form::Lines => ticket.json(),
        }
    }
}

/// The columns, which are the keys of the JSON too.
const COLUMNS: [&str; 14] = [
    "external_id",
    "subject",
    "description",
    "status",
    "created_at",
    "due_at",
    "group",
    "assignee",
    "requester_name",
    "requester_email",
    "requester_phone",
    "recipients",
    "tags",
    "why",
];

struct Ticket<'a> {
    item: &'a QueueItem,
    person: Option<&'a Person>,
}

impl<'a> Ticket<'a> {
    const fn of(item: &'a QueueItem, person: Option<&'a Person>) -> Self {
        Ticket { item, person }
    }

    /// As most help desks call the states.
    const fn status(&self) -> &'static str {
        match self.item.state {
            ItemState::Open => "new",
            ItemState::Claimed | ItemState::Read => "open",
            ItemState::Released | ItemState::Filed | ItemState::Closed => "solved",
        }
    }

    fn identifier(&self, kind: IdentifierKind) -> Option<&'a str> {
        let own = self.person?.identifiers.iter().find(|one| one.kind == kind && !one.shared);
        own.map(|one| one.value.as_str())
    }

    /// The sender of the ticket: by name, else by the id of the record.
    fn requester(&self) -> Option<&'a str> {
        self.person.map(Person::shown_name)
    }

    /// A ticket without a subject can't be imported: the channel is used instead.
    fn subject(&self) -> &'a str {
        let subject = self.item.subject.as_deref().map(str::trim);
        subject.filter(|one| !one.is_empty()).unwrap_or(self.item.channel.name())
    }

    fn description(&self) -> String {
        match self.item.text.as_deref().filter(|text| !text.trim().is_empty()) {
            Some(text) => text.to_owned(),
            None => self.item.new.join("\n\n"),
        }
    }

    fn tags(&self) -> Vec<String> {
        let mut tags = vec![
            "contact-gateway".to_owned(),
            self.item.channel.name().to_owned(),
            self.item.disposition.name().to_owned(),
        ];
        if self.item.overdue {
            tags.push("overdue".to_owned());
        }
        // A tag is one word.
        tags.extend(
            self.item.flags.iter().map(|flag| flag.to_string().replace(char::is_whitespace, "_")),
        );
        tags
    }

    fn why(&self) -> String {
        self.item.reasons.first().map(|reason| reason.text.clone()).unwrap_or_default()
    }

    fn created_at(&self) -> String {
        self.item.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
    }

    fn due_at(&self) -> Option<String> {
        self.item.read_by.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    }

    fn csv(&self) -> String {
        let due = self.due_at().unwrap_or_default();
        let of = |kind| self.identifier(kind).unwrap_or_default();
        line(&[
            &self.item.id,
            self.subject(),
            &self.description(),
            self.status(),
            &self.created_at(),
            &due,
            &self.item.queue,
            self.item.claimed_by.as_deref().unwrap_or_default(),
            self.requester().unwrap_or_default(),
            of(IdentifierKind::Email),
            of(IdentifierKind::Phone),
            &self.item.original_to.join(" "),
            &self.tags().join(" "),
            &self.why(),
        ])
    }

    fn json(&self) -> String {
        let notes: Vec<Value> = self
            .item
            .notes
            .iter()
            .map(|note| {
                let at = note.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
                json!({ "author": note.by, "created_at": at, "body": note.in_english(), "public": false })
            })
            .collect();
        let ticket = json!({
            "external_id": self.item.id,
            "subject": self.subject(),
            "description": self.description(),
            "status": self.status(),
            "created_at": self.created_at(),
            "due_at": self.due_at(),
            "group": self.item.queue,
            "assignee": self.item.claimed_by,
            "requester": {
                "name": self.requester(),
                "email": self.identifier(IdentifierKind::Email),
                "phone": self.identifier(IdentifierKind::Phone),
                "external_id": self.item.person,
            },
            "recipients": self.item.original_to,
            "tags": self.tags(),
            "comments": notes,
            "why": self.why(),
        });
        format!("{ticket}\n")
    }
}
