//! What is typed is not lost: by a closed tab, by a session that ends, by a post that fails; and nothing of it
//! stays in the browser once it is safe or somebody signs out.

use serde_json::json;

use super::demo::{Demo, wait};
use super::ways_browser::key;
use crate::real_input::browser::Browser;

const READY: &str = "return document.readyState === 'complete'";
const DRAFTS: &str = "return Object.keys(localStorage).filter(key => key.startsWith('draft '))";

fn open(browser: &mut Browser, page: &str) {
    browser.open(page);
    wait(browser, READY);
}

fn typed(browser: &mut Browser) -> String {
    let text = browser.run("return document.querySelector('[name=text]').value");
    text.as_str().unwrap().to_owned()
}

#[test]
fn what_is_typed_survives_a_closed_tab_and_a_session_that_ends_and_goes_when_it_is_safe() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = demo.browser("karbon");
    let item = format!("{root}/items/demo-karbon-3");
    let first = browser.tab();
    let second = browser.new_tab();
    browser.look_at(&second);
    open(&mut browser, &item);
    browser.fill("#note", "Rang them, no answer");
    browser.close_tab(&second);
    browser.look_at(&first);
    open(&mut browser, &item);
    assert_eq!(typed(&mut browser), "Rang them, no answer");
    let kept = browser.text(".kept");
    assert!(kept.contains("What you had typed here is back"), "{kept}");
    // A step's fields too, of every kind.
    let step = format!("{root}/people/K-4/steps/record_incident");
    open(&mut browser, &step);
    browser.run(
        "const form = document.querySelector('form[data-unsaved]');
         form.elements.what.value = 'Four calls before noon.';
         form.querySelector('[type=radio]').checked = true;
         form.dispatchEvent(new Event('input', {bubbles: true}));",
    );
    // The session is ended from another browser: this one is not asked, and the next page is the way in.
    let mut other = demo.browser("karbon");
    open(&mut other, &format!("{root}/account"));
    other.click("button[name=all]");
    wait(&mut other, "return location.search.includes('done=ended')");
    other.stop();
    // On the way back to the page on which it was typed.
    open(&mut browser, &step);
    wait(&mut browser, "return location.pathname === '/sign-in'");
    let next = browser.run("return new URLSearchParams(location.search).get('next')");
    assert_eq!(next, json!("/people/K-4/steps/record_incident"));
    assert_eq!(browser.run("return document.body.innerText.includes('Four calls')"), json!(false));
    // Signed in again, both are there: the step's fields, and a note that nobody sent.
    open(&mut browser, demo.link("karbon"));
    browser.click("main form button");
    wait(&mut browser, "return location.pathname === '/'");
    open(&mut browser, &step);
    let filled = browser.run(
        "const form = document.querySelector('form[data-unsaved]');
         return [form.elements.what.value, form.querySelector('[type=radio]').checked,
             document.querySelectorAll('.kept').length];",
    );
    assert_eq!(filled, json!(["Four calls before noon.", true, 1]));
    open(&mut browser, &item);
    assert_eq!(typed(&mut browser), "Rang them, no answer");
    // Somebody else at the same browser sees nothing of it.
    open(&mut browser, &demo.links_of("karbon")[1]);
    browser.click("main form button");
    wait(&mut browser, "return location.pathname === '/'");
    open(&mut browser, &item);
    assert_eq!(typed(&mut browser), "");
    open(&mut browser, &step);
    assert_eq!(
        browser.run("return document.querySelector('form[data-unsaved]').elements.what.value"),
        json!("")
    );
    browser.stop();
}

#[test]
fn a_draft_goes_with_its_post_or_with_signing_out() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = demo.browser("karbon");
    let item = format!("{root}/items/demo-karbon-3");
    open(&mut browser, &item);
    browser.fill("#note", "They will write again");
    assert_eq!(browser.run(DRAFTS).as_array().unwrap().len(), 1);
    browser.click("button[value=note]");
    wait(&mut browser, "return /done=note/.test(location.search)");
    assert_eq!(browser.run(DRAFTS), json!([]), "the server has it");
    assert!(
        browser.run("return document.cookie").as_str().is_some_and(|all| !all.contains("kept="))
    );
    assert!(browser.text("#main").contains("They will write again"));
    assert_eq!(typed(&mut browser), "");
    // Discarded by the one who typed it.
    browser.fill("#note", "Never mind");
    browser.run("window.onbeforeunload = null");
    open(&mut browser, &format!("{item}?from=/"));
    assert_eq!(typed(&mut browser), "Never mind");
    browser.click(".kept button");
    assert_eq!((typed(&mut browser).as_str(), browser.run(DRAFTS)), ("", json!([])));
    // Signing out leaves nothing.
    browser.fill("#note", "About Tom Reeve");
    assert_eq!(browser.run(DRAFTS).as_array().unwrap().len(), 1);
    browser.run("document.querySelector('form[action=\"/sign-out\"] button').click()");
    wait(&mut browser, "return location.pathname === '/sign-in'");
    assert_eq!(browser.run("return Object.keys(localStorage)"), json!([]));
    assert_eq!(browser.run("return Object.keys(sessionStorage)"), json!([]));
    browser.stop();
}

#[test]
fn before_a_session_ends_somebody_is_asked_and_one_key_keeps_it() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = demo.browser("karbon");
    // As if the idle time were nearly over: the pages' own clocks, half an hour on.
    let (first, second) = (browser.tab(), browser.new_tab());
    for tab in [&second, &first] {
        browser.look_at(tab);
        open(&mut browser, &format!("{root}/items/demo-karbon-3"));
        browser.run(
            "const real = Date.now.bind(Date); const ends = Number(document.body.dataset.ends) * 1000;
             window.forward = ends - 60000; Date.now = () => real() + window.forward;",
        );
        wait(&mut browser, "return document.getElementById('ending').open");
    }
    let said = browser.text("#ending");
    assert!(
        said.contains("You will be signed out soon") && said.contains("Stay signed in"),
        "{said}"
    );
    assert_eq!(browser.run("return document.activeElement.matches('[data-stay]')"), json!(true));
    // One key is enough, in every tab.
    key(&mut browser, "Enter", 13, "\r");
    wait(&mut browser, "return !document.getElementById('ending').open");
    browser.look_at(&second);
    wait(&mut browser, "return !document.getElementById('ending').open");
    browser.close_tab(&second);
    browser.look_at(&first);
    // Not asked again: the server gave it another half an hour.
    browser.run("window.asked = false; document.getElementById('ending').addEventListener('toggle', () => { window.asked = true; })");
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert_eq!(browser.run("return window.asked"), json!(false));
    // Over: what is on the screen goes, and the page is found again after signing in.
    browser.fill("#note", "Half a sentence");
    browser.run("window.forward += 40 * 60000");
    wait(
        &mut browser,
        "return location.pathname === '/sign-in' && /next=%2Fitems%2F/.test(location.search)",
    );
    assert_eq!(browser.run(DRAFTS).as_array().unwrap().len(), 1, "what was typed waits");
    browser.open(&format!("{root}/items/demo-karbon-3"));
    assert_eq!(typed(&mut browser), "Half a sentence");
    browser.stop();
}
