//! Events that a receiver did not take, kept until somebody has dealt with them.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::organisation::OrganisationId;

/// An event that was given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeadLetter {
    /// The receiver's configured name.
    pub receiver: String,
    /// The event's id, as the receiver knows it.
    pub id: String,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was last tried.
    pub tried_at: DateTime<Utc>,
    /// What the receiver said, or that it said nothing.
    pub why: String,
    /// Somebody asked for it to be tried once more, which is about to be done.
    pub is_due: bool,
    /// The event as it was sent.
    pub event: serde_json::Value,
}

/// Why a change of the dead letters was not made. The same change may work later.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeadLetterError {
    #[error("dead letters can't be kept: {0}")]
    Disk(std::io::ErrorKind),
    #[error("the gateway is stopping")]
    Stopping,
}

/// The dead letters of this gateway's receivers.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// All of an organisation, in the order in which they were given up.
    async fn list(&self, organisation: &OrganisationId) -> Vec<DeadLetter>;

    /// Tries one again; `false`: no such receiver and id.
    async fn try_again(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
    ) -> Result<bool, DeadLetterError>;

    /// Deletes one; `false`: no such receiver and id.
    async fn discard(
        &self,
        organisation: &OrganisationId,
        receiver: &str,
        id: &str,
    ) -> Result<bool, DeadLetterError>;
}
