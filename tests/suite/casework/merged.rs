//! Two records of one person: enforced and counted together, and parted again as if nothing had been.

use std::sync::Arc;

use contact_gateway::domain::person::Person;
use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::rig::{CaseOffice, codes};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

fn quota(id: &str) -> Value {
    json!({
        "id": id, "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    })
}

fn only(id: &str, channel: &str) -> Value {
    json!({
        "id": id, "kind": "channels_only", "channels": [channel], "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    })
}

fn person(id: &str, restrictions: &[Value]) -> Person {
    let address = format!("{}@home.example", id.to_lowercase());
    serde_json::from_value(json!({
        "id": id, "name": format!("Jo {id}"),
        "identifiers": [{"kind": "email", "value": address}], "restrictions": restrictions
    }))
    .unwrap()
}

async fn office(store: Arc<dyn Store>, people: Vec<Person>) -> CaseOffice {
    CaseOffice::enforcing_during_appeals(store, "2026-02-11T09:00:00Z", people).await
}

/// An e-mail on the Tuesday of one week, so many minutes after nine, from addresses of these records.
async fn mail(office: &CaseOffice, id: &str, minute: u32, of: &[&str]) -> Value {
    let from: Vec<Value> = of
        .iter()
        .map(|one| {
            let address = format!("{}@home.example", one.to_lowercase());
            json!({"kind": "email", "value": address, "assurance": "proven"})
        })
        .collect();
    let contact = json!({
        "id": id, "channel": "email", "at": format!("2026-02-10T09:{minute:02}:00Z"), "from": from,
        "to": ["repairs@office.example"], "subject": "The roof", "text": "Please answer me."
    });
    let decision = office.contact(&serde_json::from_value(contact).unwrap()).await;
    serde_json::to_value(decision).unwrap()
}

async fn merge(office: &CaseOffice) -> String {
    let body = json!({"other": "P-2", "why": "One tenancy, two spellings."});
    let done = office.post("Bo", "/api/v1/people/P-1/merges", &body).await;
    assert_eq!(done.status, 201, "{done:?}");
    done.json()["id"].as_str().unwrap().to_owned()
}

async fn part(office: &CaseOffice, merge: &str) -> Value {
    let path = format!("/api/v1/people/P-2/merges/{merge}/reversal");
    let done = office.post("Bo", &path, &json!({"why": "Two sisters."})).await;
    assert_eq!(done.status, 200, "{done:?}");
    done.json()
}

async fn record(office: &CaseOffice, id: &str) -> Value {
    office.get("Ann", &format!("/api/v1/people/{id}")).await.json()
}

/// The counters of both count together, and after that each its own again; on any store.
async fn counted_together_and_apart(store: Arc<dyn Store>) {
    let people = vec![person("P-1", &[quota("R-1")]), person("P-2", &[quota("R-2")])];
    let office = office(store, people).await;
    let before = (record(&office, "P-1").await, record(&office, "P-2").await);
    // Each has had one of two.
    assert_eq!(mail(&office, "c-1", 1, &["P-1"]).await["disposition"], "deliver");
    assert_eq!(mail(&office, "c-2", 2, &["P-2"]).await["disposition"], "deliver");

    let shown = office.get("Bo", "/api/v1/people/P-1/merges/preview?other=P-2").await.json();
    assert_eq!(shown["broken"], json!([]), "{shown}");
    assert_eq!(shown["way_open"], true);
    let used = |quotas: &Value| -> Vec<u64> {
        quotas.as_array().unwrap().iter().map(|one| one["used"].as_u64().unwrap()).collect()
    };
    assert_eq!(used(&shown["quotas_before"]), [1, 1], "{shown}");
    assert_eq!(used(&shown["quotas_after"]), [2, 2], "{shown}");
    assert_eq!(record(&office, "P-1").await, before.0, "a preview changes nothing");

    let id = merge(&office).await;
    // Two of two are used, whichever address the next comes from.
    assert_eq!(mail(&office, "c-3", 3, &["P-2"]).await["disposition"], "limit");
    let fourth = mail(&office, "c-4", 4, &["P-1"]).await;
    assert_eq!((&fourth["disposition"], &fourth["person"]), (&json!("limit"), &json!("P-1")));
    // From both at once, it is one person's, and can't be divided.
    let both = mail(&office, "c-5", 5, &["P-2", "P-1"]).await;
    assert_eq!((&both["disposition"], &both["person"]), (&json!("limit"), &json!("P-1")), "{both}");

    let parted = part(&office, &id).await;
    assert_eq!(parted["undone"]["undivided"], json!(["c-5"]), "{parted}");
    // Each has one place again: its own contact takes it, and goes on its way.
    let mut released: Vec<&str> =
        parted["released"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    released.sort_unstable();
    assert_eq!(released, ["c-3", "c-4"], "{parted}");
    assert_eq!((office.times_released("c-3"), office.times_released("c-4")), (1, 1));
    assert_eq!((record(&office, "P-1").await, record(&office, "P-2").await), before);
    assert_eq!(mail(&office, "c-6", 6, &["P-1"]).await["disposition"], "limit");
    assert_eq!(mail(&office, "c-7", 7, &["P-2"]).await["disposition"], "limit");

    // What was done, and why, is on the trail of both.
    for who in ["P-1", "P-2"] {
        let trail = office.get("Bo", &format!("/api/v1/audit?person={who}&limit=100")).await;
        let trail = trail.json().to_string();
        assert!(trail.contains("\"merged\"") && trail.contains("two spellings"), "{trail}");
        assert!(trail.contains("\"unmerged\"") && trail.contains("Two sisters"), "{trail}");
        let merges = office.get("Ann", &format!("/api/v1/people/{who}/merges")).await.json();
        assert_eq!(merges["merges"][0]["undone"]["by"], "Bo", "{merges}");
    }
}

#[tokio::test]
async fn both_counters_are_right_while_merged_and_afterwards() {
    counted_together_and_apart(Memory::new()).await;
    let folder = tempfile::tempdir().unwrap();
    counted_together_and_apart(Embedded::open(&folder.path().join("store")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_redis() {
    for ground in [servers::single().await, servers::cluster().await] {
        counted_together_and_apart(ground.gateway()).await;
    }
}

#[tokio::test]
async fn what_restricts_one_restricts_both_until_they_are_parted() {
    let people = vec![person("P-1", &[only("R-1", "letter")]), person("P-2", &[])];
    let office = office(Memory::new(), people).await;
    assert_eq!(mail(&office, "c-1", 1, &["P-2"]).await["disposition"], "deliver");
    let id = merge(&office).await;
    let limited = mail(&office, "c-2", 2, &["P-2"]).await;
    assert_eq!((&limited["disposition"], &limited["person"]), (&json!("limit"), &json!("P-2")));
    // An appeal that quashes it lets go what it held of either record.
    let parted = part(&office, &id).await;
    assert_eq!(parted["released"], json!(["c-2"]));
    assert_eq!(mail(&office, "c-3", 3, &["P-2"]).await["disposition"], "deliver");
}

#[tokio::test]
async fn everything_that_keeps_records_apart_is_named_at_once() {
    let people = vec![
        person("P-1", &[only("R-1", "letter")]),
        person("P-2", &[only("R-1", "telephone")]),
        person("P-3", &[]),
    ];
    let office = office(Memory::new(), people).await;
    let asked = |other: &str| json!({"other": other, "why": "The same."});
    let path = "/api/v1/people/P-1/merges";
    let refused = office.post("Bo", path, &asked("P-2")).await;
    assert_eq!(refused.status, 422, "{refused:?}");
    assert_eq!(codes(&refused), ["merge.same_restriction", "open_way.none"]);
    let shown = office.get("Bo", "/api/v1/people/P-1/merges/preview?other=P-2").await.json();
    assert_eq!((&shown["way_open"], shown["broken"].as_array().unwrap().len()), (&json!(false), 2));
    assert_eq!(codes(&office.post("Bo", path, &asked("P-1")).await), ["merge.same"]);
    assert_eq!(
        codes(&office.post("Bo", path, &json!({"other": "P-3", "why": " "})).await),
        ["field.missing"]
    );
    assert_eq!(office.post("Bo", path, &asked("P-9")).await.status, 404);
    assert_eq!(office.post("Ann", path, &asked("P-3")).await.status, 403);

    // Somebody changed the record since it was read.
    let stale = [("if-match", "\"0000\"")];
    let body = asked("P-3").to_string();
    let changed = office.ask("POST", "Bo", path, &stale, body).await;
    assert_eq!(changed.status, 412, "{changed:?}");

    assert_eq!(office.post("Bo", path, &asked("P-3")).await.status, 201);
    // What is merged is merged into nothing else, and nothing into it.
    let again = office.post("Bo", "/api/v1/people/P-2/merges", &asked("P-3")).await;
    assert_eq!(codes(&again), ["merge.already"], "{}", again.json());
    let into = office.post("Bo", "/api/v1/people/P-3/merges", &asked("P-2")).await;
    assert!(codes(&into).contains(&"merge.already".to_owned()), "{}", into.json());
    // No change of a record parts them.
    let mut alone = record(&office, "P-3").await;
    alone.as_object_mut().unwrap().remove("merged_into");
    alone["name"] = json!("Jo Three");
    let put = office.ask("PUT", "Bo", "/api/v1/people/P-3", &[], alone.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
    assert_eq!(record(&office, "P-3").await["merged_into"], "P-1");
}

#[tokio::test]
async fn a_proposal_leaves_a_way_over_all_records_together() {
    let people = vec![person("P-1", &[only("R-1", "letter")]), person("P-2", &[])];
    let office = office(Memory::new(), people).await;
    let propose = json!({
        "act": "propose", "id": "PR-1", "restriction": {"id": "R-2", "kind": "channels_only",
        "channels": ["telephone"], "grounds": "demands", "starts": "2026-02-12"}, "incidents": []
    });
    let broken = |answer: &crate::office::Answer| answer.json()["broken"].to_string();
    let alone = office.step("Bo", "P-2", propose.clone()).await;
    assert!(!broken(&alone).contains("open_way.none"), "{}", alone.json());
    merge(&office).await;
    let together = office.step("Bo", "P-2", propose).await;
    assert!(broken(&together).contains("open_way.none"), "{}", together.json());
}

/// What is decided of contacts from either record, in this order, before and after a merge that is undone, or
/// with none.
async fn decided(before: &[bool], after: &[bool], kinds: &[bool; 2], merged: bool) -> Vec<Value> {
    let restriction = |id: &str, is_quota: bool| {
        if is_quota { quota(id) } else { only(id, "letter") }
    };
    let people = vec![
        person("P-1", &[restriction("R-1", kinds[0])]),
        person("P-2", &[restriction("R-2", kinds[1])]),
    ];
    let office = office(Memory::new(), people).await;
    let mut found = Vec::new();
    let mut minute = 0;
    let mut send = async |of: &bool, found: &mut Vec<Value>| {
        minute += 1;
        let of = if *of { "P-1" } else { "P-2" };
        found.push(mail(&office, &format!("c-{minute}"), minute, &[of]).await);
    };
    for of in before {
        send(of, &mut found).await;
    }
    if merged {
        let id = merge(&office).await;
        let parted = part(&office, &id).await;
        assert_eq!(parted["undone"]["undivided"], json!([]));
    }
    for of in after {
        send(of, &mut found).await;
    }
    found.push(record(&office, "P-1").await);
    found.push(record(&office, "P-2").await);
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_merge_that_is_undone_leaves_everything_as_if_there_had_been_none(
        before in prop::collection::vec(any::<bool>(), 0..6),
        after in prop::collection::vec(any::<bool>(), 1..6),
        kinds in any::<[bool; 2]>(),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let with = runtime.block_on(decided(&before, &after, &kinds, true));
        let without = runtime.block_on(decided(&before, &after, &kinds, false));
        prop_assert_eq!(with, without);
    }
}
