//! What the console is configured with, out of the settings.

use std::collections::BTreeMap;
#[cfg(feature = "oidc")]
use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;

use super::start_fault::StartFault;
use crate::casework::accounts::{AccountRules, Provider};
use crate::channels::http::look::{Colour, Colours, LookSettings};
use crate::config::Settings;
use crate::config::profile::{to_canonical_json, unset};
use crate::domain::account::SessionTimes;
use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Profile;
#[cfg(feature = "oidc")]
use crate::forward::oidc::OpenIdProvider;
use crate::forward::oidc::settings::ProviderSettings;
use crate::runtime::limits::HALF_SESSION_MINUTES;
use crate::staff::console::{
    ConsoleLook, ConsoleSettings, OpenValue, PolicyAsRead, PolicyValue, ProviderLabel,
};

/// Keys of the canonical form that say what the others are, and no value of their own.
const NO_VALUES: [&str; 2] = ["clauses", "kinds"];

pub(super) fn settings(settings: &Settings) -> ConsoleSettings {
    let looks = settings.looks.iter().map(|(id, look)| (id.clone(), look_of(look))).collect();
    let policies: BTreeMap<OrganisationId, PolicyAsRead> = settings
        .organisations
        .iter()
        .map(|one| (one.id.clone(), policy_of(&one.profile)))
        .collect();
    ConsoleSettings {
        public_url: settings.console.public_url.clone(),
        trusted_proxies: settings.listen.trusted_proxies.clone(),
        looks,
        policies,
        providers: settings.console.providers.iter().map(label_of).collect(),
    }
}

pub(super) fn rules(settings: &Settings) -> AccountRules {
    let access = &settings.console;
    AccountRules {
        times: SessionTimes {
            idle: TimeDelta::minutes(i64::from(access.idle_minutes)),
            longest: TimeDelta::hours(i64::from(access.longest_hours)),
            half: TimeDelta::minutes(HALF_SESSION_MINUTES),
        },
        second_step: access.second_step.clone(),
    }
}

fn label_of(provider: &ProviderSettings) -> (String, ProviderLabel) {
    let label =
        ProviderLabel { english: provider.label.clone(), welsh: provider.label_welsh.clone() };
    (provider.name.clone(), label)
}

/// The identity providers, none of which is asked anything yet.
#[cfg(feature = "oidc")]
pub(super) fn providers(settings: &Settings) -> Result<Vec<(String, Provider)>, StartFault> {
    let provider = |settings: &ProviderSettings| -> Result<(String, Provider), StartFault> {
        let port = Arc::new(OpenIdProvider::new(settings.clone())?);
        Ok((settings.name.clone(), Provider { port, admission: settings.admission.clone() }))
    };
    settings.console.providers.iter().map(provider).collect()
}

/// None: a configuration that names one is refused by this program.
#[cfg(not(feature = "oidc"))]
pub(super) const fn providers(_: &Settings) -> Result<Vec<(String, Provider)>, StartFault> {
    Ok(Vec::new())
}

/// The organisation's colour is its accent, where it chose one: ours is not black.
fn look_of(look: &LookSettings) -> ConsoleLook {
    let own = |colour: Colour, ours: Colours| (colour != ours.accent).then_some(colour);
    ConsoleLook {
        name: look.name.clone(),
        accent: own(look.light.accent, Colours::LIGHT),
        dark_accent: own(look.dark.accent, Colours::DARK),
    }
}

fn policy_of(profile: &Profile) -> PolicyAsRead {
    let mut values = Vec::new();
    if let Value::Object(map) = to_canonical_json(profile) {
        for (key, value) in &map {
            if !NO_VALUES.contains(&key.as_str()) {
                flattened(profile, key, value, &mut values);
            }
        }
    }
    let open = unset(profile)
        .into_iter()
        .map(|one| OpenValue {
            path: one.path,
            needed_for: one.needed_for,
            blocks_enforcement: one.blocks_enforcement,
            example: one.example,
        })
        .collect();
    PolicyAsRead { values, open }
}

/// An item of a list: its name, then whatever else is set of it. "threats (clause 3.20, severe)".
fn item_in_words(item: &Value) -> String {
    match item {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(item_in_words).collect::<Vec<_>>().join(" "),
        Value::Object(map) => {
            let rest = map.iter().filter_map(|(key, value)| match value {
                Value::Null | Value::Bool(false) => None,
                _ if key == "name" => None,
                Value::Bool(true) => Some(key.replace('_', " ")),
                other => Some(format!("{} {}", key.replace('_', " "), item_in_words(other))),
            });
            let rest = rest.collect::<Vec<_>>().join(", ");
            match map.get("name").and_then(Value::as_str) {
                Some(name) if rest.is_empty() => name.to_owned(),
                Some(name) => format!("{name} ({rest})"),
                None => rest,
            }
        }
        other => other.to_string(),
    }
}

/// One line per value; unset values have a list of their own.
fn flattened(profile: &Profile, path: &str, value: &Value, values: &mut Vec<PolicyValue>) {
    let shown = match value {
        Value::Null => return,
        Value::Object(map) => {
            for (key, value) in map {
                flattened(profile, &format!("{path}.{key}"), value, values);
            }
            return;
        }
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(item_in_words).collect();
            // One that has commas of its own ends with a semicolon.
            items.join(if items.iter().any(|item| item.contains(',')) { "; " } else { ", " })
        }
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let clause = profile.clause_of(path).map(str::to_owned);
    values.push(PolicyValue { path: path.to_owned(), value: shown, clause });
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_of_a_list_is_said_by_its_name_and_what_is_set_of_it() {
        for (item, said) in [
            (json!("email"), "email"),
            (
                json!({"clause": "3.20", "name": "threats", "severe": true}),
                "threats (clause 3.20, severe)",
            ),
            (json!({"clause": null, "name": "demands", "severe": false}), "demands"),
            (json!({"days": ["mon", "tue"], "from": "09:00"}), "days mon tue, from 09:00"),
        ] {
            assert_eq!(item_in_words(&item), said);
        }
    }
}
