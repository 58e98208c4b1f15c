//! `store go-back`: takes an embedded store back to the version before, for the release before this one.

use std::path::{Path, PathBuf};

use crate::cli::{Fault, Io, Outcome, load, say};
use crate::config::Settings;
use crate::ports::StoreError;
use crate::store::embedded::{Embedded, WentBack};
use crate::store::journal::FileJournal;
use crate::store::settings::StoreUrl;

/// Take an embedded store back by one version, so that the release before this one can open it
///
/// For going back after an upgrade without losing what came since. Stop the gateway, run this with the configuration
/// of the newer release, and then start the older release. It is done whole or not at all. What the older version has
/// in plain text is decrypted; what it has no place for is left out. A gateway or a command of this release that works
/// on the store brings it up to date again. A store on Redis has no versions: the older release starts on it as it is.
#[derive(Debug, clap::Args)]
pub(super) struct GoBackArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// The configuration's faults, or a store on Redis.
pub(super) fn run(args: &GoBackArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let settings = load::without_secrets(&args.config)?.settings;
    let StoreUrl::Embedded(folder) = &settings.store else {
        return Err(Fault::input(
            "the store is on Redis, which has no versions: start the older release on it as it is",
        ));
    };
    match go_back(folder, &settings) {
        Ok(back) => {
            say(
                io.out,
                format_args!(
                    "the store has version {}: rewritten {}, left out {}",
                    back.version, back.rewritten, back.left_out
                ),
            );
            say(
                io.err,
                "start the release before this one; a gateway or a command of this release that works on the \
                 store brings it up to date again",
            );
            Ok(Outcome::Yes)
        }
        Err(error) => {
            say(io.err, format_args!("store: {error}; nothing was changed"));
            Ok(Outcome::No)
        }
    }
}

fn go_back(folder: &Path, settings: &Settings) -> Result<WentBack, StoreError> {
    // A gateway that waits for its store has closed the database, and would bring it up to date again.
    let _held = FileJournal::open_with(&settings.state.join("journal"), &settings.codec).map_err(
        |error| match error {
            StoreError::Refused(_) => {
                StoreError::Refused("a gateway runs on [state] folder: stop it".to_owned())
            }
            error => error,
        },
    )?;
    Embedded::go_back(folder, &settings.codec)
}
