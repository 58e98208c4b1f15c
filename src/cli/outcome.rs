//! How a command ends: exit 0 ok, 1 the answer is no, 2 bad input with the place named.

use std::fmt::Display;
use std::io::Write;
use std::path::Path;

use crate::config::Faults;
use crate::runtime::json::JsonFault;

/// What a command answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Exit 0.
    Yes,
    /// Exit 1.
    No,
}

/// Why a command can't answer: exit 2. One fault per line, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", .lines.join("\n"))]
pub struct Fault {
    pub lines: Vec<String>,
}

impl Fault {
    /// Bad input, in one line that names the place and what would be right.
    pub fn input(line: impl Into<String>) -> Self {
        Fault { lines: vec![line.into()] }
    }

    /// A fault in a JSON file: `people.json:12: people[3].id: …`.
    pub fn in_file(file: &str, fault: &JsonFault) -> Self {
        let JsonFault { line, column, key, message, .. } = fault;
        let key = if key.is_empty() || key == "." { String::new() } else { format!("{key}: ") };
        Fault::input(format!("{file}:{line}:{column}: {key}{message}"))
    }

    /// Trouble of ours that no input explains.
    pub fn internal(error: impl Display) -> Self {
        Fault::input(format!("the gateway itself failed: {error}"))
    }
}

impl From<Faults> for Fault {
    fn from(faults: Faults) -> Self {
        Fault { lines: faults.iter().map(ToString::to_string).collect() }
    }
}

/// Reads a file whole.
///
/// # Errors
/// Names the file and what the system says.
pub fn read_file(path: &Path) -> Result<String, Fault> {
    std::fs::read_to_string(path)
        .map_err(|error| Fault::input(format!("{}: can't be read: {error}", path.display())))
}

/// Writes a line, at once: the log, which others write to the same place, must not come between its pieces. A closed pipe
/// is not the command's fault.
pub fn say(to: &mut dyn Write, line: impl Display) {
    let _ = to.write_all(format!("{line}\n").as_bytes());
}
