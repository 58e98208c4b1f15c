//! Whether something that contacts are kept in works, as contacts find it.
//!
//! A question that reads says nothing of a full disk: `ready` must know whether commits succeed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::ports::StoreError;
use crate::runtime::limits::STANDING_FAULT_KEPT;

/// What came of the last uses of the store, or of the archive.
#[derive(Debug, Default)]
pub struct Standing {
    inner: Mutex<Option<Failed>>,
}

#[derive(Debug, Clone)]
struct Failed {
    at: Instant,
    fault: String,
}

impl Standing {
    pub(super) fn works(&self) {
        // Held for next to nothing, by every contact.
        let mut failed = self.lock();
        if failed.is_some() {
            *failed = None;
        }
    }

    /// What a store answered to a commit.
    pub(super) fn heard<T>(&self, answer: &Result<T, StoreError>) {
        match answer {
            Ok(_) => self.works(),
            Err(StoreError::Refused(_)) => {}
            Err(error) => self.fails(error),
        }
    }

    pub(super) fn fails(&self, fault: &dyn std::fmt::Display) {
        *self.lock() = Some(Failed { at: Instant::now(), fault: fault.to_string() });
    }

    /// What failed last, and nothing has worked since. Forgotten after a while in which it was not used:
    /// nobody should be kept away by what has long been mended.
    pub fn fault(&self) -> Option<String> {
        let failed = self.lock().clone()?;
        (failed.at.elapsed() < STANDING_FAULT_KEPT).then_some(failed.fault)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Failed>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_failure_is_told_until_something_works_or_for_a_while() {
        let standing = Standing::default();
        assert_eq!(standing.fault(), None);
        standing.fails(&"the disk is full");
        assert_eq!(standing.fault().as_deref(), Some("the disk is full"));
        standing.works();
        assert_eq!(standing.fault(), None);
        standing.fails(&"the disk is full");
        tokio::time::advance(STANDING_FAULT_KEPT + Duration::from_secs(1)).await;
        assert_eq!(standing.fault(), None);
    }
}
