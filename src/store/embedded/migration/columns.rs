//! Back from version 6: digests of contacts and references of issues are plain, as version 5 reads them.

use rusqlite::types::FromSql;
use rusqlite::{Params, params};

use super::super::database::Database;
use super::super::fault::from_sqlite;
use super::Redone;
use crate::ports::StoreError;
use crate::runtime::limits::REKEY_PAGE;
use crate::store::record::{Label, kind, unless_destroyed};

/// Replaces a digest whose key was destroyed: version 5 expects this many bytes, and then finds the decision
/// unreadable.
const DESTROYED: [u8; 32] = [0; 32];

/// A digest or a reference, and the contact that it is bound to.
struct Found<T> {
    place: i64,
    organisation: String,
    contact: String,
    stored: T,
}

pub(super) fn plain_again(database: &Database) -> Result<Redone, StoreError> {
    let mut redone = Redone::default();
    each(database, "decision", "digest", |found| digest(database, found, &mut redone))?;
    each(database, "counted", "issue", |found| issue(database, found, &mut redone))?;
    Ok(redone)
}

/// Hands out every value of a column that is not null. Each may be changed meanwhile.
fn each<T: FromSql>(
    database: &Database,
    table: &str,
    column: &str,
    mut work: impl FnMut(&Found<T>) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT rowid, organisation, contact, {column} FROM {table}
         WHERE rowid > ?1 AND {column} IS NOT NULL ORDER BY rowid LIMIT {REKEY_PAGE}"
    );
    let mut after = -1;
    loop {
        let page = database.page_behind(&sql, [after], |row| {
            Ok(Found {
                place: row.get(0)?,
                organisation: row.get(1)?,
                contact: row.get(2)?,
                stored: row.get(3)?,
            })
        })?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.place;
        page.iter().try_for_each(&mut work)?;
    }
}

fn digest(
    database: &Database,
    found: &Found<Vec<u8>>,
    redone: &mut Redone,
) -> Result<(), StoreError> {
    let label = Label::new(&found.organisation, kind::DECISION, &found.contact);
    let read = unless_destroyed(database.codec.digest_of_bytes(label, &found.stored))?;
    let plain = read.unwrap_or(DESTROYED);
    if found.stored == plain {
        return Ok(());
    }
    redone.rewritten += 1;
    change(
        database,
        "UPDATE decision SET digest = ?2 WHERE rowid = ?1",
        params![found.place, plain],
    )
}

fn issue(
    database: &Database,
    found: &Found<String>,
    redone: &mut Redone,
) -> Result<(), StoreError> {
    let label = Label::new(&found.organisation, kind::ISSUE, &found.contact);
    let read = database.codec.read_issue(label, found.stored.clone());
    let Some(plain) = unless_destroyed(read)? else {
        // Nothing counts it any more; version 5 would count it for another person with the same id.
        redone.left_out += 1;
        return change(database, "DELETE FROM counted WHERE rowid = ?1", [found.place]);
    };
    if found.stored == plain {
        return Ok(());
    }
    redone.rewritten += 1;
    change(database, "UPDATE counted SET issue = ?2 WHERE rowid = ?1", params![found.place, plain])
}

fn change(database: &Database, sql: &str, values: impl Params) -> Result<(), StoreError> {
    let changed = database.prepare_cached(sql).and_then(|mut it| it.execute(values));
    changed.map(drop).map_err(from_sqlite)
}
