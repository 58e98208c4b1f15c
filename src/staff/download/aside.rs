//! Bytes moved to disk for a while: in an unlinked file, encrypted with a key that exists only in memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};
use uuid::Uuid;

use crate::runtime::limits::{DOWNLOAD_PIECE_BYTES, DOWNLOADS_DISK_BYTES_MAX};
use crate::runtime::pieces::{PieceCipher, TAG_BYTES};

/// The beginning of a file's name, until it is unlinked.
const FILE_PREFIX: &str = "download-";
/// Authenticated with every piece: nothing, because each file has a key of its own.
const LABEL: &[u8] = b"";
/// Bytes for each permit of [`ROOM`].
const UNIT: usize = 1024;

/// The disk space for downloads, shared by the whole process.
static ROOM: Semaphore = Semaphore::const_new(DOWNLOADS_DISK_BYTES_MAX / UNIT);

/// Reserved disk space, released on drop.
pub(super) type DiskRoom = SemaphorePermit<'static>;

/// Reserves disk space for `bytes`. `None`: too little is free.
pub(super) fn room(bytes: usize) -> Option<DiskRoom> {
    let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
    ROOM.try_acquire_many(units).ok()
}

/// The encrypted pieces that are still to be read.
pub(super) struct SetAside {
    file: File,
    cipher: PieceCipher,
    /// The number of the next piece, from 0.
    number: u64,
    /// In bytes.
    left: usize,
    _room: DiskRoom,
}

impl SetAside {
    /// Encrypts `bytes` into a new file in `folder`. Blocks.
    ///
    /// # Errors
    /// The file can't be written, or the system provides no random bytes.
    pub(super) fn write(folder: &Path, mut bytes: &[u8], room: DiskRoom) -> io::Result<Self> {
        let left = bytes.len();
        let cipher = PieceCipher::with_new_key(DOWNLOAD_PIECE_BYTES)?;
        let mut file = without_name(folder)?;
        cipher.seal_all(&mut bytes, &mut file, LABEL)?;
        Ok(SetAside { file, cipher, number: 0, left, _room: room })
    }

    /// Skips the first `bytes`, which were sent from memory: a whole number of pieces, or everything. To be called
    /// before any piece is read.
    pub(super) const fn skip(&mut self, bytes: usize) {
        self.number = bytes.div_ceil(DOWNLOAD_PIECE_BYTES) as u64;
        self.left = self.left.saturating_sub(bytes);
    }

    /// In bytes.
    #[cfg(test)]
    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// Reads and decrypts the next piece. Blocks.
    ///
    /// # Errors
    /// The file can't be read, or its contents were changed.
    pub(super) fn piece(&mut self) -> io::Result<Bytes> {
        let length = DOWNLOAD_PIECE_BYTES.min(self.left);
        let mut piece = vec![0; length + TAG_BYTES];
        let at = self.number * (DOWNLOAD_PIECE_BYTES + TAG_BYTES) as u64;
        self.file.read_exact_at(&mut piece, at)?;
        self.cipher
            .open((self.number, length == self.left), LABEL, &mut piece)
            .ok_or_else(|| io::Error::other("the temporary file was changed"))?;
        self.number += 1;
        self.left -= length;
        Ok(piece.into())
    }
}

/// A new file, unlinked at once: the system deletes it when its handle is closed.
fn without_name(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!("{FILE_PREFIX}{}", Uuid::now_v7()));
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Removes files that a crash kept from being unlinked: their keys are lost.
///
/// # Errors
/// The folder can't be read, or a file can't be removed.
pub(in crate::staff) fn clear(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_prefix(FILE_PREFIX));
        if id.is_some_and(|id| Uuid::try_parse(id).is_ok()) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_aside_is_not_on_disk_in_plain_and_comes_back_from_any_piece() {
        let folder = tempfile::tempdir().unwrap();
        let plain: Vec<u8> = (0..=250).cycle().take(3 * DOWNLOAD_PIECE_BYTES + 7).collect();
        for sent in [0, DOWNLOAD_PIECE_BYTES, 3 * DOWNLOAD_PIECE_BYTES, plain.len()] {
            let mut aside =
                SetAside::write(folder.path(), &plain, room(plain.len()).unwrap()).unwrap();
            let mut written = vec![0; aside.file.metadata().unwrap().len().try_into().unwrap()];
            aside.file.read_exact_at(&mut written, 0).unwrap();
            let (part, length) = (&plain[..32], plain.len() + 4 * TAG_BYTES);
            assert_eq!(written.len(), length);
            assert!(!written.windows(part.len()).any(|bytes| bytes == part));
            aside.skip(sent);
            let mut came = Vec::new();
            while aside.left() > 0 {
                came.extend(aside.piece().unwrap());
            }
            assert!(came == plain[sent..], "{sent}");
        }
    }

    #[test]
    fn what_was_changed_on_disk_is_not_handed_on() {
        let folder = tempfile::tempdir().unwrap();
        let mut aside = SetAside::write(folder.path(), b"text", room(4).unwrap()).unwrap();
        aside.file.write_all_at(b"T", 0).unwrap();
        assert!(aside.piece().is_err());
    }

    #[test]
    fn what_a_crash_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let left = at(&format!("{FILE_PREFIX}{}", Uuid::now_v7()));
        let others = [at("journal"), at("download-notes")];
        for file in others.iter().chain([&left]) {
            std::fs::write(file, b"").unwrap();
        }
        clear(folder.path()).unwrap();
        assert!(!left.exists() && others.iter().all(|file| file.exists()));
    }
}
