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
        self.opened.is_whole()?;
        let (file, name) = (self.opened.file().to_owned(), organisation.clone());
        let codec = self.codec.clone();
        let reading = tokio::task::spawn_blocking(move || {
            let connection = Database::new(schema::open_to_read(&file)?, codec);
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
        Some(Box::new(move || opened.leave_no_log()))
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
