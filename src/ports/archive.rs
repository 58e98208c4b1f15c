//! Where the originals of contacts are kept.

use async_trait::async_trait;
use bytes::Bytes;

use super::{OriginalFault, StoreError};
use crate::domain::organisation::OrganisationId;
pub use crate::domain::past::ArchiveIdentity;

/// Originals, kept whole: content addressed, on disk and synced before `keep` returns.
///
/// A reference names the content's digest and the contact that it belongs to, so that a retry of
/// the contact keeps nothing twice and discarding one contact's original touches no other's.
#[async_trait]
pub trait Archive: Send + Sync {
    /// Which archive this is. `None`: one that nobody else could share.
    fn identity(&self) -> Option<&ArchiveIdentity> {
        None
    }

    /// Checks that the archive can be reached and is still the same one.
    ///
    /// # Errors
    /// `Unavailable`, with the reason.
    async fn answers(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Keeps these bytes for a contact, if there is room.
    async fn keep(
        &self,
        organisation: &OrganisationId,
        owner: Owner<'_>,
        original: Original,
    ) -> Result<Keep, StoreError>;

    /// Reads an original back whole.
    ///
    /// # Errors
    /// [`FetchError::Original`]: it is missing, or was altered.
    async fn fetch(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<Bytes, FetchError>;

    /// Lets go of an original that no queue item refers to, because the contact was delivered.
    async fn discard(
        &self,
        organisation: &OrganisationId,
        reference: &str,
    ) -> Result<(), StoreError>;

    /// Counts again what is kept of an organisation, in bytes: other gateways keep originals in the same
    /// archive, and an operator may have removed some.
    async fn measure(&self, _organisation: &OrganisationId) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// Why an original was not read back. The text never holds an address or a body.
#[derive(Debug, Clone, thiserror::Error)]
pub enum FetchError {
    /// It can't be had as it was kept: trying again does not help before somebody has looked at the archive.
    #[error(transparent)]
    Original(#[from] OriginalFault),
    /// The archive itself is in trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl FetchError {
    pub const fn is_retryable(&self) -> bool {
        match self {
            FetchError::Original(_) => false,
            FetchError::Store(error) => error.is_retryable(),
        }
    }
}

/// What came of keeping an original.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// It is in the archive, by this reference.
    Done(String),
    /// The quota leaves no room for it.
    OverQuota(QuotaFault),
}

impl Keep {
    /// The reference of the kept original; `None` if the quota left no room for it.
    pub fn reference(self) -> Option<String> {
        match self {
            Keep::Done(reference) => Some(reference),
            Keep::OverQuota(_) => None,
        }
    }
}

/// Whose original it is.
#[derive(Debug, Clone, Copy)]
pub struct Owner<'a> {
    pub contact: &'a str,
    /// On whose quota it counts.
    pub person: Option<&'a str>,
    pub allowance: Allowance,
}

impl<'a> Owner<'a> {
    /// A contact's, only on the organisation's quota.
    pub const fn contact(contact: &'a str) -> Self {
        Owner { contact, person: None, allowance: Allowance::Ordinary }
    }
}

/// How far the quota of kept originals goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    Ordinary,
    /// A safeguard's: up to twice the quota, so that whatever fills it can't keep the pictures of an emergency out.
    Safeguard,
}

/// Whose quota of kept originals is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuotaFault {
    #[error("the quota of this person's kept contacts is used up ([archive] per_person)")]
    Person,
    #[error("the organisation's quota of kept contacts is used up ([archive] per_organisation)")]
    Organisation,
}

/// The bytes of a contact as they came.
#[derive(Debug, Clone)]
pub enum Original {
    Bytes(Bytes),
    /// A spooled file; it is copied or linked, never moved.
    File(std::path::PathBuf),
}
