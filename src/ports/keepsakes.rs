//! What the gateway keeps of a store outside of it, so that an older or another one is recognised.

use std::sync::Arc;

use super::StoreError;
use crate::domain::organisation::OrganisationId;
use crate::domain::past::Mark;
use crate::domain::person::Person;

/// Small files of the gateway's own. Each call blocks.
pub trait Keepsakes: Send + Sync {
    fn mark(&self, organisation: &OrganisationId) -> Result<Option<Mark>, StoreError>;

    /// On disk, synced, when this returns.
    fn keep_mark(&self, organisation: &OrganisationId, mark: &Mark) -> Result<(), StoreError>;

    /// The people needed for enforcement; `None`: nothing is known of them.
    fn people(&self, organisation: &OrganisationId) -> Result<Option<Vec<Person>>, StoreError>;

    /// On disk, synced, when this returns.
    fn keep_people(
        &self,
        organisation: &OrganisationId,
        people: &[Arc<Person>],
    ) -> Result<(), StoreError>;
}
