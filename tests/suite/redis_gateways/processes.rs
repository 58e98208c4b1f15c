//! Two real gateways on one Redis while that is killed and frozen, and while they are themselves
//! killed, one after the other: before Redis is back, while it is frozen, and while all is well.
//!
//! Senders do as patient programs do: the same contact again, to the other gateway, until it is
//! answered.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use contact_gateway::domain::decision::Decision;
use serde_json::json;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::fair::{PEOPLE, Told, address, is_whole_and_fair, people};
use super::fleet::Fleet;
use crate::contacts_edge::client::try_raw;
use crate::served::{Served, asking};
use crate::store_contract::servers::{Server, until};

const GATEWAYS: usize = 2;
const SENDERS: usize = 8;
/// Each so many-th contact of a sender is of somebody without restrictions.
const STRANGER_EVERY: usize = 5;
/// Each so many-th contact is handed in once more, at the other gateway.
const AGAIN_EVERY: usize = 7;
/// Contacts that are decided, at least, while a fault lasts, and how long it lasts at least.
const DURING: usize = 60;
const LASTS: Duration = Duration::from_millis(700);
/// After a fault, so many contacts at each gateway are decided with counters before the next one.
const WELL: usize = 30;
/// What one try may take before its sender asks elsewhere: longer than the gateway's own deadline.
const TRY_WAIT: Duration = Duration::from_secs(10);
/// What a gateway answered that long before it was killed is recorded, or in its journal: a batch
/// of strangers' contacts and a wait for a store that is gone, on a busy machine.
const RECORDED_AFTER: Duration = Duration::from_secs(2);

/// Where a gateway is reached.
#[derive(Clone, Copy)]
struct Doors {
    staff: SocketAddr,
    contacts: SocketAddr,
}

fn doors(gateways: &[Served]) -> Vec<Doors> {
    let of = |served: &Served| Doors { staff: served.staff, contacts: served.contacts };
    gateways.iter().map(of).collect()
}

/// One answer, of which gateway, and when it was asked for and given.
struct Answer {
    told: Told,
    gateway: usize,
    asked: Instant,
    given: Instant,
}

struct Run {
    doors: watch::Receiver<Vec<Doors>>,
    over: AtomicBool,
    sent: AtomicUsize,
    /// Contacts that each gateway decided with counters.
    fresh: [AtomicUsize; GATEWAYS],
    answers: Mutex<Vec<Answer>>,
}

impl Run {
    /// One try; `None`: the gateway went away. Half are letters that staff log, half come from other
    /// middleware.
    async fn receive(
        &self,
        gateway: usize,
        (number, person, at): (usize, Option<usize>, DateTime<Utc>),
    ) -> Option<Answer> {
        let doors = self.doors.borrow()[gateway];
        let id = format!("c-{number:05}");
        let from = person.map_or_else(|| format!("{id}@y.example"), address);
        let (door, target, channel) = match number.is_multiple_of(2) {
            true => (doors.staff, "/api/v1/contacts", "letter"),
            false => (doors.contacts, "/decisions/contact", "web_form"),
        };
        let contact = json!({
            "id": id, "channel": channel, "at": at, "text": format!("About {id}"),
            "from": [{"kind": "email", "value": from, "assurance": "asserted"}],
        });
        let before = Instant::now();
        let request = asking("POST", target, &contact);
        let got = timeout(TRY_WAIT, try_raw(door, &request)).await;
        let got = got.unwrap_or_else(|_| panic!("{id}: no answer in {TRY_WAIT:?}"))?;
        let took = before.elapsed();
        assert_eq!(got.status, 200, "{id}: {got:?}");
        let decision: Decision = serde_json::from_slice(&got.body).unwrap();
        let told = Told {
            id,
            person,
            at,
            disposition: decision.disposition,
            stale: decision.stale,
            took,
            had_before: false,
            may_be_lost: false,
        };
        Some(Answer { told, gateway, asked: before, given: before + took })
    }

    /// Until a gateway answers.
    async fn insist(&self, first: usize, contact: (usize, Option<usize>, DateTime<Utc>)) -> Answer {
        for attempt in 0.. {
            if let Some(mut answer) = self.receive((first + attempt) % GATEWAYS, contact).await {
                answer.told.had_before = attempt > 0;
                return answer;
            }
            sleep(Duration::from_millis(20)).await;
        }
        unreachable!()
    }

    /// One sender's contacts, one after the other, until the faults are over.
    async fn send(&self, sender: usize) {
        for round in 0.. {
            if self.over.load(Ordering::SeqCst) {
                return;
            }
            let number = self.sent.fetch_add(1, Ordering::SeqCst);
            let person = (round % STRANGER_EVERY != 0)
                .then(|| sender + SENDERS * (round % (PEOPLE / SENDERS)));
            let contact = (number, person, Utc::now());
            let gateway = (sender + round) % GATEWAYS;
            let answer = self.insist(gateway, contact).await;
            // A stranger's is not known to the other gateway, which records it once all the same.
            if number.is_multiple_of(AGAIN_EVERY) && !answer.told.stale {
                let (told, again) = (&answer.told, self.insist(gateway + 1, contact).await.told);
                assert!(again.disposition == told.disposition || again.stale, "{told:?} {again:?}");
            }
            if !answer.told.stale && person.is_some() {
                self.fresh[answer.gateway].fetch_add(1, Ordering::SeqCst);
            }
            self.answers.lock().unwrap().push(answer);
            sleep(Duration::from_millis(4)).await;
        }
    }

    /// While a fault lasts contacts go on being decided.
    async fn goes_on(&self, fault: &str) {
        let (from, began) = (self.answers.lock().unwrap().len(), Instant::now());
        until(fault, || async {
            let decided = self.answers.lock().unwrap().len() - from;
            decided >= DURING && began.elapsed() >= LASTS
        })
        .await;
        let answers = self.answers.lock().unwrap();
        let stale = answers[from..].iter().filter(|answer| answer.told.stale).count();
        assert!(stale > 0, "{fault}: nothing was wrong");
    }

    async fn is_well_again(&self, after: &str) {
        let before = self.fresh.each_ref().map(|fresh| fresh.load(Ordering::SeqCst));
        until(&format!("both work again after {after}"), || async {
            let now = self.fresh.each_ref().map(|fresh| fresh.load(Ordering::SeqCst));
            now.iter().zip(&before).all(|(now, before)| *now >= before + WELL)
        })
        .await;
    }
}

/// The gateways, and when which was killed.
struct Killed {
    fleet: Fleet,
    told: watch::Sender<Vec<Doors>>,
    times: Vec<(usize, Instant)>,
}

impl Killed {
    /// `kill -9`, and a new start on the same folder.
    fn kill(&mut self, gateway: usize) {
        tokio::task::block_in_place(|| {
            self.fleet.kill(gateway);
            self.times.push((gateway, Instant::now()));
            self.fleet.serve_again(gateway);
        });
        self.told.send_replace(doors(&self.fleet.gateways));
    }

    /// A stranger's contact that a crash may lose: see `PLAIN_FLUSH_WAIT`.
    fn may_have_lost(&self, answer: &Answer) -> bool {
        let lost = |(gateway, dead): &(usize, Instant)| {
            *gateway == answer.gateway
                && answer.asked < *dead
                && dead.saturating_duration_since(answer.given) < RECORDED_AFTER
        };
        answer.told.person.is_none() && self.times.iter().any(lost)
    }
}

async fn go_wrong(run: &Run, server: &mut Server, gateways: &mut Killed) {
    run.is_well_again("the start").await;
    server.kill();
    run.goes_on("Redis is killed").await;
    gateways.kill(0);
    run.goes_on("a gateway starts without Redis").await;
    server.start_again(&[]).await;
    run.is_well_again("both were killed").await;

    server.freeze();
    run.goes_on("Redis is frozen").await;
    gateways.kill(1);
    run.goes_on("a gateway starts on a frozen Redis").await;
    server.thaw();
    run.is_well_again("Redis was frozen").await;

    gateways.kill(0);
    run.is_well_again("a gateway was killed").await;
    server.restart().await;
    run.is_well_again("a restart of Redis").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_through_kills_of_redis_and_of_themselves_are_whole_and_fair_afterwards() {
    let settings = ["appendonly yes", "appendfsync always"];
    let mut server = Server::start(&settings.map(str::to_owned)).await;
    let url = format!("redis://127.0.0.1:{}", server.port);
    let fleet = Fleet::start(GATEWAYS, &url, &people(), |place| place).await;
    let (told, known) = watch::channel(doors(&fleet.gateways));
    let mut gateways = Killed { fleet, told, times: Vec::new() };
    let run = Arc::new(Run {
        doors: known,
        over: AtomicBool::default(),
        sent: AtomicUsize::default(),
        fresh: Default::default(),
        answers: Mutex::default(),
    });
    let mut senders = JoinSet::new();
    for sender in 0..SENDERS {
        let run = Arc::clone(&run);
        senders.spawn(async move { run.send(sender).await });
    }
    let began = Instant::now();
    go_wrong(&run, &mut server, &mut gateways).await;
    run.over.store(true, Ordering::SeqCst);
    senders.join_all().await;
    println!("the run took {:?}", began.elapsed());

    let mut answers = std::mem::take(&mut *run.answers.lock().unwrap());
    for answer in &mut answers {
        answer.told.may_be_lost = gateways.may_have_lost(answer);
    }
    let told: Vec<Told> = answers.into_iter().map(|answer| answer.told).collect();
    println!("{}", is_whole_and_fair(&told, &server).await);
}
