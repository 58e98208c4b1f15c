//! What entries of the trail are found by.

use std::collections::BTreeSet;

use async_trait::async_trait;
use contact_gateway::domain::organisation::OrganisationId;
use contact_gateway::ports::StoreError;
use contact_gateway::ports::trail_index::{IndexPage, TrailIndex};

use super::Faulty;

#[async_trait]
impl TrailIndex for Faulty {
    async fn index_marks(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<String>, StoreError> {
        self.pass().await?;
        self.inner.index_marks(organisation).await
    }

    async fn index_rows(
        &self,
        organisation: &OrganisationId,
        mark: &str,
        after: Option<i64>,
    ) -> Result<IndexPage, StoreError> {
        self.pass().await?;
        self.inner.index_rows(organisation, mark, after).await
    }

    async fn unindexed(
        &self,
        organisation: &OrganisationId,
        marks: Vec<(String, u64)>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        self.pass().await?;
        self.inner.unindexed(organisation, marks).await
    }

    async fn index_days(
        &self,
        organisation: &OrganisationId,
    ) -> Result<BTreeSet<(i64, u64)>, StoreError> {
        self.pass().await?;
        self.inner.index_days(organisation).await
    }
}
