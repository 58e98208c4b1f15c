//! Contacts that somebody must read or decide on: however many come, no case file grows with them.

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::person::Person;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];

/// Two people whose e-mails are read and filed.
pub(super) async fn office() -> CaseOffice {
    let office =
        CaseOffice::open(Memory::new(), profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set("2026-10-31T00:00:00Z".parse().unwrap());
    let people = ["P-1", "P-2"].map(|id| {
        let person: Person = serde_json::from_value(json!({
            "id": id, "name": "Jo Doe", "issues": ["C-1"],
            "identifiers": [{"kind": "email", "value": format!("{}@home.example", id.to_lowercase())}],
            "restrictions": [{
                "id": format!("R-{id}"), "kind": "read_and_file", "issues": ["C-1"], "grounds": "demands",
                "clause": "8.3", "starts": "2026-10-01", "review_due": "2027-05-01",
                "decided_by": "Max"
            }]
        }))
        .unwrap();
        person
    });
    office.put_on_record(people.into()).await;
    // What is said for the first time on the issue is looked at, and what repeats it is filed.
    for person in ["P-1", "P-2"] {
        let mut first = mail(person, 0, &[]);
        first["id"] = json!(format!("{person}-first"));
        first["at"] = json!("2026-10-31T12:00:00Z");
        office.clock.set("2026-10-31T12:00:00Z".parse().unwrap());
        let decision = office.contact(&serde_json::from_value(first).unwrap()).await;
        assert_eq!(decision.disposition.name(), "route", "{decision:?}");
    }
    office.clock.set("2026-11-02T00:00:00Z".parse().unwrap());
    office
}

/// An e-mail of one of them, by number: one an hour.
pub(super) fn mail(person: &str, number: u32, thread: &[String]) -> Value {
    let at = format!("2026-11-{:02}T{:02}:00:00Z", 2 + number / 24, number % 24);
    json!({
        "id": format!("{person}-c-{number}"), "channel": "email", "at": at,
        "from": [{"kind": "email", "value": format!("{}@home.example", person.to_lowercase()),
                  "assurance": "proven"}],
        "to": ["repairs@office.example"], "subject": "The roof", "issue": "C-1",
        "text": "The roof, the roof, the roof.", "thread": thread
    })
}

pub(super) async fn send(office: &CaseOffice, mail: Value) {
    office.clock.set(mail["at"].as_str().unwrap().parse().unwrap());
    let decision = office.contact(&serde_json::from_value(mail).unwrap()).await;
    assert_eq!(decision.disposition.name(), "file", "{decision:?}");
}

pub(super) async fn stored(office: &CaseOffice, kind: &str, id: &str) -> Option<(u64, Value)> {
    let found = office.store.document(&office.organisation.id, kind, id).await.unwrap();
    found.map(|document| (document.version, document.read().unwrap()))
}

#[tokio::test]
async fn tasks_are_listed_page_by_page_and_no_file_grows_with_them() {
    let office = office().await;
    // As many message-ids as there may be, and longer ones than a line of a mail can be.
    let mut thread: Vec<String> =
        (0..80).map(|number| format!("<{number}@home.example>")).collect();
    thread.insert(3, format!("<{}@home.example>", "x".repeat(2_000)));
    for number in 0..25 {
        send(&office, mail("P-1", number, &thread)).await;
    }
    send(&office, mail("P-2", 3, &[])).await;
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    assert_eq!(case["tasks"].as_array().unwrap().len(), 25);
    assert_eq!((&case["more_tasks"], &case["version"]), (&json!(false), &json!(0)));
    assert!(stored(&office, "case", "P-1").await.is_none(), "no step was taken on the file");
    for task in case["tasks"].as_array().unwrap() {
        let ids = task["thread"].as_array().unwrap();
        assert!(ids.len() <= 50 && !ids.is_empty(), "{}", ids.len());
        assert!(ids.iter().all(|id| id.as_str().unwrap().len() <= 998));
    }

    // One is read: it is the last on the list, the others are open.
    made(&office.step("Ann", "P-1", json!({"act": "mark_read", "item": "P-1-c-7"})).await);
    let (_, file) = stored(&office, "case", "P-1").await.unwrap();
    assert_eq!(file["tasks"], json!([]));
    let (mut listed, mut after, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let path = format!("/api/v1/people/P-1/tasks?limit=10{after}");
        let page = office.get("Ann", &path).await.json();
        let tasks = page["tasks"].as_array().unwrap();
        assert!(tasks.len() <= 10);
        listed.extend(tasks.iter().map(|one| one["contact"].as_str().unwrap().to_owned()));
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    let mut expected: Vec<String> =
        (0..25).filter(|number| *number != 7).map(|number| format!("P-1-c-{number}")).collect();
    expected.push("P-1-c-7".to_owned());
    assert_eq!(listed, expected);
    let again = office.step("Ann", "P-1", json!({"act": "mark_read", "item": "P-1-c-7"})).await;
    assert_eq!(again.json()["broken"][0]["code"], "state.wrong");
    let others = office.step("Ann", "P-1", json!({"act": "mark_read", "item": "P-2-c-3"})).await;
    assert_eq!(others.json()["broken"][0]["code"], "reference.unknown");
}

#[tokio::test]
async fn the_diary_and_its_reminders_have_everybodys_tasks() {
    let office = office().await;
    send(&office, mail("P-1", 9, &[])).await;
    send(&office, mail("P-2", 10, &[])).await;
    let about = |diary: Value| -> Vec<(String, String)> {
        let entries = diary["diary"].as_array().unwrap().clone();
        let read = entries.into_iter().filter(|one| one["what"] == "read_filed");
        read.map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("about"), text("state"))
        })
        .collect()
    };
    office.clock.set("2026-11-20T09:00:00Z".parse().unwrap());
    let overdue = |contact: &str| (contact.to_owned(), "overdue".to_owned());
    let all = about(office.get("Max", "/api/v1/diary").await.json());
    assert_eq!(all, [overdue("P-1-c-9"), overdue("P-2-c-10")]);
    let own = about(office.get("Max", "/api/v1/diary?person=P-2").await.json());
    assert_eq!(own, [overdue("P-2-c-10")]);
    office.desk().remind(&office.organisation, &office.mailer()).await.unwrap();
    let trail = office.store.audit(&office.organisation.id, 0, 0).await.unwrap();
    let read = trail.iter().filter(
        |entry| matches!(&entry.event, AuditEvent::Reminded { what, .. } if what == "read_filed"),
    );
    assert_eq!(read.count(), 2);
    // What was done stays for a year, and goes then.
    made(&office.step("Ann", "P-2", json!({"act": "mark_read", "item": "P-2-c-10"})).await);
    let late = ("P-2-c-10".to_owned(), "late".to_owned());
    assert_eq!(
        about(office.get("Max", "/api/v1/diary?person=P-2").await.json()),
        std::slice::from_ref(&late)
    );
    office.clock.set("2027-11-20T09:00:00Z".parse().unwrap());
    assert!(about(office.get("Max", "/api/v1/diary").await.json()).contains(&late));
    office.clock.set("2027-11-21T09:00:00Z".parse().unwrap());
    assert!(!about(office.get("Max", "/api/v1/diary").await.json()).contains(&late));
}
