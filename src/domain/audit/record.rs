//! How an entry of the trail is written and read.
//!
//! Nearly all entries are decisions, and each is read at least twice: to follow the trail, and to seal it. Serde's
//! derive for a flattened enum with a tag buffers every field twice. So the fields of a decision are read straight
//! into it, and only those of other entries are buffered, once.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use super::{AuditEntry, AuditEvent, DecidedEntry};

/// The tag of a decision in [`AuditEvent`].
const DECIDED: &str = "decided";

/// Writes a decision's entry as [`AuditEntry`] would, without building one, since every contact has an entry.
#[derive(Serialize)]
pub struct DecidedRecord<'a> {
    /// Left out where the entry's place gives the number.
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    #[serde(serialize_with = "crate::domain::instant::written")]
    at: DateTime<Utc>,
    by: &'a str,
    event: &'static str,
    #[serde(flatten)]
    decided: &'a DecidedEntry,
}

impl<'a> DecidedRecord<'a> {
    pub const fn new(
        number: Option<u64>,
        at: DateTime<Utc>,
        by: &'a str,
        decided: &'a DecidedEntry,
    ) -> Self {
        DecidedRecord { number, at, by, event: DECIDED, decided }
    }
}

/// An entry without its number, which its place gives.
pub struct UnnumberedEntry {
    pub at: DateTime<Utc>,
    pub by: String,
    pub event: AuditEvent,
}

impl<'de> Deserialize<'de> for AuditEntry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let (number, entry) = from.deserialize_map(EntryFields { numbered: true })?;
        let number = number.ok_or_else(|| D::Error::missing_field("number"))?;
        let UnnumberedEntry { at, by, event } = entry;
        Ok(AuditEntry { number, at, by, event })
    }
}

impl<'de> Deserialize<'de> for UnnumberedEntry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_map(EntryFields { numbered: false }).map(|(_, entry)| entry)
    }
}

/// A field's name, compared without being stored.
#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum EntryField {
    Number,
    At,
    By,
    Event,
    Other(String),
}

/// Reads an entry's fields in any order.
struct EntryFields {
    /// Whether to expect a number, which may come after the event.
    numbered: bool,
}

impl<'de> Visitor<'de> for EntryFields {
    type Value = (Option<u64>, UnnumberedEntry);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an entry of the audit trail")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Self::Value, A::Error> {
        let (mut number, mut at, mut by) = (None, None, None);
        let mut others = Map::new();
        while let Some(field) = fields.next_key()? {
            match field {
                EntryField::Number => once(&mut number, &mut fields, "number")?,
                EntryField::At => once(&mut at, &mut fields, "at")?,
                EntryField::By => once(&mut by, &mut fields, "by")?,
                EntryField::Event => {
                    let event: String = fields.next_value()?;
                    let only_the_event_is_left =
                        others.is_empty() && (number.is_some() || !self.numbered);
                    if event == DECIDED
                        && only_the_event_is_left
                        && let Some(at) = at
                        && let Some(by) = by.take()
                    {
                        let rest = MapAccessDeserializer::new(fields);
                        let event = AuditEvent::Decided(DecidedEntry::deserialize(rest)?);
                        return Ok((number, UnnumberedEntry { at, by, event }));
                    }
                    gather::<A::Error>(&mut others, "event".to_owned(), Value::String(event))?;
                }
                EntryField::Other(name) => {
                    gather::<A::Error>(&mut others, name, fields.next_value()?)?;
                }
            }
        }
        let at = at.ok_or_else(|| A::Error::missing_field("at"))?;
        let by = by.ok_or_else(|| A::Error::missing_field("by"))?;
        let event = AuditEvent::deserialize(Value::Object(others)).map_err(A::Error::custom)?;
        Ok((number, UnnumberedEntry { at, by, event }))
    }
}

fn once<'de, T: Deserialize<'de>, A: MapAccess<'de>>(
    place: &mut Option<T>,
    fields: &mut A,
    name: &'static str,
) -> Result<(), A::Error> {
    match place.replace(fields.next_value()?) {
        Some(_) => Err(A::Error::duplicate_field(name)),
        None => Ok(()),
    }
}

fn gather<E: Error>(others: &mut Map<String, Value>, name: String, value: Value) -> Result<(), E> {
    match others.insert(name, value) {
        Some(_) => Err(E::custom("a field comes twice")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECISION: &str = r#"{"number":7,"at":"2026-11-21T10:00:00Z","by":"gateway","event":"decided",
        "contact":"c","person":"P-1","channel":"email","contact_at":"2026-11-21T10:00:00Z",
        "disposition":"route","mode":"enforce","stale":false,"profile_version":"2",
        "rows":[{"row":2,"code":"safeguard.emergency","restriction":null,"clause":null,"settled":true}],
        "flags":["safeguard.emergency"],"facts":{"rules":"r","sent_by":"person","found":[],"in_force":[]}}"#;

    fn entry(json: &str) -> AuditEntry {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_decision_is_read_the_same_in_any_order_of_its_fields() {
        let read = entry(DECISION);
        assert_eq!(read.number, 7);
        let AuditEvent::Decided(decided) = &read.event else { panic!("{read:?}") };
        assert_eq!((decided.person.as_deref(), decided.rows.len()), (Some("P-1"), 1));
        assert!(decided.facts.is_some());
        // A `Value` sorts its keys.
        let sorted: Value = serde_json::from_str(DECISION).unwrap();
        assert_eq!(serde_json::from_value::<AuditEntry>(sorted.clone()).unwrap(), read);
        assert_eq!(entry(&sorted.to_string()), read);
        let number_last =
            DECISION.replace(r#""number":7,"#, "").replacen("}}", r#"},"number":7}"#, 1);
        assert_eq!(entry(&number_last), read);
        assert_eq!(entry(&serde_json::to_string(&read).unwrap()), read);
        // Fields of later versions are ignored.
        assert_eq!(entry(&DECISION.replacen("}}", r#"},"later":[1]}"#, 1)), read);
    }

    #[test]
    fn an_entry_of_another_event_is_read_whole() {
        let json = r#"{"number":1,"at":"2026-11-21T10:00:00Z","by":"command line","event":"imported",
            "people":1000,"restrictions":2,"ended":[{"person":"P-1","restriction":"R-1"}],"added":3}"#;
        let read = entry(json);
        let AuditEvent::Imported { people, ended, added, .. } = &read.event else {
            panic!("{read:?}")
        };
        assert_eq!((*people, ended.len(), *added), (1_000, 1, Some(3)));
        assert_eq!(entry(&serde_json::to_string(&read).unwrap()), read);
        let unnumbered: UnnumberedEntry = serde_json::from_str(json).unwrap();
        assert_eq!((unnumbered.event, unnumbered.by), (read.event, read.by));
    }

    #[test]
    fn an_entry_without_a_field_or_with_one_twice_is_refused() {
        for (from, to) in [
            (r#""number":7,"#, ""),
            (r#""by":"gateway","#, ""),
            (r#""event":"decided","#, ""),
            (r#""contact":"c","#, ""),
            (r#""by":"gateway""#, r#""by":"gateway","by":"gateway""#),
            (r#""contact":"c""#, r#""contact":"c","contact":"c""#),
            (r#""event":"decided""#, r#""event":"undecided""#),
        ] {
            let changed = DECISION.replacen(from, to, 1);
            assert_ne!(changed, DECISION);
            assert!(serde_json::from_str::<AuditEntry>(&changed).is_err(), "{changed}");
        }
        let unnumbered = DECISION.replace(r#""number":7,"#, "");
        assert!(serde_json::from_str::<UnnumberedEntry>(&unnumbered).is_ok());
    }
}
