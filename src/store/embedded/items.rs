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
use crate::store::{attached, first_page, page};

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
    let sql = counting();
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

fn counting() -> String {
    format!(
        "SELECT queue, count(*), min(CASE WHEN at < {overdue} THEN at - {overdue} - {overdue}
                                          WHEN at < {like} THEN at - {overdue} ELSE at END),
                count(CASE WHEN at < {overdue} THEN 1 END)
         FROM item WHERE organisation = ?1 AND state IN ({}) GROUP BY queue ORDER BY queue",
        names(&waiting()),
        overdue = Turn::Overdue.end(),
        like = Turn::Resembles.end(),
    )
}

pub(super) fn list(
    connection: &Database,
    organisation: &OrganisationId,
    queue: &str,
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let first = if filter.without_overdue { Turn::Overdue.end() } else { i64::MIN };
    let after = behind(connection, organisation, filter, first)?;
    let mut items = Vec::new();
    // Each group of states has an index of its own.
    for group in [waiting(), done()] {
        let asked: Vec<ItemState> =
            group.iter().copied().filter(|state| filter.wants(*state)).collect();
        if asked.is_empty() {
            continue;
        }
        let sql = listing(&group, &asked);
        let asked = Asked { sql: &sql, organisation, queue: Some(queue) };
        items.extend(read(connection, &asked, after.clone(), filter)?);
    }
    Ok(first_page(items, filter.limit))
}

fn listing(group: &[ItemState], asked: &[ItemState]) -> String {
    format!(
        "SELECT at, id, record FROM item WHERE organisation = ?1 AND queue = ?5
         AND (at, id) > (?2, ?3) AND state IN ({}) AND state IN ({}) ORDER BY at, id LIMIT ?4",
        names(group),
        names(asked)
    )
}

/// Items that somebody has claimed or read.
pub(super) fn in_hand(
    connection: &Database,
    organisation: &OrganisationId,
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let after = behind(connection, organisation, filter, i64::MIN)?;
    let sql = listing_in_hand();
    read(connection, &Asked { sql: &sql, organisation, queue: None }, after, filter)
}

fn listing_in_hand() -> String {
    format!(
        "SELECT at, id, record FROM item WHERE organisation = ?1
         AND (at, id) > (?2, ?3) AND state IN ({}) ORDER BY at, id LIMIT ?4",
        names(&states(ItemState::is_in_hand)),
    )
}

/// A query for items: of this organisation, and of this queue if it names one.
struct Asked<'a> {
    sql: &'a str,
    organisation: &'a OrganisationId,
    queue: Option<&'a str>,
}

/// A page of a query's items. Repeated until the page is full: records of people whose key was destroyed are skipped.
fn read(
    connection: &Database,
    asked: &Asked<'_>,
    mut after: (i64, String),
    filter: &ItemFilter,
) -> Result<Vec<QueueItem>, StoreError> {
    let mut statement = connection.prepare_cached(asked.sql).map_err(from_sqlite)?;
    let (mut items, limit) = (Vec::new(), page(filter.limit));
    while items.len() < limit {
        let rows_asked = (limit - items.len()).max(STORE_ITEMS_PIECE);
        let mut parameters = vec![
            Value::from(asked.organisation.as_str().to_owned()),
            Value::from(after.0),
            Value::from(after.1.clone()),
            Value::from(i64::try_from(rows_asked).unwrap_or(i64::MAX)),
        ];
        parameters.extend(asked.queue.map(|queue| Value::from(queue.to_owned())));
        let mut rows = statement.query(params_from_iter(parameters)).map_err(from_sqlite)?;
        let mut found = 0;
        while let Some(row) = rows.next().map_err(from_sqlite)? {
            found += 1;
            after = (row.get(0).map_err(from_sqlite)?, row.get(1).map_err(from_sqlite)?);
            let record = row.get_ref(2).and_then(|it| Ok(it.as_str()?)).map_err(from_sqlite)?;
            let label = Label::new(asked.organisation.as_str(), kind::ITEM, &after.1);
            let item = unless_destroyed(connection.codec.read(record, label))?;
            items.extend(item.map(|item| filter.shown(item)));
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

/// The place after which a list begins.
fn behind(
    connection: &Database,
    organisation: &OrganisationId,
    filter: &ItemFilter,
    first: i64,
) -> Result<(i64, String), StoreError> {
    Ok(match &filter.after {
        None => (first, String::new()),
        Some(id) => (position(connection, organisation, id)?.max(first), id.clone()),
    })
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
    states(ItemState::is_waiting)
}

fn done() -> Vec<ItemState> {
    states(|state| !state.is_waiting())
}

/// States in the order in which the indexes name them.
fn states(fit: impl Fn(ItemState) -> bool) -> Vec<ItemState> {
    ItemState::ALL.into_iter().filter(|state| fit(*state)).collect()
}

/// The states as an SQL list. Our own names, so that there is nothing to escape.
fn names(states: &[ItemState]) -> String {
    let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::schema;
    use super::*;

    #[test]
    fn each_list_is_read_from_its_index_in_its_order() {
        let folder = tempfile::tempdir().unwrap();
        let connection = schema::open_to_write(&schema::file(folder.path())).unwrap();
        let plan_of = |sql: &str| -> Vec<String> {
            let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let parameters = vec![Value::Null; statement.parameter_count()];
            let rows = statement.query_map(params_from_iter(parameters), |row| row.get(3)).unwrap();
            rows.map(Result::unwrap).collect()
        };
        let place = "(organisation=? AND queue=? AND (at,id)>(?,?))";
        for (sql, plan) in [
            (counting(), "COVERING INDEX item_waiting (organisation=?)".to_owned()),
            (listing(&waiting(), &waiting()), format!("INDEX item_waiting {place}")),
            (listing(&waiting(), &[ItemState::Open]), format!("INDEX item_waiting {place}")),
            (listing(&done(), &[ItemState::Closed]), format!("INDEX item_done {place}")),
            (listing_in_hand(), "INDEX item_in_hand (organisation=? AND (at,id)>(?,?))".to_owned()),
        ] {
            assert_eq!(plan_of(&sql), [format!("SEARCH item USING {plan}")], "{sql}");
        }
    }
}
