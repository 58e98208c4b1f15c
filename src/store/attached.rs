//! Facts learnt about a contact after its decision, on its queue item.

use crate::domain::queue::{Attached, QueueItem};
use crate::ports::{Attachment, StoreError};
use crate::runtime::limits::ATTACHED_PER_ITEM_MAX;

/// The item after an attachment: the contact's own item, else the one that came with the
/// attachment. `None`: there is nothing to write. A callback that comes twice attaches once.
pub(super) fn attach(
    item: Option<QueueItem>,
    attachment: Attachment,
) -> Result<Option<QueueItem>, StoreError> {
    let Some(mut item) = item.or(attachment.item) else { return Ok(None) };
    let attached = Attached { name: attachment.name, value: attachment.value };
    if item.attached.contains(&attached) {
        return Ok(None);
    }
    if item.attached.len() >= ATTACHED_PER_ITEM_MAX {
        return Err(StoreError::Refused(format!(
            "the item has {ATTACHED_PER_ITEM_MAX} things attached already"
        )));
    }
    item.attached.push(attached);
    Ok(Some(item))
}
