//! A message as it arrives: in memory while it is small and there is room, in a file of the spool folder beyond.

use std::fs::File;
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use tokio::time::timeout;

use crate::ports::Original;
use crate::runtime::limits::{
    MAIL_HEAD_WAIT, MAIL_HEADER_BYTES_MAX, MAIL_MEMORY_BYTES_MAX, MESSAGE_BYTES_FREE,
    SMTP_COMMAND_BYTES, SMTP_READ_BYTES,
};
use crate::runtime::private;
use crate::runtime::room::IncomingRoom;

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
    /// The message, or of a spooled one the first bytes while there is room for them.
    memory: Vec<u8>,
    room: IncomingRoom,
    file: Option<Spooling>,
    length: u64,
}

#[derive(Debug)]
struct Spooling {
    file: File,
    guard: SpoolFile,
    /// Where the first bytes are.
    head: Head,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Head {
    InMemory,
    /// There was no room for them: they are read again when the message is whole.
    OnDisk,
}

/// Why a message that has arrived can't be answered now.
#[derive(Debug, thiserror::Error)]
pub enum UnreadHead {
    #[error("there is no room for its header")]
    NoRoom,
    #[error("its spooled file can't be read: {}", .0.kind())]
    Disk(#[from] std::io::Error),
}

impl Intaking {
    pub fn new(folder: &Path) -> Self {
        let room = IncomingRoom::for_message();
        Intaking { folder: folder.to_owned(), memory: Vec::new(), room, file: None, length: 0 }
    }

    /// Bytes taken so far.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// How many bytes of it to read at once: few where there is no room for many.
    pub const fn at_once(&self) -> usize {
        match &self.file {
            Some(Spooling { head: Head::OnDisk, .. }) => SMTP_COMMAND_BYTES,
            Some(_) | None => SMTP_READ_BYTES,
        }
    }

    /// Takes a piece. Writing to the page cache is quick enough to be done in place; what must
    /// survive a crash is kept by the archive, not here.
    ///
    /// # Errors
    /// The spool can't be written to (full, missing).
    pub fn push(&mut self, piece: &[u8]) -> std::io::Result<()> {
        self.length += piece.len() as u64;
        if self.file.is_none() {
            let fits = self.memory.len() + piece.len() <= MAIL_MEMORY_BYTES_MAX;
            if fits && self.has_room_for(piece.len(), MAIL_MEMORY_BYTES_MAX) {
                self.memory.extend_from_slice(piece);
                return Ok(());
            }
            self.spool()?;
        }
        let Some(spooling) = &mut self.file else { return Ok(()) };
        spooling.file.write_all(piece)?;
        if spooling.head == Head::InMemory {
            let wanted = MAIL_HEADER_BYTES_MAX.saturating_sub(self.memory.len()).min(piece.len());
            if self.has_room_for(wanted, MAIL_HEADER_BYTES_MAX) {
                self.memory.extend_from_slice(piece.get(..wanted).unwrap_or_default());
            } else {
                self.let_go_of_head();
            }
        }
        Ok(())
    }

    /// Whether so many bytes more are held in memory, which then has room for them. What is made is counted, not what
    /// is in it.
    fn has_room_for(&mut self, more: usize, most: usize) -> bool {
        let needed = self.memory.len() + more;
        if needed <= self.memory.capacity() {
            return true;
        }
        let capacity = needed.max((2 * self.memory.capacity()).min(most));
        if capacity > MESSAGE_BYTES_FREE && !self.room.grow(capacity) {
            return false;
        }
        self.memory.reserve_exact(capacity - self.memory.len());
        true
    }

    /// Goes on in a file.
    fn spool(&mut self) -> std::io::Result<()> {
        let path = self.folder.join(format!("{}{FILE_SUFFIX}", uuid::Uuid::now_v7()));
        let mut file = File::options().write(true).create_new(true).open(&path)?;
        let guard = SpoolFile(path);
        file.write_all(&self.memory)?;
        self.memory.truncate(MAIL_HEADER_BYTES_MAX);
        self.file = Some(Spooling { file, guard, head: Head::InMemory });
        Ok(())
    }

    fn let_go_of_head(&mut self) {
        self.memory = Vec::new();
        self.room.clear();
        if let Some(spooling) = &mut self.file {
            spooling.head = Head::OnDisk;
        }
    }

    /// Has the first bytes in memory once the message is whole: where there was no room for them, they are read again.
    ///
    /// # Errors
    /// There is no room for them in time, or they can't be read.
    pub async fn with_head(mut self) -> Result<Self, UnreadHead> {
        let Some(spooling) = self.file.as_mut().filter(|one| one.head == Head::OnDisk) else {
            return Ok(self);
        };
        let bytes = usize::try_from(self.length).unwrap_or(usize::MAX).min(MAIL_HEADER_BYTES_MAX);
        self.room = IncomingRoom::for_mail_head();
        if timeout(MAIL_HEAD_WAIT, self.room.wait_for(bytes)).await.is_err() {
            return Err(UnreadHead::NoRoom);
        }
        self.memory = vec![0; bytes];
        File::open(&spooling.guard.0)?.read_exact(&mut self.memory)?;
        spooling.head = Head::InMemory;
        Ok(self)
    }

    /// The whole message. One that may have gone to disk needs [`Intaking::with_head`] before.
    pub fn finish(self) -> Content {
        let memory = Bytes::from(self.memory);
        match self.file {
            None => Content {
                head: memory.slice(..MAIL_HEADER_BYTES_MAX.min(memory.len())),
                original: Original::Bytes(memory),
                length: self.length,
                _room: self.room,
                _file: None,
            },
            Some(Spooling { guard, .. }) => Content {
                head: memory,
                original: Original::File(guard.0.clone()),
                length: self.length,
                _room: self.room,
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
    _room: IncomingRoom,
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
    use crate::runtime::limits::{MAIL_HEADS_MEMORY_BYTES_MAX, MESSAGES_MEMORY_BYTES_MAX};

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

    #[tokio::test(start_paused = true)]
    async fn without_room_a_message_goes_to_disk_and_only_a_short_one_stays() {
        let folder = tempfile::tempdir().unwrap();
        let mut others = IncomingRoom::for_message();
        assert!(others.grow(MESSAGES_MEMORY_BYTES_MAX));
        let mut short = Intaking::new(folder.path());
        short.push(&vec![b'a'; MESSAGE_BYTES_FREE]).unwrap();
        assert!(matches!(short.finish().original, Original::Bytes(_)));

        let mut longer = Intaking::new(folder.path());
        let text = (0..40_000_u32).flat_map(|at| at.to_be_bytes()).collect::<Vec<u8>>();
        text.chunks(3_000).for_each(|piece| longer.push(piece).unwrap());
        assert_eq!((longer.memory.capacity(), longer.at_once()), (0, SMTP_COMMAND_BYTES));
        let content = longer.with_head().await.unwrap().finish();
        assert_eq!(content.head, text);
        let Original::File(path) = &content.original else { panic!("in memory") };
        assert_eq!(std::fs::read(path).unwrap(), text);

        // Its head is held for as long as it is in hand; others wait, and not for ever.
        let mut heads = IncomingRoom::for_mail_head();
        assert!(heads.grow(MAIL_HEADS_MEMORY_BYTES_MAX - text.len().next_multiple_of(1024)));
        let again = async || {
            let mut again = Intaking::new(folder.path());
            again.push(&text).unwrap();
            again.with_head().await.map(Intaking::finish)
        };
        assert!(matches!(again().await, Err(UnreadHead::NoRoom)));
        drop(content);
        assert_eq!(again().await.unwrap().head, text);
    }

    #[test]
    fn messages_share_one_room_and_give_it_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut others = IncomingRoom::for_message();
        assert!(others.grow(MESSAGES_MEMORY_BYTES_MAX - 64 * 1024));
        let mut first = Intaking::new(folder.path());
        first.push(&[b'a'; 60_000]).unwrap();
        assert!(first.file.is_none());
        let mut second = Intaking::new(folder.path());
        second.push(&[b'a'; 8_000]).unwrap();
        assert!(second.file.is_some());
        drop(first);
        let mut third = Intaking::new(folder.path());
        third.push(&[b'a'; 8_000]).unwrap();
        assert!(third.file.is_none());
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
