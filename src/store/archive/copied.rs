//! Copying an archive into another place, a folder or a bucket: each original as it is stored, encrypted or not, read
//! back and compared.
//!
//! The copy gets the identity of the archive that was copied, at the end: until then no gateway on the store takes it for
//! the archive. Copying again adds what is not there yet.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::place::{self, Form, Place};
use super::reading::{self, ReadFault};
use super::s3::raw::RawBucket;
use super::temporary::TemporaryFolder;
use super::{away, identity};
use crate::ports::{ArchiveIdentity, StoreError};
use crate::runtime::hashed::{self, Hashed};
use crate::runtime::limits::BACKUP_PROGRESS_EVERY;
use crate::runtime::private;
use crate::store::settings::{ArchiveUrl, Codec};

/// What was copied.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Originals that are in both, and the same.
    pub same: u64,
    /// How many of them were not there before.
    pub new: u64,
    /// How many of them are encrypted with a key that was not given: they are the same bytes, and nobody has looked
    /// whether they are what was kept.
    pub not_looked_into: u64,
    /// Originals that are not what was kept, and were not copied.
    pub altered: Vec<String>,
}

/// Why an archive is not copied.
#[derive(Debug, thiserror::Error)]
pub enum CopyFault {
    #[error("FROM: {0} holds no archive")]
    NoArchive(String),
    #[error("FROM and TO are the same place")]
    Same,
    #[error("TO: is another archive already, {0}; name an empty place")]
    Another(ArchiveIdentity),
    #[error("FROM: {0}")]
    From(StoreError),
    #[error("TO: {0}")]
    To(StoreError),
    #[error(
        "TO: what was written there as {0} reads back as something else; run the same command again"
    )]
    Differs(String),
}

/// Copies every original. The same call resumes after an interruption.
///
/// # Errors
/// [`CopyFault`]; what was copied so far stays.
pub async fn copy(
    from: &ArchiveUrl,
    to: &ArchiveUrl,
    codec: &Codec,
    told: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Copied, CopyFault> {
    if from.shown() == to.shown() && !matches!(from, ArchiveUrl::S3(_)) {
        return Err(CopyFault::Same);
    }
    let source = Side::of(from).map_err(CopyFault::From)?;
    let known = source.identity().await.map_err(CopyFault::From)?;
    let known = known.ok_or_else(|| CopyFault::NoArchive(from.shown()))?;
    let target = Side::of(to).map_err(CopyFault::To)?;
    let present = target.identity().await.map_err(CopyFault::To)?;
    if let Some(other) = present.filter(|found| found.id != known.id) {
        return Err(CopyFault::Another(other));
    }
    let target = target.for_writing().map_err(CopyFault::To)?;
    let originals = source.originals().await.map_err(CopyFault::From)?;
    let total = originals.len() as u64;
    let mut copied = Copied::default();
    for (done, (place, form)) in (0..).zip(originals) {
        if u64::is_multiple_of(done, BACKUP_PROGRESS_EVERY) {
            told(done, total);
        }
        one(&source, &target, (&place, form), codec, &mut copied).await?;
    }
    target.give(&known.id).await.map_err(CopyFault::To)?;
    Ok(copied)
}

async fn one(
    source: &Side,
    target: &Side,
    (place, form): (&Place, Form),
    codec: &Codec,
    copied: &mut Copied,
) -> Result<(), CopyFault> {
    let name = place.name(form);
    // A gateway may have let go of it meanwhile.
    let Some(bytes) = source.read(&name).await.map_err(CopyFault::From)? else { return Ok(()) };
    match reading::pass_on(place, form, &mut bytes.as_ref(), codec, &mut io::sink()) {
        Ok(()) => {}
        Err(ReadFault::NoKey(_) | ReadFault::PersonKey(_)) => copied.not_looked_into += 1,
        Err(ReadFault::Trouble(_)) => {
            copied.altered.push(name);
            return Ok(());
        }
        Err(ReadFault::Io(error)) => return Err(CopyFault::From(away(&error))),
    }
    let wanted = hashed::of(&bytes);
    let is_there = |found: Option<Bytes>| found.is_some_and(|found| hashed::of(&found) == wanted);
    if !is_there(target.read(&name).await.map_err(CopyFault::To)?) {
        target.write(&name, bytes, &wanted).await.map_err(CopyFault::To)?;
        if !is_there(target.read(&name).await.map_err(CopyFault::To)?) {
            return Err(CopyFault::Differs(name));
        }
        copied.new += 1;
    }
    copied.same += 1;
    Ok(())
}

/// An archive that is copied from or to.
enum Side {
    Folder { root: PathBuf, temporary: Option<TemporaryFolder> },
    Bucket(Box<RawBucket>),
}

impl Side {
    fn of(url: &ArchiveUrl) -> Result<Self, StoreError> {
        Ok(match url {
            ArchiveUrl::File(root) => Side::Folder { root: root.clone(), temporary: None },
            ArchiveUrl::S3(settings) => Side::Bucket(Box::new(RawBucket::new(settings)?)),
        })
    }

    /// Makes the folder if it is missing.
    fn for_writing(self) -> Result<Self, StoreError> {
        let Side::Folder { root, .. } = self else { return Ok(self) };
        let temporary = place::make_folders(&root)
            .and_then(|()| TemporaryFolder::open(&root.join(".temporary")))
            .map_err(|error| away(&error))?;
        private::close(&root);
        Ok(Side::Folder { root, temporary: Some(temporary) })
    }

    async fn identity(&self) -> Result<Option<ArchiveIdentity>, StoreError> {
        match self {
            Side::Folder { root, .. } => identity::read(root),
            Side::Bucket(bucket) => bucket.identity().await,
        }
    }

    async fn give(&self, id: &str) -> Result<(), StoreError> {
        match self {
            Side::Folder { root, temporary: Some(temporary) } => {
                identity::of(root, temporary, id).map(drop)
            }
            Side::Folder { temporary: None, .. } => Ok(()),
            Side::Bucket(bucket) => match bucket.identity().await? {
                Some(_) => Ok(()),
                None => bucket.give(id).await.map(drop),
            },
        }
    }

    async fn originals(&self) -> Result<Vec<(Place, Form)>, StoreError> {
        match self {
            Side::Folder { root, .. } => place::originals(root).map_err(|error| away(&error)),
            Side::Bucket(bucket) => bucket.originals().await,
        }
    }

    async fn read(&self, name: &str) -> Result<Option<Bytes>, StoreError> {
        match self {
            Side::Folder { root, .. } => match place::there(std::fs::read(root.join(name))) {
                Ok(found) => Ok(found.map(Bytes::from)),
                Err(error) => Err(away(&error)),
            },
            Side::Bucket(bucket) => bucket.read(name).await,
        }
    }

    async fn write(&self, name: &str, bytes: Bytes, hashed: &Hashed) -> Result<(), StoreError> {
        match self {
            Side::Folder { root, temporary: Some(temporary) } => {
                write_file(root, temporary, name, &bytes).map_err(|error| away(&error))
            }
            Side::Folder { temporary: None, .. } => {
                Err(StoreError::Refused("the folder is only read".to_owned()))
            }
            Side::Bucket(bucket) => bucket.write(name, bytes, hashed).await,
        }
    }
}

/// Whole or not at all, and on disk when this returns.
fn write_file(
    root: &Path,
    temporary: &TemporaryFolder,
    name: &str,
    bytes: &[u8],
) -> io::Result<()> {
    use std::io::Write;
    let path = root.join(name);
    let folder = path.parent().unwrap_or(root);
    place::make_folders(folder)?;
    let draft = temporary.file();
    let mut file = draft.create()?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(draft.path(), &path)?;
    place::sync_folder(folder)
}
