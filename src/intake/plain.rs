//! Recording decisions on unrestricted contacts: many at once, never waited for by a contact.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::ports::{Decisions, PlainDecision};
use crate::runtime::limits::{PLAIN_FLUSH_WAIT, STORE_BATCH_MAX};

/// Wait before a batch is tried again while the store is away.
const AGAIN_AFTER: std::time::Duration = std::time::Duration::from_millis(500);
/// Tries of one batch before its decisions are let go of, with a word in the log.
const TRIES_MAX: u32 = 20;

/// Records what comes until every sender is gone, so that a stop loses nothing.
pub async fn record(store: Arc<dyn Decisions>, mut plain: mpsc::Receiver<PlainDecision>) {
    while let Some(first) = plain.recv().await {
        let mut batch = vec![first];
        let full = tokio::time::timeout(PLAIN_FLUSH_WAIT, async {
            while batch.len() < STORE_BATCH_MAX {
                match plain.recv().await {
                    Some(next) => batch.push(next),
                    None => break,
                }
            }
        });
        // Full or not: what has come is recorded now.
        let _ = full.await;
        write(store.as_ref(), batch).await;
    }
}

async fn write(store: &dyn Decisions, batch: Vec<PlainDecision>) {
    let entries = batch.len();
    for attempt in 1..=TRIES_MAX {
        match store.record_plain(batch.clone()).await {
            Ok(()) => return,
            Err(error) => {
                tracing::warn!(%error, attempt, "decisions could not be recorded yet");
                tokio::time::sleep(AGAIN_AFTER).await;
            }
        }
    }
    tracing::error!(entries, "decisions on unrestricted contacts could not be recorded");
}
