//! One client that floods a form is told to wait; everybody else is not.

use std::num::NonZeroU32;

use contact_gateway::runtime::metrics::Abuse;
use serde_json::json;

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{EXPIRED_TOKEN, Gateway, Setup, TOKEN, form_to};
use crate::contacts_edge::upstream::Upstream;

async fn gateway(upstream: &Upstream) -> Gateway {
    let setup = Setup {
        forms: vec![form_to(upstream.address)],
        trusted_proxies: vec!["127.0.0.1/32".parse().unwrap()],
        posts_per_minute: NonZeroU32::new(2).unwrap(),
        ..Setup::default()
    };
    Gateway::start(setup).await
}

async fn post(gateway: &Gateway, client: &str, accept: &str, at: usize) -> Got {
    let fields = [
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("X-Forwarded-For", client),
        ("Accept", accept),
    ];
    let body = format!("email=jo%40y.example&message=Number+{at}");
    raw(gateway.address, &request("POST", "/karbon/contact", &fields, body.as_bytes())).await
}

#[tokio::test]
async fn too_many_posts_of_one_client_are_429_with_when_to_come_again() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    for at in 0..2 {
        assert_eq!(post(&gateway, "192.0.2.1", "*/*", at).await.status, 200);
    }
    let over = post(&gateway, "192.0.2.1", "text/html", 2).await;
    assert_eq!(over.status, 429);
    let wait: u64 = over.field("retry-after").unwrap().parse().unwrap();
    assert!((1..=31).contains(&wait), "{wait}");
    assert!(over.text().contains("Please wait a minute") && over.text().contains("999"));
    let over = post(&gateway, "192.0.2.1", "application/json", 3).await;
    assert_eq!(over.json()["type"], "urn:contact-gateway:problem:too-many-requests");
    // The same network, another subscriber; and reading the form counts for nothing.
    assert_eq!(post(&gateway, "192.0.2.2", "*/*", 4).await.status, 200);
    let fields = [("X-Forwarded-For", "192.0.2.1")];
    let got = raw(gateway.address, &request("GET", "/karbon/contact", &fields, b"")).await;
    assert_eq!(got.status, 200);
    assert_eq!(upstream.seen().len(), 4);
    assert_eq!(gateway.refused_for(Abuse::FormFlooded), 2, "operators see it");
    gateway.stop().await;
}

#[tokio::test]
async fn the_steps_of_a_form_use_up_none_of_a_clients_posts() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let fields = [("X-Forwarded-For", "192.0.2.1")];
    for at in 0..4 {
        let step = format!("/karbon/contact/step/{at}?email=jo%40y.example");
        let got = raw(gateway.address, &request("GET", &step, &fields, b"")).await;
        assert_eq!(got.status, 200, "step {at}");
    }
    for at in 0..2 {
        assert_eq!(post(&gateway, "192.0.2.1", "*/*", at).await.status, 200, "post {at}");
    }
    assert_eq!(post(&gateway, "192.0.2.1", "*/*", 2).await.status, 429);
    // And the other way round: of the four steps two are on the trail, besides the two posts.
    let entries = gateway.entries(4).await;
    assert_eq!(entries.len(), 4);
    let noted = entries.iter().filter(|entry| entry["flags"] == json!(["not_submitted"]));
    assert_eq!(noted.count(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn whoever_guesses_tokens_waits_and_who_has_one_does_not() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&upstream).await;
    let ask = async |token: &str, at: usize| {
        let bearer = format!("Bearer {token}");
        let fields = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
            ("X-Forwarded-For", "192.0.2.1"),
        ];
        let body = json!({"id": format!("L-{at}"), "channel": "letter"}).to_string();
        raw(gateway.address, &request("POST", "/decisions/contact", &fields, body.as_bytes())).await
    };
    for (at, status) in [401, 401, 429].into_iter().enumerate() {
        assert_eq!(ask("wrong", at).await.status, status);
    }
    for at in 3..8 {
        assert_eq!(ask(TOKEN, at).await.status, 200);
    }
    // A token that was one is no guess: it gets the reason each time.
    for at in 8..12 {
        let refused = ask(EXPIRED_TOKEN, at).await;
        assert_eq!(refused.status, 401);
        assert_eq!(refused.json()["type"], "urn:contact-gateway:problem:token-expired");
        assert!(refused.field("www-authenticate").is_some());
    }
    assert_eq!(gateway.refused_for(Abuse::TokenGuessed), 3);
    gateway.stop().await;
}
