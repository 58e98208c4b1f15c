//! Holding an outgoing message: its original is in the archive and its item on a queue before the mail server hears
//! that the message is accepted.

use chrono::{DateTime, Utc};

use super::{Against, Outbound, Passage, in_time, is_remembered, remember};
use crate::domain::audit::{AuditEvent, GATEWAY};
use crate::domain::channel::Channel;
use crate::domain::decision::Disposition;
use crate::domain::flag::Flag;
use crate::domain::organisation::Organisation;
use crate::domain::outbound::Objection;
use crate::domain::queue::{ItemState, QueueItem, REVIEW};
use crate::intake::Intake;
use crate::intake::kept::Keeping;
use crate::ports::documents::{Batch, WriteFault};
use crate::ports::{Owner, Stamp, StoreError};
use crate::runtime::tokens::{hex, sha256};

impl Intake {
    pub(super) async fn hold(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        against: &Against,
        at: DateTime<Utc>,
    ) -> Passage {
        let to: Vec<String> = against
            .members
            .iter()
            .filter_map(|member| message.recipients.get(*member).cloned())
            .collect();
        let id = held_id(message, &against.objection.person, &to);
        match self.held(organisation, message, against, (&id, to), at).await {
            Ok(Some(item)) => {
                self.notify_once(organisation, message, &against.objection, &item).await;
                Passage::Held
            }
            // The reason is in the log.
            Ok(None) => Passage::TryAgain,
            Err(error) => {
                tracing::warn!(%error, contact = id, "an outgoing message can't be held; it is deferred");
                Passage::TryAgain
            }
        }
    }

    /// Holds the message, unless it is held already; `None` if the archive refuses it. The archive may use the
    /// message's whole time, since a large original would never be stored within the time of a commit.
    async fn held(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        against: &Against,
        (id, to): (&str, Vec<String>),
        at: DateTime<Utc>,
    ) -> Result<Option<QueueItem>, StoreError> {
        if let Some(item) = in_time(self.store.item(&organisation.id, id)).await? {
            return Ok(Some(item));
        }
        let person = Some(against.objection.person.as_str());
        let owner = Owner { person, ..Owner::contact(id) };
        let kept = self.keep(&organisation.id, owner, message.original.clone()).await;
        let Keeping::Kept(reference) = kept else { return Ok(None) };
        let item = QueueItem { archived: Some(reference), ..item(message, against, (id, to), at) };
        let entry = self.entry(organisation, message, &against.objection, id);
        let batch = Batch::new(Stamp { by: GATEWAY.to_owned(), at })
            .item(None, item.clone())
            .audit(AuditEvent::Outbound(entry));
        match in_time(self.store.write(&organisation.id, batch)).await {
            // Another transaction or gateway was first, with the same item.
            Ok(()) | Err(WriteFault::Conflict(_)) => Ok(Some(item)),
            Err(WriteFault::Store(error)) => Err(error),
        }
    }

    /// Notifies colleagues of an item once, even if the item was written earlier and the notice was lost.
    async fn notify_once(
        &self,
        organisation: &Organisation,
        message: &Outbound,
        objection: &Objection,
        item: &QueueItem,
    ) {
        let key = format!("outbound-notified {}", item.id);
        let store = self.store.as_ref();
        let is_known = is_remembered(store, &organisation.id, &key).await.unwrap_or(false);
        if is_known || !item.state.is_waiting() {
            return;
        }
        self.notify_of_held(organisation, message, objection, item);
        let now = self.clock.now();
        if let Err(error) = remember(store, &organisation.id, key, now).await {
            tracing::warn!(%error, contact = item.id, "a notice of a held message could not be remembered");
        }
    }
}

/// The item, on the queue of the point of contact. It has no promised day of reply, so it never becomes overdue.
fn item(
    message: &Outbound,
    against: &Against,
    (id, to): (&str, Vec<String>),
    at: DateTime<Utc>,
) -> QueueItem {
    let objection = &against.objection;
    let queue = objection.through.as_ref().and_then(|through| through.queue.clone());
    QueueItem {
        id: id.to_owned(),
        queue: queue.unwrap_or_else(|| REVIEW.to_owned()),
        contact: id.to_owned(),
        person: Some(objection.person.clone()),
        channel: Channel::Email,
        at,
        disposition: Disposition::Limit,
        reasons: vec![objection.reason.clone()],
        flags: vec![Flag::Outbound],
        subject: message.subject.clone(),
        original_to: to,
        sent_by: Some(message.envelope_sender.clone()),
        issue: None,
        thread: message.message_id.iter().cloned().collect(),
        attachments: Vec::new(),
        new: Vec::new(),
        lane_used: None,
        routed_to: None,
        read_by: None,
        overdue: false,
        resembles: Vec::new(),
        archived: None,
        text: message.text.clone(),
        state: ItemState::Open,
        claimed_by: None,
        claimed_at: None,
        done_by: None,
        done_at: None,
        filed_from: None,
        notes: Vec::new(),
        attached: Vec::new(),
    }
}

/// The same for every retry to the same recipients of a person.
fn held_id(message: &Outbound, person: &str, to: &[String]) -> String {
    let mut to = to.to_vec();
    to.sort();
    let named = format!("{}\n{person}\n{}", message.id, to.join("\n"));
    let digest = hex(&sha256(named.as_bytes()));
    format!("outbound-{}", digest.get(..32).unwrap_or(&digest))
}
