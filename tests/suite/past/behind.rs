//! A gateway whose store has forgotten, through the real program: on every way that a store can forget.

use std::cell::Cell;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::until;

pub const JO: &str = "jo@x.example";
pub const SAM: &str = "sam@x.example";
pub const STRANGER: &str = "kim@y.example";

/// A gateway's place, on the store of this URL or an embedded one. Jo may make contact once a week, Sam
/// by letter alone.
pub fn place(url: Option<&str>) -> Place {
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    if let Some(url) = url {
        place.store_at(url);
    }
    place
}

pub fn import(place: &Place) {
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "rolling"});
    let closed = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([
        person("P-1", JO, "+447700900001", quota),
        person("P-2", SAM, "+447700900002", closed),
    ]));
}

pub async fn decided(served: &Served, id: &str, from: &str) -> Value {
    let contact = json!({"id": id, "channel": "email", "text": "The tap drips.",
        "from": [{"kind": "email", "value": from, "assurance": "asserted"}]});
    served.ask("POST", "/api/v1/contacts", &contact).await
}

fn has(decision: &Value, flag: &str) -> bool {
    decision["flags"].as_array().unwrap().iter().any(|one| one == flag)
}

/// What `ready` says of the store; `None`: that all is well.
pub async fn fault(served: &Served) -> Option<String> {
    let got = served.try_ask("GET", "/health/ready", &Value::Null).await;
    let text = got.text();
    text.contains("older than last seen").then_some(text)
}

pub async fn becomes_behind(served: &Served) {
    until("the store is behind", || async { fault(served).await.is_some() }).await;
}

pub async fn becomes_well(served: &Served) {
    until("the store is well", || async {
        fault(served).await.is_none() && served.has_its_store().await
    })
    .await;
}

/// The last known restrictions hold, and every decision says on what it was made.
pub async fn holds_what_was_known(served: &Served, round: &str) {
    for (from, disposition) in [(JO, "deliver"), (SAM, "limit"), (STRANGER, "deliver")] {
        for target in ["/api/v1/contacts", "/api/v1/decisions/preview"] {
            let contact = json!({"id": format!("{round}-{from}"), "channel": "email",
                "from": [{"kind": "email", "value": from, "assurance": "asserted"}]});
            let decision = served.ask("POST", target, &contact).await;
            assert_eq!(decision["disposition"], disposition, "{target} {from}: {decision}");
            assert_eq!(decision["stale"], true, "{decision}");
            assert!(has(&decision, "store_behind"), "{target} {from}: {decision}");
            assert_eq!(has(&decision, "limits_unchecked"), from == JO, "{decision}");
        }
    }
    let metrics = served.metrics().await;
    assert!(metrics.contains("contact_gateway_store_behind{organisation=\"karbon\"} 1"));
    assert!(served.said().iter().any(|line| line.contains("the store is older than last seen")));
}

/// All is as before: Jo's quota is used up, Sam may write letters.
pub async fn is_as_it_was(served: &Served, round: &str) {
    for (from, disposition) in [(JO, "limit"), (SAM, "limit"), (STRANGER, "deliver")] {
        let decision = decided(served, &format!("{round}-{from}"), from).await;
        assert_eq!(decision["disposition"], disposition, "{from}: {decision}");
        assert_eq!(decision["stale"], false, "{decision}");
    }
    let metrics = served.metrics().await;
    assert!(!metrics.contains("contact_gateway_store_behind{organisation=\"karbon\"} 1"));
}

/// `store accept`; whether it did, and what it said.
pub fn accepted(place: &Place) -> (bool, String) {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["store", "accept", "--config"]).arg(place.config());
    let ended = command.current_dir(place.folder.path()).output().unwrap();
    let said = String::from_utf8([ended.stdout, ended.stderr].concat()).unwrap();
    (ended.status.success(), said)
}

/// `store accept`; what it printed.
pub fn accept(place: &Place) -> String {
    let (is_accepted, said) = accepted(place);
    assert!(is_accepted, "{said}");
    said
}

pub fn database(place: &Place) -> PathBuf {
    place.folder.path().join("store/gateway.sqlite3")
}

/// An embedded store that has been in use, and the database as it was before that.
async fn used() -> (Place, PathBuf, Served) {
    used_in(place(None)).await
}

/// The same in a place of one's own.
pub async fn used_in(place: Place) -> (Place, PathBuf, Served) {
    import(&place);
    // What the gateway reminds of at its first start is in the older database too.
    let served = place.serve();
    at_rest(&place, &served, 2).await;
    served.stop();
    let older = place.folder.path().join("older.sqlite3");
    std::fs::copy(database(&place), &older).unwrap();
    let before = kept_number(&place);
    let served = place.serve();
    decided(&served, "first", JO).await;
    is_as_it_was(&served, "before").await;
    at_rest(&place, &served, before + 2).await;
    (place, older, served)
}

/// Waits until so many entries are known of, nothing has come behind them for a while, and the log is
/// written back.
pub async fn at_rest(place: &Place, served: &Served, entries: u64) {
    let log = place.folder.path().join("store/gateway.sqlite3-wal");
    settled(place, served, entries).await;
    until("the log is written back", || async { std::fs::metadata(&log).unwrap().len() == 0 })
        .await;
    settled(place, served, entries).await;
}

/// The same, wherever the entries are.
pub async fn settled(place: &Place, served: &Served, entries: u64) {
    let last = Cell::new((0, Instant::now()));
    until("what was decided is kept", || async {
        let number = served.audit().await.last().unwrap()["number"].as_u64().unwrap();
        if last.get().0 != number {
            last.set((number, Instant::now()));
        }
        let (number, since) = last.get();
        number >= entries
            && kept_number(place) == number
            && since.elapsed() > Duration::from_secs(1)
    })
    .await;
}

/// How far the store is known to have come.
pub fn kept_number(place: &Place) -> u64 {
    let path = place.folder.path().join("state/past/karbon/mark.json");
    let mark: Value = std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    mark["last"]["number"].as_u64().unwrap_or_default()
}

/// Every way in which an embedded store forgets without being damaged.
const FORGETS: [&str; 4] = ["emptied", "deleted", "replaced", "overwritten"];

fn forget(how: &str, database: &Path, older: &Path) {
    let beside = |end: &str| PathBuf::from(format!("{}{end}", database.display()));
    match how {
        "emptied" => std::fs::write(database, "").unwrap(),
        "deleted" => std::fs::remove_file(database).unwrap(),
        "replaced" => {
            let copy = beside(".copy");
            std::fs::copy(older, &copy).unwrap();
            std::fs::rename(copy, database).unwrap();
        }
        // In place: what has the file open has the same file.
        "overwritten" => drop(std::fs::copy(older, database).unwrap()),
        _ => unreachable!(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_that_forgets_while_it_is_in_use_is_noticed_and_can_be_accepted() {
    for how in FORGETS {
        println!("{how}");
        let (place, older, served) = used().await;
        forget(how, &database(&place), &older);
        becomes_behind(&served).await;
        holds_what_was_known(&served, "meanwhile").await;
        // Whatever is opened anew meanwhile changes nothing.
        tokio::time::sleep(Duration::from_millis(2500)).await;
        holds_what_was_known(&served, "later").await;

        let said = accept(&place);
        assert!(said.contains("accepted as it is"), "{said}");
        becomes_well(&served).await;
        // What was decided meanwhile is on record, once, and what the store holds is in force.
        until("what waited is replayed", || async {
            let trail = served.audit().await;
            let of = |id: &str| trail.iter().filter(|entry| entry["contact"] == id).count();
            of(&format!("meanwhile-{SAM}")) == 1 && of(&format!("later-{STRANGER}")) == 1
        })
        .await;
        let is_empty = how == "emptied" || how == "deleted";
        let sam = decided(&served, "after", SAM).await;
        assert_eq!(sam["disposition"], if is_empty { "deliver" } else { "limit" }, "{how}: {sam}");
        let trail = served.audit().await;
        assert!(trail.iter().any(|entry| entry["event"] == "store_accepted"));
        assert!(accept(&place).contains("not behind"));
        served.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_that_has_forgotten_at_a_start_is_noticed_and_can_be_restored() {
    for how in FORGETS {
        println!("{how}");
        let (place, older, served) = used().await;
        served.stop();
        let newer = place.folder.path().join("newer.sqlite3");
        std::fs::copy(database(&place), &newer).unwrap();
        forget(how, &database(&place), &older);
        let served = place.serve();
        assert!(fault(&served).await.is_some(), "{how}");
        holds_what_was_known(&served, "meanwhile").await;
        served.stop();
        // And at the next start.
        let served = place.serve();
        holds_what_was_known(&served, "again").await;
        forget("replaced", &database(&place), &newer);
        becomes_well(&served).await;
        until("what waited is replayed", || async {
            let trail = served.audit().await;
            trail.iter().any(|entry| entry["contact"] == format!("again-{SAM}"))
        })
        .await;
        is_as_it_was(&served, "after").await;
        served.stop();
    }
}
