//! How often somebody made contact around an incident.

use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};

async fn office() -> CaseOffice {
    let staff = staff(&[("Ann", "agent"), ("Max", "manager")]);
    let office = CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff);
    office.clock.set("2026-03-04T09:00:00Z".parse().unwrap());
    let person: Person = serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week", "grounds": "demands",
            "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
        }]
    }))
    .unwrap();
    office.put_on_record(vec![person]).await;
    office
}

async fn send(office: &CaseOffice, at: &str) {
    let mail: Contact = serde_json::from_value(json!({
        "id": at, "channel": "email", "at": at, "to": ["repairs@office.example"],
        "from": [{"kind": "email", "value": "jo@home.example", "assurance": "proven"}],
        "subject": "My statement", "text": "When does it come by post?"
    }))
    .unwrap();
    office.contact(&mail).await;
}

async fn happened(office: &CaseOffice, id: &str, at: &str) {
    let incident = json!({
        "act": "record_incident", "id": id, "ground": "demands", "severity": "ordinary",
        "happened_at": at, "channel": "email", "what": "Writes all day."
    });
    made(&office.step("Ann", "P-1", incident).await);
}

#[tokio::test]
async fn an_incident_says_how_many_contacts_were_in_the_hour_and_the_day_around_it() {
    let office = office().await;
    for at in [
        "2026-02-28T09:59:59Z",
        // A day before, in another month.
        "2026-02-28T10:00:00Z",
        "2026-03-01T08:59:59Z",
        "2026-03-01T09:00:00Z",
        "2026-03-01T10:00:00Z",
        "2026-03-01T11:00:00Z",
        "2026-03-02T10:00:00Z",
        "2026-03-02T10:00:01Z",
    ] {
        send(&office, at).await;
    }
    happened(&office, "I-1", "2026-03-01T10:00:00Z").await;
    happened(&office, "I-2", "2026-01-20T10:00:00Z").await;
    let of = |incidents: &Value, id: &str| {
        let found = incidents.as_array().unwrap().iter().find(|one| one["id"] == id);
        found.unwrap()["contacts_around"].clone()
    };
    for path in ["/api/v1/people/P-1/case", "/api/v1/people/P-1/incidents"] {
        let incidents = office.get("Ann", path).await.json()["incidents"].clone();
        assert_eq!(of(&incidents, "I-1"), json!({"hour": 3, "day": 6}), "{path}");
        assert_eq!(of(&incidents, "I-2"), json!({"hour": 0, "day": 0}), "{path}");
    }
}

#[tokio::test]
async fn of_incidents_of_very_many_months_only_the_latest_are_counted() {
    let office = office().await;
    for year in 2020..2026 {
        for month in 1..=12 {
            let id = format!("I-{year}-{month}");
            happened(&office, &id, &format!("{year}-{month:02}-15T10:00:00Z")).await;
        }
    }
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    let incidents = case["incidents"].as_array().unwrap();
    let counted = incidents.iter().filter(|one| one["contacts_around"].is_object());
    let mut counted: Vec<&str> = counted.map(|one| one["id"].as_str().unwrap()).collect();
    counted.sort_unstable();
    assert_eq!(counted.len(), 25, "{counted:?}");
    assert!(counted.contains(&"I-2025-12") && counted.contains(&"I-2023-12"), "{counted:?}");
}
