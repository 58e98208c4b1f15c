//! Where logs are JSON, whatever the program writes to stderr is: from its first word to its last.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::served::{Behind, Place};

fn place() -> Place {
    let nowhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    Place::new(&Behind { mail: 1, form: nowhere, calls: nowhere }, "secret")
}

fn started(place: &Place) -> Child {
    let mut serve = place.command("serve");
    serve.env("CONTACT_GATEWAY_LOG_FORMAT", "json").env_remove("RUST_LOG");
    serve.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The level and the message of a line.
fn read(line: &str) -> (String, String) {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{line}")).to_owned();
    (text(&line["level"]), text(&line["fields"]["message"]))
}

#[test]
fn every_line_from_the_start_to_the_stop_is_json() {
    let place = place();
    // Nobody is ever notified: a warning.
    place.change("notice_from = \"contact@karbon.example\"\n", "");
    let mut child = started(&place);
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut said = Vec::new();
    while said.last().is_none_or(|(_, message)| message != "ready") {
        let line = lines.next().expect("it ended before it was ready").unwrap();
        said.push(read(&line));
    }
    let has = |level: &str, part: &str| {
        said.iter().any(|(of, message)| of == level && message.contains(part))
    };
    for listener in ["contacts", "staff", "smtp", "lmtp", "milter"] {
        assert!(has("INFO", &format!("listening: {listener} 127.0.0.1:")), "{said:?}");
    }
    assert!(has("WARN", "notice_from"), "{said:?}");
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let rest: Vec<(String, String)> = lines.map(|line| read(&line.unwrap())).collect();
    assert!(rest.iter().any(|(_, message)| message.starts_with("stopping: ")), "{rest:?}");
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_start_that_fails_says_why_in_json() {
    let place = place();
    place.change("mode = \"enforce\"", "mode = \"sometimes\"");
    let output = started(&place).wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    let lines: Vec<(String, String)> = said.lines().map(read).collect();
    let [(level, message)] = lines.as_slice() else { panic!("{said}") };
    assert_eq!(level, "ERROR");
    assert!(message.contains("gateway.toml") && message.contains("sometimes"), "{message}");
}

#[test]
fn rust_log_sets_the_level() {
    let place = place();
    place.change("mode = \"enforce\"", "mode = \"sometimes\"");
    for (level, lines) in [("error", 1), ("off", 0)] {
        let mut serve = place.command("serve");
        serve.env("CONTACT_GATEWAY_LOG_FORMAT", "json").env("RUST_LOG", level);
        let output = serve.stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{level}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(said.lines().count(), lines, "{level}: {said}");
    }
    let operations = include_str!("../../docs/operations.md");
    assert!(operations.contains("`RUST_LOG` sets the level"));
}
