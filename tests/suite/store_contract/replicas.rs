//! `[store] replicas_acknowledged`: what too few replicas have is not told to anybody.

use std::sync::Arc;
use std::time::{Duration, Instant};

use contact_gateway::ports::{Decisions, Register};
use contact_gateway::runtime::limits::REDIS_REPLICAS_WAIT;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::RedisSettings;
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::Ground;
use super::facts::{at, decided, karbon, ledger, limited, plain, request, tuntum};
use super::failovers::{master_of, nothing_is_lost_while_a_slot_moves};
use super::redis::{commit, commit_again};
use super::servers::{self, OnRedis, Server, until};

fn acknowledged_by(ground: &OnRedis, replicas: u32) -> Arc<Redis> {
    let url = SecretString::from(ground.url.clone());
    Redis::open(&RedisSettings { url, replicas_acknowledged: replicas }).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_redis_replica_acknowledges_is_no_answer_and_nothing_waits_for_it() {
    let ground = servers::single().await;
    let store = acknowledged_by(&ground, 1);
    let fault = until_unacknowledged(&store).await;
    assert!(fault.contains("replicas"), "{fault}");
    // Soon nothing is written any more, nor waited for; reading goes on.
    let mut at_once = 0;
    for number in 0..20 {
        let before = Instant::now();
        commit(&*store, &format!("c-{number}")).await.unwrap_err();
        at_once += usize::from(before.elapsed() < Duration::from_millis(20));
    }
    assert!(at_once >= 12, "{at_once}");
    store.people(&karbon()).await.unwrap();
    assert!(store.record_plain([plain(karbon(), "p-1")].into()).await.is_err());

    let replica = [format!("replicaof 127.0.0.1 {}", ground.servers[0].port)];
    let _replica = Server::start(&replica).await;
    for number in 0..20 {
        commit_again(&*store, &format!("c-{number}")).await;
    }
    // What was written without being acknowledged is there once.
    let mut contacts = decided(&*store, &karbon()).await;
    contacts.retain(|contact| contact != "c-first");
    assert_eq!(contacts.len(), 20);
    let counted = ledger(&*store).await.counted.len();
    assert!((20..=21).contains(&counted), "{counted}");
    store.record_plain([plain(karbon(), "p-1")].into()).await.unwrap();
}

/// The first call of all may find no connection in time.
async fn until_unacknowledged(store: &Redis) -> String {
    for _ in 0..100 {
        let fault = commit(store, "c-first").await.unwrap_err();
        if fault.contains("replicas") {
            return fault;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no write was left unacknowledged");
}

/// Many commit at once until a server is killed; what was answered.
async fn burst(store: &Arc<Redis>, dies: &mut Server) -> Vec<String> {
    commit_again(&**store, "c-first").await;
    let (told, mut tells) = tokio::sync::mpsc::unbounded_channel();
    let mut senders = JoinSet::new();
    for sender in 0..8 {
        let (store, told) = (Arc::clone(store), told.clone());
        senders.spawn(async move {
            for number in 0.. {
                let contact = format!("c-{sender}-{number}");
                let name = contact.clone();
                let asked = request(&name, move |_| limited(&contact, at(0)));
                if store.commit(asked).await.is_err() {
                    return;
                }
                told.send(name).unwrap();
            }
        });
    }
    drop(told);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 100 {
        acknowledged.push(tells.recv().await.expect("a hundred are answered before the end"));
    }
    dies.kill();
    while let Some(contact) = tells.recv().await {
        acknowledged.push(contact);
    }
    senders.join_all().await;
    acknowledged
}

/// After a failover, asked without waiting for replicas, of which there may be none yet.
async fn all_is_kept(ground: &OnRedis, acknowledged: &[String]) {
    let plain = ground.gateway();
    commit_again(&*plain, "c-after").await;
    let trail = decided(&*plain, &karbon()).await;
    let lost: Vec<&String> =
        acknowledged.iter().filter(|contact| !trail.contains(contact)).collect();
    assert!(lost.is_empty(), "{lost:?} of {}", acknowledged.len());
    assert_eq!(ledger(&*plain).await.counted.len(), trail.len(), "each counts once");
}

/// Without the option this loses the last moments; with it nothing that was answered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_failover_in_a_burst_keeps_all_that_was_acknowledged() {
    let mut ground = servers::sentinel().await;
    let store = acknowledged_by(&ground, 2);
    let acknowledged = burst(&store, &mut ground.servers[0]).await;
    // The new master has one replica until the old one is back, as a replica of it.
    all_is_kept(&ground, &acknowledged).await;
    commit(&*store, "c-too-early").await.unwrap_err();
    let master = new_master(&ground).await;
    let follows = ["--replicaof", "127.0.0.1", &master.to_string()];
    ground.servers[0].start_again(&follows).await;
    commit_again(&*store, "c-last").await;
}

/// The new master has no replica until the old one is back, which a Cluster makes one of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_failover_in_a_burst_keeps_all_that_was_acknowledged() {
    let mut ground = servers::cluster().await;
    let store = acknowledged_by(&ground, 1);
    let master = master_of(&ground, "cg1:{karbon}:people").await;
    let dies = ground.servers.iter().position(|server| server.port == master).unwrap();
    let acknowledged = burst(&store, &mut ground.servers[dies]).await;
    all_is_kept(&ground, &acknowledged).await;
    // Reading goes on, and an organisation whose master has its replica.
    until("reading goes on", || async { store.people(&karbon()).await.is_ok() }).await;
    commit(&*store, "c-too-early").await.unwrap_err();
    until("the other organisation's replica acknowledges", || async {
        store.record_plain([plain(tuntum(), "p-1")].into()).await.is_ok()
    })
    .await;
    ground.servers[dies].start_again(&[]).await;
    commit_again(&*store, "c-last").await;
    let contacts = decided(&*store, &karbon()).await;
    let distinct: std::collections::BTreeSet<&String> = contacts.iter().collect();
    assert_eq!(distinct.len(), contacts.len(), "one entry per contact");
    assert_eq!(ledger(&*store).await.counted.len(), contacts.len(), "each counts once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_replica_that_is_frozen_holds_up_its_own_organisations_alone() {
    let ground = servers::cluster().await;
    let store = acknowledged_by(&ground, 1);
    let other = || store.record_plain([plain(tuntum(), "p-1")].into());
    until("both work", || async { commit(&*store, "c-0").await.is_ok() && other().await.is_ok() })
        .await;
    let master = master_of(&ground, "cg1:{karbon}:people").await;
    let replica = replica_of(&ground, master).await;
    replica.freeze();
    commit(&*store, "c-1").await.unwrap_err();
    commit(&*store, "c-2").await.unwrap_err();
    // By now it is known: nothing is written that would wait in vain.
    let before = Instant::now();
    for number in 0..20 {
        commit(&*store, &format!("c-{number}")).await.unwrap_err();
    }
    println!("20 refusals took {:?}", before.elapsed());
    assert!(before.elapsed() < 20 * REDIS_REPLICAS_WAIT, "{:?}", before.elapsed());
    other().await.unwrap();
    replica.thaw();
    for number in 0..20 {
        commit_again(&*store, &format!("c-{number}")).await;
    }
    assert_eq!(decided(&*store, &karbon()).await.len(), 20);
    assert_eq!(ledger(&*store).await.counted.len(), 20);
}

/// A script and the wait behind it go together to where the slot is now, if need be a second time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_moves_a_slot_loses_nothing_that_was_acknowledged() {
    let ground = servers::cluster().await;
    let store = acknowledged_by(&ground, 1);
    nothing_is_lost_while_a_slot_moves(&ground, store).await;
}

async fn replica_of(ground: &OnRedis, master: u16) -> &Server {
    for server in &ground.servers {
        let info: String = server.say(&["INFO", "replication"]).await.unwrap();
        if info.contains(&format!("master_port:{master}\r\n")) {
            return server;
        }
    }
    panic!("the master has no replica");
}

/// The port that the sentinels name.
pub async fn new_master(ground: &OnRedis) -> u16 {
    let asked = ["SENTINEL", "get-master-addr-by-name", "main"];
    let address: Vec<String> = ground.servers[3].say(&asked).await.unwrap();
    address[1].parse().unwrap()
}
