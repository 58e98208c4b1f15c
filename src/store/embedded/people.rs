//! The people's records.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use super::fault::{from_sqlite, unreadable, unwritable};
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::ports::{Snapshot, StoreError};
use crate::runtime::limits::CHANGES_KEPT_MAX;

pub(super) fn all(
    connection: &Connection,
    organisation: &OrganisationId,
) -> Result<Snapshot, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT record FROM person WHERE organisation = ?1 ORDER BY id")
        .map_err(from_sqlite)?;
    let mut rows = statement.query([organisation.as_str()]).map_err(from_sqlite)?;
    let mut people = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        people.push(Arc::new(read(
            row.get_ref(0).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?,
        )?));
    }
    Ok(Snapshot { people })
}

pub(super) fn one(
    connection: &Connection,
    organisation: &str,
    id: &str,
) -> Result<Option<Arc<Person>>, StoreError> {
    let record = connection
        .prepare_cached("SELECT record FROM person WHERE organisation = ?1 AND id = ?2")
        .and_then(|mut it| {
            it.query_row([organisation, id], |row| row.get::<_, String>(0)).optional()
        })
        .map_err(from_sqlite)?;
    record.map(|record| read(&record).map(Arc::new)).transpose()
}

/// Writes the records and notes each for the followers.
pub(super) fn put<'p>(
    connection: &Connection,
    organisation: &OrganisationId,
    people: impl IntoIterator<Item = &'p Person>,
) -> Result<(), StoreError> {
    let organisation = organisation.as_str();
    let mut write = connection
        .prepare_cached(
            "INSERT INTO person (organisation, id, record) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET record = excluded.record",
        )
        .map_err(from_sqlite)?;
    let mut note = connection
        .prepare_cached("INSERT INTO change (organisation, person) VALUES (?1, ?2)")
        .map_err(from_sqlite)?;
    for person in people {
        let record = serde_json::to_string(person).map_err(unwritable)?;
        write.execute(params![organisation, person.id, record]).map_err(from_sqlite)?;
        note.execute([organisation, &person.id]).map_err(from_sqlite)?;
    }
    let kept = i64::try_from(CHANGES_KEPT_MAX).unwrap_or(i64::MAX);
    connection
        .prepare_cached(
            "DELETE FROM change WHERE sequence <= (SELECT max(sequence) FROM change) - ?1",
        )
        .and_then(|mut it| it.execute([kept]))
        .map_err(from_sqlite)?;
    Ok(())
}

fn read(record: &str) -> Result<Person, StoreError> {
    serde_json::from_str(record).map_err(|_| unreadable("person"))
}
