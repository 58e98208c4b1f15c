//! The case files that a list of people is laid over.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::casework::case::record::CASE;
use crate::casework::import::listed::{Key, Listed};
use crate::casework::{Desk, Fault};
use crate::domain::case::CaseFile;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::ports::documents::{BY_ID, Listing};
use crate::runtime::limits::{CASES_PIECE, IMPORT_READ_APART_MAX};

/// A case file, and what its document was read at.
pub(super) type FileRead = (CaseFile, u64);

impl Desk {
    /// The case files of those of the people listed of whose case the list says something, or of whose
    /// restrictions something else than is on record.
    pub(super) async fn files_of(
        &self,
        organisation: &Organisation,
        listed: &[Listed],
        known: &HashMap<String, Arc<Person>>,
    ) -> Result<HashMap<String, FileRead>, Fault> {
        let is_wanted = |one: &&Listed| {
            let before = known.get(&one.person.id);
            let says_otherwise = one.says.speaks_of(Key::Restrictions)
                && before.is_some_and(|before| before.restrictions != one.person.restrictions);
            one.case.is_some() || says_otherwise
        };
        let wanted: HashSet<&str> =
            listed.iter().filter(is_wanted).map(|one| one.person.id.as_str()).collect();
        let mut files = HashMap::new();
        if wanted.len() <= IMPORT_READ_APART_MAX {
            for id in wanted {
                if let Some(stored) = self.store.document(&organisation.id, CASE, id).await? {
                    files.insert(id.to_owned(), (stored.read::<CaseFile>()?, stored.version));
                }
            }
            return Ok(files);
        }
        let mut listing = Listing { limit: CASES_PIECE, ..Listing::of(BY_ID) };
        loop {
            let page = self.store.documents(&organisation.id, CASE, listing.clone()).await?;
            for document in page.documents.iter().filter(|one| wanted.contains(one.id.as_str())) {
                let file = document.read::<CaseFile>()?;
                files.insert(document.id.clone(), (file, document.version));
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => return Ok(files),
            }
        }
    }
}
