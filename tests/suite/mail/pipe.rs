//! `pipe`, as a mail server runs it: exit status, stdin, what it says.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use contact_gateway::channels::mail::listener::Protocol;

use super::gateway::{Choices, Gateway};
use super::sink::{Fault, Script, Sink};
use crate::servers::namespace::Piped;

/// Runs the command with a message on stdin; panics if stdin was not read to its end.
async fn run(piped: Piped, arguments: Vec<String>, message: Vec<u8>) -> Output {
    let work = move || {
        let mut child = Command::new(piped.program())
            .args(piped.subcommand())
            .args(arguments)
            .env_remove("CONTACT_GATEWAY_CONFIG")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(&message).unwrap();
        child.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(work).await.unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    assert!(!output.stderr.first().is_some_and(u8::is_ascii_digit), "{output:?}");
    output
}

fn words(line: &str) -> Vec<String> {
    if line.is_empty() { Vec::new() } else { line.split(' ').map(str::to_owned).collect() }
}

/// More than a pipe holds: a writer notices if nobody reads it.
fn large() -> Vec<u8> {
    b"From: a@x.example\n\n".iter().copied().chain(b"line\n".repeat(600_000)).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_goes_wrong_it_exits_75_and_reads_its_input() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    std::fs::write(&config, format!("[listen]\nlmtp = \"{free}\"\n")).unwrap();
    let config = config.display();
    for line in [
        format!("--config {config} -f a@x.example -- b@karbon.example"),
        "--config /nowhere -f a@x.example -- b@karbon.example".into(),
        "-f a@x.example -- b@karbon.example".into(),
        String::new(),
        "--help".into(),
        "--no-such-option".into(),
        "-f a@x.example --".into(),
        "--version".into(),
    ] {
        for piped in Piped::EACH {
            let output = run(piped, words(&line), large()).await;
            assert_eq!(output.status.code(), Some(75), "{piped:?} {line}: {output:?}");
            assert!(!String::from_utf8_lossy(&output.stderr).contains("x.example"), "{output:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_goes_by_pipe_and_a_retry_is_not_delivered_twice() {
    for piped in Piped::EACH {
        goes_and_is_not_delivered_twice(piped).await;
    }
}

async fn goes_and_is_not_delivered_twice(piped: Piped) {
    let busy = Fault {
        at: "RCPT".into(),
        matching: "busy@".into(),
        times: 1,
        reply: Some("450 4.2.0 busy".into()),
        ..Fault::default()
    };
    let sink = Sink::start(&Script { faults: vec![busy], ..Script::default() }).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, format!("[listen]\nlmtp = \"127.0.0.1:{}\"\n", gateway.port)).unwrap();
    let line = format!(
        "--config {} --queue-id 4bX -f a@x.example -- b@karbon.example busy@karbon.example",
        config.display()
    );
    let message = b"From: a@x.example\n\n.dot\n..\nno end".to_vec();
    let first = run(piped, words(&line), message.clone()).await;
    assert_eq!(first.status.code(), Some(75), "{first:?}");
    let second = run(piped, words(&line), message.clone()).await;
    assert_eq!(second.status.code(), Some(0), "{second:?}");
    let taken = sink.taken();
    let recipients: Vec<_> = taken.iter().flat_map(|taken| taken.rcpt.clone()).collect();
    assert_eq!(recipients, ["RCPT TO:<b@karbon.example>", "RCPT TO:<busy@karbon.example>"]);
    for taken in taken {
        assert!(taken.message.ends_with(b"From: a@x.example\r\n\r\n.dot\r\n..\r\nno end\r\n"));
        assert!(String::from_utf8_lossy(&taken.message).contains("contact=mail-4bX-"));
    }
    let null = format!("--config {} -f  -- b@karbon.example", config.display());
    assert_eq!(run(piped, words(&null), large()).await.status.code(), Some(0));
    gateway.stop().await;
}
