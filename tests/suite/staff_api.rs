//! The staff listener, asked as its callers ask it.

use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use hyper::StatusCode;
use serde_json::{Value, json};

use crate::office::{
    AGENT, Answer, GOVERNANCE, MANAGER, ORIGINAL, OTHER_AGENT, Office, STRANGER, email, letter,
    person,
};

// === Signing in ===

#[tokio::test]
async fn nothing_but_health_is_served_without_a_token() {
    let office = Office::open();
    for path in ["/api/v1/queues", "/api/v1/openapi.json", "/metrics", "/no/such/route"] {
        let answer = office.ask("GET", None, path, String::new()).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(answer.problem(), "sign-in-needed");
        assert!(answer.headers.contains_key("www-authenticate"));
    }
    let wrong = office.get("no-such-token", "/api/v1/queues").await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    let live = office.ask("GET", None, "/health/live", String::new()).await;
    assert_eq!(live.status, StatusCode::OK);
}

#[tokio::test]
async fn readiness_says_which_part_is_not() {
    let office = Office::open();
    let ready = office.ask("GET", None, "/health/ready", String::new()).await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        ready.json(),
        json!({"ready": false, "parts": {"store": "ok", "downstream": "fault"}})
    );
    // In words, which may name a folder, only to those with a token.
    let ready = office.get(AGENT, "/health/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(ready.json()["parts"]["downstream"], "no connection");
    let wrong = office.get("no-such-token", "/health/ready").await;
    assert_eq!(wrong.json()["parts"]["downstream"], "fault");
    // Contacts may be sent here all the same: the gateway decides on what it knows.
    let serving = office.ask("GET", None, "/health/serving", String::new()).await;
    assert_eq!(serving.status, StatusCode::OK);
}

#[tokio::test]
async fn too_many_failed_sign_ins_are_told_to_wait_and_a_right_token_is_let_in() {
    let office = Office::open();
    let mut last = StatusCode::OK;
    for _ in 0..25 {
        last = office.get("guess", "/api/v1/queues").await.status;
    }
    assert_eq!(last, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(office.get(AGENT, "/api/v1/queues").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_organisation_that_is_not_the_tokens_is_refused() {
    let office = Office::open();
    let own = office.get(AGENT, "/api/v1/queues?organisation=tuntum").await;
    assert_eq!(own.status, StatusCode::OK);
    for path in [
        "/api/v1/queues?organisation=karbon",
        "/api/v1/contacts?organisation=karbon",
        "/metrics?organisation=nobody",
    ] {
        let method = if path.contains("contacts") { "POST" } else { "GET" };
        let answer = office.ask(method, Some(AGENT), path, email("c").to_string()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert_eq!(answer.problem(), "other-organisation");
    }
}

#[tokio::test]
async fn another_organisations_data_is_not_there() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    for path in [
        "/api/v1/people/P-1",
        "/api/v1/people/P-1/restrictions",
        "/api/v1/restrictions/R-1",
        "/api/v1/queues/limited/c-2",
        "/api/v1/queues/limited/c-2/original",
    ] {
        assert_eq!(office.get(AGENT, path).await.status, StatusCode::OK, "{path}");
        let answer = office.get(STRANGER, path).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.problem(), "not-found");
    }
    for verb in ["claim", "read", "release", "file", "close"] {
        let path = format!("/api/v1/queues/limited/c-2/{verb}");
        let answer = office.post(STRANGER, &path, &json!({})).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
    }
    assert_eq!(office.get(STRANGER, "/api/v1/queues").await.json(), json!({"queues": []}));
    let audit = office.get(STRANGER, "/api/v1/audit").await.json();
    assert_eq!(audit, json!({"entries": [], "next": null}));
}

// === Contacts ===

#[tokio::test]
async fn a_contact_is_decided_once_by_its_id() {
    let office = Office::with_person().await;
    let first = office.post(AGENT, "/api/v1/contacts", &letter("c-1")).await;
    assert_eq!(first.status, StatusCode::OK, "{first:?}");
    assert_eq!(first.json()["disposition"], "deliver");
    // "now" has moved on: it is the same contact all the same.
    office.clock.forward(TimeDelta::minutes(5));
    let again = office.post(AGENT, "/api/v1/contacts", &letter("c-1")).await;
    assert_eq!(again.json(), first.json());
    let second = office.post(AGENT, "/api/v1/contacts", &letter("c-2")).await;
    assert_eq!(second.json()["disposition"], "limit", "{second:?}");
    assert_eq!(second.json()["reasons"][0]["code"], "contact_quota.over");

    let mut other = letter("c-1");
    other["text"] = json!("Something else.");
    let conflict = office.post(AGENT, "/api/v1/contacts", &other).await;
    assert_eq!(conflict.status, StatusCode::CONFLICT);
    assert_eq!(conflict.problem(), "exists");
}

#[tokio::test]
async fn a_preview_changes_nothing() {
    let office = Office::with_person().await;
    for _ in 0..3 {
        let answer = office.post(AGENT, "/api/v1/decisions/preview", &letter("c-1")).await;
        assert_eq!(answer.json()["disposition"], "deliver", "{answer:?}");
        assert_eq!(answer.json()["quotas"][0]["used"], 1);
    }
    let audit = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    let events: Vec<&Value> = audit["entries"].as_array().unwrap().iter().collect();
    assert!(events.iter().all(|entry| entry["event"] != "decided"), "{audit}");
}

#[tokio::test]
async fn a_body_that_cant_be_read_is_refused_with_its_place() {
    let office = Office::open();
    let refused = async |body: &str, status: u16, problem: &str| {
        let answer = office.ask("POST", Some(AGENT), "/api/v1/contacts", body.to_owned()).await;
        assert_eq!(answer.status.as_u16(), status, "{body}: {answer:?}");
        assert_eq!(answer.problem(), problem, "{body}");
        answer.json()
    };
    let unknown = refused("{\"id\": \"c\",\n \"chanel\": \"email\"}", 422, "unknown-key").await;
    assert_eq!(unknown["line"], 2);
    assert!(unknown["detail"].as_str().unwrap().contains("`chanel`"), "{unknown}");
    let nested = r#"{"id": "c", "channel": "email", "from": [{"kind": "fax", "value": "1"}]}"#;
    let nested = refused(nested, 422, "invalid-body").await;
    assert_eq!(nested["key"], "from[0].kind");
    refused("{\"id\": ", 400, "malformed-json").await;
    refused("", 400, "malformed-json").await;
    refused(r#"{"id": "", "channel": "letter"}"#, 422, "invalid-body").await;
    let large = format!("{{\"id\": \"{}\"}}", "x".repeat(5 * 1024 * 1024));
    refused(&large, 413, "body-too-large").await;
}

// === Queues ===

/// An office in which `c-2` is on the queue `limited`, with its original.
pub async fn with_limited_item() -> Office {
    let office = Office::with_person().await;
    assert_eq!(office.mail("c-1").await.decision.disposition.name(), "deliver");
    assert_eq!(office.mail("c-2").await.decision.disposition.name(), "limit");
    office
}

async fn act(office: &Office, token: &str, verb: &str) -> Answer {
    office.post(token, &format!("/api/v1/queues/limited/c-2/{verb}"), &json!({})).await
}

#[tokio::test]
async fn a_queue_lists_its_items_with_why_they_are_there() {
    let office = with_limited_item().await;
    let queues = office.get(AGENT, "/api/v1/queues").await.json();
    assert_eq!(queues["queues"][0]["queue"], "limited");
    assert_eq!(queues["queues"][0]["waiting"], 1);
    let list = office.get(AGENT, "/api/v1/queues/limited").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["items"][0]["reasons"][0]["code"], "contact_quota.over");
    assert_eq!(list["items"][0]["original_to"], json!(["repairs@tuntum.example"]));
    assert_eq!(list["next"], Value::Null);
    let closed = office.get(AGENT, "/api/v1/queues/limited?state=closed,released").await.json();
    assert_eq!(closed["items"], json!([]));
    for query in ["state=closing", "stat=open", "limit=x"] {
        let answer = office.get(AGENT, &format!("/api/v1/queues/limited?{query}")).await;
        assert_eq!(answer.problem(), "invalid-query", "{query}");
    }
}

#[tokio::test]
async fn items_come_in_pages_oldest_first() {
    let office = Office::with_person().await;
    for number in 0..5 {
        office.mail(&format!("c-{number}")).await;
        office.clock.forward(TimeDelta::minutes(1));
    }
    let mut seen = Vec::new();
    let mut path = "/api/v1/queues/limited?limit=3".to_owned();
    loop {
        let page = office.get(AGENT, &path).await.json();
        seen.extend(page["items"].as_array().unwrap().iter().map(|item| item["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/queues/limited?limit=3&after={next}");
    }
    assert_eq!(seen, ["c-1", "c-2", "c-3", "c-4"].map(Value::from));
}

#[tokio::test]
async fn what_one_claims_no_other_works_on() {
    let office = with_limited_item().await;
    let claimed = act(&office, AGENT, "claim").await;
    assert_eq!(claimed.json()["state"], "claimed");
    assert_eq!(claimed.json()["claimed_by"], "Ann Agent");
    for verb in ["claim", "read", "release", "file", "close"] {
        let refused = act(&office, OTHER_AGENT, verb).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{verb}");
        assert_eq!(refused.problem(), "item-claimed");
    }
    let note = json!({"text": "I called back."});
    let noted = office.post(OTHER_AGENT, "/api/v1/queues/limited/c-2/note", &note).await;
    assert_eq!(noted.json()["notes"][0]["by"], "Abe Agent");
    assert_eq!(act(&office, AGENT, "close").await.json()["state"], "closed");
    assert_eq!(act(&office, AGENT, "read").await.problem(), "item-done");
}

#[tokio::test]
async fn a_filed_item_moves_to_its_queue_and_says_so() {
    let office = with_limited_item().await;
    assert_eq!(act(&office, AGENT, "file").await.json()["queue"], "filed");
    let moved = act(&office, AGENT, "close").await;
    assert_eq!(moved.status, StatusCode::NOT_FOUND);
    assert_eq!(moved.problem(), "moved");
    assert_eq!(moved.json()["queue"], "filed");
}

#[tokio::test]
async fn a_release_delivers_the_original_exactly_once() {
    let office = with_limited_item().await;
    let (first, second, third) = tokio::join!(
        act(&office, AGENT, "release"),
        act(&office, AGENT, "release"),
        act(&office, OTHER_AGENT, "release"),
    );
    let released =
        [&first, &second, &third].iter().filter(|answer| answer.status.is_success()).count();
    assert_eq!(released, 1, "{first:?} {second:?} {third:?}");
    assert_eq!(act(&office, AGENT, "release").await.problem(), "item-done");
    let done = office.released.done.lock().unwrap().clone();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0].0, "c-2");
    assert_eq!(&done[0].1[..], ORIGINAL);
    let audit = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    let releases = audit["entries"].as_array().unwrap().iter();
    assert_eq!(releases.filter(|entry| entry["event"] == "released").count(), 1);
}

#[tokio::test]
async fn a_release_that_cant_be_delivered_leaves_the_item_waiting() {
    let office = with_limited_item().await;
    office.released.is_away.store(true, Ordering::SeqCst);
    let refused = act(&office, AGENT, "release").await;
    assert_eq!(refused.status, StatusCode::BAD_GATEWAY);
    assert_eq!(refused.problem(), "not-delivered");
    let item = office.get(AGENT, "/api/v1/queues/limited/c-2").await.json();
    assert_eq!(item["state"], "claimed");
    office.released.is_away.store(false, Ordering::SeqCst);
    assert_eq!(act(&office, AGENT, "release").await.json()["state"], "released");
}

#[tokio::test]
async fn a_contact_without_an_original_has_nothing_to_release() {
    let office = Office::with_person().await;
    office.post(AGENT, "/api/v1/contacts", &letter("c-1")).await;
    office.post(AGENT, "/api/v1/contacts", &letter("c-2")).await;
    assert_eq!(act(&office, AGENT, "release").await.problem(), "nothing-kept");
    let item = office.get(AGENT, "/api/v1/queues/limited/c-2").await.json();
    assert_eq!(item["state"], "open", "a release that is not possible claims nothing");
}

#[tokio::test]
async fn the_original_comes_back_byte_for_byte_and_is_no_page() {
    let office = with_limited_item().await;
    let original = office.get(AGENT, "/api/v1/queues/limited/c-2/original").await;
    assert_eq!(&original.body[..], ORIGINAL);
    assert_eq!(original.headers["content-disposition"], "attachment; filename=\"c-2.eml\"");
    assert_eq!(original.headers["x-content-type-options"], "nosniff");
    assert_eq!(original.headers["cache-control"], "no-store");
}

// === People ===

#[tokio::test]
async fn a_person_is_written_read_and_patched() {
    let office = Office::with_person().await;
    let read = office.get(AGENT, "/api/v1/people/P-1").await.json();
    assert_eq!(read["identifiers"][1]["value"], "+441154960123", "national numbers become E.164");
    assert!(read["restrictions"][0]["profile_version"].is_string(), "{read}");
    // What is read can be written back.
    let again = office.put(MANAGER, "/api/v1/people/P-1", &read).await;
    assert_eq!((again.status, again.json()), (StatusCode::OK, read.clone()));
    let patch = json!({"reference": "T-55", "issues": ["C-3"]}).to_string();
    let patched = office.ask("PATCH", Some(MANAGER), "/api/v1/people/P-1", patch).await.json();
    assert_eq!(patched["reference"], "T-55");
    assert_eq!(patched["name"], "Jo Doe");
    let wrong = json!({"nmae": "x"}).to_string();
    let wrong = office.ask("PATCH", Some(MANAGER), "/api/v1/people/P-1", wrong).await;
    assert_eq!(wrong.problem(), "unknown-key");
    let list = office.get(AGENT, "/api/v1/people?limit=1").await.json();
    assert_eq!(list["people"][0]["id"], "P-1");
}

#[tokio::test]
async fn agents_change_no_people() {
    let office = Office::with_person().await;
    let restriction = json!({"id": "R-1", "kind": "contact_quota", "limit": 9, "per": "day"});
    for (method, path, body) in [
        ("PUT", "/api/v1/people/P-1", person()),
        ("PUT", "/api/v1/people", json!([person()])),
        ("PATCH", "/api/v1/people/P-1", json!({"name": "x"})),
        ("POST", "/api/v1/people/P-1/restrictions", restriction.clone()),
        ("PUT", "/api/v1/people/P-1/restrictions/R-1", restriction.clone()),
        ("PUT", "/api/v1/restrictions/R-1", restriction),
    ] {
        let answer = office.ask(method, Some(AGENT), path, body.to_string()).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{method} {path}");
        assert_eq!(answer.problem(), "role-not-allowed");
    }
}

#[tokio::test]
async fn a_record_that_breaks_the_policy_is_refused_with_every_fault() {
    let office = Office::with_person().await;
    let mut record = person();
    record["identifiers"][1]["value"] = json!("none");
    record["restrictions"][0]["review_due"] = json!("2028-01-01");
    record["restrictions"].as_array_mut().unwrap().push(json!({
        "id": "R-2", "kind": "read_and_file", "starts": "2026-11-01", "ends": "2026-12-01",
        "grounds": "g", "decided_by": "A"
    }));
    let refused = office.put(MANAGER, "/api/v1/people/P-1", &record).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.problem(), "invalid-record");
    let json = refused.json();
    let faults = json["faults"].as_array().unwrap();
    let paths: Vec<&str> = faults.iter().map(|fault| fault["path"].as_str().unwrap()).collect();
    assert_eq!(
        paths,
        ["identifiers[1].value", "restrictions[0].review_due", "restrictions[1].kind"],
        "{json}"
    );
    assert!(faults[1]["message"].as_str().unwrap().contains("8.8"), "{json}");
    assert!(faults[2]["message"].as_str().unwrap().contains("8.3"), "{json}");
    let kept = office.get(MANAGER, "/api/v1/people/P-1").await.json();
    assert_eq!(kept["restrictions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_point_of_contact_whose_chain_goes_round_is_refused() {
    let office = Office::with_person().await;
    let mut record = person();
    record["restrictions"][0] = json!({
        "id": "R-1", "kind": "single_point_of_contact", "grounds": "demands", "clause": "8.3",
        "starts": "2026-11-01", "review_due": "2027-01-04", "decided_by": "A",
        "contact": {"name": "Sam"},
        "deputies": [{"name": "Dee"}, {"name": "Sam"}, {"name": "Dee"}, {"name": " "}],
        "absences": [{"contact": "Kim", "from": "2026-11-02", "to": "2026-11-03"}]
    });
    let refused = office.put(MANAGER, "/api/v1/people/P-1", &record).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let json = refused.json();
    let mut found: Vec<(&str, &str)> = Vec::new();
    for fault in json["faults"].as_array().unwrap() {
        let path = fault["path"].as_str().unwrap();
        if path.contains("deputies") || path.contains("absences") {
            found.push((path, fault["message"].as_str().unwrap()));
        }
    }
    found.sort_unstable();
    let twice = "is the name of the contact or of a deputy before";
    let expected = [
        (
            "restrictions[0].absences[0].contact",
            "is the name neither of the contact nor of a deputy",
        ),
        ("restrictions[0].deputies[1].name", twice),
        ("restrictions[0].deputies[2].name", twice),
        ("restrictions[0].deputies[3].name", "is empty"),
    ];
    assert_eq!(found, expected, "{json}");
}

#[tokio::test]
async fn what_is_written_of_a_restriction_takes_effect_at_once_but_for_its_status() {
    let office = Office::with_person().await;
    office.post(AGENT, "/api/v1/contacts", &letter("c-1")).await;
    let limited = office.post(AGENT, "/api/v1/decisions/preview", &letter("c-2")).await;
    assert_eq!(limited.json()["disposition"], "limit");
    let held = office.get(AGENT, "/api/v1/people/P-1/restrictions").await.json();
    assert_eq!(held["in_force"], json!(["R-1"]));

    let mut lifted = held["restrictions"][0].clone();
    lifted["status"] = json!("lifted");
    let answer = office.put(MANAGER, "/api/v1/restrictions/R-1", &lifted).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (409, "step-needed"));
    let mut ended = held["restrictions"][0].clone();
    ended["ends"] = json!("2026-11-20");
    let answer = office.put(MANAGER, "/api/v1/restrictions/R-1", &ended).await;
    assert_eq!(answer.json()["ends"], "2026-11-20", "{answer:?}");
    let held = office.get(AGENT, "/api/v1/people/P-1/restrictions").await.json();
    assert_eq!(held["in_force"], json!([]));
    for _ in 0..200 {
        let now = office.post(AGENT, "/api/v1/decisions/preview", &letter("c-2")).await.json();
        if now["disposition"] == "deliver" {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    panic!("the restriction still limits");
}

#[tokio::test]
async fn a_restriction_is_added_once_and_found_by_its_id() {
    let office = Office::with_person().await;
    let added = json!({"id": "R-2", "kind": "channels_only", "channels": ["email"],
                       "grounds": "g", "decided_by": "A", "starts": "2026-11-01",
                       "review_due": "2027-05-01"});
    let path = "/api/v1/people/P-1/restrictions";
    assert_eq!(office.post(MANAGER, path, &added).await.status, StatusCode::CREATED);
    assert_eq!(office.post(MANAGER, path, &added).await.problem(), "exists");
    let found = office.get(AGENT, "/api/v1/restrictions/R-2").await.json();
    assert_eq!(found["person"], "P-1");
    let missing = office.get(AGENT, "/api/v1/restrictions/R-9").await;
    assert_eq!(missing.problem(), "not-found");

    let mut other = person();
    other["id"] = json!("P-2");
    office.put(MANAGER, "/api/v1/people/P-2", &other).await;
    assert_eq!(office.get(AGENT, "/api/v1/restrictions/R-1").await.problem(), "ambiguous");
    let mut named = found["restriction"].clone();
    named["channels"] = json!(["email", "letter"]);
    let path = "/api/v1/people/P-1/restrictions/R-2";
    let replaced = office.put(MANAGER, path, &named).await.json();
    assert_eq!(replaced["channels"], json!(["email", "letter"]));
}

#[tokio::test]
async fn several_people_are_written_all_or_none() {
    let office = Office::open();
    let mut second = person();
    second["id"] = json!("P-2");
    let mut broken = person();
    broken["id"] = json!("P-3");
    broken["identifiers"][0]["value"] = json!("nobody");
    let refused = office.put(MANAGER, "/api/v1/people", &json!([person(), second, broken])).await;
    assert_eq!(refused.problem(), "invalid-record");
    assert_eq!(refused.json()["faults"][0]["path"], "[2].identifiers[0].value");
    assert_eq!(office.get(AGENT, "/api/v1/people").await.json()["people"], json!([]));
    let written = office.put(MANAGER, "/api/v1/people", &json!([person(), second])).await;
    assert_eq!(written.json(), json!({"people": 2, "restrictions": 2, "unchanged": 0, "ended": 0}));
    let again = office.put(MANAGER, "/api/v1/people", &json!([person(), second])).await;
    assert_eq!(again.json()["unchanged"], 2);
}
