//! Copying out of the database and into it. Each page is read in a transaction of
//! its own, and written in one with the copy's position.

mod read;
mod snapshot;
mod write;

pub use snapshot::DatabaseSnapshot;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::database::Database;
use super::fault::{from_sqlite, task};
use super::opened::Opened;
use super::readers::Readers;
use super::{Embedded, documents, migration, past, schema};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::TrailEnd;
use crate::ports::StoreError;
use crate::ports::portable::{Contents, CopyMark, Kind, Page, Pages, Portable, Record};
use crate::store::record::{Codec, Label, kind};

/// A folder's database as it is, to be looked at: nothing is made, brought up to date or written, even while a gateway
/// runs on it.
pub struct AsItIs {
    file: PathBuf,
    readers: Arc<Readers>,
    /// Opened when it is first looked at. Declared last, so that it is dropped last: closing it takes away the locks
    /// of the readers.
    opened: Arc<OnceLock<Opened>>,
}

impl AsItIs {
    /// `None`: there is no database.
    pub fn of(folder: &Path, codec: &Codec) -> Option<Self> {
        let file = schema::file(folder);
        let readers = Arc::new(Readers::new(file.clone(), codec.clone()));
        file.exists().then(|| AsItIs { file, readers, opened: Arc::default() })
    }

    /// What SQLite's quick reading finds first, if anything.
    ///
    /// # Errors
    /// `Unavailable`: the database can't be read now.
    pub async fn soundness(&self) -> Result<Option<String>, StoreError> {
        let verdict = self.readers.read(|connection| schema::soundness(connection)).await?;
        Ok((verdict != "ok").then_some(verdict))
    }

    /// The file's fault by SQLite's own full reading; empty: nothing. Its words name tables and
    /// pages, and nothing that was written.
    ///
    /// # Errors
    /// `Unavailable`: it can't be read now.
    pub async fn damage(&self) -> Result<Vec<String>, StoreError> {
        let (file, opened) = (self.file.clone(), Arc::clone(&self.opened));
        let looking = tokio::task::spawn_blocking(move || {
            opened.get_or_init(|| Opened::of(&file)).is_whole_at_last()
        });
        let cut_short = match looking.await.map_err(task)? {
            Ok(()) => None,
            Err(StoreError::Corrupt(what)) => Some(what),
            Err(error) => return Err(error),
        };
        let found = match self.readers.read(|connection| schema::integrity(connection)).await {
            Ok(found) => found,
            Err(StoreError::Corrupt(what)) => vec![what],
            Err(error) => return Err(error),
        };
        Ok(cut_short.into_iter().chain(found).collect())
    }

    /// Whether its tables are those of this version of the gateway.
    ///
    /// # Errors
    /// `Refused`: it is not a gateway's database, or a newer one's.
    pub async fn is_up_to_date(&self) -> Result<bool, StoreError> {
        self.readers.read(|connection| migration::is_up_to_date(connection)).await
    }

    /// Where an organisation's trail ends, in a database of this version.
    ///
    /// # Errors
    /// `Locked`: its records need another key. `Unavailable`: it can't be read now.
    pub async fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| past::end(connection, &organisation)).await
    }
}

#[async_trait]
impl Contents for AsItIs {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.readers.read(read::organisations).await
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        EmbeddedPages::begin(&self.readers, organisation, kind, after).await
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        let organisation = organisation.clone();
        self.readers
            .read(move |connection| {
                // A database of the first version has no copies.
                let is_there = schema::has_table(connection, "copy")?;
                if is_there { mark(connection, &organisation) } else { Ok(None) }
            })
            .await
    }
}

impl Embedded {
    /// Takes out documents that are no longer in the store that is copied, by kind and id.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn forget(
        &self,
        organisation: &OrganisationId,
        gone: Vec<(String, String)>,
    ) -> Result<(), StoreError> {
        let organisation = organisation.clone();
        self.writer
            .write(move |desk| {
                gone.iter().try_for_each(|(kind, id)| {
                    documents::remove(desk.connection, &organisation, kind, id)
                })
            })
            .await
    }
}

#[async_trait]
impl Contents for Embedded {
    async fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        self.readers.read(read::organisations).await
    }

    async fn pages<'s>(
        &'s self,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        EmbeddedPages::begin(&self.readers, organisation, kind, after).await
    }

    async fn copy_mark(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Option<CopyMark>, StoreError> {
        let organisation = organisation.clone();
        self.readers.read(move |connection| mark(connection, &organisation)).await
    }
}

#[async_trait]
impl Portable for Embedded {
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
}

struct EmbeddedPages {
    readers: Arc<Readers>,
    organisation: OrganisationId,
    kind: Kind,
    after: Option<String>,
    total: u64,
}

impl EmbeddedPages {
    async fn begin<'s>(
        readers: &Arc<Readers>,
        organisation: &OrganisationId,
        kind: Kind,
        after: Option<String>,
    ) -> Result<Box<dyn Pages + 's>, StoreError> {
        let (of, readers) = (organisation.clone(), Arc::clone(readers));
        let total = readers.read(move |connection| read::size(connection, &of, kind)).await?;
        let organisation = organisation.clone();
        Ok(Box::new(EmbeddedPages { readers, organisation, kind, after, total }))
    }
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
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<Option<CopyMark>, StoreError> {
    let record: Option<String> = connection
        .prepare_cached("SELECT record FROM copy WHERE organisation = ?1")
        .and_then(|mut it| it.query_row([organisation.as_str()], |row| row.get(0)).optional())
        .map_err(from_sqlite)?;
    let label = Label::new(organisation.as_str(), kind::COPY_MARK, organisation);
    record.map(|record| connection.codec.read(&record, label)).transpose()
}

fn put_mark(
    connection: &Database,
    organisation: &OrganisationId,
    mark: &CopyMark,
) -> Result<(), StoreError> {
    let label = Label::new(organisation.as_str(), kind::COPY_MARK, organisation);
    let record = connection.codec.write(label, mark)?;
    connection
        .prepare_cached("INSERT OR REPLACE INTO copy (organisation, record) VALUES (?1, ?2)")
        .and_then(|mut it| it.execute(params![organisation.as_str(), record]))
        .map_err(from_sqlite)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::opened::tests::locks;
    use super::*;

    /// Without them a gateway that closes the database would take its log away.
    #[tokio::test]
    async fn looking_for_damage_leaves_the_locks_of_its_readers() {
        let folder = tempfile::tempdir().unwrap();
        let file = schema::file(folder.path());
        drop(schema::open_to_write(&file).unwrap());
        let stored = AsItIs::of(folder.path(), &Codec::plain()).unwrap();
        assert!(stored.is_up_to_date().await.unwrap());
        let before = locks(&file);
        assert!(before > 0);
        for _ in 0..2 {
            assert_eq!(stored.damage().await.unwrap(), Vec::<String>::new());
            assert_eq!(locks(&file), before);
        }
        drop(stored);
        assert_eq!(locks(&file), 0);
    }
}
