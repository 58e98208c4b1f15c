//! `store copy` as the real program, killed again and again: it ends with what an undisturbed copy
//! ends with, and until then no gateway starts on it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Command, Output, Stdio};

use contact_gateway::ports::Decisions;
use contact_gateway::store::embedded::Embedded;
use serde_json::{Value, json};

use crate::served::{Behind, Place, Served, person};
use crate::store_contract::facts::{karbon, plain};
use crate::store_contract::servers;

const STRANGERS: usize = 4_000;

fn copy(from: &str, to: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    command.args(["store", "copy", from, to]).stdin(Stdio::null());
    command
}

/// Copies until so many of a kind are said to be there, or a kind to be compared; then `kill -9`.
fn killed_at(from: &str, to: &str, kind: &str, least: Option<usize>) {
    let begin = format!("karbon: {kind} ");
    let is_there = |line: &str| {
        let Some(rest) = line.strip_prefix(&begin) else { return false };
        let done = rest.split_once('/').and_then(|(done, _)| done.parse::<usize>().ok());
        match least {
            Some(least) => done.is_some_and(|done| done >= least),
            None => rest == "compared",
        }
    };
    let mut child = copy(from, to).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let said = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
    let mut before = Vec::new();
    let found = said.into_iter().any(|line| {
        before.push(line);
        before.last().is_some_and(|line| is_there(line))
    });
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(found, "{kind} {least:?} was never said: {before:#?}");
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn refused(output: &Output, code: i32, says: &str) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert!(said.contains(says), "`{says}` is not in\n{said}");
}

fn kinds(output: &Output) -> Value {
    assert!(output.status.success(), "{}", text(&output.stderr));
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    result["organisations"][0]["kinds"].clone()
}

async fn contact(served: &Served, id: &str) -> Value {
    let contact = json!({"id": id, "channel": "email",
        "from": [{"kind": "email", "value": "jo@x.example", "assurance": "asserted"}],
        "to": ["repairs@karbon.example"], "text": "The tap drips."});
    served.ask("POST", "/api/v1/contacts", &contact).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_to_redis_that_is_killed_goes_on_and_ends_the_same() {
    let ground = servers::single().await;
    let nobody: SocketAddr = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    let quota = json!({"kind": "contact_quota", "limit": 2, "per": "week", "window": "rolling"});
    tokio::task::block_in_place(|| {
        place.import(&json!([person("P-1", "jo@x.example", "+447700900001", quota)]));
    });
    let served = tokio::task::block_in_place(|| place.serve());
    assert_eq!(contact(&served, "first").await["disposition"], "deliver");
    tokio::task::block_in_place(|| served.stop());
    let folder = place.folder.path().join("store");
    let store = Embedded::open(&folder).unwrap();
    for piece in 0..STRANGERS / 500 {
        let some = (0..500).map(|n| plain(karbon(), &format!("stranger-{piece}-{n}")));
        store.record_plain(some.collect()).await.unwrap();
    }
    store.close();

    let from = format!("embedded:{}", folder.display());
    let whole = tempfile::tempdir().unwrap();
    let undisturbed = format!("embedded:{}", whole.path().display());
    tokio::task::block_in_place(|| {
        let expected = kinds(&copy(&from, &undisturbed).arg("--json").output().unwrap());
        assert_eq!(expected["decisions"]["records"], STRANGERS + 1);

        place.store_at(&ground.url);
        for (kind, least) in [
            ("people", Some(1)),
            ("decisions", Some(1_000)),
            ("decisions", Some(3_000)),
            ("audit", Some(2_000)),
            ("audit", None),
        ] {
            killed_at(&from, &ground.url, kind, least);
            let check = place.command("check").arg("--store").output().unwrap();
            refused(&check, 1, "it holds an unfinished copy of `karbon` from embedded:/");
        }
        let serve = place.command("serve").output().unwrap();
        refused(&serve, 2, "finish it with `contact-gateway store copy FROM TO`");
        let mut import = place.command("import");
        import.args(["--organisation", "karbon", "people.json"]);
        refused(&import.output().unwrap(), 2, "it holds an unfinished copy of `karbon`");

        let finished = copy(&from, &ground.url).arg("--json").output().unwrap();
        assert_eq!(kinds(&finished), expected);
        let again = copy(&from, &ground.url).output().unwrap();
        assert!(text(&again.stdout).contains("karbon: copied before, and the same"));
        let check = place.command("check").arg("--store").output().unwrap();
        assert!(check.status.success(), "{}", text(&check.stderr));
    });

    let served = tokio::task::block_in_place(|| place.serve());
    let before = served.decided().await.len();
    assert_eq!(contact(&served, "first").await["disposition"], "deliver", "as it was recorded");
    assert_eq!(served.decided().await.len(), before);
    assert_eq!(contact(&served, "second").await["disposition"], "deliver");
    assert_eq!(contact(&served, "third").await["disposition"], "limit");
    assert_eq!(served.decided().await.len(), before + 2);
    let audit = served.audit().await;
    assert!(audit.iter().enumerate().all(|(at, entry)| entry["number"] == at + 1));
    tokio::task::block_in_place(|| served.stop());

    // It is in use now: the copy is no longer one of this store.
    let store = Embedded::open(&folder).unwrap();
    store.record_plain([plain(karbon(), "late")].into()).await.unwrap();
    store.close();
    let late = tokio::task::block_in_place(|| copy(&from, &ground.url).output().unwrap());
    refused(&late, 1, "FROM has changed (decisions) since its copy in TO was finished");
}

#[test]
fn addresses_that_can_not_be_used_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let empty = format!("embedded:{}", folder.path().display());
    let to = format!("embedded:{}/other", folder.path().display());
    for (from, to, says) in [
        (empty.as_str(), to.as_str(), "FROM: "),
        (&empty, &empty, "FROM and TO are the same store"),
        ("embedded:", &to, "FROM: names no folder; write \"embedded:FOLDER\""),
        ("redis://u:hunter2@h", &to, "FROM: holds a password, which others on this machine can"),
        (&empty, "env:NO_SUCH_VARIABLE_IS_SET", "TO: the environment has no variable"),
        (&empty, "file:/no/such/file", "/no/such/file: can't be read"),
        (&empty, "postgres://h", "TO: is not a store"),
    ] {
        let output = copy(from, to).output().unwrap();
        refused(&output, 2, says);
        assert!(!text(&output.stderr).contains("hunter2"));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing was made");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_of_redis_with_a_password_comes_from_the_environment_or_a_file() {
    let ground = servers::single().await;
    let server = &ground.servers[0];
    server
        .say::<()>(&["ACL", "SETUSER", "able", "reset", "on", ">hunter2", "~*", "&*", "+@all"])
        .await
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = Embedded::open(&folder.path().join("store")).unwrap();
    store.record_plain([plain(karbon(), "c-1")].into()).await.unwrap();
    store.close();
    let from = format!("embedded:{}/store", folder.path().display());
    let url = format!("redis://able:hunter2@127.0.0.1:{}", server.port);
    let file = folder.path().join("address");
    std::fs::write(&file, format!("{url}\n")).unwrap();
    let (by_variable, by_file) = tokio::task::block_in_place(|| {
        let by_variable = copy(&from, "env:THE_STORE").env("THE_STORE", &url).output().unwrap();
        let by_file = copy(&from, &format!("file:{}", file.display())).output().unwrap();
        (by_variable, by_file)
    });
    assert!(
        text(&by_variable.stdout).contains("karbon: copied, and the same: people 0, decisions 1")
    );
    assert!(text(&by_file.stdout).contains("karbon: copied before"), "{}", text(&by_file.stderr));
    for output in [by_variable, by_file] {
        assert!(
            !text(&output.stderr).contains("hunter2") && !text(&output.stdout).contains("hunter2")
        );
    }
}
