//! Making a backup.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::manifest::{Carried, Entry, Manifest, OfOrganisation};
use super::state::{self, Named};
use super::{BackupFault, Premises, Progress, Told, redis};
use crate::domain::organisation::OrganisationId;
use crate::domain::past::Nameplate;
use crate::runtime::hashed;
use crate::runtime::limits::BACKUP_PROGRESS_EVERY;
use crate::runtime::private;
use crate::store::archive::carried;
use crate::store::embedded::{DatabaseSnapshot, Embedded};
use crate::store::settings::{ArchiveUrl, StoreUrl};

const STORE: &str = "store";
pub(super) const ARCHIVE: &str = "archive";

/// Makes a backup in a new folder, while gateways run. A failure leaves a folder that is not a backup, and says so.
///
/// # Errors
/// [`BackupFault`].
pub async fn take(
    premises: &Premises,
    to: &Path,
    now: &(dyn Fn() -> DateTime<Utc> + Send + Sync),
    told: Told<'_>,
) -> Result<Manifest, BackupFault> {
    make_folder(premises, to)?;
    let mut manifest = Manifest::begun(premises.store.shown(), now());
    manifest.archive = super::identity_of(&premises.archive).await?;
    manifest.originals = match premises.archive {
        ArchiveUrl::File(_) => Carried::Inside,
        ArchiveUrl::S3(_) => Carried::InBucket,
    };
    let waiting = state::take(&premises.state, &premises.codec, to, &mut manifest)?;

    told(Progress::Step("copying the store"));
    let folder = to.join(STORE);
    private::folder(&folder).map_err(BackupFault::file(&folder))?;
    let file = Embedded::file(&folder);
    match &premises.store {
        StoreUrl::Embedded(store) => DatabaseSnapshot::take(store, &file)?,
        StoreUrl::Redis(settings) => redis::take(settings, &premises.codec, &folder, now()).await?,
    }
    sync(&file)?;
    told(Progress::Step("checking the copy"));
    let snapshot = DatabaseSnapshot::open(&file, &premises.codec)?;
    if let Some(damage) = snapshot.damage()? {
        return Err(BackupFault::Damaged(damage));
    }

    told(Progress::Step(match manifest.originals {
        Carried::Inside => "copying originals",
        Carried::InBucket => "the originals are on S3, and stay there: the backup has none of them",
    }));
    let mut originals = Originals { premises, to, manifest: &mut manifest, told, done: 0 };
    let mut organisations = Vec::new();
    for organisation in snapshot.organisations()? {
        organisations.push(originals.of(&organisation, &snapshot, &waiting)?);
    }
    manifest.organisations = organisations;
    drop(snapshot);
    let hashed = hashed::read(&file).map_err(BackupFault::file(&file))?;
    let name = file.strip_prefix(to).unwrap_or(&file).to_owned();
    manifest.files.insert(name, Entry::from(hashed));
    sync_folders(to)?;
    manifest.finished_at = now();
    manifest.write(to)?;
    sync(to.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new(".")))?;
    Ok(manifest)
}

/// A new folder, or one that is empty, outside everything that is read.
fn make_folder(premises: &Premises, to: &Path) -> Result<(), BackupFault> {
    let fault = || BackupFault::file(to);
    if to.exists() && std::fs::read_dir(to).map_err(fault())?.next().is_some() {
        return Err(BackupFault::NotNew(to.to_owned()));
    }
    private::folder(to).map_err(fault())?;
    let whole = std::fs::canonicalize(to).map_err(fault())?;
    let mut read = vec![premises.state.clone()];
    if let ArchiveUrl::File(folder) = &premises.archive {
        read.push(folder.clone());
    }
    if let StoreUrl::Embedded(folder) = &premises.store {
        read.push(folder.clone());
    }
    let inside = read
        .into_iter()
        .find(|folder| std::fs::canonicalize(folder).is_ok_and(|folder| whole.starts_with(folder)));
    match inside {
        Some(inside) => Err(BackupFault::Inside { to: to.to_owned(), inside }),
        None => Ok(()),
    }
}

struct Originals<'a, 'told> {
    premises: &'a Premises,
    to: &'a Path,
    manifest: &'a mut Manifest,
    told: Told<'told>,
    done: u64,
}

impl Originals<'_, '_> {
    /// Copies those that an organisation's items name, and says what the store holds of it.
    fn of(
        &mut self,
        organisation: &OrganisationId,
        snapshot: &DatabaseSnapshot,
        waiting: &[Named],
    ) -> Result<OfOrganisation, BackupFault> {
        crate::store::is_finished(organisation, snapshot.copy_mark(organisation)?.as_ref())?;
        let end = snapshot.trail_end(organisation)?;
        self.is_its_archive(end.nameplate.as_ref())?;
        let (mut kept, mut missing) = (0, 0);
        let is_inside = self.manifest.originals == Carried::Inside;
        let mut one = |reference: &str| {
            if self.one(organisation, reference)? {
                kept += u64::from(is_inside);
            } else {
                missing += 1;
            }
            Ok::<_, BackupFault>(())
        };
        snapshot.originals(organisation, &mut one)?;
        waiting.iter().filter(|(of, _)| of == organisation).try_for_each(|(_, name)| one(name))?;
        Ok(OfOrganisation {
            id: organisation.clone(),
            trail: end.nameplate.as_ref().and_then(Nameplate::trail).map(str::to_owned),
            last_entry: end.last,
            records: snapshot.sizes(organisation)?.into_iter().collect::<BTreeMap<_, _>>(),
            originals: kept,
            originals_missing: missing,
        })
    }

    /// A share that is not mounted would be backed up as an archive without originals.
    fn is_its_archive(&self, plate: Option<&Nameplate>) -> Result<(), BackupFault> {
        let Some(wanted) = plate.and_then(|plate| plate.archive.as_ref()) else { return Ok(()) };
        let found = self.manifest.archive.as_ref().map(|archive| archive.id.as_str());
        if found == Some(wanted.id.as_str()) {
            return Ok(());
        }
        Err(BackupFault::OtherArchive {
            wanted: wanted.to_string(),
            found: found.unwrap_or("none").to_owned(),
            folder: self.premises.archive.shown(),
        })
    }

    /// `false`: the archive does not have it as it was kept.
    fn one(&mut self, organisation: &OrganisationId, reference: &str) -> Result<bool, BackupFault> {
        let ArchiveUrl::File(archive) = &self.premises.archive else { return Ok(true) };
        let within = carried::within(archive, organisation, reference)?;
        let name = Path::new(ARCHIVE).join(&within.path);
        if self.manifest.files.contains_key(&name) {
            return Ok(true);
        }
        let (from, path) = (archive.join(&within.path), self.to.join(&name));
        let folder = path.parent().unwrap_or(self.to);
        private::folder(folder).map_err(BackupFault::file(folder))?;
        match hashed::copy(&from, &path) {
            Ok(copied)
                if within.is_whole(&self.to.join(ARCHIVE), &copied, &self.premises.codec)? =>
            {
                self.manifest.files.insert(name, Entry::from(copied));
                self.done += 1;
                if self.done.is_multiple_of(BACKUP_PROGRESS_EVERY) {
                    (self.told)(Progress::Originals { done: self.done });
                }
                return Ok(true);
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(cause) => return Err(BackupFault::File { path: from, cause }),
        }
        std::fs::remove_file(&path).map_err(BackupFault::file(&path))?;
        (self.told)(Progress::NoOriginal {
            organisation: organisation.clone(),
            reference: reference.to_owned(),
        });
        Ok(false)
    }
}

fn sync(path: &Path) -> Result<(), BackupFault> {
    let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(BackupFault::file(path))
}

/// A name is on disk once its folder is synced (fsync(2)).
fn sync_folders(folder: &Path) -> Result<(), BackupFault> {
    let below: Vec<PathBuf> = std::fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect())
        .map_err(BackupFault::file(folder))?;
    below.iter().filter(|path| path.is_dir()).try_for_each(|path| sync_folders(path))?;
    sync(folder)
}
