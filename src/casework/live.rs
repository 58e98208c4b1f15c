//! What changes on an organisation's queues while somebody looks at them, on whichever gateway it is done.
//!
//! The audit trail says it: every item that comes or changes is an entry of it, committed together with the
//! item, under a number without gaps that is the same on every gateway. Who reads on from a number misses
//! nothing and gets nothing twice. One reading of the trail serves all who watch an organisation.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::time::Instant;

use super::{Desk, Fault};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::decision::Disposition;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::audit_trail::{TrailFilter, TrailSearch};
use crate::ports::documents::Order;
use crate::runtime::limits::{LIVE_POLL, LIVE_STEPS_REMEMBERED_MAX};

/// What happened behind a number of the trail.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct News {
    /// The number up to which this goes: what to read on from.
    pub number: u64,
    /// Items that came, each with the queue on which it is.
    pub came: Vec<Came>,
    /// Items with which somebody did something.
    pub changed: Vec<Changed>,
    /// How many wait, by queue.
    pub waiting: BTreeMap<String, u64>,
    /// More happened than is remembered: the reader looks at the whole again.
    pub missed: bool,
}

/// An item came on a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Came {
    /// The entry of the trail that says so.
    pub number: u64,
    pub queue: String,
    pub item: String,
}

/// Something was done with an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub number: u64,
    pub item: String,
}

/// What one entry of the trail did to a queue.
#[derive(Debug, Clone)]
enum Step {
    Came(Came),
    Changed(Changed),
}

impl Step {
    const fn number(&self) -> u64 {
        match self {
            Step::Came(came) => came.number,
            Step::Changed(changed) => changed.number,
        }
    }
}

/// Every organisation that somebody watches.
#[derive(Default)]
pub(super) struct Watched {
    rooms: Mutex<HashMap<OrganisationId, Arc<tokio::sync::Mutex<Room>>>>,
}

impl Watched {
    fn room(&self, organisation: &OrganisationId) -> Arc<tokio::sync::Mutex<Room>> {
        let mut rooms = self.rooms.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(rooms.entry(organisation.clone()).or_default())
    }
}

/// What those who watch one organisation share.
#[derive(Default)]
struct Room {
    /// When the trail was read last; none: never.
    read_at: Option<Instant>,
    /// The last entry that was read.
    number: u64,
    /// The entries behind this one are in `steps`.
    begins: u64,
    steps: VecDeque<Step>,
    waiting: BTreeMap<String, u64>,
}

impl Room {
    fn is_fresh(&self) -> bool {
        self.read_at.is_some_and(|at| at.elapsed() < LIVE_POLL)
    }

    /// Forgets everything: who watches looks at the whole again.
    fn begin_at(&mut self, number: u64) {
        self.steps.clear();
        (self.number, self.begins) = (number, number);
    }

    fn add(&mut self, step: Step) {
        self.steps.push_back(step);
        while self.steps.len() > LIVE_STEPS_REMEMBERED_MAX {
            if let Some(gone) = self.steps.pop_front() {
                self.begins = gone.number();
            }
        }
    }

    fn behind(&self, after: Option<u64>) -> News {
        let mut news =
            News { number: self.number, waiting: self.waiting.clone(), ..News::default() };
        let Some(after) = after else { return news };
        // A number that the trail has not reached is from another one.
        if after < self.begins || after > self.number {
            return News { missed: true, ..news };
        }
        for step in self.steps.iter().filter(|step| step.number() > after) {
            match step {
                Step::Came(came) => news.came.push(came.clone()),
                Step::Changed(changed) => news.changed.push(changed.clone()),
            }
        }
        news
    }
}

impl Desk {
    /// The newest entry's number: what a page was made from, to be read before the page's own data.
    pub async fn newest_number(&self, organisation: &OrganisationId) -> Result<u64, Fault> {
        let (filter, order) = (TrailFilter::default(), Order::Descending);
        let search = TrailSearch { filter, order, after: None, limit: 1 };
        let newest = self.store.search_audit(organisation, search).await?;
        Ok(newest.entries.first().map_or(0, |entry| entry.number))
    }

    /// What happened behind a number; `None`: only how things are now. Reads the trail once in [`LIVE_POLL`],
    /// however many ask.
    pub async fn news(
        &self,
        organisation: &OrganisationId,
        after: Option<u64>,
    ) -> Result<News, Fault> {
        let room = self.watched.room(organisation);
        let mut room = room.lock().await;
        // Another gateway may have read further than this one had when it looked.
        let is_ahead = after.is_some_and(|after| after > room.number);
        if is_ahead || !room.is_fresh() {
            self.read_on(organisation, &mut room).await?;
            room.read_at = Some(Instant::now());
        }
        if let Some(after) = after
            && after < room.begins
            && room.begins - after <= LIVE_STEPS_REMEMBERED_MAX as u64
        {
            self.read_back(organisation, &mut room, after).await?;
        }
        Ok(room.behind(after))
    }

    async fn read_on(&self, organisation: &OrganisationId, room: &mut Room) -> Result<(), Fault> {
        let is_new = room.read_at.is_none();
        if is_new {
            room.begin_at(self.newest_number(organisation).await?);
        }
        let (mut walk, mut moved) = (self.walk(organisation, room.number), is_new);
        loop {
            for entry in &walk.page().await? {
                if let Some(step) = self.done_by(organisation, entry).await? {
                    room.add(step);
                    moved = true;
                }
                room.number = entry.number;
            }
            if walk.is_at_end() {
                break;
            }
            // Nobody watched for long: later entries are not read one by one.
            let newest = self.newest_number(organisation).await?;
            if newest.saturating_sub(room.number) > LIVE_STEPS_REMEMBERED_MAX as u64 {
                room.begin_at(newest);
                walk = self.walk(organisation, newest);
                moved = true;
            }
        }
        if moved {
            let counts = self.store.queues(organisation).await?;
            room.waiting = counts.into_iter().map(|one| (one.queue, one.waiting)).collect();
        }
        Ok(())
    }

    /// Reads what is before the room's own memory, for somebody who was away, or comes from another gateway.
    async fn read_back(
        &self,
        organisation: &OrganisationId,
        room: &mut Room,
        after: u64,
    ) -> Result<(), Fault> {
        let (mut walk, mut earlier) = (self.walk(organisation, after), Vec::new());
        while walk.number() < room.begins && !walk.is_at_end() {
            for entry in walk.page().await?.iter().filter(|entry| entry.number <= room.begins) {
                if let Some(step) = self.done_by(organisation, entry).await? {
                    earlier.push(step);
                }
            }
        }
        if room.steps.len() + earlier.len() <= LIVE_STEPS_REMEMBERED_MAX {
            for step in earlier.into_iter().rev() {
                room.steps.push_front(step);
            }
            room.begins = after;
        }
        Ok(())
    }

    /// What an entry did to a queue, if it did anything.
    async fn done_by(
        &self,
        organisation: &OrganisationId,
        entry: &AuditEntry,
    ) -> Result<Option<Step>, Fault> {
        let number = entry.number;
        let changed = |item: &String| Step::Changed(Changed { number, item: item.clone() });
        let new = match &entry.event {
            AuditEvent::Decided(decided) if decided.disposition != Disposition::Deliver => {
                Some(decided.contact.as_str())
            }
            // Only a held message has an item.
            AuditEvent::Outbound(_) => entry.event.item(),
            _ => None,
        };
        if let Some(new) = new {
            let item = self.store.item(organisation, new).await?;
            let came = |item: QueueItem| Came { number, queue: item.queue, item: item.id };
            return Ok(item.map(came).map(Step::Came));
        }
        let step = match &entry.event {
            AuditEvent::Item { item, .. }
            | AuditEvent::Released { item }
            | AuditEvent::Unread { item }
            | AuditEvent::Unanswered { item, .. } => Some(changed(item)),
            _ => None,
        };
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room() -> Room {
        let mut room = Room::default();
        room.begin_at(10);
        for number in 11..=14 {
            room.number = number;
        }
        let (item, queue) = ("c-1".to_owned(), "limited".to_owned());
        room.add(Step::Came(Came { number: 11, queue, item }));
        room.add(changed(13));
        room.add(changed(14));
        room
    }

    fn changed(number: u64) -> Step {
        Step::Changed(Changed { number, item: "c-1".to_owned() })
    }

    #[test]
    fn who_reads_on_from_a_number_misses_nothing_and_gets_nothing_twice() {
        let room = room();
        let whole = room.behind(Some(10));
        assert_eq!((whole.came.len(), whole.changed.len()), (1, 2));
        assert_eq!(whole.number, 14);
        let rest = room.behind(Some(13));
        assert_eq!((rest.came.len(), rest.changed.len()), (0, 1));
        let none = room.behind(Some(14));
        assert!(none.came.is_empty() && none.changed.is_empty() && !none.missed);
        let new = room.behind(None);
        assert!(new.came.is_empty() && new.changed.is_empty() && !new.missed);
    }

    #[test]
    fn a_number_before_what_is_remembered_or_of_another_trail_is_missed() {
        let room = room();
        for after in [0, 9, 15, u64::MAX] {
            assert!(room.behind(Some(after)).missed, "{after}");
        }
        let mut full = room;
        for number in 15..15 + LIVE_STEPS_REMEMBERED_MAX as u64 {
            full.number = number;
            full.add(changed(number));
        }
        assert_eq!(full.steps.len(), LIVE_STEPS_REMEMBERED_MAX);
        assert!(full.behind(Some(10)).missed, "it was forgotten");
        assert!(!full.behind(Some(full.begins)).missed);
    }
}
