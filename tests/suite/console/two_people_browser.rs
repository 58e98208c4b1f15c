//! Two people at one queue, each at a browser of their own. Bo's runs no script, so that nothing says what Kim did
//! before he presses a button.

use serde_json::json;

use super::demo::{Demo, wait};
use super::live_browser::rows;
use super::monday_browser::{leave_by, main_of, open, press, signed_in, somebody, without_script};
use super::whole_day::{mail, wait_until};
use crate::real_input::browser::Browser;

const BO: usize = 2;
const KIM: usize = 3;
/// The oldest that waits.
const ITEM: &str = "/items/demo-karbon-3";
/// What both take and what is left for them to choose from.
const WAITING: usize = 6;

#[test]
fn two_people_share_a_queue_and_neither_undoes_what_the_other_did() {
    let demo = Demo::start();
    let root = demo.root();
    let queue = format!("{root}/queues/limited");
    let mut kim = somebody(&demo, KIM);
    let mut bo = without_script();
    signed_in(&mut bo, &demo, BO);
    enough_for_both(&demo, &mut kim, &queue);
    one_address_shows_both_the_same(&mut kim, &mut bo, &root);
    what_was_taken_stays_taken(&mut kim, &mut bo, &root);
    both_take_the_next(&mut kim, &mut bo, &queue);
    each_of_several_has_its_result(&mut kim, &mut bo, &queue);
    // Her claims outlive her session, until a manager hands them over.
    kim.run("document.querySelector('form[action=\"/sign-out\"] button').click()");
    wait(&mut kim, "return location.pathname === '/sign-in'");
    open(&mut bo, &format!("{root}{ITEM}"));
    assert!(main_of(&mut bo).contains("Kim Reed has had this item"), "{}", main_of(&mut bo));
    bo.run(
        "document.querySelector('details.hand').open = true;
         document.getElementById('to').value = 'Bo Carr';",
    );
    leave_by(&mut bo, "button[value=hand_over]");
    let page = main_of(&mut bo);
    assert!(page.contains("Handed over.") && page.contains("You have this item"), "{page}");
    kim.stop();
    bo.stop();
}

fn enough_for_both(demo: &Demo, kim: &mut Browser, queue: &str) {
    let mut waiting = || {
        open(kim, queue);
        rows(kim).as_array().unwrap().len()
    };
    let more = WAITING.saturating_sub(waiting());
    for number in 1..=more {
        mail(&demo.smtp, "jo.marsh@mail.example", &format!("Live {number}"));
    }
    wait_until("all of it is on the queue", || waiting() >= WAITING);
}

/// A filter is in the address.
fn one_address_shows_both_the_same(kim: &mut Browser, bo: &mut Browser, root: &str) {
    kim.run(
        "document.getElementById('state').value = 'all';
         document.getElementById('channel').value = 'email';",
    );
    leave_by(kim, "form.filter button");
    let address = kim.run("return location.pathname + location.search");
    open(bo, &format!("{root}{}", address.as_str().unwrap()));
    let chosen = "return ['state', 'channel'].map(one => document.getElementById(one).value)";
    assert_eq!(bo.run(chosen), json!(["all", "email"]), "{address}");
    assert_eq!(rows(bo), rows(kim), "{address}");
}

/// To look takes nothing. What somebody chose on a page from before is not done, and what they wrote stays.
fn what_was_taken_stays_taken(kim: &mut Browser, bo: &mut Browser, root: &str) {
    let free = "return document.querySelector('button[value=take]') !== null";
    for browser in [&mut *bo, &mut *kim] {
        open(browser, &format!("{root}{ITEM}"));
        assert_eq!(browser.run(free), json!(true));
    }
    press(kim, "Take this item");
    bo.fill("#note", "I rang them");
    press(bo, "Take this item");
    let page = main_of(bo);
    assert!(page.contains("This item changed while you had it open"), "{page}");
    assert!(page.contains("Kim Reed has had this item since "), "{page}");
    assert!(bo.title().starts_with("Error:"));
    assert_eq!(bo.run("return document.getElementById('note').value"), json!("I rang them"));
    assert_eq!(bo.run(free), json!(false));
    // She is writing when his note comes: hers stays as it is.
    kim.fill("#note", "Half a sentence");
    press(bo, "Save the note");
    assert!(main_of(bo).contains("I rang them"), "{}", main_of(bo));
    wait(kim, "return document.querySelector('[data-news]').hidden === false");
    assert_eq!(kim.run("return document.getElementById('note').value"), json!("Half a sentence"));
    press(kim, "Save the note");
    let page = main_of(kim);
    assert!(page.contains("I rang them") && page.contains("Half a sentence"), "{page}");
}

/// At the same moment.
fn both_take_the_next(kim: &mut Browser, bo: &mut Browser, queue: &str) {
    for browser in [&mut *kim, &mut *bo] {
        open(browser, queue);
    }
    for browser in [&mut *kim, &mut *bo] {
        browser.run(
            "window.left = false;
             setTimeout(() => document.querySelector('form[action$=\"/take\"] button').click())",
        );
    }
    let got = [&mut *kim, &mut *bo].map(|browser| {
        wait(browser, "return window.left !== false && document.readyState === 'complete'");
        assert!(main_of(browser).contains("Taken. It is in your name."), "{}", main_of(browser));
        browser.run("return location.pathname")
    });
    assert_ne!(got[0], got[1]);
}

/// One of two was taken meanwhile: the other is done, and this one stays selected.
fn each_of_several_has_its_result(kim: &mut Browser, bo: &mut Browser, queue: &str) {
    open(bo, queue);
    let free = bo.run(
        "const free = [...document.querySelectorAll('tr[data-item]')].filter(one => !one.querySelector('.tag.held'));
         const two = free.slice(-2);
         for (const one of two) one.querySelector('input').checked = true;
         return two.map(one => [one.dataset.item, one.querySelector('.row-link').href])",
    );
    assert_eq!(free.as_array().unwrap().len(), 2, "{free}");
    open(kim, free[0][1].as_str().unwrap());
    press(kim, "Take this item");
    leave_by(bo, ".bulk button[value=close]");
    let page = main_of(bo);
    assert!(page.contains(": closed"), "{page}");
    assert!(page.contains(": Somebody else has taken this item"), "{page}");
    let ticked =
        "return [...document.querySelectorAll('tbody input:checked')].map(one => one.value)";
    assert_eq!(bo.run(ticked), json!([free[0][0]]));
}
