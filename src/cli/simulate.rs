//! `simulate`: decides a scenario's contacts in order, against records in memory and the scenario's
//! own clock.

mod cases;

use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::expectation::{self, Difference};
use super::{Fault, Outcome, load};
use crate::casework::replay::Replay;
use crate::config;
use crate::domain::contact::Contact;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::domain::profile::Profile;
use crate::domain::safeguard::{FoundBy, Safeguards};
use crate::runtime::json;

/// Decide a scenario's contacts in order and print one decision per line, as JSON.
#[derive(Debug, clap::Args)]
pub struct SimulateArgs {
    /// The profile to use.
    #[arg(long, value_name = "FILE", required_unless_present = "organisation")]
    profile: Option<PathBuf>,
    /// A configuration that names the profile; needs --organisation. --profile takes precedence over
    /// a configuration named in the environment.
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: Option<PathBuf>,
    /// The organisation's id in the configuration
    #[arg(long, value_name = "ID", requires = "config", conflicts_with = "profile")]
    organisation: Option<String>,
    /// Compare each decision with the contact's `expect`; show differences and exit with 1.
    #[arg(long)]
    expect: bool,
    /// The file is a case scenario: steps of casework, contacts, and what falls due in between;
    /// one JSON object per step.
    #[arg(long)]
    cases: bool,
    /// Print with each decision (on standard error) which examples of safeguard lanes the contact
    /// resembles, how much, and whether that opens the lane.
    #[arg(long)]
    resemblance: bool,
    /// The scenario: people, contacts in order of time, and optionally a partial profile.
    scenario: PathBuf,
}

/// A scenario as it is written. Contacts are read one by one, so that each has its `expect` next to its own keys.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario<'a> {
    /// What the scenario shows, for people.
    #[serde(default)]
    #[expect(dead_code, reason = "for the reader of the file")]
    about: Option<String>,
    #[serde(default)]
    profile: Option<Value>,
    #[serde(borrow, default)]
    people: Vec<&'a RawValue>,
    #[serde(borrow)]
    contacts: Vec<&'a RawValue>,
}

/// Runs the command.
///
/// # Errors
/// [`Fault`] where an input is not what it should be.
pub fn run(args: SimulateArgs, out: &mut dyn Write, err: &mut dyn Write) -> Result<Outcome, Fault> {
    if args.cases {
        return cases::run(&args, out, err);
    }
    let source = super::read_file(&args.scenario)?;
    let place = args.scenario.display().to_string();
    let json_fault = |fault: json::JsonFault| Fault::in_file(&place, &fault);
    let scenario: Scenario<'_> = read_scenario(&source).map_err(json_fault)?;
    let mut people = Vec::new();
    for (index, person) in scenario.people.iter().enumerate() {
        let key = format!("people[{index}]");
        let person: Person = json::parse_part(&source, person.get(), &key).map_err(json_fault)?;
        people.push(person);
    }
    let mut contacts = Vec::new();
    for (index, contact) in scenario.contacts.iter().enumerate() {
        let key = format!("contacts[{index}]");
        contacts.push(read_contact(&source, contact.get(), &key).map_err(json_fault)?);
    }
    check_order(&contacts, &place)?;
    let profile = profile(&args, scenario.profile)?;
    for unset in config::profile::unset(&profile) {
        super::say(
            err,
            format_args!(
                "warning: `{}` is unset; the value that favours the sender is used",
                unset.path
            ),
        );
    }
    let safeguards = profile.safeguards.clone();
    let mut replay = Replay::new(organisation(profile), people);
    let mut differences: Vec<(String, Vec<Difference>)> = Vec::new();
    for (contact, expect) in &contacts {
        let decision = replay.decide(contact).decision;
        let shown = serde_json::to_value(&decision).map_err(Fault::internal)?;
        let line = serde_json::to_string(&decision).map_err(Fault::internal)?;
        super::say(out, line);
        if args.resemblance {
            resemblance(&safeguards, contact, err);
        }
        if let (true, Some(expect)) = (args.expect, expect) {
            let found = expectation::differences(expect, &shown);
            if !found.is_empty() {
                differences.push((contact.id.clone(), found));
            }
        }
    }
    for (contact, found) in &differences {
        for difference in found {
            super::say(err, format_args!("{place}: contact `{contact}`: {difference}"));
        }
    }
    Ok(if differences.is_empty() { Outcome::Yes } else { Outcome::No })
}

/// What a contact resembles, and what that does.
fn resemblance(safeguards: &Safeguards, contact: &Contact, err: &mut dyn Write) {
    let matches = safeguards.matches(contact);
    for like in &matches.resembles {
        let hit = matches.hits.iter().find(|hit| hit.lane == like.lane);
        let effect = match hit.map(|hit| hit.part) {
            Some(FoundBy::Example | FoundBy::Wording) => "opens the lane",
            Some(_) => "the words already open the lane",
            None => "does not open the lane",
        };
        let (lane, percent, threshold, by) =
            (like.lane.name(), like.percent, like.threshold, like.says());
        super::say(
            err,
            format_args!(
                "{}: {lane}: {percent} % (threshold {threshold} %): {effect}: {by}",
                contact.id
            ),
        );
    }
}

fn read_scenario(source: &str) -> Result<Scenario<'_>, json::JsonFault> {
    let mut deserializer = serde_json::Deserializer::from_str(source);
    let scenario = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| json::fault(error.inner(), error.path().to_string()))?;
    deserializer.end().map_err(|error| json::fault(&error, String::new()))?;
    json::given_twice(source).map_or(Ok(scenario), Err)
}

/// A contact and its `expect`. The contact is read from the same text with the `expect` blanked
/// out, so that a fault still names the right line.
fn read_contact(
    source: &str,
    part: &str,
    key: &str,
) -> Result<(Contact, Option<Value>), json::JsonFault> {
    #[derive(Deserialize)]
    struct Beside<'a> {
        #[serde(borrow, default)]
        expect: Option<&'a RawValue>,
    }
    let beside: Option<Beside<'_>> = serde_json::from_str(part).ok();
    let Some(expect) = beside.and_then(|beside| beside.expect) else {
        return Ok((json::parse_part(source, part, key)?, None));
    };
    let value: Value = json::parse_part(source, expect.get(), &format!("{key}.expect"))?;
    let mut map: serde_json::Map<String, Value> = json::parse_part(source, part, key)?;
    map.remove("expect");
    let contact =
        serde_path_to_error::deserialize::<_, Contact>(Value::Object(map)).map_err(|error| {
            // The value has no lines of its own: the place is that of the contact.
            let start = json::place(source, part);
            json::JsonFault {
                line: start.0,
                column: start.1,
                key: format!("{key}.{}", error.path()),
                message: error.inner().to_string(),
                wellformed: true,
            }
        })?;
    Ok((contact, Some(value)))
}

fn check_order(contacts: &[(Contact, Option<Value>)], place: &str) -> Result<(), Fault> {
    for pair in contacts.windows(2) {
        if let [(earlier, _), (later, _)] = pair
            && later.at < earlier.at
        {
            return Err(Fault::input(format!(
                "{place}: contact `{}` is before contact `{}`; contacts go in order of time",
                later.id, earlier.id
            )));
        }
    }
    Ok(())
}

fn profile(args: &SimulateArgs, partial: Option<Value>) -> Result<Profile, Fault> {
    let base = match (&args.profile, &args.config, &args.organisation) {
        (Some(file), _, _) => config::profile::load(file)?,
        (None, Some(file), Some(organisation)) => {
            let loaded = load::without_secrets(file)?;
            load::organisation(&loaded, organisation)?.profile.as_ref().clone()
        }
        (None, _, _) => {
            return Err(Fault::input(
                "name a profile: --profile FILE, or --config FILE --organisation ID",
            ));
        }
    };
    match partial {
        Some(partial) => Ok(config::profile::overlay(
            &base,
            &partial,
            &format!("{}: profile", args.scenario.display()),
        )?),
        None => Ok(base),
    }
}

/// The organisation that a simulation decides for. It enforces.
fn organisation(profile: Profile) -> Organisation {
    Organisation::new("simulation", profile)
}
