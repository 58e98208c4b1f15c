//! `pipe`: one message on stdin, handed to the running gateway over LMTP. For Postfix's pipe(8),
//! Exim's pipe transport, OpenSMTPD's mda and Sieve, as any user.
//!
//! It exits 0 (accepted) or 75 (EX_TEMPFAIL, try again) and nothing else: only 75 makes all three
//! servers try again; Postfix and Exim bounce on most others, 101 (a Rust panic) and 2 (a usage
//! error) among them. It reads stdin to its end whatever happens, since a server may take a pipe
//! that nobody read for a delivery. What it says goes to stderr and never begins like a status
//! code, which Postfix would prefer to the exit status (pipe(8), "DIAGNOSTICS").

mod arguments;
mod client;

use std::ffi::OsString;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use arguments::{Arguments, USAGE};

use crate::channels::mail::settings::Bind;

/// Why a message was not handed over. All of it is tried again.
#[derive(Debug, thiserror::Error)]
pub enum PipeFault {
    #[error("bad arguments: {0}")]
    Arguments(String),
    #[error("no LMTP listener is configured")]
    NoListener,
    #[error("the gateway can't be reached")]
    Unreachable,
    #[error("the gateway did not answer in time, or the connection was lost")]
    Lost,
    #[error("the gateway did not take the message (code {0})")]
    NotTaken(u16),
    #[error("the message can't be read")]
    Unreadable,
    #[error("an error in the program")]
    Program,
}

/// Hands over what `message` holds. `variable` looks in the environment; `listener` finds the gateway, from the configuration file if
/// one was named.
///
/// # Errors
/// Why not; `message` is read to its end in any case.
pub fn hand_over(
    arguments: impl Iterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<OsString>,
    message: &mut dyn Read,
    listener: impl Fn(Option<&Path>) -> Option<Bind>,
) -> Result<(), PipeFault> {
    let work = AssertUnwindSafe(|| {
        let arguments = Arguments::parse(arguments, variable)?;
        let bind = listener(arguments.config.as_deref()).ok_or(PipeFault::NoListener)?;
        client::deliver(&bind, &arguments, message)
    });
    let result = catch_unwind(work).unwrap_or(Err(PipeFault::Program));
    // The rest of a message that is not wanted any more. A writer that is gone ends it too.
    let drained = catch_unwind(AssertUnwindSafe(|| std::io::copy(message, &mut std::io::sink())));
    drop(drained);
    result
}
