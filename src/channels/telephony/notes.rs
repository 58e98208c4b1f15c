//! Facts learnt about a call or message after its decision, noted on its contact.

use std::sync::Arc;

use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::event::Note;
use crate::domain::organisation::OrganisationId;
use crate::intake::Intake;
use crate::ports::{Attachment, StoreError};
use crate::runtime::limits::{CALL_NOTE_TRIES_MAX, CALL_NOTE_WAIT, STORE_COMMIT_WAIT};

/// Makes notes apart from the answers.
pub(super) struct Notes {
    intake: Arc<Intake>,
    tasks: TaskTracker,
    ending: CancellationToken,
}

impl Notes {
    pub(super) fn new(intake: Arc<Intake>, tasks: TaskTracker) -> Self {
        Notes { intake, tasks, ending: CancellationToken::new() }
    }

    /// What waits has one try more.
    pub(super) fn end(&self) {
        self.ending.cancel();
    }

    /// Notes something on a contact, with a few more tries while the store is away, or does not know
    /// the contact yet: a provider's webhooks come in any order (developers.telnyx.com, "Receiving
    /// webhooks").
    pub(super) fn take(&self, organisation: &OrganisationId, contact: &str, note: Note) {
        let (intake, ending) = (Arc::clone(&self.intake), self.ending.clone());
        let (organisation, contact) = (organisation.clone(), contact.to_owned());
        self.tasks.spawn(async move {
            let mut wait = CALL_NOTE_WAIT;
            for _ in 1..=CALL_NOTE_TRIES_MAX {
                let is_last = ending.is_cancelled();
                let attached = attach(&intake, &organisation, &contact, &note);
                match timeout(STORE_COMMIT_WAIT, attached).await {
                    Ok(Ok(true)) => return,
                    Ok(Ok(false)) => {}
                    Ok(Err(error)) if error.is_retryable() => {
                        tracing::warn!(%error, contact, what = note.name, "not noted yet");
                    }
                    Ok(Err(error)) => {
                        tracing::error!(%error, contact, what = note.name, "could not be noted");
                        return;
                    }
                    Err(_) => {
                        tracing::warn!(contact, what = note.name, "the store takes too long");
                    }
                }
                if is_last {
                    break;
                }
                ending.run_until_cancelled(sleep(wait)).await;
                wait *= 2;
            }
            tracing::warn!(contact, what = note.name, "could not be noted; the provider has it");
        });
    }
}

/// `false`: nothing is attached, since the contact has not been decided, or its decision is still on
/// its way to the store.
async fn attach(
    intake: &Intake,
    organisation: &OrganisationId,
    contact: &str,
    note: &Note,
) -> Result<bool, StoreError> {
    if !intake.is_recorded(organisation, contact).await? {
        return Ok(false);
    }
    let attachment =
        Attachment { name: note.name.to_owned(), value: note.value.clone(), item: None };
    intake.attach(organisation, contact, attachment).await?;
    Ok(true)
}
