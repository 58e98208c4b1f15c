//! A partial profile laid over a whole one, in the shape of the canonical JSON: what a scenario
//! carries. Any value may be replaced, `null` unsets it, and safeguard words are only ever added.

use serde_json::{Map, Value};

use super::canonical::to_canonical_json;
use super::read::read;
use crate::config::bank_holidays::Calendars;
use crate::config::fault::{FaultPlace, Faults};
use crate::config::node;
use crate::config::reader::Reader;
use crate::domain::profile::Profile;

/// `partial` laid over `base`. `name` calls the document in faults.
///
/// # Errors
/// Every fault of the outcome: an unknown key, a wrong type, an invalid value.
pub fn overlay(base: &Profile, partial: &Value, name: &str) -> Result<Profile, Faults> {
    let mut whole = to_canonical_json(base);
    let mut replaced = Vec::new();
    lay(&mut whole, partial, "", &mut replaced);
    forget_clauses(&mut whole, partial, &replaced);
    let mut profile = from_canonical_json(&whole, name)?;
    if profile.nation == base.nation {
        // The organisation may have bank holidays of its own.
        profile.bank_holidays = base.bank_holidays.clone();
    }
    Ok(profile)
}

/// Reads a whole profile from its canonical JSON, with the bank holidays that the gateway knows.
///
/// # Errors
/// Every fault at once; `name` calls the document.
pub fn from_canonical_json(json: &Value, name: &str) -> Result<Profile, Faults> {
    let calendars = Calendars::built_in()?;
    let place = FaultPlace::File(name.into());
    let root = node::from_json(json, &place);
    let reader = Reader::default();
    let profile = read(&reader, &root, &calendars);
    match profile.filter(|_| reader.is_clean()) {
        Some(profile) => Ok(profile),
        None => Err(reader.faults()),
    }
}

/// A role is written as its name, or as a table with its duties.
fn role_name(role: &Value) -> Option<&str> {
    role.as_str().or_else(|| role.get("name")?.as_str())
}

/// Lays tables over tables key by key; anything else replaces the value there.
fn lay(base: &mut Value, partial: &Value, path: &str, replaced: &mut Vec<String>) {
    match (base, partial) {
        (Value::Object(base), Value::Object(partial)) => {
            one_length(base, partial);
            for (key, value) in partial {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                match base.get_mut(key) {
                    Some(old) => lay(old, value, &below, replaced),
                    None => {
                        base.insert(key.clone(), value.clone());
                        replaced.push(below);
                    }
                }
            }
        }
        (Value::Array(base), Value::Array(partial)) if path.starts_with("safeguards.") => {
            base.extend(partial.iter().cloned());
        }
        // A role that the policy's other rules name stays one.
        (Value::Array(base), Value::Array(partial)) if path == "roles" => {
            base.retain(|old| !partial.iter().any(|new| role_name(new) == role_name(old)));
            base.extend(partial.iter().cloned());
        }
        (base, partial) => {
            // An unset value had no clause of its own, and leaves that of its table as it is.
            if !base.is_null() && base != partial {
                replaced.push(path.to_owned());
            }
            *base = partial.clone();
        }
    }
}

/// A deadline has one length: a new one in months takes the place of one in working days.
fn one_length(base: &mut Map<String, Value>, partial: &Map<String, Value>) {
    for (given, other) in [("months", "working_days"), ("working_days", "months")] {
        if partial.contains_key(given) && !partial.contains_key(other) {
            base.remove(other);
        }
    }
}

/// The policy's clause does not cover a value that was replaced.
fn forget_clauses(whole: &mut Value, partial: &Value, replaced: &[String]) {
    let given = partial.get("clauses").and_then(Value::as_object);
    let Some(clauses) = whole.get_mut("clauses").and_then(Value::as_object_mut) else { return };
    clauses.retain(|clause, _| {
        given.is_some_and(|given| given.contains_key(clause))
            || !replaced.iter().any(|path| {
                covers(path, clause) || (covers(clause, path) && !path.starts_with("safeguards"))
            })
    });
}

/// Whether `outer` is `inner` or contains it.
fn covers(outer: &str, inner: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
