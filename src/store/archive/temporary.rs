//! Files that are being written. Each process has a folder of its own next to a lock that it holds;
//! a folder whose lock nobody holds belongs to a process that is gone, and is swept.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::place::make_folders;
use crate::runtime::limits::ARCHIVE_NAME_TRIES;

pub(super) struct TemporaryFolder {
    folder: PathBuf,
    lock_path: PathBuf,
    /// Held while the folder is in use; the system lets go of it when the process ends.
    _lock: File,
    next: AtomicU64,
}

impl TemporaryFolder {
    /// Removes what others left, and creates this process's folder.
    pub(super) fn open(above: &Path) -> io::Result<Self> {
        make_folders(above)?;
        sweep(above)?;
        for _ in 0..ARCHIVE_NAME_TRIES {
            let name = uuid::Uuid::now_v7().simple().to_string();
            let lock_path = above.join(format!("{name}.lock"));
            let lock =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&lock_path)?;
            // A sweep may have taken the lock first, and the file away.
            let is_ours = lock.try_lock().is_ok()
                && std::fs::metadata(&lock_path)
                    .is_ok_and(|now| lock.metadata().is_ok_and(|held| held.ino() == now.ino()));
            if is_ours {
                let folder = above.join(name);
                make_folders(&folder)?;
                return Ok(TemporaryFolder {
                    folder,
                    lock_path,
                    _lock: lock,
                    next: AtomicU64::new(0),
                });
            }
        }
        Err(io::Error::from(io::ErrorKind::ResourceBusy))
    }

    /// A name for a file, which is removed again unless it is renamed.
    pub(super) fn file(&self) -> Temporary {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        Temporary { path: self.folder.join(number.to_string()) }
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What can't be removed now is swept at the next start.
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_file(&self.lock_path);
    }
}

/// Removes the folders whose lock nobody holds.
fn sweep(above: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(above)? {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        // Gone by now: another process has swept it.
        let Ok(lock) = File::open(&path) else { continue };
        if lock.try_lock().is_ok() {
            let folder = path.with_extension("");
            if folder.is_dir() {
                std::fs::remove_dir_all(&folder)?;
            }
            // After its folder: a crash in between leaves both to the next sweep.
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// A file that is being written.
pub(super) struct Temporary {
    path: PathBuf,
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn create(&self) -> io::Result<File> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // Renamed, never made, or half written: in each case nothing of this name is wanted.
        let _ = std::fs::remove_file(&self.path);
    }
}
