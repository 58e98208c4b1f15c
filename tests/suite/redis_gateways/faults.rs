//! A run of 5,000 contacts through real intake while Redis is killed, frozen, cut off, stuttering,
//! full, read-only, unable to save, loading, and replaced by somebody who talks rubbish.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use contact_gateway::app;
use contact_gateway::config::{self, Environment};
use contact_gateway::intake::{Inbound, Intake};
use contact_gateway::ports::Original;
use contact_gateway::runtime::service_manager::Sockets;
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::fair::{PEOPLE, Told, address, is_whole_and_fair, people};
use super::relay::{Net, Relay};
use crate::served::{Behind, Place};
use crate::store_contract::facts::{self, karbon};
use crate::store_contract::servers::{Server, until};

const CONTACTS: usize = 5_000;
const SENDERS: usize = 8;
/// Each so many-th contact is of somebody without restrictions.
const STRANGER_EVERY: usize = 5;
/// Each so many-th contact is handed in again at once.
const AGAIN_EVERY: usize = 10;
/// Contacts that are decided, at least, while a fault lasts, and how long it lasts at least.
const DURING: usize = 150;
const LASTS: Duration = Duration::from_millis(1_500);

struct Run {
    intake: Arc<Intake>,
    /// Contacts so far; those decided with counters; faults are over.
    sent: AtomicUsize,
    fresh: AtomicUsize,
    over: AtomicBool,
    told: Mutex<Vec<Told>>,
}

impl Run {
    async fn receive(&self, id: &str, person: Option<usize>, at: DateTime<Utc>) -> Told {
        let from = person.map_or_else(|| format!("{id}@y.example"), address);
        let contact = serde_json::from_value(json!({
            "id": id, "channel": "email", "at": at,
            "from": [{"kind": "email", "value": from, "assurance": "asserted"}],
            "to": ["repairs@karbon.example"], "subject": id, "text": format!("About {id}"),
        }));
        let original = Some(Original::Bytes(Bytes::from_static(b"Subject: x\r\n\r\ny\r\n")));
        let inbound = Inbound { contact: contact.unwrap(), digest: facts::digest(id), original };
        let before = Instant::now();
        let outcome = self.intake.receive(&karbon(), inbound).await;
        let took = before.elapsed();
        assert!(outcome.durable && outcome.defer.is_none(), "{id}");
        let decision = outcome.decision;
        Told {
            id: id.to_owned(),
            person,
            at,
            disposition: decision.disposition,
            stale: decision.stale,
            took,
            had_before: false,
            may_be_lost: false,
        }
    }

    /// One sender's contacts, one after the other, until the faults are over and there are enough.
    async fn send(&self, sender: usize) {
        for round in 0.. {
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            if number >= CONTACTS && self.over.load(Ordering::SeqCst) {
                return;
            }
            let id = format!("c-{number:06}");
            let person = (round % STRANGER_EVERY != 0)
                .then(|| sender + SENDERS * (round % (PEOPLE / SENDERS)));
            let at = Utc::now();
            let told = self.receive(&id, person, at).await;
            if number.is_multiple_of(AGAIN_EVERY) && !told.stale {
                let again = self.receive(&id, person, at).await;
                assert!(again.disposition == told.disposition || again.stale, "{told:?} {again:?}");
            }
            self.fresh.fetch_add(usize::from(!told.stale && person.is_some()), Ordering::SeqCst);
            self.told.lock().unwrap().push(told);
            sleep(Duration::from_millis(4)).await;
        }
    }

    /// While a fault lasts contacts go on being decided. (That the breaker spares nearly all of them
    /// the wait is tested where no disk and no other work is timed with it.)
    async fn goes_on(&self, fault: &str) {
        let (from, began) = (self.told.lock().unwrap().len(), Instant::now());
        until(fault, || async {
            let decided = self.told.lock().unwrap().len() - from;
            decided >= DURING && began.elapsed() >= LASTS
        })
        .await;
        let told = self.told.lock().unwrap();
        let during = &told[from..];
        let stale = during.iter().filter(|told| told.stale).count();
        assert!(stale > 0, "{fault}: nothing was wrong");
    }

    async fn is_well_again(&self, after: &str) {
        let before = self.fresh.load(Ordering::SeqCst);
        until(&format!("it works again after {after}"), || async {
            self.fresh.load(Ordering::SeqCst) >= before + 50
        })
        .await;
    }
}

/// What is wrong, the commands that make it so, and the one that ends it.
type Setting = (&'static str, &'static [&'static [&'static str]], &'static [&'static str]);

/// Every fault in turn, each in the middle of the run.
async fn go_wrong(run: &Run, server: &mut Server, relay: &Relay) {
    run.is_well_again("the start").await;
    server.kill();
    run.goes_on("killed").await;
    server.start_again(&[]).await;
    run.is_well_again("killed").await;

    server.freeze();
    run.goes_on("frozen").await;
    server.thaw();
    run.is_well_again("frozen").await;

    let nets = [
        ("cut off", Net::Silent),
        ("closing", Net::Closes),
        ("stuttering", Net::Stutters),
        ("rubbish", Net::Says("HTTP/1.1 400 Bad Request\r\n\r\n*3\r\n:1\r\n")),
        ("loading", Net::Says("-LOADING Redis is loading the dataset in memory\r\n")),
    ];
    for (fault, net) in nets {
        relay.becomes(net);
        run.goes_on(fault).await;
        relay.becomes(Net::Passes);
        run.is_well_again(fault).await;
    }

    // A folder where the snapshot would be: it can't be saved.
    let folder: Vec<String> = server.say(&["CONFIG", "GET", "dir"]).await.unwrap();
    std::fs::create_dir(std::path::Path::new(&folder[1]).join("taken.rdb")).unwrap();
    let settings: [Setting; 3] = [
        ("full", &[&["CONFIG", "SET", "maxmemory", "1"]], &["CONFIG", "SET", "maxmemory", "0"]),
        ("a replica of nobody", &[&["REPLICAOF", "127.0.0.1", "1"]], &["REPLICAOF", "NO", "ONE"]),
        (
            "unable to save",
            &[&["CONFIG", "SET", "save", "3600 1"], &["BGSAVE"]],
            &["CONFIG", "SET", "save", ""],
        ),
    ];
    for (fault, trouble, cure) in settings {
        for words in trouble {
            server.say::<redis::Value>(words).await.unwrap();
        }
        run.goes_on(fault).await;
        server.say::<redis::Value>(cure).await.unwrap();
        run.is_well_again(fault).await;
    }

    server.restart().await;
    run.is_well_again("a restart").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_through_all_that_redis_can_do_is_whole_and_fair_afterwards() {
    let settings = ["appendonly yes", "appendfsync always", "dbfilename taken.rdb"];
    let mut server = Server::start(&settings.map(str::to_owned)).await;
    let relay = Relay::before(server.port).await;
    let nobody = "127.0.0.1:9".parse().unwrap();
    let place = Place::new(&Behind { mail: 9, form: nobody, calls: nobody }, "a secret");
    place.store_at(&format!("redis://127.0.0.1:{}", relay.port));
    place.import(&people());
    let settings = config::load(&place.config(), &Environment::new());
    let settings = settings.unwrap_or_else(|fault| panic!("{fault}")).settings;
    let gateway = app::start(&settings, Sockets::none()).await.unwrap();
    let run = Arc::new(Run {
        intake: Arc::clone(gateway.intake()),
        sent: AtomicUsize::default(),
        fresh: AtomicUsize::default(),
        over: AtomicBool::default(),
        told: Mutex::default(),
    });
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let run = Arc::clone(&run);
        senders.spawn(async move { run.send(sender).await });
    }
    go_wrong(&run, &mut server, &relay).await;
    run.over.store(true, Ordering::SeqCst);
    senders.join_all().await;

    let told = run.told.lock().unwrap().clone();
    assert!(told.len() >= CONTACTS);
    println!("{}", is_whole_and_fair(&told, &server).await);
    drop(run);
    assert!(gateway.stop().await);
}
