//! What distinguishes this database from another, and whether it is still the one that was opened (`opened`).
//!
//! Everything is read by a connection of its own, opened for it: one that has been open holds pages in
//! memory, and would not see that the file has been replaced under it.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::database::Database;
use super::fault::{from_sqlite, task};
use super::{Embedded, audit, schema};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{LastEntry, Nameplate, TrailEnd};
use crate::ports::past::BeforeReopening;
use crate::ports::{Past, StoreError};
use crate::store::record::{Label, kind, unless_destroyed};

#[async_trait]
impl Past for Embedded {
    async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        let (opened, name) = (Arc::clone(&self.opened), organisation.clone());
        let codec = self.codec.clone();
        let reading = tokio::task::spawn_blocking(move || {
            opened.is_whole()?;
            let connection = Database::new(schema::open_to_read(opened.file())?, codec);
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
        let file = self.opened.file().to_owned();
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

    fn abandon(&self) -> Option<BeforeReopening> {
        self.opened.abandon();
        self.close();
        let opened = Arc::clone(&self.opened);
        Some(Box::new(move || {
            // Closing the files later would release the locks of the database that is opened next.
            opened.let_go();
            opened.leave_no_log();
        }))
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
    use std::os::unix::fs::FileExt;
    use std::time::Duration;

    use super::*;

    /// The first try may fail, and a copy may replace the database before the next.
    #[test]
    fn a_log_that_was_left_is_not_read_into_a_copy_at_any_try_to_reopen() {
        let folder = tempfile::tempdir().unwrap();
        let (file, copy) = (schema::file(folder.path()), folder.path().join("copy"));
        let resting = Duration::from_secs(3_600);
        let store = Embedded::open_resting_after(folder.path(), resting).unwrap();
        let beside = schema::open_to_write(&file).unwrap();
        beside.execute("VACUUM INTO ?1", [copy.to_str().unwrap()]).unwrap();
        // The first page is then not in the log.
        beside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
        beside.execute_batch("INSERT INTO nameplate VALUES ('karbon', 'old')").unwrap();
        drop(beside);
        let before_reopening = store.abandon().unwrap();
        drop(store);
        let log = std::fs::metadata(schema::log_of(&file)).unwrap();
        assert!(log.len() > 0);

        let damaged = std::fs::File::options().write(true).open(&file).unwrap();
        damaged.write_all_at(&[0xff; 100], 0).unwrap();
        drop(damaged);
        for _ in 0..2 {
            before_reopening();
            assert!(Embedded::open(folder.path()).is_err());
        }
        std::fs::rename(&copy, &file).unwrap();
        before_reopening();
        let store = Embedded::open(folder.path()).unwrap();
        let open = schema::open_to_read(&file).unwrap();
        let plates: i64 =
            open.query_row("SELECT count(*) FROM nameplate", [], |row| row.get(0)).unwrap();
        assert_eq!((plates, schema::soundness(&open).unwrap().as_str()), (0, "ok"));
        drop(store);
    }
}
