//! Documents, and batches over all that staff write.

use std::fmt::Write as _;

use async_trait::async_trait;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, Row, params, params_from_iter};
use serde::{Deserialize, Serialize};

use super::Embedded;
use super::database::Database;
use super::desk::Desk;
use super::fault::{from_sqlite, unreadable};
use super::{gone, items, people};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::documents::{
    BY_ID, Batch, Conflict, Document, DocumentPage, DocumentWrite, Documents, IndexKey, Listing,
    Order, Place, PlacePage, WriteFault,
};
use crate::runtime::limits::PLACES_COUNTED_MAX;
use crate::store::record::{self, Label, RawValue, unless_destroyed};

#[async_trait]
impl Documents for Embedded {
    async fn document(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        id: &str,
    ) -> Result<Option<Document>, StoreError> {
        let (organisation, kind, id) = (organisation.clone(), kind.to_owned(), id.to_owned());
        self.readers.read(move |connection| one(connection, &organisation, &kind, &id)).await
    }

    async fn documents(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<DocumentPage, StoreError> {
        let (organisation, kind) = (organisation.clone(), kind.to_owned());
        self.readers.read(move |connection| list(connection, &organisation, &kind, &listing)).await
    }

    async fn places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<PlacePage, StoreError> {
        let (organisation, kind) = (organisation.clone(), kind.to_owned());
        self.readers
            .read(move |connection| places(connection, &organisation, &kind, &listing))
            .await
    }

    async fn count_places(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        listing: Listing,
    ) -> Result<usize, StoreError> {
        let (organisation, kind) = (organisation.clone(), kind.to_owned());
        self.readers
            .read(move |connection| count_places(connection, &organisation, &kind, &listing))
            .await
    }

    async fn write(&self, organisation: &OrganisationId, batch: Batch) -> Result<(), WriteFault> {
        batch.check()?;
        let (organisation, changes_people) = (organisation.clone(), batch.changes_people());
        let written = self.writer.write(move |desk| write(desk, &organisation, &batch)).await?;
        written.map_err(WriteFault::Conflict)?;
        if changes_people {
            self.tell_changes().await;
        }
        Ok(())
    }
}

/// The person the record of a document is about.
pub(super) fn about(content: &RawValue) -> Option<String> {
    let Read { keys, body } = record::part(content)?;
    let (kind, id) = (String::new(), String::new());
    Document { kind, id, version: 0, keys, body }.about()
}

/// The record of a document: what has no column of its own.
#[derive(Serialize)]
struct Written<'a> {
    keys: &'a [IndexKey],
    body: &'a RawValue,
}

#[derive(Deserialize)]
struct Read {
    keys: Vec<IndexKey>,
    body: Box<RawValue>,
}

/// Looks at everything that the batch replaces before anything is written.
fn write(
    desk: &mut Desk<'_>,
    organisation: &OrganisationId,
    batch: &Batch,
) -> Result<Result<(), Conflict>, StoreError> {
    let connection = desk.connection;
    if let Some(conflict) = conflict(connection, organisation, batch)? {
        return Ok(Err(conflict));
    }
    for write in &batch.documents {
        match write {
            DocumentWrite::Put(document) => {
                put(connection, organisation, &document.clone().written(batch.stamp.at))?;
            }
            DocumentWrite::Remove { kind, id, .. } => remove(connection, organisation, kind, id)?,
        }
    }
    if !batch.people.is_empty() {
        people::put(connection, organisation, batch.people.iter().map(|write| &write.now))?;
    }
    for write in &batch.items {
        items::put(connection, organisation, &write.now)?;
    }
    for event in &batch.audit {
        desk.trail.append(organisation, &batch.stamp, event, batch.concerned_by(event))?;
    }
    // After the entry that says so: no number is given twice.
    gone::remove(connection, organisation, &batch.gone)?;
    Ok(Ok(()))
}

fn conflict(
    connection: &Database,
    organisation: &OrganisationId,
    batch: &Batch,
) -> Result<Option<Conflict>, StoreError> {
    for write in &batch.documents {
        let (kind, id) = write.names();
        if version(connection, organisation, kind, id)? != write.read_at() {
            return Ok(Some(write.conflict()));
        }
    }
    for write in &batch.people {
        let id = &write.now.id;
        if people::one(connection, organisation.as_str(), id)? != write.was {
            return Ok(Some(Conflict::Person { id: id.clone() }));
        }
    }
    for write in &batch.items {
        let id = &write.now.id;
        if items::one(connection, organisation, id)? != write.was {
            return Ok(Some(Conflict::Item { id: id.clone() }));
        }
    }
    for gone in &batch.gone {
        if let Some(conflict) = gone::conflict(connection, organisation, gone)? {
            return Ok(Some(conflict));
        }
    }
    Ok(None)
}

/// 0: it does not exist, or was about somebody whose key is destroyed: who reads it finds none.
fn version(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    id: &str,
) -> Result<u64, StoreError> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT version, substr(record, 1, ?4) FROM document
             WHERE organisation = ?1 AND kind = ?2 AND id = ?3",
        )
        .and_then(|mut it| {
            let on = params![organisation.as_str(), kind, id, record::MARK_CHARS_MAX];
            it.query_row(on, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(from_sqlite)?;
    let Some((version, mark)) = found else { return Ok(0) };
    if connection.codec.is_destroyed(&mark)? {
        return Ok(0);
    }
    u64::try_from(version).map_err(|_| unreadable("version"))
}

/// Writes a document with the version that it bears, in the place of the one before.
pub(super) fn put(
    connection: &Database,
    organisation: &OrganisationId,
    document: &Document,
) -> Result<(), StoreError> {
    let (organisation, kind, id) = (organisation.as_str(), &document.kind, &document.id);
    let version = i64::try_from(document.version).map_err(|_| unreadable("version"))?;
    let written = Written { keys: &document.keys, body: &document.body };
    let about = connection.codec.people().and_then(|_| document.about());
    let label = Label::new(organisation, kind, id).about(about.as_deref());
    let record = connection.codec.write(label, &written)?;
    connection
        .prepare_cached(
            "INSERT INTO document (organisation, kind, id, version, record)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO UPDATE
             SET version = excluded.version, record = excluded.record",
        )
        .and_then(|mut it| it.execute(params![organisation, kind, id, version, record]))
        .map_err(from_sqlite)?;
    unlist(connection, organisation, kind, id)?;
    let mut list = connection
        .prepare_cached(
            "INSERT INTO document_key (organisation, kind, name, value, id)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        )
        .map_err(from_sqlite)?;
    for key in &document.keys {
        list.execute([organisation, kind, &key.index, &key.value, id]).map_err(from_sqlite)?;
    }
    Ok(())
}

pub(super) fn remove(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    id: &str,
) -> Result<(), StoreError> {
    let organisation = organisation.as_str();
    connection
        .prepare_cached("DELETE FROM document WHERE organisation = ?1 AND kind = ?2 AND id = ?3")
        .and_then(|mut it| it.execute([organisation, kind, id]))
        .map_err(from_sqlite)?;
    unlist(connection, organisation, kind, id)
}

fn unlist(
    connection: &Database,
    organisation: &str,
    kind: &str,
    id: &str,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "DELETE FROM document_key WHERE organisation = ?1 AND kind = ?2 AND id = ?3",
        )
        .and_then(|mut it| it.execute([organisation, kind, id]))
        .map_err(from_sqlite)?;
    Ok(())
}

fn one(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    id: &str,
) -> Result<Option<Document>, StoreError> {
    let found: Option<(i64, String)> = connection
        .prepare_cached(
            "SELECT version, record FROM document
             WHERE organisation = ?1 AND kind = ?2 AND id = ?3",
        )
        .and_then(|mut it| {
            let on = [organisation.as_str(), kind, id];
            it.query_row(on, |row| Ok((row.get(0)?, row.get(1)?))).optional()
        })
        .map_err(from_sqlite)?;
    let organisation = organisation.as_str();
    let read = |(version, record): (_, String)| {
        unless_destroyed(read(connection, organisation, kind, id.to_owned(), version, &record))
    };
    Ok(found.map(read).transpose()?.flatten())
}

pub(super) fn read(
    connection: &Database,
    organisation: &str,
    kind: &str,
    id: String,
    version: i64,
    record: &str,
) -> Result<Document, StoreError> {
    let label = Label::new(organisation, kind, &id);
    let Read { keys, body } = connection.codec.read(record, label)?;
    let version = u64::try_from(version).map_err(|_| unreadable("version"))?;
    Ok(Document { kind: kind.to_owned(), id, version, keys, body })
}

/// A page, and one more to know whether there is one.
fn list(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    listing: &Listing,
) -> Result<DocumentPage, StoreError> {
    let size = listing.page_size();
    let (sql, parameters) = query(organisation, kind, listing, Columns::Documents);
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query(params_from_iter(parameters)).map_err(from_sqlite)?;
    let (mut documents, mut rows_read) = (Vec::new(), 0);
    let (mut last, mut is_more) = (None, false);
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        if rows_read == size {
            is_more = true;
            break;
        }
        rows_read += 1;
        let (place, version, record) = found(row).map_err(from_sqlite)?;
        let id = place.id.clone();
        let document = read(connection, organisation.as_str(), kind, id, version, &record);
        documents.extend(unless_destroyed(document)?);
        last = Some(place);
    }
    Ok(DocumentPage { documents, next: last.filter(|_| is_more) })
}

fn found(row: &Row<'_>) -> rusqlite::Result<(Place, i64, String)> {
    Ok((Place { value: row.get(0)?, id: row.get(1)? }, row.get(2)?, row.get(3)?))
}

fn places(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    listing: &Listing,
) -> Result<PlacePage, StoreError> {
    let size = listing.page_size();
    let (sql, parameters) = query(organisation, kind, listing, Columns::Places);
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let place = |row: &Row<'_>| Ok(Place { value: row.get(0)?, id: row.get(1)? });
    let found = statement.query_map(params_from_iter(parameters), place).map_err(from_sqlite)?;
    let mut places: Vec<Place> = found.collect::<Result<_, _>>().map_err(from_sqlite)?;
    let is_more = places.len() > size;
    places.truncate(size);
    let next = places.last().filter(|_| is_more).cloned();
    Ok(PlacePage { places, next })
}

fn count_places(
    connection: &Database,
    organisation: &OrganisationId,
    kind: &str,
    listing: &Listing,
) -> Result<usize, StoreError> {
    let whole = Listing { after: None, ..listing.clone() };
    let (sql, parameters) = query(organisation, kind, &whole, Columns::Count);
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let count: i64 =
        statement.query_row(params_from_iter(parameters), |row| row.get(0)).map_err(from_sqlite)?;
    usize::try_from(count).map_err(|_| unreadable("count"))
}

/// What a query of a list returns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Columns {
    Documents,
    Places,
    Count,
}

/// By the primary key of what the list is of, whichever page it is.
fn query(
    organisation: &OrganisationId,
    kind: &str,
    listing: &Listing,
    wanted: Columns,
) -> (String, Vec<Value>) {
    let text = |text: &str| Value::from(text.to_owned());
    let mut parameters = vec![text(organisation.as_str()), text(kind)];
    let is_by_id = listing.index == BY_ID;
    let value = if is_by_id { "id" } else { "value" };
    let columns = match wanted {
        Columns::Documents => format!("{value}, id, version, record"),
        Columns::Places => format!("{value}, id"),
        Columns::Count => "1".to_owned(),
    };
    let mut sql = if is_by_id {
        format!("SELECT {columns} FROM document WHERE organisation = ?1 AND kind = ?2")
    } else {
        parameters.push(text(&listing.index));
        let join = match wanted {
            Columns::Documents => " JOIN document USING (organisation, kind, id)",
            Columns::Places | Columns::Count => "",
        };
        format!(
            "SELECT {columns} FROM document_key{join}
             WHERE organisation = ?1 AND kind = ?2 AND name = ?3"
        )
    };
    let mut with = |condition: &str, values: &[&str]| {
        // Writing to a string does not fail.
        let _ = write!(sql, " AND {condition}");
        parameters.extend(values.iter().map(|value| text(value)));
    };
    if let Some(from) = &listing.from {
        with(&format!("{value} >= ?"), &[from]);
    }
    if let Some(to) = &listing.to {
        with(&format!("{value} < ?"), &[to]);
    }
    let (beyond, order) = match listing.order {
        Order::Ascending => (">", "ASC"),
        Order::Descending => ("<", "DESC"),
    };
    if let Some(after) = &listing.after {
        with(&format!("({value}, id) {beyond} (?, ?)"), &[&after.value, &after.id]);
    }
    if wanted == Columns::Count {
        parameters.push(Value::from(i64::try_from(PLACES_COUNTED_MAX).unwrap_or(i64::MAX)));
        return (format!("SELECT count(*) FROM ({sql} LIMIT ?)"), parameters);
    }
    let size = i64::try_from(listing.page_size() + 1).unwrap_or(i64::MAX);
    parameters.push(Value::from(size));
    let _ = write!(sql, " ORDER BY {value} {order}, id {order} LIMIT ?");
    (sql, parameters)
}
