//! Every document of a list, read page by page: of kinds whose documents are few, or small.

use super::{Desk, Fault};
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{Document, Listing};

impl Desk {
    pub(super) async fn every(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        mut listing: Listing,
    ) -> Result<Vec<Document>, Fault> {
        let mut all = Vec::new();
        loop {
            let page = self.store.documents(organisation, kind, listing.clone()).await?;
            all.extend(page.documents);
            let Some(next) = page.next else { return Ok(all) };
            listing.after = Some(next);
        }
    }
}
