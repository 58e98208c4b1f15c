//! Erasing somebody destroys their key: what a backup has of them can't be read any more.

mod days;
mod of_before;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use contact_gateway::casework::erasure::AskErasure;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::past::Nameplate;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::ItemState;
use contact_gateway::ports::audit_trail::{TrailFilter, TrailSearch};
use contact_gateway::ports::documents::Order;
use contact_gateway::ports::portable::{Contents as _, Portable, Record};
use contact_gateway::ports::{
    AuditTrail as _, Clock, ErasedKeys, ItemFilter, KeyOf, Register as _, Stamp, Store, StoreError,
};
use contact_gateway::store::copy::{CopyFault, Source, copy};
use contact_gateway::store::embedded::{DatabaseSnapshot, Embedded};
use contact_gateway::store::redis::{Redis, Sink};
use contact_gateway::store::settings::{Codec, Keyring, PersonKeys};
use secrecy::SecretString;
use tempfile::TempDir;

use super::erasure::{CONTACTS, GWEN, MAX, key as anchor, with_a_case};
use super::left::{everything, naming};
use crate::casework::rig::CaseOffice;
use crate::store_contract::facts::karbon;
use crate::store_contract::servers::{self, OnRedis};

/// People's keys in a folder of their own, beside whatever a test puts there.
struct Keyed {
    folder: TempDir,
    key: SecretString,
    /// Of the gateway that is there from the start.
    codec: Codec,
    people: Arc<PersonKeys>,
}

impl Keyed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        let key = Keyring::new_key().unwrap();
        let (codec, people) = Keyed::read(folder.path(), &key);
        Keyed { folder, key, codec, people }
    }

    fn read(folder: &Path, key: &SecretString) -> (Codec, Arc<PersonKeys>) {
        let keyring = Arc::new(Keyring::of(std::slice::from_ref(key)).unwrap());
        let people = Arc::new(PersonKeys::at(folder.join("keys"), Arc::clone(&keyring)));
        (Codec::with(Some(keyring)).with_people(Arc::clone(&people)), people)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What another gateway reads and writes by, with no key of a person in memory.
    fn anew(&self) -> Codec {
        Keyed::read(self.folder.path(), &self.key).0
    }

    fn embedded(&self) -> Arc<Embedded> {
        Embedded::open_with(&self.path("store"), &self.codec).unwrap()
    }

    /// An embedded store of this name, as another gateway opens it.
    fn embedded_anew(&self, name: &str) -> Arc<Embedded> {
        Embedded::open_with(&self.path(name), &self.anew()).unwrap()
    }

    fn redis(&self, server: &OnRedis) -> Arc<Redis> {
        Redis::open_with(&SecretString::from(server.url.clone()), &self.codec).unwrap()
    }

    fn redis_anew(&self, server: &OnRedis) -> Arc<Redis> {
        Redis::open_with(&SecretString::from(server.url.clone()), &self.anew()).unwrap()
    }

    /// A backup of the embedded store, as it is now.
    fn snapshot(&self, to: &Path) {
        std::fs::create_dir(to).unwrap();
        DatabaseSnapshot::take(&self.path("store"), &Embedded::file(to)).unwrap();
    }

    /// A backup of a store, as it is now.
    async fn copied(&self, store: &dyn Portable, to: &Path) {
        let to = Embedded::open_with(to, &self.codec).unwrap();
        let source = Source { store, address: "redis" };
        for of in contact_gateway::store::reached(store).await.unwrap() {
            let at = || "2027-02-01T12:00:00Z".parse().unwrap();
            copy(&source, to.as_ref(), &of, &at, &mut |_| {}).await.unwrap();
        }
        tokio::task::block_in_place(|| to.close());
    }

    /// Erases somebody's key.
    fn destroy(&self, of: &OrganisationId, person: &str) {
        let person = KeyOf::Person(person);
        assert!(self.people.retire(of.as_str(), person).unwrap());
        assert_eq!(self.people.destroy(of.as_str(), person).unwrap(), 1);
    }
}

/// The one name that says that a person was there at all is their id.
const OURS: [&str; 3] = ["Jo Doe", "jo@x.example", "Please answer me."];

/// `back_up` copies the store into a folder.
async fn what_is_backed_up_says_nothing_of_whoever_was_erased(
    keyed: &Keyed,
    store: Arc<dyn Store>,
    back_up: impl AsyncFn(&Path),
) {
    let people = Arc::clone(&keyed.people);
    let office = with_a_case(store).await;
    let (of, desk) =
        (&office.organisation.id, office.desk().with_keys(Some(people as Arc<dyn ErasedKeys>)));
    let plate = Nameplate::new("the trail".to_owned());
    assert!(office.store.put_nameplate(of, None, &plate).await.unwrap());
    desk.seal(of, &anchor()).await.unwrap();
    back_up(&keyed.path("backup")).await;

    let despite = Some("The data was never ours to hold.");
    let ask = AskErasure { clause: "Art. 17(1)(d)", despite };
    desk.ask_erasure(&office.organisation, "P-1", ask, GWEN.into()).await.unwrap();
    desk.approve_erasure(&office.organisation, "P-1", MAX).await.unwrap();
    let before = keyed.embedded_anew("backup");
    assert!(before.person(of, "P-1").await.unwrap().is_some(), "not before it has settled");
    tokio::task::block_in_place(|| before.close());
    let now = office.clock.now();
    office.clock.set(now + TimeDelta::minutes(2));
    desk.seal(of, &anchor()).await.unwrap();
    office.clock.set(now + TimeDelta::minutes(20));
    office.finish(&desk).await;
    let trail = desk.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
    assert!(office.store.person(of, "X-2").await.unwrap().is_some());

    let backup = keyed.embedded_anew("backup");
    assert!(backup.person(of, "P-1").await.unwrap().is_none());
    assert!(backup.person(of, "X-2").await.unwrap().is_some());
    let restored = keyed.embedded_anew("restored");
    let source = Source { store: backup.as_ref(), address: "the backup" };
    let at = || "2027-03-01T12:00:00Z".parse().unwrap();
    copy(&source, restored.as_ref(), of, &at, &mut |_| {}).await.unwrap();
    let left = everything(restored.as_ref(), of, &CONTACTS).await;
    assert_eq!(naming(&left, &OURS), Vec::<&String>::new());
    assert!(!naming(&left, &["Al Other", "x-1"]).is_empty());
    assert!(left.iter().any(|one| one.starts_with("tally ")), "figures stay: {left:#?}");
    let desk = office.desk_over(restored.clone());
    let trail = desk.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
    assert!(trail.erased > 0 && trail.anchors > 0, "{trail:?}");
    tokio::task::block_in_place(|| {
        backup.close();
        restored.close();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_embedded_store() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let back_up = async |to: &Path| keyed.snapshot(to);
    what_is_backed_up_says_nothing_of_whoever_was_erased(&keyed, store, back_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_redis() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let back_up = async |to: &Path| keyed.copied(store.as_ref(), to).await;
    let of_office = Arc::clone(&store) as Arc<dyn Store>;
    what_is_backed_up_says_nothing_of_whoever_was_erased(&keyed, of_office, back_up).await;
}

/// Words of a search through all of the trail, page by page.
async fn found(store: &dyn Store, office: &CaseOffice, filter: TrailFilter) -> Vec<String> {
    let (mut after, mut found) = (None, Vec::new());
    loop {
        let (filter, order) = (filter.clone(), Order::Descending);
        let asked = TrailSearch { filter, order, after, limit: 2 };
        let page = store.search_audit(&office.organisation.id, asked).await.unwrap();
        found.extend(page.entries.iter().map(|entry| serde_json::to_string(entry).unwrap()));
        after = page.next;
        if after.is_none() {
            return found;
        }
    }
}

/// A store put back from before an erasure, file by file, has records whose key is destroyed: to every reader they are
/// gone, and the same id can be used, and erased, again. `again`: the store as another gateway opens it.
async fn whoever_was_erased_is_gone_from_a_store_of_before(
    keyed: &Keyed,
    store: Arc<dyn Store>,
    again: impl Fn() -> Arc<dyn Store>,
) {
    let office = with_a_case(store).await;
    let of = &office.organisation.id;
    let about = |person: &str| AuditEvent::PersonChanged { person: person.to_owned() };
    let stamp = || Stamp { by: "Ann Bell".to_owned(), at: office.clock.now() };
    for person in ["X-2", "P-1", "P-1", "P-1", "P-1"] {
        office.store.append_audit(of, stamp(), about(person)).await.unwrap();
    }
    let all = office.store.audit(of, 0, 0).await.unwrap().len();
    keyed.destroy(of, "P-1");

    let store = again();
    let left = everything(store.as_ref(), of, &CONTACTS).await;
    assert_eq!(naming(&left, &OURS), Vec::<&String>::new());
    assert!(!naming(&left, &["Al Other", "x-1"]).is_empty());
    let page = store.people_page(of, None, 1).await.unwrap();
    assert_eq!(page.len(), 1);
    assert_eq!(page[0].id, "X-2", "a page is full without whoever was erased");
    for queue in store.queues(of).await.unwrap() {
        let states = ItemState::ALL.to_vec();
        let filter = ItemFilter { states, ..ItemFilter::default() };
        let items = store.items(of, &queue.queue, filter).await.unwrap();
        assert!(items.iter().all(|item| item.person.as_deref() != Some("P-1")));
    }
    let trail = store.audit(of, 0, 0).await.unwrap();
    assert!(trail.len() < all - 4 && !trail.is_empty(), "{} of {all}", trail.len());
    let last = store.trail_end(of).await.unwrap().last.unwrap();
    assert_eq!(last.number, trail.last().unwrap().number);
    let theirs = TrailFilter { person: Some("P-1".to_owned()), ..TrailFilter::default() };
    assert_eq!(found(store.as_ref(), &office, theirs).await, Vec::<String>::new());
    let everybody = found(store.as_ref(), &office, TrailFilter::default()).await;
    assert_eq!(everybody.len(), trail.len());

    // Somebody comes on record under the same id.
    office.put_on_record(vec![jo()]).await;
    assert_eq!(store.person(of, "P-1").await.unwrap().unwrap().name, "Jo Again");
    let people = Arc::clone(&keyed.people) as Arc<dyn ErasedKeys>;
    let desk = office.desk_over(again()).with_keys(Some(people));
    let ask = AskErasure { clause: "Art. 17(1)(b)", despite: None };
    desk.ask_erasure(&office.organisation, "P-1", ask, GWEN.into()).await.unwrap();
    let proof = desk.approve_erasure(&office.organisation, "P-1", MAX).await.unwrap();
    assert!(proof.is_complete, "{proof:?}");
    assert!(again().person(of, "P-1").await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_of_before_an_erasure() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let again = || keyed.embedded_anew("store") as Arc<dyn Store>;
    whoever_was_erased_is_gone_from_a_store_of_before(&keyed, store, again).await;
}

fn jo() -> Person {
    serde_json::from_value(serde_json::json!({
        "id": "P-1", "name": "Jo Again",
        "identifiers": [{"kind": "email", "value": "jo@again.example"}],
    }))
    .unwrap()
}

/// What a live copy hands over.
#[derive(Default)]
struct Kept(Vec<String>);

#[async_trait]
impl Sink for Kept {
    async fn put(&mut self, records: Vec<Record>) -> Result<(), StoreError> {
        self.0.extend(records.iter().map(|record| serde_json::to_string(record).unwrap()));
        Ok(())
    }

    async fn forget(&mut self, _: Vec<(String, String)>) -> Result<(), StoreError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redis_of_before_an_erasure() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let again = || keyed.redis_anew(&server) as Arc<dyn Store>;
    whoever_was_erased_is_gone_from_a_store_of_before(&keyed, store, again).await;
}

/// More entries than a page of a copy has, nearly all of them about somebody whose key is destroyed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_redis_goes_on_behind_pages_of_entries_that_nobody_can_read() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let of = karbon();
    for number in 0..1_205 {
        let person = if number % 400 == 399 { "X-2" } else { "P-1" };
        let stamp =
            Stamp { by: "Ann Bell".to_owned(), at: "2027-02-01T12:00:00Z".parse().unwrap() };
        let event = AuditEvent::PersonChanged { person: person.to_owned() };
        store.append_audit(&of, stamp, event).await.unwrap();
    }
    keyed.destroy(&of, "P-1");
    let store = keyed.redis_anew(&server);
    let mut kept = Kept::default();
    assert!(store.read_live(&of, &mut kept).await.unwrap());
    assert_eq!(naming(&kept.0, &["P-1"]), Vec::<&String>::new());
    assert_eq!(naming(&kept.0, &["X-2"]).len(), 3, "{:?}", kept.0);
    let page = store.audit(&of, 0, 2).await.unwrap();
    assert_eq!(page.iter().map(|entry| entry.number).collect::<Vec<_>>(), [400, 800]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_stops_where_keys_are_missing_and_were_not_destroyed() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let office = with_a_case(Arc::clone(&store) as Arc<dyn Store>).await;
    let of = &office.organisation.id;
    // An older copy of the folder: of its keys there are only the names.
    std::fs::remove_dir_all(keyed.path("keys/current")).unwrap();
    let from = keyed.embedded_anew("store");
    let to = keyed.embedded_anew("copy");
    let source = Source { store: from.as_ref(), address: "the store" };
    let at = || "2027-03-01T12:00:00Z".parse().unwrap();
    let copied = copy(&source, to.as_ref(), of, &at, &mut |_| {}).await;
    let Err(CopyFault::Store { error: StoreError::Locked(why), .. }) = copied else {
        panic!("{copied:?}");
    };
    assert!(why.contains("missing from [keys] people"), "{why}");
    assert!(!to.copy_mark(of).await.unwrap().unwrap().is_finished());
    assert!(from.people(of).await.is_err(), "nobody is left out of the roster");
    tokio::task::block_in_place(|| {
        from.close();
        to.close();
    });
}

/// Another gateway writes about somebody who was just erased: that has a key of its own, which goes later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_written_late_is_destroyed_too() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let office = with_a_case(store).await;
    let of = &office.organisation.id;
    let people = Arc::clone(&keyed.people) as Arc<dyn ErasedKeys>;
    let desk = office.desk().with_keys(Some(people));
    let ask = AskErasure { clause: "Art. 17(1)(d)", despite: Some("It was never ours to hold.") };
    desk.ask_erasure(&office.organisation, "P-1", ask, GWEN.into()).await.unwrap();
    desk.approve_erasure(&office.organisation, "P-1", MAX).await.unwrap();
    let now = office.clock.now();
    office.put_on_record(vec![jo()]).await;
    keyed.snapshot(&keyed.path("backup"));
    let is_there = async || {
        let backup = keyed.embedded_anew("backup");
        let is_there = backup.person(of, "P-1").await.unwrap().is_some();
        tokio::task::block_in_place(|| backup.close());
        is_there
    };
    for (minutes, is_readable) in [(2, true), (20, true), (40, false)] {
        office.clock.set(now + TimeDelta::minutes(minutes));
        desk.seal(of, &anchor()).await.unwrap();
        office.finish(&desk).await;
        assert_eq!(is_there().await, is_readable, "after {minutes} minutes");
    }
    assert!(office.store.person(of, "P-1").await.unwrap().is_none());
    assert!(std::fs::read_dir(keyed.path("keys/retired")).unwrap().next().is_none());
}
