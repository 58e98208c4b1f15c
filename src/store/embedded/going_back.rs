//! Takes the database back by one version, for the previous release.

use std::path::Path;

use super::database::Database;
use super::fault::from_sqlite;
use super::migration::{self, WentBack};
use super::{Embedded, schema};
use crate::ports::StoreError;
use crate::store::record::Codec;

impl Embedded {
    /// Takes the database in a folder back to the version before this gateway's, whole or not at all. Whatever opens it
    /// with this gateway brings it up to date again. Blocks.
    ///
    /// # Errors
    /// `Refused`: there is no database, it has another version, or another process has it open. `Locked`,
    /// `Unavailable`: a key is missing, or the disk is full. `Corrupt`: a value can't be read.
    pub fn go_back(folder: &Path, codec: &Codec) -> Result<WentBack, StoreError> {
        let file = schema::file(folder);
        if !file.exists() {
            return Err(StoreError::Refused(format!("{} holds no store", folder.display())));
        }
        let database = Database::new(schema::open_without_others(&file)?, codec.clone());
        let back = migration::go_back(&database)?;
        // This makes the file complete by itself. If it fails, the log has the rest, and any gateway reads both.
        let written = database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        if let Err(fault) = written.map_err(from_sqlite) {
            tracing::warn!(%fault, "the log could not be written back");
        }
        Ok(back)
    }
}
