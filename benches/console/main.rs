//! How long pages of the console take to make, beside the bare indexed query behind each, in one run: the first page
//! and the deepest of a queue, of a person's timeline and of the audit trail, on the embedded store and on Redis. The
//! floor is the least that such a page takes: the queries, their records read as JSON, and a page with nothing on it but
//! who is signed in.
//!
//! `cargo bench --bench console -- 100000 1000000` is the size: people, and contacts. The store is filled by what a copy
//! of another store is written with: people, items and the trail, which counts as followed to its end, without the
//! tallies and months that following makes of it. No duration is asserted.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

mod bare;
#[path = "../karbon.rs"]
mod karbon;
mod server;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::accounts::NewAccount;
use contact_gateway::casework::{Casework, Desk};
use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decide::{Dossier, decide};
use contact_gateway::domain::ledger::Ledger;
use contact_gateway::domain::organisation::{Organisation, OrganisationId};
use contact_gateway::domain::person::Person;
use contact_gateway::domain::profile::Role;
use contact_gateway::domain::queue::{ItemState, QueueItem};
use contact_gateway::domain::roster::Roster;
use contact_gateway::domain::sender;
use contact_gateway::intake::roster::Rosters;
use contact_gateway::intake::{Intake, Parts};
use contact_gateway::ports::documents::Document;
use contact_gateway::ports::portable::{CopyMark, CopyState, Kind, Portable, Record};
use contact_gateway::ports::{Register, Release, ReleaseError, Store, SystemClock};
use contact_gateway::runtime::health::Health;
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::runtime::shutdown::Shutdown;
use contact_gateway::staff::{self, Staff};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::RedisSettings;
use http_body_util::BodyExt;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, ORIGIN, SET_COOKIE};
use hyper::{Request, StatusCode};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tower::ServiceExt;

use bare::Bare;
use server::Server;

/// Of so many contacts one has an item on a queue, and of so many items one waits.
const ITEM_EVERY: usize = 5;
const WAITS_EVERY: usize = 20;
/// Records that are written together.
const TOGETHER: usize = 2_000;
/// Each page and each query so often; the median counts.
const TIMES: usize = 101;
/// Rows of a page.
const ROWS: usize = 50;
/// How long a gateway may take to load who is on record.
const LOAD_WAIT: Duration = Duration::from_secs(600);
/// One person has so many of the contacts: their timeline has a deep page.
const OF_ONE: usize = 5_000;

/// Both ends of a store: filled by one, asked by the other.
trait Filled: Store + Portable {}
impl<T: Store + Portable> Filled for T {}

struct NoRelease;

#[async_trait]
impl Release for NoRelease {
    async fn release(
        &self,
        _: &OrganisationId,
        _: &QueueItem,
        _: Bytes,
    ) -> Result<(), ReleaseError> {
        Ok(())
    }
}

/// A contact as it was decided, of which only ids and instants differ from one to the next.
struct Sample {
    decided: AuditEvent,
    item: QueueItem,
    begun: DateTime<Utc>,
}

impl Sample {
    fn of(organisation: &Organisation, begun: DateTime<Utc>) -> Self {
        let person = person(0);
        let contact: Contact = serde_json::from_value(serde_json::json!({
            "id": "c", "channel": "email", "at": begun, "subject": "The window",
            "from": [{"kind": "email", "value": "p0@mail.example", "assurance": "proven"}],
            "to": ["repairs@karbon.example"],
            "text": "When is somebody coming to look at the window in the hall? ".repeat(6),
        }))
        .unwrap();
        let roster = Roster::new([Arc::new(person)], organisation.profile.nation);
        let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
        let ledger = Ledger::default();
        let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
        let verdict = decide(organisation, dossier, &contact, contact.at);
        let item = verdict.item.unwrap_or_else(|| panic!("a limited contact has an item"));
        Sample { decided: AuditEvent::Decided(verdict.audit), item, begun }
    }

    fn at(&self, number: usize) -> DateTime<Utc> {
        self.begun + TimeDelta::seconds(i64::try_from(number).unwrap())
    }

    fn entry(&self, number: usize, of: &str) -> AuditEntry {
        let mut event = self.decided.clone();
        if let AuditEvent::Decided(decided) = &mut event {
            decided.contact = contact_id(number);
            decided.person = Some(of.to_owned());
        }
        AuditEntry {
            number: u64::try_from(number).unwrap() + 1,
            at: self.at(number),
            by: "gateway".to_owned(),
            event,
        }
    }

    fn item(&self, number: usize, of: &str) -> QueueItem {
        let id = contact_id(number);
        let waits = (number / ITEM_EVERY).is_multiple_of(WAITS_EVERY);
        QueueItem {
            contact: id.clone(),
            id,
            person: Some(of.to_owned()),
            at: self.at(number),
            state: if waits { ItemState::Open } else { ItemState::Closed },
            ..self.item.clone()
        }
    }
}

fn contact_id(number: usize) -> String {
    format!("c-{number:010}")
}

fn person(number: usize) -> Person {
    serde_json::from_value(serde_json::json!({
        "id": format!("P-{number}"), "name": format!("Jo Doe {number}"),
        "identifiers": [{"kind": "email", "value": format!("p{number}@mail.example")}],
        "restrictions": [{
            "id": format!("R-{number}"), "kind": "channels_only", "channels": ["letter"],
            "grounds": "demands", "clause": "6.2", "starts": "2026-01-05",
            "review_due": "2027-01-05", "decided_by": "Max"
        }],
    }))
    .unwrap()
}

/// Whose a contact is.
fn of(number: usize, people: usize, contacts: usize) -> String {
    let stride = (contacts / OF_ONE.min(contacts)).max(1);
    if number.is_multiple_of(stride) { "P-0".to_owned() } else { format!("P-{}", number % people) }
}

async fn fill(
    name: &str,
    store: &dyn Filled,
    organisation: &Organisation,
    sample: &Sample,
    (people, contacts): (usize, usize),
) {
    let begun = Instant::now();
    let mark = |state| CopyMark { from: "made up".to_owned(), state, tallies: BTreeMap::new() };
    let carrying = |kind| mark(CopyState::Carrying { kind, after: None });
    let mut records = Vec::new();
    for number in 0..people {
        records.push(Record::Person(Box::new(person(number))));
        if records.len() == TOGETHER || number + 1 == people {
            let some = std::mem::take(&mut records);
            store.carry_in(&organisation.id, some, &carrying(Kind::People)).await.unwrap();
        }
    }
    for kind in [Kind::Items, Kind::Audit] {
        for number in 0..contacts {
            let whose = of(number, people, contacts);
            match kind {
                Kind::Items if number.is_multiple_of(ITEM_EVERY) => {
                    records.push(Record::Item(Box::new(sample.item(number, &whose))));
                }
                Kind::Audit => records.push(Record::Audit(Box::new(sample.entry(number, &whose)))),
                _ => {}
            }
            if records.len() == TOGETHER || (number + 1 == contacts && !records.is_empty()) {
                let some = std::mem::take(&mut records);
                store.carry_in(&organisation.id, some, &carrying(kind)).await.unwrap();
            }
        }
    }
    // As the gateway keeps it of a trail that it has followed: else each page would follow a part of it first.
    let followed = serde_json::json!({"number": contacts});
    let followed = Document::new("followed", "trail", 0, Vec::new(), &followed).unwrap();
    let finished = mark(CopyState::Finished { at: Utc::now() });
    let last = vec![Record::Document(Box::new(followed))];
    store.carry_in(&organisation.id, last, &finished).await.unwrap();
    println!("{name}: filled in {:.0} s", begun.elapsed().as_secs_f64());
}

/// The staff listener on a store, and a cookie that opens it.
struct Console {
    store: Arc<dyn Store>,
    archive: Arc<FileArchive>,
    router: Router,
    cookie: String,
    _shutdown: Shutdown,
}

impl Console {
    async fn open(store: Arc<dyn Store>, organisation: Organisation, folder: &Path) -> Console {
        let organisation = Arc::new(organisation);
        let archive = Arc::new(FileArchive::open(&folder.join("archive")).unwrap());
        let journal = Arc::new(FileJournal::open(&folder.join("journal")).unwrap());
        let organisations = vec![Arc::clone(&organisation)];
        let rosters = Arc::new(Rosters::new(&organisations));
        let shutdown = Shutdown::new();
        let (register, following): (Arc<dyn Register>, _) = (store.clone(), Arc::clone(&rosters));
        let (changes, stopping) = (store.changes(), shutdown.stopping());
        tokio::spawn(async move { following.follow(register, changes, stopping).await });
        let metrics = Arc::new(Metrics::new());
        let clock = Arc::new(SystemClock);
        let (plain, _waiting) = mpsc::channel(16);
        let (announcements, _heard) = mpsc::channel(16);
        let intake = Arc::new(Intake::new(Parts {
            organisations: organisations.clone(),
            rosters: Arc::clone(&rosters),
            store: Arc::clone(&store),
            archive: archive.clone(),
            journal,
            clock: clock.clone(),
            plain,
            announcements,
            metrics: Arc::clone(&metrics),
        }));
        let desk = Desk::new(store.clone(), archive.clone(), Arc::new(NoRelease), clock);
        let begun = Instant::now();
        while !rosters.are_known() {
            assert!(begun.elapsed() < LOAD_WAIT, "nobody is loaded");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let casework = Casework::new(desk, intake, organisations.clone()).with_directory(rosters);
        let staff = Arc::new(Staff::new(casework, Vec::new(), Health::new(), metrics));
        let router = staff::router(Arc::clone(&staff));
        let new = NewAccount {
            login: "bo".to_owned(),
            name: "Bo Carr".to_owned(),
            role: Role("governance".to_owned()),
        };
        let token = staff.accounts().demo_pass(&organisation, new).await.unwrap();
        let path = format!("/invitation/{}/{token}", organisation.id);
        let request = Request::builder()
            .method("POST")
            .uri(path)
            .header(HOST, "desk.example")
            .header(ORIGIN, "http://desk.example")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        let answer = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let cookie = answer.headers()[SET_COOKIE].to_str().unwrap();
        let cookie = cookie.split(';').next().unwrap().to_owned();
        Console { store, archive, router, cookie, _shutdown: shutdown }
    }

    /// A desk that remembers nothing.
    fn desk_anew(&self) -> Desk {
        let (store, archive) = (Arc::clone(&self.store), self.archive.clone());
        Desk::new(store, archive, Arc::new(NoRelease), Arc::new(SystemClock))
    }

    async fn page(&self, path: &str) -> String {
        let request = Request::builder()
            .uri(path)
            .header(HOST, "desk.example")
            .header("accept", "text/html")
            .header(COOKIE, &self.cookie);
        let request = request.body(Body::empty()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(body.to_vec()).unwrap()
    }

    /// The middle of how long a page takes.
    async fn takes(&self, path: &str) -> Duration {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let begun = Instant::now();
            self.page(path).await;
            times.push(begun.elapsed());
        }
        middle(times)
    }
}

fn middle(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.swap_remove(TIMES / 2)
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1e3
}

/// Reads a record as the gateway has to.
fn read<T: DeserializeOwned>(record: &str) {
    black_box(serde_json::from_str::<T>(record).unwrap());
}

async fn measure(name: &str, console: &Console, mut bare: Bare, contacts: usize) {
    let organisation = karbon::organisation();
    let (id, last) = (organisation.id.as_str(), u64::try_from(contacts).unwrap());
    let every = ITEM_EVERY * WAITS_EVERY;
    let deep = contacts.saturating_sub(60 * every) / every * every;
    let after = contact_id(deep);
    // What was carried in is indexed as soon as it is asked for, which may take longer than a page waits.
    let begun = Instant::now();
    console.desk_anew().person_timeline(&organisation, "P-0", None, ROWS).await.unwrap();
    println!("{name}: indexed in {:.0} s\n", begun.elapsed().as_secs_f64());
    println!("| store | page | page, ms | query, ms | ratio | floor, ms | of the floor |");
    println!("|---|---|---|---|---|---|---|");
    // Nothing of the store but a session.
    let empty = console.takes("/help").await;
    let deep_queue = format!("/queues/limited?after={after}");
    let (entry, item, nothing) = (read::<AuditEntry>, read::<QueueItem>, |_: &str| {});
    let rows: [(&str, &str, (Duration, Duration)); 8] = [
        ("my work", "/", bare.takes(|bare| bare.counts(id), nothing)),
        ("queues", "/queues", bare.takes(|bare| bare.counts(id), nothing)),
        ("queue, first", "/queues/limited", bare.takes(|bare| bare.queue(id, None), item)),
        ("queue, deepest", &deep_queue, bare.takes(|bare| bare.queue(id, Some(deep)), item)),
        (
            "timeline, first",
            "/people/P-0?tab=timeline",
            bare.takes(|bare| bare.trail(id, Some("P-0"), last), entry),
        ),
        (
            "timeline, deepest",
            "/people/P-0?tab=timeline&before=20000",
            bare.takes(|bare| bare.trail(id, Some("P-0"), 20_000), entry),
        ),
        ("trail, first", "/audit", bare.takes(|bare| bare.trail(id, None, last), entry)),
        ("trail, deepest", "/audit?before=60", bare.takes(|bare| bare.trail(id, None, 60), entry)),
    ];
    let counting = bare.takes(|bare| bare.counts(id), nothing).0;
    for (page, path, (query, and_read)) in rows {
        let took = console.takes(path).await;
        // The page of a queue says how many wait.
        let counted = if page.starts_with("queue,") { counting } else { Duration::ZERO };
        let floor = empty + and_read + counted;
        println!(
            "| {name} | {page} | {:.2} | {:.3} | {:.1} | {:.2} | {:.1} |",
            ms(took),
            ms(query),
            took.as_secs_f64() / query.as_secs_f64(),
            ms(floor),
            took.as_secs_f64() / floor.as_secs_f64()
        );
    }
    println!("| {name} | a page with nothing but its session | {:.2} | | | | |", ms(empty));
    // What was counted for a timeline is remembered: a desk of its own counts it for the first time.
    let begun = Instant::now();
    console.desk_anew().person_timeline(&organisation, "P-0", None, ROWS).await.unwrap();
    println!("| {name} | timeline, counted | {:.2} | | | | |", ms(begun.elapsed()));
    let took = console.takes("/people?q=doe+77").await;
    println!("| {name} | people, search | {:.2} | in memory | | | |", ms(took));
}

fn size() -> (usize, usize) {
    let mut numbers = std::env::args().filter_map(|one| one.parse::<usize>().ok());
    let people = numbers.next().unwrap_or(10_000);
    (people, numbers.next().unwrap_or(10 * people))
}

#[tokio::main]
async fn main() {
    let (people, contacts) = size();
    println!("{people} people, {contacts} contacts\n");
    let organisation = karbon::organisation();
    let sample = Sample::of(&organisation, "2026-01-10T00:00:00Z".parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let embedded = Embedded::open(&file).unwrap();
    fill("embedded", embedded.as_ref(), &organisation, &sample, (people, contacts)).await;
    let console = Console::open(embedded, karbon::organisation(), folder.path()).await;
    let open = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY;
    let bare = rusqlite::Connection::open_with_flags(file.join("gateway.sqlite3"), open).unwrap();
    measure("embedded", &console, Bare::Embedded(bare), contacts).await;
    drop(console);

    let server = Server::start(folder.path());
    let url = format!("redis://127.0.0.1:{}", server.port);
    let settings = RedisSettings { url: url.clone().into(), replicas_acknowledged: 0 };
    let store = Redis::open(settings).unwrap();
    fill("Redis", store.as_ref(), &organisation, &sample, (people, contacts)).await;
    let place = folder.path().join("on-redis");
    std::fs::create_dir_all(&place).unwrap();
    let console = Console::open(store, karbon::organisation(), &place).await;
    let bare = redis::Client::open(url).unwrap().get_connection().unwrap();
    measure("Redis", &console, Bare::Redis(bare), contacts).await;
}
