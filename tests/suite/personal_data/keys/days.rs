//! A sweep of contacts of nobody on record destroys the key of their day, once no record uses it.

use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Days, TimeDelta, Utc};
use contact_gateway::casework::Desk;
use contact_gateway::casework::sealing::verify::Trusted;
use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::domain::ledger::Additions;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::domain::past::Nameplate;
use contact_gateway::domain::queue::ItemState;
use contact_gateway::domain::retention::Class;
use contact_gateway::ports::documents::{Batch, Document};
use contact_gateway::ports::{
    Attachment, Clock, Decisions as _, ErasedKeys, JournalEntry, KeyOf, Queues as _, Stamp, Store,
};
use contact_gateway::runtime::limits::PAGE_ITEMS_MAX;
use contact_gateway::store::copy::{Source, copy};
use serde_json::{Value, json};

use super::Keyed;
use crate::casework::rig::CaseOffice;
use crate::degraded::faulty::Faulty;
use crate::personal_data::left::{everything, naming};
use crate::personal_data::retention::{GWEN, MAX, after, begun, key, office, schedule};
use crate::store_contract::facts::{item, journalled};
use crate::store_contract::servers;

fn desk(keyed: &Keyed, office: &CaseOffice) -> Desk {
    office.desk().with_keys(Some(Arc::clone(&keyed.people) as Arc<dyn ErasedKeys>))
}

/// A contact of nobody on record.
async fn stranger(office: &CaseOffice, id: &str, at: DateTime<Utc>) {
    office.clock.set(at);
    let contact = json!({"id": id, "channel": "email", "at": at,
        "from": [{"kind": "email", "value": "else@knows.example"}],
        "to": ["repairs@office.example"], "subject": "The roof", "text": "Please answer me."});
    office.contact(&serde_json::from_value(contact).unwrap()).await;
}

async fn sweep(desk: &Desk, office: &CaseOffice) {
    let organisation = &office.organisation;
    desk.ask_sweep(&organisation.id, &schedule(), Class::Contacts, GWEN).await.unwrap();
    office.clock.set(office.clock.now() + TimeDelta::minutes(1));
    let proof = desk.approve_sweep(organisation, Class::Contacts, MAX).await.unwrap();
    assert!(proof.is_complete, "{proof:?}");
}

/// Runs the gateways' rounds for this long.
async fn pass(desk: &Desk, office: &CaseOffice, time: TimeDelta) {
    office.clock.set(office.clock.now() + time);
    desk.seal(&office.organisation.id, &key()).await.unwrap();
    office.finish(desk).await;
}

const SETTLES: TimeDelta = TimeDelta::minutes(16);

/// Whether the backup has the decision on a contact, as another gateway reads it.
async fn backup_has(keyed: &Keyed, office: &CaseOffice, contact: &str) -> bool {
    let backup = keyed.embedded_anew("backup");
    let recorded = backup.recorded(&office.organisation.id, contact).await.unwrap();
    tokio::task::block_in_place(|| backup.close());
    recorded.is_some()
}

/// `back_up` copies the store into a folder.
async fn what_is_backed_up_says_nothing_of_a_day_that_was_swept(
    keyed: &Keyed,
    store: Arc<dyn Store>,
    back_up: impl AsyncFn(&Path),
) {
    let office = office(store, 3).await;
    let (of, desk) = (&office.organisation.id, desk(keyed, &office));
    let plate = Nameplate::new("the trail".to_owned());
    assert!(office.store.put_nameplate(of, None, &plate).await.unwrap());
    // As a gateway does at its start: Redis writes only for the trail that was looked at.
    office.store.trail_end(of).await.unwrap();
    let later = begun() + Days::new(40);
    stranger(&office, "late-1", later).await;
    desk.seal(of, &key()).await.unwrap();
    back_up(&keyed.path("backup")).await;
    after(&office, 24);
    sweep(&desk, &office).await;
    assert!(office.store.recorded(of, "s-0").await.unwrap().is_none());
    for (is_there, why) in [(true, "it is retired first"), (false, "it has settled")] {
        pass(&desk, &office, SETTLES).await;
        assert_eq!(backup_has(keyed, &office, "s-0").await, is_there, "{why}");
    }
    for kept in ["late-1", "c-1", "x-1"] {
        assert!(backup_has(keyed, &office, kept).await, "{kept}");
        assert!(office.store.recorded(of, kept).await.unwrap().is_some(), "{kept}");
    }
    let held = office.store.unnamed_days(of).await.unwrap();
    assert_eq!(held.into_iter().collect::<Vec<_>>(), [later.date_naive()]);
    let trail = desk.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");

    let (backup, restored) = (keyed.embedded_anew("backup"), keyed.embedded_anew("restored"));
    let source = Source { store: backup.as_ref(), address: "the backup" };
    let at = || "2028-03-01T12:00:00Z".parse().unwrap();
    copy(&source, restored.as_ref(), of, &at, &mut |_| {}).await.unwrap();
    let left = everything(restored.as_ref(), of, &["s-0", "s-1", "s-2", "late-1", "c-1"]).await;
    assert_eq!(naming(&left, &["\"s-0", "\"s-1", "\"s-2"]), Vec::<&String>::new());
    for kept in ["\"late-1", "\"c-1", "Jo Doe"] {
        assert!(!naming(&left, &[kept]).is_empty(), "{kept}");
    }
    // A gateway that starts on it seals what had no seal yet when the backup was made.
    let of_restored = office.desk_over(restored.clone());
    of_restored.seal(of, &key()).await.unwrap();
    let trail = of_restored.verify_trail(of, Trusted::default()).await.unwrap();
    assert_eq!(trail.findings, [], "{trail:?}");
    assert!(trail.erased >= 3, "{trail:?}");
    tokio::task::block_in_place(|| {
        backup.close();
        restored.close();
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swept_day_in_a_backup_of_the_embedded_store() {
    let keyed = Keyed::new();
    let store = keyed.embedded();
    let back_up = async |to: &Path| keyed.snapshot(to);
    what_is_backed_up_says_nothing_of_a_day_that_was_swept(&keyed, store, back_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swept_day_in_a_backup_of_redis() {
    let server = servers::single().await;
    let keyed = Keyed::new();
    let store = keyed.redis(&server);
    let back_up = async |to: &Path| keyed.copied(store.as_ref(), to).await;
    let of_office = Arc::clone(&store) as Arc<dyn Store>;
    what_is_backed_up_says_nothing_of_a_day_that_was_swept(&keyed, of_office, back_up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_day_of_which_anything_is_held_keeps_its_key() {
    let keyed = Keyed::new();
    let office = office(keyed.embedded(), 2).await;
    let (of, desk) = (&office.organisation.id, desk(&keyed, &office));
    let mut waits = item("s-1", "limited", begun());
    waits.person = None;
    let attachment =
        Attachment { name: "voicemail".to_owned(), value: "kept".to_owned(), item: Some(waits) };
    office.store.attach(of, "s-1", attachment).await.unwrap();
    keyed.snapshot(&keyed.path("backup"));
    after(&office, 24);
    sweep(&desk, &office).await;
    assert!(office.store.recorded(of, "s-0").await.unwrap().is_none());
    for time in [SETTLES, SETTLES, TimeDelta::days(1), SETTLES, SETTLES] {
        pass(&desk, &office, time).await;
        assert!(backup_has(&keyed, &office, "s-0").await, "the key is needed");
        let anew = keyed.embedded_anew("store");
        assert!(anew.recorded(of, "s-1").await.unwrap().is_some());
        assert!(anew.item(of, "s-1").await.unwrap().is_some());
        tokio::task::block_in_place(|| anew.close());
    }

    // Somebody deals with it.
    let was = office.store.item(of, "s-1").await.unwrap().unwrap();
    let mut now = was.clone();
    now.state = ItemState::Filed;
    let stamp = Stamp { by: GWEN.to_owned(), at: office.clock.now() };
    let event = AuditEvent::Item { item: "s-1".to_owned(), action: "filed".to_owned() };
    assert!(office.store.replace_item(of, &was, &now, stamp, event).await.unwrap());
    sweep(&desk, &office).await;
    for time in [TimeDelta::days(1), SETTLES] {
        assert!(backup_has(&keyed, &office, "s-0").await);
        pass(&desk, &office, time).await;
    }
    // A contact of that day that has waited in a journal until now gets another key.
    office.store.replay(late(of)).await.unwrap();
    for time in [SETTLES, TimeDelta::days(1), SETTLES] {
        pass(&desk, &office, time).await;
        let anew = keyed.embedded_anew("store");
        assert!(anew.recorded(of, "late").await.unwrap().is_some());
        tokio::task::block_in_place(|| anew.close());
    }
    sweep(&desk, &office).await;
    for time in [TimeDelta::days(1), SETTLES, SETTLES] {
        pass(&desk, &office, time).await;
    }
    assert!(!backup_has(&keyed, &office, "s-0").await);
    assert!(!backup_has(&keyed, &office, "s-1").await);
    assert!(backup_has(&keyed, &office, "c-1").await);
}

/// A contact of nobody, of the first day, that waited in a journal.
fn late(of: &OrganisationId) -> JournalEntry {
    let mut late = journalled("late");
    (late.organisation, late.person, late.at) = (of.clone(), None, begun());
    (late.settled.decision.person, late.settled.audit.person) = (None, None);
    late.settled.item = None;
    late.settled.additions = Additions::default();
    late
}

/// Another gateway retires a day's key while this one reads, just after a contact with that key was written: the
/// reading does not include the contact, and the key seems to have settled. The number of days makes this gateway
/// list that day later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_retired_while_days_are_read_has_not_settled() {
    let keyed = Keyed::new();
    let faulty = Faulty::over(keyed.embedded());
    let office = office(faulty.clone(), 2).await;
    let (of, one) = (office.organisation.id.clone(), desk(&keyed, &office));
    after(&office, 24);
    sweep(&one, &office).await;
    let far = "2099-01-01T00:00:00Z";
    let other = json!({"day": "2026-02-09", "at": far, "lease": {"until": far}});
    let mut others = Batch::new(Stamp { by: "gateway".to_owned(), at: office.clock.now() });
    for number in 0..PAGE_ITEMS_MAX {
        let (id, mut body) = (format!("2026-02-09-{number:03}"), other.clone());
        body["id"] = json!(id);
        others = others.put(Document::new("retention_day", id, 0, Vec::new(), &body).unwrap());
    }
    office.store.write(&of, others).await.unwrap();
    let (store, people) = (Arc::clone(&faulty.inner), Arc::clone(&keyed.people));
    let (id, clock) = (of.clone(), Arc::clone(&office.clock));
    faulty.while_days_are_read(async move {
        store.replay(late(&id)).await.unwrap();
        let day = begun().date_naive();
        assert!(people.retire(id.as_str(), KeyOf::Day(day)).unwrap());
        let left = store.document(&id, "retention_day", &day.to_string()).await.unwrap().unwrap();
        let mut body: Value = left.read().unwrap();
        body["retired_at"] = json!(clock.now());
        let left =
            Document::new("retention_day", left.id, left.version, Vec::new(), &body).unwrap();
        let stamp = Stamp { by: "gateway".to_owned(), at: clock.now() };
        store.write(&id, Batch::new(stamp).put(left)).await.unwrap();
        clock.set(clock.now() + SETTLES);
    });
    for time in [SETTLES, SETTLES, TimeDelta::days(1), SETTLES] {
        pass(&one, &office, time).await;
        let anew = keyed.embedded_anew("store");
        assert!(anew.recorded(&of, "late").await.unwrap().is_some());
        tokio::task::block_in_place(|| anew.close());
    }
}

/// Wherever a gateway ends, another destroys the key, and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_of_a_day_goes_wherever_a_gateway_is_cut_off() {
    let mut cut_off = 0;
    for rounds in 0..2 {
        let mut calls = 0;
        loop {
            let keyed = Keyed::new();
            let faulty = Faulty::over(keyed.embedded());
            let office = office(faulty.clone(), 2).await;
            let one = desk(&keyed, &office);
            stranger(&office, "late-1", begun() + Days::new(40)).await;
            keyed.snapshot(&keyed.path("backup"));
            after(&office, 24);
            sweep(&one, &office).await;
            for _ in 0..rounds {
                pass(&one, &office, SETTLES).await;
            }
            office.clock.set(office.clock.now() + SETTLES);
            faulty.ends_after(calls);
            let done = one.forget_days(&office.organisation.id).await;
            faulty.ends_after(usize::MAX);
            let other = desk(&keyed, &office);
            for _ in 0..4 {
                pass(&other, &office, SETTLES).await;
            }
            assert!(!backup_has(&keyed, &office, "s-0").await, "{rounds} {calls}");
            assert!(backup_has(&keyed, &office, "late-1").await, "{rounds} {calls}");
            assert!(backup_has(&keyed, &office, "c-1").await, "{rounds} {calls}");
            if done.is_ok() {
                break;
            }
            cut_off += 1;
            calls += 2;
        }
    }
    assert!(cut_off > 5, "{cut_off}");
}
