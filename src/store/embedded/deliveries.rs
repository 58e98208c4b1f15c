//! What downstream has taken.

use chrono::{DateTime, Utc};
use rusqlite::params;

use super::database::Database;
use super::fault::from_sqlite;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;

pub(super) fn done(
    connection: &Database,
    organisation: &OrganisationId,
    keys: &[String],
) -> Result<Vec<bool>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT 1 FROM delivery WHERE organisation = ?1 AND key = ?2")
        .map_err(from_sqlite)?;
    let name = organisation.as_str();
    let mut done = Vec::with_capacity(keys.len());
    for key in keys {
        let mut found = false;
        for key in connection.codec.all_hidden(name, key) {
            found = found || statement.exists([name, &key]).map_err(from_sqlite)?;
        }
        done.push(found);
    }
    Ok(done)
}

pub(super) fn remember(
    connection: &Database,
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
        let key = connection.codec.hidden(organisation.as_str(), key);
        statement
            .execute(params![organisation.as_str(), key, at.timestamp_micros()])
            .map_err(from_sqlite)?;
    }
    Ok(())
}
