//! A fault of a configuration: where, what and the remedy.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// Where a value was written.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultPlace {
    /// A line of a file, counted from 1.
    Line { file: Arc<str>, line: usize },
    /// A file as a whole.
    File(Arc<str>),
    /// An environment variable, by name.
    Variable(Arc<str>),
}

impl FaultPlace {
    pub(super) fn file(path: &Path) -> Self {
        FaultPlace::File(Arc::from(path.display().to_string()))
    }

    /// What the place is in, to keep one file's faults together.
    fn source(&self) -> &str {
        match self {
            FaultPlace::Line { file, .. } | FaultPlace::File(file) => file,
            FaultPlace::Variable(name) => name,
        }
    }

    fn line(&self) -> usize {
        match self {
            FaultPlace::Line { line, .. } => *line,
            FaultPlace::File(_) | FaultPlace::Variable(_) => 0,
        }
    }
}

impl fmt::Display for FaultPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultPlace::Line { file, line } => write!(f, "{file}:{line}"),
            FaultPlace::File(file) => f.write_str(file),
            FaultPlace::Variable(name) => f.write_str(name),
        }
    }
}

impl Serialize for FaultPlace {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Why a value is not valid for its key, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    pub wrong: String,
    pub right: String,
}

impl Wrong {
    pub(in crate::config) fn new(wrong: impl Into<String>, right: impl Into<String>) -> Self {
        Wrong { wrong: wrong.into(), right: right.into() }
    }
}

/// One thing that is wrong. Written `place: key: wrong; right`. It never holds a secret, an
/// address or a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fault {
    pub place: FaultPlace,
    /// The dotted path of the key, `organisation[0].mode`; empty where no key is meant.
    pub key: String,
    pub wrong: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub right: Option<String>,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.wrong)?;
        match &self.right {
            Some(right) => write!(f, "; {right}"),
            None => Ok(()),
        }
    }
}

/// Everything that is wrong, file by file in the order in which they are read, each by line.
/// Trying again does not help until somebody has mended it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    pub(super) fn sorted(mut faults: Vec<Fault>) -> Self {
        let mut sources: Vec<String> = Vec::new();
        for fault in &faults {
            if !sources.iter().any(|source| source == fault.place.source()) {
                sources.push(fault.place.source().to_owned());
            }
        }
        faults.sort_by_key(|fault| {
            let source = sources.iter().position(|source| source == fault.place.source());
            (source, fault.place.line())
        });
        faults.dedup();
        Faults(faults)
    }

    /// A fault of a whole file: it can't be read, or is not TOML.
    pub(super) fn of_file(path: &Path, wrong: String) -> Self {
        let place = FaultPlace::file(path);
        Faults(vec![Fault { place, key: String::new(), wrong, right: None }])
    }

    pub fn iter(&self) -> std::slice::Iter<'_, Fault> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// Something that is allowed, and that somebody should know of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The organisation it is about; `None`: all of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organisation: Option<String>,
    pub text: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.organisation {
            Some(organisation) => write!(f, "organisation `{organisation}`: {}", self.text),
            None => f.write_str(&self.text),
        }
    }
}

/// A path of the configuration, relative to the folder of the file that names it.
pub(super) fn beside(file: &Path, named: &str) -> PathBuf {
    match file.parent() {
        Some(folder) => folder.join(named),
        None => PathBuf::from(named),
    }
}
