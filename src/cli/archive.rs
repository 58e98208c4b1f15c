//! `archive`: commands on whole archives.

use std::path::Path;

use serde_json::json;

use super::{Fault, Io, Outcome, load, say};
use crate::store::archive::copied::{self, Copied, CopyFault, Surplus};
use crate::store::settings::{ArchiveUrl, Codec};

/// Copy an archive of originals to another place
#[derive(Debug, clap::Args)]
pub struct ArchiveArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Copy(CopyArgs),
}

/// Copy every original of an archive, a folder or a bucket, to another, and compare
///
/// FROM and TO are each `file:FOLDER`, or a configuration file with an `[archive]`, which names a bucket's server and
/// credentials. Originals are copied as they are stored. The copy is the same archive, so that gateways on its store
/// accept it as theirs once their `[archive]` names it. If the command is interrupted, run it again. Gateways may keep
/// running on FROM: at the end stop them, and run it once more, with `--remove`, for originals kept or erased since.
#[derive(Debug, clap::Args)]
struct CopyArgs {
    /// The archive to copy from
    #[arg(value_name = "FROM")]
    from: String,
    /// The archive to copy to
    #[arg(value_name = "TO")]
    to: String,
    /// Remove originals from TO that FROM no longer has, because they were erased there since. Not once gateways use TO:
    /// new originals are only in TO
    #[arg(long)]
    remove: bool,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

/// Runs the command.
///
/// # Errors
/// An archive that can't be named so. A copy that is not finished is not an error but the answer no.
pub async fn run(args: &ArchiveArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let Verb::Copy(args) = &args.verb;
    let (from, key_of_from) = archive(&args.from)?;
    let (to, key_of_to) = archive(&args.to)?;
    // Records read were encrypted with FROM's keys; without a configuration of its own, by those of the other.
    let codec = if key_of_from.keys().next().is_some() { key_of_from } else { key_of_to };
    let mut told = |done: u64, total: u64| say(io.err, format_args!("originals {done}/{total}"));
    let surplus = if args.remove { Surplus::Removed } else { Surplus::Named };
    match copied::copy(&from, &to, &codec, surplus, &mut told).await {
        Ok(copied) => Ok(say_copied(&copied, args.json, io)),
        Err(
            fault @ (CopyFault::Same
            | CopyFault::NoArchive(_)
            | CopyFault::Another(_)
            | CopyFault::Became(_)),
        ) => Err(Fault::input(fault.to_string())),
        Err(fault @ (CopyFault::From(_) | CopyFault::To(_) | CopyFault::Differs(_))) => {
            say(io.err, fault);
            say(io.err, "the copy is not finished; run the same command again");
            Ok(Outcome::No)
        }
    }
}

/// A folder, or what a configuration names; with the keys of that.
fn archive(text: &str) -> Result<(ArchiveUrl, Codec), Fault> {
    if let Some(folder) = text.strip_prefix("file:") {
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        return Ok((ArchiveUrl::File(folder.into()), Codec::plain()));
    }
    if text.starts_with("s3:") {
        return Err(Fault::input(
            "name a configuration file whose [archive] has the bucket: it has the server and its credentials too",
        ));
    }
    let settings = load::without_secrets(Path::new(text))?.settings;
    Ok((settings.archive, settings.codec))
}

fn say_copied(copied: &Copied, as_json: bool, io: &mut Io<'_>) -> Outcome {
    let Copied { same, new, not_looked_into, altered, surplus, removed } = copied;
    for name in altered {
        let what = "has changed since it was stored, and was not copied";
        say(io.err, format_args!("FROM: {name} {what}"));
    }
    for name in surplus {
        say(
            io.err,
            format_args!(
                "TO: {name} is not in FROM: erased there since it was copied (remove it with --remove), or kept by a \
                 gateway that uses TO already"
            ),
        );
    }
    if as_json {
        say(
            io.out,
            json!({
                "originals": same, "new": new, "not_looked_into": not_looked_into,
                "altered": altered, "surplus": surplus, "removed": removed,
            }),
        );
    } else {
        say(io.out, format_args!("copied, and the same: originals {same}, of which new {new}"));
        if *removed > 0 {
            say(
                io.out,
                format_args!("removed from TO, because FROM no longer has them: {removed}"),
            );
        }
        if *not_looked_into > 0 {
            say(
                io.out,
                format_args!(
                    "{not_looked_into} are encrypted with a key that no configuration here has: their bytes are \
                     the same"
                ),
            );
        }
    }
    if altered.is_empty() && surplus.is_empty() { Outcome::Yes } else { Outcome::No }
}
