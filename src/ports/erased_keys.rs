//! Keys that are destroyed to erase what they encrypted.

use chrono::NaiveDate;

use super::StoreError;
use crate::domain::organisation::OrganisationId;

/// The owner of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOf<'a> {
    /// Everything about a person.
    Person(&'a str),
    /// Contacts of nobody on record, by day in UTC.
    Day(NaiveDate),
}

/// How erasing handles the keys of people and days. Calls block briefly.
pub trait ErasedKeys: Send + Sync {
    /// Stops encrypting with a key, which can still decrypt. `false` if there was none to stop.
    ///
    /// # Errors
    /// The key can't be reached.
    fn retire(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<bool, StoreError>;

    /// Destroys the retired keys, and returns how many.
    ///
    /// # Errors
    /// A key can't be reached.
    fn destroy(&self, organisation: &OrganisationId, of: KeyOf<'_>) -> Result<u64, StoreError>;
}
