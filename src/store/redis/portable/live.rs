//! Reading everything while gateways write, so that all of it is of one moment.
//!
//! Nobody is held up, so nothing can be read at once but little. An attempt reads what has changed since the
//! last one; then at one instant the end of the trail, with the ledgers that change all the time; then looks
//! whether anything else has changed from before that instant until after it. If not, everything is as it was
//! at that instant. Decisions and entries never change. Items may, by entries after it that name them.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::super::Redis;
use super::super::documents;
use super::super::keys::{self, Keys};
use super::super::people::{number_of, trail_entry};
use super::super::script::{Arguments, take};
use super::pages;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Kind, Record};
use crate::runtime::limits::{
    COPY_LEDGERS_MAX, COPY_PAGE_MAX, LIVE_ACTIVE_MAX, LIVE_TRIES_MAX, REDIS_BULK_WAIT,
    REDIS_DOCUMENTS_PIECE, REDIS_PEOPLE_PIECE,
};
use crate::store::record::{kind, unless_destroyed};

/// Where the records read go. A record written again replaces the earlier one.
#[async_trait]
pub trait Sink: Send {
    async fn put(&mut self, records: Vec<Record>) -> Result<(), StoreError>;

    /// Documents that are no longer there, by kind and id.
    async fn forget(&mut self, documents: Vec<(String, String)>) -> Result<(), StoreError>;
}

/// A hash of records.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Shelf {
    People,
    Items,
    /// Of a kind.
    Documents(String),
}

/// The next entries of the trail, but for those whose key is destroyed.
struct Piece {
    entries: Vec<AuditEntry>,
    /// The number of the last, whether it can be read or not.
    last: u64,
    /// Whether there may be more behind them.
    is_full: bool,
}

/// What each record of the shelves holds, by its SHA-1.
type Digests = BTreeMap<(Shelf, String), String>;

struct Live<'a> {
    redis: &'a Redis,
    keys: Keys,
    /// The last entry of the trail that was handed over.
    number: u64,
    shelves: Digests,
    /// The version of each ledger that was handed over; '' where there was none.
    ledgers: BTreeMap<String, String>,
    /// Whose ledgers change from one look to the next.
    active: BTreeSet<String>,
}

impl Redis {
    /// Hands over everything that is held of an organisation, as it is at some instant while this runs.
    /// `false`: it changes faster than it can be read.
    ///
    /// # Errors
    /// The store can't be read, or what the sink answers.
    pub async fn read_live(
        &self,
        organisation: &OrganisationId,
        sink: &mut dyn Sink,
    ) -> Result<bool, StoreError> {
        let keys = self.keys(organisation);
        let ids = pages::ledger_ids(self, &keys).await?;
        let mut live = Live {
            redis: self,
            keys,
            number: 0,
            shelves: Digests::new(),
            ledgers: ids.into_iter().map(|id| (id, String::new())).collect(),
            active: BTreeSet::new(),
        };
        for _ in 0..LIVE_TRIES_MAX {
            if live.settle(sink).await? {
                live.deliveries(organisation, sink).await?;
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Live<'_> {
    /// One attempt; `true`: everything handed over is of one instant.
    async fn settle(&mut self, sink: &mut dyn Sink) -> Result<bool, StoreError> {
        while self.trail_page(sink).await? {}
        let shelves = self.shelves().await?;
        self.hand_over(&shelves, sink).await?;
        let versions = self.versions(self.ledgers.keys()).await?;
        let changed = differing(&self.ledgers, &versions);
        for some in changed.chunks(COPY_LEDGERS_MAX) {
            let (_, ledgers) = self.remembered(some, None).await?;
            sink.put(ledgers).await?;
        }
        self.ledgers = versions;

        let active: Vec<String> = self.active.iter().cloned().collect();
        let (piece, ledgers) = self.remembered(&active, Some(self.number)).await?;
        let entries = &piece.entries;
        let known = self.ledgers.keys().cloned();
        let people: BTreeSet<String> = known.chain(entries.iter().filter_map(person)).collect();
        let versions = self.versions(people.iter()).await?;
        let shelves_after = self.shelves().await?;
        self.take(&piece, sink).await?;
        let later = self.next().await?;

        let named: BTreeSet<String> = entries.iter().filter_map(item).collect();
        let named_later: BTreeSet<String> = later.entries.iter().filter_map(item).collect();
        let is_explained = |shelf: &Shelf, id: &String| {
            *shelf == Shelf::Items && (named.contains(id) || named_later.contains(id))
        };
        let same_shelves =
            differing(&shelves, &shelves_after).iter().all(|(shelf, id)| is_explained(shelf, id));
        let others: Vec<String> = differing(&self.ledgers, &versions)
            .into_iter()
            .filter(|person| !self.active.contains(person))
            .collect();
        let is_settled = same_shelves
            && others.is_empty()
            && named.is_disjoint(&named_later)
            && !piece.is_full
            && !later.is_full;
        if is_settled {
            sink.put(ledgers).await?;
            return Ok(true);
        }
        for person in people {
            self.ledgers.entry(person).or_default();
        }
        if self.active.len() + others.len() > LIVE_ACTIVE_MAX {
            self.active.clear();
        }
        self.active.extend(others.into_iter().take(LIVE_ACTIVE_MAX));
        Ok(false)
    }

    /// The next entries of the trail, up to a page of them.
    async fn next(&self) -> Result<Piece, StoreError> {
        let mut last = self.number;
        let found = pages::trail(self.redis, &self.keys, &mut last).await?.unwrap_or_default();
        match found.unreadable.is_empty() {
            true => {
                Ok(Piece { entries: found.entries, last, is_full: found.read >= COPY_PAGE_MAX })
            }
            false => Err(keys::unreadable("audit entry")),
        }
    }

    /// The ledgers of some people, also those that are bare now, and the entries behind a number.
    async fn remembered(
        &self,
        people: &[String],
        after: Option<u64>,
    ) -> Result<(Piece, Vec<Record>), StoreError> {
        let (found, stored) = pages::remembered(self.redis, &self.keys, people, after).await?;
        let (mut entries, mut last) = (Vec::new(), self.number);
        for (id, fields) in &found {
            last = number_of(id)?;
            entries.extend(unless_destroyed(trail_entry(&self.keys, id, fields))?);
        }
        let mut ledgers = Vec::new();
        for (person, stored) in people.iter().zip(stored) {
            let ledger = pages::ledger(&self.keys, person.clone(), stored);
            ledgers.extend(unless_destroyed(ledger)?.map(Record::Ledger));
        }
        Ok((Piece { entries, last, is_full: found.len() >= COPY_PAGE_MAX }, ledgers))
    }

    /// Hands over some more of the trail; `false`: the rest is less than a page.
    async fn trail_page(&mut self, sink: &mut dyn Sink) -> Result<bool, StoreError> {
        let piece = self.next().await?;
        if piece.is_full {
            self.take(&piece, sink).await?;
        }
        Ok(piece.is_full)
    }

    /// Hands over entries, with the decisions that they tell of and the items that they name.
    async fn take(&mut self, piece: &Piece, sink: &mut dyn Sink) -> Result<(), StoreError> {
        let entries = &piece.entries;
        let contacts = entries.iter().filter_map(|entry| match &entry.event {
            AuditEvent::Decided(decided) => Some(decided.contact.clone()),
            _ => None,
        });
        let decisions = pages::decisions(self.redis, &self.keys, contacts.collect()).await?;
        sink.put(decisions.all()?).await?;
        let items: BTreeSet<String> = entries.iter().filter_map(item).collect();
        let items: Vec<String> = items.into_iter().collect();
        self.records(&Shelf::Items, &items, sink).await?;
        let audit = entries.iter().map(|entry| Record::Audit(Box::new(entry.clone())));
        sink.put(audit.collect()).await?;
        self.number = piece.last;
        Ok(())
    }

    /// Hands over what the shelves hold that is not as it was handed over before.
    async fn hand_over(
        &mut self,
        shelves: &Digests,
        sink: &mut dyn Sink,
    ) -> Result<(), StoreError> {
        let mut changed: BTreeMap<Shelf, Vec<String>> = BTreeMap::new();
        let mut gone = Vec::new();
        for (shelf, id) in differing(&self.shelves, shelves) {
            let is_there = shelves.contains_key(&(shelf.clone(), id.clone()));
            match shelf {
                Shelf::Documents(kind) if !is_there => gone.push((kind, id)),
                shelf => changed.entry(shelf).or_default().push(id),
            }
        }
        for (shelf, ids) in changed {
            self.records(&shelf, &ids, sink).await?;
        }
        if !gone.is_empty() {
            sink.forget(gone).await?;
        }
        self.shelves.clone_from(shelves);
        Ok(())
    }

    async fn records(
        &self,
        shelf: &Shelf,
        ids: &[String],
        sink: &mut dyn Sink,
    ) -> Result<(), StoreError> {
        for some in ids.chunks(REDIS_DOCUMENTS_PIECE) {
            let mut command = redis::cmd("HMGET");
            command.arg(self.hash(shelf)).arg(some);
            let answer = self.redis.link.ask_within(&self.keys, &command, REDIS_BULK_WAIT).await?;
            let found: Vec<Option<String>> = take(Some(answer))?;
            let there = some.iter().zip(found).filter_map(|(id, text)| Some((id, text?)));
            let records =
                there.map(|(id, text)| unless_destroyed(record(&self.keys, shelf, id, &text)));
            let records: Vec<Option<Record>> = records.collect::<Result<_, _>>()?;
            sink.put(records.into_iter().flatten().collect()).await?;
        }
        Ok(())
    }

    fn hash(&self, shelf: &Shelf) -> String {
        match shelf {
            Shelf::People => self.keys.people(),
            Shelf::Items => self.keys.items(),
            Shelf::Documents(kind) => self.keys.documents(kind),
        }
    }

    async fn shelves(&self) -> Result<Digests, StoreError> {
        let kinds = pages::kinds(self.redis, &self.keys).await?;
        let all = [Shelf::People, Shelf::Items].into_iter();
        let mut digests = Digests::new();
        for shelf in all.chain(kinds.into_iter().map(Shelf::Documents)) {
            let on = [self.hash(&shelf)];
            let mut cursor = "0".to_owned();
            loop {
                let mut with = Arguments::default();
                with.push(&cursor);
                with.size(REDIS_PEOPLE_PIECE);
                let script = &self.redis.scripts.digests;
                let link = &self.redis.link;
                let answer = link.run(&self.keys, script, &on, &with, REDIS_BULK_WAIT).await?;
                let (next, some): (String, Vec<(String, String)>) = take(Some(answer))?;
                digests.extend(some.into_iter().map(|(id, sum)| ((shelf.clone(), id), sum)));
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(digests)
    }

    async fn versions<'p>(
        &self,
        people: impl Iterator<Item = &'p String> + Send,
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let people: Vec<String> = people.cloned().collect();
        let mut versions = BTreeMap::new();
        for some in people.chunks(REDIS_PEOPLE_PIECE) {
            let on: Vec<String> = some.iter().map(|person| self.keys.ledger(person)).collect();
            let script = &self.redis.scripts.versions;
            let (link, with) = (&self.redis.link, Arguments::default());
            let answer = link.run(&self.keys, script, &on, &with, REDIS_BULK_WAIT).await?;
            let found: Vec<String> = take(Some(answer))?;
            versions.extend(some.iter().cloned().zip(found));
        }
        Ok(versions)
    }

    /// What downstream has taken by now. More than at the instant is right: it has taken it.
    async fn deliveries(
        &self,
        organisation: &OrganisationId,
        sink: &mut dyn Sink,
    ) -> Result<(), StoreError> {
        let mut pages = pages::open(self.redis, organisation, Kind::Deliveries, None).await?;
        while let Some(page) = pages.next().await? {
            sink.put(page.records).await?;
        }
        Ok(())
    }
}

/// The keys under which two maps hold something else.
fn differing<K: Ord + Clone, V: PartialEq>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>) -> Vec<K> {
    let changed = one.iter().filter(|(key, value)| other.get(*key) != Some(*value));
    let new = other.keys().filter(|key| !one.contains_key(*key));
    changed.map(|(key, _)| key).chain(new).cloned().collect()
}

fn record(keys: &Keys, shelf: &Shelf, id: &str, text: &str) -> Result<Record, StoreError> {
    Ok(match shelf {
        Shelf::People => Record::Person(Box::new(keys.read(text, kind::PERSON, id)?)),
        Shelf::Items => Record::Item(Box::new(keys.read(text, kind::ITEM, id)?)),
        Shelf::Documents(kind) => {
            Record::Document(Box::new(documents::read(keys, kind, id.to_owned(), text)?))
        }
    })
}

/// Whose ledger an entry may have changed.
fn person(entry: &AuditEntry) -> Option<String> {
    match &entry.event {
        AuditEvent::Decided(decided) => decided.person.clone(),
        _ => None,
    }
}

/// The item that an entry is about: a contact's has its id.
fn item(entry: &AuditEntry) -> Option<String> {
    match &entry.event {
        AuditEvent::Decided(decided) => Some(decided.contact.clone()),
        event => event.item().map(str::to_owned),
    }
}
