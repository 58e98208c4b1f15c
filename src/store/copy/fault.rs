//! Why a copy is not whole, and what to do about it.

use crate::domain::organisation::OrganisationId;
use crate::ports::StoreError;
use crate::ports::portable::{Kind, Tally};

/// Which of the two stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    From,
    To,
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Side::From => "FROM",
            Side::To => "TO",
        })
    }
}

#[derive(Debug, Clone, thiserror::Error)]
pub enum CopyFault {
    #[error("`{organisation}`: {side}: {error}")]
    Store { side: Side, organisation: OrganisationId, error: StoreError },
    #[error(
        "`{organisation}`: TO holds data of it that no copy wrote; name an empty store, or \
         remove that data first"
    )]
    NotEmpty { organisation: OrganisationId },
    #[error(
        "`{organisation}`: TO holds a copy of it from {from}; name that store as FROM, or an empty \
         one as TO"
    )]
    OfAnother { organisation: OrganisationId, from: String },
    #[error(
        "`{organisation}`: FROM changed while it was copied ({kind}): a gateway still runs on it; \
         stop it and run the same command again, which goes over everything once more"
    )]
    SourceChanged { organisation: OrganisationId, kind: Kind },
    #[error(
        "`{organisation}`: FROM has changed ({kind}) since its copy in TO was finished; to copy \
         it again, name an empty store as TO, or remove its data from TO first"
    )]
    ChangedSince { organisation: OrganisationId, kind: Kind },
    #[error(
        "`{organisation}`: {kind}: FROM holds {from}, TO holds {to}: the copy is incomplete; run \
         the same command again, and if that changes nothing remove its data from TO first"
    )]
    Differs { organisation: OrganisationId, kind: Kind, from: Tally, to: Tally },
}

impl CopyFault {
    /// Whether the same call may end otherwise without anything being changed.
    pub const fn is_retryable(&self) -> bool {
        match self {
            CopyFault::Store { error, .. } => error.is_retryable(),
            CopyFault::SourceChanged { .. } | CopyFault::Differs { .. } => true,
            CopyFault::NotEmpty { .. }
            | CopyFault::OfAnother { .. }
            | CopyFault::ChangedSince { .. } => false,
        }
    }
}
