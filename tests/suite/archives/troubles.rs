//! A server that is away, slow, busy, or has changed what it was given.

use std::sync::Arc;

use bytes::Bytes;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::{Archive, FetchError, Original, OriginalTrouble, Owner, StoreError};
use contact_gateway::store::archive::s3::S3Archive;
use contact_gateway::store::settings::{Codec, Keyring, S3Settings};

use super::server::Buckets;

struct Rig {
    buckets: Buckets,
    archive: S3Archive,
    state: tempfile::TempDir,
}

async fn rig() -> Rig {
    let buckets = Buckets::start().await;
    let state = tempfile::tempdir().unwrap();
    let archive = S3Archive::open(&buckets.settings(""), state.path()).await.unwrap();
    Rig { buckets, archive, state }
}

fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

impl Rig {
    async fn keep(&self, contact: &str) -> Result<String, StoreError> {
        let original = Original::Bytes(Bytes::from_static(b"the tap drips"));
        let kept = self.archive.keep(&karbon(), Owner::contact(contact), original).await?;
        Ok(kept.reference().unwrap())
    }

    async fn open(&self, settings: &S3Settings) -> Result<S3Archive, StoreError> {
        S3Archive::open(settings, self.state.path()).await
    }

    /// The object that a contact's original is in.
    async fn object(&self, reference: &str) -> String {
        let part = reference.strip_prefix("sha256:").unwrap().replace('/', "-");
        let names = self.buckets.originals().await;
        names.into_iter().find(|name| name.ends_with(&part)).unwrap()
    }
}

fn trouble(found: Result<Bytes, FetchError>) -> OriginalTrouble {
    match found {
        Err(FetchError::Original(fault)) => fault.trouble,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_that_was_altered_or_removed_is_not_handed_out() {
    let rig = rig().await;
    let (one, two) = (rig.keep("c-1").await.unwrap(), rig.keep("c-2").await.unwrap());
    rig.buckets.alter(&rig.object(&one).await).await;
    rig.buckets.remove(&rig.object(&two).await).await;
    assert_eq!(trouble(rig.archive.fetch(&karbon(), &one).await), OriginalTrouble::Altered);
    let gone = rig.archive.fetch(&karbon(), &two).await;
    assert!(gone.as_ref().unwrap_err().to_string().contains("s3://originals"), "{gone:?}");
    assert_eq!(trouble(gone), OriginalTrouble::Missing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_changes_on_its_way_is_not_kept() {
    let rig = rig().await;
    rig.buckets.fault("mangle=1").await;
    let fault = rig.keep("c-1").await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("different bytes"), "{fault}");
    assert_eq!(rig.buckets.originals().await.len(), 0);
    rig.buckets.fault("").await;
    rig.keep("c-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_server_is_asked_again_and_then_counts_as_away() {
    let rig = rig().await;
    rig.keep("c-0").await.unwrap();
    let before = rig.buckets.seen("HEAD").await;
    rig.buckets.fault("status=503").await;
    let fault = rig.keep("c-1").await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("busy"), "{fault}");
    assert!(rig.buckets.seen("HEAD").await >= before + 3);
    rig.buckets.fault("").await;
    let reference = rig.keep("c-1").await.unwrap();
    assert_eq!(rig.archive.fetch(&karbon(), &reference).await.unwrap(), "the tap drips");
}

/// Two write the same object at once: Amazon answers 409, and the same request succeeds a moment later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_conflict_of_two_that_write_is_tried_again() {
    let rig = rig().await;
    let before = rig.buckets.seen("PUT").await;
    let conflict = "status=409&code=ConditionalRequestConflict&method=PUT";
    rig.buckets.fault(&format!("{conflict}&times=2")).await;
    let reference = rig.keep("c-1").await.unwrap();
    assert_eq!(rig.buckets.seen("PUT").await, before + 3);
    assert_eq!(rig.archive.fetch(&karbon(), &reference).await.unwrap(), "the tap drips");
    rig.buckets.fault(conflict).await;
    let fault = rig.keep("c-2").await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("busy"), "{fault}");
    // A gateway that gives a new archive its identity beside another one.
    let Err(fault) = rig.open(&rig.buckets.settings("new")).await else { panic!("a conflict") };
    assert!(matches!(fault, StoreError::Unavailable(_)), "{fault}");
}

/// One for each name under which a retry may find it, and one that stores it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeping_an_original_takes_no_more_requests_than_it_must() {
    let rig = rig().await;
    let keyring = Keyring::of(&[Keyring::new_key().unwrap()]).unwrap();
    let with_key = rig.archive.clone().with_codec(Codec::with(Some(Arc::new(keyring))));
    let seen = async || [rig.buckets.seen("HEAD").await, rig.buckets.seen("PUT").await];
    // As it came, and encrypted; with a key there is one more name, of what is encrypted.
    for (archive, contact, names) in [(&rig.archive, "c-1", 2), (&with_key, "c-2", 3)] {
        for puts in [1, 0] {
            let before = seen().await;
            let original = Original::Bytes(Bytes::from_static(b"the tap drips"));
            archive.keep(&karbon(), Owner::contact(contact), original).await.unwrap();
            assert_eq!(seen().await, [before[0] + names, before[1] + puts], "{contact}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_is_away_until_it_is_back() {
    let rig = rig().await;
    let reference = rig.keep("c-0").await.unwrap();
    rig.buckets.freeze();
    let fault = rig.keep("c-1").await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("no answer within"), "{fault}");
    // Whoever comes next does not wait for it.
    let next = rig.archive.fetch(&karbon(), &reference).await.unwrap_err();
    assert!(next.is_retryable(), "{next}");
    // A gateway that knows the archive starts.
    let known = rig.open(&rig.buckets.settings("")).await.unwrap();
    assert_eq!(known.identity(), rig.archive.identity());
    rig.buckets.thaw();
    crate::store_contract::servers::until("it is used again", || async {
        rig.archive.fetch(&karbon(), &reference).await.is_ok()
    })
    .await;
    rig.keep("c-1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_that_was_emptied_is_an_archive_that_is_away() {
    let rig = rig().await;
    let reference = rig.keep("c-0").await.unwrap();
    for name in rig.buckets.objects().await.into_keys() {
        rig.buckets.remove(&name).await;
    }
    let fault = rig.archive.fetch(&karbon(), &reference).await.unwrap_err();
    assert!(fault.is_retryable() && fault.to_string().contains("emptied or replaced"), "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_operator_set_up_wrongly_is_refused_at_the_start_and_named() {
    let rig = rig().await;
    let right = rig.buckets.settings("");
    let closed = crate::store_contract::servers::free_port();
    let away = format!("http://127.0.0.1:{closed}").parse().unwrap();
    for (settings, says, refused) in [
        (S3Settings { bucket: "nowhere".to_owned(), ..right.clone() }, "no such bucket", true),
        (S3Settings { access_key_id: "k".into(), ..right.clone() }, "InvalidAccessKeyId", true),
        (
            S3Settings { secret_access_key: "hunter2".into(), ..right.clone() },
            "SignatureDoesNotMatch",
            true,
        ),
        (
            S3Settings { endpoint: away, prefix: "new".to_owned(), ..right },
            "can't be reached",
            false,
        ),
    ] {
        let Err(fault) = rig.open(&settings).await else { panic!("{says}") };
        assert_eq!(matches!(fault, StoreError::Refused(_)), refused, "{fault}");
        let said = fault.to_string();
        assert!(said.contains(says) && said.contains("s3://"), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("X-Amz"), "{said}");
    }
}
