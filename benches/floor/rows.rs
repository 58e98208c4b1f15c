//! What the gateway records of a contact, as texts of the same bytes for any other; and a database of the
//! embedded store's tables, keys and indices.

use std::path::Path;
use std::time::SystemTime;

use contact_gateway::runtime::limits::{STORE_LOG_BYTES_KEPT, STORE_LOG_PAGES};
use contact_gateway::store::embedded::Embedded;
use rusqlite::Connection;
use serde::Deserialize;

pub(super) const ORGANISATION: &str = "karbon";
pub(super) const FIND_DECISION: &str =
    "SELECT record FROM decision WHERE organisation = ?1 AND contact = ?2";
pub(super) const ADD_DECISION: &str =
    "INSERT INTO decision (organisation, contact, digest, at, record)
     VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
pub(super) const LAST_ENTRY: &str =
    "SELECT coalesce(max(number), 0) FROM audit WHERE organisation = ?1";
pub(super) const ADD_ENTRY: &str =
    "INSERT INTO audit (organisation, number, at, record) VALUES (?1, ?2, ?3, ?4)";

/// Texts of one contact that the gateway recorded, in which its id stands.
#[derive(Deserialize)]
struct Recorded {
    contact: String,
    decision: String,
    audit: String,
    /// Where the sender is restricted.
    trace: Option<String>,
}

/// The same of any contact.
pub(super) struct Rows {
    pub(super) decision: Text,
    pub(super) audit: Text,
    pub(super) trace: Option<Text>,
}

impl Rows {
    /// From a JSON file.
    pub(super) fn read(file: &Path) -> Self {
        let recorded: Recorded = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let text = |text: &str| Text::new(text, &recorded.contact);
        Rows {
            decision: text(&recorded.decision),
            audit: text(&recorded.audit),
            trace: recorded.trace.as_deref().map(text),
        }
    }
}

/// A text in which a contact's id stands once.
pub(super) struct Text {
    before: String,
    behind: String,
}

impl Text {
    fn new(text: &str, contact: &str) -> Self {
        let (before, behind) = text.split_once(contact).unwrap();
        Text { before: before.to_owned(), behind: behind.to_owned() }
    }

    pub(super) fn of(&self, contact: &str) -> String {
        [&self.before, contact, &self.behind].concat()
    }
}

/// A new embedded store's database, opened as the store opens it.
pub(super) fn database(folder: &Path) -> Connection {
    drop(Embedded::open(folder).unwrap());
    let connection = Connection::open(Embedded::file(folder)).unwrap();
    let settings = format!(
        "PRAGMA journal_mode = wal; PRAGMA synchronous = full;
         PRAGMA journal_size_limit = {STORE_LOG_BYTES_KEPT};
         PRAGMA wal_autocheckpoint = {STORE_LOG_PAGES};"
    );
    connection.execute_batch(&settings).unwrap();
    connection
}

/// Microseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_micros()).unwrap()
}
