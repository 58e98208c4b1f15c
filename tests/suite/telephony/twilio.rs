//! Twilio voice and messaging.

mod calls;
mod forged;
mod messages;

use contact_gateway::channels::telephony::settings::{
    Product, Provider, Targets, TelephonySettings, WhenLimited,
};
use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, karbon, person};
use crate::contacts_edge::sdk::Sdk;
use crate::contacts_edge::upstream::{Seen, Upstream};

const SECRET: &str = "an auth token";
const PUBLIC: &str = "https://contact.karbon.example/karbon/voice";
const FLOW: &str = "<?xml version=\"1.0\"?>\n<Response><Say>Menu</Say><Gather/></Response>\n";

/// A gateway with one entry, its call flow behind it, and Twilio in front.
struct Rig {
    gateway: Gateway,
    upstream: Upstream,
    sdk: Sdk,
}

fn entry(upstream: &Upstream, product: Product) -> TelephonySettings {
    TelephonySettings {
        organisation: karbon(),
        provider: Provider::Twilio,
        product,
        path: "/karbon/voice".to_owned(),
        public_url: PUBLIC.parse().unwrap(),
        secrets: vec![SECRET.into(), "an older token".into()],
        upstream: Some(format!("http://{}/flow/voice", upstream.address).parse().unwrap()),
        upstream_url: Some("https://flow.karbon.example/voice".parse().unwrap()),
        when_limited: WhenLimited::Notice,
        caller_id: Some("+441910000009".to_owned()),
        targets: Targets::default(),
        fallback: Some("<Response><Enqueue>all</Enqueue></Response>".to_owned()),
        trusted_sources: Vec::new(),
        sip_domain: None,
        language: "en-GB".to_owned(),
    }
}

async fn rig(restriction: Value, change: impl FnOnce(&mut TelephonySettings, &mut Setup)) -> Rig {
    let upstream = Upstream::start().await;
    upstream.answers("200 OK", &[("Content-Type", "text/xml")], FLOW.as_bytes());
    let mut setup = Setup {
        people: json!([person("P-1", "jo@x.example", "+447700900001", restriction)]),
        ..Setup::default()
    };
    let mut settings = entry(&upstream, Product::Voice);
    change(&mut settings, &mut setup);
    setup.telephony = vec![settings];
    Rig { gateway: Gateway::start(setup).await, upstream, sdk: Sdk::start() }
}

fn quota(limit: u32) -> Value {
    json!({"kind": "contact_quota", "limit": limit, "per": "week", "window": "calendar"})
}

/// The fields of a call that comes in.
fn ringing(sid: &str, from: &str) -> Vec<(String, String)> {
    let sid = format!("CA{sid:0>32}");
    [
        ("AccountSid", "AC22222222222222222222222222222222"),
        ("CallSid", &sid),
        ("CallStatus", "ringing"),
        ("Direction", "inbound"),
        ("From", from),
        ("To", "+441632960000"),
        ("CallerName", ""),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

fn with(mut fields: Vec<(String, String)>, more: &[(&str, &str)]) -> Vec<(String, String)> {
    for (name, value) in more {
        fields.retain(|(field, _)| field != name);
        fields.push(((*name).to_owned(), (*value).to_owned()));
    }
    fields
}

fn encoded(fields: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Rig {
    fn signature(&mut self, behind: &str, fields: &[(String, String)]) -> String {
        let facts = json!({"token": SECRET, "url": format!("{PUBLIC}{behind}"), "fields": fields});
        self.sdk.ask("twilio_sign", facts).as_str().unwrap().to_owned()
    }

    /// A signed webhook and its answer. `behind`: what follows the entry's address.
    async fn post(&mut self, behind: &str, fields: &[(String, String)]) -> Got {
        let signature = self.signature(behind, fields);
        post(&self.gateway, behind, fields, &signature).await
    }

    /// The same, its document checked by Twilio's library.
    async fn document(&mut self, behind: &str, fields: &[(String, String)], kind: &str) -> String {
        let got = self.post(behind, fields).await;
        assert_eq!(got.status, 200);
        assert_eq!(got.field("content-type").as_deref(), Some("text/xml; charset=utf-8"));
        let document = got.text();
        let faults = self.sdk.ask("twilio_faults", json!({"document": document, "kind": kind}));
        assert_eq!(faults, json!([]), "{document}");
        document
    }

    /// Whether a request that the call flow got is signed for the call flow's own address.
    fn signed_again(&mut self, seen: &Seen, url: &str, fields: &[(String, String)]) -> bool {
        let signature = seen.field("x-twilio-signature").unwrap();
        let facts = json!({"token": SECRET, "url": url, "fields": fields, "signature": signature});
        self.sdk.ask("twilio_valid", facts).as_bool().unwrap()
    }
}

async fn post(
    gateway: &Gateway,
    behind: &str,
    fields: &[(String, String)],
    signature: &str,
) -> Got {
    let head = [
        ("Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"),
        ("X-Twilio-Signature", signature),
        ("I-Twilio-Idempotency-Token", "same"),
    ];
    let target = format!("/karbon/voice{behind}");
    raw(gateway.address, &request("POST", &target, &head, encoded(fields).as_bytes())).await
}
