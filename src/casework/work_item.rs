//! What staff do with a queue item: claim, read, release, file, close, note.

use crate::domain::audit::AuditEvent;
use crate::domain::invisible::is_blank;
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{ItemAction, QueueItem};
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
            ItemAction::Note(text) if is_blank(text) => {
                Err(Fault::Refused("a note needs a text".to_owned()))
            }
            ItemAction::Note(text) if text.chars().count() > NOTE_CHARS_MAX => {
                Err(Fault::Refused(format!("a note has at most {NOTE_CHARS_MAX} characters")))
            }
            ItemAction::Claim
            | ItemAction::PutBack
            | ItemAction::HandOver { .. }
            | ItemAction::Read
            | ItemAction::Reopen
            | ItemAction::File
            | ItemAction::Close
            | ItemAction::Note(_) => self.change(organisation, Some(queue), item, action, by).await,
        }
    }

    /// The same where the item is named by itself.
    pub(super) async fn change_item(
        &self,
        organisation: &OrganisationId,
        item: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        self.change(organisation, None, item, action, by).await
    }

    /// On any queue, or only on one.
    async fn change(
        &self,
        organisation: &OrganisationId,
        queue: Option<&str>,
        item: &str,
        action: ItemAction,
        by: &str,
    ) -> Result<QueueItem, Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let was = match queue {
                Some(queue) => self.item(organisation, queue, item).await?,
                None => self.item_anywhere(organisation, item).await?,
            };
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
}
