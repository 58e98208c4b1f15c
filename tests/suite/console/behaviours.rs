//! The list of what the console does: each behaviour names its tests, each of those is there, and one of them sees it
//! in a real browser.

use std::path::Path;

const LIST: &str = include_str!("behaviours.txt");
const BEHAVIOURS: usize = 42;

/// The file of a test that the list names by module and name; none: it holds no such test.
fn file_of(test: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let (module, name) = test.rsplit_once("::")?;
    let file = root.join(format!("{}.rs", module.replace("::", "/")));
    let text = std::fs::read_to_string(&file).ok()?;
    let declared = [format!("\nfn {name}("), format!("\nasync fn {name}(")];
    let is_test = declared.iter().any(|it| {
        text.split_once(it.as_str()).is_some_and(|(before, _)| {
            let attribute = before.lines().next_back().unwrap_or_default();
            attribute.starts_with("#[test") || attribute.starts_with("#[tokio::test")
        })
    });
    is_test.then_some(text)
}

#[test]
fn every_behaviour_of_the_console_has_a_test_in_a_browser() {
    let lines = LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut faults = Vec::new();
    let mut next = 1;
    for line in lines {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [number, behaviour, tests] = parts.as_slice() else { panic!("{line}") };
        assert_eq!(number.parse(), Ok(next), "in their order, none missing: {line}");
        assert!(!behaviour.trim().is_empty(), "{line}");
        next += 1;
        let mut seen_in_browser = false;
        for test in tests.split(", ") {
            match file_of(test) {
                Some(text) => seen_in_browser |= text.contains("real_input::browser::Browser"),
                None => faults.push(format!("{number}: no test `{test}`")),
            }
        }
        if !seen_in_browser {
            faults.push(format!("{number}: no test in a browser"));
        }
    }
    assert_eq!(next, BEHAVIOURS + 1);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
