//! A contact was not made by the person on whose record it is: anybody can type anybody's address into a
//! public form, and a number can be shown falsely.
//!
//! It is taken off the person's record, what it counted is given back, and what was limited since, which
//! might not have been without it, is decided again.

use std::sync::Arc;

use super::again::Why;
use super::{Casework, Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::decision::Disposition;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::{self, QueueItem};
use crate::runtime::limits::{DECIDED_AGAIN_MAX, ITEM_TRIES_MAX};

/// The verb's name on the audit trail.
const NOT_THEIRS: &str = "not-theirs";

/// What came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NotTheirs {
    pub contact: String,
    /// Whose record it was taken off.
    pub person: String,
    /// Contacts limited since then that were decided again, with the new decision.
    pub decided_again: Vec<DecidedAgain>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct DecidedAgain {
    pub item: String,
    pub disposition: Disposition,
}

impl Casework {
    /// As [`Desk::not_theirs`].
    ///
    /// # Errors
    /// As that.
    pub async fn not_theirs(
        &self,
        organisation: &Arc<Organisation>,
        contact: &str,
        by: &str,
    ) -> Result<NotTheirs, Fault> {
        self.desk.not_theirs(organisation, contact, by).await
    }
}

impl Desk {
    /// Takes a contact off the record of the person that it was decided for.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no such contact was decided. [`Fault::Refused`]: it is on nobody's record.
    pub async fn not_theirs(
        &self,
        organisation: &Arc<Organisation>,
        contact: &str,
        by: &str,
    ) -> Result<NotTheirs, Fault> {
        let id = &organisation.id;
        let recorded = self.store.recorded(id, contact).await?;
        let (decision, _) = recorded.ok_or(Fault::NotFound("contact"))?;
        let Some(person) = decision.person else {
            return Err(Fault::Refused("the contact is on nobody's record".to_owned()));
        };
        self.store.uncount(id, contact).await?;
        self.disown(id, contact, by).await?;
        let decided_again = self.limited_again(organisation, &person, contact, by).await?;
        Ok(NotTheirs { contact: contact.to_owned(), person, decided_again })
    }

    /// Decides again what was limited by a count, oldest first.
    async fn limited_again(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        contact: &str,
        by: &str,
    ) -> Result<Vec<DecidedAgain>, Fault> {
        let Some(person) = self.store.person(&organisation.id, person).await? else {
            return Ok(Vec::new());
        };
        let by_count = |item: &QueueItem| {
            item.contact != contact
                && item.reasons.iter().any(|reason| reason.code == "contact_quota.over")
        };
        let limited = self
            .held_items(organisation, &[queue::LIMITED], &person.id, DECIDED_AGAIN_MAX, by_count)
            .await?;
        let why = Why { text: "Decided again, since a contact was not theirs", by };
        let mut again = Vec::new();
        for item in limited {
            let disposition = self.pass_if_it_may(organisation, &person, &item, why).await?;
            again
                .extend(disposition.map(|disposition| DecidedAgain { item: item.id, disposition }));
        }
        Ok(again)
    }

    /// Removes the contact's item from the person and notes that on it; if there is none, the audit trail
    /// does.
    async fn disown(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        by: &str,
    ) -> Result<(), Fault> {
        let event = || AuditEvent::Item { item: contact.to_owned(), action: NOT_THEIRS.to_owned() };
        for _ in 0..ITEM_TRIES_MAX {
            let stamp = self.stamp(by);
            let Some(was) = self.store.item(organisation, contact).await? else {
                return Ok(self.store.append_audit(organisation, stamp, event()).await?);
            };
            let now = was.clone().disowned(by, stamp.at);
            // A double click.
            if now == was {
                return Ok(());
            }
            if self.store.replace_item(organisation, &was, &now, stamp, event()).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }
}
