//! The notes on entries of the audit trail themselves, to be compared with the entries.

use std::collections::BTreeSet;

use rusqlite::params;
use rusqlite::types::ValueRef;

use super::audit;
use super::database::Database;
use super::fault::{from_sqlite, unreadable};
use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::trail_index::{IndexPage, IndexRow, Led};
use crate::runtime::limits::PAGE_ITEMS_MAX;

pub(super) fn marks(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<BTreeSet<String>, StoreError> {
    connection
        .prepare_cached("SELECT DISTINCT mark FROM audit_mark WHERE organisation = ?1")
        .and_then(|mut it| it.query_map([organisation.as_str()], |row| row.get(0))?.collect())
        .map_err(from_sqlite)
}

pub(super) fn rows(
    connection: &Database,
    organisation: &OrganisationId,
    mark: &str,
    after: Option<i64>,
) -> Result<IndexPage, StoreError> {
    let name = organisation.as_str();
    let mut statement = connection
        .prepare_cached(
            "SELECT noted.number, audit.record FROM audit_mark AS noted
             LEFT JOIN audit ON audit.organisation = noted.organisation AND audit.number = noted.number
             WHERE noted.organisation = ?1 AND noted.mark = ?2 AND noted.number > ?3
             ORDER BY noted.number LIMIT ?4",
        )
        .map_err(from_sqlite)?;
    let limit = i64::try_from(PAGE_ITEMS_MAX).unwrap_or(i64::MAX);
    let mut found = statement
        .query(params![name, mark, after.unwrap_or(i64::MIN), limit])
        .map_err(from_sqlite)?;
    let mut page = IndexPage::default();
    while let Some(row) = found.next().map_err(from_sqlite)? {
        let number: i64 = row.get(0).map_err(from_sqlite)?;
        let led = match row.get_ref(1).map_err(from_sqlite)? {
            ValueRef::Null => Led::Nowhere,
            _ => match audit::read(connection, name, row) {
                Ok(entry) => Led::Entry(Box::new(entry)),
                Err(StoreError::Corrupt(_) | StoreError::Destroyed(_)) => Led::Unread,
                Err(error) => return Err(error),
            },
        };
        page.rows.push(IndexRow { number: u64::try_from(number).unwrap_or(0), led });
        page.next = Some(number);
    }
    if page.rows.len() < PAGE_ITEMS_MAX {
        page.next = None;
    }
    Ok(page)
}

pub(super) fn lacking(
    connection: &Database,
    organisation: &OrganisationId,
    marks: Vec<(String, u64)>,
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT 1 FROM audit_mark WHERE organisation = ?1 AND mark = ?2 AND number = ?3",
        )
        .map_err(from_sqlite)?;
    let mut lacking = Vec::new();
    for (mark, number) in marks {
        let stored = i64::try_from(number).unwrap_or(i64::MAX);
        let is_noted =
            statement.exists(params![organisation.as_str(), mark, stored]).map_err(from_sqlite)?;
        if !is_noted {
            lacking.push((mark, number));
        }
    }
    Ok(lacking)
}

pub(super) fn days(
    connection: &Database,
    organisation: &OrganisationId,
) -> Result<BTreeSet<(i64, u64)>, StoreError> {
    let found: Vec<(i64, i64)> = connection
        .prepare_cached("SELECT day, block FROM audit_day WHERE organisation = ?1")
        .and_then(|mut it| {
            it.query_map([organisation.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .map_err(from_sqlite)?;
    let place = |(day, block): (i64, i64)| {
        let block = u64::try_from(block).map_err(|_| unreadable("audit number"));
        block.map(|block| (day, block))
    };
    found.into_iter().map(place).collect()
}
