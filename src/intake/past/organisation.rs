//! What is known of one organisation's store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::domain::past::{Behind, Mark};
use crate::ports::StoreError;

pub(super) struct One {
    /// Something has failed since it was last looked at.
    suspect: AtomicBool,
    is_behind: AtomicBool,
    behind: Mutex<Option<Behind>>,
    /// People were read from the store itself at least once: they are in memory.
    pub(super) has_loaded: AtomicBool,
    /// One look at a time.
    pub(super) memory: tokio::sync::Mutex<Memory>,
}

/// What the looks find.
pub(super) struct Memory {
    pub(super) mark: Option<Mark>,
    /// The mark as it is on disk.
    pub(super) kept: Option<Mark>,
    /// When the last check ended, and its result: a call that came during it need not check again.
    pub(super) looked: Option<(Instant, Result<(), StoreError>)>,
    /// The last known state was handed out in the store's place.
    pub(super) has_lent: bool,
}

impl One {
    pub(super) fn new(mark: Option<Mark>) -> Self {
        One {
            suspect: AtomicBool::new(true),
            is_behind: AtomicBool::new(false),
            behind: Mutex::new(None),
            has_loaded: AtomicBool::new(false),
            memory: tokio::sync::Mutex::new(Memory {
                kept: mark.clone(),
                mark,
                looked: None,
                has_lent: false,
            }),
        }
    }

    pub(super) fn suspect(&self) {
        self.suspect.store(true, Ordering::SeqCst);
    }

    pub(super) fn is_suspect(&self) -> bool {
        self.suspect.load(Ordering::SeqCst)
    }

    pub(super) fn trust(&self) {
        self.suspect.store(false, Ordering::SeqCst);
    }

    pub(super) fn is_behind(&self) -> bool {
        self.is_behind.load(Ordering::SeqCst)
    }

    pub(super) fn behind(&self) -> Option<Behind> {
        self.behind.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `true`: that is news.
    pub(super) fn set(&self, behind: Option<Behind>) -> bool {
        let mut is = self.behind.lock().unwrap_or_else(PoisonError::into_inner);
        let is_news = is.is_some() != behind.is_some();
        self.is_behind.store(behind.is_some(), Ordering::SeqCst);
        *is = behind;
        is_news
    }
}
