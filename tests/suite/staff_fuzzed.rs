//! The staff API, asked by schemathesis whatever its own document allows, and much that it does not: every answer
//! must be documented, in status, kind and shape, and none may be a fault of the gateway's.

use std::path::Path;
use std::process::Command;

use crate::console::demo::Demo;

/// Examples per operation and phase. The seed makes a run repeatable.
const EXAMPLES: &str = "4";
const SEED: &str = "1";

const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

/// What the demo has: so that what is asked gets past "there is no such person".
const KNOWN: &str = r#"
[parameters]
"path.person" = "K-6"
"path.queue" = "limited"
"path.item" = "demo-karbon-3"
"path.restriction" = "K-6-R-1"
"path.appeal" = "K-6-A-1"
"path.letter" = "K-6-L-1"
"path.class" = "items"
"path.name" = "figures"
"#;

fn asked(demo: &Demo, config: &str, phases: &str) -> String {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/clients/bin/schemathesis");
    assert!(
        program.exists(),
        "schemathesis is not installed: run tests/run once (it needs the Debian packages python3 and \
         python3-venv)"
    );
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("schemathesis.toml");
    std::fs::write(&file, config).unwrap();
    let output = Command::new(program)
        .current_dir(folder.path())
        .arg("--config-file")
        .arg(&file)
        .arg("run")
        .arg(format!("{}/api/v1/openapi.json", demo.root()))
        .args(["--header", &format!("Authorization: Bearer {}", demo.token)])
        .args(["--checks", CHECKS, "--phases", phases, "--max-examples", EXAMPLES])
        // One worker: threads that parse at once end in a SystemError of Python before 3.12.3 (gh-106905).
        .args(["--seed", SEED, "--generation-database", "none", "--no-shrink", "--workers", "1"])
        .args(["--continue-on-failure", "--request-timeout", "30", "--no-color"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
    said
}

#[test]
fn every_answer_of_the_staff_api_is_documented_and_none_is_a_fault() {
    let demo = Demo::start();
    // Ids that are nobody's, and then the demo's own.
    for (config, phases) in [("", "coverage"), (KNOWN, "fuzzing")] {
        let said = asked(&demo, config, phases);
        // All but the document's own, from which it is all read.
        let routes = include_str!("routes.txt").lines().count() - 1;
        assert!(said.contains(&format!("Tested: {routes}")), "each operation: {said}");
    }
}
