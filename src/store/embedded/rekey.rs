//! Writing records anew that are plain, or encrypted with a key that no longer encrypts.
//!
//! Each page is one transaction in turn with everybody else's, so that gateways go on meanwhile, and what is cut off
//! leaves every record as it was or as it is to be.

use rusqlite::params;

use super::Embedded;
use super::database::Database;
use super::fault::from_sqlite;
use crate::ports::StoreError;
use crate::runtime::limits::REKEY_PAGE;
use crate::store::record::{Label, kind};

/// A table with records, what they are called and by which column, and the order in which they are looked at.
struct Table {
    name: &'static str,
    kind: Kind,
    key: &'static str,
    place: &'static str,
}

enum Kind {
    Of(&'static str),
    /// It has a column for it.
    Column,
}

const fn table(name: &'static str, kind: &'static str, key: &'static str) -> Table {
    Table { name, kind: Kind::Of(kind), key, place: "rowid" }
}

const TABLES: [Table; 8] = [
    table("person", kind::PERSON, "id"),
    table("decision", kind::DECISION, "contact"),
    table("received", kind::RECEIVED, "contact"),
    table("item", kind::ITEM, "id"),
    table("audit", kind::AUDIT_ENTRY, "number"),
    Table { kind: Kind::Column, ..table("document", "", "id") },
    // One for each organisation, without row ids. Not a number alone: ORDER BY takes that for a column's.
    Table { place: "(0 + 0)", ..table("nameplate", kind::NAMEPLATE, "organisation") },
    Table { place: "(0 + 0)", ..table("copy", kind::COPY_MARK, "organisation") },
];

/// A record that is to be written anew.
struct Found {
    place: i64,
    organisation: String,
    kind: String,
    key: String,
    record: String,
}

impl Embedded {
    /// Encrypts every record with the key that encrypts now, and hashes what names recipients; how many it were. The
    /// same call resumes after an interruption.
    ///
    /// # Errors
    /// `Refused`: there is no key, or one of the records takes a key that is not there. `Corrupt`: one can't be read.
    pub async fn rekey(&self, told: &mut (dyn FnMut(u64) + Send)) -> Result<u64, StoreError> {
        if self.codec.keys().next().is_none() {
            return Err(StoreError::Refused("there is no [keys] store to encrypt with".to_owned()));
        }
        let mut done = 0;
        for table in &TABLES {
            let mut after = -1;
            while let Some(last) =
                self.writer.write(move |desk| page(desk.connection, table, after)).await?
            {
                after = last.place;
                done += last.records;
                told(done);
            }
        }
        loop {
            match self.writer.write(|desk| deliveries(desk.connection)).await? {
                0 => return Ok(done),
                some => done += some,
            }
        }
    }
}

/// How far a page came.
struct Page {
    place: i64,
    records: u64,
}

/// `None`: nothing is left behind this place.
fn page(
    connection: &Database,
    table: &'static Table,
    after: i64,
) -> Result<Option<Page>, StoreError> {
    let found = found(connection, table, after)?;
    let Some(last) = found.last().map(|last| last.place) else { return Ok(None) };
    let Table { name, key, .. } = table;
    let of_kind = match table.kind {
        Kind::Of(_) => "?3 = ?3",
        Kind::Column => "kind = ?3",
    };
    let sql = format!(
        "UPDATE {name} SET record = ?4 WHERE organisation = ?1 AND {key} = ?2 AND {of_kind}"
    );
    let mut write = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    for Found { organisation, kind, key, record, .. } in &found {
        let label = Label::new(organisation, kind, key);
        let record = connection.codec.rewritten(record, label)?;
        write.execute(params![organisation, key, kind, record]).map_err(from_sqlite)?;
    }
    Ok(Some(Page { place: last, records: found.len() as u64 }))
}

fn found(connection: &Database, table: &Table, after: i64) -> Result<Vec<Found>, StoreError> {
    let Table { name, key, place, .. } = table;
    let kind = match table.kind {
        Kind::Of(kind) => format!("'{kind}'"),
        Kind::Column => "kind".to_owned(),
    };
    let sql = format!(
        "SELECT {place}, organisation, {kind}, CAST({key} AS TEXT), record FROM {name}
         WHERE {place} > ?1 AND substr(record, 1, length(?2)) <> ?2 ORDER BY {place} LIMIT {REKEY_PAGE}"
    );
    let mark = connection.codec.mark();
    connection
        .prepare_cached(&sql)
        .and_then(|mut it| {
            let rows = it.query_map(params![after, mark], |row| {
                Ok(Found {
                    place: row.get(0)?,
                    organisation: row.get(1)?,
                    kind: row.get(2)?,
                    key: row.get(3)?,
                    record: row.get(4)?,
                })
            })?;
            rows.collect()
        })
        .map_err(from_sqlite)
}

/// Hashes the next keys of deliveries from before there was a key.
fn deliveries(connection: &Database) -> Result<u64, StoreError> {
    let sql = format!(
        "SELECT organisation, key, at FROM delivery WHERE substr(key, 1, 4) <> '%h1:' LIMIT {REKEY_PAGE}"
    );
    let found: Vec<(String, String, i64)> = connection
        .prepare_cached(&sql)
        .and_then(|mut it| {
            it.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?.collect()
        })
        .map_err(from_sqlite)?;
    for (organisation, key, at) in &found {
        let hidden = connection.codec.hidden(organisation, key);
        for (sql, values) in [
            ("DELETE FROM delivery WHERE organisation = ?1 AND key = ?2 AND ?3 = ?3", key),
            ("INSERT OR IGNORE INTO delivery (organisation, key, at) VALUES (?1, ?2, ?3)", &hidden),
        ] {
            connection
                .prepare_cached(sql)
                .and_then(|mut it| it.execute(params![organisation, values, at]))
                .map_err(from_sqlite)?;
        }
    }
    Ok(found.len() as u64)
}
