//! Removes sessions, invitations and tokens that have expired.

use chrono::{DateTime, TimeDelta, Utc};

use super::book::{API_TOKEN, BY_TIME, INVITATION, SESSION};
use crate::casework::{Desk, Fault};
use crate::domain::audit::GATEWAY;
use crate::domain::organisation::OrganisationId;
use crate::ports::documents::{Batch, Listing, WriteFault};
use crate::runtime::limits::{
    API_TOKEN_EXPIRED_DAYS, BATCH_DOCUMENTS_MAX, SESSION_LONGEST_HOURS_MAX,
};

impl Desk {
    /// Removes expired invitations, sessions older than any configuration allows, and tokens that expired long
    /// ago: one page of each per round. Returns how many.
    ///
    /// # Errors
    /// The store can't be read or written: the next round does the same.
    pub async fn clear_sign_ins(&self, organisation: &OrganisationId) -> Result<usize, Fault> {
        let now = self.clock.now();
        let longest = TimeDelta::hours(i64::from(SESSION_LONGEST_HOURS_MAX));
        let listed = TimeDelta::days(API_TOKEN_EXPIRED_DAYS);
        // A session is listed by when it was made, an invitation and a token by when it ends.
        Ok(self.clear(organisation, SESSION, now - longest).await?
            + self.clear(organisation, INVITATION, now).await?
            + self.clear(organisation, API_TOKEN, now - listed).await?)
    }

    async fn clear(
        &self,
        organisation: &OrganisationId,
        kind: &str,
        before: DateTime<Utc>,
    ) -> Result<usize, Fault> {
        let listing = Listing { to: Some(before.to_rfc3339()), ..Listing::of(BY_TIME) };
        let ended = self.store.documents(organisation, kind, listing).await?.documents;
        for some in ended.chunks(BATCH_DOCUMENTS_MAX) {
            let empty = Batch::new(self.stamp(GATEWAY));
            let batch = some.iter().fold(empty, |batch, one| batch.remove(one));
            match self.store.write(organisation, batch).await {
                // Another gateway is removing the same: the rest waits for the next round.
                Ok(()) | Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Ok(ended.len())
    }
}
