"""A crate of `src/domain`, with what takes profiles, scenarios and cases to it, and those tests of the suite that need no more.

Its files are copies: what a mutant breaks is never the repository's. Its manifest is the gateway's. The tests of the
suite are unit tests in it, so that one program is built.
"""

import pathlib
import re
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# With the features that `tests/run` builds with.
TEST = ["cargo", "test", "--locked", "--lib", "--features", "pdf,oidc,otlp"]
# What is taken as it is, besides all of `domain`.
COPIED = [
    "src/casework/case_replay.rs",
    "src/casework/person_check.rs",
    "src/casework/replay.rs",
    "src/cli/expectation.rs",
    "src/cli/outcome.rs",
    "src/cli/simulate.rs",
    "src/cli/simulate",
    "src/config/bank_holidays.rs",
    "src/config/fault.rs",
    "src/config/languages.rs",
    "src/config/node.rs",
    "src/config/profile.rs",
    "src/config/profile",
    "src/config/reader.rs",
    "src/config/reader",
    "src/domain.rs",
    "src/domain",
    "src/runtime/json.rs",
    "src/runtime/limits.rs",
    "src/runtime/limits",
]
# Tests of the suite that need nothing else.
SUITE = ["calendars", "cases", "letters", "notices", "profiles", "properties", "safeguard_words", "scenarios"]
# What they read.
LINKED = ["config", "tests/calendar", "tests/cases", "tests/letters", "tests/notices", "tests/scenarios"]

LIB = """pub mod domain;
#[cfg(test)]
extern crate self as contact_gateway;
#[cfg(test)]
mod suite;
pub mod casework {
    pub mod case_replay;
    pub mod person_check;
    pub mod replay;
    mod case {
        use super::person_check::faults_of_change;
        use crate::domain::{broken::Broken, organisation::Organisation, person::Person, refusal_code::RefusalCode};
        CHECK_RECORD
    }
}
pub mod cli {
    pub mod expectation;
    pub mod outcome;
    #[cfg(test)]
    pub mod program;
    pub mod simulate;
    pub use outcome::{Fault, Outcome, read_file, say};
    /// A whole configuration is not read here.
    mod load {
        use super::Fault;
        use crate::domain::organisation::Organisation;
        pub fn without_secrets(_: &std::path::Path) -> Result<(), Fault> {
            Err(Fault::input("name a profile"))
        }
        pub fn organisation(_: &(), _: &str) -> Result<std::sync::Arc<Organisation>, Fault> {
            Err(Fault::input("name a profile"))
        }
    }
}
pub mod config {
    pub mod bank_holidays;
    pub mod fault;
    pub mod profile;
    mod languages;
    mod node;
    mod reader;
    pub use fault::{Fault, FaultPlace, Faults, Warning, Wrong};
}
pub mod runtime {
    pub mod json;
    pub mod limits;
}
"""

# The program, as the suite starts it, within the test's own process: another would have to be built for each mutant.
PROGRAM = """use super::simulate::{SimulateArgs, run};
use super::Outcome;
use clap::Parser;
#[derive(Parser)]
enum Asked {
    Simulate(SimulateArgs),
}
pub struct Command(Vec<std::ffi::OsString>);
pub struct Status(Option<i32>);
pub struct Output {
    pub status: Status,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}
impl Status {
    pub fn code(&self) -> Option<i32> {
        self.0
    }
    pub fn success(&self) -> bool {
        self.0 == Some(0)
    }
}
impl Command {
    pub fn new(program: &str) -> Self {
        Command(vec![program.into()])
    }
    pub fn arg(&mut self, one: impl Into<std::ffi::OsString>) -> &mut Self {
        self.0.push(one.into());
        self
    }
    pub fn args<A: Into<std::ffi::OsString>>(&mut self, all: impl IntoIterator<Item = A>) -> &mut Self {
        self.0.extend(all.into_iter().map(Into::into));
        self
    }
    pub fn env_remove(&mut self, _: &str) -> &mut Self {
        self
    }
    pub fn output(&mut self) -> std::io::Result<Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let Asked::Simulate(args) = Asked::try_parse_from(&self.0).map_err(std::io::Error::other)?;
        let code = match run(args, &mut stdout, &mut stderr) {
            Ok(Outcome::Yes) => 0,
            Ok(Outcome::No) => 1,
            Err(fault) => {
                stderr.extend(fault.to_string().into_bytes());
                2
            }
        };
        Ok(Output { status: Status(Some(code)), stdout, stderr })
    }
}
"""

def make(folder):
    shutil.rmtree(folder / "src", ignore_errors=True)
    for name in COPIED:
        copy(name, folder)
    write(folder / "src/lib.rs", LIB.replace("CHECK_RECORD", check_record()))
    write(folder / "src/cli/program.rs", PROGRAM)
    for file in suite():
        source = (ROOT / "tests" / file).read_text().replace("use crate::", "use crate::suite::")
        source = source.replace("use std::process::Command;", "use contact_gateway::cli::program::Command;")
        write(folder / "src" / file, source.replace('env!("CARGO_BIN_EXE_contact-gateway")', '"contact-gateway"'))
    write(folder / "src/suite.rs", "".join(f"mod {name};\n" for name in SUITE))
    for name in LINKED:
        link = folder / name
        # A folder made from another checkout has links there.
        link.unlink(missing_ok=True)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(ROOT / name)
    write(folder / "Cargo.toml", manifest())
    shutil.copy2(ROOT / "Cargo.lock", folder / "Cargo.lock")


def suite():
    top = ROOT / "tests/suite"
    files = [file for name in SUITE for file in [top / f"{name}.rs", *(top / name).rglob("*.rs")]]
    return [file.relative_to(ROOT / "tests") for file in files]


def copy(name, folder):
    """With its times, so that what has not changed is not built again."""
    to = folder / name
    to.parent.mkdir(parents=True, exist_ok=True)
    if (ROOT / name).is_dir():
        shutil.copytree(ROOT / name, to)
    else:
        shutil.copy2(ROOT / name, to)


def write(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def check_record():
    """The one function of a file that otherwise speaks of the store."""
    source = (ROOT / "src/casework/case.rs").read_text()
    found = re.search(r"^pub\(super\) fn check_record\(.*?^}\n", source, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit("src/casework/case.rs has no `check_record`")
    return found[0]


def manifest():
    """The gateway's own, so that its dependencies need not be built again; this crate is built to run quickly."""
    sections = re.split(r"\n(?=\[)", (ROOT / "Cargo.toml").read_text())
    kept = [one for one in sections if not one.startswith(("[[", "[lints"))]
    quick = "[profile.dev.package]\ncontact-gateway = { opt-level = 1, debug = false }"
    text = "\n".join(kept).replace("[profile.dev.package]", quick)
    return text.replace('default-run = "contact-gateway"\n', "") + "\n[workspace]\n"
