//! The keys that are destroyed with what they encrypted.

use chrono::NaiveDate;

use super::StoreError;
use crate::domain::organisation::OrganisationId;

/// What has a key of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf<'a> {
    /// All about a person.
    Person(&'a str),
    /// Contacts of nobody on record, of a day in UTC.
    Day(NaiveDate),
}

/// Where people, and days, have keys of their own: what erasing does with them. Blocks for a moment.
pub trait ErasedKeys: Send + Sync {
    /// Encrypts nothing more with a key, which still reads. `false`: no key encrypts.
    ///
    /// # Errors
    /// The key can't be reached.
    fn retire(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<bool, StoreError>;

    /// Destroys the keys that were retired, and returns how many.
    ///
    /// # Errors
    /// A key can't be reached.
    fn destroy(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<u64, StoreError>;
}
