//! The place that the journal holds on the disk before it is needed.
//!
//! Writing into it needs no new blocks on file systems that overwrite in place (ext4, XFS, tmpfs). One that
//! copies on write (Btrfs, ZFS) may still need some: there the reserve helps less.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use rustix::fs::{FallocateFlags, fallocate};
use rustix::io::Errno;

const PIECE_BYTES: usize = 64 * 1024;
static ZEROS: [u8; PIECE_BYTES] = [0; PIECE_BYTES];

/// Has the disk hold the file from `from` to `to`, as zeros.
pub(super) fn hold(file: &File, from: u64, to: u64) -> io::Result<()> {
    match fallocate(file, FallocateFlags::empty(), from, to.saturating_sub(from)) {
        Ok(()) => file.sync_all(),
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            let written = blank(file, from, to).and_then(|()| file.sync_all());
            if written.is_err() {
                let _ = file.set_len(from);
            }
            written
        }
        Err(error) => {
            // Part of it may be held already.
            let _ = file.set_len(from);
            Err(error.into())
        }
    }
}

/// Writes zeros from `from` to `to`.
pub(super) fn blank(file: &File, from: u64, to: u64) -> io::Result<()> {
    let mut at = from;
    while at < to {
        let left = usize::try_from(to - at).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let piece = ZEROS.get(..left).unwrap_or(&ZEROS);
        file.write_all_at(piece, at)?;
        at += u64::try_from(piece.len()).unwrap_or(u64::MAX);
    }
    Ok(())
}

/// How many of these bytes are in front of the zeros at the end.
pub(super) fn written(bytes: &[u8]) -> usize {
    let mut end = bytes.len();
    // Whole pieces first: they are compared at once.
    while let Some(start) = end.checked_sub(PIECE_BYTES)
        && bytes.get(start..end).is_some_and(|piece| *piece == ZEROS)
    {
        end = start;
    }
    let last = bytes.get(..end).and_then(|front| front.iter().rposition(|byte| *byte != 0));
    last.map_or(0, |last| last + 1)
}
