//! Entries of the trail about outgoing mail: written at once, or as soon as the store is back. Until then they are in
//! the journal.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveDate;

use super::{StoreReached, in_time, is_remembered, remember};
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::intake::Intake;
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{OutboundNote, Stamp, Store, StoreError};
use crate::runtime::limits::{
    OUTBOUND_NOTES_AGAIN_AFTER, OUTBOUND_NOTES_AGAIN_AFTER_FAULT, OUTBOUND_WARNED_MAX,
};
use crate::runtime::shutdown::Stopping;

/// The warnings that this process has sent, by day.
#[derive(Default)]
pub(in crate::intake) struct OutboundWarnings(Mutex<BTreeSet<(NaiveDate, String)>>);

impl OutboundWarnings {
    /// Whether this is the first warning under a key that day.
    pub(super) fn is_first(&self, day: NaiveDate, key: &str) -> bool {
        let mut warned = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // In another organisation's time zone it may still be the day before.
        let is_over = |known: &NaiveDate| known.succ_opt().is_none_or(|next| next < day);
        while warned.first().is_some_and(|(known, _)| is_over(known)) {
            warned.pop_first();
        }
        if warned.len() >= OUTBOUND_WARNED_MAX {
            warned.clear();
        }
        warned.insert((day, key.to_owned()))
    }
}

/// The same for every retry of the message.
fn key(note: &OutboundNote) -> String {
    format!("outbound {} {}", note.entry.contact, note.entry.person)
}

/// Writes an entry unless that was done; `false`: it was.
async fn write_once(store: &dyn Store, note: &OutboundNote) -> Result<bool, StoreError> {
    let (organisation, key) = (&note.organisation, key(note));
    if is_remembered(store, organisation, &key).await? {
        return Ok(false);
    }
    let stamp = Stamp { by: GATEWAY.to_owned(), at: note.at };
    let batch = Batch::new(stamp).audit(AuditEvent::Outbound(note.entry.clone()));
    match in_time(store.write(organisation, batch)).await {
        Ok(()) => {}
        Err(WriteFault::Conflict(_)) => return Ok(false),
        Err(WriteFault::Store(error)) => return Err(error),
    }
    // If this fails, a retry may add a second entry: no worse.
    if let Err(error) = remember(store, organisation, key, note.at).await {
        tracing::warn!(%error, "an entry on an outgoing message could not be remembered");
    }
    Ok(true)
}

impl Intake {
    /// Puts an entry on the trail, now or later; `false` if it is there already.
    pub(super) async fn note(&self, note: OutboundNote, store: &mut StoreReached) -> bool {
        if *store == StoreReached::Answers {
            match write_once(self.store.as_ref(), &note).await {
                Ok(is_new) => return is_new,
                Err(error) => {
                    *store = StoreReached::Fails;
                    let contact = note.entry.contact.as_str();
                    tracing::warn!(%error, contact, "an entry on an outgoing message waits for the store");
                }
            }
        }
        let contact = note.entry.contact.clone();
        if let Err(error) = self.journal.append_outbound(note).await {
            tracing::error!(%error, contact, "an entry on an outgoing message is lost: it could not be journalled either");
        }
        true
    }

    /// Writes the entries that wait in the journal, the oldest first, until the store is away. An entry that it rejects
    /// stays in the journal, which reports it, and delays no other.
    ///
    /// # Errors
    /// The journal can't be read or written.
    async fn write_left(&self, store: &dyn Store) -> Result<(), StoreError> {
        loop {
            let notes = self.journal.pending_outbound().await?;
            if notes.is_empty() {
                return Ok(());
            }
            let mut rejected = None;
            for (number, note) in notes {
                match write_once(store, &note).await {
                    Ok(_) => self.journal.done(number).await?,
                    Err(error) if error.is_retryable() => return Ok(()),
                    Err(error) => {
                        self.journal.rejected(number, error.to_string()).await?;
                        rejected = Some(error);
                    }
                }
            }
            if let Some(error) = rejected {
                tracing::error!(%error, "the store rejects entries on outgoing mail; the journal keeps them");
            }
        }
    }
}

/// Writes entries as soon as the store is back, until the stop. The journal keeps the rest for the next start. `store`:
/// as those reach it who can wait, for nobody waits here.
pub async fn write_what_is_left(
    intake: Arc<Intake>,
    store: Arc<dyn Store>,
    mut stopping: Stopping,
) {
    let mut wait = OUTBOUND_NOTES_AGAIN_AFTER;
    loop {
        let goes_on = stopping.unless(tokio::time::sleep(wait)).await.is_some();
        wait = OUTBOUND_NOTES_AGAIN_AFTER;
        if let Err(error) = intake.write_left(store.as_ref()).await {
            tracing::error!(%error, "entries on outgoing mail can't be written from the journal");
            wait = OUTBOUND_NOTES_AGAIN_AFTER_FAULT;
        }
        if !goes_on {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_the_first_of_its_day_in_every_time_zone() {
        let warnings = OutboundWarnings::default();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let (before, after) = (day("2026-11-18"), day("2026-11-19"));
        assert!(warnings.is_first(before, "a"));
        assert!(!warnings.is_first(before, "a"));
        assert!(warnings.is_first(before, "b"));
        assert!(warnings.is_first(after, "a"));
        assert!(!warnings.is_first(before, "a"), "it is that day still elsewhere");
        assert!(!warnings.is_first(after, "a"));
        assert!(warnings.is_first(day("2026-11-20"), "a"));
        assert_eq!(warnings.0.lock().unwrap().len(), 2, "the day before is forgotten");
    }
}
