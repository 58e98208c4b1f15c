//! The trail's index may lack entries about somebody: neither a copy of their record nor an erasure relies on it.

use std::sync::Arc;

use chrono::TimeDelta;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::erasure::{key, no_mail};
use super::export::{record, with_contacts};
use super::left::{everything, naming};
use crate::office::{GOVERNANCE, Office};
use crate::store_contract::servers;

/// What of the index is removed.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lacks {
    Some,
    All,
}

/// Contacts, and what was done with the record.
async fn lists(office: &Office) -> (Value, Vec<Value>) {
    let whole = record(office, "application/json").await.json();
    assert_eq!(whole["is_whole"], true, "{whole}");
    let list = |name: &str| whole["record"][name].clone();
    (list("contacts"), list("deeds").as_array().unwrap().clone())
}

async fn nothing_is_missed(store: Arc<dyn Store>, unlist: impl AsyncFn(Lacks)) {
    let office = with_contacts(store).await;
    let (contacts, deeds) = lists(&office).await;
    assert_eq!(contacts.as_array().unwrap().len(), 3);
    for (lacks, copies) in [(Lacks::Some, 1), (Lacks::All, 2)] {
        unlist(lacks).await;
        let (contacts_now, deeds_now) = lists(&office).await;
        assert_eq!(contacts_now, contacts);
        // That a copy was made is on the next one.
        assert_eq!(deeds_now.len(), deeds.len() + copies);
        assert_eq!(deeds_now[..deeds.len()], deeds);
    }

    let body = json!({"clause": "Art. 17(1)(d)", "despite": "Unlawfully held."});
    let asked = office.post(GOVERNANCE, "/api/v1/people/P-1/erasure", &body).await;
    assert_eq!(asked.status, 201, "{}", asked.json());
    unlist(Lacks::All).await;
    let (desk, of) = (office.desk(), office.tuntum.id.clone());
    let proof = desk.approve_erasure(&office.tuntum, "P-1", "Max Manager").await.unwrap();
    assert!(proof.is_complete, "{proof:?}");
    assert_eq!(proof.removed["contacts"], 3, "{proof:?}");
    office.clock.forward(TimeDelta::minutes(2));
    desk.seal(&of, &key()).await.unwrap();
    office.clock.forward(TimeDelta::minutes(20));
    desk.finish_what_was_left(&office.tuntum, &no_mail()).await.unwrap();
    let left = everything(office.store.as_ref(), &of, &["c-1", "c-2", "c-3"]).await;
    assert_eq!(naming(&left, &["P-1", "jo@home.example", "\"c-"]), Vec::<&String>::new());
    let trail = desk.verify_trail(&of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_that_the_index_lacks_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let database = Connection::open(Embedded::file(folder.path())).unwrap();
    let unlist = async |lacks: Lacks| {
        let all = "DELETE FROM audit_mark WHERE mark = 'person:P-1'";
        let some = "DELETE FROM audit_mark WHERE mark = 'person:P-1' AND number % 2 = 0";
        let sql = if lacks == Lacks::All { all } else { some };
        assert!(database.execute(sql, ()).unwrap() > 0);
    };
    nothing_is_missed(store, unlist).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_that_the_index_lacks_on_redis() {
    let ground = servers::single().await;
    let unlist = async |lacks: Lacks| {
        let last = if lacks == Lacks::All { "-1" } else { "1" };
        let words = ["ZREMRANGEBYRANK", "cg1:{tuntum}:marked:person:P-1", "0", last];
        let gone: i64 = ground.servers[0].say(&words).await.unwrap();
        assert!(gone > 0);
    };
    nothing_is_missed(ground.redis(), unlist).await;
}

/// More than a piece is listed, and more than a piece is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_record_that_the_index_has_in_part_comes_whole_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::on(Embedded::open(folder.path()).unwrap()).and_person().await;
    for number in 1..=70 {
        office.mail(&format!("c-{number}")).await;
    }
    let (contacts, _) = lists(&office).await;
    assert_eq!(contacts.as_array().unwrap().len(), 70);
    let database = Connection::open(Embedded::file(folder.path())).unwrap();
    for sql in [
        "DELETE FROM audit_mark WHERE mark = 'person:P-1' AND number % 3 = 0",
        "DELETE FROM audit_mark WHERE mark = 'person:P-1' AND number < 50",
        "DELETE FROM audit_mark WHERE mark = 'person:P-1'",
    ] {
        assert!(database.execute(sql, ()).unwrap() > 0, "{sql}");
        assert_eq!(lists(&office).await.0, contacts, "{sql}");
    }
}
