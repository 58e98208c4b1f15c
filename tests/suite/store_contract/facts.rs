//! Made-up people, contacts and deciders.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::domain::audit::{AuditEvent, DecidedEntry};
use contact_gateway::domain::channel::Channel;
use contact_gateway::domain::decision::{Decision, Disposition};
use contact_gateway::domain::ledger::{Additions, Counted, Ledger, Received, Told};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::domain::restriction::Mode;
use contact_gateway::ports::documents::{Batch, WriteFault};
use contact_gateway::ports::{
    AuditTrail, CommitRequest, Committed, JournalEntry, PlainDecision, Settled, Stamp, Store,
    StoreError,
};

const READ_PATIENCE: Duration = Duration::from_secs(20);

pub const PERSON: &str = "P-1";

pub fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

pub fn tuntum() -> OrganisationId {
    OrganisationId::new("tuntum")
}

pub fn at(seconds: i64) -> DateTime<Utc> {
    let start: DateTime<Utc> = "2026-11-21T10:00:00Z".parse().unwrap();
    start + TimeDelta::seconds(seconds)
}

pub fn stamp() -> Stamp {
    Stamp { by: "A. Manager".to_owned(), at: at(0) }
}

pub fn person(id: &str, name: &str) -> Person {
    serde_json::from_value(serde_json::json!({
        "id": id,
        "name": name,
        "identifiers": [{"kind": "email", "value": format!("{id}@example.org")}],
        "restrictions": [{"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week",
                          "window": "calendar", "status": "active", "mode": "enforce"}],
    }))
    .unwrap()
}

/// Writes people, each in the place of whoever has the id.
pub async fn put_people(
    store: &dyn Store,
    organisation: &OrganisationId,
    people: Vec<Person>,
    stamp: Stamp,
    event: AuditEvent,
) -> Result<(), StoreError> {
    let mut batch = Batch::new(stamp).audit(event);
    for now in people {
        let was = store.person(organisation, &now.id).await?;
        batch = batch.person(was, now);
    }
    store.write(organisation, batch).await.map_err(|fault| match fault {
        WriteFault::Store(fault) => fault,
        WriteFault::Conflict(conflict) => panic!("{conflict}"),
    })
}

pub fn decision(contact: &str, disposition: Disposition) -> Decision {
    Decision {
        contact: contact.to_owned(),
        person: Some(PERSON.to_owned()),
        disposition,
        mode: Mode::Enforce,
        route: None,
        reasons: Vec::new(),
        flags: Vec::new(),
        quotas: Vec::new(),
        notice: None,
        would: None,
        stale: false,
    }
}

pub fn entry(contact: &str, disposition: Disposition) -> DecidedEntry {
    DecidedEntry {
        contact: contact.to_owned(),
        person: Some(PERSON.to_owned()),
        channel: Channel::Email,
        contact_at: at(0),
        disposition,
        mode: Mode::Enforce,
        would: None,
        stale: false,
        profile_version: "1".to_owned(),
        rows: Vec::new(),
        flags: Vec::new(),
        in_doubt: Vec::new(),
        facts: None,
    }
}

pub fn item(contact: &str, queue: &str, when: DateTime<Utc>) -> QueueItem {
    QueueItem {
        id: contact.to_owned(),
        queue: queue.to_owned(),
        contact: contact.to_owned(),
        person: Some(PERSON.to_owned()),
        channel: Channel::Email,
        at: when,
        disposition: Disposition::Limit,
        reasons: Vec::new(),
        flags: Vec::new(),
        subject: Some("Roof".to_owned()),
        original_to: Vec::new(),
        sent_by: None,
        issue: None,
        thread: Vec::new(),
        attachments: Vec::new(),
        new: Vec::new(),
        lane_used: None,
        filed_from: None,
        routed_to: None,
        read_by: None,
        overdue: false,
        resembles: Vec::new(),
        archived: None,
        text: None,
        state: ItemState::Open,
        claimed_by: None,
        claimed_at: None,
        done_by: None,
        done_at: None,
        notes: Vec::new(),
        attached: Vec::new(),
    }
}

pub fn counted(when: DateTime<Utc>) -> Counted {
    Counted { restriction: "R-1".to_owned(), mode: Mode::Enforce, at: when, issue: None }
}

pub fn received(contact: &str, when: DateTime<Utc>) -> Received {
    Received {
        makes_issue_known: true,
        contact: contact.to_owned(),
        at: when,
        issue: Some("C-3".to_owned()),
        thread: vec!["<1@example.org>".to_owned()],
        attachments: Vec::new(),
        text: vec![1, u64::MAX],
    }
}

pub fn told(when: DateTime<Utc>) -> Told {
    Told { code: "contact_quota.over".to_owned(), at: when }
}

/// What a decider settles that admits and counts.
pub fn admitted(contact: &str, when: DateTime<Utc>) -> Settled {
    Settled {
        decision: decision(contact, Disposition::Deliver),
        additions: Additions { counted: vec![counted(when)], ..Additions::default() },
        item: None,
        audit: entry(contact, Disposition::Deliver),
    }
}

/// What a decider settles that limits, with everything that a decision can write.
pub fn limited(contact: &str, when: DateTime<Utc>) -> Settled {
    Settled {
        decision: decision(contact, Disposition::Limit),
        additions: Additions {
            counted: vec![counted(when)],
            received: Some(received(contact, when)),
            told: Some(told(when)),
            lane: Some("appeal".to_owned()),
        },
        item: Some(item(contact, "limited", when)),
        audit: entry(contact, Disposition::Limit),
    }
}

/// Everything that was counted counts; the newest digest is made of the contact's id.
pub fn request(
    contact: &str,
    decide: impl Fn(&Ledger) -> Settled + Send + Sync + 'static,
) -> CommitRequest {
    CommitRequest {
        organisation: karbon(),
        contact: contact.to_owned(),
        digest: digest(contact),
        person: Some(PERSON.to_owned()),
        also: Vec::new(),
        needs_received: true,
        counted_since: at(-100_000_000),
        at: at(0),
        preview: false,
        decide: Arc::new(move |ledger| Ok(decide(ledger))),
    }
}

/// What a store has committed, now or before.
pub async fn committed(store: &dyn Store, request: CommitRequest) -> Committed {
    store.commit(request).await.unwrap().committed().unwrap()
}

pub fn digest(contact: &str) -> [u8; 32] {
    let mut digest = [0; 32];
    for (to, from) in digest.iter_mut().zip(contact.bytes()) {
        *to = from;
    }
    digest
}

pub fn plain(organisation: OrganisationId, contact: &str) -> PlainDecision {
    PlainDecision {
        organisation,
        contact: contact.to_owned(),
        digest: digest(contact),
        at: at(0),
        decision: decision(contact, Disposition::Deliver),
        audit: entry(contact, Disposition::Deliver),
    }
}

pub fn journalled(contact: &str) -> JournalEntry {
    JournalEntry {
        organisation: karbon(),
        contact: contact.to_owned(),
        digest: digest(contact),
        person: Some(PERSON.to_owned()),
        at: at(0),
        settled: limited(contact, at(0)),
    }
}

/// The ledger that a decider would be given now.
pub async fn ledger(store: &dyn Store) -> Ledger {
    ledger_of(store, PERSON).await
}

pub async fn ledger_of(store: &dyn Store, person: &str) -> Ledger {
    let seen = Arc::new(std::sync::Mutex::new(Ledger::default()));
    read(|| {
        let see = Arc::clone(&seen);
        let mut looking = request("nobody-writes-this", move |ledger| {
            *see.lock().unwrap() = ledger.clone();
            admitted("nobody-writes-this", at(0))
        });
        looking.preview = true;
        looking.person = Some(person.to_owned());
        store.commit(looking)
    })
    .await;
    let seen = seen.lock().unwrap();
    seen.clone()
}

/// What a test looks at afterwards is no call that it tests: on a busy machine, or with very much to
/// look at, a server may take longer than a contact waits for it.
async fn read<T, F: Future<Output = Result<T, StoreError>>>(mut asked: impl FnMut() -> F) -> T {
    let end = Instant::now() + READ_PATIENCE;
    loop {
        match asked().await {
            Err(fault) if fault.is_retryable() && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answer => return answer.unwrap(),
        }
    }
}

/// The contacts of an organisation's `decided` entries, having checked the numbering.
pub async fn decided(store: &dyn Store, organisation: &OrganisationId) -> Vec<String> {
    let mut contacts = Vec::new();
    let mut last = 0;
    loop {
        let page = read(|| AuditTrail::audit(store, organisation, last, 100)).await;
        if page.is_empty() {
            return contacts;
        }
        for entry in page {
            assert_eq!(entry.number, last + 1, "the numbers have no gap");
            last = entry.number;
            if let AuditEvent::Decided(decided) = entry.event {
                contacts.push(decided.contact);
            }
        }
    }
}
