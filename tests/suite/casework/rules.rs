//! What holds of every step through the API: versions, roles, the trail, and that nothing else changes a
//! status.

use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, codes, made, profile, shipped, staff};

const STAFF: [(&str, &str); 4] = [
    ("Ann", "agent"),
    ("Max", "customer_excellence_leader"),
    ("Pat", "program"),
    ("Gil", "governance"),
];

fn person() -> Person {
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week", "grounds": "demands",
            "clause": "8.3", "starts": "2026-11-01", "review_due": "2027-05-01",
            "decided_by": "Max"
        }]
    }))
    .unwrap()
}

async fn office() -> CaseOffice {
    let office =
        CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set("2026-11-23T10:00:00Z".parse().unwrap());
    office.put_on_record(vec![person()]).await;
    office
}

fn incident() -> Value {
    json!({
        "ground": "demands", "severity": "ordinary", "happened_at": "2026-11-20T09:00:00Z",
        "channel": "telephone", "what": "Forty calls in one morning."
    })
}

async fn version(office: &CaseOffice) -> u64 {
    let read = office.get("Ann", "/api/v1/people/P-1/case").await;
    assert_eq!(read.headers["etag"], format!("\"{}\"", read.json()["version"]));
    read.json()["version"].as_u64().unwrap()
}

#[tokio::test]
async fn a_step_names_the_version_it_is_made_on_or_goes_by_what_is_there() {
    let office = office().await;
    let path = "/api/v1/people/P-1/incidents";
    let body = incident().to_string();
    let on = |version: &'static str| [("if-match", version)];
    let first = office.ask("POST", "Ann", path, &on("\"0\""), body.clone()).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.headers["etag"], "\"1\"");
    assert_eq!(first.json()["made"]["id"], "P-1-I-1");

    let late = office.ask("POST", "Ann", path, &on("\"0\""), body.clone()).await;
    assert_eq!((late.status.as_u16(), late.problem().as_str()), (412, "changed"));
    assert_eq!(late.json()["version"], 1);
    assert_eq!(version(&office).await, 1, "nothing was done");

    let whichever = office.post("Ann", path, &incident()).await;
    assert_eq!(whichever.json()["version"], 2);
    let odd = office.ask("POST", "Ann", path, &on("2"), body).await;
    assert_eq!(odd.status, 400);
}

#[tokio::test]
async fn two_desks_at_once_take_every_step_once() {
    let office = office().await;
    let path = "/api/v1/people/P-1/incidents";
    let incident = incident();
    let several = (0..8).map(|_| office.post("Ann", path, &incident));
    for answer in futures_util::future::join_all(several).await {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    let listed = office.get("Ann", path).await.json();
    assert_eq!(listed["incidents"].as_array().unwrap().len(), 8);
    assert_eq!(listed["incidents"][0]["state"], "open");
    assert_eq!(version(&office).await, 8);
    let all = office.get("Ann", "/api/v1/incidents?state=open").await.json();
    assert_eq!(all["incidents"].as_array().unwrap().len(), 8);
    assert_eq!(all["incidents"][0]["person"], "P-1");
}

#[tokio::test]
async fn a_refusal_lists_everything_with_its_code_and_key() {
    let office = office().await;
    let empty = office.post("Ann", "/api/v1/people/P-1/incidents", &json!({})).await;
    assert_eq!((empty.status.as_u16(), empty.problem().as_str()), (422, "step-refused"));
    assert_eq!(codes(&empty), ["field.missing"; 5]);
    let keys: Vec<Value> =
        empty.json()["broken"].as_array().unwrap().iter().map(|one| one["key"].clone()).collect();
    assert_eq!(keys, ["ground", "severity", "happened_at", "channel", "what"]);

    let misspelt = json!({"grounds": "demands"});
    let unknown = office.post("Ann", "/api/v1/people/P-1/incidents", &misspelt).await;
    assert_eq!((unknown.status.as_u16(), unknown.problem().as_str()), (422, "unknown-key"));
    assert!(unknown.json()["detail"].as_str().unwrap().contains("`grounds`"));
    let other = json!({"act": "lift"});
    assert_eq!(office.post("Ann", "/api/v1/people/P-1/incidents", &other).await.status, 422);
    let nobody = office.post("Ann", "/api/v1/people/P-9/incidents", &incident()).await;
    assert_eq!(nobody.status, 404);
}

#[tokio::test]
async fn roles_take_the_steps_that_are_theirs() {
    let office = office().await;
    made(&office.post("Ann", "/api/v1/people/P-1/incidents", &incident()).await);
    let warning = json!({
        "incidents": ["P-1-I-1"], "kind": "informal", "medium": "verbal",
        "behaviour": "Forty calls.", "must_change": "One call a day."
    });
    let agent = office.post("Ann", "/api/v1/people/P-1/warnings", &warning).await;
    assert_eq!((agent.status.as_u16(), codes(&agent)), (403, vec!["role.not_allowed".to_owned()]));
    made(&office.post("Max", "/api/v1/people/P-1/warnings", &warning).await);
    let program = office.post("Pat", "/api/v1/people/P-1/incidents", &incident()).await;
    assert_eq!((program.status.as_u16(), program.problem().as_str()), (403, "role-not-allowed"));
}

#[tokio::test]
async fn the_trail_says_what_happened_and_nothing_that_was_written() {
    let office = office().await;
    made(&office.post("Ann", "/api/v1/people/P-1/incidents", &incident()).await);
    let trail = office.get("Gil", "/api/v1/audit").await.json();
    let entries = trail["entries"].as_array().unwrap();
    let step = entries.iter().find(|entry| entry["event"] == "step").unwrap();
    assert_eq!(
        *step,
        json!({
            "number": step["number"], "at": "2026-11-23T10:00:00Z", "by": "Ann", "event": "step",
            "act": "record_incident", "person": "P-1", "version": 1, "about": "P-1-I-1",
            "facts": {"ground": "demands", "severity": "ordinary", "channel": "telephone"}
        })
    );
    assert!(!trail.to_string().contains("Forty"));
}

#[tokio::test]
async fn only_a_step_changes_a_status() {
    let office = office().await;
    let mut held = json!(person().restrictions[0]);
    held["status"] = json!("lifted");
    let put = office.ask("PUT", "Max", "/api/v1/restrictions/R-1", &[], held.to_string()).await;
    assert_eq!((put.status.as_u16(), put.problem().as_str()), (409, "step-needed"), "{put:?}");
    assert_eq!(put.json()["step"], "lift");
    let mut record = json!(person());
    record["restrictions"][0]["status"] = json!("quashed");
    let path = "/api/v1/people/P-1";
    let put = office.ask("PUT", "Max", path, &[], record.to_string()).await;
    assert_eq!(put.json()["step"], "decide_appeal");
    let patch = json!({"restrictions": []}).to_string();
    let patched = office.ask("PATCH", "Max", path, &[], patch).await;
    assert_eq!((patched.status.as_u16(), patched.json()["step"].as_str()), (409, Some("lift")));

    // What was decided elsewhere may be written as it is known there.
    let mut known = json!(person().restrictions[0]);
    known["limit"] = json!(2);
    let put = office.ask("PUT", "Max", "/api/v1/restrictions/R-1", &[], known.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
}

#[tokio::test]
async fn what_was_decided_elsewhere_says_what_is_missing() {
    let office = office().await;
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    assert_eq!(case["in_force"], json!(["R-1"]));
    assert_eq!(case["restraints"][0]["decided_elsewhere"], true);
    let missing: Vec<&str> = case["missing"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["what"].as_str().unwrap())
        .collect();
    assert_eq!(missing, ["letter", "incident", "signed_off_by"]);
}

#[tokio::test]
async fn two_gateways_that_follow_the_trail_count_each_contact_once() {
    let office = office().await;
    for (number, id) in ["c-1", "c-2", "c-3"].into_iter().enumerate() {
        let contact = json!({
            "id": id, "channel": "email", "at": format!("2026-11-23T09:0{number}:00Z"),
            "from": [{"kind": "email", "value": "jo@home.example"}],
            "to": ["repairs@office.example"], "subject": "Again", "text": "The same."
        });
        office.contact(&serde_json::from_value(contact).unwrap()).await;
    }
    let (one, other) = (office.desk(), office.desk());
    let organisation = &office.organisation;
    let (first, second) =
        tokio::join!(one.keep_house(organisation), other.keep_house(organisation));
    first.unwrap();
    second.unwrap();
    one.keep_house(organisation).await.unwrap();
    let path = "/api/v1/reports/contacts_by_disposition?from=2026-11-23&to=2026-11-23";
    let figures = office.get("Ann", path).await.json();
    let counted = json!({"deliver": 1, "limit": 2});
    assert_eq!(figures["figures"], json!({ "contacts_by_disposition": counted }));
    let unknown = office.get("Ann", "/api/v1/reports/nothing").await;
    assert_eq!(unknown.status, 404);
    let at = |text: &str| text.parse().unwrap();
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-11-23T09:02:00Z"));
    let timeline = one.timeline(organisation, "P-1", from, to).await.unwrap();
    let ids: Vec<&str> = timeline.iter().map(|one| one.contact.as_str()).collect();
    assert_eq!(ids, ["c-1", "c-2"], "half open");
}
