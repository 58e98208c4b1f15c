//! Damage to an embedded store's files under a running gateway, with the real program: any damage is noticed at the
//! next check, and lifts no restriction.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::behind::{
    JO, SAM, STRANGER, accepted, at_rest, becomes_behind, becomes_well, database, decided, fault,
    holds_what_was_known, is_as_it_was, place, settled, used_in,
};
use crate::served::{Place, Served};
use crate::store_contract::servers::until;

const PAGE: u64 = 4096;

struct Rig {
    place: Place,
    served: Served,
    /// The store as it was just before the damage.
    copy: PathBuf,
}

impl Rig {
    /// A store in use that is read through every second.
    async fn new() -> Self {
        let place = place(None);
        place.change("[store]\n", "[store]\nread_through = \"1 s\"\n");
        let (place, _, served) = used_in(place).await;
        let copy = place.folder.path().join("copy.sqlite3");
        let rig = Rig { place, served, copy };
        rig.take_copy();
        rig
    }

    fn take_copy(&self) {
        let _ = std::fs::remove_file(&self.copy);
        let open = rusqlite::Connection::open(database(&self.place)).unwrap();
        open.backup("main", &self.copy, None::<fn(rusqlite::backup::Progress)>).unwrap();
    }

    fn log(&self) -> PathBuf {
        beside(&database(&self.place), "-wal")
    }

    /// Any damage is noticed, reported everywhere, and over once the copy is in place.
    async fn comes_to_notice_and_can_be_restored(self, says: &str) {
        becomes_behind(&self.served).await;
        let said = fault(&self.served).await.unwrap();
        assert!(said.contains("store"), "{said}");
        holds_what_was_known(&self.served, "meanwhile").await;
        // Reopening and reading again does not help.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        holds_what_was_known(&self.served, "later").await;
        let logged = self.served.said();
        assert!(logged.iter().any(|line| line.contains(says)), "{says}: {logged:#?}");
        let check = self.place.command("check").arg("--store").output().unwrap();
        assert_eq!(check.status.code(), Some(1), "{check:?}");

        std::fs::rename(&self.copy, database(&self.place)).unwrap();
        becomes_well(&self.served).await;
        until("what waited is replayed", || async {
            let trail = self.served.audit().await;
            let of = |id: &str| trail.iter().filter(|entry| entry["contact"] == id).count();
            of(&format!("meanwhile-{SAM}")) == 1 && of(&format!("later-{STRANGER}")) == 1
        })
        .await;
        is_as_it_was(&self.served, "after").await;
        self.served.stop();
    }
}

fn beside(file: &Path, end: &str) -> PathBuf {
    PathBuf::from(format!("{}{end}", file.display()))
}

fn cut_in_half(file: &Path) {
    let open = OpenOptions::new().write(true).open(file).unwrap();
    let length = open.metadata().unwrap().len();
    assert!(length >= 2 * PAGE, "{length}");
    open.set_len(length / 2).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_zeros() {
    let rig = Rig::new().await;
    let file = database(&rig.place);
    // A page unchanged since the start, so that the log has no copy of it.
    let people = rusqlite::Connection::open(&file).unwrap();
    let sql = "SELECT rootpage FROM sqlite_schema WHERE name = 'person'";
    let page: u64 =
        people.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap();
    drop(people);
    let open = OpenOptions::new().write(true).open(&file).unwrap();
    open.write_at(&[0; 4096], (page - 1) * PAGE).unwrap();
    rig.comes_to_notice_and_can_be_restored("is damaged").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_cut_in_half() {
    let rig = Rig::new().await;
    cut_in_half(&database(&rig.place));
    rig.comes_to_notice_and_can_be_restored("the database file").await;
}

/// Decides while a reader holds an older snapshot, so that what is written stays in the log.
async fn fill_the_log(rig: &Rig) {
    let reading = rusqlite::Connection::open(database(&rig.place)).unwrap();
    let count = || -> u64 {
        let sql = "SELECT count(*) FROM audit";
        reading.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().try_into().unwrap()
    };
    reading.execute_batch("BEGIN").unwrap();
    let before = count();
    for number in 0..8 {
        decided(&rig.served, &format!("logged-{number}"), [JO, SAM][number % 2]).await;
    }
    settled(&rig.place, &rig.served, before + 8).await;
    assert_eq!(count(), before);
    assert!(std::fs::metadata(rig.log()).unwrap().len() > 8 * PAGE);
    rig.take_copy();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cut_in_half() {
    let rig = Rig::new().await;
    fill_the_log(&rig).await;
    cut_in_half(&rig.log());
    rig.comes_to_notice_and_can_be_restored("cut short").await;
}

/// Without a check between the cut and the writes, which leave a gap in the log.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_cut_in_half_while_contacts_come_in() {
    let rig = Rig::new().await;
    fill_the_log(&rig).await;
    cut_in_half(&rig.log());
    // None of them is written to the log.
    for number in 0..8 {
        let decision = decided(&rig.served, &format!("at-once-{number}"), SAM).await;
        assert_eq!(decision["disposition"], "limit", "{decision}");
        assert_eq!(decision["stale"], true, "{decision}");
    }
    rig.comes_to_notice_and_can_be_restored("cut short").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_whose_index_is_deleted() {
    let rig = Rig::new().await;
    std::fs::remove_file(beside(&database(&rig.place), "-shm")).unwrap();
    // Nothing is lost: the store is reopened without help.
    until("it was reopened", || async {
        rig.served.said().iter().any(|line| line.contains("the store was reopened"))
    })
    .await;
    becomes_well(&rig.served).await;
    is_as_it_was(&rig.served, "after").await;
    rig.served.stop();
}

/// The old log must not overwrite a copy that is put in place during the reopening.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_put_in_place_while_the_store_is_being_reopened() {
    for wait in [0, 300, 600, 900, 1_200] {
        let rig = Rig::new().await;
        fill_the_log(&rig).await;
        cut_in_half(&rig.log());
        until("it is being reopened", || async {
            rig.served.said().iter().any(|line| line.contains("reopening it"))
        })
        .await;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        std::fs::rename(&rig.copy, database(&rig.place)).unwrap();
        becomes_well(&rig.served).await;
        is_as_it_was(&rig.served, "after").await;
        let trail = rig.served.audit().await;
        for number in 0..8 {
            let id = format!("logged-{number}");
            assert!(trail.iter().any(|entry| entry["contact"] == id), "{wait}: {id}");
        }
        rig.served.stop();
    }
}

/// An operator can accept the loss of what was in a truncated log, as with an older store.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_left_behind_a_cut_log_can_be_accepted() {
    let rig = Rig::new().await;
    fill_the_log(&rig).await;
    cut_in_half(&rig.log());
    becomes_behind(&rig.served).await;
    holds_what_was_known(&rig.served, "meanwhile").await;
    // A store that is behind is reopened once more at the next check, accepted or not.
    tokio::time::sleep(Duration::from_millis(2500)).await;
    until("it can be accepted", || async { accepted(&rig.place).0 }).await;
    becomes_well(&rig.served).await;
    let sam = decided(&rig.served, "after", SAM).await;
    assert_eq!((&sam["disposition"], &sam["stale"]), (&"limit".into(), &false.into()));
    let last = rig.served.audit().await.last().unwrap()["number"].as_u64().unwrap();
    at_rest(&rig.place, &rig.served, last).await;
    rig.served.stop();
}
