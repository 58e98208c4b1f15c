//! Vonage: calls by call control objects, and messages, with signed tokens.

use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use contact_gateway::domain::flag::Flag;
use contact_gateway::ports::Clock;
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::{Value, json};

use super::rig::{FLOW, Rig, closed, point, quota, rig};
use crate::contacts_edge::client::{Got, raw, request};

pub(super) const SECRET: &str = "a signature secret of thirty-two!";

pub(super) async fn vonage(product: Product, restriction: Value) -> Rig {
    rig(Provider::Vonage, product, SECRET, restriction, |entry| {
        entry.when_limited = WhenLimited::Voicemail;
    })
    .await
}

impl Rig {
    fn token(&mut self, hashed: &str, off: i64) -> String {
        let hash = hex(&sha256(hashed.as_bytes()));
        self.token_with(json!({"payload_hash": hash}), off)
    }

    fn token_with(&mut self, more: Value, off: i64) -> String {
        let iat = self.gateway.clock.now().timestamp() + off;
        let common =
            json!({"iss": "Vonage", "iat": iat, "jti": "j", "api_key": "k", "application_id": "a"});
        let claims = with(common, more);
        let token = self.sdk.ask("vonage_sign", json!({"secret": SECRET, "claims": claims}));
        let token = token.as_str().unwrap().to_owned();
        let facts = json!({"token": token, "secret": SECRET});
        assert_eq!(self.sdk.ask("vonage_valid", facts), json!(true));
        token
    }

    /// A GET with this query, whose token was made over `signed`, or names nothing.
    async fn get(&mut self, query: &str, signed: Option<&str>) -> Got {
        let token = match signed {
            Some(signed) => self.token(signed, 0),
            None => self.token_with(json!({}), 0),
        };
        let bearer = format!("Bearer {token}");
        let head = [("Authorization", bearer.as_str())];
        let target = format!("/karbon/calls?{query}");
        raw(self.gateway.address, &request("GET", &target, &head, b"")).await
    }

    pub(super) async fn vonage(&mut self, behind: &str, body: &Value) -> Got {
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

/// The query of a call by GET, and the object that its token's hash is made over.
fn called(from: &str) -> String {
    format!(
        "from={from}&to=441632960000&uuid=u-2&conversation_uuid=CON-2&SipHeader_X-Ask=a+%26%C3%A9"
    )
}

fn object(from: &str) -> String {
    format!(
        "{{\"from\":\"{from}\",\"to\":\"441632960000\",\"uuid\":\"u-2\",\
         \"conversation_uuid\":\"CON-2\",\"SipHeader_X-Ask\":\"a &é\"}}"
    )
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
    let asked = rig.get(&called("447700900001"), Some(&object("447700900001"))).await;
    assert_eq!(asked.json()[0]["action"], "talk");
    let other = rig.get(&called("447700900009"), None).await;
    assert_eq!(other.text(), FLOW, "a token of a GET need not name what it was made for");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_get_that_is_not_what_was_signed_is_refused() {
    let mut rig = vonage(Product::Voice, closed()).await;
    let (limited, other) = ("447700900001", "447700900009");
    let signed = object(limited);
    // Another value, another order, a parameter more, one less, and one that comes before its like.
    for query in [
        called(other),
        "to=441632960000&from=447700900001&uuid=u-2&conversation_uuid=CON-2&SipHeader_X-Ask=a+%26%C3%A9".to_owned(),
        format!("{}&status=completed", called(limited)),
        called(limited).replace("&uuid=u-2", ""),
        format!("from={other}&{}", called(limited)),
        String::new(),
    ] {
        assert_eq!(rig.get(&query, Some(&signed)).await.status, 403, "{query}");
    }
    // A body would be read before the query.
    let token = rig.token(&signed, 0);
    let bearer = format!("Bearer {token}");
    let head = [("Content-Type", "application/json"), ("Authorization", bearer.as_str())];
    let target = format!("/karbon/calls?{}", called(limited));
    let body = call(other).to_string();
    let got = raw(rig.gateway.address, &request("GET", &target, &head, body.as_bytes())).await;
    assert_eq!(got.status, 403);
    assert!(rig.gateway.decided().await.is_empty());
    assert!(rig.upstream.seen().is_empty());
    // The same values, encoded in another way, are the same.
    let query = called(limited).replace("from=", "%66rom=");
    assert_eq!(rig.get(&query, Some(&signed)).await.json()[0]["action"], "talk");
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
    let actions = rig.ncco("/menu?page=0&tries=2&steps=2", &nothing).await;
    assert_eq!(actions[2]["action"], "record");
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
async fn the_other_outcomes_are_what_vonage_reads() {
    let mut filed = vonage(Product::Voice, json!({"kind": "contact_ended"})).await;
    let actions = filed.ncco("", &call("447700900001")).await.to_string();
    assert!(
        actions.contains("Thank you for calling") && actions.contains("\"record\""),
        "{actions}"
    );
    assert!(!actions.contains("arrangement"), "{actions}");
    filed.gateway.stop().await;
    // No action rejects: a call without one ends before it is answered.
    for (when_limited, count) in [(WhenLimited::Reject, 0), (WhenLimited::Notice, 14)] {
        let mut one = rig(Provider::Vonage, Product::Voice, SECRET, closed(), |entry| {
            entry.when_limited = when_limited;
        })
        .await;
        let actions = one.ncco("", &call("447700900001")).await;
        assert_eq!(actions.as_array().unwrap().len(), count, "{actions}");
        one.gateway.stop().await;
    }
}

/// A retry is signed anew; its body is what it was.
#[tokio::test]
async fn copies_with_tokens_of_their_own_are_one_call() {
    let mut rig = vonage(Product::Voice, quota(1)).await;
    let body = call("447700900001").to_string();
    let tokens: Vec<String> =
        (0..20).map(|off| format!("Bearer {}", rig.token(&body, -off))).collect();
    let copies = tokens.iter().map(|token| {
        let head = [("Content-Type", "application/json"), ("Authorization", token.as_str())];
        let sent = request("POST", "/karbon/calls", &head, body.as_bytes());
        let address = rig.gateway.address;
        async move { raw(address, &sent).await }
    });
    let answers = futures_util::future::join_all(copies).await;
    assert!(answers.iter().all(|one| one.status == 200 && one.text() == FLOW));
    assert_eq!(rig.upstream.seen().len(), 1);
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
async fn messages_are_answered_with_nothing_and_nobody_counts_as_told() {
    let mut rig = vonage(Product::Messaging, closed()).await;
    let message = |channel: &str, uuid: &str| {
        json!({"from": "447700900001", "to": "441632960000", "channel": channel,
            "message_uuid": uuid, "message_type": "text", "text": "Hello"})
    };
    for (channel, uuid) in [("sms", "m-1"), ("whatsapp", "m-2")] {
        let got = rig.vonage("", &message(channel, uuid)).await;
        assert_eq!((got.status, got.text().as_str()), (200, ""), "{channel}");
    }
    let limited = rig.gateway.queue("limited").await;
    assert_eq!(limited.len(), 2);
    assert!(limited.iter().all(|item| item.flags == [Flag::NoticeNotSent]), "each says so");
    let report = with(message("sms", "m-3"), json!({"status": "delivered"}));
    assert_eq!(rig.vonage("", &report).await.text(), FLOW);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_no_call() {
    let mut rig = vonage(Product::Voice, quota(1)).await;
    for told in [
        json!({"status": "started"}),
        json!({"status": "completed", "duration": "12"}),
        json!({"recording_url": "https://api.vonage.example/r"}),
    ] {
        let told = with(with(call("447700900001"), json!({"conversation_uuid": "CON-9"})), told);
        assert_eq!(rig.vonage("", &told).await.text(), FLOW, "{told}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    assert_eq!(rig.vonage("", &call("447700900001")).await.text(), FLOW);
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}
