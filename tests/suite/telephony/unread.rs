//! What is rightly signed and can't be read goes on, flagged, and is on the timeline of whoever's number stands
//! in it. A source that puts a sender's text into JSON without escaping it lets its sender write such a body.

use contact_gateway::channels::telephony::settings::{Product, Provider, Targets, WhenLimited};
use contact_gateway::runtime::limits::WEBHOOK_VALUES_MAX;
use serde_json::{Value, json};

use super::rig::{FLOW, JO, Rig, closed, encoded, rig};
use super::telnyx::{FORM, telnyx};
use super::vonage::vonage;

const JSON: &str = "application/json";

/// Bodies with a limited number that are no JSON object of fields.
fn unreadable() -> Vec<(&'static str, String)> {
    let many = vec!["0"; WEBHOOK_VALUES_MAX].join(",");
    vec![
        (JSON, "{\"from\": \"447700900001\", \"text\": \"They said \"no\" to me\"}".to_owned()),
        (JSON, format!("{{\"from\": \"447700900001\", \"x\": [{many}]}}")),
        (JSON, "[{\"from\": \"447700900001\"}]".to_owned()),
        ("text/plain", json!({"from": "447700900001", "uuid": "u"}).to_string()),
    ]
}

/// The newest of so many entries is about an unread contact that may be Jo's.
async fn in_doubt(rig: &Rig, entries: usize) {
    let found = rig.gateway.entries(entries).await;
    assert_eq!(found.len(), entries);
    let last = found.last().unwrap();
    assert_eq!(last["in_doubt"], json!(["P-1"]), "{last}");
    assert_eq!((&last["flags"], &last["disposition"]), (&json!(["unread"]), &json!("deliver")));
    assert_eq!(last["person"], Value::Null);
    assert!(rig.gateway.queue("limited").await.is_empty());
}

/// The call flow was given this body, and the flag.
fn passed_on(rig: &Rig, body: &str) {
    let seen = rig.upstream.seen().pop().unwrap();
    assert_eq!(seen.body, body.as_bytes(), "the body was changed");
    assert_eq!(seen.fields("x-contact-gateway-flags"), ["unread"], "{body:.60}");
}

#[tokio::test]
async fn a_body_of_vonages_that_can_not_be_read_is_on_the_timeline() {
    for product in [Product::Voice, Product::Messaging] {
        let rig = vonage(product, closed()).await;
        for (at, (kind, body)) in unreadable().into_iter().enumerate() {
            // A copy gets the same answer, and leaves no second entry.
            for _ in 0..2 {
                let got = rig.signed_by_vonage(kind, &body).await;
                assert_eq!((got.status, got.text().as_str()), (200, FLOW), "{body:.60}");
            }
            in_doubt(&rig, at + 1).await;
            assert_eq!(rig.upstream.seen().len(), at + 1);
            passed_on(&rig, &body);
        }
        rig.gateway.stop().await;
    }
}

#[tokio::test]
async fn a_body_of_telnyxs_that_can_not_be_read_is_on_the_timeline() {
    let many = "a=1&".repeat(WEBHOOK_VALUES_MAX);
    let call = encoded(&[("CallSid", "v3:a"), ("CallStatus", "ringing"), ("From", JO)]);
    let without_id = json!({"data": {"event_type": "message.received", "payload": {
        "from": {"phone_number": JO}, "text": "Hello"}}});
    for (product, more) in [
        (Product::Voice, (FORM, format!("{many}{call}"))),
        (Product::Messaging, (JSON, without_id.to_string())),
    ] {
        let mut rig = telnyx(product, closed(), WhenLimited::Notice).await;
        for (at, (kind, body)) in unreadable().into_iter().chain([more]).enumerate() {
            let got = rig.telnyx("", kind, &body, 1).await;
            assert_eq!((got.status, got.text().as_str()), (200, FLOW), "{body:.60}");
            in_doubt(&rig, at + 1).await;
            passed_on(&rig, &body);
        }
        rig.gateway.stop().await;
    }
}

/// If the call flow gives no answer, the provider tries again: every try is passed on, and one is on the trail.
#[tokio::test]
async fn an_unreadable_webhook_that_is_tried_again_is_on_the_timeline_once() {
    let rig = vonage(Product::Voice, closed()).await;
    let (kind, body) = unreadable().remove(0);
    rig.upstream.answers("503 Service Unavailable", &[], b"");
    for tries in 1..=3 {
        rig.signed_by_vonage(kind, &body).await;
        assert_eq!(rig.upstream.seen().len(), tries);
    }
    in_doubt(&rig, 1).await;
    let another = unreadable().remove(2);
    rig.signed_by_vonage(another.0, &another.1).await;
    in_doubt(&rig, 2).await;
    rig.gateway.stop().await;
}

/// Plivo signs fields, and is refused with any other body; so is Twilio but for one whose digest the signed
/// address holds (`super::twilio`).
#[tokio::test]
async fn a_question_of_a_sip_edge_that_can_not_be_read_is_on_the_timeline() {
    let queue = || Some("sip:queue@pbx.example".to_owned());
    let rig = rig(Provider::Sip, Product::Voice, "sip token", closed(), |entry| {
        entry.upstream = None;
        entry.targets = Targets { queue: queue(), ..Targets::default() };
    })
    .await;
    let without_id = json!({"from_uri": format!("sip:{JO}@x"), "to_uri": "sip:1@gw"});
    let bodies = unreadable().into_iter().chain([(JSON, without_id.to_string())]);
    for (at, (kind, body)) in bodies.enumerate() {
        let fields = [("Authorization", "Bearer sip token"), ("Content-Type", kind)];
        let got = rig.post("/invite", &fields, &body).await;
        let route = &got.json()["routes"][0];
        assert_eq!(route["uri"], "sip:queue@pbx.example", "{body:.60}");
        assert_eq!(route["headers"]["extra"], "X-Contact-Flag: unread\r\n", "{body:.60}");
        in_doubt(&rig, at + 1).await;
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_contact_of_any_source_that_can_not_be_read_is_on_the_timeline() {
    let rig = rig(Provider::Generic, Product::Voice, "a token", closed(), |_| {}).await;
    let of_wrong_shape = json!({"call_id": "1", "from": format!("{JO} again")});
    let bodies = unreadable().into_iter().chain([(JSON, of_wrong_shape.to_string())]);
    for (at, (kind, body)) in bodies.enumerate() {
        let plain =
            [("Authorization", "Bearer a token"), ("Content-Type", kind), ("Accept", "text/plain")];
        let answer = rig.post("", &plain[..2], &body).await.json();
        assert_eq!((&answer["action"], &answer["flags"]), (&json!("connect"), &json!(["unread"])));
        assert!(answer["fault"].is_string(), "{answer}");
        // The same again, for a dial plan.
        let lines = rig.post("", &plain, &body).await;
        assert_eq!(lines.json()["flags"], json!(["unread"]), "a copy gets the first answer");
        in_doubt(&rig, at + 1).await;
    }
    let broken = "{\"from\": \"+44 7700 900001\"";
    let plain = [("Authorization", "Bearer a token"), ("Accept", "text/plain")];
    let lines = rig.post("", &plain, broken).await.text();
    assert!(lines.contains("action=connect\n") && lines.ends_with("flags=unread\n"), "{lines}");
    rig.gateway.stop().await;
}
