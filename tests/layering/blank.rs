//! Texts that say nothing.

use std::path::Path;

use super::sources;

/// A text of characters that nobody can see says nothing: `domain::invisible::is_blank` knows them.
#[test]
fn nobody_judges_by_white_space_whether_a_text_says_something() {
    let has_own_bounds = |path: &Path| {
        // What a message says is cleaned of them before it is looked at.
        path.starts_with("domain/reading") || path.starts_with("domain/reading.rs")
    };
    let rooms = ["domain", "casework", "config", "staff"];
    for source in sources() {
        if !rooms.contains(&source.room.as_str()) || has_own_bounds(&source.path) {
            continue;
        }
        let code = source.code();
        for needle in ["trim().is_empty()", "str::trim).filter(|text| !text.is_empty())"] {
            assert!(
                !code.contains(needle),
                "{}: `{needle}`; use `is_blank`",
                source.path.display()
            );
        }
    }
}
