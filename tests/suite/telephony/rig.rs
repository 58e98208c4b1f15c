//! A gateway with one telephony entry, the existing call flow behind it, and one restricted caller.

use contact_gateway::channels::telephony::settings::{
    Product, Provider, Targets, TelephonySettings, WhenLimited,
};
use contact_gateway::domain::nation::Nation;
use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, karbon, person};
use crate::contacts_edge::sdk::Sdk;
use crate::contacts_edge::upstream::Upstream;

pub const JO: &str = "+447700900001";
pub const PUBLIC: &str = "https://contact.karbon.example/karbon/calls";
/// What the call flow answers.
pub const FLOW: &str = "the call flow";

pub struct Rig {
    pub gateway: Gateway,
    pub upstream: Upstream,
    pub sdk: Sdk,
}

pub fn closed() -> Value {
    json!({"kind": "channels_only", "channels": ["letter"]})
}

pub fn point() -> Value {
    json!({"kind": "single_point_of_contact",
        "contact": {"name": "Sam", "phone": "+441910000001", "queue": "sam"},
        "deputies": [{"name": "Dee", "phone": "+441910000002"}]})
}

pub fn quota(limit: u32) -> Value {
    json!({"kind": "contact_quota", "limit": limit, "per": "week", "window": "calendar"})
}

pub async fn rig(
    provider: Provider,
    product: Product,
    secret: &str,
    restriction: Value,
    change: impl FnOnce(&mut TelephonySettings),
) -> Rig {
    let people = json!([person("P-1", "jo@x.example", JO, restriction)]);
    rig_with(provider, product, secret, people, change).await
}

pub async fn rig_with(
    provider: Provider,
    product: Product,
    secret: &str,
    people: Value,
    change: impl FnOnce(&mut TelephonySettings),
) -> Rig {
    let upstream = flow().await;
    let mut settings = settings(provider, product, secret, &upstream);
    change(&mut settings);
    let setup = Setup { people, telephony: vec![settings], ..Setup::default() };
    Rig { gateway: Gateway::start(setup).await, upstream, sdk: Sdk::start() }
}

/// An organisation in Wales, which speaks both languages.
pub async fn rig_in_wales(provider: Provider, secret: &str, people: Value) -> Rig {
    let upstream = flow().await;
    let settings = settings(provider, Product::Voice, secret, &upstream);
    let nation = Nation::Wales;
    let setup = Setup { people, telephony: vec![settings], nation, ..Setup::default() };
    Rig { gateway: Gateway::start(setup).await, upstream, sdk: Sdk::start() }
}

async fn flow() -> Upstream {
    let upstream = Upstream::start().await;
    upstream.answers("200 OK", &[("Content-Type", "text/x-flow")], FLOW.as_bytes());
    upstream
}

pub fn settings(
    provider: Provider,
    product: Product,
    secret: &str,
    upstream: &Upstream,
) -> TelephonySettings {
    TelephonySettings {
        organisation: karbon(),
        provider,
        product,
        path: "/karbon/calls".to_owned(),
        public_url: PUBLIC.parse().unwrap(),
        secrets: vec![secret.into()],
        upstream: Some(format!("http://{}/flow", upstream.address).parse().unwrap()),
        upstream_url: None,
        when_limited: WhenLimited::Notice,
        caller_id: Some("+441910000009".to_owned()),
        targets: Targets::default(),
        fallback: None,
        trusted_sources: Vec::new(),
        sip_domain: None,
        language: "en-GB".to_owned(),
    }
}

impl Rig {
    /// A POST to the entry. `behind`: what follows its address.
    pub async fn post(&self, behind: &str, fields: &[(&str, &str)], body: &str) -> Got {
        let target = format!("/karbon/calls{behind}");
        raw(self.gateway.address, &request("POST", &target, fields, body.as_bytes())).await
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
