//! What the writer works with: its connection, and at hand what every contact needs.
//!
//! Statements are prepared once: the connection's own cache finds them by their text, which takes as long
//! as running the shorter ones. The numbers of the audit trails are kept within a transaction, in which
//! nobody else writes.

use super::audit::Trail;
use super::database::Database;
use super::ledger::{Adding, LedgerReading};
use super::recording::Recording;
use crate::ports::StoreError;

pub(super) struct Desk<'c> {
    pub(super) connection: &'c Database,
    pub(super) recording: Recording<'c>,
    pub(super) reading: LedgerReading<'c>,
    pub(super) adding: Adding<'c>,
    pub(super) trail: Trail<'c>,
}

impl<'c> Desk<'c> {
    /// # Errors
    /// `Corrupt`: the database has not the tables that it should have.
    pub(super) fn new(connection: &'c Database) -> Result<Self, StoreError> {
        Ok(Desk {
            connection,
            recording: Recording::prepare(connection)?,
            reading: LedgerReading::prepare(connection)?,
            adding: Adding::prepare(connection)?,
            trail: Trail::prepare(connection)?,
        })
    }
}
