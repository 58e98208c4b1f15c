//! What is not proved to be Twilio's is refused, and changes nothing.

use aws_lc_rs::hmac;
use base64::Engine;
use contact_gateway::runtime::metrics::Abuse;
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::json;

use super::{FLOW, PUBLIC, SECRET, encoded, post, quota, rig, ringing, with};
use crate::contacts_edge::client::{raw, request};

const JO: &str = "+447700900001";

#[tokio::test]
async fn a_changed_request_is_403_and_leaves_no_trace() {
    let mut rig = rig(quota(1), |_, _| {}).await;
    let call = ringing("1", JO);
    let good = rig.signature("", &call);
    let changed = with(call.clone(), &[("CallerName", "x")]);
    assert_eq!(post(&rig.gateway, "", &changed, &good).await.status, 403);
    assert_eq!(post(&rig.gateway, "?a=1", &call, &good).await.status, 403);
    assert_eq!(post(&rig.gateway, "/status", &call, &good).await.status, 403);
    for wrong in ["", "AAAA", "not base64!"] {
        assert_eq!(post(&rig.gateway, "", &call, wrong).await.status, 403, "{wrong}");
    }
    let unsigned = [("Content-Type", "application/x-www-form-urlencoded")];
    let body = encoded(&call);
    let sent = request("POST", "/karbon/voice", &unsigned, body.as_bytes());
    let refused = raw(rig.gateway.address, &sent).await;
    assert_eq!(refused.status, 403);
    // Says what is missing, and nothing of the secret.
    assert_eq!(
        refused.json()["detail"],
        "The request has no valid signature or token for this entry. A signature must cover its \
         public_url."
    );
    assert!(rig.upstream.seen().is_empty() && rig.gateway.decided().await.is_empty());
    assert_eq!(post(&rig.gateway, "", &call, &good).await.text(), FLOW);
    assert_eq!(rig.gateway.refused_for(Abuse::WebhookForged), 7, "operators see it");
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_older_secret_and_the_port_in_the_address_hold_too() {
    let mut rig = rig(quota(9), |_, _| {}).await;
    let call = ringing("1", JO);
    for (token, url) in
        [("an older token", PUBLIC), (SECRET, "https://contact.karbon.example:443/karbon/voice")]
    {
        let facts = json!({"token": token, "url": url, "fields": call});
        let signature = rig.sdk.ask("twilio_sign", facts);
        let got = post(&rig.gateway, "", &call, signature.as_str().unwrap()).await;
        assert_eq!(got.status, 200, "{url}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn the_newer_algorithm_is_known_and_others_are_not() {
    let rig = rig(quota(9), |_, _| {}).await;
    let call = ringing("1", JO);
    let mut sorted = call.clone();
    sorted.sort();
    let text: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, format!("{PUBLIC}{text}").as_bytes());
    let signature = base64::engine::general_purpose::STANDARD.encode(tag);
    for (algorithm, status) in [("HMAC_SHA256", 200), ("HMAC_MD5", 403), ("HMAC_SHA1", 403)] {
        let settings = format!("key=k1,algorithm={algorithm}");
        let head = [
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Twilio-Signature", signature.as_str()),
            ("X-Twilio-Webhooks-Signature-Settings", settings.as_str()),
        ];
        let body = encoded(&call);
        let sent = request("POST", "/karbon/voice", &head, body.as_bytes());
        assert_eq!(raw(rig.gateway.address, &sent).await.status, status, "{algorithm}");
    }
    rig.gateway.stop().await;
}

#[tokio::test]
async fn a_json_body_is_held_by_its_digest_in_the_address() {
    let mut rig = rig(quota(9), |_, _| {}).await;
    let body = b"{\"CallSid\":\"CA1\"}";
    let behind = format!("/events?bodySHA256={}", hex(&sha256(body)));
    let signature = rig.signature(&behind, &[]);
    let head = [("Content-Type", "application/json"), ("X-Twilio-Signature", signature.as_str())];
    let target = format!("/karbon/voice{behind}");
    let good = raw(rig.gateway.address, &request("POST", &target, &head, body)).await;
    assert_eq!(good.text(), FLOW);
    let other = request("POST", &target, &head, b"{\"CallSid\":\"CA2\"}");
    assert_eq!(raw(rig.gateway.address, &other).await.status, 403);
    rig.gateway.stop().await;
}

/// What can't be read goes on, flagged, and is on the timeline of whoever's number stands in it.
#[tokio::test]
async fn a_body_that_is_rightly_signed_and_can_not_be_read_is_on_the_timeline() {
    let mut rig = rig(quota(9), |_, _| {}).await;
    let body = format!("{{\"CallSid\":\"CA1\",\"From\":\"{JO}\",\"CallerName\":\"\"Jo\"\"}}");
    let behind = format!("?bodySHA256={}", hex(&sha256(body.as_bytes())));
    let signature = rig.signature(&behind, &[]);
    let head = [("Content-Type", "application/json"), ("X-Twilio-Signature", signature.as_str())];
    let target = format!("/karbon/voice{behind}");
    let got = raw(rig.gateway.address, &request("POST", &target, &head, body.as_bytes())).await;
    assert_eq!(got.text(), FLOW);
    let seen = rig.upstream.seen().pop().unwrap();
    assert_eq!(seen.fields("x-contact-gateway-flags"), ["unread"]);
    let entry = rig.gateway.entries(1).await.remove(0);
    assert_eq!((&entry["in_doubt"], &entry["flags"]), (&json!(["P-1"]), &json!(["unread"])));
    rig.gateway.stop().await;
}
