//! Originals in a bucket of a server that speaks S3, under the names that the files of a folder have.
//!
//! Each is stored with its SHA-256, which the server compares with what arrives, and is read back whole and compared
//! with its reference. `keep` returns once the server has acknowledged it: then it is as durable as the server makes
//! objects. Encryption is that of the files, made on this machine before anything is sent.

mod fault;
mod identity;
mod listing;
pub(super) mod raw;
mod rekey;
mod wire;

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use self::fault::S3Fault;
use self::identity::S3Or;
use self::wire::{Only, Stored, Wire};
use super::place::{self, Form, FoundOriginal, OriginalPlace, Places};
use super::quota::{self, KeptBytes};
use super::reading::{self, ReadFault};
use super::temporary::{Temporary, TemporaryFolder};
use super::{away, blocking, cipher, encrypt, hashed_of, in_hand};
use crate::domain::organisation::OrganisationId;
use crate::ports::{
    Allowance, Archive, ArchiveIdentity, FetchError, Keep, KeyOf, Original, OriginalTrouble, Owner,
    QuotaFault, StoreError,
};
use crate::runtime::hashed::{Hashed, Hashing};
use crate::runtime::limits::ARCHIVE_S3_IDENTITY_HOLDS;
use crate::runtime::room::held;
use crate::store::keyring::Key;
use crate::store::settings::{ArchiveQuota, Codec, S3Settings};

/// In the state folder: for encrypted bytes before they are sent.
const TEMPORARY: &str = "archive";

/// The archive in a bucket.
#[derive(Clone)]
pub struct S3Archive {
    wire: Arc<Wire>,
    identity: ArchiveIdentity,
    temporary: Arc<TemporaryFolder>,
    kept: Arc<KeptBytes>,
    codec: Codec,
    /// When the bucket was last seen to hold this archive.
    seen: Arc<Mutex<Option<Instant>>>,
}

impl S3Archive {
    /// Opens the archive, and gives it an identity if it has none. While its server is away, it opens where this
    /// gateway has seen it before. `state`: the gateway's own folder.
    ///
    /// # Errors
    /// `Refused`: there is no such bucket, or the credentials are not accepted. `Unavailable`: the server is away, and
    /// the archive was never seen; or the state folder can't be written. `Corrupt`: its identity can't be read.
    pub async fn open(settings: &S3Settings, state: &Path) -> Result<Self, StoreError> {
        let wire = Wire::new(settings)?;
        let folder = TemporaryFolder::open(&state.join(TEMPORARY))
            .map_err(|error| away(&error).at(state))?;
        let id = uuid::Uuid::new_v4().to_string();
        let identity = identity::of(&wire, state, &id).await?;
        Ok(S3Archive {
            wire: Arc::new(wire),
            identity,
            temporary: Arc::new(folder),
            kept: Arc::default(),
            codec: Codec::plain(),
            seen: Arc::default(),
        })
    }

    /// Keeps no more than this.
    #[must_use]
    pub fn with_quota(self, quota: ArchiveQuota) -> Self {
        S3Archive { kept: Arc::new(KeptBytes::within(quota)), ..self }
    }

    /// Encrypts what it keeps from now on, where there is a key.
    #[must_use]
    pub fn with_codec(self, codec: Codec) -> Self {
        S3Archive { codec, ..self }
    }

    fn fault(&self, fault: &S3Fault) -> StoreError {
        fault.of_archive(&self.wire.shown)
    }

    /// Refuses a bucket that is no longer the archive: it was emptied, or another one has its name.
    async fn is_there(&self) -> Result<(), StoreError> {
        let seen = *self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.is_some_and(|seen| seen.elapsed() < ARCHIVE_S3_IDENTITY_HOLDS) {
            return Ok(());
        }
        self.look().await
    }

    /// As [`S3Archive::is_there`], whenever it was seen last.
    async fn look(&self) -> Result<(), StoreError> {
        match identity::read(&self.wire).await {
            Ok(Some(found)) if found.id == self.identity.id => {
                *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
                Ok(())
            }
            Ok(_) => Err(StoreError::Unavailable(format!(
                "the archive {} is not in its bucket; was it emptied or replaced?",
                self.identity
            ))),
            Err(S3Or::Away(fault)) => Err(self.fault(&fault)),
            Err(S3Or::Store(error)) => Err(error),
        }
    }

    /// Stores an object of an original. `None`: as [`Wire::put`].
    async fn put(
        &self,
        place: &OriginalPlace,
        sent: &Prepared,
        only: Only<'_>,
    ) -> Result<Option<Stored>, StoreError> {
        let put = self.wire.put(&place.name(sent.form), &sent.original, &sent.hashed, only).await;
        put.map_err(|fault| self.fault(&fault))
    }

    /// The form of a kept original, and the bytes of its object; `None`: it is not there.
    async fn found(&self, place: &OriginalPlace) -> Result<Option<(Form, u64)>, StoreError> {
        let (encrypted, plain) = (place.name(Form::Encrypted), place.name(Form::Plain));
        let both = tokio::join!(self.wire.length(&encrypted), self.wire.length(&plain));
        let fault = |fault: S3Fault| self.fault(&fault);
        let encrypted = both.0.map_err(fault)?.map(|bytes| (Form::Encrypted, bytes));
        Ok(encrypted.or(both.1.map_err(fault)?.map(|bytes| (Form::Plain, bytes))))
    }

    /// Where an original is kept already; `None`: nowhere.
    async fn kept_already<'a>(
        &self,
        places: &'a Places,
    ) -> Result<Option<&'a OriginalPlace>, StoreError> {
        let asked = places.named().map(async |(place, form)| {
            let length = self.wire.length(&place.name(form)).await?;
            Ok(length.map(|_| place))
        });
        let found = futures_util::future::try_join_all(asked).await;
        Ok(found.map_err(|fault: S3Fault| self.fault(&fault))?.into_iter().flatten().next())
    }

    fn reading(&self) -> Reading<'_> {
        Reading { wire: &self.wire, codec: &self.codec, archive: &self.identity }
    }
}

/// An original that is to be kept.
struct Coming {
    places: Places,
    original: Original,
    hashed: Hashed,
    organisation: OrganisationId,
    person: Option<String>,
    allowance: Allowance,
}

/// What an original is sent as: encrypted where there is a key, in a file that goes with this.
struct Prepared {
    form: Form,
    original: Original,
    hashed: Hashed,
    /// Removed when this is dropped.
    _file: Option<Temporary>,
}

impl Coming {
    /// Counts it, if there is room, and makes what is sent. Blocks.
    fn prepared(
        &self,
        kept: &KeptBytes,
        codec: &Codec,
        temporary: &TemporaryFolder,
    ) -> Result<Result<Prepared, QuotaFault>, StoreError> {
        let place = &self.places.now;
        let key =
            codec.sealing(self.organisation.as_str(), self.person.as_deref().map(KeyOf::Person))?;
        let plain = &self.hashed;
        let bytes = key.as_deref().map_or(plain.bytes, |key| cipher::length(plain.bytes, key));
        if let Err(fault) = kept.add(&self.places, bytes, self.allowance) {
            return Ok(Err(fault));
        }
        let Some(key) = key else {
            let (original, hashed) = (self.original.clone(), plain.clone());
            return Ok(Ok(Prepared { form: Form::Plain, original, hashed, _file: None }));
        };
        let encrypted = encrypted(temporary, &self.original, &key, place);
        encrypted.map(Ok).inspect_err(|_| kept.take_off(place, bytes))
    }
}

/// Encrypts an original into a temporary file, which need not outlast a crash, and hashes it on its way. Blocks.
fn encrypted(
    folder: &TemporaryFolder,
    original: &Original,
    key: &Key,
    place: &OriginalPlace,
) -> Result<Prepared, StoreError> {
    let file = folder.file();
    let encrypting = file.create().and_then(|to| {
        let mut hashing = Hashing::new(to);
        encrypt(original, &mut hashing, key, &place.label())?;
        Ok(hashing.end())
    });
    let hashed = encrypting.map_err(|error| away(&error))?;
    let original = Original::File(file.path().to_owned());
    Ok(Prepared { form: Form::Encrypted, original, hashed, _file: Some(file) })
}

#[async_trait]
impl Archive for S3Archive {
    async fn answers(&self) -> Result<(), StoreError> {
        self.is_there().await
    }

    fn identity(&self) -> Option<&ArchiveIdentity> {
        Some(&self.identity)
    }

    async fn keep(
        &self,
        organisation: &OrganisationId,
        owner: Owner<'_>,
        original: Original,
    ) -> Result<Keep, StoreError> {
        self.is_there().await?;
        let hashing = original.clone();
        let hashed = blocking(move || hashed_of(&hashing).map_err(|error| away(&error))).await?;
        let places = OriginalPlace::of(organisation, &hashed, &owner, &self.codec)?;
        // A retry of the contact.
        if let Some(place) = self.kept_already(&places).await? {
            return Ok(Keep::Done(place.reference()));
        }
        let coming = Coming {
            places,
            original,
            hashed,
            organisation: organisation.clone(),
            person: owner.person.map(str::to_owned),
            allowance: owner.allowance,
        };
        let (kept, codec) = (Arc::clone(&self.kept), self.codec.clone());
        let temporary = Arc::clone(&self.temporary);
        let preparing = blocking(move || {
            let prepared = coming.prepared(&kept, &codec, &temporary)?;
            Ok::<_, StoreError>((prepared, coming.places.now))
        });
        let (prepared, place) = preparing.await?;
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(fault) => return Ok(Keep::OverQuota(fault)),
        };
        if let Err(error) = self.put(&place, &prepared, Only::Any).await {
            self.kept.take_off(&place, prepared.hashed.bytes);
            return Err(error);
        }
        Ok(Keep::Done(place.reference()))
    }

    async fn fetch(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<Bytes, FetchError> {
        let place = OriginalPlace::parse(organisation, reference)?;
        // Decryption has both the ciphertext and the plaintext in memory.
        let (bytes, memory) = match self.found(&place).await? {
            Some((Form::Encrypted, bytes)) => (bytes, bytes.saturating_mul(2)),
            Some((Form::Plain, bytes)) => (bytes, bytes),
            None => (0, 0),
        };
        let mut room = in_hand::room(bytes, memory).await?;
        let found = self.reading().whole(&place).await;
        if let Err(FetchError::Original(fault)) = &found
            && fault.trouble == OriginalTrouble::Missing
        {
            self.look().await?;
        }
        let found = found?;
        room.shrink(found.len());
        Ok(held(found, room))
    }

    async fn discard(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<(), StoreError> {
        let place = OriginalPlace::parse(organisation, reference)?;
        let bytes = self.found(&place).await?.map(|(_, bytes)| bytes);
        // In this order, and whatever was found: a change of the key may move it meanwhile (`rekey`).
        for form in [Form::Plain, Form::Encrypted] {
            let deleted = self.wire.delete(&place.name(form)).await;
            deleted.map_err(|fault| self.fault(&fault))?;
        }
        if let Some(bytes) = bytes {
            self.kept.take_off(&place, bytes);
        }
        Ok(())
    }

    async fn measure(&self, organisation: &OrganisationId) -> Result<u64, StoreError> {
        let folder = place::folder_name(organisation)?;
        self.kept.begin_count(&folder);
        let mut counted = quota::Bytes::default();
        let mut each = |object: listing::Listed| {
            if let Some((place, _)) = OriginalPlace::below(&object.name) {
                counted.add(place.person.as_deref(), object.bytes);
            }
        };
        let listed = self.wire.list(&format!("{folder}/"), &mut each).await;
        listed.map_err(|fault| self.fault(&fault))?;
        Ok(self.kept.end_count(&folder, counted))
    }
}

/// Which archive is in a bucket. `None`: not made yet; this does not make it.
///
/// # Errors
/// `Corrupt`: its identity can't be read. `Unavailable`: the server is away, or refuses.
pub async fn identity_of(settings: &S3Settings) -> Result<Option<ArchiveIdentity>, StoreError> {
    let examined = Examined::of(settings, &Codec::plain()).await?;
    Ok(examined.map(|examined| examined.identity))
}

/// Reads originals out of a bucket.
struct Reading<'a> {
    wire: &'a Wire,
    codec: &'a Codec,
    archive: &'a ArchiveIdentity,
}

impl Reading<'_> {
    /// An original, compared with its reference.
    async fn whole(&self, place: &OriginalPlace) -> Result<Bytes, FetchError> {
        let forms = match self.codec.keyring() {
            Some(_) => [Form::Encrypted, Form::Plain],
            None => [Form::Plain, Form::Encrypted],
        };
        for form in forms {
            let found = self.wire.bytes(&place.name(form)).await;
            let found = found.map_err(|fault| fault.of_archive(&self.wire.shown))?;
            let Some(found) = found else { continue };
            return self.opened(place, form, found).await;
        }
        Err(ReadFault::Trouble(OriginalTrouble::Missing).of(self.archive))
    }

    /// The original in what an object holds, compared with what was kept.
    async fn opened(
        &self,
        place: &OriginalPlace,
        form: Form,
        found: Bytes,
    ) -> Result<Bytes, FetchError> {
        let (place, codec, archive) = (place.clone(), self.codec.clone(), self.archive.clone());
        blocking(move || {
            let passed = match form {
                // Compared where it is.
                Form::Plain => {
                    let mut to = std::io::sink();
                    reading::pass_on(&place, form, &mut found.as_ref(), &codec, &mut to)
                        .map(|()| found)
                }
                Form::Encrypted => {
                    let mut whole = Vec::with_capacity(found.len());
                    reading::pass_on(&place, form, &mut found.as_ref(), &codec, &mut whole)
                        .map(|()| Bytes::from(whole))
                }
            };
            passed.map_err(|fault| fault.of(&archive))
        })
        .await
    }
}

/// A bucket that is looked at: nothing in it is made or written.
pub(super) struct Examined {
    wire: Wire,
    identity: ArchiveIdentity,
    codec: Codec,
}

impl Examined {
    /// `None`: there is no archive in the bucket.
    pub(super) async fn of(
        settings: &S3Settings,
        codec: &Codec,
    ) -> Result<Option<Self>, StoreError> {
        let wire = Wire::new(settings)?;
        match identity::read(&wire).await {
            Ok(None) => Ok(None),
            Ok(Some(identity)) => Ok(Some(Examined { wire, identity, codec: codec.clone() })),
            Err(S3Or::Away(fault)) => Err(fault.of_archive(&wire.shown)),
            Err(S3Or::Store(error)) => Err(error),
        }
    }

    pub(super) async fn verify(&self, place: &OriginalPlace) -> Result<(), FetchError> {
        let read = Reading { wire: &self.wire, codec: &self.codec, archive: &self.identity };
        read.whole(place).await.map(drop)
    }

    /// Every original of an organisation's folder.
    pub(super) async fn each(
        &self,
        folder: &str,
        found: &mut (dyn FnMut(FoundOriginal) + Send),
    ) -> Result<(), StoreError> {
        let mut each = |object: listing::Listed| {
            if let Some((place, _)) = OriginalPlace::below(&object.name) {
                found(FoundOriginal { reference: place.reference(), modified: object.modified });
            }
        };
        let listed = self.wire.list(&format!("{folder}/"), &mut each).await;
        listed.map_err(|fault| fault.of_archive(&self.wire.shown))
    }
}
