//! What opens without an end, in every construct that nests, through every door of the real program: it
//! lives, answers, and takes the next. The kind that once ended the process was 40,000 messages in one
//! another; here it is ten times that.

use std::net::SocketAddr;
use std::process::Output;

use contact_gateway::runtime::limits::API_VALUES_MAX;
use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::milter_packets::hand_over;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served};
use crate::store_contract::servers::until;

const LEVELS: usize = 400_000;

/// A construct of messages.
struct Construct {
    what: &'static str,
    /// What stands in the header block.
    fields: String,
    body: String,
    /// There is more in it than is read.
    unread: bool,
}

fn messages() -> Vec<Construct> {
    let html = "Content-Type: text/html\r\n";
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n";
    let message = "Content-Type: message/rfc822\r\n";
    let of_parts = |what, fields: &str, body: String| {
        let fields = fields.to_owned();
        Construct { what, fields, body, unread: true }
    };
    let of_text = |what, fields: &str, body: String| {
        let fields = fields.to_owned();
        Construct { what, fields, body, unread: false }
    };
    let comments = format!("X-Odd: {}\r\n", "(".repeat(200_000));
    let read = format!(
        "Authentication-Results: {open}\r\nContent-Type: text/plain; {open}\r\nTo: {open}\r\n",
        open = "(".repeat(60_000)
    );
    let quotations = format!("{}\r\n", "> ".repeat(400)).repeat(LEVELS / 400);
    vec![
        of_parts("messages", message, format!("{message}\r\n").repeat(LEVELS)),
        of_parts("multiparts", mixed, format!("--b\r\n{mixed}\r\n").repeat(LEVELS)),
        of_parts(
            "messages in multiparts",
            mixed,
            format!("--b\r\n{message}\r\n{mixed}\r\n").repeat(LEVELS / 2),
        ),
        of_text("elements", html, "<div>".repeat(LEVELS)),
        of_text("elements in lines", html, "<b>\r\n".repeat(LEVELS)),
        of_text("comments of HTML", html, "<!--".repeat(LEVELS)),
        of_text("quotations", "", quotations),
        of_text("comments of fields", &comments, "x".to_owned()),
        of_parts("comments of fields that are read", &read, "x".to_owned()),
    ]
}

fn whole(fields: &str, body: &str) -> Vec<u8> {
    format!("From: al@x.example\r\n{fields}\r\n{body}\r\n").into_bytes()
}

async fn by_session(port: u16, hello: &str, message: &[u8]) -> u16 {
    let mut client = Client::connect(port, hello).await;
    client.send("al@x.example", &["repairs@karbon.example"], message).await.0
}

/// The last answer to a message handed to the milter, and the flags that it asks the server to write.
async fn by_milter(port: u16, fields: &str, body: &str) -> (u8, String) {
    let header = format!("From: al@x.example\r\n{fields}");
    let envelope = ("al@x.example", "b@karbon.example");
    hand_over(port, envelope, header.as_bytes(), body.as_bytes()).await
}

async fn served() -> (Sink, Upstream, Place, Served) {
    let sink = Sink::start(&Script::default()).await;
    let upstream = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: upstream.address, calls: upstream.address };
    let place = Place::new(&behind, "secret").with_calls();
    let endpoint = "[[organisation.decision]]\npath = \"/decisions/karbon\"\nproxy = \"nginx\"\n\
                    fields = { email = \"header:X-Customer-Email\", text = \"query:text\" }\n\
                    trusted_sources = [\"127.0.0.1/32\"]\n";
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config + endpoint).unwrap();
    let served = place.serve();
    (sink, upstream, place, served)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_nested_without_end_are_answered_at_every_door() {
    let (sink, _upstream, _place, served) = served().await;
    for Construct { what, fields, body, unread } in messages() {
        for (door, hello) in [(served.smtp, "EHLO"), (served.lmtp, "LHLO")] {
            // Two messages: one that comes in twice is delivered once.
            let message = whole(&format!("X-Door: {hello}\r\n{fields}"), &body);
            let code = by_session(door.port(), hello, &message).await;
            assert_eq!(code, 250, "{what} by {hello}");
            let delivered = sink.taken().pop().unwrap().message;
            let start = String::from_utf8_lossy(&delivered[..delivered.len().min(4_096)]);
            let flags =
                start.lines().find_map(|line| line.strip_prefix("X-Contact-Gateway-Flags:"));
            assert_eq!(
                is_unread(flags.unwrap_or_default()),
                unread,
                "{what} by {hello}: {flags:?}"
            );
        }
        let (answer, flags) = by_milter(served.milter.port(), &fields, &body).await;
        assert_eq!(char::from(answer), 'c', "{what} by milter");
        assert_eq!(is_unread(&flags), unread, "{what} by milter: {flags}");
    }
    assert_eq!(sink.taken().len(), 2 * messages().len(), "each is delivered once by SMTP and LMTP");
    let plain = whole("Subject: plain\r\n", "x");
    assert_eq!(by_session(served.smtp.port(), "EHLO", &plain).await, 250);
    // By each of the three doors, on the trail and in the metrics.
    let unread = 3 * messages().iter().filter(|one| one.unread).count();
    until("each that was not read is on the trail", || async {
        let is_flagged = |entry: &Value| {
            entry["flags"].as_array().is_some_and(|flags| flags.contains(&json!("unread")))
        };
        served.audit().await.iter().filter(|entry| is_flagged(entry)).count() == unread
    })
    .await;
    let metrics = served.metrics().await;
    let line = format!("flags_total{{organisation=\"karbon\",flag=\"unread\"}} {unread}\n");
    assert!(metrics.contains(&line), "{line}{metrics}");
    served.stop();
}

/// A message that can be read is limited as usual; one that can't be read to its end is passed on in doubt, and appears
/// on the timeline of the person it names.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restricted_senders_message_nested_without_end_is_limited_or_passed_in_doubt() {
    let (sink, _upstream, place, served) = served().await;
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let person = crate::served::person("P-L", "lim@x.example", "+447700900001", letters);
    tokio::task::block_in_place(|| place.import(&json!([person])));
    let contact = json!({"id": "p", "channel": "email",
        "from": [{"kind": "email", "value": "lim@x.example", "assurance": "asserted"}]});
    until("Lim is known", || async {
        let preview = served.ask("POST", "/api/v1/decisions/preview", &contact).await;
        preview["disposition"] == "limit"
    })
    .await;
    let (mut limited, mut in_doubt) = (0, 0);
    for Construct { what, fields, body, unread } in messages() {
        let message = whole(&fields, &body).split_off("From: al@x.example\r\n".len());
        let message = [&b"From: lim@x.example\r\n"[..], &message].concat();
        assert_eq!(by_session(served.lmtp.port(), "LHLO", &message).await, 250, "{what}");
        if unread {
            in_doubt += 1;
            let delivered = sink.taken().pop().unwrap().message;
            assert!(delivered.ends_with(&message), "{what}: as it came");
        } else {
            limited += 1;
        }
        assert_eq!(served.queue("limited").await.len(), limited, "{what}");
    }
    assert!(limited > 0 && in_doubt > 0);
    until("what was passed is on the timeline", || async {
        let timeline = served.ask("GET", "/api/v1/people/P-L/timeline", &Value::Null).await;
        timeline["counts"]["in_doubt"] == in_doubt
    })
    .await;
    let plain = whole("Subject: plain\r\n", "x");
    assert_eq!(by_session(served.lmtp.port(), "LHLO", &plain).await, 250);
    until("the next is delivered", || async {
        sink.taken().iter().any(|taken| taken.message.ends_with(&plain))
    })
    .await;
    served.stop();
}

fn is_unread(flags: &str) -> bool {
    flags.split(',').any(|flag| flag.trim() == "unread")
}

/// What no bracket closes, and the same closed. None of it names anybody.
fn documents() -> Vec<(&'static str, String)> {
    let open = |open: &str| open.repeat(LEVELS);
    vec![
        ("lists", open("[")),
        ("objects", open("{\"a\":")),
        ("lists of objects", open("[{\"id\":")),
        ("closed lists", format!("{}{}", open("["), open("]"))),
        ("a member", format!("{{\"email\":{}{}}}", open("["), open("]"))),
        ("a member that nobody asked for", format!("{{\"x\":{}", open("[{\"id\":"))),
        ("comments", open("/*")),
        ("texts", open("\"\\")),
    ]
}

async fn posted(to: SocketAddr, target: &str, kind: &str, body: &[u8]) -> Got {
    let fields = [("Content-Type", kind), ("Authorization", "Bearer secret")];
    raw(to, &request("POST", target, &fields, body)).await
}

/// Routes of the staff API with readers of their own.
const OF_STAFF: [(&str, &str); 6] = [
    ("POST", "/api/v1/contacts"),
    ("POST", "/api/v1/decisions/preview"),
    ("PUT", "/api/v1/people"),
    ("PUT", "/api/v1/people/P-1"),
    ("POST", "/api/v1/imports"),
    ("POST", "/api/v1/may-contact"),
];

fn to_staff(method: &str, target: &str, body: &[u8]) -> Vec<u8> {
    let bearer = format!("Bearer {}", crate::served::TOKEN);
    let fields = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    request(method, target, &fields, body)
}

/// As deep as values are counted: they are read, by readers that go no deeper than they can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_nested_within_their_bound_are_refused() {
    let (_sink, _upstream, _place, served) = served().await;
    let depth = API_VALUES_MAX - 10_000;
    let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let objects = format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    for body in [lists.clone(), objects, format!("[{{\"id\":\"P-1\",\"case\":{lists}}}]")] {
        for (method, target) in OF_STAFF {
            let got = raw(served.staff, &to_staff(method, target, body.as_bytes())).await;
            assert_eq!(got.status, 422, "{method} {target} {body:.30}: {got:?}");
        }
        let sent = to_staff("POST", "/decisions/contact", body.as_bytes());
        assert_eq!(raw(served.contacts, &sent).await.status, 400, "{body:.30}");
    }
    assert_eq!(served.ask("GET", "/api/v1/people", &Value::Null).await["people"], json!([]));
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_nested_without_end_are_answered_at_every_door() {
    let (_sink, upstream, _place, served) = served().await;
    for (construct, body) in documents() {
        let body = body.as_bytes();
        // A form's handler gets what can't be read, flagged.
        let got = posted(served.contacts, "/karbon/contact", "application/json", body).await;
        assert_eq!(got.status, 200, "{construct} to a form");
        let flags = upstream.seen().pop().unwrap().fields("x-contact-gateway-flags");
        // What is closed is read to its end, by a reader that goes no deeper: there is nobody in it.
        let unread: &[&str] = if construct == "closed lists" { &[] } else { &["unread"] };
        assert_eq!(flags, unread, "{construct} to a form");
        // A source of calls is never answered by an error once its token is right; a body above what is
        // read is.
        let start = &body[..body.len().min(200_000)];
        let got = posted(served.contacts, "/karbon/calls", "application/json", start).await;
        assert_eq!(got.status, 200, "{construct} to a webhook");
        assert_eq!(got.json()["flags"], json!(["unread"]), "{construct} to a webhook");
        // A program is told what is wrong.
        let sent = to_staff("POST", "/decisions/contact", body);
        let got = raw(served.contacts, &sent).await;
        assert_eq!(got.status, 400, "{construct} to the API of decisions: {got:?}");
        // A proxy's question is its head: a body beside it says nothing, and its fields nest no deeper.
        let start = String::from_utf8_lossy(&body[..10_000]).into_owned();
        let text: String = form_urlencoded::byte_serialize(start.as_bytes()).collect();
        let target = format!("/contact?text={}", &text[..20_000]);
        let fields = [
            ("X-Original-Method", "POST"),
            ("X-Original-URI", target.as_str()),
            ("X-Customer-Email", "al@x.example"),
        ];
        let got = raw(served.contacts, &request("POST", "/decisions/karbon", &fields, body)).await;
        assert_eq!(got.status, 200, "{construct} to a decision endpoint: {got:?}");
        assert_eq!(got.field("x-contact-decision").as_deref(), Some("deliver"), "{construct}");
        for (method, target) in OF_STAFF {
            let got = raw(served.staff, &to_staff(method, target, body)).await;
            // Values are counted before they are built.
            let (status, problem) = match construct {
                "comments" | "texts" => (400, "malformed-json"),
                _ => (413, "body-too-large"),
            };
            assert_eq!(got.status, status, "{construct} to {target}: {got:?}");
            let problem = format!("urn:contact-gateway:problem:{problem}");
            assert_eq!(got.json()["type"], problem, "{construct} to {target}");
        }
    }
    assert_eq!(upstream.seen().len(), documents().len());
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn parts_markup_and_names_nested_without_end_are_answered_and_so_is_the_next() {
    let (_sink, upstream, _place, served) = served().await;
    let parts = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\
                 Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let names = format!("a{}=1", "[a]".repeat(LEVELS));
    for (kind, body) in [
        ("multipart/form-data; boundary=b", parts.repeat(LEVELS / 10)),
        ("application/xml", "<a>".repeat(LEVELS)),
        ("text/html", "<div>".repeat(LEVELS)),
    ] {
        let got = posted(served.contacts, "/karbon/contact", kind, body.as_bytes()).await;
        assert_eq!(got.status, 200, "{kind}");
        let flags = upstream.seen().pop().unwrap().fields("x-contact-gateway-flags");
        assert_eq!(flags, ["unread"], "{kind}");
    }
    // Names of fields, which nest in nobody's reading here.
    for body in [names.clone(), format!("email{}", "[0]".repeat(LEVELS))] {
        let kind = "application/x-www-form-urlencoded";
        let got = posted(served.contacts, "/karbon/contact", kind, body.as_bytes()).await;
        assert_eq!(got.status, 200, "{body:.20}");
        assert_eq!(upstream.seen().pop().unwrap().body, body.as_bytes());
    }
    for (target, status) in [("/sign-in", 403), ("/people", 403), ("/queues/limited", 403)] {
        let kind = "application/x-www-form-urlencoded";
        let got = posted(served.staff, target, kind, names.as_bytes()).await;
        assert_eq!(got.status, status, "{target}: {got:?}");
    }
    // Each listener answers the next.
    assert_eq!(served.try_ask("GET", "/health/live", &Value::Null).await.status, 200);
    let kind = "application/x-www-form-urlencoded";
    let got = posted(served.contacts, "/karbon/contact", kind, b"email=al%40x.example").await;
    assert_eq!(got.status, 200);
    assert_eq!(upstream.seen().pop().unwrap().fields("x-contact-gateway-flags"), [""; 0]);
    served.stop();
}

fn run(place: &Place, arguments: &[&str]) -> Output {
    let mut command = place.command(arguments[0]);
    command.args(&arguments[1..]).output().unwrap()
}

/// Refused as faulty input, in a few words that name the file and its place.
fn refused(output: &Output, named: &str, what: &str) {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A signal, as an overflow of the stack ends it, is no code.
    assert_eq!(output.status.code(), Some(2), "{what}: {said:.2000}");
    assert!(said.lines().any(|line| line.contains(named)), "{what}: {said:.2000}");
    assert!(said.len() < 10_000, "{what}: {} bytes, as {said:.2000}", said.len());
}

#[tokio::test]
async fn files_nested_without_end_are_refused_with_a_message() {
    let (_sink, _upstream, place, served) = served().await;
    let write = |name: &str, text: &str| {
        std::fs::write(place.folder.path().join(name), text).unwrap();
    };
    // Formats that no file of people has: said so, and not read any further.
    for (name, text) in [
        ("nested.xml", "<people>".repeat(LEVELS)),
        (
            "nested.xml",
            format!("<?xml version=\"1.0\"?>{}{}", "<a>".repeat(LEVELS), "</a>".repeat(LEVELS)),
        ),
        ("nested.toml", format!("people = {}", "[".repeat(LEVELS))),
        ("nested.toml", format!("[{}]", vec!["a"; LEVELS].join("."))),
        ("nested.yaml", "- ".repeat(LEVELS)),
        ("nested.txt", "[".repeat(LEVELS)),
    ] {
        write(name, &text);
        refused(&run(&place, &["import", "--organisation", "karbon", name]), name, name);
    }
    for (construct, text) in documents() {
        write("nested.json", &text);
        let import = run(&place, &["import", "--organisation", "karbon", "nested.json"]);
        refused(&import, "nested.json", construct);
        let decide = run(&place, &["decide", "--organisation", "karbon", "nested.json"]);
        refused(&decide, "nested.json", construct);
        for more in [&["nested.json"][..], &["--cases", "nested.json"]] {
            let simulate = run(&place, &[&["simulate", "--organisation", "karbon"], more].concat());
            refused(&simulate, "nested.json", construct);
        }
        let verify = ["audit", "--organisation", "karbon", "verify", "--anchors", "nested.json"];
        refused(&run(&place, &verify), "nested.json", construct);
    }
    write("register.csv", "id,name\nP-1,x\n");
    for text in
        [format!("x = {}", "[".repeat(LEVELS)), format!("[{}]", vec!["a"; LEVELS].join("."))]
    {
        write("mapping.toml", &text);
        let register = ["--register", "--mapping", "mapping.toml", "register.csv"];
        let import = ["import", "--organisation", "karbon"].into_iter().chain(register);
        let mapped = run(&place, &import.collect::<Vec<_>>());
        refused(&mapped, "mapping.toml", "a register's mapping");
    }
    let row = |cell: &str| {
        format!(
            "id,name,days,from,to,restriction,kind\nP-1,x,\"{cell}\",10:00,12:00,R-1,hours_only\n"
        )
    };
    for cell in ["[".repeat(LEVELS), "{\"\"a\"\":".repeat(LEVELS), "(".repeat(LEVELS)] {
        write("nested.csv", &row(&cell));
        let import = run(&place, &["import", "--organisation", "karbon", "nested.csv"]);
        refused(&import, "nested.csv:2: ", "a cell");
    }
    // The gateway that runs beside them is not affected.
    assert_eq!(served.ask("GET", "/api/v1/people", &Value::Null).await["people"], json!([]));
    served.stop();
}

#[tokio::test]
async fn a_configuration_nested_without_end_is_refused_with_a_message() {
    let (_sink, _upstream, place, served) = served().await;
    let write = |name: &str, text: &str| {
        std::fs::write(place.folder.path().join(name), text).unwrap();
    };
    let config = std::fs::read_to_string(place.config()).unwrap();
    for text in [
        format!("x = {}", "[".repeat(LEVELS)),
        format!("x = {}", "{ a = ".repeat(LEVELS)),
        format!("x = {}{}", "[".repeat(LEVELS), "]".repeat(LEVELS)),
        format!("{} = 1", vec!["a"; LEVELS].join(".")),
        format!("[{}]", vec!["a"; LEVELS].join(".")),
        format!("[[{}]]", vec!["a"; LEVELS].join(".")),
    ] {
        std::fs::write(place.folder.path().join("nested.toml"), format!("{text}\n{config}"))
            .unwrap();
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
        check.args(["check", "--config", "nested.toml"]).current_dir(place.folder.path());
        refused(&check.output().unwrap(), "nested.toml:1", "a configuration");
        // As a profile.
        write("profile.toml", &text);
        let profile = place.folder.path().join("profile.toml");
        let line = config.lines().find(|line| line.starts_with("profile = ")).unwrap();
        let own = config.replace(line, &format!("profile = \"{}\"", profile.display()));
        std::fs::write(place.folder.path().join("nested.toml"), own).unwrap();
        refused(&check.output().unwrap(), "profile.toml", "a profile");
        // As the list of bank holidays.
        write("holidays.toml", &text);
        let own = format!("[calendar]\nbank_holidays = \"holidays.toml\"\n{config}");
        std::fs::write(place.folder.path().join("nested.toml"), own).unwrap();
        refused(&check.output().unwrap(), "holidays.toml", "bank holidays");
    }
    // Templates of letters.
    let open = |open: &str| format!("{{{{ {}", open.repeat(60_000 / open.len()));
    for text in [
        "{{".repeat(LEVELS),
        "{% if kind %}".repeat(4_000),
        open("("),
        open("["),
        open("{\"a\":"),
        open("not "),
        open("-"),
    ] {
        write("letter.txt", &text);
        let own = format!("{config}[organisation.letters]\nenglish = \"letter.txt\"\n");
        std::fs::write(place.folder.path().join("nested.toml"), own).unwrap();
        let mut check = std::process::Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
        check.args(["check", "--config", "nested.toml"]).current_dir(place.folder.path());
        refused(&check.output().unwrap(), "letter.txt", "a template");
    }
    served.stop();
}
