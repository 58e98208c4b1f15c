//! One contact, one decision, all of it or nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::ledger::{Additions, Ledger};
use contact_gateway::domain::past::Nameplate;
use contact_gateway::ports::documents::{Batch, Gone};
use contact_gateway::ports::{Attachment, ItemFilter, Settled};
use contact_gateway::runtime::limits::{
    COUNTED_KEPT, COUNTED_KEPT_NEWEST, RECEIVED_PER_PERSON_MAX,
};

use super::Ground;
use super::facts::{
    PERSON, admitted, at, committed, counted, decided, entry, item, journalled, karbon, ledger,
    limited, plain, received, request, stamp, told, tuntum,
};

pub async fn a_decision_and_all_that_goes_with_it_is_written_together(ground: &dyn Ground) {
    let store = ground.gateway();
    let answer = committed(&*store, request("c-1", |_| limited("c-1", at(5)))).await;
    assert!(!answer.repeated && !answer.conflicting);
    assert_eq!(answer.decision.disposition, Disposition::Limit);

    let seen = ledger(&*ground.gateway()).await;
    assert_eq!(seen.counted, [counted(at(5))]);
    assert_eq!(seen.received, [received("c-1", at(5))]);
    assert_eq!(seen.told, [told(at(5))]);
    assert_eq!(seen.lanes_used, [("appeal".to_owned(), 1)]);
    let (decision, _) = store.recorded(&karbon(), "c-1").await.unwrap().unwrap();
    assert_eq!(decision, answer.decision);
    let items = store.items(&karbon(), "limited", ItemFilter::default()).await.unwrap();
    assert_eq!(items, [limited("c-1", at(5)).item.unwrap()]);
    assert_eq!(decided(&*store, &karbon()).await, ["c-1"]);
}

pub async fn the_same_id_again_gives_the_recorded_decision_and_changes_nothing(
    ground: &dyn Ground,
) {
    let store = ground.gateway();
    for round in 0..3 {
        // Now it would be decided otherwise.
        let again = request("c-1", move |_| match round {
            0 => limited("c-1", at(0)),
            _ => admitted("c-1", at(round)),
        });
        let answer = committed(&*ground.gateway(), again).await;
        assert_eq!(answer.repeated, round > 0);
        assert!(!answer.conflicting);
        assert_eq!(answer.decision.disposition, Disposition::Limit);
    }
    assert_eq!(ledger(&*store).await.counted, [counted(at(0))]);
    assert_eq!(decided(&*store, &karbon()).await, ["c-1"]);
}

pub async fn the_same_id_with_other_content_is_told(ground: &dyn Ground) {
    let store = ground.gateway();
    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    let mut other = request("c-1", |_| admitted("c-1", at(9)));
    other.digest = [9; 32];
    let answer = committed(&*store, other).await;
    assert!(answer.repeated && answer.conflicting);
    assert_eq!(answer.decision.disposition, Disposition::Limit);
    assert_eq!(ledger(&*store).await.counted, [counted(at(0))]);
}

pub async fn the_first_that_is_recorded_is_found_among_many(ground: &dyn Ground) {
    let store = ground.gateway();
    let asked: Vec<String> = ["c-3", "c-2", "c-1"].map(str::to_owned).to_vec();
    assert_eq!(store.first_recorded(&karbon(), &asked).await.unwrap(), None);
    for id in ["c-1", "c-2"] {
        store.commit(request(id, |_| admitted(id, at(0)))).await.unwrap();
    }
    assert_eq!(store.first_recorded(&karbon(), &asked).await.unwrap(), Some("c-2"));
    assert_eq!(store.first_recorded(&tuntum(), &asked).await.unwrap(), None);
    assert_eq!(store.first_recorded(&karbon(), &[]).await.unwrap(), None);
}

pub async fn a_preview_writes_nothing(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut looking = request("c-1", |_| limited("c-1", at(0)));
    looking.preview = true;
    let answer = committed(&*store, looking).await;
    assert_eq!(answer.decision.disposition, Disposition::Limit);
    assert!(!answer.repeated);
    assert_eq!(ledger(&*store).await, Ledger::default());
    assert!(store.recorded(&karbon(), "c-1").await.unwrap().is_none());
    assert!(store.item(&karbon(), "c-1").await.unwrap().is_none());
    assert!(decided(&*store, &karbon()).await.is_empty());

    store.commit(request("c-1", |_| limited("c-1", at(0)))).await.unwrap();
    let mut looking = request("c-1", |_| admitted("c-1", at(0)));
    looking.preview = true;
    let answer = committed(&*store, looking).await;
    assert!(answer.repeated, "a preview of what is recorded is the record");
}

pub async fn a_decider_that_panics_writes_nothing_and_spoils_no_other(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut waiting = tokio::task::JoinSet::new();
    for number in 0..40 {
        let store = Arc::clone(&store);
        let contact = format!("c-{number:02}");
        waiting.spawn(async move {
            let wanted = contact.clone();
            let panics = number % 4 == 0;
            let answer = store.commit(request(&wanted, move |_| {
                assert!(!panics, "a decider's fault, made on purpose");
                admitted(&contact, at(number))
            }));
            assert_eq!(answer.await.is_err(), panics);
        });
    }
    while let Some(done) = waiting.join_next().await {
        done.unwrap();
    }
    assert_eq!(decided(&*store, &karbon()).await.len(), 30);
    assert_eq!(ledger(&*store).await.counted.len(), 30);
    assert!(store.recorded(&karbon(), "c-00").await.unwrap().is_none());
}

pub async fn a_decider_sees_what_was_written_before(ground: &dyn Ground) {
    let store = ground.gateway();
    for number in 0..3 {
        let contact = format!("c-{number}");
        let name = contact.clone();
        store
            .commit(request(&name, move |ledger| {
                let before = usize::try_from(number).unwrap();
                assert_eq!(ledger.counted.len(), before);
                assert_eq!(ledger.received.len(), before);
                assert!(ledger.recorded.is_none());
                limited(&contact, at(number))
            }))
            .await
            .unwrap();
    }
    let seen = ledger(&*store).await;
    assert_eq!(seen.counted, [counted(at(0)), counted(at(1)), counted(at(2))]);
    assert_eq!(seen.told, [told(at(2))], "the last time alone");
    assert_eq!(seen.lanes_used, [("appeal".to_owned(), 3)]);

    let mut late = request("c-9", |ledger| {
        assert_eq!(ledger.counted, [counted(at(2))]);
        assert!(ledger.received.is_empty());
        admitted("c-9", at(3))
    });
    late.counted_since = at(2);
    late.needs_received = false;
    store.commit(late).await.unwrap();
}

pub async fn of_nobody_nothing_is_remembered(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut doubtful = request("c-1", |ledger| {
        assert_eq!(*ledger, Ledger::default());
        limited("c-1", at(0))
    });
    doubtful.person = None;
    store.commit(doubtful).await.unwrap();
    assert_eq!(ledger(&*store).await, Ledger::default());
    assert!(store.item(&karbon(), "c-1").await.unwrap().is_some());
    assert_eq!(decided(&*store, &karbon()).await, ["c-1"]);
}

pub async fn plain_decisions_are_recorded_once(ground: &dyn Ground) {
    let store = ground.gateway();
    let names: Vec<String> = (0..500).map(|number| format!("c-{number:03}")).collect();
    let many = || {
        let of = |(index, name): (usize, &String)| {
            plain(if index % 2 == 0 { karbon() } else { tuntum() }, name)
        };
        names.iter().enumerate().map(of).collect::<Vec<_>>()
    };
    store.record_plain([].into()).await.unwrap();
    store.record_plain(many().into()).await.unwrap();
    store.record_plain(many().into()).await.unwrap();
    assert_eq!(decided(&*store, &karbon()).await.len(), 250);
    assert_eq!(decided(&*store, &tuntum()).await.len(), 250);
    let answer = committed(&*store, request("c-000", |_| limited("c-000", at(0)))).await;
    assert!(answer.repeated && !answer.conflicting);
    assert_eq!(answer.decision.disposition, Disposition::Deliver);
}

pub async fn a_replay_writes_once_whichever_comes_first(ground: &dyn Ground) {
    let store = ground.gateway();
    // The store was away for this one.
    store.replay(journalled("c-1")).await.unwrap();
    store.replay(journalled("c-1")).await.unwrap();
    // The answer alone was lost for this one.
    store.commit(request("c-2", |_| admitted("c-2", at(1)))).await.unwrap();
    store.replay(journalled("c-2")).await.unwrap();

    assert_eq!(decided(&*store, &karbon()).await, ["c-1", "c-2"]);
    let seen = ledger(&*store).await;
    assert_eq!(seen.counted, [counted(at(0)), counted(at(1))]);
    assert_eq!(seen.lanes_used, [("appeal".to_owned(), 1)]);
    assert!(store.item(&karbon(), "c-1").await.unwrap().is_some());
    assert!(store.item(&karbon(), "c-2").await.unwrap().is_none());
    let answer = committed(&*store, request("c-1", |_| admitted("c-1", at(2)))).await;
    assert!(answer.repeated && !answer.conflicting);
}

pub async fn what_was_received_is_bounded_newest_kept(ground: &dyn Ground) {
    let store = ground.gateway();
    let over = 3;
    for number in 0..RECEIVED_PER_PERSON_MAX + over {
        let contact = format!("c-{number:04}");
        let name = contact.clone();
        let when = at(i64::try_from(number).unwrap());
        let settle = move |_: &Ledger| Settled {
            decision: super::facts::decision(&contact, Disposition::Deliver),
            additions: Additions {
                received: Some(received(&contact, when)),
                ..Additions::default()
            },
            item: None,
            audit: entry(&contact, Disposition::Deliver),
        };
        store.commit(request(&name, settle)).await.unwrap();
    }
    let seen = ledger(&*store).await;
    assert_eq!(seen.received.len(), RECEIVED_PER_PERSON_MAX);
    assert_eq!(seen.received[0].contact, format!("c-{over:04}"));
    assert!(seen.received.is_sorted_by_key(|received| received.at));
}

pub async fn what_was_counted_long_ago_is_forgotten(ground: &dyn Ground) {
    let store = ground.gateway();
    store.commit(request("c-1", |_| admitted("c-1", at(0)))).await.unwrap();
    let later = at(1) + TimeDelta::from_std(COUNTED_KEPT).unwrap();
    let commit = |id: String, when: DateTime<Utc>| {
        let name = id.clone();
        let mut request = request(&id, move |_| admitted(&name, when));
        request.at = when;
        assert_eq!(request.person.as_deref(), Some(PERSON));
        store.commit(request)
    };
    // A clock that is far ahead for a moment takes nothing of the true present with it.
    commit("c-2".to_owned(), later).await.unwrap();
    assert_eq!(ledger(&*store).await.counted, [counted(at(0)), counted(later)]);
    // Time that has passed does, once enough else was counted.
    for number in 0..i64::try_from(COUNTED_KEPT_NEWEST).unwrap() {
        let when = later + TimeDelta::seconds(number);
        commit(format!("c-later-{number}"), when).await.unwrap();
    }
    commit("c-last".to_owned(), later + TimeDelta::days(2)).await.unwrap();
    let seen = ledger(&*store).await.counted;
    assert!(!seen.contains(&counted(at(0))) && seen.contains(&counted(later)));
}

/// The key of such a day is needed; those of other days may be destroyed.
pub async fn days_of_contacts_of_nobody_are_those_of_all_that_is_held(ground: &dyn Ground) {
    const DAY: i64 = 86_400;
    let store = ground.gateway();
    let somebody = |contact: &str, days: i64| {
        let mut plain = plain(karbon(), contact);
        plain.at = at(days * DAY);
        plain
    };
    let nobody = |contact: &str, days: i64| {
        let mut plain = somebody(contact, days);
        (plain.decision.person, plain.audit.person) = (None, None);
        plain
    };
    let mut in_doubt = nobody("d-1", 7);
    in_doubt.decision.flags = vec![Flag::Unread];
    in_doubt.audit.flags = vec![Flag::Unread];
    // Named, as gateways do: what follows is written for that trail, on encrypted stores too.
    let plate = Nameplate::new("the trail".to_owned());
    assert!(store.put_nameplate(&karbon(), None, &plate).await.unwrap());
    store.trail_end(&karbon()).await.unwrap();
    let all = [nobody("u-1", 0), nobody("u-2", 2), nobody("u-3", 2), somebody("p-1", 5), in_doubt];
    store.record_plain(all.into()).await.unwrap();
    let mut waits = item("u-4", "review", at(-3 * DAY));
    waits.person = None;
    let attachment =
        Attachment { name: "call".to_owned(), value: "1".to_owned(), item: Some(waits) };
    store.attach(&karbon(), "u-4", attachment).await.unwrap();
    let days = |days: &[i64]| -> BTreeSet<_> {
        days.iter().map(|days| at(days * DAY).date_naive()).collect()
    };
    let other = ground.gateway();
    assert_eq!(other.unnamed_days(&karbon()).await.unwrap(), days(&[-3, 0, 2]));
    assert_eq!(other.unnamed_days(&tuntum()).await.unwrap(), days(&[]));

    let waits = store.item(&karbon(), "u-4").await.unwrap().unwrap();
    let event = AuditEvent::Released { item: "u-4".to_owned() };
    let mut batch = Batch::new(stamp()).audit(event).gone(Gone::Item(Box::new(waits)));
    for entry in store.audit(&karbon(), 0, 0).await.unwrap() {
        let of_contact = |contact: &str| serde_json::to_string(&entry).unwrap().contains(contact);
        if of_contact("u-1") || of_contact("u-2") {
            let contact = if of_contact("u-1") { "u-1" } else { "u-2" }.to_owned();
            batch = batch.gone(Gone::Contact { contact, person: String::new() });
            batch = batch.gone(Gone::Entry { entry: Box::new(entry), of: String::new() });
        }
    }
    store.write(&karbon(), batch).await.unwrap();
    assert_eq!(other.unnamed_days(&karbon()).await.unwrap(), days(&[2]), "another is held");
}
