//! Brings the database of an older gateway up to date, and takes one of this version back for the previous release.
//!
//! The version is `PRAGMA user_version`; step *n* of [`STEPS`] makes version *n* from *n* - 1, and back. A step that
//! was released is never changed. Each direction is one transaction.

mod columns;

use rusqlite::Connection;

use super::database::Database;
use super::fault::from_sqlite;
use crate::ports::StoreError;

/// Marks the file as ours (`PRAGMA application_id`): "CGwy".
const APPLICATION: i32 = 0x4347_7779;

/// How a version is made from the one before it, and that one restored.
struct Step {
    forwards: &'static str,
    back: Back,
}

/// The way back; it must keep everything that the previous version has a place for.
enum Back {
    /// No version comes before.
    Nowhere,
    Sql(&'static str),
    /// For steps that need encryption keys.
    By(fn(&Database) -> Result<Redone, StoreError>),
}

/// What a step back changed, in values.
#[derive(Default)]
struct Redone {
    rewritten: u64,
    left_out: u64,
}

/// A database that was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WentBack {
    /// The version that it has now.
    pub version: usize,
    /// Values that have the form of that version again.
    pub rewritten: u64,
    /// Values that nobody can read any more, because their key was destroyed: that version would misread them.
    pub left_out: u64,
}

static STEPS: &[Step] = &[
    Step {
        forwards: "
    CREATE TABLE person (
        organisation TEXT NOT NULL, id TEXT NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (organisation, id)) STRICT;
    CREATE TABLE change (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        organisation TEXT NOT NULL, person TEXT NOT NULL) STRICT;
    CREATE TABLE decision (
        organisation TEXT NOT NULL, contact TEXT NOT NULL, digest BLOB NOT NULL,
        at INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (organisation, contact)) STRICT;
    CREATE TABLE counted (
        organisation TEXT NOT NULL, person TEXT NOT NULL, contact TEXT NOT NULL,
        restriction TEXT NOT NULL, mode TEXT NOT NULL, at INTEGER NOT NULL, issue TEXT) STRICT;
    CREATE INDEX counted_of_person ON counted (organisation, person, at);
    CREATE INDEX counted_of_contact ON counted (organisation, contact);
    CREATE TABLE received (
        organisation TEXT NOT NULL, person TEXT NOT NULL, contact TEXT NOT NULL,
        at INTEGER NOT NULL, record TEXT NOT NULL,
        UNIQUE (organisation, contact)) STRICT;
    CREATE INDEX received_of_person ON received (organisation, person, at);
    CREATE TABLE told (
        organisation TEXT NOT NULL, person TEXT NOT NULL, code TEXT NOT NULL,
        at INTEGER NOT NULL,
        PRIMARY KEY (organisation, person, code)) STRICT, WITHOUT ROWID;
    CREATE TABLE lane (
        organisation TEXT NOT NULL, person TEXT NOT NULL, lane TEXT NOT NULL,
        used INTEGER NOT NULL,
        PRIMARY KEY (organisation, person, lane)) STRICT, WITHOUT ROWID;
    CREATE TABLE item (
        organisation TEXT NOT NULL, id TEXT NOT NULL, queue TEXT NOT NULL, state TEXT NOT NULL,
        at INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (organisation, id)) STRICT;
    CREATE INDEX item_of_queue ON item (organisation, queue, state, at, id);
    CREATE TABLE audit (
        organisation TEXT NOT NULL, number INTEGER NOT NULL, at INTEGER NOT NULL,
        record TEXT NOT NULL,
        PRIMARY KEY (organisation, number)) STRICT;
    CREATE TABLE delivery (
        organisation TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL,
        PRIMARY KEY (organisation, key)) STRICT, WITHOUT ROWID;
",
        back: Back::Nowhere,
    },
    Step {
        forwards: "
    CREATE TABLE copy (
        organisation TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
        back: Back::Sql("DROP TABLE copy"),
    },
    Step {
        forwards: "
    CREATE TABLE nameplate (
        organisation TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
        back: Back::Sql("DROP TABLE nameplate"),
    },
    Step {
        forwards: "
    CREATE TABLE document (
        organisation TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        version INTEGER NOT NULL, record TEXT NOT NULL,
        PRIMARY KEY (organisation, kind, id)) STRICT;
    CREATE TABLE document_key (
        organisation TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
        id TEXT NOT NULL,
        PRIMARY KEY (organisation, kind, name, value, id)) STRICT, WITHOUT ROWID;
    CREATE INDEX document_key_of ON document_key (organisation, kind, id);
",
        back: Back::Sql("DROP TABLE document; DROP TABLE document_key"),
    },
    Step {
        forwards: "
    CREATE TABLE audit_mark (
        organisation TEXT NOT NULL, mark TEXT NOT NULL, number INTEGER NOT NULL,
        PRIMARY KEY (organisation, mark, number)) STRICT, WITHOUT ROWID;
    CREATE TABLE audit_day (
        organisation TEXT NOT NULL, day INTEGER NOT NULL, block INTEGER NOT NULL,
        PRIMARY KEY (organisation, day, block)) STRICT, WITHOUT ROWID;
    CREATE TABLE restricted (
        organisation TEXT NOT NULL, person TEXT NOT NULL, restriction TEXT NOT NULL,
        PRIMARY KEY (organisation, person, restriction)) STRICT, WITHOUT ROWID;
    CREATE INDEX restricted_by ON restricted (organisation, restriction, person);
    INSERT INTO audit_day SELECT DISTINCT organisation, at / 86400000000, number / 1024 FROM audit;
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'person:' || (record ->> '$.person'), number FROM audit
        WHERE record ->> '$.person' IS NOT NULL;
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'person:' || value, number FROM audit, json_each(record, '$.in_doubt');
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'person:' || (value ->> '$.person'), number
        FROM audit, json_each(record, '$.ended');
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'person:' || (item.record ->> '$.person'), number
        FROM audit JOIN item USING (organisation)
        WHERE item.id = audit.record ->> '$.item' AND item.record ->> '$.person' IS NOT NULL;
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'flag:' || value, number FROM audit, json_each(record, '$.flags');
    INSERT OR IGNORE INTO audit_mark
        SELECT organisation, 'disposition:' || (record ->> '$.disposition'), number FROM audit
        WHERE record ->> '$.disposition' IN ('route', 'limit', 'file');
    INSERT OR IGNORE INTO restricted
        SELECT organisation, person.id, value ->> '$.id'
        FROM person, json_each(record, '$.restrictions');
",
        back: Back::Sql("DROP TABLE audit_mark; DROP TABLE audit_day; DROP TABLE restricted"),
    },
    // Digests and references may be encrypted from here on. A gateway from before takes an encrypted reference for
    // that of another issue, and would limit people who have raised no new one: it must refuse the database. A plain
    // reference that looks encrypted becomes a plain record. References are upper case, which no ciphertext is.
    Step {
        forwards: "
    UPDATE counted SET issue = ' ' || json_quote(issue)
        WHERE substr(issue, 1, 3) = '%1:' AND issue = upper(issue);
",
        back: Back::By(columns::plain_again),
    },
];

/// Indexes for lists of items, each in the order of its list; waiting items are counted without the done ones, of which
/// there are far more. A query uses a partial index only if it repeats the index's condition word for word
/// (sqlite.org/partialindex.html). They belong to no version: an older gateway works with them, too.
const INDEXES: &str = "
    DROP INDEX IF EXISTS item_of_queue;
    CREATE INDEX IF NOT EXISTS item_waiting ON item (organisation, queue, at, id, state)
        WHERE state IN ('open', 'claimed', 'read');
    CREATE INDEX IF NOT EXISTS item_done ON item (organisation, queue, at, id, state)
        WHERE state IN ('released', 'filed', 'closed');
    CREATE INDEX IF NOT EXISTS item_in_hand ON item (organisation, at, id)
        WHERE state IN ('claimed', 'read');
";

/// The index that the previous version has instead.
const INDEXES_BEFORE: &str = "
    DROP INDEX IF EXISTS item_waiting;
    DROP INDEX IF EXISTS item_done;
    DROP INDEX IF EXISTS item_in_hand;
    CREATE INDEX IF NOT EXISTS item_of_queue ON item (organisation, queue, state, at, id);
";

/// Whether the tables are those of this version.
///
/// # Errors
/// `Refused`: it is not a gateway's database, or a newer one's.
pub(super) fn is_up_to_date(connection: &Connection) -> Result<bool, StoreError> {
    Ok(version_of_ours(connection)? == STEPS.len())
}

/// Brings an older database, or an empty file, to the newest version.
///
/// # Errors
/// `Refused`: it is another program's database, or a newer gateway's.
pub(super) fn bring_up_to_date(connection: &Connection) -> Result<(), StoreError> {
    whole(connection, || {
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(from_sqlite)?;
        if !is_ours(connection)? && tables > 0 {
            return Err(StoreError::Refused(
                "the database file belongs to another program; give the store a folder of its own"
                    .to_owned(),
            ));
        }
        forwards(connection, STEPS.len())?;
        connection.execute_batch(INDEXES).map_err(from_sqlite)
    })
}

/// Takes a database of the newest version back by one.
///
/// # Errors
/// `Refused`: it is not a gateway's database, or has another version. `Locked`, `Unavailable`: a key is missing.
/// `Corrupt`: a value can't be read.
pub(super) fn go_back(database: &Database) -> Result<WentBack, StoreError> {
    whole(database, || {
        let version = version_of_ours(database)?;
        if version < STEPS.len() {
            return Err(StoreError::Refused(format!(
                "the database has version {version} already, and this gateway takes back version {} only",
                STEPS.len()
            )));
        }
        let back = step_back(database, version)?;
        database.execute_batch(INDEXES_BEFORE).map_err(from_sqlite)?;
        Ok(back)
    })
}

/// All of the work, or nothing of it.
fn whole<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(from_sqlite)?;
    let done = work().and_then(|done| {
        connection.execute_batch("COMMIT").map_err(from_sqlite)?;
        Ok(done)
    });
    if done.is_err() && !connection.is_autocommit() {
        // The connection is given up with the error; what it held is undone by then at the latest.
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

/// Brings an older database to this version.
fn forwards(connection: &Connection, to: usize) -> Result<(), StoreError> {
    let version = known_version(connection)?;
    for step in STEPS.iter().take(to).skip(version) {
        connection.execute_batch(step.forwards).map_err(from_sqlite)?;
    }
    if version < to {
        connection.pragma_update(None, "application_id", APPLICATION).map_err(from_sqlite)?;
        has_version(connection, to)?;
    }
    Ok(())
}

/// Takes a database of this version back by one.
fn step_back(database: &Database, version: usize) -> Result<WentBack, StoreError> {
    let before = version.saturating_sub(1);
    let Redone { rewritten, left_out } = match STEPS.get(before).map(|step| &step.back) {
        Some(Back::Sql(sql)) => {
            database.execute_batch(sql).map_err(from_sqlite)?;
            Redone::default()
        }
        Some(Back::By(redo)) => redo(database)?,
        Some(Back::Nowhere) | None => {
            return Err(StoreError::Refused("no version of the database comes before".to_owned()));
        }
    };
    has_version(database, before)?;
    Ok(WentBack { version: before, rewritten, left_out })
}

fn has_version(connection: &Connection, version: usize) -> Result<(), StoreError> {
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    connection.pragma_update(None, "user_version", version).map_err(from_sqlite)
}

fn number(connection: &Connection, pragma: &str) -> Result<i64, StoreError> {
    connection.pragma_query_value(None, pragma, |row| row.get(0)).map_err(from_sqlite)
}

fn is_ours(connection: &Connection) -> Result<bool, StoreError> {
    Ok(number(connection, "application_id")? == i64::from(APPLICATION))
}

fn version_of_ours(connection: &Connection) -> Result<usize, StoreError> {
    if is_ours(connection)? {
        return known_version(connection);
    }
    Err(StoreError::Refused("the file is not a gateway's database".to_owned()))
}

/// The version, unless a newer gateway made it.
fn known_version(connection: &Connection) -> Result<usize, StoreError> {
    let version = number(connection, "user_version")?;
    match usize::try_from(version) {
        Ok(version) if version <= STEPS.len() => Ok(version),
        _ => Err(StoreError::Refused(format!(
            "the database has version {version}, and this gateway knows up to {}: it was written by a newer \
             gateway; run that one, let it take the database back (`contact-gateway store go-back`), or restore \
             an earlier backup",
            STEPS.len()
        ))),
    }
}

#[cfg(test)]
mod tests;
