//! What is known of the store when a gateway was stopped: all of it, however shortly before it was decided.

use super::behind::{JO, SAM, STRANGER, decided, fault, import, kept_number, place};
use crate::store_contract::servers::until;

fn number_of_last(database: &std::path::Path) -> u64 {
    let connection = rusqlite::Connection::open(database).unwrap();
    let last = "SELECT max(number) FROM audit WHERE organisation = 'karbon'";
    connection.query_row(last, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_from_just_before_the_last_decisions_is_noticed_at_the_next_start() {
    let place = place(None);
    tokio::task::block_in_place(|| import(&place));
    let served = tokio::task::block_in_place(|| place.serve());
    served.stop();
    let database = place.folder.path().join("store/gateway.sqlite3");
    let older = place.folder.path().join("older");
    std::fs::copy(&database, &older).unwrap();

    // Not a second later: decided, and stopped.
    let served = tokio::task::block_in_place(|| place.serve());
    for (number, from) in [JO, SAM, STRANGER, JO, SAM].into_iter().enumerate() {
        decided(&served, &format!("c-{number}"), from).await;
    }
    served.stop();
    assert_eq!(kept_number(&place), number_of_last(&database));

    std::fs::copy(&older, &database).unwrap();
    for end in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{end}", database.display()));
    }
    let served = tokio::task::block_in_place(|| place.serve());
    let limited = decided(&served, "c-after", SAM).await;
    assert_eq!((&limited["disposition"], &limited["stale"]), (&"limit".into(), &true.into()));
    assert!(limited["flags"].to_string().contains("store_behind"), "{limited}");
    until("ready says so", || async { fault(&served).await.is_some() }).await;
    served.stop();
}
