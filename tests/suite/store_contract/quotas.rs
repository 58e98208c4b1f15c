//! Counting, with many at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use contact_gateway::domain::decision::Disposition;
use contact_gateway::ports::{Commit, CommitRequest, Store, Withheld};
use tokio::task::JoinSet;

use super::Ground;
use super::facts::{PERSON, admitted, at, committed, decided, karbon, ledger, limited, request};

const GATEWAYS: usize = 4;
const SENDERS: usize = 64;
const LIMIT: usize = 10;

pub async fn exactly_the_limit_is_admitted_of_many_at_once(ground: &dyn Ground) {
    let gateways: Vec<_> = (0..GATEWAYS).map(|_| ground.gateway()).collect();
    assert_eq!(let_in(&gateways, |_, _| {}).await, LIMIT);
    assert_eq!(ledger(&*gateways[0]).await.counted.len(), LIMIT);
    assert_eq!(decided(&*gateways[1], &karbon()).await.len(), SENDERS);
}

/// Contacts of two records at once, each decided on what is remembered of both.
pub async fn records_of_one_person_are_counted_together(ground: &dyn Ground) {
    let gateways: Vec<_> = (0..GATEWAYS).map(|_| ground.gateway()).collect();
    let of_both = |number: usize, asked: &mut CommitRequest| {
        // Whichever gateway has it, any record's.
        let (own, other) = if (number / GATEWAYS).is_multiple_of(2) {
            (PERSON, "P-other")
        } else {
            ("P-other", PERSON)
        };
        (asked.person, asked.also) = (Some(own.to_owned()), vec![other.to_owned()]);
    };
    assert_eq!(let_in(&gateways, of_both).await, LIMIT);
    assert!(ledger(&*gateways[0]).await.counted.len() < LIMIT, "each keeps its own");
}

/// How many contacts are delivered of as many at once as there are senders, each asked for as `ask` says.
async fn let_in(gateways: &[Arc<dyn Store>], ask: impl Fn(usize, &mut CommitRequest)) -> usize {
    let mut waiting = JoinSet::new();
    for number in 0..SENDERS {
        let store = Arc::clone(&gateways[number % GATEWAYS]);
        let contact = format!("c-{number:02}");
        let name = contact.clone();
        let mut asked = request(&name, move |ledger| {
            if ledger.counted.len() < LIMIT {
                admitted(&contact, at(0))
            } else {
                let mut over = limited(&contact, at(0));
                over.additions.counted.clear();
                over
            }
        });
        ask(number, &mut asked);
        waiting.spawn(async move { committed(&*store, asked).await.decision.disposition });
    }
    let mut let_in = 0;
    while let Some(disposition) = waiting.join_next().await {
        let_in += usize::from(disposition.unwrap() == Disposition::Deliver);
    }
    let_in
}

pub async fn one_contact_many_times_at_once_is_decided_once(ground: &dyn Ground) {
    let gateways: Vec<_> = (0..GATEWAYS).map(|_| ground.gateway()).collect();
    let first_times = Arc::new(AtomicUsize::new(0));
    let mut waiting = JoinSet::new();
    for number in 0..SENDERS {
        let store = Arc::clone(&gateways[number % GATEWAYS]);
        let first_times = Arc::clone(&first_times);
        waiting.spawn(async move {
            let answer = committed(&*store, request("c-1", |_| limited("c-1", at(0)))).await;
            first_times.fetch_add(usize::from(!answer.repeated), Ordering::SeqCst);
        });
    }
    while let Some(done) = waiting.join_next().await {
        done.unwrap();
    }
    assert_eq!(first_times.load(Ordering::SeqCst), 1);
    assert_eq!(ledger(&*gateways[0]).await.counted.len(), 1);
    assert_eq!(decided(&*gateways[0], &karbon()).await, ["c-1"]);
}

pub async fn an_uncounted_contact_frees_its_place_once(ground: &dyn Ground) {
    let store = ground.gateway();
    for number in 0..2 {
        let contact = format!("c-{number}");
        let name = contact.clone();
        store.commit(request(&name, move |_| limited(&contact, at(number)))).await.unwrap();
    }
    for _ in 0..3 {
        store.uncount(&karbon(), "c-0").await.unwrap();
    }
    store.uncount(&karbon(), "c-unknown").await.unwrap();
    store.uncount(&super::facts::tuntum(), "c-1").await.unwrap();

    let seen = ledger(&*ground.gateway()).await;
    assert_eq!(seen.counted.len(), 1);
    assert_eq!(seen.counted[0].at, at(1));
    assert_eq!(seen.received.len(), 1, "what never arrived is nothing to compare with");
    // The record stays, and a retry of the contact does not count it again.
    let again = committed(&*store, request("c-0", |_| limited("c-0", at(0)))).await;
    assert!(again.repeated);
    assert_eq!(ledger(&*store).await.counted.len(), 1);
    assert_eq!(decided(&*store, &karbon()).await, ["c-0", "c-1"]);
}

/// Whoever refuses to write anything refuses by the ledger as it is, whichever gateway changed it last.
pub async fn a_refusal_is_of_the_ledger_as_it_is(ground: &dyn Ground) {
    let (one, other) = (ground.gateway(), ground.gateway());
    one.commit(request("c-0", |_| admitted("c-0", at(0)))).await.unwrap();
    let refuses_where_something_counts = |contact: &'static str| CommitRequest {
        decide: Arc::new(move |ledger| match ledger.counted.is_empty() {
            true => Ok(admitted(contact, at(1))),
            false => Err(Withheld::NothingToWrite),
        }),
        ..request(contact, |_| admitted("c", at(1)))
    };
    let withheld = one.commit(refuses_where_something_counts("c-1")).await.unwrap();
    assert!(matches!(withheld, Commit::Withheld(Withheld::NothingToWrite)), "{withheld:?}");
    other.uncount(&karbon(), "c-0").await.unwrap();
    one.commit(refuses_where_something_counts("c-1")).await.unwrap();
    let withheld = other.commit(refuses_where_something_counts("c-2")).await.unwrap();
    assert!(matches!(withheld, Commit::Withheld(Withheld::NothingToWrite)), "{withheld:?}");
    assert_eq!(decided(&*one, &karbon()).await, ["c-0", "c-1"]);
}
