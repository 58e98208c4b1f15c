//! The people's records.

use std::sync::Arc;

use rusqlite::{OptionalExtension, Row, ToSql, params};

use super::database::Database;
use super::fault::from_sqlite;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::ports::{Snapshot, StoreError};
use crate::runtime::limits::{CHANGES_KEPT_MAX, PEOPLE_OF_RESTRICTION_MAX};
use crate::store::record::{Label, kind, unless_destroyed};

pub(super) fn all(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<Snapshot, StoreError> {
    let organisation = organisation.as_str();
    let mut statement = connection
        .prepare_cached("SELECT id, record FROM person WHERE organisation = ?1 ORDER BY id")
        .map_err(from_sqlite)?;
    let mut rows = statement.query([organisation]).map_err(from_sqlite)?;
    let mut people = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        people.extend(unless_destroyed(read(connection, organisation, row))?);
    }
    Ok(Snapshot { people })
}

pub(super) fn one(
    connection: &Database,
    organisation: &str,
    id: &str,
) -> Result<Option<Arc<Person>>, StoreError> {
    let record = connection
        .prepare_cached("SELECT record FROM person WHERE organisation = ?1 AND id = ?2")
        .and_then(|mut it| {
            it.query_row([organisation, id], |row| row.get::<_, String>(0)).optional()
        })
        .map_err(from_sqlite)?;
    let label = Label::new(organisation, kind::PERSON, &id);
    let read = |record: String| connection.codec.read(&record, label).map(Arc::new);
    Ok(record.map(read).map(unless_destroyed).transpose()?.flatten())
}

pub(super) fn page(
    connection: &Database,
    organisation: &OrganisationId,
    after: Option<String>,
    limit: usize,
) -> Result<Vec<Arc<Person>>, StoreError> {
    // No id comes before the empty one, which is not an id.
    let after = after.unwrap_or_default();
    some(
        connection,
        organisation.as_str(),
        // Without a limit: skipped records do not make the page shorter.
        "SELECT id, record FROM person WHERE organisation = ?1 AND id > ?2 ORDER BY id",
        params![organisation.as_str(), after],
        crate::store::page(limit),
    )
}

pub(super) fn restricted(
    connection: &Database,
    organisation: &OrganisationId,
    restriction: &str,
) -> Result<Vec<Arc<Person>>, StoreError> {
    some(
        connection,
        organisation.as_str(),
        "SELECT person.id, person.record FROM restricted CROSS JOIN person USING (organisation)
         WHERE organisation = ?1 AND restriction = ?2 AND person.id = restricted.person
         ORDER BY id",
        params![organisation.as_str(), restriction],
        PEOPLE_OF_RESTRICTION_MAX,
    )
}

fn some(
    connection: &Database,
    organisation: &str,
    sql: &str,
    parameters: &[&dyn ToSql],
    most: usize,
) -> Result<Vec<Arc<Person>>, StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(from_sqlite)?;
    let mut rows = statement.query(parameters).map_err(from_sqlite)?;
    let mut people = Vec::new();
    while people.len() < most
        && let Some(row) = rows.next().map_err(from_sqlite)?
    {
        people.extend(unless_destroyed(read(connection, organisation, row))?);
    }
    Ok(people)
}

/// Writes the records and notes each for the followers.
pub(super) fn put<'p>(
    connection: &Database,
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
    let mut unlist = connection
        .prepare_cached("DELETE FROM restricted WHERE organisation = ?1 AND person = ?2")
        .map_err(from_sqlite)?;
    let mut list = connection
        .prepare_cached(
            "INSERT OR IGNORE INTO restricted (organisation, person, restriction)
             VALUES (?1, ?2, ?3)",
        )
        .map_err(from_sqlite)?;
    for person in people {
        let label = Label::new(organisation, kind::PERSON, &person.id).about(Some(&person.id));
        let record = connection.codec.write(label, person)?;
        write.execute(params![organisation, person.id, record]).map_err(from_sqlite)?;
        unlist.execute([organisation, &person.id]).map_err(from_sqlite)?;
        for restriction in &person.restrictions {
            list.execute([organisation, &person.id, &restriction.id]).map_err(from_sqlite)?;
        }
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

/// The person of a row of id and record.
fn read(
    connection: &Database,
    organisation: &str,
    row: &Row<'_>,
) -> Result<Arc<Person>, StoreError> {
    let text = |column| row.get_ref(column).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite);
    let (id, record) = (text(0)?, text(1)?);
    connection.codec.read(record, Label::new(organisation, kind::PERSON, &id)).map(Arc::new)
}
