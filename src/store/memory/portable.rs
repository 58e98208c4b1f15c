//! Copying out of memory and into it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use async_trait::async_trait;

use super::Memory;
use super::room::{KeptDecision, Remembered, Room};
use crate::domain::ledger::Told;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{
    Contents, CopyMark, CountedContact, Delivery, Kind, Page, Pages, PersonLedger, Portable,
    Record, RecordedDecision, whole_micros,
};
use crate::runtime::limits::{COPY_ITEMS_MAX, COPY_PAGE_MAX};

#[async_trait]
impl Contents for Memory {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        let rooms = self.rooms.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut held: Vec<OrganisationId> =
            rooms.iter().filter(|(_, room)| !room.is_bare()).map(|(id, _)| id.clone()).collect();
        held.sort();
        Ok(held)
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        let total = self.enter(organisation, |room| room.size(kind));
        let total = u64::try_from(total).unwrap_or(u64::MAX);
        Ok(Box::new(MemoryPages {
            memory: self,
            organisation: organisation.clone(),
            kind,
            after,
            total,
        }))
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        Ok(self.enter(organisation, |room| room.copy.clone()))
    }
}

#[async_trait]
impl Portable for Memory {
    async fn is_empty(&self, organisation: &OrganisationId) -> Result<bool, StoreError> {
        Ok(self.enter(organisation, |room| room.is_bare()))
    }

    async fn carry_in(
        &self,
        organisation: &OrganisationId,
        records: Vec<Record>,
        mark: &CopyMark,
    ) -> Result<(), StoreError> {
        self.enter(organisation, |room| {
            for record in records {
                room.take_over(record);
            }
            room.copy = Some(mark.clone());
        });
        Ok(())
    }
}

struct MemoryPages<'a> {
    memory: &'a Memory,
    organisation: OrganisationId,
    kind: Kind,
    after: Option<String>,
    total: u64,
}

#[async_trait]
impl Pages for MemoryPages<'_> {
    fn total(&self) -> u64 {
        self.total
    }

    async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        let (kind, after) = (self.kind, self.after.clone());
        let page = self.memory.enter(&self.organisation, |room| room.page(kind, after));
        if let Some(page) = &page {
            self.after = Some(page.last.clone());
        }
        Ok(page)
    }
}

/// The entries behind a key, one page of them, and the last one's key.
fn behind<V>(
    of: &BTreeMap<String, V>,
    after: Option<String>,
    record: impl Fn(&String, &V) -> Option<Record>,
) -> Option<Page> {
    let from = after.map_or(Bound::Unbounded, Bound::Excluded);
    let some: Vec<(&String, &V)> = of.range((from, Bound::Unbounded)).take(COPY_PAGE_MAX).collect();
    let last = some.last().map(|(key, _)| (*key).clone())?;
    let records = some.into_iter().filter_map(|(key, value)| record(key, value)).collect();
    Some(Page { records, unreadable: Vec::new(), destroyed: Vec::new(), last })
}

impl Room {
    fn is_bare(&self) -> bool {
        Kind::ALL.into_iter().all(|kind| self.size(kind) == 0)
    }

    fn size(&self, kind: Kind) -> usize {
        match kind {
            Kind::People => self.people.len(),
            Kind::Decisions => self.decisions.len(),
            Kind::Ledgers => self.remembered.len(),
            Kind::Items => self.items.len(),
            Kind::Audit => self.audit.len(),
            Kind::Deliveries => self.delivered.len(),
            Kind::Documents => self.shelf.all().len(),
        }
    }

    fn page(&self, kind: Kind, after: Option<String>) -> Option<Page> {
        match kind {
            Kind::People => behind(&self.people, after, |_, person| {
                Some(Record::Person(Box::new(person.as_ref().clone())))
            }),
            Kind::Decisions => behind(&self.decisions, after, |contact, kept| {
                Some(Record::Decision(Box::new(RecordedDecision {
                    contact: contact.clone(),
                    digest: kept.digest,
                    at: whole_micros(kept.at),
                    decision: kept.decision.clone(),
                })))
            }),
            Kind::Ledgers => behind(&self.remembered, after, |person, remembered| {
                let ledger = remembered.ledger(person);
                (!ledger.is_bare()).then_some(Record::Ledger(ledger))
            }),
            Kind::Items => {
                behind(&self.items, after, |_, item| Some(Record::Item(Box::new(item.clone()))))
            }
            Kind::Audit => {
                let after = after.and_then(|number| number.parse().ok()).unwrap_or(0);
                let later = self.audit.iter().filter(|entry| entry.number > after);
                let some: Vec<_> = later.take(COPY_PAGE_MAX).cloned().collect();
                let last = some.last()?.number.to_string();
                let records = some.into_iter().map(|entry| Record::Audit(Box::new(entry)));
                Some(Page {
                    records: records.collect(),
                    unreadable: Vec::new(),
                    destroyed: Vec::new(),
                    last,
                })
            }
            Kind::Deliveries => behind(&self.delivered, after, |key, at| {
                Some(Record::Delivery(Delivery { key: key.clone(), at: whole_micros(*at) }))
            }),
            Kind::Documents => {
                // No kind has a space.
                let after = after.as_deref().and_then(|after| after.split_once(' '));
                let from = after.map_or(Bound::Unbounded, |(kind, id)| {
                    Bound::Excluded((kind.to_owned(), id.to_owned()))
                });
                let later = self.shelf.all().range((from, Bound::Unbounded));
                let some: Vec<_> = later.take(COPY_ITEMS_MAX).collect();
                let ((kind, id), _) = some.last()?;
                let last = format!("{kind} {id}");
                let records =
                    some.into_iter().map(|(_, it)| Record::Document(Box::new(it.clone())));
                Some(Page {
                    records: records.collect(),
                    unreadable: Vec::new(),
                    destroyed: Vec::new(),
                    last,
                })
            }
        }
    }

    fn take_over(&mut self, record: Record) {
        match record {
            Record::Person(person) => {
                self.people.insert(person.id.clone(), Arc::new(*person));
            }
            Record::Decision(one) => {
                let kept = KeptDecision { decision: one.decision, digest: one.digest, at: one.at };
                self.decisions.insert(one.contact, kept);
            }
            Record::Ledger(ledger) => {
                let person = ledger.person.clone();
                self.remembered.insert(person, Remembered::of(ledger));
            }
            Record::Item(item) => {
                self.items.insert(item.id.clone(), *item);
            }
            Record::Audit(entry) => {
                if self.audit.last().is_none_or(|last| last.number < entry.number) {
                    let item = entry.event.item().and_then(|item| self.items.get(item));
                    let person = item.and_then(|item| item.person.clone());
                    let of: Vec<&str> = person.as_deref().into_iter().collect();
                    self.mark(entry.number, &entry.event, &of);
                    self.audit.push(*entry);
                }
            }
            Record::Delivery(delivery) => {
                self.delivered.insert(delivery.key, delivery.at);
            }
            Record::Document(document) => self.shelf.put(*document),
        }
    }
}

impl Remembered {
    fn ledger(&self, person: &str) -> PersonLedger {
        let counted = self.counted.iter().map(|(contact, counted)| CountedContact {
            contact: contact.clone(),
            counted: counted.clone(),
        });
        let told = self.told.iter().map(|(code, at)| Told { code: code.clone(), at: *at });
        let mut ledger = PersonLedger {
            person: person.to_owned(),
            counted: counted.collect(),
            received: self.received.clone(),
            told: told.collect(),
            lanes_used: self.lanes_used.iter().map(|(lane, used)| (lane.clone(), *used)).collect(),
        };
        ledger.settle();
        ledger
    }

    fn of(ledger: PersonLedger) -> Self {
        let counted = ledger.counted.into_iter().map(|one| (one.contact, one.counted));
        Remembered {
            counted: counted.collect(),
            received: ledger.received,
            told: ledger.told.into_iter().map(|told| (told.code, told.at)).collect(),
            lanes_used: ledger.lanes_used.into_iter().collect(),
        }
    }
}
