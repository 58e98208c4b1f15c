//! What intake and casework need of the outside: small dyn-safe traits over domain types, one file
//! each.
//!
//! Adapters live in `store` and `forward`; only `app` wires them.

pub mod archive;
pub mod audit_trail;
pub mod clock;
pub mod dead_letters;
pub mod decide;
pub mod decisions;
pub mod deliveries;
pub mod directory;
pub mod documents;
pub mod erased_keys;
pub mod helper;
pub mod identity_provider;
pub mod journal;
pub mod keepsakes;
pub mod mailer;
pub mod message;
pub mod original_fault;
pub mod past;
pub mod portable;
pub mod queues;
pub mod register;
pub mod relay;
pub mod release;
pub mod store_error;
pub mod trail_index;

pub use self::decisions::JournalEntry;
pub use archive::{
    Allowance, Archive, ArchiveIdentity, FetchError, Keep, Original, Owner, QuotaFault,
};
pub use audit_trail::AuditTrail;
pub use clock::{Clock, SteadyClock, SystemClock};
pub use decide::{Decide, Decided, NoSuchOrganisation};
pub use decisions::{
    Attachment, Commit, CommitRequest, Committed, Decider, Decisions, PlainDecision, Settled,
    Withheld,
};
pub use deliveries::Deliveries;
pub use documents::Documents;
pub use erased_keys::{ErasedKeys, KeyOf};
pub use identity_provider::{Departure, Errand, IdentityProvider, ProviderFault, Returned};
pub use journal::{Journal, OutboundNote};
pub use mailer::{Mailer, OwnMail, OwnMailKind, SendError};
pub use original_fault::{OriginalFault, OriginalTrouble};
pub use past::Past;
pub use queues::{ItemFilter, ItemPlace, QueueCount, Queues};
pub use register::{Change, Register, Snapshot};
pub use release::{Release, ReleaseError};
pub use store_error::StoreError;
pub use trail_index::TrailIndex;

use chrono::{DateTime, Utc};

/// Who did something, and when.
#[derive(Debug, Clone)]
pub struct Stamp {
    pub by: String,
    pub at: DateTime<Utc>,
}

/// What a store must be: all of it, on one atomic and durable ground.
pub trait Store:
    Register + Decisions + Queues + AuditTrail + TrailIndex + Deliveries + Documents + Past
{
}

impl<T> Store for T where
    T: Register + Decisions + Queues + AuditTrail + TrailIndex + Deliveries + Documents + Past
{
}
