//! What must hold whichever server stands in front, and however it hands its messages over.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::guide::filled;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink, Taken};
use crate::served::{Place, Served, person};

/// Far above what a server takes with its shortest retry, on a busy machine.
const WAIT: Duration = Duration::from_secs(90);

/// A mail server in front of the gateway and behind it.
pub trait MailServer {
    /// What it has logged.
    fn said(&self) -> String;
    /// Whether no message waits.
    fn is_empty(&self) -> bool;
    /// Has it try again now what was deferred.
    fn hurry(&self) {}
    /// Parts that it may put between what the gateway writes and what the sender wrote.
    fn is_own_field(&self, _line: &str) -> bool {
        false
    }
}

/// The ports that a guide names, and what takes their place here.
#[derive(Clone, Copy)]
pub struct Ports {
    pub front: u16,
    pub lmtp: u16,
    pub smtp: u16,
    pub back: u16,
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Ports {
    pub fn free() -> Ports {
        Ports { front: free_port(), lmtp: free_port(), smtp: free_port(), back: free_port() }
    }
}

/// The gateway, and where the server behind it delivers.
pub struct Rig {
    pub sink: Sink,
    pub place: Place,
    pub served: Option<Served>,
    pub ports: Ports,
}

/// `guide`: the gateway's settings; what of `values` is not in it is not put in.
pub async fn rig(guide: &str) -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let ports = Ports::free();
    let mut text = guide.to_owned();
    for (from, port) in [
        ("127.0.0.1:10024", ports.lmtp),
        ("127.0.0.1:10025", ports.smtp),
        ("127.0.0.1:10026", ports.back),
        ("127.0.0.1:8081", 0),
    ] {
        text = text.replace(from, &format!("127.0.0.1:{port}"));
    }
    if !text.contains("staff = ") {
        text = filled(text, &[("[listen]\n", "[listen]\nstaff = \"127.0.0.1:0\"\n".to_owned())]);
    }
    let place = Place::around(&text);
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let point = json!({"kind": "single_point_of_contact", "contact": {
        "name": "Pat Point", "email": "pat@karbon.example", "queue": "pat"}});
    let ended = json!({"kind": "contact_ended"});
    place.import(&json!([
        person("P-L", "lim@x.example", "+447700900001", letters.clone()),
        person("P-M", "later@x.example", "+447700900002", letters),
        person("P-R", "routed@x.example", "+447700900003", point),
        person("P-F", "filed@x.example", "+447700900004", ended),
    ]));
    let served = Some(place.serve());
    Rig { sink, place, served, ports }
}

/// With bytes beyond ASCII, a dot at a line's beginning, and a folded field.
fn message(from: &str, subject: &str) -> Vec<u8> {
    format!(
        "Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nFrom: {from}\r\nTo: a@karbon.example\r\n\
         Subject: {subject}\r\n\tand what\r\n  came of it\r\nMessage-ID: <{subject}.{from}>\r\n\
         X-Odd:   two  spaces \r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\
         Content-Transfer-Encoding: 8bit\r\n\r\n.dot and ümlaut\r\n\r\n  {subject} \r\n.\r\n"
    )
    .into_bytes()
}

/// Whoever's contact has ended and says nothing new.
const NOTHING_NEW: &[u8] = b"Date: Wed, 18 Nov 2026 10:00:00 +0000\r\nFrom: filed@x.example\r\n\
    To: a@karbon.example\r\nMessage-ID: <1.filed@x.example>\r\n\r\n";

impl Rig {
    fn served(&self) -> &Served {
        self.served.as_ref().unwrap()
    }

    pub async fn send(&self, server: &dyn MailServer, from: &str, to: &[&str], message: &[u8]) {
        let mut client = self.greeted(server).await;
        let reply = client.send(from, to, message).await;
        assert_eq!(reply.0, 250, "{from}: {reply:?}\n{}", server.said());
        client.ask("QUIT").await;
    }

    /// A server that was just started may not listen yet.
    pub async fn greeted(&self, server: &dyn MailServer) -> Client {
        let started = Instant::now();
        let address = ("127.0.0.1", self.ports.front);
        while tokio::net::TcpStream::connect(address).await.is_err() {
            assert!(started.elapsed() < WAIT, "nobody listens:\n{}", server.said());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Client::connect(self.ports.front, "EHLO").await
    }

    /// Waits until so many have come out and nothing waits any more.
    pub async fn taken(&self, server: &dyn MailServer, messages: usize) -> Vec<Taken> {
        let started = Instant::now();
        while self.sink.taken().len() < messages || !server.is_empty() {
            let taken = self.sink.taken();
            assert!(started.elapsed() < WAIT, "{messages}: {taken:?}\n{}", server.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let taken = self.sink.taken();
        assert_eq!(taken.len(), messages, "{taken:?}\n{}", server.said());
        taken
    }

    /// The audit entries of contacts, each as person and disposition, in order.
    async fn decided(&self) -> Vec<(Value, Value)> {
        // What is simply delivered is recorded within a moment.
        tokio::time::sleep(Duration::from_secs(1)).await;
        let decided = self.served().decided().await.into_iter();
        let mut decided: Vec<_> =
            decided.map(|entry| (entry["person"].clone(), entry["disposition"].clone())).collect();
        decided.sort_by_key(|(person, _)| person.to_string());
        decided
    }

    /// Messages of every kind, to two people at once, and what became of them.
    pub async fn every_disposition(&mut self, server: &dyn MailServer) {
        let to = ["a@karbon.example", "b@karbon.example"];
        for from in ["plain@x.example", "routed@x.example", "lim@x.example"] {
            self.send(server, from, &to, &message(from, "bins")).await;
        }
        self.send(server, "filed@x.example", &to, NOTHING_NEW).await;
        self.send(server, "", &to[..1], &message("null@x.example", "bounce")).await;
        // One limited at this organisation, of which the other recipient knows nothing.
        let both = ["a@karbon.example", "o@other.example"];
        self.send(server, "lim@x.example", &both, &message("lim@x.example", "fence")).await;
        // Delivered (in one or two transactions), routed, the notice, the null sender's, the other's.
        let messages = 5 + usize::from(self.in_two(server, &to).await);
        let taken = self.taken(server, messages).await;
        let find = |mail: &str, text: &str| find(&taken, mail, text, server);
        let plain = find("plain@x.example", "Decision: deliver; reason=sender_unknown");
        is_whole(server, plain, &message("plain@x.example", "bins"));
        let routed = find("routed@x.example", "Decision: route; reason=single_point_of_contact");
        assert!(routed.rcpt[0].starts_with("RCPT TO:<pat@karbon.example>"), "{:?}", routed.rcpt);
        is_whole(server, routed, &message("routed@x.example", "bins"));
        let notice = find("", "Auto-Submitted: auto-replied");
        assert!(notice.rcpt[0].starts_with("RCPT TO:<lim@x.example>"), "{:?}", notice.rcpt);
        is_whole(server, find("", "Subject: bounce"), &message("null@x.example", "bounce"));
        let other = find("lim@x.example", "Subject: fence");
        assert_eq!(other.rcpt.len(), 1);
        assert!(other.rcpt[0].starts_with("RCPT TO:<o@other.example>"), "{:?}", other.rcpt);
        is_whole(server, other, &message("lim@x.example", "fence"));
        for (queue, items) in [("limited", 2), ("pat", 1), ("filed", 1)] {
            assert_eq!(self.served().queue(queue).await.len(), items, "{queue}");
        }
        let limited = (json!("P-L"), json!("limit"));
        let expected = [
            (json!("P-F"), json!("file")),
            limited.clone(),
            limited,
            (json!("P-R"), json!("route")),
            (Value::Null, json!("deliver")),
            (Value::Null, json!("deliver")),
        ];
        assert_eq!(self.decided().await, expected, "{}", server.said());
    }

    /// Whether the plain message came out once for each recipient, as by a server that hands a
    /// message over for one mailbox at a time.
    async fn in_two(&self, server: &dyn MailServer, to: &[&str]) -> bool {
        let started = Instant::now();
        loop {
            let taken = self.sink.taken();
            let plain = taken.iter().filter(|taken| taken.mail.contains("<plain@x.example>"));
            let recipients: Vec<usize> = plain.map(|taken| taken.rcpt.len()).collect();
            if recipients.iter().sum::<usize>() >= to.len() {
                return recipients.len() > 1;
            }
            assert!(started.elapsed() < WAIT, "{taken:?}\n{}", server.said());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// While the gateway is gone its messages wait; afterwards each is decided and delivered once.
    pub async fn a_gateway_that_is_gone(&mut self, server: &dyn MailServer) {
        let before = (self.sink.taken().len(), self.decided().await.len());
        self.served.take().unwrap().kill();
        let to = ["a@karbon.example"];
        for from in ["plain@x.example", "routed@x.example", "later@x.example"] {
            self.send(server, from, &to, &message(from, "roof")).await;
        }
        // Long enough for a first try, which every server makes at once.
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert!(!server.is_empty(), "{}", server.said());
        assert_eq!(self.sink.taken().len(), before.0, "{}", server.said());
        self.served = Some(self.place.serve());
        let started = Instant::now();
        while self.sink.taken().len() < before.0 + 3 {
            assert!(started.elapsed() < WAIT, "{:?}\n{}", self.sink.taken(), server.said());
            server.hurry();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        let taken = self.taken(server, before.0 + 3).await;
        let new = &taken[before.0..];
        let plain = find(new, "plain@x.example", "Decision: deliver", server);
        is_whole(server, plain, &message("plain@x.example", "roof"));
        let routed = find(new, "routed@x.example", "Decision: route", server);
        is_whole(server, routed, &message("routed@x.example", "roof"));
        // A notice, and no bounce.
        find(new, "", "Auto-Submitted: auto-replied", server);
        assert_eq!(self.decided().await.len(), before.1 + 3, "{}", server.said());
    }

    pub fn stop(self) {
        self.served.unwrap().stop();
        drop(self.place);
    }
}

fn find<'a>(taken: &'a [Taken], from: &str, text: &str, server: &dyn MailServer) -> &'a Taken {
    let mail = format!("MAIL FROM:<{from}>");
    let found = taken.iter().find(|taken| {
        taken.mail.starts_with(&mail) && String::from_utf8_lossy(&taken.message).contains(text)
    });
    found.unwrap_or_else(|| panic!("no {from} {text}:\n{taken:?}\n{}", server.said()))
}

/// The sender's fields and text are there byte for byte; above them stands trace alone.
fn is_whole(server: &dyn MailServer, taken: &Taken, sent: &[u8]) {
    let Some(above) = taken.message.strip_suffix(sent) else {
        panic!("the message was changed:\n{taken:?}\n{}", server.said());
    };
    let above = String::from_utf8_lossy(above).into_owned();
    for line in above.lines() {
        let known = line.starts_with("Received: ")
            || line.starts_with("X-Contact-Gateway-")
            || line.starts_with(['\t', ' '])
            || server.is_own_field(line);
        assert!(known, "{line}\n{above}");
    }
}
