//! A form filled in by a browser.

use std::time::Duration;

use contact_gateway::runtime::limits::FORM_COPY_BYTES_MAX;
use serde_json::json;

use super::browser::Browser;
use super::{LIMITED, SECRET, entry, give_details, rig};
use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::served::{Behind, Place, person};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_says_first_what_matters_and_has_links_a_copy_and_a_way_back() {
    let upstream = Upstream::start().await;
    let behind = Behind { mail: 9, form: upstream.address, calls: upstream.address };
    let place = Place::new(&behind, SECRET);
    give_details(&place);
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-L", "lim@x.example", LIMITED, letters)]));
    let served = place.serve();
    let says = |message: &str| format!("email=lim%40x.example&message={message}");

    let neutral = form(served.contacts, "/karbon/public", &says("The+tap+drips")).await.text();
    for part in [
        "<a href=\"mailto:contact@karbon.example\">",
        "<a href=\"tel:+441914980123\">0191 498 0123</a>",
        "<a href=\"tel:999\">999</a>",
        "<a href=\"tel:+441910000000\">0191 000 0000</a>",
        "<a href=\"/karbon/public\">Back to the form</a>",
    ] {
        assert!(neutral.contains(part), "{part}: {neutral}");
    }
    assert!(!neutral.contains("drips") && !neutral.contains("What you sent"), "{neutral}");

    let said = says("The+tap+%3Cdrips%3E+%26+more");
    let shown = form(served.contacts, "/karbon/contact", &said).await.text();
    let order = [
        "<h1>We did not pass on your message</h1>",
        "<h2>In an emergency</h2>",
        "<h2>What the limit is</h2>",
        "<h2>How you can contact us now</h2>",
        "<h2>What you can always contact us about</h2>",
        "<h2>How to contact us about these</h2>\n<ul>\n\
         <li>Email: <a href=\"mailto:contact@karbon.example\">contact@karbon.example</a></li>\n\
         <li>Phone: <a href=\"tel:+441914980123\">0191 498 0123</a></li>",
        "<h2>If you think this is wrong</h2>",
        "<h2>What you sent</h2>\n<div class=\"sent\">The tap &lt;drips&gt; &amp; more</div>",
        "<a href=\"/karbon/contact\">Back to the form</a>",
    ]
    .map(|part| shown.find(part).unwrap_or_else(|| panic!("{part}: {shown}")));
    assert!(order.is_sorted(), "{order:?}: {shown}");
    let long = says(&"tap+".repeat(FORM_COPY_BYTES_MAX / 4 + 1));
    let shown = form(served.contacts, "/karbon/contact", &long).await.text();
    assert!(shown.contains("Back to the form") && !shown.contains("What you sent"), "{shown}");
    served.stop();
}
