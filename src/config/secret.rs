//! Secrets: from an environment variable or a file, never from the configuration itself, and never
//! printed.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use super::Secrets;
use super::environment::Environment;
use super::node;
use super::reader::Field;

/// Stands in for a secret that is not looked up. Nothing is signed or checked by it.
const LEFT_ALONE: &str = "left alone";
const RIGHT: &str = "write { env = \"NAME\" } or { file = \"PATH\" }";

/// Where secrets are looked up.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a Environment,
    /// The configuration file, beside which relative paths begin.
    pub(super) file: &'a Path,
    /// Files that secrets were read from.
    pub(super) files: RefCell<BTreeSet<PathBuf>>,
    pub(super) secrets: Secrets,
}

impl Sources<'_> {
    /// A secret named by a field, `{ env = "NAME" }` or `{ file = "PATH" }`.
    pub(super) fn secret(&self, field: &Field<'_>) -> Option<SecretString> {
        if field.node().table().is_none() {
            field.fault("is not a source of a secret", RIGHT);
            return None;
        }
        let section = field.section()?;
        let variable = section.field("env");
        let file = section.field("file");
        section.close();
        if self.secrets == Secrets::LeftAlone && variable.is_some() != file.is_some() {
            return Some(SecretString::from(LEFT_ALONE));
        }
        let (found, named) = match (variable, file) {
            (Some(variable), None) => (self.variable(&variable)?, variable),
            (None, Some(file)) => (self.file(&file)?, file),
            (Some(_), Some(_)) | (None, None) => {
                field.fault("must name exactly one source", RIGHT);
                return None;
            }
        };
        let found = found.trim();
        if found.is_empty() {
            named.fault("leads to an empty secret", "put the provider's secret there");
            return None;
        }
        Some(SecretString::from(found))
    }

    fn variable(&self, field: &Field<'_>) -> Option<String> {
        let name = field.words()?;
        let found = self.environment.get(name).cloned();
        if found.is_none() {
            field.fault(
                format!("the environment variable `{name}` is not set"),
                "set it where the gateway is started",
            );
        }
        found
    }

    fn file(&self, field: &Field<'_>) -> Option<String> {
        let path = field.file_beside(self.file)?;
        match node::read(&path) {
            Ok(text) => {
                self.files.borrow_mut().insert(path);
                Some(text)
            }
            Err(faults) => {
                let wrong = faults.iter().next().map(|fault| fault.wrong.clone());
                field.fault(
                    format!("`{}` {}", path.display(), wrong.unwrap_or_default()),
                    "name a file that the gateway's user can read",
                );
                None
            }
        }
    }
}
