//! The people and their restrictions. They are written by batches ([`super::documents`]), each in the place of the
//! record that was read.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::broadcast;

use super::StoreError;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;

/// A change to an organisation's people, announced to every gateway on the store.
#[derive(Debug, Clone)]
pub enum Change {
    /// The person's record is now this.
    Put(OrganisationId, Arc<Person>),
    /// The person's record is gone.
    Removed(OrganisationId, String),
    /// Changes were missed: load the organisation's people again.
    Gap(OrganisationId),
}

/// All people of an organisation at one moment.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    pub people: Vec<Arc<Person>>,
}

/// The people and their restrictions, kept by the store and followed by every gateway.
#[async_trait]
pub trait Register: Send + Sync {
    /// Everybody on record. Subscribe first, then load: a change is then seen at least once.
    async fn people(&self, organisation: &OrganisationId) -> Result<Snapshot, StoreError>;

    async fn person(
        &self,
        organisation: &OrganisationId,
        id: &str,
    ) -> Result<Option<Arc<Person>>, StoreError>;

    /// People in the order of their ids, those behind an id; 0: as many as a page holds. What a page
    /// takes does not depend on how many people there are, nor on how far it is among them.
    async fn people_page(
        &self,
        organisation: &OrganisationId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Arc<Person>>, StoreError>;

    /// Those who have a restriction with this id on record.
    async fn restricted(
        &self,
        organisation: &OrganisationId,
        restriction: &str,
    ) -> Result<Vec<Arc<Person>>, StoreError>;

    /// The changes from now on. A lagging receiver treats the lag as [`Change::Gap`].
    fn changes(&self) -> broadcast::Receiver<Change>;
}
