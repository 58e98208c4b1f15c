//! The journal's file: its entries in order, and which are done.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::frame::{self, HEAD_BYTES};
use crate::ports::{JournalEntry, StoreError};
use crate::runtime::limits::{JOURNAL_BYTES_MAX, JOURNAL_PAGE_MAX};

pub(super) struct JournalFile {
    file: File,
    /// Held while the journal is open.
    _lock: File,
    /// Where each pending entry's payload stands: offset and length.
    pending: BTreeMap<u64, (u64, usize)>,
    next: u64,
    /// Up to here the file is whole.
    length: u64,
    /// Up to here it was whole and on disk at the last sync; what came after is not acknowledged.
    synced: Synced,
}

#[derive(Clone, Default)]
struct Synced {
    length: u64,
    /// Entries appended, and entries marked done, since the last sync.
    appended: Vec<u64>,
    done: Vec<(u64, (u64, usize))>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Payload {
    Entry { number: u64, entry: Box<JournalEntry> },
    Done { number: u64 },
}

impl JournalFile {
    pub(super) fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| away(&error))?;
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(folder.join(name)).map_err(|error| away(&error))
        };
        let lock = open("lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Refused(
                    "another gateway uses this journal; give each a folder of its own".to_owned(),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(away(&error)),
        }
        let file = open("pending.journal")?;
        // The file's name must be on disk before anything in it counts as kept.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| away(&error))?;
        let mut journal = JournalFile {
            file,
            _lock: lock,
            pending: BTreeMap::new(),
            next: 1,
            length: 0,
            synced: Synced::default(),
        };
        journal.scan(folder)?;
        Ok(journal)
    }

    /// Reads the file from its start. A torn end is cut off. Damage in the middle is stepped over
    /// to the next whole frame, and a copy of the damaged file is left for somebody to look at.
    fn scan(&mut self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join("pending.journal");
        let bytes = std::fs::read(&path).map_err(|error| away(&error))?;
        let mut at = 0;
        let mut whole_to = 0;
        let mut damaged = false;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(payload) = frame::payload(rest) {
                self.learn(payload, at)?;
                at += HEAD_BYTES + payload.len();
                whole_to = at;
            } else if let Some(skip) = frame::next_whole(rest) {
                damaged = true;
                at += skip;
            } else {
                break;
            }
        }
        if damaged {
            let copy = folder.join("damaged.journal");
            std::fs::copy(&path, copy).map_err(|error| away(&error))?;
            tracing::error!(
                journal.pending = self.pending.len(),
                "the journal was damaged; what is whole is kept, a copy is in damaged.journal"
            );
        }
        self.length = u64::try_from(whole_to).unwrap_or(u64::MAX);
        self.file.set_len(self.length).map_err(|error| away(&error))?;
        self.sync()
    }

    fn learn(&mut self, payload: &[u8], at: usize) -> Result<(), StoreError> {
        let read: Payload = serde_json::from_slice(payload)
            .map_err(|_| StoreError::Corrupt("an entry of the journal".to_owned()))?;
        match read {
            Payload::Entry { number, .. } => {
                let offset = u64::try_from(at + HEAD_BYTES).unwrap_or(u64::MAX);
                self.pending.insert(number, (offset, payload.len()));
                self.next = self.next.max(number + 1);
            }
            Payload::Done { number } => {
                self.pending.remove(&number);
                self.next = self.next.max(number + 1);
            }
        }
        Ok(())
    }

    /// Acknowledged by the next [`JournalFile::sync`] alone.
    pub(super) fn append(&mut self, entry: JournalEntry) -> Result<(), StoreError> {
        let number = self.next;
        let payload = Payload::Entry { number, entry: Box::new(entry) };
        let (offset, length) = self.write(&payload, JOURNAL_BYTES_MAX)?;
        self.next += 1;
        self.pending.insert(number, (offset, length));
        self.synced.appended.push(number);
        Ok(())
    }

    pub(super) fn done(&mut self, number: u64) -> Result<(), StoreError> {
        let Some(place) = self.pending.get(&number).copied() else { return Ok(()) };
        // A full journal must still be able to become empty.
        self.write(&Payload::Done { number }, u64::MAX)?;
        self.pending.remove(&number);
        self.synced.done.push((number, place));
        Ok(())
    }

    fn write(&mut self, payload: &Payload, full_at: u64) -> Result<(u64, usize), StoreError> {
        let payload = serde_json::to_vec(payload)
            .map_err(|_| StoreError::Refused("an entry can't be written as JSON".to_owned()))?;
        let frame = frame::frame(&payload)
            .ok_or_else(|| StoreError::Refused("an entry is too long to keep".to_owned()))?;
        let end = self.length + u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if end > full_at {
            return Err(StoreError::Unavailable("the journal is full".to_owned()));
        }
        let head = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
        let offset = self.length + head;
        if let Err(error) = self.file.write_all_at(&frame, self.length) {
            // Cuts off the part that was written; if it can't, the next write or scan does.
            let _ = self.file.set_len(self.length);
            return Err(away(&error));
        }
        self.length = end;
        Ok((offset, payload.len()))
    }

    /// Puts on disk what was written. On an error all of it counts as not written.
    pub(super) fn sync(&mut self) -> Result<(), StoreError> {
        if self.length == self.synced.length && self.synced.is_settled() {
            return Ok(());
        }
        match self.settle() {
            Ok(()) => {
                self.synced = Synced { length: self.length, ..Synced::default() };
                Ok(())
            }
            Err(error) => {
                self.take_back();
                Err(away(&error))
            }
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // All is done, and on disk as such: the file starts again. Numbers go on while the process
        // lives. Where this fails the marks are there all the same.
        if self.pending.is_empty() && self.length > 0 && self.file.set_len(0).is_ok() {
            self.length = 0;
            let _ = self.file.sync_data();
        }
        Ok(())
    }

    fn take_back(&mut self) {
        let synced = std::mem::take(&mut self.synced);
        for number in &synced.appended {
            self.pending.remove(number);
        }
        let appended = |number: &u64| synced.appended.contains(number);
        self.pending.extend(synced.done.into_iter().filter(|(number, _)| !appended(number)));
        self.length = synced.length;
        self.synced = Synced { length: synced.length, ..Synced::default() };
        // Cuts off what may be there; if it can't, the next write or scan does.
        let _ = self.file.set_len(self.length);
    }

    pub(super) fn pending(&self) -> Result<Vec<(u64, JournalEntry)>, StoreError> {
        let mut page = Vec::new();
        for (number, (offset, length)) in self.pending.iter().take(JOURNAL_PAGE_MAX) {
            let mut payload = vec![0; *length];
            self.file.read_exact_at(&mut payload, *offset).map_err(|error| away(&error))?;
            match serde_json::from_slice(&payload) {
                Ok(Payload::Entry { entry, .. }) => page.push((*number, *entry)),
                Ok(Payload::Done { .. }) | Err(_) => {
                    return Err(StoreError::Corrupt("an entry of the journal".to_owned()));
                }
            }
        }
        Ok(page)
    }
}

impl Synced {
    fn is_settled(&self) -> bool {
        self.appended.is_empty() && self.done.is_empty()
    }
}

fn away(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Unavailable("the disk of the journal is full; free some space".to_owned())
        }
        kind => StoreError::Unavailable(format!("the journal can't be used: {kind}")),
    }
}
