//! What an organisation calls things in its own register, where it has words of its own.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::field::{self, FIELDS, Field, plain};
use super::words::{self, Appealed};
use crate::domain::case::appeal::AppealOutcome;

/// A mapping as TOML has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Heading → column.
    columns: BTreeMap<String, String>,
    /// Words → the kind with its parameters.
    restrictions: BTreeMap<String, Map<String, Value>>,
    /// Words → a ground of the policy.
    grounds: BTreeMap<String, String>,
    /// Words → of the decision: `upheld`, `varied`, `quashed`.
    appeal_outcomes: BTreeMap<String, AppealOutcome>,
}

impl Mapping {
    /// Reads a mapping.
    ///
    /// # Errors
    /// The fault, with its line.
    pub fn read(toml: &str) -> Result<Self, String> {
        let mapping: Mapping = toml::from_str(toml).map_err(|error| fault(toml, &error))?;
        for (heading, column) in &mapping.columns {
            if field::of_name(column).is_none() {
                let names: Vec<&str> = FIELDS.iter().map(|known| known.name).collect();
                return Err(format!(
                    "[columns] \"{heading}\": `{column}` is not a known column; use one of {}",
                    names.join(", ")
                ));
            }
        }
        Ok(mapping)
    }

    pub(super) fn column(&self, heading: &str) -> Option<Field> {
        let own = found(&self.columns, heading).and_then(|name| field::of_name(name));
        own.or_else(|| field::of_heading(heading))
    }

    pub(super) fn restriction(&self, words: &str) -> Option<Map<String, Value>> {
        found(&self.restrictions, words).cloned().or_else(|| words::restriction(words))
    }

    pub(super) fn ground<'a>(&'a self, words: &'a str) -> &'a str {
        found(&self.grounds, words).map_or(words, String::as_str)
    }

    pub(super) fn appealed(&self, words: &str) -> Result<Appealed, String> {
        match found(&self.appeal_outcomes, words) {
            Some(outcome) => Ok(Appealed::Decided(*outcome)),
            None => words::appealed(words),
        }
    }
}

/// The message with the number of its line, without the line itself, which may be as long as the file.
fn fault(toml: &str, error: &toml::de::Error) -> String {
    let before = error.span().and_then(|span| toml.get(..span.start));
    match before {
        Some(before) => format!("line {}: {}", before.matches('\n').count() + 1, error.message()),
        None => error.message().to_owned(),
    }
}

/// The entry of some words, compared as headings are.
fn found<'a, T>(entries: &'a BTreeMap<String, T>, words: &str) -> Option<&'a T> {
    let words = plain(words);
    entries.iter().find(|(known, _)| plain(known) == words).map(|(_, meaning)| meaning)
}
