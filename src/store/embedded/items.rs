//! Queue items.

use chrono::DateTime;
use rusqlite::types::Value;
use rusqlite::{OptionalExtension, params, params_from_iter};

use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemState, QueueItem, Turn};
use crate::ports::{Attachment, ItemFilter, ItemPlace, QueueCount, StoreError};
use crate::runtime::limits::STORE_ITEMS_PIECE;
use crate::store::record::{Label, kind, unless_destroyed};
use crate::store::{attached, page};

/// Puts an item on its queue, unless the contact has one already.
pub(super) fn insert(
    connection: &Database,
    organisation: &OrganisationId,
    item: &QueueItem,
) -> Result<(), StoreError> {
    write(
        connection,
        organisation,
        item,
        "INSERT INTO item (organisation, id, queue, state, at, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )
}

pub(super) fn put(
    connection: &Database,
    organisation: &OrganisationId,
    item: &QueueItem,
) -> Result<(), StoreError> {
    write(
        connection,
        organisation,
        item,
        "INSERT INTO item (organisation, id, queue, state, at, record)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE
         SET queue = excluded.queue, state = excluded.state, at = excluded.at,
             record = excluded.record",
    )
}

fn write(
    connection: &Database,
    organisation: &OrganisationId,
    item: &QueueItem,
    sql: &str,
) -> Result<(), StoreError> {
    let label = Label::new(organisation.as_str(), kind::ITEM, &item.id);
    let label = label.about(item.person.as_deref()).on(item.unnamed_on());
    let record = connection.codec.write(label, item)?;
    connection
        .prepare_cached(sql)
        .and_then(|mut it| {
            it.execute(params![
                organisation.as_str(),
                item.id,
                item.queue,
                item.state.name(),
                item.place(),
                record
            ])
        })
        .map_err(from_sqlite)?;
    Ok(())
}

pub(super) fn one(
    connection: &Database,
    organisation: &OrganisationId,
    id: &str,
) -> Result<Option<QueueItem>, StoreError> {
    let record = connection
        .prepare_cached("SELECT record FROM item WHERE organisation = ?1 AND id = ?2")
        .and_then(|mut it| {
            it.query_row([organisation.as_str(), id], |row| row.get::<_, String>(0)).optional()
        })
        .map_err(from_sqlite)?;
    let label = Label::new(organisation.as_str(), kind::ITEM, &id);
    let read = |record: String| connection.codec.read(&record, label);
    Ok(record.map(read).map(unless_destroyed).transpose()?.flatten())
}

/// Where items are: only their columns, without the records.
pub(super) fn places(
    connection: &Database,
    organisation: &OrganisationId,
    items: &[String],
) -> Result<Vec<ItemPlace>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT queue, state FROM item WHERE organisation = ?1 AND id = ?2")
        .map_err(from_sqlite)?;
    let mut places = Vec::new();
    for id in items {
        let found = statement
            .query_row([organisation.as_str(), id.as_str()], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })
            .optional()
            .map_err(from_sqlite)?;
        let Some((queue, state)) = found else { continue };
        let state = ItemState::ALL.into_iter().find(|one| one.name() == state);
        let state = state.ok_or_else(|| unreadable("state of an item"))?;
        places.push(ItemPlace { id: id.clone(), queue, state });
    }
    Ok(places)
}

/// `false`: the item has changed since it was read, and was not touched.
pub(super) fn replace(
    connection: &Database,
    organisation: &OrganisationId,
    was: &QueueItem,
    now: &QueueItem,
) -> Result<bool, StoreError> {
    if was.id != now.id {
        return Err(StoreError::Refused("an item keeps its id".to_owned()));
    }
    let unchanged = one(connection, organisation, &was.id)?.is_some_and(|stored| stored == *was);
    if unchanged {
        put(connection, organisation, now)?;
    }
    Ok(unchanged)
}

pub(super) fn attach(
    connection: &Database,
    organisation: &OrganisationId,
    contact: &str,
    attachment: Attachment,
) -> Result<(), StoreError> {
    let item = one(connection, organisation, contact)?;
    match attached::attach(item, attachment)? {
        Some(item) => put(connection, organisation, &item),
        None => Ok(()),
    }
}

/// The queues on which something waits.
pub(super) fn queues(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<Vec<QueueCount>, StoreError> {
    let sql = format!(
        "SELECT queue, count(*), min(CASE WHEN at < {overdue} THEN at - {overdue} - {overdue}
                                          WHEN at < {like} THEN at - {overdue} ELSE at END),
                count(CASE WHEN at < {overdue} THEN 1 END)
         FROM item WHERE organisation = ?1 AND state IN ({}) GROUP BY queue ORDER BY queue",
        names(&waiting()),
        overdue = Turn::Overdue.end(),
        like = Turn::Resembles.end(),
    );
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query([organisation.as_str()]).map_err(from_sqlite)?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let waiting: i64 = row.get(1).map_err(from_sqlite)?;
        let oldest: i64 = row.get(2).map_err(from_sqlite)?;
        let overdue: i64 = row.get(3).map_err(from_sqlite)?;
        counts.push(QueueCount {
            queue: row.get(0).map_err(from_sqlite)?,
            waiting: u64::try_from(waiting).map_err(|_| unreadable("count"))?,
            oldest_at: DateTime::from_timestamp_micros(oldest),
            overdue: u64::try_from(overdue).map_err(|_| unreadable("count"))?,
        });
    }
    Ok(counts)
}

pub(super) fn list(
    connection: &Database,
    organisation: &OrganisationId,
    queue: &str,
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let first = if filter.without_overdue { Turn::Overdue.end() } else { i64::MIN };
    let mut after = match &filter.after {
        None => (first, String::new()),
        Some(id) => (position(connection, organisation, id)?.max(first), id.clone()),
    };
    let states = if filter.states.is_empty() { waiting() } else { filter.states.clone() };
    let sql = format!(
        "SELECT at, id, record FROM item WHERE organisation = ?1 AND queue = ?2
         AND (at, id) > (?3, ?4) AND state IN ({}) ORDER BY at, id LIMIT ?5",
        names(&states)
    );
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let (mut items, limit) = (Vec::new(), page(filter.limit));
    // Repeated until the page is full: records of people whose key was destroyed are skipped.
    while items.len() < limit {
        let rows_asked = (limit - items.len()).max(STORE_ITEMS_PIECE);
        let parameters = [
            Value::from(organisation.as_str().to_owned()),
            Value::from(queue.to_owned()),
            Value::from(after.0),
            Value::from(after.1.clone()),
            Value::from(i64::try_from(rows_asked).unwrap_or(i64::MAX)),
        ];
        let mut rows = statement.query(params_from_iter(parameters)).map_err(from_sqlite)?;
        let mut found = 0;
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            found += 1;
            after = (row.get(0).map_err(from_sqlite)?, row.get(1).map_err(from_sqlite)?);
            let record = row.get_ref(2).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
            let label = Label::new(organisation.as_str(), kind::ITEM, &after.1);
            items.extend(unless_destroyed(connection.codec.read(record, label))?);
            if items.len() == limit {
                return Ok(items);
            }
        }
        if found < rows_asked {
            break;
        }
    }
    Ok(items)
}

/// An item's place in the order of its queue. It keeps that place on any queue, and loses it when its turn
/// changes: a reader paging through a queue at that time sees some items again, and none is skipped.
fn position(
    connection: &Database,
    organisation: &OrganisationId,
    id: &str,
) -> Result<i64, StoreError> {
    connection
        .prepare_cached("SELECT at FROM item WHERE organisation = ?1 AND id = ?2")
        .and_then(|mut it| it.query_row([organisation.as_str(), id], |row| row.get(0)).optional())
        .map_err(from_sqlite)?
        .ok_or_else(|| StoreError::Refused("there is no such item to list after".to_owned()))
}

fn waiting() -> Vec<ItemState> {
    ItemState::ALL.into_iter().filter(|state| state.is_waiting()).collect()
}

/// The states as an SQL list. Our own names, so that there is nothing to escape.
fn names(states: &[ItemState]) -> String {
    let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
    names.join(", ")
}
