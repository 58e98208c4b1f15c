//! A message as it arrives: in memory while it is small, in a file of the spool folder beyond.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use crate::ports::Original;
use crate::runtime::limits::{MAIL_HEADER_BYTES_MAX, MAIL_MEMORY_BYTES_MAX};
use crate::runtime::private;

/// The prefix of spooled files, by which those that a crash left are recognised.
const FILE_SUFFIX: &str = ".in-hand";

/// A spooled file that goes when its message is done with, whichever way that is.
#[derive(Debug)]
struct SpoolFile(PathBuf);

impl Drop for SpoolFile {
    fn drop(&mut self) {
        // A file that can't be removed now is removed at the next start.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Takes a message in, piece by piece.
#[derive(Debug)]
pub struct Intaking {
    folder: PathBuf,
    memory: Vec<u8>,
    file: Option<(File, SpoolFile)>,
    length: u64,
}

impl Intaking {
    pub fn new(folder: &Path) -> Self {
        Intaking { folder: folder.to_owned(), memory: Vec::new(), file: None, length: 0 }
    }

    /// Bytes taken so far.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// Takes a piece. Writing to the page cache is quick enough to be done in place; what must
    /// survive a crash is kept by the archive, not here.
    ///
    /// # Errors
    /// The spool can't be written to (full, missing).
    pub fn push(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.length += piece.len() as u64;
        if self.file.is_none() && self.memory.len() + piece.len() > MAIL_MEMORY_BYTES_MAX {
            let path = self.folder.join(format!("{}{FILE_SUFFIX}", uuid::Uuid::now_v7()));
            let mut file = File::options().write(true).create_new(true).open(&path)?;
            let guard = SpoolFile(path);
            file.write_all(&self.memory)?;
            self.memory.truncate(MAIL_HEADER_BYTES_MAX);
            self.file = Some((file, guard));
        }
        let Some((file, _)) = &mut self.file else {
            self.memory.extend_from_slice(piece);
            return Ok(());
        };
        file.write_all(piece)?;
        let room = MAIL_HEADER_BYTES_MAX.saturating_sub(self.memory.len()).min(piece.len());
        self.memory.extend_from_slice(piece.get(..room).unwrap_or_default());
        Ok(())
    }

    /// The whole message.
    pub fn finish(self) -> Content {
        let memory = Bytes::from(self.memory);
        match self.file {
            None => Content {
                head: memory.slice(..MAIL_HEADER_BYTES_MAX.min(memory.len())),
                original: Original::Bytes(memory),
                length: self.length,
                _file: None,
            },
            Some((_, guard)) => Content {
                head: memory,
                original: Original::File(guard.0.clone()),
                length: self.length,
                _file: Some(guard),
            },
        }
    }
}

/// A message that has arrived whole. Its file, if there is one, goes with it.
#[derive(Debug)]
pub struct Content {
    /// The first bytes, up to [`MAIL_HEADER_BYTES_MAX`].
    pub head: Bytes,
    pub original: Original,
    pub length: u64,
    _file: Option<SpoolFile>,
}

/// Removes what a crash left in the spool: it was never reported as accepted.
///
/// # Errors
/// The folder can't be made or read.
pub fn clear(folder: &Path) -> std::io::Result<()> {
    private::folder(folder)?;
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(FILE_SUFFIX) {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_message_stays_in_memory_and_a_large_one_goes_to_a_file_that_goes_again() {
        let folder = tempfile::tempdir().unwrap();
        let files = || std::fs::read_dir(folder.path()).unwrap().count();
        let mut small = Intaking::new(folder.path());
        small.push(&vec![b'a'; MAIL_MEMORY_BYTES_MAX]).unwrap();
        assert!(matches!(small.finish().original, Original::Bytes(_)));
        assert_eq!(files(), 0);

        let mut large = Intaking::new(folder.path());
        large.push(&vec![b'a'; MAIL_MEMORY_BYTES_MAX]).unwrap();
        large.push(b"b").unwrap();
        let content = large.finish();
        let Original::File(path) = &content.original else { panic!("in memory") };
        assert_eq!(std::fs::read(path).unwrap().len() as u64, content.length);
        assert_eq!(content.head.len(), MAIL_HEADER_BYTES_MAX);
        drop(content);
        assert_eq!(files(), 0);
    }

    #[test]
    fn what_a_crash_left_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.in-hand"), b"").unwrap();
        std::fs::write(folder.path().join("y"), b"").unwrap();
        clear(folder.path()).unwrap();
        assert!(folder.path().join("y").exists() && !folder.path().join("x.in-hand").exists());
    }
}
