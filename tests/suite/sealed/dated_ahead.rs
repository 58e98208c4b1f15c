//! A clock that was ahead, and was put right: the trail is sealed in its order, and signed for every day.

use chrono::{DateTime, TimeDelta, Utc};
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::ports::{Clock as _, Stamp, Store};
use contact_gateway::store::memory::Memory;

use super::key;
use crate::office::Office;
use crate::store_contract::facts::karbon;

async fn noted(store: &dyn Store, at: DateTime<Utc>) {
    let event = AuditEvent::Item { item: "i-1".to_owned(), action: "claim".to_owned() };
    store.append_audit(&karbon(), Stamp { by: "Ann".to_owned(), at }, event).await.unwrap();
}

#[tokio::test]
async fn entries_of_a_clock_that_was_ahead_are_sealed_in_the_order_of_the_trail() {
    let office = Office::on(Memory::new());
    let (desk, store, now) = (office.desk(), office.store.as_ref(), office.clock.now());
    noted(store, now - TimeDelta::minutes(2)).await;
    noted(store, now + TimeDelta::days(365)).await;
    noted(store, now + TimeDelta::days(365)).await;
    // Nothing follows the last two: nobody knows how old they are.
    let sealed = desk.seal(&karbon(), &key()).await.unwrap();
    assert_eq!((sealed.entries, sealed.anchor.map(|anchor| anchor.entry)), (1, Some(1)));
    // The anchor follows them, by the clock that was put right.
    office.clock.forward(TimeDelta::minutes(1));
    assert_eq!(desk.seal(&karbon(), &key()).await.unwrap().entries, 3);
    let verified = desk.verify_trail(&karbon(), Trusted::default()).await.unwrap();
    assert_eq!(verified.findings, []);
    assert_eq!((verified.entries, verified.sealed_to), (4, 4));
}

#[tokio::test]
async fn a_day_that_was_signed_for_by_a_clock_that_was_ahead_is_signed_for_again() {
    let office = Office::on(Memory::new());
    let (desk, store, now) = (office.desk(), office.store.as_ref(), office.clock.now());
    noted(store, now - TimeDelta::minutes(2)).await;
    for _ in 0..3 {
        assert!(desk.seal(&karbon(), &key()).await.unwrap().anchor.is_some());
        assert!(desk.seal(&karbon(), &key()).await.unwrap().anchor.is_none(), "once a day");
        office.clock.forward(TimeDelta::days(1));
    }
    // Put right: the first of these days was yesterday.
    office.clock.forward(-TimeDelta::days(2));
    let again = desk.seal(&karbon(), &key()).await.unwrap().anchor.unwrap();
    assert_eq!(again.at, office.clock.now());
    assert!(desk.seal(&karbon(), &key()).await.unwrap().anchor.is_none(), "once a day");
    let anchors = desk.anchors(&karbon()).await.unwrap();
    let days: Vec<i64> = anchors.iter().map(|anchor| (anchor.at - now).num_days()).collect();
    assert_eq!(days, [0, 1, 1, 2]);
    let verified = desk.verify_trail(&karbon(), Trusted::default()).await.unwrap();
    assert_eq!((verified.findings, verified.anchors), (Vec::new(), 4));
}
