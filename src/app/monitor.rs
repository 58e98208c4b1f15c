//! What metrics show without being asked for: whether each part works, and what waits on the queues.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::casework::not_followed::incomplete_files;
use crate::domain::organisation::OrganisationId;
use crate::ports::{Clock, Documents, Queues};
use crate::runtime::health::{Health, PartState};
use crate::runtime::limits::{HEALTH_PART_WAIT, MONITOR_EVERY};
use crate::runtime::metrics::{Metrics, OrganisationLabels, QueueLabels};
use crate::runtime::shutdown::Stopping;

/// The parts looked at.
pub(super) struct Monitor {
    pub health: Health,
    pub queues: Arc<dyn Queues>,
    pub documents: Arc<dyn Documents>,
    pub organisations: Vec<OrganisationId>,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    /// The queues on which something waited at the last look: where nothing does now, the figures say so.
    pub waited: BTreeSet<(OrganisationId, String)>,
    /// The parts that did not work at the last look.
    pub failing: BTreeSet<&'static str>,
}

impl Monitor {
    /// Looks at once, and then again and again until the stop.
    pub(super) async fn run(mut self, mut stopping: Stopping) {
        loop {
            if stopping.unless(self.look()).await.is_none() {
                return;
            }
            if stopping.unless(tokio::time::sleep(MONITOR_EVERY)).await.is_none() {
                return;
            }
        }
    }

    async fn look(&mut self) {
        for state in self.health.states().await {
            self.metrics.part(state.part, state.fault.is_none());
            self.say_changed(&state);
        }
        for organisation in &self.organisations {
            let counting = self.queues.queues(organisation);
            // `part_up` reports a store that is away; the figures keep their last values.
            let Ok(Ok(counts)) = tokio::time::timeout(HEALTH_PART_WAIT, counting).await else {
                continue;
            };
            let now = self.clock.now();
            let is_of = |(of, _): &&(OrganisationId, String)| of == organisation;
            for (_, queue) in self.waited.iter().filter(is_of) {
                self.show(organisation, queue, (0, 0, 0));
            }
            self.waited.retain(|(of, _)| of != organisation);
            for count in counts {
                let age = count.oldest_at.map_or(0, |at| (now - at).num_seconds().max(0));
                self.show(organisation, &count.queue, (count.waiting, count.overdue, age));
                self.waited.insert((organisation.clone(), count.queue));
            }
            let counting = incomplete_files(self.documents.as_ref(), organisation);
            if let Ok(Ok(files)) = tokio::time::timeout(HEALTH_PART_WAIT, counting).await {
                let labels = OrganisationLabels { organisation: organisation.to_string() };
                let files = i64::try_from(files).unwrap_or(i64::MAX);
                self.metrics.incomplete_case_files.get_or_create(&labels).set(files);
            }
        }
    }

    /// The log has the words, which `ready` gives only to those with a token.
    fn say_changed(&mut self, state: &PartState) {
        let part = state.part;
        match &state.fault {
            Some(fault) if self.failing.insert(part) => {
                tracing::warn!(part, fault, "a part of the gateway does not work");
            }
            None if self.failing.remove(part) => {
                tracing::info!(part, "a part of the gateway works again");
            }
            _ => {}
        }
    }

    fn show(&self, organisation: &OrganisationId, queue: &str, figures: (u64, u64, i64)) {
        let (waiting, overdue, oldest_seconds) = figures;
        let labels =
            QueueLabels { organisation: organisation.to_string(), queue: queue.to_owned() };
        let gauge = |items: u64| i64::try_from(items).unwrap_or(i64::MAX);
        let metrics = &self.metrics;
        metrics.queue_waiting.get_or_create(&labels).set(gauge(waiting));
        metrics.queue_overdue.get_or_create(&labels).set(gauge(overdue));
        metrics.queue_oldest_seconds.get_or_create(&labels).set(oldest_seconds);
    }
}
