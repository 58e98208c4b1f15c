//! A real Postfix in front and behind: after the queue, before the queue, and by `pipe`, as
//! docs/mail.md sets it up.
//!
//! Its own configuration, queue and ports; nothing of the machine's own Postfix is touched. What
//! Postfix delivers at the end goes to the sink.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use contact_gateway::channels::mail::listener::Protocol;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Fault, Script, Sink, Taken};
use crate::servers::checks::free_port;
use crate::servers::guide::{MAIL, block, filled};
use crate::servers::namespace::{Piped, pipe_files};

/// Far above what Postfix takes, with its shortest retry, on a busy machine.
const WAIT: Duration = Duration::from_secs(60);

pub struct Postfix {
    pub folder: tempfile::TempDir,
}

fn command(folder: &Path, verb: &str) -> Command {
    let program = Path::new("/usr/sbin/postfix");
    assert!(program.exists(), "Postfix is missing: install the Debian package `postfix`");
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("config")).arg(verb);
    command
}

impl Postfix {
    /// `sink`: where Postfix delivers. `main` and `master`: the guide's lines.
    pub fn start(sink: u16, main: &str, master: &str) -> Postfix {
        let folder = tempfile::Builder::new().prefix("postfix").tempdir_in("/var/tmp").unwrap();
        let at = folder.path();
        readable(at, 0o755);
        for name in ["config", "queue", "data", "log"] {
            std::fs::create_dir(at.join(name)).unwrap();
        }
        let owned = Command::new("chown").arg("postfix").arg(at.join("data")).status().unwrap();
        assert!(owned.success(), "this test needs root and the Debian package `postfix`");
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {0}/queue\ndata_directory = {0}/data\n\
             maillog_file = {0}/log/mail.log\nmaillog_file_prefixes = {0}\n\
             inet_interfaces = 127.0.0.1\nmyhostname = mx.karbon.example\nmydestination =\n\
             mynetworks = 127.0.0.0/8\nrelay_domains =\nlocal_recipient_maps =\nalias_maps =\n\
             default_transport = smtp:[127.0.0.1]:{sink}\nsmtp_dns_support_level = disabled\n\
             smtp_send_dummy_mail_auth = no\nsmtputf8_enable = yes\n\
             minimal_backoff_time = 1s\nmaximal_backoff_time = 2s\nqueue_run_delay = 1s\n\
             smtp_tls_security_level = none\nsmtpd_tls_security_level = none\n\
             disable_vrfy_command = yes\nsmtp_connection_cache_on_demand = no\n{main}",
            at.display()
        );
        std::fs::write(at.join("config/main.cf"), main).unwrap();
        std::fs::write(at.join("config/master.cf"), format!("{master}{SERVICES}")).unwrap();
        let started = command(at, "start").output().unwrap();
        let log = || std::fs::read_to_string(at.join("log/mail.log")).unwrap_or_default();
        assert!(started.status.success(), "{started:?}\n{}", log());
        Postfix { folder }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log/mail.log")).unwrap_or_default()
    }

    /// Waits until so many messages have come out behind.
    pub async fn taken(&self, sink: &Sink, messages: usize) -> Vec<Taken> {
        self.until(|| sink.taken().len() >= messages).await;
        sink.taken()
    }

    /// Waits until the queue is empty: whatever was to be delivered, deferred or bounced was.
    pub async fn emptied(&self) {
        self.until(|| self.is_empty()).await;
    }

    pub fn is_empty(&self) -> bool {
        let queue = self.folder.path().join("queue");
        let parts = ["incoming", "active", "deferred", "maildrop"];
        parts.iter().all(|name| files(&queue.join(name)) == 0)
    }

    /// As an operator edits it.
    pub fn write_master(&self, master: &str) {
        let file = self.folder.path().join("config/master.cf");
        std::fs::write(file, format!("{master}{SERVICES}")).unwrap();
    }

    /// A command of the guide's, for this Postfix.
    pub fn run(&self, line: &str) {
        let mut words = line.split(' ');
        let program = Path::new("/usr/sbin").join(words.next().unwrap());
        let mut command = Command::new(program);
        let output = command.arg("-c").arg(self.folder.path().join("config")).args(words).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{line}: {output:?}\n{}", self.log());
    }

    pub async fn until(&self, done: impl Fn() -> bool) {
        let started = Instant::now();
        while !done() {
            assert!(started.elapsed() < WAIT, "it takes too long:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // Ends this instance's master and all that it started.
        let _ = command(self.folder.path(), "abort").output();
    }
}

fn readable(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

pub fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

/// What every `master.cf` has.
const SERVICES: &str = "\
pickup unix n - n 1 1 pickup\n\
cleanup unix n - n - 0 cleanup\nqmgr unix n - n 1 1 qmgr\n\
rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\n\
defer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
proxymap unix - - n - - proxymap\nsmtp unix - - n - - smtp\nrelay unix - - n - - smtp\n\
error unix - - n - - error\nretry unix - - n - - error\ndiscard unix - - n - - discard\n\
anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
postlog unix-dgram n - n - 1 postlogd\n";

/// The guide's "listener on 10026 as above".
pub fn way_back() -> String {
    let text = block(MAIL, "postfix-after-queue");
    let (_, back) = text.split_once("\n127.0.0.1:10026").unwrap();
    format!("127.0.0.1:10026{back}")
}

/// How a message comes to the gateway: the guide's ways.
#[derive(Clone, Copy)]
pub enum Way {
    AfterQueue,
    BeforeQueue,
    Pipe(Piped),
}

impl Way {
    fn protocol(self) -> Protocol {
        match self {
            Way::AfterQueue | Way::Pipe(_) => Protocol::Lmtp,
            Way::BeforeQueue => Protocol::Smtp,
        }
    }

    /// The guide's lines in `master.cf`, with ports and paths of this test.
    pub fn master(self, front: u16, gateway: u16, back: u16, files: &[(&str, String)]) -> String {
        let after = block(MAIL, "postfix-after-queue");
        let (text, at) = match self {
            Way::AfterQueue => (after, "[127.0.0.1]:10024"),
            Way::BeforeQueue => (block(MAIL, "postfix-before-queue"), "127.0.0.1:10025"),
            Way::Pipe(_) => (filled(block(MAIL, "postfix-pipe") + &way_back(), files), "dummy"),
        };
        let there = match self {
            Way::AfterQueue => format!("[127.0.0.1]:{gateway}"),
            Way::BeforeQueue => format!("127.0.0.1:{gateway}"),
            Way::Pipe(_) => "dummy".to_owned(),
        };
        let values = [
            ("smtp      inet", format!("127.0.0.1:{front} inet")),
            (at, there),
            ("127.0.0.1:10026", format!("127.0.0.1:{back}")),
        ];
        filled(text, &values)
    }
}

pub fn people() -> std::collections::BTreeMap<String, Vec<contact_gateway::domain::person::Person>>
{
    let restriction = |id: &str, kind: serde_json::Value| {
        let mut restriction = serde_json::json!({
            "id": id, "status": "active", "grounds": "g", "clause": "6.2",
            "starts": "2026-11-01", "review_due": "2027-05-01", "decided_by": "A"
        });
        restriction.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        restriction
    };
    let person = |id: &str, mail: &str, restriction: serde_json::Value| {
        serde_json::json!({
            "id": id, "name": "Sam", "identifiers": [{"kind": "email", "value": mail}],
            "restrictions": [restriction]
        })
    };
    let letters = serde_json::json!({"kind": "channels_only", "channels": ["letter"]});
    let contact = serde_json::json!({"kind": "single_point_of_contact", "contact": {
        "name": "Pat", "email": "pat@karbon.example", "queue": "pat"
    }});
    serde_json::from_value(serde_json::json!({ "karbon": [
        person("P-L", "lim@x.example", restriction("R-L", letters)),
        person("P-R", "routed@x.example", restriction("R-R", contact)),
    ]}))
    .unwrap()
}

pub fn message(from: &str) -> Vec<u8> {
    format!("From: {from}\r\nSubject: bins\r\nMessage-ID: <1@x>\r\nDate: Wed, 18 Nov 2026 10:00:00 +0000\r\nTo: a@karbon.example\r\n\r\n.dot and ümlaut\r\n")
        .into_bytes()
}

struct Rig {
    sink: Sink,
    gateway: Gateway,
    postfix: Postfix,
    front: u16,
    /// What `pipe` is run from.
    _files: tempfile::TempDir,
}

async fn set_up(way: Way) -> Rig {
    let sink = Sink::start(&Script::default()).await;
    let (front, back) = (free_port(), free_port());
    let mut choices = Choices::new(back, way.protocol());
    choices.people = people();
    let gateway = Gateway::start(choices).await;
    let piped = match way {
        Way::Pipe(piped) => piped,
        Way::AfterQueue | Way::BeforeQueue => Piped::Small,
    };
    let (files, values) = pipe_files(piped, gateway.port);
    let postfix = Postfix::start(sink.port, "", &way.master(front, gateway.port, back, &values));
    Rig { sink, gateway, postfix, front, _files: files }
}

/// What must be the same whichever way Postfix hands its messages over.
pub async fn every_disposition(port: u16, sink: &Sink, gateway: &Gateway, postfix: &Postfix) {
    let mut client = Client::connect(port, "EHLO").await;
    let to = ["a@karbon.example", "b@karbon.example"];
    for from in ["plain@x.example", "routed@x.example", "lim@x.example"] {
        let reply = client.send(from, &to, &message(from)).await;
        assert_eq!(reply.0, 250, "{from}: {reply:?}\n{}", postfix.log());
    }
    assert_eq!(client.send("", &to, &message("plain@x.example")).await.0, 250);
    // Delivered, routed, the notice, and the message of the null sender.
    let taken = postfix.taken(sink, 4).await;
    postfix.emptied().await;
    assert_eq!(sink.taken().len(), 4, "{}", postfix.log());
    let find = |mail: &str, text: &str| {
        taken
            .iter()
            .find(|taken| {
                taken.mail.starts_with(mail)
                    && String::from_utf8_lossy(&taken.message).contains(text)
            })
            .unwrap_or_else(|| panic!("no {mail} {text}:\n{taken:?}\n{}", postfix.log()))
    };
    let plain = find("MAIL FROM:<plain@x.example>", "Decision: deliver; reason=sender_unknown");
    assert_eq!(plain.rcpt.len(), 2);
    assert!(plain.message.ends_with(&message("plain@x.example")), "the message was changed");
    let routed = find("MAIL FROM:<routed@x.example>", "Decision: route; reason=single_point");
    assert!(routed.rcpt[0].starts_with("RCPT TO:<pat@karbon.example>"), "{:?}", routed.rcpt);
    assert_eq!(routed.rcpt.len(), 1);
    assert!(routed.message.ends_with(&message("routed@x.example")), "the message was changed");
    find("MAIL FROM:<>", "Auto-Submitted: auto-replied");
    find("MAIL FROM:<>", "Decision: deliver; reason=sender_unknown");
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 1);
    assert_eq!(gateway.queue(KARBON, "pat").await.len(), 1);
}

async fn by(way: Way) -> Rig {
    let rig = set_up(way).await;
    every_disposition(rig.front, &rig.sink, &rig.gateway, &rig.postfix).await;
    rig
}

async fn stop(rig: Rig) {
    drop(rig.postfix);
    rig.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_queue() {
    let rig = by(Way::AfterQueue).await;
    // Postfix's queue id is part of the contact's.
    let item = rig.gateway.queue(KARBON, "limited").await.remove(0);
    let ident = item.contact.split('-').nth(1).unwrap_or_default().to_owned();
    let known = item.contact.split('-').count() == 3 && rig.postfix.log().contains(&ident);
    assert!(known, "{ident}");
    stop(rig).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_queue() {
    stop(by(Way::BeforeQueue).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_pipe() {
    for piped in Piped::EACH {
        stop(by(Way::Pipe(piped)).await).await;
    }
}

/// Downstream fails once at each step: Postfix tries again, nothing is lost, nothing bounces and
/// nobody is decided twice. Only where the answer itself is lost may a message come twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_retry_after_any_fault_delivers() {
    for (at, reply, copies) in [
        ("MAIL", Some("451 4.3.0 later"), 1),
        ("RCPT", Some("451 4.3.0 later"), 1),
        ("DATA", Some("421 4.3.2 stopping"), 1),
        ("END", Some("451 4.3.0 later"), 1),
        ("DATA", None, 1),
        ("END", None, 2),
    ] {
        let fault = Fault {
            at: at.into(),
            times: 1,
            reply: reply.map(str::to_owned),
            drop: reply.is_none(),
            ..Fault::default()
        };
        let sink = Sink::start(&Script { faults: vec![fault], ..Script::default() }).await;
        let mut choices = Choices::new(sink.port, Protocol::Lmtp);
        choices.people = people();
        let gateway = Gateway::start(choices).await;
        let front = free_port();
        let master = Way::AfterQueue.master(front, gateway.port, free_port(), &[]);
        let postfix = Postfix::start(sink.port, "", &master);
        let mut client = Client::connect(front, "EHLO").await;
        let to = ["a@karbon.example", "b@karbon.example"];
        let reply = client.send("routed@x.example", &to, &message("routed@x.example")).await;
        assert_eq!(reply.0, 250, "{at}: {reply:?}");
        let taken = postfix.taken(&sink, copies).await;
        postfix.emptied().await;
        assert_eq!(sink.taken().len(), copies, "{at}\n{}", postfix.log());
        assert!(taken.iter().all(|taken| taken.mail.starts_with("MAIL FROM:<routed@")), "{at}");
        assert_eq!(gateway.queue(KARBON, "pat").await.len(), 1, "{at}");
        drop(postfix);
        gateway.stop().await;
    }
}
