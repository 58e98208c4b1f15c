//! E-mail that is deferred while Redis is away, by the profile's own choice, through the real
//! program: delivered once, counted once, when Redis is back.

use std::net::SocketAddr;

use serde_json::{Value, json};

use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::{self, until};

const JO: &str = "jo@x.example";
const SAM: &str = "sam@x.example";
const STRANGER: &str = "kim@y.example";

/// One message under one queue id, as a mail server sends it again and again; the reply.
async fn send(served: &Served, id: &str, from: &str) -> (u16, String) {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    assert_eq!(client.ask(&format!("XFORWARD IDENT={id}")).await.0, 250);
    let message = format!(
        "From: {from}\r\nTo: repairs@karbon.example\r\nSubject: about {id}\r\n\
         Message-ID: <{id}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\n\
         The tap drips.\r\n"
    );
    client.send(from, &["repairs@karbon.example"], message.as_bytes()).await
}

/// How often a message came out.
fn out(sink: &Sink, id: &str) -> usize {
    let subject = format!("Subject: about {id}\r\n");
    let holds = |message: &[u8]| String::from_utf8_lossy(message).contains(&subject);
    sink.taken().iter().filter(|taken| holds(&taken.message)).count()
}

/// How often the trail says that a message was decided.
async fn decided(served: &Served, id: &str) -> usize {
    let begin = format!("mail-{id}-");
    let trail = served.audit().await;
    let of = |entry: &&Value| entry["contact"].as_str().is_some_and(|it| it.starts_with(&begin));
    trail.iter().filter(|entry| entry["event"] == "decided").filter(of).count()
}

async fn used(served: &Served) -> Value {
    let asked = json!({"id": "preview", "channel": "email",
        "from": [{"kind": "email", "value": JO, "assurance": "asserted"}],
        "to": ["repairs@karbon.example"], "text": "Is it my turn?"});
    let preview = served.ask("POST", "/api/v1/decisions/preview", &asked).await;
    preview["quotas"][0]["used"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_deferred_while_redis_is_away_is_delivered_and_counted_once() {
    let mut ground = servers::single().await;
    let sink = Sink::start(&Script::default()).await;
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: sink.port, form: nobody, calls: nobody }, "a secret");
    place.store_at(&ground.url);
    place.choose("\"store_away\" = \"defer\"");
    let quota = json!({"kind": "contact_quota", "limit": 2, "per": "week", "window": "rolling"});
    let closed = json!({"kind": "channels_only", "channels": ["letter"]});
    let served = tokio::task::block_in_place(|| {
        place.import(&json!([
            person("P-1", JO, "+447700900001", quota),
            person("P-2", SAM, "+447700900002", closed),
        ]));
        place.serve()
    });
    assert_eq!(send(&served, "A1", JO).await.0, 250);
    assert_eq!((out(&sink, "A1"), used(&served).await), (1, json!(2)), "one, and this one's");

    ground.servers[0].kill();
    for _ in 0..3 {
        let (code, text) = send(&served, "A2", JO).await;
        assert_eq!(code, 451, "{text}");
        assert!(text.starts_with("4.3.0 Limits can't be checked"), "{text}");
    }
    // Whoever is under no quota need not wait for the counters.
    assert_eq!(send(&served, "A3", STRANGER).await.0, 250);
    assert_eq!(send(&served, "A4", SAM).await.0, 250);
    assert_eq!(["A2", "A3", "A4"].map(|id| out(&sink, id)), [0, 1, 0]);

    ground.servers[0].restart().await;
    until("mail is taken again", || async { send(&served, "A2", JO).await.0 == 250 }).await;
    assert_eq!((out(&sink, "A2"), decided(&served, "A2").await), (1, 1));
    // The answer was lost, and the mail server sends it once more.
    assert_eq!(send(&served, "A2", JO).await.0, 250);
    assert_eq!((out(&sink, "A2"), decided(&served, "A2").await), (1, 1));
    assert_eq!(send(&served, "A5", JO).await.0, 250);
    assert_eq!(out(&sink, "A5"), 0, "the third is over the limit");
    until("the journal is replayed", || async {
        decided(&served, "A4").await == 1 && decided(&served, "A3").await == 1
    })
    .await;
    let limited = served.queue("limited").await;
    let held: Vec<&str> = limited.iter().map(|item| item["contact"].as_str().unwrap()).collect();
    assert_eq!(held.len(), 2, "{held:?}");
    assert_eq!(used(&served).await, 2);
    served.stop();
}

/// Load balancers keep sending contacts to a gateway that decides on what it knows, and wait a while for one that knows
/// nothing yet.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_serves_while_redis_is_away_but_not_before_it_knows_the_restrictions() {
    let mut ground = servers::single().await;
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    place.store_at(&ground.url);
    let warm = tokio::task::block_in_place(|| place.serve());
    let status =
        async |served: &Served, path: &str| served.try_ask("GET", path, &Value::Null).await.status;
    assert_eq!(status(&warm, "/health/serving").await, 200);
    ground.servers[0].kill();
    until("it is not ready", || async { status(&warm, "/health/ready").await == 503 }).await;
    assert_eq!(status(&warm, "/health/serving").await, 200);
    tokio::task::block_in_place(|| warm.stop());
    // What it remembers of the store is enough, and a machine that is new remembers nothing.
    let knowing = tokio::task::block_in_place(|| place.serve());
    assert_eq!(status(&knowing, "/health/serving").await, 200);
    tokio::task::block_in_place(|| knowing.stop());
    std::fs::remove_dir_all(place.folder.path().join("state/past")).unwrap();

    let cold = tokio::task::block_in_place(|| place.serve());
    assert_eq!(status(&cold, "/health/serving").await, 503);
    ground.servers[0].restart().await;
    until("it serves", || async { status(&cold, "/health/serving").await == 200 }).await;
    tokio::task::block_in_place(|| cold.stop());
}

/// Without that choice nobody waits: delivered, and said to be unchecked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_that_choice_mail_is_delivered_while_redis_is_away() {
    let mut ground = servers::single().await;
    let sink = Sink::start(&Script::default()).await;
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: sink.port, form: nobody, calls: nobody }, "a secret");
    place.store_at(&ground.url);
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "rolling"});
    let served = tokio::task::block_in_place(|| {
        place.import(&json!([person("P-1", JO, "+447700900001", quota)]));
        place.serve()
    });
    assert_eq!(send(&served, "B1", JO).await.0, 250);
    ground.servers[0].kill();
    // What was on its way when the server went stands as it was decided: over the limit. After two
    // failures nothing is asked any more.
    let mut unchecked = None;
    for id in ["B2", "B3", "B4", "B5"] {
        assert_eq!(send(&served, id, JO).await.0, 250);
        let taken = sink.taken();
        let message = String::from_utf8_lossy(&taken.last().unwrap().message).into_owned();
        if message.contains("limits_unchecked") {
            unchecked = Some(id);
            break;
        }
    }
    let unchecked = unchecked.unwrap();
    ground.servers[0].restart().await;
    until("the store is back", || served.has_its_store()).await;
    until("the journal is replayed", || async {
        decided(&served, unchecked).await == 1 && decided(&served, "B2").await == 1
    })
    .await;
    served.stop();
}
