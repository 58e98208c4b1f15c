//! The kinds of documents, all of which the tests of erasing search for people.

use std::collections::BTreeSet;

use super::{root, sources};

/// The name or text with which each text behind a needle begins.
fn behind<'c>(code: &'c str, needle: &str) -> impl Iterator<Item = &'c str> {
    let is_part = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '"';
    code.match_indices(needle).map(move |(at, found)| {
        let rest = code[at + found.len()..].trim_start();
        rest.split(|c| !is_part(c)).next().unwrap_or_default()
    })
}

/// `"case"`: the text; a constant's name: its text, in whichever file.
fn texts<'c>(named: &'c str, codes: &'c [String]) -> Vec<&'c str> {
    if let Some(text) = named.strip_prefix('"') {
        return vec![text.trim_end_matches('"')];
    }
    let declared = format!("const {named}: &str =");
    let texts = codes.iter().flat_map(|code| behind(code, &declared));
    texts.map(|text| text.trim_matches('"')).collect()
}

/// A new kind that is in no list would be searched by no test.
#[test]
fn tests_of_erasing_know_every_kind_of_document() {
    let rooms = ["casework", "ports"];
    let sources = sources();
    let of_rooms = sources.iter().filter(|source| rooms.contains(&source.room.as_str()));
    let codes: Vec<String> = of_rooms.map(super::Source::code).collect();
    let is_constant = |name: &&str| name.len() > 1 && name.chars().all(|c| !c.is_lowercase());
    let is_text = |name: &&str| name.starts_with('"');
    let mut kinds = BTreeSet::new();
    for code in &codes {
        let documents = behind(code, "Document::new(").chain(behind(code, " kind: "));
        // How far something has followed the trail.
        let marks = code.match_indices("mark(").filter_map(|(at, _)| {
            let arguments = code[at..].split(')').next()?;
            Some(arguments.rsplit_once(", ")?.1)
        });
        let constants = documents.chain(marks).filter(is_constant);
        let of_work = behind(code, "const KIND: &'static str =");
        let written = behind(code, " kind: ").filter(is_text).chain(of_work.filter(is_text));
        kinds.extend(constants.chain(written).flat_map(|name| texts(name, &codes)));
    }
    let listed = std::fs::read_to_string(root().join("tests/suite/personal_data/left.rs")).unwrap();
    let listed = listed.split("pub const KINDS").nth(1).unwrap().split("];").next().unwrap();
    let listed: BTreeSet<&str> = listed.split('"').skip(1).step_by(2).collect();
    assert!(kinds.len() > 30, "the scan found too little to be right: {kinds:?}");
    assert_eq!(kinds, listed, "found in `casework`, and listed in `personal_data/left.rs`");
}
