//! What is known of one organisation's store.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use crate::domain::past::{Behind, Mark};
use crate::ports::StoreError;
use crate::ports::past::Asker;

pub(super) struct One {
    contacts: Regard,
    staff: Regard,
    /// People were read from the store itself at least once: they are in memory.
    pub(super) has_loaded: AtomicBool,
    pub(super) memory: tokio::sync::Mutex<Memory>,
}

/// The store as one asker has found it.
pub(super) struct Regard {
    /// Something has failed since it was last looked at.
    suspect: AtomicBool,
    is_behind: AtomicBool,
    behind: Mutex<Option<Behind>>,
    /// One look at a time. When the last one ended, and its result: a call that came during it need not look again.
    pub(super) looked: tokio::sync::Mutex<Option<(Instant, Result<(), StoreError>)>>,
    /// A look has ended.
    pub(super) has_looked: AtomicBool,
}

/// What is remembered of the store, whoever has looked.
pub(super) struct Memory {
    pub(super) mark: Option<Mark>,
    /// The mark as it is on disk.
    pub(super) kept: Option<Mark>,
    /// The last known state was handed out in the store's place.
    pub(super) has_lent: bool,
}

impl One {
    pub(super) fn new(mark: Option<Mark>) -> Self {
        One {
            contacts: Regard::new(),
            staff: Regard::new(),
            has_loaded: AtomicBool::new(false),
            memory: tokio::sync::Mutex::new(Memory { kept: mark.clone(), mark, has_lent: false }),
        }
    }

    pub(super) const fn regard(&self, asker: Asker) -> &Regard {
        match asker {
            Asker::Contacts => &self.contacts,
            Asker::Staff => &self.staff,
        }
    }

    pub(super) const fn other_than(&self, asker: Asker) -> &Regard {
        match asker {
            Asker::Contacts => &self.staff,
            Asker::Staff => &self.contacts,
        }
    }

    /// Whatever failed for one asker may have come back as another for both.
    pub(super) fn suspect(&self) {
        self.contacts.suspect();
        self.staff.suspect();
    }

    /// As either has found it.
    pub(super) fn behind(&self) -> Option<Behind> {
        self.contacts.behind().or_else(|| self.staff.behind())
    }

    pub(super) fn is_behind(&self) -> bool {
        self.contacts.is_behind() || self.staff.is_behind()
    }
}

impl Regard {
    fn new() -> Self {
        Regard {
            suspect: AtomicBool::new(true),
            is_behind: AtomicBool::new(false),
            behind: Mutex::new(None),
            looked: tokio::sync::Mutex::new(None),
            has_looked: AtomicBool::new(false),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_asker_finds_is_relied_on_by_that_one_and_suspected_by_both() {
        let one = One::new(None);
        let (contacts, staff) = (one.regard(Asker::Contacts), one.regard(Asker::Staff));
        assert!(contacts.is_suspect() && staff.is_suspect());
        staff.trust();
        assert!(contacts.is_suspect() && !staff.is_suspect());
        contacts.trust();
        one.suspect();
        assert!(contacts.is_suspect() && staff.is_suspect());

        assert!(staff.set(Some(Behind::Empty)));
        assert!(!contacts.is_behind() && staff.is_behind());
        assert!(one.is_behind() && one.behind() == Some(Behind::Empty));
        assert!(staff.set(None) && !one.is_behind());
    }
}
