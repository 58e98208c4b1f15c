//! Looking is on the trail: who opened which record, and because of what.

use crate::domain::audit::{AuditEvent, LookedAt};
use crate::domain::organisation::OrganisationId;

use super::{Desk, Fault};

impl Desk {
    /// Notes that somebody looked at personal data. What can't be noted is not shown.
    pub async fn note_look(
        &self,
        organisation: &OrganisationId,
        looked_at: LookedAt,
        id: &str,
        because: Option<&str>,
        by: &str,
    ) -> Result<(), Fault> {
        let (id, because) = (id.to_owned(), because.map(str::to_owned));
        let event = AuditEvent::Looked { looked_at, id, because };
        self.store.append_audit(organisation, self.stamp(by), event).await?;
        Ok(())
    }
}
