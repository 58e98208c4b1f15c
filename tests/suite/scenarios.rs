//! Every file under `tests/scenarios/`, decided as `simulate --expect` decides it.
//!
//! Adding a case needs no change here: `tests/scenarios/README.md` says how.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, LazyLock};

use contact_gateway::casework::replay::Replay;
use contact_gateway::cli::expectation;
use contact_gateway::config;
use contact_gateway::domain::audit::AuditRow;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::organisation::Organisation;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Profile;
use contact_gateway::domain::restriction::KindName;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The profile of files whose folders name none.
const DEFAULT_PROFILE: &str = "karbon-homes";
/// The folder `profile-derby-homes` stands for `config/profiles/derby-homes.toml`.
const PROFILE_FOLDER: &str = "profile-";
/// So many files at least show that the folder was found and read.
const FILES_MIN: usize = 100;
const LAST_ROW: u8 = 13;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Scenario {
    about: String,
    profile: Option<Value>,
    people: Vec<Person>,
    contacts: Vec<Map<String, Value>>,
}

/// What deciding one file showed.
struct Shown {
    /// By its place under `tests/scenarios`.
    name: String,
    /// What is not as expected, a line each.
    faults: Vec<String>,
    kinds: BTreeSet<KindName>,
    /// The rows of each contact's trace.
    traces: Vec<Vec<AuditRow>>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn folder() -> PathBuf {
    root().join("tests/scenarios")
}

fn files() -> Vec<PathBuf> {
    let mut folders = vec![folder()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "json") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

fn profile_file(scenario: &Path) -> PathBuf {
    let named = scenario
        .iter()
        .filter_map(|part| part.to_str())
        .find_map(|part| part.strip_prefix(PROFILE_FOLDER))
        .unwrap_or(DEFAULT_PROFILE);
    root().join(format!("config/profiles/{named}.toml"))
}

fn organisation(profile: Arc<Profile>) -> Organisation {
    Organisation::new("scenario", profile)
}

fn decide(file: &Path, profiles: &mut BTreeMap<PathBuf, Arc<Profile>>) -> Shown {
    let name = file.strip_prefix(folder()).unwrap().display().to_string();
    let source = std::fs::read_to_string(file).unwrap();
    let scenario: Scenario =
        serde_json::from_str(&source).unwrap_or_else(|error| panic!("{name}: {error}"));
    let profile = profiles
        .entry(profile_file(file))
        .or_insert_with_key(|file| Arc::new(config::profile::load(file).unwrap()));
    let profile = match &scenario.profile {
        Some(partial) => config::profile::overlay(profile, partial, &name)
            .map_or_else(|faults| panic!("{name}: {faults}"), Arc::new),
        None => Arc::clone(profile),
    };
    let mut faults = Vec::new();
    if scenario.about.trim().is_empty() {
        faults.push("`about` does not say what is shown".to_owned());
    }
    let kinds = scenario
        .people
        .iter()
        .flat_map(|person| &person.restrictions)
        .map(|restriction| restriction.kind.name())
        .collect();
    let mut replay = Replay::new(organisation(profile), scenario.people);
    let mut traces = Vec::new();
    for mut written in scenario.contacts {
        let expected = written.remove("expect");
        let contact: Contact = serde_json::from_value(Value::Object(written))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let verdict = replay.decide(&contact);
        let Some(expected) = expected else {
            faults.push(format!("contact `{}` has no `expect`", contact.id));
            continue;
        };
        let found = serde_json::to_value(&verdict.decision).unwrap();
        let differences = expectation::differences(&expected, &found);
        faults.extend(differences.iter().map(|one| format!("contact `{}`: {one}", contact.id)));
        traces.push(verdict.audit.rows);
    }
    faults.extend(row_fault(&name, &traces));
    Shown { name, faults, kinds, traces }
}

/// The files under `rows/NN-…` and `precedence/NN-over-MM-…` say by their names which row is at work
/// in them; two rows that both limit could not be told apart by the decision alone. (What rows 5
/// and 6 admit is settled at row 13, so that under `rows` it is enough that the row spoke.)
fn row_fault(name: &str, traces: &[Vec<AuditRow>]) -> Option<String> {
    let (must_settle, numbered) = match name.strip_prefix("precedence/") {
        Some(rest) => (true, rest),
        None => (false, name.strip_prefix("rows/")?),
    };
    let row: u8 = numbered.get(..2)?.parse().ok()?;
    let speaks = |found: &AuditRow| {
        found.row.number() == row && !found.observed && (found.settled || !must_settle)
    };
    let shown = traces.iter().flatten().any(speaks);
    (!shown).then(|| format!("row {row} decides none of its contacts"))
}

/// All of them, decided once for all tests.
static ALL: LazyLock<Vec<Shown>> = LazyLock::new(|| {
    let mut profiles = BTreeMap::new();
    files().iter().map(|file| decide(file, &mut profiles)).collect()
});

#[test]
fn every_scenario_is_decided_as_it_says() {
    let all = &*ALL;
    let failing: Vec<String> = all
        .iter()
        .filter(|shown| !shown.faults.is_empty())
        .map(|shown| format!("{}\n    {}", shown.name, shown.faults.join("\n    ")))
        .collect();
    assert!(
        failing.is_empty(),
        "{} of {} scenarios fail:\n{}",
        failing.len(),
        all.len(),
        failing.join("\n")
    );
}

#[test]
fn the_scenarios_show_every_kind_and_every_row() {
    let all = &*ALL;
    assert!(all.len() >= FILES_MIN, "only {} scenarios were found", all.len());
    let kinds: BTreeSet<KindName> = all.iter().flat_map(|shown| shown.kinds.clone()).collect();
    let missing: Vec<_> = KindName::ALL.into_iter().filter(|kind| !kinds.contains(kind)).collect();
    assert!(missing.is_empty(), "no scenario shows {missing:?}");
    let rows: BTreeSet<u8> = all
        .iter()
        .flat_map(|shown| shown.traces.iter().flatten())
        .map(|found| found.row.number())
        .collect();
    let missing: Vec<_> = (0..=LAST_ROW).filter(|row| !rows.contains(row)).collect();
    assert!(missing.is_empty(), "no scenario shows row {missing:?} of the decision order");
}

#[test]
fn each_kind_has_a_folder_and_each_row_its_precedence() {
    for kind in KindName::ALL {
        assert!(folder().join("kinds").join(kind.name()).is_dir(), "kinds/{kind} is missing");
    }
    let names: Vec<String> = files()
        .iter()
        .filter_map(|file| Some(file.strip_prefix(folder()).ok()?.display().to_string()))
        .collect();
    for row in 0..LAST_ROW {
        let over = format!("precedence/{row:02}-over-{:02}-", row + 1);
        assert!(names.iter().any(|name| name.starts_with(&over)), "{over}… is missing");
    }
}

fn simulate(profile: &Path, scenario: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .arg("simulate")
        .arg("--profile")
        .arg(profile)
        .arg("--expect")
        .arg(scenario)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn the_command_gives_the_same_answer() {
    for name in [
        "rows/12-quotas/over-the-contact-quota-is-limited.json",
        "organisations/profile-derby-homes/a-restriction-holds-while-its-appeal-is-heard.json",
    ] {
        let file = folder().join(name);
        let (code, out, err) = simulate(&profile_file(&file), &file);
        assert_eq!(code, Some(0), "{name}: {err}");
        for line in out.lines() {
            serde_json::from_str::<Value>(line).unwrap();
        }
    }
}

#[test]
fn the_command_says_what_is_not_as_expected() {
    let file = folder().join("rows/12-quotas/over-the-contact-quota-is-limited.json");
    let source = std::fs::read_to_string(&file).unwrap();
    let mut wrong: Value = serde_json::from_str(&source).unwrap();
    wrong["contacts"][2]["expect"]["disposition"] = "file".into();
    let directory = tempfile::tempdir().unwrap();
    let changed = directory.path().join("changed.json");
    std::fs::write(&changed, wrong.to_string()).unwrap();
    let (code, _, err) = simulate(&profile_file(&file), &changed);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("contact `c-3`: disposition: expected \"file\""), "{err}");
}
