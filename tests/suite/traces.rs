//! Traces: the real program sends one per contact to a collector, from its edge to the store and the server
//! downstream, without anything personal.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Said;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use serde_json::json;

use crate::contacts_edge::client::{Got, form, raw, request};
use crate::contacts_edge::upstream::Upstream;
use crate::mail::client::Client;
use crate::mail::sink::{Script, Sink};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers;

const EMAIL: &str = "ada.lovelace@x.example";
const PHONE: &str = "+447700900123";
const SECRET: &str = "the secret of calls";
/// What senders are and say: no trace may contain any of it.
const PERSONAL: &[&str] = &[
    "lovelace",
    "ada.",
    "x.example",
    "7700900123",
    "jo doe",
    "p-ada-77",
    "marmalade",
    "dripping",
    "repairs",
    "boiler",
    "192.0.2.77",
    "session-of-hers",
];

struct Rig {
    collector: Upstream,
    sink: Sink,
    form: Upstream,
    calls: Upstream,
    place: Place,
}

impl Rig {
    /// One person who may make so many contacts.
    async fn new() -> Rig {
        let collector = Upstream::start().await;
        collector.answers("200 OK", &[("Content-Type", "application/x-protobuf")], b"");
        let sink = Sink::start(&Script::default()).await;
        let (form, calls) = (Upstream::start().await, Upstream::start().await);
        let behind = Behind { mail: sink.port, form: form.address, calls: calls.address };
        let place = Place::new(&behind, SECRET);
        let rig = Rig { collector, sink, form, calls, place };
        rig.sends_to(&format!("http://{}", rig.collector.address));
        rig
    }

    fn sends_to(&self, endpoint: &str) {
        let telemetry = format!("[telemetry]\notlp = {{ endpoint = \"{endpoint}\" }}\n[store]");
        self.place.change("[store]", &telemetry);
    }

    fn import(&self) {
        let quota =
            json!({"kind": "contact_quota", "limit": 9, "per": "week", "window": "calendar"});
        self.place.import(&json!([person("P-ADA-77", EMAIL, PHONE, quota)]));
    }

    /// Every span that was sent, in the collector's order.
    fn spans(&self) -> Vec<Span> {
        let mut spans = Vec::new();
        for seen in self.collector.seen() {
            assert_eq!(seen.line(), "POST /v1/traces HTTP/1.1");
            assert_eq!(seen.field("content-type").as_deref(), Some("application/x-protobuf"));
            let request = ExportTraceServiceRequest::decode(seen.body.as_slice()).unwrap();
            for resource in request.resource_spans {
                let named = resource.resource.unwrap().attributes;
                assert!(named.iter().any(|one| one.key == "service.name"), "{named:?}");
                spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
            }
        }
        spans
    }

    fn nothing_personal_was_sent(&self) {
        for seen in self.collector.seen() {
            let bytes = String::from_utf8_lossy(&seen.body).to_lowercase();
            for word in PERSONAL {
                assert!(!bytes.contains(&word.to_lowercase()), "{word}: {bytes}");
            }
        }
    }
}

async fn mail(served: &Served) {
    let mut client = Client::connect(served.smtp.port(), "EHLO").await;
    let message = format!(
        "Authentication-Results: mx.karbon.example; dmarc=pass header.from=x.example\r\n\
         From: Ada Lovelace <{EMAIL}>\r\nTo: repairs@karbon.example\r\nSubject: Marmalade\r\n\
         Message-ID: <boiler@x.example>\r\n\r\nThe tap is dripping marmalade.\r\n"
    );
    let reply = client.send(EMAIL, &["repairs@karbon.example"], message.as_bytes()).await;
    assert_eq!(reply.0, 250, "{reply:?}");
}

const FORM: &str = "email=ada.lovelace%40x.example&message=Dripping+marmalade";

/// A call as Twilio tells of it.
async fn call(served: &Served) -> Got {
    let fields = [
        ("AccountSid", "AC00000000000000000000000000000001"),
        ("CallSid", "CA00000000000000000000000000000002"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", PHONE),
        ("To", "+441910000001"),
    ];
    let mut signed = "https://contact.karbon.example/karbon/voice".to_owned();
    for (name, value) in fields {
        signed.push_str(name);
        signed.push_str(value);
    }
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()));
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let head = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Twilio-Signature", signature.as_str()),
    ];
    raw(served.contacts, &request("POST", "/karbon/voice", &head, body.as_bytes())).await
}

fn said(span: &Span, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|one| one.key == key)?;
    match found.value.as_ref()?.value.as_ref()? {
        Said::StringValue(text) => Some(text.clone()),
        Said::BoolValue(value) => Some(value.to_string()),
        Said::IntValue(value) => Some(value.to_string()),
        other => panic!("{key}: {other:?}"),
    }
}

fn digits(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The spans of one trace, which is complete: its first, and all others below it.
struct Whole<'a> {
    first: &'a Span,
    spans: Vec<&'a Span>,
}

impl<'a> Whole<'a> {
    fn all(spans: &'a [Span]) -> BTreeMap<String, Whole<'a>> {
        let mut by_trace: BTreeMap<&[u8], Vec<&Span>> = BTreeMap::new();
        for span in spans {
            by_trace.entry(&span.trace_id).or_default().push(span);
        }
        let whole = by_trace.into_values().map(|spans| {
            let ids: BTreeSet<&[u8]> = spans.iter().map(|span| span.span_id.as_slice()).collect();
            assert_eq!(ids.len(), spans.len(), "{spans:?}");
            let (below, first): (Vec<&Span>, Vec<&Span>) = spans
                .iter()
                .copied()
                .partition(|span| ids.contains(span.parent_span_id.as_slice()));
            let [first] = first.as_slice() else {
                panic!("{} are the first: {spans:?}", first.len())
            };
            for span in below {
                assert!(span.start_time_unix_nano >= first.start_time_unix_nano, "{span:?}");
                assert!(span.end_time_unix_nano >= span.start_time_unix_nano, "{span:?}");
            }
            (first.name.clone(), Whole { first, spans: spans.clone() })
        });
        let whole: Vec<_> = whole.collect();
        let traces = whole.len();
        let by_name: BTreeMap<_, _> = whole.into_iter().collect();
        assert_eq!(by_name.len(), traces, "two traces of one edge");
        by_name
    }

    fn named(&self, name: &str) -> &'a Span {
        let mut named = self.spans.iter().filter(|span| span.name == name);
        let names: Vec<&str> = self.spans.iter().map(|span| span.name.as_str()).collect();
        let span = named.next().unwrap_or_else(|| panic!("no {name}: {names:?}"));
        assert!(named.next().is_none(), "two of {name}: {names:?}");
        span
    }

    /// Every span of this name is below the one of the other, and there is one.
    fn is_below(&self, name: &str, parent: &str) {
        let above = &self.named(parent).span_id;
        let mut named = self.spans.iter().filter(|span| span.name == name).peekable();
        assert!(named.peek().is_some(), "no {name}");
        assert!(named.all(|span| span.parent_span_id == *above), "{name}, {parent}");
    }
}

/// Of one e-mail, one form and one call.
async fn each_contact_is_one_trace(rig: &Rig, store: &str) {
    let served = rig.place.serve();
    mail(&served).await;
    assert_eq!(form(served.contacts, "/karbon/contact", FORM).await.text(), "thanks");
    assert_eq!(call(&served).await.text(), "thanks");
    let (code, log) = served.ended();
    assert_eq!(code, Some(0), "{log:?}");
    let spans = rig.spans();
    let traces = Whole::all(&spans);
    let names: Vec<&str> = traces.keys().map(String::as_str).collect();
    assert_eq!(names, ["form submission", "mail transaction", "telephony webhook"]);
    for (name, trace) in &traces {
        assert!(trace.first.parent_span_id.is_empty(), "{name}");
        for below in ["intake", "look up"] {
            trace.is_below(below, name);
        }
        trace.is_below("store commit", "intake");
        trace.is_below("decide", "store commit");
        let is_mail = *name == "mail transaction";
        trace.is_below(if is_mail { "relay" } else { "upstream" }, name);
        assert_eq!(said(trace.named("store commit"), "db.system.name").as_deref(), Some(store));
        assert_eq!(said(trace.named("store commit"), "outcome").as_deref(), Some("committed"));
        for span in [trace.first, trace.named("intake")] {
            assert_eq!(said(span, "organisation.id").as_deref(), Some("karbon"), "{name}");
            assert_eq!(said(span, "contact.disposition").as_deref(), Some("deliver"), "{name}");
            assert_eq!(said(span, "contact.repeated").as_deref(), Some("false"), "{name}");
        }
    }
    let of = |name: &str, key: &str| said(traces[name].first, key).unwrap();
    assert_eq!(of("mail transaction", "contact.channel"), "email");
    assert!(of("mail transaction", "contact.id").starts_with("mail-"));
    assert!(of("form submission", "contact.id").starts_with("form-"));
    assert_eq!(
        said(traces["mail transaction"].named("relay"), "outcome").as_deref(),
        Some("accepted")
    );
    for (name, upstream) in [("form submission", &rig.form), ("telephony webhook", &rig.calls)] {
        let span = traces[name].named("upstream");
        let expected = format!("00-{}-{}-01", digits(&span.trace_id), digits(&span.span_id));
        let seen = upstream.seen();
        assert_eq!(seen.last().unwrap().fields("traceparent"), [expected], "{name}");
        assert_eq!(said(span, "answer.code").as_deref(), Some("200"));
    }
    let trace = digits(&traces["mail transaction"].first.trace_id);
    let ids = format!("trace_id={trace} contact_id={}", of("mail transaction", "contact.id"));
    let is_told = |line: &&String| line.contains("a message was decided") && line.ends_with(&ids);
    assert_eq!(log.iter().filter(is_told).count(), 1, "{log:?}");
    rig.nothing_personal_was_sent();
    assert_eq!(rig.sink.taken().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_contact_is_one_trace_on_the_embedded_store() {
    let rig = Rig::new().await;
    rig.import();
    each_contact_is_one_trace(&rig, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_contact_is_one_trace_on_redis() {
    let (rig, server) = (Rig::new().await, servers::single().await);
    rig.place.store_at(&server.url);
    rig.import();
    each_contact_is_one_trace(&rig, "redis").await;
}

const ELSEWHERE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

async fn form_within_a_trace(served: &Served) {
    let fields = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Forwarded-For", "192.0.2.77"),
        ("Cookie", "id=session-of-hers"),
        ("traceparent", ELSEWHERE),
        ("tracestate", "vendor=1"),
    ];
    let got =
        raw(served.contacts, &request("POST", "/karbon/contact", &fields, FORM.as_bytes())).await;
    assert_eq!(got.text(), "thanks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_trusted_proxy_says_which_trace_a_form_belongs_to() {
    let rig = Rig::new().await;
    let served = rig.place.serve();
    form_within_a_trace(&served).await;
    served.stop();
    let (spans, seen) = (rig.spans(), rig.form.seen());
    let traces = Whole::all(&spans);
    assert!(traces["form submission"].first.parent_span_id.is_empty());
    let parents = seen[0].fields("traceparent");
    assert!(parents.len() == 1 && !parents[0].contains("0af7651916cd43dd8448eb211c80319c"));
    assert_eq!(seen[0].fields("tracestate"), [""; 0]);

    let rig = Rig::new().await;
    rig.place.change("[listen]", "[listen]\ntrusted_proxies = [\"127.0.0.0/8\"]");
    let served = rig.place.serve();
    form_within_a_trace(&served).await;
    served.stop();
    let (spans, seen) = (rig.spans(), rig.form.seen());
    let traces = Whole::all(&spans);
    let trace = &traces["form submission"];
    assert_eq!(digits(&trace.first.trace_id), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(digits(&trace.first.parent_span_id), "b7ad6b7169203331");
    let span = digits(&trace.named("upstream").span_id);
    let expected = format!("00-0af7651916cd43dd8448eb211c80319c-{span}-01");
    assert_eq!(seen[0].fields("traceparent"), [expected]);
    assert_eq!(seen[0].fields("tracestate"), ["vendor=1"]);
    rig.nothing_personal_was_sent();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_others_made_is_sent_as_its_digest_and_what_is_no_contact_not_at_all() {
    let rig = Rig::new().await;
    rig.import();
    let served = rig.place.serve();
    let contact = json!({"id": EMAIL, "channel": "letter", "text": "Marmalade.",
        "from": [{"kind": "email", "value": EMAIL, "assurance": "proven"}]});
    served.ask("POST", "/api/v1/contacts", &contact).await;
    let refused: Got = form(served.contacts, "/karbon/nowhere", FORM).await;
    assert_eq!(refused.status, 404);
    let page = raw(served.contacts, &request("GET", "/karbon/contact", &[], b"")).await;
    assert_eq!(page.status, 200);
    served.stop();
    let spans = rig.spans();
    let traces = Whole::all(&spans);
    assert_eq!(traces.keys().map(String::as_str).collect::<Vec<_>>(), ["logged contact"]);
    let id = said(traces["logged contact"].first, "contact.id").unwrap();
    assert!(id.starts_with("sha256:"), "{id}");
    rig.nothing_personal_was_sent();
}

/// The spans that metrics count as this.
async fn counted(served: &Served, result: &str) -> u64 {
    let name = format!("contact_gateway_trace_spans_total{{result=\"{result}\"}} ");
    let metrics = served.metrics().await;
    metrics.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |it| it.parse().unwrap())
}

async fn until_lost(served: &Served, more_than: u64) -> u64 {
    let since = Instant::now();
    loop {
        let lost = counted(served, "lost").await;
        if lost > more_than {
            return lost;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{lost} are lost");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_collector_that_is_away_delays_nothing_is_counted_and_said_once() {
    let rig = Rig::new().await;
    rig.import();
    rig.collector.answers("503 Service Unavailable", &[], b"marmalade");
    let served = rig.place.serve();
    mail(&served).await;
    let lost = until_lost(&served, 0).await;
    assert_eq!(form(served.contacts, "/karbon/contact", FORM).await.text(), "thanks");
    until_lost(&served, lost).await;
    assert_eq!(counted(&served, "sent").await, 0);
    let said = served.said();
    let warnings = said.iter().filter(|line| line.contains("the collector did not accept traces"));
    assert_eq!(warnings.count(), 1, "{said:?}");
    assert!(!said.iter().any(|line| line.contains("marmalade")), "{said:?}");

    // A collector that accepts the request and never answers: the stop waits up to its bound, and loses nothing else.
    rig.collector.answers_after(Duration::from_secs(120), "200 OK", &[], b"");
    let since = Instant::now();
    assert_eq!(call(&served).await.text(), "thanks");
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    served.stop();
    assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_are_sampled_and_none_are_sent() {
    let rig = Rig::new().await;
    rig.place.change("\" }\n[store]", "\", sample = 0 }\n[store]");
    let served = rig.place.serve();
    assert_eq!(form(served.contacts, "/karbon/contact", FORM).await.text(), "thanks");
    served.stop();
    assert!(rig.spans().is_empty());
    assert_eq!(rig.form.seen()[0].fields("traceparent"), [""; 0]);
}
