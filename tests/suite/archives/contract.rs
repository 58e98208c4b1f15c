//! What an archive is: the same on a folder and in a bucket, plain and encrypted.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::{
    Allowance, Archive, FetchError, Keep, Original, OriginalTrouble, Owner, QuotaFault, StoreError,
};
use contact_gateway::store::archive::open;
use contact_gateway::store::settings::{ArchiveQuota, ArchiveUrl, Codec, Keyring};

use super::server::Buckets;

/// Something that an archive is on.
struct Ground {
    url: ArchiveUrl,
    codec: Codec,
    state: tempfile::TempDir,
    _folder: tempfile::TempDir,
    buckets: Option<Buckets>,
}

const NO_QUOTA: ArchiveQuota = ArchiveQuota { per_person: u64::MAX, per_organisation: u64::MAX };

impl Ground {
    fn on_folder(codec: Codec) -> Ground {
        let folder = tempfile::tempdir().unwrap();
        let url = ArchiveUrl::File(folder.path().join("archive"));
        Ground { url, codec, state: tempfile::tempdir().unwrap(), _folder: folder, buckets: None }
    }

    async fn on_bucket(codec: Codec) -> Ground {
        let buckets = Buckets::start().await;
        let url = ArchiveUrl::S3(buckets.settings("a/prefix"));
        let (state, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        Ground { url, codec, state, _folder: folder, buckets: Some(buckets) }
    }

    async fn with(&self, quota: ArchiveQuota) -> Arc<dyn Archive> {
        open(&self.url, quota, &self.codec, self.state.path()).await.unwrap()
    }

    async fn archive(&self) -> Arc<dyn Archive> {
        self.with(NO_QUOTA).await
    }
}

fn encrypted() -> Codec {
    let keyring = Keyring::of(&[Keyring::new_key().unwrap()]).unwrap();
    Codec::with(Some(Arc::new(keyring)))
}

fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

fn text(text: &'static str) -> Original {
    Original::Bytes(Bytes::from_static(text.as_bytes()))
}

async fn kept(archive: &dyn Archive, owner: Owner<'_>, original: Original) -> String {
    archive.keep(&karbon(), owner, original).await.unwrap().reference().unwrap()
}

async fn trouble(archive: &dyn Archive, reference: &str) -> OriginalTrouble {
    match archive.fetch(&karbon(), reference).await {
        Err(FetchError::Original(fault)) => fault.trouble,
        other => panic!("{other:?}"),
    }
}

async fn comes_back_and_a_retry_keeps_nothing_twice(ground: &Ground) {
    let archive = ground.archive().await;
    let first = kept(archive.as_ref(), Owner::contact("c-1"), text("hello")).await;
    let again = kept(archive.as_ref(), Owner::contact("c-1"), text("hello")).await;
    assert_eq!(first, again);
    assert!(first.starts_with("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e"), "{first}");
    assert_eq!(archive.fetch(&karbon(), &first).await.unwrap(), "hello");
    // Another gateway on the same ground is on the same archive.
    let other = ground.archive().await;
    assert_eq!(other.identity(), archive.identity());
    assert_eq!(other.fetch(&karbon(), &first).await.unwrap(), "hello");
    let empty = kept(archive.as_ref(), Owner::contact("c-2"), text("")).await;
    assert_eq!(archive.fetch(&karbon(), &empty).await.unwrap(), "");
}

async fn discarding_touches_no_others(ground: &Ground) {
    let archive = ground.archive().await;
    let one = kept(archive.as_ref(), Owner::contact("c-3"), text("same")).await;
    let two = kept(archive.as_ref(), Owner::contact("c-4"), text("same")).await;
    assert_ne!(one, two);
    archive.discard(&karbon(), &one).await.unwrap();
    archive.discard(&karbon(), &one).await.unwrap();
    assert_eq!(trouble(archive.as_ref(), &one).await, OriginalTrouble::Missing);
    assert_eq!(archive.fetch(&karbon(), &two).await.unwrap(), "same");
    let other = OrganisationId::new("tuntum");
    assert!(archive.fetch(&other, &two).await.is_err());
    archive.discard(&other, &two).await.unwrap();
    assert!(archive.fetch(&karbon(), &two).await.is_ok());
}

/// Larger than what is held in memory of one that is sent.
async fn a_large_file_is_kept_and_stays_where_it_was(ground: &Ground) {
    let archive = ground.archive().await;
    let spool = tempfile::tempdir().unwrap();
    let path: PathBuf = spool.path().join("message");
    let byte = |at: u32| at.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    let bytes: Vec<u8> = (0..26_000_003).map(byte).collect();
    std::fs::write(&path, &bytes).unwrap();
    let reference =
        kept(archive.as_ref(), Owner::contact("c-5"), Original::File(path.clone())).await;
    assert!(path.exists());
    std::fs::remove_file(&path).unwrap();
    assert!(archive.fetch(&karbon(), &reference).await.unwrap() == bytes);
    let missing = Original::File(path);
    let fault = archive.keep(&karbon(), Owner::contact("c-6"), missing).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
}

async fn no_name_leads_out(ground: &Ground) {
    let archive = ground.archive().await;
    for id in ["..", ".", "a/../../b", "/etc", ".temporary", "a\0b", "Ünïon", "a b+c%20"] {
        let organisation = OrganisationId::new(id);
        let keeping = archive.keep(&organisation, Owner::contact("c-1"), text("x")).await;
        let reference = keeping.unwrap().reference().unwrap();
        assert_eq!(archive.fetch(&organisation, &reference).await.unwrap(), "x", "{id}");
        assert!(archive.measure(&organisation).await.unwrap() > 0, "{id}");
    }
    let nobody = OrganisationId::new("");
    assert!(archive.keep(&nobody, Owner::contact("c-1"), text("x")).await.is_err());
    let hex = "0".repeat(64);
    for reference in ["", "sha256:", "sha256:../x", &format!("sha256:{hex}/../../../etc/passwd")] {
        let fault = archive.fetch(&karbon(), reference).await.unwrap_err();
        assert!(matches!(fault, FetchError::Store(StoreError::Refused(_))), "{reference}: {fault}");
        assert!(archive.discard(&karbon(), reference).await.is_err());
    }
    if let Some(buckets) = &ground.buckets {
        let names = buckets.objects().await;
        assert!(names.keys().all(|name| name.starts_with("a/prefix/")), "{names:?}");
    }
}

/// Each in an organisation's own quota, and what others keep is in the next count.
async fn quotas_hold(ground: &Ground) {
    let calico = OrganisationId::new("calico");
    let owner = |contact, allowance| Owner { contact, person: Some("P-1"), allowance };
    let keep = async |archive: &dyn Archive, contact, allowance| {
        let words = text("twelve bytes");
        archive.keep(&calico, owner(contact, allowance), words).await.unwrap()
    };
    let free = ground.archive().await;
    let Keep::Done(first) = keep(free.as_ref(), "q-1", Allowance::Ordinary).await else { panic!() };
    let one = free.measure(&calico).await.unwrap();
    assert!(one >= 12);
    let archive =
        ground.with(ArchiveQuota { per_person: one * 3 / 2, per_organisation: one * 9 }).await;
    assert_eq!(archive.measure(&calico).await.unwrap(), one);
    let over = keep(archive.as_ref(), "q-2", Allowance::Ordinary).await;
    assert_eq!(over, Keep::OverQuota(QuotaFault::Person));
    assert!(matches!(keep(archive.as_ref(), "q-2", Allowance::Safeguard).await, Keep::Done(_)));
    archive.discard(&calico, &first).await.unwrap();
    assert_eq!(archive.measure(&calico).await.unwrap(), one);
    assert_eq!(free.measure(&calico).await.unwrap(), one);
}

/// Names of originals change when encryption is switched on and with each change of the key; a quota goes on.
async fn a_quota_goes_on_with_another_key(mut ground: Ground) {
    let (first, second) = (Keyring::new_key().unwrap(), Keyring::new_key().unwrap());
    let with = |keys: &[_]| Codec::with(Some(Arc::new(Keyring::of(keys).unwrap())));
    let karbon = karbon();
    let keep = async |archive: &dyn Archive, contact: &str, person: &str| {
        let owner = Owner { contact, person: Some(person), allowance: Allowance::Ordinary };
        archive.keep(&karbon, owner, text("twelve bytes")).await.unwrap()
    };
    let mut held = Vec::new();
    for codec in
        [Codec::plain(), with(std::slice::from_ref(&first)), with(&[second.clone(), first.clone()])]
    {
        ground.codec = codec;
        let archive = ground.archive().await;
        let contact = format!("k-{}", held.len());
        let Keep::Done(reference) = keep(archive.as_ref(), &contact, "P-K").await else { panic!() };
        held.push(reference);
        assert_eq!(keep(archive.as_ref(), "k-0", "P-K").await, Keep::Done(held[0].clone()));
        keep(archive.as_ref(), &contact, "P-O").await.reference().unwrap();
    }
    let archive = ground.archive().await;
    let all = archive.measure(&karbon).await.unwrap();
    let one = (all / 2 - 12) / 2;
    // As much as one person holds; then room for one more.
    for (per_person, fits) in [(all / 2 + one - 1, false), (all / 2 + one, true)] {
        let archive = ground.with(ArchiveQuota { per_person, per_organisation: u64::MAX }).await;
        assert_eq!(archive.measure(&karbon).await.unwrap(), all);
        let kept = keep(archive.as_ref(), "k-4", "P-K").await;
        match fits {
            true => assert!(kept.reference().is_some(), "there is room"),
            false => assert_eq!(kept, Keep::OverQuota(QuotaFault::Person)),
        }
    }
}

async fn everything_holds(ground: Ground) {
    comes_back_and_a_retry_keeps_nothing_twice(&ground).await;
    discarding_touches_no_others(&ground).await;
    a_large_file_is_kept_and_stays_where_it_was(&ground).await;
    no_name_leads_out(&ground).await;
    quotas_hold(&ground).await;
    assert_eq!(left(ground.state.path()), 0, "nothing is left of what was on its way");
}

/// Files of `archive` in the state folder, but for locks of processes that run.
fn left(state: &Path) -> usize {
    let Ok(folders) = std::fs::read_dir(state.join("archive")) else { return 0 };
    let paths = folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
    paths.map(|folder| std::fs::read_dir(folder).unwrap().count()).sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_an_archive() {
    everything_holds(Ground::on_folder(Codec::plain())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_is_an_archive_that_is_encrypted() {
    everything_holds(Ground::on_folder(encrypted())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_on_a_folder_goes_on_with_another_key() {
    a_quota_goes_on_with_another_key(Ground::on_folder(Codec::plain())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quota_in_a_bucket_goes_on_with_another_key() {
    a_quota_goes_on_with_another_key(Ground::on_bucket(Codec::plain()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_an_archive() {
    everything_holds(Ground::on_bucket(Codec::plain()).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_is_an_archive_that_is_encrypted() {
    let ground = Ground::on_bucket(encrypted()).await;
    let archive = ground.archive().await;
    kept(archive.as_ref(), Owner::contact("c-0"), text("pendramwnwgl")).await;
    let buckets = ground.buckets.as_ref().unwrap();
    let names = buckets.originals().await;
    assert!(names.len() == 1 && names[0].ends_with(".encrypted"), "{names:?}");
    let stored = buckets.bytes(&names[0]).await;
    assert!(stored.starts_with(b"%o1:"));
    assert!(!String::from_utf8_lossy(&stored).contains("pendramwnwgl"));
    drop(archive);
    everything_holds(ground).await;
}
