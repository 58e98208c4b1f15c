//! Contacts in breach of a restriction: the role that the policy names hears of them, once a day, whichever gateway
//! looks.

use std::sync::Arc;

use contact_gateway::casework::Desk;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::person::Person;
use contact_gateway::ports::{Clock as _, Store};
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

/// `id` doubles as the name in the address.
fn person(id: &str, mut restriction: Value) -> Person {
    let common = json!({
        "id": format!("R-{id}"), "grounds": "demands", "clause": "8.3", "starts": "2026-01-05",
        "review_due": "2026-07-06", "decided_by": "Max"
    });
    restriction.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
    serde_json::from_value(json!({
        "id": id, "name": "Jo Doe", "issues": ["C-1"],
        "identifiers": [{"kind": "email", "value": format!("{id}@home.example")}],
        "restrictions": [restriction]
    }))
    .unwrap()
}

async fn office(profile_file: &str) -> CaseOffice {
    office_over(Memory::new(), profile_file).await
}

async fn office_over(store: Arc<dyn Store>, profile_file: &str) -> CaseOffice {
    let profile = profile(&shipped(profile_file), None);
    let office = CaseOffice::open(store, profile, &staff(&STAFF));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let filed = json!({"kind": "read_and_file", "issues": ["C-1"]});
    let people = vec![person("shut", letters), person("filed", filed)];
    office.put_on_record(people).await;
    office
}

async fn send(office: &CaseOffice, id: &str, from: &str) -> &'static str {
    let mail: Contact = serde_json::from_value(json!({
        "id": id, "channel": "email", "at": office.clock.now(), "to": ["repairs@office.example"],
        "from": [{"kind": "email", "value": format!("{from}@home.example"), "assurance": "proven"}],
        "subject": "The roof", "issue": "C-1", "text": "The roof, the roof, the roof."
    }))
    .unwrap();
    office.contact(&mail).await.disposition.name()
}

/// Three gateways look at once. Returns how many reminders they wrote together.
async fn looked(office: &CaseOffice, desks: &[Desk; 3]) -> usize {
    let mailer = office.mailer();
    let looks = desks.iter().map(|desk| desk.remind_of_breaches(&office.organisation, &mailer));
    futures_util::future::join_all(looks).await.into_iter().map(Result::unwrap).sum()
}

async fn on_queue(office: &CaseOffice) -> Vec<String> {
    let queue = "/api/v1/queues/customer-excellence-leader";
    let items = office.get("Max", queue).await.json();
    let items = items["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_role_of_the_policy_hears_of_them_once_a_day() {
    let office = office("tuntum.toml").await;
    assert_eq!(send(&office, "c-0", "shut").await, "limit");
    let desks = [office.desk(), office.desk(), office.desk()];
    assert_eq!(looked(&office, &desks).await, 0, "what was before is not brought up");
    assert_eq!(looked(&office, &desks).await, 0);
    for id in ["c-1", "c-2"] {
        assert_eq!(send(&office, id, "shut").await, "limit");
    }
    send(&office, "f-1", "filed").await;
    assert_eq!(send(&office, "f-2", "filed").await, "file");
    assert_eq!(looked(&office, &desks).await, 1, "filing is what that restriction allows");
    assert_eq!(looked(&office, &desks).await, 0);
    let of = |on: &str| {
        format!(
            "Contact in breach of a restriction: shut made contact on {on}, which R-shut does not \
             allow (clause 5.3)."
        )
    };
    assert_eq!(on_queue(&office).await, [of("2026-03-02")]);

    // A gateway that begins now goes on from where the others were.
    office.clock.set("2026-03-03T09:00:00Z".parse().unwrap());
    send(&office, "c-3", "shut").await;
    let started = [office.desk(), office.desk(), office.desk()];
    assert_eq!(looked(&office, &started).await, 1);
    assert_eq!(on_queue(&office).await, [of("2026-03-02"), of("2026-03-03")]);
    let trail = office.get("Max", "/api/v1/audit?limit=200").await.json();
    let trail = trail["entries"].as_array().unwrap();
    let told = trail.iter().filter(|one| one["event"] == "reminded" && one["what"] == "breach");
    assert_eq!(told.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_names_nobody_has_nobody_reminded() {
    let office = office("karbon-homes.toml").await;
    let desks = [office.desk(), office.desk(), office.desk()];
    assert_eq!(looked(&office, &desks).await, 0);
    assert_eq!(send(&office, "c-1", "shut").await, "limit");
    assert_eq!(looked(&office, &desks).await, 0);
    assert!(on_queue(&office).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_that_could_not_be_written_is_tried_again() {
    let store = Faulty::over(Memory::new());
    let office = office_over(Arc::clone(&store) as _, "tuntum.toml").await;
    let desks = [office.desk(), office.desk(), office.desk()];
    assert_eq!(looked(&office, &desks).await, 0);
    assert_eq!(send(&office, "c-1", "shut").await, "limit");
    store.refuses(Some("reminded"));
    for _ in 0..2 {
        assert_eq!(looked(&office, &desks).await, 0);
        assert!(on_queue(&office).await.is_empty());
    }
    // Others are found in the meantime, and a gateway that begins now knows of both.
    office.clock.set("2026-03-03T09:00:00Z".parse().unwrap());
    send(&office, "c-2", "shut").await;
    assert_eq!(looked(&office, &desks).await, 0);
    store.refuses(None);
    let started = [office.desk(), office.desk(), office.desk()];
    assert_eq!(looked(&office, &started).await, 2);
    assert_eq!(on_queue(&office).await.len(), 2);
    assert_eq!(looked(&office, &desks).await, 0);
}
