//! How long a change made by the staff API of one gateway takes to hold at another, which is under
//! load: on the embedded store and on Redis. Prints median, 99th of a hundred and worst, and how many
//! tries were answered 503, which none should be.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints, and fails by panicking"
)]

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use contact_gateway::app::{self, Running};
use contact_gateway::config::{self, Environment};
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::intake::{Inbound, Intake};
use contact_gateway::runtime::service_manager::Sockets;
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const ROUNDS: usize = 200;
const LOADERS: usize = 4;
const TOKEN: &str = "the token of the front desk";

struct Redis(Child);

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn redis(folder: &Path) -> (Redis, u16) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", ""])
        .args(["--appendonly", "yes", "--dir"])
        .arg(folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    (Redis(child), port)
}

async fn gateway(folder: &Path, store: &str) -> Running {
    std::fs::create_dir_all(folder).unwrap();
    let config = format!(
        "[store]\nurl = \"{store}\"\n[archive]\nurl = \"file:{0}/archive\"\n[state]\n\
         folder = \"{0}/state\"\n[listen]\nstaff = \"127.0.0.1:0\"\n[[organisation]]\n\
         id = \"karbon\"\nprofile = \"{1}/config/profiles/karbon-homes.toml\"\nmode = \"enforce\"\n\
         emergency = \"+441910000000\"\nset = {{ \"review.every_months\" = 6 }}\n\
         [[organisation.staff]]\nname = \"Front desk\"\nrole = \"governance\"\n\
         token_sha256 = \"{2}\"\n",
        folder.display(),
        env!("CARGO_MANIFEST_DIR"),
        hex(&sha256(TOKEN.as_bytes())),
    );
    let file = folder.join("gateway.toml");
    std::fs::write(&file, config).unwrap();
    let loaded = config::load(&file, &Environment::new()).unwrap_or_else(|f| panic!("{f}"));
    app::start(&loaded.settings, Sockets::none()).await.unwrap()
}

/// As a patient program does: again where the store is busy. How often it was.
async fn put(staff: SocketAddr, body: &serde_json::Value) -> usize {
    let mut refused = 0;
    while !try_put(staff, body).await {
        refused += 1;
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    refused
}

async fn try_put(staff: SocketAddr, body: &serde_json::Value) -> bool {
    let body = body.to_string();
    let request = format!(
        "PUT /api/v1/people/P-1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(staff).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 20") || answer.starts_with("HTTP/1.1 503"), "{answer}");
    answer.starts_with("HTTP/1.1 20")
}

fn person(restrictions: serde_json::Value) -> serde_json::Value {
    json!({"id": "P-1", "name": "Jo Doe", "restrictions": restrictions,
           "identifiers": [{"kind": "email", "value": "jo@x.example"}]})
}

fn restriction(more: &serde_json::Value) -> serde_json::Value {
    let today = chrono::Utc::now().date_naive();
    let mut whole = json!({
        "id": "R-1", "status": "active", "grounds": "frequency", "clause": "6.2",
        "starts": today - chrono::TimeDelta::days(10),
        "review_due": today + chrono::TimeDelta::days(90), "decided_by": "A", "signed_off_by": "B"
    });
    for (key, value) in more.as_object().unwrap() {
        whole[key] = value.clone();
    }
    json!([whole])
}

fn contact(id: &str, from: &str) -> Contact {
    serde_json::from_value(json!({
        "id": id, "channel": "web_form", "at": chrono::Utc::now(), "text": "The tap drips.",
        "from": [{"kind": "email", "value": from, "assurance": "asserted"}]
    }))
    .unwrap()
}

/// Whether a gateway limits Jo's contacts; `None`: Jo has no restriction.
async fn limits(intake: &Intake) -> Option<bool> {
    let karbon = OrganisationId::new("karbon");
    let asked = contact("asked", "jo@x.example");
    if !intake.may_be_restricted(&karbon, &asked) {
        return None;
    }
    let decision = intake.preview(&karbon, asked).await.ok()?;
    Some(decision.disposition == Disposition::Limit)
}

async fn load(intake: Arc<Intake>, loader: usize) {
    let karbon = OrganisationId::new("karbon");
    for number in 0_u64.. {
        let from = if number.is_multiple_of(4) { "sam@x.example" } else { "kim@x.example" };
        let contact = contact(&format!("l-{loader}-{number}"), from);
        let inbound = Inbound { contact, digest: [1; 32], original: None };
        intake.receive(&karbon, inbound).await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn measure(what: &str, folder: &Path, store: &str) {
    let (here, there) =
        (gateway(&folder.join("here"), store).await, gateway(&folder.join("there"), store).await);
    let staff = here.addresses.staff.unwrap();
    let mut loaders = tokio::task::JoinSet::new();
    for loader in 0..LOADERS {
        loaders.spawn(load(Arc::clone(there.intake()), loader));
    }
    let closed = json!({"kind": "channels_only", "channels": ["letter"]});
    let many = json!({"kind": "contact_quota", "limit": 100, "per": "day"});
    let changes = [
        ("added", person(restriction(&closed)), Some(true)),
        ("varied", person(restriction(&many)), Some(false)),
        ("lifted", person(json!([])), None),
    ];
    let mut took: [Vec<Duration>; 3] = Default::default();
    let mut refused = put(staff, &person(json!([]))).await;
    for _ in 0..ROUNDS {
        for ((_, body, wanted), took) in changes.iter().zip(&mut took) {
            let before = Instant::now();
            let (tries, ()) = tokio::join!(put(staff, body), async {
                while limits(there.intake()).await != *wanted {
                    tokio::time::sleep(Duration::from_micros(500)).await;
                }
                took.push(before.elapsed());
            });
            refused += tries;
        }
    }
    for ((change, _, _), mut took) in changes.into_iter().zip(took) {
        took.sort_unstable();
        let at = |share: usize| took.get(took.len() * share / 100).copied().unwrap_or_default();
        let worst = took.last().copied().unwrap_or_default();
        println!("{what}, {change}: median {:?}, p99 {:?}, worst {worst:?}", at(50), at(99));
    }
    println!("{what}: {refused} tries were answered 503");
    loaders.shutdown().await;
    here.stop().await;
    there.stop().await;
}

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    runtime.block_on(async {
        let shared = format!("embedded:{}", path.join("store").display());
        measure("embedded", &path.join("e"), &shared).await;
        let (_server, port) = redis(path);
        tokio::time::sleep(Duration::from_millis(500)).await;
        measure("redis", &path.join("r"), &format!("redis://127.0.0.1:{port}")).await;
    });
}
