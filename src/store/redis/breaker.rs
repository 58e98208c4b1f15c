//! Whether anything is asked of a server that has failed: no contact waits for a dead one.
//!
//! After a few failures in a row the breaker opens, and every call is refused at once. Probes in
//! the background find out when the server answers again; contacts are never the probe.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::ports::StoreError;
use crate::runtime::limits::REDIS_FAILURES_MAX;

/// One breaker for each server that can fail by itself.
#[derive(Default)]
pub(super) struct Breakers {
    /// By the organisation's tag in a Cluster, whose servers fail one by one; else all under one.
    breakers: Mutex<HashMap<String, Arc<Breaker>>>,
}

#[derive(Default)]
pub(super) struct Breaker {
    failures: AtomicU32,
}

impl Breakers {
    pub(super) fn of(&self, tag: &str) -> Arc<Breaker> {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get(tag) {
            return Arc::clone(breaker);
        }
        Arc::clone(breakers.entry(tag.to_owned()).or_default())
    }

    /// The tags of what is to be probed.
    pub(super) fn open(&self) -> Vec<String> {
        let breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = breakers.iter().filter(|(_, breaker)| breaker.is_open());
        open.map(|(tag, _)| tag.clone()).collect()
    }
}

impl Breaker {
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        if self.is_open() {
            return Err(StoreError::Unavailable("Redis does not answer".to_owned()));
        }
        Ok(())
    }

    pub(super) fn succeeded(&self) {
        if self.failures.swap(0, Ordering::Relaxed) >= REDIS_FAILURES_MAX {
            tracing::info!("Redis answers again");
        }
    }

    pub(super) fn failed(&self) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == REDIS_FAILURES_MAX {
            tracing::warn!("Redis does not answer; deciding on what is known until it does");
        }
    }

    fn is_open(&self) -> bool {
        self.failures.load(Ordering::Relaxed) >= REDIS_FAILURES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_after_failures_in_a_row_and_closes_with_an_answer() {
        let breakers = Breakers::default();
        let breaker = breakers.of("karbon");
        for _ in 1..REDIS_FAILURES_MAX {
            breaker.failed();
        }
        breaker.succeeded();
        for _ in 1..REDIS_FAILURES_MAX {
            breaker.failed();
        }
        assert!(breaker.admit().is_ok());
        breaker.failed();
        assert!(breaker.admit().is_err());
        assert_eq!(breakers.open(), ["karbon"]);
        assert!(breakers.of("tuntum").admit().is_ok());
        breaker.succeeded();
        assert!(breakers.of("karbon").admit().is_ok());
        assert!(breakers.open().is_empty());
    }
}
