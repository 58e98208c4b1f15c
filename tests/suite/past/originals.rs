//! An original that is missing, or is not what was kept: an answer that says so, and an item that
//! waits as before.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, form};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

const LIMITED: &str = "lim@x.example";

struct Rig {
    place: Place,
    served: Served,
    sink: Sink,
    handler: Upstream,
}

/// A gateway that has kept one e-mail and one form.
async fn rig() -> Rig {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "unused");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-L", LIMITED, "+447700900001", letters)]));
    let served = place.serve();
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let message = format!(
        "From: {LIMITED}\r\nTo: repairs@karbon.example\r\nSubject: The tap\r\n\
         Message-ID: <1@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\nIt drips.\r\n"
    );
    let taken = client.send(LIMITED, &["repairs@karbon.example"], message.as_bytes()).await;
    assert_eq!(taken.0, 250);
    let page =
        form(served.contacts, "/karbon/contact", "email=lim%40x.example&message=It+drips.").await;
    assert_eq!(page.status, 403);
    Rig { place, served, sink, handler }
}

/// Every original in a folder.
fn originals(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(originals(&path));
        } else {
            found.push(path);
        }
    }
    found
}

impl Rig {
    fn archive(&self) -> PathBuf {
        self.place.folder.path().join("archive")
    }

    async fn release(&self, item: &Value) -> Got {
        let target = format!("/api/v1/queues/limited/{}/release", item["id"].as_str().unwrap());
        self.served.try_ask("POST", &target, &json!({})).await
    }

    /// The items, and the notes on each apart.
    async fn items(&self) -> (Vec<Value>, Vec<Vec<Value>>) {
        let mut items = self.served.queue("limited").await;
        let notes = items.iter_mut().map(|item| {
            let notes = item.as_object_mut().unwrap().remove("notes");
            notes.map_or(Vec::new(), |notes| notes.as_array().unwrap().clone())
        });
        let notes = notes.collect();
        (items, notes)
    }

    /// Asks for every original in each way that there is: it is `problem`, and nothing has changed but the
    /// notes that say so.
    async fn each_is(&self, problem: &str, says: &str) {
        let (items, before) = self.items().await;
        assert_eq!(items.len(), 2);
        let archive = self.archive().display().to_string();
        for item in &items {
            let id = item["id"].as_str().unwrap();
            let target = format!("/api/v1/queues/limited/{id}/original");
            let read = self.served.try_ask("GET", &target, &Value::Null).await;
            for got in [read, self.release(item).await] {
                assert_eq!(got.status, 409, "{got:?}");
                let body = got.json();
                assert_eq!(body["type"], format!("urn:contact-gateway:problem:{problem}"));
                let detail = body["detail"].as_str().unwrap();
                assert!(detail.contains(says) && detail.contains(&archive), "{detail}");
            }
            for verb in ["original", "release"] {
                let mut command = self.place.command("queue");
                command.args(["--organisation", "karbon", verb, "limited", id]);
                let ended = command.output().unwrap();
                let said = String::from_utf8(ended.stderr).unwrap();
                assert_eq!(ended.status.code(), Some(1), "{said}");
                assert!(said.contains(says) && said.contains(&archive), "{said}");
                assert!(ended.stdout.is_empty());
            }
        }
        let (now, notes) = self.items().await;
        assert_eq!(now, items, "nothing is claimed");
        for (notes, before) in notes.iter().zip(before) {
            let new = &notes[before.len()..];
            assert_eq!(new.len(), 2, "one for each that tried to release it: {new:?}");
            let tells = |note: &Value| {
                let text = note["text"].as_str().unwrap();
                text.starts_with("Not released: ") && text.contains(says)
            };
            assert!(new.iter().all(tells), "{new:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_that_is_missing_or_altered_is_an_answer_and_claims_nothing() {
    let rig = rig().await;
    let kept: Vec<(PathBuf, Vec<u8>)> = originals(&rig.archive().join("karbon"))
        .into_iter()
        .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
        .collect();
    assert_eq!(kept.len(), 2);

    for (path, _) in &kept {
        std::fs::remove_file(path).unwrap();
    }
    rig.each_is("original-missing", "is missing").await;
    for (path, bytes) in &kept {
        let mut other = bytes.clone();
        *other.last_mut().unwrap() ^= 1;
        std::fs::write(path, other).unwrap();
    }
    rig.each_is("original-altered", "was altered").await;
    assert!(rig.handler.seen().is_empty());

    for (path, bytes) in &kept {
        std::fs::write(path, bytes).unwrap();
    }
    for item in rig.served.queue("limited").await {
        let released = rig.release(&item).await;
        assert_eq!((released.status, &released.json()["state"]), (200, &json!("released")));
    }
    assert_eq!(rig.handler.seen().len(), 1);
    let messages = rig.sink.taken();
    assert!(messages.iter().any(|taken| taken.message.ends_with(b"It drips.\r\n")));
    rig.served.stop();
}
