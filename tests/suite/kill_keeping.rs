//! `kill -9` of what keeps a store: a change of the key, a reload, a migration and its way back. Each is as it was, or
//! as it is to be.
//! `SEED` repeats a run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::backup::killed::{killed_after, part, seed};
use crate::backup::{Site, bare, done, mail, refused, some_work, text};
use crate::fuzz::chance::Chance;
use crate::served::{Place, Served, person};
use crate::store_contract::servers::{self, until};

const KILLS: usize = 8;
const PEOPLE: usize = 600;

/// Names the keys of the store, of which the first encrypts, and the folder with those of people.
pub fn keys(place: &Place, names: &[&str]) {
    let config = std::fs::read_to_string(place.config()).unwrap();
    let (_, rest) = config.split_once("[store]").unwrap();
    for name in names {
        let path = place.folder.path().join(name);
        if !path.exists() {
            let mut new_key = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
            std::fs::write(path, done(new_key.args(["store", "new-key"]))).unwrap();
        }
    }
    let people = place.folder.path().join("people-keys");
    if !people.is_dir() {
        std::fs::create_dir(&people).unwrap();
    }
    let named: Vec<String> = names.iter().map(|name| format!("{{ file = \"{name}\" }}")).collect();
    let keys = format!(
        "[keys]\nstore = [{}]\npeople = \"{}\"\n[store]{rest}",
        named.join(", "),
        people.display()
    );
    std::fs::write(place.config(), keys).unwrap();
}

fn rekey(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["store", "rekey", "--config"]).arg(place.config());
    command
}

/// Everything is read back, with whichever keys are named.
fn is_sound(place: &Place) -> String {
    done(place.command("check").arg("--store"))
}

/// Many people, and some contacts with their originals.
async fn peopled(site: &Site) {
    let people: Vec<Value> = (0..PEOPLE)
        .map(|number| {
            let letters = json!({"kind": "channels_only", "channels": ["letter"]});
            let phone = format!("+4477009{number:05}");
            let mut one =
                person(&format!("P-{number}"), &format!("p{number}@x.example"), &phone, letters);
            one["restrictions"][0]["id"] = json!(format!("R-{number}"));
            one
        })
        .collect();
    tokio::task::block_in_place(|| site.place.import(&json!(people)));
    let served = site.place.serve();
    for number in 0..20 {
        let contact = json!({"id": format!("c-{number}"), "channel": "social", "text": "Hello.",
            "from": [{"kind": "email", "value": format!("p{number}@x.example")}]});
        served.ask("POST", "/api/v1/contacts", &contact).await;
    }
    tokio::task::block_in_place(|| served.stop());
}

/// Copies the files of a store, and leaves none that were there.
fn replace(from: &Path, to: &Path) {
    let files = |folder: &Path| -> Vec<PathBuf> {
        let found = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
        found.filter(|path| path.is_file()).collect()
    };
    std::fs::create_dir_all(to).unwrap();
    files(to).iter().for_each(|path| std::fs::remove_file(path).unwrap());
    for path in files(from) {
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_of_the_key_leaves_each_record_as_it_was_or_is_to_be() {
    let mut chance = Chance(seed());
    let site = bare(None).await;
    // Plain at first: every record has to be written anew.
    peopled(&site).await;
    let store = site.place.folder.path().join("store");
    let kept = site.place.folder.path().join("kept");
    replace(&store, &kept);
    keys(&site.place, &["first"]);
    let begun = Instant::now();
    let all = done(&mut rekey(&site.place));
    let takes = begun.elapsed();
    assert!(!all.contains("records 0,"), "{all}");
    replace(&kept, &store);
    let known = is_sound(&site.place);
    for _ in 0..KILLS {
        killed_after(&mut rekey(&site.place), part(takes, &mut chance));
        assert_eq!(is_sound(&site.place), known);
    }
    done(&mut rekey(&site.place));
    assert!(done(&mut rekey(&site.place)).starts_with("re-encrypted: records 0, originals 0"));
    assert_eq!(is_sound(&site.place), known);

    // From one key to another: people's keys are wrapped anew, and the rest is written anew.
    keys(&site.place, &["second", "first"]);
    for _ in 0..KILLS {
        killed_after(&mut rekey(&site.place), part(takes, &mut chance));
        assert_eq!(is_sound(&site.place).lines().last(), known.lines().last());
    }
    done(&mut rekey(&site.place));
    std::fs::remove_file(site.place.folder.path().join("first")).unwrap();
    keys(&site.place, &["second"]);
    assert_eq!(is_sound(&site.place).lines().last(), known.lines().last());
}

fn hang_up(served: &Served) {
    let id = served.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
}

/// So many times since it was started: what is said at the start is not among it.
async fn is_ready(served: &Served, times: usize) {
    let ready = || served.said().iter().filter(|line| *line == "ready").count();
    until("it is ready again", || async { ready() >= times }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_gateway_takes_up_a_new_key_and_lets_go_of_the_old_one() {
    let site = crate::backup::site(None).await;
    keys(&site.place, &["first"]);
    let served = site.place.serve();
    let id = served.id();
    some_work(&served).await;
    let before = served.queue("limited").await.len();

    keys(&site.place, &["first", "second"]);
    hang_up(&served);
    is_ready(&served, 1).await;
    keys(&site.place, &["second", "first"]);
    hang_up(&served);
    is_ready(&served, 2).await;
    mail(&served, "after-the-change").await;
    let said = done(&mut rekey(&site.place));
    assert!(!said.contains("records 0,") && !said.contains("keys of people 0"), "{said}");
    std::fs::remove_file(site.place.folder.path().join("first")).unwrap();
    keys(&site.place, &["second"]);
    hang_up(&served);
    is_ready(&served, 3).await;
    assert_eq!(served.queue("limited").await.len(), before + 1);
    mail(&served, "without-the-old-one").await;
    assert_eq!(served.queue("limited").await.len(), before + 2);
    assert_eq!(served.id(), id, "it was never stopped");
    is_sound(&site.place);
    tokio::task::block_in_place(|| served.stop());
}

/// On the store of this URL, or on an embedded one.
async fn killed_while_it_reloads(url: Option<&str>) {
    let mut chance = Chance(seed());
    let site = crate::backup::site(url).await;
    keys(&site.place, &["first"]);
    let mut served = site.place.serve();
    until("it has its store", || served.has_its_store()).await;
    some_work(&served).await;
    let mut kept = served.queue("limited").await.len();
    for round in 0..KILLS {
        let names = if round % 2 == 0 { ["second", "first"] } else { ["first", "second"] };
        keys(&site.place, &names);
        mail(&served, &format!("round-{round}")).await;
        kept += 1;
        hang_up(&served);
        tokio::time::sleep(part(Duration::from_millis(600), &mut chance)).await;
        tokio::task::block_in_place(|| served.kill());
        served = site.place.serve();
        until("it has its store", || served.has_its_store()).await;
        assert_eq!(served.queue("limited").await.len(), kept, "round {round}");
        is_sound(&site.place);
    }
    tokio::task::block_in_place(|| served.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_while_it_reloads_has_lost_nothing() {
    killed_while_it_reloads(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_redis_too_a_gateway_that_is_killed_while_it_reloads_has_lost_nothing() {
    let ground = servers::single().await;
    killed_while_it_reloads(Some(&ground.url)).await;
}

/// Takes a database back to the version before the lists by which the trail is searched.
fn before_marks(place: &Place) {
    let store = Connection::open(place.folder.path().join("store/gateway.sqlite3")).unwrap();
    let sql = "DROP TABLE audit_mark; DROP TABLE audit_day; DROP TABLE restricted;
        WITH RECURSIVE upwards(n) AS
            (SELECT (SELECT max(number) FROM audit) + 1 UNION ALL SELECT n + 1 FROM upwards LIMIT 30000)
        INSERT INTO audit SELECT 'karbon', n, 1700000000000000 + n,
            json_object('number', n, 'at', '2026-01-01T00:00:00Z', 'by', 'A', 'event', 'account',
                'account', 'A', 'action', 'signed_in') FROM upwards;
        PRAGMA user_version = 4";
    store.execute_batch(sql).unwrap();
}

/// Its version, and whether the tables of the newest are there.
fn version(place: &Place) -> (i64, bool) {
    let store = Connection::open(place.folder.path().join("store/gateway.sqlite3")).unwrap();
    let version = store.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name IN ('audit_mark', 'audit_day', 'restricted')";
    let tables: i64 = store.query_row(sql, [], |row| row.get(0)).unwrap();
    (version, tables == 3)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_migration_is_done_whole_or_not_begun() {
    let mut chance = Chance(seed());
    let site = crate::backup::site(None).await;
    before_marks(&site.place);
    let file = site.place.folder.path().join("store/gateway.sqlite3");
    let old = std::fs::read(&file).unwrap();
    let opening = || {
        let mut command = site.place.command("audit");
        command.args(["--organisation", "karbon", "list", "--person", "P-1", "--limit", "1"]);
        command
    };
    let begun = Instant::now();
    done(&mut opening());
    let takes = begun.elapsed();
    assert_eq!(version(&site.place), (6, true));
    let mut seen = Vec::new();
    for _ in 0..KILLS {
        if version(&site.place).0 == 6 {
            for log in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{log}", file.display()));
            }
            std::fs::write(&file, &old).unwrap();
        }
        killed_after(&mut opening(), part(takes, &mut chance));
        let (version, has_tables) = version(&site.place);
        assert_eq!(version == 6, has_tables, "version {version}");
        assert!([4, 6].contains(&version), "version {version}");
        seen.push(version);
    }
    let output = opening().output().unwrap();
    assert!(output.status.success(), "{}: {seen:?}", text(&output.stderr));
    assert_eq!(version(&site.place), (6, true));
}

fn go_back(place: &Place) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["store", "go-back", "--config"]).arg(place.config());
    command
}

/// A gateway has encrypted with the key of a person: a digest, and a reference that is then counted many times.
async fn counted(site: &Site) {
    keys(&site.place, &["first"]);
    let issues = json!({"kind": "issue_quota", "limit": 5, "per": "week", "window": "calendar"});
    let people = json!([person("P-1", "jo@x.example", "+447700900456", issues)]);
    tokio::task::block_in_place(|| site.place.import(&people));
    let served = site.place.serve();
    let call = json!({"id": "call-1", "channel": "telephone", "issue": "C-7",
        "from": [{"kind": "phone", "value": "+447700900456", "assurance": "proven"}],
        "to": ["+441910000001"]});
    served.ask("POST", "/api/v1/contacts", &call).await;
    let output = tokio::task::block_in_place(|| go_back(&site.place).output().unwrap());
    refused(&output, 1, "a gateway runs on [state] folder: stop it; nothing was changed");
    tokio::task::block_in_place(|| served.stop());
    let store = Connection::open(site.place.folder.path().join("store/gateway.sqlite3")).unwrap();
    let many =
        "WITH RECURSIVE upwards(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM upwards LIMIT 20000)
        INSERT INTO counted SELECT counted.* FROM counted CROSS JOIN upwards";
    store.execute_batch(many).unwrap();
}

/// The version, and how many digests and references are plain and not plain.
fn forms(place: &Place) -> (i64, i64, i64) {
    let store = Connection::open(place.folder.path().join("store/gateway.sqlite3")).unwrap();
    let version = store.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    let sql = "SELECT sum(is_plain), sum(NOT is_plain) FROM (
        SELECT issue = 'C-7' AS is_plain FROM counted UNION ALL SELECT length(digest) = 32 FROM decision)";
    let (plain, others) = store.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    (version, plain, others)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_way_back_is_gone_whole_or_not_begun() {
    let mut chance = Chance(seed());
    let site = bare(None).await;
    counted(&site).await;
    let store = site.place.folder.path().join("store");
    let kept = site.place.folder.path().join("kept");
    let known = is_sound(&site.place);
    let (version, plain, all) = forms(&site.place);
    assert_eq!((version, plain), (6, 0));
    assert!(all > 20_000, "{all}");
    replace(&store, &kept);
    let begun = Instant::now();
    let said = done(&mut go_back(&site.place));
    let takes = begun.elapsed();
    assert_eq!(said, format!("the store has version 5: rewritten {all}, left out 0\n"));
    assert_eq!(forms(&site.place), (5, all, 0));
    for _ in 0..KILLS {
        replace(&kept, &store);
        killed_after(&mut go_back(&site.place), part(takes, &mut chance));
        let forms = forms(&site.place);
        assert!([(6, 0, all), (5, all, 0)].contains(&forms), "{forms:?}");
    }
    // A killed command does not hinder the next, and either version it left is brought up to date.
    let output = go_back(&site.place).output().unwrap();
    assert_eq!(forms(&site.place), (5, all, 0), "{}", text(&output.stderr));
    let mut opening = site.place.command("audit");
    done(opening.args(["--organisation", "karbon", "list", "--limit", "1"]));
    assert_eq!(forms(&site.place), (6, all, 0));
    assert_eq!(is_sound(&site.place), known);
    done(&mut rekey(&site.place));
    assert_eq!(forms(&site.place), (6, 0, all));
}
