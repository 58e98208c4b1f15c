//! `store`: commands on whole stores.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::json;

use super::{Fault, Io, Outcome, load, read_file, say};
use crate::config::{self, Wrong};
use crate::domain::organisation::OrganisationId;
use crate::ports::portable::{Kind, Portable};
use crate::store;
use crate::store::copy::{Copied, CopyFault, Progress, Source, copy};
use crate::store::settings::{Codec, StoreUrl};

pub(super) mod accept;
mod go_back;
mod new_key;
mod rekey;

/// Copy one store to another, accept a store that has lost data, encrypt one, or take one back a version
#[derive(Debug, clap::Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Copy(CopyArgs),
    Accept(accept::AcceptArgs),
    NewKey(new_key::NewKeyArgs),
    Rekey(rekey::RekeyArgs),
    GoBack(go_back::GoBackArgs),
}

/// Copy everything in a store to another, and compare
///
/// FROM and TO are addresses as in `[store] url`. Don't write an address with a password here, where
/// others on the machine can read it: `env:NAME` takes the address from the environment, `file:PATH`
/// from a file. Stop the gateways on FROM first. If the copy is interrupted, the same command resumes
/// it; until it is finished, no gateway starts on TO.
#[derive(Debug, clap::Args)]
pub struct CopyArgs {
    /// The store to copy from
    #[arg(value_name = "FROM")]
    from: String,
    /// The store to copy to
    #[arg(value_name = "TO")]
    to: String,
    /// The configuration whose `[keys] store` decrypts FROM and encrypts TO
    ///
    /// Without it, FROM must hold plain records, and TO gets plain ones.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Only this organisation; may be repeated. Default: every organisation in FROM
    #[arg(long, value_name = "ID")]
    organisation: Vec<String>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// An address that can't be used. An incomplete copy is not an error but the answer no.
pub async fn run(args: &StoreArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    match &args.verb {
        Verb::Copy(args) => run_copy(args, io).await,
        Verb::Accept(args) => accept::run(args, io).await,
        Verb::NewKey(args) => new_key::run(args, io),
        Verb::Rekey(args) => rekey::run(args, io).await,
        Verb::GoBack(args) => go_back::run(args, io),
    }
}

async fn run_copy(args: &CopyArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let (from_url, to_url) = (address("FROM", &args.from)?, address("TO", &args.to)?);
    let (from_address, to_address) = (from_url.shown(), to_url.shown());
    if from_address == to_address {
        return Err(Fault::input("FROM and TO are the same store; name another one as TO"));
    }
    let codec = match &args.config {
        Some(config) => load::without_secrets(config)?.settings.codec,
        None => Codec::plain(),
    };
    let from = match store::open_existing(&from_url, &codec) {
        Ok(from) => from,
        Err(error) => return Err(Fault::input(format!("FROM: {error}"))),
    };
    let to = store::open_portable(&to_url, &codec);
    let to = to.map_err(|error| Fault::input(format!("TO: {error}")))?;
    if let Err(error) = store::reached(to.as_ref()).await {
        say(io.err, format_args!("TO: {error}"));
        return Ok(Outcome::No);
    }
    let organisations = match organisations(args, from.as_ref()).await {
        Ok(organisations) => organisations,
        Err(line) => {
            say(io.err, line);
            return Ok(Outcome::No);
        }
    };
    let source = Source { store: from.as_ref(), address: &from_address };
    let mut done = Vec::new();
    for organisation in &organisations {
        let mut told = |progress: Progress| say(io.err, in_words(&progress));
        match copy(&source, to.as_ref(), organisation, &Utc::now, &mut told).await {
            Ok(copied) => done.push(copied),
            Err(fault) => {
                say_fault(&fault, io);
                return Ok(Outcome::No);
            }
        }
    }
    if args.json {
        say(io.out, as_json(&done));
    } else {
        for copied in &done {
            say_copied(copied, io);
        }
    }
    Ok(Outcome::Yes)
}

/// The address itself, or what a variable or a file holds.
fn address(what: &str, text: &str) -> Result<StoreUrl, Fault> {
    let hidden = if let Some(name) = text.strip_prefix("env:") {
        Some(std::env::var(name).map_err(|_| {
            Fault::input(format!("{what}: the environment has no variable `{name}`"))
        })?)
    } else if let Some(path) = text.strip_prefix("file:") {
        Some(read_file(Path::new(path))?)
    } else {
        None
    };
    let url = config::store_address(hidden.as_deref().unwrap_or(text).trim())
        .map_err(|Wrong { wrong, right }| Fault::input(format!("{what}: {wrong}; {right}")))?;
    if hidden.is_none() && url.has_password() {
        return Err(Fault::input(format!(
            "{what}: holds a password, which others on this machine can read on a command line; put \
             the address into an environment variable or a file, and write env:NAME or file:PATH"
        )));
    }
    Ok(url)
}

/// The requested organisations, or all that FROM holds; `Err`: the message to print instead.
async fn organisations(
    args: &CopyArgs,
    from: &dyn Portable,
) -> Result<Vec<OrganisationId>, String> {
    let held = store::reached(from).await.map_err(|error| format!("FROM: {error}"))?;
    if held.is_empty() {
        return Err("FROM holds nothing to copy".to_owned());
    }
    if args.organisation.is_empty() {
        return Ok(held);
    }
    let wanted: Vec<OrganisationId> =
        args.organisation.iter().map(|id| OrganisationId::new(id)).collect();
    match wanted.iter().find(|id| !held.contains(id)) {
        None => Ok(wanted),
        Some(unknown) => {
            let held: Vec<String> = held.iter().map(ToString::to_string).collect();
            Err(format!("FROM holds nothing of `{unknown}`; it holds {}", held.join(", ")))
        }
    }
}

pub(super) fn in_words(progress: &Progress) -> String {
    match progress {
        Progress::Carried { organisation, kind, done, total } => {
            format!("{organisation}: {kind} {done}/{total}")
        }
        Progress::Compared { organisation, kind } => format!("{organisation}: {kind} compared"),
    }
}

fn say_fault(fault: &CopyFault, io: &mut Io<'_>) {
    say(io.err, fault);
    if fault.is_retryable() {
        say(io.err, "the copy is not finished; run the same command again");
    }
}

fn say_copied(copied: &Copied, io: &mut Io<'_>) {
    let counts: Vec<String> = Kind::ALL
        .into_iter()
        .map(|kind| format!("{kind} {}", copied.tallies.get(&kind).map_or(0, |t| t.records)))
        .collect();
    let how = if copied.before { "copied before, and the same" } else { "copied, and the same" };
    say(io.out, format_args!("{}: {how}: {}", copied.organisation, counts.join(", ")));
}

fn as_json(done: &[Copied]) -> serde_json::Value {
    let of = |copied: &Copied| {
        let kinds: BTreeMap<&str, serde_json::Value> = copied
            .tallies
            .iter()
            .map(|(kind, tally)| {
                let digest: String = tally.sum.iter().map(|part| format!("{part:016x}")).collect();
                (kind.name(), json!({ "records": tally.records, "digest": digest }))
            })
            .collect();
        json!({
            "organisation": copied.organisation.as_str(),
            "before": copied.before,
            "kinds": kinds,
        })
    };
    json!({ "organisations": done.iter().map(of).collect::<Vec<_>>() })
}
