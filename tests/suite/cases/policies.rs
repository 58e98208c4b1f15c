//! Every row of the policies' differences, for all five organisations: `tests/cases/policies.json`.
//!
//! A cell names what the policy leaves unset, or scenarios that show what it says. A scenario shows a value if
//! it goes as expected by the profile, and no longer does once that value is another one.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::{PROFILE_FOLDER, root, simulate};

const ORGANISATIONS: [&str; 5] =
    ["karbon-homes", "tuntum", "calico-homes", "derby-homes", "united-welsh"];

/// The rows in which the five published policies differ.
const ROWS: [&str; 13] = [
    "review every (months)",
    "longest period",
    "at the review date",
    "appeal window",
    "appeal answer",
    "notice of an appeal's decision",
    "notice of the restriction",
    "in force during an appeal",
    "warn first",
    "who decides",
    "who hears an appeal",
    "ombudsman",
    "kinds beyond the common five",
];

#[derive(Deserialize)]
struct Row {
    row: String,
    #[serde(flatten)]
    cells: BTreeMap<String, Cell>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Cell {
    /// Keys of the profile that the policy leaves unset.
    #[serde(default)]
    unset: Vec<String>,
    #[serde(default)]
    shown: Vec<Shown>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    by: String,
    /// Another value of the profile, by which the scenario does not go as expected; absent where the
    /// policy says something that is no value of the profile.
    unless: Option<Value>,
}

fn rows() -> Vec<Row> {
    let text = std::fs::read(root().join("tests/cases/policies.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

fn value_at<'v>(whole: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(whole, |value, key| value.get(key))
}

/// Lays one value over another, table by table.
fn lay(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                lay(base.entry(key.clone()).or_insert(Value::Object(Map::new())), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}

/// The paths of the values that a partial profile sets.
fn paths(value: &Value, path: &str, into: &mut Vec<String>) {
    match value.as_object() {
        Some(map) => map.iter().for_each(|(key, value)| {
            let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            paths(value, &below, into);
        }),
        None => into.push(path.to_owned()),
    }
}

/// Why a scenario does not show what it is said to.
fn not_shown(organisation: &str, shown: &Shown) -> Option<String> {
    let file = root().join(format!("tests/cases/{PROFILE_FOLDER}{organisation}/{}", shown.by));
    let profile = root().join(format!("config/profiles/{organisation}.toml"));
    let Ok(text) = std::fs::read(&file) else { return Some("there is no such file".to_owned()) };
    let Some(unless) = &shown.unless else { return None };
    let mut scenario: Value = serde_json::from_slice(&text).unwrap();
    let mut changed = Vec::new();
    paths(unless, "", &mut changed);
    let own = changed.iter().find(|path| value_at(&scenario["profile"], path).is_some());
    if let Some(path) = own {
        return Some(format!("it sets `{path}` itself, so it does not show the policy's"));
    }
    lay(&mut scenario["profile"], unless);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.json");
    std::fs::write(&path, scenario.to_string()).unwrap();
    let (code, _, err) = simulate(&profile, &path);
    (code != Some(1)).then(|| format!("with {unless} it ends with {code:?}: {err}"))
}

#[test]
fn every_row_is_shown_for_every_organisation_or_unset() {
    let rows = rows();
    let named: BTreeSet<&str> = rows.iter().map(|row| row.row.as_str()).collect();
    assert_eq!(named, BTreeSet::from(ROWS));
    let mut faults = Vec::new();
    for row in &rows {
        for organisation in ORGANISATIONS {
            let at = format!("{}, {organisation}", row.row);
            let Some(cell) = row.cells.get(organisation) else {
                faults.push(format!("{at}: neither shown nor unset"));
                continue;
            };
            if cell.unset.is_empty() && cell.shown.is_empty() {
                faults.push(format!("{at}: neither shown nor unset"));
            }
            let file = root().join(format!("config/profiles/{organisation}.toml"));
            let profile: Value = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
            for key in &cell.unset {
                let value = value_at(&profile, key);
                if value.and_then(Value::as_str) != Some("unset") {
                    faults.push(format!("{at}: `{key}` is {value:?} in the profile"));
                }
            }
            for shown in &cell.shown {
                if let Some(why) = not_shown(organisation, shown) {
                    faults.push(format!("{at}: {}: {why}", shown.by));
                }
            }
        }
        let others = row.cells.keys().filter(|name| !ORGANISATIONS.contains(&name.as_str()));
        faults.extend(others.map(|name| format!("{}: {name} is no organisation", row.row)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
