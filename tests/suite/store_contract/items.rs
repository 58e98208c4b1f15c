//! Queues.

use std::sync::Arc;

use contact_gateway::casework::unread::mark_unread;
use contact_gateway::domain::audit::{AuditEntry, AuditEvent};
use contact_gateway::domain::queue::{Attached, ItemAction, ItemState, LIMITED, QueueItem};
use contact_gateway::ports::documents::Batch;
use contact_gateway::ports::{Attachment, ItemFilter, QueueCount, Store};
use contact_gateway::runtime::limits::{ATTACHED_PER_ITEM_MAX, PAGE_ITEMS_MAX};
use tokio::task::JoinSet;

use super::Ground;
use super::facts::{at, item, karbon, limited, request, stamp, tuntum};

/// Puts a contact on a queue, by way of a decision.
async fn put(store: &dyn Store, contact: &str, queue: &str, seconds: i64) {
    let (name, queue) = (contact.to_owned(), queue.to_owned());
    let decide = request(contact, move |_| {
        let mut settled = limited(&name, at(seconds));
        settled.item = Some(item(&name, &queue, at(seconds)));
        settled
    });
    store.commit(decide).await.unwrap();
}

fn event(action: &ItemAction) -> AuditEvent {
    AuditEvent::Item { item: "c-1".to_owned(), action: action.name().to_owned() }
}

fn after(id: Option<&str>, limit: usize) -> ItemFilter {
    ItemFilter { after: id.map(str::to_owned), limit, ..ItemFilter::default() }
}

async fn ids(store: &dyn Store, queue: &str, filter: ItemFilter) -> Vec<String> {
    let items = store.items(&karbon(), queue, filter).await.unwrap();
    items.into_iter().map(|item| item.id).collect()
}

pub async fn queues_are_listed_oldest_first_page_by_page(ground: &dyn Ground) {
    let store = ground.gateway();
    for (contact, seconds) in [("late", 30), ("b", 10), ("a", 10), ("early", 5)] {
        put(&*store, contact, "limited", seconds).await;
    }
    put(&*store, "elsewhere", "filed", 1).await;
    let all = ["early", "a", "b", "late"];
    assert_eq!(ids(&*store, "limited", ItemFilter::default()).await, all);
    assert_eq!(ids(&*store, "limited", after(None, PAGE_ITEMS_MAX * 2)).await, all);
    assert_eq!(ids(&*store, "limited", after(None, 2)).await, ["early", "a"]);
    assert_eq!(ids(&*store, "limited", after(Some("a"), 2)).await, ["b", "late"]);
    assert!(ids(&*store, "limited", after(Some("late"), 2)).await.is_empty());
    assert!(store.items(&karbon(), "limited", after(Some("?"), 2)).await.is_err());
    assert!(store.items(&tuntum(), "limited", ItemFilter::default()).await.unwrap().is_empty());

    // A page goes on behind an item that is done and gone meanwhile.
    let was = store.item(&karbon(), "a").await.unwrap().unwrap();
    let now = was.clone().after(&ItemAction::Close, "A. Agent", at(60)).unwrap();
    let closed = event(&ItemAction::Close);
    assert!(store.replace_item(&karbon(), &was, &now, stamp(), closed).await.unwrap());
    assert_eq!(ids(&*store, "limited", after(Some("a"), 9)).await, ["b", "late"]);
    assert_eq!(ids(&*store, "limited", ItemFilter::default()).await, ["early", "b", "late"]);
    let done = ItemFilter { states: vec![ItemState::Closed], ..ItemFilter::default() };
    assert_eq!(ids(&*store, "limited", done).await, ["a"]);
}

pub async fn queues_are_counted(ground: &dyn Ground) {
    let store = ground.gateway();
    assert!(store.queues(&karbon()).await.unwrap().is_empty());
    put(&*store, "a", "limited", 20).await;
    put(&*store, "b", "limited", 10).await;
    put(&*store, "c", "review", 30).await;
    let count = |queue: &str, waiting, seconds| QueueCount {
        queue: queue.to_owned(),
        waiting,
        oldest_at: Some(at(seconds)),
        overdue: 0,
    };
    let counts = store.queues(&karbon()).await.unwrap();
    assert_eq!(counts, [count("limited", 2, 10), count("review", 1, 30)]);
    assert!(store.queues(&tuntum()).await.unwrap().is_empty());

    let was = store.item(&karbon(), "b").await.unwrap().unwrap();
    let now = was.clone().after(&ItemAction::File, "A. Agent", at(60)).unwrap();
    let filed = event(&ItemAction::File);
    assert!(store.replace_item(&karbon(), &was, &now, stamp(), filed).await.unwrap());
    let counts = store.queues(&karbon()).await.unwrap();
    assert_eq!(counts, [count("limited", 1, 20), count("review", 1, 30)]);
}

/// Every gateway lists an item correctly after it was claimed, read or closed, in a step of its own or a batch.
pub async fn items_in_hand_are_listed_whatever_their_queue(ground: &dyn Ground) {
    let store = ground.gateway();
    for (contact, queue, seconds) in [
        ("late", "limited", 30),
        ("first", "review", 5),
        ("mid", "limited", 10),
        ("open", "limited", 1),
    ] {
        put(&*store, contact, queue, seconds).await;
    }
    let in_hand = async |filter: ItemFilter| -> Vec<String> {
        let there = ground.gateway().items_in_hand(&karbon(), filter.clone()).await.unwrap();
        let here = store.items_in_hand(&karbon(), filter).await.unwrap();
        assert_eq!(here, there);
        here.into_iter().map(|item| item.id).collect()
    };
    assert!(in_hand(ItemFilter::default()).await.is_empty());
    let act = async |id: &str, action: ItemAction, by_batch: bool| {
        let was = store.item(&karbon(), id).await.unwrap().unwrap();
        let now = was.clone().after(&action, "A. Agent", at(60)).unwrap();
        if by_batch {
            let batch = Batch::new(stamp()).audit(event(&action)).item(Some(was), now);
            store.write(&karbon(), batch).await.unwrap();
        } else {
            let done = store.replace_item(&karbon(), &was, &now, stamp(), event(&action)).await;
            assert!(done.unwrap());
        }
    };
    for (id, by_batch) in [("late", false), ("first", true), ("mid", false)] {
        act(id, ItemAction::Claim, by_batch).await;
    }
    act("mid", ItemAction::Read, false).await;
    assert_eq!(in_hand(ItemFilter::default()).await, ["first", "mid", "late"]);
    assert_eq!(in_hand(after(None, 2)).await, ["first", "mid"]);
    assert_eq!(in_hand(after(Some("mid"), 2)).await, ["late"]);
    assert!(in_hand(after(Some("late"), 2)).await.is_empty());
    assert!(store.items_in_hand(&tuntum(), ItemFilter::default()).await.unwrap().is_empty());

    act("first", ItemAction::Close, true).await;
    act("late", ItemAction::Close, false).await;
    assert_eq!(in_hand(ItemFilter::default()).await, ["mid"]);
    act("mid", ItemAction::File, false).await;
    assert!(in_hand(ItemFilter::default()).await.is_empty());
}

/// More items than an adapter reads at once, some with the same instant, of which few match.
pub async fn a_list_goes_on_behind_many_that_are_not_asked_for(ground: &dyn Ground) {
    let store = ground.gateway();
    let claimed: Vec<String> = (0..230).map(|number| format!("c-{number:03}")).collect();
    let open = ["a", "c-115-x", "d", "e"];
    for (number, id) in (0..).zip(&claimed) {
        put(&*store, id, "limited", if number < 220 { 10 } else { number }).await;
    }
    for (id, seconds) in open.into_iter().zip([10, 10, 10, 900]) {
        put(&*store, id, "limited", seconds).await;
    }
    for some in claimed.chunks(46) {
        let mut batch = Batch::new(stamp()).audit(event(&ItemAction::Claim));
        for id in some {
            let was = store.item(&karbon(), id).await.unwrap().unwrap();
            let now = was.clone().after(&ItemAction::Claim, "A. Agent", at(60)).unwrap();
            batch = batch.item(Some(was), now);
        }
        store.write(&karbon(), batch).await.unwrap();
    }
    for (limit, is_in_hand) in [(1, false), (2, false), (64, false), (64, true), (150, true)] {
        let (mut seen, mut last): (Vec<String>, Option<String>) = (Vec::new(), None);
        loop {
            let filter =
                ItemFilter { states: vec![ItemState::Open], ..after(last.as_deref(), limit) };
            let page = match is_in_hand {
                true => store.items_in_hand(&karbon(), filter).await.unwrap(),
                false => store.items(&karbon(), "limited", filter).await.unwrap(),
            };
            assert!(page.len() <= limit);
            let Some(item) = page.last() else { break };
            last = Some(item.id.clone());
            seen.extend(page.into_iter().map(|item| item.id));
        }
        if is_in_hand {
            assert_eq!(seen, claimed);
        } else {
            assert_eq!(seen, open);
        }
    }
}

pub async fn a_list_shows_of_each_text_as_much_as_is_asked_for(ground: &dyn Ground) {
    let store = ground.gateway();
    put(&*store, "c-1", "limited", 0).await;
    let whole = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let now = whole.clone().after(&ItemAction::Claim, "A. Agent", at(60)).unwrap();
    let claim = event(&ItemAction::Claim);
    assert!(store.replace_item(&karbon(), &whole, &now, stamp(), claim).await.unwrap());
    assert_eq!(now.subject.as_deref(), Some("Roof"));
    for (excerpt, shown) in [(None, "Roof"), (Some(3), "Roo…")] {
        let filter = ItemFilter { excerpt, ..ItemFilter::default() };
        let expected = [QueueItem { subject: Some(shown.to_owned()), ..now.clone() }];
        let listed = store.items(&karbon(), "limited", filter.clone()).await.unwrap();
        assert_eq!(listed, expected);
        assert_eq!(store.items_in_hand(&karbon(), filter).await.unwrap(), expected);
    }
}

/// Puts a limited contact on its queue that is to be read by an instant.
async fn put_limited(store: &dyn Store, contact: &str, made: i64, read_by: i64, resembles: bool) {
    let name = contact.to_owned();
    let decide = request(contact, move |_| {
        let mut settled = limited(&name, at(made));
        let mut item = item(&name, LIMITED, at(made));
        item.read_by = Some(at(read_by));
        item.resembles = if resembles { vec!["emergency".to_owned()] } else { Vec::new() };
        settled.item = Some(item);
        settled
    });
    store.commit(decide).await.unwrap();
}

/// Whoever writes an item, what is overdue comes first and is counted, and what resembles a lane next.
pub async fn an_item_that_a_batch_writes_has_its_turn(ground: &dyn Ground) {
    let store = ground.gateway();
    let mut batch = Batch::new(stamp()).audit(event(&ItemAction::Read));
    for (id, made, overdue, resembles) in
        [("old", 1, false, false), ("like", 2, false, true), ("missed", 3, true, false)]
    {
        let mut new = item(id, LIMITED, at(made));
        new.overdue = overdue;
        new.resembles = if resembles { vec!["emergency".to_owned()] } else { Vec::new() };
        batch = batch.item(None, new);
    }
    store.write(&karbon(), batch).await.unwrap();
    assert_eq!(ids(&*store, LIMITED, ItemFilter::default()).await, ["missed", "like", "old"]);
    let counts = store.queues(&karbon()).await.unwrap();
    assert_eq!((counts[0].waiting, counts[0].overdue), (3, 1));
}

/// However many nobody has read, one look finds them all: they leave the list that it goes through.
pub async fn one_look_marks_all_that_nobody_read(ground: &dyn Ground) {
    let store = ground.gateway();
    for number in 0..9 {
        put_limited(&*store, &format!("missed-{number}"), number, 100, false).await;
    }
    for (contact, made) in [("in-time-1", 2), ("in-time-2", 20)] {
        put_limited(&*store, contact, made, 900, false).await;
    }
    assert_eq!(mark_unread(&*store, &karbon(), at(100)).await.unwrap(), 9);
    let others = ItemFilter { without_overdue: true, ..ItemFilter::default() };
    assert_eq!(ids(&*store, LIMITED, others).await, ["in-time-1", "in-time-2"]);
    assert_eq!(mark_unread(&*store, &karbon(), at(100)).await.unwrap(), 0);
}

/// Two gateways look at once, again and again: what nobody read in time is said once, and is first.
pub async fn what_nobody_read_in_time_comes_first_and_is_said_once(ground: &dyn Ground) {
    let (store, other) = (ground.gateway(), ground.gateway());
    for (contact, made, read_by, resembles) in [
        ("old", 1, 900, false),
        ("like", 2, 900, true),
        ("missed", 3, 100, false),
        ("missed-like", 4, 100, true),
        ("read", 5, 100, false),
    ] {
        put_limited(&*store, contact, made, read_by, resembles).await;
    }
    let listed = || ids(&*store, LIMITED, ItemFilter::default());
    assert_eq!(listed().await, ["like", "missed-like", "old", "missed", "read"]);
    let was = store.item(&karbon(), "read").await.unwrap().unwrap();
    let now = was.clone().after(&ItemAction::Read, "A. Agent", at(60)).unwrap();
    assert!(
        store.replace_item(&karbon(), &was, &now, stamp(), event(&ItemAction::Read)).await.unwrap()
    );

    let look = async |at| {
        let (one, two) = (karbon(), karbon());
        let (one, two) =
            tokio::join!(mark_unread(&*store, &one, at), mark_unread(&*other, &two, at));
        one.unwrap() + two.unwrap()
    };
    assert_eq!(look(at(99)).await, 0);
    assert_eq!(look(at(100)).await, 2);
    assert_eq!(look(at(200)).await, 0);
    assert_eq!(listed().await, ["missed", "missed-like", "like", "old", "read"]);
    assert_eq!(
        ids(&*store, LIMITED, after(Some("missed"), 3)).await,
        ["missed-like", "like", "old"]
    );
    let others = ItemFilter { without_overdue: true, ..ItemFilter::default() };
    assert_eq!(ids(&*store, LIMITED, others).await, ["like", "old", "read"]);
    let count =
        QueueCount { queue: LIMITED.to_owned(), waiting: 5, oldest_at: Some(at(1)), overdue: 2 };
    assert_eq!(store.queues(&karbon()).await.unwrap(), [count]);
    let said = |entry: &AuditEntry| match &entry.event {
        AuditEvent::Unread { item } => Some(item.clone()),
        _ => None,
    };
    let trail = store.audit(&karbon(), 0, 99).await.unwrap();
    let mut unread: Vec<String> = trail.iter().filter_map(said).collect();
    unread.sort();
    assert_eq!(unread, ["missed", "missed-like"]);

    // Whoever reads it puts it back into its place.
    let was = store.item(&karbon(), "missed").await.unwrap().unwrap();
    let now = was.clone().after(&ItemAction::Read, "A. Agent", at(300)).unwrap();
    assert!(
        store.replace_item(&karbon(), &was, &now, stamp(), event(&ItemAction::Read)).await.unwrap()
    );
    assert_eq!(listed().await, ["missed-like", "like", "old", "missed", "read"]);
    assert_eq!(store.queues(&karbon()).await.unwrap().first().map(|count| count.overdue), Some(1));
}

pub async fn an_item_changed_meanwhile_is_not_replaced(ground: &dyn Ground) {
    let store = ground.gateway();
    put(&*store, "c-1", "limited", 0).await;
    let was = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let claimed = was.clone().after(&ItemAction::Claim, "A", at(1)).unwrap();
    let other = was.clone().after(&ItemAction::Claim, "B", at(1)).unwrap();
    let claim = || event(&ItemAction::Claim);
    assert!(store.replace_item(&karbon(), &was, &claimed, stamp(), claim()).await.unwrap());
    assert!(!store.replace_item(&karbon(), &was, &other, stamp(), claim()).await.unwrap());
    assert!(!store.replace_item(&tuntum(), &claimed, &other, stamp(), claim()).await.unwrap());
    assert_eq!(store.item(&karbon(), "c-1").await.unwrap().unwrap(), claimed);
    assert!(store.item(&tuntum(), "c-1").await.unwrap().is_none());
    // One entry for the decision, one for the claim that was made, none for the one that was not.
    let trail = store.audit(&karbon(), 0, 9).await.unwrap();
    assert_eq!(trail.len(), 2);
    assert_eq!(trail[1].by, "A. Manager");
    assert!(store.audit(&tuntum(), 0, 9).await.unwrap().is_empty());
}

pub async fn of_many_who_replace_at_once_one_does(ground: &dyn Ground) {
    let store = ground.gateway();
    put(&*store, "c-1", "limited", 0).await;
    let was = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    let mut waiting = JoinSet::new();
    for number in 0..16 {
        let (store, was) = (ground.gateway(), was.clone());
        waiting.spawn(async move {
            let by = format!("Agent {number}");
            let now = was.clone().after(&ItemAction::Claim, &by, at(1)).unwrap();
            let claim = event(&ItemAction::Claim);
            store.replace_item(&karbon(), &was, &now, stamp(), claim).await.unwrap()
        });
    }
    let mut won = 0;
    while let Some(replaced) = waiting.join_next().await {
        won += usize::from(replaced.unwrap());
    }
    assert_eq!(won, 1);
}

pub async fn what_is_learnt_later_is_attached_once(ground: &dyn Ground) {
    let store = ground.gateway();
    put(&*store, "c-1", "limited", 0).await;
    let voicemail = || Attachment {
        name: "voicemail".to_owned(),
        value: "sha256:00/11".to_owned(),
        item: Some(item("c-1", "voicemail", at(0))),
    };
    for _ in 0..2 {
        store.attach(&karbon(), "c-1", voicemail()).await.unwrap();
    }
    let attached = Attached { name: "voicemail".to_owned(), value: "sha256:00/11".to_owned() };
    let stored = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    assert_eq!(stored.attached, std::slice::from_ref(&attached));
    assert_eq!(stored.queue, "limited", "it stays where it was");

    // A call that went through has no item until there is a voicemail.
    let outcome =
        Attachment { name: "outcome".to_owned(), value: "no-answer".to_owned(), item: None };
    store.attach(&karbon(), "c-2", outcome).await.unwrap();
    assert!(store.item(&karbon(), "c-2").await.unwrap().is_none());
    let mut with_item = voicemail();
    with_item.item = Some(item("c-2", "named-contact", at(3)));
    store.attach(&karbon(), "c-2", with_item).await.unwrap();
    let listed = store.items(&karbon(), "named-contact", ItemFilter::default()).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].attached, [attached]);
}

pub async fn what_is_attached_is_bounded(ground: &dyn Ground) {
    let store: Arc<dyn Store> = ground.gateway();
    put(&*store, "c-1", "limited", 0).await;
    let one = |number: usize| Attachment {
        name: "outcome".to_owned(),
        value: number.to_string(),
        item: None,
    };
    for number in 0..ATTACHED_PER_ITEM_MAX {
        store.attach(&karbon(), "c-1", one(number)).await.unwrap();
    }
    let fault = store.attach(&karbon(), "c-1", one(ATTACHED_PER_ITEM_MAX)).await.unwrap_err();
    assert!(!fault.is_retryable());
    let stored = store.item(&karbon(), "c-1").await.unwrap().unwrap();
    assert_eq!(stored.attached.len(), ATTACHED_PER_ITEM_MAX);
}
