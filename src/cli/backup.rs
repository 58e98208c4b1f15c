//! `backup`: a copy of everything a running gateway holds, and whether one is whole.

use std::io::Write;
use std::path::{Path, PathBuf};

use chrono::Utc;
use serde_json::json;

use super::{Fault, Io, Outcome, load, say, store};
use crate::config::Settings;
use crate::ports::portable::Kind;
use crate::store::backup::{BackupFault, Manifest, Premises, Progress, take};

mod dated;

/// Back up the store, the originals and the necessary state, while the gateway runs
///
/// TO is a new folder. It holds everything that was there when the command began, readable by its owner
/// only: personal data, but no secret of the configuration. A backup that was not finished says so, and
/// can't be restored.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct BackupArgs {
    #[command(subcommand)]
    verb: Option<Verb>,
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG", required = true)]
    config: Option<PathBuf>,
    /// The folder to make
    #[arg(value_name = "TO", required = true)]
    to: Option<PathBuf>,
    /// Make a folder in TO that is named after the time
    #[arg(long)]
    dated: bool,
    /// Then remove all but the newest N finished backups in TO; the one just made is one of them, and those of a later
    /// date stay
    #[arg(long, value_name = "N", requires = "dated", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Clone, clap::Subcommand)]
enum Verb {
    Verify(VerifyArgs),
}

/// Check that a backup is complete and unchanged
#[derive(Debug, Clone, clap::Args)]
struct VerifyArgs {
    /// The backup's folder
    #[arg(value_name = "FROM")]
    from: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// The configuration's faults, or a folder that can't be used.
pub async fn run(args: &BackupArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    if let Some(Verb::Verify(args)) = &args.verb {
        return verify(args, io);
    }
    let (Some(config), Some(to)) = (&args.config, &args.to) else {
        return Err(Fault::input("--config FILE and TO are missing"));
    };
    let loaded = load::without_secrets(config)?;
    // Before a folder is made for it.
    crate::store::refuse_absent(&loaded.settings.store)
        .map_err(|error| Fault::input(error.to_string()))?;
    let now = Utc::now();
    let folder = if args.dated { to.join(dated::name(now)) } else { to.clone() };
    let mut told = |progress: Progress| say(io.err, in_words(&progress));
    let manifest = match take(&premises(&loaded.settings), &folder, &Utc::now, &mut told).await {
        Ok(manifest) => manifest,
        Err(fault) => return ended(&fault, "the backup is not finished", io.err),
    };
    say_whole(&folder, &manifest, args.json, io.out);
    if let Some(keep) = args.keep {
        let pruned = dated::prune(to, &folder, keep)?;
        for removed in pruned.removed {
            say(io.err, format_args!("removed {}", removed.display()));
        }
        for later in pruned.later {
            say(
                io.err,
                format_args!(
                    "warning: {} has a later date than this backup: the clock is behind now, or was ahead \
                     then; it stays, and is not counted",
                    later.display()
                ),
            );
        }
    }
    Ok(Outcome::Yes)
}

fn verify(args: &VerifyArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let read = Manifest::read(&args.from).and_then(|manifest| {
        manifest.verify(&args.from)?;
        Ok(manifest)
    });
    match read {
        Ok(manifest) => {
            say_whole(&args.from, &manifest, args.json, io.out);
            Ok(Outcome::Yes)
        }
        Err(fault) => ended(&fault, "the backup can't be used", io.err),
    }
}

/// What the settings say is to be backed up, or restored to.
pub(super) fn premises(settings: &Settings) -> Premises {
    Premises {
        store: settings.store.clone(),
        archive: settings.archive.clone(),
        state: settings.state.clone(),
        codec: settings.codec.clone(),
    }
}

/// A request at fault is bad input; the rest is the answer no.
pub(super) fn ended(fault: &BackupFault, so: &str, err: &mut dyn Write) -> Result<Outcome, Fault> {
    if fault.is_input() {
        return Err(Fault::input(fault.to_string()));
    }
    say(err, fault);
    say(err, so);
    Ok(Outcome::No)
}

pub(super) fn in_words(progress: &Progress) -> String {
    match progress {
        Progress::Step(what) => (*what).to_owned(),
        Progress::Copy(progress) => store::in_words(progress),
        Progress::Originals { done } => format!("{done} originals"),
        Progress::NoOriginal { organisation, reference } => format!(
            "warning: {organisation}: an item names the original {reference}, which the archive does \
             not have as it was kept; the backup is made without it"
        ),
        Progress::StateKept { name } => {
            format!("state: {name} is there already, and stays as it is")
        }
    }
}

/// One line for each organisation.
pub(super) fn say_whole(folder: &Path, manifest: &Manifest, as_json: bool, out: &mut dyn Write) {
    if as_json {
        say(
            out,
            json!({
                "folder": folder, "begun_at": manifest.begun_at, "finished_at": manifest.finished_at,
                "organisations": manifest.organisations, "files": manifest.files.len(),
            }),
        );
        return;
    }
    for one in &manifest.organisations {
        let counts: Vec<String> = Kind::ALL
            .into_iter()
            .map(|kind| format!("{kind} {}", one.records.get(&kind).copied().unwrap_or_default()))
            .collect();
        let last = one.last_entry.map_or(0, |last| last.number);
        say(
            out,
            format_args!(
                "{}: up to entry {last} of its trail: {}, originals {}",
                one.id,
                counts.join(", "),
                one.originals
            ),
        );
        if one.originals_missing > 0 {
            say(out, format_args!("{}: {} originals missing", one.id, one.originals_missing));
        }
    }
    let at = manifest.begun_at.format("%Y-%m-%d %H:%M:%S UTC");
    say(
        out,
        format_args!(
            "{} is a whole backup of {at}, {} file{}",
            folder.display(),
            manifest.files.len(),
            if manifest.files.len() == 1 { "" } else { "s" }
        ),
    );
}
