//! A full disk under the real program: first no file grows any more, so that the store takes no commits and only
//! what was reserved can be written; then nothing can be written at all. What each sender is answered, what `ready`
//! names, and what is on record when there is room again.

use std::process::Command;

use serde_json::{Value, json};

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, TOKEN, person};
use crate::store_contract::servers::until;

const SAM: &str = "sam@x.example";

/// Half of an embedded store's file, and a part of what the journal reserves.
const NO_GROWTH: &str = "65536";

struct Rig {
    served: Served,
    sink: Sink,
    handler: Upstream,
    _place: Place,
}

/// A gateway to which Sam may only write letters.
async fn rig() -> Rig {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "secret").with_calls();
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let served = tokio::task::block_in_place(|| {
        place.import(&json!([person("P-1", SAM, "+447700900001", letters)]));
        // Otherwise the signal of a file at its limit would end the program.
        place.serve_by_shell("trap '' XFSZ")
    });
    Rig { served, sink, handler, _place: place }
}

impl Rig {
    /// No file may be written to past so many bytes; `unlimited`: there is room again.
    fn limit_files(&self, bytes: &str) {
        let (id, limit) = (format!("--pid={}", self.served.id()), format!("--fsize={bytes}:"));
        assert!(Command::new("prlimit").args([&id, &limit]).status().unwrap().success());
    }

    async fn names(&self, part: &str) -> bool {
        let ready = self.served.try_ask("GET", "/health/ready", &Value::Null).await.json();
        ready["parts"][part] != "ok"
    }

    /// The answer on a call or a text of Sam's.
    async fn on(&self, channel: &str, id: &str) -> Value {
        let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer secret")];
        let contact = json!({"id": id, "channel": channel, "text": "The tap drips.",
            "from": [{"kind": "email", "value": SAM}]});
        let contact = contact.to_string();
        let sent = request("POST", "/karbon/calls", &fields, contact.as_bytes());
        raw(self.served.contacts, &sent).await.json()
    }

    /// The same, of one that was decided in time: a machine that is too busy passes calls on.
    async fn decided(&self, channel: &str, when: &str) -> Value {
        for number in 0..100 {
            let answer = self.on(channel, &format!("{channel}-{when}-{number}")).await;
            if answer["disposition"].is_string() {
                return answer;
            }
        }
        panic!("no {channel} was decided in time");
    }

    /// What a form answers, and whether its handler has got it.
    async fn form(&self, sender: &str, message: &str) -> (u16, bool) {
        let before = self.handler.seen().len();
        let body = format!("email={sender}&message={message}");
        let got = form(self.served.contacts, "/karbon/contact", &body).await;
        (got.status, self.handler.seen().len() > before)
    }

    /// What a program that asks about a message of Sam's is answered.
    async fn asked(&self, id: &str) -> u16 {
        let bearer = format!("Bearer {TOKEN}");
        let fields = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        let contact = json!({"id": id, "channel": "web_form", "text": "The tap drips.",
            "from": [{"kind": "email", "value": SAM, "assurance": "asserted"}]});
        let contact = contact.to_string();
        let sent = request("POST", "/decisions/contact", &fields, contact.as_bytes());
        raw(self.served.contacts, &sent).await.status
    }

    async fn mail(&self, sender: &str, message: &str) -> u16 {
        let mut client = Client::connect(self.served.smtp.port(), "EHLO").await;
        let message = format!("From: {sender}\r\nSubject: {message}\r\n\r\n{message}\r\n");
        client.send(sender, &["repairs@karbon.example"], message.as_bytes()).await.0
    }

    fn delivered(&self, message: &str) -> bool {
        let subject = format!("Subject: {message}\r\n");
        let has = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(&subject);
        self.sink.taken().iter().any(|taken| has(&taken.message))
    }
}

fn is_consistent(call: &Value) -> bool {
    (call["action"] == "connect") == (call["disposition"] == "deliver")
}

/// Uses up the room that the store's log still has; the ids of the calls that were decided.
async fn until_commits_fail(rig: &Rig) -> Vec<String> {
    let mut ids = Vec::new();
    for number in 0..500 {
        let id = format!("call-{number}");
        let call = rig.on("telephone", &id).await;
        assert!(is_consistent(&call), "{call}");
        if call["disposition"].is_string() {
            assert_eq!(call["disposition"], "limit", "{call}");
            ids.push(id);
        }
        if rig.names("store").await {
            return ids;
        }
    }
    panic!("every commit worked");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_promised_that_cannot_be_kept_and_no_answer_contradicts_itself() {
    let rig = rig().await;
    assert_eq!(rig.decided("sms", "before").await["disposition"], "limit");

    rig.limit_files(NO_GROWTH);
    let mut journalled = until_commits_fail(&rig).await;
    let call = rig.decided("telephone", "journalled").await;
    assert_eq!((&call["action"], &call["disposition"]), (&json!("notice"), &json!("limit")));
    assert_eq!(call["stale"], true, "{call}");
    journalled.push(call["contact"].as_str().unwrap().to_owned());
    assert_eq!(rig.form(SAM, "one").await, (403, false));
    assert_eq!(rig.form("al@y.example", "two").await, (200, true));
    assert!(rig.names("store").await && !rig.names("journal").await);

    rig.limit_files("0");
    // Who can't be asked to try again gets through, and the answer says so.
    let mut unrecorded = Vec::new();
    for (channel, action) in [("telephone", "connect"), ("sms", "ok")] {
        let answer = rig.decided(channel, "unrecorded").await;
        assert_eq!(answer["action"], action, "{answer}");
        assert_eq!(answer["disposition"], "deliver", "{answer}");
        assert_eq!(answer["stale"], true, "{answer}");
        assert!(answer["flags"].to_string().contains("\"unrecorded\""), "{answer}");
        unrecorded.push(answer["contact"].as_str().unwrap().to_owned());
    }
    for part in ["store", "journal"] {
        until("ready names it", || async { rig.names(part).await }).await;
    }
    assert_eq!(rig.form(SAM, "three").await, (503, false));
    assert_eq!(rig.form("al@y.example", "four").await, (200, true));
    assert_eq!(rig.asked("asked").await, 503);
    assert_eq!(rig.mail(SAM, "five").await, 452);
    assert_eq!(rig.mail("al@y.example", "six").await, 250);
    assert!(!rig.delivered("five") && rig.delivered("six"));
    until("ready names the archive", || async { rig.names("archive").await }).await;

    rig.limit_files("unlimited");
    until("ready names neither", || async {
        !rig.names("store").await && !rig.names("journal").await
    })
    .await;
    let count = |trail: &[Value], id: &str| trail.iter().filter(|one| one["contact"] == id).count();
    until("what was journalled is on record", || async {
        let trail = rig.served.decided().await;
        journalled.iter().all(|id| count(&trail, id) == 1)
    })
    .await;
    // Their senders try again.
    assert_eq!(rig.form(SAM, "three").await, (403, false));
    assert_eq!(rig.asked("asked").await, 200);
    assert_eq!(rig.mail(SAM, "five").await, 250);
    assert!(!rig.delivered("five"));
    let trail = rig.served.decided().await;
    assert!(journalled.iter().all(|id| count(&trail, id) == 1), "{trail:?}");
    assert!(unrecorded.iter().all(|id| count(&trail, id) == 0), "{trail:?}");
    assert_eq!(count(&trail, "asked"), 1);
    rig.served.stop();
}
