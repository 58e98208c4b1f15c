//! A restored store is an older one, and a gateway that remembers more says so.

use std::path::Path;

use contact_gateway::ports::Past;
use contact_gateway::store::embedded::Embedded;

use super::{JO, LIMITED, backup, bare, contact, done, last_entry, restore, site, some_work, text};
use crate::past::behind::{accept, becomes_behind, becomes_well, fault};
use crate::served::Place;
use crate::store_contract::facts::karbon;

/// The machine's disk with the store is lost; state and archive are still there.
fn lose_store(place: &Place) {
    std::fs::remove_dir_all(place.folder.path().join("store")).unwrap();
}

fn restored(place: &Place, from: &Path) {
    lose_store(place);
    done(&mut restore(place, from));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_remembers_more_says_that_the_restored_store_is_behind() {
    let site = site(None).await;
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let served = site.place.serve();
    some_work(&served).await;
    done(&mut backup(&site.place, &first));
    let before = last_entry(&first);
    contact(&served, "later", JO).await;
    tokio::task::block_in_place(|| served.stop());
    done(&mut backup(&site.place, &second));

    // Nothing came after the second backup: the store is the one that is remembered.
    restored(&site.place, &second);
    let served = site.place.serve();
    assert_eq!(fault(&served).await, None);
    assert_eq!(contact(&served, "jo-0", JO).await["stale"], false);
    tokio::task::block_in_place(|| served.stop());

    restored(&site.place, &first);
    let served = site.place.serve();
    becomes_behind(&served).await;
    let why = fault(&served).await.unwrap();
    assert!(
        why.contains(&format!("ends at entry {before}")) && why.contains("older store"),
        "{why}"
    );
    let meanwhile = contact(&served, "meanwhile", LIMITED).await;
    assert_eq!(meanwhile["stale"], true, "{meanwhile}");
    assert_eq!(meanwhile["disposition"], "limit", "the last known restrictions hold");
    let said = tokio::task::block_in_place(|| accept(&site.place));
    assert!(said.contains("accepted as it is"), "{said}");
    becomes_well(&served).await;
    // What waited in the journal is replayed.
    crate::store_contract::servers::until("it is recorded", || async {
        served.decided().await.iter().any(|entry| entry["contact"] == "meanwhile")
    })
    .await;
    let audit = served.audit().await;
    assert!(audit[before..].iter().any(|entry| entry["event"] == "store_accepted"), "{audit:?}");
    assert!(audit.iter().all(|entry| entry["contact"] != "later"), "it came after the backup");
    tokio::task::block_in_place(|| served.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_another_machine_the_restored_trail_is_named_anew() {
    let site = site(None).await;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("backup");
    let served = site.place.serve();
    some_work(&served).await;
    done(&mut backup(&site.place, &from));
    let before = last_entry(&from);
    tokio::task::block_in_place(|| served.stop());
    let there = bare(None).await;
    let output = restore(&there.place, &from).arg("--accept").output().unwrap();
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(
        said.contains(&format!("accepted as it was restored, with {before} entries")),
        "{said}"
    );
    let store = Embedded::open(&there.place.folder.path().join("store")).unwrap();
    let plate = store.trail_end(&karbon()).await.unwrap().nameplate.unwrap();
    store.close();
    let names: Vec<u64> = plate.branches.iter().map(|branch| branch.from).collect();
    assert_eq!(names, [1, before as u64 + 1]);
    let served = there.place.serve();
    assert_eq!(fault(&served).await, None);
    assert_eq!(served.audit().await[before]["event"], "store_accepted");
    tokio::task::block_in_place(|| served.stop());
}
