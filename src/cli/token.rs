//! `token`: makes a token for the API.

use chrono::NaiveDate;
use serde_json::json;

use super::{Fault, Io, Outcome, say};
use crate::runtime::tokens::{hex, sha256, token};

/// Make a token for a program that calls the API, and show it once
///
/// The token is not stored: hand it over, and add the lines after it to the configuration.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// The holder, by name, for the audit trail
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A role of the profile: what the holder may do
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The last day on which it is valid
    #[arg(long, value_name = "DATE")]
    expires: NaiveDate,
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The day has passed, or the system provides no random bytes.
pub fn run(args: &TokenArgs, today: NaiveDate, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    if args.expires < today {
        return Err(Fault::input(format!("--expires {}: that day has passed", args.expires)));
    }
    let Ok(token) = token() else {
        return Err(Fault::input("the system provides no random bytes"));
    };
    let digest = hex(&sha256(token.as_bytes()));
    let TokenArgs { name, role, expires, json } = args;
    if *json {
        let made = json!({
            "token": token, "name": name, "role": role, "token_sha256": digest, "expires": expires,
        });
        say(io.out, made);
        return Ok(Outcome::Yes);
    }
    say(io.out, format_args!("{token}\n\n[[organisation.staff]]"));
    for (key, value) in [("name", name), ("role", role), ("token_sha256", &digest)] {
        say(io.out, format_args!("{key} = {}", json!(value)));
    }
    say(io.out, format_args!("expires = {expires}"));
    Ok(Outcome::Yes)
}
