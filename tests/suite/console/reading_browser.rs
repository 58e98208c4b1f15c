//! What pages say in a real browser, at an office with a long queue: rows in words, page after page, an item and its
//! original, who opened what, and two records that are merged and parted.

use std::collections::BTreeSet;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::queue::QueueItem;
use contact_gateway::ports::{Clock, Stamp};
use serde_json::{Value, json};

use super::accessible::sent;
use super::browsing::Browsing;
use super::listening::Listening;
use super::live_browser::rows;
use super::monday_browser::{leave_by, main_of, open, press};
use crate::office::{GOVERNANCE, MANAGER, Office};
use crate::real_input::browser::Browser;

/// The first gets through: one more page follows the first one of 50.
const MAILS: usize = 56;

/// Items on a queue, two records, and something new in one item.
async fn office() -> Office {
    let office = Office::with_person().await;
    let twin = json!({
        "id": "P-2", "name": "Joanna Doe",
        "identifiers": [{"kind": "email", "value": "joanna@home.example"}],
    });
    office.put(MANAGER, "/api/v1/people/P-2", &twin).await;
    for number in 1..=MAILS {
        office.mail(&format!("c-{number}")).await;
    }
    let organisation = &office.tuntum.id;
    let was = office.store.item(organisation, "c-2").await.unwrap().unwrap();
    let now = QueueItem { new: vec!["A surveyor has been here.".to_owned()], ..was.clone() };
    let stamp = Stamp { by: "test".to_owned(), at: office.clock.now() };
    let event = AuditEvent::Item { item: "c-2".to_owned(), action: "changed".to_owned() };
    assert!(
        office.store.replace_item(organisation, &was, &now, stamp.clone(), event).await.unwrap()
    );
    // As if a colleague had written it.
    let was = office.store.item(organisation, "c-4").await.unwrap().unwrap();
    let now = QueueItem { sent_by: Some("Ann Hall".to_owned()), ..was.clone() };
    let event = AuditEvent::Item { item: "c-4".to_owned(), action: "changed".to_owned() };
    assert!(office.store.replace_item(organisation, &was, &now, stamp, event).await.unwrap());
    office
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queues_items_and_records_are_read_and_nothing_is_offered_that_is_refused() {
    let office = office().await;
    let listening = Listening::start(&office).await;
    let root = listening.root.clone();
    let ann = Browsing::signed_in(&office, "Ann Hall", "agent").await;
    let mia = Browsing::signed_in(&office, "Mia Lund", "manager").await;
    let bo = Browsing::signed_in(&office, "Bo Carr", "governance").await;
    let mut browser = Browser::start();
    listening.seats(&mut browser, &ann);
    a_row_is_read_in_words(&mut browser, &root);
    an_empty_queue_leads_on(&mut browser, &root);
    a_long_queue_comes_page_by_page(&mut browser);
    an_item_is_read(&mut browser, &root);
    let released = "return document.querySelector('.finals button[value=release]') !== null";
    open(&mut browser, &format!("{root}/items/c-4"));
    assert_eq!(browser.run(released), json!(false), "she wrote it");
    assert!(main_of(&mut browser).contains("You wrote this message"), "{}", main_of(&mut browser));
    listening.seats(&mut browser, &mia);
    open(&mut browser, &format!("{root}/items/c-4"));
    assert_eq!(browser.run(released), json!(true));
    open(&mut browser, &format!("{root}/items/c-3"));
    press(&mut browser, "Jo Doe");
    let trail = office.get(GOVERNANCE, "/api/v1/audit").await.json();
    let led = trail["entries"].as_array().unwrap().iter().any(|entry| {
        entry["event"] == "looked" && entry["looked_at"] == "person" && entry["because"] == "c-3"
    });
    assert!(led, "{trail}");
    for who in [&ann, &mia, &bo] {
        listening.seats(&mut browser, who);
        nothing_offered_is_refused(&mut browser, &root);
    }

    listening.seats(&mut browser, &bo);
    let before = [record(&office, "P-1").await, record(&office, "P-2").await];
    let merge = merges(&mut browser, &root);
    open(&mut browser, &format!("{root}/people/P-1"));
    assert!(main_of(&mut browser).contains("Merged with"), "{}", main_of(&mut browser));
    let why = [("why", "Two sisters.")];
    sent(&mut browser, &format!("{root}{merge}"), "main form[method=post] button", &why);
    assert!(main_of(&mut browser).contains("The records are parted."));
    assert_eq!([record(&office, "P-1").await, record(&office, "P-2").await], before);
    browser.stop();
    listening.stop().await;
}

async fn record(office: &Office, id: &str) -> Value {
    office.get(MANAGER, &format!("/api/v1/people/{id}")).await.json()
}

fn a_row_is_read_in_words(browser: &mut Browser, root: &str) {
    open(browser, &format!("{root}/queues/limited"));
    let row = browser.text("tr[data-item]");
    for text in [
        "Jo Doe",
        "E-mail: Again",
        "The limit of 1 contact a week (Monday to Sunday) is used up",
        "clause 8.3",
        "Review due: Sat 1 May 2027",
        "Mon 23 Nov, 10:00",
        "waiting 0 minutes",
    ] {
        assert!(row.contains(text), "{text}: {row}");
    }
    assert!(!row.contains("contact_quota") && !row.contains("c-2"), "{row}");
    browser.run("document.cookie = 'language=cy; path=/'");
    open(browser, &format!("{root}/queues/limited"));
    let row = browser.text("tr[data-item]");
    assert!(row.contains("Mae'r terfyn wedi'i ddefnyddio: 1 cysylltiad yr wythnos"), "{row}");
    browser.run("document.cookie = 'language=en; path=/'");
}

fn an_empty_queue_leads_on(browser: &mut Browser, root: &str) {
    open(browser, &format!("{root}/queues/filed"));
    let empty = browser.text(".empty");
    assert!(empty.contains("This queue is empty"), "{empty}");
    leave_by(browser, ".empty a");
    assert_eq!(browser.run("return location.pathname"), json!("/queues/limited"));
}

/// Each once; and back by the browser's own button.
fn a_long_queue_comes_page_by_page(browser: &mut Browser) {
    let first = rows(browser);
    leave_by(browser, "a[rel=next]");
    let second = rows(browser);
    let each = first.as_array().unwrap().iter().chain(second.as_array().unwrap());
    let each: BTreeSet<&str> = each.map(|one| one.as_str().unwrap()).collect();
    assert_eq!((first.as_array().unwrap().len(), each.len()), (50, MAILS - 1));
    browser.run("history.back()");
    super::demo::wait(
        browser,
        "return document.querySelector('a[rel=next]') !== null && document.readyState === 'complete'",
    );
    assert_eq!(rows(browser), first);
}

/// What is new, and its original: text, and a file to save.
fn an_item_is_read(browser: &mut Browser, root: &str) {
    open(browser, &format!("{root}/items/c-2"));
    let page = main_of(browser);
    assert!(page.contains("New against earlier contacts"), "{page}");
    assert!(page.contains("Passages that none of the earlier contacts had"), "{page}");
    assert_eq!(browser.text("ins"), "A surveyor has been here.");
    leave_by(browser, "[data-key=o]");
    let page = main_of(browser);
    assert!(page.contains("jo@home.example") && page.contains("The same."), "{page}");
    assert_eq!(browser.run("return document.querySelectorAll('iframe').length"), json!(0));
    let saved = browser.run_async(
        "const done = arguments[arguments.length - 1];
         fetch(document.querySelector('main a[download]').href)
             .then(answer => done(answer.headers.get('content-disposition')), fault => done(String(fault)))",
    );
    assert_eq!(saved, json!("attachment; filename=\"c-2.eml\""));
}

/// No link of a page leads where the one who reads it may not go.
fn nothing_offered_is_refused(browser: &mut Browser, root: &str) {
    let mut offered = BTreeSet::new();
    for page in [
        "/",
        "/queues/limited",
        "/items/c-2",
        "/people?q=doe",
        "/people/P-1",
        "/people/P-1?tab=identifiers",
        "/people/P-1?tab=record",
        "/people/P-1/case",
        "/settings",
    ] {
        open(browser, &format!("{root}{page}"));
        let status =
            browser.run("return performance.getEntriesByType('navigation')[0].responseStatus");
        if page == "/settings" && status == json!(403) {
            continue;
        }
        assert_eq!(status, json!(200), "{page}");
        let links = browser.run(
            "return [...document.querySelectorAll('a[href]')].map(one => one.href.split('#')[0])
                 .filter(one => one.startsWith(location.origin))",
        );
        let links = links.as_array().unwrap().iter().map(|one| one.as_str().unwrap().to_owned());
        // Of a long queue one item is enough.
        offered.extend(links.filter(|one| !one.contains("/items/") || one.contains("/c-2")));
    }
    assert!(offered.len() > 20, "{offered:?}");
    let refused = browser.run_async(&format!(
        "const done = arguments[arguments.length - 1];
         const asked = {}.map(one => fetch(one).then(answer => [answer.status, one]));
         Promise.all(asked).then(all => done(all.filter(([status]) => status === 403 || status >= 500)),
             fault => done(String(fault)))",
        json!(offered)
    ));
    assert_eq!(refused, json!([]));
}

/// What it would change is shown before: the address of the merge.
fn merges(browser: &mut Browser, root: &str) -> String {
    let pair = format!("{root}/people/P-1/merge?other=P-2");
    open(browser, &pair);
    let page = main_of(browser);
    for text in ["1 contact a week", "joanna@home.example", "The names differ.", "It can be undone"]
    {
        assert!(page.contains(text), "{text}: {page}");
    }
    let why = [("why", "One tenancy.")];
    let merge = sent(browser, &pair, "main form[method=post] button", &why);
    assert!(main_of(browser).contains("The records are merged."), "{}", main_of(browser));
    merge
}
