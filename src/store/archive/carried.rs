//! Originals on their way into a backup and out of it: by their place below the archive's folder, which is
//! the same in both.

use std::io;
use std::path::{Path, PathBuf};

use super::place::{self, OriginalPlace};
use super::reading::{self, ReadFault};
use super::{FileArchive, away, identity};
use crate::domain::organisation::OrganisationId;
use crate::ports::{ArchiveIdentity, StoreError};
use crate::runtime::hashed::{self, Hashed};
use crate::store::settings::Codec;

/// An original that is to be carried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Within {
    /// Where it is, below the archive's folder.
    pub path: PathBuf,
    place: OriginalPlace,
}

/// Where the original of a reference is in an archive's folder, or would be.
///
/// # Errors
/// `Refused`: it is not a reference.
pub fn within(
    archive: &Path,
    organisation: &OrganisationId,
    reference: &str,
) -> Result<Within, StoreError> {
    let place = OriginalPlace::parse(organisation, reference)?;
    let is_encrypted = place.encrypted_path(archive).is_file();
    let root = Path::new("");
    let path = if is_encrypted { place.encrypted_path(root) } else { place.path(root) };
    Ok(Within { path, place })
}

impl Within {
    /// Whether a copy in the same place below another folder is intact.
    ///
    /// # Errors
    /// `Locked`: it is encrypted with a key that is not there. `Unavailable`: it can't be read.
    pub fn is_whole(
        &self,
        root: &Path,
        copied: &Hashed,
        codec: &Codec,
    ) -> Result<bool, StoreError> {
        if self.path == self.place.path(Path::new("")) {
            return Ok(copied.sha256 == self.place.digest.as_str());
        }
        match reading::read(&self.place, root, codec, &mut io::sink()) {
            Ok(()) => Ok(true),
            Err(ReadFault::Trouble(_)) => Ok(false),
            Err(ReadFault::Io(error)) => Err(away(&error)),
            Err(ReadFault::NoKey(id)) => Err(reading::no_key(&id)),
            Err(ReadFault::PersonKey(error)) => Err(error),
        }
    }
}

/// The identity of the archive in a folder, if it has one. Creates none.
///
/// # Errors
/// `Corrupt`: the file holds something else. `Unavailable`: it can't be read.
pub fn identity_of(folder: &Path) -> Result<Option<ArchiveIdentity>, StoreError> {
    identity::read(folder)
}

impl FileArchive {
    /// As [`FileArchive::open`]; a folder that is not an archive yet becomes the one with this id.
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
