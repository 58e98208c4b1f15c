//! A person's timeline, the audit trail's filters, and what the trail says of a change.

use hyper::StatusCode;
use serde_json::{Value, json};

use crate::office::{AGENT, GOVERNANCE, MANAGER, Office, STRANGER, letter, person};

fn events(list: &Value) -> Vec<&str> {
    let entries = list["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["event"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_timeline_is_newest_first_and_counts_contacts() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office.post(AGENT, "/api/v1/queues/limited/c-2/claim", &json!({})).await;
    let path = "/api/v1/people/P-1/timeline";
    let all = office.get(AGENT, path).await.json();
    let expected = ["item", "decided", "decided", "restriction_added", "identifier_added"];
    assert_eq!(events(&all)[..5], expected, "{all}");
    assert_eq!(all["entries"][0]["what"], "act");
    assert_eq!(all["entries"][1]["what"], "contact");
    let place = json!({"queue": "limited", "item": "c-2", "state": "claimed"});
    assert_eq!(all["entries"][1]["at_queue"], place);
    let counts = json!({
        "contacts": 2, "in_doubt": 0, "not_theirs": 0, "automatic": 0, "is_partial": false
    });
    assert_eq!(all["counts"], counts);
    assert_eq!(all["next"], Value::Null);

    let first = office.get(AGENT, &format!("{path}?limit=2")).await.json();
    assert_eq!(events(&first), ["item", "decided"]);
    let next = format!("{path}?limit=2&after={}", first["next"]);
    let second = office.get(AGENT, &next).await.json();
    assert_eq!(events(&second), ["decided", "restriction_added"]);
    assert_eq!(second.get("counts"), None);
    assert_eq!(office.get(STRANGER, path).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_trail_is_filtered() {
    let office = Office::with_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office.post(AGENT, "/api/v1/contacts", &letter("c-3")).await;
    let found = async |query: &str| {
        let answer = office.get(GOVERNANCE, &format!("/api/v1/audit?{query}")).await;
        assert_eq!(answer.status, StatusCode::OK, "{query}: {answer:?}");
        let list = answer.json();
        let contacts = list["entries"].as_array().unwrap().iter();
        contacts.filter_map(|entry| entry["contact"].as_str().map(str::to_owned)).collect()
    };
    let all: Vec<String> = found("person=P-1").await;
    assert_eq!(all, ["c-1", "c-2", "c-3"]);
    assert_eq!(found("person=P-1&disposition=limit").await, ["c-2", "c-3"]);
    assert_eq!(found("disposition=deliver").await, ["c-1"]);
    assert_eq!(found("disposition=limit&limit=1").await, ["c-2"]);
    assert!(found("flag=no_such_flag").await.is_empty());
    assert!(found("person=P-9").await.is_empty());
    assert_eq!(found("from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z").await.len(), 3);
    assert!(found("to=2026-11-23T00:00:00Z").await.is_empty());
    for wrong in ["disposition=lost", "from=yesterday", "who=P-1"] {
        let answer = office.get(GOVERNANCE, &format!("/api/v1/audit?{wrong}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
}

#[tokio::test]
async fn the_trail_says_what_a_change_did_and_why() {
    let office = Office::with_person().await;
    let mut restriction = person()["restrictions"][0].clone();
    restriction["limit"] = json!(3);
    let path = "/api/v1/people/P-1/restrictions/R-1?reason=Agreed%20at%20the%20review";
    let varied = office.put(MANAGER, path, &restriction).await;
    assert_eq!(varied.status, StatusCode::OK, "{varied:?}");
    let all = office.get(AGENT, "/api/v1/people/P-1/timeline?limit=1").await.json();
    let entry = &all["entries"][0];
    assert_eq!(entry["event"], "restriction_varied", "{entry}");
    assert_eq!(entry["changes"], json!([{"what": "limit", "from": 1, "to": 3}]));
    assert_eq!(entry["reason"], "Agreed at the review");
    assert_eq!(entry["by"], "Max Manager");

    let long = format!("/api/v1/people/P-1/restrictions/R-1?reason={}", "x".repeat(1_001));
    restriction["limit"] = json!(4);
    let refused = office.put(MANAGER, &long, &restriction).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{refused:?}");
    let again = office.get(AGENT, "/api/v1/people/P-1/timeline?limit=1").await.json();
    assert_eq!(again["entries"][0]["number"], entry["number"], "nothing was written");

    let list = json!([person()]);
    let written = office.put(MANAGER, "/api/v1/people?reason=Loaded", &list).await;
    assert_eq!(written.status, StatusCode::OK, "{written:?}");
    let all = office.get(AGENT, "/api/v1/people/P-1/timeline?limit=1").await.json();
    let entry = &all["entries"][0];
    assert_eq!((&entry["event"], &entry["added"]), (&json!("imported"), &json!(0)), "{entry}");
    assert_eq!(entry["reason"], "Loaded");
}
