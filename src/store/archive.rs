//! Originals, content addressed: on the file system, or in a bucket (`s3`).
//!
//! ```text
//! archive/
//!   karbon/                                   an organisation
//!     3f/                                     the first byte of the digest
//!       3f9a…(64 hex)-8c01…(32 hex)-51d7…     one contact's original: digest of the content,
//!                                             digests of the ids of contact and person (shortened);
//!                                             with `.encrypted` behind it where there is a key (`cipher`),
//!                                             and with keyed hashes instead of digests
//!   .temporary/                               files being written; swept at the next start
//!   .identity                                 which archive this is (`identity`)
//! ```
//!
//! A reference is `sha256:<digest>/<contact>/<person>`, with the parts of the file's name; the last is left out if no
//! person's quota is concerned (`quota`). An original is written to a temporary file, synced, renamed, and its folders
//! are synced, in this order: whatever bears a final name is whole.

pub mod carried;
mod cipher;
pub mod copied;
mod examined;
mod identity;
mod in_hand;
mod place;
mod quota;
mod reading;
mod rekey;
pub mod s3;
mod temporary;

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::domain::organisation::OrganisationId;
use crate::ports::{
    Archive, ArchiveIdentity, FetchError, Keep, KeyOf, Original, OriginalTrouble, Owner, StoreError,
};
use crate::runtime::hashed::{self, Hashed};
use crate::runtime::limits::{ARCHIVE_THREAD_WAIT, ARCHIVE_THREADS_MAX};
use crate::runtime::private;
use crate::runtime::room::held;
use crate::store::keyring::Key;
use crate::store::settings::{ArchiveQuota, ArchiveUrl, Codec};
pub use examined::Originals;
pub use place::FoundOriginal;
use place::OriginalPlace;
use quota::KeptBytes;
use reading::ReadFault;
use temporary::{Temporary, TemporaryFolder};

/// Held in an organisation's folder while one of its originals is removed, or rewritten.
const TURN: &str = ".turn";

/// Opens the archive that is configured. `state`: the gateway's own folder.
///
/// # Errors
/// As [`FileArchive::open`] and [`s3::S3Archive::open`].
pub async fn open(
    url: &ArchiveUrl,
    quota: ArchiveQuota,
    codec: &Codec,
    state: &Path,
) -> Result<Arc<dyn Archive>, StoreError> {
    Ok(match url {
        ArchiveUrl::File(folder) => {
            let archive = FileArchive::open(folder)?.with_quota(quota);
            Arc::new(archive.with_codec(codec.clone()))
        }
        ArchiveUrl::S3(settings) => {
            let archive = s3::S3Archive::open(settings, state).await?.with_quota(quota);
            Arc::new(archive.with_codec(codec.clone()))
        }
    })
}

/// The archive in a folder.
#[derive(Clone)]
pub struct FileArchive {
    root: PathBuf,
    identity: ArchiveIdentity,
    temporary: Arc<TemporaryFolder>,
    kept: Arc<KeptBytes>,
    codec: Codec,
    /// Held during a check that the archive can be reached.
    looking: Arc<tokio::sync::Mutex<()>>,
    /// One for each thread that works in the folder.
    threads: Arc<Semaphore>,
}

impl FileArchive {
    /// Opens or makes the archive's folder, and sweeps what crashed processes left half written.
    ///
    /// # Errors
    /// `Unavailable`: the folder can't be made or written. `Corrupt`: its identity can't be read.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        FileArchive::open_with(folder, &uuid::Uuid::new_v4().to_string())
    }

    /// `id`: the identity of an archive that has none yet.
    fn open_with(folder: &Path, id: &str) -> Result<Self, StoreError> {
        let temporary = place::make_folders(folder)
            .and_then(|()| TemporaryFolder::open(&folder.join(".temporary")))
            .map_err(|error| away(&error).at(folder))?;
        private::close(folder);
        let identity = identity::of(folder, &temporary, id)?;
        let (root, temporary, kept) = (folder.to_owned(), Arc::new(temporary), Arc::default());
        let (codec, looking) = (Codec::plain(), Arc::default());
        let threads = Arc::new(Semaphore::new(ARCHIVE_THREADS_MAX));
        Ok(FileArchive { root, identity, temporary, kept, codec, looking, threads })
    }

    /// Keeps no more than this.
    #[must_use]
    pub fn with_quota(self, quota: ArchiveQuota) -> Self {
        FileArchive { kept: Arc::new(KeptBytes::within(quota)), ..self }
    }

    /// Encrypts what it keeps from now on, where there is a key.
    #[must_use]
    pub fn with_codec(self, codec: Codec) -> Self {
        FileArchive { codec, ..self }
    }

    /// Refuses a folder that is no longer the archive: anything written under the mount point of a
    /// share that is away would be found by nobody.
    fn is_there(&self) -> Result<(), StoreError> {
        if identity::file(&self.root).exists() {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "the archive {} is not in its folder; is it mounted?",
            self.identity
        )))
    }

    async fn blocking<T, E>(
        &self,
        work: impl FnOnce(&FileArchive) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let archive = self.clone();
        let thread = self.thread().await?;
        blocking(move || {
            let _thread = thread;
            work(&archive)
        })
        .await
    }

    /// A place among the threads that work in the folder. A network share that hangs blocks each of them, and the
    /// store's reads need threads, too.
    async fn thread(&self) -> Result<OwnedSemaphorePermit, StoreError> {
        let waiting = Arc::clone(&self.threads).acquire_owned();
        let Ok(Ok(thread)) = timeout(ARCHIVE_THREAD_WAIT, waiting).await else {
            return Err(StoreError::Unavailable(format!(
                "the archive {} does not answer, and {ARCHIVE_THREADS_MAX} requests wait for it",
                self.identity
            )));
        };
        Ok(thread)
    }

    fn keep_now(
        &self,
        organisation: &OrganisationId,
        owner: &Owner<'_>,
        original: &Original,
    ) -> Result<Keep, StoreError> {
        self.is_there()?;
        let hashed = hashed_of(original).map_err(|error| away(&error))?;
        let places = OriginalPlace::of(organisation, &hashed, owner, &self.codec)?;
        // A retry of the contact: the file is whole, but its name may not be on disk yet.
        if let Some(place) = places.found(&self.root) {
            place::sync_folder(&place.folder(&self.root)).map_err(|error| away(&error))?;
            return Ok(Keep::Done(place.reference()));
        }
        let key = self.codec.sealing(organisation.as_str(), owner.person.map(KeyOf::Person))?;
        let key = key.as_deref();
        let bytes = key.map_or(hashed.bytes, |key| cipher::length(hashed.bytes, key));
        if let Err(fault) = self.kept.add(&places, bytes, owner.allowance) {
            return Ok(Keep::OverQuota(fault));
        }
        let place = places.now;
        self.write(&place, original, key).map_err(|error| {
            self.kept.take_off(&place, bytes);
            away(&error)
        })?;
        Ok(Keep::Done(place.reference()))
    }

    /// What a kept original takes of the disk; 0: it is not there.
    fn bytes_of(&self, place: &OriginalPlace) -> u64 {
        let file = place.found(&self.root).and_then(|path| std::fs::metadata(path).ok());
        file.map_or(0, |file| file.len())
    }

    /// Only one of an organisation's originals is removed or rewritten at a time, by any process.
    fn turn(&self, place: &OriginalPlace) -> Result<Option<File>, StoreError> {
        let folder = self.root.join(&place.organisation);
        if !folder.is_dir() {
            return Ok(None);
        }
        let mut options = File::options();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let lock = options.open(folder.join(TURN)).and_then(|file| file.lock().map(|()| file));
        lock.map(Some).map_err(|error| away(&error))
    }

    fn write(
        &self,
        place: &OriginalPlace,
        original: &Original,
        key: Option<&Key>,
    ) -> io::Result<()> {
        let folder = place.folder(&self.root);
        place::make_folders(&folder)?;
        let temporary = self.temporary.file();
        let path = match key {
            Some(key) => {
                fill_encrypted(&temporary, original, key, &place.label())?;
                place.encrypted_path(&self.root)
            }
            None => {
                fill(&temporary, original)?;
                place.path(&self.root)
            }
        };
        std::fs::rename(temporary.path(), &path)?;
        place::sync_folder(&folder)
    }
}

/// Runs blocking work on its own thread.
async fn blocking<T, E>(work: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StoreError> + Send + 'static,
{
    let working = tokio::task::spawn_blocking(work).await;
    working.map_err(|_| StoreError::Unavailable("the archive is closing".to_owned()))?
}

#[async_trait]
impl Archive for FileArchive {
    async fn answers(&self) -> Result<(), StoreError> {
        // A check of a hung network share blocks its thread. Only one check runs; others wait without a thread.
        let turn = Arc::clone(&self.looking).lock_owned().await;
        self.blocking(move |archive| {
            let _turn = turn;
            archive.is_there()
        })
        .await
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
        let organisation = organisation.clone();
        let (contact, person) = (owner.contact.to_owned(), owner.person.map(str::to_owned));
        let allowance = owner.allowance;
        self.blocking(move |archive| {
            let owner = Owner { contact: &contact, person: person.as_deref(), allowance };
            archive.keep_now(&organisation, &owner, &original)
        })
        .await
    }

    async fn fetch(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<Bytes, FetchError> {
        let place = OriginalPlace::parse(organisation, reference)?;
        let sought = place.clone();
        let measured = self.blocking(move |archive| Ok::<_, StoreError>(archive.bytes_of(&sought)));
        let bytes = measured.await?;
        let room = in_hand::room(bytes, bytes).await?;
        let capacity = usize::try_from(bytes).unwrap_or_default();
        let read = self.blocking(move |archive| {
            let mut bytes = Vec::with_capacity(capacity);
            match reading::read(&place, &archive.root, &archive.codec, &mut bytes) {
                // With its room, which others get only once this thread is done with it.
                Ok(()) => Ok(held(Bytes::from(bytes), room)),
                Err(fault) => {
                    if matches!(fault, ReadFault::Trouble(OriginalTrouble::Missing)) {
                        archive.is_there()?;
                    }
                    Err(fault.of(&archive.identity))
                }
            }
        });
        read.await
    }

    async fn discard(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<(), StoreError> {
        let place = OriginalPlace::parse(organisation, reference)?;
        self.blocking(move |archive| {
            // A change of the key may rewrite it in the meantime.
            let _turn = archive.turn(&place)?;
            // It was let go of before.
            let Some(path) = place.found(&archive.root) else { return Ok(()) };
            let bytes = archive.bytes_of(&place);
            match std::fs::remove_file(&path) {
                Ok(()) => {
                    archive.kept.take_off(&place, bytes);
                    place::sync_folder(&place.folder(&archive.root)).map_err(|error| away(&error))
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
                Err(error) => Err(away(&error)),
            }
        })
        .await
    }

    async fn measure(&self, organisation: &OrganisationId) -> Result<u64, StoreError> {
        let folder = place::folder_name(organisation)?;
        self.blocking(move |archive| {
            archive.kept.measure(&archive.root, &folder).map_err(|error| away(&error))
        })
        .await
    }
}

fn hashed_of(original: &Original) -> io::Result<Hashed> {
    match original {
        Original::Bytes(bytes) => Ok(hashed::of(bytes)),
        Original::File(path) => hashed::read(path),
    }
}

/// Fills a temporary file and syncs it. A spooled file on the same disk is linked, not copied: its
/// owner removes it, but never writes to it again.
fn fill(temporary: &Temporary, original: &Original) -> io::Result<()> {
    let mut file = match original {
        Original::Bytes(bytes) => {
            let mut file = temporary.create()?;
            file.write_all(bytes)?;
            file
        }
        Original::File(spooled) => {
            if std::fs::hard_link(spooled, temporary.path()).is_ok() {
                File::open(temporary.path())?
            } else {
                let mut file = temporary.create()?;
                io::copy(&mut File::open(spooled)?, &mut file)?;
                file
            }
        }
    };
    file.flush()?;
    file.sync_all()
}

/// As [`fill`], encrypted: never linked.
fn fill_encrypted(
    temporary: &Temporary,
    original: &Original,
    key: &Key,
    label: &[u8],
) -> io::Result<()> {
    let mut file = temporary.create()?;
    encrypt(original, &mut file, key, label)?;
    file.sync_all()
}

fn encrypt(original: &Original, to: &mut dyn Write, key: &Key, label: &[u8]) -> io::Result<()> {
    match original {
        Original::Bytes(bytes) => cipher::encrypt(&mut bytes.as_ref(), to, key, label)?,
        Original::File(spooled) => cipher::encrypt(&mut File::open(spooled)?, to, key, label)?,
    }
    to.flush()
}

/// Names only the kind of trouble: a path may contain an id.
fn away(error: &io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            StoreError::Unavailable("the disk of the archive is full; free some space".to_owned())
        }
        kind => StoreError::Unavailable(format!("the archive can't be used: {kind}")),
    }
}

#[cfg(test)]
mod tests;
