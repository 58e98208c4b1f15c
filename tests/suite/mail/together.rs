//! One message in several transactions at once, as from a server that hands it over once for each
//! mailbox.

use std::collections::BTreeMap;

use contact_gateway::channels::mail::listener::Protocol;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Fault, Script, Sink};

const MAILBOXES: usize = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_comes_in_parts_at_once_is_one_contact() {
    // Slow enough that all are on their way before the first is done.
    let slow = Fault { at: "END".into(), delay_ms: 100, ..Fault::default() };
    let sink = Sink::start(&Script { faults: vec![slow], ..Script::default() }).await;
    let mut choices = Choices::new(sink.port, Protocol::Lmtp);
    let people = std::fs::read_to_string("tests/dialogues/filed/people.json").unwrap();
    choices.people = serde_json::from_str::<BTreeMap<_, _>>(&people).unwrap();
    let gateway = Gateway::start(choices).await;
    for (from, kind) in [("routed@x.example", "Decision: route"), ("lim@x.example", "auto-replied")]
    {
        let message = format!("From: {from}\r\nMessage-ID: <1.{from}>\r\n\r\nIt drips.\r\n");
        let mut parts = tokio::task::JoinSet::new();
        for mailbox in 0..MAILBOXES {
            let (port, from, message) = (gateway.port, from.to_owned(), message.clone());
            parts.spawn(async move {
                let mut client = Client::connect(port, "LHLO").await;
                let to = format!("m{mailbox}@karbon.example");
                client.send(&from, &[&to], message.as_bytes()).await
            });
        }
        while let Some(reply) = parts.join_next().await {
            assert_eq!(reply.unwrap().0, 250, "{from}");
        }
        let came = |text: &str| {
            let taken = sink.taken();
            taken.iter().filter(|t| String::from_utf8_lossy(&t.message).contains(text)).count()
        };
        assert_eq!(came(kind), 1, "{from}: {:?}", sink.taken());
    }
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 1);
    assert_eq!(gateway.queue(KARBON, "pat").await.len(), 1);
    gateway.stop().await;
}
