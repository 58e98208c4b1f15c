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
pub(super) struct Breakers {
    meaning: &'static Meaning,
    /// By the organisation's tag in a Cluster, whose servers fail one by one; else all under one.
    breakers: Mutex<HashMap<String, Arc<Breaker>>>,
}

pub(super) struct Breaker {
    meaning: &'static Meaning,
    failures: AtomicU32,
}

/// What it is that fails, in words.
pub(super) struct Meaning {
    /// Why a call is refused.
    refused: &'static str,
    opened: &'static str,
    closed: &'static str,
}

pub(super) const SERVER: Meaning = Meaning {
    refused: "Redis does not answer",
    opened: "Redis does not answer; deciding on the last known state until it does",
    closed: "Redis answers again",
};

pub(super) const SERVER_FOR_STAFF: Meaning = Meaning {
    refused: "Redis does not answer",
    opened: "Redis does not answer staff; their pages and steps are refused until it does",
    closed: "Redis answers staff again",
};

pub(super) const REPLICAS: Meaning = Meaning {
    refused: "too few replicas of Redis acknowledge writes",
    opened: "too few replicas of Redis acknowledge writes; deciding on the last known \
        state until they do",
    closed: "the replicas of Redis acknowledge again",
};

impl Breakers {
    pub(super) fn new(meaning: &'static Meaning) -> Self {
        Breakers { meaning, breakers: Mutex::default() }
    }

    pub(super) fn of(&self, tag: &str) -> Arc<Breaker> {
        let mut breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(breaker) = breakers.get(tag) {
            return Arc::clone(breaker);
        }
        let new = || Arc::new(Breaker { meaning: self.meaning, failures: AtomicU32::new(0) });
        Arc::clone(breakers.entry(tag.to_owned()).or_insert_with(new))
    }

    /// The tags to probe.
    pub(super) fn open(&self) -> Vec<String> {
        let breakers = self.breakers.lock().unwrap_or_else(PoisonError::into_inner);
        let open = breakers.iter().filter(|(_, breaker)| breaker.is_open());
        open.map(|(tag, _)| tag.clone()).collect()
    }
}

impl Breaker {
    pub(super) fn admit(&self) -> Result<(), StoreError> {
        if self.is_open() {
            return Err(StoreError::Unavailable(self.meaning.refused.to_owned()));
        }
        Ok(())
    }

    pub(super) fn succeeded(&self) {
        if self.failures.swap(0, Ordering::Relaxed) >= REDIS_FAILURES_MAX {
            tracing::info!("{}", self.meaning.closed);
        }
    }

    pub(super) fn failed(&self) {
        if self.failures.fetch_add(1, Ordering::Relaxed) + 1 == REDIS_FAILURES_MAX {
            tracing::warn!("{}", self.meaning.opened);
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
        let breakers = Breakers::new(&SERVER);
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
