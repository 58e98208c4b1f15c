//! Pages of records.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::super::Redis;
use super::super::documents;
use super::super::fault::rubbish;
use super::super::items::micros;
use super::super::keys::{self, CountedMember, Keys};
use super::super::people;
use super::super::script::{Arguments, parts, take};
use super::super::wire;
use super::newest_number;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{
    CountedContact, Delivery, Kind, Page, Pages, PersonLedger, Record, RecordedDecision,
};
use crate::runtime::limits::{COPY_ITEMS_MAX, COPY_LEDGERS_MAX, COPY_PAGE_MAX, REDIS_BULK_WAIT};
use crate::store::record::kind;

struct RedisPages<'a> {
    redis: &'a Redis,
    keys: Keys,
    /// How many are handed over, or more.
    total: u64,
    place: Place,
}

/// What the next page begins with.
enum Place {
    /// The ids that are left, in their order.
    People(std::vec::IntoIter<String>),
    Ledgers(std::vec::IntoIter<String>),
    /// The last number of the trail that was read.
    Decisions(u64),
    Audit(u64),
    /// Every list of items, the one that is read, and how many of it are.
    Items {
        lists: Vec<String>,
        list: usize,
        rank: usize,
    },
    /// How many were read.
    Deliveries(usize),
    /// Every kind, the one that is read, and how many of it are.
    Documents {
        kinds: Vec<String>,
        kind: usize,
        rank: usize,
    },
}

pub(super) async fn open<'s>(
    redis: &'s Redis,
    organisation: &OrganisationId,
    kind: Kind,
    after: Option<String>,
) -> Result<Box<dyn Pages + 's>, StoreError> {
    let keys = redis.keys(organisation);
    let (total, place) = match kind {
        Kind::People => ids(people_ids(redis, &keys).await?, after, Place::People),
        Kind::Ledgers => ids(ledger_ids(redis, &keys).await?, after, Place::Ledgers),
        Kind::Decisions => {
            (newest_number(redis, &keys, &keys.audit()).await?, Place::Decisions(number(after)))
        }
        Kind::Audit => {
            (newest_number(redis, &keys, &keys.audit()).await?, Place::Audit(number(after)))
        }
        Kind::Items => {
            let total = count(redis, &keys, "HLEN", &keys.items()).await?;
            let (list, rank) = rank_of(after);
            (total, Place::Items { lists: lists(redis, &keys).await?, list, rank })
        }
        Kind::Deliveries => {
            let total = count(redis, &keys, "ZCARD", &keys.delivered()).await?;
            (total, Place::Deliveries(number(after)))
        }
        Kind::Documents => {
            let (kinds, (kind, rank)) = (kinds(redis, &keys).await?, rank_of(after));
            let mut total = 0;
            for kind in &kinds {
                total += count(redis, &keys, "HLEN", &keys.documents(kind)).await?;
            }
            (total, Place::Documents { kinds, kind, rank })
        }
    };
    Ok(Box::new(RedisPages { redis, keys, total, place }))
}

fn ids(
    ids: BTreeSet<String>,
    after: Option<String>,
    place: impl FnOnce(std::vec::IntoIter<String>) -> Place,
) -> (u64, Place) {
    let total = u64::try_from(ids.len()).unwrap_or(u64::MAX);
    let left = ids.into_iter().filter(|id| after.as_ref().is_none_or(|after| id > after));
    (total, place(left.collect::<Vec<_>>().into_iter()))
}

fn number<T: std::str::FromStr + Default>(after: Option<String>) -> T {
    after.and_then(|text| text.parse().ok()).unwrap_or_default()
}

fn rank_of(after: Option<String>) -> (usize, usize) {
    let place = after.as_deref().and_then(|place| place.split_once(':'));
    place.map_or((0, 0), |(list, rank)| {
        (list.parse().unwrap_or_default(), rank.parse().unwrap_or_default())
    })
}

async fn people_ids(redis: &Redis, keys: &Keys) -> Result<BTreeSet<String>, StoreError> {
    let mut command = redis::cmd("HKEYS");
    command.arg(keys.people());
    take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))
}

/// Everybody with a history: also people who are no longer on record.
pub(super) async fn ledger_ids(redis: &Redis, keys: &Keys) -> Result<BTreeSet<String>, StoreError> {
    let prefix = keys.ledger("");
    let mut people = BTreeSet::new();
    redis
        .link
        .walk(&format!("{prefix}*"), |key| {
            people.extend(key.strip_prefix(&prefix).map(str::to_owned));
        })
        .await?;
    Ok(people)
}

async fn count(redis: &Redis, keys: &Keys, name: &str, key: &str) -> Result<u64, StoreError> {
    let mut command = redis::cmd(name);
    command.arg(key);
    take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))
}

async fn lists(redis: &Redis, keys: &Keys) -> Result<Vec<String>, StoreError> {
    let mut command = redis::cmd("SMEMBERS");
    command.arg(keys.queues());
    let queues: BTreeSet<String> =
        take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))?;
    Ok(queues.iter().flat_map(|queue| [keys.waiting(queue), keys.done(queue)]).collect())
}

#[async_trait]
impl Pages for RedisPages<'_> {
    fn total(&self) -> u64 {
        self.total
    }

    async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        let (redis, keys) = (self.redis, &self.keys);
        match &mut self.place {
            Place::People(left) => some_people(redis, keys, left).await,
            Place::Ledgers(left) => some_ledgers(redis, keys, left).await,
            Place::Decisions(after) => {
                // Entries that can't be read back are those of the trail: they are named there.
                let Some(TrailPiece { entries, .. }) = trail(redis, keys, after).await? else {
                    return Ok(None);
                };
                let contacts = entries.into_iter().filter_map(|entry| {
                    let AuditEvent::Decided(decided) = entry.event else { return None };
                    Some(decided.contact)
                });
                let found = decisions(redis, keys, contacts.collect()).await?;
                Ok(Some(found.page(after.to_string())))
            }
            Place::Audit(after) => {
                let found = trail(redis, keys, after).await?;
                Ok(found.map(|TrailPiece { entries, unreadable, destroyed, .. }| {
                    let records = entries.into_iter().map(|entry| Record::Audit(Box::new(entry)));
                    let (records, last) = (records.collect(), after.to_string());
                    Page { records, unreadable, destroyed, last }
                }))
            }
            Place::Items { lists, list, rank } => some_items(redis, keys, lists, list, rank).await,
            Place::Deliveries(read) => some_deliveries(redis, keys, read).await,
            Place::Documents { kinds, kind, rank } => {
                some_documents(redis, keys, kinds, kind, rank).await
            }
        }
    }
}

fn piece(left: &mut std::vec::IntoIter<String>, limit: usize) -> Option<(Vec<String>, String)> {
    let some: Vec<String> = left.by_ref().take(limit).collect();
    let last = some.last().cloned()?;
    Some((some, last))
}

async fn some_people(
    redis: &Redis,
    keys: &Keys,
    left: &mut std::vec::IntoIter<String>,
) -> Result<Option<Page>, StoreError> {
    let Some((some, last)) = piece(left, COPY_PAGE_MAX) else { return Ok(None) };
    let mut command = redis::cmd("HMGET");
    command.arg(keys.people()).arg(&some);
    let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
    let records: Vec<Option<String>> = take(Some(answer))?;
    let mut found = FoundRecords::default();
    for (id, record) in some.into_iter().zip(records) {
        let Some(record) = record else { continue };
        let person = keys.read(&record, kind::PERSON, &id);
        found.add(&id, person.map(|person| Some(Record::Person(Box::new(person)))))?;
    }
    Ok(Some(found.page(last)))
}

/// What a page holds, as it is read.
#[derive(Default)]
pub(super) struct FoundRecords {
    records: Vec<Record>,
    unreadable: Vec<String>,
    destroyed: Vec<String>,
}

impl FoundRecords {
    /// The next record, if there is one. One that can't be read back does not keep those behind it from
    /// being read.
    fn add(
        &mut self,
        id: &str,
        read: Result<Option<Record>, StoreError>,
    ) -> Result<(), StoreError> {
        match read {
            Ok(record) => self.records.extend(record),
            Err(StoreError::Corrupt(_)) => self.unreadable.push(id.to_owned()),
            Err(StoreError::Destroyed(_)) => self.destroyed.push(id.to_owned()),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// All of them.
    ///
    /// # Errors
    /// `Corrupt`: one can't be read back.
    pub(super) fn all(self) -> Result<Vec<Record>, StoreError> {
        match self.unreadable.is_empty() {
            true => Ok(self.records),
            false => Err(keys::unreadable("record")),
        }
    }

    fn page(self, last: String) -> Page {
        let FoundRecords { records, unreadable, destroyed } = self;
        Page { records, unreadable, destroyed, last }
    }
}

/// Some entries of the trail.
#[derive(Default)]
pub(super) struct TrailPiece {
    pub(super) entries: Vec<AuditEntry>,
    /// The numbers of those that can't be read back.
    pub(super) unreadable: Vec<String>,
    /// Of those that were about somebody whose key is destroyed.
    destroyed: Vec<String>,
    /// How many there are in all.
    pub(super) read: usize,
}

/// The next entries of the trail; `after` moves on to the last of them. `None`: there are no more.
pub(super) async fn trail(
    redis: &Redis,
    keys: &Keys,
    after: &mut u64,
) -> Result<Option<TrailPiece>, StoreError> {
    let mut command = redis::cmd("XRANGE");
    command.arg(keys.audit()).arg(format!("({after}-0")).arg("+");
    command.arg("COUNT").arg(COPY_PAGE_MAX);
    let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
    let found: Vec<(String, Vec<(String, String)>)> = take(Some(answer))?;
    let Some((last, _)) = found.last() else { return Ok(None) };
    *after = people::number_of(last)?;
    let mut some = TrailPiece { read: found.len(), ..TrailPiece::default() };
    for (id, fields) in &found {
        let number = people::number_of(id)?.to_string();
        match people::trail_entry(keys, id, fields) {
            Ok(entry) => some.entries.push(entry),
            Err(StoreError::Corrupt(_)) => some.unreadable.push(number),
            Err(StoreError::Destroyed(_)) => some.destroyed.push(number),
            Err(error) => return Err(error),
        }
    }
    Ok(Some(some))
}

pub(super) async fn decisions(
    redis: &Redis,
    keys: &Keys,
    contacts: Vec<String>,
) -> Result<FoundRecords, StoreError> {
    let mut found = FoundRecords::default();
    if contacts.is_empty() {
        return Ok(found);
    }
    let on: Vec<String> = contacts.iter().map(|contact| keys.contact(contact)).collect();
    let script = &redis.scripts.contacts;
    let answer = redis.link.run(keys, script, &on, &Arguments::default(), REDIS_BULK_WAIT).await?;
    for (contact, stored) in contacts.into_iter().zip(parts(answer)?) {
        let id = contact.clone();
        found.add(&id, decision(keys, contact, stored).map(Some))?;
    }
    Ok(found)
}

fn decision(keys: &Keys, contact: String, stored: redis::Value) -> Result<Record, StoreError> {
    let stored: (Option<String>, Option<String>, Option<String>) = take(Some(stored))?;
    let (Some(digest), Some(at), Some(decision)) = stored else {
        return Err(StoreError::Corrupt(
            "the trail names a contact whose decision is missing".to_owned(),
        ));
    };
    let decision = keys.read(&decision, kind::DECISION, &contact)?;
    let digest = keys.read_digest(&contact, &digest)?;
    Ok(Record::Decision(Box::new(RecordedDecision {
        contact,
        digest,
        at: instant(&at)?,
        decision,
    })))
}

fn instant(micros: &str) -> Result<DateTime<Utc>, StoreError> {
    let at = micros.parse().ok().and_then(DateTime::from_timestamp_micros);
    at.ok_or_else(|| keys::unreadable("instant"))
}

async fn some_ledgers(
    redis: &Redis,
    keys: &Keys,
    left: &mut std::vec::IntoIter<String>,
) -> Result<Option<Page>, StoreError> {
    let Some((some, last)) = piece(left, COPY_LEDGERS_MAX) else { return Ok(None) };
    let (_, stored) = remembered(redis, keys, &some, None).await?;
    let mut found = FoundRecords::default();
    for (person, stored) in some.into_iter().zip(stored) {
        let id = person.clone();
        let ledger = ledger(keys, person, stored);
        found
            .add(&id, ledger.map(|ledger| (!ledger.is_bare()).then_some(Record::Ledger(ledger))))?;
    }
    Ok(Some(found.page(last)))
}

/// Entries as the stream has them.
pub(super) type Streamed = Vec<(String, Vec<(String, String)>)>;

/// People's histories, and, if entries after a number are wanted, the next of them: both as they
/// are at one instant.
pub(super) async fn remembered(
    redis: &Redis,
    keys: &Keys,
    people: &[String],
    entries_after: Option<u64>,
) -> Result<(Streamed, Vec<redis::Value>), StoreError> {
    let of = |p: &String| [keys.ledger(p), keys.counted(p), keys.received(p), keys.traces(p)];
    let on: Vec<String> = std::iter::once(keys.audit()).chain(people.iter().flat_map(of)).collect();
    let mut with = Arguments::default();
    if let Some(number) = entries_after {
        with.push(format!("({number}-0"));
        with.size(COPY_PAGE_MAX);
    }
    let script = &redis.scripts.ledgers;
    let answer = redis.link.run(keys, script, &on, &with, REDIS_BULK_WAIT).await?;
    let mut answer = parts(answer)?.into_iter();
    let entries = take(answer.next())?;
    Ok((entries, parts(answer.next().ok_or_else(rubbish)?)?))
}

pub(super) fn ledger(
    keys: &Keys,
    person: String,
    found: redis::Value,
) -> Result<PersonLedger, StoreError> {
    let mut found = parts(found)?.into_iter();
    let known = wire::told_and_lanes(take(found.next())?)?;
    let members: Vec<String> = take(found.next())?;
    let traces: Vec<Option<String>> = take(found.next())?;
    let counted = members.iter().map(|member| {
        let CountedMember { contact, counted } = keys.read(member, kind::COUNTED_OF, &person)?;
        Ok(CountedContact { contact, counted })
    });
    let counted = counted.collect::<Result<_, StoreError>>()?;
    let received = traces.iter().flatten();
    let received = received.map(|trace| keys.read(trace, kind::RECEIVED_OF, &person));
    let received = received.collect::<Result<_, _>>()?;
    let mut ledger =
        PersonLedger { person, counted, received, told: known.told, lanes_used: known.lanes_used };
    ledger.settle();
    Ok(ledger)
}

async fn some_items(
    redis: &Redis,
    keys: &Keys,
    lists: &[String],
    list: &mut usize,
    rank: &mut usize,
) -> Result<Option<Page>, StoreError> {
    while let Some(of) = lists.get(*list) {
        let mut command = redis::cmd("ZRANGE");
        command.arg(of).arg(*rank).arg(*rank + COPY_ITEMS_MAX - 1);
        let some: Vec<String> =
            take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))?;
        if some.is_empty() {
            (*list, *rank) = (*list + 1, 0);
            continue;
        }
        let mut command = redis::cmd("HMGET");
        command.arg(keys.items()).arg(&some);
        let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
        let stored: Vec<Option<String>> = take(Some(answer))?;
        *rank += some.len();
        let mut found = FoundRecords::default();
        for (id, record) in some.iter().zip(stored) {
            let Some(record) = record else { continue };
            let item = keys.read(&record, kind::ITEM, id);
            found.add(id, item.map(|item| Some(Record::Item(Box::new(item)))))?;
        }
        return Ok(Some(found.page(format!("{list}:{rank}"))));
    }
    Ok(None)
}

pub(super) async fn kinds(redis: &Redis, keys: &Keys) -> Result<Vec<String>, StoreError> {
    let mut command = redis::cmd("SMEMBERS");
    command.arg(keys.kinds());
    let kinds: BTreeSet<String> =
        take(Some(redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?))?;
    Ok(kinds.into_iter().collect())
}

async fn some_documents(
    redis: &Redis,
    keys: &Keys,
    kinds: &[String],
    kind: &mut usize,
    rank: &mut usize,
) -> Result<Option<Page>, StoreError> {
    while let Some(name) = kinds.get(*kind) {
        let ids = documents::at_rank(redis, keys, name, *rank, COPY_ITEMS_MAX).await?;
        if ids.is_empty() {
            (*kind, *rank) = (*kind + 1, 0);
            continue;
        }
        *rank += ids.len();
        let mut found = FoundRecords::default();
        for id in ids {
            let document = documents::one(redis, keys, name, &id).await;
            let record = document.map(|one| one.map(|one| Record::Document(Box::new(one))));
            found.add(&format!("{name} {id}"), record)?;
        }
        return Ok(Some(found.page(format!("{kind}:{rank}"))));
    }
    Ok(None)
}

async fn some_deliveries(
    redis: &Redis,
    keys: &Keys,
    read: &mut usize,
) -> Result<Option<Page>, StoreError> {
    let mut command = redis::cmd("ZRANGE");
    command.arg(keys.delivered()).arg(*read).arg(*read + COPY_PAGE_MAX - 1).arg("WITHSCORES");
    let answer = redis.link.ask_within(keys, &command, REDIS_BULK_WAIT).await?;
    let some: Vec<(String, String)> = take(Some(answer))?;
    if some.is_empty() {
        return Ok(None);
    }
    *read += some.len();
    let delivery = |(key, score): (String, String)| {
        let at = DateTime::from_timestamp_micros(micros(&score)?).ok_or_else(rubbish)?;
        Ok(Record::Delivery(Delivery { key, at }))
    };
    let records = some.into_iter().map(delivery).collect::<Result<_, StoreError>>()?;
    let last = read.to_string();
    Ok(Some(Page { records, unreadable: Vec::new(), destroyed: Vec::new(), last }))
}
