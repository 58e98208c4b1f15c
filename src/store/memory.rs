//! The store in memory, for `simulate` and tests. As the other stores in everything but that it
//! forgets at its end.

mod documents;
mod portable;
mod room;
mod shelf;

use std::collections::{BTreeSet, HashMap};
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use tokio::sync::broadcast;

use super::trail::{block, day};
use super::{DECIDER_PANICKED, attached, page, unnamed};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{LastEntry, Nameplate, TrailEnd};
use crate::domain::person::Person;
use crate::domain::queue::{QueueItem, Turn};
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::documents::{
    Batch, Document, DocumentPage, Documents, Listing, PlacePage, WriteFault,
};
use crate::ports::trail_index::{IndexPage, TrailIndex};
use crate::ports::{
    Attachment, AuditTrail, Change, Commit, CommitRequest, Committed, Decisions, Deliveries,
    ItemFilter, JournalEntry, Past, PlainDecision, QueueCount, Queues, Register, Snapshot, Stamp,
    StoreError,
};
use crate::runtime::limits::CHANGE_LAG_MAX;
use room::Room;

/// One room per organisation: nothing crosses from one to another.
pub struct Memory {
    rooms: Mutex<HashMap<OrganisationId, Room>>,
    followers: broadcast::Sender<Change>,
}

impl Memory {
    pub fn new() -> Arc<Self> {
        let (followers, _) = broadcast::channel(CHANGE_LAG_MAX);
        Arc::new(Memory { rooms: Mutex::new(HashMap::new()), followers })
    }

    /// One atomic step in an organisation's room.
    fn enter<T>(&self, organisation: &OrganisationId, step: impl FnOnce(&mut Room) -> T) -> T {
        // A decider's panic is caught before anything is written: a poisoned room is whole.
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        step(rooms.entry(organisation.clone()).or_default())
    }
}

#[async_trait]
impl Register for Memory {
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError> {
        let people = self.enter(organisation, |room| room.people.values().cloned().collect());
        Ok(Snapshot { people })
    }

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError> {
        Ok(self.enter(organisation, |room| room.people.get(id).cloned()))
    }

    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(self.enter(organisation, |room| {
            let behind = room.people.range::<str, _>((from, Bound::Unbounded));
            behind.take(page(limit)).map(|(_, person)| Arc::clone(person)).collect()
        }))
    }

    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        let has =
            |person: &&Arc<Person>| person.restrictions.iter().any(|one| one.id == restriction);
        Ok(self.enter(organisation, |room| room.people.values().filter(has).cloned().collect()))
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.followers.subscribe()
    }
}

#[async_trait]
impl Decisions for Memory {
    async fn commit(&self, request: CommitRequest) -> Result<Commit, StoreError> {
        self.enter(&request.organisation.clone(), |room| commit(room, request))
    }

    async fn record_plain(&self, plain: Arc<[PlainDecision]>) -> Result<(), StoreError> {
        for one in plain.iter() {
            let entry = JournalEntry::from(one.clone());
            self.enter(&entry.organisation.clone(), |room| room.write_once(entry));
        }
        Ok(())
    }

    async fn recorded(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        Ok(self.enter(organisation, |room| {
            room.decisions.get(contact).map(|kept| (kept.decision.clone(), kept.digest))
        }))
    }

    async fn uncount(
        &self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<(), StoreError> {
        self.enter(organisation, |room| room.uncount(contact));
        Ok(())
    }

    async fn attach(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        attachment: Attachment,
    ) -> Result<(), StoreError> {
        self.enter(organisation, |room| {
            let item = room.items.get(contact).cloned();
            if let Some(item) = attached::attach(item, attachment)? {
                room.items.insert(item.id.clone(), item);
            }
            Ok(())
        })
    }

    async fn replay(&self, entry: JournalEntry) -> Result<(), StoreError> {
        self.enter(&entry.organisation.clone(), |room| room.write_once(entry));
        Ok(())
    }

    async fn unnamed_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<NaiveDate>, StoreError> {
        unnamed::days(self, organisation, &unnamed::KINDS).await
    }
}

fn commit(room: &mut Room, request: CommitRequest) -> Result<Commit, StoreError> {
    if let Some(kept) = room.decisions.get(&request.contact) {
        let conflicting = kept.digest != request.digest;
        let decision = kept.decision.clone();
        return Ok(Committed { decision, repeated: true, conflicting }.into());
    }
    let of = |person: &String| room.ledger(person, request.needs_received, request.counted_since);
    let mut ledger = request.person.as_ref().map(of).unwrap_or_default();
    for other in &request.also {
        ledger.join(of(other));
    }
    // The closure is given nothing that it could leave half changed.
    let settled = catch_unwind(AssertUnwindSafe(|| (request.decide)(&ledger)))
        .map_err(|_| StoreError::Refused(DECIDER_PANICKED.to_owned()))?;
    let settled = match settled {
        Ok(settled) => settled,
        Err(withheld) => return Ok(withheld.into()),
    };
    let decision = settled.decision.clone();
    if !request.preview {
        room.write_once(JournalEntry {
            organisation: request.organisation,
            contact: request.contact,
            digest: request.digest,
            person: request.person,
            at: request.at,
            settled,
        });
    }
    Ok(Committed { decision, repeated: false, conflicting: false }.into())
}

#[async_trait]
impl Queues for Memory {
    async fn queues(&self, organisation: &OrganisationId) -> Result<Vec<QueueCount>, StoreError> {
        Ok(self.enter(organisation, |room| room.queues()))
    }

    async fn items(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        let is_asked = |item: &QueueItem| {
            let is_left_out = filter.without_overdue && item.turn() == Turn::Overdue;
            item.queue == queue && filter.wants(item.state) && !is_left_out
        };
        self.enter(organisation, |room| room.list(&filter, is_asked))
    }

    async fn items_in_hand(
        &self,
        organisation: &OrganisationId,
        filter: ItemFilter,
    ) -> Result<Vec<QueueItem>, StoreError> {
        let is_in_hand = |item: &QueueItem| item.state.is_in_hand();
        self.enter(organisation, |room| room.list(&filter, is_in_hand))
    }

    async fn item(
        &self,
        organisation: &OrganisationId,
        item: &str,
    ) -> Result<Option<QueueItem>, StoreError> {
        Ok(self.enter(organisation, |room| room.items.get(item).cloned()))
    }

    async fn replace_item(
        &self,
        organisation: &OrganisationId,
        was: &QueueItem,
        now: &QueueItem,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<bool, StoreError> {
        if was.id != now.id {
            return Err(StoreError::Refused("an item keeps its id".to_owned()));
        }
        Ok(self.enter(organisation, |room| {
            let unchanged = room.items.get(&was.id) == Some(was);
            if unchanged {
                room.items.insert(now.id.clone(), now.clone());
                let of = was.person.as_deref().or(now.person.as_deref());
                let of: Vec<&str> = of.into_iter().collect();
                room.append_audit(stamp, event, &of);
            }
            unchanged
        }))
    }
}

#[async_trait]
impl AuditTrail for Memory {
    async fn audit(
        &self,
        organisation: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        Ok(self.enter(organisation, |room| {
            let later = room.audit.iter().filter(|entry| entry.number > after);
            later.take(page(limit)).cloned().collect()
        }))
    }

    async fn search_audit(
        &self,
        organisation: &OrganisationId,
        search: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        Ok(self.enter(organisation, |room| room.search(search)))
    }

    async fn append_audit(
        &self,
        organisation: &OrganisationId,
        stamp: Stamp,
        event: AuditEvent,
    ) -> Result<(), StoreError> {
        self.enter(organisation, |room| room.append_audit(stamp, event, &[]));
        Ok(())
    }
}

#[async_trait]
impl TrailIndex for Memory {
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError> {
        Ok(self.enter(organisation, |room| room.marks.keys().cloned().collect()))
    }

    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        Ok(self.enter(organisation, |room| room.index_rows(mark, after)))
    }

    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        Ok(self.enter(organisation, |room| {
            let is_noted = |(mark, number): &(String, u64)| {
                room.marks.get(mark).is_some_and(|numbers| numbers.contains(number))
            };
            marks.into_iter().filter(|mark| !is_noted(mark)).collect()
        }))
    }

    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        // A search by day looks at all entries.
        Ok(self.enter(organisation, |room| {
            room.audit.iter().map(|entry| (day(entry.at), block(entry.number))).collect()
        }))
    }
}

#[async_trait]
impl Deliveries for Memory {
    async fn delivered(
        &self,
        organisation: &OrganisationId,
        keys: &[String],
    ) -> Result<Vec<bool>, StoreError> {
        Ok(self.enter(organisation, |room| {
            keys.iter().map(|key| room.delivered.contains_key(key)).collect()
        }))
    }

    async fn remember_delivered(
        &self,
        organisation: &OrganisationId,
        keys: Vec<String>,
        at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.enter(organisation, |room| {
            for key in keys {
                room.delivered.entry(key).or_insert(at);
            }
        });
        Ok(())
    }
}

#[async_trait]
impl Documents for Memory {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        Ok(self.enter(organisation, |room| room.shelf.get(kind, id).cloned()))
    }

    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError> {
        Ok(self.enter(organisation, |room| room.shelf.list(kind, &listing)))
    }

    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError> {
        Ok(self.enter(organisation, |room| room.shelf.places(kind, &listing)))
    }

    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError> {
        Ok(self.enter(organisation, |room| room.shelf.count(kind, &listing)))
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault> {
        batch.check()?;
        self.enter(organisation, |room| {
            let gone: Vec<String> = batch.people_gone().map(str::to_owned).collect();
            let written = room.write(batch).map_err(WriteFault::Conflict)?;
            for id in gone {
                let _ = self.followers.send(Change::Removed(organisation.clone(), id));
            }
            for person in written {
                let _ = self.followers.send(Change::Put(organisation.clone(), person));
            }
            Ok(())
        })
    }
}

#[async_trait]
impl Past for Memory {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        Ok(self.enter(organisation, |room| TrailEnd {
            nameplate: room.nameplate.clone(),
            last: room.audit.last().map(LastEntry::of),
        }))
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        Ok(self.enter(organisation, |room| {
            let unchanged = room.nameplate.as_ref() == was;
            if unchanged {
                room.nameplate = Some(now.clone());
            }
            unchanged
        }))
    }
}
