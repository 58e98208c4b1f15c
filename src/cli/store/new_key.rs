//! `store new-key`: a key to encrypt records with.

use secrecy::ExposeSecret;

use crate::cli::{Fault, Io, Outcome, say};
use crate::store::settings::Keyring;

/// Print a new key to encrypt records with
///
/// Write it into a file that only the gateway's user can read, and name that file in `[keys] store`. Keep a copy
/// where no backup of the store is: without the key, nothing that was encrypted with it can be read again.
#[derive(Debug, clap::Args)]
pub(super) struct NewKeyArgs {}

/// Runs the command.
///
/// # Errors
/// The system has no random bytes.
pub(super) fn run(_: &NewKeyArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let Ok(key) = Keyring::new_key() else {
        return Err(Fault::input("the system provides no random bytes"));
    };
    say(io.out, key.expose_secret());
    Ok(Outcome::Yes)
}
