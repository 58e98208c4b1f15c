//! What staff write: one atomic step, and nobody's work is overwritten unseen.

use std::sync::Arc;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::queue::ItemState;
use contact_gateway::ports::documents::{
    BY_ID, Batch, Conflict, Document, DocumentWrite, IndexKey, Listing, Order, WriteFault,
    version_after,
};
use contact_gateway::ports::{Change, Store};
use tokio::task::JoinSet;

use super::Ground;
use super::facts::{at, item, karbon, person, stamp, tuntum};

const KIND: &str = "parcel";

fn noted() -> AuditEvent {
    AuditEvent::PersonChanged { person: "P-1".to_owned() }
}

fn parcel(id: &str, version: u64, text: &str, keys: &[(&str, &str)]) -> Document {
    let keys = keys.iter().map(|(index, value)| IndexKey::new(index, *value)).collect();
    Document::new(KIND, id, version, keys, &serde_json::json!({ "text": text })).unwrap()
}

fn text(document: &Document) -> String {
    document.read::<serde_json::Value>().unwrap()["text"].as_str().unwrap().to_owned()
}

async fn put(store: &dyn Store, document: Document) -> Result<(), WriteFault> {
    store.write(&karbon(), Batch::new(stamp()).put(document)).await
}

async fn get(store: &dyn Store, id: &str) -> Option<Document> {
    store.document(&karbon(), KIND, id).await.unwrap()
}

/// The document of which a write was refused because of somebody else.
fn conflicting(written: Result<(), WriteFault>) -> Conflict {
    match written {
        Err(WriteFault::Conflict(conflict)) => conflict,
        other => panic!("no conflict: {other:?}"),
    }
}

fn of(id: &str) -> Conflict {
    Conflict::Document { kind: KIND.to_owned(), id: id.to_owned() }
}

pub async fn a_document_is_written_read_changed_and_removed(ground: &dyn Ground) {
    let store = ground.gateway();
    assert!(get(&*store, "a").await.is_none());
    put(&*store, parcel("a", 0, "one", &[("place", "shelf")])).await.unwrap();
    let first = get(&*ground.gateway(), "a").await.unwrap();
    assert_eq!(first.version, version_after(0, at(0)));
    assert_eq!((text(&first).as_str(), first.keys.len()), ("one", 1));

    put(&*store, parcel("a", first.version, "two", &[])).await.unwrap();
    let second = get(&*ground.gateway(), "a").await.unwrap();
    assert_eq!(second.version, first.version + 1);
    assert_eq!((text(&second).as_str(), second.keys.len()), ("two", 0));
    let on_shelf = store.documents(&karbon(), KIND, Listing::of("place")).await.unwrap();
    assert!(on_shelf.documents.is_empty(), "it is no longer there");
    assert!(store.audit(&karbon(), 0, 9).await.unwrap().is_empty(), "none was given");

    store.write(&karbon(), Batch::new(stamp()).remove(&second)).await.unwrap();
    assert!(get(&*ground.gateway(), "a").await.is_none());
    let all = store.documents(&karbon(), KIND, Listing::of(BY_ID)).await.unwrap();
    assert!(all.documents.is_empty());
    let gone = store.write(&karbon(), Batch::new(stamp()).remove(&second)).await;
    assert_eq!(conflicting(gone), of("a"));
}

pub async fn what_was_changed_meanwhile_is_not_overwritten(ground: &dyn Ground) {
    let (one, other) = (ground.gateway(), ground.gateway());
    put(&*one, parcel("a", 0, "as both read it", &[])).await.unwrap();
    let read = get(&*other, "a").await.unwrap();
    put(&*one, parcel("a", read.version, "the first's", &[])).await.unwrap();
    let late = put(&*other, parcel("a", read.version, "the second's", &[])).await;
    assert_eq!(conflicting(late), of("a"));
    assert_eq!(text(&get(&*other, "a").await.unwrap()), "the first's");
    let again = put(&*other, parcel("a", 0, "taken for new", &[])).await;
    assert_eq!(conflicting(again), of("a"));
    let never = put(&*other, parcel("b", 7, "there was none", &[])).await;
    assert_eq!(conflicting(never), of("b"));
    let removed = Batch::new(stamp()).remove(&read);
    assert_eq!(conflicting(other.write(&karbon(), removed).await), of("a"));
    assert_eq!(text(&get(&*other, "a").await.unwrap()), "the first's");
}

/// Each adds itself to the same record until it is in: all are in, each once.
pub async fn of_many_writers_none_is_lost(ground: &dyn Ground) {
    const WRITERS: usize = 64;
    let store = ground.gateway();
    let list: Vec<usize> = Vec::new();
    let new = Document::new(KIND, "list", 0, Vec::new(), &list).unwrap();
    store.write(&karbon(), Batch::new(stamp()).put(new)).await.unwrap();
    let gateways: Vec<Arc<dyn Store>> = (0..4).map(|_| ground.gateway()).collect();
    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = Arc::clone(&gateways[number % gateways.len()]);
        writers.spawn(async move {
            loop {
                let read = get(&*store, "list").await.unwrap();
                let mut list: Vec<usize> = read.read().unwrap();
                list.push(number);
                let now = Document::new(KIND, "list", read.version, Vec::new(), &list).unwrap();
                let event = AuditEvent::PersonChanged { person: number.to_string() };
                let batch = Batch::new(stamp()).put(now).audit(event);
                match store.write(&karbon(), batch).await {
                    Ok(()) => return,
                    Err(WriteFault::Conflict(_)) => tokio::task::yield_now().await,
                    Err(fault) => panic!("{fault}"),
                }
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let mut list: Vec<usize> = get(&*store, "list").await.unwrap().read().unwrap();
    list.sort_unstable();
    assert_eq!(list, (0..WRITERS).collect::<Vec<_>>());
    let trail = store.audit(&karbon(), 0, 0).await.unwrap();
    assert_eq!(trail.len(), WRITERS, "what was not written left no entry");
}

/// One record that was changed keeps all the others from being written.
pub async fn a_batch_is_written_whole_or_not_at_all(ground: &dyn Ground) {
    let store = ground.gateway();
    let (was, new) = (person("P-1", "As read"), item("i-1", "review", at(5)));
    let first = Batch::new(stamp())
        .put(parcel("a", 0, "one", &[("place", "shelf")]))
        .person(None, was.clone())
        .item(None, new.clone())
        .audit(noted())
        .audit(AuditEvent::Released { item: "i-1".to_owned() });
    store.write(&karbon(), first).await.unwrap();
    let waiting = store.items(&karbon(), "review", Default::default()).await.unwrap();
    assert_eq!(waiting, std::slice::from_ref(&new));
    assert_eq!(store.audit(&karbon(), 0, 9).await.unwrap().len(), 2);

    let a = get(&*store, "a").await.unwrap();
    let was = Arc::new(was);
    let mut closed = new.clone();
    closed.state = ItemState::Closed;
    let other_person = Arc::new(person("P-1", "Another"));
    let mut other_item = new.clone();
    other_item.queue = "filed".to_owned();
    let now = person("P-1", "Changed");
    let batch = |version, was_person, was_item| {
        Batch::new(stamp())
            .put(parcel("a", version, "two", &[]))
            .put(parcel("b", 0, "new", &[]))
            .person(was_person, now.clone())
            .item(was_item, closed.clone())
            .audit(noted())
    };
    let (right_person, right_item) = (|| Some(Arc::clone(&was)), || Some(new.clone()));
    for (batch, conflict) in [
        (batch(1, right_person(), right_item()), of("a")),
        (batch(a.version, Some(other_person), right_item()), Conflict::Person { id: "P-1".into() }),
        (batch(a.version, None, right_item()), Conflict::Person { id: "P-1".into() }),
        (batch(a.version, right_person(), Some(other_item)), Conflict::Item { id: "i-1".into() }),
        (batch(a.version, right_person(), None), Conflict::Item { id: "i-1".into() }),
    ] {
        assert_eq!(conflicting(store.write(&karbon(), batch).await), conflict);
    }
    let store = ground.gateway();
    assert_eq!(get(&*store, "a").await.unwrap(), a);
    assert!(get(&*store, "b").await.is_none());
    assert_eq!(store.person(&karbon(), "P-1").await.unwrap().unwrap(), was);
    assert_eq!(store.item(&karbon(), "i-1").await.unwrap().unwrap(), new);
    assert_eq!(store.audit(&karbon(), 0, 9).await.unwrap().len(), 2);

    store.write(&karbon(), batch(a.version, right_person(), right_item())).await.unwrap();
    assert_eq!(text(&get(&*store, "a").await.unwrap()), "two");
    assert_eq!(store.person(&karbon(), "P-1").await.unwrap().unwrap().name, "Changed");
    assert!(store.items(&karbon(), "review", Default::default()).await.unwrap().is_empty());
    assert_eq!(store.queues(&karbon()).await.unwrap(), []);
    assert_eq!(store.audit(&karbon(), 0, 9).await.unwrap().len(), 3);
}

pub async fn a_person_of_a_batch_is_told_to_every_gateway(ground: &dyn Ground) {
    let (here, there) = (ground.gateway(), ground.gateway());
    there.people(&karbon()).await.unwrap();
    let mut changes = there.changes();
    let batch = Batch::new(stamp()).person(None, person("P-1", "New")).audit(noted());
    here.write(&karbon(), batch).await.unwrap();
    match changes.recv().await.unwrap() {
        Change::Put(organisation, told) => {
            assert_eq!((organisation, told.name.as_str()), (karbon(), "New"));
        }
        other => panic!("{other:?}"),
    }
    let end = here.trail_end(&karbon()).await.unwrap();
    assert_eq!(end.last.unwrap().number, 1, "a store without it is known to be older");
}

/// Of two who change one person, the second sees that it is the second.
pub async fn of_two_who_change_a_person_neither_is_lost(ground: &dyn Ground) {
    let (one, other) = (ground.gateway(), ground.gateway());
    let first = Batch::new(stamp()).person(None, person("P-1", "")).audit(noted());
    one.write(&karbon(), first).await.unwrap();
    let mut writers = JoinSet::new();
    for number in 0..16 {
        let store = Arc::clone(if number % 2 == 0 { &one } else { &other });
        writers.spawn(async move {
            loop {
                let was = store.person(&karbon(), "P-1").await.unwrap();
                let mut now = (**was.as_ref().unwrap()).clone();
                now.issues.push(format!("case {number}"));
                let batch = Batch::new(stamp()).person(was, now).audit(noted());
                match store.write(&karbon(), batch).await {
                    Ok(()) => return,
                    Err(WriteFault::Conflict(_)) => tokio::task::yield_now().await,
                    Err(fault) => panic!("{fault}"),
                }
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    let person = one.person(&karbon(), "P-1").await.unwrap().unwrap();
    assert_eq!(person.issues.len(), 16);
}

async fn ids(store: &dyn Store, mut listing: Listing) -> Vec<String> {
    let mut ids = Vec::new();
    loop {
        let page = store.documents(&karbon(), KIND, listing.clone()).await.unwrap();
        assert!(listing.limit == 0 || page.documents.len() <= listing.limit);
        ids.extend(page.documents.into_iter().map(|document| document.id));
        match page.next {
            Some(next) => listing.after = Some(next),
            None => return ids,
        }
    }
}

pub async fn documents_are_listed_by_their_keys_page_by_page(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut batch = Batch::new(stamp());
    for (id, day) in [("e", "1"), ("d", "2"), ("c", "2"), ("b", "2"), ("a", "3"), ("ä", "2")] {
        batch = batch.put(parcel(id, 0, "", &[("day", day), ("colour", "blue")]));
    }
    batch = batch.put(parcel("f", 0, "", &[("day", "21"), ("day", "4"), ("colour", "bluegreen")]));
    store.write(&karbon(), batch).await.unwrap();
    for limit in [0, 1, 2, 3] {
        let day = || Listing { limit, ..Listing::of("day") };
        assert_eq!(ids(&*store, day()).await, ["e", "b", "c", "d", "ä", "f", "a", "f"]);
        let newest = Listing { order: Order::Descending, ..day() };
        assert_eq!(ids(&*store, newest).await, ["f", "a", "f", "ä", "d", "c", "b", "e"]);
        let between = Listing { from: Some("2".to_owned()), to: Some("3".to_owned()), ..day() };
        assert_eq!(ids(&*store, between.clone()).await, ["b", "c", "d", "ä", "f"]);
        let newest = Listing { order: Order::Descending, ..between };
        assert_eq!(ids(&*store, newest).await, ["f", "ä", "d", "c", "b"]);
        let second = Listing { limit, ..Listing::with("day", "2") };
        assert_eq!(ids(&*store, second).await, ["b", "c", "d", "ä"]);
        let blue = Listing { limit, ..Listing::with("colour", "blue") };
        assert_eq!(ids(&*store, blue).await, ["a", "b", "c", "d", "e", "ä"]);
        let bluish = Listing { limit, ..Listing::beginning("colour", "blue") };
        assert_eq!(ids(&*store, bluish).await, ["a", "b", "c", "d", "e", "ä", "f"]);
        let all = Listing { limit, ..Listing::of(BY_ID) };
        assert_eq!(ids(&*store, all.clone()).await, ["a", "b", "c", "d", "e", "f", "ä"]);
        let last = Listing { order: Order::Descending, from: Some("e".to_owned()), ..all };
        assert_eq!(ids(&*store, last).await, ["ä", "f", "e"]);
    }
    assert!(ids(&*store, Listing::of("none")).await.is_empty());
    let elsewhere = store.documents(&karbon(), "letter", Listing::of(BY_ID)).await.unwrap();
    assert!(elsewhere.documents.is_empty());
}

async fn places(store: &dyn Store, mut listing: Listing) -> Vec<(String, String)> {
    let mut places = Vec::new();
    loop {
        let page = store.places(&karbon(), KIND, listing.clone()).await.unwrap();
        assert!(listing.limit == 0 || page.places.len() <= listing.limit);
        places.extend(page.places.into_iter().map(|place| (place.value, place.id)));
        match page.next {
            Some(next) => listing.after = Some(next),
            None => return places,
        }
    }
}

pub async fn places_of_a_list_are_read_and_counted_without_its_documents(ground: &dyn Ground) {
    let store = ground.gateway();
    let batch = Batch::new(stamp())
        .put(parcel("a", 0, "", &[("day", "open 1"), ("day", "all 1"), ("day", "open 3")]))
        .put(parcel("b", 0, "", &[("day", "open 2")]))
        .put(parcel("c", 0, "", &[("day", "opened 1"), ("month", "open 1")]));
    store.write(&karbon(), batch).await.unwrap();
    let theirs = Batch::new(stamp()).put(parcel("z", 0, "", &[("day", "open 0")]));
    store.write(&tuntum(), theirs).await.unwrap();
    let owned = |places: &[(&str, &str)]| -> Vec<(String, String)> {
        places.iter().map(|(value, id)| ((*value).to_owned(), (*id).to_owned())).collect()
    };
    let count =
        async |listing: Listing| store.count_places(&karbon(), KIND, listing).await.unwrap();
    let mut expected = owned(&[("open 1", "a"), ("open 2", "b"), ("open 3", "a")]);
    for limit in [0, 1, 2, 3] {
        let open = || Listing { limit, ..Listing::beginning("day", "open ") };
        assert_eq!(places(&*store, open()).await, expected);
        let latest = Listing { order: Order::Descending, ..open() };
        let mut back = expected.clone();
        back.reverse();
        assert_eq!(places(&*store, latest.clone()).await, back);
        let page = store.places(&karbon(), KIND, latest).await.unwrap();
        let behind = Listing { after: page.next, ..open() };
        assert_eq!(count(open()).await, 3, "whatever a page holds");
        assert_eq!(count(behind).await, 3, "wherever a page begins");
    }
    assert_eq!(count(Listing::of("day")).await, 5);
    assert_eq!(count(Listing::with("day", "opened 1")).await, 1);
    assert_eq!(count(Listing::of(BY_ID)).await, 3);
    assert_eq!(places(&*store, Listing::of(BY_ID)).await[2], ("c".to_owned(), "c".to_owned()));
    assert_eq!(count(Listing::of("none")).await, 0);

    let b = get(&*store, "b").await.unwrap();
    store.write(&karbon(), Batch::new(stamp()).remove(&b)).await.unwrap();
    expected.remove(1);
    let elsewhere = ground.gateway();
    assert_eq!(places(&*elsewhere, Listing::beginning("day", "open ")).await, expected);
    assert_eq!(count(Listing::beginning("day", "open ")).await, 2);
}

pub async fn documents_of_organisations_never_meet(ground: &dyn Ground) {
    let store = ground.gateway();
    put(&*store, parcel("a", 0, "ours", &[("day", "1")])).await.unwrap();
    let theirs = Batch::new(stamp()).put(parcel("a", 0, "theirs", &[("day", "2")]));
    store.write(&tuntum(), theirs).await.unwrap();
    assert_eq!(text(&get(&*store, "a").await.unwrap()), "ours");
    for id in ["karbo", "karbon2", "karbon:parcel", "karbon}", "*", ""] {
        let organisation = OrganisationId::new(id);
        assert!(store.document(&organisation, KIND, "a").await.unwrap().is_none(), "{id}");
        let page = store.documents(&organisation, KIND, Listing::of("day")).await.unwrap();
        assert!(page.documents.is_empty(), "{id}");
    }
    let page = store.documents(&tuntum(), KIND, Listing::of("day")).await.unwrap();
    assert_eq!(page.documents.iter().map(text).collect::<Vec<_>>(), ["theirs"]);
}

pub async fn a_batch_that_can_not_be_right_is_refused(ground: &dyn Ground) {
    let store = ground.gateway();
    let batch = || Batch::new(stamp());
    let mut misnamed = parcel("a", 0, "", &[]);
    misnamed.kind = "Parcel:x".to_owned();
    let new = parcel("a", 0, "", &[]);
    for (why, wrong) in [
        ("no audit entry", batch().person(None, person("P-1", "x"))),
        ("no audit entry", batch().item(None, item("i-1", "review", at(0)))),
        ("a kind that is no name", batch().put(misnamed)),
        ("no id", batch().put(parcel("", 0, "", &[]))),
        ("a byte 0", batch().put(parcel("a\0b", 0, "", &[]))),
        ("a byte 0", batch().put(parcel("a", 0, "", &[("day", "\0")]))),
        ("a key of our own", batch().put(parcel("a", 0, "", &[("id", "b")]))),
        ("written twice", batch().put(new.clone()).put(new.clone())),
        ("nothing to remove", batch().remove(&new)),
        (
            "another id",
            batch().person(Some(Arc::new(person("P-1", "x"))), person("P-2", "x")).audit(noted()),
        ),
    ] {
        let fault = store.write(&karbon(), wrong).await.unwrap_err();
        let WriteFault::Store(fault) = fault else { panic!("{why}") };
        assert!(!fault.is_retryable(), "{why}");
    }
    assert!(get(&*store, "a").await.is_none());
    assert!(store.people(&karbon()).await.unwrap().people.is_empty());
    let nothing = Batch { documents: Vec::<DocumentWrite>::new(), ..batch() };
    store.write(&karbon(), nothing).await.unwrap();
}
