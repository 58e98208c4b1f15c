//! What the embedded store alone promises: it outlives a kill, and two processes may share it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::documents::{Batch, Document, Documents, Gone};
use contact_gateway::ports::{
    Archive, Change, Decisions, Journal, Original, Owner, Queues, Register, Store, StoreError,
};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::journal::FileJournal;

use super::facts::{
    PERSON, at, decided, karbon, ledger, limited, person, put_people, request, stamp,
};

/// How a document is found in the file.
fn parcel(id: &str) -> Document {
    let body = serde_json::json!({ "text": format!("Blodeuwedd {id}") });
    Document::new("parcel", id, 0, Vec::new(), &body).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_removed_is_overwritten_after_an_erasure_too() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let event = AuditEvent::PersonChanged { person: PERSON.to_owned() };
    let erasure = Batch::new(stamp()).gone(Gone::Ledger { person: PERSON.to_owned() });
    store.write(&karbon(), erasure.audit(event)).await.unwrap();
    let batch = ["a", "b"].map(parcel).into_iter().fold(Batch::new(stamp()), Batch::put);
    store.write(&karbon(), batch).await.unwrap();
    let removed = store.document(&karbon(), "parcel", "b").await.unwrap().unwrap();
    store.write(&karbon(), Batch::new(stamp()).remove(&removed)).await.unwrap();
    tokio::task::block_in_place(|| store.close());
    let [file, _] = Embedded::files(folder.path());
    let database = rusqlite::Connection::open(&file).unwrap();
    database.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let holds = |text: &str| memchr::memmem::find(&bytes, text.as_bytes()).is_some();
    assert!(holds("Blodeuwedd a"), "the search sees what stays");
    assert!(!holds("Blodeuwedd b"));
}

/// Where a child is told what to work on. Without it the children's test does nothing.
const CHILD_FOLDER: &str = "CONTACT_GATEWAY_TEST_STORE_FOLDER";
const CHILD_NAME: &str = "CONTACT_GATEWAY_TEST_CHILD";
const CHILD_CONTACTS: &str = "CONTACT_GATEWAY_TEST_CONTACTS";

/// This test run again as a process of its own, which commits contacts and prints each that was
/// acknowledged.
fn child(folder: &Path, name: &str, contacts: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "store_contract::embedded::a_child_commits", "--nocapture"])
        .env(CHILD_FOLDER, folder)
        .env(CHILD_NAME, name)
        .env(CHILD_CONTACTS, contacts.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn acknowledged(line: &str) -> Option<String> {
    line.trim().strip_prefix("acknowledged ").map(str::to_owned)
}

/// Not a test of its own: what [`child`] runs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_commits() {
    let Ok(folder) = std::env::var(CHILD_FOLDER) else { return };
    let name = std::env::var(CHILD_NAME).unwrap();
    let contacts: usize = std::env::var(CHILD_CONTACTS).unwrap().parse().unwrap();
    let store: Arc<dyn Store> = Embedded::open(Path::new(&folder)).unwrap();
    let many = Arc::new(tokio::sync::Semaphore::new(8));
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..contacts {
        let place = Arc::clone(&many).acquire_owned().await.unwrap();
        let (store, contact) = (Arc::clone(&store), format!("{name}-{number}"));
        waiting.spawn(async move {
            let settled = contact.clone();
            let when = at(i64::try_from(number).unwrap());
            // Another process may hold the database for longer than one wait: then again.
            loop {
                let settled = settled.clone();
                let asked = request(&contact, move |_| limited(&settled, when));
                match store.commit(asked).await {
                    Ok(_) => break,
                    Err(fault) => assert!(fault.is_retryable(), "{fault}"),
                }
            }
            println!("\nacknowledged {contact}");
            drop(place);
        });
    }
    waiting.join_all().await;
}

#[tokio::test]
async fn a_kill_in_the_middle_of_commits_loses_and_doubles_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut known: Vec<String> = Vec::new();
    for round in 0..6 {
        // The name stays: what was acknowledged before a kill is sent again after it.
        let mut process = child(folder.path(), "again", usize::MAX / 2);
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut fresh = lines.map_while(Result::ok).filter_map(|line| acknowledged(&line));
        known.extend(fresh.by_ref().take(40 + 37 * round));
        process.kill().unwrap();
        // What was printed before the kill was acknowledged too.
        known.extend(fresh);
        process.wait().unwrap();
    }
    known.sort_unstable();
    known.dedup();
    assert!(known.len() > 200, "{}", known.len());

    let store = Embedded::open(folder.path()).unwrap();
    for contact in &known {
        assert!(store.recorded(&karbon(), contact).await.unwrap().is_some(), "{contact} is lost");
        assert!(store.item(&karbon(), contact).await.unwrap().is_some(), "{contact} has no item");
    }
    let mut trail = decided(&*store, &karbon()).await;
    let entries = trail.len();
    trail.sort_unstable();
    trail.dedup();
    assert_eq!(trail.len(), entries, "no contact has two entries");
    assert!(known.iter().all(|contact| trail.binary_search(contact).is_ok()));
    assert_eq!(ledger(&*store).await.counted.len(), entries, "each is counted once");
    drop(store);
    is_sound(folder.path());
}

/// By SQLite's own reading, outside the store's code.
fn is_sound(folder: &Path) {
    let connection = rusqlite::Connection::open(Embedded::file(folder)).unwrap();
    let verdict: String =
        connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(verdict, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_share_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let mut process = child(folder.path(), "other", 150);
    for number in 0..150 {
        let contact = format!("ours-{number}");
        let name = contact.clone();
        let asked = request(&name, move |_| limited(&contact, at(number)));
        store.commit(asked).await.unwrap();
    }
    assert!(process.wait().unwrap().success());
    assert_eq!(decided(&*store, &karbon()).await.len(), 300);
    assert_eq!(ledger(&*store).await.counted.len(), 300);
}

#[tokio::test]
async fn what_waits_is_committed_before_the_store_ends() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (store, contact) = (Arc::clone(&store), format!("c-{number}"));
        waiting.spawn(async move {
            let name = contact.clone();
            store.commit(request(&name, move |_| limited(&contact, at(0)))).await
        });
    }
    tokio::task::yield_now().await;
    store.close();
    let mut committed = 0;
    while let Some(answer) = waiting.join_next().await {
        match answer.unwrap() {
            Ok(_) => committed += 1,
            Err(fault) => assert!(fault.is_retryable(), "{fault}"),
        }
    }
    assert!(store.item(&karbon(), "c-0").await.is_err(), "a closed store says so");
    let store = Embedded::open(folder.path()).unwrap();
    assert_eq!(decided(&*store, &karbon()).await.len(), committed);
}

#[tokio::test]
async fn a_follower_too_far_behind_is_told_of_a_gap() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let changed = contact_gateway::domain::audit::AuditEvent::Imported {
        people: 1,
        restrictions: 1,
        ended: Vec::new(),
        added: None,
        cases: None,
        reason: None,
    };
    let mut feed = store.changes();
    // As if ten thousand changes had come and been forgotten between two looks.
    let people = vec![person("P-1", "x")];
    put_people(&*store, &karbon(), people.clone(), stamp(), changed.clone()).await.unwrap();
    assert!(matches!(feed.recv().await.unwrap(), Change::Put(..)));
    let connection = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    connection
        .execute("UPDATE sqlite_sequence SET seq = seq + 10000 WHERE name = 'change'", [])
        .unwrap();
    drop(connection);
    put_people(&*store, &karbon(), people, stamp(), changed).await.unwrap();
    match feed.recv().await.unwrap() {
        Change::Gap(organisation) => assert_eq!(organisation, karbon()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_record_that_was_tampered_with_is_corrupt_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    let connection = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    connection.execute("UPDATE item SET record = 'secret text'", []).unwrap();
    drop(connection);
    let fault = store.item(&karbon(), "c-1").await.unwrap_err();
    assert!(matches!(fault, StoreError::Corrupt(_)));
    assert!(!fault.to_string().contains("secret"), "{fault}");
}

#[tokio::test]
async fn a_locked_database_is_unavailable_within_its_bound() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    let other = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let before = std::time::Instant::now();
    let asked = request("c-1", |_| limited("c-1", at(0)));
    let fault = store.commit(asked).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    assert!(before.elapsed() < Duration::from_secs(4));
    other.execute_batch("ROLLBACK").unwrap();
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_made_is_unavailable() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let fault = Embedded::open(&file.join("store")).err().unwrap();
    assert!(fault.is_retryable(), "{fault}");
}

/// Where the child that is short of disk is told to work.
const SHORT_FOLDER: &str = "CONTACT_GATEWAY_TEST_SHORT_FOLDER";

/// Not a test of its own: run by the next one, where no file can grow past a bound.
#[tokio::test]
async fn a_child_runs_out_of_disk() {
    let Ok(folder) = std::env::var(SHORT_FOLDER) else { return };
    let folder = Path::new(&folder);
    let store = Embedded::open(&folder.join("store")).unwrap();
    let mut fault = None;
    for number in 0..5_000 {
        let contact = format!("c-{number}");
        let name = contact.clone();
        match store.commit(request(&name, move |_| limited(&contact, at(0)))).await {
            Ok(_) => println!("\nacknowledged {name}"),
            Err(full) => {
                fault = Some(full);
                break;
            }
        }
    }
    assert!(fault.is_some_and(|fault| fault.is_retryable()));
    assert!(store.recorded(&karbon(), "c-0").await.unwrap().is_some(), "reading goes on");

    let archive = FileArchive::open(&folder.join("archive")).unwrap();
    let large = Original::Bytes(vec![7; 4 * 1024 * 1024].into());
    let fault = archive.keep(&karbon(), Owner::contact("c-1"), large).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    archive.keep(&karbon(), Owner::contact("c-1"), Original::Bytes("small".into())).await.unwrap();

    let journal = FileJournal::open(&folder.join("journal")).unwrap();
    let mut kept = 0;
    while journal.append(super::facts::journalled(&format!("j-{kept}"))).await.is_ok() {
        kept += 1;
    }
    println!("\njournalled {kept}");
}

#[tokio::test]
async fn a_full_disk_is_unavailable_and_what_was_acknowledged_stays() {
    let folder = tempfile::tempdir().unwrap();
    // `ulimit -f` counts 512-byte blocks; a write past it fails where the signal is ignored.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 4096; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "store_contract::embedded::a_child_runs_out_of_disk", "--nocapture"])
        .env(SHORT_FOLDER, folder.path())
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}{said}");
    let known: Vec<String> = printed.lines().filter_map(acknowledged).collect();
    assert!(known.len() > 20, "{}", known.len());
    let store = Embedded::open(&folder.path().join("store")).unwrap();
    assert_eq!(decided(&*store, &karbon()).await, known);

    let journalled: usize =
        printed.lines().find_map(|line| line.strip_prefix("journalled ")).unwrap().parse().unwrap();
    assert!(journalled > 50);
    let journal = FileJournal::open(&folder.path().join("journal")).unwrap();
    let mut pending = 0;
    loop {
        let page = journal.pending().await.unwrap();
        pending += page.len();
        if page.is_empty() {
            break;
        }
        for (number, _) in page {
            journal.done(number).await.unwrap();
        }
    }
    assert_eq!(pending, journalled);

    let files = |folder: &Path| {
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    };
    let folders = files(&folder.path().join("archive/karbon"));
    let kept: usize = folders.iter().map(|folder| files(folder).len()).sum();
    assert_eq!(kept, 1, "of the large original nothing is left");
}
