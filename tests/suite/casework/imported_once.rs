//! A list that is sent again with its key is loaded once.

use std::sync::Arc;

use contact_gateway::ports::Store;
use contact_gateway::ports::documents::Listing;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::office::Answer;

const STAFF: [(&str, &str); 2] = [("Max", "manager"), ("Moe", "manager")];

fn list(name: &str) -> String {
    json!([
        {"id": "P-1", "name": name, "identifiers": [{"kind": "email", "value": "jo@home.example"}]},
        {"id": "P-2", "name": "Al", "restrictions": []}
    ])
    .to_string()
}

async fn post(office: &CaseOffice, by: &str, query: &str, key: &str, list: String) -> Answer {
    let path = format!("/api/v1/imports{query}");
    office.ask("POST", by, &path, &[("idempotency-key", key)], list).await
}

/// How many imports the trail has.
async fn imports(office: &CaseOffice) -> usize {
    let entries = office.store.audit(&office.organisation.id, 0, 500).await.unwrap();
    let is_import = |entry: &Value| entry["event"] == "imported";
    entries.iter().filter(|one| is_import(&json!(one.event))).count()
}

async fn keys(office: &CaseOffice) -> usize {
    let listing = Listing::of("id");
    let page = office.store.documents(&office.organisation.id, "import_key", listing).await;
    page.unwrap().documents.len()
}

async fn one_import(store: Arc<dyn Store>) {
    let office = CaseOffice::open(store, profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let (one, other) = tokio::join!(
        post(&office, "Max", "", "load-1", list("Jo")),
        post(&office, "Max", "", "load-1", list("Jo")),
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200), "{one:?} {other:?}");
    assert_eq!(one.json(), other.json());
    assert_eq!(
        (one.json()["people"].clone(), one.json()["unchanged"].clone()),
        (json!(2), json!(0))
    );
    let later = post(&office, "Max", "", "load-1", list("Jo")).await;
    assert_eq!(later.json(), one.json(), "not that nothing changed");
    assert_eq!(imports(&office).await, 1);

    // The key belongs to the list, its parameters and its sender.
    for (query, list) in [("", list("Joe")), ("?missing=end", list("Jo"))] {
        let reused = post(&office, "Max", query, "load-1", list).await;
        assert_eq!((reused.status.as_u16(), reused.problem().as_str()), (422, "refused"));
    }
    let of_another = post(&office, "Moe", "", "load-1", list("Jo")).await;
    assert_eq!(of_another.json()["unchanged"], 2);
    let dry = post(&office, "Max", "?dry_run=true", "load-1", list("Joe")).await;
    assert_eq!(dry.json()["would"].as_array().unwrap().len(), 1);
    for odd in ["", "two words", &"k".repeat(256)] {
        let refused = post(&office, "Max", "", odd, list("Jo")).await;
        assert_eq!(refused.status, 422, "{odd}");
    }

    // After a day the list is checked again, and expired keys are removed.
    assert_eq!(keys(&office).await, 2);
    office.clock.set("2026-03-03T09:00:01Z".parse().unwrap());
    let again = post(&office, "Max", "", "load-2", list("Jo")).await;
    assert_eq!(again.json()["unchanged"], 2);
    assert_eq!(keys(&office).await, 3, "an import removes none");
    let (desk, other) = (office.desk(), office.desk());
    let id = &office.organisation.id;
    let (one, other) = tokio::join!(desk.forget_old_keys(id), other.forget_old_keys(id));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    assert_eq!(keys(&office).await, 1, "a valid key is not removed");
    assert_eq!(imports(&office).await, 1, "an import that changes nothing adds no entry");

    // An expired key can be used again, with the same list or with another.
    let same = post(&office, "Max", "", "load-2", list("Jo")).await;
    assert_eq!(same.json(), again.json());
    office.clock.set("2026-03-04T09:00:02Z".parse().unwrap());
    let (one, other) = tokio::join!(
        post(&office, "Max", "", "load-2", list("Joe")),
        post(&office, "Max", "", "load-2", list("Joe")),
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (200, 200), "{one:?} {other:?}");
    assert_eq!((one.json()["unchanged"].clone(), one.json()), (json!(1), other.json()));
    assert_eq!(imports(&office).await, 2);
    office.clock.set("2026-03-05T09:00:03Z".parse().unwrap());
    let same = post(&office, "Max", "", "load-2", list("Joe")).await;
    assert_eq!((same.status.as_u16(), same.json()["unchanged"].clone()), (200, json!(2)));
    assert_eq!(keys(&office).await, 1);
    let reused = post(&office, "Max", "", "load-2", list("Jo")).await;
    assert_eq!(reused.status.as_u16(), 422, "it is valid for another day");
}

#[tokio::test]
async fn a_list_that_is_sent_again_under_its_key_is_loaded_once() {
    one_import(Memory::new()).await;
    let folder = tempfile::tempdir().unwrap();
    one_import(Embedded::open(&folder.path().join("store")).unwrap()).await;
}

/// What the first answer said was done stays done, whatever the policy says of the same list by now.
#[tokio::test]
async fn a_list_that_is_sent_again_gets_the_first_answer_under_another_policy_too() {
    let store: Arc<dyn Store> = Memory::new();
    let tuntum = profile(&shipped("tuntum.toml"), None);
    let mut other = tuntum.clone();
    other.grounds.retain(|ground| ground.name != "demands");
    let [office, changed] = [tuntum, other].map(|policy| {
        let office = CaseOffice::open(Arc::clone(&store), policy, &staff(&STAFF));
        office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
        office
    });
    let list = json!([{
        "id": "P-1", "name": "Jo",
        "case": {"incidents": [{
            "id": "I-1", "ground": "demands", "happened": "2026-01-10", "channel": "telephone",
            "what": "Thirty calls in one day."
        }]}
    }]);
    let first = post(&office, "Max", "", "load-1", list.to_string()).await;
    assert_eq!(first.status, 200, "{first:?}");
    let again = post(&changed, "Max", "", "load-1", list.to_string()).await;
    assert_eq!((again.status.as_u16(), again.json()), (200, first.json()));
    let new = post(&changed, "Max", "", "load-2", list.to_string()).await;
    assert_eq!((new.status.as_u16(), new.problem().as_str()), (422, "invalid-record"));
}
