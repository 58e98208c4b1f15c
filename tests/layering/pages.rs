//! What the documents say about the code, and about each other.

use std::path::PathBuf;

use super::{EVERYTHING, MAY_NAME, files_under, root};

#[test]
fn the_architecture_shows_the_same_table() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    for (room, allowed) in MAY_NAME {
        let row = text
            .lines()
            .find(|line| line.starts_with(&format!("| `{room}`")))
            .unwrap_or_else(|| panic!("ARCHITECTURE.md has no row for `{room}`"));
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap().trim();
        let expected = match *allowed {
            [] => "nothing of ours".to_owned(),
            all if all.len() == EVERYTHING.len() => "everything".to_owned(),
            some => some.iter().map(|room| format!("`{room}`")).collect::<Vec<_>>().join(" "),
        };
        let shown = last.split(',').next().unwrap().trim();
        assert_eq!(shown, expected, "the row of `{room}`");
    }
}

/// Panics if a row of the table names no test, or one that does not exist, so that a renamed test changes its row as
/// well.
fn rows_name_tests_that_exist(section: &str, rows_min: usize) {
    let mut files = Vec::new();
    for folder in ["src", "tests"] {
        files_under(&root().join(folder), &mut files);
    }
    let code: String = files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let rows: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| |"))
        .filter(|line| !line.ends_with("| test |"))
        .collect();
    assert!(rows.len() >= rows_min, "the table lost a row");
    for row in rows {
        let holders = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let named: Vec<&str> = holders.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "nothing holds: {row}");
        for name in named {
            let there = if name.contains('/') {
                root().join(name).exists()
            } else {
                code.contains(&format!("fn {name}("))
            };
            assert!(there, "`{name}` is no test and no file");
        }
    }
}

fn section<'a>(text: &'a str, title: &str) -> &'a str {
    text.split("\n## ").find(|section| section.starts_with(title)).unwrap()
}

#[test]
fn every_invariant_names_tests_that_exist() {
    let text = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    rows_name_tests_that_exist(section(&text, "Invariants"), 9);
}

#[test]
fn every_threat_names_tests_that_exist() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    rows_name_tests_that_exist(section(&text, "Threat model"), 15);
}

fn pages() -> Vec<PathBuf> {
    let mut pages = Vec::new();
    for folder in ["", "docs", "benches", "fuzz"] {
        for entry in std::fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "md") {
                pages.push(path);
            }
        }
    }
    assert!(pages.len() > 12, "the scan found too few pages to be right");
    pages
}

#[test]
fn links_between_pages_lead_somewhere() {
    let mut broken = Vec::new();
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap();
            let is_elsewhere = link.contains("://") || file.is_empty();
            if !is_elsewhere && !page.parent().unwrap().join(file).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// `DeadLetterDiscarded` as `dead_letter_discarded`.
fn in_snake_case(name: &str) -> String {
    let mut out = String::new();
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !out.is_empty() {
            out.push('_');
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

#[test]
fn the_guide_to_the_audit_trail_lists_every_event() {
    let source = std::fs::read_to_string(root().join("src/domain/audit.rs")).unwrap();
    let events = source.split_once("pub enum AuditEvent {").unwrap().1.split_once("\n}").unwrap().0;
    let events: Vec<String> = events
        .lines()
        .filter_map(|line| line.strip_prefix("    "))
        .filter(|line| line.starts_with(|letter: char| letter.is_ascii_uppercase()))
        .map(|line| line.split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap())
        .map(in_snake_case)
        .collect();
    assert!(events.len() > 20, "{events:?}");
    let guide = std::fs::read_to_string(root().join("docs/audit.md")).unwrap();
    let table = section(&guide, "What is on it");
    for event in events {
        assert!(table.contains(&format!("`{event}`")), "docs/audit.md lacks {event}");
    }
}

#[test]
fn the_guide_to_the_queues_lists_every_flag() {
    let source = std::fs::read_to_string(root().join("src/domain/flag.rs")).unwrap();
    let (_, declared) = source.split_once("\nflags! {").unwrap();
    let declared = declared.split_once("\n}").unwrap().0.lines();
    let mut flags: Vec<&str> = declared.filter_map(|line| line.split('"').nth(1)).collect();
    assert!(flags.len() > 20, "{flags:?}");
    flags.extend([
        "identity_shared",
        "identity_ambiguous",
        "identity_unproven",
        "identity_refuted",
    ]);
    flags.extend(["call_length:", "documents_returned:"]);
    let guide = std::fs::read_to_string(root().join("docs/queues.md")).unwrap();
    let table = section(&guide, "Flags");
    for flag in flags {
        assert!(table.contains(&format!("`{flag}")), "docs/queues.md lacks {flag}");
    }
}

/// Every page of `docs` is in its index, so that a reader finds it.
#[test]
fn the_index_of_the_docs_is_complete() {
    let index = std::fs::read_to_string(root().join("docs/README.md")).unwrap();
    for page in pages().iter().filter(|page| page.parent().unwrap().ends_with("docs")) {
        let name = page.file_name().unwrap().to_str().unwrap();
        assert!(name == "README.md" || index.contains(&format!("({name})")), "{name}");
    }
}
