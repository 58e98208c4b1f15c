//! Everybody on record, in memory: for looking people up by whatever somebody says of them.

use std::sync::Arc;

use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;

/// An organisation's people, as this gateway knows them.
pub trait Directory: Send + Sync {
    /// Shows everybody, in no order, until `look` answers `false`. `false`: nobody is known yet.
    fn walk(
        &self,
        organisation: &OrganisationId,
        look: &mut dyn FnMut(&Arc<Person>) -> bool,
    ) -> bool;

    fn known(&self, organisation: &OrganisationId, id: &str) -> Option<Arc<Person>>;
}
