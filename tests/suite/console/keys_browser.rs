//! Single keys in a real browser: what each does, when none does anything, and that they can be switched off; and
//! that leaving a form with something typed asks.

use serde_json::json;

use super::demo::{Demo, wait};
use crate::real_input::browser::Browser;

const READY: &str = "return document.readyState === 'complete'";

/// Presses a key where the focus is, by the browser itself.
fn press(browser: &mut Browser, key: &str, modifiers: u32) {
    for kind in ["keyDown", "keyUp"] {
        let event = json!({"type": kind, "key": key, "text": key, "modifiers": modifiers});
        browser.tell_chromium("Input.dispatchKeyEvent", &event);
    }
}

fn open(browser: &mut Browser, page: &str) {
    browser.open(page);
    wait(browser, READY);
}

/// Which row has the focus, from 0; -1: none.
fn row(browser: &mut Browser) -> i64 {
    let at = browser.run(
        "const all = [...document.querySelectorAll('tbody .row-link')];
         return all.findIndex(one => one.closest('tr').contains(document.activeElement));",
    );
    at.as_i64().unwrap()
}

#[test]
fn keys_do_what_the_help_says_and_never_while_typing_or_with_another_key() {
    const CTRL: u32 = 2;
    const ALT: u32 = 1;
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = demo.browser("karbon");
    let queue = format!("{root}/queues/limited");
    open(&mut browser, &queue);
    for (key, at) in [("j", 0), ("j", 1), ("k", 0)] {
        press(&mut browser, key, 0);
        assert_eq!(row(&mut browser), at, "{key}");
    }
    for modifiers in [CTRL, ALT] {
        press(&mut browser, "j", modifiers);
        assert_eq!(row(&mut browser), 0, "{modifiers}");
    }
    press(&mut browser, "x", 0);
    let ticked = "return document.querySelectorAll('tbody input:checked').length";
    assert_eq!(browser.run(ticked), json!(1));
    press(&mut browser, "/", 0);
    assert_eq!(browser.run("return document.activeElement.id"), json!("find"));
    // What is typed is typed.
    for key in ["j", "g", "q", "?"] {
        press(&mut browser, key, 0);
    }
    assert_eq!(browser.run("return document.getElementById('find').value"), json!("jgq?"));
    assert_eq!(browser.run("return location.pathname"), json!("/queues/limited"));
    open(&mut browser, &queue);
    press(&mut browser, "j", 0);
    press(&mut browser, "o", 0);
    wait(&mut browser, "return location.pathname.startsWith('/items/')");
    wait(&mut browser, READY);
    press(&mut browser, "c", 0);
    wait(&mut browser, "return location.search.includes('done=take')");
    wait(&mut browser, READY);
    press(&mut browser, "r", 0);
    assert_eq!(browser.run("return document.activeElement.id"), json!("note"));
    open(&mut browser, &queue);
    press(&mut browser, "n", 0);
    wait(&mut browser, "return location.search.includes('done=take')");
    wait(&mut browser, READY);
    press(&mut browser, "?", 0);
    wait(&mut browser, "return location.pathname === '/help' && location.hash === '#keys'");
    wait(&mut browser, READY);
    press(&mut browser, "g", 0);
    press(&mut browser, "q", 0);
    wait(&mut browser, "return location.pathname === '/queues'");
    // Switched off, none does anything.
    open(&mut browser, &format!("{root}/account"));
    browser.run(
        "const box = document.querySelector('input[name=keys]');
         if (box.checked) box.click(); box.form.querySelector('button').click();",
    );
    wait(&mut browser, "return location.search.includes('done')");
    open(&mut browser, &queue);
    press(&mut browser, "j", 0);
    assert_eq!(row(&mut browser), -1);
    browser.stop();
}

#[test]
fn everything_is_reached_by_tab_in_reading_order_and_seen() {
    let demo = Demo::start();
    let mut browser = demo.browser("karbon");
    for page in [
        "/queues/limited",
        "/items/demo-karbon-3",
        "/people/K-6/case",
        "/people/K-1/erasure",
        "/people/K-3/merge?other=K-7",
    ] {
        open(&mut browser, &format!("{}{page}", demo.root()));
        browser.run(
            "window.seen = [];
             addEventListener('focusin', event => window.seen.push(event.target));",
        );
        let reached =
            "const all = 'a[href],button,input:not([type=hidden]),select,textarea,summary';
             const shown = [...document.querySelectorAll(all)].filter(it => it.checkVisibility() &&
                 !it.closest('dialog:not([open])') && !it.disabled && it.tabIndex >= 0);";
        let many = browser.run(&format!("{reached} return shown.length")).as_u64().unwrap();
        for _ in 0..many {
            for kind in ["rawKeyDown", "keyUp"] {
                let event =
                    json!({"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9});
                browser.tell_chromium("Input.dispatchKeyEvent", &event);
            }
            let outline = browser.run(
                "const style = getComputedStyle(document.activeElement);
                 return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2",
            );
            assert_eq!(outline, json!(true), "{page}: the focus is seen");
        }
        let order = browser.run(&format!(
            "{reached} return shown.filter((one, at) => window.seen[at] !== one).map(it => it.outerHTML.slice(0, 90))"
        ));
        assert_eq!(order, json!([]), "{page}: not reached, or out of order");
    }
    browser.stop();
}
