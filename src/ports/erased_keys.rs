//! The keys of people who are erased.

use super::StoreError;
use crate::domain::organisation::OrganisationId;

/// Where people have keys of their own: what erasing does with them. Blocks for a moment.
pub trait ErasedKeys: Send + Sync {
    /// Encrypts nothing more with a person's key, which still reads. `false`: there is none that encrypts.
    ///
    /// # Errors
    /// The key can't be reached.
    fn retire(&self, organisation: &OrganisationId, person: &str) -> Result<bool, StoreError>;

    /// Destroys the keys of a person that were retired; how many it were.
    ///
    /// # Errors
    /// A key can't be reached.
    fn destroy(&self, organisation: &OrganisationId, person: &str) -> Result<u64, StoreError>;
}
