//! The database as it is at one moment, in a file of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;

use super::super::database::Database;
use super::super::fault::from_sqlite;
use super::super::{migration, past, schema};
use super::read;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::TrailEnd;
use crate::ports::StoreError;
use crate::ports::portable::{CopyMark, Kind};
use crate::store::record::{Codec, Label, kind, unless_destroyed};

/// As much of a queue item as says where its original is.
#[derive(Deserialize)]
struct Kept {
    archived: Option<String>,
}

/// A database that nobody writes to. Reading it makes no file next to it.
pub struct DatabaseSnapshot {
    connection: Database,
}

impl DatabaseSnapshot {
    /// Copies the database of a folder into a new file, while others read it and write to it. The copy is
    /// of one moment, complete by itself, and not synced. Blocks.
    ///
    /// # Errors
    /// `Unavailable`: the folder can't be read, or the disk is full. `Corrupt`: the database is damaged.
    pub fn take(folder: &Path, to: &Path) -> Result<(), StoreError> {
        let file = schema::file(folder);
        if !file.exists() {
            return Err(StoreError::Refused(format!("{} holds no store", folder.display())));
        }
        let Some(name) = to.to_str() else {
            return Err(StoreError::Refused("the name of the copy is not UTF-8".to_owned()));
        };
        let connection = schema::open_to_read(&file)?;
        // One read transaction: in WAL mode it holds up no writer (sqlite.org/lang_vacuum.html, "VACUUM INTO").
        connection.execute("VACUUM INTO ?1", [name]).map(drop).map_err(from_sqlite)
    }

    /// Opens what [`DatabaseSnapshot::take`] made.
    ///
    /// # Errors
    /// `Refused`: it was made of the store of an earlier or a later gateway. `Corrupt`: it is damaged.
    pub fn open(file: &Path, codec: &Codec) -> Result<Self, StoreError> {
        let connection = Database::new(schema::open_to_read(file)?, codec.clone());
        if migration::is_up_to_date(&connection)? {
            return Ok(DatabaseSnapshot { connection });
        }
        Err(StoreError::Refused(
            "the database is that of an earlier version of the gateway; start the gateway of this version \
             once, which brings it up to date"
                .to_owned(),
        ))
    }

    /// What SQLite's full reading finds first, if anything.
    ///
    /// # Errors
    /// It can't be read.
    pub fn damage(&self) -> Result<Option<String>, StoreError> {
        Ok(schema::integrity(&self.connection)?.into_iter().next())
    }

    /// Every organisation with any record.
    ///
    /// # Errors
    /// It can't be read.
    pub fn organisations(&self) -> Result<Vec<OrganisationId>, StoreError> {
        read::organisations(&self.connection)
    }

    /// How many records of each kind are held of an organisation.
    ///
    /// # Errors
    /// It can't be read.
    pub fn sizes(&self, organisation: &OrganisationId) -> Result<BTreeMap<Kind, u64>, StoreError> {
        let size = |kind| Ok((kind, read::size(&self.connection, organisation, kind)?));
        Kind::ALL.into_iter().map(size).collect()
    }

    /// How far a copy of another store into this one has come.
    ///
    /// # Errors
    /// It can't be read.
    pub fn copy_mark(&self, organisation: &OrganisationId) -> Result<Option<CopyMark>, StoreError> {
        super::mark(&self.connection, organisation)
    }

    /// # Errors
    /// It can't be read.
    pub fn trail_end(&self, organisation: &OrganisationId) -> Result<TrailEnd, StoreError> {
        past::end(&self.connection, organisation)
    }

    /// The references of the originals that items name, one after the other.
    ///
    /// # Errors
    /// It can't be read; or what `each` answers.
    pub fn originals<E: From<StoreError>>(
        &self,
        organisation: &OrganisationId,
        each: &mut dyn FnMut(&str) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .connection
            .prepare("SELECT id, record FROM item WHERE organisation = ?1")
            .map_err(from_sqlite)?;
        let mut rows = statement.query([organisation.as_str()]).map_err(from_sqlite)?;
        let mut seen = BTreeSet::new();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let text = |column| row.get_ref(column).and_then(|it| Ok(it.as_str()?));
            let (id, stored) = (text(0).map_err(from_sqlite)?, text(1).map_err(from_sqlite)?);
            let label = Label::new(organisation.as_str(), kind::ITEM, &id);
            let kept = unless_destroyed(self.connection.codec.read(stored, label))?;
            let archived = kept.and_then(|Kept { archived }| archived);
            if let Some(reference) = archived.filter(|reference| seen.insert(reference.clone())) {
                each(&reference)?;
            }
        }
        Ok(())
    }
}
