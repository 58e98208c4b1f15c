//! `tests/dialogues/NAME/`: what a client says and hears, who is on record, what the server behind
//! does, and what came out. The format is described in `tests/dialogues/README.md`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::channels::mail::settings::{DownstreamProtocol, MilterKept};
use contact_gateway::domain::person::Person;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::gateway::{CALICO, Choices, Gateway, KARBON};
use super::milter_packets::{framed, next_packet};
use super::sink::{Script, Sink, Taken};

/// Far above what any step takes, even where the machine is busy.
const STEP_WAIT: Duration = Duration::from_secs(40);

/// Slower dialogues are named.
const SLOW: Duration = Duration::from_secs(10);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    downstream: Vec<ExpectedMessage>,
    /// Queue (of `karbon`, or `organisation/queue`) → waiting items.
    queues: BTreeMap<String, usize>,
    /// Counter → value.
    counts: BTreeMap<String, u64>,
    /// Commands that the server behind must have heard, in this order, others between.
    heard: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ExpectedMessage {
    mail: String,
    rcpt: Vec<String>,
    xforward: Option<Vec<String>>,
    contains: Vec<String>,
    lacks: Vec<String>,
    /// The message's very end.
    ends: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_dialogue_goes_as_it_is_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dialogues");
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    names.sort();
    let wanted = std::env::var("DIALOGUE").ok();
    names
        .retain(|path| wanted.as_ref().is_none_or(|w| path.to_string_lossy().contains(w.as_str())));
    assert!(wanted.is_some() || names.len() >= 40, "dialogues are missing: {}", names.len());
    let mut running = tokio::task::JoinSet::new();
    for path in names {
        running.spawn(async move {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let started = std::time::Instant::now();
            let result = tokio::spawn(async move { run(&path).await }).await;
            if started.elapsed() > SLOW {
                eprintln!("{name} took {:?}", started.elapsed());
            }
            let fault = match result {
                Ok(Ok(())) => return None,
                Ok(Err(fault)) => fault,
                Err(panic) => format!("{panic}"),
            };
            Some(format!("{name}: {fault}"))
        });
    }
    let mut faults = Vec::new();
    while let Some(done) = running.join_next().await {
        faults.extend(done.unwrap());
    }
    faults.sort();
    assert!(faults.is_empty(), "{} dialogues went wrong:\n{}", faults.len(), faults.join("\n"));
}

async fn run(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path.join("dialogue.txt")).map_err(|e| e.to_string())?;
    let script: Script = json(&path.join("downstream.json"))?.unwrap_or_default();
    let people: BTreeMap<String, Vec<Person>> =
        json(&path.join("people.json"))?.unwrap_or_default();
    let expected: Expected = json(&path.join("expected.json"))?.unwrap_or_default();
    let sink = Sink::start(&script).await;
    let option = |name: &str| {
        text.lines().find_map(|line| line.strip_prefix(&format!("{name}:")).map(str::trim))
    };
    let by_milter = option("protocol") == Some("milter");
    let protocol = match option("protocol") {
        Some("smtp" | "milter") => Protocol::Smtp,
        Some("lmtp") => Protocol::Lmtp,
        other => return Err(format!("protocol {other:?}")),
    };
    let mut choices = Choices::new(sink.port, protocol);
    choices.people = people;
    choices.trusted = option("peer") != Some("foreign");
    if script.protocol == "lmtp" {
        choices.downstream_protocol = DownstreamProtocol::Lmtp;
    }
    if let Some(limit) = option("limit") {
        choices.size_limit = limit.parse().map_err(|_| "limit")?;
    }
    if option("kept") == Some("quarantine") {
        choices.milter_kept = MilterKept::Quarantine;
    }
    let gateway = Gateway::start(choices).await;
    let port = if by_milter { gateway.milter_port } else { gateway.port };
    let result = match talk(&text, port).await {
        Ok(()) => compare(&expected, &sink, &gateway).await,
        fault => fault,
    };
    gateway.stop().await;
    result.map_err(|fault| format!("{fault}\n    downstream heard: {:?}", sink.commands()))
}

fn json<T: serde::de::DeserializeOwned>(path: &Path) -> Result<Option<T>, String> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| format!("{}: {error}", path.display())),
        Err(_) => Ok(None),
    }
}

async fn connect(port: u16) -> BufReader<TcpStream> {
    BufReader::new(TcpStream::connect(("127.0.0.1", port)).await.unwrap())
}

async fn talk(text: &str, port: u16) -> Result<(), String> {
    let mut stream = connect(port).await;
    for (number, line) in text.lines().enumerate() {
        let at = |fault: String| format!("line {}: `{line}`: {fault}", number + 1);
        let Some((key, rest)) = line.split_once(':') else {
            if line.trim().is_empty() || line.starts_with('#') {
                continue;
            }
            return Err(at("is no step".into()));
        };
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        let step = async {
            match key {
                "C" => {
                    let bytes = [unescaped(rest), b"\r\n".to_vec()].concat();
                    // The other side may have closed: what it said shows it.
                    let _ = stream.get_mut().write_all(&bytes).await;
                }
                "C~" => {
                    let _ = stream.get_mut().write_all(&unescaped(rest)).await;
                }
                "S" => {
                    let heard = heard(&mut stream).await?;
                    if !glob(rest, &heard) {
                        return Err(format!("heard `{heard}`"));
                    }
                }
                "M" => {
                    let _ = stream.get_mut().write_all(&framed(&unescaped(rest))).await;
                }
                "A" => {
                    let heard = next_packet(&mut stream).await?;
                    if !glob(rest, &heard) {
                        return Err(format!("heard `{heard}`"));
                    }
                }
                "R" => loop {
                    let heard = heard(&mut stream).await?;
                    if !heard.starts_with(rest) {
                        return Err(format!("heard `{heard}`"));
                    }
                    if heard.as_bytes().get(3) != Some(&b'-') {
                        break;
                    }
                },
                "E" => {
                    let mut rest = Vec::new();
                    // A reset says the same as an end.
                    let _ = stream.read_to_end(&mut rest).await;
                    if !rest.is_empty() {
                        return Err(format!("heard `{}`", String::from_utf8_lossy(&rest)));
                    }
                }
                "N" => stream = connect(port).await,
                "W" => {
                    let wait = rest.trim().parse().map_err(|_| "no number".to_owned())?;
                    tokio::time::sleep(Duration::from_millis(wait)).await;
                }
                _ if key.starts_with('#') => {}
                "protocol" | "peer" | "limit" | "kept" => {}
                _ => return Err("is no step".into()),
            }
            Ok(())
        };
        timeout(STEP_WAIT, step).await.map_err(|_| at("nothing came".into()))?.map_err(at)?;
    }
    Ok(())
}

async fn heard(stream: &mut BufReader<TcpStream>) -> Result<String, String> {
    let mut line = Vec::new();
    stream.read_until(b'\n', &mut line).await.map_err(|error| error.to_string())?;
    match line.strip_suffix(b"\r\n") {
        Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
        None => Err(format!("the connection ended after {line:?}")),
    }
}

/// `\r`, `\n`, `\0`, `\xHH`, `\\`, and `{text*N}` for repetition.
fn unescaped(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(repeated) = rest.strip_prefix('{')
            && let Some((inside, after)) = repeated.split_once('}')
            && let Some((what, times)) = inside.rsplit_once('*')
            && let Ok(times) = times.parse::<usize>()
        {
            bytes.extend(unescaped(what).repeat(times));
            rest = after;
            continue;
        }
        if c == '\\' {
            let (byte, length) = match rest.as_bytes().get(1) {
                Some(b'r') => (b'\r', 2),
                Some(b'n') => (b'\n', 2),
                Some(b'0') => (0, 2),
                Some(b'x') => (u8::from_str_radix(&rest[2..4], 16).unwrap(), 4),
                _ => (b'\\', 2),
            };
            bytes.push(byte);
            rest = &rest[length..];
            continue;
        }
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[c.len_utf8()..];
    }
    bytes
}

/// `*` stands for anything.
fn glob(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

async fn compare(expected: &Expected, sink: &Sink, gateway: &Gateway) -> Result<(), String> {
    let taken = sink.taken();
    if taken.len() != expected.downstream.len() {
        let got: Vec<String> = taken.iter().map(|taken| shown(&taken.message)).collect();
        return Err(format!(
            "{} messages came out, not {}:\n{}",
            taken.len(),
            expected.downstream.len(),
            got.join("\n----\n")
        ));
    }
    for (taken, expected) in taken.iter().zip(&expected.downstream) {
        message(expected, taken)?;
    }
    for (queue, waiting) in &expected.queues {
        let (organisation, queue) = queue.split_once('/').unwrap_or((KARBON, queue));
        let items = gateway.queue(organisation, queue).await;
        if items.len() != *waiting {
            return Err(format!("{} items wait on {queue}, not {waiting}", items.len()));
        }
    }
    for organisation in [KARBON, CALICO] {
        for queue in ["limited", "filed"] {
            let key = if organisation == KARBON {
                queue.to_owned()
            } else {
                format!("{organisation}/{queue}")
            };
            let items = gateway.queue(organisation, queue).await.len();
            if items > 0 && !expected.queues.contains_key(&key) {
                return Err(format!("{items} items wait on {key} and none is expected"));
            }
        }
    }
    for (name, value) in &expected.counts {
        let counted = gateway.counted(name);
        if counted != *value {
            return Err(format!("{name} is {counted}, not {value}"));
        }
    }
    let commands = sink.commands();
    let mut heard = commands.iter();
    for command in &expected.heard {
        if !heard.any(|heard| glob(command, heard)) {
            return Err(format!("`{command}` was not heard"));
        }
    }
    if gateway.spooled() > 0 {
        return Err("something was left in the spool".into());
    }
    Ok(())
}

fn shown(message: &[u8]) -> String {
    String::from_utf8_lossy(message).replace('\r', "")
}

fn message(expected: &ExpectedMessage, taken: &Taken) -> Result<(), String> {
    if !glob(&expected.mail, &taken.mail) {
        return Err(format!("the sender came out as `{}`, not `{}`", taken.mail, expected.mail));
    }
    if expected.rcpt != taken.rcpt {
        return Err(format!("the recipients came out as {:?}", taken.rcpt));
    }
    if expected.xforward.as_ref().is_some_and(|lines| *lines != taken.xforward) {
        return Err(format!("XFORWARD came out as {:?}", taken.xforward));
    }
    let text = shown(&taken.message);
    for part in &expected.contains {
        if !text.contains(part.as_str()) {
            return Err(format!("`{part}` is not in\n{text}"));
        }
    }
    for part in &expected.lacks {
        if text.contains(part.as_str()) {
            return Err(format!("`{part}` is in\n{text}"));
        }
    }
    if !text.ends_with(expected.ends.as_str()) {
        return Err(format!("`{}` is not the end of\n{text}", expected.ends));
    }
    Ok(())
}
