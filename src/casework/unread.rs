//! Limited and filed contacts are read by a person in time: no rule reads as a person does. Whatever nobody
//! has read comes first on its queue, and is on the audit trail once, from where events and figures have it.

use chrono::{DateTime, Utc};

use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::organisation::OrganisationId;
use crate::domain::queue::{HELD, ItemState};
use crate::ports::{ItemFilter, Queues, Stamp, StoreError};
use crate::runtime::limits::PAGE_PIECE_ITEMS;

/// Puts every item that nobody read in time before the others, and says how many there were. Several
/// gateways may look at once: the compare-and-set on an item lets one of them say it.
///
/// # Errors
/// The store's. Items marked by then stay marked.
pub async fn mark_unread(
    queues: &dyn Queues,
    organisation: &OrganisationId,
    at: DateTime<Utc>,
) -> Result<u64, StoreError> {
    let mut marked = 0;
    for queue in HELD {
        let mut after = None;
        loop {
            let filter = ItemFilter {
                states: vec![ItemState::Open, ItemState::Claimed],
                after: after.clone(),
                without_overdue: true,
                limit: PAGE_PIECE_ITEMS,
                excerpt: None,
            };
            let items = queues.items(organisation, queue, filter).await?;
            let (mut last, mut marked_now) = (None, 0);
            for item in &items {
                let Some(missed) = item.missed(at) else {
                    last = Some(item.id.clone());
                    continue;
                };
                let stamp = Stamp { by: GATEWAY.to_owned(), at };
                let event = AuditEvent::Unread { item: item.id.clone() };
                // `false`: somebody works on it at this moment, or another gateway was first.
                if queues.replace_item(organisation, item, &missed, stamp, event).await? {
                    marked_now += 1;
                }
            }
            marked += marked_now;
            // Those that were marked are no longer listed, so that what follows them comes up behind the
            // same place. A piece that neither marked anything nor moved on would come again as it is:
            // somebody works on all of it, and the next look finds the rest.
            let is_stuck = last.is_none() && marked_now == 0;
            if items.len() < PAGE_PIECE_ITEMS || is_stuck {
                break;
            }
            after = last.or(after);
        }
    }
    Ok(marked)
}
