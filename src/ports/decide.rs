//! The way in, for casework.

use async_trait::async_trait;

use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;

/// The gateway serves no organisation of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such organisation")]
pub struct NoSuchOrganisation;

/// What came of a contact, for a caller who asked for the decision itself and can ask again.
#[derive(Debug, Clone)]
pub enum Decided {
    /// The decision, now or before. It is on disk.
    Recorded(Decision),
    /// The id was decided before with other content: this is the recorded decision, which remains.
    Conflicting(Decision),
    /// Nothing keeps a decision: the caller must try again.
    NotRecorded,
}

/// The way in, as casework sees it: staff log a letter, a visit, a post, a chat.
#[async_trait]
pub trait Decide: Send + Sync {
    /// Decides and records one contact. `digest` is the SHA-256 of the content behind its id.
    async fn receive(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
        digest: [u8; 32],
    ) -> Decided;

    /// What would be decided now; changes nothing. While the store is away, the decision that a contact would get for
    /// now.
    async fn preview(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, NoSuchOrganisation>;
}
