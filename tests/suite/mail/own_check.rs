//! The gateway's own check of a sender, on messages that dkimpy signed and a DNS of the test's.

use std::time::Instant;

use bytes::Bytes;
use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::channels::mail::own_check::{Origin, OwnCheck};
use contact_gateway::channels::mail::settings::{CheckSettings, MailListener};
use contact_gateway::domain::identifier::Assurance;
use contact_gateway::ports::Original;
use contact_gateway::runtime::limits::{
    MAIL_CHECK_BYTES_MAX, MAIL_CHECK_WAIT, MAIL_SIGNATURES_MAX,
};

use super::client::Client;
use super::dns::Dns;
use super::gateway::{Choices, Gateway, KARBON};
use super::postfix::people;
use super::signer::Signer;
use super::sink::{Script, Sink};

const STRICT: &str = "v=DMARC1; p=reject";
const SPF: &str = "v=spf1 ip4:192.0.2.7 -all";

fn message(from: &str, body: &str) -> Vec<u8> {
    format!(
        "From: {from}\r\nTo: a@karbon.example\r\nSubject: bins\r\nMessage-ID: <1@x>\r\n\
         Date: Wed, 18 Nov 2026 10:00:00 +0000\r\n\r\n{body}\r\n"
    )
    .into_bytes()
}

fn origin(client: Option<&str>, sender: &str) -> Origin {
    Origin {
        client: client.map(|client| client.parse().unwrap()),
        hello: "client.example".into(),
        sender: sender.into(),
    }
}

async fn found(dns: &Dns, message: &[u8], origin: Origin, domain: &str) -> Assurance {
    let check = OwnCheck::new(dns.address, "gw.example").unwrap();
    let original = Original::Bytes(Bytes::copy_from_slice(message));
    check.assurance(&original, message.len() as u64, 1, origin, domain).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dkim_spf_and_dmarc_say_what_a_border_would() {
    let mut signer = Signer::start();
    let (key, other) = (Signer::name("x.example"), Signer::name("other.example"));
    let record = signer.record.clone();
    let dns = Dns::start(&[
        (key.as_str(), record.as_str()),
        (other.as_str(), record.as_str()),
        ("_dmarc.x.example", STRICT),
        ("x.example", SPF),
        ("other.example", "v=spf1 ip4:192.0.2.0/24 -all"),
        ("_dmarc.silent.example", "v=DMARC1; p=none"),
    ])
    .await;
    let ours = Some("192.0.2.7");
    let foreign = Some("198.51.100.1");
    let text = message("jo@x.example", "Hello.");
    let signed = signer.sign(&text, "x.example", "relaxed/simple", false);
    let by_other = signer.sign(&text, "other.example", "relaxed/relaxed", false);
    let changed = String::from_utf8(signed.clone()).unwrap().replace("Hello.", "Hello!");
    let changed = changed.as_bytes();
    let unheard = message("jo@quiet.example", "Hello.");
    let silent = message("jo@silent.example", "Hello.");
    for (what, message, client, sender, domain, expected) in [
        ("signed", &signed[..], foreign, "b@z.example", "x.example", Assurance::Proven),
        ("signed, by pipe", &signed[..], None, "", "x.example", Assurance::Proven),
        ("SPF alone", &text[..], ours, "jo@x.example", "x.example", Assurance::Proven),
        ("body changed", changed, foreign, "b@z.example", "x.example", Assurance::Refuted),
        ("body changed, SPF", changed, ours, "jo@x.example", "x.example", Assurance::Proven),
        ("body changed, by pipe", changed, None, "", "x.example", Assurance::Asserted),
        ("not aligned", &by_other[..], ours, "b@other.example", "x.example", Assurance::Refuted),
        (
            "SPF of another host",
            &text[..],
            foreign,
            "jo@x.example",
            "x.example",
            Assurance::Refuted,
        ),
        (
            "nothing published",
            &unheard[..],
            ours,
            "b@z.example",
            "quiet.example",
            Assurance::Asserted,
        ),
        ("p=none", &silent[..], ours, "b@z.example", "silent.example", Assurance::Refuted),
        ("null sender", &text[..], ours, "", "x.example", Assurance::Refuted),
        ("no message", &b""[..], ours, "b@z.example", "x.example", Assurance::Asserted),
    ] {
        let found = found(&dns, message, origin(client, sender), domain).await;
        assert_eq!(found, expected, "{what}; asked {:?}", dns.asked());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_can_not_be_found_out_is_not_held_against_anybody() {
    let text = message("jo@x.example", "Hello.");
    let original = Original::Bytes(Bytes::from(text.clone()));
    let length = text.len() as u64;
    // A nameserver that takes questions and says nothing.
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let check = OwnCheck::new(silent.local_addr().unwrap(), "gw.example").unwrap();
    let started = Instant::now();
    let from = || origin(Some("192.0.2.7"), "jo@x.example");
    let found = check.assurance(&original, length, 1, from(), "x.example").await;
    assert_eq!(found, Assurance::Asserted);
    assert!(started.elapsed() < MAIL_CHECK_WAIT * 4, "{:?}", started.elapsed());
    // Past the bounds nothing is asked; at them it is.
    let dns = Dns::start(&[("_dmarc.x.example", STRICT), ("x.example", SPF)]).await;
    let check = OwnCheck::new(dns.address, "gw.example").unwrap();
    for (length, signatures) in [(MAIL_CHECK_BYTES_MAX + 1, 1), (length, MAIL_SIGNATURES_MAX + 1)] {
        let found = check.assurance(&original, length, signatures, from(), "x.example").await;
        assert_eq!((found, dns.asked().len()), (Assurance::Asserted, 0));
    }
    let bounds = (MAIL_CHECK_BYTES_MAX, MAIL_SIGNATURES_MAX);
    let found = check.assurance(&original, bounds.0, bounds.1, from(), "x.example").await;
    assert_eq!(found, Assurance::Proven);
}

/// One message of a client that XFORWARD names.
async fn send(client: &mut Client, address: &str, message: &[u8]) {
    let xforward = format!("XFORWARD ADDR={address} HELO=client.example");
    assert_eq!(client.ask(&xforward).await.0, 250);
    assert_eq!(client.send("lim@x.example", &["a@karbon.example"], message).await.0, 250);
}

/// Through the gateway: the client is the one that XFORWARD names, and only the mail of somebody
/// who may be restricted is checked, where the border has not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sender_who_is_refuted_is_delivered_and_flagged() {
    let mut signer = Signer::start();
    let (key, record) = (Signer::name("x.example"), signer.record.clone());
    let texts = [(key.as_str(), record.as_str()), ("_dmarc.x.example", STRICT), ("x.example", SPF)];
    let dns = Dns::start(&texts).await;
    let sink = Sink::start(&Script::default()).await;
    let mut choices = Choices::new(sink.port, Protocol::Lmtp);
    choices.people = people();
    choices.check =
        Some(CheckSettings { nameserver: dns.address, listeners: vec![MailListener::Lmtp] });
    let gateway = Gateway::start(choices).await;
    let mut client = Client::connect(gateway.port, "LHLO").await;
    let plain = message("plain@x.example", "Hello.");
    send(&mut client, "198.51.100.1", &plain).await;
    assert_eq!(dns.asked(), Vec::<String>::new(), "a sender without restrictions was checked");
    let border = b"Authentication-Results: mx.karbon.example; dmarc=pass\r\n";
    let seen = [&border[..], &message("lim@x.example", "Seen.")].concat();
    send(&mut client, "198.51.100.1", &seen).await;
    assert_eq!(dns.asked(), Vec::<String>::new(), "the border had checked it");
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 1);
    let signed =
        signer.sign(&message("lim@x.example", "Signed."), "x.example", "relaxed/relaxed", true);
    send(&mut client, "198.51.100.1", &signed).await;
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 2);
    let changed = String::from_utf8(signed).unwrap().replace("Signed.", "Changed.");
    send(&mut client, "192.0.2.7", changed.as_bytes()).await;
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 3, "SPF passes");
    let changed = changed.replace("Changed.", "Changed again.");
    send(&mut client, "198.51.100.1", changed.as_bytes()).await;
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 3);
    let last = sink.taken().pop().unwrap();
    let text = String::from_utf8_lossy(&last.message);
    assert!(text.contains("X-Contact-Gateway-Flags: identity_refuted"), "{text}");
    assert!(last.rcpt[0].contains("a@karbon.example"));
    gateway.stop().await;
}
