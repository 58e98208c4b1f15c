//! What the staff side is configured with.

use crate::domain::organisation::OrganisationId;
use crate::domain::profile::Role;
use crate::domain::token_life::TokenLife;

/// One `[[organisation.staff]]`: a member of staff or a program that may call the API.
#[derive(Debug, Clone)]
pub struct StaffMember {
    pub organisation: OrganisationId,
    pub name: String,
    pub role: Role,
    /// SHA-256 of the bearer token. The token itself is nowhere stored.
    pub token_sha256: [u8; 32],
    /// `None`: the token does not expire.
    pub expires: Option<TokenLife>,
}
