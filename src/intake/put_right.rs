//! Putting right what was decided while the store was away: from the local journal into the store,
//! exactly once.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Decisions, Journal, StoreError};
use crate::runtime::shutdown::Stopping;

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Replays pending entries until the stop. What is left then is pending at the next start.
pub async fn put_right(
    journal: Arc<dyn Journal>,
    store: Arc<dyn Decisions>,
    mut stopping: Stopping,
) {
    loop {
        match replay_pending(journal.as_ref(), store.as_ref()).await {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "the store has what was journalled"),
            // Away still: the entries stay where they are.
            Err(error) if error.is_retryable() => {}
            Err(error) => tracing::error!(%error, "journalled decisions can't be put right"),
        }
        if stopping.unless(tokio::time::sleep(LOOK_EVERY)).await.is_none() {
            return;
        }
    }
}

/// Replays every pending entry, oldest first; the number of them.
///
/// # Errors
/// The first that fails ends it; nothing is lost.
pub async fn replay_pending(
    journal: &dyn Journal,
    store: &dyn Decisions,
) -> Result<usize, StoreError> {
    let mut replayed = 0;
    loop {
        let page = journal.pending().await?;
        if page.is_empty() {
            return Ok(replayed);
        }
        for (number, entry) in page {
            store.replay(entry).await?;
            journal.done(number).await?;
            replayed += 1;
        }
    }
}
