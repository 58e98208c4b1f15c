//! Calls by SIPp, through a real Kamailio with the configuration that `docs/telephony.md` shows, which
//! asks the real gateway: while it is there, while it is frozen, and after it is gone.

use std::net::UdpSocket;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::contacts_edge::upstream::Upstream;
use crate::served::{Behind, Place, Served, person};

const STRANGER: &str = "<sip:07700900009@trunk.example>";
const ROUTED: &str = "\"Jo\" <sip:+447700900002@trunk.example>";
const LIMITED: &str = "<sip:00447700900001@trunk.example>";
const UNANSWERED: &str = "<tel:+447700900003>";

/// A process and whatever it started; all of it is ended where a test leaves it.
struct Group(Child);

impl Group {
    fn start(command: &mut Command, package: &str) -> Group {
        let started = command.process_group(0).stdin(Stdio::null()).spawn();
        Group(
            started
                .unwrap_or_else(|fault| panic!("install the Debian package `{package}`: {fault}")),
        )
    }

    fn signal(&self, signal: &str) {
        let group = format!("-{}", self.0.id());
        let _ = Command::new("kill").args([signal, "--", &group]).status();
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal("-KILL");
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    UdpSocket::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The configuration in the guide, with this test's ports.
fn guide(own: u16, gateway: &str, targets: u16) -> String {
    let guide = std::fs::read_to_string(root().join("docs/telephony.md")).unwrap();
    let begin = guide.split("```kamailio\n").nth(1).unwrap();
    let shown = begin.split("```").next().unwrap();
    let mut config = shown.to_owned();
    for (here, there) in [
        ("127.0.0.1:8080", gateway),
        ("the-token", "the token of the proxy"),
        ("127.0.0.1:5080", &format!("127.0.0.1:{targets}")),
        ("127.0.0.1:5060", &format!("127.0.0.1:{own}")),
        // What says nothing at all is given up sooner here.
        ("\"fr_timer\", 5000", "\"fr_timer\", 700"),
    ] {
        assert!(config.contains(here), "{here}");
        config = config.replace(here, there);
    }
    config
}

struct Rig {
    served: Option<Served>,
    place: Place,
    proxy: u16,
    _kamailio: Group,
    targets: Option<Group>,
    _others: Upstream,
}

async fn rig() -> Rig {
    let others = Upstream::start().await;
    let (proxy, targets) = (free_port(), free_port());
    let behind = Behind { mail: 9, form: others.address, calls: others.address };
    let place = Place::new(&behind, "unused");
    let at = |name: &str| place.folder.path().join(name);
    std::fs::write(at("sip-token"), "the token of the proxy").unwrap();
    let target = |name: &str| format!("sip:{name}@127.0.0.1:{targets}");
    let entry = format!(
        "\n[[organisation.telephony]]\nprovider = \"sip\"\npath = \"/karbon/sip\"\n\
         token = {{ file = \"sip-token\" }}\ntargets = {{ queue = \"{}\", voicemail = \"{}\", \
         announcement = \"{}\" }}\nsip_domain = \"127.0.0.1:{targets}\"\n\
         trusted_sources = [\"127.0.0.1/32\"]\n",
        target("queue"),
        target("voicemail"),
        target("announcement"),
    );
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config + &entry).unwrap();
    let nobody = format!("sip:nobody@127.0.0.1:{}", free_port());
    let point = |contact: Value| json!({"kind": "single_point_of_contact", "contact": contact});
    place.import(&json!([
        person(
            "P-L",
            "l@x.example",
            "+447700900001",
            json!({"kind": "channels_only", "channels": ["letter"]})
        ),
        person(
            "P-R",
            "r@x.example",
            "+447700900002",
            point(json!({"name": "Pat", "phone": "+441910000001", "queue": "pat"}))
        ),
        person(
            "P-N",
            "n@x.example",
            "+447700900003",
            point(json!({"name": "Nobody", "sip": nobody, "queue": "nobody"}))
        ),
    ]));
    let served = place.serve();
    let config = guide(proxy, &served.contacts.to_string(), targets);
    std::fs::write(at("kamailio.cfg"), config).unwrap();
    let log = || std::fs::File::create(at("kamailio.log")).unwrap();
    let mut kamailio = Command::new("kamailio");
    kamailio.args(["-DD", "-E", "-m", "64", "-M", "8", "-f"]).arg(at("kamailio.cfg"));
    kamailio.arg("-Y").arg(place.folder.path()).stdout(log()).stderr(log());
    let kamailio = Group::start(&mut kamailio, "kamailio");
    let targets = sipp(&place, "target.xml", targets);
    Rig {
        served: Some(served),
        place,
        proxy,
        _kamailio: kamailio,
        targets: Some(targets),
        _others: others,
    }
}

/// SIPp answers calls on a port until it is told to end; it notes every message that it sees.
fn sipp(place: &Place, scenario: &str, port: u16) -> Group {
    let mut sipp = Command::new("sipp");
    sipp.arg("-sf").arg(root().join("tests/sip").join(scenario));
    sipp.args(["-i", "127.0.0.1", "-p", &port.to_string(), "-nostdin", "-trace_msg"]);
    sipp.arg("-message_file").arg(place.folder.path().join("targets.log"));
    sipp.current_dir(place.folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
    Group::start(&mut sipp, "sip-tester")
}

impl Rig {
    fn path(&self, name: &str) -> PathBuf {
        self.place.folder.path().join(name)
    }

    /// Makes calls, one after another. Each is a `From` and two more header fields.
    async fn call(&self, calls: &[(&str, &str, &str)]) {
        let rows: String =
            calls.iter().map(|(from, one, other)| format!("{from};{one};{other}\n")).collect();
        std::fs::write(self.path("calls.csv"), format!("SEQUENTIAL\n{rows}")).unwrap();
        // The proxy is up when it answers: until then SIPp sends again.
        let mut caller = tokio::process::Command::new("sipp");
        caller
            .arg("-sf")
            .arg(root().join("tests/sip/caller.xml"))
            .arg("-inf")
            .arg(self.path("calls.csv"));
        caller.args(["-i", "127.0.0.1", "-p", &free_port().to_string()]);
        caller.arg(format!("127.0.0.1:{}", self.proxy)).args(["-m", &calls.len().to_string()]);
        caller.args([
            "-l",
            "1",
            "-r",
            "1",
            "-nostdin",
            "-timeout",
            "90s",
            "-trace_err",
            "-error_file",
        ]);
        caller.arg(self.path("caller-errors.log")).current_dir(self.place.folder.path());
        let ended = caller.kill_on_drop(true).output().await.unwrap();
        let log = |name: &str| std::fs::read_to_string(self.path(name)).unwrap_or_default();
        assert!(ended.status.success(), "{}\n{}", log("caller-errors.log"), log("kamailio.log"));
    }

    /// The calls that the targets had: to whom, with every header field.
    async fn answered(&mut self) -> Vec<(String, String)> {
        // What it noted is on disk when it has ended of itself.
        let mut targets = self.targets.take().unwrap();
        targets.signal("-USR1");
        for _ in 0..200 {
            if targets.0.try_wait().unwrap().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = std::fs::read_to_string(self.path("targets.log")).unwrap();
        log.split("UDP message received")
            .filter_map(|message| {
                let begin = message.find("INVITE sip:")?;
                let head = message[begin..].split("\n\n").next()?.to_owned();
                let to = head["INVITE sip:".len()..].split('@').next()?.to_owned();
                Some((to, head))
            })
            .collect()
    }
}

fn targets(calls: &[(String, String)]) -> Vec<&str> {
    calls.iter().map(|(to, _)| to.as_str()).collect()
}

#[tokio::test]
async fn kamailio_asks_once_a_call_and_does_what_it_is_told() {
    let mut rig = rig().await;
    let withheld = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    let asserted = "P-Asserted-Identity: <sip:+447700900002@trunk.example>";
    rig.call(&[
        (STRANGER, "Subject: 1", "Subject: 1"),
        (ROUTED, "Subject: 2", "Subject: 2"),
        (LIMITED, "Subject: 3", "Subject: 3"),
        (UNANSWERED, "Subject: 4", "Subject: 4"),
        (withheld, asserted, "Privacy: id"),
    ])
    .await;
    let calls = rig.answered().await;
    assert_eq!(
        targets(&calls),
        ["queue", "+441910000001", "announcement", "voicemail", "+441910000001"]
    );
    // Matched, and shown to nobody.
    assert!(!calls[4].1.contains("447700900002"), "{}", calls[4].1);
    assert!(!calls[4].1.contains("P-Asserted-Identity"));

    let served = rig.served.take().unwrap();
    let mut decided = Vec::new();
    for _ in 0..100 {
        decided = served.decided().await;
        if decided.len() >= 5 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut of: Vec<&Value> = decided.iter().map(|entry| &entry["person"]).collect();
    of.sort_by_key(|person| person.to_string());
    assert_eq!(of, [&json!("P-L"), &json!("P-N"), &json!("P-R"), &json!("P-R"), &Value::Null]);
    // The end of each call is on its item.
    let mut items = Value::Null;
    for _ in 0..100 {
        items = json!(served.queue("pat").await);
        if items.to_string().matches("completed").count() == 2 {
            return served.stop();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{items}");
}

#[tokio::test]
async fn kamailio_lets_calls_through_while_the_gateway_is_frozen_and_after_it_is_gone() {
    let mut rig = rig().await;
    let served = rig.served.take().unwrap();
    served.freeze();
    let calls = [(ROUTED, "Subject: 1", "Subject: 1"), (LIMITED, "Subject: 2", "Subject: 2")];
    rig.call(&calls).await;
    served.kill();
    rig.call(&calls).await;
    let answered = rig.answered().await;
    assert_eq!(targets(&answered), ["queue"; 4]);
    for (_, head) in &answered {
        assert!(head.contains("X-Contact-Flag: limits_unchecked"), "{head}");
    }
}
