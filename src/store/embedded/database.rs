//! A connection, and the codec of the records that are read and written by it.

use std::ops::Deref;

use rusqlite::{Connection, Params, Row};

use super::fault::from_sqlite;
use crate::ports::StoreError;
use crate::store::record::Codec;

pub(super) struct Database {
    connection: Connection,
    pub(super) codec: Codec,
}

impl Database {
    pub(super) fn new(connection: Connection, codec: Codec) -> Self {
        Database { connection, codec }
    }

    /// The next page of a query, whose parameters name the place after which it begins.
    pub(super) fn page_behind<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut it| it.query_map(parameters, read)?.collect())
            .map_err(from_sqlite)
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
