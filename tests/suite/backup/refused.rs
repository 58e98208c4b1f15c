//! What is refused, and that nothing was written then.

use std::path::{Path, PathBuf};

use super::{
    Site, backup, bare, contact, done, files, refused, restore, site, some_work, text, verify,
};
use crate::fuzz::chance::Chance;

/// A finished backup of a place in which nothing runs any more.
async fn backed_up() -> (Site, tempfile::TempDir, PathBuf) {
    let site = site(None).await;
    let served = site.place.serve();
    some_work(&served).await;
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("backup");
    tokio::task::block_in_place(|| {
        served.stop();
        let state = site.place.folder.path().join("state/events/karbon");
        std::fs::create_dir_all(&state).unwrap();
        std::fs::write(state.join("crm.json"), r#"{"trail":null,"after":7,"day":"2026-11-21"}"#)
            .unwrap();
        done(&mut backup(&site.place, &to));
    });
    (site, folder, to)
}

fn nothing_is_in(site: &Site) {
    for name in ["store", "archive"] {
        let folder = site.place.folder.path().join(name);
        assert!(!folder.exists(), "{} was made", folder.display());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_byte_in_any_file_is_refused_by_its_name() {
    let (_site, _folder, to) = backed_up().await;
    let there = bare(None).await;
    let mut chance = Chance(0x5eed);
    let names = files(&to);
    for name in ["store/gateway.sqlite3", "state/events/karbon/crm.json", "manifest.json", "END"] {
        assert!(names.contains(&to.join(name)), "{name}");
    }
    assert!(names.iter().filter(|name| name.starts_with(to.join("archive"))).count() == 5);
    let refuses = |file: &Path| {
        let name = file.strip_prefix(&to).unwrap().display().to_string();
        refused(&verify(&to), 1, &name);
        refused(&restore(&there.place, &to).output().unwrap(), 1, &name);
        nothing_is_in(&there);
    };
    for file in &names {
        let bytes = std::fs::read(file).unwrap();
        let mut other = bytes.clone();
        let at = chance.index(bytes.len());
        other[at] ^= 1 << chance.below(8);
        std::fs::write(file, &other).unwrap();
        refuses(file);
        std::fs::write(file, &bytes[..at]).unwrap();
        refuses(file);
        std::fs::write(file, &bytes).unwrap();
    }
    for file in
        names.iter().filter(|name| !name.ends_with("END") && !name.ends_with("manifest.json"))
    {
        let aside = to.parent().unwrap().join("aside");
        std::fs::rename(file, &aside).unwrap();
        refuses(file);
        std::fs::rename(&aside, file).unwrap();
    }
    let more = to.join("store/more");
    std::fs::write(&more, "").unwrap();
    refuses(&more);
    std::fs::remove_file(&more).unwrap();
    assert!(verify(&to).status.success());

    std::fs::remove_file(to.join("END")).unwrap();
    refused(&verify(&to), 1, "the backup is not finished");
    refused(&restore(&there.place, &to).output().unwrap(), 1, "the backup is not finished");
    nothing_is_in(&there);
    let nowhere = to.join("nowhere");
    refused(&verify(&nowhere), 2, "is not a backup");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_goes_into_a_new_folder_and_is_restored_into_an_empty_store() {
    let (site, _folder, to) = backed_up().await;
    let again = backup(&site.place, &to).output().unwrap();
    refused(&again, 2, "is there already; name a new folder");
    let inside = site.place.folder.path().join("archive/backup");
    refused(&backup(&site.place, &inside).output().unwrap(), 2, "which is backed up");
    refused(&restore(&site.place, &to).output().unwrap(), 1, "already holds data of `karbon`");

    let there = bare(None).await;
    let served = there.place.serve();
    let running = restore(&there.place, &to).output().unwrap();
    refused(&running, 1, "stop the gateway first");
    contact(&served, "one", "kim@y.example").await;
    tokio::task::block_in_place(|| served.stop());
    let used = restore(&there.place, &to).output().unwrap();
    refused(&used, 1, "already holds data of `karbon`");

    let there = bare(None).await;
    let archive = there.place.folder.path().join("archive");
    std::fs::create_dir(&archive).unwrap();
    std::fs::write(archive.join(".identity"), "0191f0a4-9c1b-7aaa-8000-000000000000\n").unwrap();
    refused(
        &restore(&there.place, &to).output().unwrap(),
        1,
        "name an empty folder in [archive] url",
    );
    std::fs::remove_dir_all(&archive).unwrap();
    done(&mut restore(&there.place, &to));
    refused(&restore(&there.place, &to).output().unwrap(), 1, "it was restored before");
    let place = there.place.folder.path().join("state/events/karbon/crm.json");
    assert!(std::fs::read_to_string(place).unwrap().contains("\"after\":7"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_that_is_missing_is_said_and_an_archive_that_is_away_refused() {
    let (site, folder, _) = backed_up().await;
    let archive = site.place.folder.path().join("archive");
    let original = files(&archive.join("karbon")).remove(0);
    std::fs::write(&original, "another").unwrap();
    let to = folder.path().join("lacking");
    let output = backup(&site.place, &to).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("warning: karbon: an item names the original sha256:"));
    assert!(text(&output.stdout).contains("karbon: 1 originals missing"));
    assert!(verify(&to).status.success());
    std::fs::rename(&archive, folder.path().join("unmounted")).unwrap();
    let away = folder.path().join("away");
    refused(&backup(&site.place, &away).output().unwrap(), 1, "is it mounted?");
    refused(&verify(&away), 1, "the backup is not finished");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_newest_of_dated_backups_are_kept() {
    let (site, folder, _) = backed_up().await;
    let all = folder.path().join("all");
    std::fs::create_dir_all(all.join("2020-01-01T000000Z/store")).unwrap();
    std::fs::create_dir_all(all.join("mine")).unwrap();
    let mut names = Vec::new();
    for _ in 0..3 {
        let said = done(backup(&site.place, &all).args(["--dated", "--keep", "2", "--json"]));
        let said: serde_json::Value = serde_json::from_str(&said).unwrap();
        names.push(PathBuf::from(said["folder"].as_str().unwrap()));
        // Names are of whole seconds.
        std::thread::sleep(std::time::Duration::from_millis(1_100));
    }
    let there: Vec<bool> = names.iter().map(|name| name.is_dir()).collect();
    assert_eq!(there, [false, true, true]);
    assert!(all.join("mine").is_dir() && !all.join("2020-01-01T000000Z").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_was_set_back_removes_neither_the_backup_just_made_nor_later_ones() {
    let (site, folder, earlier) = backed_up().await;
    let all = folder.path().join("all");
    std::fs::create_dir(&all).unwrap();
    // Made while the clock was ahead.
    let later = all.join("2999-01-01T000000Z");
    std::fs::rename(earlier, &later).unwrap();
    let output =
        backup(&site.place, &all).args(["--dated", "--keep", "1", "--json"]).output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(PathBuf::from(said["folder"].as_str().unwrap()).is_dir());
    assert!(later.is_dir());
    let warning = format!("warning: {} has a later date than this backup", later.display());
    assert!(text(&output.stderr).contains(&warning), "{}", text(&output.stderr));
}
