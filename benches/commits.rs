//! What a commit costs each store, and what recording decisions on unrestricted contacts does: one
//! commit at a time, and 64 at once. The decision is made beforehand; what is measured is reading the
//! ledger, writing all that belongs to it, the sync and the answer.
//!
//! The embedded store syncs, as always. Redis is a server of its own that writes no disk, so that its
//! own time for a commit, printed behind, is that of the script.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

mod karbon;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decide::{Dossier, decide};
use contact_gateway::domain::ledger::Ledger;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::roster::Roster;
use contact_gateway::domain::sender;
use contact_gateway::ports::{CommitRequest, PlainDecision, Settled, Store};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::RedisSettings;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tokio::runtime::Runtime;

const AT_ONCE: [u64; 2] = [1, 64];
/// Contacts go round so many people, so that nobody's ledger grows much.
const PEOPLE: u64 = 1_000;
/// Decisions on unrestricted contacts that are recorded together.
const PLAIN_TOGETHER: u64 = 128;
/// How long a Redis server may take to start.
const START_WAIT: Duration = Duration::from_secs(10);

/// A decided contact, of which only ids and instants differ from one to the next.
struct Decided {
    organisation: OrganisationId,
    at: DateTime<Utc>,
    settled: Settled,
}

impl Decided {
    fn new() -> Self {
        let organisation = karbon::organisation();
        let person: Person = serde_json::from_value(serde_json::json!({
            "id": "P-0", "identifiers": [{"kind": "email", "value": "p@mail.example"}],
            "restrictions": [{"id": "R-0", "kind": "contact_quota", "limit": 1000, "per": "week"}],
        }))
        .unwrap();
        let text = "The boiler has been out of order since Monday, and nobody has come. ".repeat(6);
        let contact: Contact = serde_json::from_value(serde_json::json!({
            "id": "c", "channel": "email", "at": "2026-11-21T10:00:00Z", "subject": "The boiler",
            "from": [{"kind": "email", "value": "p@mail.example"}], "text": text,
        }))
        .unwrap();
        let roster = Roster::new([Arc::new(person)], organisation.profile.nation);
        let sender = sender::resolve(&roster, &organisation.profile, &contact, contact.at);
        let ledger = Ledger::default();
        let dossier = Dossier { sender: &sender, ledger: Some(&ledger), reading: None };
        let verdict = decide(&organisation, dossier, &contact, contact.at);
        let settled = Settled {
            decision: verdict.decision,
            additions: verdict.additions,
            item: verdict.item,
            audit: verdict.audit,
        };
        assert_eq!(settled.additions.counted.len(), 1);
        Decided { organisation: organisation.id, at: contact.at, settled }
    }

    /// The next contact: its number, when it came, and what was decided.
    fn next(&self) -> (u64, DateTime<Utc>, Settled) {
        // No id is given twice, so that every commit writes.
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let at = self.at + TimeDelta::milliseconds(i64::try_from(number).unwrap());
        let contact = format!("c-{number:010}");
        let mut settled = self.settled.clone();
        settled.decision.contact.clone_from(&contact);
        settled.audit.contact.clone_from(&contact);
        for counted in &mut settled.additions.counted {
            counted.at = at;
        }
        if let Some(received) = &mut settled.additions.received {
            (received.contact, received.at) = (contact, at);
        }
        (number, at, settled)
    }

    fn request(&self) -> CommitRequest {
        let (number, at, settled) = self.next();
        CommitRequest {
            organisation: self.organisation.clone(),
            contact: settled.decision.contact.clone(),
            digest: [7; 32],
            person: Some(format!("P-{}", number % PEOPLE)),
            also: Vec::new(),
            needs_received: false,
            counted_since: at - TimeDelta::days(32),
            at,
            preview: false,
            decide: Arc::new(move |_| Ok(settled.clone())),
        }
    }

    fn plain(&self) -> PlainDecision {
        let (_, at, settled) = self.next();
        PlainDecision {
            organisation: self.organisation.clone(),
            contact: settled.decision.contact.clone(),
            digest: [7; 32],
            at,
            decision: settled.decision,
            audit: settled.audit,
        }
    }
}

/// So many commits, `at_once` of them under way at any time.
async fn commit(
    store: &Arc<dyn Store>,
    decided: &Arc<Decided>,
    commits: u64,
    at_once: u64,
) -> Duration {
    let left = Arc::new(AtomicU64::new(commits));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (store, decided, left) =
                (Arc::clone(store), Arc::clone(decided), Arc::clone(&left));
            tokio::spawn(async move {
                let one_less = |left: u64| left.checked_sub(1);
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
                    assert!(
                        !store
                            .commit(decided.request())
                            .await
                            .unwrap()
                            .committed()
                            .unwrap()
                            .repeated
                    );
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    begun.elapsed()
}

/// So many decisions recorded, [`PLAIN_TOGETHER`] with one call.
async fn record(store: &Arc<dyn Store>, decided: &Decided, decisions: u64) -> Duration {
    let mut took = Duration::ZERO;
    let mut left = decisions;
    while left > 0 {
        let together = left.min(PLAIN_TOGETHER);
        let plain: Arc<[PlainDecision]> = (0..together).map(|_| decided.plain()).collect();
        let begun = Instant::now();
        store.record_plain(plain).await.unwrap();
        took += begun.elapsed();
        left -= together;
    }
    took
}

fn measure(criterion: &mut Criterion, runtime: &Runtime, name: &str, store: &Arc<dyn Store>) {
    let decided = Arc::new(Decided::new());
    let mut group = criterion.benchmark_group("commit");
    group.throughput(Throughput::Elements(1));
    for at_once in AT_ONCE {
        group.bench_function(BenchmarkId::new(name, at_once), |bencher| {
            bencher
                .iter_custom(|commits| runtime.block_on(commit(store, &decided, commits, at_once)));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("record_plain");
    group.throughput(Throughput::Elements(1));
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|decisions| runtime.block_on(record(store, &decided, decisions)));
    });
    group.finish();
}

fn memory(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let store: Arc<dyn Store> = Memory::new();
    measure(criterion, &runtime, "memory", &store);
}

fn embedded(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    // Where the program was built, not in a temporary folder, which may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store: Arc<dyn Store> = Embedded::open(folder.path()).unwrap();
    measure(criterion, &runtime, "embedded", &store);
}

struct Server {
    child: Child,
    port: u16,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(folder: &Path) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let started = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
            .arg(folder)
            .stdout(Stdio::null())
            .spawn();
        let child = started.unwrap_or_else(|error| {
            panic!("redis-server can't be started (Debian package redis-server): {error}")
        });
        let server = Server { child, port };
        let begun = Instant::now();
        while server.connection().is_err() {
            assert!(begun.elapsed() < START_WAIT, "redis-server does not answer");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn connection(&self) -> redis::RedisResult<redis::Connection> {
        redis::Client::open(self.url())?.get_connection()
    }

    /// Microseconds of the server's own for each command since the last time, scripts and what they
    /// call: as `INFO commandstats` says.
    fn own_time(&self) -> Vec<String> {
        let mut connection = self.connection().unwrap();
        let said: String = redis::cmd("INFO").arg("commandstats").query(&mut connection).unwrap();
        let _: () = redis::cmd("CONFIG").arg("RESETSTAT").query(&mut connection).unwrap();
        let lines = said.lines().filter(|line| line.contains(":calls="));
        let short = |line: &str| line.split(",rejected_calls").next().unwrap_or(line).to_owned();
        lines.map(short).collect()
    }
}

fn on_redis(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let store: Arc<dyn Store> = {
        let _inside = runtime.enter();
        let url = server.url().into();
        Redis::open(RedisSettings { url, replicas_acknowledged: 0 }).unwrap()
    };
    let decided = Arc::new(Decided::new());
    runtime.block_on(commit(&store, &decided, 2 * PEOPLE, 64));
    server.own_time();
    runtime.block_on(commit(&store, &decided, 10_000, 64));
    let commits = server.own_time();
    runtime.block_on(record(&store, &decided, 12_800));
    println!("10000 commits took Redis\n  {}", commits.join("\n  "));
    println!("12800 plain decisions took Redis\n  {}", server.own_time().join("\n  "));
    measure(criterion, &runtime, "redis", &store);
}

criterion_group!(benches, memory, embedded, on_redis);
criterion_main!(benches);
