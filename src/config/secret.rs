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

/// Replaces a secret that is not looked up. Nothing is signed or checked by it.
const LEFT_ALONE: &str = "left alone";
const RIGHT: &str = "write { env = \"NAME\" }, { file = \"PATH\" } or { credential = \"NAME\" }";
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Where secrets are looked up.
pub(super) struct Sources<'a> {
    pub(super) environment: &'a Environment,
    /// The configuration file; relative paths begin in its folder.
    pub(super) file: &'a Path,
    /// Files that secrets were read from.
    pub(super) files: RefCell<BTreeSet<PathBuf>>,
    pub(super) secrets: Secrets,
}

impl Sources<'_> {
    /// A secret named by a field, `{ env = "NAME" }`, `{ file = "PATH" }` or `{ credential = "NAME" }`.
    pub(super) fn secret(&self, field: &Field<'_>) -> Option<SecretString> {
        self.looked_up(field, self.secrets)
    }

    /// As [`Sources::secret`], and looked up for every command: without it the store can't be read.
    pub(super) fn key(&self, field: &Field<'_>) -> Option<SecretString> {
        self.looked_up(field, Secrets::LookedUp)
    }

    fn looked_up(&self, field: &Field<'_>, secrets: Secrets) -> Option<SecretString> {
        if field.node().table().is_none() {
            field.fault("is not a source of a secret", RIGHT);
            return None;
        }
        let section = field.section()?;
        let (variable, file) = (section.field("env"), section.field("file"));
        let credential = section.field("credential");
        section.close();
        let sources = [&variable, &file, &credential];
        if sources.into_iter().flatten().count() != 1 {
            field.fault("must name exactly one source", RIGHT);
            return None;
        }
        if secrets == Secrets::LeftAlone {
            return Some(SecretString::from(LEFT_ALONE));
        }
        let (found, named) = match (variable, file, credential) {
            (Some(variable), ..) => (self.variable(&variable)?, variable),
            (_, Some(file), _) => (self.file(&file)?, file),
            (_, _, Some(credential)) => (self.credential(&credential)?, credential),
            (None, None, None) => return None,
        };
        let found = found.trim();
        if found.is_empty() {
            named.fault("leads to an empty secret", "put the provider's secret there");
            return None;
        }
        Some(SecretString::from(found))
    }

    /// What systemd passed to the service (systemd.exec(5), "CREDENTIALS").
    fn credential(&self, field: &Field<'_>) -> Option<String> {
        let name = field.words()?;
        if name.contains('/') || name.starts_with('.') {
            field.fault("is not the name of a credential", "write the name in LoadCredential=");
            return None;
        }
        let Some(folder) = self.environment.get(CREDENTIALS) else {
            field.fault(
                format!("`{CREDENTIALS}` is not set: systemd passed no credentials"),
                "add LoadCredential= to the service, or name a file",
            );
            return None;
        };
        self.read(field, Path::new(folder).join(name))
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
        self.read(field, path)
    }

    fn read(&self, field: &Field<'_>, path: PathBuf) -> Option<String> {
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
