//! `simulate --cases`: takes the steps of a case scenario in order, by the production code and the
//! scenario's own clock.

use std::collections::BTreeMap;
use std::io::Write;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::{SimulateArgs, organisation, profile};
use crate::casework::case_replay::{CaseReplay, StepAnswer, Taken};
use crate::cli::expectation::{self, Difference};
use crate::cli::{Fault, Outcome, read_file, say};
use crate::domain::broken::Broken;
use crate::domain::case::act::Act;
use crate::domain::contact::Contact;
use crate::domain::language::Language;
use crate::domain::letter::Template;
use crate::domain::person::Person;
use crate::domain::profile::{Profile, Role};
use crate::runtime::json as places;
use crate::runtime::json::JsonFault;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario<'a> {
    /// What the scenario shows, for people.
    #[serde(default)]
    #[expect(dead_code, reason = "for the reader of the file")]
    about: Option<String>,
    /// The file whose nearly identical step is taken where this one's is refused, for those who check that.
    #[serde(default)]
    #[expect(dead_code, reason = "for tests, which compare the two files")]
    twin: Option<String>,
    #[serde(default)]
    profile: Option<Value>,
    /// The organisation's own template of letters in English.
    #[serde(default)]
    letters: Option<String>,
    #[serde(borrow, default)]
    people: Vec<&'a RawValue>,
    #[serde(default)]
    staff: Vec<Staff>,
    #[serde(borrow)]
    steps: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Staff {
    name: String,
    role: Role,
}

/// One step as it is written.
struct Written {
    at: DateTime<Utc>,
    asks: Asks,
    expect: Option<Value>,
}

enum Asks {
    Act { act: Box<Act>, person: String, by: String, id: Option<String> },
    Contact(Box<Contact>),
    Diary(OfPerson),
    InForce(String),
    Figures(Period),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OfPerson {
    #[serde(default)]
    person: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Period {
    from: NaiveDate,
    to: NaiveDate,
}

/// Runs the command.
///
/// # Errors
/// [`Fault`] where an input is not what it should be, with its place.
pub(super) fn run(
    args: &SimulateArgs,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Outcome, Fault> {
    let source = read_file(&args.scenario)?;
    let place = args.scenario.display().to_string();
    let json_fault = |fault: JsonFault| Fault::in_file(&place, &fault);
    let mut deserializer = serde_json::Deserializer::from_str(&source);
    let scenario: Scenario<'_> = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| json_fault(places::fault(error.inner(), error.path().to_string())))?;
    deserializer.end().map_err(|error| json_fault(places::fault(&error, String::new())))?;
    places::given_twice(&source).map_or(Ok(()), |fault| Err(json_fault(fault)))?;
    let mut people: Vec<Person> = Vec::new();
    for (index, person) in scenario.people.iter().enumerate() {
        let key = format!("people[{index}]");
        people.push(places::parse_part(&source, person.get(), &key).map_err(json_fault)?);
    }
    let mut steps = Vec::new();
    for (index, step) in scenario.steps.iter().enumerate() {
        let key = format!("steps[{index}]");
        steps.push(written(&source, step.get(), &key).map_err(json_fault)?);
    }
    let profile = profile(args, scenario.profile)?;
    let staff = staff(scenario.staff, &profile, &place)?;
    let mut organisation = organisation(profile);
    if let Some(template) = &scenario.letters {
        organisation.reach.letters.english = letters(template, &place)?;
    }
    let mut replay = CaseReplay::new(organisation, staff, people);
    check(&steps, &replay, &place)?;
    let mut differs = false;
    for (index, step) in steps.iter().enumerate() {
        let number = index + 1;
        let shown = take(&mut replay, step, number)?;
        say(out, &shown);
        if !args.expect {
            continue;
        }
        for difference in differences(step, &shown) {
            differs = true;
            say(err, format_args!("{place}: step {number}: {difference}"));
        }
    }
    Ok(if differs { Outcome::No } else { Outcome::Yes })
}

/// The template of letters that a scenario has.
fn letters(source: &str, place: &str) -> Result<Template, Fault> {
    Template::read("letters", Language::English, source)
        .map_err(|fault| Fault::input(format!("{place}: letters: {}", fault.what)))
}

/// Everybody by name, each in a role that the profile has.
fn staff(
    staff: Vec<Staff>,
    profile: &Profile,
    place: &str,
) -> Result<BTreeMap<String, Role>, Fault> {
    let mut named = BTreeMap::new();
    for Staff { name, role } in staff {
        if !profile.roles.contains(&role) {
            let roles: Vec<&str> = profile.roles.iter().map(|role| role.0.as_str()).collect();
            return Err(Fault::input(format!(
                "{place}: staff `{name}`: `{}` is not a role of the profile; one of {}",
                role.0,
                roles.join(", ")
            )));
        }
        if named.insert(name.clone(), role).is_some() {
            return Err(Fault::input(format!("{place}: staff `{name}` is listed twice")));
        }
    }
    Ok(named)
}

/// Steps go in order of time, and name people and staff of the scenario.
fn check(steps: &[Written], replay: &CaseReplay, place: &str) -> Result<(), Fault> {
    let mut before: Option<DateTime<Utc>> = None;
    for (index, step) in steps.iter().enumerate() {
        let wrong = |what: String| Err(Fault::input(format!("{place}: steps[{index}]: {what}")));
        if before.is_some_and(|before| step.at < before) {
            return wrong("is earlier than the step before; steps go in order of time".to_owned());
        }
        before = Some(step.at);
        let person = match &step.asks {
            Asks::Act { person, .. } | Asks::InForce(person) => Some(person),
            Asks::Diary(of) => of.person.as_ref(),
            Asks::Contact(_) | Asks::Figures(_) => None,
        };
        if let Some(person) = person.filter(|person| !replay.knows_person(person)) {
            return wrong(format!("`{person}` is not among `people`"));
        }
        if let Asks::Act { by, .. } = &step.asks
            && !replay.knows_staff(by)
        {
            return wrong(format!("`by` is `{by}`, who is not among `staff`"));
        }
    }
    Ok(())
}

/// Takes one step and shows what came of it.
fn take(replay: &mut CaseReplay, step: &Written, number: usize) -> Result<Value, Fault> {
    let at = step.at;
    Ok(match &step.asks {
        Asks::Act { act, person, by, id } => {
            match replay.step(act, Taken { person, id: id.as_deref(), by, at }) {
                Ok(answer) => taken(number, &answer),
                Err(refused) => {
                    json!({ "step": number, "ok": false, "refused": each(&refused) })
                }
            }
        }
        Asks::Contact(contact) => {
            serde_json::to_value(replay.contact(contact)).map_err(Fault::internal)?
        }
        Asks::Diary(of) => {
            json!({ "step": number, "diary": replay.diary(of.person.as_deref(), at) })
        }
        Asks::InForce(person) => {
            json!({ "step": number, "in_force": replay.in_force(person, at) })
        }
        Asks::Figures(Period { from, to }) => {
            json!({ "step": number, "figures": replay.figures(*from, *to, at) })
        }
    })
}

fn taken(number: usize, answer: &StepAnswer) -> Value {
    let mut shown = json!({ "step": number, "ok": true, "made": answer.made });
    if let Value::Object(map) = &mut shown {
        if let Some(broken) = &answer.still_broken {
            map.insert("broken".to_owned(), each(broken));
        }
        if !answer.released.is_empty() {
            map.insert("released".to_owned(), json!(answer.released));
        }
    }
    shown
}

fn each(broken: &[Broken]) -> Value {
    json!(broken)
}

/// The differences from the expectation. A step of which nothing is expected must have been taken.
fn differences(step: &Written, shown: &Value) -> Vec<Difference> {
    match (&step.expect, &step.asks) {
        (Some(expect), _) => expectation::differences(expect, shown),
        (None, Asks::Act { .. }) => expectation::differences(&json!({ "ok": true }), shown),
        (None, _) => Vec::new(),
    }
}

/// Reads a step: when, by whom, on whom, what is expected; and the fields of the act.
fn written(source: &str, part: &str, key: &str) -> Result<Written, JsonFault> {
    let mut fields: Map<String, Value> = places::parse_part(source, part, key)?;
    let (line, column) = places::place(source, part);
    let fault = |at: &str, message: String| {
        let key = if at.is_empty() { key.to_owned() } else { format!("{key}.{at}") };
        JsonFault { line, column, key, message, wellformed: true }
    };
    let text = |value: Value, at: &str| match value {
        Value::String(text) => Ok(text),
        _ => Err(fault(at, "is not a text".to_owned())),
    };
    let at = fields.remove("at").ok_or_else(|| fault("", "missing field `at`".to_owned()))?;
    let at_text = text(at.clone(), "at")?;
    let instant: DateTime<Utc> = at_text.parse().map_err(|_| {
        fault("at", format!("`{at_text}` is not an instant; write 2026-01-05T10:00:00Z"))
    })?;
    let expect = fields.remove("expect");
    if fields.contains_key("act") {
        let mut named = |name: &str| match fields.remove(name) {
            Some(value) => text(value, name).map(Some),
            None => Ok(None),
        };
        let (by, person, id) = (named("by")?, named("person")?, named("id")?);
        let by = by.ok_or_else(|| fault("", "missing field `by`".to_owned()))?;
        let person = person.ok_or_else(|| fault("", "missing field `person`".to_owned()))?;
        let act = serde_json::from_value::<Act>(Value::Object(fields))
            .map_err(|error| fault("", error.to_string()))?;
        return Ok(Written {
            at: instant,
            asks: Asks::Act { act: Box::new(act), person, by, id },
            expect,
        });
    }
    // Its subject may be given with it.
    fields.remove("by");
    let mut given = fields.into_iter();
    let (Some((name, mut value)), None) = (given.next(), given.next()) else {
        let message = "names no `act`; without one, write only one of `contact`, `diary`, \
            `in_force` and `figures`";
        return Err(fault("", message.to_owned()));
    };
    if let ("contact", Value::Object(contact)) = (name.as_str(), &mut value) {
        contact.entry("at").or_insert(at);
    }
    let read = |error: serde_json::Error| fault(&name, error.to_string());
    let asks = match name.as_str() {
        "contact" => Asks::Contact(serde_json::from_value(value).map_err(read)?),
        "diary" => Asks::Diary(serde_json::from_value(value).map_err(read)?),
        "in_force" => Asks::InForce(text(value, "in_force")?),
        "figures" => Asks::Figures(serde_json::from_value(value).map_err(read)?),
        _ => return Err(fault(&name, "is not a known step".to_owned())),
    };
    Ok(Written { at: instant, asks, expect })
}
