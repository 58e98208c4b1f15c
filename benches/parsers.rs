//! What others send, read as the gateway reads it: messages, contacts, forms, webhooks, lists of people.

#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

mod karbon;

use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use contact_gateway::casework::import::{Format, read_people};
use contact_gateway::channels::http::body::whole;
use contact_gateway::channels::mail::authentication::Border;
use contact_gateway::channels::mail::data::{BareEnds, DataReader};
use contact_gateway::channels::mail::reading;
use contact_gateway::channels::mail::spool::{Content, Intaking};
use contact_gateway::channels::telephony::settings::{
    Product, Provider, Targets, TelephonySettings, WhenLimited,
};
use contact_gateway::channels::telephony::twilio;
use contact_gateway::channels::telephony::webhook::Webhook;
use contact_gateway::channels::web_form::parse::parse;
use contact_gateway::channels::web_form::settings::FormFields;
use contact_gateway::channels::web_form::submission::Submission;
use contact_gateway::domain::contact::Contact;
use contact_gateway::domain::identifier::{IdentifierKind, listed_keys};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::forward::smtp::stuffing::Stuffing;
use contact_gateway::runtime::json;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use secrecy::SecretString;

const KIBIBYTE: usize = 1024;
const SENTENCE: &str = "Please answer the question that I sent you last week about the boiler.";
const HEAD: &str = "Received: from mx.example by border.example; Mon, 16 Nov 2026 10:00:00 +0000\r\n\
    From: Jo Doe <jo@sender.example>\r\nTo: desk@karbon.example\r\nSubject: The boiler\r\n\
    Date: Mon, 16 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@sender.example>\r\nMIME-Version: 1.0\r\n";

/// A message of about so many bytes, as text alone or as text with an attachment.
fn message(bytes: usize, attached: bool) -> Vec<u8> {
    let line = format!("{SENTENCE}\r\n");
    let lines = |bytes: usize| line.repeat(bytes / line.len());
    let left = bytes.saturating_sub(HEAD.len());
    if !attached {
        return format!("{HEAD}\r\n{}", lines(left)).into_bytes();
    }
    let encoded = format!("{}\r\n", "QUJD".repeat(19)).repeat(left / 2 / 78);
    format!(
        "{HEAD}Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n{}\
         --b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{encoded}--b--\r\n",
        lines(left / 2),
    )
    .into_bytes()
}

fn content(message: &[u8]) -> Content {
    // It stays in memory: the folder is not used.
    let mut intaking = Intaking::new(Path::new("."));
    intaking.push(message).unwrap();
    intaking.finish()
}

/// A message behind DATA: off the wire, read, and back onto the wire.
fn mail(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mail");
    let border = Border { authserv_ids: &[], hosts: &[] };
    for (what, message) in [
        ("2 KiB", message(2 * KIBIBYTE, false)),
        ("100 KiB", message(100 * KIBIBYTE, false)),
        ("100 KiB, attachment", message(100 * KIBIBYTE, true)),
    ] {
        group.throughput(Throughput::Bytes(message.len() as u64));
        let held = content(&message);
        group.bench_function(BenchmarkId::new("read", what), |bencher| {
            bencher.iter(|| reading::read(black_box(&held), false, border).unwrap());
        });
        let wire = [&message[..], b".\r\n"].concat();
        group.bench_function(BenchmarkId::new("off the wire", what), |bencher| {
            bencher.iter(|| {
                let mut taken = Vec::with_capacity(wire.len());
                DataReader::new(BareEnds::Refuse).push(black_box(&wire), &mut taken);
                taken
            });
        });
        group.bench_function(BenchmarkId::new("onto the wire", what), |bencher| {
            bencher.iter(|| {
                let mut written = Vec::with_capacity(wire.len() + KIBIBYTE);
                let mut stuffing = Stuffing::new();
                stuffing.push(black_box(&message), &mut written);
                stuffing.finish(&mut written);
                written
            });
        });
    }
    group.finish();
}

/// The body of `POST /decisions/contact`.
fn contact(criterion: &mut Criterion) {
    let text = format!(
        r#"{{"id":"c","channel":"email","at":"2026-11-21T10:00:00Z",
            "from":[{{"kind":"email","value":"jo@sender.example","assurance":"proven"}}],
            "subject":"The boiler","text":"{}","thread":["1@sender.example"]}}"#,
        SENTENCE.repeat(6)
    );
    criterion.bench_function("contact", |bencher| {
        bencher.iter(|| json::parse::<Contact>(black_box(&text)).unwrap());
    });
}

/// A form as a browser sends it, with a text of 400 characters.
fn form(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let text = SENTENCE.repeat(6);
    let pairs = [("name", "Jo Doe"), ("email", "jo@sender.example"), ("message", &text)];
    let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let parts = pairs.map(|(name, value)| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    });
    let multipart = parts.concat() + "--b--\r\n";
    let mut group = criterion.benchmark_group("form");
    for (content_type, body) in [
        ("application/x-www-form-urlencoded", encoded),
        ("multipart/form-data; boundary=b", multipart),
    ] {
        let limit = body.len() as u64;
        let reading = Submission::read(whole(body), BytesMut::new(), limit, Path::new("."));
        let submission = runtime.block_on(reading).unwrap();
        let named = |name: &str| Some(name.to_owned());
        let names =
            FormFields { email: named("email"), text: named("message"), ..FormFields::default() };
        group.bench_function(content_type, |bencher| {
            bencher.iter(|| {
                runtime.block_on(parse(black_box(&submission), Some(content_type), &names)).unwrap()
            });
        });
    }
    group.finish();
}

fn twilio_entry() -> TelephonySettings {
    TelephonySettings {
        organisation: OrganisationId::new("karbon"),
        provider: Provider::Twilio,
        product: Product::Voice,
        path: "/karbon/voice".to_owned(),
        public_url: "https://gw.example/karbon/voice".parse().unwrap(),
        secrets: vec![SecretString::from("token")],
        upstream: None,
        upstream_url: None,
        when_limited: WhenLimited::Notice,
        caller_id: None,
        targets: Targets::default(),
        fallback: None,
        trusted_sources: Vec::new(),
        sip_domain: None,
        language: "en-GB".to_owned(),
    }
}

/// A call of Twilio's: its fields, its signature, and what it is about.
fn webhook(criterion: &mut Criterion) {
    let entry = twilio_entry();
    let fields = [
        ("AccountSid", "AC00000000000000000000000000000000"),
        ("ApiVersion", "2010-04-01"),
        ("CallSid", "CA00000000000000000000000000000000"),
        ("CallStatus", "ringing"),
        ("Called", "+441910000000"),
        ("Caller", "+447700900123"),
        ("Direction", "inbound"),
        ("From", "+447700900123"),
        ("FromCountry", "GB"),
        ("StirVerstat", "TN-Validation-Passed-A"),
        ("To", "+441910000000"),
        ("ToCountry", "GB"),
    ];
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    let body = Bytes::from(body);
    let request = hyper::Request::post("/karbon/voice")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(())
        .unwrap();
    let (mut head, ()) = request.into_parts();
    let unsigned = Webhook::of("", head.clone(), body.clone(), None);
    let (name, value) =
        twilio::signature::sign(&entry, &unsigned, entry.public_url.as_str()).unwrap();
    head.headers.insert(name, value.parse().unwrap());
    criterion.bench_function("webhook", |bencher| {
        bencher.iter(|| {
            let webhook = Webhook::of("", black_box(&head).clone(), body.clone(), None);
            twilio::signature::verify(&entry, &webhook).unwrap();
            twilio::event(&entry, &webhook)
        });
    });
}

/// 1,000 people with two identifiers each, as `import` reads them, and identifiers by themselves.
fn people(criterion: &mut Criterion) {
    let organisation = karbon::organisation();
    let mut text = String::from("[");
    for number in 0..1_000 {
        let comma = if number == 0 { "" } else { "," };
        write!(
            text,
            r#"{comma}{{"id":"P-{number}","name":"Person {number}","identifiers":[
                {{"kind":"email","value":"p{number}@people.example"}},
                {{"kind":"phone","value":"07700 900{number:03}"}}]}}"#
        )
        .unwrap();
    }
    text.push(']');
    let mut group = criterion.benchmark_group("people");
    group.bench_function("1,000 of a file", |bencher| {
        bencher.iter(|| {
            read_people(black_box(&text), Format::Json, &organisation, |_, _| {}).unwrap()
        });
    });
    for (kind, value) in [
        (IdentifierKind::Email, "Jo.Doe@Sender.Example"),
        (IdentifierKind::Phone, "07700 900123"),
        (IdentifierKind::Whatsapp, "+44 7700 900123"),
    ] {
        let nation = organisation.profile.nation;
        group.bench_function(BenchmarkId::new("identifier", kind.name()), |bencher| {
            bencher.iter(|| listed_keys(kind, black_box(value), nation).unwrap());
        });
    }
    group.finish();
}

criterion_group!(benches, mail, contact, form, webhook, people);
criterion_main!(benches);
