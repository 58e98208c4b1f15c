//! A form filled in by a browser.

use std::time::Duration;

use super::browser::Browser;
use super::{entry, rig};

const FORM: &str = "<!doctype html><html lang=en><title>Contact us</title><form method=post>\
    <input type=email name=email><textarea name=message></textarea><button>Send</button></form>";
const THANKS: &str = "<!doctype html><html lang=en><title>Sent</title><h1>Thank you</h1>";
const HTML: [(&str, &str); 1] = [("Content-Type", "text/html; charset=utf-8")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_browser_shows_the_thanks_of_the_handler_or_the_page_of_the_limit() {
    let rig = rig().await;
    let mut browser = Browser::start();
    let page = format!("http://{}/karbon/contact", rig.served.contacts);
    let mut shown = Vec::new();
    for email in ["jo@y.example", "lim@x.example"] {
        rig.form.answers("200 OK", &HTML, FORM.as_bytes());
        browser.open(&page);
        assert_eq!(browser.title(), "Contact us");
        rig.form.answers("200 OK", &HTML, THANKS.as_bytes());
        browser.fill("input[name=email]", email);
        browser.fill("textarea", "The tap drips. It's “awful”.");
        browser.click("button");
        // The click waits for the page that it opens; a slow machine is given more.
        for _ in 0..100 {
            if browser.title() != "Contact us" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        shown.push(browser.text("body"));
    }
    browser.stop();
    assert_eq!(shown[0], "Thank you");
    assert!(shown[1].contains("Reference: form-"), "{}", shown[1]);
    assert!(shown[1].contains("appeal"), "{}", shown[1]);
    assert!(!shown[1].contains("Jo Doe") && !shown[1].contains("Thank you"), "{}", shown[1]);

    let posted = rig.form.seen().into_iter().filter(|seen| seen.line().starts_with("POST "));
    let posted: Vec<_> = posted.map(|seen| String::from_utf8(seen.body).unwrap()).collect();
    let typed = "The+tap+drips.+It%27s+%E2%80%9Cawful%E2%80%9D.";
    assert_eq!(posted, [format!("email=jo%40y.example&message={typed}")]);
    let item = rig.item("limited").await;
    assert_eq!(item["person"], "P-L");
    assert_eq!(item["reasons"][0]["code"], "channels_only.closed");
    assert!(item["archived"].is_string(), "{item}");
    let mut decided = rig.decided().await;
    decided.sort_by_key(|(person, ..)| person.to_string());
    let channel = "web_form";
    assert_eq!(decided, [entry(Some("P-L"), channel, "limit"), entry(None, channel, "deliver")]);
    rig.stop();
}
