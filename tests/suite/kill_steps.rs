//! `kill -9` at each step of one mail transaction, by the progress of the sender and of the server
//! behind; the sender sends the same again until it hears 250.
//!
//! `kill.rs` kills at random under load; this holds every step to account, one by one.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

use crate::mail::sink::{Fault, Script, Sink};
use crate::served::{Behind, Place, Served, person};

/// Far above what a step takes on a busy machine.
const WAIT: Duration = Duration::from_secs(30);

/// How long the server behind thinks about a message that is to be killed meanwhile.
const THINKING: Duration = Duration::from_millis(700);

/// When the gateway is killed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    Mail,
    Rcpt,
    Data,
    /// Half of the message is sent.
    Middle,
    /// The dot is sent.
    Dot,
    /// The server behind was asked this, and has not answered.
    BehindMail,
    BehindData,
    /// It has the whole message, and has not answered.
    BehindEnd,
    /// It has said 250.
    BehindTaken,
}

const STEPS: [At; 9] = [
    At::Mail,
    At::Rcpt,
    At::Data,
    At::Middle,
    At::Dot,
    At::BehindMail,
    At::BehindData,
    At::BehindEnd,
    At::BehindTaken,
];

/// From whom: nobody's, admitted and counted, or kept whole.
const SENDERS: [&str; 3] = ["stranger@y.example", "counted@x.example", "limited@x.example"];

struct Message {
    token: String,
    from: &'static str,
    lmtp: bool,
}

impl Message {
    fn bytes(&self) -> (Vec<u8>, Vec<u8>) {
        let head = format!(
            "From: {}\r\nSubject: about {}\r\nMessage-ID: <{}@x.example>\r\n\r\n",
            self.from, self.token, self.token
        );
        (head.into_bytes(), b"The tap drips.\r\n.\r\n".to_vec())
    }

    fn is_kept(&self) -> bool {
        self.from == SENDERS[2]
    }
}

/// What the sender has done in one try.
#[derive(Default)]
struct Tried {
    reached: Option<At>,
    dot_sent: bool,
    answered: bool,
}

/// One try, up to `until`, where it stops with the connection open; `None` in `until`: to the end.
async fn attempt(
    served: &Served,
    message: &Message,
    until: Option<At>,
) -> (Tried, Option<BufReader<TcpStream>>) {
    let mut tried = Tried::default();
    let door = if message.lmtp { served.lmtp } else { served.smtp };
    let Ok(stream) = TcpStream::connect(door).await else { return (tried, None) };
    let mut stream = BufReader::new(stream);
    let hello = if message.lmtp { "LHLO" } else { "EHLO" };
    let steps = [
        (None, String::new(), 220),
        (None, format!("{hello} mx.karbon.example\r\n"), 250),
        (None, format!("XFORWARD IDENT={}\r\n", message.token), 250),
        (Some(At::Mail), format!("MAIL FROM:<{}>\r\n", message.from), 250),
        (Some(At::Rcpt), "RCPT TO:<repairs@karbon.example>\r\n".to_owned(), 250),
        (Some(At::Data), "DATA\r\n".to_owned(), 354),
    ];
    for (step, command, code) in steps {
        if stream.get_mut().write_all(command.as_bytes()).await.is_err()
            || reply(&mut stream).await != Some(code)
        {
            return (tried, None);
        }
        tried.reached = step;
        if step.is_some() && step == until {
            return (tried, Some(stream));
        }
    }
    let (head, body) = message.bytes();
    if stream.get_mut().write_all(&head).await.is_err() {
        return (tried, None);
    }
    if until == Some(At::Middle) {
        // So that it is read, and not only sent.
        sleep(Duration::from_millis(50)).await;
        tried.reached = until;
        return (tried, Some(stream));
    }
    tried.dot_sent = true;
    if stream.get_mut().write_all(&body).await.is_err() {
        return (tried, None);
    }
    tried.reached = Some(At::Dot);
    if until.is_some() {
        return (tried, Some(stream));
    }
    tried.answered = reply(&mut stream).await == Some(250);
    (tried, None)
}

async fn reply(stream: &mut BufReader<TcpStream>) -> Option<u16> {
    loop {
        let mut line = String::new();
        timeout(WAIT, stream.read_line(&mut line)).await.ok()?.ok()?;
        if !line.ends_with("\r\n") {
            return None;
        }
        if line.as_bytes().get(3) != Some(&b'-') {
            return line.get(..3)?.parse().ok();
        }
    }
}

/// Waits for the server behind, where the kill waits for it.
async fn behind(at: At, sink: &Sink, commands: usize, token: &str) {
    let verb = match at {
        At::BehindMail => "MAIL",
        At::BehindData | At::BehindEnd => "DATA",
        At::BehindTaken => "",
        At::Mail | At::Rcpt | At::Data | At::Middle | At::Dot => return,
    };
    let started = Instant::now();
    loop {
        let there = match at {
            At::BehindTaken => copies(sink, token) > 0,
            _ => sink.commands().iter().skip(commands).any(|heard| heard.starts_with(verb)),
        };
        if there {
            break;
        }
        assert!(started.elapsed() < WAIT, "{at:?}: the server behind was not asked");
        sleep(Duration::from_millis(2)).await;
    }
    if at == At::BehindEnd {
        // Sent at once behind the answer to DATA.
        sleep(THINKING / 2).await;
    }
}

fn copies(sink: &Sink, token: &str) -> usize {
    let words = format!("Subject: about {token}\r\n").into_bytes();
    let holds = |message: &[u8]| message.windows(words.len()).any(|part| part == words);
    let taken = sink.taken();
    // A notice has no sender, and may quote.
    let whole = taken.iter().filter(|taken| !taken.mail.starts_with("MAIL FROM:<>"));
    whole.filter(|taken| holds(&taken.message)).count()
}

/// The server behind thinks at the step that is to be killed at.
fn script(at: At) -> Script {
    let slow = |at: &str| Fault {
        at: at.into(),
        delay_ms: u64::try_from(THINKING.as_millis()).unwrap(),
        ..Fault::default()
    };
    let faults = match at {
        At::BehindMail => vec![slow("MAIL")],
        At::BehindData => vec![slow("DATA")],
        At::Dot | At::BehindEnd => vec![slow("END")],
        At::Mail | At::Rcpt | At::Data | At::Middle | At::BehindTaken => Vec::new(),
    };
    Script { faults, ..Script::default() }
}

async fn step(at: At) {
    let sink = Sink::start(&script(at)).await;
    let nowhere = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: sink.port, form: nowhere, calls: nowhere }, "a secret");
    let quota = json!({"kind": "contact_quota", "limit": 9, "per": "week", "window": "rolling"});
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    place.import(&json!([
        person("P-C", SENDERS[1], "+447700900001", quota),
        person("P-L", SENDERS[2], "+447700900002", letters),
    ]));
    let mut served = place.serve();
    let mut sent = Vec::new();
    let mut number = 0;
    for from in SENDERS {
        for lmtp in [false, true] {
            number += 1;
            let message = Message { token: format!("M{number:04}"), from, lmtp };
            let behind_at = !matches!(at, At::Mail | At::Rcpt | At::Data | At::Middle | At::Dot);
            if behind_at && message.is_kept() {
                // Nothing of it goes to the server behind.
                continue;
            }
            let heard = sink.commands().len();
            // In SMTP the server behind is asked about a recipient before the sender is answered:
            // where it thinks about that, the kill comes in the middle of the sender's own step.
            let open = if at == At::BehindMail && !lmtp {
                let trying = attempt(&served, &message, Some(At::Dot));
                tokio::select! {
                    tried = trying => tried,
                    () = behind(at, &sink, heard, &message.token) => (Tried::default(), None),
                }
            } else {
                let until = if behind_at { At::Dot } else { at };
                attempt(&served, &message, Some(until)).await
            };
            behind(at, &sink, heard, &message.token).await;
            let (tried, stream) = open;
            served.kill();
            drop(stream);
            served = place.serve();
            let mut unanswered = usize::from(tried.dot_sent);
            let started = Instant::now();
            loop {
                let (tried, _) = attempt(&served, &message, None).await;
                if tried.answered {
                    break;
                }
                unanswered += usize::from(tried.dot_sent);
                assert!(started.elapsed() < WAIT, "{at:?} {from}: it is never taken");
                sleep(Duration::from_millis(20)).await;
            }
            sent.push((message, unanswered));
        }
    }
    // What was recorded of strangers goes to the store within a moment.
    sleep(Duration::from_secs(1)).await;
    let audit = served.audit().await;
    let limited = served.queue("limited").await;
    served.stop();
    accounted(at, &sent, &sink, &audit, &limited);
    counted(at, &place, &sent);
}

/// Each came out, or is kept, once; twice only where an answer was lost.
fn accounted(at: At, sent: &[(Message, usize)], sink: &Sink, audit: &[Value], limited: &[Value]) {
    for (number, entry) in audit.iter().enumerate() {
        assert_eq!(entry["number"], number + 1, "{at:?}: a gap in the audit trail");
    }
    for (message, unanswered) in sent {
        let (token, copies) = (&message.token, copies(sink, &message.token));
        let of = |list: &[Value]| {
            let id = format!("mail-{token}-");
            let is_its =
                |entry: &&Value| entry["contact"].as_str().is_some_and(|c| c.starts_with(&id));
            list.iter().filter(is_its).count()
        };
        if message.is_kept() {
            assert_eq!((copies, of(limited)), (0, 1), "{at:?} {token}");
        } else {
            assert!(copies >= 1, "{at:?} {token} is lost");
            assert!(copies <= 1 + unanswered, "{at:?} {token}: {copies} copies");
            assert_eq!(of(limited), 0, "{at:?} {token}");
        }
        let decided: Vec<Value> =
            audit.iter().filter(|entry| entry["event"] == "decided").cloned().collect();
        if message.from != SENDERS[0] {
            assert_eq!(of(&decided), 1, "{at:?} {token}: decided more or less than once");
        }
    }
}

/// What was admitted counts once.
fn counted(at: At, place: &Place, sent: &[(Message, usize)]) {
    let file = place.folder.path().join("store/gateway.sqlite3");
    let store = rusqlite::Connection::open(file).unwrap();
    let rows: u32 = store.query_row("SELECT count(*) FROM counted", [], |row| row.get(0)).unwrap();
    let admitted = sent.iter().filter(|(message, _)| message.from == SENDERS[1]).count();
    assert_eq!(usize::try_from(rows), Ok(admitted), "{at:?}: counted more or less than admitted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_each_step_of_a_transaction_loses_nothing_and_counts_once() {
    for at in STEPS {
        step(at).await;
    }
}
