//! `profile show`: a profile as the gateway reads it.

use std::io::Write;
use std::path::PathBuf;

use serde_json::{Map, Value};

use super::{Fault, Outcome, say};
use crate::config::profile;
use crate::domain::profile::Profile;

/// Show profiles.
#[derive(Debug, Clone, clap::Args)]
pub struct ProfileArgs {
    #[command(subcommand)]
    pub command: ProfileCommand,
}

#[derive(Debug, Clone, clap::Subcommand)]
pub enum ProfileCommand {
    /// Show a profile with its clauses, and the values that the policy leaves unset.
    Show(ShowArgs),
}

#[derive(Debug, Clone, clap::Args)]
pub struct ShowArgs {
    /// The profile's file.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Print the canonical JSON, in which `null` is unset.
    #[arg(long)]
    pub json: bool,
}

/// Shows a profile on `out`.
///
/// # Errors
/// Every fault of the profile, one per line.
pub fn run(args: &ProfileArgs, out: &mut dyn Write) -> Result<Outcome, Fault> {
    let ProfileCommand::Show(args) = &args.command;
    let profile = profile::load(&args.file)?;
    let canonical = profile::to_canonical_json(&profile);
    if args.json {
        say(out, format_args!("{canonical:#}"));
    } else {
        table(&canonical, out);
        to_choose(&profile, out);
    }
    Ok(Outcome::Yes)
}

/// The parts in the order in which people look for them.
const HEAD: [&str; 4] = ["name", "version", "nation", "timezone"];
const PARTS: [&str; 9] = [
    "kinds",
    "channel_groups",
    "warn_first",
    "review",
    "appeal",
    "letter",
    "ombudsman",
    "exceptions",
    "responsible",
];
const TAIL: [&str; 4] =
    ["read_within_working_days", "limited_read_within", "store_away", "outbound_answers"];

/// One value per line: its key, what the policy says, and the clause.
fn table(canonical: &Value, out: &mut dyn Write) {
    let empty = Map::new();
    let clauses = canonical.get("clauses").and_then(Value::as_object).unwrap_or(&empty);
    let clause = |path: &str| clauses.get(path).and_then(Value::as_str).unwrap_or_default();
    let line = |out: &mut dyn Write, key: &str, value: &str, clause: &str| {
        let line = format!("{key:<26}  {value:<46}  {clause}");
        say(out, line.trim_end());
    };
    for key in HEAD {
        line(out, key, &shown(canonical.get(key)), clause(key));
    }
    for part in PARTS {
        say(out, "");
        let value = canonical.get(part).unwrap_or(&Value::Null);
        let Some(entries) = value.as_object() else {
            line(out, part, &shown(Some(value)), clause(part));
            continue;
        };
        line(out, part, "", clause(part));
        for (key, value) in entries {
            let path = format!("{part}.{key}");
            let own = value.get("clause").and_then(Value::as_str);
            line(out, &format!("  {key}"), &shown(Some(value)), own.unwrap_or(clause(&path)));
        }
    }
    say(out, "");
    for key in TAIL {
        line(out, key, &shown(canonical.get(key)), clause(key));
    }
    line(out, "figures", &shown(canonical.get("figures")), clause("figures"));
    say(out, "roles");
    for role in canonical.get("roles").and_then(Value::as_array).into_iter().flatten() {
        let role = shown(Some(role));
        line(out, &format!("  {role}"), "", clause(&format!("roles.{role}")));
    }
    lanes(canonical, out);
}

/// What the organisation chooses with `set`: each value that the policy leaves open, by example.
fn to_choose(profile: &Profile, out: &mut dyn Write) {
    let unset = profile::unset(profile);
    if unset.is_empty() {
        return;
    }
    say(out, "");
    say(out, "unset, for the organisation to choose with [[organisation]] set = { … } (examples)");
    for value in unset {
        say(out, format_args!("  \"{}\" = {}   {}", value.path, value.example, value.needed_for));
    }
}

/// The safeguards in numbers: the words themselves fill pages.
fn lanes(canonical: &Value, out: &mut dyn Write) {
    say(out, "");
    say(out, "safeguards");
    let lanes = canonical.get("safeguards").and_then(Value::as_object);
    for (lane, rule) in lanes.into_iter().flatten() {
        let count = |list: Option<&Value>| list.and_then(Value::as_array).map_or(0, Vec::len);
        match rule.get("queue").and_then(Value::as_str) {
            Some(queue) => {
                let phrases = count(rule.get("phrases"));
                say(out, format_args!("  {lane:<26}{phrases} phrases, to the queue {queue}"));
            }
            None if rule.is_number() => say(out, format_args!("  {lane:<26}{rule}")),
            None => say(out, format_args!("  {lane:<26}{} entries", count(Some(rule)))),
        }
    }
}

/// A value in a few words; its clause has its own column.
fn shown(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "unset".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Bool(true)) => "yes".to_owned(),
        Some(Value::Bool(false)) => "no".to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::Array(items)) => {
            let items: Vec<String> = items.iter().map(|item| shown(Some(item))).collect();
            if items.is_empty() { "none".to_owned() } else { items.join(", ") }
        }
        Some(Value::Object(entries)) => in_a_row(entries),
    }
}

fn in_a_row(entries: &Map<String, Value>) -> String {
    if let Some(deadline) = deadline(entries) {
        return deadline;
    }
    let parts: Vec<String> = entries
        .iter()
        .filter(|(key, value)| !(*key == "clause" || value.is_null()))
        .map(|(key, value)| match (key.as_str(), value) {
            ("allowed", Value::Bool(true)) => "allowed".to_owned(),
            ("allowed", _) => "not allowed".to_owned(),
            _ => format!("{} {}", key.replace('_', " "), shown(Some(value))),
        })
        .collect();
    parts.join(", ")
}

/// `20 working days from receipt`, if it is a deadline.
fn deadline(entries: &Map<String, Value>) -> Option<String> {
    let (length, unit) = match (entries.get("working_days"), entries.get("months")) {
        (Some(days), _) => (days, "working days"),
        (None, Some(months)) => (months, "months"),
        (None, None) => return None,
    };
    let from = match entries.get("from") {
        Some(Value::String(from)) => from.replace('_', " "),
        Some(_) | None => "an unset date".to_owned(),
    };
    Some(format!("{length} {unit} from {from}"))
}
