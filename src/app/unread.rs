//! Looks, again and again, for what nobody has read in time.

use std::sync::Arc;

use crate::casework::unread::mark_unread;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Clock, Queues};
use crate::runtime::limits::UNREAD_LOOK_EVERY;
use crate::runtime::shutdown::Stopping;

/// Every gateway looks; one of them marks an item.
pub(super) struct UnreadKeeper {
    pub queues: Arc<dyn Queues>,
    pub organisations: Vec<OrganisationId>,
    pub clock: Arc<dyn Clock>,
}

impl UnreadKeeper {
    /// Looks at once, and then again and again until the stop.
    pub(super) async fn run(self, mut stopping: Stopping) {
        loop {
            if stopping.unless(self.look()).await.is_none() {
                return;
            }
            if stopping.unless(tokio::time::sleep(UNREAD_LOOK_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&self) {
        for organisation in &self.organisations {
            let now = self.clock.now();
            match mark_unread(self.queues.as_ref(), organisation, now).await {
                Ok(0) => {}
                Ok(contacts) => {
                    tracing::warn!(%organisation, contacts, "nobody has read them in time");
                }
                // `part_up` reports a store that is away; the next look finds them.
                Err(error) => tracing::debug!(%error, %organisation, "unread contacts are not \
                    marked yet"),
            }
        }
    }
}
