//! Releasing a kept message: it goes to the recipients that it was addressed to, as it came, once.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

use crate::domain::organisation::OrganisationId;
use crate::domain::queue::QueueItem;
use crate::ports::message::{FURTHER_RECIPIENTS, HeaderBlock, content_digest};
use crate::ports::relay::{
    Envelope, Marked, OwnFields, Partly, Recipient, Relay, RelayedMessage, Reply, Trace,
};
use crate::ports::{Clock, Deliveries, Original, Release, ReleaseError};
use crate::runtime::limits::{MAIL_DECIDE_AND_SEND, MAIL_HEADER_BYTES_MAX};

pub struct MailRelease {
    relay: Arc<dyn Relay>,
    deliveries: Arc<dyn Deliveries>,
    clock: Arc<dyn Clock>,
}

impl MailRelease {
    pub fn new(
        relay: Arc<dyn Relay>,
        deliveries: Arc<dyn Deliveries>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        MailRelease { relay, deliveries, clock }
    }

    /// The recipients that have not had it yet, each with its delivery key.
    async fn waiting(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
    ) -> Result<Vec<(String, Recipient)>, ReleaseError> {
        let to = recipients(item);
        let keys: Vec<String> =
            to.iter().map(|to| format!("release {} {to}", item.contact)).collect();
        let done = self.deliveries.delivered(organisation, &keys).await?;
        let recipients = keys.into_iter().zip(&to).zip(done);
        Ok(recipients
            .filter(|(_, done)| !done)
            .map(|((key, to), _)| {
                let path = Bytes::from(format!("<{to}>"));
                (key, Recipient { path, parameters: Vec::new() })
            })
            .collect())
    }

    fn letter(&self, item: &QueueItem, original: Bytes) -> Result<RelayedMessage, ReleaseError> {
        let head = original.slice(..MAIL_HEADER_BYTES_MAX.min(original.len()));
        let header = HeaderBlock::scan(&head, head.len() == original.len());
        let length = original.len() as u64;
        let original = Original::Bytes(original);
        let digest = content_digest(&head, &header, &original)
            .map_err(|_| ReleaseError::Away("the original can't be read".into()))?;
        Ok(RelayedMessage {
            original,
            head,
            header: Arc::new(header),
            length,
            trace: Trace {
                own_fields: OwnFields::TakenOff,
                decision: None,
                original_to: Vec::new(),
                // The mark keeps the message from being limited again, should the server send it through the gateway
                // once more. Outgoing messages do not come by again, and must not show a mark outside.
                mark: item.sent_by.is_none().then(|| Marked {
                    contact: item.contact.clone(),
                    digest,
                    recipients: recipients(item),
                }),
                client: "localhost".into(),
                protocol: "LMTP",
                id: item.id.clone(),
                at: self.clock.now(),
            },
        })
    }
}

#[async_trait]
impl Release for MailRelease {
    async fn release(
        &self,
        organisation: &OrganisationId,
        item: &QueueItem,
        original: Bytes,
    ) -> Result<(), ReleaseError> {
        if recipients(item).is_empty() {
            return Err(ReleaseError::Refused("the item names no recipients".into()));
        }
        let waiting = self.waiting(organisation, item).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        let letter = self.letter(item, original)?;
        let (keys, recipients): (Vec<String>, Vec<Recipient>) = waiting.into_iter().unzip();
        let sender = item.sent_by.as_deref().unwrap_or_default();
        let is_ascii = sender.is_ascii() && recipients.iter().all(|one| one.path.is_ascii());
        let envelope = Envelope {
            // The sender was already notified that the message was accepted: what happens to it now
            // is the organisation's, and no bounce goes out for it. A colleague should hear of one.
            sender: Bytes::from(format!("<{sender}>")),
            parameters: parameters(&letter, is_ascii),
            forwarded: Vec::new(),
        };
        let deadline = Instant::now() + MAIL_DECIDE_AND_SEND;
        let replies = self
            .relay
            .deliver(&envelope, &recipients, Partly::Allowed, &letter, deadline)
            .await
            .map_err(|error| ReleaseError::Away(error.to_string()))?;
        let taken: Vec<String> = keys
            .into_iter()
            .zip(&replies)
            .filter(|(_, reply)| reply.is_positive())
            .map(|(key, _)| key)
            .collect();
        if !taken.is_empty() {
            self.deliveries.remember_delivered(organisation, taken, self.clock.now()).await?;
        }
        verdict(&replies)
    }
}

/// The recipients as addressed: those of the first transaction, and those named by the sending server in further ones,
/// in their order.
fn recipients(item: &QueueItem) -> Vec<String> {
    let further = item
        .attached
        .iter()
        .filter(|attached| attached.name == FURTHER_RECIPIENTS)
        .flat_map(|attached| attached.value.lines());
    let mut all: Vec<String> = Vec::new();
    for to in item.original_to.iter().map(String::as_str).chain(further) {
        if !all.iter().any(|known| known == to) {
            all.push(to.to_owned());
        }
    }
    all
}

/// The parameters that the server needs for 8-bit content and for addresses outside ASCII (RFC 6531).
fn parameters(letter: &RelayedMessage, is_ascii: bool) -> Vec<Bytes> {
    let mut parameters = Vec::new();
    if let Original::Bytes(bytes) = &letter.original
        && !bytes.is_ascii()
    {
        parameters.push(Bytes::from_static(b"BODY=8BITMIME"));
    }
    if !is_ascii {
        parameters.push(Bytes::from_static(b"SMTPUTF8"));
    }
    parameters
}

fn verdict(replies: &[Reply]) -> Result<(), ReleaseError> {
    let refused = replies.iter().filter(|reply| !reply.is_positive()).count();
    if refused == 0 {
        return Ok(());
    }
    let all = replies.len();
    let text = format!("the mail server refused {refused} of {all} recipients");
    if replies.iter().any(|reply| !reply.is_positive() && !reply.is_permanent()) {
        Err(ReleaseError::Away(text))
    } else {
        Err(ReleaseError::Refused(text))
    }
}
