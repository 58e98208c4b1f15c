//! The way in, for casework.

use async_trait::async_trait;

use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;

/// The gateway serves no organisation of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("there is no such organisation")]
pub struct NoSuchOrganisation;

/// The outcome of a contact submitted through [`Decide`].
#[derive(Debug, Clone)]
pub struct Decided {
    pub decision: Decision,
    /// The id was decided before: this is the recorded decision, nothing was counted.
    pub repeated: bool,
    /// The id was decided before, with other content.
    pub conflicting: bool,
    /// The decision is on disk. `false`: the caller must try again.
    pub durable: bool,
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
