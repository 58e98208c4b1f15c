//! Searching the audit trail by the notes on its entries.

use rusqlite::types::Value;
use rusqlite::{params, params_from_iter};

use super::audit;
use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::audit_trail::{TrailPage, TrailSearch};
use crate::ports::documents::Order;
use crate::store::record::unless_destroyed;
use crate::store::trail::{Range, Search, Source};

pub(super) fn search(
    connection: &Database,
    organisation: &OrganisationId,
    asked: TrailSearch,
) -> Result<TrailPage, StoreError> {
    let source = Source::of(&asked.filter);
    let mut search = Search::new(asked);
    if let Source::Days(from, to) = source {
        search = search.within(blocks(connection, organisation, from, to)?);
    }
    let mark = match &source {
        Source::Marked(mark) => Some(mark.as_str()),
        Source::Days(..) | Source::Trail => None,
    };
    while let Some(range) = search.range() {
        let (piece, order) = (search.piece(), search.order());
        let found = entries(connection, organisation, mark, range, order, piece)?;
        let is_all = found.len() < piece;
        if search.take(range, found, is_all) {
            break;
        }
    }
    Ok(search.into_page())
}

fn blocks(
    connection: &Database,
    organisation: &OrganisationId,
    from: i64,
    to: i64,
) -> Result<Vec<u64>, StoreError> {
    let found: Vec<i64> = connection
        .prepare_cached(
            "SELECT DISTINCT block FROM audit_day
             WHERE organisation = ?1 AND day BETWEEN ?2 AND ?3",
        )
        .and_then(|mut it| {
            it.query_map(params![organisation.as_str(), from, to], |row| row.get(0))?.collect()
        })
        .map_err(from_sqlite)?;
    found.into_iter().map(|it| u64::try_from(it).map_err(|_| unreadable("audit number"))).collect()
}

fn entries(
    connection: &Database,
    organisation: &OrganisationId,
    mark: Option<&str>,
    range: Range,
    order: Order,
    piece: usize,
) -> Result<Vec<(u64, Option<AuditEntry>)>, StoreError> {
    let number = |number: u64| Value::from(i64::try_from(number).unwrap_or(i64::MAX));
    let mut parameters =
        vec![Value::from(organisation.as_str().to_owned()), number(range.from), number(range.to)];
    let order = match order {
        Order::Ascending => "ASC",
        Order::Descending => "DESC",
    };
    let sql = match mark {
        None => format!(
            "SELECT number, record FROM audit WHERE organisation = ?1 AND number BETWEEN ?2 AND ?3
             ORDER BY number {order} LIMIT {piece}"
        ),
        Some(mark) => {
            parameters.push(Value::from(mark.to_owned()));
            // CROSS: from the marks to the entries, whatever the planner thinks of their numbers
            // (sqlite.org/optoverview.html, "Manual Control Of Query Plans Using CROSS JOIN").
            format!(
                "SELECT number, audit.record FROM audit_mark CROSS JOIN audit USING (organisation, number)
                 WHERE organisation = ?1 AND number BETWEEN ?2 AND ?3 AND mark = ?4
                 ORDER BY number {order} LIMIT {piece}"
            )
        }
    };
    let mut statement = connection.prepare_cached(&sql).map_err(from_sqlite)?;
    let mut rows = statement.query(params_from_iter(parameters)).map_err(from_sqlite)?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next().map_err(from_sqlite)? {
        let number: i64 = row.get(0).map_err(from_sqlite)?;
        let number = u64::try_from(number).map_err(|_| unreadable("audit number"))?;
        let entry = unless_destroyed(audit::read(connection, organisation.as_str(), row))?;
        entries.push((number, entry));
    }
    Ok(entries)
}
