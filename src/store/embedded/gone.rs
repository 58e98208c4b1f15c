//! Removing for good: deleted records are overwritten in the file (`schema`).

use rusqlite::params;

use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use super::{items, people};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::documents::{Conflict, Gone};
use crate::store::trail::{marks, of_person};

/// What has changed since it was read.
pub(super) fn conflict(
    connection: &Database,
    organisation: &OrganisationId,
    gone: &Gone,
) -> Result<Option<Conflict>, StoreError> {
    let is_as_read = match gone {
        Gone::Person(person) => {
            people::one(connection, organisation.as_str(), &person.id)?.as_ref() == Some(person)
        }
        Gone::Item(item) => {
            items::one(connection, organisation, &item.id)?.as_ref() == Some(item.as_ref())
        }
        Gone::Ledger { .. } | Gone::Contact { .. } | Gone::Entry { .. } => true,
    };
    Ok(if is_as_read { None } else { gone.conflict() })
}

pub(super) fn remove(
    connection: &Database,
    organisation: &OrganisationId,
    gone: &[Gone],
) -> Result<(), StoreError> {
    gone.iter().try_for_each(|gone| one(connection, organisation, gone))
}

fn one(
    connection: &Database,
    organisation: &OrganisationId,
    gone: &Gone,
) -> Result<(), StoreError> {
    let name = organisation.as_str();
    let delete = |sql: &str, of: &str| {
        let deleted = connection.prepare_cached(sql).and_then(|mut it| it.execute([name, of]));
        deleted.map(drop).map_err(from_sqlite)
    };
    match gone {
        Gone::Person(person) => {
            delete("DELETE FROM person WHERE organisation = ?1 AND id = ?2", &person.id)?;
            delete("DELETE FROM restricted WHERE organisation = ?1 AND person = ?2", &person.id)?;
            delete("INSERT INTO change (organisation, person) VALUES (?1, ?2)", &person.id)
        }
        Gone::Ledger { person } => {
            delete("DELETE FROM counted WHERE organisation = ?1 AND person = ?2", person)?;
            delete("DELETE FROM received WHERE organisation = ?1 AND person = ?2", person)?;
            delete("DELETE FROM told WHERE organisation = ?1 AND person = ?2", person)?;
            delete("DELETE FROM lane WHERE organisation = ?1 AND person = ?2", person)
        }
        Gone::Item(item) => {
            delete("DELETE FROM item WHERE organisation = ?1 AND id = ?2", &item.id)
        }
        Gone::Contact { contact, .. } => {
            delete("DELETE FROM decision WHERE organisation = ?1 AND contact = ?2", contact)?;
            delete("DELETE FROM received WHERE organisation = ?1 AND contact = ?2", contact)
        }
        Gone::Entry { entry, of } => self::entry(connection, name, entry, of),
    }
}

fn entry(
    connection: &Database,
    organisation: &str,
    entry: &AuditEntry,
    of: &str,
) -> Result<(), StoreError> {
    let number = i64::try_from(entry.number).map_err(|_| unreadable("audit number"))?;
    connection
        .prepare_cached("DELETE FROM audit WHERE organisation = ?1 AND number = ?2")
        .and_then(|mut it| it.execute(params![organisation, number]))
        .map_err(from_sqlite)?;
    let mut unmark = connection
        .prepare_cached(
            "DELETE FROM audit_mark WHERE organisation = ?1 AND mark = ?2 AND number = ?3",
        )
        .map_err(from_sqlite)?;
    let mut forget = |mark: &str| {
        unmark.execute(params![organisation, mark, number]).map(drop).map_err(from_sqlite)
    };
    forget(&of_person(of))?;
    marks(&entry.event, None, forget)
}
