//! Restricted contacts into the embedded store's tables, so many with one sync: what the store's part of a
//! durable commit is at best. One thread, no network, and nothing is decided.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{
    ADD_DECISION, ADD_ENTRY, FIND_DECISION, LAST_ENTRY, ORGANISATION, Rows, database, now,
};

/// Contacts go round so many people.
const PEOPLE: u64 = 10_000;

pub(super) fn commit(folder: &Path, rows: &Rows, at_least: Duration, together: u64) {
    let connection = database(folder);
    let (mut contacts, begun) = (0, Instant::now());
    while begun.elapsed() < at_least {
        commit_some(&connection, rows, contacts..contacts + together);
        contacts += together;
    }
    super::say(contacts, begun.elapsed());
}

/// With one sync. The rows are those that the embedded store writes of a contact, and what is read first
/// is what exact quotas and an answer that stays the same need.
fn commit_some(connection: &Connection, rows: &Rows, numbers: std::ops::Range<u64>) {
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    {
        let prepared = |sql| connection.prepare_cached(sql).unwrap();
        let (mut find, mut decision) = (prepared(FIND_DECISION), prepared(ADD_DECISION));
        let (mut last, mut entry) = (prepared(LAST_ENTRY), prepared(ADD_ENTRY));
        let mut counted = prepared(
            "SELECT count(*) FROM counted WHERE organisation = ?1 AND person = ?2 AND at >= ?3",
        );
        let mut count = prepared(
            "INSERT INTO counted (organisation, person, contact, restriction, mode, at)
             VALUES (?1, ?2, ?3, 'R-1', 'enforce', ?4)",
        );
        let mut receive = prepared(
            "INSERT INTO received (organisation, person, contact, at, record)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING",
        );
        let mut last: i64 = last.query_row([ORGANISATION], |row| row.get(0)).unwrap();
        for number in numbers {
            let (contact, person) =
                (format!("floor000-{number:010}"), format!("P-{}", number % PEOPLE));
            let at = now();
            let found: Option<String> =
                find.query_row([ORGANISATION, &contact], |row| row.get(0)).optional().unwrap();
            assert!(found.is_none());
            let _: i64 =
                counted.query_row(params![ORGANISATION, person, 0], |row| row.get(0)).unwrap();
            let record = rows.decision.of(&contact);
            decision.execute(params![ORGANISATION, contact, [7_u8; 32], at, record]).unwrap();
            count.execute(params![ORGANISATION, person, contact, at]).unwrap();
            let record = rows.trace.as_ref().unwrap().of(&contact);
            receive.execute(params![ORGANISATION, person, contact, at, record]).unwrap();
            last += 1;
            entry.execute(params![ORGANISATION, last, at, rows.audit.of(&contact)]).unwrap();
        }
    }
    connection.execute_batch("COMMIT").unwrap();
}
