//! A form that is pressed twice acts once, and the second press gets the first answer: without script, through either
//! gateway.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use chrono::TimeDelta;
use contact_gateway::ports::Store;
use contact_gateway::ports::documents::Listing;
use contact_gateway::store::embedded::Embedded;
use hyper::StatusCode;

use super::browsing::{Browsing, PASSWORD, Seen};
use crate::office::{AGENT, MANAGER, Office, letter};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

/// Sends a form of a page with its key.
async fn send(who: &mut Browsing<'_>, page: &Seen, path: &str, fields: &[(&str, &str)]) -> Seen {
    let press = page.field("press");
    let all = [&[("press", press.as_str())][..], fields].concat();
    who.post(path, &all).await
}

/// The same browser once more, perhaps through another gateway.
fn beside<'a>(office: &'a Office, who: &Browsing<'_>) -> Browsing<'a> {
    let mut beside = Browsing::new(office);
    beside.cookies.clone_from(&who.cookies);
    beside
}

/// Sends a form twice at the same moment.
async fn send_at_once(
    who: &mut Browsing<'_>,
    beside: &mut Browsing<'_>,
    page: &Seen,
    (path, fields): (&str, &[(&str, &str)]),
) -> [Seen; 2] {
    let (one, other) =
        tokio::join!(send(who, page, path, fields), send(beside, page, path, fields));
    [one, other]
}

async fn waiting(office: &Office, items: usize) {
    for number in 1..=items + 1 {
        office.mail(&format!("c-{number}")).await;
    }
}

/// The item to which an answer leads.
fn item_of(seen: &Seen) -> String {
    seen.leads().split('?').next().unwrap().to_owned()
}

async fn notes(office: &Office, item: &str) -> Vec<String> {
    let item = office.get(AGENT, &format!("/api/v1/queues/limited/{item}")).await.json();
    let notes = item["notes"].as_array().cloned().unwrap_or_default();
    notes.iter().map(|note| note["text"].as_str().unwrap().to_owned()).collect()
}

/// `first` and `second` are two gateways on one store.
async fn a_day_of_double_clicks(first: &Office, second: &Office) {
    waiting(first, 3).await;
    let mut ann = Browsing::signed_in(first, "Ann Hall", "agent").await;
    let mut again = beside(second, &ann);

    // The same press twice leads to the same item; another page's press to the next one.
    for (path, page) in [("/take", "/"), ("/queues/limited/take", "/queues/limited")] {
        let page = ann.get(page).await;
        let [one, other] = send_at_once(&mut ann, &mut again, &page, (path, &[])).await;
        assert_eq!(one.leads(), other.leads());
        let later = send(&mut again, &page, path, &[]).await;
        assert_eq!(later.leads(), one.leads());
    }
    assert!(ann.get("/").await.has("In my name 2"));

    // A note, by a double click and then in a second tab.
    let (page, tab) = (ann.get("/items/c-2").await, ann.get("/items/c-2").await);
    let was = page.field("was");
    let note = [("was", was.as_str()), ("from", "/"), ("verb", "note"), ("text", "I rang them")];
    for one in send_at_once(&mut ann, &mut again, &page, ("/items/c-2", &note)).await {
        assert!(one.leads().contains("done=note"), "{}", one.body);
    }
    assert_eq!(notes(first, "c-2").await, ["I rang them"]);
    send(&mut ann, &tab, "/items/c-2", &note).await.leads();
    assert_eq!(notes(first, "c-2").await, ["I rang them", "I rang them"], "a note of its own");

    // A release is delivered once. Originals are in the archive of the gateway that took them in.
    let mut again = beside(first, &ann);
    let page = ann.get("/items/c-2/confirm/release").await;
    let was = page.field("was");
    let release = [("was", was.as_str()), ("from", "/"), ("sure", "yes"), ("verb", "release")];
    for one in send_at_once(&mut ann, &mut again, &page, ("/items/c-2", &release)).await {
        assert!(one.leads().contains("done=release"), "{}", one.body);
    }
    assert_eq!(first.released.done.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_pressed_twice_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = Embedded::open(&folder.path().join("store")).unwrap();
    let first = Office::on(Arc::clone(&store)).and_person().await;
    let second = Office::on(store);
    a_day_of_double_clicks(&first, &second).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_on_redis_do_once_what_is_pressed_twice() {
    let ground = servers::single().await;
    let first = Office::on(ground.gateway()).and_person().await;
    let second = Office::on(ground.gateway());
    a_day_of_double_clicks(&first, &second).await;
}

#[tokio::test]
async fn nothing_left_to_take_is_asked_again() {
    let office = Office::with_person().await;
    waiting(&office, 1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    let (hers, his) = (ann.get("/queues/limited").await, bob.get("/queues/limited").await);
    assert_eq!(item_of(&send(&mut bob, &his, "/queues/limited/take", &[]).await), "/items/c-2");
    let none = send(&mut ann, &hers, "/queues/limited/take", &[]).await;
    assert_eq!(none.leads(), "/queues/limited?done=none");
    office.mail("c-3").await;
    assert_eq!(item_of(&send(&mut ann, &hers, "/queues/limited/take", &[]).await), "/items/c-3");
    // A key belongs to an account: with hers he gets nothing of hers.
    let none = send(&mut bob, &hers, "/queues/limited/take", &[]).await;
    assert_eq!(none.leads(), "/queues/limited?done=none");
    // A press is forgotten after an hour.
    office.mail("c-4").await;
    assert_eq!(item_of(&send(&mut ann, &hers, "/queues/limited/take", &[]).await), "/items/c-3");
    for _ in 0..3 {
        office.clock.forward(TimeDelta::minutes(25));
        ann.get("/queues/limited").await;
    }
    assert_eq!(item_of(&send(&mut ann, &hers, "/queues/limited/take", &[]).await), "/items/c-4");
}

#[tokio::test]
async fn a_refusal_is_judged_again_and_its_note_is_kept_once() {
    let office = Office::with_person().await;
    waiting(&office, 1).await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut again = beside(&office, &ann);
    office.released.is_away.store(true, Ordering::SeqCst);
    let page = ann.get("/items/c-2").await;
    let was = page.field("was");
    let noted = [
        ("was", was.as_str()),
        ("from", "/"),
        ("sure", "yes"),
        ("verb", "release"),
        ("text", "Asked by telephone"),
    ];
    for one in send_at_once(&mut ann, &mut again, &page, ("/items/c-2", &noted)).await {
        assert_eq!(one.status, StatusCode::CONFLICT);
        assert!(one.has("The mail server did not take it"), "{}", one.text());
    }
    assert_eq!(notes(&office, "c-2").await, ["Asked by telephone"]);

    // Nothing was done without a note, so the same page's button works once the mail server is back.
    let page = ann.get("/items/c-2/confirm/release").await;
    let was = page.field("was");
    let plain = [("was", was.as_str()), ("from", "/"), ("sure", "yes"), ("verb", "release")];
    let refused = send(&mut ann, &page, "/items/c-2", &plain).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_ne!(refused.field("press"), page.field("press"), "the page that refuses has its own");
    office.released.is_away.store(false, Ordering::SeqCst);
    let now = ann.get("/items/c-2/confirm/release").await;
    let was = now.field("was");
    let plain = [("was", was.as_str()), ("from", "/"), ("sure", "yes"), ("verb", "release")];
    for page in [&page, &page] {
        let done = send(&mut ann, page, "/items/c-2", &plain).await;
        assert!(done.leads().contains("done=release"), "{}", done.body);
    }
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
}

/// The second press also shows what a page shows only once, since the browser has discarded the first answer.
#[tokio::test]
async fn a_token_and_a_link_made_twice_are_made_once_and_shown_again() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let mut again = beside(&office, &mia);
    let shown = |page: &Seen| {
        let rest = page.body.split("class=\"copy\">").nth(1);
        let rest = rest.unwrap_or_else(|| panic!("{}", page.text()));
        rest.split('<').next().unwrap().to_owned()
    };
    let token = [
        ("token_name", "CRM"),
        ("token_role", "program"),
        ("expires", "2027-02-28"),
        ("old", PASSWORD),
    ];
    let page = mia.get("/settings/staff").await;
    let [one, other] =
        send_at_once(&mut mia, &mut again, &page, ("/settings/tokens", &token)).await;
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK), "{}", other.text());
    assert_eq!(shown(&one), shown(&other));
    assert_eq!(one.headers["content-type"], other.headers["content-type"]);
    assert_eq!(one.headers["content-security-policy"], other.headers["content-security-policy"]);
    let made = shown(&other);
    let used = office.post(&made, "/api/v1/decisions/preview", &letter("l-1")).await;
    assert_eq!(used.status, StatusCode::OK);

    let new = [("name", "Joe Bell"), ("login", "joe.bell"), ("role", "agent")];
    let page = mia.get("/settings/staff").await;
    let [one, other] = send_at_once(&mut mia, &mut again, &page, ("/settings/staff", &new)).await;
    assert_eq!((one.status, other.status), (StatusCode::OK, StatusCode::OK), "{}", other.text());
    assert_eq!(one.body, other.body);
    let trail = mia.get("/audit").await;
    assert_eq!(trail.text().matches("Made a token for CRM").count(), 1, "{}", trail.text());

    // The store has nothing of it in plain text.
    let kept = office.store.documents(&office.tuntum.id, "pressed", Listing::of("id"));
    let kept = kept.await.unwrap();
    assert!(!kept.documents.is_empty());
    for document in kept.documents {
        let body = document.body.get();
        assert!(!body.contains("joe.bell") && !body.contains("<p"), "{body}");
    }
}

#[tokio::test]
async fn settings_and_sessions_answer_a_second_press_alike() {
    let office = Office::open();
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut again = beside(&office, &ann);
    let page = ann.get("/account").await;
    let fields = [("language", "cy")];
    let both = send_at_once(&mut ann, &mut again, &page, ("/account/preferences", &fields)).await;
    for one in &both {
        assert_eq!(one.leads(), "/account?done=saved");
        assert!(one.headers["set-cookie"].to_str().unwrap().starts_with("language=cy"));
    }
    // Signing out is never answered from memory: a page from before signs this session out, too.
    let page = ann.get("/account").await;
    let old = page.field("press");
    ann.post("/sign-out", &[("press", &old)]).await;
    let fields = [("organisation", "tuntum"), ("login", "ann.hall"), ("password", PASSWORD)];
    ann.post("/sign-in", &fields).await.leads();
    assert_eq!(ann.get("/account").await.status, StatusCode::OK);
    let session = ann.cookies.clone();
    ann.post("/sign-out", &[("press", &old)]).await;
    ann.cookies = session;
    assert_eq!(ann.get("/account").await.status, StatusCode::SEE_OTHER);
    // Without a session a key does nothing.
    let mut nobody = Browsing::new(&office);
    let answer = nobody.post("/account/preferences", &[("press", &old), ("language", "cy")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
}

/// Only those who may still ask for an answer get it, from a page of ours.
#[tokio::test]
async fn no_answer_is_given_again_to_another_site_or_without_the_right() {
    const LINK: &str = "/invitation/tuntum/";
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let mut bo = Browsing::signed_in(&office, "Bo Carr", "manager").await;
    let path = "/settings/staff";
    let new = [("name", "Joe Bell"), ("login", "joe.bell"), ("role", "agent")];
    let page = mia.get(path).await;
    let first = send(&mut mia, &page, path, &new).await;
    assert!(first.status == StatusCode::OK && first.body.contains(LINK), "{}", first.text());

    let ours = mia.origin.replace("https://evil.example".to_owned());
    let elsewhere = send(&mut mia, &page, path, &new).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert!(!elsewhere.body.contains(LINK), "{}", elsewhere.body);
    mia.origin = ours;
    assert_eq!(send(&mut mia, &page, path, &new).await.body, first.body);
    let of_bo = send(&mut bo, &page, path, &new).await;
    assert_eq!(of_bo.status, StatusCode::UNPROCESSABLE_ENTITY, "an act of his own");
    assert!(!of_bo.body.contains(LINK), "{}", of_bo.body);

    let theirs = bo.get(path).await;
    let agent = [("verb", "role"), ("role", "agent")];
    send(&mut bo, &theirs, "/settings/staff/mia.lund", &agent).await.leads();
    let refused = send(&mut mia, &page, path, &new).await;
    assert!(refused.status.is_client_error(), "{}", refused.text());
    assert!(!refused.body.contains(LINK), "{}", refused.body);
}

/// Without script, going back shows the page with its old key.
#[tokio::test]
async fn who_goes_back_and_chooses_otherwise_gets_what_was_chosen_last() {
    let office = Office::open();
    let mut mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let page = mia.get("/settings/staff").await;
    for (verb, is_closed) in [("close", true), ("reopen", false), ("close", true)] {
        let path = "/settings/staff/ann.hall";
        for _ in 0..2 {
            let done = send(&mut mia, &page, path, &[("verb", verb)]).await;
            assert_eq!(done.leads(), "/settings/staff?done=yes");
        }
        let now = mia.get("/settings/staff").await;
        assert_eq!(now.body.contains("value=\"reopen\""), is_closed, "{}", now.text());
    }
}

#[tokio::test]
async fn a_step_that_is_sent_twice_at_once_is_taken_once() {
    let office = Office::that_chose();
    let jo = serde_json::json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
    });
    let answer = office.put(MANAGER, "/api/v1/people/P-1", &jo).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{answer:?}");
    office.settle("P-1").await;
    let mut ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mut again = beside(&office, &ann);
    let path = "/people/P-1/steps/record_incident";
    let page = ann.get(path).await;
    let version = page.field("version");
    let incident = [
        ("version", version.as_str()),
        ("ground", "persistence"),
        ("severity", "ordinary"),
        ("happened_at", "2026-11-23T09:00"),
        ("channel", "telephone"),
        ("what", "Rang 40 times in one morning."),
    ];
    let [one, other] = send_at_once(&mut ann, &mut again, &page, (path, &incident)).await;
    assert_eq!(one.leads(), other.leads());
    let case = ann.get(one.leads()).await;
    assert!(case.has("The incident is recorded") && case.has("Incidents 1"), "{}", case.text());
}

/// Forms that act each time they are sent: the table of contents has them as `repeated`.
const REPEATED: [&str; 8] = [
    "/sign-out",
    "/language",
    "/sign-in",
    "/sign-in/code",
    "/account/sessions",
    // A draft of a wording, as a page.
    "/settings/templates/{{ code }}/preview",
    // Invitations: `invitation.html`, `pass.html`.
    "invitation.html {{ action }}",
    "pass.html {{ action }}",
];

#[test]
fn every_form_that_acts_has_the_key_of_its_page() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/staff/console");
    let mut keyed = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        let name = file.file_name().into_string().unwrap();
        if !name.ends_with(".html") {
            continue;
        }
        let text = std::fs::read_to_string(file.path()).unwrap();
        for form in text.split("<form ").skip(1).filter(|form| form.contains("method=\"post\"")) {
            let (tag, inside) = form.split_once('>').unwrap();
            if !tag.contains("method=\"post\"") {
                continue;
            }
            let action = tag.split("action=\"").nth(1).unwrap().split('"').next().unwrap();
            let is_repeated = REPEATED.contains(&action)
                || REPEATED.contains(&format!("{name} {action}").as_str());
            let mark = "<input type=\"hidden\" name=\"press\" value=\"{{ f.press }}\"";
            let has_key = inside.trim_start().starts_with(mark);
            assert_eq!(has_key, !is_repeated, "{name}: {tag}");
            keyed += usize::from(has_key);
        }
    }
    assert!(keyed > 20, "{keyed}");
}
