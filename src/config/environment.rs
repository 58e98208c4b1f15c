//! Environment variables laid over the configuration file.
//!
//! `CONTACT_GATEWAY__STORE__URL` is `store.url`: two underscores separate the parts, list
//! entries are named by index or, for organisations, by id
//! (`CONTACT_GATEWAY__ORGANISATION__KARBON__MODE`). A value that reads as TOML is TOML, anything
//! else is text.

use std::collections::BTreeMap;

use super::fault::{Fault, Wrong};
use super::node::{self, Node, Table, Value};
use super::reader::Reader;

/// Environment variables by name.
pub type Environment = BTreeMap<String, String>;

const PREFIX: &str = "CONTACT_GATEWAY__";

/// The environment of this process. Variables that are not text are left out.
pub fn of_process() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Lays every variable of the gateway over the tree.
pub(super) fn lay_over(root: &mut Node, environment: &Environment, reader: &Reader) {
    for (name, text) in environment {
        let Some(path) = name.strip_prefix(PREFIX) else { continue };
        let value = node::variable(name, text);
        let parts: Vec<&str> = path.split("__").collect();
        if let Err(Wrong { wrong, right }) = put(root, &parts, value.clone()) {
            reader.fault(Fault {
                place: value.place,
                key: String::new(),
                wrong,
                right: Some(right),
            });
        }
    }
}

fn put(at: &mut Node, parts: &[&str], value: Node) -> Result<(), Wrong> {
    let Some((part, rest)) = parts.split_first() else {
        *at = value;
        return Ok(());
    };
    if part.is_empty() {
        return Err(Wrong::new(
            "has an empty part",
            format!("write {PREFIX}STORE__URL for `store.url`"),
        ));
    }
    match &mut at.value {
        Value::Table(table) => {
            let key = key_of(table, part);
            let child = table.entry(key).or_insert_with(|| empty(rest, &value));
            put(child, rest, value)
        }
        Value::List(items) => {
            let index = index_of(items, part)?;
            if index == items.len() {
                items.push(empty(rest, &value));
            }
            match items.get_mut(index) {
                Some(child) => put(child, rest, value),
                None => Err(Wrong::new(
                    format!("names entry {index} of a list of {}", items.len()),
                    "entries are counted from 0, without gaps",
                )),
            }
        }
        Value::Unset
        | Value::Text(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Date(_) => Err(Wrong::new(
            format!("goes below `{}`, which is not a table", parts.join("__").to_lowercase()),
            "name the key itself",
        )),
    }
}

/// What a key that was not there begins as: a list where an index follows, else a table.
fn empty(rest: &[&str], value: &Node) -> Node {
    let is_index = rest.first().is_some_and(|part| part.chars().all(|c| c.is_ascii_digit()));
    let empty = if is_index { Value::List(Vec::new()) } else { Value::Table(Table::new()) };
    Node::new(empty, value.place.clone())
}

/// The key in a table that a part of a variable's name means. Names of variables have neither
/// case nor hyphens.
fn key_of(table: &Table, part: &str) -> String {
    let part = part.to_lowercase();
    table.keys().find(|key| same_name(key, &part)).cloned().unwrap_or(part)
}

fn same_name(key: &str, part: &str) -> bool {
    key.to_lowercase().replace('-', "_") == part.to_lowercase().replace('-', "_")
}

/// The entry of a list: by index, or by the id that it carries.
fn index_of(items: &[Node], part: &str) -> Result<usize, Wrong> {
    if let Ok(index) = part.parse::<usize>() {
        return Ok(index);
    }
    let id_is = |item: &Node| {
        item.table()
            .and_then(|table| table.get("id"))
            .is_some_and(|id| matches!(&id.value, Value::Text(id) if same_name(id, part)))
    };
    items.iter().position(id_is).ok_or_else(|| {
        Wrong::new(
            format!("`{}` is neither an index nor an id of the list", part.to_lowercase()),
            "entries are counted from 0; organisations also go by their id",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::node::parse;

    fn laid(text: &str, variables: &[(&str, &str)]) -> (Node, String) {
        let mut root = parse("x.toml", text).unwrap();
        let reader = Reader::default();
        let environment =
            variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        lay_over(&mut root, &environment, &reader);
        (root, reader.faults().to_string())
    }

    #[test]
    fn a_variable_goes_by_key_index_and_id() {
        let (root, faults) = laid(
            "[store]\nurl = \"a\"\n[[organisation]]\nid = \"derby-homes\"\n",
            &[
                ("CONTACT_GATEWAY__STORE__URL", "embedded:x"),
                ("CONTACT_GATEWAY__ORGANISATION__DERBY_HOMES__MODE", "observe"),
                ("CONTACT_GATEWAY__ORGANISATION__0__SET__REVIEW__EVERY_MONTHS", "6"),
                ("CONTACT_GATEWAY__ORGANISATION__1__ID", "tuntum"),
                ("CONTACT_GATEWAY_CONFIG", "elsewhere.toml"),
            ],
        );
        assert_eq!(faults, "");
        let shown = format!("{root:?}");
        for expected in ["embedded:x", "observe", "every_months", "tuntum"] {
            assert!(shown.contains(expected), "{expected} in {shown}");
        }
        assert!(!shown.contains("elsewhere"));
    }

    #[test]
    fn a_variable_that_leads_nowhere_is_named() {
        let (_, faults) = laid(
            "[store]\nurl = \"a\"\n[[organisation]]\nid = \"a\"\n",
            &[
                ("CONTACT_GATEWAY__ORGANISATION__NOBODY__MODE", "observe"),
                ("CONTACT_GATEWAY__ORGANISATION__5__MODE", "observe"),
                ("CONTACT_GATEWAY__STORE__URL__X", "1"),
            ],
        );
        assert_eq!(faults.lines().count(), 3, "{faults}");
        assert!(faults.contains("CONTACT_GATEWAY__ORGANISATION__NOBODY__MODE: `nobody`"));
    }
}
