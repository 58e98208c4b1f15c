//! What a proxy's question reveals of the person that it asks about, and how often one client is asked about.

use std::num::NonZeroU32;

use contact_gateway::channels::decisions::settings::{Proxy, ProxyFields, ProxySettings, Source};
use contact_gateway::channels::web_form::settings::Reveal;
use contact_gateway::domain::identifier::Assurance;
use contact_gateway::ports::OwnMailKind;
use contact_gateway::runtime::metrics::Abuse;
use serde_json::json;

use crate::contacts_edge::client::{Got, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, TOKEN, karbon, person};

const PROXIES: [Proxy; 4] = [Proxy::Nginx, Proxy::Haproxy, Proxy::Traefik, Proxy::Envoy];

fn endpoint(proxy: Proxy, assurance: Assurance, reveal: Reveal) -> ProxySettings {
    ProxySettings {
        organisation: karbon(),
        path: "/decisions/karbon".to_owned(),
        proxy,
        fields: ProxyFields {
            email: Some(Source::Header("x-customer-email".parse().unwrap())),
            ..ProxyFields::default()
        },
        assurance,
        request_id: None,
        reveal,
        trusted_sources: Vec::new(),
    }
}

async fn with(entry: ProxySettings, posts_per_minute: u32) -> Gateway {
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "calendar"});
    let people = json!([
        person("P-1", "letters@x.example", "+447700900001", letters),
        person("P-2", "quota@x.example", "+447700900002", quota),
    ]);
    Gateway::start(Setup {
        decisions: vec![entry],
        people,
        notice_from: Some("contact@karbon.example"),
        posts_per_minute: NonZeroU32::new(posts_per_minute).unwrap(),
        ..Setup::default()
    })
    .await
}

/// As each proxy asks about a POST: how each names the method is no matter to the others.
async fn ask(gateway: &Gateway, email: &str, fields: &[(&str, &str)]) -> Got {
    ask_as(gateway, TOKEN, email, fields).await
}

async fn ask_as(gateway: &Gateway, token: &str, email: &str, fields: &[(&str, &str)]) -> Got {
    let bearer = format!("Bearer {token}");
    let always = [
        ("Authorization", bearer.as_str()),
        ("X-Customer-Email", email),
        ("X-Original-Method", "POST"),
        ("X-Forwarded-Method", "POST"),
    ];
    let fields: Vec<_> = always.into_iter().chain(fields.iter().copied()).collect();
    raw(gateway.address, &request("POST", "/decisions/karbon/contact", &fields, b"")).await
}

/// The page that nginx fetches by a reference.
async fn page(gateway: &Gateway, reference: &str) -> Got {
    let bearer = format!("Bearer {TOKEN}");
    let fields = [
        ("Authorization", bearer.as_str()),
        ("X-Contact-Reference", reference),
        ("Accept", "text/html"),
    ];
    raw(gateway.address, &request("GET", "/decisions/karbon/limited", &fields, b"")).await
}

/// What a limited sender sees by way of this proxy.
async fn seen(gateway: &Gateway, proxy: Proxy, email: &str) -> Got {
    let got = ask(gateway, email, &[("Accept", "text/html")]).await;
    if proxy != Proxy::Nginx {
        return got;
    }
    assert_eq!((got.status, got.body.len()), (403, 0));
    assert_eq!(got.field("retry-after"), None);
    page(gateway, &got.field("x-contact-reference").unwrap()).await
}

#[tokio::test]
async fn an_address_that_nobody_proved_reveals_nothing_by_any_proxy() {
    for proxy in PROXIES {
        let gateway = with(endpoint(proxy, Assurance::Asserted, Reveal::Proven), 60).await;
        assert_eq!(ask(&gateway, "quota@x.example", &[]).await.status, 200);
        let over = seen(&gateway, proxy, "quota@x.example").await;
        let limited = seen(&gateway, proxy, "letters@x.example").await;
        for got in [&over, &limited] {
            assert_eq!(got.status, 403, "{proxy:?}");
            assert_eq!(got.text(), limited.text());
            for extra in ["retry-after", "ratelimit", "ratelimit-policy"] {
                assert_eq!(got.field(extra), None, "{proxy:?}");
            }
        }
        let text = limited.text();
        for part in
            ["We did not send your message", "did not keep it", "tel:999", "tel:+441910000000"]
        {
            assert!(text.contains(part), "{proxy:?}: {part} is not on the page:\n{text}");
        }
        for part in ["only contact us", "limit", "Reference", "until", "Jo Doe", "P-1"] {
            assert!(!text.contains(part), "{proxy:?}: {part} is on the page:\n{text}");
        }
        if proxy != Proxy::Nginx {
            let problem =
                ask(&gateway, "letters@x.example", &[("Accept", "application/json")]).await;
            let problem = problem.json();
            assert_eq!(problem["type"], "urn:contact-gateway:problem:not-taken");
            assert_eq!(problem.get("next_slot").or(problem.get("reference")), None, "{problem}");
        }
        let outbox = std::sync::Arc::clone(&gateway.outbox);
        gateway.stop().await;
        let mut mails = outbox.all();
        mails.sort_by(|one, other| one.to.cmp(&other.to));
        let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["letters@x.example", "quota@x.example"], "{proxy:?}: once a period");
        for mail in &mails {
            assert!(matches!(mail.kind, OwnMailKind::Notice));
            assert!(mail.text.contains("did not keep"), "{}", mail.text);
            assert!(!mail.text.contains("We will read"), "nobody has it to read: {}", mail.text);
        }
        assert!(mails[0].text.contains("only contact us by letter"), "{}", mails[0].text);
    }
}

#[tokio::test]
async fn a_session_or_an_entry_that_says_so_shows_the_limit() {
    for (assurance, reveal) in
        [(Assurance::Proven, Reveal::Proven), (Assurance::Asserted, Reveal::Asserted)]
    {
        for proxy in PROXIES {
            let gateway = with(endpoint(proxy, assurance, reveal), 60).await;
            let limited = seen(&gateway, proxy, "letters@x.example").await;
            assert!(limited.text().contains("only contact us by letter"), "{proxy:?}");
            assert!(gateway.outbox.all().is_empty(), "the page has said it");
            gateway.stop().await;
        }
    }
}

#[tokio::test]
async fn one_client_asked_about_too_often_waits_and_the_others_do_not() {
    for proxy in PROXIES {
        let gateway = with(endpoint(proxy, Assurance::Proven, Reveal::Proven), 2).await;
        let from = async |client: &str| {
            let named = match proxy {
                Proxy::Envoy => "X-Envoy-External-Address",
                Proxy::Nginx | Proxy::Haproxy | Proxy::Traefik => "X-Forwarded-For",
            };
            ask(&gateway, "kim@y.example", &[(named, client), ("Accept", "text/html")]).await
        };
        for _ in 0..2 {
            assert_eq!(from("192.0.2.1").await.status, 200, "{proxy:?}");
        }
        let mut over = from("192.0.2.1").await;
        if proxy == Proxy::Nginx {
            assert_eq!((over.status, over.body.len()), (403, 0));
            over = page(&gateway, &over.field("x-contact-reference").unwrap()).await;
        } else {
            let wait: u64 = over.field("retry-after").unwrap().parse().unwrap();
            assert!((1..=31).contains(&wait), "{wait}");
        }
        assert_eq!(over.status, 429, "{proxy:?}");
        assert!(over.text().contains("Please wait a minute"), "{}", over.text());
        assert_eq!(from("192.0.2.2").await.status, 200, "{proxy:?}: another client");
        // A proxy that says nothing of its clients is not one client. Envoy's own address is none.
        for _ in 0..4 {
            let unnamed = match proxy {
                Proxy::Envoy => {
                    ask(&gateway, "kim@y.example", &[("X-Forwarded-For", "10.0.0.1")]).await
                }
                Proxy::Nginx | Proxy::Haproxy | Proxy::Traefik => {
                    ask(&gateway, "kim@y.example", &[]).await
                }
            };
            assert_eq!(unnamed.status, 200, "{proxy:?}");
        }
        assert_eq!(gateway.refused_for(Abuse::ProxyFlooded), 1, "{proxy:?}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn whoever_guesses_tokens_here_waits_too() {
    let mut entry = Setup {
        decisions: vec![endpoint(Proxy::Traefik, Assurance::Proven, Reveal::Proven)],
        ..Setup::default()
    };
    entry.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    entry.posts_per_minute = NonZeroU32::new(2).unwrap();
    let gateway = Gateway::start(entry).await;
    let guess = [("X-Forwarded-For", "192.0.2.1")];
    for status in [401, 401, 429] {
        let got = ask_as(&gateway, "wrong", "kim@y.example", &guess).await;
        assert_eq!(got.status, status);
    }
    assert_eq!(ask_as(&gateway, TOKEN, "kim@y.example", &[]).await.status, 200);
    assert_eq!(gateway.refused_for(Abuse::TokenGuessed), 3);
    gateway.stop().await;
}
