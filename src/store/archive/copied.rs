//! Copying an archive into another place, a folder or a bucket: each original as it is stored, encrypted or not, read
//! back and compared.
//!
//! The copy gets the identity of the archive that was copied, at the end: until then no gateway on the store takes it
//! for the archive. Copying again adds missing originals, and finds those that only the copy has: it was erased in the
//! source, or a gateway that is on the copy already has kept it. Nothing in the archives tells which, so it is removed
//! only if that is asked for.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::place::{self, Form, OriginalPlace};
use super::reading::{self, ReadFault};
use super::s3::raw::RawBucket;
use super::temporary::TemporaryFolder;
use super::{away, identity};
use crate::ports::{ArchiveIdentity, StoreError};
use crate::runtime::hashed::{self, Hashed};
use crate::runtime::limits::BACKUP_PROGRESS_EVERY;
use crate::runtime::private;
use crate::store::settings::{ArchiveUrl, Codec};

/// The originals copied.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Originals that are in both, and the same.
    pub same: u64,
    /// How many of them were not there before.
    pub new: u64,
    /// How many of them are encrypted with a key that was not given: they are the same bytes, but not compared with
    /// their references.
    pub not_looked_into: u64,
    /// Originals that were altered, and were not copied.
    pub altered: Vec<String>,
    /// Originals that only TO has, and still has.
    pub surplus: Vec<String>,
    /// How many were removed because only TO had them.
    pub removed: u64,
}

/// What happens to originals that only TO has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Surplus {
    Named,
    Removed,
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
    #[error(
        "TO: became another archive meanwhile, {0}: originals were copied among its own, and no item of its store names \
         them. Name an empty place"
    )]
    Became(ArchiveIdentity),
    #[error("FROM: {0}")]
    From(StoreError),
    #[error("TO: {0}")]
    To(StoreError),
    #[error("TO: {0} reads back differently from what was written; run the same command again")]
    Differs(String),
}

/// Copies every original, and deals with those that only the target has. The same call resumes after an interruption.
///
/// # Errors
/// [`CopyFault`]; originals copied so far stay.
pub async fn copy(
    from: &ArchiveUrl,
    to: &ArchiveUrl,
    codec: &Codec,
    surplus: Surplus,
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
    let given = target.give(&known.id).await.map_err(CopyFault::To)?;
    if given.id != known.id {
        return Err(CopyFault::Became(given));
    }
    let only_there = only_in_target(&source, &target).await?;
    // An archive that went away while it was listed has lost nothing.
    if source.identity().await.map_err(CopyFault::From)?.is_none_or(|found| found.id != known.id) {
        return Err(CopyFault::NoArchive(from.shown()));
    }
    match surplus {
        Surplus::Named => copied.surplus = only_there,
        Surplus::Removed => {
            for name in only_there {
                target.remove(&name).await.map_err(CopyFault::To)?;
                copied.removed += 1;
            }
        }
    }
    Ok(copied)
}

/// The target is listed first: what a gateway keeps in the source meanwhile is not in it yet.
async fn only_in_target(source: &Side, target: &Side) -> Result<Vec<String>, CopyFault> {
    let names = |found: Vec<(OriginalPlace, Form)>| {
        found.into_iter().map(|(place, form)| place.name(form)).collect::<BTreeSet<_>>()
    };
    let there = names(target.originals().await.map_err(CopyFault::To)?);
    let here = names(source.originals().await.map_err(CopyFault::From)?);
    Ok(there.difference(&here).cloned().collect())
}

async fn one(
    source: &Side,
    target: &Side,
    (place, form): (&OriginalPlace, Form),
    codec: &Codec,
    copied: &mut Copied,
) -> Result<(), CopyFault> {
    let name = place.name(form);
    // A gateway may have released it in the meantime.
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

    /// Gives it an identity unless it has one; the one that it has then.
    async fn give(&self, id: &str) -> Result<ArchiveIdentity, StoreError> {
        match self {
            Side::Folder { root, temporary: Some(temporary) } => identity::of(root, temporary, id),
            Side::Folder { temporary: None, .. } => Err(only_read()),
            Side::Bucket(bucket) => match bucket.identity().await? {
                Some(found) => Ok(found),
                None => bucket.give(id).await,
            },
        }
    }

    async fn originals(&self) -> Result<Vec<(OriginalPlace, Form)>, StoreError> {
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
            Side::Folder { temporary: None, .. } => Err(only_read()),
            Side::Bucket(bucket) => bucket.write(name, bytes, hashed).await,
        }
    }

    /// It may be gone already.
    async fn remove(&self, name: &str) -> Result<(), StoreError> {
        match self {
            Side::Folder { root, .. } => {
                let path = root.join(name);
                let removed = place::there(std::fs::remove_file(&path))
                    .and_then(|_| place::sync_folder(path.parent().unwrap_or(root)));
                removed.map_err(|error| away(&error))
            }
            Side::Bucket(bucket) => bucket.remove(name).await,
        }
    }
}

fn only_read() -> StoreError {
    StoreError::Refused("the folder is only read".to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::organisation::OrganisationId;
    use crate::ports::{Archive, Original, Owner};
    use crate::store::archive::FileArchive;

    /// Somebody starts a gateway on the place that is copied to.
    #[tokio::test]
    async fn a_copy_fails_whose_place_became_another_archive_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("from"), folder.path().join("to"));
        let (karbon, owner) = (OrganisationId::new("karbon"), Owner::contact("c-1"));
        let archive = FileArchive::open(&from).unwrap();
        archive.keep(&karbon, owner, Original::Bytes("ours".into())).await.unwrap();
        let urls = (ArchiveUrl::File(from), ArchiveUrl::File(to.clone()));
        let mut other = None;
        let mut told = |_, _| other = Some(FileArchive::open(&to).unwrap());
        let copied =
            copy(&urls.0, &urls.1, &Codec::plain(), Surplus::Removed, &mut told).await.unwrap_err();
        let other = other.unwrap();
        assert!(
            matches!(&copied, CopyFault::Became(found) if Some(found) == other.identity()),
            "{copied}"
        );
    }
}
