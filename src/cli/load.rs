//! What several commands load first.

use std::path::Path;
use std::sync::Arc;

use super::Fault;
use crate::config::{self, Loaded, Secrets, environment};
use crate::domain::organisation::Organisation;

/// The configuration, with the environment over it.
///
/// # Errors
/// Every fault at once.
pub fn configuration(file: &Path) -> Result<Loaded, Fault> {
    Ok(config::load(file, &environment::of_process())?)
}

/// The configuration for a command that works on the store and serves nothing: the secrets of
/// providers need not be in its environment.
///
/// # Errors
/// Every fault at once.
pub fn without_secrets(file: &Path) -> Result<Loaded, Fault> {
    Ok(config::load_with(file, &environment::of_process(), Secrets::LeftAlone)?)
}

/// One organisation of a configuration.
///
/// # Errors
/// The configuration's faults, or the organisations that there are.
pub fn organisation(loaded: &Loaded, id: &str) -> Result<Arc<Organisation>, Fault> {
    loaded.settings.organisation(id).cloned().ok_or_else(|| {
        let known: Vec<String> =
            loaded.settings.organisation_ids().iter().map(ToString::to_string).collect();
        Fault::input(format!(
            "--organisation: there is no organisation `{id}`; one of {}",
            known.join(", ")
        ))
    })
}
