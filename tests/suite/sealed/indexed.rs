//! The index by which entries of the trail are found, tampered with: no seal covers it, and each row that is gone, or
//! that should not be there, is found.

use std::sync::Arc;

use contact_gateway::casework::Desk;
use contact_gateway::casework::sealing::verify::{Finding, Trusted};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::audit_trail::{TrailFilter, TrailSearch};
use contact_gateway::ports::documents::{Batch, Order};
use contact_gateway::ports::trail_index::{TrailIndex, day};
use contact_gateway::ports::{AuditTrail, Stamp, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use rusqlite::{Connection, params};
use secrecy::SecretString;

use super::key;
use super::tampering::{Dice, entry};
use crate::office::Office;
use crate::store_contract::facts::{PERSON, at, item, karbon};
use crate::store_contract::servers::{self, Server};

const SEED: u64 = 0x1DE8;
/// Entries that are tampered with at random.
const SOME: u64 = 200;
/// All of the first block, and some of the second.
const MANY: u64 = 1_100;
/// Up to this entry they are of the day before.
const YESTERDAY: u64 = 600;
/// The entry of work on an item, which says nothing of its person.
const OF_ITEM: u64 = 1;

/// A row of the index: its mark, and the number of the entry.
type Row = (String, u64);

/// Where rows are put and taken without the gateway.
enum Rows<'a> {
    Embedded(&'a Connection),
    Redis(&'a Server),
}

impl Rows<'_> {
    async fn put(&self, (mark, number): &Row) {
        match self {
            Rows::Embedded(database) => {
                let sql = "INSERT INTO audit_mark VALUES ('karbon', ?1, ?2)";
                database.execute(sql, params![mark, i64::try_from(*number).unwrap()]).unwrap();
            }
            Rows::Redis(server) => {
                let (key, number) = (marked(mark), number.to_string());
                let added: i64 = server.say(&["ZADD", &key, &number, &number]).await.unwrap();
                assert_eq!(added, 1);
            }
        }
    }

    async fn take(&self, (mark, number): &Row) {
        match self {
            Rows::Embedded(database) => {
                let sql = "DELETE FROM audit_mark WHERE mark = ?1 AND number = ?2";
                let number = i64::try_from(*number).unwrap();
                assert_eq!(database.execute(sql, params![mark, number]).unwrap(), 1);
            }
            Rows::Redis(server) => {
                let (key, number) = (marked(mark), number.to_string());
                let removed: i64 = server.say(&["ZREM", &key, &number]).await.unwrap();
                assert_eq!(removed, 1);
            }
        }
    }
}

fn marked(mark: &str) -> String {
    format!("cg1:{{karbon}}:marked:{mark}")
}

/// A sealed trail of work on an item and of what else there is.
async fn sealed(store: Arc<dyn Store>, entries: u64) -> Desk {
    let stamp = |number: u64| Stamp {
        by: "Ann".to_owned(),
        at: at(if number <= YESTERDAY { -86_400 } else { 0 }),
    };
    let event = AuditEvent::Item { item: "i-0".to_owned(), action: "claim".to_owned() };
    let batch = Batch::new(stamp(OF_ITEM)).item(None, item("i-0", "limited", at(0))).audit(event);
    store.write(&karbon(), batch).await.unwrap();
    for number in OF_ITEM + 1..=entries {
        store.append_audit(&karbon(), stamp(number), entry(number).event).await.unwrap();
    }
    let desk = Office::on(store).desk();
    while desk.seal(&karbon(), &key()).await.unwrap().entries > 0 {}
    desk
}

async fn found(desk: &Desk) -> Vec<Finding> {
    desk.verify_trail(&karbon(), Trusted::default()).await.unwrap().findings
}

fn unlisted((mark, entry): Row) -> Finding {
    Finding::Unlisted { entry, mark }
}

fn misled((mark, entry): Row) -> Finding {
    Finding::Misled { entry, mark }
}

async fn all_rows(store: &dyn TrailIndex) -> Vec<Row> {
    let mut all = Vec::new();
    for mark in store.index_marks(&karbon()).await.unwrap() {
        let mut after = None;
        loop {
            let page = store.index_rows(&karbon(), &mark, after).await.unwrap();
            all.extend(page.rows.iter().map(|row| (mark.clone(), row.number)));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
    }
    all
}

/// Rows are removed, added, and changed into others: each is named, and nothing else.
async fn every_tampering_is_found(store: Arc<dyn Store>, rows: Rows<'_>, times: usize) {
    let desk = sealed(Arc::clone(&store), SOME).await;
    assert_eq!(found(&desk).await, []);
    let all = all_rows(store.as_ref()).await;
    let mut dice = Dice(SEED);
    for _ in 0..times {
        let gone = all[dice.below(all.len())].clone();
        let mark = all[dice.below(all.len())].0.clone();
        let new = (mark, OF_ITEM + 1 + dice.roll() % (SOME + 20));
        // Whom work on an item that is not on record concerned, nobody can say.
        let is_new = !all.contains(&new) && new.1 % 5 != 2;
        let (gone, new) = match dice.below(3) {
            0 if is_new => (None, Some(new)),
            1 if is_new => (Some(gone), Some(new)),
            _ => (Some(gone), None),
        };
        if let Some(row) = &gone {
            rows.take(row).await;
        }
        if let Some(row) = &new {
            rows.put(row).await;
        }
        let expected: Vec<Finding> =
            gone.clone().map(unlisted).into_iter().chain(new.clone().map(misled)).collect();
        assert_eq!(found(&desk).await, expected, "{SEED:#x}");
        if let Some(row) = &gone {
            rows.put(row).await;
        }
        if let Some(row) = &new {
            rows.take(row).await;
        }
    }
    // A row more or less of an item that is on record.
    let (theirs, anothers) = (format!("person:{PERSON}"), "person:P-9".to_owned());
    rows.take(&(theirs.clone(), OF_ITEM)).await;
    rows.put(&(anothers.clone(), OF_ITEM)).await;
    let expected = [unlisted((theirs, OF_ITEM)), misled((anothers, OF_ITEM))];
    assert_eq!(found(&desk).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tampering_with_rows_of_the_index_is_found_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let database = Connection::open(Embedded::file(folder.path())).unwrap();
    every_tampering_is_found(store, Rows::Embedded(&database), 200).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tampering_with_rows_of_the_index_is_found_on_redis() {
    let ground = servers::single().await;
    let store = Redis::open(&SecretString::from(ground.url.clone())).unwrap();
    every_tampering_is_found(store, Rows::Redis(&ground.servers[0]), 100).await;
}

#[tokio::test]
async fn an_index_in_memory_is_whole() {
    let desk = sealed(Memory::new(), MANY).await;
    assert_eq!(found(&desk).await, []);
}

fn days() -> [i64; 2] {
    [day(at(-86_400)), day(at(0))]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_days_of_the_index_is_found_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let desk = sealed(store, MANY).await;
    assert_eq!(found(&desk).await, []);
    let database = Connection::open(Embedded::file(folder.path())).unwrap();
    let [yesterday, today] = days();
    let removed = database.execute("DELETE FROM audit_day WHERE day = ?1", [yesterday]);
    assert_eq!(removed.unwrap(), 1);
    assert_eq!(found(&desk).await, [Finding::UnlistedDay { day: yesterday, block: 0 }]);
    let moved = "UPDATE audit_day SET day = 5 WHERE day = ?1 AND block = 0";
    assert_eq!(database.execute(moved, [today]).unwrap(), 1);
    let verified = desk.verify_trail(&karbon(), Trusted::default()).await.unwrap();
    let said: Vec<String> = verified.findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "the index of days lacks 2026-11-20 for entries 1 to 1023: a search by date does not \
             find them",
            "the index of days lacks 2026-11-21 for entries 1 to 1023: a search by date does not \
             find them",
            "the index of days has 1970-01-06 for entries 1 to 1023, of which none is of that day",
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tampering_with_days_and_scores_of_the_index_is_found_on_redis() {
    let ground = servers::single().await;
    let store = Redis::open(&SecretString::from(ground.url.clone())).unwrap();
    let desk = sealed(store, MANY).await;
    assert_eq!(found(&desk).await, []);
    let server = &ground.servers[0];
    let [yesterday, _] = days();
    // The score is what a search goes by.
    let (row, key) = (format!("{yesterday} 0"), "cg1:{karbon}:days");
    let _: i64 = server.say(&["ZADD", key, "5", &row]).await.unwrap();
    let expected = [
        Finding::UnlistedDay { day: yesterday, block: 0 },
        Finding::MisledDay { day: 5, block: 0 },
    ];
    assert_eq!(found(&desk).await, expected);
    let _: i64 = server.say(&["ZADD", key, &yesterday.to_string(), &row]).await.unwrap();

    let (mark, key) = ("person:P-3".to_owned(), marked("person:P-3"));
    let _: i64 = server.say(&["ZADD", &key, "4000", "10"]).await.unwrap();
    assert_eq!(found(&desk).await, [Finding::Unlisted { entry: 10, mark: mark.clone() }]);
    let _: i64 = server.say(&["ZADD", &key, "10", "10"]).await.unwrap();
    // It names no entry at all.
    let _: i64 = server.say(&["ZADD", &key, "11", "an entry"]).await.unwrap();
    assert_eq!(found(&desk).await, [Finding::Misled { entry: 0, mark }]);
}

/// Those of a person whose other entries were erased with somebody else, more than a page of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_lead_nowhere_end_no_search_on_redis() {
    let ground = servers::single().await;
    let store = Redis::open(&SecretString::from(ground.url.clone())).unwrap();
    for _ in 0..60 {
        let event = AuditEvent::PersonChanged { person: "P-3".to_owned() };
        let stamp = Stamp { by: "Ann".to_owned(), at: at(0) };
        store.append_audit(&karbon(), stamp, event).await.unwrap();
    }
    for number in 1..=30 {
        let id = format!("{number}-0");
        let gone: i64 = ground.servers[0].say(&["XDEL", "cg1:{karbon}:audit", &id]).await.unwrap();
        assert_eq!(gone, 1);
    }
    for (order, expected) in [
        (Order::Ascending, (31..=60).collect::<Vec<u64>>()),
        (Order::Descending, (31..=60).rev().collect()),
    ] {
        let filter = TrailFilter { person: Some("P-3".to_owned()), ..TrailFilter::default() };
        let (mut numbers, mut after) = (Vec::new(), None);
        loop {
            let search = TrailSearch { filter: filter.clone(), order, after, limit: 10 };
            let page = store.search_audit(&karbon(), search).await.unwrap();
            numbers.extend(page.entries.iter().map(|entry| entry.number));
            let Some(next) = page.next else { break };
            after = Some(next);
        }
        assert_eq!(numbers, expected, "{order:?}");
    }
}
