//! A gateway's inside over a store that can be told to fail.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::StoreAway;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::intake::replay::{TakingUp, replay_pending};
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Inbound, Intake, Outcome, Parts, plain};
use contact_gateway::ports::{
    Archive, AuditTrail, Clock, ItemFilter, Journal, JournalEntry, Original, Queues, Register,
    Stamp, StoreError,
};
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::runtime::shutdown::Shutdown;
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::faulty::{Faulty, FullDisk};
use crate::store_contract::facts::put_people;

/// May make contact once a week.
pub const JO: &str = "jo@home.example";
/// May write letters only.
pub const SAM: &str = "sam@home.example";
pub const STRANGER: &str = "kim@home.example";

pub fn now() -> DateTime<Utc> {
    "2026-11-23T10:00:00Z".parse().unwrap()
}

struct Stopped(DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

pub fn closed() -> Value {
    json!({"kind": "channels_only", "channels": ["letter"]})
}

fn once_a_week() -> Value {
    json!({"kind": "contact_quota", "limit": 1, "per": "week"})
}

pub fn person(id: &str, address: &str, mut restriction: Value) -> Person {
    let common = json!({
        "id": format!("R-{id}"), "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
        "review_due": "2027-05-01", "decided_by": "Max Manager"
    });
    restriction.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "id": id, "name": "A Person",
        "identifiers": [{"kind": "email", "value": address}],
        "restrictions": [restriction]
    }))
    .unwrap()
}

pub fn original() -> Original {
    Original::Bytes(Bytes::from_static(b"Subject: Again\r\n\r\nThe same.\r\n"))
}

/// A contact without an original.
pub fn contact(id: &str, channel: &str, from: &str) -> Inbound {
    let contact = serde_json::from_value(json!({
        "id": id, "channel": channel, "at": now(), "from": [{"kind": "email", "value": from}],
        "to": ["repairs@tuntum.example"], "subject": "Again", "text": "The same."
    }))
    .unwrap();
    Inbound { contact, digest: [7; 32], original: None }
}

pub fn has(outcome: &Outcome, flag: &str) -> bool {
    outcome.decision.flags.contains(&Flag::from(flag))
}

pub struct Place {
    pub store: Arc<Faulty>,
    pub journal: Arc<FileJournal>,
    pub intake: Intake,
    organisation: Arc<Organisation>,
    rosters: Arc<Rosters>,
    _shutdown: Shutdown,
    folder: tempfile::TempDir,
}

impl Place {
    /// With Jo and Sam on record, and known.
    pub async fn open(store_away: StoreAway) -> Place {
        let place = Place::with(Memory::new(), store_away, false, true).await;
        place.put(person("P-1", JO, once_a_week())).await;
        place.put(person("P-2", SAM, closed())).await;
        place.enforces_within_a_second(SAM).await;
        place
    }

    /// Nobody was ever loaded.
    pub async fn cold() -> Place {
        Place::with(Memory::new(), StoreAway::Deliver, false, false).await
    }

    pub async fn on_full_disk() -> Place {
        let place = Place::with(Memory::new(), StoreAway::Deliver, true, true).await;
        place.put(person("P-1", JO, once_a_week())).await;
        place.put(person("P-2", SAM, closed())).await;
        place.enforces_within_a_second(SAM).await;
        place
    }

    /// Nothing can be journalled.
    pub async fn without_journal() -> Place {
        let place = Place::open(StoreAway::Deliver).await;
        place.journal.close();
        place
    }

    /// One more gateway on this one's store.
    pub async fn another(&self) -> Place {
        let memory = Arc::clone(&self.store.inner);
        Place::with(memory, StoreAway::Deliver, false, true).await
    }

    async fn with(
        memory: Arc<dyn contact_gateway::ports::Store>,
        store_away: StoreAway,
        is_disk_full: bool,
        is_loaded: bool,
    ) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let mut organisation =
            Organisation::clone(&crate::office::organisation("tuntum", "tuntum.toml"));
        let profile = Arc::make_mut(&mut organisation.profile);
        profile.store_away = store_away;
        profile.answered_within_hours = Some(8);
        let organisation = Arc::new(organisation);
        let store = Faulty::over(memory);
        let archive: Arc<dyn Archive> = if is_disk_full {
            Arc::new(FullDisk)
        } else {
            Arc::new(FileArchive::open(&folder.path().join("archive")).unwrap())
        };
        let journal = Arc::new(FileJournal::open(&folder.path().join("journal")).unwrap());
        let rosters = Arc::new(Rosters::new([&organisation]));
        let shutdown = Shutdown::new();
        if is_loaded {
            let changes = store.changes();
            assert!(rosters.load_all(store.as_ref()).await);
            let (following, register) = (Arc::clone(&rosters), Arc::clone(&store));
            let stopping = shutdown.stopping();
            tokio::spawn(async move { following.follow(register, changes, stopping).await });
        }
        let (plain, waiting) = mpsc::channel(16);
        let (announcements, _) = mpsc::channel(16);
        tokio::spawn(plain::record(
            Arc::clone(&store) as _,
            Arc::clone(&journal) as _,
            waiting,
            Arc::default(),
        ));
        let intake = Intake::new(Parts {
            organisations: vec![Arc::clone(&organisation)],
            rosters: Arc::clone(&rosters),
            store: Arc::clone(&store) as _,
            archive,
            journal: Arc::clone(&journal) as _,
            clock: Arc::new(Stopped(now())),
            plain,
            announcements,
            metrics: Arc::new(Metrics::new()),
        });
        Place { store, journal, intake, organisation, rosters, _shutdown: shutdown, folder }
    }

    pub async fn put(&self, person: Person) {
        let event = AuditEvent::PersonChanged { person: person.id.clone() };
        let stamp = Stamp { by: "Max Manager".to_owned(), at: now() };
        put_people(&*self.store, &self.organisation.id, vec![person], stamp, event).await.unwrap();
    }

    pub async fn receive(&self, inbound: Inbound) -> Outcome {
        self.intake.receive(&self.organisation.id, inbound).await
    }

    pub async fn mail(&self, id: &str, from: &str) -> Outcome {
        let mut inbound = contact(id, "email", from);
        inbound.original = Some(original());
        self.receive(inbound).await
    }

    /// Asks by preview, which changes nothing.
    pub async fn enforces_within_a_second(&self, from: &str) {
        let started = Instant::now();
        loop {
            let asked = contact("asked", "web_form", from).contact;
            let decision = self.intake.preview(&self.organisation.id, asked).await.unwrap();
            if decision.disposition == Disposition::Limit {
                return;
            }
            assert!(started.elapsed() < Duration::from_secs(1), "not enforced in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until the gateway has heard of a person.
    pub async fn knows(&self, id: &str) {
        let started = Instant::now();
        while self.rosters.person(&self.organisation.id, id).is_none() {
            assert!(started.elapsed() < Duration::from_secs(1), "not known in time");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub async fn entries(&self) -> Vec<JournalEntry> {
        self.journal.try_rejected().await.unwrap();
        self.journal.pending().await.unwrap().into_iter().map(|(_, entry)| entry).collect()
    }

    /// Originals in the archive.
    pub fn originals(&self) -> usize {
        fn files(folder: &Path) -> usize {
            let entries = std::fs::read_dir(folder).into_iter().flatten();
            let paths = entries.map(|entry| entry.unwrap().path());
            paths.map(|path| if path.is_dir() { files(&path) } else { 1 }).sum()
        }
        files(&self.folder.path().join("archive").join(self.organisation.id.as_str()))
    }

    /// The contacts in the journal.
    pub async fn pending(&self) -> Vec<String> {
        self.entries().await.into_iter().map(|entry| entry.contact).collect()
    }

    /// Tries to replay the whole journal at an instant: an error if anything of it stays.
    pub async fn try_replay(&self, at: DateTime<Utc>) -> Result<(), StoreError> {
        let organisations = [Arc::clone(&self.organisation)];
        let clock = Arc::new(Stopped(at));
        let points = TakingUp::new(organisations, Arc::clone(&self.rosters), clock);
        self.journal.try_rejected().await.unwrap();
        let replays = replay_pending(self.journal.as_ref(), self.store.as_ref(), &points).await?;
        replays.rejected.map_or(Ok(()), Err)
    }

    pub async fn replay(&self) {
        self.replay_at(now()).await;
    }

    pub async fn replay_at(&self, at: DateTime<Utc>) {
        self.try_replay(at).await.unwrap();
        assert!(self.entries().await.is_empty());
    }

    /// An item, on whatever queue.
    pub async fn item(&self, id: &str) -> QueueItem {
        self.store.item(&self.organisation.id, id).await.unwrap().unwrap()
    }

    /// How many entries of the trail say that this contact was decided.
    pub async fn audited(&self, contact: &str) -> usize {
        let trail = self.store.audit(&self.organisation.id, 0, 0).await.unwrap();
        let decided = |event: &AuditEvent| match event {
            AuditEvent::Decided(entry) => entry.contact == contact,
            _ => false,
        };
        trail.iter().filter(|entry| decided(&entry.event)).count()
    }

    /// The contacts on a queue.
    pub async fn items(&self, queue: &str) -> Vec<String> {
        let items = self.store.items(&self.organisation.id, queue, ItemFilter::default()).await;
        items.unwrap().into_iter().map(|item| item.contact).collect()
    }
}
