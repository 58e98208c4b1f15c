//! `import`, as the command that it is: a people file in, an exit code and messages out.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A folder with a configuration and room for a store.
pub struct Place {
    pub folder: tempfile::TempDir,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let profiles = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles");
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = format!(
            "[store]\nurl = \"embedded:{}\"\n[archive]\nurl = \"file:{}\"\n\
             [listen]\nstaff = \"127.0.0.1:8081\"\n\
             [[organisation]]\nid = \"tuntum\"\nprofile = \"{}\"\nmode = \"observe\"\n",
            path("store"),
            path("archive"),
            profiles.join("tuntum.toml").display(),
        );
        std::fs::write(folder.path().join("gateway.toml"), config).unwrap();
        Place { folder }
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let file = self.folder.path().join(name);
        std::fs::write(&file, text).unwrap();
        file
    }

    pub fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(name)).unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
            .args(arguments)
            .args(["--organisation", "tuntum", "--config"])
            .arg(self.folder.path().join("gateway.toml"))
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    pub fn import(&self, name: &str, text: &str) -> Output {
        self.write(name, text);
        self.run(&["import", "--json", name])
    }
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

pub fn counts(output: &Output) -> Value {
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

const PEOPLE: &str = r#"[
  {"id": "P-1", "name": "Jo Doe",
   "identifiers": [{"kind": "email", "value": "jo@home.example"},
                   {"kind": "phone", "value": "0115 496 0123"}],
   "restrictions": [
     {"id": "R-1", "kind": "contact_quota", "limit": 2, "per": "week", "grounds": "demands",
      "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"}]},
  {"id": "P-2", "name": "Al Roe"}
]"#;

#[test]
fn people_are_imported_and_the_same_file_again_changes_nothing() {
    let place = Place::new();
    let first = counts(&place.import("people.json", PEOPLE));
    assert_eq!(first, json!({"people": 2, "restrictions": 1, "unchanged": 0, "ended": []}));
    let again = counts(&place.import("people.json", PEOPLE));
    assert_eq!(again, json!({"people": 2, "restrictions": 1, "unchanged": 2, "ended": []}));
    let one_more = PEOPLE.replace("Al Roe", "Alice Roe");
    let changed = counts(&place.import("people.json", &one_more));
    assert_eq!(changed["unchanged"], 1);
}

#[test]
fn progress_goes_to_stderr_and_the_result_to_stdout() {
    let place = Place::new();
    let people: Vec<Value> =
        (0..2_500).map(|number| json!({"id": format!("P-{number}"), "name": "x"})).collect();
    let output = place.import("people.json", &Value::from(people).to_string());
    assert_eq!(counts(&output)["people"], 2_500);
    let progress = text(&output.stderr);
    assert!(progress.contains("1000 of 2500 people checked"), "{progress}");
    assert!(progress.contains("2500 of 2500 people checked"), "{progress}");
}

#[test]
fn a_csv_file_says_the_same_as_a_json_list() {
    let place = Place::new();
    counts(&place.import("people.json", PEOPLE));
    let csv = "id,name,email,phone,restriction,kind,limit,per,grounds,starts,review_due,decided_by\n\
               P-1,Jo Doe,jo@home.example,0115 496 0123,R-1,contact_quota,2,week,demands,2026-11-01,2027-05-01,A\n\
               P-2,Al Roe,,,,,,,,,,\n";
    let same = counts(&place.import("people.csv", csv));
    assert_eq!(same, json!({"people": 2, "restrictions": 1, "unchanged": 2, "ended": []}));
}

#[test]
fn a_name_that_no_page_can_show_is_refused_with_its_line() {
    let place = Place::new();
    let long = "x".repeat(2_000_000);
    let people = format!(
        "[\n{{\"id\": \"P-1\", \"name\": \"Jo\\u001b[2J\"}},\n{{\"id\": \"P-2\", \"name\": \"{long}\"}}]"
    );
    let refused = place.import("people.json", &people);
    let said = text(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("people.json:2:") && said.contains("[0].name: person \"P-1\""), "{said}");
    assert!(said.contains("has the control character U+001B"), "{said}");
    assert!(
        said.contains("[1].name: person \"P-2\": has 2000000 characters; 200 at most"),
        "{said}"
    );
    let rows = "id,name\nP-1,\"Jo\nDoe\"\n";
    let refused = place.import("people.csv", rows);
    let said = text(&refused.stderr);
    assert!(said.contains("has the control character U+000A"), "{said}");
}

/// What was refused, line by line, without the file's name.
fn refused(place: &Place, name: &str, text_in: &str) -> Vec<String> {
    let output = place.import(name, text_in);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stdout));
    assert!(output.stdout.is_empty(), "{}", text(&output.stdout));
    let listed = counts(&place.run(&["import", "--json", "nobody.json"]));
    assert_eq!(listed["people"], 0);
    text(&output.stderr)
        .lines()
        .filter(|line| !line.contains("people checked"))
        .map(|line| line.strip_prefix(&format!("{name}:")).unwrap_or(line).to_owned())
        .collect()
}

#[test]
fn every_fault_of_a_file_is_named_at_once_and_nothing_is_imported() {
    let place = Place::new();
    place.write("nobody.json", "[]");
    let faulty = r#"[
  {"id": "P-1", "nmae": "Jo"},
  {"id": "P-2", "identifiers": [{"kind": "phone", "value": "999"}],
   "restrictions": [
     {"id": "R-1", "kind": "contact_quota", "per": "week"}]},
  {"id": "P-3",
   "restrictions": [
     {"id": "R-2", "kind": "contact_quota", "limit": 1, "per": "week", "grounds": "g",
      "decided_by": "A", "starts": "2026-11-01",
      "review_due": "2028-01-01"},
     {"id": "R-3", "kind": "visits_in_pairs", "grounds": "g", "decided_by": "A",
      "starts": "2026-11-01", "ends": "2026-12-01"},
     {"id": "R-4", "kind": "channels_only", "grounds": "g", "decided_by": "A", "channels": ["email", "post"],
      "starts": "2026-11-01", "ends": "2026-10-01"}]},
  {"id": "P-3"}
]"#;
    let faults = refused(&place, "people.json", faulty);
    let starts: Vec<&str> = faults
        .iter()
        .map(|fault| fault.split(" person ").next().unwrap().trim_end_matches(':'))
        .collect();
    assert_eq!(
        starts,
        [
            "2:22: [0].nmae",
            "5:6: [1].restrictions[0].limit",
            "10:21: [2].restrictions[0].review_due",
            "11:28: [2].restrictions[1].kind",
            "13:102: [2].restrictions[2].channels[1]",
            "14:39: [2].restrictions[2].ends",
            "15:10: [3].id",
            " 7 fault(s); nothing was imported",
        ],
        "{faults:#?}"
    );
    assert!(faults[2].contains("12 months") && faults[2].contains("clause 8.8"), "{}", faults[2]);
    assert!(faults[3].contains("does not allow `visits_in_pairs` (clause 8.3)"), "{}", faults[3]);
    assert!(faults[4].contains("`post` is neither a channel"), "{}", faults[4]);
    assert!(faults[6].contains("line 6"), "{}", faults[6]);
}

#[test]
fn a_file_of_the_wrong_kind_is_refused_with_what_would_be_right() {
    let place = Place::new();
    place.write("nobody.json", "[]");
    for (name, written, says) in [
        ("people.json", "{\"people\": []}", "a JSON list of people"),
        ("people.json", "[{\"id\": \"P\"", "EOF while parsing"),
        (
            "people.csv",
            "id,telephone\nP-1,1\n",
            "telephone: is not a known column; use one of \
            id, name",
        ),
        ("people.csv", "name\nx\n", "no column `id`"),
        ("people.csv", "id,limit\nP-1,2\n", "missing field `id`"),
    ] {
        let faults = refused(&place, name, written);
        assert!(faults.iter().any(|fault| fault.contains(says)), "{written}: {faults:?}");
    }
    let missing = place.run(&["import", "no-such-file.json"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(text(&missing.stderr).contains("no-such-file.json"), "{}", text(&missing.stderr));
}

#[test]
fn an_identifier_of_two_people_is_no_fault_but_said() {
    let place = Place::new();
    let twice = r#"[
      {"id": "P-1", "identifiers": [{"kind": "phone", "value": "0115 496 0123"}]},
      {"id": "P-2", "identifiers": [{"kind": "phone", "value": "+44 115 496 0123"}]}
    ]"#;
    let output = place.import("people.json", twice);
    assert_eq!(counts(&output)["people"], 2);
    let said = text(&output.stderr);
    assert!(
        said.contains("\"P-1\" and \"P-2\" share an identifier that is not marked shared"),
        "{said}"
    );
    assert!(!said.contains("496"), "no number in a message: {said}");
}

#[test]
fn a_command_line_that_cant_be_read_is_exit_2() {
    let place = Place::new();
    for arguments in [&["import"][..], &["import", "--bogus", "x"], &["queue", "frobnicate"]] {
        let output = place.run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
    let bare = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["queue", "list"])
        .env_remove("CONTACT_GATEWAY_CONFIG")
        .output()
        .unwrap();
    assert_eq!(bare.status.code(), Some(2));
    assert!(text(&bare.stderr).contains("--config FILE is missing"), "{}", text(&bare.stderr));
}

#[test]
fn answers_for_equality_figures_are_columns_and_only_what_is_offered_is_recorded() {
    let place = Place::new();
    place.write("nobody.json", "[]");
    let csv = "id,name,equality_sex,equality_age\nP-1,Jo Doe,female,\nP-2,Al Roe,secret,35\n";
    let faults = refused(&place, "people.csv", csv);
    assert!(faults[0].contains("2: equality_sex") && faults[0].contains("[organisation.equality]"));
    let config =
        place.read("gateway.toml") + "[organisation.equality]\nsex = [\"female\", \"male\"]\n";
    place.write("gateway.toml", &config);
    let faults = refused(&place, "people.csv", csv);
    let starts: Vec<&str> = faults.iter().filter_map(|one| one.split(": person ").next()).collect();
    assert_eq!(
        starts,
        ["3: equality_age", "3: equality_sex", " 2 fault(s); nothing was imported"],
        "{faults:?}"
    );
    assert!(faults.iter().all(|one| !one.contains("secret")), "{faults:?}");
    let right = csv.replace("secret,35", "prefers_not_to_say,");
    let first = counts(&place.import("people.csv", &right));
    assert_eq!((&first["people"], &first["equality"]), (&json!(2), &json!(2)), "{first}");
    let again = counts(&place.import("people.csv", &right));
    assert_eq!((&again["unchanged"], again.get("equality")), (&json!(2), None), "{again}");
}
