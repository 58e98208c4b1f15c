//! What happens while the store, the archive or the decider fails, and how it recovers.

pub mod faulty;
mod office;
mod stop;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::outbound::{OutboundEntry, OutboundTreatment};
use contact_gateway::domain::profile::StoreAway;
use contact_gateway::intake::Again;
use contact_gateway::intake::outbound::write_what_is_left;
use contact_gateway::ports::{
    Attachment, Decisions, ItemFilter, Journal, JournalEntry, OutboundNote,
};
use contact_gateway::runtime::limits::{JOURNAL_PAGE_MAX, REPLAYS_AT_ONCE_MAX};
use contact_gateway::runtime::shutdown::Shutdown;
use serde_json::json;

use faulty::Trouble;
use office::{JO, Place, SAM, STRANGER, closed, contact, has, now, person};

const AWAY: [Trouble; 3] = [Trouble::Away, Trouble::Hangs, Trouble::Corrupt];

#[tokio::test(start_paused = true)]
async fn known_restrictions_hold_while_the_store_is_away() {
    for trouble in AWAY {
        let place = Place::open(StoreAway::Deliver).await;
        place.store.has(trouble);
        let closed = place.mail("c-1", SAM).await;
        assert_eq!(closed.decision.disposition, Disposition::Limit, "{trouble:?}");
        assert!(closed.decision.stale && closed.durable && closed.defer.is_none(), "{trouble:?}");
        let counted = place.mail("c-2", JO).await;
        assert_eq!(counted.decision.disposition, Disposition::Deliver, "{trouble:?}");
        assert!(
            counted.decision.stale && counted.durable && counted.defer.is_none(),
            "{trouble:?}"
        );
        assert!(has(&counted, "limits_unchecked"), "{trouble:?}: {:?}", counted.decision.flags);
        assert_eq!(place.pending().await, ["c-1", "c-2"], "{trouble:?}");
        let entries = place.entries().await;
        let item = entries[0].settled.item.as_ref().unwrap();
        assert!(item.archived.is_some(), "{trouble:?}: its original is kept");
        assert_eq!(place.originals(), 1, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn mail_that_depends_on_a_counter_is_deferred_where_the_profile_says_so() {
    for trouble in AWAY {
        let place = Place::open(StoreAway::Defer).await;
        place.store.has(trouble);
        let deferred = place.mail("c-1", JO).await;
        assert!(deferred.defer == Some(Again::CountersAway) && !deferred.durable, "{trouble:?}");
        assert!(place.pending().await.is_empty(), "{trouble:?}");
        // What depends on no counter is decided all the same, and so is every other channel.
        let closed = place.mail("c-2", SAM).await;
        assert_eq!(closed.decision.disposition, Disposition::Limit);
        assert!(closed.defer.is_none() && closed.durable);
        assert!(place.receive(contact("c-3", "web_form", JO)).await.defer.is_none());
        // The retry is decided anew, with its counter.
        place.store.has(Trouble::None);
        let again = place.mail("c-1", JO).await;
        assert!(!again.repeated && !again.decision.stale && again.durable);
        assert_eq!(place.audited("c-1").await, 1);
    }
}

#[tokio::test(start_paused = true)]
async fn with_nothing_known_everything_is_delivered_and_flagged() {
    let place = Place::cold().await;
    place.store.has(Trouble::Away);
    for (id, from) in [("c-1", SAM), ("c-2", JO), ("c-3", STRANGER), ("c-1", SAM)] {
        let outcome = place.mail(id, from).await;
        assert_eq!(outcome.decision.disposition, Disposition::Deliver);
        assert!(has(&outcome, "restrictions_unknown") && outcome.decision.stale);
        assert!(outcome.defer.is_none() && outcome.durable);
    }
    place.store.has(Trouble::None);
    place.replay().await;
    for id in ["c-1", "c-2", "c-3"] {
        assert_eq!(place.audited(id).await, 1, "{id}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_decided_meanwhile_is_put_right_exactly_once() {
    for trouble in AWAY {
        let place = Place::open(StoreAway::Deliver).await;
        place.store.has(trouble);
        let first = place.mail("c-1", SAM).await;
        for _ in 0..3 {
            assert_eq!(place.mail("c-1", SAM).await.decision.disposition, Disposition::Limit);
            place.mail("c-2", JO).await;
        }
        assert!(place.try_replay(now()).await.is_err());
        place.store.has(Trouble::None);
        // Two gateways on one store that put the same right: each entry twice.
        for entry in place.entries().await {
            Decisions::replay(place.store.as_ref(), entry).await.unwrap();
        }
        place.replay().await;
        place.replay().await;
        assert_eq!(place.audited("c-1").await, 1);
        assert_eq!(place.audited("c-2").await, 1);
        assert_eq!(place.items("limited").await, ["c-1"]);
        let again = place.mail("c-1", SAM).await;
        assert!(again.repeated && again.decision == first.decision);
    }
}

/// As where the link to the store is too late for contacts.
#[tokio::test]
async fn an_entry_on_outgoing_mail_reaches_a_store_that_contacts_do_not() {
    let place = Place::open(StoreAway::Deliver).await;
    let tuntum = OrganisationId::new("tuntum");
    let entry = OutboundEntry {
        contact: "m-1".to_owned(),
        person: "P-2".to_owned(),
        restriction: "R-P-2".to_owned(),
        clause: None,
        code: "channels_only.closed".into(),
        treatment: OutboundTreatment::Noted,
        sender: "ann@tuntum.example".to_owned(),
    };
    let note = OutboundNote { organisation: tuntum.clone(), entry: entry.clone(), at: now() };
    place.journal.append_outbound(note).await.unwrap();
    place.store.has(Trouble::Away);
    let (patient, intake) = (Arc::clone(&place.store.inner), Arc::new(place.intake));
    let shutdown = Shutdown::new();
    let writing = write_what_is_left(intake, Arc::clone(&patient), shutdown.stopping());
    let (is_in_time, ()) = tokio::join!(shutdown.stop(Duration::from_secs(60)), writing);
    assert!(is_in_time && place.journal.pending_outbound().await.unwrap().is_empty());
    let trail = patient.audit(&tuntum, 0, 0).await.unwrap();
    let noted = AuditEvent::Outbound(entry);
    assert_eq!(trail.iter().filter(|entry| entry.event == noted).count(), 1);
}

/// As there: a call was passed on before it was decided, and its item has to say so.
#[tokio::test]
async fn what_is_learnt_later_reaches_a_store_that_contacts_do_not() {
    let place = Place::open(StoreAway::Deliver).await;
    place.mail("c-1", SAM).await;
    place.store.has(Trouble::Away);
    let (patient, of) = (Arc::clone(&place.store.inner), &OrganisationId::new("tuntum"));
    let intake = place.intake.with_patient(Arc::clone(&patient));
    assert!(intake.is_recorded(of, "c-1").await.unwrap());
    let note = Attachment { name: "outcome".to_owned(), value: "late".to_owned(), item: None };
    intake.attach(of, "c-1", note).await.unwrap();
    let items = patient.items(of, "limited", ItemFilter::default()).await.unwrap();
    assert_eq!(items[0].attached[0].value, "late");
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_the_store_rejects_is_kept_and_reported_and_delays_no_other() {
    let place = Place::open(StoreAway::Deliver).await;
    place.store.has(Trouble::Away);
    place.mail("c-1", SAM).await;
    place.store.has(Trouble::None);
    let waiting = place.journal.pending().await.unwrap();
    let [(number, entry)] = &waiting[..] else { panic!("{} wait", waiting.len()) };
    place.journal.done(*number).await.unwrap();
    // More than a page of them, in front of one that is fine.
    for number in 0..=JOURNAL_PAGE_MAX {
        let bad = JournalEntry { contact: format!("bad-{number}"), ..entry.clone() };
        place.journal.append(bad).await.unwrap();
    }
    place.journal.append(entry.clone()).await.unwrap();
    place.store.rejects(Some("bad-"));
    assert_eq!(place.journal.fault(), None);
    let rejected = place.try_replay(now()).await.unwrap_err();
    assert!(rejected.to_string().contains("told to reject it"), "{rejected}");
    assert_eq!(place.audited("c-1").await, 1);
    let fault = place.journal.fault().unwrap();
    let count = JOURNAL_PAGE_MAX + 1;
    assert!(fault.contains(&format!("can't be replayed: {count}, the oldest")), "{fault}");
    assert!(fault.contains("told to reject it"), "{fault}");
    assert!(place.pending().await.contains(&"bad-0".to_owned()));
    // What kept the store from taking them has been put right.
    place.store.rejects(None);
    place.replay().await;
    assert_eq!(place.journal.fault(), None);
}

#[tokio::test(start_paused = true)]
async fn a_point_of_contact_has_what_waited_in_the_journal_from_when_it_is_on_the_queue() {
    let place = Place::open(StoreAway::Deliver).await;
    let point = json!({
        "kind": "single_point_of_contact", "contact": {"name": "Kim Point"},
        "deputies": [{"name": "Dee"}]
    });
    place.put(person("P-3", "ali@home.example", point)).await;
    place.knows("P-3").await;
    place.store.has(Trouble::Away);
    let routed = place.mail("c-1", "ali@home.example").await;
    assert_eq!(routed.decision.disposition, Disposition::Route);
    place.mail("c-2", SAM).await;
    let waiting = place.entries().await;
    let read_by = |number: usize| waiting[number].settled.item.as_ref().unwrap().read_by.unwrap();
    // A Monday at ten: eight working hours end on Tuesday at ten.
    assert_eq!(read_by(0), now() + TimeDelta::days(1));
    let filed_by = read_by(1);
    // The store is back on Wednesday, when these are over.
    place.store.has(Trouble::None);
    place.replay_at(now() + TimeDelta::days(2)).await;
    let item = place.item("c-1").await;
    assert_eq!(item.routed_to.as_deref(), Some("Kim Point"));
    assert_eq!(item.read_by, Some(now() + TimeDelta::days(3)));
    assert_eq!(place.item("c-2").await.read_by, Some(filed_by), "it runs from its receipt");
}

#[tokio::test(start_paused = true)]
async fn many_are_put_right_at_once_and_a_contact_in_its_order() {
    let place = Place::open(StoreAway::Deliver).await;
    place.store.has(Trouble::Away);
    place.mail("c-0", JO).await;
    let first = place.entries().await.remove(0);
    // The same contact by another gateway, with other content, right behind and far behind.
    let other = JournalEntry { digest: [9; 32], ..first.clone() };
    place.journal.append(other.clone()).await.unwrap();
    for number in 1..3 * REPLAYS_AT_ONCE_MAX {
        let mut entry = JournalEntry { contact: format!("c-{number}"), ..first.clone() };
        entry.settled.decision.contact.clone_from(&entry.contact);
        entry.settled.audit.contact.clone_from(&entry.contact);
        place.journal.append(entry).await.unwrap();
    }
    place.journal.append(other).await.unwrap();
    // Each takes a second.
    place.store.has(Trouble::Slow);
    let begun = tokio::time::Instant::now();
    place.replay().await;
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    place.store.has(Trouble::None);
    for contact in ["c-0", "c-1", "c-32", "c-95"] {
        assert_eq!(place.audited(contact).await, 1, "{contact}");
    }
    let (_, digest) =
        place.store.recorded(&first.organisation, &first.contact).await.unwrap().unwrap();
    assert_eq!(digest, first.digest);
}

#[tokio::test(start_paused = true)]
async fn what_was_admitted_meanwhile_is_counted_afterwards() {
    let place = Place::open(StoreAway::Deliver).await;
    place.store.has(Trouble::Away);
    place.mail("c-1", JO).await;
    place.store.has(Trouble::None);
    place.replay().await;
    let next = place.mail("c-2", JO).await;
    assert_eq!(next.decision.disposition, Disposition::Limit);
    assert_eq!(next.decision.quotas.first().map(|quota| quota.used), Some(1));
}

#[tokio::test(start_paused = true)]
async fn decisions_on_unrestricted_contacts_outlive_a_long_absence() {
    for trouble in AWAY {
        let place = Place::open(StoreAway::Deliver).await;
        place.store.has(trouble);
        let outcome = place.mail("c-1", STRANGER).await;
        assert_eq!(outcome.decision.disposition, Disposition::Deliver);
        assert!(!outcome.decision.stale);
        tokio::time::sleep(std::time::Duration::from_secs(600)).await;
        assert_eq!(place.pending().await, ["c-1"], "{trouble:?}");
        place.store.has(Trouble::None);
        place.replay().await;
        assert_eq!(place.audited("c-1").await, 1, "{trouble:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_decider_that_panics_in_the_store_still_decides_once() {
    let place = Place::open(StoreAway::Deliver).await;
    place.store.has(Trouble::DeciderPanics);
    for (id, from, disposition) in
        [("c-1", SAM, Disposition::Limit), ("c-2", JO, Disposition::Deliver)]
    {
        let outcome = place.mail(id, from).await;
        assert_eq!(outcome.decision.disposition, disposition);
        assert!(outcome.durable && outcome.decision.stale);
        assert_eq!(place.audited(id).await, 0);
    }
    place.replay().await;
    assert_eq!((place.audited("c-1").await, place.audited("c-2").await), (1, 1));
}

/// And of what is kept the original is there before the decision is.
#[tokio::test]
async fn of_what_is_delivered_no_original_is_kept() {
    let place = Place::open(StoreAway::Deliver).await;
    let admitted = place.mail("c-1", JO).await;
    assert_eq!(admitted.decision.disposition, Disposition::Deliver);
    assert_eq!(place.originals(), 0);
    for (kept, from) in [(1, JO), (2, SAM)] {
        let limited = place.mail(&format!("c-{from}"), from).await;
        assert_eq!(limited.decision.disposition, Disposition::Limit);
        assert!(!limited.repeated && limited.durable);
        assert_eq!(place.originals(), kept);
        let again = place.mail(&format!("c-{from}"), from).await;
        assert!(again.repeated);
        assert_eq!(place.originals(), kept, "nothing twice");
    }
    assert!(place.pending().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn on_a_full_disk_nothing_is_promised_and_nothing_is_lost() {
    let place = Place::on_full_disk().await;
    let mail = place.mail("c-1", SAM).await;
    assert_eq!(mail.decision.disposition, Disposition::Limit);
    assert!(!mail.durable && mail.defer == Some(Again::NotKept));
    let mut form = contact("c-2", "web_form", SAM);
    form.original = Some(office::original());
    let form = place.receive(form).await;
    assert!(!form.durable && form.defer == Some(Again::NotKept));
    // Delivered anyway: nothing had to be kept, and it is recorded.
    let delivered = place.mail("c-3", JO).await;
    assert_eq!(delivered.decision.disposition, Disposition::Deliver);
    assert!(delivered.durable && delivered.defer.is_none() && !delivered.decision.stale);
    assert_eq!(delivered.decision.quotas[0].used, 1);
    // Beyond the quota, by counters that were read: it does not come through because nothing can be kept.
    let beyond = place.mail("c-4", JO).await;
    assert!(!beyond.durable && beyond.defer == Some(Again::NotKept), "{beyond:?}");
    place.replay().await;
    assert_eq!(place.audited("c-1").await, 0);
    assert_eq!(place.audited("c-3").await, 1);
    assert_eq!(place.audited("c-4").await, 0);
}

#[tokio::test(start_paused = true)]
async fn with_neither_store_nor_journal_the_decision_is_what_is_done() {
    let place = Place::without_journal().await;
    place.store.has(Trouble::Away);
    // A sender that can be asked to try again is.
    let mail = place.mail("c-1", SAM).await;
    assert!(!mail.durable && mail.defer == Some(Again::NotKept), "{mail:?}");
    // A caller can't: the call goes through, and its decision says nothing else.
    let mut call = contact("c-2", "telephone", SAM);
    call.original = None;
    let call = place.receive(call).await;
    assert!(!call.durable && call.defer.is_none());
    assert_eq!(call.decision.disposition, Disposition::Deliver, "{:?}", call.decision);
    assert!(has(&call, "unrecorded") && call.decision.notice.is_none());
    assert_eq!(call.decision.reasons.len(), 1);
    assert_eq!(call.decision.reasons[0].code, "unrecorded".into());
    // What fails is told until it works again.
    assert!(place.intake.store_fault().is_some());
    place.store.has(Trouble::None);
    assert_eq!(place.mail("c-3", SAM).await.decision.disposition, Disposition::Limit);
    assert_eq!(place.intake.store_fault(), None);
}

#[tokio::test]
async fn a_restriction_put_by_another_gateway_holds_within_a_second_and_ends_at_its_instant() {
    let place = Place::open(StoreAway::Deliver).await;
    let other = place.another().await;
    let ends = office::now() + TimeDelta::hours(1);
    let mut restriction = closed();
    restriction["ends"] = ends.to_rfc3339().into();
    other.put(person("P-9", STRANGER, restriction)).await;
    for gateway in [&place, &other] {
        gateway.enforces_within_a_second(STRANGER).await;
        let mut last = contact("last", "web_form", STRANGER);
        last.contact.at = ends - TimeDelta::microseconds(1);
        let mut after = contact("after", "web_form", STRANGER);
        after.contact.at = ends;
        let (last, after) = (gateway.receive(last).await, gateway.receive(after).await);
        assert_eq!(last.decision.disposition, Disposition::Limit);
        assert_eq!(after.decision.disposition, Disposition::Deliver);
    }
}
