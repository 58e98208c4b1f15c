//! A copy of all that is held about a person.

use std::sync::Arc;

use contact_gateway::cli::Outcome;
use contact_gateway::ports::Store;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::{command, on_both_stores};
use crate::office::{AGENT, Answer, GOVERNANCE, MANAGER, ORIGINAL, Office, letter};

on_both_stores! {
    the_record_has_every_contact_with_its_decision_and_what_is_kept
    a_copy_in_a_folder_has_both_forms_and_the_originals
}

const PATH: &str = "/api/v1/people/P-1/record";

pub async fn record(office: &Office, accept: &str) -> Answer {
    office.ask_for(GOVERNANCE, PATH, accept).await
}

/// Whose record has contacts, of which one was limited and noted on.
pub async fn with_contacts(store: Arc<dyn Store>) -> Office {
    let office = Office::on(store).and_person().await;
    office.mail("c-1").await;
    office.mail("c-2").await;
    office.post(AGENT, "/api/v1/contacts", &letter("c-3")).await;
    let note = json!({"text": "Rang about it too."});
    let noted = office.post(AGENT, "/api/v1/queues/limited/c-2/note", &note).await;
    assert!(noted.status.is_success(), "{noted:?}");
    let to = json!({"to": "Abe Agent"});
    let handed = office.post(MANAGER, "/api/v1/queues/limited/c-2/hand-over", &to).await;
    assert!(handed.status.is_success(), "{handed:?}");
    office
}

async fn the_record_has_every_contact_with_its_decision_and_what_is_kept(store: Arc<dyn Store>) {
    let office = with_contacts(store).await;
    let whole = record(&office, "application/json").await.json();
    assert_eq!(whole["is_whole"], true, "{whole}");
    let record_of = &whole["record"];
    assert_eq!(record_of["person"]["identifiers"][0]["value"], "jo@home.example");
    let restriction = &record_of["restrictions"][0];
    assert_eq!(restriction["clause"], "8.3");
    assert_eq!(restriction["grounds"], "demands");
    assert_eq!(restriction["decided_by"], "customer excellence leader", "a role, no name");
    let contacts = record_of["contacts"].as_array().unwrap();
    let decisions: Vec<&Value> = contacts.iter().map(|one| &one["decision"]).collect();
    assert_eq!(decisions, ["deliver", "limit", "limit"]);
    let limited = &contacts[1];
    assert!(limited["reasons"][0]["what"].as_str().unwrap().contains("is used up"), "{limited}");
    assert!(limited["reply"].as_str().is_some_and(|text| !text.is_empty()), "{limited}");
    assert_eq!(limited["kept"]["original"], 1);
    assert_eq!(limited["kept"]["notes"][0]["text"], "Rang about it too.");
    assert_eq!(limited["kept"]["notes"][0]["by"], "agent");
    let handed = &limited["kept"]["notes"][1];
    assert_eq!(handed["handed_to"], "agent", "a role, no name: {handed}");
    assert_eq!(
        (&handed["by"], &handed["text"]),
        (&json!("customer excellence leader"), &Value::Null)
    );
    assert_eq!(contacts[0]["kept"], Value::Null);

    // That it was made is on the trail, and in the next one.
    let trail = office.get(GOVERNANCE, "/api/v1/audit?person=P-1").await.json();
    let last = trail["entries"].as_array().unwrap().last().unwrap();
    assert_eq!((&last["event"], &last["looked_at"]), (&json!("looked"), &json!("own_record")));
    let page = record(&office, "text/html").await;
    assert!(page.headers["content-security-policy"].to_str().unwrap().contains("sandbox"));
    let page = String::from_utf8(page.body.to_vec()).unwrap();
    assert!(page.contains("made a copy of your record"), "{page}");
    assert!(page.ends_with("<p>This is the end of the record.</p>\n</main>\n</body>\n</html>\n"));
    for name in ["Max Manager", "Abe Agent", "Gwen", "P-1", "R-1", "<script"] {
        assert!(!page.contains(name), "{name} is in:\n{page}");
    }
    assert_eq!(record(&office, "image/png").await.status, 406);
    assert_eq!(office.get(AGENT, PATH).await.status, 403);
    assert_eq!(office.get(GOVERNANCE, "/api/v1/people/P-9/record").await.status, 404);
}

async fn a_copy_in_a_folder_has_both_forms_and_the_originals(store: Arc<dyn Store>) {
    let office = with_contacts(store).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("copy");
    let words = |by| ["export", "P-1", "--to", to.to_str().unwrap(), "--by", by];
    let (done, _, said) = command(&office, &words("Al Agent")).await;
    assert_eq!((done, to.exists()), (Ok(Outcome::No), false), "{said}");
    let (done, printed, said) = command(&office, &words("Gwen Governance")).await;
    assert_eq!(done, Ok(Outcome::Yes), "{said}");
    assert!(printed.contains("contacts 3, originals 1"), "{printed}");
    assert!(said.contains("notes that staff wrote on contacts: 1"), "{said}");
    assert_eq!(std::fs::read(to.join("original-1")).unwrap(), ORIGINAL);
    let json: Value =
        serde_json::from_slice(&std::fs::read(to.join("record.json")).unwrap()).unwrap();
    assert_eq!(json["record"]["contacts"][1]["kept"]["original"], 1);
    let page = std::fs::read_to_string(to.join("record.html")).unwrap();
    assert!(page.contains("The limit of 1 contact") && page.contains("end of the record"));
    let (done, _, _) = command(&office, &words("Gwen Governance")).await;
    assert!(done.unwrap_err().contains("not empty"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_record_comes_in_pieces_and_misses_nothing() {
    let office = Office::on(Memory::new()).and_person().await;
    for number in 0..67 {
        office.mail(&format!("c-{number}")).await;
    }
    let whole = record(&office, "application/json").await.json();
    let contacts = whole["record"]["contacts"].as_array().unwrap();
    let originals: Vec<u64> =
        contacts.iter().filter_map(|one| one["kept"]["original"].as_u64()).collect();
    assert_eq!(contacts.len(), 67);
    assert_eq!(originals, (1..=66).collect::<Vec<u64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_theirs_is_left_out_and_counted() {
    let office = with_contacts(Memory::new()).await;
    let told = office.post(AGENT, "/api/v1/contacts/c-2/not-theirs", &json!({})).await;
    assert!(told.status.is_success(), "{told:?}");
    let record = record(&office, "application/json").await.json();
    let contacts = record["record"]["contacts"].as_array().unwrap();
    assert!(contacts.len() < 3, "{record}");
    let left_out = record["record"]["left_out"].to_string();
    assert!(left_out.contains("1 contact first taken for yours"), "{left_out}");
}
