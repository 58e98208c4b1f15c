//! What is found by an index: people page by page, whoever has a restriction, entries of the trail.

use std::sync::Arc;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::decision::Disposition;
use contact_gateway::domain::queue::{ItemAction, QueueItem};
use contact_gateway::ports::audit_trail::{TrailFilter, TrailSearch};
use contact_gateway::ports::documents::{Batch, Order};
use contact_gateway::ports::{CommitRequest, Stamp, Store};

use super::Ground;
use super::facts::{admitted, at, item, karbon, limited, person, request, stamp, tuntum};

fn noted() -> AuditEvent {
    AuditEvent::PersonChanged { person: "P-0".to_owned() }
}

pub async fn people_are_listed_page_by_page(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut batch = Batch::new(stamp()).audit(noted());
    for number in 0..25 {
        batch = batch.person(None, person(&format!("P-{number:02}"), "x"));
    }
    store.write(&karbon(), batch).await.unwrap();
    let one = Batch::new(stamp()).person(None, person("P-00", "theirs")).audit(noted());
    store.write(&tuntum(), one).await.unwrap();
    let store = ground.gateway();
    let (mut ids, mut after) = (Vec::new(), None);
    loop {
        let page = store.people_page(&karbon(), after.as_deref(), 7).await.unwrap();
        let Some(last) = page.last() else { break };
        assert!(page.len() <= 7);
        after = Some(last.id.clone());
        ids.extend(page.into_iter().map(|person| person.id.clone()));
    }
    assert_eq!(ids, (0..25).map(|number| format!("P-{number:02}")).collect::<Vec<_>>());
    assert_eq!(store.people_page(&karbon(), None, 0).await.unwrap().len(), 25);
    assert_eq!(store.people_page(&tuntum(), None, 0).await.unwrap().len(), 1);
}

pub async fn whoever_has_a_restriction_is_found(ground: &dyn Ground) {
    let store = ground.gateway();
    let with = |id: &str, restriction: &str| {
        let mut person = person(id, "x");
        person.restrictions[0].id = restriction.to_owned();
        person
    };
    let batch = Batch::new(stamp())
        .person(None, with("P-1", "R-1"))
        .person(None, with("P-2", "R-2"))
        .person(None, with("P-3", "R-2"))
        .audit(noted());
    store.write(&karbon(), batch).await.unwrap();
    let found = async |restriction: &str| {
        let people = ground.gateway().restricted(&karbon(), restriction).await.unwrap();
        people.iter().map(|person| person.id.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found("R-1").await, ["P-1"]);
    assert_eq!(found("R-2").await, ["P-2", "P-3"]);
    assert!(store.restricted(&tuntum(), "R-1").await.unwrap().is_empty());
    let was = store.person(&karbon(), "P-2").await.unwrap();
    let batch = Batch::new(stamp()).person(was, with("P-2", "R-1")).audit(noted());
    store.write(&karbon(), batch).await.unwrap();
    assert_eq!(found("R-1").await, ["P-1", "P-2"]);
    assert_eq!(found("R-2").await, ["P-3"]);
    assert!(found("R").await.is_empty());
}

/// A contact of somebody that was limited, or passed, with a flag, at a time.
fn contact(id: &str, person: &str, seconds: i64, flag: &str, is_limited: bool) -> CommitRequest {
    let (name, of, flag) = (id.to_owned(), person.to_owned(), flag.to_owned());
    let mut asked = request(id, move |_| {
        let mut settled =
            if is_limited { limited(&name, at(seconds)) } else { admitted(&name, at(seconds)) };
        settled.audit.person = Some(of.clone());
        if !flag.is_empty() {
            settled.audit.flags = vec![flag.as_str().into()];
        }
        if is_limited {
            settled.item =
                Some(QueueItem { person: Some(of.clone()), ..item(&name, "limited", at(seconds)) });
        }
        settled
    });
    asked.person = Some(person.to_owned());
    asked.at = at(seconds);
    asked
}

async fn numbers(store: &dyn Store, filter: TrailFilter, order: Order, limit: usize) -> Vec<u64> {
    let (mut numbers, mut after) = (Vec::new(), None);
    loop {
        let search = TrailSearch { filter: filter.clone(), order, after, limit };
        let page = store.search_audit(&karbon(), search).await.unwrap();
        assert!(limit == 0 || page.entries.len() <= limit);
        numbers.extend(page.entries.iter().map(|entry| entry.number));
        after = page.next;
        if after.is_none() {
            return numbers;
        }
    }
}

/// One after another, so that their numbers are known: 1 to 8.
async fn fill(store: &Arc<dyn Store>) {
    const DAY: i64 = 86_400;
    store.commit(contact("c-1", "P-1", 0, "", false)).await.unwrap();
    store.commit(contact("c-2", "P-2", DAY, "odd", true)).await.unwrap();
    store.commit(contact("c-3", "P-1", DAY + 1, "odd", true)).await.unwrap();
    // Put right late: it stands behind entries that were written after it.
    store.commit(contact("c-4", "P-1", 10, "", true)).await.unwrap();
    let mut doubtful = contact("c-5", "P-2", 2 * DAY, "", false);
    let settle = Arc::clone(&doubtful.decide);
    doubtful.decide = Arc::new(move |ledger| {
        let mut settled = settle(ledger)?;
        settled.audit.person = None;
        settled.audit.in_doubt = vec!["P-1".to_owned(), "P-3".to_owned()];
        Ok(settled)
    });
    store.commit(doubtful).await.unwrap();
    let was = store.item(&karbon(), "c-3").await.unwrap().unwrap();
    let now = was.clone().after(&ItemAction::Close, "A", at(60)).unwrap();
    let event = AuditEvent::Item { item: "c-3".to_owned(), action: "close".to_owned() };
    let late = Stamp { by: "A".to_owned(), at: at(3 * DAY) };
    assert!(store.replace_item(&karbon(), &was, &now, late, event).await.unwrap());
    let of = |person: &str| AuditEvent::PersonChanged { person: person.to_owned() };
    store.append_audit(&karbon(), stamp(), of("P-2")).await.unwrap();
    let batch = Batch::new(stamp()).person(None, person("P-1", "x")).audit(of("P-1"));
    store.write(&karbon(), batch).await.unwrap();
}

pub async fn entries_of_the_trail_are_found_by_what_they_say(ground: &dyn Ground) {
    let store = ground.gateway();
    fill(&store).await;
    store.append_audit(&tuntum(), stamp(), noted()).await.unwrap();
    let store = ground.gateway();
    let any = TrailFilter::default;
    let of = |person: &str| TrailFilter { person: Some(person.to_owned()), ..any() };
    let odd = || TrailFilter { flag: Some("odd".into()), ..any() };
    let kept = || TrailFilter { disposition: Some(Disposition::Limit), ..any() };
    let passed = || TrailFilter { disposition: Some(Disposition::Deliver), ..any() };
    let day = |from: i64, to: i64| TrailFilter {
        from: Some(at(from * 86_400)),
        to: Some(at(to * 86_400)),
        ..any()
    };
    for (filter, expected) in [
        (any(), vec![1, 2, 3, 4, 5, 6, 7, 8]),
        (of("P-1"), vec![1, 3, 4, 5, 6, 8]),
        (of("P-2"), vec![2, 7]),
        (of("P-3"), vec![5]),
        (of("P"), vec![]),
        (odd(), vec![2, 3]),
        (TrailFilter { flag: odd().flag, ..of("P-1") }, vec![3]),
        (kept(), vec![2, 3, 4]),
        (TrailFilter { disposition: kept().disposition, ..of("P-1") }, vec![3, 4]),
        (passed(), vec![1, 5]),
        (day(0, 1), vec![1, 4, 7, 8]),
        (day(1, 2), vec![2, 3]),
        (day(1, 9), vec![2, 3, 5, 6]),
        (day(9, 10), vec![]),
        (TrailFilter { from: Some(at(5)), to: Some(at(15)), ..any() }, vec![4]),
        (TrailFilter { person: of("P-1").person, ..day(1, 3) }, vec![3, 5]),
    ] {
        for limit in [0, 1, 2, 3] {
            let found = numbers(&*store, filter.clone(), Order::Ascending, limit).await;
            assert_eq!(found, expected, "{filter:?}");
            let mut newest = numbers(&*store, filter.clone(), Order::Descending, limit).await;
            newest.reverse();
            assert_eq!(newest, expected, "{filter:?}, newest first");
        }
    }
}

/// Over several blocks of numbers, of which days have some.
pub async fn days_are_found_in_a_long_trail(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut number = 0_i64;
    for day in 0..3 {
        for _ in 0..4 {
            let mut batch = Batch::new(Stamp { by: "A".to_owned(), at: at(day * 86_400) });
            for _ in 0..250 {
                batch = batch.audit(noted());
                number += 1;
            }
            store.write(&karbon(), batch).await.unwrap();
        }
    }
    assert_eq!(number, 3_000);
    let second =
        TrailFilter { from: Some(at(86_400)), to: Some(at(2 * 86_400)), ..TrailFilter::default() };
    for order in [Order::Ascending, Order::Descending] {
        let mut found = numbers(&*store, second.clone(), order, 300).await;
        found.sort_unstable();
        assert_eq!(found, (1_001..=2_000).collect::<Vec<_>>());
    }
}
