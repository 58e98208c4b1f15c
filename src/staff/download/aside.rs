//! Bytes moved to disk for a while: in an unlinked file, encrypted with a key that exists only in memory.

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
/// Bytes that encryption adds to each piece: the AES-GCM tag.
const TAG_BYTES: usize = 16;
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
    key: LessSafeKey,
    /// The number of the next piece, from 0, which is also its nonce.
    number: u64,
    left: usize,
    _room: DiskRoom,
}

impl SetAside {
    /// Encrypts `bytes` into a new file in `folder`. Blocks.
    ///
    /// # Errors
    /// The file can't be written, or the system provides no random bytes.
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

    /// Skips the first `bytes`, which were sent from memory: a whole number of pieces, or everything.
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

    /// Reads and decrypts the next piece.
    ///
    /// # Errors
    /// The file can't be read, or its contents were changed.
    pub(super) fn piece(&mut self) -> io::Result<Bytes> {
        let length = DOWNLOAD_PIECE_BYTES.min(self.left);
        let mut piece = vec![0; length + TAG_BYTES];
        self.file.read_exact(&mut piece)?;
        self.key
            .open_in_place(nonce(self.number), Aad::empty(), &mut piece)
            .map_err(|_| io::Error::other("the temporary file was changed"))?;
        piece.truncate(length);
        self.number += 1;
        self.left -= length;
        Ok(piece.into())
    }
}

/// A new file, unlinked at once: the system deletes it when its handle is closed.
fn without_name(folder: &Path) -> io::Result<File> {
    let path = folder.join(format!("download-{}", uuid::Uuid::now_v7()));
    let mut options = File::options();
    let file = options.read(true).write(true).create_new(true).mode(0o600).open(&path)?;
    std::fs::remove_file(&path)?;
    Ok(file)
}

/// The nonce of a piece. None is used twice under one key, because each file has its own key.
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
