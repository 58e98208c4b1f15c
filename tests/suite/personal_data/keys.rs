//! Erasing somebody destroys their key: what a backup has of them can't be read any more.

use std::path::Path;
use std::sync::Arc;

use chrono::TimeDelta;
use contact_gateway::casework::erasure::AskErasure;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::past::Nameplate;
use contact_gateway::ports::portable::Portable;
use contact_gateway::ports::{Clock, ErasedKeys, Register as _, Store, StoreError};
use contact_gateway::store::copy::{Source, copy};
use contact_gateway::store::embedded::{DatabaseSnapshot, Embedded};
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::{Codec, Keyring, PersonKeys};
use secrecy::SecretString;

use super::erasure::{CONTACTS, GWEN, MAX, key, with_a_case};
use super::left::{everything, naming};
use crate::store_contract::servers;

/// What a gateway with these keys reads and writes by, with none of a person in memory.
fn keys(folder: &Path, key: &SecretString) -> (Codec, Arc<PersonKeys>) {
    let keyring = Arc::new(Keyring::of(std::slice::from_ref(key)).unwrap());
    let people = Arc::new(PersonKeys::at(folder.to_owned(), Arc::clone(&keyring)));
    (Codec::with(Some(keyring)).with_people(Arc::clone(&people)), people)
}

/// The one name that says that a person was there at all is their id.
const OURS: [&str; 3] = ["Jo Doe", "jo@x.example", "Please answer me."];

/// `back_up` copies the store into a folder.
async fn what_is_backed_up_says_nothing_of_whoever_was_erased(
    folder: &Path,
    store: Arc<dyn Store>,
    people: Arc<PersonKeys>,
    key_of_store: &SecretString,
    back_up: impl AsyncFn(&Path),
) {
    let office = with_a_case(store).await;
    let (of, desk) =
        (&office.organisation.id, office.desk().with_keys(Some(people as Arc<dyn ErasedKeys>)));
    let plate = Nameplate::new("the trail".to_owned());
    assert!(office.store.put_nameplate(of, None, &plate).await.unwrap());
    desk.seal(of, &key()).await.unwrap();
    let backup = folder.join("backup");
    back_up(&backup).await;

    let despite = Some("The data was never ours to hold.");
    let ask = AskErasure { clause: "Art. 17(1)(d)", despite };
    desk.ask_erasure(&office.organisation, "P-1", ask, GWEN.into()).await.unwrap();
    desk.approve_erasure(&office.organisation, "P-1", MAX).await.unwrap();
    let read = |codec: &Codec| Embedded::open_with(&backup, codec).unwrap();
    let (codec, _) = keys(&folder.join("keys"), key_of_store);
    let before = read(&codec);
    assert!(before.person(of, "P-1").await.unwrap().is_some(), "not before it has settled");
    tokio::task::block_in_place(|| before.close());
    let now = office.clock.now();
    office.clock.set(now + TimeDelta::minutes(2));
    desk.seal(of, &key()).await.unwrap();
    office.clock.set(now + TimeDelta::minutes(20));
    office.finish(&desk).await;
    let trail = desk.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
    assert!(office.store.person(of, "X-2").await.unwrap().is_some());

    let (codec, _) = keys(&folder.join("keys"), key_of_store);
    let backup = read(&codec);
    let gone = backup.person(of, "P-1").await.unwrap_err();
    assert!(matches!(gone, StoreError::Destroyed(_)), "{gone}");
    assert!(backup.person(of, "X-2").await.unwrap().is_some());
    let restored = Embedded::open_with(&folder.join("restored"), &codec).unwrap();
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

fn made(folder: &Path) -> SecretString {
    std::fs::create_dir(folder.join("keys")).unwrap();
    Keyring::new_key().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = made(folder);
    let (codec, people) = keys(&folder.join("keys"), &key);
    let store = Embedded::open_with(&folder.join("store"), &codec).unwrap();
    let back_up = async |to: &Path| {
        std::fs::create_dir(to).unwrap();
        DatabaseSnapshot::take(&folder.join("store"), &Embedded::file(to)).unwrap();
    };
    what_is_backed_up_says_nothing_of_whoever_was_erased(folder, store, people, &key, back_up)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_redis() {
    let server = servers::single().await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let key = made(folder);
    let (codec, people) = keys(&folder.join("keys"), &key);
    let url = SecretString::from(server.url.clone());
    let store = Redis::open_with(&url, &codec).unwrap();
    let back_up = async |to: &Path| {
        let to = Embedded::open_with(to, &codec).unwrap();
        let source = Source { store: store.as_ref() as &dyn Portable, address: "redis" };
        for of in contact_gateway::store::reached(store.as_ref()).await.unwrap() {
            let at = || "2027-02-01T12:00:00Z".parse().unwrap();
            copy(&source, to.as_ref(), &of, &at, &mut |_| {}).await.unwrap();
        }
        tokio::task::block_in_place(|| to.close());
    };
    let of_office = Arc::clone(&store) as Arc<dyn Store>;
    what_is_backed_up_says_nothing_of_whoever_was_erased(folder, of_office, people, &key, back_up)
        .await;
}
