//! One word, one thing: names of types that more than one file declares.

use std::collections::BTreeMap;

use super::sources;

/// Where the shapes of documents for others are, which mirror the domain name by name.
const MIRRORS: &[&str] = &["staff/api/", "domain/case/brought"];

/// Names that several files declare for others to use, and how many do: the idiom of their rooms (a `Fault`, a
/// `Step`), the same thing in parallel adapters, or a word that still waits for a better one. One more of a name
/// is a decision: find another word, or raise the number. Where one went, lower it.
const DECLARED_BY_SEVERAL: &[(&str, usize)] = &[
    ("Action", 2),
    ("Address", 2),
    ("Anchor", 2),
    ("Appeal", 2),
    ("Arguments", 2),
    ("Ask", 2),
    ("Asked", 3),
    ("Attached", 2),
    ("Attachment", 2),
    ("Brought", 2),
    ("By", 2),
    ("Call", 2),
    ("Case", 2),
    ("Checked", 2),
    ("Choice", 2),
    ("Closed", 2),
    ("Command", 2),
    ("Connection", 2),
    ("Considered", 2),
    ("Content", 2),
    ("Copied", 2),
    ("CopyFault", 2),
    ("Counted", 2),
    ("Desk", 2),
    ("Difference", 2),
    ("Document", 2),
    ("Draft", 3),
    ("English", 2),
    ("Entry", 4),
    ("Event", 3),
    ("Fault", 3),
    ("Feed", 2),
    ("Field", 4),
    ("Finding", 3),
    ("Form", 3),
    ("Format", 2),
    ("Ground", 2),
    ("Head", 2),
    ("Identity", 2),
    ("Invitation", 2),
    ("Key", 4),
    ("Keys", 2),
    ("Kind", 2),
    ("Laid", 2),
    ("Line", 2),
    ("Lines", 3),
    ("Link", 3),
    ("Listed", 3),
    ("Listing", 2),
    ("Look", 2),
    ("LookedAt", 2),
    ("Looks", 2),
    ("Memory", 3),
    ("Message", 2),
    ("Missing", 2),
    ("Named", 2),
    ("News", 2),
    ("Note", 3),
    ("Only", 2),
    ("Open", 3),
    ("Opened", 3),
    ("Opening", 2),
    ("Outcome", 3),
    ("Page", 3),
    ("Parts", 3),
    ("Passed", 2),
    ("Peer", 2),
    ("Piece", 2),
    ("Policy", 2),
    ("Premises", 2),
    ("Problem", 2),
    ("Progress", 3),
    ("Proof", 2),
    ("Provider", 2),
    ("Question", 2),
    ("Received", 2),
    ("Recent", 2),
    ("Reply", 2),
    ("Review", 2),
    ("Row", 4),
    ("Said", 2),
    ("Says", 2),
    ("Seal", 2),
    ("Section", 4),
    ("Sender", 2),
    ("Session", 2),
    ("Shown", 2),
    ("SignedIn", 2),
    ("Source", 3),
    ("Sources", 2),
    ("Standing", 3),
    ("Step", 2),
    ("Text", 2),
    ("Timeline", 2),
    ("Trouble", 2),
    ("Unread", 2),
    ("Variation", 2),
    ("Verdict", 2),
    ("Verified", 2),
    ("Warning", 2),
    ("Way", 3),
    ("Welsh", 2),
    ("What", 2),
    ("WireFault", 2),
    ("Words", 2),
    ("Work", 3),
    ("Writer", 2),
    ("Written", 3),
    ("Wrong", 2),
];

/// How many of these files declare each name for others, where it is more than one. Types of one file by
/// itself are its own affair.
fn declared_by_several<'a>(
    files: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> BTreeMap<String, Vec<String>> {
    let mut declared: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, code) in files {
        if MIRRORS.iter().any(|mirror| path.starts_with(mirror)) || path.ends_with("tests.rs") {
            continue;
        }
        for name in code.lines().filter_map(declared_for_others) {
            declared.entry(name.to_owned()).or_default().push(path.to_owned());
        }
    }
    declared.retain(|_, paths| paths.len() > 1);
    declared
}

fn declared_for_others(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub")?;
    let rest = match rest.strip_prefix('(') {
        Some(limited) => limited.split_once(')')?.1,
        None => rest,
    };
    let (what, rest) = rest.trim_start().split_once(' ')?;
    let is_type = ["struct", "enum", "trait", "type"].contains(&what);
    let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
    (is_type && !rest[..end].is_empty()).then_some(&rest[..end])
}

/// A newcomer who has met a word knows it everywhere.
#[test]
fn one_word_is_one_thing() {
    let sources = sources();
    let files = sources.iter().map(|source| (source.path.to_str().unwrap(), source.text.as_str()));
    let found = declared_by_several(files);
    let many: Vec<(&str, usize)> =
        found.iter().map(|(name, paths)| (name.as_str(), paths.len())).collect();
    let expected = DECLARED_BY_SEVERAL;
    let new: Vec<_> = found
        .iter()
        .filter(|(name, paths)| !expected.contains(&(name.as_str(), paths.len())))
        .collect();
    assert!(new.is_empty(), "declared by several files: {new:#?}");
    let gone: Vec<_> = expected.iter().filter(|listed| !many.contains(listed)).collect();
    assert!(gone.is_empty(), "to be taken off the list: {gone:?}");
}

#[test]
fn the_scan_finds_a_planted_namesake() {
    let files =
        [("a.rs", "pub struct Word;"), ("b.rs", "pub(super) enum Word {"), ("c.rs", "struct Word")];
    let found = declared_by_several(files);
    assert_eq!(found["Word"], ["a.rs", "b.rs"]);
}
