//! What the milter dialogues can't show: a mark that is good, and a stop.

use std::time::Duration;

use contact_gateway::channels::mail::listener::Protocol;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::gateway::{Choices, Gateway};
use super::milter_packets::{framed, packet, shown};
use super::sink::{Script, Sink};

/// Far above what any step takes, even where the machine is busy.
const WAIT: Duration = Duration::from_secs(40);

/// A mail server's side of the protocol.
struct Server(TcpStream);

impl Server {
    async fn connect(port: u16) -> Server {
        let mut server = Server(TcpStream::connect(("127.0.0.1", port)).await.unwrap());
        server.say(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff").await;
        assert!(server.hear().await.starts_with('O'));
        server.say(b"Cclient.example\x004\x12\x34192.0.2.7\0").await;
        server
    }

    async fn say(&mut self, packet: &[u8]) {
        self.0.write_all(&framed(packet)).await.unwrap();
    }

    async fn hear(&mut self) -> String {
        shown(&timeout(WAIT, packet(&mut self.0)).await.unwrap().unwrap())
    }

    /// Everything up to the end of the header.
    async fn begin(&mut self, extra: &[(&str, &str)]) {
        self.say(b"M<a@x.example>\0").await;
        self.say(b"R<b@karbon.example>\0").await;
        assert_eq!(self.hear().await, "c");
        for (name, value) in extra.iter().chain(&[("From", " a@x.example")]) {
            self.say(format!("L{name}\0{value}\0").as_bytes()).await;
        }
        self.say(b"N").await;
    }

    /// The answers up to the last.
    async fn end(&mut self) -> Vec<String> {
        self.say(b"E").await;
        let mut heard = Vec::new();
        loop {
            heard.push(self.hear().await);
            if heard.last().is_some_and(|last| matches!(last.as_str(), "c" | "t" | "d")) {
                return heard;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_with_our_own_mark_passes_untouched() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let mut server = Server::connect(gateway.milter_port).await;
    server.begin(&[]).await;
    let answers = server.end().await;
    let mark = answers[0].strip_prefix("i\\0\\0\\0\\0X-Contact-Gateway-Pass\\0").unwrap();
    let mark = mark.strip_suffix("\\0").unwrap().to_owned();
    let fields = [("X-Contact-Gateway-Pass", mark.as_str()), ("X-Contact-Gateway-Decision", " x")];
    server.begin(&fields).await;
    assert_eq!(server.end().await, ["c"]);
    assert_eq!(gateway.counted("passed_by_mark"), 1);
    // Another sender's message with that mark is another message.
    server.begin(&[("X-Contact-Gateway-Pass", &mark), ("Subject", " other")]).await;
    assert!(server.end().await[0].starts_with("m\\0\\0\\0\\x01X-Contact-Gateway-Pass"));
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_ends_sessions_between_messages_and_finishes_the_one_in_hand() {
    let sink = Sink::start(&Script::default()).await;
    let gateway = Gateway::start(Choices::new(sink.port, Protocol::Lmtp)).await;
    let mut idle = Server::connect(gateway.milter_port).await;
    let mut busy = Server::connect(gateway.milter_port).await;
    busy.begin(&[]).await;
    // It has been read, so that it is in hand.
    busy.say(b"Bx\r\n").await;
    assert_eq!(busy.hear().await, "c");
    let stopping = tokio::spawn(gateway.stop());
    let mut rest = Vec::new();
    timeout(WAIT, idle.0.read_to_end(&mut rest)).await.unwrap().unwrap();
    assert!(rest.is_empty());
    assert_eq!(busy.end().await.last().unwrap(), "c");
    timeout(WAIT, busy.0.read_to_end(&mut rest)).await.unwrap().unwrap();
    stopping.await.unwrap();
}
