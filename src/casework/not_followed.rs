//! Entries of the audit trail that could not be counted for a person: their case file says how many.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Desk, Fault};
use crate::domain::audit::AuditEntry;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::ports::StoreError;
use crate::ports::documents::{BY_ID, Documents, Listing};
use crate::runtime::tokens::{hex, sha256};

/// The kind of document that says so, one per person.
pub(super) const NOT_FOLLOWED: &str = "not_followed";

/// Entries of the trail that a person's diary, figures and timeline lack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotFollowed {
    pub person: String,
    /// How many.
    pub entries: u64,
    /// The numbers of the first and the last of them on the trail.
    pub first: u64,
    pub last: u64,
    /// When the first was written there.
    pub since: DateTime<Utc>,
}

impl NotFollowed {
    /// One without any entry yet, of which this will be the first.
    pub(super) fn of(person: &str, entry: &AuditEntry) -> Self {
        let (first, last) = (entry.number, entry.number);
        NotFollowed { person: person.to_owned(), entries: 0, first, last, since: entry.at }
    }

    /// A person's id may be what could not be written.
    pub(super) fn id(person: &str) -> String {
        hex(&sha256(person.as_bytes()))
    }
}

impl Desk {
    /// What a person's file lacks, if anything.
    ///
    /// # Errors
    /// The store's.
    pub async fn not_followed(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<Option<NotFollowed>, Fault> {
        let id = NotFollowed::id(person);
        let stored = self.store.document(&organisation.id, NOT_FOLLOWED, &id).await?;
        Ok(stored.map(|document| document.read()).transpose()?)
    }
}

impl Desk {
    /// Everybody whose file lacks something, as far as one page tells.
    ///
    /// # Errors
    /// The store's.
    pub async fn all_not_followed(
        &self,
        organisation: &OrganisationId,
    ) -> Result<Vec<NotFollowed>, Fault> {
        let listing = Listing::of(BY_ID);
        let page = self.store.documents(organisation, NOT_FOLLOWED, listing).await?;
        let each = page.documents.iter().map(|document| document.read());
        Ok(each.collect::<Result<_, _>>()?)
    }
}

/// How many people's files lack something, as far as one page tells.
///
/// # Errors
/// The store's.
pub async fn incomplete_files(
    documents: &dyn Documents,
    organisation: &OrganisationId,
) -> Result<usize, StoreError> {
    let page = documents.documents(organisation, NOT_FOLLOWED, Listing::of(BY_ID)).await?;
    Ok(page.documents.len())
}
