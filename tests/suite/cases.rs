//! Every file under `tests/cases/`, taken step by step as `simulate --cases --expect` takes it.
//!
//! Adding a case needs no change here: `tests/cases/README.md` says how.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// So many files at least show that the folders were found and read.
const FILES_MIN: usize = 200;

/// Every code with which a step is refused.
const CODES: [&str; 36] = [
    "adjustments.clash",
    "adjustments.not_considered",
    "agreement.missing",
    "appeal.not_hearer",
    "clause.missing",
    "dates.order",
    "dates.too_long",
    "decider.accused",
    "exception.not_allowed",
    "exception.unsigned",
    "field.missing",
    "grounds.missing",
    "hearer.involved",
    "hearer.role",
    "incident.missing",
    "kind.not_allowed",
    "kind.unset",
    "lesser.missing",
    "letter.changed",
    "letter.missing",
    "letter.not_approved",
    "letter.not_reviewed",
    "letter.not_sent",
    "letter.part_missing",
    "medium.not_allowed",
    "open_way.none",
    "profile.unset",
    "reference.unknown",
    "review.missing",
    "role.not_allowed",
    "sign_off.missing",
    "sign_off.proposer",
    "sign_off.role",
    "state.wrong",
    "vary.heavier",
    "warning.missing",
];

/// The folder `profile-tuntum` stands for `config/profiles/tuntum.toml`.
const PROFILE_FOLDER: &str = "profile-";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Each file, with the profile of its folder.
pub fn files() -> Vec<(PathBuf, PathBuf)> {
    let mut files = Vec::new();
    for folder in std::fs::read_dir(root().join("tests/cases")).unwrap() {
        let folder = folder.unwrap().path();
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let Some(profile) = name.strip_prefix(PROFILE_FOLDER) else {
            assert!(folder.is_file(), "{name}: folders are named profile-…");
            continue;
        };
        let profile = root().join(format!("config/profiles/{profile}.toml"));
        for file in std::fs::read_dir(&folder).unwrap() {
            files.push((profile.clone(), file.unwrap().path()));
        }
    }
    files.sort();
    files
}

fn simulate(profile: &Path, file: &Path) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_contact-gateway"))
        .args(["simulate", "--cases", "--expect", "--profile"])
        .arg(profile)
        .arg(file)
        .env_remove("CONTACT_GATEWAY_CONFIG")
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_case_goes_as_expected() {
    let files = files();
    assert!(files.len() >= FILES_MIN, "{}", files.len());
    let mut faults = Vec::new();
    let mut codes = BTreeSet::new();
    for (profile, file) in &files {
        let (code, out, err) = simulate(profile, file);
        if code != Some(0) {
            let said: Vec<&str> =
                err.lines().filter(|line| !line.starts_with("warning: ")).collect();
            faults.push(format!("{}: {code:?}\n{}", file.display(), said.join("\n")));
        }
        let steps: Vec<Value> =
            out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for refused in steps.iter().filter_map(|step| step["refused"].as_array()).flatten() {
            codes.insert(refused["code"].as_str().unwrap().to_owned());
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    let unseen: Vec<_> = CODES.into_iter().filter(|code| !codes.contains(*code)).collect();
    assert!(unseen.is_empty(), "no file is refused with {unseen:?}");
}

#[test]
fn what_is_not_as_expected_is_shown_and_ends_with_1() {
    let file = root().join("tests/cases/profile-tuntum/a-warning-then-a-restriction.json");
    let changed = std::fs::read_to_string(&file).unwrap().replacen(
        "\"released\": [\"c-3\"]",
        "\"released\": [\"c-9\"]",
        1,
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("changed.json");
    std::fs::write(&path, changed).unwrap();
    let (code, _, err) = simulate(&root().join("config/profiles/tuntum.toml"), &path);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("released: expected an element \"c-9\", found [\"c-3\"]"), "{err}");
}

#[test]
fn a_step_that_is_none_names_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.json");
    let profile = root().join("config/profiles/tuntum.toml");
    let staff = r#""staff": [{"name": "Ann", "role": "manager"}]"#;
    let cases = [
        (r#"{"at": "2026-01-05T10:00:00Z", "by": "Ann", "person": "P-1", "act": "fly"}"#, "fly"),
        (r#"{"at": "yesterday", "diary": {}}"#, "steps[0].at: `yesterday` is not an instant"),
        (
            r#"{"at": "2026-01-05T10:00:00Z", "by": "Bob", "person": "P-1", "act": "submit"}"#,
            "`by` is `Bob`",
        ),
        (
            r#"{"at": "2026-01-05T10:00:00Z", "by": "Ann", "person": "P-2", "act": "submit"}"#,
            "`P-2` is not among",
        ),
        (
            r#"{"at": "2026-01-05T10:00:00Z", "by": "Ann", "person": "P-1", "act": "submit", "propsal": "x"}"#,
            "propsal",
        ),
    ];
    for (step, said) in cases {
        let text = format!(r#"{{"people": [{{"id": "P-1"}}], {staff}, "steps": [{step}]}}"#);
        std::fs::write(&path, text).unwrap();
        let (code, _, err) = simulate(&profile, &path);
        assert_eq!(code, Some(2), "{step}: {err}");
        assert!(err.contains(said), "{step}: {err}");
    }
}
