//! The pages of a limited sender at the width of a phone and of a desk, in both languages: what a picture of them
//! must show. `UPDATE_SCREENSHOTS=1` writes the pictures to `target/tmp/pages`, to be looked at.

use std::path::Path;

use serde_json::{Value, json};

use super::accessible::{ask_in, axe, judge, submit};
use super::browser::Browser;
use super::{ANYBODY, LIMITED, SECRET, give_details};
use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::served::{Behind, Place, Served, person};

/// A page's name, the form's path and its sender: the public one, and two for somebody who is signed in.
const PAGES: [(&str, &str, &str); 3] = [
    ("neutral", "/karbon/public", "lim@x.example"),
    ("letters-only", "/karbon/contact", "lim@x.example"),
    ("over-quota", "/karbon/contact", "often@x.example"),
];
const PHONE: u64 = 390;
const DESK: u64 = 1280;
/// Of a phone, below which one must scroll.
const SCREEN: u64 = 800;
const TEXT_PIXELS_MIN: f64 = 16.0;

/// What somebody who looks at the open page sees.
const SEEN: &str = "
    const size = of => parseFloat(getComputedStyle(of).fontSize);
    const isSeen = of => {
        const at = of.getBoundingClientRect();
        return at.width > 0 && at.height > 0 && at.left >= 0 && at.right <= innerWidth
            && getComputedStyle(of).visibility === 'visible';
    };
    const links = start => [...document.querySelectorAll(`main a[href^='${start}']`)]
        .filter(isSeen).map(link => link.getAttribute('href'));
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    let smallest = Infinity;
    while (texts.nextNode()) {
        if (texts.currentNode.data.trim() !== '') {
            smallest = Math.min(smallest, size(texts.currentNode.parentElement));
        }
    }
    const headings = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')];
    return {
        phones: links('tel:'), mails: links('mailto:'), smallest, text: size(document.body),
        headings: headings.map(one => [Number(one.tagName[1]), size(one)]),
        urgent: document.querySelector('.urgent').getBoundingClientRect().bottom,
        back: [...document.querySelectorAll('.back a')].every(isSeen),
        height: document.documentElement.scrollHeight,
    };";

/// An organisation that writes in both languages: each page has the one that is asked for first, the other below.
async fn served(form_handler: &Upstream) -> (Place, Served) {
    let html = [("Content-Type", "text/html; charset=utf-8")];
    form_handler.answers("200 OK", &html, b"<!doctype html><html lang=en><title>F</title><body>");
    let (form, calls) = (form_handler.address, form_handler.address);
    let place = Place::new(&Behind { mail: 9, form, calls }, SECRET);
    give_details(&place);
    place.change("mail_domains = [", "languages = [\"en\", \"cy\"]\nmail_domains = [");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "calendar"});
    place.import(&json!([
        person("P-L", "lim@x.example", LIMITED, letters),
        person("P-Q", "often@x.example", ANYBODY, quota),
    ]));
    let served = place.serve();
    (place, served)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_a_limited_sender_can_be_read_on_phone_and_desk_in_both_languages() {
    let upstream = Upstream::start().await;
    let (place, served) = served(&upstream).await;
    // The one contact that the quota admits.
    form(served.contacts, "/karbon/contact", "email=often%40x.example&message=first").await;
    assert_eq!(upstream.seen().len(), 1);
    let axe = axe();
    let mut browser = Browser::start();
    let mut at = 0;
    for language in ["en-GB", "cy"] {
        ask_in(&mut browser, language);
        for (name, path, email) in PAGES {
            for width in [PHONE, DESK] {
                at += 1;
                let what = format!("{name}-{language}-{width}");
                browser.sized(width, SCREEN);
                let page = format!("http://{}{path}", served.contacts);
                submit(&mut browser, &page, email, &format!("The tap drips. Number {at}"));
                let asked = browser.run("return document.documentElement.lang");
                assert_eq!(asked, json!(language), "{what}");
                let seen = browser.run(SEEN);
                can_be_acted_on(&seen, &what);
                can_be_read(&seen, &what);
                keep(&mut browser, width, &seen, &what);
                judge(&mut browser, &axe, &what);
            }
        }
    }
    browser.stop();
    served.stop();
    drop(place);
}

/// Numbers and addresses are there to be pressed, the emergency's without scrolling, and there is a way back.
fn can_be_acted_on(seen: &Value, what: &str) {
    let has = |links: &str, link: &str| seen[links].as_array().unwrap().contains(&json!(link));
    for phone in ["tel:999", "tel:+441910000000", "tel:+441914980123"] {
        assert!(has("phones", phone), "{what}: {phone}: {seen}");
    }
    assert!(has("mails", "mailto:contact@karbon.example"), "{what}: {seen}");
    assert!(
        seen["urgent"].as_f64().unwrap() <= f64::from(u32::try_from(SCREEN).unwrap()),
        "{what}: {seen}"
    );
    assert_eq!(seen["back"], true, "{what}: {seen}");
}

/// No small print, and headings that say by their size what belongs to what.
fn can_be_read(seen: &Value, what: &str) {
    assert!(seen["smallest"].as_f64().unwrap() >= TEXT_PIXELS_MIN, "{what}: {seen}");
    let headings: Vec<(u64, f64)> = serde_json::from_value(seen["headings"].clone()).unwrap();
    let [(1, title), sections @ ..] = &*headings else { panic!("{what}: {seen}") };
    let text = seen["text"].as_f64().unwrap();
    assert!(sections.len() >= 6, "{what}: {seen}");
    for (level, size) in sections {
        assert!(*level == 2 && *size > text && size <= title, "{what}: {seen}");
    }
    assert!(sections[0].1 < *title, "{what}: {seen}");
}

/// The whole page as a picture, which has more than one colour on it.
fn keep(browser: &mut Browser, width: u64, seen: &Value, what: &str) {
    browser.sized(width, seen["height"].as_u64().unwrap());
    let picture = browser.picture();
    assert!(picture.len() > 10_000, "{what}: there is nothing on it");
    if std::env::var_os("UPDATE_SCREENSHOTS").is_some() {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pages");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{what}.png")), picture).unwrap();
    }
}
