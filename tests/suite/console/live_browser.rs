//! Live pages in a real browser, against the real program: what comes is said beside what is shown.

use std::time::Duration;

use serde_json::{Value, json};

use super::demo::{Demo, wait, wait_for_news};
use super::whole_day::mail;
use crate::real_input::browser::Browser;

const READY: &str = "return document.readyState === 'complete'";

fn text(browser: &mut Browser, of: &str) -> String {
    let text = browser.run(&format!("return document.querySelector({}).innerText", json!(of)));
    text.as_str().unwrap_or_default().to_owned()
}

pub(super) fn rows(browser: &mut Browser) -> Value {
    browser
        .run("return [...document.querySelectorAll('tr[data-item]')].map(one => one.dataset.item)")
}

/// Opens another tab on a page, and looks at it.
fn tab(browser: &mut Browser, page: &str) -> String {
    let tab = browser.new_tab();
    browser.look_at(&tab);
    browser.open(page);
    wait(browser, READY);
    tab
}

#[test]
fn what_is_new_is_said_beside_rows_that_stay_and_eight_tabs_share_one_stream() {
    let demo = Demo::start();
    let root = demo.root();
    let mut browser = demo.browser("karbon");
    let queue = format!("{root}/queues/limited");
    browser.open(&queue);
    wait(&mut browser, "return document.querySelector('[data-waiting]').hidden === false");
    let before = rows(&mut browser);
    let waiting = text(&mut browser, "h1 [data-count]");
    // Eight tabs, and a ninth page that loads: a browser has six connections to a host.
    let first = browser.tab();
    let tabs: Vec<String> = (0..7).map(|_| tab(&mut browser, &queue)).collect();
    let ninth = tab(&mut browser, &format!("{root}/help"));
    assert!(text(&mut browser, "h1").len() > 2);
    browser.close_tab(&ninth);
    // Each e-mail of somebody who is limited is new on the queue.
    let count = |browser: &mut Browser| -> u64 {
        let said = browser.run(
            "const line = document.querySelector('[data-news]');
             return line.hidden ? '0' : line.innerText",
        );
        said.as_str().unwrap().split(' ').next().unwrap().parse().unwrap_or(0)
    };
    let mut sent = 0;
    browser.look_at(&first);
    while count(&mut browser) < 2 {
        assert!(sent < 40, "nothing is said of what came");
        sent += 1;
        mail(&demo.smtp, "jo.marsh@mail.example", &format!("Live {sent}"));
        std::thread::sleep(Duration::from_millis(500));
    }
    for tab in tabs.iter().chain([&first]) {
        browser.look_at(tab);
        wait(
            &mut browser,
            "return /^\\d+ new: show$/.test(document.querySelector('[data-news]').innerText)",
        );
        assert_eq!(rows(&mut browser), before, "rows move for nobody");
    }
    let counted: u64 = text(&mut browser, "h1 [data-count]").parse().unwrap();
    assert!(counted >= waiting.parse::<u64>().unwrap() + 2);
    assert_eq!(text(&mut browser, "#heard").split(' ').nth(1), Some("new:"), "said aloud");
    for tab in &tabs {
        browser.close_tab(tab);
    }
    browser.look_at(&first);
    browser.click("[data-news] a");
    wait(
        &mut browser,
        &format!(
            "return document.querySelectorAll('tr[data-item]').length > {}",
            before.as_array().unwrap().len()
        ),
    );
    assert_eq!(browser.run("return document.querySelector('[data-news]').hidden"), json!(true));
    taken_by_another(&demo, &mut browser, &first, before[0].as_str().unwrap());
    browser.stop();
}

/// A row stays and says so, and can't be ticked; on the item's own page what was offered goes.
fn taken_by_another(demo: &Demo, browser: &mut Browser, queue: &str, item: &str) {
    let page = format!("{}/items/{item}", demo.root());
    let mut other = Browser::start();
    other.open(&demo.links_of("karbon")[0]);
    other.click("main form button");
    wait(&mut other, "return location.pathname === '/'");
    other.open(&page);
    // What is offered goes once it was taken elsewhere.
    let item = tab(browser, &page);
    wait(browser, "return document.querySelector('[data-waiting]').hidden === false");
    other.click(".verbs button[value=take]");
    wait_for_news(browser, "return document.querySelector('[data-news]').hidden === false");
    assert_eq!(browser.run("return document.querySelector('.act .verbs').hidden"), json!(true));
    assert!(text(browser, "[data-news]").contains("Somebody changed"));
    browser.close_tab(&item);
    browser.look_at(queue);
    wait_for_news(browser, "return document.querySelector('tr.changed input') !== null");
    assert_eq!(
        browser.run("return document.querySelector('tr.changed input').disabled"),
        json!(true)
    );
    let says = text(browser, "tr.changed td:last-child");
    assert!(says.ends_with("changed"), "{says}");
    other.stop();
}
