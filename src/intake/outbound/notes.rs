//! Entries of the trail about outgoing mail: written at once, or as soon as the store is back.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, NaiveDate, Utc};
use tokio::time::timeout;

use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::organisation::OrganisationId;
use crate::domain::outbound::OutboundEntry;
use crate::intake::Intake;
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{Stamp, StoreError};
use crate::runtime::limits::{
    OUTBOUND_NOTES_AGAIN_AFTER, OUTBOUND_NOTES_MAX, OUTBOUND_WARNED_MAX, STORE_COMMIT_WAIT,
};
use crate::runtime::shutdown::Stopping;

/// An entry, and when it was made.
#[derive(Debug, Clone)]
pub(super) struct OutboundNote {
    pub(super) organisation: OrganisationId,
    pub(super) entry: OutboundEntry,
    pub(super) at: DateTime<Utc>,
}

impl OutboundNote {
    /// The same for each retry of the message.
    fn key(&self) -> String {
        format!("outbound {} {}", self.entry.contact, self.entry.person)
    }
}

/// What this process remembers of outgoing mail.
#[derive(Default)]
pub(in crate::intake) struct OutboundNotes {
    /// Those that the store has not taken yet, oldest first.
    left: Mutex<VecDeque<OutboundNote>>,
    /// Whose senders were warned on which day.
    warned: Mutex<HashSet<(NaiveDate, String)>>,
}

impl OutboundNotes {
    fn left(&self) -> MutexGuard<'_, VecDeque<OutboundNote>> {
        // Nothing is left half done under this lock.
        self.left.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `false`: it is there already.
    fn leave(&self, note: OutboundNote) -> bool {
        let mut left = self.left();
        let key = note.key();
        if left.iter().any(|one| one.organisation == note.organisation && one.key() == key) {
            return false;
        }
        if left.len() >= OUTBOUND_NOTES_MAX {
            left.pop_front();
            tracing::error!(
                "too many entries on outgoing mail wait for the store: the oldest is gone"
            );
        }
        left.push_back(note);
        true
    }

    /// Whether this is the first warning under a key that day.
    pub(super) fn is_first_warning(&self, day: NaiveDate, key: &str) -> bool {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.len() >= OUTBOUND_WARNED_MAX || warned.iter().any(|(known, _)| *known != day) {
            warned.clear();
        }
        warned.insert((day, key.to_owned()))
    }
}

impl Intake {
    /// Puts an entry on the trail, now or later; `false`: it is there already.
    pub(super) async fn note(&self, note: OutboundNote) -> bool {
        match self.written(&note).await {
            Ok(is_new) => is_new,
            Err(error) => {
                tracing::warn!(
                    %error,
                    contact = note.entry.contact,
                    person = note.entry.person,
                    restriction = note.entry.restriction,
                    "an entry on an outgoing message waits for the store"
                );
                self.outbound_notes.leave(note)
            }
        }
    }

    async fn written(&self, note: &OutboundNote) -> Result<bool, StoreError> {
        let too_long = || StoreError::Unavailable("the entry took too long".to_owned());
        let written = timeout(STORE_COMMIT_WAIT, self.write_once(note)).await;
        written.unwrap_or_else(|_| Err(too_long()))
    }

    async fn write_once(&self, note: &OutboundNote) -> Result<bool, StoreError> {
        let (organisation, key) = (&note.organisation, note.key());
        let known = self.store.delivered(organisation, std::slice::from_ref(&key)).await?;
        if known == [true] {
            return Ok(false);
        }
        let stamp = Stamp { by: GATEWAY.to_owned(), at: note.at };
        let batch = Batch::new(stamp).audit(AuditEvent::Outbound(note.entry.clone()));
        match self.store.write(organisation, batch).await {
            Ok(()) => {}
            Err(WriteFault::Conflict(_)) => return Ok(false),
            Err(WriteFault::Store(error)) => return Err(error),
        }
        // The worst that follows is a second entry after a retry.
        if let Err(error) = self.store.remember_delivered(organisation, vec![key], note.at).await {
            tracing::warn!(%error, "an entry on an outgoing message could not be remembered");
        }
        Ok(true)
    }

    /// Writes the entries that wait, the oldest first, until the store fails.
    async fn write_left(&self) {
        loop {
            let Some(note) = self.outbound_notes.left().front().cloned() else { return };
            match self.written(&note).await {
                Ok(_) => {}
                Err(error) if error.is_retryable() => return,
                Err(error) => {
                    tracing::error!(%error, "an entry on an outgoing message can't be written");
                }
            }
            let key = note.key();
            let mut left = self.outbound_notes.left();
            // The oldest may have made room for another in the meantime.
            if left.front().is_some_and(|first| first.key() == key) {
                left.pop_front();
            }
        }
    }
}

/// Writes what the store could not take, as soon as it can, until the stop.
pub async fn write_what_is_left(intake: Arc<Intake>, mut stopping: Stopping) {
    loop {
        let wait = tokio::time::sleep(OUTBOUND_NOTES_AGAIN_AFTER);
        let goes_on = stopping.unless(wait).await.is_some();
        intake.write_left().await;
        if goes_on {
            continue;
        }
        let left = intake.outbound_notes.left().len();
        if left > 0 {
            tracing::error!(left, "entries on outgoing mail could not be written before the stop");
        }
        return;
    }
}
