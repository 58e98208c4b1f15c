//! What staff see of a person whose records are merged: timeline, case and own record of all of them, each entry
//! with its record, whichever is opened; parted, each has its own again.

use std::collections::BTreeMap;
use std::sync::Arc;

use contact_gateway::domain::person::Person;
use contact_gateway::ports::Store;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

fn person(id: &str, restriction: &str) -> Person {
    let address = format!("{}@home.example", id.to_lowercase());
    serde_json::from_value(json!({
        "id": id, "name": format!("Jo {id}"),
        "identifiers": [{"kind": "email", "value": address}],
        "restrictions": [{
            "id": restriction, "kind": "contact_quota", "limit": 9, "per": "week",
            "grounds": "demands", "clause": "8.3", "starts": "2026-01-05",
            "review_due": "2026-07-06", "decided_by": "Max"
        }]
    }))
    .unwrap()
}

async fn mail(office: &CaseOffice, id: &str, of: &str) {
    let address = format!("{}@home.example", of.to_lowercase());
    let contact = json!({
        "id": id, "channel": "email", "at": "2026-02-10T09:00:00Z",
        "from": [{"kind": "email", "value": address, "assurance": "proven"}],
        "to": ["repairs@office.example"], "subject": "The roof", "text": "Please answer me."
    });
    office.contact(&serde_json::from_value(contact).unwrap()).await;
}

async fn incident(office: &CaseOffice, of: &str, id: &str) {
    let act = json!({
        "act": "record_incident", "id": id, "ground": "demands", "severity": "ordinary",
        "happened_at": "2026-02-09T09:00:00Z", "channel": "telephone", "what": "Calls all day."
    });
    made(&office.step("Ann", of, act).await);
}

async fn read(office: &CaseOffice, path: &str) -> Value {
    let headers = [("accept", "application/json")];
    let answer = office.ask("GET", "Bo", path, &headers, String::new()).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()
}

/// The whole timeline, page by page: what each entry is about, by its number, and on which record.
async fn timeline(office: &CaseOffice, of: &str, page: usize) -> Vec<(u64, String, Value)> {
    let (mut found, mut after) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/people/{of}/timeline?limit={page}{after}");
        let read = read(office, &path).await;
        for one in read["entries"].as_array().unwrap() {
            let about = one["contact"].as_str().or(one["act"].as_str()).or(one["event"].as_str());
            found.push((
                one["number"].as_u64().unwrap(),
                about.unwrap().to_owned(),
                one["record"].clone(),
            ));
        }
        match read["next"].as_u64() {
            Some(next) => after = format!("&after={next}"),
            None => return found,
        }
    }
}

/// Which record each entry of a list is on.
fn records(list: &Value) -> BTreeMap<String, Value> {
    let list = list.as_array().unwrap().iter();
    list.map(|one| (one["id"].as_str().unwrap().to_owned(), one["record"].clone())).collect()
}

async fn has_all_in_its_timeline(office: &CaseOffice, who: &str) {
    let whole = timeline(office, who, 50).await;
    // Page by page it is the same, each entry once, newest first.
    assert_eq!(timeline(office, who, 2).await, whole);
    let numbers: Vec<u64> = whole.iter().map(|(number, ..)| *number).collect();
    assert!(numbers.is_sorted_by(|a, b| a > b), "{numbers:?}");
    let of: BTreeMap<&str, &Value> =
        whole.iter().map(|(_, about, record)| (about.as_str(), record)).collect();
    for (contact, record) in [("c-0", "P-1"), ("c-1", "P-2"), ("c-2", "P-1"), ("c-3", "P-2")] {
        assert_eq!(of[contact], record, "{who}: {whole:?}");
    }
    let steps = whole.iter().filter(|(_, about, _)| about == "record_incident");
    assert_eq!(steps.count(), 2, "{whole:?}");
    let shown = read(office, &format!("/api/v1/people/{who}/timeline")).await;
    assert_eq!(shown["counts"]["contacts"], 4, "{shown}");
}

async fn has_all_in_its_case_and_record(office: &CaseOffice, who: &str) {
    let case = read(office, &format!("/api/v1/people/{who}/case")).await;
    let whose = |id: &str| json!(id);
    let incidents = [("I-1".to_owned(), whose("P-1")), ("I-2".to_owned(), whose("P-2"))];
    assert_eq!(records(&case["incidents"]), BTreeMap::from(incidents.clone()));
    let is_around = |one: &Value| one["contacts_around"] == json!({"hour": 0, "day": 4});
    assert!(case["incidents"].as_array().unwrap().iter().all(is_around), "{case}");
    let listed = read(office, &format!("/api/v1/people/{who}/incidents")).await;
    assert_eq!(records(&listed["incidents"]), BTreeMap::from(incidents));
    let restrictions = [("R-1".to_owned(), whose("P-1")), ("R-2".to_owned(), whose("P-2"))];
    assert_eq!(records(&case["restrictions"]), BTreeMap::from(restrictions));
    assert_eq!(case["in_force"].as_array().unwrap().len(), 2, "{case}");
    assert_eq!(case["records"][0]["person"], who, "the one that was opened comes first");

    let own = read(office, &format!("/api/v1/people/{who}/record")).await;
    let record = &own["record"];
    assert_eq!(record["other_records"].as_array().unwrap().len(), 1, "{own}");
    assert_eq!(record["contacts"].as_array().unwrap().len(), 4, "{own}");
    let mut whose: Vec<&str> = record["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["record"].as_str().unwrap())
        .collect();
    whose.sort_unstable();
    assert_eq!(whose, ["P-1", "P-1", "P-2", "P-2"]);
    let all = own.to_string();
    assert_eq!(all.matches("Calls all day.").count(), 2, "{own}");
}

async fn together_and_apart(store: Arc<dyn Store>) {
    let people = vec![person("P-1", "R-1"), person("P-2", "R-2")];
    let now = "2026-02-11T09:00:00Z";
    let office = CaseOffice::enforcing_during_appeals(store, now, people).await;
    for number in 0..4 {
        mail(&office, &format!("c-{number}"), if number % 2 == 0 { "P-1" } else { "P-2" }).await;
    }
    incident(&office, "P-1", "I-1").await;
    incident(&office, "P-2", "I-2").await;
    let apart = (timeline(&office, "P-1", 50).await, timeline(&office, "P-2", 50).await);
    assert!(apart.0.iter().chain(&apart.1).all(|(_, _, record)| record.is_null()), "{apart:?}");
    let cases_before = (
        read(&office, "/api/v1/people/P-1/case").await,
        read(&office, "/api/v1/people/P-2/case").await,
    );
    assert!(!cases_before.0.to_string().contains("\"record\""), "{}", cases_before.0);

    let body = json!({"other": "P-2", "why": "One tenancy, two spellings."});
    let done = office.post("Bo", "/api/v1/people/P-1/merges", &body).await;
    assert_eq!(done.status, 201, "{done:?}");
    let merge = done.json()["id"].as_str().unwrap().to_owned();
    for who in ["P-1", "P-2"] {
        has_all_in_its_timeline(&office, who).await;
        has_all_in_its_case_and_record(&office, who).await;
    }

    let path = format!("/api/v1/people/P-2/merges/{merge}/reversal");
    let parted = office.post("Bo", &path, &json!({"why": "Two sisters."})).await;
    assert_eq!(parted.status, 200, "{parted:?}");
    for (who, before) in [("P-1", apart.0), ("P-2", apart.1)] {
        let after = timeline(&office, who, 50).await;
        let known = |one: &(u64, String, Value)| !["merged", "unmerged"].contains(&one.1.as_str());
        let after: Vec<_> = after.into_iter().filter(known).collect();
        assert_eq!(after, before, "{who}");
        let own = read(&office, &format!("/api/v1/people/{who}/record")).await;
        assert_eq!(own["record"]["contacts"].as_array().unwrap().len(), 2, "{own}");
        assert!(own["record"]["other_records"].is_null(), "{own}");
    }
    let cases = (
        read(&office, "/api/v1/people/P-1/case").await,
        read(&office, "/api/v1/people/P-2/case").await,
    );
    assert_eq!(cases, cases_before);
}

#[tokio::test]
async fn what_is_on_either_record_is_seen_on_both_until_they_are_parted() {
    together_and_apart(Memory::new()).await;
    let folder = tempfile::tempdir().unwrap();
    together_and_apart(Embedded::open(&folder.path().join("store")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_on_redis() {
    for ground in [servers::single().await, servers::cluster().await] {
        together_and_apart(ground.gateway()).await;
    }
}
