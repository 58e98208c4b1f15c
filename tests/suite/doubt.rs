//! Doubt is visible wherever somebody looks: to whoever handles the contact, on the person's timeline, on the
//! trail, in the metrics and in the console.

use serde_json::{Value, json};

use crate::console::by_wire::Client as Browser;
use crate::contacts_edge::client::{raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};

const LIMITED: &str = "lim@x.example";

/// From fields that settle nothing and name Jo, with what each is flagged.
const DOUBTFUL: [(&str, &str); 2] = [
    ("lim@x.example, kim@y.example", "identity_ambiguous"),
    ("Lim <lim@x.example> Kim <kim@y.example>", "identity_ambiguous"),
];

async fn by_mail(served: &Served, sink: &Sink) {
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    for (at, (from, flag)) in DOUBTFUL.iter().enumerate() {
        let message = format!("From: {from}\r\nSubject: Number {at}\r\n\r\nThe tap drips.\r\n");
        let taken =
            client.send("bounces@z.example", &["repairs@karbon.example"], message.as_bytes()).await;
        assert_eq!(taken.0, 250, "{from}");
        let delivered = sink.taken().pop().unwrap().message;
        let head = String::from_utf8_lossy(&delivered).into_owned();
        let flags = head.lines().find_map(|line| line.strip_prefix("X-Contact-Gateway-Flags: "));
        assert!(flags.is_some_and(|flags| flags.contains(flag)), "{head}");
    }
}

/// A form and a call, each with a quotation mark too many.
async fn by_http(served: &Served, handler: &Upstream) {
    let body = format!("{{\"email\": \"{LIMITED}\", \"message\": \"a \"tap\" drips\"}}");
    let fields = [("Content-Type", "application/json")];
    let sent = request("POST", "/karbon/contact", &fields, body.as_bytes());
    assert_eq!(raw(served.contacts, &sent).await.status, 200);
    let seen = handler.seen().pop().unwrap();
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.fields("x-contact-gateway-flags"), ["unread"]);

    let body = "{\"call_id\": \"1\", \"from\": \"+447700900001\", \"text\": \"a \"tap\" drips\"}";
    let fields = [("Content-Type", "application/json"), ("Authorization", "Bearer secret")];
    let sent = request("POST", "/karbon/calls", &fields, body.as_bytes());
    let answer = raw(served.contacts, &sent).await.json();
    assert_eq!((&answer["action"], &answer["flags"]), (&json!("connect"), &json!(["unread"])));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_passed_in_doubt_shows_wherever_somebody_looks() {
    let (sink, handler) = (Sink::start(&Script::default()).await, Upstream::start().await);
    let behind = Behind { mail: sink.port, form: handler.address, calls: handler.address };
    let place = Place::new(&behind, "secret").with_calls();
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let import = || place.import(&json!([person("P-L", LIMITED, "+447700900001", letters)]));
    tokio::task::block_in_place(import);
    let served = tokio::task::block_in_place(|| place.serve());
    by_mail(&served, &sink).await;
    by_http(&served, &handler).await;
    // One that is theirs beyond doubt, and one of a stranger's that can't be read.
    let mut client = Client::connect(served.lmtp.port(), "LHLO").await;
    let plain = format!("From: {LIMITED}\r\nSubject: Plain\r\n\r\nThe tap drips.\r\n");
    client.send(LIMITED, &["repairs@karbon.example"], plain.as_bytes()).await;
    let fields = [("Content-Type", "application/json")];
    let sent = request("POST", "/karbon/contact", &fields, b"{\"email\": \"kim@y.example");
    assert_eq!(raw(served.contacts, &sent).await.status, 200);
    let (ambiguous, unread) = (DOUBTFUL.len(), 2);

    for _ in 0..500 {
        // What is recorded after the answer is soon there.
        if served.decided().await.len() == ambiguous + unread + 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let timeline = served.ask("GET", "/api/v1/people/P-L/timeline?limit=100", &Value::Null).await;
    let counts = &timeline["counts"];
    assert_eq!(counts["in_doubt"], ambiguous + unread, "{counts}");
    assert_eq!(counts["contacts"], 1, "{counts}");
    let entries = timeline["entries"].as_array().unwrap();
    let flagged = |flag: &str| {
        let of = entries.iter().filter(|entry| entry["what"] == "in_doubt");
        of.filter(|entry| entry["flags"].to_string().contains(flag)).count()
    };
    assert_eq!((flagged("identity_ambiguous"), flagged("unread")), (ambiguous, unread));

    let found = async |query: &str| {
        let page = served.ask("GET", &format!("/api/v1/audit?{query}"), &Value::Null).await;
        page["entries"].as_array().unwrap().len()
    };
    assert_eq!(found("flag=unread&person=P-L").await, unread);
    assert_eq!(found("flag=unread").await, unread + 1, "the stranger's too");
    assert_eq!(found("flag=identity_ambiguous&person=P-L&disposition=deliver").await, ambiguous);

    let metrics = served.metrics().await;
    for (flag, count) in [("unread", unread + 1), ("identity_ambiguous", ambiguous)] {
        let line = format!(
            "contact_gateway_flags_total{{organisation=\"karbon\",flag=\"{flag}\"}} {count}\n"
        );
        assert!(metrics.contains(&line), "{line}{metrics}");
    }

    let page = tokio::task::block_in_place(|| {
        let browser = Browser::signed_up(served.staff.port(), &place.first_link("karbon"));
        browser.ask("GET", "/people/P-L?tab=timeline", "")
    });
    assert!(page.contains(&format!("{} may be theirs", ambiguous + unread)), "{page}");
    assert_eq!(page.matches(">may be theirs<").count(), ambiguous + unread, "{page}");
    served.stop();
}
