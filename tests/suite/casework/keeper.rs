//! The keeper: reminders come once, whoever keeps, whenever it looks.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::degraded::faulty::{Faulty, Trouble};

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

fn hours() -> Value {
    json!({ "windows": [{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00", "to": "17:00"}] })
}

fn office() -> CaseOffice {
    let laid = json!({
        "responsible": {"decides": "manager"},
        "review": {"on_overdue": "lapse"},
        "staffed_hours": {"telephone": hours()}
    });
    CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), Some(&laid)), &staff(&STAFF))
}

fn person(restriction: Value) -> Person {
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [restriction]
    }))
    .unwrap()
}

fn quota() -> Value {
    json!({
        "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week", "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    })
}

async fn on_queue(office: &CaseOffice, about: &str) -> Vec<String> {
    let items = office.get("Max", "/api/v1/queues/manager").await.json();
    let items = items["items"].as_array().cloned().unwrap_or_default();
    let texts = items.iter().filter(|item| item["contact"] == about).map(|item| {
        assert_eq!(item["flags"], json!(["reminder"]), "{item}");
        item["subject"].as_str().unwrap().to_owned()
    });
    texts.collect()
}

/// Two gateways look at the same moment.
async fn both_look(office: &CaseOffice, at: &str) {
    office.clock.set(at.parse().unwrap());
    let (one, other) = (office.desk(), office.desk());
    let (organisation, mailer) = (&office.organisation, &office.mailer());
    let (first, second) =
        tokio::join!(one.remind(organisation, mailer), other.remind(organisation, mailer));
    first.unwrap();
    second.unwrap();
    // One of them looks again; and a third begins with no memory of it.
    assert_eq!(one.remind(organisation, mailer).await.unwrap(), 0);
    assert_eq!(office.desk().remind(organisation, mailer).await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_state_of_a_review_is_said_once() {
    let office = office();
    office.put_on_record(vec![person(quota())]).await;
    both_look(&office, "2026-06-07T09:00:00Z").await;
    assert_eq!(on_queue(&office, "R-1").await.len(), 0, "29 days before");
    both_look(&office, "2026-06-08T09:00:00Z").await;
    both_look(&office, "2026-06-20T09:00:00Z").await;
    let review = |texts: &[String]| {
        texts.iter().filter(|text| text.starts_with("Review")).cloned().collect::<Vec<_>>()
    };
    let said = review(&on_queue(&office, "R-1").await);
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("falls due on 2026-07-06"), "{said:?}");
    both_look(&office, "2026-07-06T07:00:00Z").await;
    both_look(&office, "2026-07-06T18:00:00Z").await;
    let said = review(&on_queue(&office, "R-1").await);
    assert_eq!(said.len(), 2, "{said:?}");
    let trail = office.get("Max", "/api/v1/audit?limit=200").await.json();
    let reminded = trail["entries"].as_array().unwrap().iter().filter(|entry| {
        entry["event"] == "reminded" && entry["what"] == "review" && entry["about"] == "R-1"
    });
    assert_eq!(reminded.count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_that_was_away_says_how_it_is_now() {
    let office = office();
    let appealed = json!({
        "act": "receive_appeal", "restriction": "R-1", "channel": "telephone", "grounds": ["unfair"]
    });
    office.put_on_record(vec![person(quota())]).await;
    office.clock.set("2026-03-02T10:00:00Z".parse().unwrap());
    let answer = office.step("Ann", "P-1", appealed).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let diary = office.get("Max", "/api/v1/diary?person=P-1").await.json();
    let due = diary["diary"].as_array().unwrap().iter().any(|one| one["what"] == "appeal_answer");
    // A year later: what was due meanwhile is overdue, and said once.
    both_look(&office, "2026-06-30T10:00:00Z").await;
    let trail = office.get("Max", "/api/v1/audit?limit=200").await.json();
    let said: Vec<&Value> = trail["entries"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|entry| entry["event"] == "reminded" && entry["what"] == "appeal_answer")
        .collect();
    assert_eq!(said.len(), usize::from(due), "{said:?}");
    assert!(said.iter().all(|entry| entry["state"] == "overdue"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absence_that_leaves_no_way_is_said_once_and_changes_nothing() {
    let office = office();
    let point = json!({
        "id": "R-1", "kind": "single_point_of_contact", "grounds": "demands", "clause": "8.3",
        "contact": {"name": "Pat", "phone": "+441154960123"},
        "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    });
    office.put_on_record(vec![person(point)]).await;
    both_look(&office, "2026-03-02T09:00:00Z").await;
    assert_eq!(on_queue(&office, "P-1").await.len(), 0);
    let absence = json!({
        "restriction": "R-1", "contact": "Pat", "from": "2026-03-09", "to": "2026-03-27"
    });
    let answer = office.post("Ann", "/api/v1/people/P-1/absences", &absence).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    both_look(&office, "2026-03-02T12:00:00Z").await;
    both_look(&office, "2026-03-03T12:00:00Z").await;
    let said = on_queue(&office, "P-1").await;
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("no staffed way stays open"), "{said:?}");
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    assert_eq!(case["in_force"], json!(["R-1"]));
}

/// The office's organisation with a mailbox for its managers' queue.
fn with_mailbox(office: &CaseOffice) -> Arc<Organisation> {
    let mailboxes = [("manager".to_owned(), "managers@office.example".to_owned())];
    let organisation = Organisation::clone(&office.organisation);
    Arc::new(Organisation { queue_mailboxes: mailboxes.into(), ..organisation })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reminder_is_mailed_once_though_the_server_was_away() {
    let office = office();
    office.put_on_record(vec![person(quota())]).await;
    let (organisation, mailer) = (&with_mailbox(&office), &office.mailer());
    office.clock.set("2026-07-06T07:00:00Z".parse().unwrap());
    office.mailboxes.is_away.store(true, Ordering::SeqCst);
    let (one, other) = (office.desk(), office.desk());
    one.remind(organisation, mailer).await.unwrap();
    let managers = async || {
        let items = office.get("Max", "/api/v1/queues/manager?limit=100").await.json();
        items["items"].as_array().unwrap().len()
    };
    let reminded = managers().await;
    assert!(reminded > 1);
    let both_finish = async |at: &str| {
        office.clock.set(at.parse().unwrap());
        let (first, second) = tokio::join!(
            one.finish_what_was_left(organisation, mailer),
            other.finish_what_was_left(organisation, mailer),
        );
        first.unwrap();
        second.unwrap();
        office.mailboxes.sent.lock().unwrap().len()
    };
    assert_eq!(both_finish("2026-07-06T07:05:00Z").await, 0);
    office.mailboxes.is_away.store(false, Ordering::SeqCst);
    assert_eq!(both_finish("2026-07-06T07:20:00Z").await, reminded, "once, whoever mails");
    assert_eq!(both_finish("2026-07-07T07:20:00Z").await, reminded);
    let sent = office.mailboxes.sent.lock().unwrap().clone();
    assert!(sent.iter().all(|mail| mail.to == "managers@office.example"));
    // What is mailed at once is not mailed again either.
    office.clock.set("2026-07-08T07:00:00Z".parse().unwrap());
    one.remind(organisation, mailer).await.unwrap();
    assert_eq!(both_finish("2026-07-08T08:00:00Z").await, managers().await);
}

#[tokio::test(start_paused = true)]
async fn an_organisation_whose_trail_is_slow_to_follow_keeps_no_other_waiting() {
    let store = Faulty::over(Memory::new());
    let laid = profile(&shipped("tuntum.toml"), None);
    let office = CaseOffice::open(Arc::clone(&store) as _, laid, &staff(&STAFF));
    office.put_on_record(vec![person(quota())]).await;
    let other = Arc::new(Organisation {
        id: OrganisationId::new("other"),
        ..Organisation::clone(&office.organisation)
    });
    let desk = office.desk();
    assert_eq!(desk.behind(&office.organisation.id).await.unwrap(), 1);
    store.has(Trouble::Hangs);
    let before = store.accesses();
    let (slow, of) = (desk.clone(), Arc::clone(&office.organisation));
    let following = tokio::spawn(async move { slow.catch_up(&of).await });
    while store.accesses() == before {
        tokio::task::yield_now().await;
    }
    store.has(Trouble::None);
    let quick = tokio::time::timeout(Duration::from_secs(1), desk.catch_up(&other)).await;
    assert!(matches!(quick, Ok(Ok(()))), "{quick:?}");
    assert!(following.await.unwrap().is_err(), "its store hung");
    desk.keep_house(&office.organisation).await.unwrap();
    assert_eq!(desk.behind(&office.organisation.id).await.unwrap(), 0);
}
