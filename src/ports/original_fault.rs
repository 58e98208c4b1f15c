//! Why a kept original can't be had.

use crate::domain::past::ArchiveIdentity;

/// Why an original can't be had from the archive that was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the kept original {trouble} in the archive {archive}")]
pub struct OriginalFault {
    pub trouble: OriginalTrouble,
    /// The archive that was asked.
    pub archive: ArchiveIdentity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OriginalTrouble {
    #[error("is missing")]
    Missing,
    /// It is there, but was altered.
    #[error("was altered")]
    Altered,
}
