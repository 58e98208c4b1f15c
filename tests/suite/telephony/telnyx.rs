//! Telnyx: TeXML calls, signed by a throw-away key.

use base64::Engine;
use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use contact_gateway::domain::flag::Flag;
use contact_gateway::ports::Clock;
use serde_json::{Value, json};

use super::rig::{FLOW, JO, Rig, closed, encoded, point, quota, rig};
use crate::contacts_edge::client::Got;
use crate::contacts_edge::sdk::Sdk;

fn seed() -> String {
    base64::engine::general_purpose::STANDARD.encode([7_u8; 32])
}

pub(super) async fn telnyx(product: Product, restriction: Value, when_limited: WhenLimited) -> Rig {
    let facts = json!({"seed": seed(), "body": "", "timestamp": "0"});
    let made = Sdk::start().ask("telnyx_sign", facts);
    let key = made["public_key"].as_str().unwrap();
    let rig = rig(Provider::Telnyx, product, key, restriction, |entry| {
        entry.when_limited = when_limited;
    })
    .await;
    // The libraries look at the clock of the machine.
    rig.gateway.clock.forward(chrono::Utc::now() - rig.gateway.clock.now());
    rig
}

fn call<'a>(sid: &'a str, from: &'a str, more: &[(&'a str, &'a str)]) -> String {
    let mut fields = vec![("CallSid", sid), ("From", from), ("To", "+441632960000")];
    fields.extend_from_slice(more);
    encoded(&fields)
}

impl Rig {
    /// A request signed at the gateway's own time, so many seconds off.
    pub(super) async fn telnyx(&mut self, behind: &str, kind: &str, body: &str, off: i64) -> Got {
        let time = (self.gateway.clock.now().timestamp() + off).to_string();
        let facts = json!({"seed": seed(), "body": body, "timestamp": time});
        let made = self.sdk.ask("telnyx_sign", facts);
        let signature = made["signature"].as_str().unwrap();
        if off == 0 {
            let headers = json!({"telnyx-signature-ed25519": signature, "telnyx-timestamp": time});
            let key = &made["public_key"];
            let facts = json!({"body": body, "headers": headers, "public_key": key});
            assert_eq!(self.sdk.ask("telnyx_valid", facts), json!(true));
        }
        let fields = [
            ("Content-Type", kind),
            ("Telnyx-Signature-Ed25519", signature),
            ("Telnyx-Timestamp", time.as_str()),
        ];
        self.post(behind, &fields, body).await
    }
}

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

#[tokio::test]
async fn calls_are_decided_and_documents_are_texml() {
    let mut rig = telnyx(Product::Voice, point(), WhenLimited::Notice).await;
    let ringing = [("CallStatus", "ringing")];
    let other = call("v3:a", "+447700900009", &ringing);
    assert_eq!(rig.telnyx("", FORM, &other, 0).await.text(), FLOW);
    let seen = rig.upstream.seen().remove(0);
    assert!(seen.field("telnyx-signature-ed25519").is_some(), "goes on untouched");

    let got = rig.telnyx("", FORM, &call("v3:b", JO, &ringing), 0).await;
    let document = got.text();
    assert!(document.contains("<Number>+441910000001</Number>"), "{document}");
    let faults = rig.sdk.ask("twilio_faults", json!({"document": document, "kind": "voice"}));
    assert_eq!(faults, json!([]));
    let busy = call("v3:b", JO, &[("CallStatus", "in-progress"), ("DialCallStatus", "busy")]);
    let document = rig.telnyx("/dial-result?leg=0", FORM, &busy, 0).await.text();
    assert!(document.contains("<Number>+441910000002</Number>"), "{document}");
    assert_eq!(rig.gateway.queue("sam").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn limited_and_filed_callers_meet_the_same_as_elsewhere() {
    for (restriction, when, parts) in [
        (closed(), WhenLimited::Notice, ["<Gather", "</Gather><Say"]),
        (closed(), WhenLimited::Voicemail, ["<Gather", "<Record"]),
        (closed(), WhenLimited::Reject, ["<Response><Reject", "/></Response>"]),
        (json!({"kind": "contact_ended"}), WhenLimited::Notice, ["Thank you", "<Record"]),
    ] {
        let mut rig = telnyx(Product::Voice, restriction, when).await;
        let got = rig.telnyx("", FORM, &call("v3:a", JO, &[("CallStatus", "ringing")]), 0).await;
        let document = got.text();
        assert!(parts.iter().all(|part| document.contains(part)), "{when:?}: {document}");
        let faults = rig.sdk.ask("twilio_faults", json!({"document": document, "kind": "voice"}));
        assert_eq!(faults, json!([]));
        rig.gateway.stop().await;
    }
}

/// What Telnyx signs is the body: nothing is taken from a query beside it.
#[tokio::test]
async fn a_query_beside_a_body_says_nothing() {
    let mut rig = telnyx(Product::Voice, closed(), WhenLimited::Notice).await;
    let ringing = call("v3:a", JO, &[("CallStatus", "ringing")]);
    rig.telnyx("", FORM, &ringing, 0).await;
    let step = call("v3:a", JO, &[("CallStatus", "in-progress")]);
    let document = rig.telnyx("/emergency?Digits=1", FORM, &step, 0).await.text();
    assert!(!document.contains("<Dial"), "{document}");
    let pressed = call("v3:a", JO, &[("CallStatus", "in-progress"), ("Digits", "1")]);
    let document = rig.telnyx("/emergency", FORM, &pressed, 0).await.text();
    assert!(document.contains("<Number>+441910000000</Number>"), "{document}");
    // Nor from a query without one.
    let query = call("v3:b", JO, &[("CallStatus", "ringing")]);
    assert_eq!(rig.telnyx(&format!("?{query}"), FORM, "", 0).await.status, 403);
    assert_eq!(rig.gateway.queue("limited").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn changed_or_late_requests_are_refused() {
    let mut rig = telnyx(Product::Voice, closed(), WhenLimited::Notice).await;
    let body = call("v3:a", JO, &[("CallStatus", "ringing")]);
    for off in [-301, 301] {
        assert_eq!(rig.telnyx("", FORM, &body, off).await.status, 403, "{off}");
    }
    let facts = json!({"seed": seed(), "body": body, "timestamp": "1"});
    let signature = rig.sdk.ask("telnyx_sign", facts)["signature"].as_str().unwrap().to_owned();
    let fields = [
        ("Content-Type", FORM),
        ("Telnyx-Signature-Ed25519", signature.as_str()),
        ("Telnyx-Timestamp", "1"),
    ];
    assert_eq!(rig.post("", &fields, &body.replace("ringing", "queued")).await.status, 403);
    assert!(rig.gateway.decided().await.is_empty());
    assert_eq!(rig.telnyx("", FORM, &body, -299).await.status, 200);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn text_messages_are_decided_too() {
    let mut rig = telnyx(Product::Messaging, closed(), WhenLimited::Notice).await;
    let message = |kind: &str, id: &str| {
        json!({"data": {"event_type": kind, "payload": {
            "id": id, "from": {"phone_number": JO}, "to": [{"phone_number": "+441632960000"}],
            "text": "Hello"
        }}})
        .to_string()
    };
    for id in ["m-1", "m-2"] {
        let got = rig.telnyx("", "application/json", &message("message.received", id), 0).await;
        assert_eq!((got.status, got.text().as_str()), (200, ""));
    }
    let limited = rig.gateway.queue("limited").await;
    assert_eq!(limited.len(), 2);
    assert!(limited.iter().all(|item| item.flags == [Flag::NoticeNotSent]), "nobody was told");
    let got = rig.telnyx("", "application/json", &message("message.sent", "m-3"), 0).await;
    assert_eq!(got.text(), FLOW);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_no_call() {
    let mut rig = telnyx(Product::Voice, quota(1), WhenLimited::Notice).await;
    for more in [&[("CallStatus", "completed")][..], &[("RecordingStatus", "completed")], &[]] {
        assert_eq!(rig.telnyx("", FORM, &call("v3:z", JO, more), 0).await.text(), FLOW, "{more:?}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    let ringing = call("v3:a", JO, &[("CallStatus", "ringing")]);
    assert_eq!(rig.telnyx("", FORM, &ringing, 0).await.text(), FLOW);
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}
