//! An organisation's own choices (`set = { "review.every_months" = 6 }`) laid over what its
//! profile leaves unset. What the policy states is not the organisation's to choose.

use crate::config::node::{Node, Table, Value};
use crate::config::reader::Field;
use crate::domain::explain::cited;

/// Lays `set` over a profile's tree. A value that can't be laid is on record as a fault; a path
/// that no profile has is refused when the tree is read.
pub(in crate::config) fn lay_choices(profile: &mut Node, set: &Field<'_>) {
    let Some(section) = set.section() else { return };
    for (path, choice) in section.entries() {
        let parts: Vec<&str> = path.split('.').collect();
        put(set, profile, &parts, choice.node(), "");
    }
}

/// Goes down to the place of a choice. `path` is the position of `at` in the profile.
fn put(set: &Field<'_>, at: &mut Node, parts: &[&str], choice: &Node, path: &str) {
    let Some((part, rest)) = parts.split_first() else {
        replace(set, at, choice, path);
        return;
    };
    if at.is_unset() {
        set.fault_of(
            choice,
            key(set, path),
            format!("`{path}` is unset as a whole"),
            format!("set \"{path}\" as a table with all its values"),
        );
        return;
    }
    let clause = clause_of(at);
    let Some(table) = open_table(at) else {
        is_stated(set, choice, path, clause);
        return;
    };
    let below = joined(path, part);
    match table.get_mut(*part) {
        Some(child) => put(set, child, rest, choice, &below),
        None => {
            let mut child = Node::new(Value::Unset, choice.place.clone());
            if rest.is_empty() {
                replace(set, &mut child, choice, &below);
            } else {
                child.value = Value::Table(Table::new());
                child.shown = Some(key(set, &below));
                put(set, &mut child, rest, choice, &below);
            }
            table.insert((*part).to_owned(), child);
        }
    }
}

/// Lays a choice where it belongs, if the profile leaves that open.
fn replace(set: &Field<'_>, at: &mut Node, choice: &Node, path: &str) {
    if at.is_unset() {
        *at = choice.clone();
        at.shown = Some(key(set, path));
        return;
    }
    let clause = clause_of(at);
    // Nobody can remove safeguard words, and everybody can add some.
    if let (Value::List(old), Value::List(new)) = (&mut at.value, &choice.value)
        && path.starts_with("safeguards.")
    {
        old.extend(new.iter().cloned());
        return;
    }
    let Some(new) = choice.table().filter(|new| !restates(at, new)) else {
        is_stated(set, choice, path, clause);
        return;
    };
    // `set.review.every_months = 6` is a table in a table.
    for (part, value) in new {
        put(set, at, &[part.as_str()], value, path);
    }
}

/// Whether a choice gives again what a rule with its clause states, or is laid over no table.
fn restates(at: &mut Node, new: &Table) -> bool {
    let Some(old) = open_table(at) else { return true };
    let is_stated = |part: &String| old.get(part).is_some_and(|value| !value.is_unset());
    old.contains_key("clause") && new.keys().any(is_stated)
}

/// The entries of a table that may be laid over one by one; `None` for a value with its clause.
fn open_table(node: &mut Node) -> Option<&mut Table> {
    match &mut node.value {
        Value::Table(table) if !table.contains_key("value") => Some(table),
        Value::Table(_)
        | Value::Unset
        | Value::Text(_)
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Boolean(_)
        | Value::Date(_)
        | Value::List(_) => None,
    }
}

fn is_stated(set: &Field<'_>, choice: &Node, path: &str, clause: Option<String>) {
    let cited = cited(clause.as_deref());
    set.fault_of(
        choice,
        key(set, path),
        format!("`{path}` is stated by the policy{cited}"),
        "remove it: `set` is only for what the profile leaves unset",
    );
}

/// The key as faults call it: by the path it is set at.
fn key(set: &Field<'_>, path: &str) -> String {
    format!("{}.\"{path}\"", set.path())
}

fn joined(path: &str, part: &str) -> String {
    if path.is_empty() { part.to_owned() } else { format!("{path}.{part}") }
}

fn clause_of(node: &Node) -> Option<String> {
    match node.table()?.get("clause").map(|clause| &clause.value) {
        Some(Value::Text(clause)) => Some(clause.clone()),
        Some(
            Value::Unset
            | Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Date(_)
            | Value::List(_)
            | Value::Table(_),
        )
        | None => None,
    }
}
