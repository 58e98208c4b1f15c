//! What a step lets pass goes on its way, once: through requests that are cut off, gateways that end or are
//! slow, servers that do not take it, and originals that are gone.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use chrono::TimeDelta;
use contact_gateway::casework::Fault;
use contact_gateway::domain::flag::Flag;
use contact_gateway::domain::person::Person;
use contact_gateway::domain::queue::{ItemAction, ItemState, QueueItem};
use contact_gateway::ports::documents::{BY_ID, Listing};
use contact_gateway::ports::{Clock, Store};
use contact_gateway::runtime::limits::PAGE_PIECE_ITEMS;
use contact_gateway::store::memory::Memory;
use serde_json::{Value, json};

use super::rig::CaseOffice;
use crate::degraded::faulty::Faulty;
use crate::office::{Answer, Fate};
use crate::store_contract::servers::until;

/// Nothing but letters is let through.
fn person() -> Person {
    serde_json::from_value(json!({
        "id": "P-1", "name": "Jo Doe",
        "identifiers": [{"kind": "email", "value": "jo@home.example"}],
        "restrictions": [{
            "id": "R-1", "kind": "channels_only", "channels": ["letter"], "grounds": "demands",
            "clause": "8.3", "starts": "2026-01-05", "review_due": "2026-07-06", "decided_by": "Max"
        }]
    }))
    .unwrap()
}

/// An office in which these contacts of the person were limited, and an appeal waits to be decided by Di.
async fn office(store: Arc<dyn Store>, contacts: &[(&str, &str)]) -> CaseOffice {
    let office =
        CaseOffice::enforcing_during_appeals(store, "2026-02-16T09:00:00Z", vec![person()]).await;
    for (number, (id, channel)) in contacts.iter().enumerate() {
        let contact = json!({
            "id": id, "channel": channel, "at": format!("2026-02-10T09:00:{number:02}Z"),
            "from": [{"kind": "email", "value": "jo@home.example"}],
            "to": ["repairs@office.example"], "subject": "The roof", "text": "Please answer me."
        });
        office.contact(&serde_json::from_value(contact).unwrap()).await;
        assert_eq!(item(&office, id).await.queue, "limited");
    }
    let appeal =
        json!({"act": "receive_appeal", "id": "A-1", "restriction": "R-1", "channel": "letter"});
    assert!(office.step("Ann", "P-1", appeal).await.status.is_success());
    let hearer = json!({
        "act": "assign_hearer", "appeal": "A-1", "name": "Di", "role": "senior_member_of_staff"
    });
    assert!(office.step("Bo", "P-1", hearer).await.status.is_success());
    office
}

async fn quash(office: &CaseOffice) -> Answer {
    let quashed = json!({
        "act": "decide_appeal", "appeal": "A-1", "outcome": "quashed", "why": "Not proportionate."
    });
    office.step("Di", "P-1", quashed).await
}

async fn item(office: &CaseOffice, id: &str) -> QueueItem {
    office.store.item(&office.organisation.id, id).await.unwrap().unwrap()
}

fn notes(item: &QueueItem) -> Vec<&str> {
    item.notes.iter().map(|note| note.text.as_str()).collect()
}

/// What is written down as still to be done.
async fn left(office: &CaseOffice) -> Vec<String> {
    let mut left = Vec::new();
    for kind in ["effect", "release", "reminder_mail"] {
        let listing = Listing::of(BY_ID);
        let page = office.store.documents(&office.organisation.id, kind, listing).await.unwrap();
        left.extend(page.documents.into_iter().map(|one| format!("{kind} {}", one.id)));
    }
    left
}

async fn until_released(office: &CaseOffice, id: &str) {
    until("it is released", || async { item(office, id).await.state == ItemState::Released }).await;
}

fn forward(office: &CaseOffice, time: TimeDelta) {
    office.clock.set(office.clock.now() + time);
}

/// Lets the office's clock run with the runtime's, which is paused and jumps to whatever comes next.
fn run_the_clock(office: &CaseOffice) -> tokio::task::JoinHandle<()> {
    let clock = Arc::clone(&office.clock);
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            clock.set(clock.now() + TimeDelta::milliseconds(500));
        }
    })
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_cut_off_cuts_off_no_release() {
    let office = office(Memory::new(), &[("c-1", "email"), ("c-2", "email")]).await;
    office.released.lets("c-1", Fate::Takes(Duration::from_secs(10)));
    {
        let quashing = quash(&office);
        tokio::pin!(quashing);
        tokio::select! {
            answer = &mut quashing => panic!("{answer:?}"),
            () = office.released.until_begun("c-1") => {}
        }
    }
    // Nobody waits any more.
    until_released(&office, "c-2").await;
    assert_eq!((office.times_released("c-1"), office.times_released("c-2")), (1, 1));
    assert_eq!(office.released.times_begun("c-1"), 1, "it was begun once and not cut off");
    until("no work is left", || async { left(&office).await.is_empty() }).await;
}

#[tokio::test(start_paused = true)]
async fn a_step_whose_releases_take_long_answers_that_they_go_on() {
    let office = office(Memory::new(), &[("c-1", "email"), ("c-2", "email")]).await;
    office.released.lets("c-2", Fate::Takes(Duration::from_secs(25)));
    let answer = quash(&office).await;
    assert!(answer.status.is_success(), "{answer:?}");
    let said = answer.json();
    assert_eq!((&said["released"], &said["unfinished"]), (&json!(["c-1"]), &json!(true)));
    until_released(&office, "c-2").await;
    assert_eq!(office.released.times_begun("c-2"), 1);
}

#[tokio::test]
async fn a_delivery_that_fails_is_tried_again_until_it_is_taken() {
    let office =
        office(Memory::new(), &[("c-1", "email"), ("c-2", "email"), ("c-3", "email")]).await;
    office.released.is_away.store(true, Ordering::SeqCst);
    let said = quash(&office).await.json();
    assert_eq!((&said["released"], &said["unfinished"]), (&Value::Null, &json!(true)), "{said}");
    assert_eq!(office.released.begun.lock().unwrap().len(), 1, "the others wait for the keeper");
    let first = item(&office, "c-1").await;
    assert!(
        notes(&first)[1].starts_with("Not released yet: the mail server is away."),
        "{first:?}"
    );
    assert_eq!(left(&office).await, ["release c-1", "release c-2", "release c-3"]);

    // Still away, for one of them for good.
    let desk = office.desk();
    office.finish(&desk).await;
    forward(&office, TimeDelta::seconds(11));
    office.finish(&desk).await;
    assert_eq!(notes(&item(&office, "c-1").await).len(), 2, "that is said once");
    office.released.is_away.store(false, Ordering::SeqCst);
    office.released.lets("c-2", Fate::Refused);
    office.finish(&desk).await;
    assert_eq!(office.released.done.lock().unwrap().len(), 0, "each has a pause");
    forward(&office, TimeDelta::minutes(1));
    office.finish(&desk).await;
    office.finish(&desk).await;
    for (id, times, state) in [("c-1", 1, ItemState::Released), ("c-3", 1, ItemState::Released)] {
        assert_eq!((office.times_released(id), item(&office, id).await.state), (times, state));
    }
    let refused = item(&office, "c-2").await;
    assert_eq!(refused.state, ItemState::Claimed);
    assert_eq!(notes(&refused).last(), Some(&"Not released: 550 nobody here."));
    assert_eq!(left(&office).await, [""; 0]);
}

#[tokio::test]
async fn a_delivery_that_is_never_taken_ends_with_a_note() {
    let office = office(Memory::new(), &[("c-1", "email")]).await;
    office.released.is_away.store(true, Ordering::SeqCst);
    quash(&office).await;
    let desk = office.desk();
    forward(&office, TimeDelta::days(4));
    office.finish(&desk).await;
    assert_eq!(left(&office).await, ["release c-1"]);
    forward(&office, TimeDelta::days(2));
    office.finish(&desk).await;
    let kept = item(&office, "c-1").await;
    assert_eq!(notes(&kept).last(), Some(&"Not released: the mail server is away."));
    assert!(kept.state.is_waiting() && kept.flags.contains(&Flag::PassesNow), "{kept:?}");
    assert_eq!(left(&office).await, [""; 0]);
}

/// A gateway that ends is one whose tasks are no more: those of a runtime that is shut down.
#[test]
fn what_a_gateway_that_ended_left_is_finished_by_another_once() {
    let runtime = || {
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        runtime.worker_threads(1).enable_all().build().unwrap()
    };
    let (store, ended, later) = (Memory::new(), runtime(), runtime());
    let office = later.block_on(office(store, &[("c-1", "email"), ("c-2", "email")]));
    let office = Arc::new(office);
    // It ends while it hands over the first: neither is released, the second not decided again.
    office.released.lets("c-1", Fate::Takes(Duration::from_secs(3_600)));
    let asked = Arc::clone(&office);
    ended.spawn(async move { quash(&asked).await });
    later.block_on(office.released.until_begun("c-1"));
    ended.shutdown_background();
    office.released.fates.lock().unwrap().clear();
    later.block_on(async {
        let desks = [office.desk(), office.desk()];
        office.finish(&desks[0]).await;
        assert_eq!(office.released.done.lock().unwrap().len(), 0, "it may still be at it");
        forward(&office, TimeDelta::seconds(31));
        for _ in 0..2 {
            tokio::join!(office.finish(&desks[0]), office.finish(&desks[1]));
        }
        for id in ["c-1", "c-2"] {
            assert_eq!(office.times_released(id), 1, "{id}");
            assert_eq!(item(&office, id).await.state, ItemState::Released, "{id}");
        }
        assert_eq!(left(&office).await, [""; 0]);
    });
}

#[tokio::test(start_paused = true)]
async fn nobody_takes_over_what_a_slow_gateway_is_still_at() {
    let office = office(Memory::new(), &[("c-1", "email"), ("c-2", "email")]).await;
    let clock = run_the_clock(&office);
    office.released.lets("c-1", Fate::Takes(Duration::from_secs(120)));
    let desk = office.desk();
    let answered = quash(&office).await;
    assert!(answered.status.is_success(), "{answered:?}");
    while item(&office, "c-2").await.state != ItemState::Released {
        // The keepers of both gateways.
        office.finish(&desk).await;
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
    office.finish(&desk).await;
    assert_eq!(office.released.begun.lock().unwrap().as_slice(), ["c-1", "c-2"]);
    clock.abort();
}

#[tokio::test]
async fn two_gateways_release_an_item_once_for_the_same_member_of_staff() {
    let office = office(Memory::new(), &[("c-1", "email")]).await;
    let (one, other) = (office.desk(), office.desk());
    let id = &office.organisation.id;
    let (first, second) = tokio::join!(
        one.work_item(id, "limited", "c-1", ItemAction::Release, "Ann"),
        other.work_item(id, "limited", "c-1", ItemAction::Release, "Ann"),
    );
    assert_eq!(office.released.begun.lock().unwrap().len(), 1);
    let refused = [first, second].into_iter().filter_map(Result::err).collect::<Vec<_>>();
    assert!(matches!(refused[..], [Fault::ReleaseUnderWay]), "{refused:?}");
    assert_eq!(item(&office, "c-1").await.state, ItemState::Released);
    assert_eq!(left(&office).await, [""; 0]);
}

#[tokio::test]
async fn an_original_that_is_gone_stops_neither_the_others_nor_reminders() {
    let office = office(Memory::new(), &[("c-1", "email"), ("c-2", "email")]).await;
    lose(&office.folder.path().join("archive"), b"original of c-1");
    let said = quash(&office).await.json();
    assert_eq!(said["released"], json!(["c-2"]), "{said}");
    let lost = item(&office, "c-1").await;
    assert!(lost.state.is_waiting(), "{lost:?}");
    assert!(notes(&lost)[1].starts_with("Not released: "), "{:?}", notes(&lost));
    assert_eq!(left(&office).await, [""; 0]);
}

/// Takes a kept original out of the archive.
fn lose(folder: &Path, original: &[u8]) {
    let (mut folders, mut lost) = (vec![folder.to_owned()], 0);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if std::fs::read(&path).unwrap() == original {
                std::fs::remove_file(&path).unwrap();
                lost += 1;
            }
        }
    }
    assert_eq!(lost, 1);
}

#[tokio::test]
async fn only_what_went_is_listed_as_released() {
    let contacts = [("c-1", "email"), ("c-2", "telephone"), ("c-3", "email"), ("c-4", "email")];
    let office = office(Memory::new(), &contacts).await;
    // Nothing of a call is kept that could be handed on; one e-mail is Ann's, and one nobody takes.
    let call = item(&office, "c-2").await;
    let without = QueueItem { archived: None, ..call.clone() };
    let stamp = contact_gateway::ports::Stamp { by: "test".into(), at: office.clock.now() };
    let event = contact_gateway::domain::audit::AuditEvent::Item {
        item: "c-2".into(),
        action: "note".into(),
    };
    let id = &office.organisation.id;
    assert!(office.store.replace_item(id, &call, &without, stamp, event).await.unwrap());
    let desk = office.desk();
    desk.work_item(id, "limited", "c-3", ItemAction::Claim, "Ann").await.unwrap();
    office.released.lets("c-4", Fate::Refused);
    let said = quash(&office).await.json();
    assert_eq!((&said["released"], &said["unfinished"]), (&json!(["c-1"]), &Value::Null));
    for id in ["c-2", "c-3", "c-4"] {
        let stays = item(&office, id).await;
        assert!(stays.state.is_waiting() && stays.flags == [Flag::PassesNow], "{stays:?}");
    }
    assert_eq!(left(&office).await, [""; 0]);
}

#[tokio::test]
async fn no_more_than_a_few_whole_items_are_in_memory_at_once() {
    let ids: Vec<String> = (0..30).map(|number| format!("c-{number:02}")).collect();
    let contacts: Vec<(&str, &str)> = ids.iter().map(|id| (id.as_str(), "email")).collect();
    let store = Faulty::over(Memory::new());
    let office = office(Arc::clone(&store) as _, &contacts).await;
    let (desk, id) = (office.desk(), &office.organisation.id);
    for contact in &ids[..9] {
        desk.work_item(id, "limited", contact, ItemAction::Claim, "Ann").await.unwrap();
    }
    let mine = desk.in_hand(id, "Ann").await.unwrap();
    assert_eq!(mine.iter().map(|item| item.id.clone()).collect::<Vec<_>>(), ids[..9]);
    let said = quash(&office).await.json();
    // Ann's stay hers; the others went in the order in which they came.
    assert_eq!(said["released"], json!(ids[9..]), "{said}");
    assert!(store.largest_page() <= PAGE_PIECE_ITEMS, "{}", store.largest_page());
}
