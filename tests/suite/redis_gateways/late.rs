//! A gateway whose link to Redis is late: each answer takes longer than a contact can wait, and less than staff can.

use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::fleet::{Fleet, decided, letter};
use crate::console::by_wire::Client;
use crate::served::{Behind, Place, person};
use crate::store_contract::servers::{Server, until};

const JO: &str = "jo@x.example";
const SAM: &str = "sam@x.example";
/// There and back: longer than `REDIS_RESPONSE_WAIT`.
const EACH_WAY: Duration = Duration::from_millis(150);
const ROUNDS: usize = 3;
const PAGES: [&str; 4] = ["/", "/queues", "/people", "/audit"];

/// A link on which everything arrives in order and whole, and late.
struct Late {
    port: u16,
    delay: watch::Sender<Duration>,
    _connections: JoinSet<()>,
}

impl Late {
    async fn before(server: u16) -> Late {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (delay, seen) = watch::channel(Duration::ZERO);
        let mut connections = JoinSet::new();
        connections.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                connections.spawn(carry(client, server, seen.clone()));
            }
        });
        Late { port, delay, _connections: connections }
    }

    fn becomes(&self, delay: Duration) {
        self.delay.send_replace(delay);
    }
}

async fn carry(client: TcpStream, server: u16, delay: watch::Receiver<Duration>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        carry_one_way(from_client, to_server, delay.clone()),
        carry_one_way(from_server, to_client, delay)
    );
}

/// What comes meanwhile is read, and each piece is on its way for the same time.
async fn carry_one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: watch::Receiver<Duration>,
) {
    let (sent, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let reading = async move {
        let mut piece = vec![0; 65_536];
        while let Ok(read @ 1..) = from.read(&mut piece).await {
            let arrives = Instant::now() + *delay.borrow();
            if sent.send((arrives, piece[..read].to_vec())).is_err() {
                return;
            }
        }
    };
    let writing = async move {
        while let Some((arrives, bytes)) = on_the_way.recv().await {
            sleep_until(arrives).await;
            if to.write_all(&bytes).await.is_err() {
                return;
            }
        }
    };
    tokio::join!(reading, writing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_late_link_the_console_has_its_pages_and_contacts_the_last_known_state() {
    let server = Server::start(&[]).await;
    let late = Late::before(server.port).await;
    let quota = json!({"kind": "contact_quota", "limit": 100, "per": "week", "window": "rolling"});
    let closed = json!({"kind": "channels_only", "channels": ["email"]});
    let people = json!([
        person("P-1", JO, "+447700900001", quota),
        person("P-2", SAM, "+447700900002", closed),
    ]);
    let url = format!("redis://127.0.0.1:{}", late.port);
    let fleet = Fleet::start(1, &url, &people, |place| place).await;
    let gateway = &fleet.gateways[0];
    let client = Client::signed_up(gateway.staff.port(), &fleet.first_link("karbon"));
    let first = letter(gateway, JO, "first").await;
    assert_eq!(first["stale"], false, "{first}");

    late.becomes(EACH_WAY);
    for round in 0..ROUNDS {
        for (from, disposition) in [(JO, "deliver"), (SAM, "limit")] {
            let decision = letter(gateway, from, &format!("late-{round}-{from}")).await;
            assert_eq!(decision["stale"], true, "{decision}");
            assert_eq!(decision["disposition"], disposition, "{decision}");
        }
        for path in PAGES {
            let page = client.ask("GET", path, "");
            assert!(page.starts_with("HTTP/1.1 200"), "{path}: {page}");
            assert!(page.contains("Bo Carr"), "{path}: {page}");
        }
    }
    // What was decided without the store reaches it by the late link.
    until("the journal is replayed", || async {
        decided(gateway, "P-1").await.len() == 1 + ROUNDS
    })
    .await;

    late.becomes(Duration::ZERO);
    let mut number = 0;
    until("contacts are decided with the store again", || {
        number += 1;
        let token = format!("after-{number}");
        async move { letter(gateway, JO, &token).await["stale"] == Value::Bool(false) }
    })
    .await;
}

/// A key for the records, in a file of this name.
fn new_key(place: &Place, name: &str) {
    let mut new_key = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    let made = new_key.args(["store", "new-key"]).output().unwrap();
    assert!(made.status.success());
    std::fs::write(place.folder.path().join(name), made.stdout).unwrap();
}

/// Nobody's restrictions could be read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_late_link_a_gateway_without_the_key_of_the_records_does_not_start() {
    let server = Server::start(&[]).await;
    let late = Late::before(server.port).await;
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "unused");
    place.store_at(&format!("redis://127.0.0.1:{}", late.port));
    place.change("[store]", "[keys]\nstore = [{ file = \"store-key\" }]\n[store]");
    new_key(&place, "store-key");
    let closed = json!({"kind": "channels_only", "channels": ["email"]});
    let people = json!([person("P-1", SAM, "+447700900001", closed)]);
    tokio::task::block_in_place(|| place.import(&people));

    new_key(&place, "store-key");
    late.becomes(EACH_WAY);
    let serve = place.command("serve");
    let mut refused = Command::new("timeout");
    refused.arg("60").arg(serve.get_program()).args(serve.get_args());
    let refused = tokio::task::block_in_place(|| refused.output().unwrap());
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{said}");
    assert!(said.contains("which is not in [keys] store; list the key"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_late_link_a_backup_is_made() {
    let server = Server::start(&[]).await;
    let late = Late::before(server.port).await;
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "unused");
    place.store_at(&format!("redis://127.0.0.1:{}", late.port));
    let closed = json!({"kind": "channels_only", "channels": ["email"]});
    let people = json!([person("P-1", SAM, "+447700900001", closed)]);
    tokio::task::block_in_place(|| place.import(&people));
    late.becomes(EACH_WAY);
    let mut backup = place.command("backup");
    backup.arg(place.folder.path().join("backup"));
    let made = tokio::task::block_in_place(|| backup.output().unwrap());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}
