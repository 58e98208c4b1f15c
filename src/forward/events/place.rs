//! How far a receiver has got, on disk: `events/<organisation>/<name>.json` in the state
//! folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::runtime::whole_file::replace;

/// Up to where everything was sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReceiverPlace {
    /// The trail that the number is of: in another one it means another entry. `None`: it was written
    /// by a gateway that did not say so.
    #[serde(default)]
    pub trail: Option<String>,
    /// The number of the last entry of the audit trail whose events were sent.
    pub after: u64,
    /// The last day whose reviews and ends were sent.
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

    /// `None`: nothing was sent yet.
    ///
    /// # Errors
    /// The file can't be read, or is not ours.
    pub(super) fn read(&self) -> io::Result<Option<ReceiverPlace>> {
        match fs::read(&self.path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(io::Error::from),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// # Errors
    /// The file can't be written; the former place stays.
    pub(super) fn write(&self, place: &ReceiverPlace) -> io::Result<()> {
        replace(&self.path, &serde_json::to_vec(place)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_and_damage_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = PlaceFile::new(&folder.path().join("karbon"), "crm");
        assert_eq!(file.read().unwrap(), None);
        let place = ReceiverPlace { trail: None, after: 7, day: "2026-11-21".parse().unwrap() };
        file.write(&place).unwrap();
        let further = ReceiverPlace { trail: Some("a".to_owned()), after: 8, ..place };
        file.write(&further).unwrap();
        assert_eq!(file.read().unwrap(), Some(further));
        assert_eq!(fs::read_dir(folder.path().join("karbon")).unwrap().count(), 1);
        // As it was written before places named their trail.
        fs::write(&file.path, r#"{"after":7,"day":"2026-11-21"}"#).unwrap();
        assert_eq!(file.read().unwrap().map(|place| place.trail), Some(None));
        fs::write(&file.path, "{").unwrap();
        assert!(file.read().is_err());
    }
}
