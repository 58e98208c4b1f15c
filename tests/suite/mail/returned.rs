//! The loop mark, replayed; and mail to addresses without a domain.

use contact_gateway::channels::mail::listener::Protocol;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::organisation::OrganisationId;

use super::client::Client;
use super::gateway::{Choices, Gateway, KARBON};
use super::sink::{Script, Sink};

fn limited_people()
-> std::collections::BTreeMap<String, Vec<contact_gateway::domain::person::Person>> {
    serde_json::from_value(serde_json::json!({ "karbon": [{
        "id": "P-1", "name": "Sam", "identifiers": [{"kind": "email", "value": "sam@x.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "contact_quota", "limit": 1, "per": "week", "status": "active",
            "grounds": "g", "clause": "6.2", "starts": "2026-11-01", "review_due": "2027-05-01",
            "decided_by": "A"
        }]
    }]}))
    .unwrap()
}

const MESSAGE: &[u8] = b"From: sam@x.example\r\nMessage-ID: <1@x>\r\n\r\nThe tap drips.\r\n";
const SAM: &str = "sam@x.example";

/// The flags of each entry of a contact on the trail, and who is in doubt.
async fn trail(gateway: &Gateway) -> Vec<(Vec<Flag>, Vec<String>)> {
    let entries = gateway.store.audit(&OrganisationId::new(KARBON), 0, 500).await.unwrap();
    let decided = entries.into_iter().filter_map(|entry| match entry.event {
        AuditEvent::Decided(decided) => Some((decided.flags, decided.in_doubt)),
        _ => None,
    });
    decided.collect()
}

/// The messages that were passed on; notices to who sent them apart.
fn passed(sink: &Sink) -> usize {
    let taken = sink.taken();
    let is_notice =
        |message: &[u8]| String::from_utf8_lossy(message).contains("Auto-Submitted: auto-replied");
    taken.iter().filter(|taken| !is_notice(&taken.message)).count()
}

#[tokio::test]
async fn a_mark_that_is_replayed_to_others_is_worth_nothing_and_one_that_returns_is_on_the_trail() {
    let sink = Sink::start(&Script::default()).await;
    let mut choices = Choices::new(sink.port, Protocol::Smtp);
    choices.people = limited_people();
    let gateway = Gateway::start(choices).await;
    let mut client = Client::connect(gateway.port, "EHLO").await;
    assert_eq!(client.ask("XFORWARD IDENT=4bQ1").await.0, 250);
    assert_eq!(client.send(SAM, &["b@karbon.example"], MESSAGE).await.0, 250);
    let marked = sink.taken()[0].message.clone();
    assert!(String::from_utf8_lossy(&marked).contains("X-Contact-Gateway-Pass: v2; "));
    assert_eq!(client.ask("XFORWARD IDENT=4bQ2").await.0, 250);
    // It comes round: passed untouched, and seen.
    assert_eq!(client.send(SAM, &["B@karbon.example"], &marked).await.0, 250);
    assert_eq!(gateway.counted("passed_by_mark"), 1);
    // To somebody else it is a message like any other: over the quota.
    assert_eq!(client.ask("XFORWARD IDENT=4bQ3").await.0, 250);
    assert_eq!(client.send(SAM, &["c@karbon.example"], &marked).await.0, 250);
    assert_eq!(client.ask("XFORWARD IDENT=4bQ4").await.0, 250);
    let both = ["b@karbon.example", "c@karbon.example"];
    assert_eq!(client.send(SAM, &both, &marked).await.0, 250);
    assert_eq!(gateway.counted("passed_by_mark"), 1);
    assert_eq!(passed(&sink), 2);
    assert_eq!(gateway.queue(KARBON, "limited").await.len(), 2);
    for _ in 0..500 {
        if trail(&gateway).await.iter().any(|(flags, _)| flags == &[Flag::PassedByMark]) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let returned: Vec<_> = trail(&gateway).await;
    let returned: Vec<_> =
        returned.into_iter().filter(|(flags, _)| flags == &[Flag::PassedByMark]).collect();
    assert_eq!(returned, [(vec![Flag::PassedByMark], vec!["P-1".to_owned()])]);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn mail_to_a_mailbox_without_a_domain_belongs_to_the_organisation_that_is_named() {
    for (default, items, delivered) in [(Some(KARBON), 2, 2), (None, 0, 4)] {
        let sink = Sink::start(&Script::default()).await;
        let mut choices = Choices::new(sink.port, Protocol::Smtp);
        let mut people = limited_people();
        let letters = serde_json::json!({"kind": "channels_only", "channels": ["letter"]});
        for person in people.values_mut().flatten() {
            let mut record = serde_json::to_value(&*person).unwrap();
            let restriction = record["restrictions"][0].as_object_mut().unwrap();
            for key in ["kind", "limit", "per", "window", "channels"] {
                restriction.remove(key);
            }
            restriction.extend(letters.as_object().unwrap().clone());
            *person = serde_json::from_value(record).unwrap();
        }
        choices.people = people;
        choices.default_organisation = default.map(OrganisationId::new);
        let gateway = Gateway::start(choices).await;
        let mut client = Client::connect(gateway.port, "EHLO").await;
        for (number, to) in ["postmaster", "repairs@[192.0.2.1]"].into_iter().enumerate() {
            for from in [SAM, "al@y.example"] {
                let message = format!("From: {from}\r\nMessage-ID: <{number}@x>\r\n\r\nhello\r\n");
                assert_eq!(client.send(from, &[to], message.as_bytes()).await.0, 250, "{to}");
            }
        }
        assert_eq!(gateway.queue(KARBON, "limited").await.len(), items, "{default:?}");
        assert_eq!(passed(&sink), delivered, "{default:?}");
        drop(client);
        gateway.stop().await;
    }
}
