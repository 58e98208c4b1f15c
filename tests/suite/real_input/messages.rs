//! Mail by curl and by swaks.

use std::path::Path;
use std::process::{Command, Output};

use super::{Rig, entry, rig};

fn output(command: &mut Command, package: &str) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|fault| panic!("install the Debian package `{package}`: {fault}"));
    assert!(output.status.success(), "{output:?}");
    output
}

fn by_curl(rig: &Rig, from: &str, file: &Path) {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "30"])
        .arg(format!("smtp://{}/client.example", rig.served.smtp))
        .args(["--mail-from", from, "--mail-rcpt", "repairs@karbon.example", "--crlf"])
        .arg("--upload-file")
        .arg(file);
    output(&mut curl, "curl");
}

fn by_swaks(rig: &Rig, from: &str) {
    let mut swaks = Command::new("swaks");
    swaks.args(["--server", &rig.served.smtp.to_string(), "--from", from, "--timeout", "30"]).args(
        ["--to", "repairs@karbon.example", "--header", "Subject: The tap", "--body", "It drips."],
    );
    let output = output(&mut swaks, "swaks");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("<-  250"), "{said}");
}

async fn three_ways(send: impl Fn(&Rig, &str)) {
    let rig = rig().await;
    for from in ["jo@y.example", "lim@x.example", "routed@x.example"] {
        send(&rig, from);
    }
    let taken = rig.sink.taken();
    let from_to: Vec<(&str, &str)> =
        taken.iter().map(|taken| (taken.mail.as_str(), taken.rcpt[0].as_str())).collect();
    let is = |at: usize, mail: &str, rcpt: &str| {
        assert!(from_to[at].0.starts_with(&format!("MAIL FROM:<{mail}>")), "{from_to:?}");
        assert!(from_to[at].1.starts_with(&format!("RCPT TO:<{rcpt}>")), "{from_to:?}");
    };
    assert_eq!(taken.len(), 3, "{taken:?}");
    is(0, "jo@y.example", "repairs@karbon.example");
    is(1, "", "lim@x.example");
    is(2, "routed@x.example", "pat@karbon.example");
    let texts = taken.iter().map(|taken| String::from_utf8_lossy(&taken.message).into_owned());
    let texts: Vec<String> = texts.collect();
    assert!(texts[0].contains("X-Contact-Gateway-Decision: deliver; "), "{}", texts[0]);
    assert!(texts[0].contains("It drips."), "{}", texts[0]);
    assert!(texts[1].contains("Auto-Submitted: auto-replied"), "{}", texts[1]);
    assert!(texts[2].contains("X-Contact-Gateway-Decision: route; "), "{}", texts[2]);
    assert!(texts[2].contains("Original-To: <repairs@karbon.example>"), "{}", texts[2]);

    let limited = rig.item("limited").await;
    assert_eq!(limited["person"], "P-L");
    assert_eq!(limited["reasons"][0]["code"], "channels_only.closed");
    assert!(limited["archived"].is_string(), "{limited}");
    let routed = rig.item("pat").await;
    assert_eq!(routed["person"], "P-R");
    assert_eq!(routed["reasons"][0]["code"], "single_point_of_contact.routed");
    let mut decided = rig.decided().await;
    decided.sort_by_key(|(person, ..)| person.to_string());
    let expected = [
        entry(Some("P-L"), "email", "limit"),
        entry(Some("P-R"), "email", "route"),
        entry(None, "email", "deliver"),
    ];
    assert_eq!(decided, expected);
    rig.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_by_curl_is_delivered_limited_and_routed() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("message");
    three_ways(|rig, from| {
        let message = format!(
            "From: {from}\nTo: repairs@karbon.example\nSubject: The tap\n\
             Message-ID: <{from}>\nDate: Mon, 16 Nov 2026 10:00:00 +0000\n\nIt drips.\n"
        );
        std::fs::write(&file, message).unwrap();
        by_curl(rig, from, &file);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mail_by_swaks_is_delivered_limited_and_routed() {
    three_ways(by_swaks).await;
}
