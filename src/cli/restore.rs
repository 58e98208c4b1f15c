//! `restore`: a backup into an empty store.

use std::path::PathBuf;

use chrono::Utc;

use super::backup::{ended, in_words, premises, say_whole};
use super::store::accept::in_words as in_words_accepted;
use super::{Fault, Io, Outcome, load, say};
use crate::casework::accept::{By, accept_restored};
use crate::config::Settings;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::store::backup::{Progress, restore};
use crate::store::keepsakes::FileKeepsakes;

/// Restore a backup into the empty store that the configuration names
///
/// Everything in the backup is checked first. Stop the gateway. If restoring is interrupted, run the same
/// command again; until it has ended, no gateway starts on the store. A gateway that remembers a newer
/// store says afterwards that this one is behind: `contact-gateway store accept` settles it.
#[derive(Debug, Clone, clap::Args)]
pub struct RestoreArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
    /// The backup's folder
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Accept the restored store, if this gateway remembers no newer one
    ///
    /// For a machine other than the one that was backed up. Receivers of events can then distinguish new entries from
    /// those lost after the backup.
    #[arg(long)]
    accept: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The configuration's faults, or a folder that is not a backup.
pub async fn run(args: &RestoreArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let loaded = load::without_secrets(&args.config)?;
    let mut told = |progress: Progress| say(io.err, in_words(&progress));
    let restored =
        match restore(&args.from, &premises(&loaded.settings), &Utc::now, &mut told).await {
            Ok(restored) => restored,
            Err(fault) => return ended(&fault, "nothing can be used: not restored", io.err),
        };
    say_whole(&args.from, &restored.manifest, args.json, io.out);
    if !args.accept {
        say(
            io.err,
            "restored; anything newer than the backup is missing. A gateway that remembers more \
             reports the store as behind: run `contact-gateway store accept`",
        );
        return Ok(Outcome::Yes);
    }
    let ids = restored.manifest.organisations.iter().map(|one| one.id.clone());
    match accepted(&loaded.settings, ids, io).await {
        Ok(()) => Ok(Outcome::Yes),
        Err(error) => {
            say(io.err, format_args!("restored, but not accepted: {error}"));
            Ok(Outcome::No)
        }
    }
}

async fn accepted(
    settings: &Settings,
    organisations: impl Iterator<Item = OrganisationId>,
    io: &mut Io<'_>,
) -> Result<(), StoreError> {
    let opened = crate::store::open_portable(&settings.store, &settings.codec)?;
    crate::store::reached(opened.as_ref()).await?;
    drop(opened);
    let store = crate::store::open(&settings.store, &settings.codec)?;
    let keepsakes = FileKeepsakes::in_state(&settings.state, settings.codec.clone());
    for organisation in organisations {
        let by = By { by: "restore".to_owned(), at: Utc::now() };
        let accepted = accept_restored(store.as_ref(), &keepsakes, &organisation, by).await?;
        say(io.err, format_args!("{organisation}: {}", in_words_accepted(&accepted)));
    }
    Ok(())
}
