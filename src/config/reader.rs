//! Reads a tree of values into types and collects everything that is wrong on the way.
//!
//! A [`Section`] is a table; the keys that are asked of it are the keys that it may have, and
//! [`Section::close`] refuses every other by name. A [`Field`] is one value. Both answer `None`
//! once a fault is recorded, so that reading continues to the next one.

mod field;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::fault::{Fault, FaultPlace, Faults};
use super::node::{Node, Table};

pub(super) use field::{Field, brief};

/// How alike an unknown and a known key must be for the one to be taken for a slip of the other
/// (Jaro-Winkler, 0 to 1).
const ALIKE_MIN: f64 = 0.84;

/// What one reading of a configuration found.
#[derive(Default)]
pub(super) struct Reader {
    faults: RefCell<Vec<Fault>>,
    asked: RefCell<BTreeSet<String>>,
    /// The files that the configuration names.
    files: RefCell<BTreeSet<PathBuf>>,
}

impl Reader {
    pub(super) fn section<'r>(&'r self, node: &'r Node, path: &str) -> Option<Section<'r>> {
        Field::new(self, node, path.to_owned(), path.to_owned()).section()
    }

    /// A file that the configuration names was looked for: it belongs to the configuration.
    pub(super) fn reads(&self, path: &Path) {
        self.files.borrow_mut().insert(path.to_owned());
    }

    pub(super) fn files(&self) -> BTreeSet<PathBuf> {
        self.files.borrow().clone()
    }

    pub(super) fn fault(&self, fault: Fault) {
        self.faults.borrow_mut().push(fault);
    }

    pub(super) fn add(&self, faults: Faults) {
        self.faults.borrow_mut().extend(faults.into_vec());
    }

    /// Whether anything was wrong so far.
    pub(super) fn is_clean(&self) -> bool {
        self.faults.borrow().is_empty()
    }

    pub(super) fn faults(&self) -> Faults {
        Faults::sorted(self.faults.borrow().clone())
    }

    /// The path of every key that was asked for, list indexes left out (`organisation[].mode`).
    pub(super) fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }
}

/// A table.
pub(super) struct Section<'r> {
    reader: &'r Reader,
    table: &'r Table,
    place: &'r FaultPlace,
    path: String,
    shown: String,
    known: RefCell<Vec<&'static str>>,
}

impl<'r> Section<'r> {
    /// The value of a key, if it is there.
    pub(super) fn field(&self, key: &'static str) -> Option<Field<'r>> {
        self.known.borrow_mut().push(key);
        self.reader.asked.borrow_mut().insert(without_indexes(&joined(&self.path, key)));
        self.table.get(key).map(|node| self.child(key, node))
    }

    /// The value of a key that must be there.
    pub(super) fn need(&self, key: &'static str, example: &str) -> Option<Field<'r>> {
        let field = self.field(key);
        if field.is_none() {
            self.missing(key, example);
        }
        field
    }

    pub(super) fn missing(&self, key: &str, example: &str) {
        self.reader.fault(Fault {
            place: self.place.clone(),
            key: joined(&self.shown, key),
            wrong: "is missing".to_owned(),
            right: Some(format!("write {example}")),
        });
    }

    /// Every entry of a table whose keys are free, in the order of the keys.
    pub(super) fn entries(&self) -> Vec<(&'r str, Field<'r>)> {
        self.table.iter().map(|(key, node)| (key.as_str(), self.child(key, node))).collect()
    }

    fn child(&self, key: &str, node: &'r Node) -> Field<'r> {
        let shown = node.shown.clone().unwrap_or_else(|| joined(&self.shown, key));
        Field::new(self.reader, node, joined(&self.path, key), shown)
    }

    /// The sections of a list of tables; none where the key is not there.
    pub(super) fn sections(&self, key: &'static str) -> Vec<Section<'r>> {
        self.field(key)
            .and_then(|field| field.items())
            .unwrap_or_default()
            .into_iter()
            .filter_map(|item| item.section())
            .collect()
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn fault(&self, key: &str, wrong: impl Into<String>, right: impl Into<String>) {
        self.reader.fault(Fault {
            place: self.table.get(key).map_or(self.place, |node| &node.place).clone(),
            key: joined(&self.shown, key),
            wrong: wrong.into(),
            right: Some(right.into()),
        });
    }

    /// Refuses every key that was not asked for, with the known one that it is most like.
    pub(super) fn close(self) {
        let known = self.known.borrow();
        for (key, node) in self.table.iter().filter(|(key, _)| !known.contains(&key.as_str())) {
            self.reader.fault(Fault {
                place: node.place.clone(),
                key: node.shown.clone().unwrap_or_else(|| joined(&self.shown, key)),
                wrong: "is not a known key".to_owned(),
                right: Some(nearest(key, &known)),
            });
        }
    }
}

/// The known key that was meant, or all of them.
fn nearest(key: &str, known: &[&'static str]) -> String {
    let alike = known
        .iter()
        .map(|name| (strsim::jaro_winkler(key, name), name))
        .filter(|(score, _)| *score >= ALIKE_MIN)
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match alike {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None if known.is_empty() => "there are none".to_owned(),
        None => {
            // A key may be asked for in two places.
            let mut seen = BTreeSet::new();
            let names: Vec<&str> =
                known.iter().copied().filter(|name| seen.insert(*name)).collect();
            format!("known are {}", names.join(", "))
        }
    }
}

/// A key below a path; one that contains dots is quoted, as in TOML.
fn joined(path: &str, key: &str) -> String {
    match (path.is_empty(), key.contains('.')) {
        (true, _) => key.to_owned(),
        (false, false) => format!("{path}.{key}"),
        (false, true) => format!("{path}.\"{key}\""),
    }
}

fn without_indexes(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.chars() {
        match c {
            '[' => {
                inside = true;
                out.push('[');
            }
            ']' => {
                inside = false;
                out.push(']');
            }
            _ if inside => {}
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::node::parse;

    fn faults(text: &str, read: impl Fn(&Section<'_>)) -> String {
        let node = parse("x.toml", text).unwrap();
        let reader = Reader::default();
        let section = reader.section(&node, "").unwrap();
        read(&section);
        section.close();
        reader.faults().to_string()
    }

    #[test]
    fn an_unknown_key_is_refused_with_the_one_that_was_meant() {
        let text = faults("mdoe = 1\nzzz = 2\n", |section| {
            section.field("mode");
        });
        assert_eq!(
            text,
            "x.toml:1: mdoe: is not a known key; did you mean `mode`?\n\
             x.toml:2: zzz: is not a known key; known are mode"
        );
    }

    #[test]
    fn a_choice_lists_what_would_be_right() {
        let text = faults("mode = \"enforced\"\n", |section| {
            section
                .field("mode")
                .and_then(|f| f.choice("a mode", &[("enforce", 1), ("observe", 2)]));
        });
        assert_eq!(text, "x.toml:1: mode: `enforced` is not a mode; one of enforce, observe");
    }

    #[test]
    fn sizes_and_times_have_units() {
        let text = faults("a = \"25 MiB\"\nb = 5\nc = \"30 s\"\nd = \"2 weeks\"\n", |section| {
            let bytes = |key| section.field(key).and_then(|f| f.bytes(1, 1 << 30));
            let time = |key| section.field(key).and_then(|f| f.duration(Duration::from_secs(60)));
            assert_eq!(bytes("a"), Some(25 << 20));
            assert_eq!(bytes("b"), Some(5));
            assert_eq!(time("c"), Some(Duration::from_secs(30)));
            assert_eq!(time("d"), None);
        });
        assert!(text.starts_with("x.toml:4: d: is not a length of time"), "{text}");
    }

    #[test]
    fn paths_lose_their_indexes() {
        assert_eq!(without_indexes("a[12].b[0].c"), "a[].b[].c");
    }
}
