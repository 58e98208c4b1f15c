//! The case file as a document, one a person.

use std::sync::Arc;

use crate::casework::{Desk, Fault};
use crate::domain::case::CaseFile;
use crate::domain::organisation::Organisation;
use crate::domain::person::Person;
use crate::ports::StoreError;
use crate::ports::documents::{BY_ID, Document, Listing};

/// The kind of document that a case file is; its id is the person's.
pub(in crate::casework) const CASE: &str = "case";

/// A person's case as it was read.
#[derive(Debug, Clone)]
pub struct CaseRead {
    pub person: Arc<Person>,
    pub file: CaseFile,
    /// What the document was read at; 0: there is none yet.
    pub document_version: u64,
}

/// The file as it is written over what was read.
pub(in crate::casework) fn document(file: &CaseFile, read_at: u64) -> Result<Document, StoreError> {
    Document::new(CASE, file.person.clone(), read_at, Vec::new(), file)
}

impl Desk {
    /// A person's case. Whoever has none yet has an empty one, with what was decided elsewhere.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: nobody of this id is on record.
    pub async fn read_case(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<CaseRead, Fault> {
        let id = &organisation.id;
        let person = self.read_person(id, person).await?;
        let stored = self.store.document(id, CASE, &person.id).await?;
        let document_version = stored.as_ref().map_or(0, |document| document.version);
        let mut file = match stored {
            Some(document) => document.read::<CaseFile>()?,
            None => CaseFile::of(&person.id),
        };
        file.take_in(&person, &organisation.profile, self.clock.now());
        Ok(CaseRead { person, file, document_version })
    }

    /// The cases of an organisation: of everybody who has a file or a restriction.
    ///
    /// # Errors
    /// The store can't be read.
    pub async fn cases(&self, organisation: &Organisation) -> Result<Vec<CaseRead>, Fault> {
        let id = &organisation.id;
        let mut files = std::collections::HashMap::new();
        let mut listing = Listing::of(BY_ID);
        loop {
            let page = self.store.documents(id, CASE, listing.clone()).await?;
            for document in page.documents {
                let file = document.read::<CaseFile>()?;
                files.insert(document.id.clone(), (file, document.version));
            }
            match page.next {
                Some(next) => listing.after = Some(next),
                None => break,
            }
        }
        let mut cases = Vec::new();
        for person in self.store.people(id).await?.people {
            let (mut file, document_version) = match files.remove(&person.id) {
                Some(found) => found,
                None if person.restrictions.is_empty() => continue,
                None => (CaseFile::of(&person.id), 0),
            };
            file.take_in(&person, &organisation.profile, self.clock.now());
            cases.push(CaseRead { person, file, document_version });
        }
        cases.sort_by(|a, b| a.person.id.cmp(&b.person.id));
        Ok(cases)
    }
}
