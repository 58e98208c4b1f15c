//! A real Postfix that asks the gateway by milter, before its queue.

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::channels::mail::settings::MilterKept;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON};
use super::postfix::{Postfix, every_disposition, files, message, people, way_back};
use super::sink::{Script, Sink};
use crate::servers::checks::free_port;
use crate::servers::guide::filled;

/// Where messages come in, where the gateway is asked, and where it hands messages back.
struct Ports {
    front: u16,
    milter: u16,
    back: u16,
}

fn ports() -> Ports {
    Ports { front: free_port(), milter: free_port(), back: free_port() }
}

fn postfix(ports: &Ports, sink: u16) -> Postfix {
    let master = master(ports.front, ports.milter, ports.back);
    let aliases = "virtual_alias_maps = inline:{{alias@karbon.example = real@karbon.example}}\n";
    Postfix::start(sink, aliases, &master)
}

/// The lines in `master.cf` of a Postfix that asks by milter.
pub(super) fn master(front: u16, milter: u16, back: u16) -> String {
    format!(
        "127.0.0.1:{front} inet n - n - - smtpd -o smtpd_milters=inet:127.0.0.1:{milter}\n  \
         -o milter_default_action=tempfail\n{}",
        filled(way_back(), &[("127.0.0.1:10026", format!("127.0.0.1:{back}"))])
    )
}

async fn set_up(kept: MilterKept) -> (Sink, Gateway, Postfix, u16) {
    let sink = Sink::start(&Script::default()).await;
    let ports = ports();
    let gateway = gateway(ports.back, ports.milter, kept).await;
    let postfix = postfix(&ports, sink.port);
    (sink, gateway, postfix, ports.front)
}

async fn gateway(back: u16, milter: u16, kept: MilterKept) -> Gateway {
    let mut choices = Choices::new(back, Protocol::Lmtp);
    choices.people = people();
    choices.milter_port = milter;
    choices.milter_kept = kept;
    Gateway::start(choices).await
}

fn held(postfix: &Postfix) -> usize {
    files(&postfix.folder.path().join("queue/hold"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_decision_is_carried_out() {
    let (sink, gateway, postfix, front) = set_up(MilterKept::Discard).await;
    every_disposition(front, &sink, &gateway, &postfix).await;
    assert_eq!(held(&postfix), 0);
    // Four messages in one session, and each was one milter conversation.
    assert!(postfix.log().contains("milter-discard: END-OF-MESSAGE"), "{}", postfix.log());
    drop(postfix);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_can_stay_on_hold_too() {
    let (sink, gateway, postfix, front) = set_up(MilterKept::Quarantine).await;
    every_disposition(front, &sink, &gateway, &postfix).await;
    assert_eq!(held(&postfix), 1, "{}", postfix.log());
    assert!(postfix.log().contains("milter-hold: END-OF-MESSAGE"));
    drop(postfix);
    gateway.stop().await;
}

/// Recipients are told apart as the client named them, also where an alias stands behind one, and
/// what a sender writes in our name is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recipients_and_fields_are_changed_one_by_one() {
    let (sink, gateway, postfix, front) = set_up(MilterKept::Discard).await;
    let mut client = Client::connect(front, "EHLO").await;
    let to = ["alias@karbon.example", "c@elsewhere.example", "b@karbon.example"];
    let reply = client.send("lim@x.example", &to, &message("lim@x.example")).await;
    assert_eq!(reply.0, 250, "{reply:?}\n{}", postfix.log());
    let forged = [
        &b"X-Contact-Gateway-Decision: deliver\r\nx-contact-gateway-PASS: v1;\r\n a\r\n"[..],
        b"A: 1\r\nX-Contact-Gateway-Pass: v1; b\r\n",
        &message("plain@x.example"),
    ]
    .concat();
    let reply = client.send("plain@x.example", &["alias@karbon.example"], &forged).await;
    assert_eq!(reply.0, 250, "{reply:?}\n{}", postfix.log());
    let taken = postfix.taken(&sink, 3).await;
    postfix.emptied().await;
    assert_eq!(sink.taken().len(), 3, "{taken:?}\n{}", postfix.log());
    let of = |mail: &str| taken.iter().find(|taken| taken.mail.contains(mail)).unwrap();
    assert_eq!(of("FROM:<>").rcpt.len(), 1, "the notice");
    let rest = of("<lim@x.example>");
    assert!(rest.rcpt.len() == 1 && rest.rcpt[0].contains("<c@elsewhere.example>"), "{rest:?}");
    assert!(!String::from_utf8_lossy(&rest.message).contains("X-Contact-Gateway"), "{rest:?}");
    let plain = of("<plain@x.example>");
    assert!(plain.rcpt[0].contains("<real@karbon.example>"), "{plain:?}");
    let text = String::from_utf8_lossy(&plain.message).to_ascii_lowercase();
    assert_eq!(text.matches("x-contact-gateway-").count(), 2, "{plain:?}");
    let (ours, rest) = text.split_once("a: 1\r\n").unwrap();
    assert!(ours.starts_with("x-contact-gateway-decision: deliver; reason=sender_unknown"));
    assert!(ours.contains("\r\nx-contact-gateway-pass: v2; mail-") && !rest.contains("gateway"));
    assert!(plain.message.ends_with(&message("plain@x.example")), "the message was changed");
    assert_eq!(
        gateway.queue(KARBON, "limited").await[0].original_to,
        ["alias@karbon.example", "b@karbon.example"]
    );
    drop(postfix);
    gateway.stop().await;
}

/// While the gateway is away the client is told to try again, and then its message is one contact.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_gateway_is_away_clients_try_again() {
    let sink = Sink::start(&Script::default()).await;
    let ports = ports();
    let Ports { front, milter, back } = ports;
    let postfix = postfix(&ports, sink.port);
    for _ in 0..2 {
        let mut client = Client::connect(front, "EHLO").await;
        let reply = client.ask("MAIL FROM:<lim@x.example>").await;
        assert_eq!(reply.0 / 100, 4, "{reply:?}\n{}", postfix.log());
    }
    let first = gateway(back, milter, MilterKept::Discard).await;
    let mut client = Client::connect(front, "EHLO").await;
    client.envelope("lim@x.example", &["a@karbon.example"]).await;
    // It stops within the message: what was not decided is tried again.
    let store = std::sync::Arc::clone(&first.store);
    let stopping = tokio::spawn(first.stop());
    client.write(&super::client::stuffed(&message("lim@x.example"))).await;
    let reply = client.reply().await;
    assert!(matches!(reply.0, 250 | 451), "{reply:?}\n{}", postfix.log());
    stopping.await.unwrap();
    let mut choices = Choices::new(back, Protocol::Lmtp);
    choices.milter_port = milter;
    let second = Gateway::start_on(choices, store).await;
    let mut client = Client::connect(front, "EHLO").await;
    for _ in 0..2 {
        let to = ["a@karbon.example"];
        let reply = client.send("lim@x.example", &to, &message("lim@x.example")).await;
        assert_eq!(reply.0, 250, "{reply:?}\n{}", postfix.log());
    }
    postfix.taken(&sink, 1).await;
    postfix.emptied().await;
    assert_eq!(sink.taken().len(), 1, "the notice, once: {:?}", sink.taken());
    assert_eq!(second.queue(KARBON, "limited").await.len(), 1);
    drop(postfix);
    second.stop().await;
}
