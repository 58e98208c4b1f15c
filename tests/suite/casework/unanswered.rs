//! Contacts that a point of contact does not take up in time go to the deputy or the team, once, whichever gateway
//! acts.

use std::sync::Arc;

use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::{Clock as _, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

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
    send_by(office, id, "email").await;
}

async fn send_by(office: &CaseOffice, id: &str, channel: &str) {
    let contact: Contact = serde_json::from_value(json!({
        "id": id, "channel": channel, "at": office.clock.now(), "to": ["repairs@office.example"],
        "from": [{"kind": "email", "value": "jo@home.example", "assurance": "proven"}],
        "subject": "My statement", "text": "When does it come by post?"
    }))
    .unwrap();
    office.contact(&contact).await;
}

async fn item(office: &CaseOffice, id: &str) -> QueueItem {
    office.store.item(&office.organisation.id, id).await.unwrap().unwrap()
}

/// Three gateways look at once. Returns how many items they passed on together.
async fn looked(office: &CaseOffice, at: &str) -> u64 {
    office.clock.set(at.parse().unwrap());
    let desks = [office.desk(), office.desk(), office.desk()];
    let mailer = office.mailer();
    let looks = desks.iter().map(|desk| desk.pass_on_unanswered(&office.organisation, &mailer));
    let looks = futures_util::future::join_all(looks).await;
    let counted = looks.into_iter().map(|(many, done)| {
        done.unwrap();
        many
    });
    counted.sum()
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
        assert!(
            !sent[0].text.contains("statement") && !sent[0].text.contains("Jo"),
            "{}",
            sent[0].text
        );
    }

    // Dee is away: the team takes over, on the point of contact's queue.
    office.clock.set("2026-03-09T09:00:00Z".parse().unwrap());
    send(&office, "c-3").await;
    assert_eq!(looked(&office, "2026-03-10T09:00:00Z").await, 1);
    let passed = item(&office, "c-3").await;
    assert_eq!((passed.queue.as_str(), passed.overdue), ("sam-okoro", true));
    assert_eq!(passed.notes[0].handed_to.as_deref(), Some("Customer team"));
    assert_eq!(office.mailboxes.sent.lock().unwrap()[1].to, "team@office.example");
    // It is late until somebody takes it up.
    let late = async || {
        let counts = office.store.queues(&office.organisation.id).await.unwrap();
        counts.iter().map(|one| one.overdue).sum::<u64>()
    };
    assert_eq!(late().await, 2);
    let claimed = office.post("Sam Okoro", "/api/v1/queues/sam-okoro/c-3/claim", &json!({})).await;
    assert_eq!(claimed.status, 200, "{claimed:?}");
    assert_eq!(late().await, 1);
    assert_eq!(looked(&office, "2026-03-10T10:00:00Z").await, 0);

    let figures = "/api/v1/reports/unanswered_in_time?from=2026-03-01&to=2026-03-31";
    office.desk().keep_house(&office.organisation).await.unwrap();
    let figures = office.get("Max", figures).await.json();
    assert_eq!(figures["figures"]["unanswered_in_time"], json!({"sam-okoro": 2}), "{figures}");
}

#[tokio::test]
async fn a_call_and_what_somebody_took_up_once_are_passed_on_to_nobody() {
    let office = office(Memory::new()).await;
    send_by(&office, "call", "telephone").await;
    let call = item(&office, "call").await;
    assert_eq!((call.queue.as_str(), call.read_by), ("sam-okoro", None));
    for (id, verbs) in [("c-1", ["claim", "put-back"]), ("c-2", ["close", "reopen"])] {
        send(&office, id).await;
        assert_eq!(item(&office, id).await.routed_to.as_deref(), Some("Sam Okoro"));
        for verb in verbs {
            let path = format!("/api/v1/queues/sam-okoro/{id}/{verb}");
            let done = office.post("Sam Okoro", &path, &json!({})).await;
            assert_eq!(done.status, 200, "{path}: {done:?}");
        }
        assert_eq!(item(&office, id).await.state.name(), "open");
    }
    assert_eq!(looked(&office, "2026-03-20T09:00:00Z").await, 0);
}

#[tokio::test]
async fn how_long_a_point_of_contact_took_is_counted_on_the_queue_that_they_worked_on() {
    let office = office(Memory::new()).await;
    send(&office, "c-1").await;
    send(&office, "c-2").await;
    for (id, verb, at) in [
        ("c-1", "read", "2026-03-02T09:10:00Z"),
        ("c-2", "file", "2026-03-02T09:20:00Z"),
        ("c-1", "close", "2026-03-02T09:40:00Z"),
    ] {
        office.clock.set(at.parse().unwrap());
        let path = format!("/api/v1/queues/sam-okoro/{id}/{verb}");
        let done = office.post("Sam Okoro", &path, &json!({})).await;
        assert_eq!(done.status, 200, "{path}: {done:?}");
    }
    assert_eq!(item(&office, "c-2").await.queue, "filed");
    let figures = "/api/v1/reports/figures?from=2026-03-02&to=2026-03-02";
    let figures = office.get("Max", figures).await.json();
    for (name, number) in [
        ("read_by_queue", 1),
        ("minutes_to_read", 10),
        ("answered_by_queue", 2),
        ("minutes_to_answer", 30),
    ] {
        assert_eq!(figures["figures"][name], json!({"sam-okoro": number}), "{name}: {figures}");
    }
}

#[tokio::test]
async fn an_absence_recorded_later_does_not_change_who_had_it() {
    let office = office(Memory::new()).await;
    send(&office, "c-1").await;
    let now = office.store.person(&office.organisation.id, "P-1").await.unwrap().unwrap();
    let mut now = serde_json::to_value(&*now).unwrap();
    now["restrictions"][0]["absences"] = json!([
        {"contact": "Sam Okoro", "from": "2026-03-02", "to": "2026-03-06"},
        {"contact": "Dee", "from": "2026-03-09", "to": "2026-03-13"}
    ]);
    office.put_on_record(vec![serde_json::from_value(now).unwrap()]).await;
    assert_eq!(looked(&office, "2026-03-03T09:00:00Z").await, 1);
    let passed = item(&office, "c-1").await;
    assert_eq!((passed.queue.as_str(), passed.routed_to.as_deref()), ("dees", Some("Sam Okoro")));
    let reason = &passed.reasons.last().unwrap().text;
    assert!(reason.starts_with("Sam Okoro did not answer"), "{reason}");
}

#[tokio::test]
async fn contacts_of_somebody_who_has_left_go_to_the_deputy_for_good() {
    let office = office(Memory::new()).await;
    let left = json!({"contact": "Sam Okoro", "from": "2026-03-02", "to": "9999-12-31"});
    let recorded = office.post("Max", "/api/v1/absences", &left).await;
    assert_eq!(recorded.status, 201, "{recorded:?}");
    for (id, at) in [("c-1", "2026-03-02T10:00:00Z"), ("c-2", "2026-06-29T10:00:00Z")] {
        office.clock.set(at.parse().unwrap());
        send(&office, id).await;
        let item = item(&office, id).await;
        assert_eq!((item.queue.as_str(), item.routed_to.as_deref()), ("dees", Some("Dee")), "{id}");
    }
    let points = office.get("Max", "/api/v1/points-of-contact").await.json();
    assert!(points.to_string().contains("9999-12-31"), "{points}");
}

#[tokio::test]
async fn a_store_that_is_away_makes_no_accused_deputy_eligible() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store) as _).await;
    let complaint = json!({"act": "record_staff_complaint", "about": "Dee", "what": "Rude."});
    made(&office.step("Max", "P-1", complaint).await);
    send(&office, "c-1").await;
    office.clock.set("2026-03-02T17:00:00Z".parse().unwrap());
    let (desk, mailer, mut calls) = (office.desk(), office.mailer(), 0);
    let passed = loop {
        store.ends_after(calls);
        let (_, done) = desk.pass_on_unanswered(&office.organisation, &mailer).await;
        store.ends_after(usize::MAX);
        let now = item(&office, "c-1").await;
        assert_eq!(now.queue, "sam-okoro", "never to Dee: {done:?}");
        calls += 1;
        if now.overdue {
            break now;
        }
        assert!(calls < 50, "{done:?}");
    };
    assert!(calls > 3, "it was cut off before");
    assert_eq!(passed.notes[0].handed_to.as_deref(), Some("Customer team"));
}

#[tokio::test]
async fn what_is_not_answered_in_time_is_passed_on_once() {
    passed_on_once(Memory::new()).await;
    let folder = tempfile::tempdir().unwrap();
    passed_on_once(Embedded::open(&folder.path().join("store")).unwrap()).await;
}
