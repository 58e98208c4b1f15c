//! Whether the database files are still the ones that were opened, with everything that was written to them.
//!
//! SQLite itself would not notice: it caches the pages that it has read, and it finds pages in the write-ahead log
//! through the WAL index, a separate file that does not change when the log is truncated.

use std::fs::{File, Metadata};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use super::log_format::{
    FRAME_HEADER_BYTES, FrameHeader, INDEX_BYTES, LastPage, frame_at, frame_bytes,
};
use super::{length, schema};
use crate::ports::StoreError;
use crate::runtime::limits::PAST_LOOK_EVERY;

/// The smallest page of SQLite, and so the smallest database.
const FILE_BYTES_MIN: u64 = 512;
/// Checks in a row that must find pages missing: during a checkpoint, some may be missing for a moment.
const SHORT_LOOKS: u8 = 2;

/// The identity of a file: device, inode and, if the file system records it, time of creation, because the inode of a
/// deleted file is reused.
type Number = (u64, u64, Option<SystemTime>);

/// The files that were opened.
#[derive(Debug)]
pub(super) struct Opened {
    file: PathBuf,
    database: Kept,
    log: Kept,
    index: Kept,
    /// The last committed frame of the log at the last check.
    seen: Mutex<Option<LastPage>>,
    short: AtomicU8,
    abandoned: AtomicBool,
}

/// A file that stays open until its database is closed: closing it earlier would release all locks that the process has
/// on it, SQLite's included (sqlite.org/howtocorrupt.html, 2.2).
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

    /// `None`: it could not be opened, or has been closed.
    fn open(&self) -> MutexGuard<'_, Option<File>> {
        // Nothing that holds the lock can panic half-way through a change.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The file at its path now.
    fn found(&self) -> Option<Metadata> {
        std::fs::metadata(&self.path).ok()
    }

    fn is_in_its_place(&self) -> bool {
        self.found().map(number) == self.number
    }

    /// Bytes.
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

/// Whether the log has all of a page.
fn is_in(log: &Kept, page: &LastPage) -> bool {
    let at = frame_at(page.place, page.page_bytes);
    let is_as_long = log.length().is_some_and(|length| length >= at + frame_bytes(page.page_bytes));
    let header: Option<[u8; FRAME_HEADER_BYTES]> = log.read(at);
    let header = header.as_ref().and_then(FrameHeader::of);
    let is_there =
        |header: FrameHeader| (header.salts, header.checksum) == (page.salts, page.checksum);
    is_as_long && header.is_some_and(is_there)
}

impl Opened {
    /// The files of a database. Call it while the database is open, so that all of them exist.
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

    /// From now on nothing is written any more, and the log is not checkpointed.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// Closes the files. Call it once the database is closed, and before another is opened in its place.
    pub(super) fn let_go(&self) {
        for kept in [&self.database, &self.log, &self.index] {
            drop(kept.open().take());
        }
    }

    /// Why the open files must not be written to any more: they were moved, replaced or truncated. `None`: they are
    /// intact.
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
            return Some("the write-ahead log is gone".to_owned());
        }
        if !self.index.is_in_its_place() {
            return Some("the index of the write-ahead log is gone".to_owned());
        }
        if self.log_is_cut() {
            return Some("the write-ahead log was cut short".to_owned());
        }
        None
    }

    /// Whether the log lacks its last committed frame, or the one that was last at the check before: where the log was
    /// written to after it was truncated, that one is now zeros.
    fn log_is_cut(&self) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(before) = self.index.read::<{ 2 * INDEX_BYTES }>(0) else { return false };
        let Some(last) = LastPage::of(&before) else {
            *seen = None;
            return false;
        };
        let is_of_this_log = |page: &LastPage| page.salts == last.salts;
        let is_whole = is_in(&self.log, &last)
            && seen.filter(is_of_this_log).is_none_or(|page| is_in(&self.log, &page));
        if is_whole {
            *seen = Some(last);
            return false;
        }
        // A log that was restarted just now no longer has the frame, but then its index changed first.
        self.index.read(0) == Some(before)
    }

    /// Fails if the file lacks pages that are not in the log either, at this check and at the one before: it was
    /// truncated. Blocks.
    pub(super) fn is_whole(&self) -> Result<(), StoreError> {
        let short = lacks_pages(&self.database, &self.log)?;
        let looks = if short { self.short.load(Ordering::SeqCst).saturating_add(1) } else { 0 };
        self.short.store(looks, Ordering::SeqCst);
        if looks >= SHORT_LOOKS { Err(cut_short()) } else { Ok(()) }
    }

    /// As [`Opened::is_whole`], with as many checks as it needs. Blocks for some moments.
    pub(super) fn is_whole_at_last(&self) -> Result<(), StoreError> {
        for _ in 0..SHORT_LOOKS {
            if !lacks_pages(&self.database, &self.log)? {
                return Ok(());
            }
            std::thread::sleep(PAST_LOOK_EVERY);
        }
        Err(cut_short())
    }

    /// Removes the log if its database file is gone: its frames must not be applied to another file.
    pub(super) fn leave_no_log(&self) {
        if !self.database.is_in_its_place()
            && self.log.number.is_some()
            && self.log.is_in_its_place()
        {
            let _ = std::fs::remove_file(&self.log.path);
        }
    }
}

fn cut_short() -> StoreError {
    StoreError::Corrupt("the database file was cut short".to_owned())
}

fn lacks_pages(database: &Kept, log: &Kept) -> Result<bool, StoreError> {
    let unread = || StoreError::Unavailable("the database file can't be read".to_owned());
    let (open, log) = (database.open(), log.open());
    let open = open.as_ref().ok_or_else(unread)?;
    length::lacks_pages(open, log.as_ref()).map_err(|_| unread())
}

#[cfg(test)]
pub(super) mod tests {
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

    /// Locks of this process on a file.
    pub(in crate::store::embedded) fn locks(file: &Path) -> usize {
        let inode = format!(":{} ", std::fs::metadata(file).unwrap().ino());
        let of = format!(" {} ", std::process::id());
        let locks = std::fs::read_to_string("/proc/locks").unwrap();
        locks.lines().filter(|line| line.contains(&of) && line.contains(&inode)).count()
    }

    /// Without these locks, another program that closes the database would delete its log.
    #[test]
    fn a_look_leaves_the_locks_of_the_open_database() {
        let (_folder, open, opened) = written();
        let before = locks(&opened.file);
        assert!(before > 0);
        opened.is_whole().unwrap();
        assert_eq!((opened.lost(), locks(&opened.file)), (None, before));
        drop(open);
    }

    /// The old handle may be dropped only after the database is open again.
    #[test]
    fn what_was_let_go_takes_no_locks_away_when_it_is_dropped() {
        let (_folder, open, opened) = written();
        let file = opened.file.clone();
        opened.abandon();
        drop(open);
        opened.let_go();
        let again = schema::open_to_write(&file).unwrap();
        let before = locks(&opened.file);
        assert!(before > 0);
        drop(opened);
        assert_eq!(locks(&file), before);
        drop(again);
    }
}
