//! What a backup holds, and the mark at its end.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Component, Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::BackupFault;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::{ArchiveIdentity, LastEntry};
use crate::ports::portable::Kind;
use crate::runtime::hashed::{self, Hashed};
use crate::runtime::tokens::{hex, sha256, sha256_of_hex};
use crate::runtime::whole_file;

pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const END: &str = "END";

/// The version of this layout. A program that reads it refuses later ones.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// Whatever was there then is in it; of what came until `finished_at`, some is.
    pub begun_at: DateTime<Utc>,
    pub finished_at: DateTime<Utc>,
    /// The store's address, without users and passwords.
    pub store: String,
    /// The archive of the originals. `None`: the gateway had none yet.
    pub archive: Option<ArchiveIdentity>,
    #[serde(default)]
    pub originals: Carried,
    pub organisations: Vec<OfOrganisation>,
    /// Every file but this one and `END`, by its path below the backup's folder.
    pub files: BTreeMap<PathBuf, Entry>,
}

/// Where the originals are that items name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Carried {
    /// In the backup.
    #[default]
    Inside,
    /// In their bucket, and nowhere else.
    InBucket,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfOrganisation {
    pub id: OrganisationId,
    /// The name of the audit trail. `None`: no gateway has used the store yet.
    pub trail: Option<String>,
    /// The last entry of the trail that is in the backup.
    pub last_entry: Option<LastEntry>,
    pub records: BTreeMap<Kind, u64>,
    pub originals: u64,
    /// Originals that items name, and that the archive did not have as they were kept.
    pub originals_missing: u64,
}

/// A file, as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    pub bytes: u64,
    pub sha256: String,
}

impl From<Hashed> for Entry {
    fn from(Hashed { bytes, sha256 }: Hashed) -> Self {
        Entry { bytes, sha256 }
    }
}

impl Entry {
    pub(super) fn hashed(&self) -> Hashed {
        Hashed { bytes: self.bytes, sha256: self.sha256.clone() }
    }
}

impl Manifest {
    pub(super) fn begun(store: String, begun_at: DateTime<Utc>) -> Self {
        Manifest {
            format: FORMAT,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            begun_at,
            finished_at: begun_at,
            store,
            archive: None,
            originals: Carried::Inside,
            organisations: Vec::new(),
            files: BTreeMap::new(),
        }
    }

    /// Writes the manifest, then the mark that ends the backup. Everything else is on disk.
    pub(super) fn write(&self, folder: &Path) -> Result<(), BackupFault> {
        let path = folder.join(MANIFEST);
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| BackupFault::Manifest {
            path: path.clone(),
            why: error.to_string(),
        })?;
        text.push(b'\n');
        whole_file::replace(&path, &text).map_err(BackupFault::file(&path))?;
        let end = folder.join(END);
        let mark = format!("{}  {MANIFEST}\n", hex(&sha256(&text)));
        whole_file::replace(&end, mark.as_bytes()).map_err(BackupFault::file(&end))
    }

    /// Reads the manifest of a finished backup.
    ///
    /// # Errors
    /// `NoBackup`, `NotFinished`, `Altered`, or a backup of a later program.
    pub fn read(folder: &Path) -> Result<Self, BackupFault> {
        let (path, end) = (folder.join(MANIFEST), folder.join(END));
        let (text, mark) = (read_if_there(&path)?, read_if_there(&end)?);
        let (text, mark) = match (text, mark) {
            (Some(text), Some(mark)) => (text, mark),
            (None, None) if !folder.join("store").is_dir() => {
                return Err(BackupFault::NoBackup(folder.to_owned()));
            }
            (None, Some(_)) => return Err(BackupFault::NoBackup(folder.to_owned())),
            (_, None) => return Err(BackupFault::NotFinished(folder.to_owned())),
        };
        let wanted = format!("{}  {MANIFEST}\n", hex(&sha256(&text)));
        if mark != wanted.as_bytes() {
            // Which of the two was altered is known if the mark still has its form.
            let (path, why) = match is_mark(&mark) {
                true => (path, "END names a different SHA-256"),
                false => (end, "it is not the end mark of a backup"),
            };
            return Err(BackupFault::Altered { path, why });
        }
        let fault = |why: String| BackupFault::Manifest { path: path.clone(), why };
        let format: Format = serde_json::from_slice(&text).map_err(|e| fault(e.to_string()))?;
        if format.format != FORMAT {
            return Err(fault(format!(
                "the backup has format {}, and this program reads {FORMAT}: use the program of version {}",
                format.format, format.program
            )));
        }
        let manifest: Manifest =
            serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
        match manifest.files.keys().find(|path| !stays_below(path)) {
            Some(path) => {
                Err(fault(format!("names {}, which is outside the backup", path.display())))
            }
            None => Ok(manifest),
        }
    }

    /// Reads every file of a backup, and compares it with the manifest.
    ///
    /// # Errors
    /// `Altered`, with the first file that is another, is missing, or should not be there.
    pub fn verify(&self, folder: &Path) -> Result<(), BackupFault> {
        for (name, entry) in &self.files {
            let path = folder.join(name);
            match hashed::read(&path) {
                Ok(found) if found.bytes != entry.bytes => {
                    return Err(BackupFault::Altered { path, why: "its length differs" });
                }
                Ok(found) if found.sha256 != entry.sha256 => {
                    return Err(BackupFault::Altered { path, why: "its SHA-256 differs" });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(BackupFault::Altered { path, why: "it is missing" });
                }
                Err(cause) => return Err(BackupFault::File { path, cause }),
            }
        }
        let mut found = BTreeSet::new();
        files_below(folder, Path::new(""), &mut found)?;
        let known = |name: &PathBuf| {
            self.files.contains_key(name) || name == Path::new(MANIFEST) || name == Path::new(END)
        };
        match found.into_iter().find(|name| !known(name)) {
            Some(name) => {
                let why = "the manifest does not name it";
                Err(BackupFault::Altered { path: folder.join(name), why })
            }
            None => Ok(()),
        }
    }

    /// Which backup it is, as a store says that it is being restored from.
    pub(super) fn label(&self) -> String {
        let text = serde_json::to_vec(self).unwrap_or_default();
        let sum = hex(&sha256(&text));
        let at = self.begun_at.format("%Y-%m-%dT%H:%M:%SZ");
        format!("{} of {at} ({})", crate::store::BACKUP, sum.get(..16).unwrap_or_default())
    }
}

/// What every format begins with.
#[derive(Deserialize)]
struct Format {
    format: u32,
    program: String,
}

fn is_mark(mark: &[u8]) -> bool {
    let line = std::str::from_utf8(mark).ok().and_then(|text| text.split_once("  "));
    line.is_some_and(|(sum, name)| sha256_of_hex(sum).is_some() && name == "manifest.json\n")
}

fn stays_below(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_)))
}

fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, BackupFault> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(BackupFault::File { path: path.to_owned(), cause }),
    }
}

/// Every file below a folder, by its path from there. Links are not followed.
pub(super) fn files_below(
    root: &Path,
    below: &Path,
    found: &mut BTreeSet<PathBuf>,
) -> Result<(), BackupFault> {
    let folder = root.join(below);
    let fault = || BackupFault::file(&folder);
    for entry in std::fs::read_dir(&folder).map_err(fault())? {
        let entry = entry.map_err(fault())?;
        let name = below.join(entry.file_name());
        if entry.file_type().map_err(fault())?.is_dir() {
            files_below(root, &name, found)?;
        } else {
            found.insert(name);
        }
    }
    Ok(())
}
