//! `store accept`: takes a store that is behind as it is.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;

use crate::casework::accept::{self, Accepted, By};
use crate::cli::{Fault, Io, Outcome, load, say};
use crate::config::Settings;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Store, StoreError};
use crate::runtime::limits::{COPY_CONNECT_TRIES, REDIS_PROBE_EVERY};
use crate::store::keepsakes::FileKeepsakes;
use crate::store::{self, archive};

/// Accept a store as it is, although it has lost data
///
/// A store is behind if it is empty, a different one, or older than the gateway remembers in `[state] folder`. Until it
/// is accepted, the last known restrictions are enforced; afterwards, the store's content is enforced, and any
/// restriction that it lacks is no longer in force. If there is a newer store, restore that instead. Run this with the
/// configuration of a gateway that reports the store as behind; all gateways on the store follow, whether running or
/// not.
#[derive(Debug, clap::Args)]
pub(super) struct AcceptArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
    /// Only this organisation; may be repeated. Default: every configured organisation
    #[arg(long, value_name = "ID")]
    organisation: Vec<String>,
    /// Accept this gateway's archive as the one that holds the store's originals
    #[arg(long)]
    archive: bool,
    /// The name on the audit trail
    #[arg(long, value_name = "NAME", default_value = "command line")]
    by: String,
}

/// Runs the command.
///
/// # Errors
/// The configuration's faults, or an organisation that it does not have.
pub(super) async fn run(args: &AcceptArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let loaded = load::without_secrets(&args.config)?;
    let settings = &loaded.settings;
    let organisations = organisations(args, settings)?;
    let done = async {
        let store = sound(settings).await?;
        for organisation in &organisations {
            if args.archive {
                take_archive(settings, store.as_ref(), organisation, io).await?;
            }
            let by = By { by: args.by.clone(), at: Utc::now() };
            let keepsakes = FileKeepsakes::in_state(&settings.state, settings.codec.clone());
            let accepted = accept::accept(store.as_ref(), &keepsakes, organisation, by).await?;
            say(io.out, format_args!("{organisation}: {}", in_words(&accepted)));
        }
        Ok::<_, StoreError>(())
    };
    match done.await {
        Ok(()) => Ok(Outcome::Yes),
        Err(error) => {
            say(io.err, format_args!("store: {error}"));
            Ok(Outcome::No)
        }
    }
}

/// The configured store, if all of it can be read: accepting mends no damage.
async fn sound(settings: &Settings) -> Result<Arc<dyn Store>, StoreError> {
    let store = store::open(&settings.store, &settings.codec)?;
    // A server is connected to when it is first asked.
    for _ in 0..COPY_CONNECT_TRIES {
        let Some(first) = settings.organisations.first() else { break };
        match store.trail_end(&first.id).await {
            Err(error) if error.is_retryable() => tokio::time::sleep(REDIS_PROBE_EVERY).await,
            _ => break,
        }
    }
    match store.damage().await? {
        None => Ok(store),
        Some(damage) => Err(StoreError::Corrupt(format!(
            "{damage}; restore a backup, or move the damaged file away and accept an empty store"
        ))),
    }
}

async fn take_archive(
    settings: &Settings,
    store: &dyn Store,
    organisation: &OrganisationId,
    io: &mut Io<'_>,
) -> Result<(), StoreError> {
    let (quota, codec) = (settings.archive_quota, &settings.codec);
    let archive = archive::open(&settings.archive, quota, codec, &settings.state).await?;
    let Some(identity) = archive.identity() else { return Ok(()) };
    match accept::accept_archive(store, organisation, identity).await? {
        Some(before) => say(
            io.out,
            format_args!("{organisation}: the archive is now {identity}; it was {before}"),
        ),
        None => say(io.out, format_args!("{organisation}: the archive is {identity}")),
    }
    Ok(())
}

fn organisations(args: &AcceptArgs, settings: &Settings) -> Result<Vec<OrganisationId>, Fault> {
    let configured = settings.organisation_ids();
    if args.organisation.is_empty() {
        return Ok(configured);
    }
    let wanted: Vec<OrganisationId> =
        args.organisation.iter().map(|id| OrganisationId::new(id)).collect();
    match wanted.iter().find(|id| !configured.contains(id)) {
        None => Ok(wanted),
        Some(unknown) => Err(Fault::input(format!("there is no organisation `{unknown}`"))),
    }
}

pub(in crate::cli) fn in_words(accepted: &Accepted) -> String {
    match accepted {
        Accepted::NothingKnown => {
            "no earlier store is known; there is nothing to accept".to_owned()
        }
        Accepted::NotBehind => "the store is not behind; there is nothing to accept".to_owned(),
        Accepted::Restored { found } => {
            format!("accepted as it was restored, with {found} entries in its trail")
        }
        Accepted::Done { why, known, found } => format!(
            "accepted as it is, with {found} entries in its trail where {known} were known ({why})"
        ),
    }
}
