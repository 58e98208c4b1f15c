//! Files with the SHA-256 of what they hold, read in pieces.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};

use super::limits::ARCHIVE_PIECE_BYTES;
use super::tokens::{hex, sha256};

/// How long a file is, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashed {
    pub bytes: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// Reads a file.
///
/// # Errors
/// It can't be read.
pub fn read(path: &Path) -> io::Result<Hashed> {
    pass(&mut File::open(path)?, &mut io::sink())
}

/// Of bytes in memory.
pub fn of(bytes: &[u8]) -> Hashed {
    Hashed { bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX), sha256: hex(&sha256(bytes)) }
}

/// Copies a file to a new one, readable by the gateway's own user only and on disk when this returns.
/// The hash covers exactly the bytes copied.
///
/// # Errors
/// One can't be read or the other not written; what there is of the copy stays.
pub fn copy(from: &Path, to: &Path) -> io::Result<Hashed> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    let hashed = pass(&mut File::open(from)?, &mut file)?;
    file.sync_all()?;
    Ok(hashed)
}

fn pass(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<Hashed> {
    let mut to = Hashing::new(to);
    let mut piece = vec![0; ARCHIVE_PIECE_BYTES];
    loop {
        let length = from.read(&mut piece)?;
        match piece.get(..length) {
            None | Some([]) => return Ok(to.end()),
            Some(read) => to.write_all(read)?,
        }
    }
}

/// Hashes what it hands on.
pub struct Hashing<W> {
    to: W,
    hash: Context,
    bytes: u64,
}

impl<W: Write> Hashing<W> {
    pub fn new(to: W) -> Self {
        Hashing { to, hash: Context::new(&SHA256), bytes: 0 }
    }

    /// What was handed on.
    pub fn end(self) -> Hashed {
        Hashed { bytes: self.bytes, sha256: hex(self.hash.finish().as_ref()) }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes += u64::try_from(written).unwrap_or(u64::MAX);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_hashed_as_it_is_made_and_never_takes_anothers_place() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        std::fs::write(&from, "abc".repeat(ARCHIVE_PIECE_BYTES)).unwrap();
        let copied = copy(&from, &to).unwrap();
        assert_eq!((copied.bytes, &copied), (3 * ARCHIVE_PIECE_BYTES as u64, &read(&to).unwrap()));
        // FIPS 180-2, appendix B.1.
        std::fs::write(&from, "abc").unwrap();
        let known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(read(&from).unwrap().sha256, known);
        assert_eq!(copy(&from, &to).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
