//! Which archive a folder is: a name of its own, in the file `.identity` at its top. No organisation's
//! folder has such a name (`place`).
//!
//! Two gateways that see the same file share the archive. Where the file is gone while the archive is in
//! use, the folder is another one: a share that is not mounted, a disk that was changed.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::place::sync_folder;
use super::temporary::TemporaryFolder;
use crate::ports::{ArchiveIdentity, StoreError};

pub(super) const FILE: &str = ".identity";

/// Where a folder's identity is.
pub(super) fn file(root: &Path) -> PathBuf {
    root.join(FILE)
}

/// The identity of an archive; where it has none yet, it is given this one.
///
/// # Errors
/// `Corrupt`: the file holds something else. `Unavailable`: it can't be read or written.
pub(super) fn of(
    root: &Path,
    temporary: &TemporaryFolder,
    id: &str,
) -> Result<ArchiveIdentity, StoreError> {
    if let Some(known) = read(root)? {
        return Ok(known);
    }
    give(root, temporary, id).map_err(|error| super::away(&error))?;
    read(root)?.ok_or_else(|| super::away(&io::Error::from(io::ErrorKind::NotFound)))
}

/// The identity of an archive, if it has one.
///
/// # Errors
/// As [`of`].
pub(super) fn read(root: &Path) -> Result<Option<ArchiveIdentity>, StoreError> {
    let text = match std::fs::read_to_string(file(root)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(super::away(&error)),
    };
    let place = format!("file:{}", root.display());
    parsed(&text, &place).map(Some)
}

/// What the file or the object of an archive in this place says.
///
/// # Errors
/// `Corrupt`: something else.
pub(super) fn parsed(text: &str, place: &str) -> Result<ArchiveIdentity, StoreError> {
    let id = text.trim_end().to_owned();
    if uuid::Uuid::try_parse(&id).is_err() {
        return Err(StoreError::Corrupt(format!(
            "{FILE} in {place} does not hold the identity of an archive"
        )));
    }
    Ok(ArchiveIdentity { id, place: place.to_owned() })
}

/// Whole or not at all, and the first of several that come at once: the others find it there.
fn give(root: &Path, temporary: &TemporaryFolder, id: &str) -> io::Result<()> {
    let text = format!("{id}\n");
    let draft = temporary.file();
    let mut written = draft.create()?;
    written.write_all(text.as_bytes())?;
    written.sync_all()?;
    match std::fs::hard_link(draft.path(), file(root)) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        // A file system without links: two that come at once may take each other's place once.
        Err(_) => std::fs::rename(draft.path(), file(root))?,
    }
    sync_folder(root)
}
