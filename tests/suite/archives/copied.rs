//! `archive copy`, from a folder to a bucket and back, by the real program.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use bytes::Bytes;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::{Archive, Original, Owner};
use contact_gateway::store::archive::FileArchive;
use contact_gateway::store::archive::s3::S3Archive;

use super::server::Buckets;

const ORIGINALS: usize = 12;

async fn filled(folder: &Path) -> FileArchive {
    let archive = FileArchive::open(folder).unwrap();
    for number in 0..ORIGINALS {
        keep(&archive, number).await;
    }
    archive
}

async fn keep(archive: &dyn Archive, number: usize) -> String {
    let bytes = Bytes::from(format!("message {number} ").repeat(3_000));
    let (contact, karbon) = (format!("c-{number}"), OrganisationId::new("karbon"));
    let kept = archive.keep(&karbon, Owner::contact(&contact), Original::Bytes(bytes)).await;
    kept.unwrap().reference().unwrap()
}

/// A configuration that says no more than where its archive is.
fn config(folder: &Path, archive: &str) -> String {
    let profile = Path::new(env!("CARGO_MANIFEST_DIR")).join("config/profiles/tuntum.toml");
    let text = format!(
        "[archive]\n{archive}\n[listen]\nstaff = \"127.0.0.1:0\"\n[[organisation]]\nid = \"tuntum\"\nprofile = \"{}\"\n\
         mode = \"observe\"\n",
        profile.display()
    );
    let path = folder.join("bucket.toml");
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

fn copy(from: &str, to: &str) -> (Option<i32>, String) {
    copy_with(from, to, &[])
}

fn copy_with(from: &str, to: &str, options: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contact-gateway"));
    let run = || command.args(["archive", "copy", from, to]).args(options).output().unwrap();
    let Output { status, stdout, stderr } = tokio::task::block_in_place(run);
    let said = [stdout, stderr].concat();
    (status.code(), String::from_utf8(said).unwrap())
}

/// Every file below a folder that is the archive's, with its bytes.
fn files(root: &Path, below: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display().to_string();
        if path.is_dir() && name != ".temporary" {
            files(root, &path, found);
        } else if path.is_file() {
            found.insert(name, std::fs::read(&path).unwrap());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_copied_to_a_bucket_and_back_and_is_the_same_archive() {
    let (buckets, folder) = (Buckets::start().await, tempfile::tempdir().unwrap());
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let archive = filled(&first).await;
    let bucket = config(folder.path(), &buckets.config(folder.path(), "karbon"));
    let from = format!("file:{}", first.display());

    // Broken off: what was there of it is an archive for nobody.
    buckets.fault("status=503").await;
    let (code, said) = copy(&from, &bucket);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("run the same command again"), "{said}");
    buckets.fault("").await;
    let (code, said) = copy(&from, &bucket);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("originals 12, of which new 12"), "{said}");
    keep(&archive, ORIGINALS).await;
    let (code, said) = copy(&from, &bucket);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("originals 13, of which new 1"), "{said}");

    let (code, said) = copy(&bucket, &format!("file:{}", second.display()));
    assert_eq!(code, Some(0), "{said}");
    let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
    files(&first, &first, &mut was);
    files(&second, &second, &mut is);
    assert_eq!(was.len(), ORIGINALS + 2, "and its identity");
    assert!(was == is, "{:?} {:?}", was.keys(), is.keys());
    let copy = FileArchive::open(&second).unwrap();
    assert_eq!(copy.identity().unwrap().id, archive.identity().unwrap().id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_what_was_kept_is_not_copied_and_no_other_archive_is_written_over() {
    let (buckets, folder) = (Buckets::start().await, tempfile::tempdir().unwrap());
    let (first, other) = (folder.path().join("first"), folder.path().join("other"));
    drop(filled(&first).await);
    drop(FileArchive::open(&other).unwrap());
    let mut found = BTreeMap::new();
    files(&first, &first, &mut found);
    let altered = found.keys().find(|name| name.starts_with("karbon/")).unwrap();
    std::fs::write(first.join(altered), "something else").unwrap();
    let from = format!("file:{}", first.display());
    let bucket = config(folder.path(), &buckets.config(folder.path(), "karbon"));
    let (code, said) = copy(&from, &bucket);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(altered) && said.contains("originals 11"), "{said}");
    for (from, to, says) in [
        (from.as_str(), format!("file:{}", other.display()), "another archive already"),
        (from.as_str(), from.clone(), "the same place"),
        ("file:/nowhere/at/all", from.clone(), "holds no archive"),
        (from.as_str(), "s3://originals/karbon".to_owned(), "configuration file"),
    ] {
        let (code, said) = copy(from, &to);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(says), "{said}");
    }
}

/// What was erased in the source since a copy, and what a gateway kept that is on the copy already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_only_the_copy_has_is_named_and_removed_if_that_is_asked_for() {
    let (buckets, folder) = (Buckets::start().await, tempfile::tempdir().unwrap());
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    let archive = filled(&first).await;
    let bucket = config(folder.path(), &buckets.config(folder.path(), "karbon"));
    let (first, second) =
        (format!("file:{}", first.display()), format!("file:{}", second.display()));
    let karbon = OrganisationId::new("karbon");
    for (from, to) in [(&first, &bucket), (&bucket, &second)] {
        let (code, said) = copy(from, to);
        assert_eq!(code, Some(0), "{said}");
    }
    let erased = keep(&archive, 0).await;
    archive.discard(&karbon, &erased).await.unwrap();
    let name = erased.strip_prefix("sha256:").unwrap().replace('/', "-");
    for (from, to) in [(&first, &bucket), (&bucket, &second)] {
        let (code, said) = copy(from, to);
        assert_eq!(code, Some(1), "{said}");
        assert!(said.contains(&name) && said.contains("is not in FROM"), "{said}");
        assert!(said.contains("originals 11, of which new 0"), "{said}");
        let (code, said) = copy_with(from, to, &["--remove", "--json"]);
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("\"removed\":1") && said.contains("\"surplus\":[]"), "{said}");
        let (code, said) = copy(from, to);
        assert_eq!(code, Some(0), "{said}");
    }
    let names = buckets.originals().await;
    assert!(names.len() == ORIGINALS - 1 && !names.iter().any(|it| it.contains(&name)));
    // Nothing of it is taken from those that use the copy.
    let settings = buckets.settings("karbon");
    let state = tempfile::tempdir().unwrap();
    let used = S3Archive::open(&settings, state.path()).await.unwrap();
    let later = keep(&used, ORIGINALS).await;
    let (code, said) = copy(&first, &bucket);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("a gateway that uses TO already"), "{said}");
    used.fetch(&karbon, &later).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_fails_whose_bucket_became_another_archive_meanwhile() {
    let (buckets, folder) = (Buckets::start().await, tempfile::tempdir().unwrap());
    let first = folder.path().join("first");
    drop(filled(&first).await);
    let bucket = config(folder.path(), &buckets.config(folder.path(), "karbon"));
    buckets.hold("PUT", 3).await;
    let copying =
        tokio::task::spawn_blocking(move || copy(&format!("file:{}", first.display()), &bucket));
    buckets.until_held("PUT").await;
    let other = S3Archive::open(&buckets.settings("karbon"), folder.path()).await.unwrap();
    buckets.release("PUT").await;
    let (code, said) = copying.await.unwrap();
    assert_eq!(code, Some(2), "{said}");
    let id = &other.identity().unwrap().id;
    assert!(said.contains("became another archive meanwhile") && said.contains(id), "{said}");
}
