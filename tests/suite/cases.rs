//! Every file under `tests/cases/`, taken step by step as `simulate --cases --expect` takes it.
//!
//! Adding a case needs no change here: `tests/cases/README.md` says how.

mod policies;
mod twins;

use std::path::{Path, PathBuf};
use std::process::Command;

/// So many files at least show that the folders were found and read.
const FILES_MIN: usize = 200;

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

/// Looks at each, on every processor: a scenario is a process of its own.
fn found_in_each<T: Sync>(all: &[T], look: impl Fn(&T) -> Option<String> + Sync) -> Vec<String> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let look = &look;
    std::thread::scope(|scope| {
        let pieces = all.chunks(all.len().div_ceil(processors).max(1));
        let looking: Vec<_> = pieces
            .map(|piece| scope.spawn(move || piece.iter().filter_map(look).collect::<Vec<_>>()))
            .collect();
        looking.into_iter().flat_map(|piece| piece.join().unwrap()).collect()
    })
}

#[test]
fn every_case_goes_as_expected() {
    let files = files();
    assert!(files.len() >= FILES_MIN, "{}", files.len());
    let faults = found_in_each(&files, |(profile, file)| {
        let (code, _, err) = simulate(profile, file);
        let said: Vec<&str> = err.lines().filter(|line| !line.starts_with("warning: ")).collect();
        (code != Some(0)).then(|| format!("{}: {code:?}\n{}", file.display(), said.join("\n")))
    });
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
            r#"{"at": "2026-01-05T10:00:00Z", "by": "Ann", "by": "Bob", "person": "P-1", "act": "submit"}"#,
            "steps[0].by: the key `by` is given twice",
        ),
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
