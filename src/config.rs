//! The configuration: a TOML file, environment variables over it, and the profiles that it names,
//! read into typed settings. Every fault is found at once, each with its file, line and key and
//! what would be right; nothing is half loaded.
//!
//! [`load`] is the way in. A file becomes a tree in which every value knows where it was written
//! (`node`), variables are laid over it (`environment`), and one reader (`reader`) turns trees into
//! types and collects what is wrong.

pub mod bank_holidays;
pub mod environment;
pub mod fault;
pub mod profile;
pub mod settings;
pub mod state_key;

mod archive;
mod context;
mod decision;
mod endpoint;
mod equality;
mod events;
mod gateway;
mod helper;
mod keys;
mod languages;
mod letters;
mod mail;
mod mail_tls;
mod node;
mod oidc;
mod organisation;
mod page;
mod reach;
mod reader;
mod retention;
mod secret;
mod silent;
mod telemetry;
mod telephony;
mod tokens;
mod web_form;

use std::path::Path;

pub use environment::Environment;
pub use fault::{Fault, FaultPlace, Faults, Warning, Wrong};
pub use settings::{ConsoleAccess, Listen, Loaded, MailWithoutKey, Settings};

use crate::store::settings::StoreUrl;

/// An address of a store, as `[store] url` takes it.
///
/// # Errors
/// The fault, and the remedy; never the address itself, which may hold a password.
pub fn store_address(text: &str) -> Result<StoreUrl, Wrong> {
    endpoint::store(text)
}

/// Whether the secrets of providers and receivers are looked up. Only what serves or checks needs
/// them; at a desk they are most often not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrets {
    LookedUp,
    /// Their sources are checked; the values are not read.
    LeftAlone,
}

/// Reads the configuration at `path` with the environment laid over it.
///
/// # Errors
/// Every fault at once.
pub fn load(path: &Path, environment: &Environment) -> Result<Loaded, Faults> {
    load_with(path, environment, Secrets::LookedUp)
}

/// Where a configuration writes a key, or as much of its path as it writes.
pub fn place_of(path: &Path, environment: &Environment, key: &str) -> FaultPlace {
    let mut place = FaultPlace::file(path);
    let text = node::read(path);
    let Ok(mut root) = text.and_then(|text| node::parse(&path.display().to_string(), &text)) else {
        return place;
    };
    environment::lay_over(&mut root, environment, &reader::Reader::default());
    let mut found = &root;
    for part in key.split('.') {
        let Some(node) = found.table().and_then(|table| table.get(part)) else { break };
        place = node.place.clone();
        found = node;
    }
    place
}

/// As [`load`], with the secrets or without them.
///
/// # Errors
/// Every fault at once.
pub fn load_with(
    path: &Path,
    environment: &Environment,
    secrets: Secrets,
) -> Result<Loaded, Faults> {
    let mut root = node::parse(&path.display().to_string(), &node::read(path)?)?;
    let reader = reader::Reader::default();
    environment::lay_over(&mut root, environment, &reader);
    let loaded = gateway::read(&reader, &root, path, environment, secrets);
    match loaded.filter(|_| reader.is_clean()) {
        Some(loaded) => Ok(loaded),
        None => Err(reader.faults()),
    }
}
