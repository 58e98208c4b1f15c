//! A store restored from before an erasure: repeated and journalled contacts of somebody whose key is destroyed.

use std::sync::Arc;

use contact_gateway::ports::{CommitRequest, ItemFilter, Store};

use super::Keyed;
use crate::store_contract::facts::{
    PERSON, at, committed, item, journalled, karbon, limited, request,
};
use crate::store_contract::servers;

/// A journalled decision that is already recorded, about somebody who was erased, is not retried for ever.
async fn a_decision_that_nobody_can_read_is_recorded(
    keyed: &Keyed,
    store: &dyn Store,
    again: impl Fn() -> Arc<dyn Store>,
) {
    let of = karbon();
    store.replay(journalled("c-1")).await.unwrap();
    let entries = store.audit(&of, 0, 0).await.unwrap().len();
    keyed.destroy(&of, PERSON);
    let store = again();
    assert!(store.recorded(&of, "c-1").await.unwrap().is_none());
    let left = store.audit(&of, 0, 0).await.unwrap();
    assert!(left.len() < entries, "{left:?}");
    store.replay(journalled("c-1")).await.unwrap();
    assert_eq!(store.audit(&of, 0, 0).await.unwrap(), left, "it is on the trail once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_for_an_embedded_store_of_before_an_erasure() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let again = || keyed.embedded_anew("store") as Arc<dyn Store>;
    a_decision_that_nobody_can_read_is_recorded(&keyed, store.as_ref(), again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_for_redis_of_before_an_erasure() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let again = || keyed.redis_anew(&server) as Arc<dyn Store>;
    a_decision_that_nobody_can_read_is_recorded(&keyed, store.as_ref(), again).await;
}

/// A repeated contact whose first decision was about somebody who was erased is decided as a new one, with all that
/// goes with it.
async fn a_contact_that_nobody_can_read_is_decided_anew(
    keyed: &Keyed,
    store: &dyn Store,
    again: impl Fn() -> Arc<dyn Store>,
) {
    let of = karbon();
    store.replay(journalled("c-1")).await.unwrap();
    keyed.destroy(&of, PERSON);
    let store = again();
    let other = |contact: &str| {
        let mut settled = limited(contact, at(9));
        let item = settled.item.as_mut().unwrap();
        (item.person, item.queue) = (Some("X-2".to_owned()), "filed".to_owned());
        settled.decision.person = Some("X-2".to_owned());
        settled.audit.person = Some("X-2".to_owned());
        settled
    };
    let asked = |preview| CommitRequest {
        person: Some("X-2".to_owned()),
        preview,
        ..request("c-1", move |_| other("c-1"))
    };
    let trail = store.audit(&of, 0, 0).await.unwrap().len();
    let previewed = committed(store.as_ref(), asked(true)).await;
    assert_eq!(previewed.decision.person.as_deref(), Some("X-2"));
    assert!(store.recorded(&of, "c-1").await.unwrap().is_none(), "a preview writes nothing");
    for repeated in [false, true] {
        let came = committed(again().as_ref(), asked(false)).await;
        assert_eq!(came.decision.person.as_deref(), Some("X-2"));
        assert_eq!((came.repeated, came.conflicting), (repeated, false));
    }
    let store = again();
    let (decision, _) = store.recorded(&of, "c-1").await.unwrap().unwrap();
    assert_eq!(decision.person.as_deref(), Some("X-2"));
    let waiting = store.items(&of, "filed", ItemFilter::default()).await.unwrap();
    assert_eq!(waiting.iter().map(|item| item.id.as_str()).collect::<Vec<_>>(), ["c-1"]);
    let queues = store.queues(&of).await.unwrap();
    let counted: Vec<_> = queues.iter().map(|one| (one.queue.as_str(), one.waiting)).collect();
    assert_eq!(counted, [("filed", 1)], "nobody looks for it on the queue where it was");
    assert_eq!(store.audit(&of, 0, 0).await.unwrap().len(), trail + 1);
    // So is a contact of nobody.
    let nobody = CommitRequest { person: None, ..asked(false) };
    assert!(committed(store.as_ref(), nobody).await.repeated);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_comes_again_to_an_embedded_store_of_before_an_erasure() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let again = || keyed.embedded_anew("store") as Arc<dyn Store>;
    a_contact_that_nobody_can_read_is_decided_anew(&keyed, store.as_ref(), again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_contact_comes_again_to_redis_of_before_an_erasure() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let again = || keyed.redis_anew(&server) as Arc<dyn Store>;
    a_contact_that_nobody_can_read_is_decided_anew(&keyed, store.as_ref(), again).await;
}

/// A page of a queue is full, however many unreadable items come first.
async fn a_page_of_a_queue_is_full_without_whoever_was_erased(
    keyed: &Keyed,
    store: &dyn Store,
    again: impl Fn() -> Arc<dyn Store>,
) {
    let of = karbon();
    for number in 0..40 {
        let person = if number % 10 == 9 { "X-2" } else { PERSON };
        let contact = format!("c-{number:02}");
        let mut entry = journalled(&contact);
        let mut item = item(&contact, "limited", at(number));
        item.person = Some(person.to_owned());
        (entry.person, entry.settled.item) = (Some(person.to_owned()), Some(item));
        entry.settled.decision.person = Some(person.to_owned());
        entry.settled.audit.person = Some(person.to_owned());
        store.replay(entry).await.unwrap();
    }
    keyed.destroy(&of, PERSON);
    let store = again();
    let page = async |after: Option<&str>| {
        let filter =
            ItemFilter { after: after.map(str::to_owned), limit: 3, ..ItemFilter::default() };
        let items = store.items(&of, "limited", filter).await.unwrap();
        items.into_iter().map(|item| item.id).collect::<Vec<_>>()
    };
    assert_eq!(page(None).await, ["c-09", "c-19", "c-29"]);
    assert_eq!(page(Some("c-29")).await, ["c-39"]);
    assert_eq!(page(Some("c-39")).await, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_of_an_embedded_store_of_before_an_erasure() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let again = || keyed.embedded_anew("store") as Arc<dyn Store>;
    a_page_of_a_queue_is_full_without_whoever_was_erased(&keyed, store.as_ref(), again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_queue_of_redis_of_before_an_erasure() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let again = || keyed.redis_anew(&server) as Arc<dyn Store>;
    a_page_of_a_queue_is_full_without_whoever_was_erased(&keyed, store.as_ref(), again).await;
}
