//! Linters and readers that `tests/run` installs from `tests/clients/requirements.txt`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

pub(super) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// One of the programs, to be run where the sources are.
fn tool(name: &str) -> Command {
    let path: PathBuf = root().join("target/clients/bin").join(name);
    assert!(
        path.exists(),
        "{name} is not installed: run tests/run once (it needs the Debian packages python3 and python3-venv)"
    );
    let mut command = Command::new(path);
    command.current_dir(root());
    command
}

fn said(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

/// Panics with what a linter says unless it finds nothing.
pub(super) fn finds_nothing(name: &str, arguments: &[&str]) {
    let output = tool(name).args(arguments).output().unwrap();
    assert!(output.status.success(), "{name} {arguments:?}\n{}", said(&output));
}

/// The documents of a YAML file.
pub(super) fn documents(name: &str) -> Vec<Value> {
    let reads = "import json, sys, yaml\n\
                 json.dump(list(yaml.safe_load_all(open(sys.argv[1]))), sys.stdout)";
    let output = tool("python").args(["-c", reads, name]).output().unwrap();
    assert!(output.status.success(), "{name}\n{}", said(&output));
    serde_json::from_slice(&output.stdout).unwrap()
}
