//! Pages of records, in the order of their keys.

use rusqlite::{Row, params};

use super::super::database::Database;
use super::super::fault::{from_sqlite, unreadable};
use super::super::{audit, documents, ledger};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{
    CountedContact, Delivery, Kind, Page, PersonLedger, Record, RecordedDecision,
};
use crate::runtime::limits::{COPY_ITEMS_MAX, COPY_LEDGERS_MAX, COPY_PAGE_MAX};
use crate::store::record::{Label, kind};

/// Everybody with a ledger: somewhere in one of four tables.
const PEOPLE_REMEMBERED: &str = "SELECT person FROM counted WHERE organisation = ?1 \
                                 UNION SELECT person FROM received WHERE organisation = ?1 \
                                 UNION SELECT person FROM told WHERE organisation = ?1 \
                                 UNION SELECT person FROM lane WHERE organisation = ?1";

pub(super) fn organisations(connection: &Database) -> Result<Vec<OrganisationId>, StoreError> {
    let sql = "SELECT organisation FROM person UNION SELECT organisation FROM decision \
               UNION SELECT organisation FROM audit UNION SELECT organisation FROM item \
               UNION SELECT organisation FROM delivery \
               UNION SELECT organisation FROM document ORDER BY 1";
    connection
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.query_map([], |row| Ok(OrganisationId::new(&row.get::<_, String>(0)?)))?.collect()
        })
        .map_err(from_sqlite)
}

pub(super) fn size(
    connection: &Database,
    organisation: &OrganisationId,
    kind: Kind,
) -> Result<u64, StoreError> {
    let table = |name: &str| format!("SELECT count(*) FROM {name} WHERE organisation = ?1");
    let sql = match kind {
        Kind::People => table("person"),
        Kind::Decisions => table("decision"),
        Kind::Ledgers => format!("SELECT count(*) FROM ({PEOPLE_REMEMBERED})"),
        Kind::Items => table("item"),
        Kind::Audit => table("audit"),
        Kind::Deliveries => table("delivery"),
        Kind::Documents => table("document"),
    };
    let rows: i64 = connection
        .prepare_cached(&sql)
        .and_then(|mut it| it.query_row([organisation.as_str()], |row| row.get(0)))
        .map_err(from_sqlite)?;
    u64::try_from(rows).map_err(|_| unreadable("count"))
}

pub(super) fn page(
    connection: &Database,
    organisation: &OrganisationId,
    kind: Kind,
    after: Option<&str>,
) -> Result<Option<Page>, StoreError> {
    let name = organisation.as_str();
    let table = Table { connection, organisation: name, after };
    match kind {
        Kind::People => table.page("person", "id", "record", COPY_PAGE_MAX, |key, row| {
            let record: String = row.get(1).map_err(from_sqlite)?;
            let label = Label::new(name, kind::PERSON, &key);
            let person = connection.codec.read(&record, label)?;
            Ok(Record::Person(Box::new(person)))
        }),
        Kind::Decisions => {
            table.page("decision", "contact", "digest, at, record", COPY_PAGE_MAX, |key, row| {
                let record: String = row.get(3).map_err(from_sqlite)?;
                let label = Label::new(name, kind::DECISION, &key);
                let decision = connection.codec.read(&record, label)?;
                let digest: Vec<u8> = row.get(1).map_err(from_sqlite)?;
                let digest = connection.codec.digest_of_bytes(label, &digest)?;
                Ok(Record::Decision(Box::new(RecordedDecision {
                    contact: key,
                    digest,
                    at: ledger::instant(row.get(2).map_err(from_sqlite)?)?,
                    decision,
                })))
            })
        }
        Kind::Ledgers => ledgers(connection, organisation.as_str(), after),
        Kind::Items => table.page("item", "id", "record", COPY_ITEMS_MAX, |key, row| {
            let record: String = row.get(1).map_err(from_sqlite)?;
            let label = Label::new(name, kind::ITEM, &key);
            let item = connection.codec.read(&record, label)?;
            Ok(Record::Item(Box::new(item)))
        }),
        Kind::Audit => trail(connection, organisation.as_str(), after),
        Kind::Deliveries => table.page("delivery", "key", "at", COPY_PAGE_MAX, |key, row| {
            let at = ledger::instant(row.get(1).map_err(from_sqlite)?)?;
            Ok(Record::Delivery(Delivery { key, at }))
        }),
        Kind::Documents => every_document(connection, organisation.as_str(), after),
    }
}

/// What a page holds, as it is read.
#[derive(Default)]
struct Found {
    records: Vec<Record>,
    unreadable: Vec<String>,
    destroyed: Vec<String>,
    last: Option<String>,
}

impl Found {
    /// The next record, with its place. A record that can't be read back does not keep later ones from being read.
    fn add(&mut self, place: String, read: Result<Record, StoreError>) -> Result<(), StoreError> {
        match read {
            Ok(record) => self.records.push(record),
            Err(StoreError::Corrupt(_)) => self.unreadable.push(place.clone()),
            // The person it was about is erased: to every reader it is gone.
            Err(StoreError::Destroyed(_)) => self.destroyed.push(place.clone()),
            Err(error) => return Err(error),
        }
        self.last = Some(place);
        Ok(())
    }

    fn page(self) -> Option<Page> {
        let Found { records, unreadable, destroyed, last } = self;
        last.map(|last| Page { records, unreadable, destroyed, last })
    }
}

/// In the order of their kinds, then of their ids. No kind has a space.
fn every_document(
    connection: &Database,
    organisation: &str,
    after: Option<&str>,
) -> Result<Option<Page>, StoreError> {
    let (kind, id) = after.and_then(|after| after.split_once(' ')).unwrap_or_default();
    let sql = format!(
        "SELECT kind, id, version, record FROM document
         WHERE organisation = ?1 AND (kind, id) > (?2, ?3) ORDER BY kind, id LIMIT {COPY_ITEMS_MAX}"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query([organisation, kind, id]).map_err(from_sqlite)?;
    let mut found = Found::default();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let kind: String = row.get(0).map_err(from_sqlite)?;
        let id: String = row.get(1).map_err(from_sqlite)?;
        let (of, name) = (kind.clone(), format!("{kind} {id}"));
        let read = || {
            let version = row.get(2).map_err(from_sqlite)?;
            let record: String = row.get(3).map_err(from_sqlite)?;
            Ok(Record::Document(Box::new(documents::read(
                connection,
                organisation,
                &of,
                id,
                version,
                &record,
            )?)))
        };
        found.add(name, read())?;
    }
    Ok(found.page())
}

/// A place in the organisation's rows of a table.
struct Table<'a> {
    connection: &'a Database,
    organisation: &'a str,
    after: Option<&'a str>,
}

impl Table<'_> {
    /// A page in the order of a key that is text; `read` is given each row with its key.
    fn page(
        &self,
        table: &str,
        key: &str,
        columns: &str,
        limit: usize,
        read: impl Fn(String, &Row<'_>) -> Result<Record, StoreError>,
    ) -> Result<Option<Page>, StoreError> {
        // Two statements, so that each is a walk along the index.
        let behind = match self.after {
            Some(_) => format!("{key} > ?2"),
            None => "?2 IS NULL".to_owned(),
        };
        let sql = format!(
            "SELECT {key}, {columns} FROM {table} WHERE organisation = ?1 AND {behind}
             ORDER BY {key} LIMIT {limit}"
        );
        let mut statement = self.connection.prepare_cached(&sql).map_err(from_sqlite)?;
        let mut rows =
            statement.query(params![self.organisation, self.after]).map_err(from_sqlite)?;
        let mut found = Found::default();
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            let key: String = row.get(0).map_err(from_sqlite)?;
            found.add(key.clone(), read(key, row))?;
        }
        Ok(found.page())
    }
}

/// In the order of their numbers, which a place is written as.
fn trail(
    connection: &Database,
    organisation: &str,
    after: Option<&str>,
) -> Result<Option<Page>, StoreError> {
    let after: i64 = after.and_then(|number| number.parse().ok()).unwrap_or(0);
    let sql = format!(
        "SELECT number, record FROM audit WHERE organisation = ?1 AND number > ?2
         ORDER BY number LIMIT {COPY_PAGE_MAX}"
    );
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query(params![organisation, after]).map_err(from_sqlite)?;
    let mut found = Found::default();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let number: i64 = row.get(0).map_err(from_sqlite)?;
        let entry = audit::read(connection, organisation, row);
        let entry = entry.map(|entry| Record::Audit(Box::new(entry)));
        found.add(number.to_string(), entry)?;
    }
    Ok(found.page())
}

fn ledgers(
    connection: &Database,
    organisation: &str,
    after: Option<&str>,
) -> Result<Option<Page>, StoreError> {
    let behind = if after.is_some() { "person > ?2" } else { "?2 IS NULL" };
    let sql = format!(
        "SELECT person FROM ({PEOPLE_REMEMBERED}) WHERE {behind}
         ORDER BY person LIMIT {COPY_LEDGERS_MAX}"
    );
    let people: Vec<String> = connection
        .prepare_cached(&sql)
        .and_then(|mut it| it.query_map(params![organisation, after], |row| row.get(0))?.collect())
        .map_err(from_sqlite)?;
    let mut found = Found::default();
    let mut reading = ledger::LedgerReading::prepare(connection)?;
    for person in people {
        let mut read = || {
            let mut ledger = PersonLedger {
                counted: counted(connection, organisation, &person)?,
                received: reading.received(organisation, &person)?,
                told: reading.told(organisation, &person)?,
                lanes_used: reading.lanes_used(organisation, &person)?,
                person: person.clone(),
            };
            ledger.settle();
            Ok(Record::Ledger(ledger))
        };
        let record = read();
        found.add(person, record)?;
    }
    Ok(found.page())
}

fn counted(
    connection: &Database,
    organisation: &str,
    person: &str,
) -> Result<Vec<CountedContact>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT restriction, mode, at, issue, contact FROM counted
             WHERE organisation = ?1 AND person = ?2",
        )
        .map_err(from_sqlite)?;
    let mut rows = statement.query([organisation, person]).map_err(from_sqlite)?;
    let mut counted = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        counted.push(CountedContact {
            counted: ledger::counted_in(&connection.codec, organisation, row)?,
            contact: row.get(4).map_err(from_sqlite)?,
        });
    }
    Ok(counted)
}
