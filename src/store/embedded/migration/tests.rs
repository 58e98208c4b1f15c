use std::collections::BTreeMap;

use rusqlite::types::Value;

use super::super::schema;
use super::*;
use crate::store::record::{Codec, Label, kind};

/// A row of each kind of the first version, from which later steps make others.
const ROWS: &str = "
    INSERT INTO person VALUES ('karbon', 'P-1', ' {\"restrictions\": [{\"id\": \"R-1\"}]}');
    INSERT INTO change VALUES (7, 'karbon', 'P-1');
    INSERT INTO decision VALUES ('karbon', 'c', zeroblob(32), 1, ' {}');
    INSERT INTO counted VALUES ('karbon', 'P-1', 'c', 'R-1', 'enforce', 1, '%1:K:X\"'),
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 2, 'C-2'),
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 3, NULL);
    INSERT INTO received VALUES ('karbon', 'P-1', 'c', 1, ' {}');
    INSERT INTO told VALUES ('karbon', 'P-1', 'contact_quota.over', 1);
    INSERT INTO lane VALUES ('karbon', 'P-1', 'appeal', 3);
    INSERT INTO item VALUES ('karbon', 'c', 'limited', 'open', 1, ' {\"person\": \"P-1\"}');
    INSERT INTO audit VALUES ('karbon', 1, 86400000000, ' {\"person\": \"P-1\", \"flags\": [\"unread\"]}'),
        ('karbon', 2048, 172800000000, ' {\"item\": \"c\"}');
    INSERT INTO delivery VALUES ('karbon', 'c jo@example.org', 1);
";

fn empty() -> Database {
    Database::new(Connection::open_in_memory().unwrap(), Codec::plain())
}

/// Of so old a gateway, with rows of its time.
fn first_version() -> Database {
    let database = empty();
    forwards(&database, 1).unwrap();
    database.execute_batch(ROWS).unwrap();
    database
}

fn strings(database: &Database, sql: &str) -> Vec<String> {
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

/// The tables and indexes as they were made.
fn shape(database: &Database) -> Vec<String> {
    strings(database, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
}

fn rows(database: &Database, table: &str) -> Vec<Vec<Value>> {
    let mut statement = database.prepare(&format!("SELECT * FROM {table}")).unwrap();
    let columns = statement.column_count();
    let rows =
        statement.query_map([], |row| (0..columns).map(|at| row.get::<_, Value>(at)).collect());
    rows.unwrap().map(Result::unwrap).collect()
}

/// Every row of every table.
fn content(database: &Database) -> BTreeMap<String, Vec<Vec<Value>>> {
    let tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let tables = strings(database, tables);
    tables.into_iter().map(|table| (table.clone(), rows(database, &table))).collect()
}

#[test]
fn every_version_leads_back_to_the_one_before_and_forwards_again() {
    let database = first_version();
    let mut passed = vec![(shape(&database), content(&database))];
    for version in 2..=STEPS.len() {
        forwards(&database, version).unwrap();
        passed.push((shape(&database), content(&database)));
    }
    for version in (2..=STEPS.len()).rev() {
        let now = passed.pop().unwrap();
        let before = passed.last().unwrap();
        for _ in 0..2 {
            let back = step_back(&database, version).unwrap();
            assert_eq!(back.version, version - 1);
            assert_eq!(known_version(&database).unwrap(), version - 1);
            assert_eq!((&shape(&database), &content(&database)), (&before.0, &before.1));
            forwards(&database, version).unwrap();
            assert_eq!((&shape(&database), &content(&database)), (&now.0, &now.1));
        }
        step_back(&database, version).unwrap();
    }
    assert!(step_back(&database, 1).is_err(), "nothing comes before");
}

#[test]
fn only_the_first_version_leads_nowhere() {
    let nowhere = STEPS.iter().filter(|step| matches!(step.back, Back::Nowhere));
    assert_eq!(nowhere.count(), 1);
    assert!(matches!(STEPS[0].back, Back::Nowhere));
}

#[test]
fn a_new_database_has_the_newest_version_and_a_second_opening_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let connection = schema::open_to_write(&schema::file(folder.path())).unwrap();
        assert_eq!(version_of_ours(&connection).unwrap(), STEPS.len());
        assert!(is_up_to_date(&connection).unwrap());
    }
}

#[test]
fn a_way_back_leaves_the_shape_of_the_version_before() {
    let (before, database) = (first_version(), first_version());
    forwards(&before, STEPS.len() - 1).unwrap();
    bring_up_to_date(&database).unwrap();
    assert_ne!(shape(&database), shape(&before));
    go_back(&database).unwrap();
    let sorted = |database: &Database| {
        let words = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let mut all: Vec<String> = shape(database).into_iter().map(words).collect();
        all.iter_mut().for_each(|sql| *sql = sql.replace(" IF NOT EXISTS", ""));
        all.sort();
        all
    };
    assert_eq!(sorted(&database), sorted(&before));
}

#[test]
fn a_database_of_a_newer_gateway_is_refused_and_says_how_to_go_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = schema::file(folder.path());
    let connection = schema::open_to_write(&path).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let fault = schema::open_to_write(&path).unwrap_err();
    assert!(!fault.is_retryable());
    let says = fault.to_string();
    assert!(says.contains("newer gateway") && says.contains("go-back"), "{says}");
}

#[test]
fn a_plain_reference_that_looks_encrypted_is_read_after_the_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let path = schema::file(folder.path());
    let before = "INSERT INTO counted VALUES
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 1, '%1:K:X\"'),
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 2, 'C-2'),
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 3, '%1:k-old:C2vhBGVk');
        PRAGMA user_version = 5";
    schema::open_to_write(&path).unwrap().execute_batch(before).unwrap();
    let connection = schema::open_to_write(&path).unwrap();
    let database = Database::new(connection, Codec::plain());
    let issues = strings(&database, "SELECT issue FROM counted ORDER BY at");
    assert_eq!(issues, [" \"%1:K:X\\\"\"", "C-2", "%1:k-old:C2vhBGVk"]);
    let label = Label::new("karbon", kind::ISSUE, &"c");
    let read = Codec::plain().read_issue(label, issues[0].clone()).unwrap();
    assert_eq!(read, "%1:K:X\"");
}

#[test]
fn a_way_back_that_fails_has_changed_nothing() {
    let database = empty();
    bring_up_to_date(&database).unwrap();
    let rows = "INSERT INTO counted VALUES
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 1, ' \"%1:K:X\"'),
        ('karbon', 'P-1', 'c', 'R-1', 'enforce', 2, '%1:k-old:C2vhBGVk')";
    database.execute_batch(rows).unwrap();
    let before = content(&database);
    let fault = go_back(&database).unwrap_err();
    assert!(matches!(&fault, StoreError::Locked(why) if why.contains("`k-old`")), "{fault}");
    assert_eq!((version_of_ours(&database).unwrap(), content(&database)), (STEPS.len(), before));
}
