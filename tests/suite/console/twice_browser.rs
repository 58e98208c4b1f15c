//! What is pressed twice, done in two tabs or gone back from, in a real browser: it acts once, and nothing typed is
//! lost.

use serde_json::json;

use super::demo::{Demo, wait};
use super::monday_browser::{leave_by, main_of, open, press, somebody};
use super::whole_day::{fill, reached};
use crate::real_input::browser::Browser;

const KIM: usize = 3;
/// The oldest that waits, and its subject.
const ITEM: &str = "/items/demo-karbon-3";
const SUBJECT: &str = "Subject: Third message about the fence";
const DRAFTS: &str = "return Object.keys(localStorage).filter(key => key.startsWith('draft '))";

/// Presses a button twice in one go: of how many presses the browser made a request.
fn pressed_twice(browser: &mut Browser, button: &str) -> u64 {
    browser.run(&format!(
        "window.left = false; sessionStorage.setItem('sent', '0');
         addEventListener('submit', () => {{
             sessionStorage.setItem('sent', String(Number(sessionStorage.getItem('sent')) + 1)); }});
         const one = document.querySelector({});
         one.click(); one.click();",
        json!(button)
    ));
    wait(browser, "return window.left !== false && document.readyState === 'complete'");
    let sent = browser.run(
        "const sent = Number(sessionStorage.getItem('sent')); sessionStorage.removeItem('sent'); return sent",
    );
    sent.as_u64().unwrap()
}

#[test]
fn what_is_pressed_twice_or_in_two_tabs_acts_once() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = somebody(&demo, KIM);
    let mine = "return document.querySelectorAll('[aria-labelledby=mine] tr[data-item]').length";
    open(&mut browser, &format!("{root}/"));
    let before = browser.run(mine).as_u64().unwrap();
    open(&mut browser, &format!("{root}/queues/limited"));
    assert_eq!(pressed_twice(&mut browser, "form[action$='/take'] button"), 2);
    assert!(main_of(&mut browser).contains("Taken. It is in your name."));
    assert_eq!(browser.run("return location.pathname"), json!(ITEM));
    browser.fill("#note", "Rang them, no answer");
    assert_eq!(pressed_twice(&mut browser, "button[value=note]"), 2);
    let notes = "return document.querySelectorAll('[aria-labelledby=notes] li').length";
    assert_eq!(browser.run(notes), json!(1));
    assert_eq!(browser.run(DRAFTS), json!([]), "the server has it");
    open(&mut browser, &format!("{root}/"));
    assert_eq!(browser.run(mine), json!(before + 1), "one was taken");

    let (first, second) = (browser.tab(), browser.new_tab());
    for tab in [&first, &second] {
        browser.look_at(tab);
        open(&mut browser, &format!("{root}{ITEM}/confirm/release"));
    }
    // Each tab has its own key: the second does nothing, and shows the item's outcome.
    for (tab, says) in [
        (&first, "Released. The mail server has taken it."),
        (&second, "This item changed while you had it open"),
    ] {
        browser.look_at(tab);
        press(&mut browser, "Release it");
        let page = main_of(&mut browser);
        assert!(page.contains(says), "{page}");
    }
    let delivered = reached(&demo.sink).iter().filter(|one| one.contains(SUBJECT)).count();
    assert_eq!(delivered, 1);
    browser.stop();
}

#[test]
fn back_finds_the_row_and_two_tabs_at_one_step_lose_nothing() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = somebody(&demo, KIM);
    for page in ["/", "/queues", "/queues/limited"] {
        goes_back_to_its_row(&mut browser, &format!("{root}{page}"));
    }
    two_tabs_at_one_step(&mut browser, &root);
    browser.stop();
}

/// By the browser's own button: the same page, and the focus on the row that led away.
fn goes_back_to_its_row(browser: &mut Browser, page: &str) {
    open(browser, page);
    let led = "return [...document.querySelectorAll('main .row-link')].map(one => one.getAttribute('href'))";
    let rows = browser.run(led);
    let last = rows.as_array().unwrap().len() - 1;
    browser.run(&format!(
        "document.querySelectorAll('main .row-link')[{last}].setAttribute('data-last', '')"
    ));
    leave_by(browser, "[data-last]");
    browser.run("history.back()");
    let back = format!(
        "return location.href === {} && document.readyState === 'complete' &&
             [...document.querySelectorAll('main .row-link')].indexOf(document.activeElement) === {last}",
        json!(page)
    );
    wait(browser, &back);
    assert_eq!(browser.run(led), rows, "{page}: the same page");
}

const WHAT: &str = "Rang <again>, before nine.";

/// The page says first what is wrong, and has what was typed.
fn reads_the_fault(browser: &mut Browser, says: &str) {
    let title = browser.title();
    assert!(title.starts_with("Error:"), "{title}");
    let faults = browser.text(".faults");
    assert!(faults.contains(says), "{faults}");
    assert_eq!(browser.run("return document.activeElement.matches('.faults')"), json!(true));
    let typed = browser.run("return document.querySelector('[name=what]').value");
    assert_eq!(typed, json!(WHAT));
}

fn two_tabs_at_one_step(browser: &mut Browser, root: &str) {
    const RECORD: &str = "Record the incident";
    let lately = chrono::Utc::now() - chrono::TimeDelta::days(10);
    let lately = lately.format("%Y-%m-%dT%H:%M").to_string();
    let rest = [
        ("ground", "abuse"),
        ("severity", "ordinary"),
        ("happened_at", lately.as_str()),
        ("channel", "telephone"),
    ];
    let (first, second) = (browser.tab(), browser.new_tab());
    for tab in [&first, &second] {
        browser.look_at(tab);
        open(browser, &format!("{root}/people/K-4/steps/record_incident"));
    }
    fill(browser, &[("what", WHAT)]);
    press(browser, RECORD);
    reads_the_fault(browser, "It can't be done yet");
    browser.click(".faults a");
    let at_the_field = "const field = document.querySelector('.faults a').hash.slice(1);
                        return field !== '' && document.activeElement.id === field";
    wait(browser, at_the_field);

    browser.look_at(&first);
    fill(browser, &rest);
    fill(browser, &[("what", "Wrote at midnight.")]);
    press(browser, RECORD);
    assert!(main_of(browser).contains("The incident is recorded."));

    browser.look_at(&second);
    fill(browser, &rest);
    press(browser, RECORD);
    reads_the_fault(browser, "The case changed while you had it open");
    assert!(browser.text(".faults .happened").contains("Recorded an incident"));
    press(browser, RECORD);
    let page = main_of(browser);
    assert!(page.contains("The incident is recorded."), "{page}");
    let told =
        browser.run("return [...document.querySelectorAll('.said-so')].map(one => one.innerText)");
    for what in [WHAT, "Wrote at midnight."] {
        let times = told.as_array().unwrap().iter().filter(|one| **one == json!(what)).count();
        assert_eq!(times, 1, "{what}: {page}");
    }
    assert_eq!(browser.run(DRAFTS), json!([]));
}
