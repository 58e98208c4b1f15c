//! `store rekey` of an archive in a bucket, while originals are erased, and beside another call.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::{Archive, Original, Owner};
use contact_gateway::runtime::limits::ORIGINALS_MEMORY_BYTES_MAX;
use contact_gateway::runtime::room::IncomingRoom;
use contact_gateway::store::archive::s3::S3Archive;
use contact_gateway::store::settings::{Codec, Keyring};
use tokio::time::timeout;

use super::server::Buckets;

struct Rig {
    buckets: Buckets,
    _state: tempfile::TempDir,
    /// The archive with its keys of before.
    before: S3Archive,
    now: S3Archive,
    /// The name of the key that encrypts now.
    key: String,
}

/// How originals are kept before the change of the key.
#[derive(Clone, Copy)]
enum Before {
    Plain,
    Encrypted,
}

fn karbon() -> OrganisationId {
    OrganisationId::new("karbon")
}

async fn rig(before: Before) -> Rig {
    let (buckets, state) = (Buckets::start().await, tempfile::tempdir().unwrap());
    let (old, new) = (Keyring::new_key().unwrap(), Keyring::new_key().unwrap());
    let with = |keys: &[_]| Codec::with(Some(Arc::new(Keyring::of(keys).unwrap())));
    let old_codec = match before {
        Before::Plain => Codec::plain(),
        Before::Encrypted => with(std::slice::from_ref(&old)),
    };
    let settings = buckets.settings("");
    let open =
        async |codec| S3Archive::open(&settings, state.path()).await.unwrap().with_codec(codec);
    let keyring = Keyring::of(&[new.clone(), old.clone()]).unwrap();
    let (before, now) = (open(old_codec).await, open(with(&[new, old])).await);
    let key = keyring.ids().next().unwrap().to_owned();
    Rig { buckets, _state: state, before, now, key }
}

impl Rig {
    async fn keep(&self, contact: &str) -> String {
        let original = Original::Bytes(Bytes::from(format!("{contact}: the tap drips")));
        let kept = self.before.keep(&karbon(), Owner::contact(contact), original).await;
        kept.unwrap().reference().unwrap()
    }

    async fn is_there(&self, contact: &str, reference: &str) {
        let found = self.now.fetch(&karbon(), reference).await.unwrap();
        assert_eq!(found, format!("{contact}: the tap drips"));
    }

    /// Every original is one object, encrypted with the key of now.
    async fn all_by_the_key(&self, originals: usize) {
        let names = self.buckets.originals().await;
        assert_eq!(names.len(), originals, "{names:?}");
        for name in names {
            let stored = self.buckets.bytes(&name).await;
            assert!(stored.starts_with(format!("%o1:{}:", self.key).as_bytes()), "{name}");
        }
    }
}

/// Erases while the new object of a call is on its way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_original_that_is_erased_meanwhile_does_not_come_back() {
    for before in [Before::Plain, Before::Encrypted] {
        let rig = rig(before).await;
        let reference = rig.keep("c-1").await;
        rig.buckets.hold("PUT", 0).await;
        let erase = async {
            rig.buckets.until_held("PUT").await;
            rig.before.discard(&karbon(), &reference).await.unwrap();
            rig.buckets.release("PUT").await;
        };
        let (rekeyed, ()) = tokio::join!(rig.now.rekey(), erase);
        assert_eq!(rekeyed.unwrap(), 0);
        assert_eq!(rig.buckets.originals().await, [""; 0]);
    }
}

/// One of the erasure's two requests comes before the new object, and one after all that the call does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_of_which_one_half_comes_later_leaves_nothing() {
    for before in [Before::Plain, Before::Encrypted] {
        let rig = rig(before).await;
        let reference = rig.keep("c-1").await;
        rig.buckets.hold("PUT", 0).await;
        rig.buckets.hold("DELETE", 1).await;
        let (discarded, rekeyed) = (tokio::sync::Notify::new(), tokio::sync::Notify::new());
        let erase = async {
            rig.buckets.until_held("PUT").await;
            rig.before.discard(&karbon(), &reference).await.unwrap();
            discarded.notify_one();
        };
        let order = async {
            rig.buckets.until_held("DELETE").await;
            rig.buckets.release("PUT").await;
            rekeyed.notified().await;
            rig.buckets.release("DELETE").await;
            discarded.notified().await;
        };
        let rekey = async {
            rig.now.rekey().await.unwrap();
            rekeyed.notify_one();
        };
        tokio::join!(rekey, erase, order);
        assert_eq!(rig.buckets.originals().await, [""; 0]);
    }
}

/// Each of two calls at every step of the other that could make it take the other's work for an erasure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_calls_at_once_lose_nothing() {
    for (before, method) in [
        (Before::Plain, "PUT"),
        (Before::Plain, "HEAD"),
        (Before::Plain, "DELETE"),
        (Before::Encrypted, "PUT"),
    ] {
        let rig = rig(before).await;
        let mut references = Vec::new();
        for contact in ["c-1", "c-2", "c-3"] {
            references.push((contact, rig.keep(contact).await));
        }
        rig.buckets.hold(method, 0).await;
        let other = async {
            rig.buckets.until_held(method).await;
            rig.now.rekey().await.unwrap();
            rig.buckets.release(method).await;
        };
        let (first, ()) = tokio::join!(rig.now.rekey(), other);
        first.unwrap();
        rig.all_by_the_key(3).await;
        for (contact, reference) in references {
            rig.is_there(contact, &reference).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_resumes_after_an_interruption() {
    let rig = rig(Before::Plain).await;
    let reference = rig.keep("c-1").await;
    rig.buckets.fault("status=503&method=DELETE").await;
    let fault = rig.now.rekey().await.unwrap_err();
    assert!(fault.is_retryable(), "{fault}");
    assert_eq!(rig.buckets.originals().await.len(), 2, "as it was, and as it is to be");
    rig.is_there("c-1", &reference).await;
    rig.buckets.fault("").await;
    assert_eq!(rig.now.rekey().await.unwrap(), 1);
    rig.all_by_the_key(1).await;
    rig.is_there("c-1", &reference).await;
    assert_eq!(rig.now.rekey().await.unwrap(), 0);
}

/// An encrypted original is in memory twice while it is decrypted, as ciphertext and as plaintext, and once after that.
#[tokio::test]
async fn an_encrypted_original_has_room_for_both_ways_until_it_is_read() {
    const KIB: usize = 1024;
    let rig = rig(Before::Encrypted).await;
    let large = Original::Bytes(Bytes::from(vec![b'a'; 600 * KIB]));
    let kept = rig.before.keep(&karbon(), Owner::contact("c-1"), large).await;
    let reference = kept.unwrap().reference().unwrap();
    let mut others = IncomingRoom::for_original(usize::MAX);
    assert!(others.grow(ORIGINALS_MEMORY_BYTES_MAX - 1_000 * KIB));
    let of = karbon();
    let waits = timeout(Duration::from_secs(2), rig.now.fetch(&of, &reference)).await;
    assert!(waits.is_err(), "there is room for one way only");
    others.clear();
    assert!(others.grow(ORIGINALS_MEMORY_BYTES_MAX - 1_250 * KIB));
    let read = rig.now.fetch(&of, &reference).await.unwrap();
    assert!(others.grow(ORIGINALS_MEMORY_BYTES_MAX - 600 * KIB), "the other way was given back");
    assert!(!others.grow(ORIGINALS_MEMORY_BYTES_MAX));
    drop(read);
    assert!(others.grow(ORIGINALS_MEMORY_BYTES_MAX));
}
