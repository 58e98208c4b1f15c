//! Backups in one folder, named after the time, of which the newest are kept.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::cli::Fault;
use crate::store::backup::{BackupFault, Manifest};

/// Sorts by time, and needs no quoting anywhere.
const NAME: &str = "%Y-%m-%dT%H%M%SZ";

pub(super) fn name(at: DateTime<Utc>) -> String {
    at.format(NAME).to_string()
}

/// Removes what has such a name: of finished backups all but the newest, and whatever is older than these
/// and was never finished. Anything else stays.
pub(super) fn prune(folder: &Path, keep: u32) -> Result<Vec<PathBuf>, Fault> {
    let fault = |path: &Path, error: std::io::Error| {
        Fault::input(format!("{}: can't be removed: {error}", path.display()))
    };
    let mut named = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|error| fault(folder, error))? {
        let entry = entry.map_err(|error| fault(folder, error))?;
        let is_ours = entry
            .file_name()
            .to_str()
            .is_some_and(|name| NaiveDateTime::parse_from_str(name, NAME).is_ok());
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            named.push(entry.path());
        }
    }
    named.sort();
    let (mut kept, mut removed) = (0, Vec::new());
    for path in named.into_iter().rev() {
        let is_over = kept >= keep;
        match Manifest::read(&path) {
            Ok(_) if !is_over => kept += 1,
            Ok(_) | Err(BackupFault::NotFinished(_) | BackupFault::NoBackup(_)) if is_over => {
                std::fs::remove_dir_all(&path).map_err(|error| fault(&path, error))?;
                removed.push(path);
            }
            // One that was damaged is for somebody to look at; one newer than these may be in the making.
            Ok(_) | Err(_) => {}
        }
    }
    Ok(removed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_such_a_name_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["2026-11-29T020000Z", "2026-11-28T020000Z", "letters", "2026-11-29"] {
            std::fs::create_dir_all(folder.path().join(name).join("store")).unwrap();
        }
        // None is finished: the newest may be in the making.
        assert_eq!(prune(folder.path(), 1).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(prune(folder.path(), 0).unwrap().len(), 2);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    }
}
