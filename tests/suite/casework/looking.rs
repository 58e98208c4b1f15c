//! What the keeper reads: everybody's cases once a day and at its start, then of those whom the trail names.
//!
//! `KEEPER_CASES` says how many cases there are where a round is measured.

use std::sync::Arc;
use std::time::Instant;

use contact_gateway::casework::Desk;
use contact_gateway::domain::person::Person;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];
const CASES: usize = 50;

fn person(number: usize, restriction: Value) -> Person {
    serde_json::from_value(json!({
        "id": format!("P-{number}"), "name": format!("Person {number}"), "issues": ["C-1"],
        "identifiers": [{"kind": "email", "value": format!("p-{number}@home.example")}],
        "restrictions": [restriction]
    }))
    .unwrap()
}

fn quota(number: usize, review_due: &str) -> Value {
    json!({
        "id": format!("R-{number}"), "kind": "contact_quota", "limit": 1, "per": "week",
        "grounds": "demands", "clause": "8.3", "starts": "2026-01-05",
        "review_due": review_due, "decided_by": "Max"
    })
}

/// So many people with a restriction and a case file each, of which nothing falls due before July.
async fn office(store: Arc<Faulty>, cases: usize) -> CaseOffice {
    let windows = json!([{"days": ["mon", "tue", "wed", "thu", "fri"], "from": "09:00",
                          "to": "17:00"}]);
    let laid = json!({
        "responsible": {"decides": "manager"}, "review": {"on_overdue": "lapse"},
        "read_within_working_days": 1, "staffed_hours": {"telephone": {"windows": windows}}
    });
    let profile = profile(&shipped("tuntum.toml"), Some(&laid));
    let office = CaseOffice::open(store as _, profile, &staff(&STAFF));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let numbers: Vec<usize> = (0..cases).collect();
    for some in numbers.chunks(200) {
        let people = some.iter().map(|one| person(*one, quota(*one, "2026-07-06")));
        office.put_on_record(people.collect()).await;
    }
    for number in numbers {
        let action = json!({"act": "record_action", "action": "police", "what": "Told."});
        made(&office.step("Max", &format!("P-{number}"), action).await);
    }
    // The very first round on a store checks whether any file is older than the lists of cases.
    office.desk().keep_house(&office.organisation).await.unwrap();
    office
}

async fn round(office: &CaseOffice, desk: &Desk, at: &str) -> usize {
    office.clock.set(at.parse().unwrap());
    desk.keep_house(&office.organisation).await.unwrap();
    desk.remind(&office.organisation, &office.mailer()).await.unwrap()
}

/// How many case files a round read, and how often it asked the store for anything.
async fn read_in(office: &CaseOffice, store: &Faulty, desk: &Desk, at: &str) -> (usize, usize) {
    let before = (store.case_files(), store.accesses());
    round(office, desk, at).await;
    (store.case_files() - before.0, store.accesses() - before.1)
}

#[tokio::test]
async fn a_round_with_nothing_new_reads_no_case_file() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store), CASES).await;
    let desk = office.desk();
    let (first, _) = read_in(&office, &store, &desk, "2026-03-02T10:00:00Z").await;
    assert_eq!(first, CASES, "at its start it reads them all");
    // What the first round wrote itself is followed in the second.
    read_in(&office, &store, &desk, "2026-03-02T10:05:00Z").await;
    for at in ["2026-03-02T10:10:00Z", "2026-03-02T23:59:00Z"] {
        let (files, asked) = read_in(&office, &store, &desk, at).await;
        assert_eq!(files, 0, "{at}");
        assert!(asked < 12, "however many cases there are, it asks little: {asked}");
    }
    // Another day, by the organisation's own clock; and the day before again, by a clock that went back.
    for at in ["2026-03-03T00:01:00Z", "2026-03-02T22:00:00Z", "2026-03-20T10:00:00Z"] {
        assert_eq!(read_in(&office, &store, &desk, at).await.0, CASES, "{at}");
    }
}

#[tokio::test]
async fn what_another_gateway_did_is_seen_in_the_next_round_whatever_it_was() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store), CASES).await;
    let desk = office.desk();
    round(&office, &desk, "2026-03-02T10:00:00Z").await;
    round(&office, &desk, "2026-03-02T10:05:00Z").await;

    // A step: a letter is owed by the next working day.
    let incident = json!({
        "act": "record_incident", "id": "I-1", "ground": "demands", "severity": "ordinary",
        "happened_at": "2026-03-02T09:00:00Z", "channel": "telephone", "what": "Calls all day."
    });
    made(&office.step("Ann", "P-7", incident).await);
    let warning = json!({
        "act": "give_warning", "id": "W-1", "incidents": ["I-1"], "kind": "formal",
        "medium": "written", "behaviour": "You called all day.",
        "must_change": "Please call once a day.", "consequences": "We may limit your calls."
    });
    made(&office.step("Max", "P-7", warning).await);
    let before = store.case_files();
    assert_eq!(round(&office, &desk, "2026-03-02T10:10:00Z").await, 1);
    assert_eq!(store.case_files() - before, 1, "of the one person whom it was about");

    // A person's record: somebody is there no more.
    let point = json!({
        "id": "R-9", "kind": "single_point_of_contact", "grounds": "demands", "clause": "8.3",
        "contact": {"name": "Pat", "phone": "+441154960123"},
        "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    });
    office.put_on_record(vec![person(1_000, point)]).await;
    assert_eq!(round(&office, &desk, "2026-03-02T10:15:00Z").await, 0);
    let absence = json!({
        "restriction": "R-9", "contact": "Pat", "from": "2026-03-09", "to": "2026-03-27"
    });
    let answer = office.post("Ann", "/api/v1/people/P-1000/absences", &absence).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    // That nobody covers for Pat, and that no way is left open.
    assert_eq!(round(&office, &desk, "2026-03-02T10:20:00Z").await, 2);

    // An import, which names nobody.
    office.put_on_record(vec![person(1_001, quota(1_001, "2026-03-20"))]).await;
    assert_eq!(round(&office, &desk, "2026-03-02T10:25:00Z").await, 2, "a review and an end");

    // A contact, of which the trail is made a task.
    let filed = json!({
        "id": "R-1002", "kind": "read_and_file", "issues": ["C-1"], "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    });
    office.put_on_record(vec![person(1_002, filed)]).await;
    round(&office, &desk, "2026-03-02T10:30:00Z").await;
    let mut found = Vec::new();
    for (id, minute) in [("c-1", 31), ("c-2", 32), ("c-3", 33)] {
        let at = format!("2026-03-02T10:{minute}:00Z");
        let mail = json!({
            "id": id, "channel": "email", "at": at,
            "from": [{"kind": "email", "value": "p-1002@home.example", "assurance": "proven"}],
            "to": ["repairs@office.example"], "subject": "The roof", "issue": "C-1",
            "text": "The roof, the roof, the roof."
        });
        let decision = office.contact(&serde_json::from_value(mail).unwrap()).await;
        found.push(decision.disposition.name());
    }
    assert_eq!(found[1..], ["file", "file"], "{found:?}");
    assert_eq!(round(&office, &desk, "2026-03-02T10:40:00Z").await, 2, "each is to be read");
    assert_eq!(round(&office, &desk, "2026-03-02T10:45:00Z").await, 0);
    // A gateway that begins now finds nothing that this one left out.
    assert_eq!(round(&office, &office.desk(), "2026-03-02T10:50:00Z").await, 0);
}

#[tokio::test]
async fn a_round_that_the_store_cut_off_is_made_again() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store), CASES).await;
    let desk = office.desk();
    office.clock.set("2026-07-06T09:00:00Z".parse().unwrap());
    let mailer = office.mailer();
    let (mut reminded, mut rounds) = (0, 0);
    loop {
        rounds += 1;
        desk.keep_house(&office.organisation).await.unwrap();
        store.ends_after(7 * rounds);
        let done = desk.remind(&office.organisation, &mailer).await;
        store.ends_after(usize::MAX);
        if done.is_ok() {
            break;
        }
        assert!(rounds < 1_000, "{done:?}");
    }
    assert!(rounds > 3);
    let mut after = 0;
    loop {
        let page = office.get("Max", &format!("/api/v1/audit?after={after}")).await.json();
        let entries = page["entries"].as_array().unwrap();
        reminded += entries
            .iter()
            .filter(|one| one["event"] == "reminded" && one["what"] == "review")
            .count();
        match page["next"].as_u64() {
            Some(next) => after = next,
            None => break,
        }
    }
    assert_eq!(reminded, CASES, "of every review once");
    assert_eq!(desk.remind(&office.organisation, &mailer).await.unwrap(), 0);
}

/// What a round costs: each did what the first of a day does.
#[tokio::test]
async fn a_round_is_measured() {
    let cases = std::env::var("KEEPER_CASES").ok().map_or(CASES, |text| text.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let store = Faulty::over(Embedded::open(&folder.path().join("store")).unwrap());
    let office = office(Arc::clone(&store), cases).await;
    let desk = office.desk();
    round(&office, &desk, "2026-03-02T10:00:00Z").await;
    round(&office, &desk, "2026-03-02T10:05:00Z").await;
    let mut measured = Vec::new();
    for (what, at) in [
        ("the first of a day", "2026-03-03T09:00:00Z"),
        ("with nothing new", "2026-03-03T09:05:00Z"),
        ("with nothing new", "2026-03-03T09:10:00Z"),
    ] {
        let begun = Instant::now();
        let (files, asked) = read_in(&office, &store, &desk, at).await;
        println!("{cases} cases, {what}: {files} read, {asked} calls, {:?}", begun.elapsed());
        measured.push(files);
    }
    let action = json!({"act": "record_action", "action": "police", "what": "Told again."});
    made(&office.step("Max", "P-3", action).await);
    let begun = Instant::now();
    let (files, asked) = read_in(&office, &store, &desk, "2026-03-03T09:15:00Z").await;
    println!("{cases} cases, one changed: {files} read, {asked} calls, {:?}", begun.elapsed());
    measured.push(files);
    assert_eq!(measured, [cases, 0, 0, 1]);
}
