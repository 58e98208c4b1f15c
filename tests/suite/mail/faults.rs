//! Trouble on the way, and what must not come of it; releases; the stop.

use std::time::Duration;

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::Release as _;
use contact_gateway::runtime::descriptors;

use super::client::{Client, stuffed};
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Fault, Script, Sink};

const MESSAGE: &[u8] = b"From: a@x.example\r\nMessage-ID: <1@x>\r\n\r\nHello.\r\n";

fn limited_people()
-> std::collections::BTreeMap<String, Vec<contact_gateway::domain::person::Person>> {
    serde_json::from_value(serde_json::json!({ "karbon": [{
        "id": "P-1", "name": "Sam", "identifiers": [{"kind": "email", "value": "lim@x.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "channels_only", "channels": ["letter"], "status": "active",
            "grounds": "g", "clause": "6.2", "starts": "2026-11-01", "review_due": "2027-05-01",
            "decided_by": "A"
        }]
    }]}))
    .unwrap()
}

fn fault(at: &str) -> Fault {
    Fault { at: at.into(), ..Fault::default() }
}

#[tokio::test]
async fn a_release_delivers_the_kept_message_unchanged_and_once() {
    let sink = Sink::start(&Script::default()).await;
    let mut choices = Choices::new(sink.port, Protocol::Lmtp);
    choices.people = limited_people();
    let gateway = Gateway::start(choices).await;
    let message = b"X-Contact-Gateway-Flags: forged\r\nFrom: lim@x.example\r\n\r\n.dot \xff\r\n";
    let mut client = Client::connect(gateway.port, "LHLO").await;
    // One message in two transactions, as a server with a recipient limit sends it.
    for to in [&["b@karbon.example"][..], &["b@karbon.example", "c@karbon.example"]] {
        assert_eq!(client.ask("XFORWARD IDENT=4bZ").await.0, 250);
        client.envelope("x@y.example", to).await;
        client.write(&stuffed(message)).await;
        for _ in to {
            assert_eq!(client.reply().await.0, 250);
        }
    }
    let items = gateway.queue(KARBON, "limited").await;
    assert_eq!(items.len(), 1);
    let karbon = OrganisationId::new(KARBON);
    let reference = items[0].archived.clone().unwrap();
    let original = gateway.archive.fetch(&karbon, &reference).await.unwrap();
    assert_eq!(&original[..], message);
    assert!(sink.taken().is_empty());
    for _ in 0..2 {
        gateway.release.release(&karbon, &items[0], original.clone()).await.unwrap();
    }
    let taken = sink.taken();
    assert_eq!(taken.len(), 1);
    assert_eq!(taken[0].mail, "MAIL FROM:<> BODY=8BITMIME");
    assert_eq!(taken[0].rcpt, ["RCPT TO:<b@karbon.example>", "RCPT TO:<c@karbon.example>"]);
    let out = String::from_utf8_lossy(&taken[0].message).into_owned();
    assert!(!out.contains("forged"), "{out}");
    assert!(taken[0].message.ends_with(b"From: lim@x.example\r\n\r\n.dot \xff\r\n"), "{out}");

    // Should it come round, its mark lets it pass: it is neither limited nor decided again.
    let released = taken[0].message.clone();
    assert_eq!(client.send("", &["b@karbon.example"], &released).await.0, 250);
    let taken = sink.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken[1].message.ends_with(&released), "a passing message is changed");
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 1);
    // With another content the same mark is worth nothing.
    let forged = [&released[..], b"and more\r\n"].concat();
    assert_eq!(client.send("", &["b@karbon.example"], &forged).await.0, 250);
    assert_eq!(gateway.counted("passed_by_mark"), 1);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn a_release_that_is_refused_says_so_and_sends_the_rest_later() {
    let refuse = Fault {
        matching: "c@karbon".into(),
        times: 1,
        reply: Some("450 4.2.0 busy".into()),
        ..fault("RCPT")
    };
    let sink = Sink::start(&Script { faults: vec![refuse], ..Script::default() }).await;
    let mut choices = Choices::new(sink.port, Protocol::Lmtp);
    choices.people = limited_people();
    let gateway = Gateway::start(choices).await;
    let mut client = Client::connect(gateway.port, "LHLO").await;
    client.envelope("x@y.example", &["b@karbon.example", "c@karbon.example"]).await;
    client.write(&stuffed(b"From: lim@x.example\r\n\r\nx\r\n")).await;
    assert_eq!((client.reply().await.0, client.reply().await.0), (250, 250));
    let karbon = OrganisationId::new(KARBON);
    let items = gateway.queue(KARBON, "limited").await;
    let reference = items[0].archived.clone().unwrap();
    let original = gateway.archive.fetch(&karbon, &reference).await.unwrap();
    let first = gateway.release.release(&karbon, &items[0], original.clone()).await;
    assert!(first.unwrap_err().is_retryable());
    gateway.release.release(&karbon, &items[0], original).await.unwrap();
    let recipients: Vec<String> = sink.taken().into_iter().flat_map(|taken| taken.rcpt).collect();
    assert_eq!(recipients, ["RCPT TO:<b@karbon.example>", "RCPT TO:<c@karbon.example>"]);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_not_delivered_twice() {
    let slow = Fault { times: 1, delay_ms: 300, ..fault("END") };
    let sink = Sink::start(&Script { faults: vec![slow], ..Script::default() }).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let mut client = Client::connect(gateway.port, "LHLO").await;
    assert_eq!(client.ask("XFORWARD IDENT=4bQ").await.0, 250);
    client.envelope("a@x.example", &["b@karbon.example"]).await;
    client.write(&stuffed(MESSAGE)).await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(800)).await;
    assert_eq!(sink.taken().len(), 1);
    let mut again = Client::connect(gateway.port, "LHLO").await;
    assert_eq!(again.ask("XFORWARD IDENT=4bQ").await.0, 250);
    assert_eq!(again.send("a@x.example", &["b@karbon.example"], MESSAGE).await.0, 250);
    assert_eq!(sink.taken().len(), 1);
    drop(again);
    gateway.stop().await;
}

#[tokio::test]
async fn a_stop_finishes_the_message_in_hand_and_sends_others_away() {
    let slow = Fault { times: 1, delay_ms: 500, ..fault("END") };
    let sink = Sink::start(&Script { faults: vec![slow], ..Script::default() }).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Smtp)).await;
    let mut idle = Client::connect(gateway.port, "EHLO").await;
    let mut busy = Client::connect(gateway.port, "EHLO").await;
    busy.envelope("a@x.example", &["b@karbon.example"]).await;
    busy.write(&stuffed(MESSAGE)).await;
    let stop = tokio::spawn(gateway.stop());
    assert_eq!(idle.reply().await.0, 421);
    assert_eq!(busy.reply().await.0, 250);
    assert_eq!(busy.reply().await.0, 421);
    stop.await.unwrap();
    assert_eq!(sink.taken().len(), 1);
}

#[tokio::test]
async fn recipients_up_to_the_bound_are_taken_and_one_more_is_not() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let mut client = Client::connect(gateway.port, "LHLO").await;
    let bound = contact_gateway::runtime::limits::SMTP_RECIPIENTS_MAX;
    let mut commands = b"MAIL FROM:<a@x.example>\r\n".to_vec();
    for number in 0..=bound {
        commands.extend(format!("RCPT TO:<r{number}@karbon.example>\r\n").into_bytes());
    }
    client.write(&commands).await;
    for _ in 0..=bound {
        assert_eq!(client.reply().await.0, 250);
    }
    assert_eq!(
        client.reply().await,
        (452, "4.5.3 Too many recipients; send the rest in another transaction".into())
    );
    assert_eq!(client.ask("DATA").await.0, 354);
    client.write(&stuffed(MESSAGE)).await;
    for _ in 0..bound {
        assert_eq!(client.reply().await.0, 250);
    }
    assert_eq!(sink.taken()[0].rcpt.len(), bound);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn a_spool_that_is_gone_is_trouble_of_ours() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Smtp)).await;
    let spool = gateway.folder.path().join("spool");
    std::fs::remove_dir(&spool).unwrap();
    let mut client = Client::connect(gateway.port, "EHLO").await;
    let large = [MESSAGE, &b"line of text\r\n".repeat(40_000)].concat();
    let reply = client.send("a@x.example", &["b@karbon.example"], &large).await;
    assert_eq!(reply.0, 452, "{reply:?}");
    // Small messages need no spool.
    assert_eq!(client.send("a@x.example", &["b@karbon.example"], MESSAGE).await.0, 250);
    std::fs::create_dir(&spool).unwrap();
    assert_eq!(client.send("a@x.example", &["b@karbon.example"], &large).await.0, 250);
    drop(client);
    gateway.stop().await;
}

/// The test holds both ends of each connection.
fn allow_open_files(files: usize) {
    let id = std::process::id().to_string();
    let limit = format!("--nofile={files}:");
    let status = std::process::Command::new("prlimit").args(["--pid", &id, &limit]).status();
    let status = status.expect("prlimit: install the Debian package `util-linux`");
    assert!(status.success(), "{files} open files are not allowed");
}

#[tokio::test]
async fn sessions_up_to_the_bound_are_served_and_one_more_is_told_to_wait() {
    allow_open_files(2 * contact_gateway::runtime::limits::SMTP_SESSIONS_MAX + 200);
    // As many as this machine's limit of open files lets the gateway have.
    let bound = descriptors::fitted(contact_gateway::runtime::limits::SMTP_SESSIONS_MAX);
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let mut clients = Vec::new();
    for _ in 0..bound {
        clients.push(Client::connect(gateway.port, "LHLO").await);
    }
    let mut one_more = Client::greeted(gateway.port).await;
    assert_eq!(one_more.0, (421, "4.3.2 Too many sessions; try again".into()));
    assert_eq!(one_more.1.reply().await.0, 0);
    // Every one of the others goes on, and a place that is left is another's.
    let mut last = clients.pop().unwrap();
    assert_eq!(last.send("a@x.example", &["b@karbon.example"], MESSAGE).await.0, 250);
    assert_eq!(last.ask("QUIT").await.0, 221);
    assert_eq!(last.reply().await.0, 0);
    for _ in 0..1_000 {
        if Client::greeted(gateway.port).await.0.0 == 220 {
            drop(clients);
            gateway.stop().await;
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no place becomes free");
}
