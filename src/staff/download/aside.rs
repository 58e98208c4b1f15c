//! Bytes that are set aside on disk for a while: in a file without a name, encrypted with a key that is only in memory.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::runtime::limits::{DOWNLOAD_PIECE_BYTES, DOWNLOADS_DISK_BYTES_MAX};
use crate::runtime::tokens::random;

const KEY_BYTES: usize = 32;
/// By what a piece is longer when it is encrypted.
const TAG_BYTES: usize = 16;
/// What room on disk is counted in, in bytes.
const UNIT: usize = 1024;

/// The disk is the process's, and so is this.
static ROOM: Semaphore = Semaphore::const_new(DOWNLOADS_DISK_BYTES_MAX / UNIT);

/// Room on disk, given back when it is dropped.
pub(super) type DiskRoom = SemaphorePermit<'static>;

/// Room on disk for so many bytes. `None`: there is not enough now.
pub(super) fn room(bytes: usize) -> Option<DiskRoom> {
    let units = u32::try_from(bytes.div_ceil(UNIT)).ok()?;
    ROOM.try_acquire_many(units).ok()
}

/// What was set aside, from its next piece on.
pub(super) struct SetAside {
    file: File,
    key: LessSafeKey,
    /// Of the next piece.
    number: u64,
    left: usize,
    _room: DiskRoom,
}

impl SetAside {
    /// Blocks.
    ///
    /// # Errors
    /// It can't be written to the folder, or the system provides no random bytes.
    pub(super) fn write(folder: &Path, bytes: &[u8], room: DiskRoom) -> io::Result<Self> {
        let key = random::<KEY_BYTES>().map_err(io::Error::other)?;
        let key = UnboundKey::new(&AES_256_GCM, &key).map_err(|_| io::Error::other("no key"))?;
        let key = LessSafeKey::new(key);
        let mut file = without_name(folder)?;
        for (number, piece) in (0..).zip(bytes.chunks(DOWNLOAD_PIECE_BYTES)) {
            let mut sealed = Vec::with_capacity(piece.len() + TAG_BYTES);
            sealed.extend_from_slice(piece);
            key.seal_in_place_append_tag(nonce(number), Aad::empty(), &mut sealed)
                .map_err(|_| io::Error::other("not encrypted"))?;
            file.write_all(&sealed)?;
        }
        file.rewind()?;
        Ok(SetAside { file, key, number: 0, left: bytes.len(), _room: room })
    }

    /// Leaves out so many bytes, which were sent from memory: pieces, and at the end what is left.
    pub(super) fn skip(&mut self, bytes: usize) -> io::Result<()> {
        let pieces = bytes.div_ceil(DOWNLOAD_PIECE_BYTES) as u64;
        self.file.seek(SeekFrom::Start(bytes as u64 + pieces * TAG_BYTES as u64))?;
        self.number = pieces;
        self.left = self.left.saturating_sub(bytes);
        Ok(())
    }

    pub(super) const fn left(&self) -> usize {
        self.left
    }

    /// # Errors
    /// It can't be read, or is not what was written.
    pub(super) fn piece(&mut self) -> io::Result<Bytes> {
        let length = DOWNLOAD_PIECE_BYTES.min(self.left);
        let mut piece = vec![0; length + TAG_BYTES];
        self.file.read_exact(&mut piece)?;
        self.key
            .open_in_place(nonce(self.number), Aad::empty(), &mut piece)
            .map_err(|_| io::Error::other("what was set aside was changed"))?;
        piece.truncate(length);
        self.number += 1;
        self.left -= length;
        Ok(piece.into())
    }
}

/// A file that goes with its last handle.
fn without_name(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!("download-{}", uuid::Uuid::now_v7()));
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// Never twice with one key: the key is only for one file.
fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; NONCE_LEN];
    for (to, from) in nonce.iter_mut().zip(number.to_be_bytes()) {
        *to = from;
    }
    Nonce::assume_unique_for_key(nonce)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileExt as _;

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
            aside.skip(sent).unwrap();
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
}
