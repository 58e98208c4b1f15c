//! Seals on real stores: by several gateways at once, by the program, and where the store's own file is
//! tampered with.

use std::process::Output;
use std::sync::Arc;

use contact_gateway::casework::sealing::anchor::Anchor;
use contact_gateway::casework::sealing::verify::{Finding, Trusted};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{Stamp, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use secrecy::SecretString;

use super::{key, verified};
use crate::office::Office;
use crate::served::{Behind, Place};
use crate::store_contract::encrypted::{NEW, OLD, with};
use crate::store_contract::facts::{at, karbon, tuntum};
use crate::store_contract::servers;

/// More than two seals take.
const MANY: u64 = 2_345;

async fn looked(store: &dyn Store, entries: u64) {
    for number in 1..=entries {
        let event = AuditEvent::Item { item: format!("i-{number}"), action: "claim".to_owned() };
        let stamp = Stamp { by: "Ann".to_owned(), at: at(0) };
        store.append_audit(&karbon(), stamp, event).await.unwrap();
    }
}

/// Two desks seal at once, again and again: one chain comes of it, and one anchor per day.
async fn two_gateways_make_one_chain(store: Arc<dyn Store>) {
    looked(store.as_ref(), MANY).await;
    let office = Office::on(store);
    let (one, other) = (office.desk(), office.desk());
    let mut sealed = 0;
    let mut anchors = 0;
    while sealed < MANY {
        let (organisation, key) = (karbon(), key());
        let both = tokio::join!(one.seal(&organisation, &key), other.seal(&organisation, &key));
        for done in [both.0.unwrap(), both.1.unwrap()] {
            sealed += done.entries;
            anchors += usize::from(done.anchor.is_some());
        }
    }
    assert_eq!(sealed, MANY, "each entry once");
    // The anchor is an entry itself, and sealed when it is old enough.
    let again = one.seal(&karbon(), &key()).await.unwrap();
    anchors += usize::from(again.anchor.is_some());
    assert_eq!(anchors, 1);
    let verified = one.verify_trail(&karbon(), Trusted::default()).await.unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.entries, verified.anchors), (MANY + 1, 1));
    assert_eq!(verified.sealed_to, MANY);
    assert_eq!(one.anchors(&karbon()).await.unwrap()[0].key, key().public());
    assert!(one.anchors(&tuntum()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_make_one_chain_in_memory() {
    two_gateways_make_one_chain(Memory::new()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_make_one_chain_on_the_embedded_store() {
    let folder = tempfile::tempdir().unwrap();
    two_gateways_make_one_chain(Embedded::open(folder.path()).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_make_one_chain_on_redis() {
    let ground = servers::single().await;
    two_gateways_make_one_chain(Redis::open(&SecretString::from(ground.url.clone())).unwrap())
        .await;
}

fn place() -> Place {
    let nobody = "127.0.0.1:9".parse().unwrap();
    Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "unused")
}

fn audit(place: &Place, arguments: &[&str]) -> Output {
    place.command("audit").args(["--organisation", "karbon"]).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The whole of it as an operator does it: seal, keep the anchors elsewhere, verify; then somebody edits
/// the database, or puts an older one in its place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_finds_what_was_edited_in_the_database() {
    let place = place();
    let folder = place.folder.path().join("store");
    let file = Embedded::file(&folder);
    let store = Embedded::open(&folder).unwrap();
    looked(store.as_ref(), 20).await;
    tokio::task::block_in_place(|| store.close());
    drop(store);
    let older = std::fs::read(&file).unwrap();

    let sealed = audit(&place, &["seal"]);
    assert!(sealed.status.success(), "{}", text(&sealed.stderr));
    assert!(text(&sealed.stdout).contains("karbon: 20 entries sealed"), "{}", text(&sealed.stdout));
    let anchors = audit(&place, &["anchors"]).stdout;
    assert_eq!(text(&anchors).lines().count(), 1);
    let kept = place.folder.path().join("anchors.jsonl");
    std::fs::write(&kept, &anchors).unwrap();
    let kept = kept.to_str().unwrap();
    let verify = |arguments: &[&str]| {
        let output = audit(&place, &[&["verify"], arguments].concat());
        (output.status.code(), text(&output.stdout) + &text(&output.stderr))
    };
    let (code, said) = verify(&["--anchors", kept]);
    assert_eq!(code, Some(0), "{said}");
    assert!(
        said.contains(
            "21 entries, 1 seal up to entry 20, 1 not yet sealed, 1 anchor agrees: nothing"
        ),
        "{said}"
    );
    let (code, said) = verify(&["--anchors", kept, "--key", &"0".repeat(64)]);
    assert_eq!(code, Some(1));
    assert!(said.contains("no trusted signature"), "{said}");
    std::fs::write(place.folder.path().join("no-anchor"), "{\"entry\":1}").unwrap();
    for (file, says) in [
        ("no-anchor", "no-anchor:1: is not an anchor: missing field"),
        ("nowhere", "nowhere: can't be read: "),
    ] {
        let (code, said) = verify(&["--anchors", file]);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(says), "{said}");
    }

    let database = rusqlite::Connection::open(&file).unwrap();
    let edit =
        "UPDATE audit SET record = replace(record, 'i-7\"', 'i-9\"') WHERE record LIKE '%i-7\"%'";
    assert_eq!(database.execute(edit, ()).unwrap(), 1);
    let (code, said) = verify(&["--anchors", kept]);
    assert_eq!(code, Some(1));
    assert!(said.starts_with("entry 7 is not the one that was sealed\n"), "{said}");
    drop(database);

    for beside in ["-wal", "-shm"] {
        let beside = format!("{}{beside}", file.display());
        std::fs::remove_file(beside).ok();
    }
    std::fs::write(&file, older).unwrap();
    let (code, said) = verify(&[]);
    assert_eq!(code, Some(1), "it is old, and has no seal: {said}");
    let unsealed =
        "entries 1 to 20 have no seal: a gateway seals them within two minutes of its start";
    assert!(said.contains(unsealed), "{said}");
    let (code, said) = verify(&["--anchors", kept]);
    assert_eq!(code, Some(1));
    assert!(said.contains("rolled back to an earlier state"), "{said}");
}

/// Seals what is old enough; the anchors.
async fn sealed_and_signed(store: Arc<dyn Store>) -> Vec<Anchor> {
    let desk = Office::on(store).desk();
    desk.seal(&karbon(), &key()).await.unwrap();
    desk.anchors(&karbon()).await.unwrap()
}

/// Bits of the records in the database itself, and rows that are gone or have changed places.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_rows_of_the_database_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(folder.path()).unwrap();
    looked(store.as_ref(), 30).await;
    let anchors = sealed_and_signed(Arc::clone(&store) as _).await;
    assert_eq!(verified(store.as_ref(), &anchors).await.findings, []);
    let database = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    for (statement, expected) in [
        (
            "UPDATE audit SET record = substr(record, 1, 20) WHERE number = 4",
            vec![Finding::Unreadable { entry: 4 }],
        ),
        (
            "DELETE FROM audit WHERE number BETWEEN 11 AND 13",
            vec![Finding::Missing { from: 11, to: 13 }],
        ),
        (
            "UPDATE audit SET record = (SELECT other.record FROM audit AS other WHERE other.number = 21) \
          WHERE number = 20",
            vec![Finding::Missing { from: 20, to: 20 }],
        ),
        ("DELETE FROM audit WHERE number > 30", vec![]),
        ("DELETE FROM audit WHERE number > 28", vec![Finding::Missing { from: 29, to: 30 }]),
    ] {
        database.execute_batch("BEGIN").unwrap();
        let done = database.execute(statement, ());
        assert!(done.unwrap() > 0, "{statement}");
        database.execute_batch("COMMIT").unwrap();
        let found = verified(store.as_ref(), &anchors).await.findings;
        for finding in &expected {
            assert!(found.contains(finding), "{statement}: {found:?}");
        }
    }
}

/// A digest is of what an entry says, not of how it is stored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_key_is_no_finding_and_hides_none() {
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open_with(folder.path(), &with(&[OLD])).unwrap();
    looked(store.as_ref(), 30).await;
    let anchors = sealed_and_signed(store).await;
    let store = Embedded::open_with(folder.path(), &with(&[NEW, OLD])).unwrap();
    assert!(store.rekey(&mut |_| {}).await.unwrap() > 30);
    let store = Embedded::open_with(folder.path(), &with(&[NEW])).unwrap();
    assert_eq!(verified(store.as_ref(), &anchors).await.findings, []);

    let database = rusqlite::Connection::open(Embedded::file(folder.path())).unwrap();
    let moved = "UPDATE audit SET record =
        (SELECT other.record FROM audit AS other WHERE other.number = 21) WHERE number = 20";
    assert_eq!(database.execute(moved, ()).unwrap(), 1);
    let found = verified(store.as_ref(), &anchors).await.findings;
    assert_eq!(found, [Finding::Unreadable { entry: 20 }]);
}

/// Puts another stream in the place of one: entries of a stream can't be edited.
fn rewriting(change: &str) -> String {
    format!(
        "local all = redis.call('XRANGE', KEYS[1], '-', '+')
         {change}
         redis.call('DEL', KEYS[1])
         for _, one in ipairs(all) do redis.call('XADD', KEYS[1], one[1], 'entry', one[2][2]) end
         return #all"
    )
}

/// On Redis a record is bound to no number: one that was moved can be read, and only its seal tells.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_done_to_a_trail_on_redis_is_found_after_a_change_of_the_key() {
    let ground = servers::single().await;
    let url = SecretString::from(ground.url.clone());
    looked(Redis::open_with(&url, &with(&[OLD])).unwrap().as_ref(), 15).await;
    let store = Redis::open_with(&url, &with(&[NEW, OLD])).unwrap();
    looked(store.as_ref(), 15).await;
    let anchors = sealed_and_signed(Arc::clone(&store) as _).await;
    assert_eq!(verified(store.as_ref(), &anchors).await.findings, []);

    let (server, trail) = (&ground.servers[0], "cg1:{karbon}:audit");
    let copied: i64 = server.say(&["COPY", trail, "kept"]).await.unwrap();
    assert_eq!(copied, 1);
    for (change, expected) in [
        ("table.remove(all, 4)", vec![Finding::Missing { from: 4, to: 4 }]),
        (
            "all[4][2], all[20][2] = all[20][2], all[4][2]",
            vec![Finding::Altered { entry: 4 }, Finding::Altered { entry: 20 }],
        ),
        (
            "all[20][2][2] = string.sub(all[20][2][2], 1, -9) .. 'AAAAAAAA'",
            vec![Finding::Unreadable { entry: 20 }],
        ),
        ("for _ = 1, 3 do table.remove(all) end", vec![Finding::Missing { from: 29, to: 30 }]),
        ("for _ = 9, #all do table.remove(all) end", vec![Finding::Missing { from: 9, to: 30 }]),
    ] {
        let _: i64 = server.say(&["EVAL", &rewriting(change), "1", trail]).await.unwrap();
        assert_eq!(verified(store.as_ref(), &anchors).await.findings, expected, "{change}");
        let _: i64 = server.say(&["COPY", "kept", trail, "REPLACE"]).await.unwrap();
    }
    assert_eq!(verified(store.as_ref(), &anchors).await.findings, []);
}
