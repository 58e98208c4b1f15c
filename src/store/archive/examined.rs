//! An archive that is looked at: nothing in it is made, swept or written.

use std::io;
use std::path::{Path, PathBuf};

use super::place::Place;
use super::{away, digest_of_file, identity};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ArchiveIdentity, OriginalFault, OriginalTrouble, StoreError};

/// The originals of an archive.
pub struct Originals {
    root: PathBuf,
    identity: ArchiveIdentity,
}

impl Originals {
    /// `None`: there is no archive in the folder.
    ///
    /// # Errors
    /// As [`FileArchive::open`](super::FileArchive::open).
    pub fn of(folder: &Path) -> Result<Option<Self>, StoreError> {
        let identity = identity::read(folder)?;
        Ok(identity.map(|identity| Originals { root: folder.to_owned(), identity }))
    }

    /// Reads an original through, however large it is.
    ///
    /// # Errors
    /// [`StoreError::Original`]: it is missing, or is not what was kept.
    pub async fn verify(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<(), StoreError> {
        let place = Place::parse(organisation, reference)?;
        let path = place.path(&self.root);
        let read = tokio::task::spawn_blocking(move || digest_of_file(&path)).await;
        let read =
            read.map_err(|_| StoreError::Unavailable("the archive is closing".to_owned()))?;
        let trouble = match read {
            Ok((digest, _)) if digest == place.digest => return Ok(()),
            Ok(_) => OriginalTrouble::Altered,
            Err(error) if error.kind() == io::ErrorKind::NotFound => OriginalTrouble::Missing,
            Err(error) => return Err(away(&error)),
        };
        Err(StoreError::Original(OriginalFault { trouble, archive: self.identity.clone() }))
    }
}
