//! Messages that dkimpy signed, through a real Postfix and the real program by every way that Postfix
//! hands messages over: what is delivered, what is routed, and what staff release still verifies.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use serde_json::{Value, json};

use super::client::Client;
use super::postfix::{Postfix, Way};
use super::postfix_milter;
use super::signer::Signer;
use super::sink::{Script, Sink};
use crate::served::{Behind, Place, person};
use crate::servers::checks::free_port;
use crate::servers::namespace::{Piped, pipe_files};

const SENDERS: [&str; 3] = ["plain@x.example", "routed@x.example", "lim@x.example"];

/// How a message is made and signed.
struct Case {
    name: &'static str,
    canonicalize: &'static str,
    oversign: bool,
    fields: &'static str,
    body: String,
}

fn cases() -> Vec<Case> {
    let case = |name, canonicalize, oversign, fields, body: &str| Case {
        name,
        canonicalize,
        oversign,
        fields,
        body: body.to_owned(),
    };
    let long = format!("{}\r\nshort\r\n", "long ".repeat(1_000));
    let large = "A line of an ordinary length, many times.\r\n".repeat(10_000);
    vec![
        case("simple", "simple/simple", false, "", "Hello.\r\n"),
        case("relaxed", "relaxed/relaxed", false, "", "Hello.\r\n"),
        case("oversigned-simple", "simple/simple", true, "", "Hello.\r\n"),
        case("oversigned-relaxed", "relaxed/relaxed", true, "", "Hello.\r\n"),
        case(
            "spaces",
            "simple/simple",
            true,
            "X-Odd:no space\r\nX-Fold: a\r\n\t  b\r\nX-Empty:\r\n",
            "a \t b \r\n \r\n\r\n\r\n",
        ),
        case("dots", "simple/simple", true, "", ".\r\n..\r\n...x\r\n.\r\n"),
        case(
            "eight-bit",
            "simple/simple",
            true,
            "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n",
            "Ünïcödé \u{1f4ec}\r\n",
        ),
        case("long-lines", "simple/simple", true, "", &long),
        case(
            "on-disk",
            "relaxed/relaxed",
            true,
            "Content-Type: application/octet-stream\r\n",
            &large,
        ),
        case("empty", "simple/simple", true, "", ""),
    ]
}

/// The message, with what it is in a field that is signed with the rest (dkimpy signs `Subject`).
fn message(signer: &mut Signer, case: &Case, way: &str, from: &str) -> Vec<u8> {
    let name = case.name;
    let text = format!(
        "From: {from}\r\nTo: a@karbon.example\r\nSubject: {way} {from} {name}\r\n\
         Message-ID: <{way}-{name}@x.example>\r\nDate: Wed, 18 Nov 2026 10:00:00 +0000\r\n{}\r\n{}",
        case.fields, case.body
    );
    signer.sign(text.as_bytes(), "x.example", case.canonicalize, case.oversign)
}

fn people() -> Value {
    let contact = json!({"kind": "single_point_of_contact", "contact": {
        "name": "Pat", "email": "pat@karbon.example", "queue": "pat"
    }});
    json!([
        person("P-R", SENDERS[1], "0191 498 0101", contact),
        person(
            "P-L",
            SENDERS[2],
            "0191 498 0102",
            json!({"kind": "channels_only", "channels": ["letter"]})
        ),
    ])
}

/// What docs/mail.md says of long lines.
const UNBROKEN: &str = "smtp_line_length_limit = 0\nlmtp_line_length_limit = 0\n";

/// Which message it is, by its `Subject`; notices have another.
fn subject(message: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(message);
    let subject = text.lines().find_map(|line| line.strip_prefix("Subject: "))?;
    (!subject.starts_with("Re: ")).then(|| subject.to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signatures_survive_every_way_through_postfix() {
    let sink = Sink::start(&Script::default()).await;
    let back = free_port();
    let unused: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let behind = Behind { mail: back, form: unused, calls: unused };
    let place = Place::new(&behind, "secret");
    place.import(&people());
    let served = place.serve();
    let lmtp = served.lmtp.port();
    let (_program, files) = pipe_files(Piped::Small, lmtp);
    let mut signer = Signer::start();
    let ways = ["lmtp", "pipe", "milter"];
    let mut expected = BTreeSet::new();
    let mut running: Option<Postfix> = None;
    for way in ways {
        let front = free_port();
        let master = match way {
            "lmtp" => Way::AfterQueue.master(front, lmtp, back, &[]),
            "pipe" => Way::Pipe(Piped::Small).master(front, lmtp, back, &files),
            _ => postfix_milter::master(front, served.milter.port(), back),
        };
        // All of them take messages back on one port.
        drop(running.take());
        let postfix = Postfix::start(sink.port, UNBROKEN, &master);
        let mut client = Client::connect(front, "EHLO").await;
        for from in SENDERS {
            for case in cases() {
                let message = message(&mut signer, &case, way, from);
                let reply = client.send(from, &["a@karbon.example"], &message).await;
                assert_eq!(
                    reply.0,
                    250,
                    "{way} {from} {}: {reply:?}\n{}",
                    case.name,
                    postfix.log()
                );
                expected.insert(format!("{way} {from} {}", case.name));
            }
        }
        postfix.emptied().await;
        running = Some(postfix);
    }
    let postfix = running.unwrap();
    let kept = served.queue("limited").await;
    let subjects: Vec<_> = kept.iter().map(|item| item["subject"].to_string()).collect();
    assert_eq!(kept.len(), ways.len() * cases().len(), "{subjects:?}");
    for item in &kept {
        let path = format!("/api/v1/queues/limited/{}/release", item["id"].as_str().unwrap());
        served.ask("POST", &path, &Value::Null).await;
    }
    postfix.emptied().await;
    let mut seen = BTreeSet::new();
    for taken in sink.taken() {
        let Some(subject) = subject(&taken.message) else { continue };
        let verified = signer.verified(&taken.message, "x.example");
        assert_eq!(verified, 1, "{subject}: {taken:?}");
        let to =
            if subject.contains("routed@") { "<pat@karbon.example>" } else { "<a@karbon.example>" };
        assert!(taken.rcpt.len() == 1 && taken.rcpt[0].contains(to), "{subject}: {:?}", taken.rcpt);
        assert!(seen.insert(subject.clone()), "{subject} came twice");
    }
    assert_eq!(seen, expected);
    drop(postfix);
    served.stop();
}
