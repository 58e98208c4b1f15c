use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;
use tokio::sync::broadcast;

use super::*;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::event::EventKind;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{Branch, TrailEnd};
use crate::domain::person::Person;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::{Change, Snapshot, Stamp};
use crate::runtime::shutdown::Shutdown;

/// A trail and a register in memory, and a time that a test moves.
#[derive(Default)]
struct Inside {
    entries: Mutex<Vec<AuditEntry>>,
    people: Mutex<Vec<Arc<Person>>>,
    days: Mutex<i64>,
    asked: Mutex<usize>,
    nameplate: Mutex<Option<Nameplate>>,
    is_behind: AtomicBool,
}

impl Inside {
    fn happens(&self, person: &str) {
        let mut entries = self.entries.lock().unwrap();
        let number = entries.len() as u64 + 1;
        let event = AuditEvent::PersonChanged { person: person.to_owned() };
        entries.push(AuditEntry { number, at: start(), by: "Ann".to_owned(), event });
    }
}

fn start() -> DateTime<Utc> {
    "2026-11-21T10:00:00Z".parse().unwrap()
}

impl Clock for Inside {
    fn now(&self) -> DateTime<Utc> {
        start() + chrono::TimeDelta::days(*self.days.lock().unwrap())
    }
}

#[async_trait]
impl AuditTrail for Inside {
    async fn audit(
        &self,
        _: &OrganisationId,
        after: u64,
        limit: usize,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        *self.asked.lock().unwrap() += 1;
        let entries = self.entries.lock().unwrap();
        Ok(entries.iter().filter(|entry| entry.number > after).take(limit).cloned().collect())
    }

    async fn search_audit(
        &self,
        _: &OrganisationId,
        _: TrailSearch,
    ) -> Result<TrailPage, StoreError> {
        Err(StoreError::Refused("nobody searches here".to_owned()))
    }

    async fn append_audit(
        &self,
        _: &OrganisationId,
        _: Stamp,
        _: AuditEvent,
    ) -> Result<(), StoreError> {
        Err(StoreError::Refused("nobody writes here".to_owned()))
    }
}

#[async_trait]
impl Past for Inside {
    async fn trail_end(&self, _: &OrganisationId) -> Result<TrailEnd, StoreError> {
        Ok(TrailEnd { nameplate: self.nameplate.lock().unwrap().clone(), last: None })
    }

    async fn put_nameplate(
        &self,
        _: &OrganisationId,
        _: Option<&Nameplate>,
        _: &Nameplate,
    ) -> Result<bool, StoreError> {
        Err(StoreError::Refused("nobody writes here".to_owned()))
    }

    fn is_behind(&self, _: &OrganisationId) -> bool {
        self.is_behind.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Register for Inside {
    async fn people(&self, _: &OrganisationId) -> Result<Snapshot, StoreError> {
        Ok(Snapshot { people: self.people.lock().unwrap().clone() })
    }

    async fn person(&self, _: &OrganisationId, _: &str) -> Result<Option<Arc<Person>>, StoreError> {
        Ok(None)
    }

    async fn people_page(
        &self,
        _: &OrganisationId,
        _: Option<&str>,
        _: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Err(StoreError::Refused("nobody turns pages here".to_owned()))
    }

    async fn restricted(
        &self,
        _: &OrganisationId,
        _: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError> {
        Err(StoreError::Refused("nobody searches here".to_owned()))
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        broadcast::channel(1).1
    }
}

/// Gives the scripted answers, then accepts; notes what it was sent.
#[derive(Default)]
struct Scripted {
    says: Mutex<Vec<PostAnswer>>,
    told: Mutex<Vec<String>>,
    ids: Mutex<Vec<String>>,
}

impl Scripted {
    fn says(&self, answers: impl IntoIterator<Item = PostAnswer>) {
        *self.says.lock().unwrap() = answers.into_iter().collect();
    }

    /// The subject of each event, in the order of telling.
    fn told(&self) -> Vec<String> {
        self.told.lock().unwrap().clone()
    }
}

#[async_trait]
impl Receiver for Arc<Scripted> {
    async fn tell(&self, letter: &WireEvent, _: DateTime<Utc>) -> PostAnswer {
        let event: serde_json::Value = serde_json::from_slice(&letter.body).unwrap();
        self.told.lock().unwrap().push(event["subject"].as_str().unwrap().to_owned());
        self.ids.lock().unwrap().push(letter.id.clone());
        let mut says = self.says.lock().unwrap();
        if says.is_empty() { PostAnswer::Taken } else { says.remove(0) }
    }
}

struct Rig {
    folder: tempfile::TempDir,
    inside: Arc<Inside>,
    receiver: Arc<Scripted>,
    dead_letters: Arc<DeadLetterBox>,
    organisation: OrganisationId,
}

impl Rig {
    fn new() -> Rig {
        let folder = tempfile::tempdir().unwrap();
        let organisation = OrganisationId::new("karbon");
        let dead_letters =
            DeadLetterBox::open(folder.path(), std::slice::from_ref(&organisation)).unwrap();
        Rig {
            folder,
            inside: Arc::default(),
            receiver: Arc::default(),
            dead_letters: Arc::new(dead_letters),
            organisation,
        }
    }

    fn courier(&self) -> Courier {
        let settings = ReceiverSettings {
            organisation: self.organisation.clone(),
            zone: chrono_tz::Europe::London,
            name: "crm".to_owned(),
            url: hyper::Uri::from_static("http://127.0.0.1:1/"),
            secrets: Vec::new(),
            kinds: EventKind::ALL.to_vec(),
        };
        let sources = Sources {
            trail: self.inside.clone(),
            past: self.inside.clone(),
            register: self.inside.clone(),
            dead_letters: self.dead_letters.clone(),
            clock: self.inside.clone(),
            metrics: Arc::new(Metrics::new()),
        };
        let receiver = Box::new(Arc::clone(&self.receiver));
        Courier::to(settings, receiver, self.folder.path(), sources).unwrap()
    }

    /// Lets a courier work for so long.
    async fn run(&self, seconds: u64) {
        let shutdown = Shutdown::new();
        let running = tokio::spawn(self.courier().run(shutdown.stopping()));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        assert!(shutdown.stop(Duration::from_secs(1)).await);
        running.await.unwrap();
    }
}

fn away() -> PostAnswer {
    PostAnswer::Later { why: "it answered 503".to_owned(), wait: None }
}

fn refusal() -> PostAnswer {
    PostAnswer::Refused { why: "it answered 400".to_owned() }
}

#[tokio::test(start_paused = true)]
async fn a_receiver_is_told_what_happens_from_its_first_start_on_once_and_in_order() {
    let rig = Rig::new();
    rig.inside.happens("before");
    rig.run(2).await;
    assert!(rig.receiver.told().is_empty());
    for person in ["a", "b", "c"] {
        rig.inside.happens(person);
    }
    rig.run(2).await;
    rig.inside.happens("d");
    rig.run(2).await;
    assert_eq!(rig.receiver.told(), ["a", "b", "c", "d"]);
}

/// The trail of a store that was emptied, and of one that was older, and their numbers come again.
#[tokio::test(start_paused = true)]
async fn a_receiver_goes_on_by_the_trails_name_and_is_told_nothing_while_the_store_is_behind() {
    let rig = Rig::new();
    let called = |branches: Vec<Branch>| {
        *rig.inside.nameplate.lock().unwrap() = Some(Nameplate { branches, archive: None });
    };
    let branch = |trail: &str, from: u64, of: Option<&str>| Branch {
        trail: trail.to_owned(),
        from,
        in_place_of: of.map(str::to_owned),
    };
    called(vec![branch("a", 1, None)]);
    rig.run(1).await;
    for person in ["a1", "a2", "a3"] {
        rig.inside.happens(person);
    }
    rig.run(2).await;
    // Older: its third entry is gone, and another one is in its place.
    rig.inside.entries.lock().unwrap().truncate(2);
    rig.inside.happens("b3");
    rig.inside.is_behind.store(true, Ordering::SeqCst);
    rig.run(60).await;
    assert_eq!(rig.receiver.told(), ["a1", "a2", "a3"]);
    rig.inside.is_behind.store(false, Ordering::SeqCst);
    called(vec![branch("a", 1, None), branch("b", 3, Some("a"))]);
    rig.run(2).await;
    assert_eq!(rig.receiver.told(), ["a1", "a2", "a3", "b3"]);
    // Emptied, and accepted as that.
    rig.inside.entries.lock().unwrap().clear();
    rig.inside.happens("c1");
    called(vec![branch("c", 1, Some("b"))]);
    rig.run(2).await;
    rig.inside.happens("c2");
    rig.run(2).await;
    assert_eq!(rig.receiver.told(), ["a1", "a2", "a3", "b3", "c1", "c2"]);
    let ids = rig.receiver.ids.lock().unwrap().clone();
    assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), 6, "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_is_away_holds_up_the_rest_and_misses_nothing() {
    let rig = Rig::new();
    rig.run(1).await;
    rig.inside.happens("a");
    rig.inside.happens("b");
    rig.receiver.says([away(), away(), away()]);
    // 5, 10 and 20 seconds of pauses.
    rig.run(40).await;
    assert_eq!(rig.receiver.told(), ["a", "a", "a", "a", "b"]);
    assert!(rig.dead_letters.list(&rig.organisation).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_again_and_again_is_a_dead_letter_and_holds_up_nothing() {
    let rig = Rig::new();
    rig.run(1).await;
    rig.inside.happens("a");
    rig.inside.happens("b");
    rig.receiver.says((0..EVENT_REFUSALS_MAX).map(|_| refusal()));
    rig.run(600).await;
    assert_eq!(rig.receiver.told(), ["a", "a", "a", "a", "a", "b"]);
    let dead = rig.dead_letters.list(&rig.organisation).await;
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].receiver.as_str(), dead[0].why.as_str()), ("crm", "it answered 400"));

    // Refused again it stays; accepted it is gone, also after a restart of the gateway.
    rig.receiver.says([refusal()]);
    assert!(rig.dead_letters.try_again(&rig.organisation, "crm", &dead[0].id).await.unwrap());
    rig.run(5).await;
    let opened =
        DeadLetterBox::open(rig.folder.path(), std::slice::from_ref(&rig.organisation)).unwrap();
    assert_eq!(opened.list(&rig.organisation).await.len(), 1);
    assert!(rig.dead_letters.try_again(&rig.organisation, "crm", &dead[0].id).await.unwrap());
    rig.run(5).await;
    assert!(rig.dead_letters.list(&rig.organisation).await.is_empty());
    assert_eq!(rig.receiver.told().len(), 8);
    assert!(!rig.dead_letters.try_again(&rig.organisation, "crm", &dead[0].id).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn an_event_too_old_for_its_receiver_is_a_dead_letter() {
    let rig = Rig::new();
    rig.run(1).await;
    rig.inside.happens("a");
    *rig.inside.days.lock().unwrap() = 4;
    rig.receiver.says([away()]);
    rig.run(10).await;
    assert_eq!(rig.dead_letters.list(&rig.organisation).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_receiver_that_wants_no_more_is_told_no_more_until_a_start() {
    let rig = Rig::new();
    rig.run(1).await;
    rig.inside.happens("a");
    rig.receiver.says([PostAnswer::Gone]);
    rig.run(3_600).await;
    assert_eq!(rig.receiver.told(), ["a"]);
    rig.run(10).await;
    assert_eq!(rig.receiver.told(), ["a", "a"], "nothing is lost of what it did not take");
}

#[tokio::test(start_paused = true)]
async fn a_review_is_told_on_its_day_and_once() {
    let rig = Rig::new();
    let person = json!({"id": "P-1", "name": "x", "identifiers": [], "restrictions": [
        {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "status": "active",
         "review_due": "2026-11-23"}]});
    rig.inside.people.lock().unwrap().push(Arc::new(serde_json::from_value(person).unwrap()));
    rig.run(2).await;
    assert!(rig.receiver.told().is_empty());
    *rig.inside.days.lock().unwrap() = 2;
    rig.receiver.says([away()]);
    rig.run(30).await;
    rig.run(30).await;
    assert_eq!(rig.receiver.told(), ["R-1", "R-1"]);
}

#[tokio::test]
async fn the_end_of_a_long_trail_is_found_by_few_questions() {
    let inside = Inside::default();
    let organisation = OrganisationId::new("karbon");
    assert_eq!(trail::last_number(&inside, &organisation).await.unwrap(), 0);
    for entries in [1, 2, 3, 1_000] {
        while inside.entries.lock().unwrap().len() < entries {
            inside.happens("a");
        }
        *inside.asked.lock().unwrap() = 0;
        let last = trail::last_number(&inside, &organisation).await.unwrap();
        assert_eq!(last, entries as u64);
        assert!(*inside.asked.lock().unwrap() <= 25);
    }
}
