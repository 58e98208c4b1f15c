//! A person's timeline.

use serde::{Deserialize, Serialize, Serializer};
use utoipa::{IntoParams, ToSchema};

use super::shape;
use crate::casework::timeline::{TimelineCounts, TimelineEntry, What};
use crate::domain::audit::AuditEntry;
use crate::runtime::limits::PAGE_ITEMS_MAX;
use crate::staff::permit::{Permitted, ReadsCases};
use crate::staff::problem::Problem;
use crate::staff::request::{Asked, Named};

/// Some entries of a person's timeline, newest first.
#[derive(Serialize, ToSchema)]
pub struct TimelineList {
    entries: Vec<Entry>,
    /// What to give as `after` for older ones; null: these are all.
    next: Option<u64>,
    /// On the first page: how many contacts there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
}

/// An entry of the audit trail, and how it concerns the person. An event's own `what` (the keys of a record that
/// changed, the subject of a reminder) is `event_what` here.
#[derive(Serialize, ToSchema)]
pub struct Entry {
    /// `contact`: of theirs; `in_doubt`: it may be theirs, and was passed in doubt; `not_theirs`: decided
    /// as theirs, and found not to be; `act`: something that staff did.
    #[schema(value_type = String)]
    what: What,
    /// The record that it is on, where the person's records are merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<String>,
    #[serde(flatten, serialize_with = "beside_what")]
    #[schema(value_type = shape::AuditEntry)]
    entry: AuditEntry,
    /// Where the contact's queue item is now.
    #[serde(rename = "at_queue", skip_serializing_if = "Option::is_none")]
    item: Option<Place>,
}

fn beside_what<S: Serializer>(entry: &AuditEntry, serializer: S) -> Result<S::Ok, S::Error> {
    let mut written = serde_json::to_value(entry).map_err(serde::ser::Error::custom)?;
    if let Some(fields) = written.as_object_mut()
        && let Some(what) = fields.remove("what")
    {
        fields.insert("event_what".to_owned(), what);
    }
    written.serialize(serializer)
}

#[derive(Serialize, ToSchema)]
pub struct Place {
    queue: String,
    item: String,
    state: &'static str,
}

/// How many contacts the newest entries have.
#[derive(Serialize, ToSchema)]
pub struct Counts {
    contacts: u64,
    /// Passed in doubt about who they are from.
    in_doubt: u64,
    /// Decided as theirs, and found not to be.
    not_theirs: u64,
    /// Written by a machine.
    automatic: u64,
    /// Older entries were not counted: there are very many.
    is_partial: bool,
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct TimelineQuery {
    /// Must be the token's.
    #[serde(rename = "organisation")]
    #[param(rename = "organisation")]
    _organisation: Option<String>,
    /// Only entries older than the one with this number.
    after: Option<u64>,
    /// At most so many.
    limit: Option<usize>,
}

/// What happened with a person: contacts that were decided, what staff did; newest first. Of merged records it is
/// that of all of them, each entry with its `record`.
#[utoipa::path(
    get, path = "/api/v1/people/{person}/timeline", operation_id = "read_timeline", tag = "people",
    params(("person" = String, Path, description = "the person's id"), TimelineQuery),
    responses((status = 200, description = "Entries", body = TimelineList))
)]
pub async fn read(
    caller: Permitted<ReadsCases>,
    Named(person): Named<String>,
    Asked(query): Asked<TimelineQuery>,
) -> Result<axum::Json<TimelineList>, Problem> {
    let limit = query.limit.unwrap_or(PAGE_ITEMS_MAX);
    let organisation = caller.organisation();
    let found =
        caller.casework().desk.person_timeline(organisation, &person, query.after, limit).await?;
    let counts = |counts: TimelineCounts| Counts {
        contacts: counts.contacts,
        in_doubt: counts.in_doubt,
        not_theirs: counts.not_theirs,
        automatic: counts.automatic,
        is_partial: counts.is_partial,
    };
    let entry = |one: TimelineEntry| Entry {
        what: one.what,
        record: one.record,
        entry: one.entry,
        item: one.item.map(|place| Place {
            queue: place.queue,
            item: place.id,
            state: place.state.name(),
        }),
    };
    Ok(axum::Json(TimelineList {
        entries: found.entries.into_iter().map(entry).collect(),
        next: found.next,
        counts: found.counts.map(counts),
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn what_an_event_calls_what_does_not_hide_what_it_is_to_the_person() {
        let entry = json!({ "number": 1, "at": "2026-11-18T10:00:00Z", "by": "Ann Bell",
            "event": "record_changed", "person": "P-1", "what": ["name"] });
        let entry: AuditEntry = serde_json::from_value(entry).unwrap();
        let shown = Entry { what: What::Act, record: None, entry, item: None };
        let text = serde_json::to_string(&shown).unwrap();
        assert_eq!(text.matches("\"what\":").count(), 1, "{text}");
        let read: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["what"], "act");
        assert_eq!(read["event_what"], json!(["name"]));
        assert_eq!(read["event"], "record_changed");
    }
}
