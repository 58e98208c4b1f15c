//! An organisation that only observes: what would happen is said, and nobody is kept from anything.

use contact_gateway::domain::person::Person;
use contact_gateway::domain::restriction::Mode;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

async fn office(mode: Mode, restrictions: Value) -> CaseOffice {
    let laid = profile(&shipped("tuntum.toml"), None);
    let office = CaseOffice::open_in(mode, Memory::new(), laid, &staff(&STAFF));
    office.clock.set("2026-11-01T00:00:00Z".parse().unwrap());
    let person: Person = serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": restrictions
    }))
    .unwrap();
    office.put_on_record(vec![person]).await;
    office
}

fn restriction(id: &str, kind: Value) -> Value {
    let mut restriction = json!({
        "id": id, "grounds": "demands", "clause": "8.3", "starts": "2026-11-01",
        "review_due": "2027-05-01", "decided_by": "Max"
    });
    restriction.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
    restriction
}

fn quota() -> Value {
    restriction("R-9", json!({"kind": "contact_quota", "limit": 1, "per": "week"}))
}

async fn may(office: &CaseOffice) -> Value {
    let body = json!({"person": "P-1", "channel": "email", "purpose": "service", "by": "Ann"});
    office.post("Ann", "/api/v1/may-contact", &body).await.json()
}

#[tokio::test]
async fn what_is_only_observed_keeps_nobody_from_making_contact() {
    let ended = || restriction("R-1", json!({"kind": "contact_ended"}));
    let letters = || restriction("R-2", json!({"kind": "channels_only", "channels": ["letter"]}));
    let enforced = may(&office(Mode::Enforce, json!([ended(), letters()])).await).await;
    assert_eq!(enforced["may"], false, "{enforced}");
    assert_eq!(enforced["reasons"].as_array().unwrap().len(), 2, "{enforced}");

    let observing = may(&office(Mode::Observe, json!([ended(), letters()])).await).await;
    assert_eq!((&observing["may"], &observing["reasons"]), (&json!(true), &json!([])));

    let mut observed = ended();
    observed["mode"] = json!("observe");
    let one_observed = may(&office(Mode::Enforce, json!([observed, letters()])).await).await;
    let reasons = one_observed["reasons"].as_array().unwrap();
    assert_eq!((&one_observed["may"], reasons.len()), (&json!(false), 1), "{one_observed}");
    assert_eq!(reasons[0]["restriction"], "R-2");
}

/// Three e-mails on each of six days.
async fn contacts(office: &CaseOffice) -> Vec<Value> {
    let mut decided = Vec::new();
    for number in 0..18 {
        let at = format!("2026-11-{:02}T{:02}:00:00Z", 2 + number / 3, 9 + number % 3);
        office.clock.set(at.parse().unwrap());
        let contact = json!({
            "id": format!("c-{number}"), "channel": "email", "at": at,
            "from": [{"kind": "email", "value": "jo@home.example", "assurance": "proven"}],
            "to": ["repairs@office.example"], "subject": "The roof", "text": "When is it mended?"
        });
        decided.push(json!(office.contact(&serde_json::from_value(contact).unwrap()).await));
    }
    office.clock.set("2026-11-15T00:00:00Z".parse().unwrap());
    decided
}

async fn would(office: &CaseOffice, draft: Value) -> (Vec<Value>, Value) {
    let body = json!({"restriction": draft, "days": 14});
    let tested = office.post("Max", "/api/v1/people/P-1/back-tests", &body).await.json();
    let would = tested["contacts"].as_array().unwrap_or_else(|| panic!("{tested}"));
    (would.iter().map(|one| one["would"].clone()).collect(), tested["lighter"].clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_test_says_what_would_happen_where_an_organisation_observes() {
    let marker = || restriction("R-1", json!({"kind": "visits_in_pairs"}));
    let enforcing = office(Mode::Enforce, json!([marker(), quota()])).await;
    let live: Vec<Value> =
        contacts(&enforcing).await.iter().map(|one| one["disposition"].clone()).collect();
    assert!(live.contains(&json!("limit")) && live.contains(&json!("deliver")), "{live:?}");

    let observing = office(Mode::Observe, json!([marker()])).await;
    let went = contacts(&observing).await;
    assert!(went.iter().all(|one| one["disposition"] == "deliver"), "{went:?}");
    let (tested, lighter) = would(&observing, quota()).await;
    assert_eq!(tested, live, "as if it were enforced");
    let observe =
        lighter.as_array().unwrap().iter().find(|one| one["restriction"]["mode"] == "observe");
    let observe = observe.unwrap_or_else(|| panic!("{lighter}"));
    assert_eq!((&observe["admitted"], &observe["held"]), (&json!(18), &json!(0)));

    // A draft that is to be observed is tested for what it would do, too.
    let mut draft = quota();
    draft["mode"] = json!("observe");
    let enforcing = office(Mode::Enforce, json!([marker()])).await;
    contacts(&enforcing).await;
    assert_eq!(would(&enforcing, draft).await.0, live);
}
