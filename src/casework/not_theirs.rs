//! A contact was not made by the person on whose record it is: anybody can type anybody's address into a
//! public form, and a number can be shown falsely.
//!
//! It is taken off the person's record, it no longer counts, and contacts limited since, which might not have been
//! without it, are decided again.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use super::effects::{Brought, Pending};
use super::lease::{Held, Take, Work};
use super::{Casework, Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::domain::queue::QueueItem;
use crate::ports::documents::{Batch, Document, IndexKey, Listing, OF_PERSON, WriteFault};
use crate::runtime::limits::{EFFECTS_WAITED_FOR, ITEM_TRIES_MAX};
use crate::runtime::tokens::{hex, sha256};

/// The verb's name on the audit trail.
pub(super) const NOT_THEIRS: &str = "not-theirs";

/// The kind of document that says of a contact that it was not its person's.
pub(super) const NOTE: &str = "not_theirs";

/// What such a document holds.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
struct Noted {
    person: String,
    contact: String,
}

/// What came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NotTheirs {
    pub contact: String,
    /// Whose record it was taken off.
    pub person: String,
    /// Contacts limited since then that were decided again, with the new decision.
    pub decided_again: Vec<DecidedAgain>,
    /// Others of them are still to be decided, or on their way.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub unfinished: bool,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct DecidedAgain {
    pub item: String,
    pub disposition: Disposition,
}

impl Casework {
    /// As [`Desk::not_theirs`], within the time of a request.
    ///
    /// # Errors
    /// As that.
    pub async fn not_theirs(
        &self,
        organisation: &Arc<Organisation>,
        contact: &str,
        by: &str,
    ) -> Result<NotTheirs, Fault> {
        let wait = Some(EFFECTS_WAITED_FOR);
        self.desk.not_theirs_within(organisation, contact, by, wait).await
    }
}

impl Desk {
    /// Takes a contact off the record of the person that it was decided for, and waits until all is done.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no such contact was decided. [`Fault::Refused`]: it is not on anybody's record.
    pub async fn not_theirs(
        &self,
        organisation: &Arc<Organisation>,
        contact: &str,
        by: &str,
    ) -> Result<NotTheirs, Fault> {
        self.not_theirs_within(organisation, contact, by, None).await
    }

    async fn not_theirs_within(
        &self,
        organisation: &Arc<Organisation>,
        contact: &str,
        by: &str,
        wait: Option<Duration>,
    ) -> Result<NotTheirs, Fault> {
        let recorded = self.store.recorded(&organisation.id, contact).await?;
        let (decision, _) = recorded.ok_or(Fault::NotFound("contact"))?;
        let Some(person) = decision.person else {
            return Err(Fault::Refused("the contact is not on anybody's record".to_owned()));
        };
        let brought = match self.disown(&organisation.id, &person, contact, by).await? {
            Some(held) => self.brought_about(organisation, held, wait).await,
            // Somebody said so before, and it is being done.
            None => Brought { unfinished: true, ..Brought::default() },
        };
        let decided = brought.decided.into_iter();
        let decided_again =
            decided.map(|(item, disposition)| DecidedAgain { item, disposition }).collect();
        let (contact, unfinished) = (contact.to_owned(), brought.unfinished);
        Ok(NotTheirs { contact, person, decided_again, unfinished })
    }

    /// What says that a contact was not its person's, to be written; `None`: it is said already.
    pub(super) async fn not_theirs_note(
        &self,
        organisation: &Organisation,
        person: &str,
        contact: &str,
    ) -> Result<Option<Document>, Fault> {
        let id = hex(&sha256(contact.as_bytes()));
        if self.store.document(&organisation.id, NOTE, &id).await?.is_some() {
            return Ok(None);
        }
        let keys = vec![IndexKey::new(OF_PERSON, person)];
        let noted = Noted { person: person.to_owned(), contact: contact.to_owned() };
        Ok(Some(Document::new(NOTE, id, 0, keys, &noted)?))
    }

    /// Off whose record an item was taken, if it was put down as not theirs.
    ///
    /// # Errors
    /// The store's.
    pub async fn taken_off(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
    ) -> Result<Option<String>, Fault> {
        if item.person.is_some() || !item.flags.contains(&Flag::NotTheirs) {
            return Ok(None);
        }
        let recorded = self.store.recorded(organisation, &item.contact).await?;
        Ok(recorded.and_then(|(decision, _)| decision.person))
    }

    /// The contacts that were decided for a person and were not theirs.
    pub(super) async fn contacts_not_theirs(
        &self,
        organisation: &Organisation,
        person: &str,
    ) -> Result<HashSet<String>, Fault> {
        let mut contacts = HashSet::new();
        let listing = Listing::with(OF_PERSON, person);
        for document in self.every(&organisation.id, NOTE, listing).await? {
            contacts.insert(document.read::<Noted>()?.contact);
        }
        Ok(contacts)
    }

    /// Removes the contact's item from the person and notes that on it; if there is none, the audit trail
    /// does. The follow-up work is written down in the same step. `None`: somebody said so before, and it is
    /// being done.
    async fn disown(
        &self,
        organisation: &OrganisationId,
        person: &str,
        contact: &str,
        by: &str,
    ) -> Result<Option<Held<Pending>>, Fault> {
        let event = || AuditEvent::Item { item: contact.to_owned(), action: NOT_THEIRS.to_owned() };
        for _ in 0..ITEM_TRIES_MAX {
            let stamp = self.stamp(by);
            let pending = Pending::not_theirs(person, contact, by, stamp.at);
            let before = self.store.document(organisation, Pending::KIND, &pending.id).await?;
            if let Some(document) = before {
                return self.take_up(organisation, &document, Take::Paused).await;
            }
            let (held, document) = self.begun(organisation, pending)?;
            let mut batch = Batch::new(stamp.clone()).put(document);
            match self.store.item(organisation, contact).await? {
                None => batch = batch.audit(event()),
                Some(was) => {
                    let now = was.clone().disowned(by, stamp.at);
                    // Not where it was said before.
                    if now != was {
                        batch = batch.item(Some(was), now).audit(event());
                    }
                }
            }
            match self.store.write(organisation, batch).await {
                Ok(()) => return Ok(Some(held)),
                Err(WriteFault::Conflict(_)) => {}
                Err(WriteFault::Store(error)) => return Err(error.into()),
            }
        }
        Err(Fault::Contended)
    }
}
