//! Redis through the end, freezing and moving of its servers: no restart, nothing lost or doubled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{Change, Decisions, Journal, JournalEntry, Register};
use contact_gateway::store::journal::FileJournal;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::Codec;
use secrecy::SecretString;
use tokio::task::JoinSet;

use super::facts::PERSON;
use super::facts::{
    at, decided, digest, karbon, ledger, limited, person, plain, put_people, request, stamp,
};
use super::redis::{commit, commit_again};
use super::servers::{self, OnRedis, until};

/// A master's end under load: the same store goes on, with what was acknowledged and replicated.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_failover_needs_no_restart() {
    let mut ground = servers::sentinel().await;
    let (store, other) = (ground.redis(), ground.redis());
    let mut feed = other.changes();
    other.people(&karbon()).await.unwrap();
    for number in 0..30 {
        commit(&*store, &format!("c-{number}")).await.unwrap();
    }
    servers::replicated(&ground.servers[0], 2).await;
    ground.servers[0].kill();
    commit_again(&*store, "c-30").await;
    commit_again(&*other, "c-31").await;
    assert_eq!(decided(&*store, &karbon()).await.len(), 32);
    assert_eq!(ledger(&*other).await.counted.len(), 32);

    // Followers go on as well: told of what they may have missed, and of what comes.
    let changed = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    let people = vec![person("P-1", "after")];
    put_people(&*store, &karbon(), people, stamp(), changed).await.unwrap();
    let told = async {
        loop {
            if let Ok(Change::Put(_, person)) = feed.recv().await {
                return person.name.clone();
            }
        }
    };
    assert_eq!(tokio::time::timeout(Duration::from_secs(10), told).await.unwrap(), "after");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_failover_from_a_frozen_master_needs_no_restart() {
    let ground = servers::sentinel().await;
    let store = ground.redis();
    commit(&*store, "c-0").await.unwrap();
    servers::replicated(&ground.servers[0], 2).await;
    ground.servers[0].freeze();
    commit_again(&*store, "c-1").await;
    // The old master comes back as a replica: nothing goes to it.
    ground.servers[0].thaw();
    for number in 2..30 {
        commit_again(&*store, &format!("c-{number}")).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(decided(&*store, &karbon()).await.len(), 30);
}

/// A gateway's contacts find the new master; its staff reach the same one, with what was written there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_links_of_a_gateway_go_on_after_a_sentinel_failover() {
    let ground = servers::sentinel().await;
    let url = SecretString::from(ground.url.clone());
    let stores = Redis::open_for_each(&url, &Codec::plain()).unwrap();
    let (contacts, staff) = (stores.for_contacts, stores.for_staff);
    commit(&*contacts, "c-0").await.unwrap();
    let has = async |contact: &str| matches!(staff.recorded(&karbon(), contact).await, Ok(Some(_)));
    assert!(has("c-0").await);
    servers::replicated(&ground.servers[0], 2).await;
    ground.servers[0].freeze();
    commit_again(&*contacts, "c-1").await;
    until("staff have what contacts wrote", || async { has("c-1").await }).await;
    // The old master comes back as a replica: neither goes to it.
    ground.servers[0].thaw();
    for number in 2..20 {
        let contact = format!("c-{number}");
        commit_again(&*contacts, &contact).await;
        until("staff have it", || async { has(&contact).await }).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(decided(&*staff, &karbon()).await.len(), 20);
}

/// A new connection finds the master by the other sentinels.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sentinel_that_is_silent_keeps_nobody_from_the_master() {
    let ground = servers::sentinel().await;
    let store = ground.redis();
    commit(&*store, "c-0").await.unwrap();
    // The first that the address names.
    ground.servers[ground.data].freeze();
    for number in 1..6 {
        let ended: i64 =
            ground.servers[0].say(&["CLIENT", "KILL", "TYPE", "normal"]).await.unwrap();
        assert!(ended > 0, "the store was connected");
        commit(&*store, &format!("c-{number}")).await.unwrap();
    }
    assert_eq!(decided(&*store, &karbon()).await.len(), 6);
}

/// The port of the master that serves a key.
pub async fn master_of(ground: &OnRedis, key: &str) -> u16 {
    let slot: u64 = ground.servers[0].say(&["CLUSTER", "KEYSLOT", key]).await.unwrap();
    for server in &ground.servers {
        let Ok(nodes) = server.say::<String>(&["CLUSTER", "NODES"]).await else { continue };
        for line in nodes.lines().filter(|line| line.contains("master") && !line.contains("fail")) {
            let mut words = line.split_whitespace();
            let address = words.nth(1).unwrap().split('@').next().unwrap();
            let serves = words.skip(6).any(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                matches!((from.parse::<u64>(), to.parse::<u64>()), (Ok(from), Ok(to))
                    if (from..=to).contains(&slot))
            });
            if serves {
                return address.rsplit(':').next().unwrap().parse().unwrap();
            }
        }
    }
    panic!("no master serves the slot");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_failover_needs_no_restart_and_spares_other_organisations() {
    let mut ground = servers::cluster().await;
    let store = ground.redis();
    for number in 0..20 {
        commit(&*store, &format!("c-{number}")).await.unwrap();
    }
    let port = master_of(&ground, "cg1:{karbon}:people").await;
    let elsewhere = master_of(&ground, "cg1:{tuntum}:people").await;
    assert_ne!(port, elsewhere, "the two organisations stand on different masters");
    let dead = ground.servers.iter_mut().find(|server| server.port == port).unwrap();
    servers::replicated(dead, 1).await;
    dead.kill();
    let _ = commit(&*store, "c-20").await;
    // The other organisation's server is there; the cluster as a whole stops until the failover,
    // unless `cluster-require-full-coverage` is off.
    commit_again(&*store, "c-20").await;
    assert_eq!(decided(&*store, &karbon()).await.len(), 21);
    store.record_plain([plain(super::facts::tuntum(), "c-1")].into()).await.unwrap();
    assert_eq!(ledger(&*store).await.counted.len(), 21);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_moves_a_slot_loses_nothing() {
    let ground = servers::cluster().await;
    let store = ground.redis();
    nothing_is_lost_while_a_slot_moves(&ground, store).await;
}

pub async fn nothing_is_lost_while_a_slot_moves(ground: &OnRedis, store: Arc<Redis>) {
    let from = master_of(ground, "cg1:{karbon}:people").await;
    let to = master_of(ground, "cg1:{tuntum}:people").await;
    let stop = Arc::new(AtomicBool::new(false));
    let committing = {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        tokio::spawn(async move {
            let mut done = 0;
            while !stop.load(Ordering::SeqCst) || done < 200 {
                commit_again(&*store, &format!("c-{done}")).await;
                done += 1;
            }
            done
        })
    };
    let id = async |port| servers::say::<String>(port, &["CLUSTER", "MYID"]).await.unwrap();
    let moved = tokio::process::Command::new("redis-cli")
        .args(["--cluster", "reshard", &format!("127.0.0.1:{from}")])
        .args(["--cluster-from", &id(from).await, "--cluster-to", &id(to).await])
        .args(["--cluster-slots", "5462", "--cluster-yes"])
        .output()
        .await
        .unwrap();
    assert!(moved.status.success(), "{}", String::from_utf8_lossy(&moved.stdout));
    until("the slot has moved", || async { master_of(ground, "cg1:{karbon}:people").await == to })
        .await;
    stop.store(true, Ordering::SeqCst);
    let done = committing.await.unwrap();
    commit_again(&*store, "c-last").await;
    assert_eq!(decided(&*store, &karbon()).await.len(), done + 1);
    assert_eq!(ledger(&*store).await.counted.len(), done + 1);
}

const CONTACTS: usize = 2_000;
const SENDERS: usize = 8;
/// No contact takes longer, journal included.
const CONTACT_DEADLINE: Duration = Duration::from_secs(2);

/// What a gateway does with one contact: commits it, or decides without the store and journals it.
async fn receive(store: &dyn contact_gateway::ports::Store, journal: &FileJournal, contact: &str) {
    let before = Instant::now();
    let name = contact.to_owned();
    let answer = store.commit(request(contact, move |_| limited(&name, at(0)))).await;
    if answer.is_err() {
        let entry = JournalEntry {
            organisation: karbon(),
            contact: contact.to_owned(),
            digest: digest(contact),
            person: Some(PERSON.to_owned()),
            at: at(0),
            settled: limited(contact, at(0)),
        };
        journal.append(entry).await.unwrap();
    }
    let took = before.elapsed();
    assert!(took < CONTACT_DEADLINE, "a contact took {took:?}");
}

/// Puts right what was decided without the store.
async fn replay(store: &dyn contact_gateway::ports::Store, journal: &FileJournal) {
    loop {
        let page = journal.pending().await.unwrap();
        if page.is_empty() {
            return;
        }
        for (number, entry) in page {
            until("the store takes a replay", || async {
                store.replay(entry.clone()).await.is_ok()
            })
            .await;
            journal.done(number).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_through_a_freeze_a_kill_and_a_restart_is_whole_afterwards() {
    let mut ground = servers::single().await;
    let folder = tempfile::tempdir().unwrap();
    let journal = Arc::new(FileJournal::open(folder.path()).unwrap());
    let store = ground.redis();
    let next = Arc::new(AtomicUsize::new(0));
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let (store, journal, next) = (Arc::clone(&store), Arc::clone(&journal), Arc::clone(&next));
        senders.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= CONTACTS {
                    return;
                }
                receive(&*store, &journal, &format!("c-{number:04}")).await;
                // A sender that is not sure sends again.
                if number % 10 == 0 {
                    receive(&*store, &journal, &format!("c-{number:04}")).await;
                }
            }
        });
    }
    let reached = async |number: usize| {
        until("the run goes on", || async { next.load(Ordering::SeqCst) >= number }).await;
    };
    reached(200).await;
    ground.servers[0].freeze();
    reached(600).await;
    ground.servers[0].thaw();
    reached(900).await;
    ground.servers[0].kill();
    reached(1_300).await;
    ground.servers[0].restart().await;
    senders.join_all().await;
    replay(&*store, &journal).await;

    let mut contacts = decided(&*store, &karbon()).await;
    contacts.sort_unstable();
    let all: Vec<String> = (0..CONTACTS).map(|number| format!("c-{number:04}")).collect();
    assert_eq!(contacts, all, "each contact has one entry");
    assert_eq!(ledger(&*store).await.counted.len(), CONTACTS, "each is counted once");
}
