//! The quota across a Sentinel failover, with what the replicas acknowledged.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::fleet::{Fleet, decided, mail};
use crate::served::{Place, person};
use crate::store_contract::replicas::new_master;
use crate::store_contract::servers::{self, until};

const GATEWAYS: usize = 4;
const SENDERS: usize = 64;
const LIMIT: usize = 10;
const JO: &str = "jo@x.example";

/// The same message again, to another gateway each time, until it is taken: what a mail server
/// with several ways on does.
async fn send(fleet: Arc<Fleet>, number: usize, answered: Arc<AtomicUsize>) {
    let token = format!("M{number:03}");
    for attempt in 0.. {
        if mail(&fleet.gateways[(number + attempt) % GATEWAYS], JO, &token).await == 250 {
            answered.fetch_add(1, Ordering::SeqCst);
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every write waits for both replicas, and mail that depends on a counter for the store.
fn careful(place: Place) -> Place {
    place.change("[archive]", "replicas_acknowledged = 2\n[archive]");
    place.deferring()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_gateways_admit_no_more_than_the_quota_across_a_redis_failover() {
    let mut ground = servers::sentinel().await;
    let quota =
        json!({"kind": "contact_quota", "limit": LIMIT, "per": "week", "window": "rolling"});
    let people = json!([person("P-1", JO, "+447700900001", quota)]);
    servers::replicated(&ground.servers[0], 2).await;
    let fleet = Arc::new(Fleet::start(GATEWAYS, &ground.url, &people, careful).await);

    let answered = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for number in 0..SENDERS {
        senders.spawn(send(Arc::clone(&fleet), number, Arc::clone(&answered)));
    }
    until("some are answered", || async { answered.load(Ordering::SeqCst) >= 4 }).await;
    let old = ground.servers[0].port;
    ground.servers[0].kill();
    let before = answered.load(Ordering::SeqCst);
    println!("{before} of {SENDERS} were answered before the master was killed");
    until("there is another master", || async { new_master(&ground).await != old }).await;
    let master = new_master(&ground).await;
    let follows = ["--replicaof", "127.0.0.1", &master.to_string()];
    ground.servers[0].start_again(&follows).await;
    tokio::time::timeout(Duration::from_secs(60), senders.join_all()).await.unwrap();

    let entries = decided(&fleet.gateways[0], "P-1").await;
    let let_in = entries.iter().filter(|entry| entry["disposition"] == "deliver").count();
    assert_eq!((entries.len(), let_in), (SENDERS, LIMIT));
    assert!(entries.iter().all(|entry| entry["stale"] != true), "{entries:?}");
    let out = fleet.delivered();
    assert_eq!(out.len(), LIMIT, "what was delivered is what was admitted: {out:?}");
    let counted: usize =
        servers::say(master, &["ZCARD", "cg1:{karbon}:counted:P-1"]).await.unwrap();
    assert_eq!(counted, LIMIT);

    // The same again gives the same, and decides nothing anew.
    for number in 0..SENDERS {
        let gateway = &fleet.gateways[(number + 1) % GATEWAYS];
        assert_eq!(mail(gateway, JO, &format!("M{number:03}")).await, 250);
    }
    assert_eq!(fleet.delivered(), out);
    assert_eq!(decided(&fleet.gateways[3], "P-1").await.len(), SENDERS);
}
