//! What no test can start here, a container engine, a cluster and systemd, is read by their own schemas and linters.

use std::process::Command;

use super::tools::{documents, finds_nothing, root};

#[test]
fn the_dockerfile_is_clean() {
    finds_nothing("hadolint", &["--no-color", "Dockerfile"]);
}

#[test]
fn the_compose_files_follow_their_schema() {
    let schema = ["--builtin-schema", "vendor.compose-spec"];
    for file in ["packaging/compose.yaml", "packaging/compose.s3.yaml"] {
        finds_nothing("check-jsonschema", &[&schema[..], &[file]].concat());
    }
}

/// Docker's own default never rotates a log.
#[test]
fn every_container_that_runs_on_has_a_log_that_rotates() {
    for file in ["packaging/compose.yaml", "packaging/compose.s3.yaml"] {
        let all = documents(file);
        let services = all[0]["services"].as_object().unwrap();
        let on: Vec<_> = services.iter().filter(|(_, one)| one["restart"].is_string()).collect();
        assert!(!on.is_empty(), "{file}");
        for (name, service) in on {
            let options = &service["logging"]["options"];
            assert!(options["max-size"].is_string(), "{file}: {name}");
            assert!(options["max-file"].is_string(), "{file}: {name}");
        }
    }
}

#[test]
fn workflows_and_forms_for_issues_follow_their_schemas() {
    for (schema, file) in [
        ("vendor.github-workflows", ".github/workflows/gate.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/bug.yml"),
        ("vendor.github-issue-forms", ".github/ISSUE_TEMPLATE/decision.yml"),
        ("vendor.github-issue-config", ".github/ISSUE_TEMPLATE/config.yml"),
    ] {
        finds_nothing("check-jsonschema", &["--builtin-schema", schema, file]);
    }
}

/// The oldest version that knows all of it, and the newest whose schemas the validator has.
#[test]
fn the_manifests_follow_the_schemas_of_kubernetes() {
    for version in ["1.30", "1.37"] {
        finds_nothing(
            "kubernetes-validate",
            &["--strict", "-k", version, "packaging/kubernetes/contact-gateway.yaml"],
        );
    }
}

#[test]
fn each_alert_says_how_bad_it_is_and_what_it_means() {
    let rules = documents("config/monitoring/alerts.yml");
    let rules = rules[0]["groups"][0]["rules"].as_array().unwrap();
    assert!(rules.len() >= 18, "the alerts lost some");
    for rule in rules {
        let name = rule["alert"].as_str().unwrap();
        assert!(name.starts_with("ContactGateway") && rule["expr"].is_string(), "{name}");
        let severity = rule["labels"]["severity"].as_str().unwrap();
        assert!(["critical", "warning"].contains(&severity), "{name}");
        assert!(rule["annotations"]["summary"].is_string(), "{name}");
    }
    let job = documents("config/monitoring/prometheus.yml");
    assert_eq!(job[0]["scrape_configs"][0]["metrics_path"], "/metrics");
    assert_eq!(job[0]["rule_files"][0], "alerts.yml");
}

fn systemd_analyze(arguments: &[&str]) -> Command {
    let mut command = Command::new("systemd-analyze");
    command.args(arguments).env("SYSTEMD_PAGER", "").env("SYSTEMD_COLORS", "0");
    command
}

/// What it prints on both of its outputs, and whether it ended well.
fn analyzed(mut command: Command) -> (bool, String) {
    let output = command
        .output()
        .unwrap_or_else(|fault| panic!("install the Debian package `systemd`: {fault}"));
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn systemd_understands_every_line_of_the_units() {
    let folder = tempfile::tempdir().unwrap();
    let mut verify = systemd_analyze(&["verify", "--man=no"]);
    for (name, unit) in super::units() {
        // What a unit starts must be there.
        let unit = unit.replace("/usr/bin/contact-gateway", env!("CARGO_BIN_EXE_contact-gateway"));
        let path = folder.path().join(&name);
        std::fs::write(&path, unit).unwrap();
        verify.arg(path);
    }
    assert_eq!(analyzed(verify), (true, String::new()));
}

/// Tenths of what `systemd-analyze security` may rate a service at most; 100 is no protection at all.
const EXPOSURE_MAX: &str = "--threshold=15";

#[test]
fn services_are_exposed_no_further_than_they_must_be() {
    let services = super::units().into_iter().filter(|(name, _)| name.ends_with(".service"));
    let services: Vec<String> = services.map(|(name, _)| name).collect();
    assert_eq!(services.len(), 2);
    for name in services {
        let path = root().join("config/systemd").join(&name);
        let mut rated = systemd_analyze(&["security", "--offline=true", EXPOSURE_MAX]);
        rated.arg(path);
        let (is_within, said) = analyzed(rated);
        assert!(is_within, "{said}");
    }
}
