//! What a safeguard routes reaches somebody, on calls and texts as well.

use contact_gateway::channels::telephony::settings::{Product, Provider};
use serde_json::{Value, json};

use super::rig::{JO, Rig, closed, rig};

const BEARER: (&str, &str) = ("Authorization", "Bearer generic token");
const JSON: (&str, &str) = ("Content-Type", "application/json");

async fn generic() -> Rig {
    rig(Provider::Generic, Product::Voice, "generic token", closed(), |_| {}).await
}

async fn said(rig: &Rig, id: &str, channel: &str, text: &str) -> Value {
    let contact = json!({"id": id, "channel": channel, "text": text,
        "from": [{"kind": "phone", "value": JO}]});
    rig.post("", &[BEARER, JSON], &contact.to_string()).await.json()
}

#[tokio::test]
async fn a_call_about_an_emergency_is_put_through_to_the_emergency_number() {
    let rig = generic().await;
    let got = said(&rig, "1", "telephone", "there is a gas leak").await;
    assert_eq!((&got["action"], &got["disposition"]), (&json!("route"), &json!("route")), "{got}");
    assert_eq!(got["route"]["phone"], "+441910000000", "{got}");
    assert_eq!(rig.gateway.queue("emergency").await.len(), 1);
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_text_about_an_emergency_goes_on_where_its_queue_has_no_mailbox() {
    let rig = generic().await;
    for (at, channel) in ["sms", "whatsapp", "web_chat"].into_iter().enumerate() {
        let got = said(&rig, &format!("t{at}"), channel, "there is a gas leak").await;
        assert_eq!(got["action"], "ok", "{got}");
        assert_eq!(rig.gateway.queue("emergency").await.len(), at + 1);
    }
    let limited = said(&rig, "t9", "sms", "the tap drips").await;
    assert_eq!((&limited["action"], &limited["disposition"]), (&json!("notice"), &json!("limit")));
    rig.gateway.stop().await;
}
