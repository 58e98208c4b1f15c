//! Putting right what was decided while the store was away: from the local journal into the store,
//! exactly once.

use std::sync::Arc;
use std::time::Duration;

use crate::ports::{Decisions, Journal, StoreError};
use crate::runtime::shutdown::Stopping;

/// How often the journal is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// The same while it holds what the store will never take: somebody must look.
const LOOK_AGAIN_AFTER_FAULT: Duration = Duration::from_secs(60);

/// Replays pending entries until the stop. What is left then is pending at the next start.
pub async fn put_right(
    journal: Arc<dyn Journal>,
    store: Arc<dyn Decisions>,
    mut stopping: Stopping,
) {
    loop {
        let mut wait = LOOK_EVERY;
        match replay_pending(journal.as_ref(), store.as_ref()).await {
            Ok(0) => {}
            Ok(entries) => tracing::info!(entries, "the store has what was journalled"),
            // Away still: the entries stay where they are.
            Err(error) if error.is_retryable() => {}
            Err(error) => {
                tracing::error!(%error, "journalled decisions can't be put right");
                wait = LOOK_AGAIN_AFTER_FAULT;
            }
        }
        if stopping.unless(tokio::time::sleep(wait)).await.is_none() {
            return;
        }
    }
}

/// Replays every pending entry, oldest first; the number of them. An entry that the store will never
/// take stays in the journal, and keeps no other from being replayed.
///
/// # Errors
/// The first that may work later ends it, and what the store refused is told at the end; nothing is
/// lost.
pub async fn replay_pending(
    journal: &dyn Journal,
    store: &dyn Decisions,
) -> Result<usize, StoreError> {
    let mut replayed = 0;
    loop {
        let mut done = 0;
        let mut refused = None;
        for (number, entry) in journal.pending().await? {
            match store.replay(entry).await {
                Ok(()) => {
                    journal.done(number).await?;
                    done += 1;
                }
                Err(error) if error.is_retryable() => return Err(error),
                Err(error) => refused = Some(error),
            }
        }
        if done == 0 {
            return refused.map_or(Ok(replayed), Err);
        }
        replayed += done;
    }
}
