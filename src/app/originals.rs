//! Counting the originals that are kept, at the start and again and again: other gateways keep some too.

use std::sync::Arc;

use crate::domain::organisation::OrganisationId;
use crate::ports::Archive;
use crate::runtime::limits::ORIGINALS_COUNTED_EVERY;
use crate::runtime::metrics::{Metrics, OrganisationLabels};
use crate::runtime::shutdown::Stopping;

pub(super) async fn count(
    archive: Arc<dyn Archive>,
    organisations: Vec<OrganisationId>,
    metrics: Arc<Metrics>,
    mut stopping: Stopping,
) {
    loop {
        for organisation in &organisations {
            match stopping.unless(archive.measure(organisation)).await {
                None => return,
                Some(Ok(bytes)) => {
                    let labels = OrganisationLabels { organisation: organisation.to_string() };
                    let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
                    metrics.originals_bytes.get_or_create(&labels).set(bytes);
                }
                // The last count still applies.
                Some(Err(error)) => {
                    tracing::warn!(%organisation, %error, "the kept originals could not be counted");
                }
            }
        }
        if stopping.unless(tokio::time::sleep(ORIGINALS_COUNTED_EVERY)).await.is_none() {
            return;
        }
    }
}
