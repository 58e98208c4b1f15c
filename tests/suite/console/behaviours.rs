//! The list of what the console does: each behaviour names a test, and each of those tests is there.

use std::path::Path;

const LIST: &str = include_str!("behaviours.txt");
const BEHAVIOURS: usize = 42;

#[test]
fn every_behaviour_of_the_console_has_a_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/suite");
    let lines = LIST.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut faults = Vec::new();
    let mut next = 1;
    for line in lines {
        let parts: Vec<&str> = line.split(" | ").collect();
        let [number, behaviour, test] = parts.as_slice() else { panic!("{line}") };
        assert_eq!(number.parse(), Ok(next), "in their order, none missing: {line}");
        assert!(!behaviour.trim().is_empty(), "{line}");
        next += 1;
        let (module, name) = test.rsplit_once("::").unwrap();
        let file = root.join(format!("{}.rs", module.replace("::", "/")));
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        let declared = [format!("\nfn {name}("), format!("\nasync fn {name}(")];
        let is_test = declared.iter().any(|it| {
            text.split_once(it.as_str()).is_some_and(|(before, _)| {
                let attribute = before.lines().next_back().unwrap_or_default();
                attribute.starts_with("#[test") || attribute.starts_with("#[tokio::test")
            })
        });
        if !is_test {
            faults.push(format!("{number}: no test `{test}`"));
        }
    }
    assert_eq!(next, BEHAVIOURS + 1);
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
