//! Records of another store as writes, each in the place of the one before.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Redis;
use super::super::documents;
use super::super::items;
use super::super::keys::{CountedMember, Keys};
use super::super::script::{Arguments, take};
use super::newest_number;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::ports::documents::Document;
use crate::ports::portable::{PersonLedger, Record, RecordedDecision};
use crate::runtime::limits::{REDIS_BULK_WAIT, REDIS_ONCE_KEPT};
use crate::store::record::{self, kind, unless_destroyed};

/// The writes of one step, in their order.
pub(in crate::store::redis) struct Arrivals<'a> {
    keys: &'a Keys,
    token: String,
    on: BTreeSet<String>,
    with: Arguments,
}

/// The newest number of the trail, asked for where entries arrive.
pub(super) async fn newest(
    redis: &Redis,
    keys: &Keys,
    records: &[Record],
) -> Result<u64, StoreError> {
    if !records.iter().any(|record| matches!(record, Record::Audit(_))) {
        return Ok(0);
    }
    newest_number(redis, keys, &keys.audit()).await
}

/// The queue that already holds each arriving item, from an earlier attempt at the copy.
pub(super) async fn queues_before(
    redis: &Redis,
    keys: &Keys,
    records: &[Record],
) -> Result<BTreeMap<String, String>, StoreError> {
    let ids: Vec<&str> = records
        .iter()
        .filter_map(|record| match record {
            Record::Item(item) => Some(item.id.as_str()),
            Record::Person(_)
            | Record::Decision(_)
            | Record::Ledger(_)
            | Record::Audit(_)
            | Record::Delivery(_)
            | Record::Document(_) => None,
        })
        .collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut command = redis::cmd("HMGET");
    command.arg(keys.items()).arg(&ids);
    let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
    let found: Vec<Option<String>> = take(Some(answer))?;
    let there = ids.iter().zip(&found).filter_map(|(id, record)| Some((id, record.as_ref()?)));
    let mut before = BTreeMap::new();
    for (id, record) in there {
        let item = unless_destroyed(keys.read::<QueueItem>(record, kind::ITEM, id))?;
        before.extend(item.map(|item| (item.id, item.queue)));
    }
    Ok(before)
}

/// The documents already in the place of arriving ones, from a copy that began again.
pub(super) async fn documents_before(
    redis: &Redis,
    keys: &Keys,
    records: &[Record],
) -> Result<Vec<Document>, StoreError> {
    let mut before = Vec::new();
    for record in records {
        if let Record::Document(document) = record {
            let one = documents::one(redis, keys, &document.kind, &document.id).await;
            before.extend(unless_destroyed(one)?.flatten());
        }
    }
    Ok(before)
}

impl<'a> Arrivals<'a> {
    pub(in crate::store::redis) fn new(keys: &'a Keys, token: String) -> Self {
        let mut with = Arguments::default();
        with.push(REDIS_ONCE_KEPT.as_secs().to_string());
        Arrivals { keys, token, on: BTreeSet::new(), with }
    }

    /// One command: its name, its key, and the rest.
    pub(in crate::store::redis) fn write(&mut self, words: &[&str]) {
        self.on.extend(words.get(1).map(|key| (*key).to_owned()));
        self.with.size(words.len());
        for word in words {
            self.with.push(word);
        }
    }

    /// Keys and arguments in the order of `carry.lua`.
    pub(in crate::store::redis) fn into_parts(self) -> (Vec<String>, Arguments) {
        let mut on = vec![self.keys.once(&self.token)];
        on.extend(self.on);
        (on, self.with)
    }

    /// `newest` is the number of the trail's newest entry, `queues` where items already are.
    pub(super) fn add(
        &mut self,
        record: Record,
        newest: u64,
        queues: &BTreeMap<String, String>,
    ) -> Result<(), StoreError> {
        match record {
            Record::Person(person) => {
                let id = &person.id;
                let whole = self.keys.write_about(Some(id), kind::PERSON, id, person.as_ref())?;
                self.write(&["HSET", &self.keys.people(), &person.id, &whole]);
            }
            Record::Decision(recorded) => self.decision(&recorded)?,
            Record::Ledger(ledger) => self.ledger(&ledger)?,
            Record::Item(item) => self.item(&item, queues.get(&item.id))?,
            Record::Audit(entry) if entry.number > newest => {
                let id = format!("{}-0", entry.number);
                let stamp = crate::ports::Stamp { by: entry.by, at: entry.at };
                let record = self.keys.write_audit(stamp, entry.event, None)?;
                self.write(&["XADD", &self.keys.audit(), &id, "entry", &record]);
            }
            // Entries never change: one that is there is the same, or the comparison tells.
            Record::Audit(_) => {}
            Record::Delivery(delivery) => {
                let at = delivery.at.timestamp_micros().to_string();
                self.write(&["ZADD", &self.keys.delivered(), &at, &delivery.key]);
            }
            Record::Document(document) => self.document(&document)?,
        }
        Ok(())
    }

    fn decision(&mut self, recorded: &RecordedDecision) -> Result<(), StoreError> {
        let key = self.keys.contact(&recorded.contact);
        let at = recorded.at.timestamp_micros().to_string();
        let contact = &recorded.contact;
        let label = self.keys.of_decision(contact, &recorded.decision, recorded.at);
        let digest = self.keys.write_digest(label, &recorded.digest)?;
        let decision = self.keys.write_decision(contact, &recorded.decision, recorded.at)?;
        let token = self.token.clone();
        self.write(&["DEL", &key]);
        self.write(&[
            "HSET", &key, "digest", &digest, "decision", &decision, "at", &at, "token", &token,
        ]);
        Ok(())
    }

    /// Takes a document off its lists.
    pub(super) fn unlist(&mut self, document: &Document) {
        for (list, member) in documents::members(self.keys, document) {
            self.write(&["ZREM", &list, &member]);
        }
    }

    fn document(&mut self, document: &Document) -> Result<(), StoreError> {
        let (hash, whole) =
            (self.keys.documents(&document.kind), documents::written(self.keys, document)?);
        self.write(&["HSET", &hash, &document.id, &whole]);
        for (list, member) in documents::members(self.keys, document) {
            self.write(&["ZADD", &list, "0", &member]);
        }
        self.write(&["SADD", &self.keys.kinds(), &document.kind]);
        Ok(())
    }

    fn item(&mut self, item: &QueueItem, before: Option<&String>) -> Result<(), StoreError> {
        let was_on = before.map(String::as_str);
        items::put(self.keys, was_on, item, |words| self.write(words))
    }

    fn ledger(&mut self, ledger: &PersonLedger) -> Result<(), StoreError> {
        let person = ledger.person.as_str();
        let whole = self.keys.ledger(person);
        for key in [
            whole.clone(),
            self.keys.counted(person),
            self.keys.received(person),
            self.keys.traces(person),
        ] {
            self.write(&["DEL", &key]);
        }
        let token = self.token.clone();
        self.write(&["HSET", &whole, "version", &token]);
        for told in &ledger.told {
            let at = told.at.timestamp_micros().to_string();
            self.write(&["HSET", &whole, &format!("told.{}", told.code), &at]);
        }
        for (lane, used) in &ledger.lanes_used {
            self.write(&["HSET", &whole, &format!("lane.{lane}"), &used.to_string()]);
        }
        // What a withdrawal takes back is stored with the contact.
        let mut members: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in &ledger.counted {
            let (contact, counted) = (one.contact.clone(), one.counted.clone());
            let member = CountedMember { contact, counted };
            let member = self.keys.write_about(Some(person), kind::COUNTED_OF, person, &member)?;
            let at = one.counted.at.timestamp_micros().to_string();
            self.write(&["ZADD", &self.keys.counted(person), &at, &member]);
            members.entry(&one.contact).or_default().push(member);
        }
        for (contact, members) in members {
            let key = self.keys.contact(contact);
            self.write(&["HSET", &key, "person", person, "counted", &record::argument(&members)?]);
        }
        for received in &ledger.received {
            let at = received.at.timestamp_micros().to_string();
            self.write(&["ZADD", &self.keys.received(person), &at, &received.contact]);
            self.write(&[
                "HSET",
                &self.keys.traces(person),
                &received.contact,
                &self.keys.write_about(Some(person), kind::RECEIVED_OF, person, received)?,
            ]);
            self.write(&["HSET", &self.keys.contact(&received.contact), "person", person]);
        }
        Ok(())
    }
}
