//! Rewriting records that are plain, or encrypted with a key that no longer encrypts.
//!
//! Each page is one transaction in turn with everybody else's, so that gateways keep running, and an interruption
//! leaves every record in its old or its new form.

mod beside;

use chrono::NaiveDate;
use rusqlite::params;
use serde::Deserialize;

use super::Embedded;
use super::database::Database;
use super::documents;
use super::fault::from_sqlite;
use super::ledger::instant;
use crate::domain::audit::AuditEntry;
use crate::domain::decision::Decision;
use crate::domain::queue::QueueItem;
use crate::ports::StoreError;
use crate::runtime::limits::REKEY_PAGE;
use crate::store::record::{self, Codec, Label, RawValue, kind};

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

static TABLES: [Table; 8] = [
    table("person", kind::PERSON, "id"),
    table("decision", kind::DECISION, "contact"),
    table("received", kind::RECEIVED, "contact"),
    table("item", kind::ITEM, "id"),
    table("audit", kind::AUDIT_ENTRY, "number"),
    Table { kind: Kind::Column, ..table("document", "", "id") },
    // One for each organisation, without row ids. Not only a number: ORDER BY takes that for a column's.
    Table { place: "(0 + 0)", ..table("nameplate", kind::NAMEPLATE, "organisation") },
    Table { place: "(0 + 0)", ..table("copy", kind::COPY_MARK, "organisation") },
];

/// A record to be rewritten.
struct Found {
    place: i64,
    organisation: String,
    kind: String,
    key: String,
    /// Of which it has a column.
    person: Option<String>,
    at: Option<i64>,
    record: String,
}

impl Embedded {
    /// Encrypts every record with the key that encrypts now, and what lies beside records, and hashes what names
    /// recipients; how many it were. The same call resumes after an interruption.
    ///
    /// # Errors
    /// `Refused`: there is no key, or one of the records needs a missing key. `Corrupt`: one can't be read.
    pub async fn rekey(&self, told: &mut (dyn FnMut(u64) + Send)) -> Result<u64, StoreError> {
        if self.codec.keys().next().is_none() {
            return Err(StoreError::Refused("there is no [keys] store to encrypt with".to_owned()));
        }
        let mut done = 0;
        let tables = TABLES.iter().map(Rewriting::Records);
        for part in tables.chain([Rewriting::Digests, Rewriting::Issues]) {
            let mut after = -1;
            while let Some(last) =
                self.writer.write(move |desk| part.page(desk.connection, after)).await?
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

/// What is rewritten page by page.
#[derive(Clone, Copy)]
enum Rewriting {
    Records(&'static Table),
    Digests,
    Issues,
}

impl Rewriting {
    fn page(self, connection: &Database, after: i64) -> Result<Option<Page>, StoreError> {
        match self {
            Rewriting::Records(table) => page(connection, table, after),
            Rewriting::Digests => beside::digests(connection, after),
            Rewriting::Issues => beside::issues(connection, after),
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
    let codec = &connection.codec;
    let mut records = 0;
    for Found { organisation, kind, key, person, at, record, .. } in &found {
        let label = Label::new(organisation, kind, key);
        let content: Box<RawValue> = codec.read(record, label)?;
        let about =
            codec.people().and_then(|_| person.clone().or_else(|| about(kind, key, &content)));
        let day = match codec.people() {
            Some(_) => unnamed_on(kind, *at, &content)?,
            None => None,
        };
        let label = label.about(about.as_deref()).on(day);
        if codec.takes_keyring(label)? && record.starts_with(&codec.mark()) {
            continue;
        }
        let record = codec.write(label, &content)?;
        write.execute(params![organisation, key, kind, record]).map_err(from_sqlite)?;
        records += 1;
    }
    Ok(Some(Page { place: last, records }))
}

/// The person a record is about, as given to [`Codec::write`](crate::store::record::Codec) where it is written.
fn about(kind: &str, key: &str, content: &RawValue) -> Option<String> {
    #[derive(Deserialize)]
    struct About {
        person: Option<String>,
    }
    match kind {
        kind::PERSON => Some(key.to_owned()),
        kind::AUDIT_ENTRY => {
            let entry: AuditEntry = record::part(content)?;
            entry.event.people().first().map(|person| (*person).to_owned())
        }
        kind::DECISION | kind::ITEM => record::part::<About>(content).and_then(|it| it.person),
        kind::RECEIVED | kind::NAMEPLATE | kind::COPY_MARK => None,
        _ => documents::about(content),
    }
}

/// The day of a contact of nobody on record, as [`Codec::write`](crate::store::record::Codec) receives it too.
fn unnamed_on(
    kind: &str,
    at: Option<i64>,
    content: &RawValue,
) -> Result<Option<NaiveDate>, StoreError> {
    Ok(match (kind, at) {
        (kind::DECISION, Some(at)) => {
            let at = instant(at)?;
            record::part::<Decision>(content).and_then(|decision| decision.unnamed_on(at))
        }
        (kind::ITEM, _) => record::part::<QueueItem>(content).and_then(|it| it.unnamed_on()),
        (kind::AUDIT_ENTRY, _) => {
            let entry = record::part::<AuditEntry>(content);
            entry.and_then(|entry| entry.event.unnamed_on(entry.at))
        }
        _ => None,
    })
}

fn found(connection: &Database, table: &Table, after: i64) -> Result<Vec<Found>, StoreError> {
    let Table { name, key, place, .. } = table;
    let kind = match table.kind {
        Kind::Of(kind) => format!("'{kind}'"),
        Kind::Column => "kind".to_owned(),
    };
    let person = if *name == "received" { "person" } else { "NULL" };
    let at = if *name == "decision" { "at" } else { "NULL" };
    let (mark, of_people) = marks(&connection.codec);
    let sql = format!(
        "SELECT {place}, organisation, {kind}, CAST({key} AS TEXT), record, {person}, {at}
         FROM {name}
         WHERE {place} > ?1 AND substr(record, 1, length(?2)) <> ?2
         AND substr(record, 1, length(?3)) <> ?3 ORDER BY {place} LIMIT {REKEY_PAGE}"
    );
    connection.page_behind(&sql, params![after, mark, of_people], |row| {
        Ok(Found {
            place: row.get(0)?,
            organisation: row.get(1)?,
            kind: row.get(2)?,
            key: row.get(3)?,
            record: row.get(4)?,
            person: row.get(5)?,
            at: row.get(6)?,
        })
    })
}

/// How what may stay as it is begins: either of the two.
fn marks(codec: &Codec) -> (String, String) {
    let of_people = Codec::mark_of_people();
    // If people have keys, some records with the first key may be theirs.
    let mark = if codec.people().is_some() { of_people.clone() } else { codec.mark() };
    (mark, of_people)
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
