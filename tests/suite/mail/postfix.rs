//! A real Postfix in front and behind: after the queue, before the queue, and by `pipe`.
//!
//! Its own configuration, queue and ports; nothing of the machine's own Postfix is touched. What
//! Postfix delivers at the end goes to the sink.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use contact_gateway::channels::mail::listener::Protocol;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Fault, Script, Sink, Taken};

/// Far above what Postfix takes, with its shortest retry, on a busy machine.
const WAIT: Duration = Duration::from_secs(60);

pub(super) struct Ports {
    /// Where messages come in, each by its own way to the gateway.
    pub(super) after_queue: u16,
    before_queue: u16,
    pub(super) by_pipe: u16,
    pub(super) by_milter: u16,
    /// Where the gateway is asked by milter.
    pub(super) milter: u16,
    /// Where the gateway hands them back.
    pub(super) back: u16,
}

pub(super) struct Postfix {
    pub(super) folder: tempfile::TempDir,
    pub(super) ports: Ports,
}

pub(super) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn command(folder: &Path, verb: &str) -> Command {
    let program = Path::new("/usr/sbin/postfix");
    assert!(program.exists(), "Postfix is missing: install the Debian package `postfix`");
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("config")).arg(verb);
    command
}

impl Postfix {
    /// `gateway`: its listening port; `sink`: where Postfix delivers.
    pub(super) fn start(ports: Ports, gateway: u16, sink: u16) -> Postfix {
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
             virtual_alias_maps = inline:{{{{alias@karbon.example = real@karbon.example}}}}\n\
             smtp_line_length_limit = 0\nlmtp_line_length_limit = 0\n\
             smtp_tls_security_level = none\nsmtpd_tls_security_level = none\n\
             disable_vrfy_command = yes\nsmtp_connection_cache_on_demand = no\n",
            at.display()
        );
        std::fs::write(at.join("config/main.cf"), main).unwrap();
        std::fs::write(at.join("config/master.cf"), master(at, &ports, gateway)).unwrap();
        let started = command(at, "start").output().unwrap();
        let log = || std::fs::read_to_string(at.join("log/mail.log")).unwrap_or_default();
        assert!(started.status.success(), "{started:?}\n{}", log());
        Postfix { folder, ports }
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log/mail.log")).unwrap_or_default()
    }

    /// Waits until so many messages have come out behind.
    pub(super) async fn taken(&self, sink: &Sink, messages: usize) -> Vec<Taken> {
        self.until(|| sink.taken().len() >= messages).await;
        sink.taken()
    }

    /// Waits until the queue is empty: whatever was to be delivered, deferred or bounced was.
    pub(super) async fn emptied(&self) {
        let queue = self.folder.path().join("queue");
        self.until(|| {
            ["incoming", "active", "deferred", "maildrop"]
                .iter()
                .all(|name| files(&queue.join(name)) == 0)
        })
        .await;
    }

    pub(super) async fn until(&self, done: impl Fn() -> bool) {
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

pub(super) fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
}

/// As in docs/mail.md, on other ports.
fn master(at: &Path, ports: &Ports, gateway: u16) -> String {
    let Ports { after_queue, before_queue, by_pipe, by_milter, milter, back } = ports;
    let folder = at.display();
    // The program where the user that Postfix runs it as can reach it.
    let program: PathBuf = at.join("contact-gateway");
    std::fs::copy(env!("CARGO_BIN_EXE_contact-gateway"), &program).unwrap();
    readable(&program, 0o755);
    std::fs::write(at.join("gateway.toml"), format!("[listen]\nlmtp = \"127.0.0.1:{gateway}\"\n"))
        .unwrap();
    format!(
        "127.0.0.1:{after_queue} inet n - n - - smtpd -o content_filter=scan:[127.0.0.1]:{gateway}\n\
         scan unix - - n - 10 lmtp -o lmtp_send_xforward_command=yes\n  \
         -o disable_mime_output_conversion=yes -o lmtp_generic_maps=\n\
         127.0.0.1:{before_queue} inet n - n - 20 smtpd -o smtpd_proxy_filter=127.0.0.1:{gateway}\n\
         127.0.0.1:{by_pipe} inet n - n - - smtpd -o content_filter=gateway:dummy\n\
         gateway unix - n n - 10 pipe flags=Rq user=nobody null_sender=\n  \
         argv={folder}/contact-gateway pipe --config {folder}/gateway.toml --queue-id ${{queue_id}}\n  \
         -f ${{sender}} -- ${{recipient}}\n\
         127.0.0.1:{by_milter} inet n - n - - smtpd -o smtpd_milters=inet:127.0.0.1:{milter}\n  \
         -o milter_default_action=tempfail\n\
         127.0.0.1:{back} inet n - n - - smtpd -o content_filter=\n  \
         -o receive_override_options=no_unknown_recipient_checks,no_header_body_checks,no_milters\n  \
         -o smtpd_recipient_restrictions=permit_mynetworks,reject\n  \
         -o smtpd_authorized_xforward_hosts=127.0.0.0/8\n\
         cleanup unix n - n - 0 cleanup\nqmgr unix n - n 1 1 qmgr\n\
         rewrite unix - - n - - trivial-rewrite\nbounce unix - - n - 0 bounce\n\
         defer unix - - n - 0 bounce\ntrace unix - - n - 0 bounce\n\
         proxymap unix - - n - - proxymap\nsmtp unix - - n - - smtp\nrelay unix - - n - - smtp\n\
         error unix - - n - - error\nretry unix - - n - - error\ndiscard unix - - n - - discard\n\
         anvil unix - - n - 1 anvil\nscache unix - - n - 1 scache\n\
         postlog unix-dgram n - n - 1 postlogd\n"
    )
}

pub(super) fn ports() -> Ports {
    Ports {
        after_queue: free_port(),
        before_queue: free_port(),
        by_pipe: free_port(),
        by_milter: free_port(),
        milter: free_port(),
        back: free_port(),
    }
}

pub(super) fn people()
-> std::collections::BTreeMap<String, Vec<contact_gateway::domain::person::Person>> {
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

pub(super) fn message(from: &str) -> Vec<u8> {
    format!("From: {from}\r\nSubject: bins\r\nMessage-ID: <1@x>\r\nDate: Wed, 18 Nov 2026 10:00:00 +0000\r\nTo: a@karbon.example\r\n\r\n.dot and ümlaut\r\n")
        .into_bytes()
}

async fn set_up(protocol: Protocol) -> (Sink, Gateway, Postfix) {
    let sink = Sink::start(&Script::default()).await;
    let ports = ports();
    let mut choices = Choices::new(ports.back, protocol);
    choices.people = people();
    let gateway = Gateway::start(choices).await;
    let postfix = Postfix::start(ports, gateway.port, sink.port);
    (sink, gateway, postfix)
}

/// What must be the same whichever way Postfix hands its messages over.
pub(super) async fn every_disposition(
    port: u16,
    sink: &Sink,
    gateway: &Gateway,
    postfix: &Postfix,
) {
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_queue() {
    let (sink, gateway, postfix) = set_up(Protocol::Lmtp).await;
    every_disposition(postfix.ports.after_queue, &sink, &gateway, &postfix).await;
    // Postfix's queue id is part of the contact's.
    let item = gateway.queue(KARBON, "limited").await.remove(0);
    let ident = item.contact.split('-').nth(1).unwrap_or_default().to_owned();
    assert!(item.contact.split('-').count() == 3 && postfix.log().contains(&ident), "{ident}");
    drop(postfix);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_the_queue() {
    let (sink, gateway, postfix) = set_up(Protocol::Smtp).await;
    every_disposition(postfix.ports.before_queue, &sink, &gateway, &postfix).await;
    drop(postfix);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_pipe() {
    let (sink, gateway, postfix) = set_up(Protocol::Lmtp).await;
    every_disposition(postfix.ports.by_pipe, &sink, &gateway, &postfix).await;
    drop(postfix);
    gateway.stop().await;
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
        let postfix = Postfix::start(ports(), gateway.port, sink.port);
        let mut client = Client::connect(postfix.ports.after_queue, "EHLO").await;
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
