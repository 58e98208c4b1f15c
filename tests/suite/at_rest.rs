//! What the real program leaves on disk, in its log and in its metrics, with a key and without one.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::backup::{backup, bare, done, files, restore, text};
use crate::contacts_edge::client::form;
use crate::mail::client::Client;
use crate::served::{Place, Served, person};

/// What nobody may read who has the disk and not the key: a sender's address, number and name, words of a
/// message's field and text, words of a form, words of staff, and the reference of an issue.
const PLANTED: [&str; 9] = [
    "blodeuwedd@",
    "447700900123",
    "Jo Doe",
    "Gwenhwyfar",
    "drychefel",
    "pendramwnwgl",
    "llyfrgellydd",
    "cyfrinachol",
    "CYFEIRNOD",
];

const SENDER: &str = "blodeuwedd@x.example";

/// Of somebody for whom issues are counted.
const CALLER: &str = "+447700900456";

fn encrypt(place: &Place, keys: &[&str]) {
    let config = std::fs::read_to_string(place.config()).unwrap();
    let (_, rest) = config.split_once("[store]").unwrap();
    let named: Vec<String> = keys.iter().map(|name| format!("{{ file = \"{name}\" }}")).collect();
    for name in keys {
        let path = place.folder.path().join(name);
        if !path.exists() {
            let mut new_key = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
            std::fs::write(path, done(new_key.args(["store", "new-key"]))).unwrap();
        }
    }
    let keys = format!("[keys]\nstore = [{}]\n[store]{rest}", named.join(", "));
    std::fs::write(place.config(), keys).unwrap();
}

/// Mail, a form, a contact by telephone that is logged, and work of staff on them.
async fn work(served: &Served) {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let message = format!(
        "From: Gwenhwyfar <{SENDER}>\r\nTo: repairs@karbon.example\r\nSubject: drychefel\r\n\
         Message-ID: <1@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\npendramwnwgl\r\n"
    );
    let taken = client.send(SENDER, &["repairs@karbon.example"], message.as_bytes()).await;
    assert_eq!(taken.0, 250);
    let body = "email=blodeuwedd%40x.example&message=llyfrgellydd";
    let got = form(served.contacts, "/karbon/contact", body).await;
    assert!(got.status < 500, "{got:?}");
    let call = json!({"id": "call-1", "channel": "telephone", "text": "pendramwnwgl",
        "from": [{"kind": "phone", "value": "+447700900123", "assurance": "proven"}],
        "to": ["+441910000001"]});
    served.ask("POST", "/api/v1/contacts", &call).await;
    let counted = json!({"id": "call-2", "channel": "telephone", "issue": "CYFEIRNOD 7",
        "from": [{"kind": "phone", "value": CALLER, "assurance": "proven"}],
        "to": ["+441910000001"]});
    served.ask("POST", "/api/v1/contacts", &counted).await;
    let items = served.queue("limited").await;
    assert_eq!(items.len(), 3, "{items:#?}");
    let item = items[0]["id"].as_str().unwrap();
    let note = json!({"text": "cyfrinachol"});
    served.ask("POST", &format!("/api/v1/queues/limited/{item}/note"), &note).await;
    let hold = json!({"reason": "cyfrinachol"});
    served.ask("PUT", "/api/v1/people/P-1/hold", &hold).await;
    assert!(!served.audit().await.is_empty());
}

/// Which of the planted words are in a folder's files or their names, each with a file that has it.
fn found(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for path in files(folder) {
        let name = path.strip_prefix(folder).unwrap().display().to_string();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let holds = |word: &str| {
            name.contains(word) || memchr::memmem::find(&bytes, word.as_bytes()).is_some()
        };
        let held = PLANTED.iter().filter(|word| holds(word));
        found.extend(held.map(|word| format!("{word} in {name}")));
    }
    found
}

/// What of the planted words a gateway writes anywhere, while it runs and when it has stopped.
async fn written(place: &Place) -> Vec<String> {
    let jo = person(
        "P-1",
        SENDER,
        "+447700900123",
        json!({"kind": "channels_only", "channels": ["letter"]}),
    );
    let kim = person(
        "P-2",
        "kim@x.example",
        CALLER,
        json!({"kind": "issue_quota", "limit": 5, "per": "week", "window": "calendar"}),
    );
    tokio::task::block_in_place(|| place.import(&json!([jo, kim])));
    std::fs::remove_file(place.folder.path().join("people.json")).unwrap();
    let served = place.serve();
    work(&served).await;
    let mut written = found(place.folder.path());
    let said = format!("{}\n{}", served.metrics().await, served.said().join("\n"));
    assert!(said.contains("contact_gateway_contacts_total"), "{said}");
    let said = PLANTED.iter().filter(|word| said.contains(*word));
    written.extend(said.map(|word| format!("{word} in log or metrics")));
    tokio::task::block_in_place(|| served.stop());
    written.extend(found(place.folder.path()));
    written.sort();
    written.dedup();
    written
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_an_encrypted_gateway_writes_names_anybody() {
    let plain = bare(None).await;
    let written_plain = written(&plain.place).await;
    for word in PLANTED {
        let is_seen = |line: &String| line.starts_with(&format!("{word} in "));
        assert!(written_plain.iter().any(is_seen), "{word} is not seen: {written_plain:#?}");
    }
    let of_store = written_plain.iter().filter(|line| line.contains(" in store/gateway.sqlite3"));
    assert!(of_store.count() >= 7, "{written_plain:#?}");
    let of_log = |line: &String| line.ends_with("in log or metrics");
    assert!(!written_plain.iter().any(of_log), "{written_plain:#?}");

    let site = bare(None).await;
    encrypt(&site.place, &["store-key"]);
    assert_eq!(written(&site.place).await, Vec::<String>::new());
    let mut check = site.place.command("check");
    let said = done(check.arg("--store"));
    assert!(said.contains("; originals 2"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_encrypted_gateway_is_backed_up_restored_and_rekeyed_by_a_copy() {
    let site = bare(None).await;
    encrypt(&site.place, &["store-key"]);
    let said = done(&mut site.place.command("check"));
    assert!(said.contains("\nrecords  encrypted with k-"), "{said}");
    written(&site.place).await;
    let to = tempfile::tempdir().unwrap();
    done(&mut backup(&site.place, &to.path().join("backup")));
    assert_eq!(found(&to.path().join("backup")), Vec::<String>::new());

    let again = bare(None).await;
    let refused = restore(&again.place, &to.path().join("backup")).output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));
    assert!(text(&refused.stderr).contains("not in [keys] store"), "{}", text(&refused.stderr));

    let again = bare(None).await;
    let key = site.place.folder.path().join("store-key");
    std::fs::copy(&key, again.place.folder.path().join("store-key")).unwrap();
    encrypt(&again.place, &["store-key"]);
    done(&mut restore(&again.place, &to.path().join("backup")));
    assert_eq!(found(&again.place.folder.path().join("store")), Vec::<String>::new());

    encrypt(&again.place, &["new-key", "store-key"]);
    let at = |name: &str| format!("embedded:{}", again.place.folder.path().join(name).display());
    let mut copy = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    copy.args(["store", "copy", "--config"]).arg(again.place.config());
    done(copy.args([at("store"), at("moved")]));
    again.place.store_at(&at("moved"));
    let mut check = again.place.command("check");
    let said = done(check.arg("--store"));
    assert!(said.contains("read back: people 2, decisions 4, "), "{said}");
    encrypt(&again.place, &["new-key"]);
    let serve = again.place.command("serve");
    let mut refused = Command::new("timeout");
    refused.arg("60").arg(serve.get_program()).args(serve.get_args());
    let refused = refused.env("CONTACT_GATEWAY__STORE__URL", at("store")).output().unwrap();
    let said = text(&refused.stderr);
    assert!(!refused.status.success() && said.contains("which is not in [keys] store"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plain_store_is_encrypted_and_a_key_is_changed_beside_a_gateway() {
    let site = bare(None).await;
    assert!(!written(&site.place).await.is_empty());
    let at = |name: &str| site.place.folder.path().join(name);
    let rekey = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
        command.args(["store", "rekey", "--config"]).arg(site.place.config());
        command
    };
    let refused = rekey().output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", text(&refused.stderr));

    encrypt(&site.place, &["store-key"]);
    let served = site.place.serve();
    let said = done(&mut rekey());
    assert!(said.starts_with("re-encrypted: records ") && said.contains("originals 2"), "{said}");
    assert!(!said.contains("records 0,"), "{said}");
    assert!(done(&mut rekey()).starts_with("re-encrypted: records 0, originals 0"));
    tokio::task::block_in_place(|| served.stop());
    assert_eq!(found(&at("archive")), Vec::<String>::new());
    assert_eq!(found(&at("store")), Vec::<String>::new());

    encrypt(&site.place, &["new-key", "store-key"]);
    let served = site.place.serve();
    let said = done(&mut rekey());
    assert!(said.contains("originals 2"), "{said}");
    tokio::task::block_in_place(|| served.stop());
    std::fs::remove_file(at("store-key")).unwrap();
    encrypt(&site.place, &["new-key"]);
    let mut check = site.place.command("check");
    let said = done(check.arg("--store"));
    assert!(said.contains("read back: people 2, decisions 4, "), "{said}");
    assert!(said.contains("; originals 2"), "{said}");
    let served = site.place.serve();
    assert_eq!(served.queue("limited").await.len(), 3);
}

/// systemd passes a credential as a file of that name in the folder `$CREDENTIALS_DIRECTORY` (systemd.exec(5)).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_comes_from_a_file_the_environment_or_a_credential() {
    let site = bare(None).await;
    encrypt(&site.place, &["store-key"]);
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let jo = person("P-1", SENDER, "+447700900123", letters);
    tokio::task::block_in_place(|| site.place.import(&json!([jo])));
    let key = std::fs::read_to_string(site.place.folder.path().join("store-key")).unwrap();
    let credentials = tempfile::tempdir().unwrap();
    std::fs::rename(
        site.place.folder.path().join("store-key"),
        credentials.path().join("key-of-records"),
    )
    .unwrap();
    let folder = credentials.path().display().to_string();
    let mut named = "{ file = \"store-key\" }";
    for (source, variable, value) in [
        ("{ env = \"STORE_KEY\" }", "STORE_KEY", key.trim()),
        ("{ credential = \"key-of-records\" }", "CREDENTIALS_DIRECTORY", folder.as_str()),
    ] {
        site.place.change(named, source);
        named = source;
        let without = site.place.command("check").env_remove(variable).output().unwrap();
        let said = text(&without.stdout) + &text(&without.stderr);
        let is_named = said.contains(&format!("`{variable}` is not set"));
        assert!(!without.status.success() && is_named, "{said}");
        let mut serve = site.place.command("serve");
        serve.env(variable, value);
        let served = Place::served(serve);
        let record = served.ask("GET", "/api/v1/people/P-1", &json!(null)).await;
        assert_eq!(record["name"], "Jo Doe", "{source}");
        tokio::task::block_in_place(|| served.stop());
    }
    assert_eq!(found(&site.place.folder.path().join("store")), Vec::<String>::new());
}
