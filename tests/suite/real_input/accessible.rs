//! The gateway's own pages, judged by axe-core in a browser: both languages, both colour schemes, narrow
//! and enlarged.

use std::path::Path;

use serde_json::{Value, json};

use super::browser::Browser;
use super::rig;

/// Everything that WCAG 2.2 AA asks and a program can judge, and what is held to be good practice.
pub const RULES: &str =
    "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}";

pub fn axe() -> String {
    let clients = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/node-clients");
    std::fs::read_to_string(clients.join("node_modules/axe-core/axe.min.js")).unwrap_or_else(|_| {
        panic!(
            "axe-core is not installed: run tests/run once (it needs the Debian packages nodejs \
             and npm)"
        )
    })
}

/// The page of a limited sender, as the gateway answers it.
pub(super) fn submit(browser: &mut Browser, form: &str, email: &str, message: &str) {
    browser.open(form);
    browser.run(&format!(
        "const form = document.createElement('form'); form.method = 'post';
         for (const [name, value] of [['email', '{email}'], ['message', '{message}']]) {{
             const field = document.createElement('input');
             field.name = name; field.value = value; form.append(field);
         }}
         document.body.append(form); form.submit()"
    ));
    for _ in 0..600 {
        let loaded = browser
            .run("return document.readyState === 'complete' && !!document.querySelector('main')");
        if loaded == Value::Bool(true) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    panic!("the page of the limit did not come");
}

/// Which language pages are asked for in.
pub(super) fn ask_in(browser: &mut Browser, language: &str) {
    let agent = json!({"userAgent": "Mozilla/5.0 test", "acceptLanguage": language});
    browser.tell_chromium("Network.setUserAgentOverride", &agent);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limit_page_is_accessible_in_both_languages_and_schemes_narrow_and_enlarged() {
    let rig = rig().await;
    let html = [("Content-Type", "text/html; charset=utf-8")];
    rig.form.answers("200 OK", &html, b"<!doctype html><html lang=en><title>F</title><body>");
    let axe = axe();
    let mut browser = Browser::start();
    let mut at = 0;
    for language in ["en-GB", "cy"] {
        for scheme in ["light", "dark"] {
            // 1280 pixels at 400 % are 320, and at 200 % 640 (WCAG 2.2, 1.4.10 and 1.4.4).
            for (width, scale) in [(1280, 1.0), (320, 1.0), (640, 2.0)] {
                at += 1;
                let what = format!("{language}, {scheme}, {width} px, scale {scale}");
                ask_in(&mut browser, language);
                browser.tell_chromium(
                    "Emulation.setEmulatedMedia",
                    &json!({
                    "features": [{"name": "prefers-color-scheme", "value": scheme}]}),
                );
                browser.tell_chromium(
                    "Emulation.setDeviceMetricsOverride",
                    &json!({
                    "width": width, "height": 800, "deviceScaleFactor": scale, "mobile": false}),
                );
                let form = |path: &str| format!("http://{}{path}", rig.served.contacts);
                let message = format!("Number {at}");
                submit(&mut browser, &form("/karbon/public"), "lim@x.example", &message);
                judge(&mut browser, &axe, &format!("neutral, {what}"));
                shows_nothing_of_a_limit(&browser.text("main"), language, &what);
                submit(&mut browser, &form("/karbon/contact"), "lim@x.example", &message);
                judge(&mut browser, &axe, &what);
                let lang = browser.run("return document.documentElement.lang");
                assert_eq!(lang, json!(language), "{what}");
                let dark = browser.run("return getComputedStyle(document.body).backgroundColor");
                let light = scheme == "light";
                assert_eq!(dark == json!("rgb(255, 255, 255)"), light, "{what}: {dark}");
                shows_everything(&browser.text("main"), language, &what);
            }
        }
    }
    browser.stop();
    rig.stop();
}

pub(super) fn judge(browser: &mut Browser, axe: &str, what: &str) {
    let wide = browser.run("return document.documentElement.scrollWidth > window.innerWidth");
    assert_eq!(wide, json!(false), "{what}: it scrolls sideways");
    let text = browser.run(
        "return [...document.querySelectorAll('main *')].some(e => e.scrollWidth > e.clientWidth + 1)",
    );
    assert_eq!(text, json!(false), "{what}: something is cut off");
    assert_eq!(browser.run("return document.scripts.length"), json!(0), "{what}");
    // The page's own policy lets no script in; the driver's stands outside it.
    browser.run(axe);
    let found = browser.run_async(&format!(
        "const done = arguments[arguments.length - 1];
         axe.run(document, {RULES}).then(r => done({{
             violations: r.violations.map(v => [v.id, v.nodes.map(n => n.html)]),
             unsure: r.incomplete.map(v => v.id), passed: r.passes.map(v => v.id)}}),
             e => done({{error: String(e)}}))"
    ));
    assert_eq!(found["violations"], json!([]), "{what}: {found}");
    assert_eq!(found["unsure"], json!([]), "{what}: {found}");
    let passed: Vec<&str> =
        found["passed"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    for rule in ["color-contrast", "html-has-lang", "document-title", "page-has-heading-one"] {
        assert!(passed.contains(&rule), "{what}: {rule} was not judged: {passed:?}");
    }
}

/// The page of a form that anybody can fill in for anybody.
fn shows_nothing_of_a_limit(text: &str, language: &str, what: &str) {
    let (shown, hidden) = match language {
        "cy" => ("Rydym wedi cael eich neges", ["terfyn", "Cyfeirnod", "penderfyniad"]),
        _ => ("We have received your message", ["limit", "Reference", "decision"]),
    };
    assert!(text.contains(shown) && text.contains("0191 000 0000"), "{what}:\n{text}");
    for part in hidden {
        assert!(!text.contains(part), "{what}: {part} is on the page:\n{text}");
    }
}

/// What, until when, in an emergency, how to appeal, the reference.
fn shows_everything(text: &str, language: &str, what: &str) {
    let parts = match language {
        "cy" => ["drwy lythyr", "eto erbyn", "0191 000 0000", "apelio", "Cyfeirnod: "],
        _ => ["by letter", "again by", "0191 000 0000", "appeal", "Reference: "],
    };
    for part in parts {
        assert!(text.contains(part), "{what}: {part} is not on the page:\n{text}");
    }
}
