//! Backups of a gateway that runs, and restoring them.
//!
//! ```text
//! TO/
//!   store/gateway.sqlite3      everything in the store at one moment, whatever kind of store it is, as an
//!                              embedded one
//!   archive/karbon/3f/3f9a…    the originals that items name, at the same places as in the archive
//!   state/journal.jsonl        decisions that waited in the local journal
//!   state/events/…             how far each receiver of events had got, and dead letters
//!   manifest.json              what, when, of which store; length and SHA-256 of every file above
//!   END                        the SHA-256 of manifest.json, as `sha256sum --check` reads it
//! ```
//!
//! State is read before the store, so that no receiver's place is behind the end of the trail; originals
//! after it. Each file is synced as it is written, and `END` comes last: a backup without one was not
//! finished, and is not read. The gateway's memory of the store (`keepsakes`) is not part of a backup:
//! by it a restored store is known to be an older one. Neither is any secret.
//!
//! Restoring checks everything first. It writes through `store::copy`, whose mark keeps gateways from the
//! store until all of it is there.
//!
//! Originals on S3 are no part of a backup, which says so (`Manifest::originals`): the bucket is shared by the gateways
//! and kept by its server, and `archive copy` makes a copy of it.

mod fault;
mod manifest;
mod redis;
mod restoring;
mod state;
mod taking;

use std::path::PathBuf;

use crate::ports::{ArchiveIdentity, StoreError};
use crate::store::archive::{carried, s3};
use crate::store::settings::{ArchiveUrl, Codec, StoreUrl};

pub use fault::BackupFault;
pub use manifest::{Entry, Manifest, OfOrganisation};
pub use restoring::{Restored, clear_up, restore};
pub use taking::take;

/// The source of a backup, or the target of restoring one.
#[derive(Debug, Clone)]
pub struct Premises {
    pub store: StoreUrl,
    pub archive: ArchiveUrl,
    /// `[state] folder`.
    pub state: PathBuf,
    /// How the records of store and journal are written and read.
    pub codec: Codec,
}

/// Word of how it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Something is begun.
    Step(&'static str),
    /// A copy of the store goes on.
    Copy(super::copy::Progress),
    /// So many originals are copied.
    Originals { done: u64 },
    /// An item's original is missing from the archive, or was altered: the backup is made without it.
    NoOriginal { organisation: crate::domain::organisation::OrganisationId, reference: String },
    /// A file of the state was left as it is, because there is one already.
    StateKept { name: String },
}

/// Which archive is there. `None`: none yet; none is made.
async fn identity_of(archive: &ArchiveUrl) -> Result<Option<ArchiveIdentity>, StoreError> {
    match archive {
        ArchiveUrl::File(folder) => carried::identity_of(folder),
        ArchiveUrl::S3(settings) => s3::identity_of(settings).await,
    }
}

type Told<'a> = &'a mut (dyn FnMut(Progress) + Send);
