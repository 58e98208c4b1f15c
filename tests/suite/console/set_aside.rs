//! What could not be counted for somebody, and what was not theirs, is said where staff look for it.

use contact_gateway::ports::Stamp;
use contact_gateway::ports::documents::{Batch, Document};
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::json;

use super::browsing::Browsing;
use crate::office::{AGENT, Office};

#[tokio::test]
async fn a_timeline_counts_contacts_and_marks_what_is_not_theirs() {
    let office = Office::with_person().await;
    for id in ["c-1", "c-2", "c-3"] {
        office.mail(id).await;
    }
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let before = ann.get("/people/P-1?tab=timeline").await;
    assert!(before.has("Contacts: 3") && !before.has("not theirs"), "{}", before.text());
    let path = "/api/v1/queues/limited/c-3/not-theirs";
    assert_eq!(office.post(AGENT, path, &json!({})).await.status, 200);
    let item = ann.get("/items/c-3").await;
    assert!(item.has("it was taken off the record of Jo Doe"), "{}", item.text());
    assert!(item.body.contains("href=\"/people/P-1?because=c-3\""));
    let after = ann.get("/people/P-1?tab=timeline").await;
    assert!(after.has("Said that an item is not the person's"), "{}", after.text());
    assert!(after.has("Contacts: 2"), "{}", after.text());
    assert!(after.has("1 found not to be theirs, and counted no more"), "{}", after.text());
    assert!(after.body.contains("<span class=\"tag held\">not theirs</span>"), "{}", after.body);
    let other = ann.get("/items/c-2").await;
    assert!(!other.has("taken off the record"), "{}", other.text());
}

#[tokio::test]
async fn what_could_not_be_counted_is_said_by_timeline_case_and_connections() {
    let office = Office::with_person().await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let none = mia.get("/settings/connections").await;
    assert!(none.has("Nobody's file lacks anything"), "{}", none.text());
    let body = json!({
        "person": "P-1", "entries": 2, "first": 7, "last": 9, "since": "2026-11-23T09:00:00Z",
    });
    let id = hex(&sha256(b"P-1"));
    let document = Document::new("not_followed", id, 0, Vec::new(), &body).unwrap();
    let stamp = Stamp { by: "gateway".to_owned(), at: "2026-11-23T09:00:00Z".parse().unwrap() };
    office.store.write(&office.tuntum.id, Batch::new(stamp).put(document)).await.unwrap();
    let said = "2 entries of the audit trail since Mon 23 Nov, 09:00 (numbers 7 to 9)";
    for page in ["/people/P-1?tab=timeline", "/people/P-1/case", "/settings/connections"] {
        let page = mia.get(page).await;
        assert!(page.has(said), "{}", page.text());
    }
    assert!(mia.get("/settings/connections").await.body.contains("href=\"/people/P-1/case\""));
    // Those of others say nothing of it.
    assert!(!mia.get("/people/P-1?tab=identifiers").await.has("could not be counted"));
    mia.cookies.insert("language".to_owned(), "cy".to_owned());
    assert!(mia.get("/people/P-1/case").await.has("Ni ellid cyfrif 2 o gofnodion"));
}
