//! A service of the organisation's own that reads what the gateway found no safeguard in.

use async_trait::async_trait;

use crate::domain::channel::Channel;
use crate::domain::organisation::OrganisationId;
use crate::domain::safeguard::Lane;

/// Why nothing was learnt. Never holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HelperFault {
    #[error("it does not answer in time")]
    Slow,
    #[error("it can't be reached")]
    Away,
    #[error("its answer can't be read")]
    Unreadable,
    #[error("too many are asked already")]
    Busy,
}

/// A lane that it sees in a text, and why, in a few words for staff.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddedLane {
    pub lane: Lane,
    pub because: String,
}

/// May add lanes to a contact, and take none away.
#[async_trait]
pub trait SafeguardHelper: Send + Sync {
    /// Whether it reads for this organisation.
    fn is_for(&self, organisation: &OrganisationId) -> bool;

    /// The lanes that it sees in what somebody said. Answers within
    /// [`crate::runtime::limits::HELPER_WAIT_MAX`].
    async fn lanes(
        &self,
        organisation: &OrganisationId,
        channel: Channel,
        words: &str,
    ) -> Result<Vec<AddedLane>, HelperFault>;
}
