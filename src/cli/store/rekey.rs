//! `store rekey`: encrypts everything with the key that encrypts now.

use std::path::PathBuf;

use crate::cli::{Fault, Io, Outcome, load, say};
use crate::store::archive::FileArchive;
use crate::store::archive::s3::S3Archive;
use crate::store::embedded::Embedded;
use crate::store::settings::{ArchiveUrl, StoreUrl};

/// Encrypt every record and original with the first key of `[keys] store`
///
/// For a store that was plain, or after a change of the key. Gateways may run meanwhile, if each has the new key.
/// If it is interrupted, run it again: every record is as it was or as it is to be. A store on Redis is copied
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
    let StoreUrl::Embedded(folder) = &settings.store else {
        return Err(Fault::input(
            "the store is on Redis; copy it into another database with `store copy --config FILE`",
        ));
    };
    let codec = settings.codec.clone();
    let rekeyed = async {
        let store = Embedded::open_with(folder, &codec)?;
        let mut told = |done: u64| say(io.err, format_args!("{done} records"));
        let records = store.rekey(&mut told).await?;
        let originals = match &settings.archive {
            ArchiveUrl::File(folder) => FileArchive::open(folder)?.with_codec(codec).rekey()?,
            ArchiveUrl::S3(s3) => {
                S3Archive::open(s3, &settings.state).await?.with_codec(codec).rekey().await?
            }
        };
        Ok::<_, crate::ports::StoreError>((records, originals))
    };
    match rekeyed.await {
        Ok((records, originals)) => {
            say(io.out, format_args!("encrypted anew: records {records}, originals {originals}"));
            Ok(Outcome::Yes)
        }
        Err(error) => {
            say(io.err, format_args!("store: {error}"));
            Ok(Outcome::No)
        }
    }
}
