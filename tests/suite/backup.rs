//! Backups of the real program while it works, restored beside it, and what is refused.

mod behind;
mod held;
pub mod killed;
mod refused;
mod rehearsed;
mod running;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::until;

pub const JO: &str = "jo@x.example";
pub const LIMITED: &str = "lim@x.example";

/// A place where a gateway runs, with what is behind it.
pub struct Site {
    pub place: Place,
    _sink: Sink,
    _handler: Upstream,
}

/// On the store of this URL, or an embedded one. Jo may make contact often, and it is counted; the other may
/// write letters only, so that mail is kept.
pub async fn site(url: Option<&str>) -> Site {
    let site = bare(url).await;
    let quota =
        json!({"kind": "contact_quota", "limit": 100_000, "per": "week", "window": "rolling"});
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    tokio::task::block_in_place(|| {
        site.place.import(&json!([
            person("P-1", JO, "+447700900001", quota),
            person("P-L", LIMITED, "+447700900002", letters),
        ]));
    });
    site
}

/// Another machine: nothing is there yet.
pub async fn bare(url: Option<&str>) -> Site {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "the secret of the calls");
    if let Some(url) = url {
        place.store_at(url);
    }
    Site { place, _sink: sink, _handler: handler }
}

/// A contact by the API.
pub async fn contact(served: &Served, id: &str, from: &str) -> Value {
    let contact = json!({"id": id, "channel": "email", "text": "The tap drips.",
        "from": [{"kind": "email", "value": from, "assurance": "asserted"}],
        "to": ["repairs@karbon.example"]});
    served.ask("POST", "/api/v1/contacts", &contact).await
}

/// A mail that is kept whole, with a subject of its own.
pub async fn mail(served: &Served, subject: &str) {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let message = format!(
        "From: {LIMITED}\r\nTo: repairs@karbon.example\r\nSubject: {subject}\r\n\
         Message-ID: <{subject}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\nIt drips.\r\n"
    );
    let taken = client.send(LIMITED, &["repairs@karbon.example"], message.as_bytes()).await;
    assert_eq!(taken.0, 250);
}

/// A little of everything, all of it in the store: decisions on people without restrictions are recorded behind
/// their answers, many at once.
pub async fn some_work(served: &Served) {
    let before = served.decided().await.len();
    for number in 0..5 {
        contact(served, &format!("jo-{number}"), JO).await;
        contact(served, &format!("stranger-{number}"), "kim@y.example").await;
        mail(served, &format!("tap-{number}")).await;
    }
    let items = served.queue("limited").await;
    let item = items[0]["id"].as_str().unwrap();
    served.ask("POST", &format!("/api/v1/queues/limited/{item}/claim"), &json!({})).await;
    until("all is recorded", || async { served.decided().await.len() >= before + 15 }).await;
}

pub fn backup(place: &Place, to: &Path) -> Command {
    let mut command = place.command("backup");
    command.arg(to);
    command
}

pub fn verify(from: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["backup", "verify"]).arg(from).output().unwrap()
}

pub fn restore(place: &Place, from: &Path) -> Command {
    let mut command = place.command("restore");
    command.arg(from);
    command
}

/// The last entry of the trail in a backup: the keeper may write others as soon as the backup has begun.
pub fn last_entry(backup: &Path) -> usize {
    let manifest = std::fs::read(backup.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap();
    let number = manifest["organisations"][0]["last_entry"]["number"].as_u64().unwrap();
    usize::try_from(number).unwrap()
}

/// What it printed.
pub fn done(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    text(&output.stdout)
}

pub fn refused(output: &Output, code: i32, says: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "`{says}` is not in\n{said}");
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Every file below a folder.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
