//! The tables of the database, and how an older one is migrated.
//!
//! | table | holds |
//! |---|---|
//! | `person` | a person's record in the published JSON shape |
//! | `change` | which person changed, in order: what followers read; bounded, oldest forgotten |
//! | `decision` | the decision on a contact id, with the digest of the content: 32 bytes, or encrypted |
//! | `counted` | what quotas counted of a person; the reference of the issue as text, or encrypted |
//! | `received` | traces of a person's contacts for comparison; bounded for each person |
//! | `told` | when a person was last notified of a reason code |
//! | `lane` | how often a person used a safeguard lane |
//! | `item` | queue items; one per contact |
//! | `audit` | the audit trail, numbered from 1 for each organisation, without gaps but for what was erased |
//! | `delivery` | what downstream has taken |
//! | `copy` | how far a copy of another store into this one has come |
//! | `audit_mark` | which entries concern a person, or have a flag or disposition that is looked for |
//! | `audit_day` | in which blocks of 1,024 numbers a day (counted from 1970) has entries |
//! | `restricted` | the restrictions of each person, to find a person by |
//! | `document` | a record that staff write, of any kind, with its version |
//! | `document_key` | under which values a document is listed |
//! | `nameplate` | the names of the audit trail, which identify it, and its archive |
//!
//! Every key begins with the organisation: nothing crosses from one to another. Columns named
//! `record` are JSON of the domain's own shapes, written and read by [`record`](crate::store::record);
//! columns named `at` are microseconds since 1970 UTC, rounded down. Read it with `sqlite3 -readonly gateway.sqlite3`.
//!
//! The version is `PRAGMA user_version`; step *n* of [`STEPS`] makes version *n* of *n* - 1. A step
//! that was released is never changed.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use super::fault::from_sqlite;
use crate::ports::StoreError;
use crate::runtime::limits::{
    INTEGRITY_FAULTS_MAX, STORE_LOCK_WAIT, STORE_LOG_BYTES_KEPT, STORE_LOG_PAGES,
    STORE_PREPARED_MAX, STORE_READY_RETRY,
};
use crate::runtime::private;

/// Marks the file as ours (`PRAGMA application_id`): "CGwy".
const APPLICATION: i32 = 0x4347_7779;

const STEPS: &[&str] = &[
    "
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
    "
    CREATE TABLE copy (
        organisation TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    "
    CREATE TABLE nameplate (
        organisation TEXT PRIMARY KEY NOT NULL, record TEXT NOT NULL) STRICT, WITHOUT ROWID;
",
    "
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
    "
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
    // Digests and references may be encrypted from here on. A gateway from before takes an encrypted reference for
    // that of another issue, and would limit people who have raised no new one: it must refuse the database. A plain
    // reference that looks encrypted becomes a plain record. References are upper case, which no ciphertext is.
    "
    UPDATE counted SET issue = ' ' || json_quote(issue)
        WHERE substr(issue, 1, 3) = '%1:' AND issue = upper(issue);
",
];

/// Where a folder's database is.
pub(super) fn file(folder: &Path) -> PathBuf {
    folder.join("gateway.sqlite3")
}

/// Where a database's write-ahead log is (sqlite.org/wal.html, "The WAL File").
pub(super) fn log_of(file: &Path) -> PathBuf {
    beside(file, "-wal")
}

/// The path of the WAL index (sqlite.org/walformat.html, 2).
pub(super) fn index_of(file: &Path) -> PathBuf {
    beside(file, "-shm")
}

fn beside(file: &Path, end: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(end);
    PathBuf::from(name)
}

/// The writer's connection: created, checked and brought up to date. Every commit is synced.
pub(super) fn open_to_write(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(from_sqlite)?;
    // The log and its index are made with the database's own mode.
    private::close(file);
    settle(&connection)?;
    switch_to_wal(&connection)?;
    private::close(&log_of(file));
    connection
        .execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        // Deleted or replaced records are overwritten with zeros, in the log as soon as that is written back: erased
        // data can't be read from the file (sqlite.org/pragma.html, "secure_delete").
        .and_then(|()| connection.pragma_update_and_check(None, "secure_delete", true, |_| Ok(())))
        .and_then(|()| {
            connection.pragma_update_and_check(
                None,
                "journal_size_limit",
                STORE_LOG_BYTES_KEPT,
                |_| Ok(()),
            )
        })
        .and_then(|()| {
            connection
                .pragma_update_and_check(None, "wal_autocheckpoint", STORE_LOG_PAGES, |_| Ok(()))
        })
        .map_err(from_sqlite)?;
    bring_up_to_date(&connection)?;
    Ok(connection)
}

/// A connection that only reads. The database is there and up to date.
pub(super) fn open_to_read(file: &Path) -> Result<Connection, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(from_sqlite)?;
    settle(&connection)?;
    Ok(connection)
}

fn settle(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(STORE_LOCK_WAIT).map_err(from_sqlite)?;
    connection.set_prepared_statement_cache_capacity(STORE_PREPARED_MAX);
    // Otherwise a statement is planned again with every value bound to it
    // (sqlite.org/queryplanner-ng.html, "Query Planner Stability Guarantee").
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(from_sqlite)?;
    // The writer does it when nobody writes, and at its end. SQLite would take the log away by its
    // name, which may be that of another database's by then.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .map_err(from_sqlite)?;
    Ok(())
}

/// Two processes that create the database at once: SQLite answers `BUSY` to one without waiting
/// (sqlite.org/wal.html, "Sometimes Queries Return SQLITE_BUSY In WAL Mode"), so the wait is ours.
fn switch_to_wal(connection: &Connection) -> Result<(), StoreError> {
    let until = Instant::now() + STORE_LOCK_WAIT;
    loop {
        let mode = connection
            .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                return Err(StoreError::Refused(format!(
                    "the database's folder allows journal mode `{mode}` only; the store needs a \
                     local disk (no network share) for mode `wal`"
                )));
            }
            Err(error) => {
                let error = from_sqlite(error);
                if !error.is_retryable() || Instant::now() >= until {
                    return Err(error);
                }
                std::thread::sleep(STORE_READY_RETRY);
            }
        }
    }
}

/// `ok`, or the fault.
pub(super) fn soundness(connection: &Connection) -> Result<String, StoreError> {
    connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(from_sqlite)
}

/// What SQLite's full reading finds; empty: nothing. In its own words, which name tables, rows and pages.
pub(super) fn integrity(connection: &Connection) -> Result<Vec<String>, StoreError> {
    let sql = format!("PRAGMA integrity_check({INTEGRITY_FAULTS_MAX})");
    let said: Vec<String> = connection
        .prepare(&sql)
        .and_then(|mut it| it.query_map([], |row| row.get(0))?.collect())
        .map_err(from_sqlite)?;
    Ok(said.into_iter().filter(|line| line != "ok").collect())
}

pub(super) fn has_table(connection: &Connection, name: &str) -> Result<bool, StoreError> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    let tables: i64 = connection.query_row(sql, [name], |row| row.get(0)).map_err(from_sqlite)?;
    Ok(tables > 0)
}

/// Whether the tables are those of this version.
///
/// # Errors
/// `Refused`: it is not a gateway's database, or a newer one's.
pub(super) fn is_up_to_date(connection: &Connection) -> Result<bool, StoreError> {
    let number = |pragma| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(from_sqlite)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    if application != i64::from(APPLICATION) {
        return Err(StoreError::Refused("the file is not a gateway's database".to_owned()));
    }
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if version > known {
        return Err(StoreError::Refused(
            "the database was written by a newer version of the gateway".to_owned(),
        ));
    }
    Ok(version == known)
}

fn bring_up_to_date(connection: &Connection) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(from_sqlite)?;
    let done =
        migrate(connection).and_then(|()| connection.execute_batch("COMMIT").map_err(from_sqlite));
    if done.is_err() && !connection.is_autocommit() {
        // The connection is given up with the error; what it held is undone by then at the latest.
        let _ = connection.execute_batch("ROLLBACK");
    }
    done
}

fn migrate(connection: &Connection) -> Result<(), StoreError> {
    let number = |pragma| {
        connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0)).map_err(from_sqlite)
    };
    let (application, version) = (number("application_id")?, number("user_version")?);
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(from_sqlite)?;
    if application != i64::from(APPLICATION) && tables > 0 {
        return Err(StoreError::Refused(
            "the database file belongs to another program; give the store a folder of its own"
                .to_owned(),
        ));
    }
    let version = usize::try_from(version).unwrap_or(usize::MAX);
    if version > STEPS.len() {
        return Err(StoreError::Refused(format!(
            "the database has version {version}, and this gateway knows up to {}: it was written \
             by a newer gateway; run that one, or restore an earlier backup",
            STEPS.len()
        )));
    }
    for step in STEPS.iter().skip(version) {
        connection.execute_batch(step).map_err(from_sqlite)?;
    }
    if version < STEPS.len() {
        connection.pragma_update(None, "application_id", APPLICATION).map_err(from_sqlite)?;
        let newest = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
        connection.pragma_update(None, "user_version", newest).map_err(from_sqlite)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::record::{Codec, Label, kind};

    #[test]
    fn a_new_database_has_the_newest_version_and_a_second_opening_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let connection = open_to_write(&file(folder.path())).unwrap();
            let version: i64 =
                connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
            assert_eq!(version, i64::try_from(STEPS.len()).unwrap());
        }
    }

    #[test]
    fn a_database_of_a_newer_gateway_is_refused_and_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let connection = open_to_write(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let fault = open_to_write(&path).unwrap_err();
        assert!(!fault.is_retryable());
        assert!(fault.to_string().contains("newer gateway"), "{fault}");
    }

    #[test]
    fn a_plain_reference_that_looks_encrypted_is_read_after_the_upgrade() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        let before = "INSERT INTO counted VALUES
            ('karbon', 'P-1', 'c', 'R-1', 'enforce', 1, '%1:K:X\"'),
            ('karbon', 'P-1', 'c', 'R-1', 'enforce', 2, 'C-2'),
            ('karbon', 'P-1', 'c', 'R-1', 'enforce', 3, '%1:k-old:C2vhBGVk');
            PRAGMA user_version = 5";
        open_to_write(&path).unwrap().execute_batch(before).unwrap();
        let connection = open_to_write(&path).unwrap();
        let mut statement = connection.prepare("SELECT issue FROM counted ORDER BY at").unwrap();
        let rows = statement.query_map([], |row| row.get(0)).unwrap();
        let issues: Vec<String> = rows.map(Result::unwrap).collect();
        assert_eq!(issues, [" \"%1:K:X\\\"\"", "C-2", "%1:k-old:C2vhBGVk"]);
        let label = Label::new("karbon", kind::ISSUE, &"c");
        let read = Codec::plain().read_issue(label, issues[0].clone()).unwrap();
        assert_eq!(read, "%1:K:X\"");
    }

    #[test]
    fn another_programs_database_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
        assert!(matches!(open_to_write(&path), Err(StoreError::Refused(_))));
    }

    #[test]
    fn a_file_that_is_no_database_is_corrupt() {
        let folder = tempfile::tempdir().unwrap();
        let path = file(folder.path());
        std::fs::write(
            &path,
            "not a database at all, but long enough to be read as one".repeat(40),
        )
        .unwrap();
        assert!(matches!(open_to_write(&path), Err(StoreError::Corrupt(_))));
    }
}
