//! `store rekey`: encrypts everything with the key that encrypts now.

use std::path::PathBuf;

use crate::cli::{Fault, Io, Outcome, load, say};
use crate::store::archive::FileArchive;
use crate::store::archive::s3::S3Archive;
use crate::store::embedded::Embedded;
use crate::store::settings::{ArchiveUrl, StoreUrl};

/// Encrypt every record and original with the first key of `[keys] store`
///
/// For a store that was plain, or after a change of the key. Gateways may keep running, if each has the new key. If it
/// is interrupted, run it again: every record is in its old or its new form. Where people have keys of their own
/// (`[keys] people`), those are wrapped again, and their records stay. Other records of a store on Redis are copied
/// instead, with `store copy --config`.
#[derive(Debug, clap::Args)]
pub(super) struct RekeyArgs {
    /// The gateway's configuration
    #[arg(long, value_name = "FILE", env = "CONTACT_GATEWAY_CONFIG")]
    config: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// The configuration's faults, or a store on Redis.
pub(super) async fn run(args: &RekeyArgs, io: &mut Io<'_>) -> Result<Outcome, Fault> {
    let settings = load::without_secrets(&args.config)?.settings;
    let codec = settings.codec.clone();
    crate::store::refuse_absent(&settings.store)
        .map_err(|error| Fault::input(error.to_string()))?;
    let people = settings.codec.people();
    let folder = match (&settings.store, people) {
        (StoreUrl::Embedded(folder), _) => Some(folder),
        (StoreUrl::Redis(_), Some(_)) => None,
        (StoreUrl::Redis(_), None) => {
            return Err(Fault::input(
                "the store is on Redis, and there is no [keys] people: copy it into another database with \
                 `store copy --config FILE`",
            ));
        }
    };
    let rekeyed = async {
        let keys = people.map_or(Ok(0), |people| people.rewrap())?;
        let mut records = 0;
        if let Some(folder) = folder {
            let store = Embedded::open_with(folder, &codec)?;
            let mut told = |done: u64| say(io.err, format_args!("{done} records"));
            records = store.rekey(&mut told).await?;
        }
        let originals = match &settings.archive {
            ArchiveUrl::File(folder) => FileArchive::open(folder)?.with_codec(codec).rekey()?,
            ArchiveUrl::S3(s3) => {
                S3Archive::open(s3, &settings.state).await?.with_codec(codec).rekey().await?
            }
        };
        Ok::<_, crate::ports::FetchError>((records, originals, keys))
    };
    match rekeyed.await {
        Ok((records, originals, keys)) => {
            let done = format!("re-encrypted: records {records}, originals {originals}");
            let wrapped = people.map(|_| format!(", keys of people {keys}"));
            say(io.out, format_args!("{done}{}", wrapped.unwrap_or_default()));
            if folder.is_none() {
                say(
                    io.err,
                    "other records on Redis stay as they are: keep the old key, or copy the \
                     store into another database with `store copy --config FILE`",
                );
            }
            Ok(Outcome::Yes)
        }
        Err(error) => {
            say(io.err, format_args!("store: {error}"));
            Ok(Outcome::No)
        }
    }
}
