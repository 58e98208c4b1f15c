//! The files of the keys of people and days. What bears a final name is whole and on disk.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::ports::StoreError;
use crate::runtime::private;

const NAMES: &str = "names";
const CURRENT: &str = "current";
const RETIRED: &str = "retired";
const DESTROYED: &str = "destroyed";
const LOCK: &str = ".lock";
const TEMPORARY: &str = ".new-";

#[derive(Clone)]
pub(super) struct Files {
    folder: Arc<Path>,
}

impl Files {
    pub(super) fn at(folder: PathBuf) -> Self {
        Files { folder: folder.into() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn names(&self) -> Result<Option<String>, StoreError> {
        self.is_there()?;
        read(&self.folder.join(NAMES))
    }

    /// The state afterwards: another gateway may have been quicker.
    pub(super) fn put_names(&self, wrapped: &str) -> Result<String, StoreError> {
        let _lock = self.lock()?;
        self.put_once(&self.folder.join(NAMES), wrapped)
    }

    pub(super) fn current(&self, hash: &str) -> Result<Option<String>, StoreError> {
        read(&self.path(hash))
    }

    /// As [`Files::put_names`].
    pub(super) fn put_current(&self, hash: &str, wrapped: &str) -> Result<String, StoreError> {
        let _lock = self.lock()?;
        self.put_once(&self.path(hash), wrapped)
    }

    pub(super) fn retired(&self, name: &str) -> Result<Option<String>, StoreError> {
        // An overwritten file, about to be removed, does not count as a key.
        let found = read(&self.folder.join(RETIRED).join(name))?;
        Ok(found.filter(|wrapped| !wrapped.starts_with('\0')))
    }

    pub(super) fn all_retired(&self) -> Result<Vec<String>, StoreError> {
        names_in(&self.folder.join(RETIRED))
    }

    pub(super) fn retire(&self, hash: &str, name: &str) -> Result<(), StoreError> {
        let (from, to) = (self.path(hash), self.folder.join(RETIRED).join(name));
        let moved = private::folder(&self.folder.join(RETIRED))
            .and_then(|()| std::fs::rename(&from, &to))
            .and_then(|()| sync_above(&to))
            .and_then(|()| sync_above(&from));
        moved.map_err(|error| away(&error))
    }

    /// Says first that it was destroyed, so that no reader ever finds neither.
    pub(super) fn destroy(&self, name: &str) -> Result<(), StoreError> {
        let destroyed = self.folder.join(DESTROYED);
        let said = private::folder(&destroyed)
            .and_then(|()| sync_above(&destroyed))
            .and_then(|()| leave_empty(&destroyed.join(name)));
        said.and_then(|()| overwrite(&self.folder.join(RETIRED).join(name)))
            .map_err(|error| away(&error))
    }

    /// Whether a key of this name was there, and was destroyed.
    pub(super) fn is_destroyed(&self, name: &str) -> Result<bool, StoreError> {
        self.folder.join(DESTROYED).join(name).try_exists().map_err(|error| away(&error))
    }

    /// Removes the unfinished files that killed processes left where the keys of a hash are written; `None`: everywhere.
    /// Such a file may hold a key that is to be destroyed. To be called with the lock, under which every file is
    /// written: what is unfinished then will never be finished.
    pub(super) fn clear_up(&self, hash: Option<&str>) -> Result<(), StoreError> {
        let current = self.folder.join(CURRENT);
        let mut folders = vec![self.folder.join(RETIRED)];
        match hash {
            Some(hash) => folders.extend(self.path(hash).parent().map(Path::to_owned)),
            None => {
                folders.push(self.folder.to_path_buf());
                folders.extend(names_in(&current)?.iter().map(|first| current.join(first)));
            }
        }
        for folder in folders {
            for name in names_in(&folder)?.iter().filter(|name| name.starts_with(TEMPORARY)) {
                overwrite(&folder.join(name)).map_err(|error| away(&error))?;
            }
        }
        Ok(())
    }

    /// Every file that is wrapped, with the hash that it is bound to; `None`: that of the names.
    pub(super) fn all(&self) -> Result<Vec<(PathBuf, Option<String>)>, StoreError> {
        self.is_there()?;
        let mut all = vec![(self.folder.join(NAMES), None)];
        let current = self.folder.join(CURRENT);
        for first in names_in(&current)? {
            for hash in names_in(&current.join(&first))? {
                if !hash.starts_with(TEMPORARY) {
                    all.push((current.join(&first).join(&hash), Some(hash)));
                }
            }
        }
        for name in self.all_retired()? {
            let hash = name.split(super::FIRST).nth(2).map(str::to_owned);
            if hash.is_some() {
                all.push((self.folder.join(RETIRED).join(&name), hash));
            }
        }
        Ok(all)
    }

    pub(super) fn read(path: &Path) -> Result<Option<String>, StoreError> {
        read(path)
    }

    /// In place of the present one.
    pub(super) fn replace(path: &Path, wrapped: &str) -> Result<(), StoreError> {
        let temporary = temporary(path);
        let replaced = write(&temporary, wrapped)
            .and_then(|()| std::fs::rename(&temporary, path))
            .and_then(|()| sync_above(path));
        if replaced.is_err() {
            let _ = std::fs::remove_file(&temporary);
        }
        replaced.map_err(|error| away(&error))
    }

    /// Nobody else makes, retires, destroys or replaces a key meanwhile, on any machine that shares the folder.
    pub(super) fn lock(&self) -> Result<File, StoreError> {
        self.is_there()?;
        private::close(&self.folder);
        let path = self.folder.join(LOCK);
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(false).mode(0o600);
        let locked = options.open(path).and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| away(&error))
    }

    /// Never made: below a mount point that is empty, other keys would be made for everybody.
    fn is_there(&self) -> Result<(), StoreError> {
        if self.folder.is_dir() {
            return Ok(());
        }
        Err(StoreError::Unavailable(format!(
            "the folder of [keys] people, {}, is not there: mount it, or make it the first time",
            self.folder.display()
        )))
    }

    fn path(&self, hash: &str) -> PathBuf {
        self.folder.join(CURRENT).join(hash.get(..2).unwrap_or_default()).join(hash)
    }

    /// Writes a file unless it is there; the state afterwards.
    fn put_once(&self, path: &Path, wrapped: &str) -> Result<String, StoreError> {
        let temporary = temporary(path);
        let put = || {
            if let Some(above) = path.parent() {
                private::folder(above)?;
                sync_above(above)?;
            }
            write(&temporary, wrapped)?;
            match std::fs::hard_link(&temporary, path) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            sync_above(path)
        };
        let put = put();
        let _ = std::fs::remove_file(&temporary);
        put.map_err(|error| away(&error))?;
        // Retired already by another gateway: the caller tries again.
        read(path)?
            .ok_or_else(|| StoreError::Unavailable("a key in [keys] people has changed".to_owned()))
    }
}

fn temporary(path: &Path) -> PathBuf {
    path.with_file_name(format!("{TEMPORARY}{}", uuid::Uuid::new_v4().simple()))
}

/// Overwrites it before it is removed: where the disk writes in place, nothing of it is left.
fn overwrite(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or_default();
    file.write_all(&vec![0; length])?;
    file.sync_all()?;
    std::fs::remove_file(path)?;
    sync_above(path)
}

fn leave_empty(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create(true).truncate(false).mode(0o600);
    options.open(path)?.sync_all()?;
    sync_above(path)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn read(path: &Path) -> Result<Option<String>, StoreError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(away(&error)),
    }
}

fn names_in(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(away(&error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| away(&error))?;
        names.extend(entry.file_name().into_string());
    }
    Ok(names)
}

/// A name is on disk once the folder is synced (fsync(2)).
fn sync_above(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(above) => File::open(above)?.sync_all(),
        None => Ok(()),
    }
}

/// Names only the kind of trouble.
fn away(error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("the folder of [keys] people can't be used: {}", error.kind()))
}
