//! Copying out of the database and into it. Each page is read in a transaction of
//! its own, and written in one with the copy's position.

mod read;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, params};

use super::Embedded;
use super::fault::{from_sqlite, unreadable, unwritable};
use super::readers::Readers;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{CopyMark, Kind, Page, Pages, Portable, Record};

#[async_trait]
impl Portable for Embedded {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.readers.read(read::organisations).await
    }

    async fn is_empty(&self, organisation: &OrganisationId) -> Result<bool, StoreError> {
        let organisation = organisation.clone();
        self.readers
            .read(move |connection| {
                for kind in Kind::ALL {
                    if read::size(connection, &organisation, kind)? > 0 {
                        return Ok(false);
                    }
                }
                Ok(true)
            })
            .await
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        let of = organisation.clone();
        let total = self.readers.read(move |connection| read::size(connection, &of, kind)).await?;
        Ok(Box::new(EmbeddedPages {
            readers: Arc::clone(&self.readers),
            organisation: organisation.clone(),
            kind,
            after,
            total,
        }))
    }

    async fn carry_in(
        &self,
        organisation: &OrganisationId,
        records: Vec<Record>,
        mark: &CopyMark,
    ) -> Result<(), StoreError> {
        let (organisation, mark) = (organisation.clone(), mark.clone());
        self.writer
            .write(move |desk| {
                // The copied trail brings its numbers along.
                desk.trail.forget_numbers();
                for record in &records {
                    write::record(desk.connection, &organisation, record)?;
                    if let Record::Audit(entry) = record {
                        desk.trail.carried(desk.connection, &organisation, entry)?;
                    }
                }
                put_mark(desk.connection, &organisation, &mark)
            })
            .await
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| mark(connection, &organisation)).await
    }
}

struct EmbeddedPages {
    readers: Arc<Readers>,
    organisation: OrganisationId,
    kind: Kind,
    after: Option<String>,
    total: u64,
}

#[async_trait]
impl Pages for EmbeddedPages {
    fn total(&self) -> u64 {
        self.total
    }

    async fn next(&mut self) -> Result<Option<Page>, StoreError> {
        let (organisation, kind, after) =
            (self.organisation.clone(), self.kind, self.after.clone());
        let page = self
            .readers
            .read(move |connection| read::page(connection, &organisation, kind, after.as_deref()))
            .await?;
        if let Some(page) = &page {
            self.after = Some(page.last.clone());
        }
        Ok(page)
    }
}

fn mark(
    connection: &Connection,
    organisation: &OrganisationId,
) -> Result<Option<CopyMark>, StoreError> {
    let record: Option<String> = connection
        .prepare_cached("SELECT record FROM copy WHERE organisation = ?1")
        .and_then(|mut it| it.query_row([organisation.as_str()], |row| row.get(0)).optional())
        .map_err(from_sqlite)?;
    record
        .map(|record| serde_json::from_str(&record).map_err(|_| unreadable("place of a copy")))
        .transpose()
}

fn put_mark(
    connection: &Connection,
    organisation: &OrganisationId,
    mark: &CopyMark,
) -> Result<(), StoreError> {
    let record = serde_json::to_string(mark).map_err(unwritable)?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO copy (organisation, record) VALUES (?1, ?2)")
        .and_then(|mut it| it.execute(params![organisation.as_str(), record]))
        .map_err(from_sqlite)?;
    Ok(())
}
