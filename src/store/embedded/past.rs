//! What distinguishes this database from another, and whether it is still the one that was opened.
//!
//! Everything is read by a connection of its own, opened for it: one that has been open holds pages in
//! memory, and would not see that the file has been replaced under it.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::database::Database;
use super::fault::{from_sqlite, task};
use super::{Embedded, audit, length, schema};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{LastEntry, Nameplate, TrailEnd};
use crate::ports::{Past, StoreError};
use crate::runtime::limits::PAST_LOOK_EVERY;
use crate::store::record::{Label, kind, unless_destroyed};

/// The smallest page, and so the smallest database.
const FILE_BYTES_MIN: u64 = 512;
/// Looks, one after the other, at which pages were missing. A log that is written back may make it so for a
/// moment.
const SHORT_LOOKS: u8 = 2;

/// The files that were opened, by device and number.
#[derive(Debug)]
pub(super) struct Opened {
    file: PathBuf,
    database: Option<(u64, u64)>,
    log: Option<(u64, u64)>,
    short: AtomicU8,
    abandoned: AtomicBool,
}

fn number_of(path: &Path) -> Option<(u64, u64)> {
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

impl Opened {
    /// Of a database that is open, so that both files are there.
    pub(super) fn of(file: &Path) -> Self {
        Opened {
            file: file.to_owned(),
            database: number_of(file),
            log: number_of(&schema::log_of(file)),
            short: AtomicU8::new(0),
            abandoned: AtomicBool::new(false),
        }
    }

    /// Nothing is to be written any more, not even what waits in the log.
    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::SeqCst)
    }

    /// The open file is no longer in its place.
    pub(super) fn lost(&self) -> Option<String> {
        if self.is_abandoned() {
            return Some("the database is being reopened".to_owned());
        }
        let Ok(found) = std::fs::metadata(&self.file) else {
            return Some("the database file is gone".to_owned());
        };
        if Some((found.dev(), found.ino())) != self.database {
            return Some("the database file was replaced by another".to_owned());
        }
        if found.len() < FILE_BYTES_MIN {
            return Some("the database file was emptied".to_owned());
        }
        if number_of(&schema::log_of(&self.file)) != self.log {
            return Some("the log of the database file is gone".to_owned());
        }
        None
    }

    /// A file that lacks pages, which are not in the log either, was cut.
    fn is_whole(&self) -> Result<(), StoreError> {
        let short = length::lacks_pages(&self.file)?;
        let looks = if short { self.short.load(Ordering::SeqCst).saturating_add(1) } else { 0 };
        self.short.store(looks, Ordering::SeqCst);
        if looks >= SHORT_LOOKS {
            return Err(StoreError::Corrupt("the database file was cut short".to_owned()));
        }
        Ok(())
    }
}

/// Whether a file and its log have all pages. While a gateway writes the log back, some may be missing for a moment:
/// it is looked at again.
pub(super) fn is_whole(file: &Path) -> Result<(), StoreError> {
    for _ in 0..SHORT_LOOKS {
        if !length::lacks_pages(file)? {
            return Ok(());
        }
        std::thread::sleep(PAST_LOOK_EVERY);
    }
    Err(StoreError::Corrupt("the database file was cut short".to_owned()))
}

#[async_trait]
impl Past for Embedded {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        let (opened, name) = (std::sync::Arc::clone(&self.opened), organisation.clone());
        let codec = self.codec.clone();
        let reading = tokio::task::spawn_blocking(move || {
            opened.is_whole()?;
            let connection = Database::new(schema::open_to_read(&opened.file)?, codec);
            let _reading = connection.unchecked_transaction().map_err(from_sqlite)?;
            end(&connection, &name)
        });
        reading.await.map_err(task)?
    }

    async fn put_nameplate(
        &self,
        organisation: &OrganisationId,
        was: Option<&Nameplate>,
        now: &Nameplate,
    ) -> Result<bool, StoreError> {
        let (name, was, now) = (organisation.clone(), was.cloned(), now.clone());
        self.writer
            .write(move |desk| {
                let unchanged = nameplate(desk.connection, &name)? == was;
                if unchanged {
                    write(desk.connection, &name, &now)?;
                }
                Ok(unchanged)
            })
            .await
    }

    async fn damage(&self) -> Result<Option<String>, StoreError> {
        let file = self.opened.file.clone();
        let reading = tokio::task::spawn_blocking(move || {
            schema::open_to_read(&file).and_then(|connection| schema::soundness(&connection))
        });
        match reading.await.map_err(task)? {
            Ok(verdict) if verdict == "ok" => Ok(None),
            // Its words name tables and pages, and nothing that was written.
            Ok(verdict) => Ok(Some(format!("the database file is damaged ({verdict})"))),
            Err(StoreError::Corrupt(what)) => Ok(Some(what)),
            Err(error) => Err(error),
        }
    }

    fn lost(&self) -> Option<String> {
        self.opened.lost()
    }

    fn abandon(&self) -> bool {
        self.opened.abandon();
        self.close();
        // What waits in the log belongs to the file that was opened, and to no other.
        let log = schema::log_of(&self.opened.file);
        if number_of(&self.opened.file) != self.opened.database
            && self.opened.log.is_some()
            && number_of(&log) == self.opened.log
        {
            let _ = std::fs::remove_file(log);
        }
        true
    }
}

/// The end of the trail, all read of one moment if the connection is in a transaction.
pub(super) fn end(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<TrailEnd, StoreError> {
    let last = last(connection, organisation)?;
    Ok(TrailEnd { nameplate: nameplate(connection, organisation)?, last })
}

fn nameplate(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<Option<Nameplate>, StoreError> {
    let record: Option<String> = connection
        .prepare_cached("SELECT record FROM nameplate WHERE organisation = ?1")
        .and_then(|mut it| it.query_row([organisation.as_str()], |row| row.get(0)).optional())
        .map_err(from_sqlite)?;
    let label = Label::new(organisation.as_str(), kind::NAMEPLATE, organisation);
    record.map(|record| connection.codec.read(&record, label)).transpose()
}

fn write(
    connection: &Database,
    organisation: &OrganisationId,
    plate: &Nameplate,
) -> Result<(), StoreError> {
    let label = Label::new(organisation.as_str(), kind::NAMEPLATE, organisation);
    let record = connection.codec.write(label, plate)?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO nameplate (organisation, record) VALUES (?1, ?2)")
        .and_then(|mut it| it.execute(params![organisation.as_str(), record]))
        .map_err(from_sqlite)?;
    Ok(())
}

fn last(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<Option<LastEntry>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT number, record FROM audit WHERE organisation = ?1 ORDER BY number DESC",
        )
        .map_err(from_sqlite)?;
    let mut rows = statement.query([organisation.as_str()]).map_err(from_sqlite)?;
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let entry = unless_destroyed(audit::read(connection, organisation.as_str(), row))?;
        if let Some(entry) = entry {
            return Ok(Some(LastEntry::of(&entry)));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_longer_in_its_place_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = schema::file(folder.path());
        let open = schema::open_to_write(&file).unwrap();
        let opened = Opened::of(&file);
        assert_eq!(opened.lost(), None);
        let log = schema::log_of(&file);
        std::fs::rename(&log, folder.path().join("away")).unwrap();
        assert!(opened.lost().unwrap().contains("log"));
        std::fs::rename(folder.path().join("away"), &log).unwrap();
        assert_eq!(opened.lost(), None);
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
}
