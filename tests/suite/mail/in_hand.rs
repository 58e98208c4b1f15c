//! What sessions hold in memory is bounded for all together: messages go by disk, recipients are put off.

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::runtime::limits::{
    ENVELOPES_MEMORY_BYTES_MAX, MESSAGES_MEMORY_BYTES_MAX, SMTP_PATH_BYTES_MAX,
};
use contact_gateway::runtime::room::IncomingRoom;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::client::Client;
use super::gateway::{Choices, Gateway};
use super::milter_packets::{framed, next_packet};
use super::sink::{Script, Sink};
use crate::store_contract::servers::until;

const OFFER: &[u8] = b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff";

fn hello(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::Smtp => "EHLO",
        Protocol::Lmtp => "LHLO",
    }
}

/// A recipient of the organisation whose path has this many octets.
fn path(octets: usize, number: usize) -> String {
    let domain = "@karbon.example";
    format!("<{number:0width$}{domain}>", width = octets - domain.len() - 2)
}

async fn milter(port: u16) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    for packet in [OFFER, b"M<a@x.example>\0"] {
        stream.write_all(&framed(packet)).await.unwrap();
    }
    assert!(next_packet(&mut stream).await.unwrap().starts_with('O'));
    stream
}

async fn named(stream: &mut TcpStream, path: &str) -> String {
    stream.write_all(&framed(format!("R{path}\0").as_bytes())).await.unwrap();
    next_packet(stream).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_recipients_fill_a_transaction_before_it_has_as_many_as_may_be() {
    let sink = Sink::start(&Script::default()).await;
    for protocol in [Protocol::Lmtp, Protocol::Smtp] {
        let gateway = Gateway::start(Choices::new(sink.port, protocol)).await;
        let mut client = Client::connect(gateway.port, hello(protocol)).await;
        assert_eq!(client.ask("MAIL FROM:<a@x.example>").await.0, 250);
        let mut taken = 0;
        let full = loop {
            let said = client.ask(&format!("RCPT TO:{}", path(SMTP_PATH_BYTES_MAX, taken))).await;
            match said.0 {
                250 => taken += 1,
                _ => break said,
            }
        };
        assert!((300..400).contains(&taken), "{taken}");
        assert_eq!(full.0, 452);
        assert!(full.1.starts_with("4.5.3 "), "{}", full.1);
        let long = client.ask(&format!("RCPT TO:{}", path(SMTP_PATH_BYTES_MAX + 1, 0))).await;
        assert_eq!(long, (501, "5.1.3 The recipient's address is too long".to_owned()));
        // Those that were taken are sent to.
        assert_eq!(client.ask("DATA").await.0, 354);
        client.write(b"From: a@x.example\r\n\r\nHi\r\n.\r\n").await;
        let answers = if protocol == Protocol::Lmtp { taken } else { 1 };
        for _ in 0..answers {
            assert_eq!(client.reply().await.0, 250);
        }
        assert_eq!(sink.taken().last().unwrap().rcpt.len(), taken);
        let mut server = milter(gateway.milter_port).await;
        for number in 0..taken {
            assert_eq!(named(&mut server, &path(SMTP_PATH_BYTES_MAX, number)).await, "c");
        }
        assert_eq!(named(&mut server, &path(SMTP_PATH_BYTES_MAX, taken)).await, "t");
        assert_eq!(gateway.counted("no_room"), 0);
        drop((client, server));
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_a_recipient_is_put_off_and_few_are_taken_all_the_same() {
    let sink = Sink::start(&Script::default()).await;
    for protocol in [Protocol::Lmtp, Protocol::Smtp] {
        let gateway = Gateway::start(Choices::new(sink.port, protocol)).await;
        let mut others = IncomingRoom::for_envelope();
        assert!(others.grow(ENVELOPES_MEMORY_BYTES_MAX));
        let mut client = Client::connect(gateway.port, hello(protocol)).await;
        assert_eq!(client.ask("MAIL FROM:<a@x.example>").await.0, 250);
        for number in 0..2 {
            let said = client.ask(&format!("RCPT TO:{}", path(40, number))).await;
            assert_eq!(said.0, 250, "{said:?}");
        }
        let full = client.ask(&format!("RCPT TO:{}", path(40, 3))).await;
        assert_eq!(full, (452, "4.3.1 No room for another recipient; try again".to_owned()));
        let mut server = milter(gateway.milter_port).await;
        for expected in ["c", "c", "t"] {
            assert_eq!(named(&mut server, &path(40, 0)).await, expected);
        }
        assert_eq!(gateway.counted("no_room"), 2);
        others.clear();
        assert_eq!(client.ask(&format!("RCPT TO:{}", path(40, 3))).await.0, 250);
        assert_eq!(named(&mut server, &path(40, 0)).await, "c");
        drop((client, server));
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_room_a_message_goes_by_disk_and_arrives_as_it_was() {
    let sink = Sink::start(&Script::default()).await;
    let mut others = IncomingRoom::for_message();
    assert!(others.grow(MESSAGES_MEMORY_BYTES_MAX));
    let field = format!("X-Long: {}\r\n", "a".repeat(900));
    let line = format!("{}\r\n", "words ".repeat(12));
    let message = format!("{}From: a@x.example\r\n\r\n{}", field.repeat(20), line.repeat(1_000));
    for protocol in [Protocol::Lmtp, Protocol::Smtp] {
        let gateway = Gateway::start(Choices::new(sink.port, protocol)).await;
        let mut client = Client::connect(gateway.port, hello(protocol)).await;
        client.envelope("a@x.example", &["b@karbon.example"]).await;
        let (begun, rest) = message.split_at(50_000);
        client.write(begun.as_bytes()).await;
        until("it is on disk before it is whole", || async { gateway.spooled() > 0 }).await;
        client.write(rest.as_bytes()).await;
        client.write(b".\r\n").await;
        assert_eq!(client.reply().await.0, 250);
        let taken = sink.taken().pop().unwrap().message;
        assert!(String::from_utf8(taken).unwrap().ends_with(&message));
        assert_eq!((gateway.spooled(), gateway.counted("no_room")), (0, 0));
        gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_milter_refuses_what_is_too_long_by_its_recipient() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Smtp)).await;
    let mut server = milter(gateway.milter_port).await;
    let long = path(SMTP_PATH_BYTES_MAX + 1, 0);
    let refused = named(&mut server, &long).await;
    assert_eq!(refused, "y501 5.1.3 The recipient's address is too long\\0");
    // The sender's own command has no answer.
    server.write_all(&framed(b"A")).await.unwrap();
    server.write_all(&framed(format!("M{long}\0").as_bytes())).await.unwrap();
    let refused = named(&mut server, "<b@karbon.example>").await;
    assert_eq!(refused, "y501 5.1.7 The sender's address is too long\\0");
    drop(server);
    gateway.stop().await;
}
