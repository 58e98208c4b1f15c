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

/// What became of the backups beside the one just made.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pruned {
    pub removed: Vec<PathBuf>,
    /// Named after a later time than the one just made, by a clock that was ahead or is behind now. They stay, and
    /// don't count.
    pub later: Vec<PathBuf>,
}

/// Removes what has such a name: of finished backups all but `made` and the newest before it, and whatever is older
/// than these and was never finished. Anything else stays.
pub(super) fn prune(folder: &Path, made: &Path, keep: u32) -> Result<Pruned, Fault> {
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
    named.sort_by(|one, other| one.file_name().cmp(&other.file_name()));
    let is_later = |path: &PathBuf| path.file_name() > made.file_name();
    let (later, mut earlier): (Vec<PathBuf>, Vec<PathBuf>) = named.into_iter().partition(is_later);
    earlier.retain(|path| path.file_name() != made.file_name());
    // The one just made is the first that is kept.
    let (mut kept, mut removed) = (1, Vec::new());
    for path in earlier.into_iter().rev() {
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
    Ok(Pruned { removed, later })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Folders that were never finished, beside the one just made.
    fn folders(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            std::fs::create_dir_all(folder.path().join(name).join("store")).unwrap();
        }
        folder
    }

    #[test]
    fn only_what_has_such_a_name_is_removed() {
        let folder =
            folders(&["2026-11-29T020000Z", "2026-11-28T020000Z", "letters", "2026-11-27"]);
        let made = folder.path().join("2026-11-29T020000Z");
        // The one before may be in the making.
        assert_eq!(prune(folder.path(), &made, 2).unwrap(), Pruned::default());
        let pruned = prune(folder.path(), &made, 1).unwrap();
        assert_eq!(pruned.removed, [folder.path().join("2026-11-28T020000Z")]);
        assert_eq!(pruned.later, Vec::<PathBuf>::new());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[test]
    fn the_one_just_made_and_those_of_a_later_date_stay() {
        let folder = folders(&["2026-11-28T020000Z", "2026-11-29T020000Z", "2027-11-29T020000Z"]);
        let made = folder.path().join("2026-11-29T020000Z");
        let pruned = prune(folder.path(), &made, 1).unwrap();
        assert_eq!(pruned.removed, [folder.path().join("2026-11-28T020000Z")]);
        assert_eq!(pruned.later, [folder.path().join("2027-11-29T020000Z")]);
        assert!(made.is_dir() && pruned.later.iter().all(|path| path.is_dir()));
    }
}
