//! Bodies and tokens that open without an end, rightly signed by a provider: the call flow gets them, or they
//! are refused, and the next caller is served. Twilio and Plivo sign fields, in which nothing nests.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contact_gateway::channels::telephony::settings::{Product, WhenLimited};
use contact_gateway::ports::Clock;
use contact_gateway::runtime::limits::WEBHOOK_BODY_BYTES_MAX;
use contact_gateway::runtime::tokens::{hex, sha256};
use serde_json::json;

use super::rig::{FLOW, JO, Rig, closed};
use super::telnyx::{FORM, telnyx};
use super::vonage::{SECRET, vonage};
use crate::contacts_edge::client::Got;

/// What no bracket closes, of about so many bytes.
fn documents(bytes: usize) -> Vec<String> {
    let open = |open: &str| open.repeat(bytes / open.len());
    vec![
        open("["),
        open("{\"a\":"),
        open("[{\"id\":"),
        format!("{{\"data\":{{\"payload\":{}", open("{\"from\":")),
        format!("{{\"from\":{}{}}}", "[".repeat(bytes / 3), "]".repeat(bytes / 3)),
    ]
}

/// The call flow got so many requests, each flagged as unread, and each is on the trail so.
async fn flagged(rig: &Rig, requests: usize) {
    let seen = rig.upstream.seen();
    assert_eq!(seen.len(), requests);
    for one in seen {
        assert_eq!(one.fields("x-contact-gateway-flags"), ["unread"]);
    }
    for entry in rig.gateway.entries(requests).await {
        assert_eq!(entry["flags"], json!(["unread"]), "{entry}");
    }
}

/// As deep as a body may be long, and ten times that.
const BYTES: [usize; 2] = [WEBHOOK_BODY_BYTES_MAX - 64, 10 * WEBHOOK_BODY_BYTES_MAX];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_telnyx_signed_nests_as_deep_as_it_likes() {
    for product in [Product::Messaging, Product::Voice] {
        let mut rig = telnyx(product, closed(), WhenLimited::Reject).await;
        for bytes in BYTES {
            for body in documents(bytes) {
                let got = rig.telnyx("", "application/json", &body, 1).await;
                let expected = if bytes > WEBHOOK_BODY_BYTES_MAX { 413 } else { 200 };
                assert_eq!(got.status, expected, "{bytes} bytes of {}", &body[..20]);
            }
        }
        flagged(&rig, documents(BYTES[0]).len()).await;
        if product == Product::Voice {
            let call = format!(
                "CallSid=v3%3Aa&CallStatus=ringing&From={}&To=%2B441632960000",
                JO.replace('+', "%2B")
            );
            let got = rig.telnyx("", FORM, &call, 0).await;
            assert!(got.text().contains("<Reject"), "{}", got.text());
        }
        rig.gateway.stop().await;
    }
}

/// A token as Vonage makes it, of these claims.
fn token(claims: &str) -> String {
    let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
    let signed = format!("{}.{}", part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), part(claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
    format!("{signed}.{signature}")
}

impl Rig {
    async fn nested(&self, claims: &str, body: &str) -> Got {
        self.with_token(claims, "application/json", body).await
    }

    async fn with_token(&self, claims: &str, kind: &str, body: &str) -> Got {
        let bearer = format!("Bearer {}", token(claims));
        let head = [("Content-Type", kind), ("Authorization", bearer.as_str())];
        self.post("", &head, body).await
    }

    /// The claims of a token for this body, with these before them.
    fn claims(&self, more: &str, body: &str) -> String {
        let iat = self.gateway.clock.now().timestamp();
        let hash = hex(&sha256(body.as_bytes()));
        format!("{{{more}\"iat\":{iat},\"payload_hash\":\"{hash}\"}}")
    }

    /// Any body, rightly signed by Vonage.
    pub(super) async fn signed_by_vonage(&self, kind: &str, body: &str) -> Got {
        self.with_token(&self.claims("", body), kind, body).await
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_and_a_token_that_vonage_signed_nest_as_deep_as_they_like() {
    let rig = vonage(Product::Voice, closed()).await;
    for bytes in BYTES {
        for body in documents(bytes) {
            let got = rig.nested(&rig.claims("", &body), &body).await;
            let expected = if bytes > WEBHOOK_BODY_BYTES_MAX { 413 } else { 200 };
            assert_eq!(got.status, expected, "{bytes} bytes of {}", &body[..20]);
        }
    }
    flagged(&rig, documents(BYTES[0]).len()).await;
    // As much as fits into a request's head.
    let body = json!({"from": "447700900009", "to": "441632960000", "uuid": "u"}).to_string();
    // Nobody reads what is in a claim that nobody asked for; it only has to end.
    for (open, close, expected) in [("[", "]", 200), ("{\"a\":", "}", 200), ("[", "", 403)] {
        let depth = 40_000 / (open.len() + close.len());
        let deep = match close {
            "}" => format!("\"x\":{}1{},", open.repeat(depth), close.repeat(depth)),
            _ => format!("\"x\":{}{},", open.repeat(depth), close.repeat(depth)),
        };
        let got = rig.nested(&rig.claims(&deep, &body), &body).await;
        assert_eq!(got.status, expected, "{open} {close}");
    }
    let got = rig.nested(&rig.claims("", &body), &body).await;
    assert_eq!((got.status, got.text().as_str()), (200, FLOW));
    rig.gateway.stop().await;
}
