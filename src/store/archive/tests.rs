use super::*;
use crate::ports::{Allowance, QuotaFault};

fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

fn bytes(text: &'static str) -> Original {
    Original::Bytes(Bytes::from_static(text.as_bytes()))
}

/// Every file below a folder, temporary ones and locks included.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

fn originals(folder: &Path) -> usize {
    files(&folder.join("karbon")).len()
}

async fn trouble(archive: &FileArchive, reference: &str) -> OriginalTrouble {
    match archive.fetch(&karbon(), reference).await {
        Err(FetchError::Original(fault)) => fault.trouble,
        other => panic!("{other:?}"),
    }
}

/// Keeps what there is room for.
async fn kept(
    archive: &FileArchive,
    organisation: &OrganisationId,
    owner: Owner<'_>,
    original: Original,
) -> String {
    archive.keep(organisation, owner, original).await.unwrap().reference().unwrap()
}

#[tokio::test]
async fn what_is_kept_comes_back_and_a_retry_keeps_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let first = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("hello")).await;
    let again = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("hello")).await;
    assert_eq!(first, again);
    assert!(first.starts_with("sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e"), "{first}");
    assert_eq!(originals(folder.path()), 1);
    assert_eq!(archive.fetch(&karbon(), &first).await.unwrap(), "hello");
}

#[tokio::test]
async fn discarding_one_contacts_original_touches_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let one = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("same")).await;
    let two = kept(&archive, &karbon(), Owner::contact("c-2"), bytes("same")).await;
    assert_ne!(one, two);
    archive.discard(&karbon(), &one).await.unwrap();
    archive.discard(&karbon(), &one).await.unwrap();
    assert_eq!(trouble(&archive, &one).await, OriginalTrouble::Missing);
    assert_eq!(archive.fetch(&karbon(), &two).await.unwrap(), "same");
}

#[tokio::test]
async fn a_reference_is_worth_nothing_in_another_organisation() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let reference = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("ours")).await;
    let other = OrganisationId::new("tuntum");
    assert!(archive.fetch(&other, &reference).await.is_err());
    archive.discard(&other, &reference).await.unwrap();
    assert!(archive.fetch(&karbon(), &reference).await.is_ok());
}

#[tokio::test]
async fn a_spooled_file_is_kept_and_stays_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let spool = tempfile::tempdir().unwrap();
    let path = spool.path().join("message");
    std::fs::write(&path, "a long message ".repeat(20_000)).unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let reference =
        kept(&archive, &karbon(), Owner::contact("c-1"), Original::File(path.clone())).await;
    assert!(path.exists());
    std::fs::remove_file(&path).unwrap();
    assert_eq!(archive.fetch(&karbon(), &reference).await.unwrap().len(), 300_000);
}

#[tokio::test]
async fn no_organisation_and_no_reference_leads_out_of_the_folder() {
    let above = tempfile::tempdir().unwrap();
    let folder = above.path().join("archive");
    let archive = FileArchive::open(&folder).unwrap();
    for id in ["..", ".", "a/../../b", "/etc", ".temporary", "a\0b", "Ünïon"] {
        let organisation = OrganisationId::new(id);
        let reference = kept(&archive, &organisation, Owner::contact("c-1"), bytes("x")).await;
        assert_eq!(archive.fetch(&organisation, &reference).await.unwrap(), "x", "{id}");
    }
    assert!(
        archive.keep(&OrganisationId::new(""), Owner::contact("c-1"), bytes("x")).await.is_err()
    );
    let outside = files(above.path()).into_iter().filter(|path| !path.starts_with(&folder));
    assert_eq!(outside.count(), 0);
    let hex = "0".repeat(64);
    for reference in [
        "",
        "sha256:",
        "sha256:../x",
        &format!("sha256:{hex}/../../../etc/passwd"),
        &format!("sha256:{}/{}", "A".repeat(64), "0".repeat(32)),
        &format!("md5:{hex}/{}", "0".repeat(32)),
    ] {
        let fault = archive.fetch(&karbon(), reference).await.unwrap_err();
        assert!(matches!(fault, FetchError::Store(StoreError::Refused(_))), "{reference}: {fault}");
        assert!(archive.discard(&karbon(), reference).await.is_err());
    }
}

#[tokio::test]
async fn an_original_changed_on_disk_is_not_handed_out() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let reference = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("true")).await;
    let path = files(&folder.path().join("karbon")).pop().unwrap();
    std::fs::write(path, "false").unwrap();
    assert_eq!(trouble(&archive, &reference).await, OriginalTrouble::Altered);
}

#[tokio::test]
async fn an_archive_has_one_identity_and_a_fault_names_it() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_eq!(identity::read(folder.path()).unwrap(), None);
    let archive = FileArchive::open(folder.path()).unwrap();
    let again = FileArchive::open(folder.path()).unwrap();
    let another = FileArchive::open(other.path()).unwrap();
    assert_eq!(archive.identity, again.identity);
    assert_eq!(identity::read(folder.path()).unwrap().as_ref(), archive.identity());
    assert_ne!(archive.identity.id, another.identity.id);
    let reference = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("ours")).await;
    let fault = another.fetch(&karbon(), &reference).await.unwrap_err().to_string();
    assert!(fault.contains(&another.identity.id), "{fault}");
    assert!(fault.contains(&other.path().display().to_string()), "{fault}");
    std::fs::write(identity::file(folder.path()), "mine").unwrap();
    assert!(matches!(FileArchive::open(folder.path()), Err(StoreError::Corrupt(_))));
}

/// Nothing is written under an empty mount point, and nothing is called missing that is elsewhere.
#[tokio::test]
async fn a_folder_that_is_the_archive_no_more_is_an_archive_that_is_away() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let reference = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("ours")).await;
    let elsewhere = tempfile::tempdir().unwrap();
    for name in [".identity", "karbon"] {
        std::fs::rename(folder.path().join(name), elsewhere.path().join(name)).unwrap();
    }
    let kept = archive.keep(&karbon(), Owner::contact("c-2"), bytes("more")).await.unwrap_err();
    let fetched = archive.fetch(&karbon(), &reference).await.unwrap_err();
    for fault in [FetchError::from(kept), fetched] {
        assert!(fault.is_retryable() && fault.to_string().contains("mounted"), "{fault}");
    }
    assert!(!folder.path().join("karbon").exists());
    for name in [".identity", "karbon"] {
        std::fs::rename(elsewhere.path().join(name), folder.path().join(name)).unwrap();
    }
    assert_eq!(archive.fetch(&karbon(), &reference).await.unwrap(), "ours");
}

#[tokio::test]
async fn a_start_sweeps_what_a_crash_left_and_spares_what_lives() {
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().join(".temporary");
    std::fs::create_dir_all(temporary.join("gone")).unwrap();
    std::fs::write(temporary.join("gone/0"), "half a mess").unwrap();
    std::fs::write(temporary.join("gone.lock"), "").unwrap();
    let living = FileArchive::open(folder.path()).unwrap();
    let second = FileArchive::open(folder.path()).unwrap();
    assert!(!temporary.join("gone").exists());
    assert!(!temporary.join("gone.lock").exists());
    kept(&living, &karbon(), Owner::contact("c-1"), bytes("a")).await;
    kept(&second, &karbon(), Owner::contact("c-2"), bytes("b")).await;
    drop((living, second));
    assert_eq!(files(&temporary), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_write_that_fails_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let missing = Original::File(folder.path().join("not-there"));
    let fault = archive.keep(&karbon(), Owner::contact("c-1"), missing).await.unwrap_err();
    assert!(fault.is_retryable());
    // A file where the organisation's folder should be.
    std::fs::write(folder.path().join("karbon"), "").unwrap();
    let fault = archive.keep(&karbon(), Owner::contact("c-1"), bytes("x")).await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    let left = files(&folder.path().join(".temporary"));
    assert_eq!(left.iter().filter(|path| path.extension().is_none()).count(), 0);
}

fn person(contact: &'static str, person: &'static str, allowance: Allowance) -> Owner<'static> {
    Owner { contact, person: Some(person), allowance }
}

#[tokio::test]
async fn a_quota_of_each_person_and_of_all_goes_twice_as_far_for_safeguards() {
    let folder = tempfile::tempdir().unwrap();
    let quota = ArchiveQuota { per_person: 10, per_organisation: 15 };
    let archive = FileArchive::open(folder.path()).unwrap().with_quota(quota);
    let keep = async |contact, who, allowance, text| match archive
        .keep(&karbon(), person(contact, who, allowance), bytes(text))
        .await
    {
        Ok(Keep::Done(reference)) => Ok(reference),
        Ok(Keep::OverQuota(fault)) => Err(fault),
        Err(other) => panic!("{other}"),
    };
    let six = "123456";
    let first = keep("c-1", "P-1", Allowance::Ordinary, six).await.unwrap();
    assert_eq!(keep("c-1", "P-1", Allowance::Ordinary, six).await.unwrap(), first, "a retry");
    let over = keep("c-2", "P-1", Allowance::Ordinary, six).await;
    assert_eq!(over, Err(QuotaFault::Person));
    keep("c-3", "P-2", Allowance::Ordinary, six).await.unwrap();
    let over = keep("c-4", "P-3", Allowance::Ordinary, six).await;
    assert_eq!(over, Err(QuotaFault::Organisation));
    let urgent = keep("c-2", "P-1", Allowance::Safeguard, six).await.unwrap();
    assert_eq!(archive.fetch(&karbon(), &urgent).await.unwrap(), six);
    // Another organisation has its own; what is let go of makes room.
    let calico = OrganisationId::new("calico");
    kept(&archive, &calico, Owner::contact("c-1"), bytes("123456789012345")).await;
    for reference in [first, urgent] {
        archive.discard(&karbon(), &reference).await.unwrap();
    }
    keep("c-5", "P-1", Allowance::Ordinary, six).await.unwrap();
}

#[tokio::test]
async fn what_others_keep_is_counted_and_what_is_removed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let quota = ArchiveQuota { per_person: 10, per_organisation: 100 };
    let one = FileArchive::open(folder.path()).unwrap().with_quota(quota);
    let other = FileArchive::open(folder.path()).unwrap().with_quota(quota);
    assert_eq!(one.measure(&karbon()).await.unwrap(), 0);
    let owner = |contact| person(contact, "P-1", Allowance::Ordinary);
    let reference = kept(&one, &karbon(), owner("c-1"), bytes("12345678")).await;
    // From before there were quotas: the organisation's, and nobody's in particular.
    kept(&one, &karbon(), Owner::contact("c-9"), bytes("1")).await;
    std::fs::write(folder.path().join("karbon/README"), "no original").unwrap();
    std::fs::create_dir(folder.path().join("karbon/zz")).unwrap();
    std::fs::write(folder.path().join("karbon/zz/README"), "no original").unwrap();
    assert_eq!(other.measure(&karbon()).await.unwrap(), 9);
    let over = other.keep(&karbon(), owner("c-2"), bytes("12345678")).await.unwrap();
    assert_eq!(over, Keep::OverQuota(QuotaFault::Person));
    let path = OriginalPlace::parse(&karbon(), &reference).unwrap().path(folder.path());
    std::fs::remove_file(path).unwrap();
    assert_eq!(other.measure(&karbon()).await.unwrap(), 1);
    kept(&other, &karbon(), owner("c-2"), bytes("12345678")).await;
}

#[tokio::test(start_paused = true)]
async fn originals_are_read_as_many_at_once_as_there_is_room_for() {
    use crate::runtime::limits::ORIGINALS_MEMORY_BYTES_MAX;
    use crate::runtime::room::IncomingRoom;

    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(&folder.path().join("archive")).unwrap();
    let large = "a".repeat(300 * 1024);
    let reference =
        kept(&archive, &karbon(), Owner::contact("c-1"), Original::Bytes(large.into())).await;
    let mut others = IncomingRoom::for_original(usize::MAX);
    assert!(others.grow(ORIGINALS_MEMORY_BYTES_MAX - 700 * 1024));
    let first = archive.fetch(&karbon(), &reference).await.unwrap();
    let second = archive.fetch(&karbon(), &reference).await.unwrap();
    let fault = archive.fetch(&karbon(), &reference).await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("too many originals"), "{fault}");
    // Whoever has a part of it has it in memory.
    let part = first.slice(1..2);
    drop(first);
    assert!(archive.fetch(&karbon(), &reference).await.is_err());
    drop(part);
    assert_eq!(archive.fetch(&karbon(), &reference).await.unwrap(), second);
}

#[tokio::test]
async fn a_look_at_an_archive_that_hangs_is_not_begun_again() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let hanging = Arc::clone(&archive.looking).lock_owned().await;
    let asked = tokio::time::timeout(std::time::Duration::from_millis(50), archive.answers());
    assert!(asked.await.is_err());
    drop(hanging);
    archive.answers().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_archive_that_hangs_keeps_no_more_threads_than_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let archive = FileArchive::open(folder.path()).unwrap();
    let reference = kept(&archive, &karbon(), Owner::contact("c-1"), bytes("hello")).await;
    let all = u32::try_from(ARCHIVE_THREADS_MAX).unwrap();
    let hanging = Arc::clone(&archive.threads).acquire_many_owned(all).await.unwrap();
    let begun = tokio::time::Instant::now();
    let other = Owner::contact("c-2");
    let faults = [
        archive.keep(&karbon(), other, bytes("more")).await.unwrap_err().to_string(),
        archive.fetch(&karbon(), &reference).await.unwrap_err().to_string(),
        archive.discard(&karbon(), &reference).await.unwrap_err().to_string(),
        archive.measure(&karbon()).await.unwrap_err().to_string(),
        archive.answers().await.unwrap_err().to_string(),
    ];
    assert_eq!(begun.elapsed().as_secs(), 5 * ARCHIVE_THREAD_WAIT.as_secs());
    for fault in faults {
        assert!(fault.contains("does not answer, and 64 requests wait for it"), "{fault}");
    }
    assert_eq!(originals(folder.path()), 1);
    drop(hanging);
    assert_eq!(archive.fetch(&karbon(), &reference).await.unwrap(), "hello");
    archive.discard(&karbon(), &reference).await.unwrap();
    // Each gives its thread back.
    assert_eq!(archive.threads.available_permits(), ARCHIVE_THREADS_MAX);
}
