//! The database file alone is complete: when nobody has written for a while, and after a stop.

use std::path::Path;
use std::time::Duration;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{AuditTrail, Register};
use contact_gateway::store::embedded::Embedded;
use serde_json::json;

use crate::served::{Behind, Place, person as on_record};
use crate::store_contract::facts::{karbon, person, put_people, stamp};
use crate::store_contract::servers::until;

const REST: Duration = Duration::from_millis(50);

/// People and audit entries in a copy of the database file, without what stands beside it.
async fn in_a_copy_of(folder: &Path) -> (usize, usize) {
    let alone = tempfile::tempdir().unwrap();
    std::fs::copy(Embedded::file(folder), Embedded::file(alone.path())).unwrap();
    let store = Embedded::open(alone.path()).unwrap();
    let people = store.people(&karbon()).await.unwrap().people.len();
    (people, store.audit(&karbon(), 0, 0).await.unwrap().len())
}

async fn put(store: &Embedded, id: &str) {
    let event = AuditEvent::PersonChanged { person: id.to_owned() };
    put_people(store, &karbon(), vec![person(id, "Jo")], stamp(), event).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rest_the_file_alone_is_complete_while_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open_resting_after(folder.path(), REST).unwrap();
    for round in 1..=3 {
        put(&store, &format!("P-{round}")).await;
        until("the file alone is complete", || async {
            in_a_copy_of(folder.path()).await == (round, round)
        })
        .await;
    }
    let log = std::fs::metadata(folder.path().join("gateway.sqlite3-wal")).unwrap();
    assert_eq!(log.len(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_close_the_file_alone_is_complete_even_beside_a_reader() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open_resting_after(folder.path(), Duration::MAX).unwrap();
    let other = Embedded::open_resting_after(folder.path(), Duration::MAX).unwrap();
    put(&store, "P-1").await;
    put(&other, "P-2").await;
    assert_ne!(in_a_copy_of(folder.path()).await, (2, 2), "what is written is in the log first");
    tokio::task::block_in_place(|| store.close());
    assert_eq!(in_a_copy_of(folder.path()).await, (2, 2));
    put(&other, "P-3").await;
    assert_eq!(other.people(&karbon()).await.unwrap().people.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_stop_of_the_program_the_file_alone_is_complete() {
    let behind = Behind {
        mail: 9,
        form: "127.0.0.1:9".parse().unwrap(),
        calls: "127.0.0.1:9".parse().unwrap(),
    };
    let place = Place::new(&behind, "unused");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([on_record("P-L", "lim@x.example", "+447700900001", letters)]));
    let served = place.serve();
    let contact = json!({"id": "c-1", "channel": "email", "text": "Hello.",
        "from": [{"kind": "email", "value": "lim@x.example", "assurance": "proven"}]});
    served.ask("POST", "/api/v1/contacts", &contact).await;
    served.stop();
    let folder = place.folder.path().join("store");
    let alone = in_a_copy_of(&folder).await;
    // What the store holds, its log included; the keeper may have written until the stop.
    let store = Embedded::open(&folder).unwrap();
    let trail = store.audit(&karbon(), 0, 0).await.unwrap();
    assert!(trail.iter().any(|entry| matches!(entry.event, AuditEvent::Decided(_))), "{trail:?}");
    assert_eq!(alone, (1, trail.len()));
}
