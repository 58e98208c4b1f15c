//! Staff say that a contact was not made by the person on whose record it is.

use std::sync::Arc;

use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use crate::office::{AGENT, GOVERNANCE, Office, STRANGER, letter};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

async fn limited(office: &Office) -> Vec<Value> {
    let listed = office.get(AGENT, "/api/v1/queues/limited").await.json();
    listed["items"].as_array().unwrap().clone()
}

/// One e-mail a week: somebody else's takes the place, and two of Jo's own are limited.
async fn a_count_is_given_back(office: Office) {
    for id in ["c-1", "c-2", "c-3"] {
        office.mail(id).await;
    }
    assert_eq!(limited(&office).await.len(), 2);
    let preview = office.post(AGENT, "/api/v1/decisions/preview", &letter("l-1")).await;
    assert_eq!(preview.json()["disposition"], "limit");

    // What was delivered has no item: it is named by its own id.
    let path = "/api/v1/contacts/c-1/not-theirs";
    let done = office.post(AGENT, path, &json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.json();
    assert_eq!((&done["contact"], &done["person"]), (&json!("c-1"), &json!("P-1")));
    // The place is the older one's; the other stays limited.
    assert_eq!(done["decided_again"], json!([{"item": "c-2", "disposition": "deliver"}]));
    let released: Vec<String> =
        office.released.done.lock().unwrap().iter().map(|(item, _)| item.clone()).collect();
    assert_eq!(released, ["c-2"]);
    let left = limited(&office).await;
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["id"], "c-3");
    let item = office.get(AGENT, "/api/v1/queues/limited/c-2").await.json();
    assert_eq!(item["state"], "released");
    assert!(item["notes"][0]["text"].as_str().unwrap().contains("Decided again"), "{item}");

    // Again: nothing more is given back.
    let again = office.post(AGENT, path, &json!({})).await.json();
    assert_eq!(again["decided_again"], json!([]));
    assert_eq!(office.released.done.lock().unwrap().len(), 1);

    // A limited one that is not theirs either comes off the record, and counts as nobody's.
    let path = "/api/v1/queues/limited/c-3/not-theirs";
    assert_eq!(office.post(AGENT, path, &json!({})).await.status, 200);
    let item = office.get(AGENT, "/api/v1/queues/limited/c-3").await.json();
    assert!(item["person"].is_null() && item["flags"].to_string().contains("not_theirs"), "{item}");
    let preview = office.post(AGENT, "/api/v1/decisions/preview", &letter("l-1")).await;
    assert_eq!(preview.json()["disposition"], "limit", "c-2 has the place");

    let trail = office.get(GOVERNANCE, "/api/v1/audit?limit=100").await.json();
    let said = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry.to_string().contains("not-theirs") && entry["by"] == "Ann Agent");
    assert!(said.count() >= 2, "{trail}");
}

#[tokio::test]
async fn its_count_is_given_back_and_what_it_limited_is_decided_again() {
    a_count_is_given_back(Office::on(Memory::new()).and_person().await).await;
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(&folder.path().join("store")).unwrap();
    a_count_is_given_back(Office::on(Arc::clone(&embedded) as _).and_person().await).await;
}

/// On every kind of Redis, one after the other: Sentinel and Cluster take long to make.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_redis() {
    for ground in [servers::single().await, servers::sentinel().await, servers::cluster().await] {
        a_count_is_given_back(Office::on(ground.gateway()).and_person().await).await;
    }
}

#[tokio::test]
async fn only_what_was_decided_for_somebody_of_ones_own_organisation() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    let unknown = office.post(AGENT, "/api/v1/contacts/c-9/not-theirs", &json!({})).await;
    assert_eq!(unknown.status, 404);
    let others = office.post(STRANGER, "/api/v1/contacts/c-1/not-theirs", &json!({})).await;
    assert_eq!(others.status, 404);
    let preview = office.post(AGENT, "/api/v1/decisions/preview", &letter("l-1")).await;
    assert_eq!(preview.json()["disposition"], "limit", "nothing was given back");
}
