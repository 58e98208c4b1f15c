//! What a point of contact does not take up in time goes to the deputy or the team: once, whichever gateway looks.

use std::sync::Arc;

use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::{Clock as _, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};

const STAFF: [(&str, &str); 2] = [("Sam Okoro", "agent"), ("Max", "manager")];

async fn office(store: Arc<dyn Store>) -> CaseOffice {
    let laid = json!({
        "answered_within": {"working_hours": 8},
        "team": {"name": "Customer team", "email": "team@office.example"}
    });
    let profile = profile(&shipped("tuntum.toml"), Some(&laid));
    let office = CaseOffice::open(store, profile, &staff(&STAFF));
    // A Monday.
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let person = json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "single_point_of_contact", "grounds": "demands", "clause": "8.3",
            "contact": {"name": "Sam Okoro"},
            "deputies": [{"name": "Dee", "queue": "dees", "email": "dee@office.example"}],
            "absences": [{"contact": "Dee", "from": "2026-03-09", "to": "2026-03-13"}],
            "starts": "2026-01-05", "review_due": "2026-07-03", "decided_by": "Max"
        }]
    });
    office.put_on_record(vec![serde_json::from_value(person).unwrap()]).await;
    office
}

async fn send(office: &CaseOffice, id: &str) {
    let contact: Contact = serde_json::from_value(json!({
        "id": id, "channel": "email", "at": office.clock.now(), "to": ["repairs@office.example"],
        "from": [{"kind": "email", "value": "jo@home.example", "assurance": "proven"}],
        "subject": "My roof", "text": "It leaks."
    }))
    .unwrap();
    office.contact(&contact).await;
}

async fn item(office: &CaseOffice, id: &str) -> QueueItem {
    office.store.item(&office.organisation.id, id).await.unwrap().unwrap()
}

/// Three gateways look at once: how many items they passed on together.
async fn looked(office: &CaseOffice, at: &str) -> u64 {
    office.clock.set(at.parse().unwrap());
    let desks = [office.desk(), office.desk(), office.desk()];
    let mailer = office.mailer();
    let looks = desks.iter().map(|desk| desk.pass_on_unanswered(&office.organisation, &mailer));
    let looks = futures_util::future::join_all(looks).await;
    looks.into_iter().map(Result::unwrap).sum()
}

async fn on_trail(office: &CaseOffice) -> Vec<Value> {
    let entries = office.store.audit(&office.organisation.id, 0, 500).await.unwrap();
    let entries = entries.iter().map(|one| json!(one.event));
    entries.filter(|one| one["event"] == "unanswered").collect()
}

async fn passed_on_once(store: Arc<dyn Store>) {
    let office = office(store).await;
    send(&office, "c-1").await;
    send(&office, "c-2").await;
    let first = item(&office, "c-1").await;
    assert_eq!(first.queue, "sam-okoro");
    assert_eq!(first.read_by, Some("2026-03-02T17:00:00Z".parse().unwrap()));
    let claimed = office.post("Sam Okoro", "/api/v1/queues/sam-okoro/c-2/claim", &json!({})).await;
    assert_eq!(claimed.status, 200, "{claimed:?}");
    assert_eq!(looked(&office, "2026-03-02T16:59:59Z").await, 0);
    assert_eq!(looked(&office, "2026-03-02T17:00:00Z").await, 1, "once over all gateways");
    assert_eq!(looked(&office, "2026-03-02T18:00:00Z").await, 0);

    let passed = item(&office, "c-1").await;
    assert_eq!((passed.queue.as_str(), passed.overdue), ("dees", true));
    assert_eq!(passed.notes[0].handed_to.as_deref(), Some("Dee"));
    let reason = passed.reasons.last().unwrap();
    assert_eq!(reason.code.as_str(), "single_point_of_contact.unanswered");
    assert_eq!(reason.text, "Sam Okoro did not answer within 8 working hours: Dee takes over.");
    assert_eq!(item(&office, "c-2").await.queue, "sam-okoro", "somebody took it up");
    let expected =
        json!([{"event": "unanswered", "item": "c-1", "from": "sam-okoro", "to": "dees"}]);
    assert_eq!(json!(on_trail(&office).await), expected);
    {
        let sent = office.mailboxes.sent.lock().unwrap();
        assert_eq!((sent.len(), sent[0].to.as_str()), (1, "dee@office.example"));
        assert!(!sent[0].text.contains("roof") && !sent[0].text.contains("Jo"), "{}", sent[0].text);
    }

    // Dee is away: the team takes over, on the point of contact's queue.
    office.clock.set("2026-03-09T09:00:00Z".parse().unwrap());
    send(&office, "c-3").await;
    assert_eq!(looked(&office, "2026-03-10T09:00:00Z").await, 1);
    let passed = item(&office, "c-3").await;
    assert_eq!((passed.queue.as_str(), passed.overdue), ("sam-okoro", true));
    assert_eq!(passed.notes[0].handed_to.as_deref(), Some("Customer team"));
    assert_eq!(office.mailboxes.sent.lock().unwrap()[1].to, "team@office.example");

    let figures = "/api/v1/reports/unanswered_in_time?from=2026-03-01&to=2026-03-31";
    office.desk().keep_house(&office.organisation).await.unwrap();
    let figures = office.get("Max", figures).await.json();
    assert_eq!(figures["figures"]["unanswered_in_time"], json!({"sam-okoro": 2}), "{figures}");
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_passed_on_once() {
    passed_on_once(Memory::new()).await;
    let folder = tempfile::tempdir().unwrap();
    passed_on_once(Embedded::open(&folder.path().join("store")).unwrap()).await;
}
