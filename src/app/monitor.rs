//! What metrics show without being asked for: whether each part works, and what waits on the queues.

use std::sync::Arc;

use crate::domain::organisation::OrganisationId;
use crate::ports::{Clock, Queues};
use crate::runtime::health::Health;
use crate::runtime::limits::{HEALTH_PART_WAIT, MONITOR_EVERY};
use crate::runtime::metrics::{Metrics, QueueLabels};
use crate::runtime::shutdown::Stopping;

/// What is looked at.
pub(super) struct Monitor {
    pub health: Health,
    pub queues: Arc<dyn Queues>,
    pub organisations: Vec<OrganisationId>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
}

impl Monitor {
    /// Looks at once, and then again and again until the stop.
    pub(super) async fn run(self, mut stopping: Stopping) {
        loop {
            if stopping.unless(self.look()).await.is_none() {
                return;
            }
            if stopping.unless(tokio::time::sleep(MONITOR_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&self) {
        for state in self.health.states().await {
            self.metrics.part(state.part, state.fault.is_none());
        }
        for organisation in &self.organisations {
            let counting = self.queues.queues(organisation);
            // `part_up` reports a store that is away; the figures keep their last values.
            let Ok(Ok(counts)) = tokio::time::timeout(HEALTH_PART_WAIT, counting).await else {
                continue;
            };
            let now = self.clock.now();
            for count in counts {
                let labels =
                    QueueLabels { organisation: organisation.to_string(), queue: count.queue };
                let waiting = i64::try_from(count.waiting).unwrap_or(i64::MAX);
                let age = count.oldest_at.map_or(0, |at| (now - at).num_seconds().max(0));
                self.metrics.queue_waiting.get_or_create(&labels).set(waiting);
                self.metrics.queue_oldest_seconds.get_or_create(&labels).set(age);
            }
        }
    }
}
