//! Events for other systems, from the real program to a receiver that checks and reads them with the
//! libraries that receivers use.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::contacts_edge::sdk::Sdk;
use crate::contacts_edge::upstream::{Seen, Upstream};
use crate::past::behind::{accept, becomes_behind, becomes_well, database};
use crate::served::{Behind, Place, Served, person};
use crate::store_contract::servers::until;

fn secret(byte: u8) -> String {
    format!("whsec_{}", STANDARD.encode([byte; 32]))
}

struct Rig {
    receiver: Upstream,
    place: Place,
    sdk: Sdk,
    _others: Upstream,
}

/// A gateway with one receiver. `P-L` may make contact by letter alone.
async fn rig() -> Rig {
    let (receiver, others) = (Upstream::start().await, Upstream::start().await);
    let behind = Behind { mail: 9, form: others.address, calls: others.address };
    let place = Place::new(&behind, "unused");
    for (name, byte) in [("old", 1), ("new", 2)] {
        std::fs::write(place.folder.path().join(name), secret(byte)).unwrap();
    }
    let config = std::fs::read_to_string(place.config()).unwrap();
    // All but what the gateway reminds of by itself: a profile as it is shipped has values to choose.
    let types = "\"contact.routed\", \"contact.limited\", \"contact.filed\", \"contact.observed\", \"contact.safeguarded\", \"restriction.breached\", \"restriction.review_due\", \"restriction.ended\", \"item.worked\", \"item.released\", \"item.unread\", \"person.changed\", \"people.imported\", \"case.stepped\"";
    let events = format!(
        "\n[[organisation.events]]\nname = \"crm\"\nurl = \"http://{}/hooks?k=1\"\n\
         secrets = [{{ file = \"new\" }}, {{ file = \"old\" }}]\ntypes = [{types}]\n",
        receiver.address
    );
    std::fs::write(place.config(), config + &events).unwrap();
    place.import(&people());
    Rig { receiver, place, sdk: Sdk::start(), _others: others }
}

fn people() -> Value {
    let letters = json!({"kind": "channels_only", "channels": ["letter"]});
    json!([person("P-L", "lim@x.example", "+447700900001", letters)])
}

impl Rig {
    /// What the receiver was told by now, once it was told so many times.
    async fn told(&self, times: usize) -> Vec<Seen> {
        for _ in 0..600 {
            let seen = self.receiver.seen();
            if seen.len() >= times {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("told {} times, not {times}", self.receiver.seen().len());
    }

    /// The subjects of what it was told, repeats by their ids left out, once there are so many.
    async fn told_once(&self, events: usize) -> Vec<String> {
        let mut told: Vec<(String, String)> = Vec::new();
        for _ in 0..600 {
            told.clear();
            for seen in self.receiver.seen() {
                let event: Value = serde_json::from_slice(&seen.body).unwrap();
                let id = seen.field("webhook-id").unwrap();
                if told.iter().all(|(known, _)| *known != id) {
                    told.push((id, event["subject"].as_str().unwrap().to_owned()));
                }
            }
            if told.len() >= events {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        told.into_iter().map(|(_, subject)| subject).collect()
    }

    /// Waits until it is on disk that all of the audit trail was told.
    async fn has_kept_its_place(&self, served: &Served) {
        let last = served.audit().await.last().unwrap()["number"].clone();
        let file = self.place.folder.path().join("state/events/karbon/crm.json");
        for _ in 0..600 {
            let place: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            if place["after"].as_u64() >= last.as_u64() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{} does not come to {last}", file.display());
    }

    /// The event as its receiver reads it with one of the two secrets.
    fn read(&mut self, seen: &Seen, byte: u8) -> Value {
        let names = ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"];
        let headers: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!(seen.field(name)))).collect();
        let body = String::from_utf8(seen.body.clone()).unwrap();
        let facts = json!({"secret": secret(byte), "headers": headers, "body": body});
        self.sdk.ask("event_read", facts)
    }
}

async fn mail(served: &Served, id: &str) -> Value {
    let contact = json!({"id": id, "channel": "email", "text": "Hello.", "to": ["a@karbon.example"],
        "from": [{"kind": "email", "value": "lim@x.example", "assurance": "proven"}]});
    served.ask("POST", "/api/v1/contacts", &contact).await
}

#[tokio::test]
async fn a_limited_contact_is_told_signed_and_readable_and_says_nothing_of_the_sender() {
    let mut rig = rig().await;
    let served = rig.place.serve();
    assert_eq!(mail(&served, "c-1").await["disposition"], "limit");
    let told = rig.told(2).await;
    assert_eq!(told[0].line(), "POST /hooks?k=1 HTTP/1.1");
    // Either secret will do while one is being changed.
    let (limited, breached) = (rig.read(&told[0], 1), rig.read(&told[1], 2));
    assert_eq!(limited["attributes"]["type"], "contact-gateway.contact.limited");
    assert_eq!(limited["attributes"]["source"], "/contact-gateway/karbon");
    assert_eq!(limited["attributes"]["subject"], "c-1");
    assert_eq!(breached["attributes"]["type"], "contact-gateway.restriction.breached");
    assert_eq!(limited["data"]["person"], "P-L");
    assert_eq!(limited["data"]["code"], "channels_only.closed");
    for seen in &told {
        let body = String::from_utf8(seen.body.clone()).unwrap();
        for personal in ["lim@x.example", "447700900001", "Jo Doe", "Hello."] {
            assert!(!body.contains(personal), "{body}");
        }
    }
    served.stop();
}

#[tokio::test]
async fn what_a_receiver_missed_it_is_told_after_a_kill_in_order_and_by_the_same_ids() {
    let rig = rig().await;
    rig.receiver.answers("503 Service Unavailable", &[("Retry-After", "0")], b"");
    let served = rig.place.serve();
    for id in ["c-1", "c-2"] {
        mail(&served, id).await;
    }
    rig.told(3).await;
    served.kill();
    let before = rig.receiver.seen();
    assert!(before.iter().all(|seen| seen.body == before[0].body), "the first holds up the rest");
    rig.receiver.answers("204 No Content", &[], b"");
    let served = rig.place.serve();
    assert_eq!(rig.told_once(4).await, ["c-1", "c-1", "c-2", "c-2"]);
    rig.has_kept_its_place(&served).await;
    served.stop();
    // All was taken: a start tells nothing again.
    let before = rig.receiver.seen().len();
    let served = rig.place.serve();
    mail(&served, "c-3").await;
    assert_eq!(rig.told_once(6).await, ["c-1", "c-1", "c-2", "c-2", "c-3", "c-3"]);
    assert_eq!(rig.receiver.seen().len(), before + 2);
    let page = served.ask("GET", "/api/v1/events/dead-letters", &Value::Null).await;
    assert_eq!(page, json!({"dead_letters": []}));
    served.stop();
}

/// Entries of the new trail have the numbers of those that the receiver has had.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_misses_nothing_of_a_store_that_was_emptied_and_accepted() {
    let rig = rig().await;
    let served = rig.place.serve();
    assert_eq!(mail(&served, "c-1").await["disposition"], "limit");
    rig.told(2).await;
    rig.has_kept_its_place(&served).await;
    served.stop();
    for end in ["", "-wal", "-shm"] {
        // After a stop there need be no log.
        let _ = std::fs::remove_file(format!("{}{end}", database(&rig.place).display()));
    }
    let served = rig.place.serve();
    becomes_behind(&served).await;
    accept(&rig.place);
    becomes_well(&served).await;
    rig.place.import(&people());
    let mut limited = None;
    for number in 0..200 {
        let id = format!("after-{number}");
        if mail(&served, &id).await["disposition"] == "limit" {
            limited = Some(id);
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let limited = limited.expect("the person is on record again");
    until("the receiver gets it", || async {
        rig.receiver.seen().iter().any(|seen| {
            let event: Value = serde_json::from_slice(&seen.body).unwrap();
            event["subject"] == *limited
        })
    })
    .await;
    served.stop();
}

/// An unread contact comes before one that was read, and monitoring and other systems learn of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limited_contact_that_nobody_reads_in_time_is_on_top_in_the_metrics_and_an_event() {
    let rig = rig().await;
    let served = rig.place.serve();
    for (id, days) in [("c-read", 9), ("c-missed", 8)] {
        let at = chrono::Utc::now() - chrono::TimeDelta::days(days);
        let contact = json!({"id": id, "channel": "email", "at": at, "text": "Hello.",
            "to": ["a@karbon.example"],
            "from": [{"kind": "email", "value": "lim@x.example", "assurance": "proven"}]});
        let decision = served.ask("POST", "/api/v1/contacts", &contact).await;
        assert_eq!(decision["disposition"], "limit");
    }
    let read = "/api/v1/queues/limited/c-read/read";
    served.ask("POST", read, &json!({})).await;
    assert_eq!(mail(&served, "c-new").await["disposition"], "limit");
    served.stop();

    // A gateway looks when it starts.
    let served = rig.place.serve();
    let is_overdue = "contact_gateway_queue_overdue{organisation=\"karbon\",queue=\"limited\"} 1";
    until("the metric shows it", || async { served.metrics().await.contains(is_overdue) }).await;
    let items = served.queue("limited").await;
    let shown: Vec<(&str, bool)> =
        items.iter().map(|item| (item["id"].as_str().unwrap(), item["overdue"] == true)).collect();
    assert_eq!(shown, [("c-missed", true), ("c-read", false), ("c-new", false)]);
    until("the receiver gets it", || async {
        rig.receiver.seen().iter().any(|seen| {
            let event: Value = serde_json::from_slice(&seen.body).unwrap();
            event["type"] == "contact-gateway.item.unread" && event["subject"] == "c-missed"
        })
    })
    .await;
    served.stop();
}
