//! Whether the files of the database are still those that were opened, with all that was written to them.
//!
//! SQLite itself would not see it: pages that it has read are in its memory, and where a page is in the log it knows
//! from the log's index, a file of its own that stays as it is when the log is cut.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::{length, schema};
use crate::ports::StoreError;
use crate::runtime::limits::PAST_LOOK_EVERY;

/// The smallest page, and so the smallest database.
const FILE_BYTES_MIN: u64 = 512;
/// Looks, one after the other, at which pages were missing. A log that is written back may make it so for a
/// moment.
const SHORT_LOOKS: u8 = 2;
/// A header of the log's index, which has two copies of it (sqlite.org/walformat.html, 2.1.1).
const INDEX_BYTES: usize = 48;
/// The header of the log, and of each page in it (sqlite.org/fileformat2.html, 4.1).
const LOG_HEADER_BYTES: u64 = 32;
const FRAME_HEADER_BYTES: u64 = 24;

/// A file by device and number, and by when it was made, where its file system says it: the number of a file that is
/// gone is given to another.
type Number = (u64, u64, Option<SystemTime>);

/// The files that were opened.
#[derive(Debug)]
pub(super) struct Opened {
    file: PathBuf,
    database: Kept,
    log: Kept,
    index: Kept,
    /// The last page of the log when it was last looked at.
    seen: Mutex<Option<LastPage>>,
    short: AtomicU8,
    abandoned: AtomicBool,
}

/// A file that stays open until its database is closed: closing it would take away the locks that SQLite has on it for
/// the whole process (sqlite.org/howtocorrupt.html, 2.2).
#[derive(Debug)]
struct Kept {
    path: PathBuf,
    open: Mutex<Option<File>>,
    number: Option<Number>,
}

impl Kept {
    fn new(path: PathBuf) -> Self {
        let open = File::open(&path).ok();
        let number = open.as_ref().and_then(|open| open.metadata().ok()).map(number);
        Kept { path, open: Mutex::new(open), number }
    }

    /// `None`: it could not be opened, or was let go.
    fn open(&self) -> MutexGuard<'_, Option<File>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is at its path now.
    fn found(&self) -> Option<Metadata> {
        std::fs::metadata(&self.path).ok()
    }

    fn is_in_its_place(&self) -> bool {
        self.found().map(number) == self.number
    }

    /// In bytes.
    fn length(&self) -> Option<u64> {
        Some(self.open().as_ref()?.metadata().ok()?.len())
    }

    /// `None`: the file is shorter than that, or can't be read.
    fn read<const BYTES: usize>(&self, at: u64) -> Option<[u8; BYTES]> {
        let mut bytes = [0; BYTES];
        self.open().as_ref()?.read_exact_at(&mut bytes, at).ok()?;
        Some(bytes)
    }
}

fn number(found: Metadata) -> Number {
    (found.dev(), found.ino(), found.created().ok())
}

/// The last page that was committed to the log, by the log's index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct LastPage {
    /// Its place in the log, from 1.
    place: u32,
    page_bytes: u64,
    /// The log has others once it is begun anew.
    salts: [u8; 8],
    /// Over everything in the log up to this page.
    checksum: [u8; 8],
}

impl LastPage {
    /// `None`: nothing is in the log, or the index is being written.
    fn of(index: &[u8; 2 * INDEX_BYTES]) -> Option<Self> {
        let (header, copy) = index.split_at(INDEX_BYTES);
        let is_filled = header.get(12) == Some(&1);
        let place = number_at(header, 16)?;
        if header != copy || !is_filled || place == 0 {
            return None;
        }
        let page_bytes = header.get(14..16).and_then(|bytes| bytes.try_into().ok());
        // In the machine's byte order there, always big-endian in the log.
        let [first, second] = [24, 28].map(|at| number_at(header, at).map(u32::to_be_bytes));
        let mut checksum = [0; 8];
        let (left, right) = checksum.split_at_mut(4);
        left.copy_from_slice(&first?);
        right.copy_from_slice(&second?);
        Some(LastPage {
            place,
            page_bytes: page_bytes_of(u16::from_ne_bytes(page_bytes?)),
            salts: header.get(32..40)?.try_into().ok()?,
            checksum,
        })
    }

    /// Where its header is in the log.
    fn at(&self) -> u64 {
        LOG_HEADER_BYTES + u64::from(self.place - 1) * (FRAME_HEADER_BYTES + self.page_bytes)
    }

    /// The log has it, whole.
    fn is_in(&self, log: &Kept) -> bool {
        let end = self.at() + FRAME_HEADER_BYTES + self.page_bytes;
        let is_as_long = log.length().is_some_and(|length| length >= end);
        let header: Option<[u8; 16]> = log.read(self.at() + 8);
        let written = [self.salts, self.checksum].concat();
        is_as_long && header.is_some_and(|header| header[..] == written[..])
    }
}

fn number_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
    Some(u32::from_ne_bytes(bytes))
}

/// The size of a page, which SQLite writes in two bytes: 1 is 65,536.
fn page_bytes_of(written: u16) -> u64 {
    if written == 1 { 65_536 } else { u64::from(written) }
}

impl Opened {
    /// Of a database that is open, so that all its files are there.
    pub(super) fn of(file: &Path) -> Self {
        Opened {
            file: file.to_owned(),
            database: Kept::new(file.to_owned()),
            log: Kept::new(schema::log_of(file)),
            index: Kept::new(schema::index_of(file)),
            seen: Mutex::new(None),
            short: AtomicU8::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }

    /// Nothing is to be written any more, not even what waits in the log.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Closes the files. Only once the database is closed, and before another is opened in its place.
    pub(super) fn let_go(&self) {
        for kept in [&self.database, &self.log, &self.index] {
            drop(kept.open().take());
        }
    }

    /// The open files are no longer in their places, or the log has lost what was written to it.
    pub(super) fn lost(&self) -> Option<String> {
        if self.is_abandoned() {
            return Some("the database is being reopened".to_owned());
        }
        let Some(found) = self.database.found() else {
            return Some("the database file is gone".to_owned());
        };
        let length = found.len();
        if Some(number(found)) != self.database.number {
            return Some("the database file was replaced by another".to_owned());
        }
        if length < FILE_BYTES_MIN {
            return Some("the database file was emptied".to_owned());
        }
        if !self.log.is_in_its_place() {
            return Some("the log of the database file is gone".to_owned());
        }
        if !self.index.is_in_its_place() {
            return Some("the index of the database's log is gone".to_owned());
        }
        if self.log_is_cut() {
            return Some("the log of the database file was cut short".to_owned());
        }
        None
    }

    /// Whether the log lacks its last page, or the one that was last at the look before: if it was written
    /// to after it was cut, zeros are in that one's place.
    fn log_is_cut(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = self.index.read::<{ 2 * INDEX_BYTES }>(0) else { return false };
        let Some(last) = LastPage::of(&before) else {
            *seen = None;
            return false;
        };
        let is_of_this_log = |page: &LastPage| page.salts == last.salts;
        let is_whole = last.is_in(&self.log)
            && seen.filter(is_of_this_log).is_none_or(|page| page.is_in(&self.log));
        if is_whole {
            *seen = Some(last);
            return false;
        }
        // A log that is begun anew at this moment has it no longer, and its index says so first.
        self.index.read(0) == Some(before)
    }

    /// A file that lacks pages, which are not in the log either, was cut.
    pub(super) fn is_whole(&self) -> Result<(), StoreError> {
        let short = lacks_pages(&self.database, &self.log)?;
        let looks = if short { self.short.load(Ordering::SeqCst).saturating_add(1) } else { 0 };
        self.short.store(looks, Ordering::SeqCst);
        if looks >= SHORT_LOOKS {
            return Err(StoreError::Corrupt("the database file was cut short".to_owned()));
        }
        Ok(())
    }

    /// What waits in the log belongs to the file that was opened, and to no other: removes it where that is gone.
    pub(super) fn leave_no_log(&self) {
        if !self.database.is_in_its_place()
            && self.log.number.is_some()
            && self.log.is_in_its_place()
        {
            let _ = std::fs::remove_file(&self.log.path);
        }
    }
}

fn lacks_pages(database: &Kept, log: &Kept) -> Result<bool, StoreError> {
    let unread = || StoreError::Unavailable("the database file can't be read".to_owned());
    let (open, log) = (database.open(), log.open());
    let open = open.as_ref().ok_or_else(unread)?;
    length::lacks_pages(open, log.as_ref()).map_err(|_| unread())
}

/// Whether a file and its log have all pages, as far as one look tells. While a gateway writes its log back, some may
/// be missing for a moment: it is looked at again.
pub(super) fn is_whole(file: &Path) -> Result<(), StoreError> {
    let (database, log) = (Kept::new(file.to_owned()), Kept::new(schema::log_of(file)));
    for _ in 0..SHORT_LOOKS {
        if !lacks_pages(&database, &log)? {
            return Ok(());
        }
        std::thread::sleep(PAST_LOOK_EVERY);
    }
    Err(StoreError::Corrupt("the database file was cut short".to_owned()))
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A database with something in its log.
    fn written() -> (tempfile::TempDir, Connection, Opened) {
        let folder = tempfile::tempdir().unwrap();
        let file = schema::file(folder.path());
        let open = schema::open_to_write(&file).unwrap();
        let opened = Opened::of(&file);
        open.execute_batch("CREATE TABLE filling (number INTEGER, text TEXT)").unwrap();
        (folder, open, opened)
    }

    fn write(open: &Connection) {
        let sql = "INSERT INTO filling VALUES (1, hex(randomblob(20000)))";
        open.execute_batch(sql).unwrap();
    }

    fn checkpoint(open: &Connection, how: &str) {
        let sql = format!("PRAGMA wal_checkpoint({how})");
        open.query_row(&sql, [], |_| Ok(())).unwrap();
    }

    fn cut(opened: &Opened) {
        let log = File::options().write(true).open(&opened.log.path).unwrap();
        log.set_len(log.metadata().unwrap().len() / 2).unwrap();
    }

    #[test]
    fn what_is_no_longer_in_its_place_is_told() {
        let (folder, open, opened) = written();
        let file = opened.file.clone();
        assert_eq!(opened.lost(), None);
        for (beside, says) in [(&opened.log, "log"), (&opened.index, "index")] {
            let away = folder.path().join("away");
            std::fs::rename(&beside.path, &away).unwrap();
            assert!(opened.lost().unwrap().contains(says));
            std::fs::rename(&away, &beside.path).unwrap();
            assert_eq!(opened.lost(), None);
        }
        std::fs::rename(&file, folder.path().join("away")).unwrap();
        assert!(opened.lost().unwrap().contains("gone"));
        std::fs::copy(folder.path().join("away"), &file).unwrap();
        assert!(opened.lost().unwrap().contains("another"));
        std::fs::rename(folder.path().join("away"), &file).unwrap();
        assert_eq!(opened.lost(), None);
        std::fs::write(&file, "").unwrap();
        assert!(opened.lost().unwrap().contains("emptied"));
        drop(open);
    }

    #[test]
    fn a_log_that_was_cut_is_told_and_so_it_is_when_it_was_written_to_since() {
        let (_folder, open, opened) = written();
        write(&open);
        assert_eq!(opened.lost(), None);
        cut(&opened);
        assert!(opened.lost().unwrap().contains("cut short"));

        let (_folder, open, opened) = written();
        write(&open);
        assert_eq!(opened.lost(), None);
        cut(&opened);
        write(&open);
        assert!(opened.lost().unwrap().contains("cut short"));
    }

    #[test]
    fn a_log_that_grows_is_written_back_or_begun_anew_is_whole() {
        let (_folder, open, opened) = written();
        for how in ["PASSIVE", "FULL", "RESTART", "TRUNCATE"] {
            for _ in 0..3 {
                write(&open);
                assert_eq!(opened.lost(), None, "{how}");
            }
            checkpoint(&open, how);
            assert_eq!(opened.lost(), None, "{how}");
        }
    }

    #[test]
    fn beside_others_that_write_without_a_rest_it_is_whole_at_every_look() {
        let (_folder, open, opened) = written();
        let other = schema::open_to_write(&opened.file).unwrap();
        let writing = std::thread::spawn(move || {
            for round in 0..400 {
                write(&open);
                if round % 7 == 0 {
                    checkpoint(&open, "TRUNCATE");
                }
            }
        });
        let mut looks = 0;
        while !writing.is_finished() {
            assert_eq!(opened.lost(), None, "at look {looks}");
            looks += 1;
        }
        writing.join().unwrap();
        assert!(looks > 400, "{looks}");
        drop(other);
    }

    /// Locks of this process on the database.
    fn locks(opened: &Opened) -> usize {
        let inode = format!(":{} ", opened.database.number.unwrap().1);
        let of = format!(" {} ", std::process::id());
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().filter(|line| line.contains(&of) && line.contains(&inode)).count()
    }

    /// Without them another program that closes the database would take its log away.
    #[test]
    fn a_look_leaves_the_locks_of_the_open_database() {
        let (_folder, open, opened) = written();
        let before = locks(&opened);
        assert!(before > 0);
        opened.is_whole().unwrap();
        assert_eq!((opened.lost(), locks(&opened)), (None, before));
        drop(open);
    }

    /// Somebody may still hold it when the database is open again.
    #[test]
    fn what_was_let_go_takes_no_locks_away_when_it_is_dropped() {
        let (_folder, open, opened) = written();
        let file = opened.file.clone();
        opened.abandon();
        drop(open);
        opened.let_go();
        let again = schema::open_to_write(&file).unwrap();
        let before = locks(&opened);
        assert!(before > 0);
        let same = Opened::of(&file);
        drop(opened);
        assert_eq!(locks(&same), before);
        drop(again);
    }
}
