//! What a store holds, and whether it can all have been there at one moment.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::documents::Document;
use contact_gateway::ports::portable::{Kind, PersonLedger, Portable, Record};
use contact_gateway::runtime::limits::RECEIVED_PER_PERSON_MAX;
use contact_gateway::store::embedded::Embedded;

use crate::store_contract::facts::karbon;

#[derive(Default)]
pub struct Held {
    pub people: Vec<Person>,
    pub decisions: BTreeSet<String>,
    pub ledgers: BTreeMap<String, PersonLedger>,
    pub items: BTreeMap<String, QueueItem>,
    pub audit: Vec<AuditEntry>,
    pub deliveries: BTreeSet<String>,
    pub documents: Vec<Document>,
}

pub async fn in_folder(folder: &Path) -> Held {
    let store = Embedded::open(folder).unwrap();
    let held = of(store.as_ref()).await;
    store.close();
    held
}

pub async fn of(store: &dyn Portable) -> Held {
    let mut held = Held::default();
    for kind in Kind::ALL {
        let mut pages = store.pages(&karbon(), kind, None).await.unwrap();
        while let Some(page) = pages.next().await.unwrap() {
            for record in page.records {
                held.add(record);
            }
        }
    }
    held
}

impl Held {
    fn add(&mut self, record: Record) {
        match record {
            Record::Person(person) => self.people.push(*person),
            Record::Decision(one) => assert!(self.decisions.insert(one.contact)),
            Record::Ledger(one) => drop(self.ledgers.insert(one.person.clone(), one)),
            Record::Item(item) => drop(self.items.insert(item.id.clone(), *item)),
            Record::Audit(entry) => self.audit.push(*entry),
            Record::Delivery(one) => drop(self.deliveries.insert(one.key)),
            Record::Document(document) => self.documents.push(*document),
        }
    }

    fn decided(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.audit.iter().filter_map(|entry| match &entry.event {
            AuditEvent::Decided(decided) => {
                Some((decided.contact.as_str(), decided.person.as_deref()))
            }
            _ => None,
        })
    }

    /// The trail has no gap, and everything else is exactly what its entries brought about. `counted`: the
    /// person whose contacts all count, `kept`: the one whose mails are all items.
    pub fn is_of_one_moment(&self, counted: &str, kept: &str) {
        for (at, entry) in self.audit.iter().enumerate() {
            assert_eq!(entry.number, at as u64 + 1);
        }
        let decided: BTreeSet<String> = self.decided().map(|(id, _)| id.to_owned()).collect();
        assert_eq!(self.decisions, decided);
        let of = |person: &str| -> BTreeSet<String> {
            let theirs = self.decided().filter(|(_, of)| *of == Some(person));
            theirs.map(|(id, _)| id.to_owned()).collect()
        };
        let ledger = |person: &str| &self.ledgers[person];
        let counts = ledger(counted).counted.iter().map(|one| one.contact.clone());
        assert_eq!(counts.collect::<BTreeSet<_>>(), of(counted), "what is counted");
        let received: BTreeSet<String> =
            ledger(counted).received.iter().map(|one| one.contact.clone()).collect();
        assert!(received.is_subset(&of(counted)), "what was received was decided");
        assert_eq!(received.len(), of(counted).len().min(RECEIVED_PER_PERSON_MAX));
        let contacts = |item: &QueueItem| item.archived.is_some();
        let items = self.items.values().filter(|item| contacts(item));
        assert_eq!(items.map(|item| item.id.clone()).collect::<BTreeSet<_>>(), of(kept), "items");
    }
}
