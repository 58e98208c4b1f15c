//! People: who they are, who acts for them, their adjustments and restrictions.

use std::marker::PhantomData;
use std::sync::Arc;

use serde::de::{SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::channel::Channel;
use super::identifier::IdentifierKind;
use super::language::Language;
use super::moment::Moment;
use super::restriction::Restriction;

/// Somebody who contacts the organisation. Restrictions attach to the person, never to an address,
/// telephone or household. This is the published JSON shape.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    pub id: String,
    #[serde(default)]
    pub name: String,
    /// The organisation's own reference: a tenancy number and the like.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The language that the person is written and spoken to in; absent: not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Language>,
    #[serde(default, deserialize_with = "short")]
    pub identifiers: Vec<ListedIdentifier>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub representatives: Vec<Representative>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub adjustments: Vec<Adjustment>,
    /// Case references known to be this person's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<String>,
    /// Open invitations to get in touch, whatever the restrictions say.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invitations: Vec<Invitation>,
    /// New issues that somebody decided to engage with after all contact was ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engaged: Vec<Engaged>,
    #[serde(default, deserialize_with = "short")]
    pub restrictions: Vec<Restriction>,
    /// The record that this one is merged into, since both are of one person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_into: Option<String>,
    /// The records that are merged into this one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub merged: Vec<String>,
    /// Of a record as it is enforced: what it has of the others of its person. Never stored.
    #[serde(skip)]
    pub together: Option<Arc<Together>>,
}

/// Reads a list that most often has one entry. A `Vec` makes room for four with its first: with very
/// many people in memory, for as much again as all of them take.
fn short<'de, D: Deserializer<'de>, T: Deserialize<'de>>(list: D) -> Result<Vec<T>, D::Error> {
    struct Short<T>(PhantomData<T>);
    impl<'de, T: Deserialize<'de>> Visitor<'de> for Short<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
            let mut list = Vec::new();
            while let Some(entry) = entries.next_element()? {
                if list.len() == list.capacity() {
                    list.reserve_exact(list.len().max(1));
                }
                list.push(entry);
            }
            Ok(list)
        }
    }
    list.deserialize_seq(Short(PhantomData))
}

impl Person {
    /// What staff see the person called: the name, or else the id.
    pub fn shown_name(&self) -> &str {
        if self.name.is_empty() { &self.id } else { &self.name }
    }
}

/// Shows only the id: no name or address reaches a log through `{:?}`.
impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Person({}, {} restrictions)", self.id, self.restrictions.len())
    }
}

/// An identifier on a person's record.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedIdentifier {
    pub kind: IdentifierKind,
    pub value: String,
    /// Used by others too: the landline of two people. Never decides against anybody.
    #[serde(default)]
    pub shared: bool,
}

impl std::fmt::Debug for ListedIdentifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ListedIdentifier({}, shared: {})", self.kind.name(), self.shared)
    }
}

/// Somebody who may contact the organisation on the person's behalf.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Representative {
    pub name: String,
    /// The last day, or the instant, until which this holds; absent: no end is set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
    #[serde(default)]
    pub identifiers: Vec<ListedIdentifier>,
}

impl std::fmt::Debug for Representative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Representative(until {:?})", self.until)
    }
}

/// A reasonable adjustment on record. The adjustment is stored, never the diagnosis.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// How casework names it; absent: by its place in the list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub kind: AdjustmentKind,
    /// For `needs_channel`: the channel that stays open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// Anything staff need to know to make the adjustment (a language, a paper colour).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_due: Option<Moment>,
}

/// A kind of adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentKind {
    /// Opens a channel that a restriction would close.
    NeedsChannel,
    LargePrint,
    ColouredPaper,
    EasyRead,
    Braille,
    Audio,
    Translation,
    Interpreter,
    Representative,
    ClearWarnings,
    ExtraTime,
    Other,
}

/// A standing invitation: contacts that it covers are admitted and not counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The message-id of the message that staff sent; absent: any contact is covered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// The channels invited; empty: every channel.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub channels: Vec<Channel>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Moment>,
}

/// An issue that is engaged with although all contact was ended: by its reference, or its threads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engaged {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub threads: Vec<String>,
}

impl Person {
    /// Whether an adjustment on record keeps this channel open.
    pub fn needs_channel(&self, channel: Channel) -> bool {
        self.adjustments.iter().any(|adjustment| {
            adjustment.kind == AdjustmentKind::NeedsChannel && adjustment.channel == Some(channel)
        })
    }
}

/// What a record has of the others of the same person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Together {
    /// The record that the others were merged into.
    pub root: String,
    /// All of them, the root first.
    pub records: Vec<String>,
    /// Whose each restriction is: its id, and the record's.
    pub(super) owners: Vec<(String, String)>,
}

impl Together {
    pub(super) fn owner(&self, restriction: &str) -> Option<&str> {
        self.owners.iter().find(|(id, _)| id == restriction).map(|(_, owner)| owner.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_without_a_name_is_called_by_the_id() {
        let mut person: Person = serde_json::from_str(r#"{"id": "P-1", "name": "Jo"}"#).unwrap();
        assert_eq!(person.shown_name(), "Jo");
        person.name.clear();
        assert_eq!(person.shown_name(), "P-1");
    }

    #[test]
    fn a_list_with_one_entry_takes_no_room_for_more_and_only_a_list_is_read() {
        let one = r#"{"kind": "email", "value": "jo@x.example"}"#;
        let read = |identifiers: &str| -> Result<Person, serde_json::Error> {
            serde_json::from_str(&format!(r#"{{"id": "P-1", "identifiers": {identifiers}}}"#))
        };
        let short = read(&format!("[{one}]")).unwrap();
        assert_eq!((short.identifiers.len(), short.identifiers.capacity()), (1, 1));
        let long = read(&format!("[{one}, {one}, {one}]")).unwrap();
        assert_eq!(long.identifiers, vec![short.identifiers[0].clone(); 3]);
        let fault = read(r#""jo@x.example""#).unwrap_err().to_string();
        assert!(fault.contains("expected a sequence"), "{fault}");
    }

    #[test]
    fn a_log_shows_the_id_of_a_person_and_nothing_else_of_them() {
        let person: Person = serde_json::from_value(serde_json::json!({
            "id": "P-1", "name": "Jo Doe",
            "identifiers": [{"kind": "email", "value": "jo@x.example", "shared": true}],
            "representatives": [{"name": "Al", "until": "2026-06-01"}],
            "restrictions": [{"id": "R-1", "kind": "contact_ended"}],
        }))
        .unwrap();
        assert_eq!(format!("{person:?}"), "Person(P-1, 1 restrictions)");
        assert_eq!(format!("{:?}", person.identifiers), "[ListedIdentifier(email, shared: true)]");
        let representatives = format!("{:?}", person.representatives);
        assert_eq!(representatives, "[Representative(until Some(Day(2026-06-01)))]");
    }

    #[test]
    fn an_adjustment_keeps_its_own_channel_open() {
        let person: Person = serde_json::from_value(serde_json::json!({"id": "P-1", "adjustments": [
            {"kind": "needs_channel", "channel": "telephone"}, {"kind": "other", "channel": "email"},
        ]}))
        .unwrap();
        let open = [Channel::Telephone, Channel::Email, Channel::Letter];
        assert_eq!(open.map(|channel| person.needs_channel(channel)), [true, false, false]);
    }

    #[test]
    fn records_of_one_person_know_whose_each_restriction_is() {
        let owners = [("R-1", "P-1"), ("R-2", "P-2")];
        let together = Together {
            root: "P-1".to_owned(),
            records: vec!["P-1".to_owned(), "P-2".to_owned()],
            owners: owners.map(|(id, owner)| (id.to_owned(), owner.to_owned())).to_vec(),
        };
        for (id, owner) in owners {
            assert_eq!(together.owner(id), Some(owner));
        }
        assert_eq!(together.owner("R-3"), None);
    }
}
