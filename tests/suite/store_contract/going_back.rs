//! A database that is taken back by a version is as that version has it, and the same again once it is brought up to
//! date.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{Decisions, KeyOf, Store, StoreError};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::settings::{Codec, Keyring, PersonKeys};
use rusqlite::Connection;
use rusqlite::types::Value;
use secrecy::SecretString;

use super::copies::contents::{Seen, fill, seen};
use super::encrypted::{NEW, OLD, with};
use super::facts::{
    PERSON, admitted, at, counted, digest, karbon, ledger, limited, person, put_people, request,
    stamp, tuntum,
};

/// References of issues: one like any other, and one that looks encrypted and is not.
const REFERENCES: [&str; 2] = ["BLODEUWEDD 7", "%1:K:X\""];

/// The file, read without the gateway.
#[derive(Debug, PartialEq)]
struct Stored {
    version: i64,
    tables: BTreeMap<String, Vec<Vec<Value>>>,
}

impl Stored {
    fn of(folder: &Path) -> Self {
        let database = Connection::open(Embedded::file(folder)).unwrap();
        let version = database.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        let sql = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let mut statement = database.prepare(sql).unwrap();
        let names = statement.query_map([], |row| row.get(0)).unwrap();
        let names: Vec<String> = names.map(Result::unwrap).collect();
        let tables = names.into_iter().map(|name| {
            let mut all = database.prepare(&format!("SELECT * FROM {name}")).unwrap();
            let columns = all.column_count();
            let rows =
                all.query_map([], |row| (0..columns).map(|at| row.get::<_, Value>(at)).collect());
            let rows: Vec<Vec<Value>> = rows.unwrap().map(Result::unwrap).collect();
            (name, rows)
        });
        Stored { version, tables: tables.collect() }
    }

    /// A column of a table, by its place.
    fn column(&self, table: &str, place: usize) -> Vec<&Value> {
        self.tables[table].iter().map(|row| &row[place]).collect()
    }

    fn digests(&self) -> Vec<&Value> {
        self.column("decision", 2)
    }

    fn references(&self) -> Vec<&str> {
        let stored = self.column("counted", 6).into_iter();
        let texts = stored.filter_map(|value| match value {
            Value::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }

    /// What both versions have in the same form.
    fn shared(mut self) -> BTreeMap<String, Vec<Vec<Value>>> {
        for (table, place) in [("decision", 2), ("counted", 6)] {
            for row in self.tables.get_mut(table).unwrap() {
                row.remove(place);
            }
        }
        self.tables
    }
}

async fn count(store: &dyn Store, contact: &'static str, issue: &'static str) {
    let asked = request(contact, move |_| {
        let mut settled = admitted(contact, at(300));
        settled.additions.counted[0].issue = Some(issue.to_owned());
        settled
    });
    store.commit(asked).await.unwrap();
}

/// All that can be seen with the codec.
async fn read(folder: &Path, codec: &Codec) -> [Seen; 2] {
    let store = Embedded::open_with(folder, codec).unwrap();
    let all = [seen(&*store, &karbon()).await, seen(&*store, &tuntum()).await];
    tokio::task::block_in_place(|| store.close());
    all
}

async fn written(folder: &Path, codec: &Codec) {
    let store = Embedded::open_with(folder, codec).unwrap();
    fill(&*store).await;
    for (contact, issue) in ["c-issue", "c-other-issue"].into_iter().zip(REFERENCES) {
        count(&*store, contact, issue).await;
    }
    tokio::task::block_in_place(|| store.close());
}

/// How many values had another form in the newest version.
async fn goes_back_and_forwards(codec: &Codec) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    written(folder, codec).await;
    let before = read(folder, codec).await;
    let newest = Stored::of(folder);
    assert_eq!(newest.version, 6);

    let back = Embedded::go_back(folder, codec).unwrap();
    assert_eq!((back.version, back.left_out), (5, 0));
    let older = Stored::of(folder);
    assert_eq!(older.version, 5);
    assert_eq!(older.references(), REFERENCES);
    for (contact, stored) in older.column("decision", 1).into_iter().zip(older.digests()) {
        let Value::Text(contact) = contact else { panic!("{contact:?}") };
        assert_eq!(*stored, Value::Blob(digest(contact).to_vec()), "{contact}");
    }
    assert!(older.digests().len() > 1_000);
    assert_eq!(Stored::of(folder).shared(), newest.shared());

    assert_eq!(read(folder, codec).await, before);
    assert_eq!(Stored::of(folder).version, 6);
    Embedded::go_back(folder, codec).unwrap();
    assert_eq!(Stored::of(folder), older);
    back.rewritten
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_back_and_forwards_again_is_the_same() {
    let rewritten = goes_back_and_forwards(&Codec::plain()).await;
    assert_eq!(rewritten, 1, "the reference that looks encrypted");
    let rewritten = goes_back_and_forwards(&with(&[OLD])).await;
    assert!(rewritten > 1_000, "{rewritten}");
}

/// With a person on record, and a contact of theirs.
async fn with_a_contact(folder: &Path, codec: &Codec) {
    let store = Embedded::open_with(folder, codec).unwrap();
    let event = AuditEvent::PersonChanged { person: PERSON.to_owned() };
    let people = vec![person(PERSON, "Jo Doe")];
    put_people(&*store, &karbon(), people, stamp(), event).await.unwrap();
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    count(&*store, "c-2", REFERENCES[0]).await;
    tokio::task::block_in_place(|| store.close());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_key_nothing_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    with_a_contact(folder.path(), &with(&[OLD])).await;
    let newest = Stored::of(folder.path());
    for codec in [Codec::plain(), with(&[NEW])] {
        let fault = Embedded::go_back(folder.path(), &codec).unwrap_err();
        assert!(matches!(&fault, StoreError::Locked(why) if why.contains("`k-old`")), "{fault}");
        assert_eq!(Stored::of(folder.path()), newest);
    }
    // The old key need not be the one that encrypts.
    let back = Embedded::go_back(folder.path(), &with(&[NEW, OLD])).unwrap();
    assert_eq!(back.rewritten, 3);
    assert_eq!(Stored::of(folder.path()).references(), [REFERENCES[0]]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_destroyed_key_has_encrypted_is_nobodys_in_the_version_before_too() {
    let (folder, keys) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let keyring = Arc::new(Keyring::of(&[SecretString::from(OLD)]).unwrap());
    let people = Arc::new(PersonKeys::at(keys.path().to_owned(), Arc::clone(&keyring)));
    let codec = Codec::with(Some(keyring)).with_people(Arc::clone(&people));
    with_a_contact(folder.path(), &codec).await;
    let of = KeyOf::Person(PERSON);
    assert!(people.retire(karbon().as_str(), of).unwrap());
    assert_eq!(people.destroy(karbon().as_str(), of).unwrap(), 1);

    let back = Embedded::go_back(folder.path(), &codec).unwrap();
    assert_eq!((back.version, back.rewritten, back.left_out), (5, 2, 1));
    let older = Stored::of(folder.path());
    assert_eq!(older.references(), Vec::<&str>::new());
    assert_eq!(older.column("counted", 2), [&Value::Text("c-1".to_owned())]);
    let zeros = Value::Blob(vec![0; 32]);
    assert_eq!(older.digests(), [&zeros, &zeros]);

    let store = Embedded::open_with(folder.path(), &codec).unwrap();
    for contact in ["c-1", "c-2"] {
        assert_eq!(store.recorded(&karbon(), contact).await.unwrap(), None);
    }
    assert_eq!(ledger(&*store).await.counted, [counted(at(0))]);
    tokio::task::block_in_place(|| store.close());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_database_of_this_version_that_nobody_uses_goes_back() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let codec = Codec::plain();
    let is_refused = |says: &str| {
        let fault = Embedded::go_back(folder, &codec).unwrap_err();
        assert!(matches!(&fault, StoreError::Refused(why) if why.contains(says)), "{fault}");
    };
    is_refused("holds no store");
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 0);

    let store = Embedded::open(folder).unwrap();
    is_refused("stop the gateway");
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    is_refused("stop the gateway");
    tokio::task::block_in_place(|| store.close());
    drop(store);
    with_a_contact(folder, &codec).await;
    Embedded::go_back(folder, &codec).unwrap();
    is_refused("has version 5 already");

    for (pragma, says) in [("user_version", "newer gateway"), ("application_id", "not a gateway's")]
    {
        Connection::open(Embedded::file(folder)).unwrap().pragma_update(None, pragma, 99).unwrap();
        let before = Stored::of(folder);
        is_refused(says);
        assert_eq!(Stored::of(folder), before);
    }
}
