//! The ledgers that this gateway knows, each with the version that Redis gave it.
//!
//! A contact is decided on the memory here, and the commit's script says whether that is current. So a contact costs
//! one round trip in the usual case, and a wrong guess costs another. Contacts of one person are decided one after the
//! other: only other gateways get in between.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Days, TimeDelta, Utc};
use tokio::sync::Mutex as AsyncMutex;

use super::keys::CountedMember;
use crate::domain::ledger::{Counted, Ledger, TOLD_AHEAD_MAX};
use crate::domain::organisation::OrganisationId;
use crate::ports::{CommitRequest, JournalEntry};
use crate::runtime::limits::{
    COUNTED_FORGOTTEN_EVERY, COUNTED_KEPT, COUNTED_KEPT_NEWEST, RECEIVED_PER_PERSON_MAX,
    REDIS_LEDGERS_BYTES_MAX,
};

/// The version of a ledger to which nothing was ever added.
pub(super) const NEW: &str = "0";

/// A ledger as Redis had it.
#[derive(Debug, Clone)]
pub(super) struct KnownLedger {
    pub(super) version: String,
    /// `counted` reaches back to `since`; `received` is filled where `has_received`.
    pub(super) ledger: Ledger,
    pub(super) since: DateTime<Utc>,
    pub(super) has_received: bool,
    /// How many traces Redis has, where that is known.
    pub(super) traces: Option<usize>,
    /// Nothing is remembered that was counted before this, in microseconds.
    pub(super) counted_from: i64,
}

/// One person's place: held while a contact of the person is decided.
pub(super) type LedgerPlace = Arc<AsyncMutex<Option<RememberedLedger>>>;

/// A ledger that is remembered, and counted among all that are.
pub(super) struct RememberedLedger {
    known: KnownLedger,
    bytes: usize,
    of_all: Arc<AtomicUsize>,
}

impl RememberedLedger {
    /// No longer remembered.
    pub(super) fn take(mut self) -> KnownLedger {
        std::mem::replace(&mut self.known, KnownLedger::nothing())
    }
}

impl Drop for RememberedLedger {
    fn drop(&mut self) {
        self.of_all.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[derive(Default)]
pub(super) struct Ledgers {
    places: Mutex<HashMap<(OrganisationId, String), LedgerPlace>>,
    /// What those that are remembered take.
    bytes: Arc<AtomicUsize>,
}

impl Ledgers {
    pub(super) fn place(&self, organisation: &OrganisationId, person: &str) -> LedgerPlace {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes = self.bytes.load(Ordering::Relaxed) + places.len() * PLACE_BYTES;
        if bytes >= REDIS_LEDGERS_BYTES_MAX {
            // Every other one that nobody holds. A forgotten ledger costs one more round trip, once.
            let mut stays = false;
            places.retain(|_, place| {
                stays = !stays;
                stays || Arc::strong_count(place) > 1
            });
        }
        Arc::clone(places.entry((organisation.clone(), person.to_owned())).or_default())
    }

    pub(super) fn keep(&self, known: KnownLedger) -> RememberedLedger {
        let bytes = known.bytes();
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        RememberedLedger { known, bytes, of_all: Arc::clone(&self.bytes) }
    }
}

/// What an entry takes besides the ledger: its key, the lock, and its share of the table.
const PLACE_BYTES: usize = 256;

impl KnownLedger {
    /// The guess for a person who is unknown here: nothing, ever.
    pub(super) fn nothing() -> Self {
        KnownLedger {
            version: NEW.to_owned(),
            ledger: Ledger::default(),
            since: DateTime::<Utc>::MIN_UTC,
            has_received: true,
            traces: None,
            counted_from: i64::MIN,
        }
    }

    pub(super) fn serves(&self, request: &CommitRequest) -> bool {
        self.since <= request.counted_since && (self.has_received || !request.needs_received)
    }

    /// The part of it that a request is to see: the same as any other store shows.
    pub(super) fn shown_to(&self, request: &CommitRequest) -> Ledger {
        let since = request.counted_since.timestamp_micros();
        let counted = self.ledger.counted.iter();
        Ledger {
            recorded: None,
            counted: counted.filter(|one| one.at.timestamp_micros() >= since).cloned().collect(),
            received: if request.needs_received {
                self.ledger.received.clone()
            } else {
                Vec::new()
            },
            told: self.ledger.told.clone(),
            lanes_used: self.ledger.lanes_used.clone(),
        }
    }

    /// Whether one trace more is surely within the bound, so that Redis need not look.
    pub(super) fn has_room_for_traces(&self) -> bool {
        self.traces.is_some_and(|traces| traces < RECEIVED_PER_PERSON_MAX)
    }

    /// Whether Redis may remember counts too long before `at`. It is looked for once a while:
    /// nothing that old matters to any quota.
    pub(super) fn has_long_ago(&self, at: DateTime<Utc>) -> bool {
        let every = i64::try_from(COUNTED_FORGOTTEN_EVERY.as_micros()).unwrap_or(i64::MAX);
        counted_kept_from(at) >= self.counted_from.saturating_add(every)
    }

    /// Roughly what it takes of memory.
    fn bytes(&self) -> usize {
        let Ledger { recorded: _, counted, received, told, lanes_used } = &self.ledger;
        let counted = counted.iter().map(|one| {
            size_of_val(one) + one.restriction.len() + one.issue.as_ref().map_or(0, String::len)
        });
        let received = received.iter().map(|one| {
            let names = one.thread.iter().chain(&one.attachments);
            let names = names.map(|name| size_of_val(name) + name.len()).sum::<usize>();
            size_of_val(one) + one.contact.len() + names + size_of_val(one.text.as_slice())
        });
        let told = told.iter().map(|one| size_of_val(one) + one.code.len());
        let lanes = lanes_used.iter().map(|one| size_of_val(one) + one.0.len());
        let parts = counted.chain(received).chain(told).chain(lanes).sum::<usize>();
        size_of_val(self) + self.version.len() + parts
    }

    /// After a commit that added to it. `traces`: as the commit was answered. Received contacts are remembered only if
    /// they are compared: it is a hundred times the rest.
    pub(super) fn add(
        &mut self,
        entry: &JournalEntry,
        needs_received: bool,
        version: &str,
        traces: Option<usize>,
    ) {
        let additions = &entry.settled.additions;
        if !additions.counted.is_empty() && self.has_long_ago(entry.at) {
            self.counted_from = counted_kept_from(entry.at);
        }
        if additions.received.is_some() {
            self.traces = traces.or(self.traces.map(|traces| traces + 1));
        }
        let ledger = &mut self.ledger;
        ledger.counted.extend(additions.counted.iter().cloned());
        ledger.counted.sort_by_key(|counted| counted.at);
        // As Redis forgets it, too.
        let oldest = counted_kept_from(entry.at);
        let is_long_ago = |counted: &Counted| counted.at.timestamp_micros() < oldest;
        let long_ago = ledger.counted.partition_point(is_long_ago);
        let over = ledger.counted.len().saturating_sub(COUNTED_KEPT_NEWEST);
        ledger.counted.drain(..long_ago.min(over));
        if needs_received {
            ledger.received.extend(additions.received.clone());
            ledger.received.sort_by_key(|received| received.at);
            let over = ledger.received.len().saturating_sub(RECEIVED_PER_PERSON_MAX);
            ledger.received.drain(..over);
        } else {
            self.has_received = false;
            ledger.received = Vec::new();
        }
        if let Some(told) = &additions.told {
            match ledger.told.iter_mut().find(|before| before.code == told.code) {
                Some(before) if before.at - told.at > TOLD_AHEAD_MAX => before.at = told.at,
                Some(before) => before.at = before.at.max(told.at),
                None => ledger.told.push(told.clone()),
            }
        }
        if let Some(lane) = &additions.lane {
            match ledger.lanes_used.iter_mut().find(|(used, _)| used == lane) {
                Some((_, times)) => *times += 1,
                None => ledger.lanes_used.push((lane.clone(), 1)),
            }
        }
        if adds(entry) {
            version.clone_into(&mut self.version);
        }
    }
}

/// The first instant, in microseconds, whose counts are still remembered at `at`.
pub(super) fn counted_kept_from(at: DateTime<Utc>) -> i64 {
    let kept = TimeDelta::from_std(COUNTED_KEPT).unwrap_or(TimeDelta::MAX);
    at.checked_sub_signed(kept).unwrap_or(DateTime::<Utc>::MIN_UTC).timestamp_micros()
}

/// How far back a ledger is asked for: a day more than the request needs, so that the next
/// contact, which may be a little older, finds it here.
pub(super) fn reach(request: &CommitRequest) -> DateTime<Utc> {
    request.counted_since.checked_sub_days(Days::new(1)).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

/// Whether a decided contact changes the person's ledger.
fn adds(entry: &JournalEntry) -> bool {
    let additions = &entry.settled.additions;
    !additions.counted.is_empty()
        || additions.received.is_some()
        || additions.told.is_some()
        || additions.lane.is_some()
}

/// A member of the sorted set of counts.
pub(super) fn member(contact: &str, counted: &Counted) -> CountedMember {
    CountedMember { contact: contact.to_owned(), counted: counted.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ledger of about so many bytes.
    fn of_size(bytes: usize) -> KnownLedger {
        KnownLedger { version: "1".repeat(bytes), ..KnownLedger::nothing() }
    }

    #[tokio::test]
    async fn past_the_bound_some_are_forgotten_and_none_that_is_held() {
        const LARGE: usize = REDIS_LEDGERS_BYTES_MAX / 8;
        let ledgers = Ledgers::default();
        let organisation = OrganisationId::new("karbon");
        let held = ledgers.place(&organisation, "held");
        *held.lock().await = Some(ledgers.keep(of_size(LARGE)));
        let mut last = Arc::clone(&held);
        for person in 0..100 {
            let place = ledgers.place(&organisation, &person.to_string());
            *place.lock().await = Some(ledgers.keep(of_size(LARGE)));
            last = place;
            assert!(ledgers.bytes.load(Ordering::Relaxed) <= REDIS_LEDGERS_BYTES_MAX + 2 * LARGE);
        }
        assert!(ledgers.place(&organisation, "held").lock().await.is_some());
        assert!(ledgers.place(&organisation, "99").lock().await.is_some());
        drop(last);
        let taken = held.lock().await.take().map(RememberedLedger::take);
        assert_eq!(taken.map(|known| known.version.len()), Some(LARGE));
        ledgers.places.lock().unwrap().clear();
        assert_eq!(ledgers.bytes.load(Ordering::Relaxed), 0);
    }
}
