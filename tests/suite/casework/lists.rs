//! Lists over all cases: any page reads only the files of the people on it.

use std::sync::Arc;

use contact_gateway::ports::documents::{Batch, Document};
use contact_gateway::ports::{Clock as _, Stamp};
use contact_gateway::store::memory::Memory;
use hyper::StatusCode;
use serde_json::{Value, json};

use super::rig::{CaseOffice, made, profile, shipped, staff};
use crate::degraded::faulty::Faulty;

const STAFF: [(&str, &str); 2] = [("Ann", "agent"), ("Max", "manager")];
const PEOPLE: usize = 30;

fn person(number: usize) -> Value {
    json!({
        "id": format!("P-{number}"), "name": format!("Person {number}"),
        "identifiers": [{"kind": "email", "value": format!("p-{number}@home.example")}]
    })
}

async fn office(store: Arc<Faulty>) -> CaseOffice {
    let office =
        CaseOffice::open(store as _, profile(&shipped("tuntum.toml"), None), &staff(&STAFF));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    let people = (0..PEOPLE).map(|one| serde_json::from_value(person(one)).unwrap());
    office.put_on_record(people.collect()).await;
    office
}

fn incident(happened_at: &str) -> Value {
    json!({
        "act": "record_incident", "ground": "demands", "severity": "ordinary",
        "happened_at": happened_at, "channel": "telephone", "what": "Calls all day."
    })
}

/// Two incidents for each person, one early and one late, so that the list goes through everybody twice.
async fn incidents(office: &CaseOffice) {
    for day in [1, 2] {
        for number in 0..PEOPLE {
            let at = format!("2026-02-0{day}T09:{number:02}:00Z");
            made(&office.step("Ann", &format!("P-{number}"), incident(&at)).await);
        }
    }
}

/// The people of a page's incidents, and the `next` of the page.
async fn page(office: &CaseOffice, query: &str) -> (Vec<(String, String)>, Option<String>) {
    let page = office.get("Ann", &format!("/api/v1/incidents?{query}")).await.json();
    let text = |one: &Value, key: &str| one[key].as_str().unwrap().to_owned();
    let rows = page["incidents"].as_array().unwrap().iter();
    let rows = rows.map(|one| (text(one, "person"), text(one, "happened_at"))).collect();
    (rows, page["next"].as_str().map(|next| next.replace(' ', "%20").replace('|', "%7C")))
}

#[tokio::test]
async fn the_deepest_page_reads_no_more_files_than_the_first() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store)).await;
    incidents(&office).await;
    // The first request indexes the files that are older than the lists.
    page(&office, "limit=1").await;
    let (mut all, mut query) = (Vec::new(), "limit=7".to_owned());
    loop {
        let before = store.case_files();
        let (rows, next) = page(&office, &query).await;
        assert_eq!(store.case_files() - before, rows.len(), "each file of the page once: {query}");
        all.extend(rows);
        match next {
            Some(next) => query = format!("limit=7&after={next}"),
            None => break,
        }
    }
    assert_eq!(all.len(), 2 * PEOPLE, "each once");
    assert!(all.is_sorted_by(|a, b| a.1 < b.1), "the oldest first: {all:?}");
    let both = page(&office, "limit=500").await.0;
    assert_eq!(both, all);
    let before = store.case_files();
    page(&office, "limit=500").await;
    assert_eq!(store.case_files() - before, PEOPLE, "two on one page are read once");
}

#[tokio::test]
async fn an_entry_is_listed_under_its_state_and_moves_with_it() {
    let office = office(Faulty::over(Memory::new())).await;
    incidents(&office).await;
    let close = json!({
        "act": "close_incident", "incident": "P-3-I-1", "outcome": "no_action", "why": "A misunderstanding."
    });
    made(&office.step("Max", "P-3", close).await);
    assert_eq!(page(&office, "state=open").await.0.len(), 2 * PEOPLE - 1);
    let closed = page(&office, "state=no_action").await.0;
    assert_eq!(closed, [("P-3".to_owned(), "2026-02-01T09:03:00Z".to_owned())]);
    assert!(page(&office, "state=answered").await.0.is_empty());
    assert_eq!(page(&office, "").await.0.len(), 2 * PEOPLE);
    for after in ["nothing", "%00%7Cx"] {
        let odd = office.get("Ann", &format!("/api/v1/incidents?after={after}")).await;
        assert_eq!(odd.status, StatusCode::UNPROCESSABLE_ENTITY, "{after}");
    }
}

/// Files as an earlier version wrote them: without the keys of any list.
#[tokio::test]
async fn files_written_before_the_lists_are_listed_as_well() {
    let office = office(Faulty::over(Memory::new())).await;
    let id = &office.organisation.id;
    for number in 0..PEOPLE {
        let file = json!({
            "person": format!("P-{number}"), "version": 1,
            "incidents": [{
                "id": "I-1", "recorded_at": "2026-02-01T10:00:00Z", "reported_by": "Ann",
                "ground": "demands", "severity": "severe", "happened_at": "2026-02-01T09:00:00Z",
                "channel": "telephone", "what": "Threats.", "contacts": [], "told": [],
                "interaction_ended": false, "staff": [], "closed": null
            }]
        });
        let stamp = Stamp { by: "test".to_owned(), at: "2026-02-01T10:00:00Z".parse().unwrap() };
        let old = Document::new("case", format!("P-{number}"), 0, Vec::new(), &file).unwrap();
        office.store.write(id, Batch::new(stamp).put(old)).await.unwrap();
    }
    let asked = (0..4).map(|_| page(&office, "state=open"));
    for (rows, next) in futures_util::future::join_all(asked).await {
        assert_eq!((rows.len(), next), (PEOPLE, None));
    }
    let read = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    assert_eq!(read["version"], 1, "no step was taken");
    made(&office.step("Ann", "P-1", incident("2026-02-03T09:00:00Z")).await);
    assert_eq!(page(&office, "state=open").await.0.len(), PEOPLE + 1);
}

#[tokio::test]
async fn what_an_older_gateway_wrote_since_is_listed_after_a_start_and_a_day() {
    let office = office(Faulty::over(Memory::new())).await;
    let id = &office.organisation.id;
    made(&office.step("Ann", "P-1", incident("2026-02-01T09:00:00Z")).await);
    assert_eq!(page(&office, "state=open").await.0.len(), 1);
    let desk = office.desk();
    for (started, day) in
        [(office.desk(), "2026-03-03"), (desk.clone(), "2026-03-04"), (desk, "2026-03-05")]
    {
        // The older gateway writes no keys. One unreadable file must not keep the others out of the lists.
        let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
        let stored = office.store.document(id, "case", "P-1").await.unwrap().unwrap();
        let rewritten = Document { keys: Vec::new(), ..stored };
        let odd = office.store.document(id, "case", "P-2").await.unwrap();
        let odd = Document::new("case", "P-2", odd.map_or(0, |it| it.version), Vec::new(), &"odd");
        let batch = Batch::new(stamp).put(rewritten).put(odd.unwrap());
        office.store.write(id, batch).await.unwrap();
        assert!(page(&office, "state=open").await.0.is_empty());
        office.clock.set(format!("{day}T09:00:00Z").parse().unwrap());
        started.renew_case_lists(&office.organisation).await.unwrap();
        assert_eq!(page(&office, "state=open").await.0.len(), 1, "{day}");
    }
}

#[tokio::test]
async fn another_start_on_the_same_day_reads_only_the_files_that_changed_since() {
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store)).await;
    let id = &office.organisation.id;
    incidents(&office).await;
    let first = office.desk();
    let start = async |desk: &contact_gateway::casework::Desk| {
        desk.keep_house(&office.organisation).await.unwrap();
        let before = store.case_files();
        desk.renew_case_lists(&office.organisation).await.unwrap();
        store.case_files() - before
    };
    assert_eq!(start(&first).await, PEOPLE, "the first of a day reads every file");
    assert_eq!(start(&first).await, 0);
    assert_eq!(start(&office.desk()).await, 0, "nothing was written since");

    // An older gateway takes a step, and writes no keys.
    made(&office.step("Ann", "P-1", incident("2026-02-03T09:00:00Z")).await);
    let stored = office.store.document(id, "case", "P-1").await.unwrap().unwrap();
    let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
    let batch = Batch::new(stamp).put(Document { keys: Vec::new(), ..stored });
    office.store.write(id, batch).await.unwrap();
    assert_eq!(page(&office, "limit=500").await.0.len(), 2 * PEOPLE - 2);
    assert_eq!(start(&office.desk()).await, 1, "of the person that the trail names");
    assert_eq!(page(&office, "limit=500").await.0.len(), 2 * PEOPLE + 1);

    office.clock.set("2026-03-03T09:00:00Z".parse().unwrap());
    assert_eq!(start(&first).await, PEOPLE, "another day");
    assert_eq!(start(&office.desk()).await, 0, "whichever gateway was first");
}
