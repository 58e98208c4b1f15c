//! A connection, and the codec of the records that are read and written by it.

use std::ops::Deref;

use rusqlite::Connection;

use crate::store::record::Codec;

pub(super) struct Database {
    connection: Connection,
    pub(super) codec: Codec,
}

impl Database {
    pub(super) fn new(connection: Connection, codec: Codec) -> Self {
        Database { connection, codec }
    }
}

impl Deref for Database {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}
