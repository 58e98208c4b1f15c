//! What downstream has taken.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::fault::from_sqlite;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;

pub(super) fn done(
    connection: &Connection,
    organisation: &OrganisationId,
    keys: &[String],
) -> Result<Vec<bool>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM delivery WHERE organisation = ?1 AND key = ?2")
        .map_err(from_sqlite)?;
    keys.iter()
        .map(|key| statement.exists([organisation.as_str(), key]).map_err(from_sqlite))
        .collect()
}

pub(super) fn remember(
    connection: &Connection,
    organisation: &OrganisationId,
    keys: &[String],
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut statement = connection
        .prepare_cached(
            "INSERT INTO delivery (organisation, key, at) VALUES (?1, ?2, ?3)
             ON CONFLICT DO NOTHING",
        )
        .map_err(from_sqlite)?;
    for key in keys {
        statement
            .execute(params![organisation.as_str(), key, at.timestamp_micros()])
            .map_err(from_sqlite)?;
    }
    Ok(())
}
