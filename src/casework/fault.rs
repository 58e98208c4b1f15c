//! Why a staff verb was not carried out.

use crate::domain::audit::EndedRestriction;
use crate::domain::broken::Broken;
use crate::domain::queue::ItemFault;
use crate::ports::dead_letters::DeadLetterError;
use crate::ports::{FetchError, OriginalFault, OriginalTrouble, ReleaseError, StoreError};
use crate::runtime::tokens::NoRandomBytes;

use super::person_check::PersonFault;

/// Why a staff verb was not carried out. Nothing was changed, except where [`Fault::Delivery`] says
/// so. Holds ids and keys, never an address or a text.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// The organisation has no such thing (another one may).
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The item is on another queue by now.
    #[error("the item is on the queue `{queue}` now")]
    Moved { queue: String },
    /// The item's state does not allow it.
    #[error("{0}")]
    Item(#[from] ItemFault),
    /// Somebody is releasing the item at this moment.
    #[error("the item is being released at this moment")]
    ReleaseUnderWay,
    /// Others changed the same again and again while this call tried to.
    #[error("others are changing the same record; try again")]
    Contended,
    /// The record is no longer as the caller read it.
    #[error("the {0} has changed since you read it; read it again")]
    Changed(&'static str),
    /// More than one restriction of the organisation has this id.
    #[error("{0} people have a restriction with this id; name the person as well")]
    AmbiguousRestriction(usize),
    /// The thing is there already.
    #[error("there is a {0} with this id already")]
    Exists(&'static str),
    /// The input breaks the profile or contradicts itself: every fault at once.
    #[error("the record has {} fault(s)", .0.len())]
    Invalid(Vec<PersonFault>),
    /// The input leaves out restrictions in force.
    #[error("it leaves out {} restriction(s) in force", .0.len())]
    WouldEnd(Vec<EndedRestriction>),
    /// A step breaks something: all of it.
    #[error("the step breaks {} rule(s)", .0.len())]
    Broken(Vec<Broken>),
    /// Somebody took a step on the case in the meantime.
    #[error("the case file is at version {now} now")]
    VersionChanged { now: u64 },
    /// A step is needed for what was to be written.
    #[error("{what}; take the step `{step}`")]
    StepNeeded { what: String, step: &'static str },
    /// The input can't be accepted as it is.
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The kept original is missing from the archive that was asked, or was altered.
    #[error("{0}")]
    OriginalMissing(OriginalFault),
    #[error("{0}")]
    OriginalAltered(OriginalFault),
    /// The kept original could not be handed to its recipients; the item waits as before, claimed by the person who
    /// tried.
    #[error("the original could not be delivered: {0}")]
    Delivery(ReleaseError),
    /// The treatment of an event that a receiver did not accept could not be written down.
    #[error(transparent)]
    DeadLetters(#[from] DeadLetterError),
}

impl Fault {
    /// The gateway is stopping. Another gateway does the rest, or this one at its next start.
    pub(super) fn stopping() -> Self {
        Fault::Store(StoreError::Unavailable("the gateway is stopping".to_owned()))
    }

    /// Whether the same call may work later.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Fault::ReleaseUnderWay | Fault::Contended | Fault::DeadLetters(_) => true,
            Fault::Store(error) => error.is_retryable(),
            Fault::Delivery(error) => error.is_retryable(),
            Fault::NotFound(_)
            | Fault::Moved { .. }
            | Fault::Item(_)
            | Fault::AmbiguousRestriction(_)
            | Fault::Changed(_)
            | Fault::Exists(_)
            | Fault::Invalid(_)
            | Fault::OriginalMissing(_)
            | Fault::OriginalAltered(_)
            | Fault::WouldEnd(_)
            | Fault::Broken(_)
            | Fault::VersionChanged { .. }
            | Fault::StepNeeded { .. }
            | Fault::Refused(_) => false,
        }
    }
}

impl From<FetchError> for Fault {
    fn from(error: FetchError) -> Self {
        match error {
            FetchError::Original(fault) => match fault.trouble {
                OriginalTrouble::Missing => Fault::OriginalMissing(fault),
                OriginalTrouble::Altered => Fault::OriginalAltered(fault),
            },
            FetchError::Store(error) => Fault::Store(error),
        }
    }
}

impl From<NoRandomBytes> for Fault {
    fn from(none: NoRandomBytes) -> Self {
        Fault::Store(StoreError::Unavailable(none.to_string()))
    }
}
