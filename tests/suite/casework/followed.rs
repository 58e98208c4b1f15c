//! Following the audit trail: what can't be written of one person keeps nothing of anybody else from being
//! counted, and a contact that was not theirs comes out of everything.

use contact_gateway::casework::not_followed::incomplete_files;
use contact_gateway::ports::Stamp;
use contact_gateway::ports::documents::{Batch, Document};
use serde_json::{Value, json};

use super::rig::CaseOffice;
use super::tasks::{mail, office, send, stored};

async fn figures(office: &CaseOffice) -> Value {
    let path = "/api/v1/reports/figures?from=2026-11-01&to=2026-11-30";
    office.get("Max", path).await.json()["figures"].clone()
}

async fn timeline(office: &CaseOffice, person: &str) -> Vec<String> {
    let at = |text: &str| text.parse().unwrap();
    let (from, to) = (at("2026-11-01T00:00:00Z"), at("2026-12-01T00:00:00Z"));
    let found = office.desk().timeline(&office.organisation, person, from, to).await.unwrap();
    found.into_iter().map(|one| one.contact).collect()
}

#[tokio::test]
async fn what_is_damaged_of_one_person_stops_nobody_elses_casework() {
    let office = office().await;
    let stamp = Stamp { by: "test".to_owned(), at: "2026-11-02T00:00:00Z".parse().unwrap() };
    let damaged =
        Document::new("timeline", "P-1 2026-11", 0, Vec::new(), &"nothing like it").unwrap();
    office.store.write(&office.organisation.id, Batch::new(stamp).put(damaged)).await.unwrap();
    for number in 0..6 {
        send(&office, mail("P-1", number, &[])).await;
        send(&office, mail("P-2", number, &[])).await;
    }
    let diary = office.get("Max", "/api/v1/diary").await;
    assert_eq!(diary.status, 200, "{diary:?}");
    assert_eq!(timeline(&office, "P-2").await.len(), 6);
    assert_eq!(figures(&office).await["contacts_by_disposition"], json!({"file": 12}));
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    let (entries, since) = (&case["not_followed"]["entries"], &case["not_followed"]["since"]);
    assert_eq!((entries, since), (&json!(6), &json!("2026-11-02T00:00:00Z")));
    let other = office.get("Ann", "/api/v1/people/P-2/case").await.json();
    assert!(other["not_followed"].is_null(), "{other}");
    let incomplete =
        incomplete_files(office.store.as_ref(), &office.organisation.id).await.unwrap();
    assert_eq!(incomplete, 1);
    // Steps on their case go on, too.
    let action = json!({"act": "record_action", "action": "police", "what": "Told."});
    let step = office.step("Max", "P-1", action).await;
    assert!(step.status.is_success(), "{step:?}");
}

#[tokio::test]
async fn a_month_too_long_to_be_written_only_counts_what_follows() {
    let office = office().await;
    let stamp = Stamp { by: "test".to_owned(), at: "2026-11-02T00:00:00Z".parse().unwrap() };
    let contact = |number: usize| {
        json!({
            "contact": format!("{number}{}", "x".repeat(1_000)), "at": "2026-11-01T00:00:00Z",
            "channel": "email", "disposition": "file", "codes": []
        })
    };
    let long = json!({ "contacts": (0..3_000).map(contact).collect::<Vec<_>>(), "more": 0 });
    let month = Document::new("timeline", "P-1 2026-11", 0, Vec::new(), &long).unwrap();
    office.store.write(&office.organisation.id, Batch::new(stamp).put(month)).await.unwrap();
    send(&office, mail("P-1", 1, &[])).await;
    let case = office.get("Ann", "/api/v1/people/P-1/case").await.json();
    assert!(case["not_followed"].is_null(), "{case}");
    assert_eq!(case["tasks"][0]["contact"], "P-1-c-1");
    let (_, month) = stored(&office, "timeline", "P-1 2026-11").await.unwrap();
    assert_eq!((&month["more"], month["contacts"].as_array().unwrap().len()), (&json!(1), 3_000));
}

#[tokio::test]
async fn a_contact_that_was_not_theirs_comes_out_of_everything() {
    let office = office().await;
    for number in [9, 10] {
        send(&office, mail("P-1", number, &[])).await;
    }
    assert_eq!(timeline(&office, "P-1").await, ["P-1-c-9", "P-1-c-10"]);
    assert_eq!(figures(&office).await["contacts_by_channel"], json!({"email": {"file": 2}}));
    let done = office.post("Ann", "/api/v1/contacts/P-1-c-9/not-theirs", &json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");

    let left = |list: &Value, key: &str| -> Vec<String> {
        let list = list.as_array().unwrap_or_else(|| panic!("{list}"));
        list.iter().map(|one| one[key].as_str().unwrap().to_owned()).collect()
    };
    let tasks = office.get("Ann", "/api/v1/people/P-1/tasks").await.json();
    assert_eq!(left(&tasks["tasks"], "contact"), ["P-1-c-10"]);
    assert_eq!(timeline(&office, "P-1").await, ["P-1-c-10"]);
    let counted = figures(&office).await;
    assert_eq!(counted["contacts_by_channel"], json!({"email": {"file": 1}}));
    assert_eq!(counted["contacts_by_disposition"], json!({"file": 1}));
    let diary = office.get("Max", "/api/v1/diary?person=P-1").await.json();
    assert!(!diary.to_string().contains("P-1-c-9"), "{diary}");
    // On the timeline it stays, as what it is.
    let own = office.get("Ann", "/api/v1/people/P-1/timeline").await.json();
    assert_eq!((&own["counts"]["contacts"], &own["counts"]["not_theirs"]), (&json!(2), &json!(1)));
    let entries = own["entries"].as_array().unwrap();
    let what = |contact: &str| {
        let found = entries.iter().find(|one| one["contact"] == contact);
        found.unwrap_or_else(|| panic!("{own}"))["what"].clone()
    };
    assert_eq!((what("P-1-c-9"), what("P-1-c-10")), (json!("not_theirs"), json!("contact")));

    // Said twice, it comes out once.
    office.post("Ann", "/api/v1/contacts/P-1-c-9/not-theirs", &json!({})).await;
    assert_eq!(figures(&office).await["contacts_by_disposition"], json!({"file": 1}));
}
