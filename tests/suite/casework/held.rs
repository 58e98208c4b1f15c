//! The diary and the figures of an organisation read everybody's cases once a day, and then only those of people named by
//! the trail. What a gateway that begins now reads is the same.

use std::sync::Arc;

use contact_gateway::casework::Desk;
use contact_gateway::casework::diary::DiaryAsked;
use contact_gateway::domain::past::Nameplate;
use contact_gateway::domain::person::Person;
use contact_gateway::ports::documents::{Batch, Document};
use contact_gateway::ports::{Clock as _, Stamp};
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];
const PEOPLE: usize = 30;

fn person(number: usize, restrictions: &Value) -> Person {
    serde_json::from_value(json!({
        "id": format!("P-{number}"), "name": format!("Person {number}"), "issues": ["C-1"],
        "identifiers": [{"kind": "email", "value": format!("p-{number}@home.example")}],
        "restrictions": restrictions
    }))
    .unwrap()
}

fn quota(number: usize) -> Value {
    json!([{
        "id": format!("R-{number}"), "kind": "contact_quota", "limit": 1, "per": "week",
        "grounds": "demands", "clause": "8.3", "starts": "2026-01-05",
        "review_due": "2026-07-06", "decided_by": "Max"
    }])
}

async fn office(store: Arc<Faulty>) -> CaseOffice {
    let laid = json!({
        "responsible": {"decides": "manager"}, "review": {"on_overdue": "lapse"},
        "read_within_working_days": 1
    });
    let profile = profile(&shipped("tuntum.toml"), Some(&laid));
    let office = CaseOffice::open(store as _, profile, &staff(&STAFF));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let people = (0..PEOPLE).map(|one| person(one, &quota(one)));
    office.put_on_record(people.collect()).await;
    for number in 0..PEOPLE {
        made(&office.step("Ann", &format!("P-{number}"), incident()).await);
    }
    office
}

fn incident() -> Value {
    json!({
        "act": "record_incident", "ground": "demands", "severity": "ordinary",
        "happened_at": "2026-03-01T09:00:00Z", "channel": "telephone", "what": "Calls all day."
    })
}

/// The diary and the figures of the year, whole and by month.
async fn shown(office: &CaseOffice, desk: &Desk) -> Value {
    let of = &office.organisation;
    let (from, to) = ("2026-01-01".parse().unwrap(), "2026-12-31".parse().unwrap());
    let diary = desk.diary(of, &DiaryAsked::default()).await.unwrap();
    let figures = desk.figures(of, from, to).await.unwrap();
    let months = desk.figures_by_month(of, from, to).await.unwrap();
    json!({"diary": diary, "figures": figures, "months": months})
}

/// What a gateway shows that has run for a while, which must be what one that begins now shows; and how many files it
/// read.
async fn same(office: &CaseOffice, store: &Faulty, desk: &Desk) -> (Value, usize) {
    let before = store.case_files();
    let by_this = shown(office, desk).await;
    let read = store.case_files() - before;
    assert_eq!(by_this, shown(office, &office.desk()).await);
    (by_this, read)
}

#[tokio::test]
async fn only_those_named_by_the_trail_are_read_again() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store)).await;
    let desk = office.desk();
    let (first, read) = same(&office, &store, &desk).await;
    assert_eq!(read, PEOPLE, "the first reads everybody, the others nobody");
    assert_eq!(first["figures"]["incidents_by_ground"], json!({"demands": PEOPLE}));
    assert_eq!(same(&office, &store, &desk).await, (first, 0));

    // A step, by another gateway.
    made(&office.step("Ann", "P-7", incident()).await);
    let (now, read) = same(&office, &store, &desk).await;
    assert_eq!((read, &now["figures"]["incident_history"]["P-7"]), (1, &json!(2)));

    // An import names nobody.
    office.put_on_record(vec![person(PEOPLE, &quota(PEOPLE))]).await;
    let (now, read) = same(&office, &store, &desk).await;
    assert_eq!(read, PEOPLE, "everybody who has a file");
    assert_eq!(now["figures"]["restrictions_in_force"], json!(PEOPLE + 1));

    // The same numbers may be of another trail: a store was accepted in place of this one.
    let (id, plate) = (&office.organisation.id, Nameplate::new("another".to_owned()));
    assert!(office.store.put_nameplate(id, None, &plate).await.unwrap());
    assert_eq!(same(&office, &store, &desk).await.1, PEOPLE);
    assert_eq!(same(&office, &store, &desk).await.1, 0);

    // Another day, and the day before again by a clock that went back.
    for (at, overdue) in [("2026-07-07T00:30:00Z", true), ("2026-07-06T12:00:00Z", false)] {
        office.clock.set(at.parse().unwrap());
        let (now, read) = same(&office, &store, &desk).await;
        let in_force = if overdue { 0 } else { PEOPLE + 1 };
        assert_eq!(now["figures"]["restrictions_in_force"], json!(in_force), "{at}");
        assert_eq!(read, PEOPLE, "{at}");
    }
}

#[tokio::test]
async fn a_contact_to_be_read_is_in_the_diary_at_once_and_met_once_it_is_read() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store)).await;
    let filed = json!([{
        "id": "R-F", "kind": "read_and_file", "issues": ["C-1"], "grounds": "demands",
        "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
    }]);
    office.put_on_record(vec![person(PEOPLE, &filed)]).await;
    let desk = office.desk();
    same(&office, &store, &desk).await;
    for id in ["c-1", "c-2"] {
        let mail = json!({
            "id": id, "channel": "email", "at": office.clock.now(),
            "from": [{"kind": "email", "value": format!("p-{PEOPLE}@home.example"),
                      "assurance": "proven"}],
            "to": ["repairs@office.example"], "subject": "The roof", "issue": "C-1",
            "text": "The roof, the roof, the roof."
        });
        office.contact(&serde_json::from_value(mail).unwrap()).await;
    }
    let to_read = |shown: &Value| {
        let all = shown["diary"].as_array().unwrap().iter();
        let filed = all.filter(|one| one["what"] == "read_filed" && one["about"] == "c-2");
        filed.map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let (now, read) = same(&office, &store, &desk).await;
    assert_eq!(to_read(&now), ["upcoming"]);
    assert!(read <= 1, "nobody else's case: {read}");
    let read = json!({"act": "mark_read", "item": "c-2"});
    let answer = office.step("Ann", &format!("P-{PEOPLE}"), read).await;
    assert!(answer.status.is_success(), "{answer:?}");
    assert_eq!(to_read(&same(&office, &store, &desk).await.0), ["met"]);
}

/// As an earlier version wrote them: they change without an entry that names the person.
#[tokio::test]
async fn files_that_hold_tasks_themselves_are_read_each_time() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store)).await;
    let id = &office.organisation.id;
    let desk = office.desk();
    let holding = async |tasks: Value| {
        let stored = office.store.document(id, "case", "P-3").await.unwrap().unwrap();
        let mut file: Value = stored.read().unwrap();
        file["tasks"] = tasks;
        let version = stored.version;
        let old = Document::new("case", "P-3", version, stored.keys.clone(), &file).unwrap();
        let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
        office.store.write(id, Batch::new(stamp).put(old)).await.unwrap();
    };
    let task = |done: Value| {
        json!([{
            "kind": "read_filed", "contact": "c-9", "restriction": "R-3",
            "at": "2026-03-02T08:00:00Z", "issue": null, "thread": [], "done": done
        }])
    };
    holding(task(Value::Null)).await;
    let state = |shown: &Value| {
        let all = shown["diary"].as_array().unwrap().iter();
        let of_it = all.filter(|one| one["about"] == "c-9");
        of_it.map(|one| one["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(state(&same(&office, &store, &desk).await.0), ["upcoming"]);
    holding(task(json!({"at": "2026-03-02T09:00:00Z", "by": "Ann"}))).await;
    assert_eq!(state(&same(&office, &store, &desk).await.0), ["met"]);
}
