//! The key of a form: the same form is carried out once.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use contact_gateway::casework::pressed::{PressKey, Pressed};
use contact_gateway::casework::{Desk, Fault};
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::documents::Listing;
use contact_gateway::ports::{Clock, Store};
use contact_gateway::runtime::limits::{PRESS_KEPT, PRESS_RUNS, PRESSES_OF_ACCOUNT_MAX};
use contact_gateway::store::embedded::Embedded;
use contact_gateway::store::memory::Memory;

use super::rig::{CaseOffice, profile, shipped, staff};
use crate::degraded::faulty::{Faulty, Trouble};
use crate::store_contract::Ground as _;
use crate::store_contract::servers;

/// An act of a form that counts how often it ran.
#[derive(Clone, Default)]
struct Bell(Arc<AtomicUsize>);

impl Bell {
    fn rung(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Rings after a while. `stored`: the answer for later presses; with `None` the act rings and is then refused.
    async fn ring(self, takes: u64, stored: Option<&'static str>) -> (usize, Option<String>) {
        tokio::time::sleep(Duration::from_millis(takes)).await;
        (self.0.fetch_add(1, Ordering::SeqCst) + 1, stored.map(str::to_owned))
    }
}

fn key(account: &str, text: &str) -> PressKey {
    of_page("a key", account, text)
}

fn of_page(page: &str, account: &str, text: &str) -> PressKey {
    PressKey::new(account, page.as_bytes(), &[b"/take", text.as_bytes()])
}

fn office(store: Arc<dyn Store>) -> CaseOffice {
    let office = CaseOffice::open(store, profile(&shipped("tuntum.toml"), None), &staff(&[]));
    office.clock.set("2026-03-02T09:00:00Z".parse().unwrap());
    office
}

fn forward(office: &CaseOffice, time: TimeDelta) {
    office.clock.set(office.clock.now() + time);
}

async fn presses(office: &CaseOffice) -> usize {
    let listing = Listing::of("id");
    office.store.count_places(&office.organisation.id, "pressed", listing).await.unwrap()
}

fn before(answer: &str) -> Pressed<usize> {
    Pressed::Before(answer.to_owned())
}

/// `ours` and `theirs` are two gateways on one store.
async fn acts_once(ours: Arc<dyn Store>, theirs: Arc<dyn Store>) {
    let office = office(ours);
    let (one, other) = (office.desk(), office.desk_over(theirs));
    let id = &office.organisation.id;
    let bell = Bell::default();
    let press = |desk: &Desk, key: PressKey, takes, stored| {
        let (desk, bell) = (desk.clone(), bell.clone());
        async move { desk.once_pressed(id, key, bell.ring(takes, stored)).await.unwrap() }
    };

    // At once, at two gateways: the second waits for the first.
    let (first, second) = tokio::join!(
        press(&one, key("ann", ""), 200, Some("done")),
        press(&other, key("ann", ""), 200, Some("done")),
    );
    let mut got = [first, second];
    got.sort_by_key(|one| matches!(one, Pressed::Before(_)));
    assert_eq!(got, [Pressed::Now(1), before("done")]);
    assert_eq!(press(&other, key("ann", ""), 0, Some("again")).await, before("done"));
    assert_eq!(bell.rung(), 1);

    // Other text, or another account, makes another press.
    assert_eq!(press(&one, key("ann", "text"), 0, Some("done")).await, Pressed::Now(2));
    assert_eq!(press(&one, key("bob", ""), 0, Some("done")).await, Pressed::Now(3));

    // A refused press is judged again.
    let refused = || key("ann", "refused");
    assert_eq!(press(&one, refused(), 0, None).await, Pressed::Now(4));
    assert_eq!(press(&other, refused(), 0, None).await, Pressed::Now(5));
    assert_eq!(press(&one, refused(), 0, Some("at last")).await, Pressed::Now(6));
    assert_eq!(press(&other, refused(), 0, None).await, before("at last"));

    // A browser that sends a form again drops its first request.
    let broken_off = press(&one, key("ann", "broken off"), 300, Some("done"));
    assert!(tokio::time::timeout(Duration::from_millis(100), broken_off).await.is_err());
    let again = press(&other, key("ann", "broken off"), 0, Some("again")).await;
    assert_eq!((again, bell.rung()), (before("done"), 7));

    // Only the last act of a page is on record.
    assert_eq!(presses(&office).await, 2);
    // An expired press is carried out again, and its key removed.
    forward(&office, PRESS_KEPT + TimeDelta::seconds(1));
    assert_eq!(press(&one, key("bob", ""), 0, Some("anew")).await, Pressed::Now(8));
    assert_eq!(presses(&office).await, 2);
    one.forget_old_keys(id).await.unwrap();
    assert_eq!(presses(&office).await, 1);
    assert_eq!(press(&other, key("bob", ""), 0, None).await, before("anew"));

    // Going back twice to choose otherwise makes three acts.
    let elsewhere = || of_page("another key", "ann", "on");
    assert_eq!(press(&other, elsewhere(), 0, Some("elsewhere")).await, Pressed::Now(9));
    for (choice, rung) in [("on", 10), ("off", 11), ("on", 12)] {
        assert_eq!(press(&one, key("ann", choice), 0, Some(choice)).await, Pressed::Now(rung));
        assert_eq!(press(&other, key("ann", choice), 0, None).await, before(choice));
    }
    // Refusals and other pages in between change nothing.
    assert_eq!(press(&one, key("ann", "neither"), 0, None).await, Pressed::Now(13));
    assert_eq!(press(&one, key("ann", "on"), 0, None).await, before("on"));
    assert_eq!(press(&one, elsewhere(), 0, None).await, before("elsewhere"));
}

#[tokio::test]
async fn a_form_acts_once_under_its_key() {
    let memory = Memory::new();
    acts_once(memory.clone(), memory).await;
    let folder = tempfile::tempdir().unwrap();
    let embedded = Embedded::open(&folder.path().join("store")).unwrap();
    acts_once(embedded.clone(), embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_gateways_on_redis_act_once() {
    for ground in [servers::single().await, servers::cluster().await] {
        acts_once(ground.gateway(), ground.gateway()).await;
    }
}

async fn rings(desk: &Desk, id: &OrganisationId, bell: &Bell) -> Result<Pressed<usize>, Fault> {
    desk.once_pressed(id, key("ann", ""), bell.clone().ring(0, Some("done"))).await
}

#[tokio::test]
async fn nothing_is_done_while_the_store_is_away() {
    let store = Faulty::over(Memory::new());
    let office = office(store.clone());
    let (desk, id) = (office.desk(), &office.organisation.id);
    let bell = Bell::default();
    store.has(Trouble::Away);
    let fault = rings(&desk, id, &bell).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    assert_eq!(bell.rung(), 0);
    store.has(Trouble::None);
    assert_eq!(rings(&desk, id, &bell).await.unwrap(), Pressed::Now(1));
}

/// Killed between the act and its answer: others wait for the claim to expire, and are then judged anew.
#[tokio::test(start_paused = true)]
async fn what_a_killed_gateway_claimed_is_judged_again_once_the_claim_has_run_out() {
    let office = office(Memory::new());
    let (desk, id) = (office.desk(), &office.organisation.id);
    let bell = Bell::default();
    let killed = tokio::time::timeout(
        Duration::from_millis(100),
        desk.once_pressed(id, key("ann", ""), pending::<(usize, Option<String>)>()),
    );
    assert!(killed.await.is_err());
    assert_eq!(rings(&desk, id, &bell).await.unwrap(), Pressed::UnderWay);
    assert_eq!(bell.rung(), 0);
    forward(&office, PRESS_RUNS);
    assert_eq!(rings(&desk, id, &bell).await.unwrap(), Pressed::Now(1));
    assert_eq!(rings(&desk, id, &bell).await.unwrap(), before("done"));
}

/// A waiting press ends with its request, so that nothing polls the store for a browser that has gone.
#[tokio::test]
async fn who_stops_waiting_acts_no_more() {
    let office = office(Memory::new());
    let (desk, id) = (office.desk(), &office.organisation.id);
    let bell = Bell::default();
    let first = desk.once_pressed(id, key("ann", ""), bell.clone().ring(300, None));
    let second = desk.once_pressed(id, key("ann", ""), bell.clone().ring(0, Some("second")));
    let gave_up = async {
        tokio::time::sleep(Duration::from_millis(50)).await;
        tokio::time::timeout(Duration::from_millis(100), second).await.is_err()
    };
    let (first, gave_up) = tokio::join!(first, gave_up);
    assert_eq!((first.unwrap(), gave_up), (Pressed::Now(1), true));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(bell.rung(), 1);
}

async fn panics() -> (usize, Option<String>) {
    panic!("on purpose")
}

#[tokio::test]
async fn an_act_that_panics_gives_its_claim_up() {
    let office = office(Memory::new());
    let (desk, id) = (office.desk(), office.organisation.id.clone());
    let bell = Bell::default();
    let panicking = tokio::spawn({
        let (desk, id) = (desk.clone(), id.clone());
        async move { desk.once_pressed(&id, key("ann", ""), panics()).await }
    });
    assert!(panicking.await.unwrap_err().is_panic());
    assert_eq!(rings(&desk, &id, &bell).await.unwrap(), Pressed::Now(1));
}

#[tokio::test]
async fn of_very_many_presses_the_oldest_are_forgotten() {
    let office = office(Memory::new());
    let (desk, id) = (office.desk(), &office.organisation.id);
    let bell = Bell::default();
    assert_eq!(rings(&desk, id, &bell).await.unwrap(), Pressed::Now(1));
    forward(&office, TimeDelta::seconds(1));
    for number in 0..PRESSES_OF_ACCOUNT_MAX {
        let key = of_page(&number.to_string(), "ann", "");
        desk.once_pressed(id, key, bell.clone().ring(0, Some("done"))).await.unwrap();
    }
    assert!(presses(&office).await <= PRESSES_OF_ACCOUNT_MAX);
    let last = of_page(&(PRESSES_OF_ACCOUNT_MAX - 1).to_string(), "ann", "");
    let last = desk.once_pressed(id, last, bell.clone().ring(0, Some("again"))).await.unwrap();
    assert_eq!(last, before("done"));
    let again = rings(&desk, id, &bell).await.unwrap();
    assert!(matches!(again, Pressed::Now(_)), "{again:?}");
}
