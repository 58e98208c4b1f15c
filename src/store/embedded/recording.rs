//! The table of recorded decisions.

use chrono::{DateTime, Utc};
use rusqlite::{CachedStatement, OptionalExtension, params};

use super::database::Database;
use super::fault::from_sqlite;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::store::record::{Codec, Label, Sheet, kind};

/// The decisions on record, to be read and added to.
pub(super) struct Recording<'c> {
    find: CachedStatement<'c>,
    insert: CachedStatement<'c>,
    record: Sheet,
    codec: &'c Codec,
}

impl<'c> Recording<'c> {
    pub(super) fn prepare(connection: &'c Database) -> Result<Self, StoreError> {
        let prepare = |sql| connection.prepare_cached(sql).map_err(from_sqlite);
        Ok(Recording {
            find: prepare(
                "SELECT record, digest FROM decision WHERE organisation = ?1 AND contact = ?2",
            )?,
            insert: prepare(
                "INSERT INTO decision (organisation, contact, digest, at, record)
                 VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
            )?,
            record: Sheet::default(),
            codec: &connection.codec,
        })
    }

    pub(super) fn find(
        &mut self,
        organisation: &OrganisationId,
        contact: &str,
    ) -> Result<Option<(Decision, [u8; 32])>, StoreError> {
        let row = self
            .find
            .query_row([organisation.as_str(), contact], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?))
            })
            .optional()
            .map_err(from_sqlite)?;
        let Some((record, digest)) = row else { return Ok(None) };
        let label = Label::new(organisation.as_str(), kind::DECISION, &contact);
        let decision = self.codec.read(&record, label)?;
        let digest = self.codec.digest_of_bytes(label, &digest)?;
        Ok(Some((decision, digest)))
    }

    /// `false`: the id is recorded already, and nothing was written.
    pub(super) fn add(
        &mut self,
        organisation: &OrganisationId,
        contact: &str,
        digest: &[u8; 32],
        at: DateTime<Utc>,
        decision: &Decision,
    ) -> Result<bool, StoreError> {
        let label = Label::new(organisation.as_str(), kind::DECISION, &contact);
        let label = label.about(decision.person.as_deref()).on(decision.unnamed_on(at));
        let digest = self.codec.digest_bytes(label, digest)?;
        let record = self.record.write(self.codec, label, decision)?;
        let at = at.timestamp_micros();
        let written = self
            .insert
            .execute(params![organisation.as_str(), contact, digest, at, record])
            .map_err(from_sqlite)?;
        Ok(written == 1)
    }
}
