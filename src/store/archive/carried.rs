//! Originals on their way into a backup and out of it: by their place below the archive's folder, which is
//! the same in both.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{self, Place};
use super::{FileArchive, away, identity};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ArchiveIdentity, StoreError};
use crate::runtime::hashed::{self, Hashed};

/// Where an original is, below the archive's folder, and the SHA-256 of what was kept there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    pub path: PathBuf,
    pub sha256: String,
}

/// The place of a reference.
///
/// # Errors
/// `Refused`: it is not a reference.
pub fn within(organisation: &OrganisationId, reference: &str) -> Result<Within, StoreError> {
    let place = Place::parse(organisation, reference)?;
    Ok(Within { path: place.path(Path::new("")), sha256: place.digest.as_str().to_owned() })
}

/// Which archive is in a folder. `None`: there is none yet; none is made.
///
/// # Errors
/// `Corrupt`: the file holds something else. `Unavailable`: it can't be read.
pub fn identity_of(folder: &Path) -> Result<Option<ArchiveIdentity>, StoreError> {
    identity::read(folder)
}

impl FileArchive {
    /// As [`FileArchive::open`]; a folder that is no archive yet becomes the one with this id.
    ///
    /// # Errors
    /// As [`FileArchive::open`].
    pub fn open_as(folder: &Path, id: &str) -> Result<Self, StoreError> {
        FileArchive::open_with(folder, id)
    }

    /// Puts the file `from` in its place, whole or not at all, and on disk when this returns. Blocks.
    ///
    /// # Errors
    /// `Corrupt`: `from` is not what it should be. `Unavailable`: the disk is full, or away.
    pub fn bring(&self, from: &Path, within: &Path, wanted: &Hashed) -> Result<(), StoreError> {
        self.is_there()?;
        let path = self.root.join(within);
        let folder = path.parent().unwrap_or(&self.root);
        let is_there = match hashed::read(&path) {
            Ok(found) => found == *wanted,
            Err(error) if error.kind() == io::ErrorKind::NotFound => false,
            Err(error) => return Err(away(&error)),
        };
        if !is_there {
            let temporary = self.temporary.file();
            let copied = hashed::copy(from, temporary.path()).map_err(|error| away(&error))?;
            if copied != *wanted {
                return Err(StoreError::Corrupt(format!("{} has changed", from.display())));
            }
            let placed =
                place::make_folders(folder).and_then(|()| std::fs::rename(temporary.path(), &path));
            placed.map_err(|error| away(&error))?;
        }
        place::sync_folder(folder).map_err(|error| away(&error))
    }
}
