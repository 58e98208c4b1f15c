//! An archive that is looked at: nothing in it is made, swept or written.

use std::io;
use std::path::{Path, PathBuf};

use super::place::Place;
use super::{identity, reading};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ArchiveIdentity, StoreError};
use crate::store::settings::Codec;

/// The originals of an archive.
pub struct Originals {
    root: PathBuf,
    identity: ArchiveIdentity,
    codec: Codec,
}

impl Originals {
    /// `None`: there is no archive in the folder.
    ///
    /// # Errors
    /// As [`FileArchive::open`](super::FileArchive::open).
    pub fn of(folder: &Path, codec: &Codec) -> Result<Option<Self>, StoreError> {
        let identity = identity::read(folder)?;
        let (root, codec) = (folder.to_owned(), codec.clone());
        Ok(identity.map(|identity| Originals { root, identity, codec }))
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
        let (root, codec) = (self.root.clone(), self.codec.clone());
        let read = tokio::task::spawn_blocking(move || {
            reading::read(&place, &root, &codec, &mut io::sink())
        });
        let read =
            read.await.map_err(|_| StoreError::Unavailable("the archive is closing".to_owned()))?;
        read.map_err(|fault| fault.of(&self.identity))
    }
}
