//! `pipe`: one message on stdin, handed to the running gateway. Exits 0 or 75, see
//! [`crate::channels::pipe`].
//!
//! It is a program of its own as well, `contact-gateway-pipe`. Everything named here is linked into that:
//! nothing large, and nothing of which a part runs at the start whether it is needed or not.

use std::ffi::OsString;
use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::channels::mail::settings::Bind;
use crate::channels::pipe::{self, USAGE};

/// Where the gateway listens if no configuration says so.
const DEFAULT_SOCKET: &str = "/run/contact-gateway/lmtp.sock";

/// EX_TEMPFAIL (sysexits.h).
const TRY_AGAIN: u8 = 75;

/// The whole command, arguments and exit status included.
pub fn main(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    // The default hook prints where the program failed; a mail server would show it to a sender.
    std::panic::set_hook(Box::new(|_| {}));
    let arguments: Vec<OsString> = arguments.collect();
    let mut stdin = std::io::stdin();
    if arguments == ["--help"] && stdin.is_terminal() {
        // The reader of this is there to see it.
        let _ = writeln!(std::io::stderr(), "{USAGE}");
        return ExitCode::SUCCESS;
    }
    match pipe::hand_over(
        arguments.into_iter(),
        |name| std::env::var_os(name),
        &mut stdin,
        listener,
    ) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            // A closed stderr changes nothing.
            let _ = writeln!(std::io::stderr(), "contact-gateway: message deferred: {fault}");
            ExitCode::from(TRY_AGAIN)
        }
    }
}

/// The LMTP listener. The configuration is read for this one key: the user that a mail server runs
/// this as need not be able to read the secrets that it names.
fn listener(config: Option<&Path>) -> Option<Bind> {
    let set = std::env::var("CONTACT_GATEWAY__LISTEN__LMTP").ok();
    let config = config
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("CONTACT_GATEWAY_CONFIG").map(PathBuf::from));
    let named = set.or_else(|| {
        let text = std::fs::read_to_string(config.as_ref()?).ok()?;
        let table: toml::Table = text.parse().ok()?;
        Some(table.get("listen")?.get("lmtp")?.as_str()?.to_owned())
    });
    match (named, config) {
        (Some(named), _) => match named.strip_prefix("unix:") {
            Some(path) => Some(Bind::Unix(PathBuf::from(path))),
            None => named.parse().ok().map(Bind::Tcp),
        },
        (None, Some(_)) => None,
        (None, None) => Some(Bind::Unix(PathBuf::from(DEFAULT_SOCKET))),
    }
}
