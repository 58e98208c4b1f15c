//! The remembered state of the store, next to the journal in the state folder:
//! `past/<organisation>/mark.json` and `past/<organisation>/people.json`.
//!
//! The mark says which store it is and how far its trail had come; the people are those needed for enforcement. Each is
//! written whole or not at all, readable only by the gateway's own user.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::organisation::OrganisationId;
use crate::domain::past::Mark;
use crate::domain::person::Person;
use crate::ports::StoreError;
use crate::ports::keepsakes::Keepsakes;
use crate::runtime::whole_file::replace;
use crate::store::record::{Codec, Label, kind};

/// Within the state folder.
const FOLDER: &str = "past";

pub struct FileKeepsakes {
    folder: PathBuf,
    codec: Codec,
}

impl FileKeepsakes {
    /// In a state folder. Makes nothing before there is something to keep.
    pub fn in_state(state: &Path, codec: Codec) -> Self {
        FileKeepsakes { folder: state.join(FOLDER), codec }
    }

    fn path(&self, organisation: &OrganisationId, name: &str) -> PathBuf {
        self.folder.join(organisation.as_str()).join(name)
    }

    fn read<T: DeserializeOwned>(
        &self,
        organisation: &OrganisationId,
        name: &str,
    ) -> Result<Option<T>, StoreError> {
        let path = self.path(organisation, name);
        match std::fs::read(&path) {
            Ok(bytes) => self.codec.read(&bytes, label(organisation, &name)).map(Some).map_err(|fault| match fault {
                StoreError::Refused(_) | StoreError::Locked(_) => fault,
                _ => StoreError::Corrupt(format!(
                    "{} can't be read; it records the last known state of the store: restore it \
                     from a backup \
                     of the state folder, or move it away to treat the store as new",
                    path.display()
                )),
            }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(away(&error).at(&self.folder)),
        }
    }

    fn write<T: Serialize + ?Sized>(
        &self,
        organisation: &OrganisationId,
        name: &str,
        what: &T,
    ) -> Result<(), StoreError> {
        let path = self.path(organisation, name);
        let label = label(organisation, &name);
        // An unchanged file need not wear out the disk.
        if std::fs::read(&path).is_ok_and(|written| self.codec.is_current(&written, label, what)) {
            return Ok(());
        }
        let record = self.codec.write(label, what)?;
        replace(&path, record.as_bytes()).map_err(|error| away(&error).at(&self.folder))
    }
}

impl Keepsakes for FileKeepsakes {
    fn mark(&self, organisation: &OrganisationId) -> Result<Option<Mark>, StoreError> {
        self.read(organisation, "mark.json")
    }

    fn keep_mark(&self, organisation: &OrganisationId, mark: &Mark) -> Result<(), StoreError> {
        self.write(organisation, "mark.json", mark)
    }

    fn people(&self, organisation: &OrganisationId) -> Result<Option<Vec<Person>>, StoreError> {
        self.read(organisation, "people.json")
    }

    fn keep_people(
        &self,
        organisation: &OrganisationId,
        people: &[Arc<Person>],
    ) -> Result<(), StoreError> {
        let people: Vec<&Person> = people.iter().map(AsRef::as_ref).collect();
        self.write(organisation, "people.json", &people)
    }
}

fn label<'a>(organisation: &'a OrganisationId, name: &'a dyn std::fmt::Display) -> Label<'a> {
    Label::new(organisation.as_str(), kind::KEEPSAKE, name)
}

fn away(error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!(
        "the remembered state of the store can't be used: {}",
        error.kind()
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_kept_is_found_again_private_and_damage_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let keepsakes = FileKeepsakes::in_state(folder.path(), Codec::plain());
        let karbon = OrganisationId::new("karbon");
        assert_eq!(keepsakes.mark(&karbon).unwrap(), None);
        assert!(keepsakes.people(&karbon).unwrap().is_none());
        let mark = Mark { trail: "a".to_owned(), last: None, found_behind_at: Some(3) };
        keepsakes.keep_mark(&karbon, &mark).unwrap();
        keepsakes.keep_people(&karbon, &[]).unwrap();
        assert_eq!(keepsakes.mark(&karbon).unwrap(), Some(mark));
        assert!(keepsakes.people(&karbon).unwrap().unwrap().is_empty());
        let mode = |name: &str| {
            let path = folder.path().join("past").join(name);
            std::fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        assert_eq!([mode("karbon"), mode("karbon/mark.json")], [0o700, 0o600]);
        assert_eq!(mode("karbon/people.json"), 0o600);
        std::fs::write(folder.path().join("past/karbon/mark.json"), "{").unwrap();
        assert!(matches!(keepsakes.mark(&karbon), Err(StoreError::Corrupt(_))));
    }
}
