//! What opens without an end, in every construct that nests, through every door of the real program: it
//! lives, answers, and takes the next. The kind that once ended the process was 40,000 messages in one
//! another; here it is ten times that.

use std::net::SocketAddr;
use std::process::Output;

use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::milter_packets::{framed, packet};
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served};

const LEVELS: usize = 400_000;

/// A construct of messages: what stands in the header block, and the rest.
fn messages() -> Vec<(&'static str, String, String)> {
    let html = "Content-Type: text/html\r\n".to_owned();
    let mixed = "Content-Type: multipart/mixed; boundary=b\r\n";
    vec![
        (
            "messages",
            "Content-Type: message/rfc822\r\n".to_owned(),
            "Content-Type: message/rfc822\r\n\r\n".repeat(LEVELS),
        ),
        ("multiparts", mixed.to_owned(), format!("--b\r\n{mixed}\r\n").repeat(LEVELS)),
        ("elements", html.clone(), "<div>".repeat(LEVELS)),
        ("elements in lines", html.clone(), "<b>\r\n".repeat(LEVELS)),
        ("comments of HTML", html, "<!--".repeat(LEVELS)),
        ("quotations", String::new(), format!("{}\r\n", "> ".repeat(400)).repeat(LEVELS / 400)),
        ("comments of fields", format!("X-Odd: {}\r\n", "(".repeat(200_000)), "x".to_owned()),
        (
            "comments of fields that are read",
            format!(
                "Authentication-Results: {open}\r\nContent-Type: text/plain; {open}\r\nTo: {open}\r\n",
                open = "(".repeat(60_000)
            ),
            "x".to_owned(),
        ),
    ]
}

fn whole(fields: &str, body: &str) -> Vec<u8> {
    format!("From: al@x.example\r\n{fields}\r\n{body}\r\n").into_bytes()
}

async fn by_session(port: u16, hello: &str, message: &[u8]) -> u16 {
    let mut client = Client::connect(port, hello).await;
    client.send("al@x.example", &["repairs@karbon.example"], message).await.0
}

/// The last answer to a message handed to the milter.
async fn by_milter(port: u16, fields: &str, body: &str) -> u8 {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut say = Vec::new();
    say.extend(framed(b"O\0\0\0\x06\0\0\x01\xff\0\x1f\xff\xff"));
    say.extend(framed(b"Cclient.example\x004\x12\x34192.0.2.7\0"));
    say.extend(framed(b"M<al@x.example>\0"));
    server.write_all(&say).await.unwrap();
    assert_eq!(packet(&mut server).await.unwrap()[0], b'O');
    server.write_all(&framed(b"R<b@karbon.example>\0")).await.unwrap();
    assert_eq!(packet(&mut server).await.unwrap(), b"c");
    for line in "From: al@x.example\r\n".lines().chain(fields.lines()) {
        let (name, value) = line.split_once(':').unwrap();
        let field = framed(format!("L{name}\0{value}\0").as_bytes());
        server.write_all(&field).await.unwrap();
    }
    server.write_all(&framed(b"N")).await.unwrap();
    for piece in body.as_bytes().chunks(65_535) {
        server.write_all(&framed(&[b"B", piece].concat())).await.unwrap();
        // `s`: it has seen enough of the body.
        if packet(&mut server).await.unwrap() != b"c" {
            break;
        }
    }
    server.write_all(&framed(b"E")).await.unwrap();
    loop {
        let answer = packet(&mut server).await.unwrap()[0];
        if matches!(answer, b'c' | b't' | b'd') {
            return answer;
        }
    }
}

async fn served() -> (Sink, Upstream, Place, Served) {
    let sink = Sink::start(&Script::default()).await;
    let upstream = Upstream::start().await;
    let behind = Behind { mail: sink.port, form: upstream.address, calls: upstream.address };
    let place = Place::new(&behind, "secret");
    let generic = format!(
        "[[organisation.telephony]]\nprovider = \"generic\"\npath = \"/karbon/calls\"\n\
         token = {{ file = \"{}\" }}\ntargets = {{ queue = \"sip:queue@pbx.example\" }}\n",
        place.folder.path().join("secret").display()
    );
    let config = std::fs::read_to_string(place.config()).unwrap();
    std::fs::write(place.config(), config + &generic).unwrap();
    let served = place.serve();
    (sink, upstream, place, served)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_nested_without_end_are_answered_at_every_door() {
    let (sink, _upstream, _place, served) = served().await;
    for (construct, fields, body) in messages() {
        for (door, hello) in [(served.smtp, "EHLO"), (served.lmtp, "LHLO")] {
            // Two messages: one that comes in twice is delivered once.
            let message = whole(&format!("X-Door: {hello}\r\n{fields}"), &body);
            let code = by_session(door.port(), hello, &message).await;
            assert_eq!(code, 250, "{construct} by {hello}");
        }
        let answer = by_milter(served.milter.port(), &fields, &body).await;
        assert_eq!(char::from(answer), 'c', "{construct} by milter");
    }
    assert_eq!(sink.taken().len(), 2 * messages().len(), "each is delivered once by SMTP and LMTP");
    let plain = whole("Subject: plain\r\n", "x");
    assert_eq!(by_session(served.smtp.port(), "EHLO", &plain).await, 250);
    // A person is told that there is more in them than was read.
    let flagged = served.audit().await.into_iter().filter(|entry| {
        let flags = entry["flags"].as_array();
        flags.is_some_and(|flags| flags.contains(&json!("unread")))
    });
    assert!(flagged.count() >= 2, "messages and multiparts by two doors at least");
    served.stop();
}

/// What no bracket closes, and the same closed.
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_nested_without_end_are_answered_at_every_door() {
    let (_sink, upstream, _place, served) = served().await;
    for (construct, body) in documents() {
        let body = body.as_bytes();
        // A form's handler gets what can't be read, flagged.
        let got = posted(served.contacts, "/karbon/contact", "application/json", body).await;
        assert_eq!(got.status, 200, "{construct} to a form");
        // A source of calls is never answered by an error once its token is right; a body above what is
        // read is.
        let start = &body[..body.len().min(200_000)];
        let got = posted(served.contacts, "/karbon/calls", "application/json", start).await;
        assert!(matches!(got.status, 200 | 400), "{construct} to a webhook: {}", got.status);
        for target in ["/decisions/contact", "/decisions/karbon"] {
            let got = posted(served.contacts, target, "application/json", body).await;
            assert!((400..500).contains(&got.status), "{construct} to {target}: {}", got.status);
        }
        for (method, target) in [
            ("POST", "/api/v1/contacts"),
            ("POST", "/api/v1/decisions/preview"),
            ("PUT", "/api/v1/people"),
        ] {
            let head = crate::served::asking(method, target, &json!(null));
            let head = String::from_utf8(head).unwrap();
            let length = format!("Content-Length: {}\r\nConnection", body.len());
            let head = head.replace("Content-Length: 0\r\nConnection", &length);
            let got = raw(served.staff, &[head.as_bytes(), body].concat()).await;
            assert!((400..500).contains(&got.status), "{construct} to {target}: {got:?}");
        }
    }
    let flagged = upstream.seen();
    assert_eq!(flagged.len(), documents().len());
    let parts = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\
                 Content-Type: multipart/mixed; boundary=b\r\n\r\n";
    let names = format!("a{}=1", "[a]".repeat(LEVELS));
    for (kind, body) in [
        ("multipart/form-data; boundary=b", parts.repeat(LEVELS / 10)),
        ("application/x-www-form-urlencoded", names.clone()),
        ("application/x-www-form-urlencoded", format!("email{}", "[0]".repeat(LEVELS))),
        ("application/xml", "<a>".repeat(LEVELS)),
        ("text/html", "<div>".repeat(LEVELS)),
    ] {
        let got = posted(served.contacts, "/karbon/contact", kind, body.as_bytes()).await;
        assert_eq!(got.status, 200, "{kind}");
    }
    assert_eq!(served.try_ask("GET", "/health/live", &Value::Null).await.status, 200);
    served.stop();
}

fn run(place: &Place, arguments: &[&str]) -> Output {
    let mut command = place.command(arguments[0]);
    command.args(&arguments[1..]).output().unwrap()
}

#[tokio::test]
async fn files_nested_without_end_are_refused_with_a_message() {
    let (_sink, _upstream, place, served) = served().await;
    let write = |name: &str, text: &str| {
        std::fs::write(place.folder.path().join(name), text).unwrap();
    };
    let refused = |output: &Output, what: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        // A signal, as an overflow of the stack ends it, is no code.
        assert!(matches!(output.status.code(), Some(1 | 2)), "{what}: {:?} {said}", output.status);
        assert!(!said.trim().is_empty(), "{what}");
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
        refused(&run(&place, &["import", "--organisation", "karbon", name]), name);
    }
    for (construct, text) in documents() {
        write("nested.json", &text);
        let import = run(&place, &["import", "--organisation", "karbon", "nested.json"]);
        refused(&import, construct);
        let decide = run(&place, &["decide", "--organisation", "karbon", "nested.json"]);
        refused(&decide, construct);
    }
    let row =
        |cell: &str| format!("id,name,windows,restriction,kind\nP-1,x,\"{cell}\",R-1,hours_only\n");
    for cell in ["[".repeat(LEVELS), "{\"\"a\"\":".repeat(LEVELS), "(".repeat(LEVELS)] {
        write("nested.csv", &row(&cell));
        refused(&run(&place, &["import", "--organisation", "karbon", "nested.csv"]), "a cell");
    }
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
        refused(&check.output().unwrap(), "a configuration");
        // As a profile.
        write("profile.toml", &text);
        let profile = place.folder.path().join("profile.toml");
        let line = config.lines().find(|line| line.starts_with("profile = ")).unwrap();
        let own = config.replace(line, &format!("profile = \"{}\"", profile.display()));
        std::fs::write(place.folder.path().join("nested.toml"), own).unwrap();
        refused(&check.output().unwrap(), "a profile");
    }
    served.stop();
}
