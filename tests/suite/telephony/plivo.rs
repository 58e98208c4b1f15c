//! Plivo: calls and text messages, signed in version 3.

use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use serde_json::{Value, json};

use super::rig::{FLOW, PUBLIC, Rig, closed, encoded, point, quota, rig};
use crate::contacts_edge::client::{Got, raw, request};

const SECRET: &str = "plivo token";
const NONCE: &str = "12345678901234567890";

pub(super) async fn plivo(product: Product, restriction: Value) -> Rig {
    rig(Provider::Plivo, product, SECRET, restriction, |entry| {
        entry.when_limited = WhenLimited::Voicemail;
        entry.upstream_url = Some("https://flow.karbon.example/plivo?own=1".parse().unwrap());
        entry.upstream = entry.upstream.take().map(|uri| format!("{uri}?own=1").parse().unwrap());
    })
    .await
}

impl Rig {
    pub(super) async fn plivo(&mut self, behind: &str, fields: &[(&str, &str)]) -> Got {
        let facts = json!({
            "token": SECRET, "method": "POST", "url": format!("{PUBLIC}{behind}"),
            "fields": fields, "nonce": NONCE
        });
        let signature = self.sdk.ask("plivo_sign", facts);
        let listed = format!("AAAA,{}", signature.as_str().unwrap());
        let head = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Plivo-Signature-V3", listed.as_str()),
            ("X-Plivo-Signature-V3-Nonce", NONCE),
        ];
        self.post(behind, &head, &encoded(fields)).await
    }

    async fn plivo_document(&mut self, behind: &str, fields: &[(&str, &str)]) -> String {
        let got = self.plivo(behind, fields).await;
        assert_eq!(got.status, 200);
        let document = got.text();
        let faults = self.sdk.ask("plivo_faults", json!({"document": document}));
        assert_eq!(faults, json!([]), "{document}");
        document
    }
}

fn ringing<'a>(uuid: &'a str, from: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("CallUUID", uuid),
        ("From", from),
        ("To", "441632960000"),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
    ]
}

#[tokio::test]
async fn calls_go_on_signed_anew_for_the_call_flows_own_address() {
    let mut rig = plivo(Product::Voice, closed()).await;
    let call = ringing("u-1", "447700900009");
    assert_eq!(rig.plivo("?z=1&a=b%20c", &call).await.text(), FLOW);
    let seen = rig.upstream.seen().remove(0);
    assert_eq!(seen.line(), "POST /flow?own=1&z=1&a=b%20c HTTP/1.1");
    let facts = json!({
        "token": SECRET, "method": "POST", "fields": call, "nonce": NONCE,
        "url": "https://flow.karbon.example/plivo?own=1&z=1&a=b%20c",
        "signature": seen.field("x-plivo-signature-v3").unwrap()
    });
    assert_eq!(rig.sdk.ask("plivo_valid", facts), json!(true));
    rig.gateway.stop().await;
}

#[tokio::test]
async fn documents_are_plivos() {
    let mut rig = plivo(Product::Voice, closed()).await;
    let document = rig.plivo_document("", &ringing("u-1", "447700900001")).await;
    assert!(document.contains("<GetDigits") && document.contains("<Record"), "{document}");
    let mut pressed = ringing("u-1", "447700900001");
    pressed.push(("Digits", "1"));
    let document = rig.plivo_document("/emergency", &pressed).await;
    assert!(document.contains("<Number>+441910000000</Number>"), "{document}");
    rig.gateway.stop().await;

    let mut rig = plivo(Product::Voice, point()).await;
    let document = rig.plivo_document("", &ringing("u-1", "447700900001")).await;
    assert!(document.contains("<Number>+441910000001</Number>"), "{document}");
    let mut silent = ringing("u-1", "447700900001");
    silent.push(("DialStatus", "no-answer"));
    let document = rig.plivo_document("/dial-result?leg=0", &silent).await;
    assert!(document.contains("<Number>+441910000002</Number>"), "{document}");
    rig.gateway.stop().await;

    let mut rig = rig_that_rejects().await;
    let document = rig.plivo_document("", &ringing("u-1", "447700900001")).await;
    assert!(document.ends_with("<Response><Hangup reason=\"rejected\"/></Response>"), "{document}");
    rig.gateway.stop().await;
}

async fn rig_that_rejects() -> Rig {
    rig(Provider::Plivo, Product::Voice, SECRET, closed(), |entry| {
        entry.when_limited = WhenLimited::Reject;
    })
    .await
}

#[tokio::test]
async fn changed_requests_are_refused() {
    let mut rig = plivo(Product::Voice, closed()).await;
    let facts = json!({
        "token": SECRET, "method": "POST", "url": PUBLIC,
        "fields": ringing("u-1", "447700900009"), "nonce": NONCE
    });
    let signature = rig.sdk.ask("plivo_sign", facts);
    let head = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Plivo-Signature-V3", signature.as_str().unwrap()),
        ("X-Plivo-Signature-V3-Nonce", NONCE),
    ];
    let changed = encoded(&ringing("u-1", "447700900001"));
    assert_eq!(rig.post("", &head, &changed).await.status, 403);
    let good = encoded(&ringing("u-1", "447700900009"));
    let other_nonce = [head[0], head[1], ("X-Plivo-Signature-V3-Nonce", "1")];
    assert_eq!(rig.post("", &other_nonce, &good).await.status, 403);
    assert!(rig.gateway.decided().await.is_empty());
    assert_eq!(rig.post("", &head, &good).await.status, 200);
    rig.gateway.stop().await;
}

/// The signature of a request without a body, and that of an empty form, hold nothing of another.
#[tokio::test]
async fn a_body_that_no_signature_holds_is_refused() {
    let mut rig = plivo(Product::Voice, closed()).await;
    let query = "?CallUUID=u-1&From=447700900009&CallStatus=ringing&Direction=inbound";
    let target = format!("/karbon/calls{query}");
    for (method, kind, status) in [
        ("GET", None, 200),
        ("GET", Some("application/x-www-form-urlencoded"), 403),
        ("POST", Some("application/json"), 403),
        ("POST", Some("text/plain"), 403),
        ("PUT", Some("application/x-www-form-urlencoded"), 403),
    ] {
        let facts = json!({
            "token": SECRET, "method": "GET", "url": format!("{PUBLIC}{query}"), "fields": [],
            "nonce": NONCE
        });
        let signature = rig.sdk.ask("plivo_sign", facts);
        let mut head = vec![
            ("X-Plivo-Signature-V3", signature.as_str().unwrap()),
            ("X-Plivo-Signature-V3-Nonce", NONCE),
        ];
        head.extend(kind.map(|kind| ("Content-Type", kind)));
        let body = match kind {
            Some("application/json") => {
                json!({"From": "447700900001", "CallUUID": "u-2"}).to_string()
            }
            Some(_) => encoded(&ringing("u-2", "447700900001")),
            None => String::new(),
        };
        let sent = request(method, &target, &head, body.as_bytes());
        let got = raw(rig.gateway.address, &sent).await;
        assert_eq!(got.status, status, "{method} {kind:?}");
    }
    assert_eq!(rig.upstream.seen().len(), 1);
    assert!(rig.gateway.queue("limited").await.is_empty());
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_filed_caller_and_one_whom_nobody_answers_get_the_voicemail() {
    let mut rig = plivo(Product::Voice, json!({"kind": "contact_ended"})).await;
    let document = rig.plivo_document("", &ringing("u-1", "447700900001")).await;
    assert!(document.contains("Thank you for calling"), "{document}");
    assert!(document.contains("<Record") && !document.contains("arrangement"), "{document}");
    rig.gateway.stop().await;
    let mut rig = plivo(Product::Voice, point()).await;
    rig.plivo_document("", &ringing("u-1", "447700900001")).await;
    let mut silent = ringing("u-1", "447700900001");
    silent.push(("DialStatus", "busy"));
    let document = rig.plivo_document("/dial-result?leg=1", &silent).await;
    assert!(document.contains("<Record"), "{document}");
    let mut left = ringing("u-1", "447700900001");
    left.push(("RecordUrl", "https://media.plivo.example/1.mp3"));
    let document = rig.plivo_document("/recorded", &left).await;
    assert!(
        document.contains("<Hangup/>") && document.contains("We have kept your message"),
        "{document}"
    );
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_limited_text_is_answered_once() {
    let mut rig = plivo(Product::Messaging, closed()).await;
    let message = |uuid| {
        [("MessageUUID", uuid), ("From", "447700900001"), ("To", "441632960000"), ("Text", "Hello")]
    };
    let document = rig.plivo_document("", &message("m-1")).await;
    assert!(document.contains("<Message src=\"441632960000\" dst=\"447700900001\">"), "{document}");
    let document = rig.plivo_document("", &message("m-2")).await;
    assert!(document.ends_with("<Response/>"), "{document}");
    let limited = rig.gateway.queue("limited").await;
    assert_eq!(limited.len(), 2);
    assert!(limited.iter().all(|item| item.flags.is_empty()), "told by the answer");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn delivery_reports_pass_on_and_are_no_contact() {
    let mut rig = plivo(Product::Messaging, closed()).await;
    for status in ["queued", "sent", "delivered", "undelivered", "read"] {
        let report = [
            ("MessageUUID", "m-1"),
            ("From", "447700900001"),
            ("To", "441632960000"),
            ("Status", status),
        ];
        assert_eq!(rig.plivo("", &report).await.text(), FLOW, "{status}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_no_call() {
    let mut rig = plivo(Product::Voice, quota(1)).await;
    let from = "447700900001";
    for told in [("CallStatus", "completed"), ("CallStatus", "no-answer"), ("Event", "Hangup")] {
        let mut over = ringing("u-9", from);
        over.retain(|(name, _)| *name != told.0);
        over.push(told);
        assert_eq!(rig.plivo("", &over).await.text(), FLOW, "{told:?}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    assert_eq!(rig.plivo("", &ringing("u-1", from)).await.text(), FLOW);
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}
