//! For every code with which a step is refused, the nearly identical step that is taken.

use std::collections::BTreeMap;
use std::path::Path;

use contact_gateway::domain::refusal_code::RefusalCode;
use serde_json::Value;

use super::files;

/// So many values at most are not the same in a refused step and its twin; when it is taken, and what is
/// expected of it, apart.
const DIFFERENCES_MAX: usize = 2;

/// The values of a step, each by its path.
fn values(step: &Value) -> BTreeMap<String, String> {
    fn walk(path: &str, value: &Value, into: &mut BTreeMap<String, String>) {
        match value {
            Value::Object(map) if !map.is_empty() => {
                map.iter().for_each(|(key, value)| walk(&format!("{path}.{key}"), value, into));
            }
            Value::Array(list) if !list.is_empty() => {
                let list = list.iter().enumerate();
                list.for_each(|(index, value)| walk(&format!("{path}[{index}]"), value, into));
            }
            one => {
                into.insert(path.to_owned(), one.to_string());
            }
        }
    }
    let mut step = step.clone();
    let map = step.as_object_mut().unwrap();
    map.remove("at");
    map.remove("expect");
    let mut found = BTreeMap::new();
    walk("", &step, &mut found);
    found
}

/// In how many values two steps differ; `None`: they are different acts.
fn differences(one: &Value, other: &Value) -> Option<usize> {
    if one["act"] != other["act"] {
        return None;
    }
    let (one, other) = (values(one), values(other));
    let paths = one.keys().chain(other.keys().filter(|path| !one.contains_key(*path)));
    Some(paths.filter(|path| one.get(*path) != other.get(*path)).count())
}

fn refused(step: &Value) -> Vec<&str> {
    let refused = step["expect"]["refused"].as_array().into_iter().flatten();
    refused.filter_map(|one| one["code"].as_str()).collect()
}

fn acts(file: &Path) -> Vec<Value> {
    let scenario: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let steps = scenario["steps"].as_array().unwrap().iter();
    steps.filter(|step| step["act"].is_string()).cloned().collect()
}

/// The file that another one names as its twin, in the same folder.
fn twin_of(file: &Path) -> Option<Vec<Value>> {
    let scenario: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let name = scenario.get("twin")?.as_str()?;
    Some(acts(&file.with_file_name(name)))
}

#[test]
fn every_refusal_has_a_twin_that_is_taken() {
    // What each step comes to is held by `every_case_goes_as_expected`: where nothing else is expected, it is taken.
    let mut nearest: BTreeMap<&str, usize> = BTreeMap::new();
    let mut lonely = Vec::new();
    for (_, file) in files() {
        let own = acts(&file);
        let twin = twin_of(&file);
        for step in own.iter().filter(|step| !refused(step).is_empty()) {
            let others = own.iter().chain(twin.iter().flatten());
            let taken = others.filter(|other| {
                refused(other).is_empty() && other["expect"]["ok"] != Value::Bool(false)
            });
            let near = taken.filter_map(|other| differences(step, other)).min();
            let near = near.filter(|differences| *differences <= DIFFERENCES_MAX);
            if twin.is_some() && near.is_none() {
                lonely.push(format!("{}: {}", file.display(), step["at"]));
            }
            for code in refused(step) {
                let Some(near) = near else { continue };
                let known = RefusalCode::OF_STEPS.iter().find(|known| known.name() == code);
                let known = known.unwrap_or_else(|| panic!("{}: `{code}`", file.display()));
                nearest
                    .entry(known.name())
                    .and_modify(|least| *least = near.min(*least))
                    .or_insert(near);
            }
        }
    }
    assert!(lonely.is_empty(), "no step of the file that is named as twin is like {lonely:?}");
    let codes = RefusalCode::OF_STEPS.iter().map(|code| code.name());
    let missing: Vec<_> = codes.filter(|code| !nearest.contains_key(code)).collect();
    assert!(missing.is_empty(), "no nearly identical step is taken for {missing:?}");
}

#[test]
fn steps_are_compared_by_each_value() {
    let step = serde_json::json!({"at": "x", "act": "vary", "changes": {"limit": 3, "channels": ["email"]}});
    let mut other = step.clone();
    other["at"] = "y".into();
    assert_eq!(differences(&step, &other), Some(0));
    other["changes"]["limit"] = 4.into();
    other["changes"]["channels"] = serde_json::json!(["email", "letter"]);
    other["by"] = "Ann".into();
    assert_eq!(differences(&step, &other), Some(3));
    other["act"] = "lift".into();
    assert_eq!(differences(&step, &other), None);
}
