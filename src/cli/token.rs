//! `token`: a token for somebody, or for a program, that calls the API.

use chrono::NaiveDate;
use serde_json::json;

use super::{Fault, Io, Outcome, say};
use crate::runtime::tokens::{hex, sha256, token};

/// Make a token for a program that calls the API, and show it once
///
/// The token is stored nowhere: hand it over, and write the lines that follow it into the configuration.
#[derive(Debug, clap::Args)]
pub struct TokenArgs {
    /// Who has it, for the audit trail
    #[arg(long, value_name = "NAME")]
    name: String,
    /// A role of the profile: what the token opens
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The last day on which it opens anything
    #[arg(long, value_name = "DATE")]
    expires: NaiveDate,
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The day is over, or the system has no random bytes.
pub fn run(args: &TokenArgs, today: NaiveDate, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    if args.expires < today {
        return Err(Fault::input(format!("--expires {}: that day is over", args.expires)));
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
