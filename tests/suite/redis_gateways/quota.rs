//! Exactly the quota is admitted, whatever the interleaving.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use std::sync::Arc;

use chrono::{Datelike, Utc};
use chrono_tz::Europe::London;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::fleet::{Fleet, decided, letter, mail};
use crate::served::person;
use crate::store_contract::servers::{self, Server};

const GATEWAYS: usize = 4;
const SENDERS: usize = 64;
const LIMIT: usize = 10;

fn month() -> u32 {
    Utc::now().with_timezone(&London).month()
}

fn quota(window: &str) -> Value {
    json!({"kind": "contact_quota", "limit": LIMIT, "per": "month", "window": window})
}

/// What one sender sends: half letters, half mail; each fourth to two gateways at once, and each
/// third again afterwards, at another gateway.
async fn send(fleet: Arc<Fleet>, from: &'static str, number: usize) -> (String, Vec<Value>) {
    let token = format!("{}{number:03}", &from[..3]);
    let gateway = |more: usize| &fleet.gateways[(number + more) % GATEWAYS];
    let one = async |more: usize| {
        if number.is_multiple_of(2) {
            letter(gateway(more), from, &token).await
        } else {
            assert_eq!(mail(gateway(more), from, &token).await, 250);
            Value::Null
        }
    };
    let mut answers = Vec::new();
    if (number / 2).is_multiple_of(4) {
        let (here, there) = tokio::join!(one(0), one(1));
        answers.extend([here, there]);
    } else {
        answers.push(one(0).await);
    }
    if number.is_multiple_of(3) {
        answers.push(one(2).await);
    }
    (token, answers)
}

async fn the_quota_holds(
    fleet: &Arc<Fleet>,
    server: &Server,
    id: &str,
    from: &'static str,
    admitted: RangeInclusive<usize>,
) {
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(send(Arc::clone(fleet), from, number));
    }
    let answers: BTreeMap<String, Vec<Value>> = senders.join_all().await.into_iter().collect();
    let entries = decided(&fleet.gateways[0], id).await;
    assert_eq!(entries.len(), SENDERS, "one entry a contact");
    let of = |disposition: &str| -> BTreeSet<String> {
        let some = entries.iter().filter(|entry| entry["disposition"] == disposition);
        some.map(|entry| entry["contact"].as_str().unwrap().to_owned()).collect()
    };
    let (let_in, held) = (of("deliver"), of("limit"));
    assert!(admitted.contains(&let_in.len()), "{} were admitted", let_in.len());
    assert_eq!(let_in.len() + held.len(), SENDERS);
    assert!(entries.iter().all(|entry| entry["stale"] != true), "{entries:?}");

    let key = format!("cg1:{{karbon}}:counted:{id}");
    let counted: usize = server.say(&["ZCARD", &key]).await.unwrap();
    assert_eq!(counted, let_in.len(), "each counts once");
    let waiting = fleet.gateways[1].queue("limited").await;
    let waiting = waiting.iter().filter(|item| item["person"] == id).count();
    assert_eq!(waiting, held.len(), "each is kept");

    // Every answer to an id is the same, and what the trail says.
    let out = fleet.delivered();
    for (token, answers) in answers {
        let is_letter = !answers[0].is_null();
        let was_let_in = match is_letter {
            true => let_in.contains(&token),
            false => let_in.iter().any(|id| id.starts_with(&format!("mail-{token}-"))),
        };
        assert!(is_letter || out.contains(&token) == was_let_in, "{token}: {was_let_in}");
        for answer in answers.iter().filter(|_| is_letter) {
            assert_eq!(answer, &answers[0]);
            assert_eq!(answer["disposition"] == "deliver", was_let_in, "{token}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_gateways_on_one_redis_admit_exactly_the_quota() {
    let ground = servers::single().await;
    let people = json!([
        person("P-1", "cal@x.example", "+447700900001", quota("calendar")),
        person("P-2", "rol@x.example", "+447700900002", quota("rolling")),
    ]);
    let store = format!("url = \"{}\"", ground.url);
    let fleet = Arc::new(Fleet::start(GATEWAYS, &store, &people, |place| place).await);
    let server = &ground.servers[0];
    let before = month();
    the_quota_holds(&fleet, server, "P-1", "cal@x.example", LIMIT..=2 * LIMIT).await;
    let entries = decided(&fleet.gateways[2], "P-1").await;
    let let_in = entries.iter().filter(|entry| entry["disposition"] == "deliver").count();
    assert!(let_in == LIMIT || before != month(), "{let_in} were admitted within a month");
    the_quota_holds(&fleet, server, "P-2", "rol@x.example", LIMIT..=LIMIT).await;
}
