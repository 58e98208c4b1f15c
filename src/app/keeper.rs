//! Keeps every organisation's casework, until the stop.

use std::sync::Arc;

use crate::casework::Desk;
use crate::domain::organisation::Organisation;
use crate::runtime::limits::KEEPER_EVERY;
use crate::runtime::shutdown::Stopping;

pub(super) async fn keep(
    desk: Desk,
    organisations: Vec<Arc<Organisation>>,
    mut stopping: Stopping,
) {
    loop {
        for organisation in &organisations {
            match stopping.unless(desk.keep_house(organisation)).await {
                None => return,
                Some(Ok(())) => {}
                // The store is away, or behind: the next round does the same.
                Some(Err(fault)) if fault.is_retryable() => {
                    tracing::debug!(%fault, organisation = %organisation.id, "casework waits");
                }
                Some(Err(fault)) => {
                    tracing::error!(%fault, organisation = %organisation.id, "casework is not kept");
                }
            }
        }
        if stopping.unless(tokio::time::sleep(KEEPER_EVERY)).await.is_none() {
            return;
        }
    }
}
