//! What a contact costs on Redis, counted by what the server itself is asked (`MONITOR`): nothing
//! before the answer where its sender has no restriction, one script where he has.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use contact_gateway::runtime::limits::PLAIN_FLUSH_WAIT;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::fleet::{Fleet, letter};
use crate::served::person;
use crate::store_contract::servers::{Server, until};

const CONTACTS: usize = 60;
const JO: &str = "jo@x.example";

/// Everything that clients ask of a server from now on.
struct Asked {
    lines: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

impl Asked {
    async fn of(server: &Server) -> Asked {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).await.unwrap();
        stream.write_all(b"MONITOR\r\n").await.unwrap();
        let mut told = BufReader::new(stream).lines();
        assert_eq!(told.next_line().await.unwrap().unwrap(), "+OK");
        let lines = Arc::new(Mutex::new(Vec::new()));
        let writing = Arc::clone(&lines);
        let reader = tokio::spawn(async move {
            while let Ok(Some(line)) = told.next_line().await {
                writing.lock().unwrap().push(line);
            }
        });
        Asked { lines, reader }
    }

    /// What was asked by clients and names this. What a script does is no question of a client's;
    /// the server says `lua` for where it comes from (redis.io, "MONITOR").
    fn naming(&self, text: &str) -> Vec<String> {
        let lines = self.lines.lock().unwrap();
        let asked = lines.iter().filter(|line| !line.contains(" lua]"));
        asked.filter(|line| line.contains(text)).cloned().collect()
    }
}

async fn fleet(server: &Server) -> Fleet {
    let url = format!("redis://127.0.0.1:{}", server.port);
    let quota = json!({"kind": "contact_quota", "limit": CONTACTS / 2, "per": "month"});
    let people = json!([person("P-1", JO, "+447700900001", quota)]);
    Fleet::start(1, &url, &people, |place| place).await
}

/// Limited or not, with a queue item or not, the first time or again: one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restricted_contact_costs_redis_one_script_and_nothing_else() {
    let server = Server::start(&[]).await;
    let fleet = fleet(&server).await;
    // The script is sent whole once.
    letter(&fleet.gateways[0], JO, "L-first").await;
    let asked = Asked::of(&server).await;
    let mut limited = 0;
    for number in 0..CONTACTS {
        let decision = letter(&fleet.gateways[0], JO, &format!("L-{number:03}")).await;
        assert_ne!(decision["stale"], true, "{decision}");
        limited += usize::from(decision["disposition"] == "limit");
        // It was asked before it was answered; the one who looks on hears of it a moment later.
        let contact = format!("contact:L-{number:03}\"");
        until("it is seen", || async { !asked.naming(&contact).is_empty() }).await;
        let of_it = asked.naming(&contact);
        assert_eq!(of_it.len(), 1, "{of_it:#?}");
        assert!(of_it[0].contains("\"EVALSHA\""), "{of_it:#?}");
    }
    assert_eq!(limited, CONTACTS - (CONTACTS / 2 - 1), "both kinds were there");
    assert_eq!(asked.naming("P-1").len(), CONTACTS, "nor does anything else that names the person");
    let mut scripts = asked.naming("\"EVAL");
    // The start looks at what the server allows, on keys of its own, while contacts come already;
    // and each second it is asked for changes that nobody told.
    // The same goes for the trail's name and its last entry: whether the store has forgotten anything.
    let of_the_start =
        ["{%21check}", "}:changes\"", "}:nameplate\"", "\"1\" \"cg1:{karbon}:audit\""];
    scripts.retain(|line| !of_the_start.iter().any(|part| line.contains(part)));
    assert_eq!(scripts.len(), CONTACTS, "nor any other script: {scripts:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unrestricted_contacts_ask_redis_for_nothing_and_are_recorded_together() {
    let server = Server::start(&[]).await;
    let fleet = fleet(&server).await;
    let gateway = &fleet.gateways[0];
    letter(gateway, "first@y.example", "S-first").await;
    until("the script was sent whole", || async {
        server.say::<usize>(&["EXISTS", "cg1:{karbon}:contact:S-first"]).await.unwrap() == 1
    })
    .await;

    // Not one of them waits for a server that does not answer.
    server.freeze();
    for number in 0..CONTACTS {
        let from = format!("f{number}@y.example");
        let decision = letter(gateway, &from, &format!("F-{number:03}")).await;
        assert_eq!(decision["disposition"], "deliver");
        assert_ne!(decision["stale"], true, "nothing was missing to decide it: {decision}");
    }
    server.thaw();
    until("the gateway has its store", || gateway.has_its_store()).await;
    recorded(&server, "F").await;
    // Contacts have a connection of their own.
    until("contacts have it, too", || async {
        letter(gateway, JO, "L-well").await["stale"] == false
    })
    .await;

    let asked = Asked::of(&server).await;
    let began = Instant::now();
    for number in 0..CONTACTS {
        letter(gateway, &format!("u{number}@y.example"), &format!("U-{number:03}")).await;
    }
    let took = began.elapsed();
    recorded(&server, "U").await;
    until("all is seen", || async {
        (0..CONTACTS).all(|number| !asked.naming(&format!("contact:U-{number:03}\"")).is_empty())
    })
    .await;
    let records = asked.naming("contact:U-");
    let questions: Vec<&String> =
        records.iter().filter(|line| !line.contains("\"EXISTS\"")).collect();
    // One batch behind each wait for more, and those at either end.
    let batches = took.as_millis() / PLAIN_FLUSH_WAIT.as_millis() + 2;
    println!("{CONTACTS} contacts in {took:?} were recorded by {} scripts", questions.len());
    assert!(questions.len() as u128 <= batches, "{} scripts, {batches}", questions.len());
    assert!(questions.iter().all(|line| line.contains("\"EVALSHA\"")), "{questions:#?}");
    for number in 0..CONTACTS {
        let contact = format!("contact:U-{number:03}\"");
        let by = questions.iter().filter(|line| line.contains(&contact)).count();
        assert_eq!(by, 1, "{contact}");
    }
}

/// Waits until each contact of a kind is.
async fn recorded(server: &Server, kind: &str) {
    for number in 0..CONTACTS {
        let key = format!("cg1:{{karbon}}:contact:{kind}-{number:03}");
        until("it is recorded", || async {
            server.say::<usize>(&["EXISTS", &key]).await.unwrap() == 1
        })
        .await;
    }
}
