//! Postfix's `smtp-sink` behind the gateway, told to fail at each step of a transaction.
//!
//! It fails always, so each case has two halves: what the sender is told meanwhile, and what comes
//! out when it tries again and a server without faults has taken the place of the other.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::channels::mail::settings::DownstreamProtocol;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::OrganisationId;
use tokio::task::JoinSet;

use super::client::{Client, stuffed};
use super::gateway::{Choices, Gateway, KARBON};

const PROGRAM: &str = "/usr/sbin/smtp-sink";

/// Until a program listens, on a busy machine.
const WAIT: Duration = Duration::from_secs(30);

/// Until a message is taken by a server without faults.
const TRIES: usize = 5;

/// Cases at once: each has two programs and a gateway.
const AT_ONCE: usize = 6;

struct SmtpSink {
    child: Child,
    folder: tempfile::TempDir,
}

impl SmtpSink {
    async fn start(socket: &Path, options: &[&str]) -> SmtpSink {
        assert!(Path::new(PROGRAM).exists(), "smtp-sink: install the Debian package `postfix`");
        // It gives up root, and writes as nobody.
        let folder = tempfile::Builder::new().prefix("sink").tempdir_in("/var/tmp").unwrap();
        let open = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(folder.path(), open).unwrap();
        let child = Command::new(PROGRAM)
            .args(["-u", "nobody", "-d"])
            .arg(folder.path().join("taken."))
            .args(options)
            .args([&format!("unix:{}", socket.display()), "100"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let sink = SmtpSink { child, folder };
        let started = Instant::now();
        while tokio::net::UnixStream::connect(socket).await.is_err() {
            assert!(started.elapsed() < WAIT, "smtp-sink does not listen");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sink
    }

    /// The messages that came whole, with what smtp-sink writes on top.
    fn messages(&self) -> Vec<String> {
        std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .filter(|text| text.contains(LAST_WORDS))
            .collect()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const LAST_WORDS: &str = "the very last words";

fn message(from: &str) -> Vec<u8> {
    format!("From: {from}\r\nMessage-ID: <1@x>\r\n\r\n.{LAST_WORDS}\r\n").into_bytes()
}

/// What the sender hears of a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// 250: the fault kept nothing from being taken.
    Taken,
    /// 4xx: it tries again.
    Later,
    /// 5xx: the server's own word about a message that is delivered.
    Never,
}

#[derive(Debug, Clone)]
struct Case {
    front: Protocol,
    behind: DownstreamProtocol,
    /// `-f` and the like, and the step.
    fault: &'static str,
    step: &'static str,
    from: &'static str,
    recipients: usize,
    told: Told,
}

const ROUTED: &str = "routed@x.example";
const COUNTED: &str = "counted@x.example";

/// What each fault means to the sender of a delivered message.
fn told(fault: &str, step: &str) -> Told {
    match (fault, step) {
        // To a server that does not know EHLO the gateway says HELO.
        ("-f", "ehlo") | ("-W", _) => Told::Taken,
        ("-f", "mail" | "rcpt" | "data" | ".") => Told::Never,
        _ => Told::Later,
    }
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for front in [Protocol::Smtp, Protocol::Lmtp] {
        for behind in [DownstreamProtocol::Smtp, DownstreamProtocol::Lmtp] {
            let hello = match behind {
                DownstreamProtocol::Smtp => "ehlo",
                DownstreamProtocol::Lmtp => "lhlo",
            };
            for fault in ["-f", "-r", "-q", "-Q", "-W"] {
                for step in ["connect", hello, "mail", "rcpt", "data", "."] {
                    for (from, recipients) in [(COUNTED, 2), (ROUTED, 1)] {
                        let mut told = told(fault, step);
                        if from == ROUTED && fault == "-W" {
                            continue;
                        }
                        // SMTP asks about recipients before it is known who writes. Once that is
                        // known, a decision never becomes a bounce: it is on the queue, whole.
                        let asked = front == Protocol::Smtp && matches!(step, "mail" | "rcpt");
                        if from == ROUTED && told == Told::Never && !asked {
                            told = Told::Taken;
                        }
                        cases.push(Case { front, behind, fault, step, from, recipients, told });
                    }
                }
            }
        }
    }
    cases
}

fn people() -> std::collections::BTreeMap<String, Vec<contact_gateway::domain::person::Person>> {
    let person = |id: &str, email: &str, kind: serde_json::Value| {
        let mut restriction = serde_json::json!({
            "id": format!("R-{id}"), "status": "active", "grounds": "g", "clause": "6.2",
            "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"
        });
        restriction.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        serde_json::json!({ "id": id, "name": "Sam",
            "identifiers": [{"kind": "email", "value": email}], "restrictions": [restriction] })
    };
    let contact = serde_json::json!({"name": "Pat", "email": "pat@karbon.example", "queue": "pat"});
    serde_json::from_value(serde_json::json!({ "karbon": [
        person("P-C", COUNTED, serde_json::json!({"kind": "contact_quota", "limit": 1, "per": "week"})),
        person("P-R", ROUTED, serde_json::json!({"kind": "single_point_of_contact", "contact": contact})),
    ]}))
    .unwrap()
}

/// One try of a sender; the replies about each recipient, whichever step gave them.
async fn send(port: u16, case: &Case) -> Vec<u16> {
    let hello = match case.front {
        Protocol::Smtp => "EHLO",
        Protocol::Lmtp => "LHLO",
    };
    let mut client = Client::connect(port, hello).await;
    assert_eq!(client.ask("XFORWARD IDENT=4bX").await.0, 250);
    let mail = client.ask(&format!("MAIL FROM:<{}>", case.from)).await.0;
    assert_eq!(mail, 250, "{case:?}");
    let mut replies = Vec::new();
    let mut wanted = 0;
    for number in 0..case.recipients {
        let reply = client.ask(&format!("RCPT TO:<r{number}@karbon.example>")).await.0;
        if reply == 250 { wanted += 1 } else { replies.push(reply) }
    }
    if wanted > 0 {
        assert_eq!(client.ask("DATA").await.0, 354, "{case:?}");
        client.write(&stuffed(&message(case.from))).await;
        let answers = if case.front == Protocol::Lmtp { wanted } else { 1 };
        for _ in 0..answers {
            replies.push(client.reply().await.0);
        }
    }
    client.ask("QUIT").await;
    replies
}

/// Tries again as a mail server does. On a busy machine the first time may be one too early.
async fn until_taken(port: u16, case: &Case) {
    let mut replies = Vec::new();
    for _ in 0..TRIES {
        replies = send(port, case).await;
        if replies.iter().all(|code| *code == 250) {
            return;
        }
        assert!(replies.iter().all(|code| matches!(code / 100, 2 | 4)), "{case:?}: {replies:?}");
    }
    panic!("{case:?}: it is never taken: {replies:?}");
}

/// How often the contact was decided: once, however often it came.
async fn decided(gateway: &Gateway) -> usize {
    let entries = gateway.store.audit(&OrganisationId::new(KARBON), 0, 100).await.unwrap();
    entries.iter().filter(|entry| matches!(entry.event, AuditEvent::Decided(_))).count()
}

async fn run(case: Case) {
    // A socket file, which nobody else can take between two servers.
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("sink");
    let mut choices = Choices::new(0, case.front);
    choices.downstream_socket = Some(socket.clone());
    choices.downstream_protocol = case.behind;
    choices.people = people();
    let gateway = Gateway::start(choices).await;
    let step = if case.fault == "-W" { format!("{}:1", case.step) } else { case.step.to_owned() };
    let lmtp = matches!(case.behind, DownstreamProtocol::Lmtp);
    let mut options = vec![case.fault, &step];
    options.extend(lmtp.then_some("-L"));
    // Behind a delay smtp-sink forgets commands that came with the delayed one: it offers no PIPELINING.
    options.extend((case.fault == "-W").then_some("-p"));
    let faulty = SmtpSink::start(&socket, &options).await;
    let first = send(gateway.port, &case).await;
    let class = match case.told {
        Told::Taken => 2,
        Told::Later => 4,
        Told::Never => 5,
    };
    assert!(
        !first.is_empty() && first.iter().all(|code| code / 100 == class),
        "{case:?}: {first:?}"
    );
    if case.told == Told::Taken && case.from == COUNTED {
        assert_eq!(faulty.messages().len(), 1, "{case:?}");
    }
    drop(faulty);
    let good = SmtpSink::start(&socket, if lmtp { &["-L"] } else { &[] }).await;
    if case.told == Told::Later {
        until_taken(gateway.port, &case).await;
        let messages = good.messages();
        assert_eq!(messages.len(), 1, "{case:?}");
        let to = messages[0].matches("X-Rcpt-Args:").count();
        assert_eq!(to, case.recipients, "{case:?}: {}", messages[0]);
    }
    // Neither the retry nor the fault made another contact of it.
    assert!(decided(&gateway).await <= 1, "{case:?}");
    let waiting = usize::from(case.from == ROUTED && decided(&gateway).await == 1);
    assert_eq!(gateway.queue(KARBON, "pat").await.len(), waiting, "{case:?}");
    if case.told == Told::Later {
        assert_eq!(decided(&gateway).await, 1, "{case:?}");
        // The third time, downstream has it: nothing is sent again.
        until_taken(gateway.port, &case).await;
        assert_eq!(good.messages().len(), 1, "{case:?}: it came twice");
    }
    assert_eq!(gateway.spooled(), 0, "{case:?}");
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn smtp_sink_fails_at_every_step() {
    let mut cases = cases().into_iter();
    let number = cases.len();
    let mut running = JoinSet::new();
    let mut faults = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some(case) = cases.next()
        {
            running.spawn(tokio::spawn(run(case)));
        }
        let Some(done) = running.join_next().await else { break };
        if let Err(panic) = done.unwrap() {
            faults.push(panic.to_string());
        }
    }
    assert!(
        faults.is_empty(),
        "{} of {number} cases went wrong:\n{}",
        faults.len(),
        faults.join("\n")
    );
    println!("{number} cases");
}
