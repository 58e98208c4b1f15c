//! What staff do with a queue item: claim, read, release, file, close, note.

use crate::domain::audit::AuditEvent;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemAction, ItemFault, ItemState, QueueItem};
use crate::runtime::limits::{ITEM_TRIES_MAX, NOTE_CHARS_MAX};

use super::{Desk, Fault};

impl Desk {
    /// Carries out an action of a member of staff on an item, and returns the item as it is then.
    ///
    /// An item that somebody else changes in the same moment is read again; the action is then
    /// judged by what the other has made of it.
    pub async fn work_item(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        match &action {
            ItemAction::Release => self.release_item(organisation, queue, item, by).await,
            ItemAction::Note(text) if text.trim().is_empty() => {
                Err(Fault::Refused("a note needs a text".to_owned()))
            }
            ItemAction::Note(text) if text.chars().count() > NOTE_CHARS_MAX => {
                Err(Fault::Refused(format!("a note has at most {NOTE_CHARS_MAX} characters")))
            }
            ItemAction::Claim
            | ItemAction::PutBack
            | ItemAction::Read
            | ItemAction::File
            | ItemAction::Close
            | ItemAction::Note(_) => self.change_item(organisation, queue, item, action, by).await,
        }
    }

    async fn change_item(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let was = self.item(organisation, queue, item).await?;
            let stamp = self.stamp(by);
            let now = was.clone().after(&action, by, stamp.at)?;
            if now == was {
                // A double click: there is nothing to write, and nothing for the audit trail.
                return Ok(now);
            }
            let event = AuditEvent::Item { item: was.id.clone(), action: action.name().to_owned() };
            if self.store.replace_item(organisation, &was, &now, stamp, event).await? {
                return Ok(now);
            }
        }
        Err(Fault::Contended)
    }

    /// Hands the kept original to its recipients, once.
    ///
    /// The original is fetched before anything is changed: an item whose original is missing, or is not
    /// what was kept, stays as it is, for whoever can put the archive right. Then the item is claimed,
    /// which keeps everybody else from releasing it, on every gateway;
    /// it counts as released only after the delivery was accepted. A stop in between leaves the
    /// item claimed: releasing it again delivers to whom it was not delivered yet, and no second
    /// time to the others (delivery keys).
    async fn release_item(
        &self,
        organisation: &OrganisationId,
        queue: &str,
        item: &str,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        let _under_way = self.start_release(organisation, item).ok_or(Fault::ReleaseUnderWay)?;
        let found = self.item(organisation, queue, item).await?;
        // Judged before the claim, so that an item that can't be released stays as it is.
        found.clone().after(&ItemAction::Release, by, self.clock.now())?;
        let reference = found.archived.as_deref().ok_or(ItemFault::NothingKept)?;
        let original = self.archive.fetch(organisation, reference).await?;
        let claimed = self.change_item(organisation, queue, item, ItemAction::Claim, by).await?;
        if let Err(error) = self.release.release(organisation, &claimed, original).await {
            // Trying again does not help, and the next person to open the item should know.
            if !error.is_retryable() {
                let note = ItemAction::Note(format!("Not released: {error}."));
                self.change_item(organisation, queue, item, note, by).await?;
            }
            return Err(Fault::Delivery(error));
        }
        self.mark_released(organisation, item, by).await
    }

    /// The delivery was accepted: the item says so, whatever notes came in between.
    async fn mark_released(
        &self,
        organisation: &OrganisationId,
        item: &str,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let was = self.store.item(organisation, item).await?.ok_or(Fault::NotFound("item"))?;
            if was.state == ItemState::Released {
                return Ok(was);
            }
            let stamp = self.stamp(by);
            let now = was.clone().after(&ItemAction::Release, by, stamp.at)?;
            let event = AuditEvent::Released { item: was.id.clone() };
            if self.store.replace_item(organisation, &was, &now, stamp, event).await? {
                return Ok(now);
            }
        }
        Err(Fault::Contended)
    }
}
