//! What hours do to open pages, in a real browser at an office whose clock a test moves: colleagues fall silent, a
//! mail server is away, a session ends in the middle of a sentence, and what nobody read is overdue.

use std::sync::atomic::Ordering;

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::unread::mark_unread;
use contact_gateway::ports::Clock;
use serde_json::json;

use super::browsing::{Browsing, PASSWORD};
use super::demo::wait;
use super::listening::Listening;
use super::monday_browser::{main_of, open, press};
use crate::office::{AGENT, Office};
use crate::real_input::browser::Browser;

const DRAFTS: &str = "return Object.keys(localStorage).filter(key => key.startsWith('draft '))";

fn note_of(browser: &mut Browser) -> serde_json::Value {
    browser.run("return document.getElementById('note').value")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hours_pass_over_open_pages_and_nothing_typed_is_lost() {
    let office = Office::with_person().await;
    for number in 1..=4 {
        office.mail(&format!("c-{number}")).await;
    }
    let listening = Listening::start(&office).await;
    let root = listening.root.clone();
    let mut ann = Browser::start();
    listening.seats(&mut ann, &Browsing::signed_in(&office, "Ann Hall", "agent").await);
    let mut bob = Browsing::signed_in(&office, "Bob Reed", "agent").await;
    bob.get("/items/c-2").await;
    bob_falls_silent(&office, &mut ann, &root);
    the_mail_server_is_away(&office, &mut ann, &root);
    let due = office.get(AGENT, "/api/v1/queues/limited/c-3").await.json()["read_by"].clone();
    let due: DateTime<Utc> = serde_json::from_value(due).unwrap();

    open(&mut ann, &format!("{root}/items/c-3"));
    ann.fill("#note", "Half a sentence");
    office.clock.forward(due - office.clock.now() + TimeDelta::minutes(1));
    mark_unread(office.store.as_ref(), &office.tuntum.id, office.clock.now()).await.unwrap();
    her_session_has_ended(&mut ann);
    assert_eq!(ann.run("return location.pathname"), json!("/items/c-3"));
    press(&mut ann, "Save the note");
    assert!(main_of(&mut ann).contains("Half a sentence"), "{}", main_of(&mut ann));
    assert_eq!((note_of(&mut ann), ann.run(DRAFTS)), (json!(""), json!([])));
    open(&mut ann, &format!("{root}/queues/limited"));
    let late = ann.run(
        "return [...document.querySelectorAll('tr[data-item]')]
             .map(one => one.querySelector('.tag.late')?.textContent ?? '')",
    );
    let late = late.as_array().unwrap();
    assert_eq!(late.first(), Some(&json!("overdue")), "{late:?}");
    ann.stop();
    listening.stop().await;
}

/// A minute, and five more.
fn bob_falls_silent(office: &Office, ann: &mut Browser, root: &str) {
    // As when she comes back to the page: it asks at once, not at its next beat.
    let looks = "document.dispatchEvent(new Event('visibilitychange'))";
    open(ann, &format!("{root}/items/c-2"));
    let here = ann.text(".here");
    assert!(here.starts_with("Also open: Bob Reed, since"), "{here}");
    office.clock.forward(TimeDelta::seconds(60));
    ann.run(looks);
    wait(ann, "return document.querySelector('.here.silent') !== null");
    assert!(ann.text(".here").contains("not seen since"), "{}", ann.text(".here"));
    office.clock.forward(TimeDelta::minutes(5));
    ann.run(looks);
    wait(ann, "return document.querySelector('.here') === null");
}

/// What was written is kept once, though nothing could be sent; the page is read from what went wrong.
fn the_mail_server_is_away(office: &Office, ann: &mut Browser, root: &str) {
    let notes = "return document.querySelectorAll('[aria-labelledby=notes] li').length";
    open(ann, &format!("{root}/items/c-2"));
    ann.fill("#note", "Asked by telephone");
    press(ann, "Release…");
    office.released.is_away.store(true, Ordering::SeqCst);
    press(ann, "Release it");
    let page = main_of(ann);
    assert!(page.contains("The mail server did not take it"), "{page}");
    assert!(page.contains("Asked by telephone"), "{page}");
    assert_eq!(ann.run("return document.activeElement.matches('.faults')"), json!(true));
    assert_eq!((note_of(ann), ann.run(notes)), (json!(""), json!(1)));
    office.released.is_away.store(false, Ordering::SeqCst);
    press(ann, "Release…");
    press(ann, "Release it");
    let page = main_of(ann);
    assert!(page.contains("Released. The mail server has taken it."), "{page}");
    assert_eq!(ann.run(notes), json!(1));
    assert_eq!(office.released.done.lock().unwrap().len(), 1);
}

/// What she sends is not carried out, and given back; signed in again, she is where she was, with what she wrote.
fn her_session_has_ended(ann: &mut Browser) {
    press(ann, "Save the note");
    let page = main_of(ann);
    assert!(page.contains("Your session has ended, so nothing was changed."), "{page}");
    let given_back = ann.run("return document.getElementById('wrote').value");
    assert_eq!(given_back, json!("Half a sentence"));
    press(ann, "Sign in");
    ann.run("document.getElementById('organisation').value = 'tuntum'");
    ann.fill("#login", "ann.hall");
    ann.fill("#password", PASSWORD);
    press(ann, "Sign in");
    wait(ann, "return location.pathname === '/items/c-3' && document.readyState === 'complete'");
    assert_eq!(note_of(ann), json!("Half a sentence"));
    assert!(ann.text(".kept").contains("What you had typed here is back"));
}
