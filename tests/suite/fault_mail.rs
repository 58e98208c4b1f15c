//! Messages of `tests/faults`, handed to the real program: what is read in each decides as it should.

use std::path::Path;

use serde_json::json;

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::milter_packets::hand_over;
use crate::mail::sink::{Script, Sink};
use crate::one_reading::{AUTOMATIC, FROM_FIELDS, NEW_WORDS, SAFEGUARDS};
use crate::served::{Behind, Place, Served, person};

/// What mail comes in by, each with a mailbox of its own, to see what came in by it.
const DOORS: [(&str, &str); 3] = [
    ("SMTP", "repairs@karbon.example"),
    ("LMTP", "lettings@karbon.example"),
    ("milter", "office@karbon.example"),
];

fn message(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    std::fs::read(folder.join(name).join("message.eml")).unwrap()
}

struct Rig {
    served: Served,
    client: Client,
    sink: Sink,
    _place: Place,
    _handler: Upstream,
}

/// Jo may write letters alone; what Iss writes on a closed thread is filed, unless it is something new.
async fn rig() -> Rig {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "secret");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let closed = json!({"kind": "issue_closed", "issues": ["C-1"],
        "threads": ["closed-thread@x.example"]});
    let import = || {
        place.import(&json!([
            person("P-L", "jo@x.example", "+447700900123", letters),
            person("P-I", "iss@x.example", "+447700900124", closed),
        ]));
    };
    tokio::task::block_in_place(import);
    let served = tokio::task::block_in_place(|| place.serve());
    let client = Client::connect(served.lmtp.port(), "LHLO").await;
    Rig { served, client, sink, _place: place, _handler: handler }
}

impl Rig {
    async fn send(&mut self, from: &str, message: &[u8]) {
        let taken = self.client.send(from, &["repairs@karbon.example"], message).await;
        assert_eq!(taken.0, 250, "{taken:?}");
    }

    /// Hands a fault's message in by a door. The flags that it is passed on with; `None`: it is not passed on.
    async fn send_by(&self, (door, to): (&str, &str), from: &str, name: &str) -> Option<String> {
        let message = message(name);
        // The same message of the same sender is one contact, whatever it comes in by.
        let from = &*format!("{door}.{from}");
        if door == "milter" {
            let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap();
            let (header, body) = (&message[..end], &message[end + 4..]);
            let envelope = (from, to);
            let (answer, flags) =
                hand_over(self.served.milter.port(), envelope, header, body).await;
            assert_ne!(answer, b't', "{name} by {door}");
            return (answer == b'c').then_some(flags);
        }
        let port = if door == "SMTP" { self.served.smtp.port() } else { self.served.lmtp.port() };
        let mut client = Client::connect(port, if door == "SMTP" { "EHLO" } else { "LHLO" }).await;
        let taken = client.send(from, &[to], &message).await;
        assert_eq!(taken.0, 250, "{name} by {door}: {taken:?}");
        let to = format!("RCPT TO:<{to}>");
        let passed = self.sink.taken().into_iter().rfind(|taken| {
            taken.rcpt.iter().any(|rcpt| rcpt.starts_with(&to)) && taken.message.ends_with(&message)
        })?;
        let head = String::from_utf8_lossy(&passed.message).into_owned();
        let flags = head.lines().find_map(|line| line.strip_prefix("X-Contact-Gateway-Flags: "));
        Some(flags.unwrap_or_default().to_owned())
    }

    async fn waiting(&self, queue: &str) -> usize {
        self.served.queue(queue).await.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_from_field_that_is_read_alike_everywhere_is_held_to_the_restriction() {
    let rig = rig().await;
    for (before, name) in FROM_FIELDS.into_iter().enumerate() {
        for door in DOORS {
            // The sender in the envelope settles nothing.
            let passed = rig.send_by(door, "bounces@z.example", name).await;
            assert_eq!(passed, None, "{name} by {door:?}");
        }
        let limited = rig.served.queue("limited").await;
        assert_eq!(limited.len(), DOORS.len() * (before + 1), "{name}");
        assert!(limited.iter().all(|item| item["person"] == "P-L"), "{name}: {limited:?}");
    }
    drop(rig.client);
    rig.served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn new_words_on_a_closed_matter_are_looked_at_however_they_are_wrapped() {
    let mut rig = rig().await;
    let known = |id: &str| {
        format!(
            "From: iss@x.example\r\nSubject: Re: C-1\r\nMessage-ID: <{id}@x.example>\r\n\
             In-Reply-To: <closed-thread@x.example>\r\n\r\nThe roof has been leaking on and off since \
             March and nobody has ever come to repair it properly despite many promises\r\n"
        )
    };
    // With nothing to compare with, it may be new; the same again is not.
    rig.send("iss@x.example", known("k-1").as_bytes()).await;
    assert_eq!((rig.waiting("review").await, rig.waiting("filed").await), (1, 0));
    rig.send("iss@x.example", known("k-2").as_bytes()).await;
    assert_eq!((rig.waiting("review").await, rig.waiting("filed").await), (1, 1));
    for (before, name) in NEW_WORDS.into_iter().enumerate() {
        rig.send("iss@x.example", &message(name)).await;
        let review = rig.served.queue("review").await;
        assert_eq!((review.len(), rig.waiting("filed").await), (before + 2, 1), "{name}");
        let flags = |item: &serde_json::Value| item["flags"].to_string();
        let new = review.iter().filter(|item| flags(item).contains("possible_new_evidence"));
        assert_eq!(new.count(), before + 2, "{name}: {review:?}");
    }
    drop(rig.client);
    rig.served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_safeguard_in_any_form_goes_first_by_every_door() {
    let rig = rig().await;
    for (before, name) in SAFEGUARDS.into_iter().enumerate() {
        for door in DOORS {
            // The queue has no mailbox: the original recipient gets it.
            let passed = rig.send_by(door, "jo@x.example", name).await;
            let flags = passed.unwrap_or_else(|| panic!("{name} by {door:?} is not passed on"));
            assert!(flags.contains("safeguard."), "{name} by {door:?}: {flags}");
            assert!(!flags.contains("unread"), "{name} by {door:?}: {flags}");
        }
        let items = rig.served.queue("emergency").await;
        assert_eq!(items.len(), DOORS.len() * (before + 1), "{name}");
        assert!(items.iter().all(|item| item["person"] == "P-L"), "{name}: {items:?}");
    }
    assert_eq!(rig.waiting("limited").await, 0);
    drop(rig.client);
    rig.served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_program_wrote_is_automatic_by_every_door() {
    let rig = rig().await;
    for name in AUTOMATIC {
        for door in DOORS {
            let passed = rig.send_by(door, "jo@x.example", name).await;
            let flags = passed.unwrap_or_else(|| panic!("{name} by {door:?} is not passed on"));
            assert!(flags.contains("automatic"), "{name} by {door:?}: {flags}");
        }
    }
    assert_eq!(rig.waiting("limited").await, 0);
    drop(rig.client);
    rig.served.stop();
}
