//! Contacts that staff or programs log: letters, visits, posts, chats.

use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Decided, NoSuchOrganisation, StoreError};

use super::{Casework, Fault};

impl Casework {
    /// Decides and records one contact. `digest` is the SHA-256 of the content behind its id.
    ///
    /// # Errors
    /// [`Fault::Exists`] where the id was decided before with other content: the recorded decision remains.
    /// [`Fault::Store`] if nothing could be recorded: submit the contact again.
    pub async fn record_contact(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
        digest: [u8; 32],
    ) -> Result<Decision, Fault> {
        match self.decide.receive(organisation, contact, digest).await {
            Decided::Recorded(decision) => Ok(decision),
            Decided::Conflicting(_) => Err(Fault::Exists("contact")),
            Decided::NotRecorded => Err(Fault::Store(StoreError::Unavailable(
                "the decision could not be recorded".to_owned(),
            ))),
        }
    }

    /// What would be decided now; changes nothing.
    pub async fn preview_contact(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, Fault> {
        let previewed = self.decide.preview(organisation, contact).await;
        previewed.map_err(|NoSuchOrganisation| Fault::NotFound("organisation"))
    }
}
