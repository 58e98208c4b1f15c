//! As much is kept of one person's contacts as may be: the text is kept all the same and staff see what is
//! missing; the sender's server keeps the message until there is room; nobody else and no safeguard waits.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, form, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::until;

const LETTERS: &str = "lim@x.example";
const ROUTED: &str = "spoc@x.example";
const OTHER: &str = "other@x.example";

const FLAG: &str = "original_not_kept";

struct Rig {
    place: Place,
    sink: Sink,
    handler: Upstream,
}

/// A person may have 1 MiB, the organisation 2 MiB.
async fn rig() -> (Rig, Served) {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "unused");
    let archive = place.folder.path().join("archive").display().to_string();
    place.change(
        &format!("url = \"file:{archive}\""),
        &format!("url = \"file:{archive}\"\nper_person = \"1 MiB\"\nper_organisation = \"2 MiB\""),
    );
    place.change("[mail]", "[mail]\nsize_limit = \"1 MiB\"");
    let config = std::fs::read_to_string(place.config()).unwrap();
    let config =
        config.replace("[[organisation.form]]", "[[organisation.form]]\nbody_limit = \"1 MiB\"");
    std::fs::write(place.config(), config).unwrap();
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let routed = json!({"kind": "single_point_of_contact", "contact":
        {"name": "Pat Point", "email": "pat@karbon.example", "queue": "pat"}});
    place.import(&json!([
        person("P-L", LETTERS, "+447700900001", letters.clone()),
        person("P-S", ROUTED, "+447700900002", routed),
        person("P-O", OTHER, "+447700900003", letters),
    ]));
    let served = place.serve();
    (Rig { place, sink, handler }, served)
}

/// A message of more than half of what a person may have.
fn message(from: &str, number: u32, text: &str) -> Vec<u8> {
    let head = format!(
        "From: {from}\r\nTo: repairs@karbon.example\r\nSubject: Number {number}\r\n\
         Message-ID: <{number}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\
         MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n\
         --b\r\nContent-Type: text/plain\r\n\r\n{text}\r\n\
         --b\r\nContent-Type: image/jpeg\r\nContent-Disposition: attachment; filename=a.jpg\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n"
    );
    let line = format!("{number:04}{}\r\n", "A".repeat(72));
    let lines = line.repeat(600 * 1024 / line.len());
    [head.as_bytes(), lines.as_bytes(), b"--b--\r\n"].concat()
}

async fn send(served: &Served, from: &str, message: &[u8]) -> (u16, String) {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    client.send(from, &["repairs@karbon.example"], message).await
}

/// A form with a file, of more than half of what a person may have.
async fn form_with_file(served: &Served, from: &str, text: &str) -> Got {
    let file = format!("{text}{}", "x".repeat(600 * 1024));
    let body = format!(
        "--b\r\nContent-Disposition: form-data; name=\"email\"\r\n\r\n{from}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"message\"\r\n\r\n{text}\r\n\
         --b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n\
         Content-Type: text/plain\r\n\r\n{file}\r\n--b--\r\n"
    );
    let fields =
        [("Content-Type", "multipart/form-data; boundary=b"), ("Accept", "application/json")];
    raw(served.contacts, &request("POST", "/karbon/public", &fields, body.as_bytes())).await
}

fn originals(place: &Place) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in std::fs::read_dir(place.folder.path().join("archive/karbon")).unwrap() {
        let folder = folder.unwrap().path();
        found.extend(std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()));
    }
    found
}

fn item<'a>(items: &'a [Value], subject: &str) -> &'a Value {
    items.iter().find(|item| item["subject"] == subject).unwrap_or_else(|| panic!("{items:?}"))
}

fn is_flagged(item: &Value) -> bool {
    item["flags"].as_array().unwrap().iter().any(|flag| flag == FLAG)
}

async fn full(served: &Served) -> Value {
    let items = served.queue("limited").await;
    let id = item(&items, "Number 2")["id"].as_str().unwrap().to_owned();
    served.ask("GET", &format!("/api/v1/queues/limited/{id}"), &Value::Null).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beyond_it_the_text_is_kept_and_the_senders_server_keeps_the_message() {
    let (rig, served) = rig().await;
    assert_eq!(send(&served, LETTERS, &message(LETTERS, 1, "The tap drips.")).await.0, 250);
    let second = message(LETTERS, 2, "It drips still.");
    for _ in 0..2 {
        let (code, said) = send(&served, LETTERS, &second).await;
        assert_eq!((code, &said[..5]), (452, "4.2.2"), "{said}");
    }
    // Decided once, with all that staff need to act on it.
    let kept = full(&served).await;
    assert!(kept["text"].as_str().unwrap().contains("It drips still."), "{kept}");
    assert!(is_flagged(&kept) && kept["archived"].is_null(), "{kept}");
    let of_second: Vec<Value> = served
        .audit()
        .await
        .into_iter()
        .filter(|entry| entry["event"] == "decided" && entry["contact"] == kept["contact"])
        .collect();
    assert_eq!(of_second.len(), 1);
    assert!(is_flagged(&of_second[0]), "{of_second:?}");
    let metrics = served.metrics().await;
    let counted =
        "contact_gateway_flags_total{organisation=\"karbon\",flag=\"original_not_kept\"} 1";
    assert!(metrics.contains(counted), "{metrics}");
    // Whoever is within their own quota, or on no record, notices nothing.
    assert_eq!(send(&served, OTHER, &message(OTHER, 3, "Hello.")).await.0, 250);
    assert_eq!(send(&served, "kim@y.example", &message("kim@y.example", 4, "Hi.")).await.0, 250);
    let taken = rig.sink.taken();
    let passed = taken.iter().filter(|one| one.rcpt == ["RCPT TO:<repairs@karbon.example>"]);
    assert_eq!(passed.count(), 1, "the rest is notices, one for each person");
    assert_eq!(taken.len(), 3);
    served.stop();

    // There is room again: the sender's server tries again, and the item has its original.
    for original in originals(&rig.place) {
        std::fs::remove_file(original).unwrap();
    }
    let served = rig.place.serve();
    until("the originals are counted", || async {
        served
            .metrics()
            .await
            .contains("contact_gateway_originals_bytes{organisation=\"karbon\"} 0")
    })
    .await;
    assert_eq!(send(&served, LETTERS, &second).await.0, 250);
    let kept = full(&served).await;
    assert!(!is_flagged(&kept) && kept["archived"].is_string(), "{kept}");
    let target = format!("/api/v1/queues/limited/{}/original", kept["id"].as_str().unwrap());
    let original = served.try_ask("GET", &target, &Value::Null).await;
    assert!(original.status == 200 && original.body == second, "{}", original.status);
    assert_eq!(served.queue("limited").await.len(), 3);
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_is_handed_the_message_itself_is_handed_it_and_no_safeguard_waits() {
    let (rig, served) = rig().await;
    // To the point of contact's mailbox: the second is not kept, and delivered.
    for number in [1, 2] {
        assert_eq!(send(&served, ROUTED, &message(ROUTED, number, "The tap drips.")).await.0, 250);
    }
    let taken = rig.sink.taken();
    assert_eq!(taken.len(), 2);
    assert!(taken.iter().all(|one| one.rcpt == ["RCPT TO:<pat@karbon.example> NOTIFY=NEVER"]));
    let items = served.queue("pat").await;
    assert!(!is_flagged(item(&items, "Number 1")) && is_flagged(item(&items, "Number 2")));
    // Emergencies: none is deferred, however little is kept.
    for number in [3, 4, 5, 6] {
        let fire = message(LETTERS, number, "There is a gas leak in my flat.");
        assert_eq!(send(&served, LETTERS, &fire).await.0, 250, "{number}");
    }
    assert_eq!(rig.sink.taken().len(), 6);
    let items = served.queue("emergency").await;
    let not_kept: Vec<bool> = items.iter().map(is_flagged).collect();
    assert_eq!(not_kept, [false, false, false, true], "safeguards go twice as far");
    assert!(items[3]["text"].as_str().unwrap().contains("gas leak"));
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_form_is_kept_without_its_files_and_says_so() {
    let (rig, served) = rig().await;
    assert_eq!(form_with_file(&served, LETTERS, "First.").await.status, 202);
    let got = form_with_file(&served, LETTERS, "Second.").await;
    assert_eq!(got.status, 413);
    assert_eq!(got.json()["type"], "urn:contact-gateway:problem:files-not-kept");
    let items = served.queue("limited").await;
    let second = items.iter().find(|item| item["text"] == "Second.").unwrap();
    assert!(is_flagged(second) && second["archived"].is_null());
    // Without files, the text is all there is of it.
    let long = format!("email=lim%40x.example&message=Third.{}", "+x".repeat(300 * 1024));
    assert_eq!(form(served.contacts, "/karbon/public", &long).await.status, 202);
    assert!(rig.handler.seen().is_empty());
    // An emergency's files go to the form's own handler.
    for text in ["A gas leak, first.", "A gas leak, second.", "A gas leak, third."] {
        assert_eq!(form_with_file(&served, LETTERS, text).await.status, 200, "{text}");
    }
    assert_eq!(rig.handler.seen().len(), 3);
    served.stop();
}
