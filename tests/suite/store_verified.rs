//! `check --store` vouches for what it has read: the database's file, each record, each original. Whatever
//! is wrong is named by its id, and it ends with 1.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::{self, OnRedis};

const LIMITED: &str = "lim@x.example";

/// A gateway that has decided and kept a few messages, and what it stands on.
struct Rig {
    place: Place,
    served: Served,
    _around: (Sink, Upstream),
}

async fn rig(url: Option<&str>) -> Rig {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "unused");
    if let Some(url) = url {
        place.store_at(url);
    }
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let import = || place.import(&json!([person("P-L", LIMITED, "+447700900001", letters)]));
    tokio::task::block_in_place(import);
    let served = tokio::task::block_in_place(|| place.serve());
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    for number in 0..20 {
        let message = format!(
            "From: {LIMITED}\r\nSubject: Number {number}\r\nMessage-ID: <{number}@x.example>\r\n\r\n\
             It drips.{}\r\n",
            " Drip.".repeat(200)
        );
        let taken = client.send(LIMITED, &["repairs@karbon.example"], message.as_bytes()).await;
        assert_eq!(taken.0, 250);
    }
    Rig { place, served, _around: (sink, handler) }
}

/// What it says, and whether it says that all is well.
fn check(place: &Place) -> (bool, String) {
    let mut command = place.command("check");
    let output = tokio::task::block_in_place(|| command.arg("--store").output().unwrap());
    let said = [&output.stdout[..], &output.stderr[..]].concat();
    let said = String::from_utf8(said).unwrap();
    match output.status.code() {
        Some(0) => (true, said),
        Some(1) => (false, said),
        code => panic!("{code:?}: {said}"),
    }
}

fn database(place: &Place) -> PathBuf {
    place.folder.path().join("store/gateway.sqlite3")
}

fn archive(place: &Place) -> PathBuf {
    place.folder.path().join("archive/karbon")
}

/// The file of an item's original.
pub fn original(place: &Place, item: &Value) -> PathBuf {
    let reference = item["archived"].as_str().unwrap().strip_prefix("sha256:").unwrap();
    archive(place).join(&reference[..2]).join(reference.replace('/', "-"))
}

async fn originals_are_looked_at(rig: &Rig) {
    let (is_well, said) = check(&rig.place);
    assert!(is_well, "{said}");
    assert!(said.contains("originals 20"), "{said}");
    let items = rig.served.queue("limited").await;
    let (gone, altered) = (&items[3], &items[4]);
    std::fs::remove_file(original(&rig.place, gone)).unwrap();
    let file = OpenOptions::new().write(true).open(original(&rig.place, altered)).unwrap();
    file.write_at(b"X", 0).unwrap();
    let (is_well, said) = check(&rig.place);
    assert!(!is_well, "{said}");
    for (item, what) in [(gone, "is missing"), (altered, "was altered")] {
        let id = item["id"].as_str().unwrap();
        let line = said.lines().find(|line| line.contains(id)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains(what) && line.contains("karbon"), "{line}");
    }
    assert!(said.contains("originals 18"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_that_is_missing_or_altered_is_named_beside_a_running_gateway() {
    let rig = rig(None).await;
    originals_are_looked_at(&rig).await;
    std::fs::rename(rig.place.folder.path().join("archive"), rig.place.folder.path().join("away"))
        .unwrap();
    let (is_well, said) = check(&rig.place);
    assert!(!is_well && said.contains("there is no archive in"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_records_and_originals_are_looked_at_too() {
    let ground: OnRedis = servers::single().await;
    let rig = rig(Some(&ground.url)).await;
    originals_are_looked_at(&rig).await;
    let items = rig.served.queue("limited").await;
    let id = items[7]["id"].as_str().unwrap();
    let found: Vec<String> = ground.servers[0].say(&["KEYS", "cg1:*"]).await.unwrap();
    let key =
        found.iter().find(|key| key.ends_with(":items")).unwrap_or_else(|| panic!("{found:?}"));
    let _: i64 = ground.servers[0].say(&["HSET", key, id, "{\"id\":"]).await.unwrap();
    let (is_well, said) = check(&rig.place);
    assert!(!is_well && said.contains(&format!("items: {id} can't be read back")), "{said}");
}

fn write(file: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(file).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_cannot_be_read_back_is_named_by_its_id() {
    let rig = rig(None).await;
    let id = rig.served.queue("limited").await[5]["id"].as_str().unwrap().to_owned();
    rig.served.stop();
    write(
        &database(&rig.place),
        &format!(
            "UPDATE decision SET record = '{{' WHERE contact = '{id}';
             UPDATE person SET record = '[]' WHERE id = 'P-L';
             UPDATE audit SET record = 'null' WHERE number = 3;"
        ),
    );
    let (is_well, said) = check(&rig.place);
    assert!(!is_well, "{said}");
    for named in [
        format!("karbon: decisions: {id} can't be read back"),
        "karbon: people: P-L can't be read back".to_owned(),
        "karbon: audit: 3 can't be read back".to_owned(),
    ] {
        assert!(said.contains(&named), "{named}: {said}");
    }
    assert!(said.contains("decisions 19") && said.contains("originals 20"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_damaged_journal_is_named_until_it_is_moved_away() {
    let rig = rig(None).await;
    let journal = rig.place.folder.path().join("state/journal");
    let copy = journal.join("damaged.journal");
    std::fs::write(&copy, "CGJ1").unwrap();
    let (is_well, said) = check(&rig.place);
    let line = said.lines().find(|line| line.contains("damaged.journal")).unwrap_or("");
    assert!(!is_well && line.starts_with("journal: "), "{said}");
    assert!(line.contains(&journal.display().to_string()), "{line}");
    std::fs::rename(&copy, rig.place.folder.path().join("looked-at")).unwrap();
    let (is_well, said) = check(&rig.place);
    assert!(is_well, "{said}");
}

/// A sound database that nobody has open, and its file.
async fn at_rest() -> (Place, PathBuf) {
    let rig = rig(None).await;
    rig.served.stop();
    let before = std::fs::read(database(&rig.place)).unwrap();
    let (is_well, said) = check(&rig.place);
    assert!(is_well && said.contains("originals 20"), "{said}");
    let file = database(&rig.place);
    assert!(std::fs::read(&file).unwrap() == before, "it is only looked at");
    (rig.place, file)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_was_cut_short_is_damaged() {
    let (place, file) = at_rest().await;
    let length = std::fs::metadata(&file).unwrap().len();
    OpenOptions::new().write(true).open(&file).unwrap().set_len(length / 2).unwrap();
    let (is_well, said) = check(&place);
    assert!(!is_well && said.contains("cut short"), "{said}");
    assert!(said.contains("restore the folder from a backup"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_of_zeros_in_the_middle_is_damage() {
    let (place, file) = at_rest().await;
    let pages = std::fs::metadata(&file).unwrap().len() / 4096;
    let open = OpenOptions::new().write(true).open(&file).unwrap();
    let whole = std::fs::read(&file).unwrap();
    // Whichever page it is: the first is the header's and has a test of its own.
    for page in [1, pages / 2, pages - 1] {
        open.write_at(&[0; 4096], page * 4096).unwrap();
        let (is_well, said) = check(&place);
        assert!(!is_well && said.contains("the database file is damaged"), "page {page}: {said}");
        open.write_at(&whole, 0).unwrap();
    }
    let (is_well, said) = check(&place);
    assert!(is_well, "{said}");
    open.write_at(&[0; 4096], 0).unwrap();
    let (is_well, said) = check(&place);
    assert!(!is_well && said.contains("damaged"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_is_gone_or_has_come_less_far_is_not_vouched_for() {
    let (place, file) = at_rest().await;
    let folder = file.parent().unwrap();
    let away = place.folder.path().join("away");
    std::fs::rename(folder, &away).unwrap();
    let (is_well, said) = check(&place);
    assert!(!is_well && said.contains("karbon: it is empty"), "{said}");
    assert!(said.contains("not created yet"), "{said}");
    std::fs::rename(&away, folder).unwrap();
    assert!(check(&place).0);
    write(&file, "DELETE FROM audit WHERE number > 5;");
    let (is_well, said) = check(&place);
    assert!(!is_well && said.contains("karbon: its trail ends at entry 5"), "{said}");
}
