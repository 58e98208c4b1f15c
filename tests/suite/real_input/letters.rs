//! Letters as pages, judged by axe-core in a browser: of kinds that differ in their parts, in both languages and schemes, narrow,
//! and in large print.

use contact_gateway::domain::case::letter::LetterKind;
use contact_gateway::domain::language::Language;
use contact_gateway::domain::letter::{Templates, page, samples};
use serde_json::json;

use super::accessible::{axe, judge};
use super::browser::Browser;

const KINDS: [LetterKind; 3] =
    [LetterKind::Warning, LetterKind::Restriction, LetterKind::AppealOutcome];

/// 18 points are 24 pixels.
const LARGE_PRINT_PIXELS: f64 = 24.0;

#[test]
fn letters_are_accessible_in_both_languages_and_in_large_print() {
    let folder = tempfile::tempdir().unwrap();
    let axe = axe();
    let mut browser = Browser::start();
    for language in Language::ALL {
        for (at, letter) in samples(language).iter().enumerate() {
            // Kinds differ in their parts alone: one that warns, one that decides, one that answers.
            let first = samples(language).iter().position(|one| one.kind == letter.kind);
            if first != Some(at) || !KINDS.contains(&letter.kind) {
                continue;
            }
            let mut document = Templates::default().of(language).lay_out(letter).unwrap();
            for (scheme, width, large_print) in
                [("light", 800, false), ("dark", 320, false), ("light", 800, true)]
            {
                document.large_print = large_print;
                let file = folder.path().join("letter.html");
                std::fs::write(&file, page(&document)).unwrap();
                let media =
                    json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
                browser.tell_chromium("Emulation.setEmulatedMedia", &media);
                let metrics = json!({
                    "width": width, "height": 800, "deviceScaleFactor": 1.0, "mobile": false});
                browser.tell_chromium("Emulation.setDeviceMetricsOverride", &metrics);
                browser.open(&format!("file://{}", file.display()));
                let what = format!("{language:?}, {:?}, {scheme}, {width}", letter.kind);
                judge(&mut browser, &axe, &what);
                let size = browser.run(
                    "return Math.min(...[...document.querySelectorAll('p, li')].map(
                         e => parseFloat(getComputedStyle(e).fontSize)))",
                );
                let is_large = size.as_f64().unwrap() >= LARGE_PRINT_PIXELS;
                assert_eq!(is_large, large_print, "{what}: {size}");
            }
        }
    }
    browser.stop();
}
