//! The journal's file: its entries in order, and which are done.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::aside::{Aside, Unread};
use super::damage::Damage;
use super::frame::{self, HEAD_BYTES};
use super::rejected::Rejected;
use super::{label, reserve};
use crate::domain::decision::Disposition;
use crate::ports::{JournalEntry, OutboundNote, StoreError};
use crate::runtime::limits::{
    JOURNAL_BYTES_MAX, JOURNAL_KEPT_BYTES, JOURNAL_PAGE_MAX, JOURNAL_RESERVED_BYTES,
};
use crate::runtime::private;
use crate::store::record::Codec;

pub(super) struct JournalFile {
    file: File,
    codec: Codec,
    /// Held while the journal is open.
    _lock: File,
    /// The position of each pending entry's payload: offset and length.
    pending: BTreeMap<u64, (u64, usize)>,
    /// The entries that are or were notes on outgoing mail.
    notes: BTreeSet<u64>,
    next: u64,
    /// Up to here the file is whole. Zeros follow, up to `allocated`.
    length: u64,
    /// What the file holds of the disk.
    allocated: u64,
    /// Up to here it was whole and on disk at the last sync; what came after is not acknowledged.
    synced: Synced,
    /// Why the last write failed; `None`: it did not.
    refused: Option<String>,
    /// What this version can't read.
    aside: Aside,
    damage: Damage,
    rejected: Rejected,
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
pub(super) enum Payload {
    Entry { number: u64, entry: Box<JournalEntry> },
    Outbound { number: u64, note: Box<OutboundNote> },
    Done { number: u64 },
}

impl JournalFile {
    pub(super) fn open(folder: &Path, codec: Codec) -> Result<Self, StoreError> {
        private::folder(folder).map_err(|error| away(&error))?;
        let open = |name: &str| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            options.open(folder.join(name)).map_err(|error| away(&error))
        };
        let lock = open("lock")?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Refused(format!(
                    "{}: another gateway uses this journal; give each a folder of its own",
                    folder.display()
                )));
            }
            Err(TryLockError::Error(error)) => return Err(away(&error)),
        }
        let file = open("pending.journal")?;
        // The file's name must be on disk before anything in it counts as kept.
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| away(&error))?;
        let mut journal = JournalFile {
            file,
            codec,
            _lock: lock,
            pending: BTreeMap::new(),
            notes: BTreeSet::new(),
            next: 1,
            length: 0,
            allocated: 0,
            synced: Synced::default(),
            refused: None,
            aside: Aside::open(folder).map_err(|error| away(&error))?,
            damage: Damage::look(folder),
            rejected: Rejected::default(),
        };
        journal.scan(folder)?;
        journal.take_up()?;
        journal.reserve_ahead();
        Ok(journal)
    }

    /// Reads the file from its start. A torn end is cut off. Damage in the middle is stepped over
    /// to the next whole frame, and a copy of the damaged file is left for somebody to look at.
    fn scan(&mut self, folder: &Path) -> Result<(), StoreError> {
        let path = folder.join("pending.journal");
        let mut bytes = std::fs::read(&path).map_err(|error| away(&error))?;
        self.allocated = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        bytes.truncate(reserve::written(&bytes));
        let mut at = 0;
        let mut whole_to = 0;
        let mut damaged = false;
        let mut unread = Unread::default();
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let Some(payload) = frame::payload(rest) {
                self.learn(payload, at, &mut unread);
                at += HEAD_BYTES + payload.len();
                whole_to = at;
            } else if let Some(skip) = frame::next_whole(rest) {
                // Zeros in front are what a crash left of a file that was being emptied.
                damaged |= rest.iter().take(skip).any(|byte| *byte != 0);
                at += skip;
            } else {
                break;
            }
        }
        if damaged {
            let is_copied = self.damage.copy(&path);
            tracing::error!(
                journal.pending = self.pending.len(),
                journal.copied = is_copied,
                "the journal was damaged; intact entries were kept, and a copy is in \
                 damaged.journal"
            );
        }
        // On disk there before the file can start again without them.
        self.aside.put(unread).map_err(|error| away(&error))?;
        self.length = u64::try_from(whole_to).unwrap_or(u64::MAX);
        let torn_to = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        reserve::blank(&self.file, self.length, torn_to).map_err(|error| away(&error))?;
        self.sync()
    }

    fn learn(&mut self, payload: &[u8], at: usize, unread: &mut Unread) {
        match self.codec.read(payload, label(&at)) {
            Ok(Payload::Entry { number, .. }) => self.found(number, at, payload.len()),
            Ok(Payload::Outbound { number, .. }) => {
                self.notes.insert(number);
                self.found(number, at, payload.len());
            }
            Ok(Payload::Done { number }) => {
                self.pending.remove(&number);
                unread.done(number);
                self.next = self.next.max(number + 1);
            }
            Err(_) => {
                let number = unread.found(&self.codec, payload).unwrap_or_default();
                self.next = self.next.max(number.saturating_add(1));
            }
        }
    }

    fn found(&mut self, number: u64, at: usize, length: usize) {
        let offset = u64::try_from(at + HEAD_BYTES).unwrap_or(u64::MAX);
        self.pending.insert(number, (offset, length));
        self.next = self.next.max(number + 1);
    }

    /// Makes entries pending again that another version could not read and this one can. One that a crash leaves in
    /// both places is replayed twice, which is harmless.
    fn take_up(&mut self) -> Result<(), StoreError> {
        let mut taken_up = Vec::new();
        for payload in self.aside.payloads().to_vec() {
            match self.codec.read(&payload, label(&"set aside")) {
                Ok(Payload::Entry { entry, .. }) => self.append(*entry)?,
                Ok(Payload::Outbound { note, .. }) => self.append_outbound(*note)?,
                Ok(Payload::Done { .. }) | Err(_) => continue,
            }
            taken_up.push(payload);
        }
        if !taken_up.is_empty() {
            self.sync()?;
            self.aside.let_go(&taken_up).map_err(|error| away(&error))?;
        }
        if let Some(fault) = self.aside.fault() {
            tracing::error!(fault, "the journal has entries that only another version can read");
        }
        Ok(())
    }

    /// Acknowledged only by the next [`JournalFile::sync`].
    pub(super) fn append(&mut self, entry: JournalEntry) -> Result<(), StoreError> {
        let room = if does_something(&entry) { Room::All } else { Room::WhatIsNotKept };
        self.put(&Payload::Entry { number: self.next, entry: Box::new(entry) }, room)
    }

    /// As [`JournalFile::append`]. It may use less room: the message has left anyway, and only the trail would lack
    /// the note.
    pub(super) fn append_outbound(&mut self, note: OutboundNote) -> Result<(), StoreError> {
        let number = self.next;
        self.put(&Payload::Outbound { number, note: Box::new(note) }, Room::WhatIsNotKept)?;
        self.notes.insert(number);
        Ok(())
    }

    /// Writes an entry under the next number.
    fn put(&mut self, payload: &Payload, room: Room) -> Result<(), StoreError> {
        let place = self.write(payload, room)?;
        self.pending.insert(self.next, place);
        self.synced.appended.push(self.next);
        self.next += 1;
        Ok(())
    }

    pub(super) fn done(&mut self, number: u64) -> Result<(), StoreError> {
        let Some(place) = self.pending.get(&number).copied() else { return Ok(()) };
        self.write(&Payload::Done { number }, Room::Beyond)?;
        self.pending.remove(&number);
        self.rejected.done(number);
        self.synced.done.push((number, place));
        Ok(())
    }

    /// The store does not take this entry: pages leave it out.
    pub(super) fn rejected(&mut self, number: u64, why: String) {
        if self.pending.contains_key(&number) {
            self.rejected.put(number, why);
        }
    }

    /// Pages have every entry again.
    pub(super) fn try_rejected(&mut self) {
        self.rejected.try_again();
    }

    fn write(&mut self, payload: &Payload, room: Room) -> Result<(u64, usize), StoreError> {
        let payload = self.codec.write(label(&self.next), payload)?;
        let frame = frame::frame(payload.as_bytes())
            .ok_or_else(|| StoreError::Refused("an entry is too long to keep".to_owned()))?;
        let end = self.length + u64::try_from(frame.len()).unwrap_or(u64::MAX);
        if end > JOURNAL_BYTES_MAX && room != Room::Beyond {
            return Err(StoreError::Unavailable("the journal is full".to_owned()));
        }
        self.make_room(end, room)?;
        let head = u64::try_from(HEAD_BYTES).unwrap_or(u64::MAX);
        let offset = self.length + head;
        if let Err(error) = self.file.write_all_at(&frame, self.length) {
            // The part written is not a whole frame; if it can't be removed, the next write or
            // scan does.
            let _ = reserve::blank(&self.file, self.length, end.min(self.allocated));
            return Err(self.refusing(&error));
        }
        self.refused = None;
        self.length = end;
        Ok((offset, payload.len()))
    }

    /// Makes sure that the disk has room for this entry and for those that must be written.
    fn make_room(&mut self, end: u64, room: Room) -> Result<(), StoreError> {
        if end + JOURNAL_KEPT_BYTES <= self.allocated {
            return Ok(());
        }
        let wanted = end + JOURNAL_RESERVED_BYTES;
        let grown = reserve::hold(&self.file, self.allocated, wanted);
        match grown {
            Ok(()) => self.allocated = wanted,
            Err(error) if room == Room::WhatIsNotKept => return Err(away(&error)),
            Err(_) if end <= self.allocated => {}
            // If the whole reserve does not fit, this entry may still.
            Err(_) => {
                reserve::hold(&self.file, self.allocated, end).map_err(|error| away(&error))?;
                self.allocated = end;
            }
        }
        Ok(())
    }

    /// Reserves what a full disk would refuse. Where it is full already, the next write tries again.
    fn reserve_ahead(&mut self) {
        let wanted = (self.length + JOURNAL_KEPT_BYTES).max(JOURNAL_RESERVED_BYTES);
        if self.allocated >= wanted {
            return;
        }
        match reserve::hold(&self.file, self.allocated, wanted) {
            Ok(()) => self.allocated = wanted,
            Err(error) => tracing::error!(
                error = %error.kind(),
                "the disk has no room to be reserved for the journal"
            ),
        }
    }

    fn refusing(&mut self, error: &io::Error) -> StoreError {
        self.refused = Some(format!("the last entry could not be written: {}", error.kind()));
        away(error)
    }

    /// After a write that failed: whether one would work by now. Nothing may have to be written for long. Not to be
    /// asked between a write and its sync: the system reports a sync that failed only once.
    pub(super) fn try_again(&mut self) {
        if self.refused.is_none() {
            return;
        }
        let next = (self.length + 1).min(self.allocated);
        let tried =
            reserve::blank(&self.file, self.length, next).and_then(|()| self.file.sync_data());
        if tried.is_ok() {
            self.refused = None;
        }
    }

    /// What keeps it from taking entries, now or as soon as the disk is full, or from replaying those it has.
    pub(super) fn fault(&self) -> Option<String> {
        if self.refused.is_some() {
            return self.refused.clone();
        }
        if self.length >= JOURNAL_BYTES_MAX {
            return Some("the journal is full".to_owned());
        }
        let left = self.allocated.saturating_sub(self.length);
        if left < JOURNAL_KEPT_BYTES {
            let left = left / 1024;
            return Some(format!(
                "the disk is full, and {left} KiB of the journal's reserve are left"
            ));
        }
        let lasting: Vec<String> = [self.rejected.fault(), self.damage.fault(), self.aside.fault()]
            .into_iter()
            .flatten()
            .collect();
        (!lasting.is_empty()).then(|| lasting.join("; "))
    }

    /// Syncs writes to disk. On an error all of it counts as not written.
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
                Err(self.refusing(&error))
            }
        }
    }

    fn settle(&mut self) -> io::Result<()> {
        self.file.sync_data()?;
        // All is done, and on disk as such: the file starts again, and keeps its place on the disk.
        // Numbers continue while the process lives. If this fails, the marks are there anyway.
        if self.pending.is_empty()
            && self.length > 0
            && reserve::blank(&self.file, 0, self.length).is_ok()
        {
            self.length = 0;
            self.notes.clear();
            let _ = self.file.sync_data();
            if self.allocated > JOURNAL_RESERVED_BYTES
                && self.file.set_len(JOURNAL_RESERVED_BYTES).is_ok()
            {
                self.allocated = JOURNAL_RESERVED_BYTES;
            }
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
        // Takes back what may be there; if it can't, the next write or scan does.
        let _ = reserve::blank(&self.file, synced.length, self.length.min(self.allocated));
        self.length = synced.length;
        self.synced = Synced { length: synced.length, ..Synced::default() };
    }

    pub(super) fn pending(&mut self) -> Result<Vec<(u64, JournalEntry)>, StoreError> {
        self.page(false, |payload| match payload {
            Payload::Entry { entry, .. } => Some(*entry),
            Payload::Outbound { .. } | Payload::Done { .. } => None,
        })
    }

    pub(super) fn pending_outbound(&mut self) -> Result<Vec<(u64, OutboundNote)>, StoreError> {
        self.page(true, |payload| match payload {
            Payload::Outbound { note, .. } => Some(*note),
            Payload::Entry { .. } | Payload::Done { .. } => None,
        })
    }

    /// The oldest pending entries: only notes, or only others. One that can't be read back is rejected, so that the
    /// next page has others.
    fn page<T>(
        &mut self,
        of_notes: bool,
        wanted: impl Fn(Payload) -> Option<T>,
    ) -> Result<Vec<(u64, T)>, StoreError> {
        let is_wanted = |number: &u64| {
            self.notes.contains(number) == of_notes && !self.rejected.leaves_out(*number)
        };
        let pending = self.pending.iter().filter(|(number, _)| is_wanted(number));
        let pending = pending.take(JOURNAL_PAGE_MAX).map(|(number, place)| (*number, *place));
        let places: Vec<(u64, (u64, usize))> = pending.collect();
        let mut page = Vec::new();
        for (number, (offset, length)) in places {
            let mut payload = vec![0; length];
            self.file.read_exact_at(&mut payload, offset).map_err(|error| away(&error))?;
            let read: Result<Payload, StoreError> = self.codec.read(&payload, label(&number));
            let why = match read.map(&wanted) {
                Ok(Some(entry)) => {
                    page.push((number, entry));
                    continue;
                }
                Ok(None) => "it is of another kind".to_owned(),
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => error.to_string(),
            };
            tracing::error!(why, "an entry of the journal can't be read back");
            self.rejected.put(number, why);
        }
        Ok(page)
    }
}

/// What of the journal's room an entry may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// Everything but the reserve for decisions that do something.
    WhatIsNotKept,
    All,
    /// A full journal must still be able to become empty.
    Beyond,
}

/// Whether somebody would miss the decision: the others are plain deliveries, which only the audit trail lacks while
/// they wait.
fn does_something(entry: &JournalEntry) -> bool {
    entry.person.is_some()
        || entry.settled.item.is_some()
        || entry.settled.decision.disposition != Disposition::Deliver
}

impl Synced {
    fn is_settled(&self) -> bool {
        self.appended.is_empty() && self.done.is_empty()
    }
}

pub(super) fn away(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Unavailable("the disk of the journal is full; free some space".to_owned())
        }
        kind => StoreError::Unavailable(format!("the journal can't be used: {kind}")),
    }
}
