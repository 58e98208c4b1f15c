//! What a step decided here stays as it is, whatever is written beside the steps: a list of what was decided
//! elsewhere, or a whole record.

use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};

const STAFF: [(&str, &str); 3] = [("Ann", "agent"), ("Max", "manager"), ("Gil", "governance")];

fn quota(id: &str, limit: u32) -> Value {
    json!({
        "id": id, "kind": "contact_quota", "limit": limit, "per": "week", "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    })
}

fn person(id: &str, restrictions: Value) -> Value {
    json!({
        "id": id, "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": format!("{}@home.example", id.to_lowercase())}],
        "restrictions": restrictions
    })
}

async fn office(people: &[Value]) -> CaseOffice {
    let laid =
        json!({ "responsible": {"decides": "manager"}, "appeal": {"heard_by": "governance"} });
    let laid = profile(&shipped("tuntum.toml"), Some(&laid));
    let office = CaseOffice::open(Memory::new(), laid, &staff(&STAFF));
    office.clock.set("2026-03-02T10:00:00Z".parse().unwrap());
    let people: Vec<Person> =
        people.iter().map(|one| serde_json::from_value(one.clone()).unwrap()).collect();
    office.put_on_record(people).await;
    office
}

async fn listed(office: &CaseOffice, people: &[Value], query: &str) -> Value {
    let path = format!("/api/v1/people{query}");
    let answer = office.ask("PUT", "Max", &path, &[], json!(people).to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

async fn on_record(office: &CaseOffice, person: &str, restriction: &str) -> Value {
    let read = office.get("Max", &format!("/api/v1/people/{person}")).await.json();
    let restrictions = read["restrictions"].as_array().unwrap();
    let found = restrictions.iter().find(|one| one["id"] == restriction);
    found.unwrap_or_else(|| panic!("{read}")).clone()
}

async fn appeal(office: &CaseOffice, restriction: &str) -> String {
    let appeal = json!({
        "act": "receive_appeal", "restriction": restriction, "channel": "letter",
        "grounds": ["unfair"]
    });
    made(&office.step("Ann", "P-1", appeal).await)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_nightly_list_does_not_end_an_appeal() {
    let list = [person("P-1", json!([quota("R-1", 2)])), person("P-2", json!([quota("R-2", 2)]))];
    let office = office(&list).await;
    appeal(&office, "R-1").await;
    assert_eq!(on_record(&office, "P-1", "R-1").await["status"], "under_appeal");

    // The next night the other system knows nothing of it, and something new of somebody else.
    let mut next = list.clone();
    next[1]["restrictions"][0]["limit"] = json!(3);
    let done = listed(&office, &next, "").await;
    assert_eq!(on_record(&office, "P-1", "R-1").await["status"], "under_appeal");
    assert_eq!(on_record(&office, "P-2", "R-2").await["limit"], 3, "the rest is written");
    let kept = done["kept"].as_array().unwrap();
    assert_eq!(kept.len(), 1, "{done}");
    assert_eq!(kept[0]["path"], "person \"P-1\": restrictions[0].status");
    let message = kept[0]["message"].as_str().unwrap();
    assert!(message.contains("restriction \"R-1\" is under appeal here"), "{message}");
    // The same again changes nothing, and says it again.
    let again = listed(&office, &next, "").await;
    assert_eq!((&again["unchanged"], &again["kept"]), (&json!(2), &done["kept"]));
}

#[tokio::test]
async fn a_list_does_not_restore_what_an_appeal_varied() {
    let list = [person("P-1", json!([quota("R-1", 1)]))];
    let office = office(&list).await;
    let id = appeal(&office, "R-1").await;
    let hearer = json!({"act": "assign_hearer", "appeal": id, "name": "Gil", "role": "governance"});
    made(&office.step("Max", "P-1", hearer).await);
    let decided = json!({
        "act": "decide_appeal", "appeal": id, "outcome": "varied", "why": "Too strict.",
        "changes": {"limit": 4}
    });
    made(&office.step("Gil", "P-1", decided).await);
    let varied = on_record(&office, "P-1", "R-1").await;
    assert_eq!(varied["limit"], 4);

    let done = listed(&office, &list, "").await;
    assert_eq!(on_record(&office, "P-1", "R-1").await, varied);
    let path = done["kept"][0]["path"].as_str().unwrap_or_else(|| panic!("{done}"));
    assert!(
        path.starts_with("person \"P-1\": restrictions[0].") && path.contains("limit"),
        "{path}"
    );
    assert!(done["kept"][0]["message"].as_str().unwrap().contains("was varied here"), "{done}");

    // Nor does leaving it out end it, where what is left out is to end; nor does a whole record change it.
    let without = [person("P-1", json!([]))];
    let done = listed(&office, &without, "?missing=end").await;
    assert_eq!(done["ended"], 0, "{done}");
    assert_eq!(on_record(&office, "P-1", "R-1").await, varied);
    let mut put = office.get("Max", "/api/v1/people/P-1").await.json();
    put["restrictions"][0]["limit"] = json!(1);
    let refused = office.ask("PUT", "Max", "/api/v1/people/P-1", &[], put.to_string()).await;
    assert_eq!((refused.status.as_u16(), refused.problem().as_str()), (409, "step-needed"));
}

#[tokio::test]
async fn a_list_says_of_others_what_was_decided_there() {
    let list = [person("P-1", json!([quota("R-1", 1), quota("R-2", 1)]))];
    let office = office(&list).await;
    appeal(&office, "R-1").await;
    let mut next = list.clone();
    next[0]["restrictions"][1]["limit"] = json!(5);
    let done = listed(&office, &next, "").await;
    assert_eq!(on_record(&office, "P-1", "R-2").await["limit"], 5);
    assert_eq!(done["kept"].as_array().unwrap().len(), 1, "{done}");
}

#[tokio::test]
async fn what_was_lifted_stays_so_and_the_rest_of_a_list_is_written() {
    let mut lifted = quota("R-1", 1);
    lifted["status"] = json!("lifted");
    let office = office(&[person("P-1", json!([lifted]))]).await;
    let done =
        listed(&office, &[person("P-1", json!([quota("R-1", 1)])), person("P-2", json!([]))], "")
            .await;
    assert_eq!(on_record(&office, "P-1", "R-1").await["status"], "lifted");
    assert!(done["kept"][0]["message"].as_str().unwrap().contains("was lifted here"), "{done}");
    assert_eq!(office.get("Max", "/api/v1/people/P-2").await.status, 200);
}

#[tokio::test]
async fn what_is_over_or_not_in_force_yet_outlives_a_record_that_leaves_it_out() {
    let of = |id: &str, status: &str| {
        let mut restriction = quota(id, 1);
        restriction["status"] = json!(status);
        restriction
    };
    let statuses = ["lifted", "quashed", "proposed", "expired", "ended", "varied"];
    let mut all: Vec<Value> = statuses.iter().map(|one| of(&format!("R-{one}"), one)).collect();
    all.insert(2, quota("R-now", 1));
    let office = office(&[person("P-1", json!(all))]).await;
    let ids = |record: &Value| -> Vec<String> {
        let restrictions = record["restrictions"].as_array().unwrap();
        restrictions.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
    };
    let before = office.get("Max", "/api/v1/people/P-1").await.json();
    let path = "/api/v1/people/P-1";
    let mut record = person("P-1", json!([before["restrictions"][2]]));
    record["name"] = json!("Jo Roe");
    let put = office.ask("PUT", "Max", path, &[], record.to_string()).await;
    assert_eq!(put.status, 200, "{put:?}");
    let after = office.get("Max", path).await.json();
    assert_eq!((ids(&after), &after["name"]), (ids(&before), &json!("Jo Roe")));
    let patch = json!({"restrictions": [before["restrictions"][2]]}).to_string();
    assert_eq!(office.ask("PATCH", "Max", path, &[], patch).await.status, 200);
    assert_eq!(ids(&office.get("Max", path).await.json()), ids(&before));
}
