//! Deciding a contact again that was held: what passes now goes where it was going, once.
//!
//! The recorded decision remains under the contact's own id; the one that follows it has an id of its own, so
//! that it counts as any other does and is on the audit trail.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::audit::AuditEvent;
use crate::domain::channel::Channel;
use crate::domain::contact::{Attachment, Contact, SenderIdentifier};
use crate::domain::decide::{self, Dossier, decide_again};
use crate::domain::decision::Disposition;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::Organisation;
use crate::domain::person::{ListedIdentifier, Person};
use crate::domain::queue::QueueItem;
use crate::domain::roster::Roster;
use crate::domain::{merge, sender};
use crate::ports::{Commit, CommitRequest, ItemFilter, Settled, StoreError, Withheld};
use crate::runtime::limits::{COUNTED_DAYS_AGAIN, ITEM_TRIES_MAX};
use crate::runtime::tokens::sha256;

use super::passes::{AGAIN, Releases, Why, stays_flagged};
use super::release::Went;
use super::{Desk, Fault};

/// What came of deciding a held contact again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Passed {
    pub disposition: Disposition,
    pub went: Went,
}

impl Desk {
    /// The ids of items of any of a person's records that wait on a queue of held contacts and that `held` chooses,
    /// oldest first.
    pub(super) async fn held_items(
        &self,
        organisation: &Organisation,
        queues: &[&str],
        people: &[String],
        most: usize,
        held: impl Fn(&QueueItem) -> bool + Send + Sync,
    ) -> Result<Vec<String>, Fault> {
        let mut found: Vec<(DateTime<Utc>, String)> = Vec::new();
        for queue in queues {
            let filter = ItemFilter::default();
            let looking = self.look_through(&organisation.id, queue, filter, |item: QueueItem| {
                if found.len() < most
                    && item.person.as_ref().is_some_and(|person| people.contains(person))
                    && !stays_flagged(&item)
                    && held(&item)
                {
                    found.push((item.at, item.id));
                }
                found.len() < most
            });
            looking.await?;
        }
        found.sort();
        Ok(found.into_iter().map(|(_, id)| id).collect())
    }

    /// Decides an item's contact again on a person's record as it is now. What passes is recorded, counted, and goes on
    /// its way; `None`: it stays held, and nothing is written. Cut off anywhere and repeated, the result is the same.
    pub(super) async fn pass_if_it_may(
        &self,
        organisation: &Arc<Organisation>,
        person: &str,
        item: &str,
        why: Why<'_>,
        releases: Releases,
    ) -> Result<Option<Passed>, Fault> {
        let Some(item) = self.store.item(&organisation.id, item).await? else { return Ok(None) };
        // Each contact stays on the record whose identifier it came from.
        let person = item.person.as_deref().unwrap_or(person);
        let Some(person) = self.enforced(&organisation.id, person).await? else {
            return Ok(None);
        };
        let Some(from) = own_identifier(&person.identifiers) else { return Ok(None) };
        if !item.state.is_waiting() || stays_flagged(&item) {
            return Ok(None);
        }
        let came = (item.channel, item.at);
        let contact = contact_on_record(again(&item.contact), came, Some(&item), from);
        let Commit::Committed(committed) =
            self.commit_if_admitted(organisation, &person, contact).await?
        else {
            return Ok(None);
        };
        let disposition = committed.decision.disposition;
        let went = match disposition {
            Disposition::Deliver => {
                let text = format!("{}: it passes now.", why.text);
                let why = Why { text: &text, ..why };
                self.let_pass(&organisation.id, &item.id, why, releases).await?
            }
            Disposition::Route => {
                self.hand_on_original(organisation, &item, why.by).await?;
                let text = format!("{}: on the queue of the point of contact.", why.text);
                let why = Why { text: &text, ..why };
                self.close_as_passed(&organisation.id, &item.id, why).await?
            }
            Disposition::Limit | Disposition::File => return Ok(None),
        };
        Ok(Some(Passed { disposition, went }))
    }

    /// Decides and commits in one step, and nothing where the contact would be held again.
    async fn commit_if_admitted(
        &self,
        organisation: &Arc<Organisation>,
        person: &Arc<Person>,
        contact: Contact,
    ) -> Result<Commit, StoreError> {
        let profile = &organisation.profile;
        let records = self.records_of(&organisation.id, person).await?;
        let roster = Roster::new(records, profile.nation);
        let sender = sender::resolve(&roster, profile, &contact, contact.at);
        let organisation_id = organisation.id.clone();
        let digest = sha256(contact.id.as_bytes());
        let (id, at, now) = (contact.id.clone(), contact.at, self.clock.now());
        let organisation = Arc::clone(organisation);
        let request = CommitRequest {
            organisation: organisation_id,
            contact: id,
            digest,
            person: Some(person.id.clone()),
            also: merge::others(person),
            needs_received: decide::needs_received(person),
            counted_since: at - COUNTED_DAYS_AGAIN,
            at: now,
            preview: false,
            decide: Arc::new(move |ledger| {
                let dossier = Dossier { sender: &sender, ledger: Some(ledger), reading: None };
                let verdict = decide_again(&organisation, dossier, &contact, now);
                if !is_admitted(verdict.decision.disposition) {
                    return Err(Withheld::NothingToWrite);
                }
                Ok(Settled {
                    decision: verdict.decision,
                    additions: verdict.additions,
                    item: verdict.item,
                    audit: verdict.audit,
                })
            }),
        };
        self.store.commit(request).await
    }

    /// The item that the contact has now, on the queue of its point of contact, has the original.
    async fn hand_on_original(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
        by: &str,
    ) -> Result<(), Fault> {
        let id = again(&item.contact);
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(&organisation.id, &id).await? else { return Ok(()) };
            let now = QueueItem { archived: item.archived.clone(), ..was.clone() };
            if now == was {
                return Ok(());
            }
            let event = AuditEvent::Item { item: id.clone(), action: AGAIN.to_owned() };
            let stamp = self.stamp(by);
            if self.store.replace_item(&organisation.id, &was, &now, stamp, event).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
    }
}

/// What follows the id of a contact in that of its second decision.
const SECOND: &str = "-again";

/// The id of a contact that is decided again.
fn again(contact: &str) -> String {
    format!("{contact}{SECOND}")
}

/// The id of the contact that was decided again under this one.
pub(super) fn first(again: &str) -> Option<&str> {
    again.strip_suffix(SECOND)
}

const fn is_admitted(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Deliver | Disposition::Route)
}

/// One of the listed identifiers that only one person has.
pub(super) fn own_identifier(listed: &[ListedIdentifier]) -> Option<SenderIdentifier> {
    let own = listed.iter().find(|one| !one.shared)?;
    let (kind, value) = (own.kind, own.value.clone());
    Some(SenderIdentifier { kind, value, assurance: Assurance::Proven })
}

/// A contact, as far as it is on record: its id, channel and instant, and what its item has of it.
pub(super) fn contact_on_record(
    id: String,
    (channel, at): (Channel, DateTime<Utc>),
    item: Option<&QueueItem>,
    from: SenderIdentifier,
) -> Contact {
    let attachment =
        |sha256: &String| Attachment { name: String::new(), sha256: sha256.clone(), bytes: 0 };
    let attachments = item.map(|item| item.attachments.iter().map(attachment).collect());
    Contact {
        from: vec![from],
        to: item.map(|item| item.original_to.clone()).unwrap_or_default(),
        subject: item.and_then(|item| item.subject.clone()),
        text: item.and_then(|item| item.text.clone()),
        issue: item.and_then(|item| item.issue.clone()),
        thread: item.map(|item| item.thread.clone()).unwrap_or_default(),
        attachments: attachments.unwrap_or_default(),
        unanswerable: true,
        ..Contact::new(id, channel, at)
    }
}
