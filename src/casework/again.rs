//! Deciding a contact again that was held: what passes now goes where it was going, once.
//!
//! The recorded decision stands for the contact's own id; the one that follows it has an id of its own, so
//! that it counts as any other does and is on the audit trail.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::audit::AuditEvent;
use crate::domain::channel::Channel;
use crate::domain::contact::{Attachment, Contact, SenderIdentifier};
use crate::domain::decide::{self, Dossier, decide};
use crate::domain::decision::Disposition;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::Organisation;
use crate::domain::person::{ListedIdentifier, Person};
use crate::domain::queue::{self, ItemAction, ItemFault, Note, QueueItem};
use crate::domain::roster::Roster;
use crate::domain::sender;
use crate::ports::{CommitRequest, ItemFilter, Settled, StoreError};
use crate::runtime::limits::{COUNTED_DAYS_AGAIN, ITEM_TRIES_MAX, PAGE_ITEMS_MAX};
use crate::runtime::tokens::sha256;

use super::{Desk, Fault};

/// On an item that would pass now, and of which no original is kept to be handed on.
pub(super) const PASSES_NOW: &str = "passes_now";

/// Of a decision on a contact that was held and is decided again: it is no other contact.
pub(super) const DECIDED_AGAIN: &str = "decided_again";

/// The verb's name on the audit trail.
const AGAIN: &str = "decided-again";

/// Why contacts are decided again, for the note on each, and who has it done.
#[derive(Debug, Clone, Copy)]
pub(super) struct Why<'a> {
    pub text: &'a str,
    pub by: &'a str,
}

impl Desk {
    /// A person's items that wait on a queue of what is held and that `held` chooses, oldest first.
    pub(super) async fn held_items(
        &self,
        organisation: &Organisation,
        queues: &[&str],
        person: &str,
        most: usize,
        held: impl Fn(&QueueItem) -> bool + Send + Sync,
    ) -> Result<Vec<QueueItem>, Fault> {
        let mut found: Vec<QueueItem> = Vec::new();
        for queue in queues {
            let mut after = None;
            loop {
                let filter = ItemFilter { after, limit: PAGE_ITEMS_MAX, ..ItemFilter::default() };
                let page = self.store.items(&organisation.id, queue, filter).await?;
                let is_last = page.len() < PAGE_ITEMS_MAX;
                after = page.last().map(|item| item.id.clone());
                found.extend(page.into_iter().filter(|item| {
                    item.person.as_deref() == Some(person)
                        && !item.flags.iter().any(|flag| flag == PASSES_NOW)
                        && held(item)
                }));
                if is_last || after.is_none() || found.len() >= most {
                    break;
                }
            }
        }
        found.sort_by(|a, b| (a.at, &a.id).cmp(&(b.at, &b.id)));
        found.truncate(most);
        Ok(found)
    }

    /// Decides an item's contact again on a person's record as it is now. What passes is recorded,
    /// counted, and goes on its way; `None`: it stays held, and nothing is written.
    pub(super) async fn pass_if_it_may(
        &self,
        organisation: &Arc<Organisation>,
        person: &Arc<Person>,
        item: &QueueItem,
        why: Why<'_>,
    ) -> Result<Option<Disposition>, Fault> {
        let Some(from) = own_identifier(&person.identifiers) else { return Ok(None) };
        let came = (item.channel, item.at);
        let contact = contact_on_record(again(&item.contact), came, Some(item), from);
        let disposition = match self.commit_if_admitted(organisation, person, contact).await {
            Ok(disposition) => disposition,
            // The decider's own word for what stays held.
            Err(StoreError::Refused(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        if !is_admitted(disposition) {
            return Ok(None);
        }
        self.send_on(organisation, item, disposition, why).await?;
        Ok(Some(disposition))
    }

    /// Decides and commits in one step, and nothing where the contact would be held again.
    async fn commit_if_admitted(
        &self,
        organisation: &Arc<Organisation>,
        person: &Arc<Person>,
        contact: Contact,
    ) -> Result<Disposition, StoreError> {
        let profile = &organisation.profile;
        let roster = Roster::new([Arc::clone(person)], profile.nation);
        let sender = sender::resolve(&roster, profile, &contact, contact.at);
        let organisation_id = organisation.id.clone();
        let digest = sha256(contact.id.as_bytes());
        let (id, at) = (contact.id.clone(), contact.at);
        let organisation = Arc::clone(organisation);
        let request = CommitRequest {
            organisation: organisation_id,
            contact: id,
            digest,
            person: Some(person.id.clone()),
            needs_received: decide::needs_received(person),
            counted_since: at - COUNTED_DAYS_AGAIN,
            at: self.clock.now(),
            preview: false,
            decide: Arc::new(move |ledger| {
                let dossier = Dossier { sender: &sender, ledger: Some(ledger), reading: None };
                let mut verdict = decide(&organisation, dossier, &contact, contact.at);
                if !is_admitted(verdict.decision.disposition) {
                    return Err(StoreError::Refused("the contact stays held".to_owned()));
                }
                verdict.audit.flags.push(DECIDED_AGAIN.to_owned());
                Ok(Settled {
                    decision: verdict.decision,
                    additions: verdict.additions,
                    item: verdict.item,
                    audit: verdict.audit,
                })
            }),
        };
        self.store.commit(request).await.map(|committed| committed.decision.disposition)
    }

    /// What was held is admitted now: it goes where it was going. Where nothing of it was kept, or it
    /// can't be handed on, the item stays and says what was decided.
    async fn send_on(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
        disposition: Disposition,
        why: Why<'_>,
    ) -> Result<(), Fault> {
        let whither = match disposition {
            Disposition::Deliver => "it passes now",
            Disposition::Route | Disposition::Limit | Disposition::File => {
                "on the queue of the point of contact"
            }
        };
        self.note_that_it_passes(organisation, item, &format!("{}: {whither}.", why.text), why.by)
            .await?;
        let action = match disposition {
            Disposition::Deliver if item.archived.is_some() => ItemAction::Release,
            Disposition::Route => {
                self.hand_on_original(organisation, item, why.by).await?;
                ItemAction::Close
            }
            Disposition::Deliver | Disposition::Limit | Disposition::File => return Ok(()),
        };
        self.act_on(organisation, item, action, why.by).await
    }

    /// Hands a held contact on whatever would be decided of it; where nothing of it was kept, its item says
    /// so.
    pub(super) async fn let_go(
        &self,
        organisation: &Organisation,
        contact: &str,
        why: Why<'_>,
    ) -> Result<(), Fault> {
        let Some(item) = self.store.item(&organisation.id, contact).await? else { return Ok(()) };
        let text = format!("{}.", why.text);
        self.note_that_it_passes(organisation, &item, &text, why.by).await?;
        if item.archived.is_none() {
            return Ok(());
        }
        self.act_on(organisation, &item, ItemAction::Release, why.by).await
    }

    /// Somebody else may hold the item, or have dealt with it, or its delivery fail for now: the item says so.
    pub(super) async fn act_on(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
        action: ItemAction,
        by: &str,
    ) -> Result<(), Fault> {
        match self.work_item(&organisation.id, &item.queue, &item.id, action, by).await {
            Ok(_)
            | Err(
                Fault::Item(
                    ItemFault::Done(_) | ItemFault::ClaimedByAnother | ItemFault::NothingKept,
                )
                | Fault::Moved { .. }
                | Fault::Delivery(_)
                | Fault::ReleaseUnderWay,
            ) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    async fn note_that_it_passes(
        &self,
        organisation: &Organisation,
        item: &QueueItem,
        text: &str,
        by: &str,
    ) -> Result<(), Fault> {
        for _ in 0..ITEM_TRIES_MAX {
            let Some(was) = self.store.item(&organisation.id, &item.id).await? else {
                return Ok(());
            };
            if was.flags.iter().any(|flag| flag == PASSES_NOW) {
                return Ok(());
            }
            let stamp = self.stamp(by);
            let mut now = was.clone();
            now.flags.push(PASSES_NOW.to_owned());
            now.notes.push(Note { by: by.to_owned(), at: stamp.at, text: text.to_owned() });
            let event = AuditEvent::Item { item: was.id.clone(), action: AGAIN.to_owned() };
            if self.store.replace_item(&organisation.id, &was, &now, stamp, event).await? {
                return Ok(());
            }
        }
        Err(Fault::Contended)
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

/// The queues on which contacts are held.
pub(super) const HELD: [&str; 2] = [queue::LIMITED, queue::FILED];

/// The id of a contact that is decided again.
fn again(contact: &str) -> String {
    format!("{contact}-again")
}

const fn is_admitted(disposition: Disposition) -> bool {
    matches!(disposition, Disposition::Deliver | Disposition::Route)
}

/// An identifier that is one person's alone, of those listed.
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
        id,
        channel,
        at,
        from: vec![from],
        to: item.map(|item| item.original_to.clone()).unwrap_or_default(),
        subject: item.and_then(|item| item.subject.clone()),
        text: item.and_then(|item| item.text.clone()),
        issue: item.and_then(|item| item.issue.clone()),
        thread: item.map(|item| item.thread.clone()).unwrap_or_default(),
        attachments: attachments.unwrap_or_default(),
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
