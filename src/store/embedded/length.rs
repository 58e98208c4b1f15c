//! Whether every page of a database is in its file or in its write-ahead log.
//!
//! A checkpoint starts with the first page, which says how long the file is. If the disk is full then, the file stays
//! shorter than that, and the log has the rest (sqlite.org/fileformat2.html, 1.3 and 4.1).

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::log_format::{
    self, FRAME_HEADER_BYTES, FrameHeader, HEADER_BYTES, LOG_HEADER_BYTES, frame_bytes,
    size_and_pages,
};

/// The page with this byte holds the locks and is never written.
const LOCK_BYTE: u64 = 1 << 30;

/// Whether the file's header counts pages that are neither in the file nor in the log. `false` if the header has no
/// page size.
///
/// # Errors
/// The file can't be read.
pub(super) fn lacks_pages(file: &File, log: Option<&File>) -> io::Result<bool> {
    let mut header = [0; HEADER_BYTES];
    file.read_exact_at(&mut header, 0)?;
    let length = file.metadata()?.len();
    let Some((size, pages)) = size_and_pages(&header) else { return Ok(false) };
    let locked = LOCK_BYTE / size + 1;
    let mut missing = length / size + 1..=pages;
    if missing.is_empty() {
        return Ok(false);
    }
    let in_log = log.map(|log| pages_in_log(log, size)).unwrap_or_default();
    Ok(!missing.all(|page| page == locked || in_log.contains(&page)))
}

/// The numbers of the pages that were committed to the log.
fn pages_in_log(log: &File, size: u64) -> BTreeSet<u64> {
    let mut committed = BTreeSet::new();
    let mut begun = Vec::new();
    let mut header = [0; LOG_HEADER_BYTES];
    if log.read_exact_at(&mut header, 0).is_err() {
        return committed;
    }
    let salts = log_format::salts(&header);
    let mut at = LOG_HEADER_BYTES as u64;
    let mut frame = [0; FRAME_HEADER_BYTES];
    while log.read_exact_at(&mut frame, at).is_ok() {
        // Frames of this log have its salts; frames after the last one are left over from an earlier log.
        let frame = FrameHeader::of(&frame).filter(|frame| Some(frame.salts) == salts);
        let Some(frame) = frame else { break };
        begun.push(u64::from(frame.page));
        // The last frame of a transaction has the number of pages of the database.
        if frame.pages > 0 {
            committed.extend(begun.drain(..));
        }
        at += frame_bytes(size);
    }
    committed
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;
    use std::path::{Path, PathBuf};

    use rusqlite::Connection;

    use super::super::schema;
    use super::*;

    /// A database whose checkpoint got no further than the first page, as on a full disk.
    fn half_written_back(folder: &Path) -> (Connection, PathBuf) {
        let file = schema::file(folder);
        let open = schema::open_to_write(&file).unwrap();
        let emptied = |open: &Connection| {
            open.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0))
                .unwrap()
        };
        assert_eq!(emptied(&open), 0);
        let before = std::fs::read(&file).unwrap().len();
        for number in 0..50 {
            let record = "a".repeat(20_000);
            let row = ("karbon", number.to_string(), record);
            let put = "INSERT INTO person (organisation, id, record) VALUES (?1, ?2, ?3)";
            open.execute(put, row).unwrap();
        }
        let pages: u32 = open.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        let first = OpenOptions::new().write(true).open(&file).unwrap();
        first.write_all_at(&pages.to_be_bytes(), 28).unwrap();
        assert!(u64::from(pages) * 4096 > before as u64);
        (open, file)
    }

    fn lacks(file: &Path) -> bool {
        let log = File::open(schema::log_of(file)).ok();
        lacks_pages(&File::open(file).unwrap(), log.as_ref()).unwrap()
    }

    #[test]
    fn a_file_whose_missing_pages_are_in_the_log_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let (open, file) = half_written_back(folder.path());
        assert!(!lacks(&file));
        let people = |open: &Connection| {
            open.query_row("SELECT count(*) FROM person", [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!(people(&open), 50, "it reads as before");

        // Without its last transaction the log lacks pages.
        let log = OpenOptions::new().write(true).open(schema::log_of(&file)).unwrap();
        let whole = log.metadata().unwrap().len();
        log.set_len(whole - 4096 - FRAME_HEADER_BYTES as u64).unwrap();
        assert!(lacks(&file));
        log.set_len(0).unwrap();
        assert!(lacks(&file));
    }
}
