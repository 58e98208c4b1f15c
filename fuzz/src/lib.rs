//! What must hold of whatever bytes arrive: one module a fuzz target, each with `run`, which panics
//! where it does not hold.
//!
//! libFuzzer runs them (`fuzz/fuzz_targets`), and so do the ordinary tests, over the corpus and a
//! fixed number of mutations of it (`tests/suite/fuzzed.rs`).

pub mod authentication_results;
pub mod chance;
pub mod commands;
pub mod configuration;
pub mod data;
pub mod form;
pub mod framing;
pub mod from_field;
pub mod message;
pub mod milter;
pub mod nested;
pub mod people;
pub mod register;
pub mod scene;
pub mod session;
pub mod webhook;
mod wire_form;

use std::path::{Path, PathBuf};

/// One target.
pub struct Target {
    /// Its corpus is `fuzz/corpus/NAME`.
    pub name: &'static str,
    pub run: fn(&[u8]),
    /// What its grammar is made of: a mutation puts these in.
    pub tokens: &'static [&'static [u8]],
}

pub const TARGETS: &[Target] = &[
    Target { name: "session", run: session::run, tokens: session::TOKENS },
    Target { name: "milter", run: milter::run, tokens: milter::TOKENS },
    Target { name: "data", run: data::run, tokens: data::TOKENS },
    Target { name: "commands", run: commands::run, tokens: session::TOKENS },
    Target { name: "from_field", run: from_field::run, tokens: from_field::TOKENS },
    Target {
        name: "authentication_results",
        run: authentication_results::run,
        tokens: authentication_results::TOKENS,
    },
    Target { name: "message", run: message::run, tokens: message::TOKENS },
    Target { name: "nested", run: nested::run, tokens: nested::TOKENS },
    Target { name: "form", run: form::run, tokens: form::TOKENS },
    Target { name: "webhook", run: webhook::run, tokens: webhook::TOKENS },
    Target { name: "framing", run: framing::run, tokens: framing::TOKENS },
    Target { name: "people", run: people::run, tokens: people::TOKENS },
    Target { name: "register", run: register::run, tokens: register::TOKENS },
    Target { name: "configuration", run: configuration::run, tokens: configuration::TOKENS },
];

/// The folder of the project, whichever of its crates this is compiled into.
pub fn project() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let project = here.ancestors().find(|folder| folder.join("config/profiles").is_dir());
    project.expect("the shipped profiles are beside the code").to_owned()
}
