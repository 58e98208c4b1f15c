//! Pages without a mouse or a bright screen: by keyboard, on paper.

use serde_json::json;

use super::demo::{Demo, wait};
use crate::real_input::browser::Browser;

const READY: &str = "return document.readyState === 'complete'";
/// More than any page has of what takes the focus.
const TABS_MAX: usize = 80;

pub(super) fn key(browser: &mut Browser, name: &str, code: u32, text: &str) {
    let down = if text.is_empty() { "rawKeyDown" } else { "keyDown" };
    for kind in [down, "keyUp"] {
        let event = json!({
            "type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code, "text": text,
        });
        browser.tell_chromium("Input.dispatchKeyEvent", &event);
    }
}

/// By Tab to what says this.
fn tab_to(browser: &mut Browser, says: &str) {
    let there = format!(
        "const one = document.activeElement;
         const label = one.labels?.[0]?.innerText ?? one.innerText ?? '';
         return label.trim().startsWith({});",
        json!(says)
    );
    for _ in 0..TABS_MAX {
        if browser.run(&there) == json!(true) {
            return;
        }
        key(browser, "Tab", 9, "");
    }
    panic!("Tab never reaches {says:?}: {}", browser.text("body"));
}

/// Follows or presses what has the focus.
fn enter(browser: &mut Browser) {
    browser.run("window.left = false");
    key(browser, "Enter", 13, "\r");
    wait(browser, "return window.left !== false && document.readyState === 'complete'");
}

fn signed_in(demo: &Demo) -> Browser {
    let mut browser = Browser::start();
    browser.open(&demo.links_of("karbon")[3]);
    tab_to(&mut browser, "Sign in");
    enter(&mut browser);
    wait(&mut browser, "return location.pathname === '/' && document.readyState === 'complete'");
    browser
}

#[test]
fn a_message_is_taken_noted_and_released_by_keyboard_alone() {
    let demo = Demo::start();
    let mut browser = signed_in(&demo);
    // Past the links that every page has.
    browser.open(&format!("{}/queues", demo.root()));
    wait(&mut browser, READY);
    tab_to(&mut browser, "Skip to main content");
    key(&mut browser, "Enter", 13, "\r");
    tab_to(&mut browser, "Limited");
    enter(&mut browser);
    assert_eq!(browser.run("return location.pathname"), json!("/queues/limited"));
    tab_to(&mut browser, "Take the next");
    enter(&mut browser);
    assert!(browser.text("main").contains("Taken. It is in your name."));
    tab_to(&mut browser, "Note");
    browser.tell_chromium("Input.insertText", &json!({"text": "They will come on Monday"}));
    tab_to(&mut browser, "Save the note");
    enter(&mut browser);
    assert!(browser.text("main").contains("They will come on Monday"));
    tab_to(&mut browser, "Release…");
    enter(&mut browser);
    tab_to(&mut browser, "Release it");
    enter(&mut browser);
    assert!(browser.text("main").contains("Released."), "{}", browser.text("main"));
    tab_to(&mut browser, "Back to Limited");
    enter(&mut browser);
    assert_eq!(browser.run("return location.pathname"), json!("/queues/limited"));
    browser.stop();
}

#[test]
fn an_incident_is_recorded_refused_and_mended_by_keyboard_alone() {
    let demo = Demo::start();
    let mut browser = signed_in(&demo);
    browser.open(&format!("{}/items/demo-karbon-3", demo.root()));
    wait(&mut browser, READY);
    // From the item, which says when and how.
    tab_to(&mut browser, "Record an incident");
    enter(&mut browser);
    tab_to(&mut browser, "What kind of behaviour was it?");
    key(&mut browser, "ArrowDown", 40, "");
    key(&mut browser, "Tab", 9, "");
    key(&mut browser, " ", 32, " ");
    tab_to(&mut browser, "Record the incident");
    enter(&mut browser);
    // The page begins with what is wrong, from which Tab and Enter lead to the field; what was chosen stays.
    let title = browser.title();
    assert!(title.starts_with("Error:"), "{title}");
    let chosen = browser.run(
        "const named = name => document.querySelector(`[name=${name}]`);
         return [named('ground').value !== '', document.querySelector('[name=severity]:checked').value]",
    );
    assert_eq!(chosen, json!([true, "ordinary"]));
    key(&mut browser, "Tab", 9, "");
    key(&mut browser, "Enter", 13, "\r");
    wait(&mut browser, "return document.activeElement.name === 'what'");
    browser.tell_chromium("Input.insertText", &json!({"text": "Four e-mails before noon."}));
    tab_to(&mut browser, "Record the incident");
    enter(&mut browser);
    let page = browser.text("main");
    assert!(page.contains("The incident is recorded."), "{page}");
    assert!(page.contains("Four e-mails before noon."), "{page}");
    browser.stop();
}

#[test]
fn on_paper_a_page_is_black_on_white_and_what_is_for_the_screen_is_left_out() {
    let demo = Demo::start();
    let mut browser = demo.browser("karbon");
    let dark =
        json!({"media": "print", "features": [{"name": "prefers-color-scheme", "value": "dark"}]});
    browser.tell_chromium("Emulation.setEmulatedMedia", &dark);
    for page in [
        "/",
        "/queues/limited",
        "/items/demo-karbon-3",
        "/people/K-6/case",
        "/people/K-5/proposals/K-5-PR-1",
        "/people/K-6/letters/K-6-L-1",
        "/people/K-1?tab=timeline",
        "/calendar",
        "/reports",
        "/retention",
        "/settings/profile",
        "/audit",
    ] {
        browser.open(&format!("{}{page}", demo.root()));
        wait(&mut browser, READY);
        let shown = browser.run(
            "const shown = of => [...document.querySelectorAll(of)].filter(one => one.checkVisibility());
             return ['.sections', '.foot', '.find', '.skip', 'main button', 'main form.filter']
                 .filter(of => shown(of).length > 0)",
        );
        assert_eq!(shown, json!([]), "{page}: for the screen alone");
        let colours = browser.run(
            "const all = [document.body, document.querySelector('h1'), ...document.querySelectorAll('main td')];
             return [...new Set(all.map(one => getComputedStyle(one).color))]",
        );
        assert_eq!(colours, json!(["rgb(0, 0, 0)"]), "{page}");
        let ground = browser.run("return getComputedStyle(document.body).backgroundColor");
        let white = [json!("rgb(255, 255, 255)"), json!("rgba(0, 0, 0, 0)")];
        assert!(white.contains(&ground), "{page}: {ground}");
        let heads = browser.run(
            "return [...document.querySelectorAll('main thead')].map(one => getComputedStyle(one).display)",
        );
        let repeats = |one: &serde_json::Value| *one == json!("table-header-group");
        assert!(heads.as_array().unwrap().iter().all(repeats), "{page}: {heads}");
    }
    browser.stop();
}
