//! Why a backup was not made, can't be used, or was not restored.

use std::io;
use std::path::{Path, PathBuf};

use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::store::copy::CopyFault;

#[derive(Debug, thiserror::Error)]
pub enum BackupFault {
    #[error("{0} is there already; name a new folder")]
    NotNew(PathBuf),
    #[error("{to} is inside {inside}, which is backed up; name a folder elsewhere")]
    Inside { to: PathBuf, inside: PathBuf },
    #[error("{path}: {cause}")]
    File { path: PathBuf, cause: io::Error },
    #[error("the store: {0}")]
    Store(#[from] StoreError),
    #[error("the store is damaged ({0}); a backup would be incomplete")]
    Damaged(String),
    #[error("{0} is not a backup: it has no manifest.json")]
    NoBackup(PathBuf),
    #[error("{0}: the backup is not finished: it has no END; make another one")]
    NotFinished(PathBuf),
    #[error("{path}: is not as it was written ({why}): the backup is damaged; use another one")]
    Altered { path: PathBuf, why: &'static str },
    #[error("{path}: {why}")]
    Manifest { path: PathBuf, why: String },
    #[error(
        "the store already holds data of `{0}`; a backup is restored into an empty store: name \
         another one in [store] url, or empty this one first"
    )]
    NotEmpty(OrganisationId),
    #[error(
        "the store holds an unfinished copy of `{organisation}` from {from}; finish that copy, \
         or name an empty store"
    )]
    OfAnother { organisation: OrganisationId, from: String },
    #[error("the store already holds this backup: it was restored before")]
    RestoredBefore,
    #[error(
        "the originals are in the archive {wanted}, and the one in {folder} is {found}: is it mounted? To \
         restore, name an empty folder in [archive] url, or the archive that the store had"
    )]
    OtherArchive { wanted: String, found: String, folder: String },
    #[error(
        "the originals were on S3, in the archive {wanted}, and are not in the backup; name that archive in [archive] \
         url, or first copy it to another one with `contact-gateway archive copy`"
    )]
    OriginalsInBucket { wanted: String },
    #[error(
        "the backup holds originals, which are restored into a folder only: name one in [archive] url, and copy it to \
         the bucket with `contact-gateway archive copy`"
    )]
    OriginalsInside,
    #[error("{0}; stop the gateway first")]
    Running(String),
    #[error("{0}")]
    Copy(#[from] CopyFault),
    #[error("`{organisation}`: the store changed faster than it could be read; try again")]
    TooBusy { organisation: OrganisationId },
}

impl BackupFault {
    pub(super) fn file(path: &Path) -> impl FnOnce(io::Error) -> BackupFault {
        let path = path.to_owned();
        move |cause| BackupFault::File { path, cause }
    }

    /// Whether the request is at fault: the named place can't be used, whatever happens.
    pub const fn is_input(&self) -> bool {
        matches!(
            self,
            BackupFault::NotNew(_) | BackupFault::Inside { .. } | BackupFault::NoBackup(_)
        )
    }
}
