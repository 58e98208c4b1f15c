//! How far a receiver has been told, on disk: `events/<organisation>/<name>.json` in the state
//! folder.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::runtime::private;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// Up to where everything was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// The number of the last entry of the audit trail whose events were told.
    pub after: u64,
    /// The last day whose reviews and ends were told.
    pub day: NaiveDate,
}

/// The file that holds a place.
pub(super) struct PlaceFile {
    path: PathBuf,
}

impl PlaceFile {
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        PlaceFile { path: folder.join(format!("{name}.json")) }
    }

    /// `None`: nothing was told yet.
    ///
    /// # Errors
    /// The file can't be read, or is none of ours.
    pub(super) fn read(&self) -> io::Result<Option<Place>> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// # Errors
    /// The file can't be written; the former place stays.
    pub(super) fn write(&self, place: Place) -> io::Result<()> {
        replace(&self.path, &serde_json::to_vec(&place)?)
    }
}

/// Writes a file whole, or not at all, and has it on disk when it returns.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    private::folder(folder)?;
    let draft = path.with_extension("draft");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    fs::File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_and_damage_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = PlaceFile::new(&folder.path().join("karbon"), "crm");
        assert_eq!(file.read().unwrap(), None);
        let place = Place { after: 7, day: "2026-11-21".parse().unwrap() };
        file.write(place).unwrap();
        file.write(Place { after: 8, ..place }).unwrap();
        assert_eq!(file.read().unwrap(), Some(Place { after: 8, ..place }));
        assert_eq!(fs::read_dir(folder.path().join("karbon")).unwrap().count(), 1);
        fs::write(&file.path, "{").unwrap();
        assert!(file.read().is_err());
    }
}
