//! The contract with SIP edges.

use contact_gateway::channels::telephony::settings::{Product, Provider, Targets, WhenLimited};
use serde_json::{Value, json};

use super::rig::{JO, Rig, closed, point, quota, rig};
use crate::degraded::faulty::Trouble;

const BEARER: (&str, &str) = ("Authorization", "Bearer sip token");
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn sip(restriction: Value, when_limited: WhenLimited) -> Rig {
    rig(Provider::Sip, Product::Voice, "sip token", restriction, |entry| {
        let target = |name: &str| Some(format!("sip:{name}@pbx.example"));
        entry.upstream = None;
        entry.sip_domain = Some("pbx.example".to_owned());
        entry.trusted_sources = vec!["192.0.2.0/24".parse().unwrap()];
        entry.when_limited = when_limited;
        entry.targets = Targets {
            queue: target("queue"),
            voicemail: target("voicemail"),
            announcement: target("announcement"),
        };
    })
    .await
}

fn invite(call_id: &str, from: &str, more: Value) -> String {
    let mut invite = json!({
        "call_id": call_id, "from_uri": from, "from_display": "", "to_uri": "sip:+441632960000@gw",
        "request_uri": "sip:+441632960000@gw", "pai": "", "privacy": "", "diversion": "",
        "source_ip": "198.51.100.1"
    });
    for (key, value) in more.as_object().unwrap() {
        invite[key] = value.clone();
    }
    invite.to_string()
}

impl Rig {
    async fn invite(&self, body: &str) -> Value {
        let got = self.post("/invite", &[BEARER, JSON], body).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.field("content-type").as_deref(), Some("application/json"));
        got.json()
    }
}

fn uris(answer: &Value) -> Vec<&str> {
    assert_eq!((&answer["version"], &answer["action"]), (&json!("1.0"), &json!("route")));
    answer["routes"].as_array().unwrap().iter().map(|one| one["uri"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn each_outcome_is_a_document_that_the_edge_takes_as_it_is() {
    let from = "<sip:07700900001@trunk.example;user=phone>";
    let rig = sip(point(), WhenLimited::Notice).await;
    let answer = rig.invite(&invite("1", from, json!({}))).await;
    let expected = [
        "sip:+441910000001@pbx.example",
        "sip:+441910000002@pbx.example",
        "sip:voicemail@pbx.example",
    ];
    assert_eq!(uris(&answer), expected);
    assert_eq!(answer["routing"], "serial");
    assert_eq!(answer["routes"][0]["fr_inv_timer"], 20_000);
    let other = rig.invite(&invite("2", "sip:+447700900009@x", json!({}))).await;
    assert_eq!(uris(&other), ["sip:queue@pbx.example"]);
    rig.gateway.stop().await;

    for (when, expected) in [
        (WhenLimited::Notice, "sip:announcement@pbx.example"),
        (WhenLimited::Voicemail, "sip:voicemail@pbx.example"),
    ] {
        let rig = sip(closed(), when).await;
        assert_eq!(uris(&rig.invite(&invite("1", from, json!({}))).await), [expected]);
        rig.gateway.stop().await;
    }
    let rig = sip(closed(), WhenLimited::Reject).await;
    let answer = rig.invite(&invite("1", from, json!({}))).await;
    let reject = json!({"version": "1.0", "action": "reject", "code": "603", "reason": "Decline"});
    assert_eq!(answer, reject);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn an_asserted_identity_counts_from_a_trusted_border_alone() {
    let rig = sip(closed(), WhenLimited::Notice).await;
    let pai = json!({"pai": format!("<tel:{JO}>"), "privacy": "id"});
    let withheld = "\"Anonymous\" <sip:anonymous@anonymous.invalid>";
    let answer = rig.invite(&invite("1", withheld, pai.clone())).await;
    assert_eq!(uris(&answer), ["sip:queue@pbx.example"]);
    let mut trusted = pai;
    trusted["source_ip"] = json!("192.0.2.5");
    let answer = rig.invite(&invite("2", withheld, trusted)).await;
    assert_eq!(uris(&answer), ["sip:announcement@pbx.example"]);
    assert!(!answer.to_string().contains("7700900001"), "the number was passed on: {answer}");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn retransmissions_ask_nothing_and_flags_are_a_header() {
    let rig = sip(quota(1), WhenLimited::Notice).await;
    let first = invite("1", &format!("sip:{JO}@x"), json!({}));
    let answers = futures_util::future::join_all((0..20).map(|_| rig.invite(&first))).await;
    assert!(answers.iter().all(|one| uris(one) == ["sip:queue@pbx.example"]));
    assert_eq!(rig.gateway.decided().await.len(), 1);
    let second = rig.invite(&invite("2", &format!("sip:{JO}@x"), json!({}))).await;
    assert_eq!(uris(&second), ["sip:announcement@pbx.example"]);
    rig.gateway.stop().await;
    let minutes = json!({"kind": "call_length", "minutes": 10});
    let rig = sip(minutes, WhenLimited::Notice).await;
    let answer = rig.invite(&first).await;
    assert_eq!(answer["routes"][0]["headers"]["extra"], "X-Contact-Flag: call_length:10\r\n");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_store_in_trouble_keeps_no_call_waiting_here_either() {
    for trouble in [Trouble::Away, Trouble::Hangs] {
        let rig = sip(quota(1), WhenLimited::Reject).await;
        rig.gateway.store_is(trouble);
        for call in ["1", "2"] {
            let answer = rig.invite(&invite(call, &format!("sip:{JO}@x"), json!({}))).await;
            assert_eq!(uris(&answer), ["sip:queue@pbx.example"], "{trouble:?}");
            let extra = &answer["routes"][0]["headers"]["extra"];
            assert_eq!(extra, "X-Contact-Flag: limits_unchecked\r\n", "{trouble:?}");
        }
        rig.gateway.store_is(Trouble::None);
        rig.gateway.stop().await;
    }
}

#[tokio::test]
async fn a_wrong_token_is_403_and_the_end_of_a_call_is_noted() {
    let rig = sip(point(), WhenLimited::Notice).await;
    let body = invite("1", &format!("sip:{JO}@x"), json!({}));
    let wrong = ("Authorization", "Bearer other");
    assert_eq!(rig.post("/invite", &[wrong, JSON], &body).await.status, 403);
    assert!(rig.gateway.decided().await.is_empty());
    rig.invite(&body).await;
    let over = json!({"call_id": "1", "event": "completed", "duration": "12"}).to_string();
    assert_eq!(rig.post("/event", &[BEARER, JSON], &over).await.status, 200);
    for _ in 0..100 {
        if rig.gateway.queue("sam").await[0].attached.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(rig.gateway.queue("sam").await[0].attached.len(), 2);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn an_event_of_a_call_that_was_never_seen_is_no_call() {
    let rig = sip(quota(1), WhenLimited::Notice).await;
    let from = format!("sip:{JO}@x");
    for event in ["completed", "cancelled", "failed"] {
        let over = invite("unseen", &from, json!({"event": event, "duration": "12"}));
        let got = rig.post("/event", &[BEARER, JSON], &over).await;
        assert_eq!((got.status, got.json()), (200, json!({"action": "ok"})), "{event}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    let answer = rig.invite(&invite("1", &from, json!({}))).await;
    assert_eq!(uris(&answer), ["sip:queue@pbx.example"], "the one call of the week");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_uri_counts_and_never_the_display_name() {
    let rig = sip(closed(), WhenLimited::Notice).await;
    for (at, name) in
        ["\"Flat 3\"", "\"07700 900999 <sip:+447700900999@x>\"", "Flat 3"].iter().enumerate()
    {
        let from = format!("{name} <sip:{JO}@x>");
        let answer = rig.invite(&invite(&format!("f{at}"), &from, json!({}))).await;
        assert_eq!(uris(&answer), ["sip:announcement@pbx.example"], "{name}");
        let asserted = json!({"pai": from, "source_ip": "192.0.2.5"});
        let other = "<sip:+447700900009@x>";
        let answer = rig.invite(&invite(&format!("p{at}"), other, asserted)).await;
        assert_eq!(uris(&answer), ["sip:announcement@pbx.example"], "{name}");
    }
    let spoofed = format!("\"{JO}\" <sip:+447700900009@x>");
    let answer = rig.invite(&invite("s", &spoofed, json!({}))).await;
    assert_eq!(uris(&answer), ["sip:queue@pbx.example"]);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn an_escaped_user_is_the_same_caller() {
    let rig = sip(closed(), WhenLimited::Notice).await;
    for (at, uri) in
        ["sip:%2B447700900001@h", "sip:+44%37700900001@h", "<SIP:+44770090000%31@h;x=y>"]
            .iter()
            .enumerate()
    {
        let answer = rig.invite(&invite(&at.to_string(), uri, json!({}))).await;
        assert_eq!(uris(&answer), ["sip:announcement@pbx.example"], "{uri}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_line_without_anything_to_answer_with_lets_calls_on_and_says_so() {
    let bare = |when_limited| async move {
        rig(Provider::Sip, Product::Voice, "sip token", closed(), |entry| {
            entry.upstream = None;
            entry.when_limited = when_limited;
        })
        .await
    };
    let open = bare(WhenLimited::Notice).await;
    let answer = open.invite(&invite("1", "sip:+447700900001@h", json!({}))).await;
    assert_eq!(uris(&answer), ["sip:+441632960000@gw"]);
    let extra = answer["routes"][0]["headers"]["extra"].as_str();
    assert_eq!(extra, Some("X-Contact-Flag: not_held_back\r\n"));
    let entry = serde_json::to_value(open.gateway.decided().await.pop().unwrap()).unwrap();
    assert_eq!((&entry["disposition"], &entry["would"]), (&json!("deliver"), &json!("limit")));
    assert_eq!(entry["flags"], json!(["not_held_back"]));
    assert!(open.gateway.queue("limited").await.is_empty());
    open.gateway.stop().await;

    let refusing = bare(WhenLimited::Reject).await;
    let answer = refusing.invite(&invite("1", "sip:+447700900001@h", json!({}))).await;
    assert_eq!(answer["action"], "reject");
    assert_eq!(refusing.gateway.queue("limited").await.len(), 1);
    refusing.gateway.stop().await;
}
