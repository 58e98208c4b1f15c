//! What is in whose name: handing over, undoing, drafts, what is overdue, and a long queue.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use contact_gateway::casework::unread::mark_unread;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::{Clock, Stamp};
use hyper::StatusCode;
use serde_json::json;

use super::browsing::{Browsing, Seen};
use super::cases::{Desk, proposed, step};
use crate::office::{AGENT, MANAGER, Office};

/// Limited items of one person: `c-2`, `c-3` and so on.
async fn office_with(items: usize) -> Office {
    let office = Office::with_person().await;
    for number in 1..=items + 1 {
        office.mail(&format!("c-{number}")).await;
    }
    office
}

async fn act(browsing: &mut Browsing<'_>, item: &str, verb: &str, more: &[(&str, &str)]) -> Seen {
    let page = browsing.get(&format!("/items/{item}")).await;
    let was = page.field("was");
    let mut fields = vec![("was", was.as_str()), ("from", "/"), ("verb", verb)];
    fields.extend_from_slice(more);
    browsing.post(&format!("/items/{item}"), &fields).await
}

#[tokio::test]
async fn a_claim_outlives_its_session_and_is_handed_over() {
    let office = office_with(2).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    act(&mut ann, "c-2", "take", &[]).await.leads();
    // Her browser is closed, her session over: the item is still hers.
    ann.post("/sign-out", &[]).await.leads();
    office.clock.forward(TimeDelta::days(2));
    let mut bob_later = Browsing::new(&office);
    super::signing_in::sign_in(&mut bob_later, "bob.reed", super::browsing::PASSWORD, "/").await;
    let page = bob_later.get("/items/c-2").await;
    assert!(page.has("Ann Hall has had this item"), "{}", page.text());
    // Somebody who only records hands over nothing of a colleague's, whatever they post.
    assert!(!page.has("Hand over to a colleague"), "{}", page.text());
    let to_bob = [("to", "Bob Reed")];
    let refused = act(&mut bob_later, "c-2", "hand_over", &to_bob).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.has("Ann Hall has had this item"), "{}", refused.text());
    // Whoever leads does, with a note.
    super::signing_in::sign_in(&mut mia, "mia.lund", super::browsing::PASSWORD, "/").await;
    let page = mia.get("/items/c-2").await;
    assert!(page.has("Hand over to a colleague") && page.body.contains("<option>Bob Reed"));
    assert!(!page.body.contains("<option>Ann Hall"), "she has it");
    let nobody = act(&mut mia, "c-2", "hand_over", &[("to", ""), ("text", "Please ring")]).await;
    assert_eq!(nobody.status, StatusCode::CONFLICT);
    assert!(nobody.has("Choose the colleague") && nobody.has("Please ring"), "{}", nobody.text());
    let stranger = act(&mut mia, "c-2", "hand_over", &[("to", "Nobody Here")]).await;
    assert_eq!(stranger.status, StatusCode::CONFLICT);
    let done = act(&mut mia, "c-2", "hand_over", &to_bob).await;
    let page = mia.get(done.leads()).await;
    assert!(page.has("Handed over.") && page.has("Bob Reed has had this item"), "{}", page.text());
    assert!(page.has("Handed over to Bob Reed."), "it is in the item's history");
    mia.post("/language", &[("language", "cy"), ("back", "/")]).await.leads();
    let page = mia.get("/items/c-2").await;
    assert!(page.has("Trosglwyddwyd i Bob Reed.") && !page.has("Handed over"), "{}", page.text());
    mia.post("/language", &[("language", "en"), ("back", "/")]).await.leads();
    assert!(bob_later.get("/").await.has("In my name 1"));
    // Whoever has an item hands it over.
    let page = bob_later.get("/items/c-2").await;
    assert!(page.has("Hand over to a colleague"), "{}", page.text());
    act(&mut bob_later, "c-2", "hand_over", &[("to", "Ann Hall")]).await.leads();
    // An account is closed: what was in its name is listed for those who lead.
    assert!(!mia.get("/queues").await.has("somebody who has left"));
    mia.post("/settings/staff/ann.hall", &[("verb", "close")]).await.leads();
    let queues = mia.get("/queues").await;
    assert!(queues.has("In the name of somebody who has left 1"), "{}", queues.text());
    assert!(queues.has("taken by Ann Hall"), "{}", queues.text());
    assert!(!bob_later.get("/queues").await.has("somebody who has left"));
    let trail = mia.get("/audit?by=Mia+Lund").await;
    assert!(trail.has("Handed an item over to a colleague"), "{}", trail.text());
}

#[tokio::test]
async fn what_somebody_closed_before_they_left_is_opened_by_whoever_needs_it() {
    let office = office_with(2).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    for (item, verb) in [("c-2", "close"), ("c-3", "file")] {
        act(&mut ann, item, "take", &[]).await.leads();
        act(&mut ann, item, verb, &[]).await.leads();
    }
    mia.post("/settings/staff/ann.hall", &[("verb", "close")]).await.leads();
    for item in ["c-2", "c-3"] {
        let page = bob.get(&format!("/items/{item}")).await;
        assert!(page.has("Open it again"), "{}", page.text());
        let done = act(&mut bob, item, "reopen", &[]).await;
        let page = bob.get(done.leads()).await;
        assert!(page.has("Opened again.") && page.has("Take this item"), "{}", page.text());
        assert!(!page.has("Ann Hall has had this item"), "{}", page.text());
    }
}

#[tokio::test]
async fn the_api_hands_over_puts_back_and_opens_again() {
    let office = office_with(1).await;
    let item = "/api/v1/queues/limited/c-2";
    let hand = format!("{item}/hand-over");
    // Nobody's: whoever leads gives it to somebody.
    let to_agent = json!({"to": "Sam Agent"});
    let everybody = office.staff.organisation_ids();
    assert!(!everybody.is_empty());
    let agent = office.post(AGENT, &format!("{item}/claim"), &json!({})).await.json();
    assert!(agent["claimed_at"].is_string(), "{agent}");
    let agent = agent["claimed_by"].as_str().unwrap().to_owned();
    let refused = office.post(MANAGER, &hand, &to_agent).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "nobody of this name");
    let back = office.post(AGENT, &format!("{item}/put-back"), &json!({})).await.json();
    assert_eq!((&back["claimed_by"], &back["state"]), (&json!(null), &json!("open")));
    assert!(back["claimed_at"].is_null(), "{back}");
    let mine = json!({"to": agent});
    assert_eq!(office.post(AGENT, &hand, &mine).await.status, StatusCode::CONFLICT);
    let given = office.post(MANAGER, &hand, &mine).await.json();
    assert_eq!(given["claimed_by"], json!(agent));
    assert!(given["claimed_at"].is_string(), "{given}");
    assert_eq!(given["notes"][0]["handed_to"], json!(agent));
    // It waits: there is nothing to take back.
    let waits = office.post(AGENT, &format!("{item}/reopen"), &json!({})).await;
    assert_eq!((waits.status, waits.problem().as_str()), (StatusCode::CONFLICT, "item-not-done"));
    // Filed, it goes back to the queue on which it was.
    office.post(AGENT, &format!("{item}/file"), &json!({})).await;
    let filed = "/api/v1/queues/filed/c-2";
    let again = office.post(AGENT, &format!("{filed}/reopen"), &json!({})).await.json();
    assert_eq!((&again["queue"], &again["state"]), (&json!("limited"), &json!("claimed")));
    office.post(AGENT, &format!("{item}/read"), &json!({})).await;
    let unread = office.post(AGENT, &format!("{item}/reopen"), &json!({})).await.json();
    assert_eq!(unread["state"], "claimed");
    // What was released stays released.
    office.post(AGENT, &format!("{item}/release"), &json!({})).await;
    let gone = office.post(AGENT, &format!("{item}/reopen"), &json!({})).await;
    assert_eq!((gone.status, gone.problem().as_str()), (StatusCode::CONFLICT, "item-done"));
}

#[tokio::test]
async fn what_is_overdue_has_the_word_and_comes_first() {
    let office = office_with(3).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    assert!(!ann.get("/queues/limited").await.has("overdue"));
    let due = office.get(AGENT, "/api/v1/queues/limited/c-3").await.json()["read_by"].clone();
    let due: chrono::DateTime<chrono::Utc> = serde_json::from_value(due).unwrap();
    // Two are read in time; the newest is not.
    for read in ["c-2", "c-3"] {
        act(&mut ann, read, "read", &[]).await.leads();
    }
    assert!(ann.get("/items/c-4").await.has("To be read by"));
    office.clock.forward(due - office.clock.now() + TimeDelta::minutes(1));
    mark_unread(office.store.as_ref(), &office.tuntum.id, office.clock.now()).await.unwrap();
    let mut ann = Browsing::new(&office);
    super::signing_in::sign_in(&mut ann, "ann.hall", super::browsing::PASSWORD, "/").await;
    let page = ann.get("/queues/limited").await;
    let rows: Vec<&str> = page.body.split("data-item=\"").skip(1).collect();
    assert!(rows[0].starts_with("c-4") && rows[0].contains(">overdue</span>"), "{}", page.body);
    assert!(rows[1..].iter().all(|row| !row.contains(">overdue</span>")), "{}", page.body);
    for page in ["/", "/queues"] {
        let page = ann.get(page).await;
        assert!(page.has("1 overdue"), "{}", page.text());
    }
    assert!(ann.get("/items/c-4").await.has("overdue"));
    assert!(act(&mut ann, "c-4", "read", &[]).await.leads().contains("done=read"));
    assert!(!ann.get("/queues/limited").await.has("overdue"), "somebody has read it");
}

#[tokio::test]
async fn a_queue_of_a_thousand_comes_page_by_page() {
    let office = office_with(1_000).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut path = "/queues/limited".to_owned();
    let (mut seen, mut pages) = (BTreeSet::new(), 0);
    loop {
        let page = ann.get(&path).await;
        assert!(page.has("Limited 1000 waiting"), "{}", page.text());
        let rows: Vec<&str> = page.body.split("data-item=\"").skip(1).collect();
        assert_eq!(rows.len(), 50, "{path}");
        for row in rows {
            assert!(seen.insert(row.split('"').next().unwrap().to_owned()), "twice: {row}");
        }
        pages += 1;
        let Some((before, _)) = page.body.split_once("\" rel=\"next\"") else { break };
        path = before.rsplit("href=\"").next().unwrap().replace("&#38;", "&");
    }
    assert_eq!((seen.len(), pages), (1_000, 20));
}

#[tokio::test]
async fn what_waits_for_one_person_is_in_their_work() {
    let office = Office::that_chose();
    let jo = json!({
        "id": "P-1", "name": "Jo Doe", "reference": "T-55",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
    });
    office.put(MANAGER, "/api/v1/people/P-1", &jo).await;
    office.settle("P-1").await;
    let mut desk = Desk::open(&office).await;
    assert!(!desk.bo.get("/").await.has("Cases that wait for you"));
    proposed(&mut desk).await;
    // Half a proposal, and the next day it is there.
    let mine = desk.bo.get("/").await;
    assert!(mine.has("Cases that wait for you 1") && mine.has("your draft"), "{}", mine.text());
    assert!(mine.body.contains("href=\"/people/P-1/proposals/P-1-PR-1\""), "{}", mine.body);
    for other in [&mut desk.ann, &mut desk.cy] {
        assert!(!other.get("/").await.has("Cases that wait for you"));
    }
    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    let signer = desk.cy.get("/").await;
    assert!(signer.has("1 contact a week to sign"), "{}", signer.text());
    assert!(!desk.bo.get("/").await.has("to sign"), "nobody signs their own");
    let why = [("why", "Say what was tried before.")];
    step(&mut desk.cy, "send_back", "of=P-1-PR-1", &why).await.leads();
    assert!(desk.bo.get("/").await.has("sent back to you"));
    assert!(!desk.cy.get("/").await.has("Cases that wait for you"));
    step(&mut desk.bo, "submit", "of=P-1-PR-1", &[]).await.leads();
    step(&mut desk.cy, "sign_off", "of=P-1-PR-1", &[]).await.leads();
    step(&mut desk.bo, "draft_letter", "of=P-1-PR-1&kind=restriction", &[]).await.leads();
    assert!(desk.bo.get("/").await.has("your draft of a letter"));
    step(&mut desk.cy, "approve_letter", "of=P-1-L-1", &[]).await.leads();
    assert!(!desk.bo.get("/").await.has("Cases that wait for you"));
}

#[tokio::test]
async fn somebody_who_falls_silent_is_shown_so_and_then_no_more() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    assert!(!ann.get("/items/c-2").await.has("Also open"));
    let page = bob.get("/items/c-2").await;
    assert!(page.has("Also open: Ann Hall, since"), "{}", page.text());
    let heard = ann.post("/items/c-2/here", &[]).await;
    assert!(heard.body.contains("Bob Reed") && !heard.body.contains("\"silent\":true"));
    office.clock.forward(TimeDelta::seconds(60));
    let page = bob.get("/items/c-2").await;
    assert!(page.body.contains("class=\"here silent\"") && page.has("not seen since"));
    // As long as her page speaks, it is not silent.
    ann.post("/items/c-2/here", &[]).await;
    assert!(bob.get("/items/c-2").await.body.contains("class=\"here\""));
    office.clock.forward(TimeDelta::minutes(5));
    assert!(!bob.get("/items/c-2").await.has("Also open"));
    // It keeps no session alive.
    for _ in 0..6 {
        office.clock.forward(TimeDelta::minutes(5));
        ann.post("/items/c-2/here", &[]).await;
    }
    assert_eq!(ann.post("/items/c-2/here", &[]).await.status, StatusCode::UNAUTHORIZED);
    let mut cat = Browsing::signed_in(&office, "Cat Lowe", "agent").await;
    assert_eq!(cat.post("/items/c-9/here", &[]).await.status, StatusCode::NOT_FOUND);
}

/// The number by which the page of an item says that it is open.
fn number_of(page: &Seen) -> String {
    let (_, rest) = page.body.split_once("data-page=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn somebody_who_was_gone_and_is_back_can_leave() {
    let office = office_with(1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let number = number_of(&ann.get("/items/c-2").await);
    // Her page was out of sight for too long.
    office.clock.forward(TimeDelta::minutes(5));
    assert!(!bob.get("/items/c-2").await.has("Also open"));
    ann.post("/items/c-2/here", &[("page", &number)]).await;
    assert!(bob.get("/items/c-2").await.has("Also open: Ann Hall"));
    ann.post("/items/c-2/here", &[("left", &number)]).await;
    assert!(!bob.get("/items/c-2").await.has("Also open"));
    // Two of her pages: as long as one is open, she is there.
    let later = number_of(&ann.get("/items/c-2").await);
    assert_ne!(later, number);
    ann.post("/items/c-2/here", &[("page", &number)]).await;
    ann.post("/items/c-2/here", &[("left", &number)]).await;
    assert!(bob.get("/items/c-2").await.has("Also open: Ann Hall"));
    ann.post("/items/c-2/here", &[("left", &later)]).await;
    // A page that does not say which it is brings nobody back.
    ann.post("/items/c-2/here", &[]).await;
    assert!(!bob.get("/items/c-2").await.has("Also open"));
}

#[tokio::test]
async fn what_is_new_against_earlier_contacts_is_marked_with_words() {
    let office = office_with(2).await;
    let organisation = &office.tuntum.id;
    let was = office.store.item(organisation, "c-2").await.unwrap().unwrap();
    let new = vec!["A surveyor has <now> been here.".to_owned()];
    let now = QueueItem { new, ..was.clone() };
    let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
    let event = AuditEvent::Item { item: "c-2".to_owned(), action: "changed".to_owned() };
    assert!(office.store.replace_item(organisation, &was, &now, stamp, event).await.unwrap());
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = ann.get("/items/c-2").await;
    assert!(page.has("New against earlier contacts"), "{}", page.text());
    assert!(page.has("Passages that none of the earlier contacts had"));
    let marked = "<ins>A surveyor has &#60;now&#62; been here.</ins>";
    assert!(page.body.contains(marked), "{}", page.body);
    let other = ann.get("/items/c-3").await;
    assert!(!other.has("New against earlier contacts") && !other.body.contains("<ins>"));
}
