//! `kill -9` of the real program while mail and forms come in: nothing is lost, nothing counts
//! twice, and the quota holds.
//!
//! Senders do as a mail server and a patient program do: the same bytes again until they are
//! answered. `SEED` repeats a run.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::contacts_edge::client::request;
use crate::contacts_edge::upstream::Upstream;
use crate::fuzz::chance::Chance;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

const KILLS: usize = 10;
const MAILS: usize = 500;
const FORMS: usize = 200;
/// Of mails and forms alike three in five are the restricted person's: 420 contacts.
const LIMIT: usize = 250;
const SENDERS: usize = 8;
/// What one try may take: longer than any of the gateway's own waits under this load.
const TRY_WAIT: Duration = Duration::from_secs(10);
const RUN_WAIT: Duration = Duration::from_secs(100);

#[derive(Clone, Copy)]
struct Doors {
    contacts: SocketAddr,
    smtp: SocketAddr,
    lmtp: SocketAddr,
}

fn doors(served: &Served) -> Doors {
    Doors { contacts: served.contacts, smtp: served.smtp, lmtp: served.lmtp }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sent {
    Mail(usize),
    Form(usize),
}

impl Sent {
    /// What stands in the contact, and in nothing else.
    fn token(self) -> String {
        match self {
            Sent::Mail(number) => format!("M{number:04}"),
            Sent::Form(number) => format!("F{number:04}"),
        }
    }

    fn is_restricted(self) -> bool {
        let (Sent::Mail(number) | Sent::Form(number)) = self;
        number % 5 < 3
    }

    fn sender(self) -> String {
        if self.is_restricted() {
            return "jo@x.example".to_owned();
        }
        format!("{}@y.example", self.token().to_lowercase())
    }
}

/// What the senders saw.
#[derive(Default)]
struct Seen {
    answered: AtomicUsize,
    /// Contacts whose last byte was sent, and no answer came: how often.
    lost: Mutex<BTreeMap<Sent, usize>>,
    /// The status that a form was answered with in the end.
    status: Mutex<BTreeMap<Sent, u16>>,
}

/// One try; `None`: the gateway went away, or said to try again.
async fn mail(sent: Sent, doors: Doors, lost: &mut usize) -> Option<u16> {
    let Sent::Mail(number) = sent else { return None };
    let (door, hello) =
        if number.is_multiple_of(2) { (doors.smtp, "EHLO") } else { (doors.lmtp, "LHLO") };
    let mut stream = BufReader::new(TcpStream::connect(door).await.ok()?);
    let (token, from) = (sent.token(), sent.sender());
    wanted(&mut stream, 220).await?;
    let commands = [
        (format!("{hello} mx.karbon.example"), 250),
        (format!("XFORWARD IDENT={token}"), 250),
        (format!("MAIL FROM:<{from}>"), 250),
        ("RCPT TO:<repairs@karbon.example>".to_owned(), 250),
        ("DATA".to_owned(), 354),
    ];
    for (command, code) in commands {
        stream.get_mut().write_all(format!("{command}\r\n").as_bytes()).await.ok()?;
        wanted(&mut stream, code).await?;
    }
    let message = format!(
        "From: {from}\r\nTo: repairs@karbon.example\r\nSubject: about {token}\r\n\
         Message-ID: <{token}@x.example>\r\nDate: Mon, 16 Nov 2026 10:00:00 +0000\r\n\r\n\
         The tap of flat {number} drips.\r\n.\r\n"
    );
    // Whether the end of the message arrived is not known where writing fails.
    *lost += 1;
    stream.get_mut().write_all(message.as_bytes()).await.ok()?;
    let code = reply(&mut stream).await?;
    *lost -= 1;
    (code == 250).then_some(code)
}

async fn wanted(stream: &mut BufReader<TcpStream>, code: u16) -> Option<()> {
    (reply(stream).await? == code).then_some(())
}

async fn reply(stream: &mut BufReader<TcpStream>) -> Option<u16> {
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        if line.ends_with("\r\n") && line.as_bytes().get(3) != Some(&b'-') {
            return line.get(..3)?.parse().ok();
        }
        if !line.ends_with("\r\n") {
            return None;
        }
    }
}

async fn form(sent: Sent, doors: Doors, lost: &mut usize) -> Option<u16> {
    let from = sent.sender().replace('@', "%40");
    let body = format!("email={from}&message=The+tap+drips%2C+{}", sent.token());
    let fields = [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "text/html")];
    let request = request("POST", "/karbon/contact", &fields, body.as_bytes());
    let mut stream = TcpStream::connect(doors.contacts).await.ok()?;
    *lost += 1;
    stream.write_all(&request).await.ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.ok()?;
    let head = String::from_utf8_lossy(&answer);
    let status: u16 = head.split(' ').nth(1)?.parse().ok()?;
    if status < 500 {
        *lost -= 1;
        return Some(status);
    }
    None
}

/// The same bytes again until they are answered.
async fn send(sent: Sent, doors: watch::Receiver<Doors>, seen: Arc<Seen>) {
    let mut lost = 0;
    let status = loop {
        let at = *doors.borrow();
        let tried = match sent {
            Sent::Mail(_) => timeout(TRY_WAIT, mail(sent, at, &mut lost)).await,
            Sent::Form(_) => timeout(TRY_WAIT, form(sent, at, &mut lost)).await,
        };
        match tried {
            Ok(Some(status)) => break status,
            _ => sleep(Duration::from_millis(20)).await,
        }
    };
    seen.lost.lock().unwrap().insert(sent, lost);
    seen.status.lock().unwrap().insert(sent, status);
    seen.answered.fetch_add(1, Ordering::SeqCst);
}

/// All senders at work while the gateway is killed and started again; the last one that ran.
async fn run(place: &Place, chance: &mut Chance, seen: &Arc<Seen>) -> Served {
    let mut served = place.serve();
    let (told, known) = watch::channel(doors(&served));
    let mut work: Vec<Sent> =
        (0..MAILS).map(Sent::Mail).chain((0..FORMS).map(Sent::Form)).collect();
    for at in (1..work.len()).rev() {
        let other = chance.below(at as u64 + 1);
        work.swap(at, usize::try_from(other).unwrap());
    }
    let work = Arc::new(Mutex::new(work));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (work, known, seen) = (Arc::clone(&work), known.clone(), Arc::clone(seen));
        senders.spawn(async move {
            loop {
                let Some(next) = work.lock().unwrap().pop() else { return };
                send(next, known.clone(), Arc::clone(&seen)).await;
            }
        });
    }
    let mut until = 0;
    for _ in 0..KILLS {
        until += 40 + usize::try_from(chance.below(25)).unwrap();
        while seen.answered.load(Ordering::SeqCst) < until {
            sleep(Duration::from_millis(2)).await;
        }
        sleep(Duration::from_micros(chance.below(40_000))).await;
        served.kill();
        served = place.serve();
        told.send_replace(doors(&served));
    }
    assert!(seen.answered.load(Ordering::SeqCst) < MAILS + FORMS, "the last kill came too late");
    senders.join_all().await;
    served
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_at_any_point_loses_nothing_and_counts_nothing_twice() {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| chrono::Utc::now().timestamp_millis().unsigned_abs());
    println!("SEED={seed}");
    let sink = Sink::start(&Script::default()).await;
    let handler = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "a secret");
    let quota =
        json!({"kind": "contact_quota", "limit": LIMIT, "per": "week", "window": "rolling"});
    place.import(&json!([person("P-1", "jo@x.example", "+447700900001", quota)]));

    let seen = Arc::new(Seen::default());
    let mut chance = Chance(seed);
    let run = run(&place, &mut chance, &seen);
    let served = timeout(RUN_WAIT, run).await.unwrap_or_else(|_| panic!("SEED={seed} hangs"));

    // What was recorded of strangers goes to the store within a moment.
    sleep(Duration::from_secs(1)).await;
    let audit = served.audit().await;
    let limited = served.queue("limited").await;
    let preview = json!({"id": "preview", "channel": "email",
        "from": [{"kind": "email", "value": "jo@x.example", "assurance": "asserted"}],
        "to": ["repairs@karbon.example"], "text": "Is it my turn?"});
    let preview = served.ask("POST", "/api/v1/decisions/preview", &preview).await;
    served.stop();

    let admitted = the_trail_is_whole(&audit, &limited);
    let counted = counted(&place);
    let odd: Vec<&Value> = decided(&audit)
        .filter(|e| e["person"] == "P-1")
        .filter(|e| counted.contains(&contact(e)) != (e["disposition"] == "deliver"))
        .collect();
    assert!(odd.is_empty(), "delivered and not counted, or counted and held: {odd:#?}");
    assert_eq!(admitted.len(), LIMIT, "the quota, no more and no less");
    assert_eq!(preview["quotas"][0]["used"], LIMIT, "{preview}");
    assert_eq!(counted, admitted, "each counts once");
    nothing_is_lost(&seen, &sink, &handler, &limited);
    let strangers = decided(&audit).filter(|entry| entry["person"].is_null()).count();
    let lost: usize = seen.lost.lock().unwrap().values().sum();
    println!("{lost} answers were lost; {strangers} of 280 strangers' contacts are on the trail");
}

fn decided(audit: &[Value]) -> impl Iterator<Item = &Value> {
    audit.iter().filter(|entry| entry["event"] == "decided")
}

fn contact(entry: &Value) -> String {
    entry["contact"].as_str().unwrap().to_owned()
}

/// Numbers without a gap, one entry per contact, and each limited one on the queue; the person's
/// contacts that were admitted.
fn the_trail_is_whole(audit: &[Value], limited: &[Value]) -> BTreeSet<String> {
    for (at, entry) in audit.iter().enumerate() {
        assert_eq!(entry["number"], at + 1);
    }
    let distinct: BTreeSet<String> = decided(audit).map(contact).collect();
    assert_eq!(distinct.len(), decided(audit).count(), "one entry per contact");
    let of_person = decided(audit).filter(|entry| entry["person"] == "P-1");
    let (delivered, held): (Vec<_>, Vec<_>) =
        of_person.partition(|entry| entry["disposition"] == "deliver");
    assert_eq!(delivered.len() + held.len(), (MAILS + FORMS) * 3 / 5, "no retry is a contact");
    let held: BTreeSet<String> = held.into_iter().map(contact).collect();
    let waiting: BTreeSet<String> = limited.iter().map(contact).collect();
    assert_eq!((waiting.len(), &waiting), (limited.len(), &held));
    delivered.into_iter().map(contact).collect()
}

/// The rows that quotas count.
fn counted(place: &Place) -> BTreeSet<String> {
    let file = place.folder.path().join("store/gateway.sqlite3");
    let store = rusqlite::Connection::open(file).unwrap();
    let mut rows = store.prepare("SELECT contact FROM counted").unwrap();
    let rows: Vec<String> =
        rows.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let distinct: BTreeSet<String> = rows.iter().cloned().collect();
    assert_eq!(distinct.len(), rows.len(), "a contact counts twice");
    distinct
}

/// What was answered came out at least once or is kept; more than once only where an answer was
/// lost.
fn nothing_is_lost(seen: &Seen, sink: &Sink, handler: &Upstream, limited: &[Value]) {
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    // Notices have no sender, and answer what they quote.
    for taken in sink.taken().iter().filter(|taken| !taken.mail.starts_with("MAIL FROM:<>")) {
        let message = String::from_utf8(taken.message.clone()).unwrap();
        let at = message.find("Subject: about ").unwrap() + "Subject: about ".len();
        *copies.entry(message[at..at + 5].to_owned()).or_default() += 1;
    }
    for form in handler.seen() {
        let body = String::from_utf8(form.body).unwrap();
        *copies.entry(body[body.len() - 5..].to_owned()).or_default() += 1;
    }
    let kept: BTreeSet<String> = limited.iter().map(contact).collect();
    assert_eq!(limited.iter().filter(|item| item["archived"].is_null()).count(), 0);
    let lost = seen.lost.lock().unwrap();
    for (sent, status) in seen.status.lock().unwrap().iter() {
        let token = sent.token();
        let copies = copies.get(&token).copied().unwrap_or_default();
        let is_kept = match sent {
            Sent::Mail(_) => kept.iter().any(|id| id.starts_with(&format!("mail-{token}-"))),
            Sent::Form(_) => *status == 429,
        };
        assert!((copies > 0) != is_kept, "{token}: {copies} came out, kept: {is_kept}");
        assert!(is_kept || *status < 300, "{token}: {status}");
        assert!(!is_kept || sent.is_restricted(), "{token} is a stranger's");
        let lost = lost.get(sent).copied().unwrap_or_default();
        assert!(copies <= 1 + lost, "{token}: {copies} came out, {lost} answers lost");
    }
    let forms_kept = seen.status.lock().unwrap().values().filter(|code| **code == 429).count();
    assert_eq!(forms_kept, kept.iter().filter(|id| id.starts_with("form-")).count());
}
