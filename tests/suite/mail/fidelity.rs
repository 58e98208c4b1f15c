//! A message comes out as it went in, but for what is written on top, and is decided alike however it
//! arrives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::channels::mail::mailbox::{FromField, from_field};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::person::Person;
use contact_gateway::ports::message::HeaderBlock;
use contact_gateway::runtime::limits::MAIL_HEADER_BYTES_MAX;
use proptest::prelude::*;

use super::client::{Client, stuffed};
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Script, Sink};
use crate::fuzz::chance::Chance;

type Messages = Vec<(String, Vec<u8>)>;

/// What the gateway puts on top ends with its own `Received`.
fn below_trace(message: &[u8]) -> &[u8] {
    let received = b"Received: from test.example ";
    let start = message.windows(received.len()).position(|part| part == received).unwrap();
    let mut at = start;
    // The field and its two folded lines.
    for _ in 0..3 {
        at += message[at..].windows(2).position(|part| part == b"\r\n").unwrap() + 2;
    }
    &message[at..]
}

/// The decision on top of a message.
fn decision(message: &[u8]) -> String {
    let line = message.split(|byte| *byte == b'\r').next().unwrap();
    let line = String::from_utf8(line.to_vec()).unwrap();
    // What may be an emergency goes on to whoever it was addressed to, there being no mailbox of a queue.
    let passes = ["deliver; reason=", "route; reason=safeguard."];
    let value = line.strip_prefix("X-Contact-Gateway-Decision: ").unwrap();
    assert!(passes.iter().any(|start| value.starts_with(start)), "{line}");
    line
}

/// Everybody who writes is on record, so that everything that can be read of a message counts.
fn everybody(messages: &Messages) -> BTreeMap<String, Vec<Person>> {
    let mut addresses = BTreeSet::new();
    for (_, message) in messages {
        let block = HeaderBlock::scan(message, true);
        let values: Vec<&[u8]> =
            block.named(message, "From").map(|field| field.value(message)).collect();
        if let FromField::One(address) = from_field(values) {
            addresses.insert(address.text());
        }
    }
    let person = |(number, address): (usize, String)| {
        serde_json::from_value(serde_json::json!({
            "id": format!("P-{number}"), "name": "Jo",
            "identifiers": [{"kind": "email", "value": address}],
            "restrictions": [{
                "id": format!("R-{number}"), "kind": "contact_quota", "limit": 9999, "per": "week",
                "status": "active", "grounds": "g", "clause": "6.2", "starts": "2026-11-01",
                "review_due": "2027-05-01", "decided_by": "A"
            }]
        }))
        .unwrap()
    };
    [(KARBON.to_owned(), addresses.into_iter().enumerate().map(person).collect())].into()
}

/// Sends every message by SMTP in one piece, and to another gateway by LMTP in many.
async fn pass_unchanged(messages: Messages) {
    let mut decisions = Vec::new();
    for protocol in [Protocol::Smtp, Protocol::Lmtp] {
        let sink = Sink::start(&Script::default()).await;
        let mut choices = Choices::new(sink.port, protocol);
        choices.people = everybody(&messages);
        let gateway = Gateway::start(choices).await;
        let hello = if protocol == Protocol::Smtp { "EHLO" } else { "LHLO" };
        let mut client = Client::connect(gateway.port, hello).await;
        for (number, (name, message)) in messages.iter().enumerate() {
            // The collections hold some messages twice: each is a contact of its own.
            assert_eq!(client.ask(&format!("XFORWARD IDENT=M{number}")).await.0, 250);
            client.envelope("a@x.example", &["b@karbon.example"]).await;
            let wire = stuffed(message);
            match protocol {
                Protocol::Smtp => client.write(&wire).await,
                Protocol::Lmtp => in_pieces(&mut client, &wire).await,
            }
            let reply = client.reply().await;
            assert_eq!(reply.0, 250, "{name}: {reply:?}");
        }
        decisions.push(came_out(&messages, &sink, &gateway).await);
        assert_eq!(gateway.spooled(), 0);
        drop(client);
        gateway.stop().await;
    }
    assert_eq!(decisions[0], decisions[1], "decided otherwise the second time");
}

/// Holds what came out against what went in, message by message; what was decided about each.
async fn came_out(messages: &Messages, sink: &Sink, gateway: &Gateway) -> Vec<String> {
    let mut decided = vec![String::new(); messages.len()];
    for taken in sink.taken() {
        let decision = decision(&taken.message);
        let number = number(decision.split("contact=").nth(1).unwrap());
        let (name, message) = &messages[number];
        let out = below_trace(&taken.message);
        // An empty line keeps a first line that begins with a space from being a field of ours.
        let folded = message.starts_with(b" ") || message.starts_with(b"\t");
        let out = if folded { out.strip_prefix(b"\r\n").unwrap() } else { out };
        assert!(out == message, "{name} came out changed");
        decided[number] = decision;
    }
    // A word in it may have sent it to a queue instead: then it is kept, whole.
    let karbon = OrganisationId::new(KARBON);
    for queue in gateway.store.queues(&karbon).await.unwrap() {
        for item in gateway.queue(KARBON, &queue.queue).await {
            let number = number(&item.contact);
            let kept = gateway.archive.fetch(&karbon, &item.archived.unwrap()).await.unwrap();
            assert!(kept == messages[number].1, "{} was kept changed", messages[number].0);
            decided[number] = queue.queue.clone();
        }
    }
    for ((name, _), decided) in messages.iter().zip(&decided) {
        assert!(!decided.is_empty(), "{name} is lost");
    }
    decided
}

/// Which message a contact is: `mail-M7-…` is the seventh.
fn number(contact: &str) -> usize {
    contact.strip_prefix("mail-M").unwrap().split('-').next().unwrap().parse().unwrap()
}

/// At most so many pieces: each is a packet of its own.
const PIECES: u64 = 12;

async fn in_pieces(client: &mut Client, wire: &[u8]) {
    let mut chance = Chance::of(wire);
    let mut ends: Vec<usize> =
        (0..chance.below(PIECES)).map(|_| chance.index(wire.len())).collect();
    // Within the last dot's line, where a reader is wrong most easily.
    ends.extend([wire.len() - 1, wire.len() - 2, wire.len() - 3]);
    ends.sort_unstable();
    let mut from = 0;
    for end in ends {
        client.write(&wire[from..end]).await;
        tokio::task::yield_now().await;
        from = end;
    }
    client.write(&wire[from..]).await;
}

/// Line ends are CRLF and the last line has one, as SMTP has it.
fn as_sent(bytes: &[u8]) -> Vec<u8> {
    let mut sent = Vec::new();
    for line in bytes.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        sent.extend(line.iter().map(|byte| if *byte == b'\r' { b' ' } else { *byte }));
        sent.extend_from_slice(b"\r\n");
    }
    sent
}

fn generated() -> impl Strategy<Value = Vec<u8>> {
    let field = "[A-Za-z-]{1,12}: [ -~é]{0,60}(\r\n[ \t][ -~]{0,30}){0,2}\r\n";
    let odd = prop_oneof![
        Just(""),
        Just(" folded first\r\n"),
        Just("no field\r\n"),
        Just("From x Mon\r\n"),
        Just("From: a@x.example\r\n"),
        Just("From: a@x.example\r\nFrom: b@x.example\r\n"),
        Just("From: a@x.example\r\nContent-Type: multipart/mixed; boundary=\r\n b\r\n"),
        Just("From: a@x.example\r\nContent-Transfer-Encoding: base64\r\n"),
    ];
    let body = prop::collection::vec(any::<u8>(), 0..400);
    (odd, prop::collection::vec(field, 0..6), body).prop_map(|(odd, fields, body)| {
        let head = format!("{odd}{}\r\n", fields.concat());
        [head.into_bytes(), as_sent(&body)].concat()
    })
}

#[tokio::test]
async fn generated_messages_pass_unchanged() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let strategy = generated();
    let messages = (0..200)
        .map(|number| {
            let tree = strategy.new_tree(&mut runner).unwrap();
            (format!("message {number}"), proptest::strategy::ValueTree::current(&tree))
        })
        .collect();
    pass_unchanged(messages).await;
}

/// A header block of so many bytes, its end included, and a short body.
fn header_of(bytes: usize) -> Vec<u8> {
    let start = "From: a@x.example\r\nSubject: ";
    let field = "a".repeat(bytes - start.len() - 4);
    format!("{start}{field}\r\n\r\nbody\r\n").into_bytes()
}

#[tokio::test]
async fn extreme_messages_pass_unchanged() {
    let from = "From: a@x.example\r\n";
    let lines: String = (0..4_000).map(|n| format!(".{n} {}\r\n", "x".repeat(90))).collect();
    let nested: String = (0..100)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    let parts = "--b\r\n\r\nx\r\n".repeat(3_000);
    let messages = [
        ("empty", String::new()),
        ("one line end", "\r\n".into()),
        ("one dot", ".\r\n".into()),
        ("dots", "..\r\n.\r\n...\r\n".repeat(9)),
        ("no body", from.into()),
        ("no header", "\r\nbody\r\n".into()),
        ("NUL everywhere", "\0From: \0a@x.example\r\nA\0: b\r\n\r\n\0\0\r\n.\0\r\n".into()),
        ("larger than memory", format!("{from}\r\n{lines}")),
        ("a line longer than is parsed", format!("{from}\r\n{}\r\n", "y".repeat(2_200_000))),
        ("a field of one line", format!("{from}Subject: {}\r\n\r\nx\r\n", "z".repeat(60_000))),
        (
            "a field of many lines",
            format!("{from}Subject: a\r\n{}\r\nx\r\n", " b\r\n".repeat(3_000)),
        ),
        ("many fields", format!("{from}{}\r\nx\r\n", "X-A: b\r\n".repeat(3_000))),
        ("deeply nested", format!("{from}{nested}x\r\n")),
        ("many parts", format!("{from}Content-Type: multipart/mixed; boundary=b\r\n\r\n{parts}")),
        ("as long as is read", String::from_utf8(header_of(MAIL_HEADER_BYTES_MAX)).unwrap()),
        ("longer than is read", String::from_utf8(header_of(MAIL_HEADER_BYTES_MAX + 1)).unwrap()),
    ];
    let messages = messages.map(|(name, text)| (name.to_owned(), text.into_bytes()));
    pass_unchanged(messages.to_vec()).await;
}

/// At the bound a header block is read; one byte past it the message goes on, flagged and counted.
#[tokio::test]
async fn a_header_block_past_the_bound_is_delivered_unread() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Smtp)).await;
    let mut client = Client::connect(gateway.port, "EHLO").await;
    for (bytes, unread) in [(MAIL_HEADER_BYTES_MAX, 0), (MAIL_HEADER_BYTES_MAX + 1, 1)] {
        let reply = client.send("a@x.example", &["b@karbon.example"], &header_of(bytes)).await;
        assert_eq!(reply.0, 250);
        assert_eq!(gateway.counted("unread"), unread);
    }
    drop(client);
    gateway.stop().await;
}

/// The MIME parser's own collection of hard messages, which comes with its sources.
#[tokio::test]
async fn collected_messages_pass_unchanged() {
    let resources = sources_of("mail-parser").join("resources/eml");
    let mut files = Vec::new();
    for kind in std::fs::read_dir(resources).unwrap() {
        let kind = std::fs::read_dir(kind.unwrap().path()).unwrap();
        files.extend(kind.map(|entry| entry.unwrap().path()));
    }
    files.retain(|file| file.extension().is_some_and(|ending| ending == "eml"));
    assert!(files.len() >= 100, "the collection is smaller than it was: {}", files.len());
    pass_unchanged(read(files)).await;
}

/// The signed messages, and whatever else, that dkimpy tests itself with.
#[tokio::test]
async fn signed_messages_pass_unchanged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("target/clients/sources/dkimpy-1.1.8/dkim/tests/data");
    let entries = std::fs::read_dir(folder)
        .expect("the sources of dkimpy are missing: tests/run fetches them (tests/clients)");
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 30, "the collection is smaller than it was: {}", files.len());
    pass_unchanged(read(files)).await;
}

/// What the library for DKIM, SPF and DMARC tests itself with: signed messages, chains, reports.
#[tokio::test]
async fn messages_about_authentication_pass_unchanged() {
    let mut files = Vec::new();
    files_below(&sources_of("mail-auth").join("resources"), &mut files);
    files.retain(|file| file.extension().is_some_and(|ending| ending == "eml" || ending == "txt"));
    assert!(files.len() >= 80, "the collection is smaller than it was: {}", files.len());
    pass_unchanged(read(files)).await;
}

/// The two messages that SpamAssassin shows itself with.
#[tokio::test]
async fn sample_messages_pass_unchanged() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let examples = root.join("target/peers/spamassassin/usr/share/doc/spamassassin/examples");
    let files = ["sample-spam.txt", "sample-nonspam.txt"].map(|name| examples.join(name));
    assert!(
        files.iter().all(|file| file.exists()),
        "the samples of the Debian package `spamassassin` are missing: tests/run unpacks them"
    );
    pass_unchanged(read(files.to_vec())).await;
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files_below(&path, files) } else { files.push(path) }
    }
}

fn read(mut files: Vec<PathBuf>) -> Messages {
    files.sort();
    let read = |file: PathBuf| {
        let message = as_sent(&std::fs::read(&file).unwrap());
        (file.file_name().unwrap().to_string_lossy().into_owned(), message)
    };
    files.into_iter().map(read).collect()
}

/// Where the sources of a dependency lie.
fn sources_of(package: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--offline", "--locked", "--format-version", "1"])
        // What other platforms need is not on this machine.
        .args(["--filter-platform", &format!("{}-unknown-linux-gnu", std::env::consts::ARCH)])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let found = packages.iter().find(|one| one["name"] == package).unwrap();
    Path::new(found["manifest_path"].as_str().unwrap()).parent().unwrap().to_owned()
}
