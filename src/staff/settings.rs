//! What the staff side is configured with.

use chrono::{DateTime, Utc};

use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Role;

/// One `[[organisation.staff]]`: a member of staff or a program that may call the API.
#[derive(Debug, Clone)]
pub struct StaffMember {
    pub organisation: OrganisationId,
    pub name: String,
    pub role: Role,
    /// SHA-256 of the bearer token. The token itself is nowhere stored.
    pub token_sha256: [u8; 32],
    /// The token is refused from this instant on; `None`: it does not expire.
    pub expires: Option<DateTime<Utc>>,
}
