//! The contents of Redis: every key's name and every record's format, in one place.
//!
//! Every key begins with `cg1:{organisation}:`. `cg1` is the version of these formats; the braces make all
//! keys of an organisation share one slot of a Cluster, so that one script writes them together. In the
//! organisation's id every byte except letters, digits, `-`, `_` and `.` is written as `%xx`.
//!
//! `docs/redis.md` has the table for operators: with bounds, and how to read each.
//!
//! | key, behind `cg1:{organisation}:` | type | holds |
//! |---|---|---|
//! | `people` | hash | person id → record, the published JSON shape |
//! | `changes` | stream | `n-0`: `person` id that changed, or `all`; n from 1 without gaps, oldest forgotten |
//! | `contact:<id>` | hash | `digest` (hex, or as a record where there is a key), `decision` (JSON), `at`, `person`, `counted` (JSON list of members of `counted:`), `token` of who wrote it |
//! | `ledger:<person>` | hash | `version` (changes with the ledger), `told.<code>` → at, `lane.<lane>` → times used |
//! | `counted:<person>` | sorted set | by at: JSON of contact, restriction, mode, at, issue |
//! | `received:<person>` | sorted set | by at: contact ids; bounded, newest kept |
//! | `traces:<person>` | hash | contact id → trace for comparison (JSON) |
//! | `items` | hash | item id → queue item (JSON) |
//! | `waiting:<queue>`, `done:<queue>` | sorted set | by at: item ids |
//! | `in_hand` | sorted set | by at: ids of the items that somebody has claimed or read, on whatever queue |
//! | `queues` | set | names of the queues that ever held an item |
//! | `audit` | stream | `n-0`: `entry` (JSON); n is the entry's number, from 1 without gaps but for what was erased |
//! | `delivered` | sorted set | by at: contact id and recipient |
//! | `acknowledged` | string | empty; written behind a step that replicas must acknowledge |
//! | `copy` | string | how far a copy of another store into this one has come (JSON) |
//! | `nameplate` | string | the names of the audit trail, which identify it, and its archive (JSON) |
//! | `marked:<mark>` | sorted set | numbers of the audit entries with a mark (`store::trail`), each by itself |
//! | `days` | sorted set | by day, counted from 1970: day and block of 1,024 numbers in which it has entries |
//! | `roll` | sorted set | all scores 0: the people's ids |
//! | `restricted:<restriction>` | set | ids of the people who have, or had, a restriction with this id |
//! | `indexed` | string | the version of the four keys above, once all that was there before is in them; until then how far they are |
//! | `documents:<kind>` | hash | id → a record that staff write, with its version and keys (JSON) |
//! | `listed:<kind>:<index>` | sorted set | all scores 0: the value of a document's key, a byte 0, its id |
//! | `kinds` | set | kinds of which there ever was a document |
//! | `once:<token>` | string | a step that was done, for a retry of the same call; expires |
//!
//! What is called JSON here, and is not a list for a script, is a [`record`](crate::store::record). Instants named `at` are
//! microseconds since 1970 UTC, rounded down. Changes are announced on the
//! channel `cg1:changes` as `<number before> <organisation>`. Read with `redis-cli`, for example
//! `HGETALL cg1:{karbon}:contact:<id>` or `XREVRANGE cg1:{karbon}:audit + - COUNT 10`.

use std::fmt::{Display, Write as _};

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::audit::{AuditEntry, AuditEvent, UnnumberedEntry};
use crate::domain::decision::Decision;
use crate::domain::ledger::Counted;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::{Stamp, StoreError};
pub(super) use crate::store::record::unreadable;
use crate::store::record::{Codec, Label, kind};

/// Where changes are announced.
pub(super) const CHANNEL: &str = "cg1:changes";

/// The keys of one organisation, and how the records under them are written and read.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    tag: String,
    codec: Codec,
}

impl Keys {
    pub(super) fn of(organisation: &OrganisationId, codec: &Codec) -> Self {
        let mut tag = String::new();
        for byte in organisation.as_str().bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.') {
                tag.push(char::from(byte));
            } else {
                // Writing to a string does not fail.
                let _ = write!(tag, "%{byte:02x}");
            }
        }
        // `{}` is not a hash tag (redis.io, "Cluster specification", "Hash tags").
        if tag.is_empty() {
            tag.push('%');
        }
        Keys { tag, codec: codec.clone() }
    }

    /// The keys of an organisation by its tag.
    pub(super) fn tagged(tag: &str, codec: &Codec) -> Self {
        Keys { tag: tag.to_owned(), codec: codec.clone() }
    }

    pub(super) const fn codec(&self) -> &Codec {
        &self.codec
    }

    pub(super) fn label<'a>(&'a self, kind: &'a str, key: &'a dyn Display) -> Label<'a> {
        Label::new(&self.tag, kind, key)
    }

    /// A record as it is stored.
    pub(super) fn write(
        &self,
        kind: &str,
        key: impl Display,
        what: &(impl Serialize + ?Sized),
    ) -> Result<String, StoreError> {
        self.write_about(None, kind, key, what)
    }

    /// A record that scripts read and that says nothing about anybody, so it is never encrypted.
    pub(super) fn write_plain(
        &self,
        kind: &str,
        key: impl Display,
        what: &(impl Serialize + ?Sized),
    ) -> Result<String, StoreError> {
        Codec::plain().write(self.label(kind, &key), what)
    }

    /// A record about a person.
    pub(super) fn write_about(
        &self,
        person: Option<&str>,
        kind: &str,
        key: impl Display,
        what: &(impl Serialize + ?Sized),
    ) -> Result<String, StoreError> {
        self.codec.write(self.label(kind, &key).about(person), what)
    }

    /// The stored form of a decision made at `at`.
    pub(super) fn write_decision(
        &self,
        contact: &str,
        decision: &Decision,
        at: DateTime<Utc>,
    ) -> Result<String, StoreError> {
        self.codec.write(self.of_decision(&contact, decision, at), decision)
    }

    pub(super) fn of_decision<'a>(
        &'a self,
        contact: &'a dyn Display,
        decision: &'a Decision,
        at: DateTime<Utc>,
    ) -> Label<'a> {
        let label = self.label(kind::DECISION, contact).about(decision.person.as_deref());
        label.on(decision.unnamed_on(at))
    }

    /// The stored form of the digest of a contact's content, by the label of its decision.
    pub(super) fn write_digest(
        &self,
        decision: Label<'_>,
        digest: &[u8; 32],
    ) -> Result<String, StoreError> {
        self.codec.digest_text(decision, digest)
    }

    pub(super) fn read_digest(&self, contact: &str, stored: &str) -> Result<[u8; 32], StoreError> {
        self.codec.digest_of_text(self.label(kind::DECISION, &contact), stored)
    }

    /// The stored form of a queue item.
    pub(super) fn write_item(&self, item: &QueueItem) -> Result<String, StoreError> {
        self.codec.write(self.of_item(item), item)
    }

    pub(super) fn of_item<'a>(&'a self, item: &'a QueueItem) -> Label<'a> {
        let label = self.label(kind::ITEM, &item.id).about(item.person.as_deref());
        label.on(item.unnamed_on())
    }

    /// A record that is stored under these keys.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        record: impl AsRef<[u8]>,
        kind: &str,
        key: impl Display,
    ) -> Result<T, StoreError> {
        self.codec.read(record, self.label(kind, &key))
    }

    /// An entry of the trail. Its number is that of its place in the stream, which the server gives: its encryption
    /// is not bound to that; the trail's chain is.
    pub(super) fn of_trail<'a>(&'a self, number: &'a dyn Display) -> Label<'a> {
        self.label(kind::AUDIT_ENTRY, number).anywhere()
    }

    /// `of`: a person it concerns though it does not name them.
    pub(super) fn write_audit(
        &self,
        stamp: Stamp,
        event: AuditEvent,
        of: Option<&str>,
    ) -> Result<String, StoreError> {
        let record = AuditRecord { at: stamp.at, by: stamp.by, event };
        let about = record.event.people().first().copied().or(of);
        let label = self.of_trail(&"new").about(about).on(record.event.unnamed_on(record.at));
        self.codec.write(label, &record)
    }

    pub(super) fn read_audit(&self, number: u64, record: &str) -> Result<AuditEntry, StoreError> {
        let UnnumberedEntry { at, by, event } = self.codec.read(record, self.of_trail(&number))?;
        Ok(AuditEntry { number, at, by, event })
    }

    /// The organisation as written in keys and on the channel.
    pub(super) fn tag(&self) -> &str {
        &self.tag
    }

    pub(super) fn people(&self) -> String {
        self.key("people")
    }

    pub(super) fn changes(&self) -> String {
        self.key("changes")
    }

    pub(super) fn contact(&self, id: &str) -> String {
        self.named("contact", id)
    }

    pub(super) fn ledger(&self, person: &str) -> String {
        self.named("ledger", person)
    }

    pub(super) fn counted(&self, person: &str) -> String {
        self.named("counted", person)
    }

    pub(super) fn received(&self, person: &str) -> String {
        self.named("received", person)
    }

    pub(super) fn traces(&self, person: &str) -> String {
        self.named("traces", person)
    }

    pub(super) fn items(&self) -> String {
        self.key("items")
    }

    pub(super) fn waiting(&self, queue: &str) -> String {
        self.named("waiting", queue)
    }

    pub(super) fn done(&self, queue: &str) -> String {
        self.named("done", queue)
    }

    pub(super) fn in_hand(&self) -> String {
        self.key("in_hand")
    }

    pub(super) fn queues(&self) -> String {
        self.key("queues")
    }

    pub(super) fn audit(&self) -> String {
        self.key("audit")
    }

    pub(super) fn acknowledged(&self) -> String {
        self.key("acknowledged")
    }

    pub(super) fn delivered(&self) -> String {
        self.key("delivered")
    }

    pub(super) fn copy(&self) -> String {
        self.key("copy")
    }

    pub(super) fn nameplate(&self) -> String {
        self.key("nameplate")
    }

    pub(super) fn marked(&self, mark: &str) -> String {
        self.named("marked", mark)
    }

    pub(super) fn days(&self) -> String {
        self.key("days")
    }

    pub(super) fn roll(&self) -> String {
        self.key("roll")
    }

    pub(super) fn restricted(&self, restriction: &str) -> String {
        self.named("restricted", restriction)
    }

    pub(super) fn indexed(&self) -> String {
        self.key("indexed")
    }

    pub(super) fn documents(&self, kind: &str) -> String {
        self.named("documents", kind)
    }

    /// Neither name has a `:` in it.
    pub(super) fn listed(&self, kind: &str, index: &str) -> String {
        self.named("listed", &format!("{kind}:{index}"))
    }

    pub(super) fn kinds(&self) -> String {
        self.key("kinds")
    }

    pub(super) fn once(&self, token: &str) -> String {
        self.named("once", token)
    }

    fn key(&self, name: &str) -> String {
        self.written(name, None)
    }

    /// `cg1:{organisation}:name` or `cg1:{organisation}:name:of`.
    fn written(&self, name: &str, of: Option<&str>) -> String {
        let length = self.tag.len() + name.len() + of.map_or(0, str::len) + 8;
        let mut key = String::with_capacity(length);
        for part in ["cg1:{", &self.tag, "}:", name] {
            key.push_str(part);
        }
        if let Some(of) = of {
            key.push(':');
            key.push_str(of);
        }
        key
    }

    /// Free text comes last, so that no name can be mistaken for another key's.
    fn named(&self, name: &str, of: &str) -> String {
        self.written(name, Some(of))
    }
}

/// The organisation of a tag, as [`Keys::tag`] writes it.
pub(super) fn organisation_of(tag: &str) -> Option<OrganisationId> {
    if tag == "%" {
        return Some(OrganisationId::new(""));
    }
    let mut bytes = Vec::with_capacity(tag.len());
    let mut rest = tag;
    while let Some(first) = rest.chars().next() {
        if first == '%' {
            bytes.push(u8::from_str_radix(rest.get(1..3)?, 16).ok()?);
            rest = rest.get(3..)?;
        } else {
            bytes.push(u8::try_from(first).ok()?);
            rest = rest.get(1..)?;
        }
    }
    String::from_utf8(bytes).ok().map(|id| OrganisationId::new(&id))
}

/// A member of `counted:<person>`.
#[derive(Serialize, Deserialize)]
pub(super) struct CountedMember {
    pub(super) contact: String,
    #[serde(flatten)]
    pub(super) counted: Counted,
}

/// An audit entry as it is written: its number is that of its place in the stream.
#[derive(Serialize)]
struct AuditRecord {
    at: DateTime<Utc>,
    by: String,
    #[serde(flatten)]
    event: AuditEvent,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_tag_is_one_hash_tag_whatever_the_id_is_and_reads_back() {
        for id in ["karbon", "", "%", "a}b{c", "a:b", "Ünïon", "../x", "a b"] {
            let organisation = OrganisationId::new(id);
            let keys = Keys::of(&organisation, &Codec::plain());
            assert!(!keys.tag().is_empty() && !keys.tag().contains(['{', '}', ':', ' ']), "{id}");
            assert_eq!(organisation_of(keys.tag()), Some(organisation));
        }
        for tag in ["%", "%2", "%zz", "é"].iter().skip(1) {
            assert_eq!(organisation_of(tag), None);
        }
    }

    /// The first column of a table's rows: names in back ticks, what stands for a person or an id
    /// taken off.
    fn tabled(text: &str) -> BTreeSet<String> {
        let row = |line: &str| -> Vec<String> {
            let Some(line) = line.trim_start_matches("//! ").strip_prefix("| `") else {
                return Vec::new();
            };
            let cell = line.split(" | ").next().unwrap();
            let names = cell.split("`, `").map(|name| name.trim_matches('`'));
            names.map(|name| name.split(':').next().unwrap().to_owned()).collect()
        };
        text.lines().flat_map(row).collect()
    }

    #[test]
    fn the_tables_list_exactly_the_keys_that_there_are() {
        let source = include_str!("keys.rs");
        let made: BTreeSet<String> = ["self.key(\"", "self.named(\""]
            .into_iter()
            .flat_map(|call| source.split(call).skip(1))
            .filter_map(|rest| rest.split_once('"'))
            .map(|(name, _)| name.to_owned())
            .filter(|name| {
                name.chars().all(|c| c.is_ascii_lowercase() || c == '_') && !name.is_empty()
            })
            .collect();
        assert!(made.len() >= 15, "{made:?}");
        assert_eq!(tabled(source), made, "the table at the top of this file");
        let docs = include_str!("../../../docs/redis.md");
        let (_, behind) = docs.split_once("| key | type |").unwrap();
        assert_eq!(tabled(behind), made, "the table in docs/redis.md");
    }
}
