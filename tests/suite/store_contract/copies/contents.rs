//! What is put into a store that is copied, and all that can be seen of it.

use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::ports::documents::{Batch, Document, IndexKey, Listing};
use contact_gateway::ports::{Attachment, ItemFilter, Store};

use crate::store_contract::facts::{
    PERSON, admitted, at, item, journalled, karbon, ledger, limited, person, plain, put_people,
    request, stamp, tuntum,
};

const EVERY_STATE: [ItemState; 6] = [
    ItemState::Open,
    ItemState::Claimed,
    ItemState::Read,
    ItemState::Released,
    ItemState::Filed,
    ItemState::Closed,
];

/// Something of every kind, more than a page of most, and of two organisations.
pub async fn fill(store: &dyn Store) {
    for organisation in [karbon(), tuntum()] {
        let people: Vec<_> = (0..520).map(|n| person(&format!("P-{n}"), "Jo Doe")).collect();
        let imported = AuditEvent::Imported {
            people: 520,
            restrictions: 520,
            ended: Vec::new(),
            added: None,
            cases: None,
            reason: None,
        };
        put_people(store, &organisation, people, stamp(), imported).await.unwrap();
        let many = (0..520).map(|n| plain(organisation.clone(), &format!("plain-{n}")));
        store.record_plain(many.collect()).await.unwrap();
    }
    for organisation in [karbon(), tuntum()] {
        let mut batch = Batch::new(stamp());
        for number in 0..130 {
            let keys = vec![IndexKey::new("day", (number % 7).to_string())];
            let body = serde_json::json!({ "number": number, "text": "Siân" });
            for kind in ["parcel", "letter"] {
                let id = format!("{kind} {number}");
                batch = batch.put(Document::new(kind, id, 0, keys.clone(), &body).unwrap());
            }
        }
        store.write(&organisation, batch).await.unwrap();
    }
    let gone = store.document(&karbon(), "letter", "letter 3").await.unwrap().unwrap();
    store.write(&karbon(), Batch::new(stamp()).remove(&gone)).await.unwrap();
    for number in 0..130 {
        let contact = format!("c-{number}");
        let name = contact.clone();
        let mut asked = request(&name, move |_| limited(&contact, at(number)));
        // The first eight are the one person's whose ledger the tests look at.
        asked.person = Some(if number < 8 { PERSON.to_owned() } else { format!("P-{number}") });
        store.commit(asked).await.unwrap();
    }
    let kept = request("c-kept", |_| admitted("c-kept", at(200)));
    store.commit(kept).await.unwrap();
    store.replay(journalled("c-journalled")).await.unwrap();
    let taken_back = request("c-taken-back", |_| limited("c-taken-back", at(201)));
    store.commit(taken_back).await.unwrap();
    store.uncount(&karbon(), "c-taken-back").await.unwrap();
    let voicemail =
        Attachment { name: "voicemail".to_owned(), value: "a.wav".to_owned(), item: None };
    store.attach(&karbon(), "c-0", voicemail).await.unwrap();
    let later = Attachment {
        name: "outcome".to_owned(),
        value: "no answer".to_owned(),
        item: Some(item("c-kept", "review", at(200))),
    };
    store.attach(&karbon(), "c-kept", later).await.unwrap();
    for (id, state, queue) in [
        ("c-1", ItemState::Claimed, "limited"),
        ("c-2", ItemState::Released, "limited"),
        ("c-3", ItemState::Closed, "done with"),
    ] {
        let was = store.item(&karbon(), id).await.unwrap().unwrap();
        let now = QueueItem { state, queue: queue.to_owned(), ..was.clone() };
        let event = AuditEvent::Item { item: id.to_owned(), action: "changed".to_owned() };
        assert!(store.replace_item(&karbon(), &was, &now, stamp(), event).await.unwrap());
    }
    let keys = (0..510).map(|n| format!("c-1 r{n}@example.org")).collect();
    store.remember_delivered(&karbon(), keys, at(7)).await.unwrap();
}

/// All that gateways and staff can see of an organisation.
#[derive(Debug, PartialEq)]
pub struct Seen {
    pub people: Vec<serde_json::Value>,
    pub items: Vec<QueueItem>,
    pub audit: Vec<AuditEntry>,
    pub decisions: Vec<String>,
    pub delivered: Vec<bool>,
    pub documents: Vec<Document>,
    pub ledger: contact_gateway::domain::ledger::Ledger,
}

pub async fn seen(store: &dyn Store, organisation: &OrganisationId) -> Seen {
    let mut people = store.people(organisation).await.unwrap().people;
    people.sort_by(|one, other| one.id.cmp(&other.id));
    let people = people.iter().map(|person| serde_json::to_value(person.as_ref()).unwrap());
    let mut items = Vec::new();
    for queue in ["limited", "review", "done with"] {
        let mut filter = ItemFilter { states: EVERY_STATE.to_vec(), ..ItemFilter::default() };
        loop {
            let page = store.items(organisation, queue, filter.clone()).await.unwrap();
            let Some(last) = page.last() else { break };
            filter.after = Some(last.id.clone());
            items.extend(page);
        }
    }
    // Again, as they are found by the list of those in hand.
    items.extend(store.items_in_hand(organisation, ItemFilter::default()).await.unwrap());
    let mut audit: Vec<AuditEntry> = Vec::new();
    loop {
        let after = audit.last().map_or(0, |entry| entry.number);
        let page = store.audit(organisation, after, 0).await.unwrap();
        if page.is_empty() {
            break;
        }
        audit.extend(page);
    }
    let mut decisions = Vec::new();
    for entry in &audit {
        let AuditEvent::Decided(decided) = &entry.event else { continue };
        let recorded = store.recorded(organisation, &decided.contact).await.unwrap();
        let (decision, digest) = recorded.unwrap();
        decisions.push(format!("{} {digest:?}", serde_json::to_string(&decision).unwrap()));
    }
    let keys: Vec<String> = (0..511).map(|n| format!("c-1 r{n}@example.org")).collect();
    Seen {
        people: people.collect(),
        items,
        audit,
        decisions,
        delivered: store.delivered(organisation, &keys).await.unwrap(),
        documents: listed(store, organisation).await,
        ledger: ledger(store).await,
    }
}

/// The documents in the order of a list.
async fn listed(store: &dyn Store, organisation: &OrganisationId) -> Vec<Document> {
    let mut documents = Vec::new();
    for kind in ["parcel", "letter"] {
        let mut listing = Listing::of("day");
        loop {
            let page = store.documents(organisation, kind, listing.clone()).await.unwrap();
            documents.extend(page.documents);
            listing.after = page.next;
            if listing.after.is_none() {
                break;
            }
        }
    }
    documents
}
