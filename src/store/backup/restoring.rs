//! Restoring a backup, whole or not at all.

use std::path::Path;

use chrono::{DateTime, Utc};

use super::manifest::{Carried, Manifest, OfOrganisation};
use super::taking::ARCHIVE;
use super::{BackupFault, Premises, Progress, Told, state};
use crate::domain::organisation::OrganisationId;
use crate::ports::portable::Portable;
use crate::runtime::limits::BACKUP_PROGRESS_EVERY;
use crate::runtime::{hashed, private};
use crate::store::archive::FileArchive;
use crate::store::copy::{self, Brought, Source};
use crate::store::embedded::Embedded;
use crate::store::settings::{ArchiveUrl, StoreUrl};

/// Within the state folder: the backup's database while it is restored from.
const READING: &str = "restoring";

/// The restored parts.
#[derive(Debug, Clone)]
pub struct Restored {
    pub manifest: Manifest,
    /// Where the originals are now.
    pub originals: u64,
}

/// Restores a backup into an empty store, with its originals and what of the state is not there. The same
/// call resumes after an interruption; until it has ended, no gateway starts on the store.
///
/// # Errors
/// [`BackupFault`]. Before anything is written: the backup is not whole, or the store not empty.
pub async fn restore(
    from: &Path,
    premises: &Premises,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
    told: Told<'_>,
) -> Result<Restored, BackupFault> {
    let manifest = Manifest::read(from)?;
    told(Progress::Step("checking the backup"));
    manifest.verify(from)?;
    let journal = state::hold(&premises.state, &premises.codec)?;
    clear_up(&premises.state)?;
    let label = manifest.label();
    match &premises.store {
        // Asking must not make it.
        StoreUrl::Embedded(folder) if !Embedded::file(folder).exists() => {}
        url => {
            let store = crate::store::open_portable(url, &premises.codec)?;
            is_empty(store.as_ref(), &manifest, &label).await?;
        }
    }
    is_its_archive(&manifest, &premises.archive).await?;
    let store = crate::store::open_portable(&premises.store, &premises.codec)?;

    let reading = premises.state.join(READING);
    let work = Work { from, manifest: &manifest, premises, label: &label, store: store.as_ref() };
    let done = async {
        let source = work.open(&reading)?;
        work.all(&source, &journal, now, told).await
    };
    let originals = done.await;
    clear_up(&premises.state)?;
    Ok(Restored { originals: originals?, manifest })
}

/// Removes the copy of a backup's database that a restoring left which was killed. For the process that holds the state
/// folder: nobody else restores then.
///
/// # Errors
/// The folder can't be removed.
pub fn clear_up(state: &Path) -> Result<(), BackupFault> {
    let reading = state.join(READING);
    match std::fs::remove_dir_all(&reading) {
        Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
            Err(BackupFault::File { path: reading, cause })
        }
        _ => Ok(()),
    }
}

/// Nothing may be in the store but what an interrupted restoring of this backup has written.
async fn is_empty(
    store: &dyn Portable,
    manifest: &Manifest,
    label: &str,
) -> Result<(), BackupFault> {
    let mut finished = 0;
    for organisation in crate::store::reached(store).await? {
        match store.copy_mark(&organisation).await? {
            Some(mark) if mark.from == label => finished += usize::from(mark.is_finished()),
            Some(mark) if !mark.is_finished() => {
                return Err(BackupFault::OfAnother { organisation, from: mark.from });
            }
            Some(_) | None => return Err(BackupFault::NotEmpty(organisation)),
        }
    }
    if finished > 0 && finished == manifest.organisations.len() {
        return Err(BackupFault::RestoredBefore);
    }
    Ok(())
}

async fn is_its_archive(manifest: &Manifest, url: &ArchiveUrl) -> Result<(), BackupFault> {
    let is_bucket = matches!(url, ArchiveUrl::S3(_));
    if is_bucket && manifest.files.keys().any(|name| name.starts_with(ARCHIVE)) {
        return Err(BackupFault::OriginalsInside);
    }
    let Some(wanted) = &manifest.archive else { return Ok(()) };
    match super::identity_of(url).await? {
        Some(found) if found.id != wanted.id => Err(BackupFault::OtherArchive {
            wanted: wanted.to_string(),
            found: found.id,
            folder: url.shown(),
        }),
        // An empty folder that took the archive's name would pass for it.
        None if manifest.originals == Carried::InBucket => {
            Err(BackupFault::OriginalsInBucket { wanted: wanted.to_string() })
        }
        _ => Ok(()),
    }
}

struct Work<'a> {
    from: &'a Path,
    manifest: &'a Manifest,
    premises: &'a Premises,
    label: &'a str,
    store: &'a dyn Portable,
}

impl Work<'_> {
    /// A copy of the backup's database that may be brought up to date: the backup stays as it is.
    fn open(&self, reading: &Path) -> Result<Opened, BackupFault> {
        private::folder(reading).map_err(BackupFault::file(reading))?;
        let to = Embedded::file(reading);
        let path = Embedded::file(&self.from.join("store"));
        let name = path.strip_prefix(self.from).unwrap_or(&path);
        let copied = hashed::copy(&path, &to).map_err(BackupFault::file(&path))?;
        if self.manifest.files.get(name).is_none_or(|entry| entry.hashed() != copied) {
            let why = "it has changed since it was checked";
            return Err(BackupFault::Altered { path, why });
        }
        Ok(Opened(Embedded::open_with(reading, &self.premises.codec)?))
    }

    /// The mark first, everything else, and at last that it is finished.
    async fn all(
        &self,
        opened: &Opened,
        journal: &crate::store::journal::FileJournal,
        now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
        told: Told<'_>,
    ) -> Result<u64, BackupFault> {
        let source = Source { store: opened.0.as_ref(), address: self.label };
        for OfOrganisation { id, .. } in &self.manifest.organisations {
            copy::begin(&source, self.store, id).await?;
        }
        told(Progress::Step("restoring originals"));
        let originals = self.originals(told)?;
        told(Progress::Step("restoring the store"));
        let mut brought: Vec<(&OrganisationId, Brought)> = Vec::new();
        for OfOrganisation { id, .. } in &self.manifest.organisations {
            let mut progress = |progress| told(Progress::Copy(progress));
            let one = copy::bring(&source, self.store, id, &mut progress).await?;
            brought.push((id, one));
        }
        let to = (self.premises.state.as_path(), &self.premises.codec);
        state::put_back(self.from, self.manifest, to, journal, told).await?;
        for (id, one) in brought {
            copy::finish(self.store, id, one, now()).await?;
        }
        Ok(originals)
    }

    fn originals(&self, told: Told<'_>) -> Result<u64, BackupFault> {
        let ArchiveUrl::File(folder) = &self.premises.archive else { return Ok(0) };
        let archive = match &self.manifest.archive {
            Some(identity) => FileArchive::open_as(folder, &identity.id)?,
            None => FileArchive::open(folder)?,
        };
        let mut done = 0;
        for (name, entry) in &self.manifest.files {
            let Ok(within) = name.strip_prefix(ARCHIVE) else { continue };
            archive.bring(&self.from.join(name), within, &entry.hashed())?;
            done += 1;
            if u64::is_multiple_of(done, BACKUP_PROGRESS_EVERY) {
                told(Progress::Originals { done });
            }
        }
        Ok(done)
    }
}

/// A store that is closed where it is left.
struct Opened(std::sync::Arc<Embedded>);

impl Drop for Opened {
    fn drop(&mut self) {
        self.0.close();
    }
}
