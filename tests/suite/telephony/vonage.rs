//! Vonage: calls by call control objects, and messages, with signed tokens.

use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use contact_gateway::ports::Clock;
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::{Value, json};

use super::rig::{FLOW, Rig, closed, point, rig};
use crate::contacts_edge::client::{Got, raw, request};

const SECRET: &str = "a signature secret of thirty-two!";

async fn vonage(product: Product, restriction: Value) -> Rig {
    rig(Provider::Vonage, product, SECRET, restriction, |entry| {
        entry.when_limited = WhenLimited::Voicemail;
    })
    .await
}

impl Rig {
    fn token(&mut self, hashed: &str, off: i64) -> String {
        let claims = json!({
            "iss": "Vonage", "iat": self.gateway.clock.now().timestamp() + off, "jti": "j",
            "api_key": "k", "application_id": "a", "payload_hash": hex(&sha256(hashed.as_bytes()))
        });
        let token = self.sdk.ask("vonage_sign", json!({"secret": SECRET, "claims": claims}));
        let token = token.as_str().unwrap().to_owned();
        let facts = json!({"token": token, "secret": SECRET});
        assert_eq!(self.sdk.ask("vonage_valid", facts), json!(true));
        token
    }

    async fn vonage(&mut self, behind: &str, body: &Value) -> Got {
        let body = body.to_string();
        let bearer = format!("Bearer {}", self.token(&body, 0));
        let head = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        self.post(behind, &head, &body).await
    }

    async fn ncco(&mut self, behind: &str, body: &Value) -> Value {
        let got = self.vonage(behind, body).await;
        assert_eq!(got.status, 200);
        let faults = self.sdk.ask("vonage_faults", json!({"document": got.text()}));
        assert_eq!(faults, json!([]), "{}", got.text());
        got.json()
    }
}

fn call(from: &str) -> Value {
    json!({"from": from, "to": "441632960000", "uuid": "u-1", "conversation_uuid": "CON-1"})
}

fn with(mut call: Value, more: Value) -> Value {
    for (key, value) in more.as_object().unwrap() {
        call[key] = value.clone();
    }
    call
}

#[tokio::test]
async fn everybody_else_goes_on_untouched_by_post_and_by_get() {
    let mut rig = vonage(Product::Voice, closed()).await;
    let other = call("447700900009");
    assert_eq!(rig.vonage("", &other).await.text(), FLOW);
    let seen = rig.upstream.seen().remove(0);
    assert_eq!(seen.body, other.to_string().as_bytes());
    assert!(seen.field("authorization").is_some());
    let bearer = format!("Bearer {}", rig.token("whatever", 0));
    let head = [("Authorization", bearer.as_str())];
    let target = "/karbon/calls?from=447700900001&to=441632960000&uuid=u-2&conversation_uuid=CON-2";
    let got = raw(rig.gateway.address, &request("GET", target, &head, b"")).await;
    assert_eq!(got.json()[0]["action"], "talk");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_limited_call_is_told_and_may_press_1() {
    let mut rig = vonage(Product::Voice, closed()).await;
    let actions = rig.ncco("", &call("447700900001")).await;
    let names: Vec<&str> =
        actions.as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
    assert_eq!(names.last(), Some(&"record"));
    assert!(names.contains(&"input") && names.contains(&"talk"), "{names:?}");
    let pressed = with(call("447700900001"), json!({"dtmf": {"digits": "1", "timed_out": false}}));
    let actions = rig.ncco("/emergency", &pressed).await;
    assert_eq!(actions[0]["endpoint"][0]["number"], "441910000000");
    let nothing = with(call("447700900001"), json!({"dtmf": {"digits": "", "timed_out": true}}));
    let actions = rig.ncco("/emergency", &nothing).await;
    assert_eq!(actions[1]["action"], "record");
    assert_eq!(rig.gateway.queue("limited").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn nobody_there_rings_the_deputy_and_an_answer_is_left_alone() {
    let mut rig = vonage(Product::Voice, point()).await;
    let actions = rig.ncco("", &call("447700900001")).await;
    assert_eq!(actions[0]["endpoint"][0]["number"], "441910000001");
    assert_eq!(actions[0]["eventType"], "synchronous");
    let leg = |status: &str| {
        json!({"uuid": "leg", "conversation_uuid": "CON-1", "status": status,
            "from": "441910000009", "to": "441910000001"})
    };
    for status in ["started", "ringing", "answered", "completed"] {
        let got = rig.vonage("/dial-result?leg=0", &leg(status)).await;
        assert_eq!((got.status, got.text().as_str()), (200, ""), "{status}");
    }
    let actions = rig.ncco("/dial-result?leg=0", &leg("unanswered")).await;
    assert_eq!(actions[0]["endpoint"][0]["number"], "441910000002");
    let actions = rig.ncco("/dial-result?leg=1", &leg("busy")).await;
    assert_eq!(actions[1]["action"], "record");
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn forged_changed_and_late_requests_are_refused() {
    let mut rig = vonage(Product::Voice, closed()).await;
    let body = call("447700900001").to_string();
    let other = call("447700900002").to_string();
    let tokens = [rig.token(&other, 0), rig.token(&body, 301), rig.token(&body, -301)];
    let claims = json!({"iat": rig.gateway.clock.now().timestamp(), "payload_hash": hex(&sha256(body.as_bytes()))});
    let wrong = rig.sdk.ask("vonage_sign", json!({"secret": "x".repeat(32), "claims": claims}));
    // {"alg":"none"} and an empty signature.
    let payload = tokens[0].split('.').nth(1).unwrap().to_owned();
    let none = format!("eyJhbGciOiJub25lIn0.{payload}.");
    for token in tokens.iter().map(String::as_str).chain([wrong.as_str().unwrap(), &none, ""]) {
        let bearer = format!("Bearer {token}");
        let head = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
        assert_eq!(rig.post("", &head, &body).await.status, 403, "{token}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    rig.gateway.stop().await;
}

#[tokio::test]
async fn messages_are_decided_and_answered_with_nothing() {
    let mut rig = vonage(Product::Messaging, closed()).await;
    let message = |channel: &str, uuid: &str| {
        json!({"from": "447700900001", "to": "441632960000", "channel": channel,
            "message_uuid": uuid, "message_type": "text", "text": "Hello"})
    };
    for (channel, uuid) in [("sms", "m-1"), ("whatsapp", "m-2")] {
        let got = rig.vonage("", &message(channel, uuid)).await;
        assert_eq!((got.status, got.text().as_str()), (200, ""), "{channel}");
    }
    assert_eq!(rig.gateway.queue("limited").await.len(), 2);
    let report = with(message("sms", "m-3"), json!({"status": "delivered"}));
    assert_eq!(rig.vonage("", &report).await.text(), FLOW);
    rig.gateway.stop().await;
}
