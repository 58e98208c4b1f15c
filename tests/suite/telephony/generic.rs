//! Sources without a form of their own: a contact in, a decision with an action out.

use contact_gateway::channels::telephony::settings::{Product, Provider, WhenLimited};
use serde_json::{Value, json};

use super::rig::{JO, Rig, closed, point, quota, rig};
use crate::degraded::faulty::Trouble;

const BEARER: (&str, &str) = ("Authorization", "Bearer generic token");
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn generic(restriction: Value) -> Rig {
    rig(Provider::Generic, Product::Voice, "generic token", restriction, |_| {}).await
}

fn call(id: &str, from: &str) -> String {
    json!({"call_id": id, "from": [{"kind": "phone", "value": from}]}).to_string()
}

#[tokio::test]
async fn a_call_is_decided_and_the_answer_says_what_to_do() {
    let rig = generic(closed()).await;
    let got = rig.post("", &[BEARER, JSON], &call("1", JO)).await;
    assert_eq!(got.status, 200);
    let answer = got.json();
    assert_eq!((&answer["action"], &answer["disposition"]), (&json!("notice"), &json!("limit")));
    assert_eq!(answer["emergency"], "+441910000000");
    let say = answer["say"].as_str().unwrap();
    assert!(say.starts_with("In an emergency, press 1.") && say.contains("appeal"), "{say}");
    assert_eq!(answer["keys"]["2"], "appeal");
    assert_eq!(answer["language"], "en-GB");
    let more: Vec<&str> =
        answer["more"].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    assert!(more.iter().any(|piece| piece.contains("only contact us by letter")), "{more:?}");
    // The key that was pressed is a contact of its own, on the lane that it names.
    for (lane, queue) in
        [("emergency", "emergency"), ("appeal", "head-of-service"), ("adjustment", "review")]
    {
        let asked = json!({"id": format!("1-{lane}"), "channel": "telephone", "lane": lane,
            "from": [{"kind": "phone", "value": JO}]});
        let got = rig.post("", &[BEARER, JSON], &asked.to_string()).await.json();
        assert_eq!(got["reasons"][0]["code"], format!("safeguard.{lane}"), "{got}");
        assert_eq!(rig.gateway.queue(queue).await.len(), 1, "{lane}");
    }
    assert_eq!(rig.post("", &[BEARER, JSON], &call("1", JO)).await.json(), answer);
    for (at, nobody) in ["+447700900009", "[Number]", "anonymous", ""].iter().enumerate() {
        let got = rig.post("", &[BEARER, JSON], &call(&format!("n{at}"), nobody)).await;
        assert_eq!(got.json()["action"], "connect", "{nobody}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn dial_plans_get_lines() {
    let rig = generic(point()).await;
    let got = rig.post("", &[BEARER, JSON, ("Accept", "text/plain")], &call("1", JO)).await;
    assert_eq!(got.field("content-type").as_deref(), Some("text/plain; charset=utf-8"));
    let text = got.text();
    let lines: Vec<&str> = text.lines().collect();
    for line in ["action=route", "target=+441910000001", "queue=sam", "contact=call-generic-1"] {
        assert!(lines.contains(&line), "{line} is not in {lines:?}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn what_is_learnt_later_is_on_the_item() {
    let rig = generic(point()).await;
    rig.post("", &[BEARER, JSON], &call("1", JO)).await;
    let event = json!({"call_id": "1", "event": "completed", "duration": 61}).to_string();
    let got = rig.post("/event", &[BEARER, JSON], &event).await;
    assert_eq!((got.status, &got.json()["action"]), (200, &json!("ok")));
    for _ in 0..100 {
        if rig.gateway.queue("sam").await[0].attached.len() == 2 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let attached = rig.gateway.queue("sam").await.remove(0).attached;
    assert!(attached.iter().any(|one| one.name == "duration" && one.value == "61"));
    assert_eq!(rig.gateway.decided().await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn without_the_token_nothing_happens_and_with_it_a_broken_body_is_let_through() {
    let rig = generic(closed()).await;
    let wrong = ("Authorization", "Bearer other");
    assert_eq!(rig.post("", &[wrong, JSON], &call("1", JO)).await.status, 403);
    assert_eq!(rig.post("", &[JSON], &call("1", JO)).await.status, 403);
    assert!(rig.gateway.decided().await.is_empty());
    let got = rig.post("", &[BEARER, JSON], "{\"call_id\": 1,\n \"from\": 7}").await;
    assert_eq!((got.status, &got.json()["action"]), (200, &json!("connect")));
    assert!(got.json()["fault"].as_str().unwrap().contains("from"), "{}", got.text());
    assert_eq!(got.json()["flags"], json!(["unread"]));
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_store_that_hangs_is_said() {
    let rig = generic(closed()).await;
    rig.gateway.store_is(Trouble::Hangs);
    let got = rig.post("", &[BEARER, JSON], &call("1", JO)).await;
    assert_eq!(
        (got.status, got.json()),
        (200, json!({"action": "connect", "flags": ["limits_unchecked"]}))
    );
    let lines = rig.post("", &[BEARER, JSON, ("Accept", "text/plain")], &call("2", JO)).await;
    assert_eq!(lines.text(), "action=connect\nflags=limits_unchecked\n");
    rig.gateway.store_is(Trouble::None);
    rig.gateway.stop().await;
}

/// A note on a call that never comes keeps no stop waiting.
#[tokio::test]
async fn a_stop_waits_for_no_call_that_never_comes() {
    let rig = generic(point()).await;
    let event = json!({"call_id": "none", "event": "completed", "duration": 61}).to_string();
    for _ in 0..3 {
        let got = rig.post("/event", &[BEARER, JSON], &event).await;
        assert_eq!((got.status, &got.json()["action"]), (200, &json!("ok")));
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    // All tries together take longer than the ten seconds that a stop may take here.
    rig.gateway.stop().await;
}

#[tokio::test]
async fn tokens_are_taken_from_the_networks_that_are_listed() {
    let elsewhere = rig(Provider::Generic, Product::Voice, "generic token", closed(), |entry| {
        entry.trusted_sources = vec!["192.0.2.0/24".parse().unwrap()];
        entry.when_limited = WhenLimited::Reject;
    })
    .await;
    assert_eq!(elsewhere.post("", &[BEARER, JSON], &call("1", JO)).await.status, 403);
    elsewhere.gateway.stop().await;
    let here = rig(Provider::Generic, Product::Voice, "generic token", closed(), |entry| {
        entry.trusted_sources = vec!["127.0.0.0/8".parse().unwrap()];
        entry.when_limited = WhenLimited::Reject;
    })
    .await;
    let got = here.post("", &[BEARER, JSON], &call("1", JO)).await;
    assert_eq!(got.json()["action"], "reject");
    here.gateway.stop().await;
}

#[tokio::test]
async fn what_is_told_of_a_call_is_no_call() {
    let rig = generic(quota(1)).await;
    let told = json!({"call_id": "9", "event": "completed", "duration": 61,
        "from": [{"kind": "phone", "value": JO}]});
    for behind in ["", "/event"] {
        let got = rig.post(behind, &[BEARER, JSON], &told.to_string()).await;
        assert_eq!(got.json(), json!({"action": "ok"}), "{behind}");
    }
    assert!(rig.gateway.decided().await.is_empty());
    let got = rig.post("", &[BEARER, JSON], &call("1", JO)).await;
    assert_eq!(got.json()["action"], "connect");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_number_that_can_not_be_read_is_flagged_in_the_answer() {
    let rig = generic(closed()).await;
    let got = rig.post("", &[BEARER, JSON], &call("1", "07700 900001 or 07700 900002")).await;
    let answer = got.json();
    assert_eq!((&answer["action"], &answer["flags"]), (&json!("connect"), &json!(["unread"])));
    let got = rig.post("", &[BEARER, JSON], &call("2", "\"Flat 3\" <07700900001>")).await;
    assert_eq!(got.json()["disposition"], "limit");
    rig.gateway.stop().await;
}
