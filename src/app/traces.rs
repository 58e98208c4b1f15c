//! Traces to a collector.

use std::sync::Arc;

use super::start_fault::StartFault;
use super::tasks::Tasks;
use crate::config::Settings;
use crate::runtime::metrics::Metrics;
use crate::runtime::trace::{self, Traces};
use crate::store::settings::StoreUrl;

/// Starts the task that sends traces, among `recorders`: once intake has ended, it sends the spans that are left.
pub(super) fn start(
    settings: &Settings,
    metrics: &Arc<Metrics>,
    recorders: &mut Tasks,
) -> Result<Traces, StartFault> {
    let Some(collector) = &settings.traces else { return Ok(Traces::default()) };
    let store = match &settings.store {
        StoreUrl::Embedded(_) => "sqlite",
        StoreUrl::Redis(_) => "redis",
    };
    let (traces, sending) = trace::export(collector, store, Arc::clone(metrics))
        .map_err(|fault| StartFault::Client(fault.to_string()))?;
    recorders.spawn(sending);
    Ok(traces)
}
