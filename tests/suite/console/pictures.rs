//! Pictures of the console for the README, taken of the demo. `UPDATE_SCREENSHOTS=1` writes them to
//! `docs/screenshots/`; without it they are taken and must be there already.

use std::path::Path;

use serde_json::json;

use super::demo::Demo;

#[test]
fn pictures_of_the_console_can_be_taken() {
    let demo = Demo::start();
    let mut browser = demo.browser("karbon");
    let root = demo.root();
    // The one that has HTML, a picture that would tell its sender, and an attachment.
    let item = "/items/demo-karbon-3".to_owned();
    browser.open(&format!("{root}{item}/original?as=sent"));
    assert_eq!(browser.run("return document.querySelectorAll('iframe').length"), 1);
    // Somebody at work: one item is in their name.
    browser.open(&format!("{root}/queues/limited"));
    browser.click("form[action$='/take'] button");
    super::demo::wait(&mut browser, "return location.search.includes('done=take')");
    let wanted = [
        ("my-work", "/".to_owned(), 1280, "light", "en"),
        ("queue", "/queues/limited".to_owned(), 1280, "light", "en"),
        ("item", item.clone(), 1280, "light", "en"),
        ("original", format!("{item}/original?as=sent"), 1280, "light", "en"),
        ("person", "/people/K-3".to_owned(), 1280, "light", "en"),
        ("case", "/people/K-6/case?tab=case".to_owned(), 1280, "light", "en"),
        ("proposal", "/people/K-5/proposals/K-5-PR-1".to_owned(), 1280, "light", "en"),
        ("letter", "/people/K-6/letters/K-6-L-1".to_owned(), 1280, "light", "en"),
        ("reports", "/reports".to_owned(), 1280, "light", "en"),
        ("audit-dark", "/audit".to_owned(), 1280, "dark", "en"),
        ("queue-phone", "/queues/limited".to_owned(), 390, "light", "en"),
        ("my-work-welsh", "/".to_owned(), 1280, "light", "cy"),
    ];
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/screenshots");
    let updating = std::env::var_os("UPDATE_SCREENSHOTS").is_some();
    for (name, page, width, scheme, language) in wanted {
        browser.run(&format!("document.cookie = 'language={language}; path=/'"));
        browser.tell_chromium(
            "Emulation.setEmulatedMedia",
            &json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]}),
        );
        browser.sized(width, 860);
        browser.open(&format!("{root}{page}"));
        super::demo::wait(&mut browser, "return document.readyState === 'complete'");
        let picture = browser.picture();
        assert!(picture.len() > 10_000, "{name}: there is nothing on it");
        let file = folder.join(format!("{name}.png"));
        if updating {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&file, picture).unwrap();
        }
        assert!(file.exists(), "UPDATE_SCREENSHOTS=1 writes {name}.png");
    }
    browser.stop();
}
