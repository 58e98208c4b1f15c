//! The real program and the machine it runs on: signals, file descriptors, who may read its files, and
//! what its metrics say of queues and parts.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpStream;

use crate::contacts_edge::client::form;
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

struct Rig {
    sink: Sink,
    _upstream: Upstream,
    place: Place,
}

async fn rig() -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let upstream = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: upstream.address, calls: upstream.address };
    let place = Place::new(&behind, "secret");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-1", "jo@x.example", "+447700900123", letters)]));
    Rig { sink, _upstream: upstream, place }
}

/// Waits far longer than anything takes.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

fn told(served: &Served, word: &str) -> usize {
    served.said().iter().filter(|line| line.contains(word)).count()
}

#[tokio::test]
async fn signals_that_mean_nothing_to_it_are_ignored_with_a_line() {
    let rig = rig().await;
    let served = rig.place.serve();
    for signal in ["USR1", "USR2"] {
        let id = served.id().to_string();
        assert!(
            Command::new("kill").args([&format!("-{signal}"), &id]).status().unwrap().success()
        );
        let line = format!("SIG{signal} is ignored");
        until(&line, async || told(&served, &line) == 1).await;
        let answer = form(served.contacts, "/karbon/contact", "email=al%40x.example").await;
        assert_eq!(answer.status, 200, "{signal}");
    }
    served.stop();
}

fn limit_files(served: &Served, files: usize) {
    let limit = format!("--nofile={files}:");
    let id = format!("--pid={}", served.id());
    assert!(Command::new("prlimit").args([&id, &limit]).status().unwrap().success());
}

fn open_files(served: &Served) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", served.id())).unwrap().count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_without_descriptors_says_so_and_recovers() {
    let rig = rig().await;
    let served = rig.place.serve();
    let before = open_files(&served);
    limit_files(&served, before + 3);
    let mut clients = Vec::new();
    for _ in 0..20 {
        for port in [served.smtp, served.contacts, served.staff] {
            clients.push(TcpStream::connect(port).await.unwrap());
        }
    }
    until("EMFILE is named", async || told(&served, "EMFILE") > 0).await;
    let said = told(&served, "EMFILE");
    tokio::time::sleep(Duration::from_secs(3)).await;
    // A line a second on each of three listeners, and one more that was on its way.
    assert!(told(&served, "EMFILE") - said <= 3 * 4, "{}", told(&served, "EMFILE") - said);
    drop(clients);
    limit_files(&served, 4_096);
    until("it answers again", async || {
        let ask = form(served.contacts, "/karbon/contact", "email=al%40x.example&message=hello");
        matches!(tokio::time::timeout(Duration::from_secs(5), ask).await, Ok(got) if got.status == 200)
    })
    .await;
    let mut client = Client::connect(served.smtp.port(), "EHLO").await;
    let message = b"From: al@x.example\r\n\r\nhello\r\n";
    assert_eq!(client.send("al@x.example", &["b@karbon.example"], message).await.0, 250);
    drop(client);
    served.stop();
}

/// Everything below a folder whose mode is not what it should be, sockets aside.
fn open_to_others(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, data) = (entry.path(), entry.metadata().unwrap());
        let mode = data.permissions().mode() & 0o777;
        let wanted = if data.is_dir() { 0o700 } else { 0o600 };
        if (data.is_dir() || data.is_file()) && mode != wanted {
            found.push(format!("{} {mode:o}", path.display()));
        }
        if data.is_dir() {
            open_to_others(&path, found);
        }
    }
}

#[tokio::test]
async fn files_are_private_whatever_the_umask_and_whoever_made_the_folder() {
    let rig = rig().await;
    let at = |name: &str| rig.place.folder.path().join(name);
    for name in ["store", "archive", "state"] {
        std::fs::create_dir_all(at(name)).unwrap();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(at(name), open).unwrap();
    }
    let served = rig.place.serve_with_umask("000");
    // Something kept, something spooled, something journalled or at least room for it.
    let large = "x".repeat(2 * 1024 * 1024);
    let body = format!("email=jo%40x.example&message={large}");
    assert_eq!(form(served.contacts, "/karbon/contact", &body).await.status, 403);
    let mut client = Client::connect(served.smtp.port(), "EHLO").await;
    let message = format!("From: jo@x.example\r\n\r\n{}", "a line\r\n".repeat(100_000));
    let code = client.send("jo@x.example", &["b@karbon.example"], message.as_bytes()).await.0;
    assert_eq!(code, 250);
    drop(client);
    let mut found = Vec::new();
    for name in ["store", "archive", "state"] {
        open_to_others(&at(name), &mut found);
    }
    served.stop();
    for name in ["store", "archive", "state"] {
        open_to_others(&at(name), &mut found);
    }
    for name in ["store", "archive"] {
        let mode = std::fs::metadata(at(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{name}");
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[tokio::test]
async fn metrics_say_what_waits_and_which_part_is_up_without_being_asked_for_ready() {
    let rig = rig().await;
    let served = rig.place.serve();
    let limited = form(served.contacts, "/karbon/contact", "email=jo%40x.example&message=hi").await;
    assert_eq!(limited.status, 403);
    let says = async |wanted: &[&str]| {
        let metrics = served.metrics().await;
        metrics.lines().any(|line| wanted.iter().all(|word| line.contains(word)))
    };
    for wanted in [
        &["queue_waiting{", "queue=\"limited\"", "} 1"][..],
        &["queue_oldest_seconds{", "queue=\"limited\""],
        &["part_up{", "part=\"downstream\"", "} 1"],
        &["part_up{", "part=\"store\"", "} 1"],
    ] {
        until(&wanted.join(" "), async || says(wanted).await).await;
    }
    // What answered once, and answers no longer, is not up.
    drop(rig.sink);
    let gone = ["part_up{", "part=\"downstream\"", "} 0"];
    until(&gone.join(" "), async || says(&gone).await).await;
    served.stop();
}
