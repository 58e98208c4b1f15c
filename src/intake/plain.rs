//! Recording decisions on unrestricted contacts: many at once, so that no contact waits for it.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TryRecvError;
use tokio::time::{Instant, sleep_until};

use super::standing::Standing;
use crate::ports::{Decisions, Journal, PlainDecision, StoreError};
use crate::runtime::limits::{
    PLAIN_FLUSH_WAIT, PLAIN_LOOK_EVERY, STORE_BATCH_MAX, STORE_COMMIT_WAIT,
};

/// Wait before a batch is tried again while neither the store nor the journal takes it.
const AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(500);
/// Tries of one batch before its decisions are let go of, with a word in the log.
const TRIES_MAX: u32 = 20;

/// Records what comes until every sender is gone, so that a stop loses nothing.
pub async fn record(
    store: Arc<dyn Decisions>,
    journal: Arc<dyn Journal>,
    mut plain: mpsc::Receiver<PlainDecision>,
    standing: Arc<Standing>,
) {
    while let Some(first) = plain.recv().await {
        let batch = gather(first, &mut plain).await;
        write(store.as_ref(), journal.as_ref(), batch, &standing).await;
    }
}

/// The first and those that come while it may wait, as many as one batch takes.
///
/// What has come is looked at now and then, so that no contact has to wake the recorder.
async fn gather(
    first: PlainDecision,
    plain: &mut mpsc::Receiver<PlainDecision>,
) -> Vec<PlainDecision> {
    let mut batch = vec![first];
    let latest = Instant::now() + PLAIN_FLUSH_WAIT;
    loop {
        while batch.len() < STORE_BATCH_MAX {
            match plain.try_recv() {
                Ok(next) => batch.push(next),
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => return batch,
            }
        }
        // Full or not: what has come by then is recorded.
        if batch.len() >= STORE_BATCH_MAX || Instant::now() >= latest {
            return batch;
        }
        sleep_until(latest.min(Instant::now() + PLAIN_LOOK_EVERY)).await;
    }
}

/// Into the store, or, while that is away, into the journal; whichever takes them first.
async fn write(
    store: &dyn Decisions,
    journal: &dyn Journal,
    batch: Vec<PlainDecision>,
    standing: &Standing,
) {
    let mut batch: Arc<[PlainDecision]> = batch.into();
    for attempt in 1..=TRIES_MAX {
        let recorded =
            tokio::time::timeout(STORE_COMMIT_WAIT, store.record_plain(Arc::clone(&batch))).await;
        let too_long = || StoreError::Unavailable("it takes too long".to_owned());
        let recorded = recorded.unwrap_or_else(|_| Err(too_long()));
        standing.heard(&recorded);
        match recorded {
            Ok(()) => return,
            Err(error) => tracing::warn!(%error, attempt, "decisions are journalled"),
        }
        batch = not_journalled(journal, &batch).await.into();
        if batch.is_empty() {
            return;
        }
        tokio::time::sleep(AGAIN_AFTER).await;
    }
    let entries = batch.len();
    tracing::error!(entries, "decisions on unrestricted contacts could not be recorded");
}

/// Appends all, and returns what the journal did not take.
async fn not_journalled(journal: &dyn Journal, batch: &[PlainDecision]) -> Vec<PlainDecision> {
    let appends = batch.iter().map(|one| journal.append(one.clone().into()));
    // At once, so that the journal writes them with few syncs.
    let appended = join_all(appends).await;
    let left = batch.iter().zip(appended).filter(|(_, appended)| appended.is_err());
    left.map(|(one, _)| one.clone()).collect()
}
