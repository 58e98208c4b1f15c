//! A contact was not made by the person on whose record it is: anybody can type anybody's address into a
//! public form, and a number can be shown falsely.
//!
//! It is taken off the person's record, what it counted is given back, and what was limited since, which
//! might not have been without it, is decided again.

use super::{Casework, Desk, Fault};
use crate::domain::audit::AuditEvent;
use crate::domain::contact::{Contact, SenderIdentifier};
use crate::domain::decision::Disposition;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::OrganisationId;
use crate::domain::person::Person;
use crate::domain::queue::{self, ItemAction, QueueItem};
use crate::ports::ItemFilter;
use crate::runtime::limits::{DECIDED_AGAIN_MAX, ITEM_TRIES_MAX, PAGE_ITEMS_MAX};
use crate::runtime::tokens::sha256;

/// The verb's name on the audit trail.
const NOT_THEIRS: &str = "not-theirs";

/// What came of it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct NotTheirs {
    pub contact: String,
    /// Whose record it was taken off.
    pub person: String,
    /// Contacts limited since then that were decided again, with the new decision.
    pub decided_again: Vec<DecidedAgain>,
}

#[derive(Debug, Clone, serde::Serialize)]
pub struct DecidedAgain {
    pub item: String,
    pub disposition: Disposition,
}

impl Casework {
    /// Takes a contact off the record of the person that it was decided for.
    ///
    /// # Errors
    /// [`Fault::NotFound`]: no such contact was decided. [`Fault::Refused`]: it is on nobody's record.
    pub async fn not_theirs(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        by: &str,
    ) -> Result<NotTheirs, Fault> {
        let desk = &self.desk;
        let recorded = desk.store.recorded(organisation, contact).await?;
        let (decision, _) = recorded.ok_or(Fault::NotFound("contact"))?;
        let Some(person) = decision.person else {
            return Err(Fault::Refused("the contact is on nobody's record".to_owned()));
        };
        desk.store.uncount(organisation, contact).await?;
        desk.disown(organisation, contact, by).await?;
        let decided_again = self.decide_again(organisation, &person, contact, by).await?;
        Ok(NotTheirs { contact: contact.to_owned(), person, decided_again })
    }

    /// Decides again what was limited by a count, oldest first.
    async fn decide_again(
        &self,
        organisation: &OrganisationId,
        person: &str,
        contact: &str,
        by: &str,
    ) -> Result<Vec<DecidedAgain>, Fault> {
        let Some(person) = self.desk.store.person(organisation, person).await? else {
            return Ok(Vec::new());
        };
        let Some(from) = own_identifier(&person) else { return Ok(Vec::new()) };
        let limited = self.desk.limited_by_count(organisation, &person.id, contact).await?;
        let mut again = Vec::new();
        for item in limited {
            if let Some(disposition) = self.item_again(organisation, &item, &from, by).await? {
                again.push(DecidedAgain { item: item.id, disposition });
            }
        }
        Ok(again)
    }

    /// Decides one item again; `None`: it stays limited.
    async fn item_again(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        from: &SenderIdentifier,
        by: &str,
    ) -> Result<Option<Disposition>, Fault> {
        let contact = contact_again(item, from.clone());
        // Asked first, so that what stays limited makes no second item and no second notice.
        let preview = self.preview_contact(organisation, contact.clone()).await?;
        if !is_admitted(preview.disposition) {
            return Ok(None);
        }
        let digest = sha256(contact.id.as_bytes());
        let decision = self.record_contact(organisation, contact, digest).await?;
        if !is_admitted(decision.disposition) {
            return Ok(None);
        }
        self.desk.carry_out(organisation, item, decision.disposition, by).await?;
        Ok(Some(decision.disposition))
    }
}

impl Desk {
    /// Removes the contact's item from the person and notes that on it; if there is none, the audit trail
    /// does.
    async fn disown(
        &self,
        organisation: &OrganisationId,
        contact: &str,
        by: &str,
    ) -> Result<(), Fault> {
        let event = || AuditEvent::Item { item: contact.to_owned(), action: NOT_THEIRS.to_owned() };
        for _ in 0..ITEM_TRIES_MAX {
            let stamp = self.stamp(by);
            let Some(was) = self.store.item(organisation, contact).await? else {
                return Ok(self.store.append_audit(organisation, stamp, event()).await?);
            };
            let now = was.clone().disowned(by, stamp.at);
            // A double click.
            if now == was {
                return Ok(());
            }
            if self.store.replace_item(organisation, &was, &now, stamp, event()).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }

    /// A person's items that wait because a count was used up, the oldest first.
    async fn limited_by_count(
        &self,
        organisation: &OrganisationId,
        person: &str,
        contact: &str,
    ) -> Result<Vec<QueueItem>, Fault> {
        let mut found: Vec<QueueItem> = Vec::new();
        let mut after = None;
        loop {
            let filter = ItemFilter { states: Vec::new(), after, limit: PAGE_ITEMS_MAX };
            let page = self.store.items(organisation, queue::LIMITED, filter).await?;
            let is_last = page.len() < PAGE_ITEMS_MAX;
            after = page.last().map(|item| item.id.clone());
            found.extend(page.into_iter().filter(|item| {
                item.person.as_deref() == Some(person)
                    && item.contact != contact
                    && item.reasons.iter().any(|reason| reason.code == "contact_quota.over")
            }));
            if is_last || after.is_none() || found.len() >= DECIDED_AGAIN_MAX {
                found.truncate(DECIDED_AGAIN_MAX);
                return Ok(found);
            }
        }
    }

    /// What was limited is admitted now: it goes where it was going. Where nothing of it was kept, or it
    /// can't be handed on, the item stays and says what was decided.
    async fn carry_out(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        disposition: Disposition,
        by: &str,
    ) -> Result<(), Fault> {
        let why = match disposition {
            Disposition::Deliver => "within the limit",
            Disposition::Route | Disposition::Limit | Disposition::File => {
                "on the queue of the point of contact"
            }
        };
        let note =
            ItemAction::Note(format!("Decided again, since a contact was not theirs: {why}."));
        self.work_item(organisation, &item.queue, &item.id, note, by).await?;
        let action = match disposition {
            Disposition::Deliver if item.archived.is_some() => ItemAction::Release,
            Disposition::Route => {
                self.hand_on_original(organisation, item, by).await?;
                ItemAction::Close
            }
            Disposition::Deliver | Disposition::Limit | Disposition::File => return Ok(()),
        };
        match self.work_item(organisation, &item.queue, &item.id, action, by).await {
            // Somebody else holds it, or its delivery failed for now: the item says so.
            Ok(_) | Err(Fault::Item(_) | Fault::Delivery(_) | Fault::ReleaseUnderWay) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// The item that the contact has now, on the queue of its point of contact, has the original.
    async fn hand_on_original(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        by: &str,
    ) -> Result<(), Fault> {
        let id = again(&item.contact);
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(organisation, &id).await? else { return Ok(()) };
            let now = QueueItem { archived: item.archived.clone(), ..was.clone() };
            if now == was {
                return Ok(());
            }
            let event = AuditEvent::Item { item: id.clone(), action: NOT_THEIRS.to_owned() };
            if self.store.replace_item(organisation, &was, &now, self.stamp(by), event).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }
}

/// The id of a contact that is decided again.
fn again(contact: &str) -> String {
    format!("{contact}-again")
}

const fn is_admitted(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Deliver | Disposition::Route)
}

/// An identifier that only this person has.
fn own_identifier(person: &Person) -> Option<SenderIdentifier> {
    let own = person.identifiers.iter().find(|one| !one.shared)?;
    Some(SenderIdentifier {
        kind: own.kind,
        value: own.value.clone(),
        assurance: Assurance::Proven,
    })
}

/// The contact of an item, as far as the item has it. The recorded decision belongs to its own id; this
/// one follows it.
fn contact_again(item: &QueueItem, from: SenderIdentifier) -> Contact {
    Contact {
        id: again(&item.contact),
        channel: item.channel,
        at: item.at,
        from: vec![from],
        to: item.original_to.clone(),
        subject: item.subject.clone(),
        text: item.text.clone(),
        issue: None,
        thread: Vec::new(),
        attachments: Vec::new(),
        automatic: false,
        invited: false,
        message_id: None,
        call_id: None,
        ambiguous: false,
        unread: false,
        obscure: None,
        unanswerable: true,
        notified_apart: false,
        lane: None,
    }
}
