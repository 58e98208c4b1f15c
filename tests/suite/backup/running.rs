//! A gateway under load is backed up, and what is restored beside it is what it was at one moment.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::held::{self, Held};
use super::{
    JO, backup, bare, contact, done, files, last_entry, mail, restore, site, some_work, verify,
};
use crate::served::Served;
use crate::store_contract::servers::{self, OnRedis};

/// Contacts that come before a backup begins, and while it is made.
const BEFORE: usize = 60;

/// Contacts without a pause, until it is stopped. Their number.
async fn load(served: &Served, is_over: &AtomicBool, done: &AtomicUsize, who: usize) {
    while !is_over.load(Ordering::SeqCst) {
        let number = done.fetch_add(1, Ordering::SeqCst);
        let id = format!("{who}-{number}");
        match number % 4 {
            0 => mail(served, &id).await,
            1 => drop(contact(served, &id, "kim@y.example").await),
            _ => drop(contact(served, &id, JO).await),
        }
    }
}

/// Backs up a gateway on this store while contacts come from all sides; the running gateway goes on.
async fn backed_up(url: Option<&str>, to: &Path) -> (super::Site, Vec<Value>, Vec<Value>) {
    let site = site(url).await;
    let served = Arc::new(site.place.serve());
    some_work(&served).await;
    let (is_over, count) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let loads: Vec<_> = (0..4)
        .map(|who| {
            let (served, is_over, count) =
                (Arc::clone(&served), Arc::clone(&is_over), Arc::clone(&count));
            tokio::spawn(async move { load(&served, &is_over, &count, who).await })
        })
        .collect();
    servers::until("some contacts", || async { count.load(Ordering::SeqCst) > BEFORE }).await;
    let before = count.load(Ordering::SeqCst);
    let said = tokio::task::block_in_place(|| done(&mut backup(&site.place, to)));
    assert!(said.contains("is a whole backup of"), "{said}");
    assert!(count.load(Ordering::SeqCst) > before, "contacts came meanwhile");
    is_over.store(true, Ordering::SeqCst);
    for load in loads {
        load.await.unwrap();
    }
    let (audit, items) = (served.audit().await, served.queue("limited").await);
    let served = Arc::into_inner(served).unwrap();
    tokio::task::block_in_place(|| served.stop());
    (site, audit, items)
}

/// Restores into the store of this URL, starts a gateway on it, and compares.
async fn is_restored(url: Option<&str>, from: &Path, audit: &[Value], items: &[Value]) {
    let there = bare(url).await;
    tokio::task::block_in_place(|| drop(done(&mut restore(&there.place, from))));
    let last = last_entry(from);
    let served = there.place.serve();
    let now = served.audit().await;
    assert_eq!(now[..last], audit[..last]);
    assert!(last < audit.len(), "it went on");

    let known = audit[..last].iter().filter(|entry| entry["event"] == "decided");
    let first = known.clone().find(|entry| entry["person"] == "P-1").unwrap();
    let again = contact(&served, first["contact"].as_str().unwrap(), JO).await;
    assert_eq!(again["disposition"], "deliver", "as it was recorded");
    let counted = known.clone().filter(|entry| entry["person"] == "P-1").count();
    let preview = json!({"id": "preview", "channel": "email",
        "from": [{"kind": "email", "value": JO, "assurance": "asserted"}]});
    let preview = served.ask("POST", "/api/v1/decisions/preview", &preview).await;
    assert_eq!(preview["quotas"][0]["used"], counted + 1, "{preview}");

    let restored = served.queue("limited").await;
    let kept = known.filter(|entry| entry["person"] == "P-L").count();
    assert_eq!(restored.len(), kept);
    for item in &restored {
        let same = items.iter().find(|one| one["id"] == item["id"]).unwrap();
        assert_eq!(same, item);
        let id = item["id"].as_str().unwrap();
        let target = format!("/api/v1/queues/limited/{id}/original");
        let original = served.try_ask("GET", &target, &Value::Null).await;
        assert_eq!(original.status, 200);
        let subject = format!("Subject: {}\r\n", item["subject"].as_str().unwrap());
        assert!(original.text().contains(&subject));
    }
    let next = contact(&served, "after", JO).await;
    assert_eq!((&next["disposition"], &next["stale"]), (&json!("deliver"), &json!(false)));
    tokio::task::block_in_place(|| served.stop());
}

async fn in_backup(from: &Path) -> Held {
    let scratch = tempfile::tempdir().unwrap();
    let name = "gateway.sqlite3";
    std::fs::copy(from.join("store").join(name), scratch.path().join(name)).unwrap();
    held::in_folder(scratch.path()).await
}

/// For its owner only, and without a secret.
fn is_private(site: &super::Site, from: &Path) {
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(from), 0o700);
    let mut secrets =
        vec![b"the secret of the calls".to_vec(), b"the token of the front desk".to_vec()];
    secrets.push(std::fs::read(site.place.folder.path().join("state/pass-key")).unwrap());
    for file in files(from) {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        assert_eq!(mode(file.parent().unwrap()), 0o700);
        let bytes = std::fs::read(&file).unwrap();
        for secret in &secrets {
            assert!(!bytes.windows(secret.len()).any(|some| some == secret), "{}", file.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_under_load_is_backed_up_and_restored_on_it_and_on_redis() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let (site, audit, items) = backed_up(None, &to).await;
    is_private(&site, &to);
    assert!(verify(&to).status.success());
    in_backup(&to).await.is_of_one_moment("P-1", "P-L");
    let ground: OnRedis = servers::single().await;
    is_restored(None, &to, &audit, &items).await;
    is_restored(Some(&ground.url), &to, &audit, &items).await;
    assert!(verify(&to).status.success(), "it is as it was");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_on_redis_under_load_is_backed_up_and_restored_on_both() {
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    let ground: OnRedis = servers::single().await;
    let (site, audit, items) = backed_up(Some(&ground.url), &to).await;
    is_private(&site, &to);
    in_backup(&to).await.is_of_one_moment("P-1", "P-L");
    is_restored(None, &to, &audit, &items).await;
    let another: OnRedis = servers::single().await;
    is_restored(Some(&another.url), &to, &audit, &items).await;
}
