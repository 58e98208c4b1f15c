//! Messages of `tests/faults`, handed to the real program: what is read in each decides as it should.

use std::path::Path;

use serde_json::json;

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

fn message(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults");
    std::fs::read(folder.join(name).join("message.eml")).unwrap()
}

struct Rig {
    served: Served,
    client: Client,
    _place: Place,
    _around: (Sink, Upstream),
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
    Rig { served, client, _place: place, _around: (sink, handler) }
}

impl Rig {
    async fn send(&mut self, from: &str, message: &[u8]) {
        let taken = self.client.send(from, &["repairs@karbon.example"], message).await;
        assert_eq!(taken.0, 250, "{taken:?}");
    }

    async fn waiting(&self, queue: &str) -> usize {
        self.served.queue(queue).await.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_from_field_that_is_read_alike_everywhere_is_held_to_the_restriction() {
    let mut rig = rig().await;
    for (before, name) in [
        "from-latin1-raw",
        "from-self-displayname",
        "from-trailing-semicolon",
        "from-unquoted-brackets",
        "from-unquoted-comma",
    ]
    .into_iter()
    .enumerate()
    {
        // Whoever is in the envelope settles nothing.
        rig.send("bounces@z.example", &message(name)).await;
        let limited = rig.served.queue("limited").await;
        assert_eq!(limited.len(), before + 1, "{name}");
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
    for (before, name) in [
        "ev2-alt-blank-new",
        "ev2-alt-plain-old-html-new",
        "ev2-midline-boundary",
        "ev3-html-inline-below",
    ]
    .into_iter()
    .enumerate()
    {
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
