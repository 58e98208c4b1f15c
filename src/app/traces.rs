//! Traces to a collector.

use std::sync::Arc;

use tokio::task::JoinSet;

use crate::config::Settings;
use crate::ports::StoreError;
use crate::runtime::metrics::Metrics;
use crate::runtime::trace::{self, Traces};
use crate::store::settings::StoreUrl;

/// Starts among `recorders` what sends them: it ends with intake, and sends the rest before.
pub(super) fn start(
    settings: &Settings,
    metrics: &Arc<Metrics>,
    recorders: &mut JoinSet<()>,
) -> Result<Traces, StoreError> {
    let Some(collector) = &settings.traces else { return Ok(Traces::default()) };
    let store = match &settings.store {
        StoreUrl::Embedded(_) => "sqlite",
        StoreUrl::Redis(_) => "redis",
    };
    let (traces, sending) = trace::export(collector, store, Arc::clone(metrics))
        .map_err(|fault| StoreError::Refused(fault.to_string()))?;
    recorders.spawn(sending);
    Ok(traces)
}
