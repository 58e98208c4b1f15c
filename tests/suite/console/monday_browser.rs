//! Monday morning in a real browser: where one starts, who else is there, what can be taken back; with script and
//! without.

use serde_json::json;

use super::demo::{Demo, wait, wait_for_news};
use crate::real_input::browser::Browser;

const READY: &str = "return document.readyState === 'complete'";

pub(super) fn open(browser: &mut Browser, page: &str) {
    browser.open(page);
    wait(browser, READY);
}

/// Somebody of Karbon Homes, by the number of their link.
pub(super) fn somebody(demo: &Demo, number: usize) -> Browser {
    let mut browser = Browser::start();
    signed_in(&mut browser, demo, number);
    browser
}

/// A browser in which no script of ours runs.
pub(super) fn without_script() -> Browser {
    let mut browser = Browser::start();
    browser.tell_chromium("Network.enable", &json!({}));
    browser.tell_chromium("Network.setBlockedURLs", &json!({"urls": ["*.js"]}));
    browser
}

pub(super) fn signed_in(browser: &mut Browser, demo: &Demo, number: usize) {
    browser.open(&demo.links_of("karbon")[number]);
    browser.click("main form button");
    wait(browser, "return location.pathname === '/' && document.readyState === 'complete'");
}

/// Presses what says this, and waits for the page to which it leads.
pub(super) fn press(browser: &mut Browser, text: &str) {
    let found = browser.run(&format!(
        "const said = {};
         const one = [...document.querySelectorAll('main a, main button')]
             .find(it => it.textContent.trim().startsWith(said));
         if (!one) return document.querySelector('main').innerText;
         one.setAttribute('data-pressed', ''); return true;",
        json!(text)
    ));
    assert_eq!(found, json!(true), "nothing says {text:?}");
    leave_by(browser, "[data-pressed]");
}

/// Presses what a selector finds, and waits for the page to which it leads.
pub(super) fn leave_by(browser: &mut Browser, button: &str) {
    browser.run("window.left = false");
    browser.click(button);
    // The click answers before the page is left.
    wait(browser, "return window.left !== false && document.readyState === 'complete'");
}

pub(super) fn main_of(browser: &mut Browser) -> String {
    browser.text("main")
}

fn starts_on_the_first_thing_to_do(browser: &mut Browser, root: &str) {
    open(browser, &format!("{root}/"));
    wait(browser, "return document.activeElement.matches('main .row-link')");
    let first = "const all = [...document.querySelectorAll('main .row-link')];
                 return all.indexOf(document.activeElement)";
    assert_eq!(browser.run(first), json!(0));
    let counts = browser.run(
        "return [...document.querySelectorAll('main td[data-count]')].map(one => Number(one.innerText))",
    );
    let counts = counts.as_array().unwrap();
    assert!(!counts.is_empty() && counts.iter().all(|one| one.as_u64().unwrap() > 0), "{counts:?}");
    // The oldest first, as the queue has them; back from an item, its row has the focus.
    open(browser, &format!("{root}/queues/limited"));
    let came =
        "return [...document.querySelectorAll('tr[data-item]')].map(one => one.dataset.item)";
    let rows = browser.run(came);
    let last = rows.as_array().unwrap().len() - 1;
    browser.run(&format!(
        "document.querySelectorAll('main .row-link')[{last}].setAttribute('data-last', '');"
    ));
    leave_by(browser, "[data-last]");
    wait(browser, "return location.pathname.startsWith('/items/')");
    browser.click(".back a");
    wait(browser, "return location.pathname === '/queues/limited' && location.hash.length > 2");
    wait(browser, "return document.activeElement.matches('main .row-link')");
    assert_eq!(browser.run(first), json!(last));
    assert_eq!(browser.run(came), rows, "the same page");
}

#[test]
fn the_day_begins_on_the_first_thing_to_do() {
    let demo = Demo::start();
    let mut browser = somebody(&demo, 0);
    wait(&mut browser, "return document.activeElement.matches('main .row-link')");
    starts_on_the_first_thing_to_do(&mut browser, &demo.root());
    browser.stop();
}

#[test]
fn without_script_the_day_begins_and_ends_the_same() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = without_script();
    signed_in(&mut browser, &demo, 3);
    open(&mut browser, &format!("{root}/"));
    let live = "return document.querySelector('[data-waiting]').hidden";
    assert_eq!(browser.run(live), json!(true), "no script ran");
    starts_on_the_first_thing_to_do(&mut browser, &root);
    // The time of this view, and a link that makes it anew.
    for page in ["/", "/queues/limited"] {
        open(&mut browser, &format!("{root}{page}"));
        assert!(main_of(&mut browser).contains("As of "), "{page}");
        press(&mut browser, "Refresh");
        assert_eq!(browser.run("return location.pathname"), json!(page));
    }
    open(&mut browser, &format!("{root}/queues/limited"));
    press(&mut browser, "Take the next");
    assert!(main_of(&mut browser).contains("Taken. It is in your name."));
    press(&mut browser, "Undo");
    assert!(main_of(&mut browser).contains("Put back. Anybody can take it."));
    press(&mut browser, "Undo");
    browser.fill("#note", "Rang them");
    press(&mut browser, "Close");
    let page = main_of(&mut browser);
    assert!(page.contains("Closed.") && page.contains("Rang them"), "{page}");
    press(&mut browser, "Undo");
    assert!(main_of(&mut browser).contains("Opened again."));
    browser.stop();
}

#[test]
fn who_else_has_it_open_is_said_and_taken_back() {
    let demo = Demo::start();
    let root = demo.root();
    let item = format!("{root}/items/demo-karbon-3");
    let mut kim = somebody(&demo, 3);
    open(&mut kim, &item);
    let also = "return [...document.querySelectorAll('.here')].map(one => one.innerText).join()";
    assert_eq!(kim.run(also), json!(""));
    let mut bo = somebody(&demo, 2);
    open(&mut bo, &item);
    let seen_by_bo = bo.run(also);
    assert!(seen_by_bo.as_str().unwrap().starts_with("Also open: Kim"), "{seen_by_bo}");
    // Hers says it by itself, and no button goes: looking claims nothing.
    let bo_is_here =
        "return document.querySelector('.here')?.innerText.startsWith('Also open: Bo')";
    wait_for_news(&mut kim, bo_is_here);
    assert_eq!(kim.run("return document.querySelector('button[value=take]').hidden"), json!(false));
    // Which page it is goes with it.
    kim.run(
        "const sent = window.fetch;
         window.fetch = (to, how) => { window.said = String(how.body); return sent(to, how); };
         document.dispatchEvent(new Event('visibilitychange'));",
    );
    let own = "'page=' + document.querySelector('[data-here]').dataset.page";
    wait(&mut kim, &format!("return window.said === {own}"));
    open(&mut bo, &format!("{root}/help"));
    wait_for_news(&mut kim, "return document.querySelector('.here') === null");
    kim.stop();
    bo.stop();
}

#[test]
fn leaving_a_form_with_something_typed_asks() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = somebody(&demo, 3);
    let asks = "return !dispatchEvent(new Event('beforeunload', {cancelable: true}))";
    for (page, field) in [
        (format!("{root}/items/demo-karbon-3"), "#note"),
        (format!("{root}/people/K-4/steps/record_incident"), "[name=what]"),
    ] {
        open(&mut browser, &page);
        assert_eq!(browser.run(asks), json!(false), "{page}: nothing was typed");
        browser.fill(field, "Half a sentence");
        assert_eq!(browser.run(asks), json!(true), "{page}");
        // Sent, it asks no more.
        browser.run("document.querySelector('form[data-unsaved]').addEventListener('submit', event => event.preventDefault())");
        browser.run("document.querySelector('form[data-unsaved]').requestSubmit()");
        assert_eq!(browser.run(asks), json!(false), "{page}: it was sent");
    }
    browser.stop();
}

#[test]
fn what_can_be_undone_offers_it_and_what_has_gone_says_what_remains() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = somebody(&demo, 3);
    open(&mut browser, &format!("{root}/items/demo-karbon-3"));
    for (verb, said, undone) in [
        ("Take this item", "Taken.", "Put back."),
        ("Mark as read", "Marked as read.", "Opened again."),
        ("File", "Filed.", "Opened again."),
        ("Close", "Closed.", "Opened again."),
    ] {
        press(&mut browser, verb);
        let page = main_of(&mut browser);
        assert!(page.contains(said), "{verb}: {page}");
        press(&mut browser, "Undo");
        let page = main_of(&mut browser);
        assert!(page.contains(undone), "{verb}: {page}");
    }
    // Actions that send something out are apart from the others, ask first, and offer no undo.
    let apart = "return [...document.querySelectorAll('.finals button')].map(one => one.value)";
    assert!(browser.run(apart).as_array().unwrap().contains(&json!("release")));
    press(&mut browser, "Release…");
    let page = main_of(&mut browser);
    assert!(page.contains("This can't be undone") && page.contains("It goes to"), "{page}");
    press(&mut browser, "Cancel");
    assert!(!main_of(&mut browser).contains("Released"));
    press(&mut browser, "Release…");
    press(&mut browser, "Release it");
    let page = main_of(&mut browser);
    assert!(page.contains("Released.") && page.contains("It can't be called back"), "{page}");
    assert!(page.contains("write a note"), "what remains is named: {page}");
    assert!(!page.contains("Undo") && !page.contains("Open it again"), "{page}");
    browser.stop();
}
