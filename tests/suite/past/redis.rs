//! A Redis that forgets: by a flush while it is in use, by an older dump, before a start.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use contact_gateway::domain::audit::AuditEvent;
use contact_gateway::intake::past::{Parts, Vouched};
use contact_gateway::ports::StoreError;
use contact_gateway::ports::keepsakes::Keepsakes as _;
use contact_gateway::ports::past::{Asker, Stores};
use contact_gateway::runtime::metrics::Metrics;
use contact_gateway::store::keepsakes::FileKeepsakes;
use contact_gateway::store::redis::Redis;
use contact_gateway::store::settings::Codec;
use secrecy::SecretString;
use serde_json::json;
use tokio::sync::broadcast::error::TryRecvError;

use super::behind::{
    JO, SAM, STRANGER, accept, becomes_behind, becomes_well, decided, fault, holds_what_was_known,
    import, is_as_it_was, kept_number, place,
};
use crate::served::{Place, Served};
use crate::store_contract::facts::{karbon, stamp};
use crate::store_contract::servers::{self, OnRedis, Server, until};

async fn used(ground: &OnRedis) -> (Place, Served) {
    let place = place(Some(&ground.url));
    let served = tokio::task::block_in_place(|| {
        import(&place);
        place.serve()
    });
    decided(&served, "first", JO).await;
    is_as_it_was(&served, "before").await;
    until("what was decided is kept", || async { kept_number(&place) >= 3 }).await;
    (place, served)
}

/// Everything that the server keeps on its disk.
async fn folder(server: &Server) -> PathBuf {
    let dir: Vec<String> = server.say(&["CONFIG", "GET", "dir"]).await.unwrap();
    PathBuf::from(&dir[1]).join("appendonlydir")
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    let _ = std::fs::remove_dir_all(to);
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_is_noticed_by_the_very_next_decision_and_lifts_nothing_before_it_is_accepted() {
    let ground = servers::single().await;
    let (place, served) = used(&ground).await;
    ground.clear().await;
    // Not a second later: at once.
    for (from, disposition) in [(JO, "deliver"), (SAM, "limit")] {
        let decision = decided(&served, &format!("next-{from}"), from).await;
        assert_eq!(decision["disposition"], disposition, "{decision}");
        assert_eq!(decision["stale"], true, "{decision}");
        assert!(decision["flags"].as_array().unwrap().contains(&json!("store_behind")));
    }
    becomes_behind(&served).await;
    holds_what_was_known(&served, "meanwhile").await;
    // Loaded anew beside it, nothing is enforced of it before it is accepted.
    tokio::task::block_in_place(|| import(&place));
    holds_what_was_known(&served, "loaded").await;
    assert!(accept(&place).contains("it is empty") || accept(&place).contains("not behind"));
    becomes_well(&served).await;
    until("what waited is replayed", || async {
        let trail = served.audit().await;
        let of = |id: &str| trail.iter().filter(|entry| entry["contact"] == id).count();
        of(&format!("next-{SAM}")) == 1 && of(&format!("loaded-{STRANGER}")) == 1
    })
    .await;
    // Jo was admitted meanwhile, and that is counted.
    is_as_it_was(&served, "after").await;
    served.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_dump_is_noticed_and_a_newer_one_ends_it() {
    let mut ground = servers::single().await;
    let (place, served) = used(&ground).await;
    let disk = folder(&ground.servers[0]).await;
    let kept = tempfile::tempdir().unwrap();
    let (older, newer) = (kept.path().join("older"), kept.path().join("newer"));
    copy(&disk, &older);
    // What is decided now, the older one lacks.
    let before = kept_number(&place);
    decided(&served, "second", SAM).await;
    until("that is kept", || async { kept_number(&place) > before }).await;

    ground.servers[0].kill();
    copy(&disk, &newer);
    copy(&older, &disk);
    ground.servers[0].start_again(&[]).await;
    becomes_behind(&served).await;
    holds_what_was_known(&served, "meanwhile").await;
    // A gateway that starts now knows no less.
    tokio::task::block_in_place(|| served.stop());
    let served = tokio::task::block_in_place(|| place.serve());
    assert!(fault(&served).await.unwrap().contains("older"));
    holds_what_was_known(&served, "again").await;

    ground.servers[0].kill();
    copy(&newer, &disk);
    ground.servers[0].start_again(&[]).await;
    becomes_well(&served).await;
    until("what waited is replayed", || async {
        let trail = served.audit().await;
        trail.iter().any(|entry| entry["contact"] == format!("again-{SAM}"))
    })
    .await;
    is_as_it_was(&served, "after").await;
    let trail = served.audit().await;
    assert!(trail.iter().any(|entry| entry["contact"] == "second"));
    served.stop();
}

/// Two gateways, and one operator.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_operator_accepts_every_gateway_on_the_store_sees() {
    let ground = servers::single().await;
    let (one, first) = used(&ground).await;
    let other = place(Some(&ground.url));
    other.archive_at(&one.folder.path().join("archive"));
    let second = tokio::task::block_in_place(|| other.serve());
    is_as_it_was(&second, "second").await;
    until("the other has kept it, too", || async { kept_number(&other) >= 3 }).await;
    ground.clear().await;
    for served in [&first, &second] {
        becomes_behind(served).await;
    }
    accept(&one);
    for served in [&first, &second] {
        becomes_well(served).await;
        assert_eq!(decided(served, "after", SAM).await["disposition"], "deliver");
    }
    first.stop();
    second.stop();
}

/// An archive of its own beside a shared store: what one keeps, the other could not read.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gateways_with_different_archives_on_one_store_refuse_to_start_together() {
    let ground = servers::single().await;
    let (one, first) = used(&ground).await;
    let other = place(Some(&ground.url));
    let refused = tokio::task::block_in_place(|| other.command("serve").output().unwrap());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(!refused.status.success(), "{said}");
    for (place, whose) in [(&one, "the store's"), (&other, "its own")] {
        let folder = place.folder.path().join("archive");
        let id = std::fs::read_to_string(folder.join(".identity")).unwrap();
        assert!(said.contains(id.trim()) && said.contains(&folder.display().to_string()), "{said}");
        assert!(said.contains(whose), "{said}");
    }
    // On purpose.
    let mut accept = std::process::Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    accept.args(["store", "accept", "--archive", "--config"]).arg(other.config());
    let accepted = tokio::task::block_in_place(|| accept.output().unwrap());
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stderr));
    let second = tokio::task::block_in_place(|| other.serve());
    second.stop();
    first.stop();
}

const NOWHERE: &str = "redis://127.0.0.1:9";

/// The guard in front of a store that contacts reach at one address, and staff at another.
fn guard(contacts: &str, staff: &str, keepsakes: FileKeepsakes) -> Arc<Vouched> {
    let by = |url: &str| {
        let url = SecretString::from(url.to_owned());
        Redis::open_for_staff(&url, &Codec::plain()).unwrap()
    };
    let stores = Stores { for_contacts: by(contacts), for_staff: by(staff) };
    let parts = Parts {
        stores,
        reopen: Box::new(|| Err(StoreError::Unavailable("it is not reopened".to_owned()))),
        keepsakes: Arc::new(keepsakes),
        archive: None,
        read_through: Duration::from_secs(3_600),
        metrics: Arc::new(Metrics::new()),
    };
    Vouched::new(parts, &[karbon()]).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_last_known_people_are_replaced_once_the_way_by_which_they_are_read_works() {
    let ground = servers::single().await;
    let state = tempfile::tempdir().unwrap();
    let keepsakes = FileKeepsakes::in_state(state.path(), Codec::plain());
    keepsakes.keep_people(&karbon(), &[]).unwrap();
    let guard = guard(&ground.url, NOWHERE, keepsakes);
    let (contacts, staff) = (guard.door(Asker::Contacts), guard.door(Asker::Staff));
    let mut changes = staff.changes();
    assert!(staff.people(&karbon()).await.unwrap().people.is_empty(), "the last known");
    let changed = AuditEvent::PersonChanged { person: "P-1".to_owned() };
    contacts.append_audit(&karbon(), stamp(), changed).await.unwrap();
    assert_eq!(contacts.audit(&karbon(), 0, 10).await.unwrap().len(), 1);
    // Told to read them, they would get the last known ones again.
    assert!(matches!(changes.try_recv(), Err(TryRecvError::Empty)));
}

/// Contacts can't reach the store, and staff can.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_contacts_suspect_keeps_no_staff_from_the_store() {
    let ground = servers::single().await;
    let state = tempfile::tempdir().unwrap();
    let keepsakes = FileKeepsakes::in_state(state.path(), Codec::plain());
    let guard = guard(NOWHERE, &ground.url, keepsakes);
    let (contacts, staff) = (guard.door(Asker::Contacts), guard.door(Asker::Staff));
    let changed = || AuditEvent::PersonChanged { person: "P-1".to_owned() };
    for _ in 0..3 {
        let failed = contacts.append_audit(&karbon(), stamp(), changed()).await;
        assert!(matches!(&failed, Err(fault) if fault.is_retryable()), "{failed:?}");
        staff.append_audit(&karbon(), stamp(), changed()).await.unwrap();
    }
    assert_eq!(staff.audit(&karbon(), 0, 10).await.unwrap().len(), 3);
    assert_eq!(guard.fault(), None);
}
