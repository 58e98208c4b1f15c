//! Contacts that staff log: letters, visits, posts, chats. They take the same way in as every channel's.

use async_trait::async_trait;

use super::{Inbound, Intake};
use crate::domain::contact::Contact;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Decide, Decided, NoSuchOrganisation};
use crate::runtime::trace::TracedEdge;

#[async_trait]
impl Decide for Intake {
    async fn receive(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
        digest: [u8; 32],
    ) -> Decided {
        let inbound = Inbound { contact, digest, original: None };
        let receiving = Intake::receive(self, organisation, inbound);
        self.trace(TracedEdge::Logged, None).around(receiving).await.decided()
    }

    async fn preview(
        &self,
        organisation: &OrganisationId,
        contact: Contact,
    ) -> Result<Decision, NoSuchOrganisation> {
        Intake::preview(self, organisation, contact).await
    }
}
