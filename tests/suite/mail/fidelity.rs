//! A message comes out as it went in, but for what is written on top.

use std::path::PathBuf;

use contact_gateway::channels::mail::listener::Protocol;
use proptest::prelude::*;

use super::client::Client;
use super::gateway::{Choices, Gateway};
use super::sink::{Script, Sink};

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

async fn passes_unchanged(messages: Vec<(String, Vec<u8>)>) {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Smtp)).await;
    let mut client = Client::connect(gateway.port, "EHLO").await;
    for (number, (name, message)) in messages.iter().enumerate() {
        let reply = client.send("a@x.example", &["b@karbon.example"], message).await;
        assert_eq!(reply.0, 250, "{name}: {reply:?}");
        let taken = sink.taken();
        assert_eq!(taken.len(), number + 1, "{name}");
        let out = below_trace(&taken[number].message);
        // An empty line keeps a first line that begins with a space from being a field of ours.
        let folded = message.starts_with(b" ") || message.starts_with(b"\t");
        let out = if folded { out.strip_prefix(b"\r\n").unwrap() } else { out };
        assert!(out == message, "{name} came out changed");
    }
    assert_eq!(gateway.spooled(), 0);
    drop(client);
    gateway.stop().await;
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
        Just("From: a@x.example\r\nFrom: b@x.example\r\n"),
        Just("Content-Type: multipart/mixed; boundary=\r\n b\r\n"),
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
    passes_unchanged(messages).await;
}

#[tokio::test]
async fn a_message_larger_than_memory_passes_unchanged() {
    let lines: String = (0..80_000).map(|n| format!(".{n} line\r\n")).collect();
    let message = format!("From: a@x.example\r\n\r\n{lines}");
    passes_unchanged(vec![("large".into(), message.into_bytes())]).await;
}

/// The parser's own collection of hard messages, where its sources are on this machine.
#[tokio::test]
async fn collected_messages_pass_unchanged() {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut messages = Vec::new();
    let registries = home.into_iter().flat_map(|home| folders(&home.join("registry/src")));
    for registry in registries {
        for kind in folders(&registry.join("mail-parser-0.11.9/resources/eml")) {
            for file in std::fs::read_dir(kind).unwrap().map(|entry| entry.unwrap().path()) {
                if file.extension().is_some_and(|ending| ending == "eml") {
                    messages.push((
                        file.display().to_string(),
                        as_sent(&std::fs::read(&file).unwrap()),
                    ));
                }
            }
        }
    }
    passes_unchanged(messages).await;
}

fn folders(path: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}
