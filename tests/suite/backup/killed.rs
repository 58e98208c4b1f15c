//! `kill -9` of a backup and of a restore at any moment: whole, or nothing that could be used. `SEED`
//! repeats a run.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use contact_gateway::config::store_address;
use contact_gateway::ports::portable::CopyMark;
use contact_gateway::store;

use super::{backup, bare, done, refused, restore, site, some_work, text, verify};
use crate::fuzz::chance::Chance;
use crate::served::Place;
use crate::store_contract::facts::karbon;
use crate::store_contract::servers::{self, until};

const KILLS: usize = 10;

#[expect(clippy::print_stdout, reason = "the seed repeats a run")]
pub fn seed() -> u64 {
    let seed = std::env::var("SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(|| chrono::Utc::now().timestamp_millis().unsigned_abs());
    println!("SEED={seed}");
    seed
}

/// Lets it run for so long; `true`: it had ended well by then.
pub fn killed_after(command: &mut Command, wait: Duration) -> bool {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(wait);
    child.kill().unwrap();
    child.wait().unwrap().success()
}

pub fn part(of: Duration, chance: &mut Chance) -> Duration {
    Duration::from_micros(chance.below(u64::try_from(of.as_micros()).unwrap() * 11 / 10))
}

/// Kills backups of the store of this URL, or of an embedded one.
async fn backed_up_by_force(url: Option<&str>) {
    let mut chance = Chance(seed());
    let site = site(url).await;
    let served = site.place.serve();
    until("it has its store", || served.has_its_store()).await;
    some_work(&served).await;
    let folder = tempfile::tempdir().unwrap();
    let begun = Instant::now();
    done(&mut backup(&site.place, &folder.path().join("undisturbed")));
    let takes = begun.elapsed();
    let there = bare(None).await;
    for number in 0..KILLS {
        let to = folder.path().join(number.to_string());
        let ended = killed_after(&mut backup(&site.place, &to), part(takes, &mut chance));
        let whole = verify(&to);
        if whole.status.success() {
            assert!(text(&whole.stdout).contains("is a whole backup"));
            continue;
        }
        assert!(!ended);
        let said = text(&whole.stderr);
        let none = said.contains("is not a backup") || said.contains("the backup is not finished");
        assert!(none, "{said}");
        let output = restore(&there.place, &to).output().unwrap();
        assert!(!output.status.success());
        assert!(!there.place.folder.path().join("store").exists());
    }
    // The gateway did not notice any of it.
    assert!(served.has_its_store().await);
    tokio::task::block_in_place(|| served.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_killed_is_not_finished_and_says_so() {
    backed_up_by_force(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_redis_that_is_killed_is_not_finished_and_says_so() {
    let ground = servers::single().await;
    backed_up_by_force(Some(&ground.url)).await;
}

/// How far the store says that it was restored.
async fn mark(place: &Place, url: Option<&str>) -> Option<CopyMark> {
    let embedded = format!("embedded:{}", place.folder.path().join("store").display());
    let address = store_address(url.unwrap_or(&embedded)).unwrap();
    let Ok(store) =
        store::open_existing(&address, &contact_gateway::store::settings::Codec::plain())
    else {
        return None;
    };
    store::reached(store.as_ref()).await.unwrap();
    store.copy_mark(&karbon()).await.unwrap()
}

/// Kills it until it ends; then all is there.
async fn restored_by_force(url: Option<&str>, chance: &mut Chance) {
    let site = site(None).await;
    let served = site.place.serve();
    some_work(&served).await;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("backup");
    // Before: what the keeper writes once the backup has begun may be in it or not.
    let audit = served.audit().await;
    done(&mut backup(&site.place, &from));
    tokio::task::block_in_place(|| served.stop());

    let first = bare(None).await;
    let begun = Instant::now();
    done(&mut restore(&first.place, &from));
    let takes = begun.elapsed();
    let there = bare(url).await;
    let mut is_whole = false;
    for _ in 0..KILLS {
        is_whole = killed_after(&mut restore(&there.place, &from), part(takes, chance));
        if is_whole {
            break;
        }
        match mark(&there.place, url).await {
            None => {}
            Some(mark) if mark.is_finished() => {
                is_whole = true;
                break;
            }
            Some(_) => {
                let check = there.place.command("check").arg("--store").output().unwrap();
                refused(&check, 1, "is not restored whole");
                refused(
                    &there.place.command("serve").output().unwrap(),
                    2,
                    "contact-gateway restore",
                );
            }
        }
    }
    if !is_whole {
        done(&mut restore(&there.place, &from));
    }
    // As where it is killed between its last mark and its clearing up.
    let left = there.place.folder.path().join("state/restoring");
    std::fs::create_dir_all(&left).unwrap();
    let served = there.place.serve();
    assert!(!left.exists(), "a copy of the backup's database");
    assert_eq!(served.audit().await[..audit.len()], audit);
    assert_eq!(served.queue("limited").await.len(), 5);
    tokio::task::block_in_place(|| served.stop());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_that_is_killed_is_not_started_on_and_resumes() {
    let mut chance = Chance(seed());
    restored_by_force(None, &mut chance).await;
    let ground = servers::single().await;
    restored_by_force(Some(&ground.url), &mut chance).await;
}
