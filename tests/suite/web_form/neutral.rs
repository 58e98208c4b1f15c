//! A public form reveals nothing of the person whose address was typed into it.

use serde_json::{Value, json};

use crate::contacts_edge::client::{Got, form, raw, request};
use crate::contacts_edge::gateway::{Gateway, Setup, form_to, person};
use crate::contacts_edge::upstream::Upstream;
use contact_gateway::channels::web_form::settings::{FormSettings, Reveal};
use contact_gateway::domain::flag::Flag;
use contact_gateway::ports::OwnMailKind;

const FROM: Option<&str> = Some("contact@karbon.example");

async fn public(people: Value, notice_from: Option<&'static str>) -> (Upstream, Gateway) {
    let upstream = Upstream::start().await;
    let forms = vec![FormSettings { reveal: Reveal::Proven, ..form_to(upstream.address) }];
    let setup = Setup { forms, people, notice_from, ..Setup::default() };
    (upstream, Gateway::start(setup).await)
}

fn people() -> Value {
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let quota = json!({"kind": "contact_quota", "limit": 1, "per": "week", "window": "calendar"});
    json!([
        person("P-L", "letters@x.example", "+447700900001", letters),
        person("P-Q", "quota@x.example", "+447700900002", quota),
        person("P-E", "ended@x.example", "+447700900003", json!({"kind": "contact_ended"})),
    ])
}

async fn send(gateway: &Gateway, email: &str, message: &str) -> Got {
    let body = format!("email={email}%40x.example&message={message}");
    form(gateway.address, "/karbon/contact", &body).await
}

#[tokio::test]
async fn everybody_who_is_limited_or_filed_sees_one_and_the_same_page() {
    let (upstream, gateway) = public(people(), FROM).await;
    assert_eq!(send(&gateway, "quota", "one").await.text(), "thanks");
    let limited = send(&gateway, "letters", "hello").await;
    let over = send(&gateway, "quota", "two").await;
    let filed = send(&gateway, "ended", "").await;
    for got in [&limited, &over, &filed] {
        assert_eq!(got.status, 202);
        assert_eq!(got.text(), limited.text());
        let extra = ["retry-after", "ratelimit", "ratelimit-policy"];
        assert!(extra.iter().all(|name| got.field(name).is_none()));
    }
    let page = limited.text();
    for part in ["We have received your message", "tel:999", "tel:+441910000000", "You do not need"]
    {
        assert!(page.contains(part), "{part} is not on the page:\n{page}");
    }
    for part in ["limit", "Reference", "decision", "P-L", "letters@x.example", "Jo Doe"] {
        assert!(!page.contains(part), "{part} is on the page:\n{page}");
    }
    assert_eq!(upstream.seen().len(), 1);
    assert_eq!(gateway.queue("limited").await.len(), 2);
    assert_eq!(gateway.queue("filed").await.len(), 1);

    let fields =
        [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")];
    let program = |email: &str| {
        let body = format!("email={email}%40x.example&message=again");
        request("POST", "/karbon/contact", &fields, body.as_bytes())
    };
    let limited = raw(gateway.address, &program("letters")).await;
    let over = raw(gateway.address, &program("quota")).await;
    assert_eq!((limited.status, over.status), (202, 202));
    assert_eq!(limited.json(), over.json());
    assert_eq!(limited.json(), json!({"status": "received"}));
    gateway.stop().await;
}

#[tokio::test]
async fn the_notice_goes_to_the_address_on_record_once_a_period() {
    let (_upstream, gateway) = public(people(), FROM).await;
    // Known by the telephone number; no address was typed at all.
    let by_phone = |message: &str| format!("tel=07700+900001&message={message}");
    for message in ["one", "two"] {
        let got = form(gateway.address, "/karbon/contact", &by_phone(message)).await;
        assert_eq!(got.status, 202);
    }
    let outbox = std::sync::Arc::clone(&gateway.outbox);
    // Whatever is on its way is sent before the stop ends.
    gateway.stop().await;
    let mails = outbox.all();
    assert_eq!(mails.len(), 1, "once a period");
    assert_eq!(mails[0].to, "letters@x.example");
    assert!(matches!(mails[0].kind, OwnMailKind::Notice));
    assert_eq!(mails[0].subject, "Your message to Karbon Homes");
    for part in ["with your name or address on it", "only contact us by letter", "appeal"] {
        assert!(mails[0].text.contains(part), "{part} is not in:\n{}", mails[0].text);
    }
}

#[tokio::test]
async fn who_has_no_address_on_record_is_not_told_and_the_item_says_so() {
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    let mut jo = person("P-L", "jo@x.example", "+447700900001", letters);
    jo["identifiers"][0]["shared"] = json!(true);
    let (_upstream, gateway) = public(json!([jo]), FROM).await;
    let got = form(gateway.address, "/karbon/contact", "tel=07700+900001&message=hello").await;
    assert_eq!(got.status, 202);
    let item = gateway.queue("limited").await.remove(0);
    assert!(item.flags.contains(&Flag::NoticeNotSent), "{:?}", item.flags);
    assert!(gateway.outbox.all().is_empty());
    gateway.stop().await;
}
