//! The real program and the machine it runs on: signals, file descriptors, who may read its files, and
//! what its metrics say of queues and parts.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use chrono::{NaiveDate, TimeDelta, Utc};
use contact_gateway::runtime::tokens::{hex, sha256};
use rustix::fs::{Mode, OFlags};
use serde_json::{Value, json};
use tokio::net::TcpStream;

use crate::contacts_edge::client::{form, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, asking, person};
use crate::store_verified::original;

struct Rig {
    sink: Sink,
    upstream: Upstream,
    place: Place,
}

async fn rig() -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let upstream = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: upstream.address, calls: upstream.address };
    let place = Place::new(&behind, "secret");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([person("P-1", "jo@x.example", "+447700900123", letters)]));
    Rig { sink, upstream, place }
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

/// Where there is one organisation, mail to an address of none is its own without a setting that says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_to_an_address_of_no_organisation_is_the_only_ones() {
    let rig = rig().await;
    let served = rig.place.serve();
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    for (at, to) in ["postmaster", "repairs@[192.0.2.1]"].into_iter().enumerate() {
        for from in ["jo@x.example", "al@y.example"] {
            let message = format!("From: {from}\r\nMessage-ID: <{at}@x>\r\n\r\nhello {at}\r\n");
            assert_eq!(client.send(from, &[to], message.as_bytes()).await.0, 250, "{to}");
        }
        assert_eq!(served.queue("limited").await.len(), at + 1, "{to}");
    }
    let delivered = rig.sink.taken();
    // Beside a notice to Jo.
    let of_strangers = delivered.iter().filter(|one| one.mail.contains("al@y.example"));
    assert_eq!(of_strangers.count(), 2);
    drop(client);
    served.stop();
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

/// A named pipe in place of an original: whoever reads it waits until somebody writes.
fn hang(path: &Path) {
    std::fs::remove_file(path).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, path, Mode::from_raw_mode(0o600)).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_waits_for_no_share_that_hangs() {
    let rig = rig().await;
    let served = rig.place.serve();
    let limited = form(served.contacts, "/karbon/contact", "email=jo%40x.example&message=hi").await;
    assert_eq!(limited.status, 403);
    let item = served.queue("limited").await.remove(0);
    let path = original(&rig.place, &item);
    hang(&path);
    let target = format!("/api/v1/queues/limited/{}/original", item["id"].as_str().unwrap());
    let (staff, request) = (served.staff, asking("GET", &target, &Value::Null));
    let reading = tokio::spawn(async move { raw(staff, &request).await });
    // A pipe is opened for writing, in this way, only once somebody has it open for reading.
    let mut writer = None;
    until("it reads", async || {
        writer = rustix::fs::open(&path, OFlags::WRONLY | OFlags::NONBLOCK, Mode::empty()).ok();
        writer.is_some()
    })
    .await;
    reading.abort();
    let (code, said) = served.ended();
    assert!(code.is_some(), "{said:?}");
    drop(writer);
}

/// Load balancers turn elsewhere at once, and no connection waits for a gateway that has stopped serving.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_stops_refuses_connections_while_it_finishes_its_work() {
    let rig = rig().await;
    rig.upstream.answers_after(Duration::from_secs(8), "200 OK", &[], b"thanks");
    let served = rig.place.serve();
    let contacts = served.contacts;
    let body = "email=al%40x.example&message=hello";
    let sent = tokio::spawn(async move { form(contacts, "/karbon/contact", body).await });
    until("it is handed on", async || !rig.upstream.seen().is_empty()).await;
    let id = served.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    for listener in [served.staff, served.contacts, served.smtp, served.lmtp, served.milter] {
        until("it is refused", async || TcpStream::connect(listener).await.is_err()).await;
    }
    assert!(!sent.is_finished(), "it is refused while work is in hand");
    assert_eq!(sent.await.unwrap().text(), "thanks");
    served.stop();
}

/// No other program takes the place of a gateway that was stopped while it finished its work for a reload.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_during_a_reload_is_a_stop() {
    let rig = rig().await;
    // Longer than a rehearsal of the start takes.
    rig.upstream.answers_after(Duration::from_secs(8), "200 OK", &[], b"thanks");
    let served = rig.place.serve();
    let contacts = served.contacts;
    let body = "email=al%40x.example&message=hello";
    let sent = tokio::spawn(async move { form(contacts, "/karbon/contact", body).await });
    until("it is handed on", async || !rig.upstream.seen().is_empty()).await;
    rig.place.change("mode = \"enforce\"", "mode = \"observe\"");
    let id = served.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    let reloads = "reload: work in hand is finished first";
    until(reloads, async || told(&served, reloads) == 1).await;
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(!sent.is_finished(), "it is stopped while work is in hand");
    assert_eq!(sent.await.unwrap().text(), "thanks");
    let (code, said) = served.ended();
    assert_eq!(code, Some(0), "{said:?}");
    assert!(said.iter().all(|line| line != "ready"), "{said:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_count_tokens_that_somebody_has_to_replace() {
    let rig = rig().await;
    let today = Utc::now().date_naive();
    let old = |name: &str, last: NaiveDate| {
        let token = hex(&sha256(name.as_bytes()));
        format!(
            "[[organisation.staff]]\nname = \"{name}\"\nrole = \"program\"\ntoken_sha256 = \"{token}\"\n\
             expires = {last}\n"
        )
    };
    let tokens = [
        old("CRM", today - TimeDelta::days(2)),
        old("Portal", today + TimeDelta::days(7)),
        old("Survey", today + TimeDelta::days(200)),
    ];
    rig.place
        .change("[[organisation.staff]]", &format!("{}[[organisation.staff]]", tokens.concat()));
    let served = rig.place.serve();
    for state in ["expired", "expires_soon"] {
        let line = format!("contact_gateway_tokens{{organisation=\"karbon\",state=\"{state}\"}} 1");
        until(&line, async || served.metrics().await.lines().any(|one| one == line)).await;
    }
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guess_at_a_token_is_counted_and_the_log_names_its_path() {
    let rig = rig().await;
    let served = rig.place.serve();
    let none = "contact_gateway_abuse_total{kind=\"token_guessed\"} 0";
    assert!(served.metrics().await.lines().any(|line| line == none), "before the first guess");
    let fields = [("Authorization", "Bearer guessed-it")];
    let guess = request("POST", "/decisions/contact?organisation=karbon", &fields, b"{}");
    assert_eq!(raw(served.contacts, &guess).await.status, 401);
    let one = "contact_gateway_abuse_total{kind=\"token_guessed\"} 1";
    assert!(served.metrics().await.lines().any(|line| line == one));
    let refused = "a request without a valid token was refused";
    until(refused, async || told(&served, refused) == 1).await;
    let said = served.said();
    let line = said.iter().find(|line| line.contains(refused)).unwrap();
    assert!(line.contains("/decisions/contact") && !line.contains("guessed-it"), "{line}");
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
    // A line a second on each of three listeners, and one more that was being written.
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
    let served = rig.place.serve_by_shell("umask 000");
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

/// Commands of an office make the store's files, too, where no gateway has run yet.
#[test]
fn what_a_command_writes_is_private_whatever_the_umask() {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "secret");
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let people = json!([person("P-1", "jo@x.example", "+447700900123", letters)]);
    std::fs::write(place.folder.path().join("people.json"), people.to_string()).unwrap();
    let mut import = place.command_by_shell("umask 000", "import");
    let imported = import.args(["--organisation", "karbon", "people.json"]).output().unwrap();
    assert!(imported.status.success(), "{imported:?}");
    let mut backup = place.command_by_shell("umask 000", "backup");
    let saved = backup.arg("saved").output().unwrap();
    assert!(saved.status.success(), "{saved:?}");
    let mut found = Vec::new();
    for name in ["store", "saved"] {
        let folder = place.folder.path().join(name);
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o700, "{name}");
        open_to_others(&folder, &mut found);
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// A subject or text could move the cursor, retitle the window or turn the direction of writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_senders_control_characters_reach_no_terminal() {
    let rig = rig().await;
    let served = rig.place.serve();
    let odd = "\u{1b}[2J\u{7}\u{9b}31m\u{202e}";
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let message = format!(
        "From: jo@x.example\r\nSubject: {odd} tap\r\nContent-Type: text/plain; charset=utf-8\r\n\
         \r\n{odd} drips\r\n"
    );
    let taken = client.send("jo@x.example", &["b@karbon.example"], message.as_bytes()).await;
    assert_eq!(taken.0, 250);
    let item = served.queue("limited").await.remove(0);
    assert_eq!(item["subject"], format!("{odd} tap"));
    let id = item["id"].as_str().unwrap();
    let is_escaped =
        |c: char| (c.is_control() && !"\n\t".contains(c)) || ('\u{202a}'..='\u{202e}').contains(&c);
    for (arguments, shown) in [
        (&["queue", "list"][..], "limited"),
        (&["queue", "list", "limited"], id),
        (&["queue", "list", "limited", "--json"], "\\u001b[2J\\u0007\\u009b31m\\u202e tap"),
        (&["queue", "show", "limited", id], "subject: \\u{1b}[2J\\u{7}\\u{9b}31m\\u{202e} tap"),
        (&["audit", "list"], "decided"),
        (&["audit", "list", "--json"], "decided"),
    ] {
        let mut command = rig.place.command(arguments[0]);
        let output =
            command.args(["--organisation", "karbon"]).args(&arguments[1..]).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(said.contains(shown), "{arguments:?}: {said:?}");
        assert!(!said.contains(is_escaped), "{arguments:?}: {said:?}");
    }
    assert!(!served.said().iter().any(|line| line.contains(is_escaped)), "{:?}", served.said());
    drop(client);
    served.stop();
}

/// What `check` says of the machine, with so many files that it may open; one line each.
fn of_machine(place: &Place, files: u32) -> Vec<String> {
    let check = place.command("check");
    let mut limited = Command::new("prlimit");
    limited.arg(format!("--nofile={files}:{files}"));
    limited.arg(check.get_program()).args(check.get_args());
    let output = limited.current_dir(place.folder.path()).output().unwrap();
    let (said, err) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    // The machine is no fault of the configuration's, and none of its warnings.
    assert_eq!(output.status.code(), Some(0), "{said}{err}");
    let warned = err.lines().filter(|line| line.starts_with("warning: ")).count();
    assert!(said.contains(&format!("no faults, {warned} warning")), "{said}{err}");
    let lines = err.lines().filter_map(|line| line.strip_prefix("machine: "));
    lines.map(str::to_owned).collect()
}

/// A place with whatever of it can be open to others, under keys of its own.
fn with_keys_and_a_password() -> Place {
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "secret");
    let mut new_key = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    let key = new_key.args(["store", "new-key"]).output().unwrap();
    std::fs::write(place.folder.path().join("store-key"), key.stdout).unwrap();
    for folder in ["state", "archive", "people-keys"] {
        std::fs::create_dir(place.folder.path().join(folder)).unwrap();
    }
    let at = place.folder.path().display().to_string();
    place.store_at("redis://gateway:hunter2@127.0.0.1:9");
    let keys = format!(
        "[keys]\nstore = [{{ file = \"{at}/store-key\" }}]\npeople = \"{at}/people-keys\"\n"
    );
    place.change("[archive]", &format!("{keys}[archive]"));
    place
}

fn set_mode(place: &Place, names: &[&str], mode: u32) {
    for name in names {
        let path = place.folder.path().join(name);
        let mode = if path.is_dir() { mode | (mode & 0o444) >> 2 } else { mode };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}

#[test]
fn check_names_what_others_may_read_and_a_limit_of_open_files() {
    let place = with_keys_and_a_password();
    let names = ["secret", "store-key", "gateway.toml", "state", "archive", "people-keys"];
    // Fewer than any machine allows a gateway by default.
    let too_few = "the limit of open files is 256; ";
    set_mode(&place, &names, 0o600);
    let said = of_machine(&place, 256);
    assert!(said.len() == 1 && said[0].starts_with(too_few), "{said:#?}");
    set_mode(&place, &names, 0o644);
    let said = of_machine(&place, 256);
    for (what, name, mode, right) in [
        ("a secret", "secret", "644", "600"),
        ("a secret", "store-key", "644", "600"),
        ("the configuration, which holds a password,", "gateway.toml", "644", "600"),
        ("the state", "state", "755", "700"),
        ("the archive", "archive", "755", "700"),
        ("the folder of keys of people", "people-keys", "755", "700"),
    ] {
        let path = place.folder.path().join(name).display().to_string();
        let line =
            format!("{what} {path} is open to other users (mode {mode}): chmod {right} {path}");
        assert!(said.contains(&line), "{line}\n{said:#?}");
    }
    assert_eq!(said.len(), 1 + names.len(), "{said:#?}");
    assert!(said.iter().all(|line| !line.contains("hunter2")), "{said:#?}");
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
