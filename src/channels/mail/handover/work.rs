//! Handing on each part of a message, and gathering what came of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Handed, abandon, all};
use crate::channels::mail::edge::MailEdge;
use crate::channels::mail::message::Message;
use crate::channels::mail::parts::{Action, Memory, MessagePart};
use crate::channels::mail::reading::MailReading;
use crate::channels::mail::replies;
use crate::channels::mail::settings::MailDirection;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::intake::treatment::{Queued, Unreached};
use crate::ports::Attachment;
use crate::ports::message::HeaderBlock;
use crate::ports::relay::{
    Envelope, Marked, OwnFields, Partly, Recipient, RelayError, RelayedMessage, Reply, Trace,
    Transaction,
};
use crate::runtime::trace::{TraceSpan, TraceStep};

pub(super) struct Work<'a> {
    pub(super) edge: &'a MailEdge,
    pub(super) message: &'a Message,
    pub(super) reading: &'a MailReading,
    pub(super) own_fields: OwnFields,
    pub(super) deadline: Instant,
}

/// What came of one part.
struct Done {
    /// A reply for each member, in order.
    replies: Vec<Reply>,
    /// Whether each member was sent now, rather than known to be delivered before.
    sent: Vec<bool>,
    /// Delivery keys of deliveries made now and not remembered yet.
    keys: Vec<(OrganisationId, String)>,
}

/// What came of handing a message to the mailbox of its route.
enum Routed {
    /// The mailbox has it already.
    Before,
    /// What the server said: it is taken, or may be later.
    Said(Reply),
    /// The mailbox is refused for good. The item says so.
    Refused,
}

impl Done {
    fn same(members: usize, reply: Reply) -> Done {
        Done { replies: vec![reply; members], sent: vec![true; members], keys: Vec::new() }
    }

    /// All is well, and nothing had to be sent for it.
    fn before(members: usize) -> Done {
        let replies = vec![replies::accepted(); members];
        Done { replies, sent: vec![false; members], keys: Vec::new() }
    }
}

impl Work<'_> {
    /// LMTP: every part for itself.
    pub(super) async fn each(&self, parts: Vec<MessagePart>) -> Handed {
        let mut by_recipient: BTreeMap<usize, Reply> = BTreeMap::new();
        let mut delivered = Vec::new();
        for part in &parts {
            let done = self.part(part, Partly::Allowed, &mut None).await;
            by_recipient.extend(part.members.iter().copied().zip(done.replies));
            delivered.extend(done.keys);
        }
        let reply = |index| by_recipient.remove(&index).unwrap_or_else(replies::trouble);
        let replies: Vec<Reply> = (0..self.message.recipients.len()).map(reply).collect();
        if replies.iter().any(|reply| !reply.is_positive()) {
            // A client that hears of each recipient tries again only for the others; `pipe` has
            // one exit status for all, and is given all of them again.
            self.edge.remember(std::mem::take(&mut delivered)).await;
        }
        Handed { replies, delivered }
    }

    /// SMTP: all of it, or the sender tries again.
    pub(super) async fn as_one(
        &self,
        parts: Vec<MessagePart>,
        live: &mut Option<Box<dyn Transaction>>,
    ) -> Handed {
        let recipients = self.message.recipients.len();
        let failed = parts.iter().find_map(|part| match &part.action {
            Action::Failed(reply) => Some(reply.clone()),
            Action::Relay(_) | Action::Route { .. } | Action::Kept => None,
        });
        if let Some(reply) = failed {
            return all(recipients, reply);
        }
        // The transaction opened while the recipients were named serves a message that goes to
        // exactly those.
        if parts.len() > 1 {
            abandon(live).await;
        }
        let mut delivered = Vec::new();
        let mut refusal: Option<Reply> = None;
        let mut some_taken = false;
        for part in &parts {
            let done = self.part(part, Partly::Refused, live).await;
            delivered.extend(done.keys);
            for (reply, sent) in done.replies.into_iter().zip(done.sent) {
                if reply.is_positive() {
                    some_taken |= sent;
                } else if refusal.as_ref().is_none_or(Reply::is_permanent) {
                    refusal = Some(reply);
                }
            }
            if refusal.is_some() {
                break;
            }
        }
        let Some(refusal) = refusal else {
            return Handed { replies: vec![replies::accepted(); recipients], delivered };
        };
        // The retry requested now must not repeat deliveries.
        self.edge.remember(delivered).await;
        if refusal.is_permanent() && some_taken {
            return all(recipients, replies::some_refused());
        }
        all(recipients, refusal)
    }

    async fn part(
        &self,
        part: &MessagePart,
        partly: Partly,
        live: &mut Option<Box<dyn Transaction>>,
    ) -> Done {
        let members = part.members.len();
        match &part.action {
            Action::Kept => Done::before(members),
            Action::Failed(reply) => Done::same(members, reply.clone()),
            Action::Relay(decision) => self.relay(part, decision.clone(), partly, live).await,
            Action::Route { decision, mailbox, queued, unreached } => {
                abandon(live).await;
                // Large, and not for most messages: on the heap.
                match (Box::pin(self.route(part, decision, mailbox)).await, unreached, queued) {
                    (Routed::Said(reply), _, _) => Done::same(members, reply),
                    (Routed::Before, _, _) => Done::before(members),
                    (Routed::Refused, Unreached::PassOn, _) => {
                        let decision = Some(Arc::clone(decision));
                        Box::pin(self.relay(part, decision, partly, live)).await
                    }
                    (Routed::Refused, Unreached::Waits, Queued::TextOnly) => {
                        Done::same(members, replies::over_quota())
                    }
                    (Routed::Refused, Unreached::Waits, Queued::Whole) => Done::before(members),
                }
            }
        }
    }

    /// To the part's own recipients, those that have it already aside.
    async fn relay(
        &self,
        part: &MessagePart,
        decision: Option<Arc<Decision>>,
        partly: Partly,
        live: &mut Option<Box<dyn Transaction>>,
    ) -> Done {
        let mailboxes = self.message.mailboxes(&part.members);
        let before = self.delivered_before(part.memory.as_ref(), &mailboxes).await;
        let recipients: Vec<Recipient> = self
            .message
            .members(&part.members)
            .zip(&before)
            .filter(|(_, done)| !**done)
            .map(|(addressed, _)| addressed.recipient.clone())
            .collect();
        let sent: Vec<bool> = before.iter().map(|done| !done).collect();
        if recipients.is_empty() {
            return Done::before(part.members.len());
        }
        let letter = self.letter(decision, Vec::new(), part.memory.as_ref(), mailboxes.clone());
        if recipients.len() < self.message.recipients.len() {
            abandon(live).await;
        }
        let envelope = &self.message.envelope;
        let result = match live.take() {
            Some(transaction) => match self.send_in(transaction, &letter).await {
                // The transaction had waited for the message, and its connection may have died of
                // that. Nothing was taken, so a new one may be tried.
                Err(RelayError::Lost | RelayError::Slow) => {
                    self.send(envelope, &recipients, partly, &letter).await
                }
                result => result,
            },
            None => self.send(envelope, &recipients, partly, &letter).await,
        };
        let mut results = match result {
            Ok(replies) => replies.into_iter(),
            Err(error) => {
                let contact = part.memory.as_ref().map(|memory| memory.contact.as_str());
                tracing::warn!(%error, contact, "a message could not be handed on");
                vec![replies::relay_trouble(error); recipients.len()].into_iter()
            }
        };
        let replies: Vec<Reply> = sent
            .iter()
            .map(|sent| {
                if *sent {
                    results.next().unwrap_or_else(replies::trouble)
                } else {
                    replies::accepted()
                }
            })
            .collect();
        let keys = self.taken(part.memory.as_ref(), &mailboxes, &replies, &sent).await;
        Done { replies, sent, keys }
    }

    async fn send(
        &self,
        envelope: &Envelope,
        recipients: &[Recipient],
        partly: Partly,
        letter: &RelayedMessage,
    ) -> Result<Vec<Reply>, RelayError> {
        let span = TraceSpan::next(TraceStep::Relay);
        let relay = &self.edge.relay;
        let sending = relay.deliver(envelope, recipients, partly, letter, self.deadline);
        let result = span.clone().around(sending).await;
        say_how(&span, &result);
        result
    }

    /// As `send`, in the transaction that was opened while the recipients were named.
    async fn send_in(
        &self,
        transaction: Box<dyn Transaction>,
        letter: &RelayedMessage,
    ) -> Result<Vec<Reply>, RelayError> {
        let span = TraceSpan::next(TraceStep::Relay);
        let result = span.clone().around(transaction.deliver(letter, self.deadline)).await;
        say_how(&span, &result);
        result
    }

    async fn delivered_before(&self, memory: Option<&Memory>, mailboxes: &[String]) -> Vec<bool> {
        let nothing = vec![false; mailboxes.len()];
        let Some(memory) = memory.filter(|memory| memory.repeated) else { return nothing };
        let keys: Vec<String> = mailboxes.iter().map(|to| memory.key(to)).collect();
        match self.edge.deliveries.delivered(&memory.organisation, &keys).await {
            Ok(done) if done.len() == mailboxes.len() => done,
            Ok(_) => nothing,
            Err(error) => {
                tracing::warn!(%error, "earlier deliveries are unknown");
                nothing
            }
        }
    }

    /// The keys of recipients accepted now. Remembered at once where every delivery is.
    async fn taken(
        &self,
        memory: Option<&Memory>,
        mailboxes: &[String],
        replies: &[Reply],
        sent: &[bool],
    ) -> Vec<(OrganisationId, String)> {
        let Some(memory) = memory else { return Vec::new() };
        let keys: Vec<(OrganisationId, String)> = mailboxes
            .iter()
            .zip(replies.iter().zip(sent))
            .filter(|(_, (reply, sent))| **sent && reply.is_positive())
            .map(|(mailbox, _)| (memory.organisation.clone(), memory.key(mailbox)))
            .collect();
        if memory.always {
            self.edge.remember(keys).await;
            return Vec::new();
        }
        keys
    }

    /// To the route's mailbox, in place of all the part's recipients.
    async fn route(&self, part: &MessagePart, decision: &Arc<Decision>, mailbox: &str) -> Routed {
        let memory = part.memory.as_ref();
        let named = [format!("route {mailbox}")];
        if self.delivered_before(memory, &named).await == [true] {
            return Routed::Before;
        }
        let original_to = self.message.mailboxes(&part.members);
        let to = vec![mailbox.to_owned()];
        let letter = self.letter(Some(Arc::clone(decision)), original_to, memory, to);
        let mut envelope = self.message.envelope.clone();
        if !mailbox.is_ascii()
            && !envelope.parameters.iter().any(|p| p.eq_ignore_ascii_case(b"SMTPUTF8"))
        {
            envelope.parameters.push(Bytes::from_static(b"SMTPUTF8"));
        }
        // The sender addressed somebody else: a bounce must not reveal a mailbox that is the organisation's own affair.
        let offer = self.edge.relay.capabilities().await;
        let silent = offer.dsn.then(|| Bytes::from_static(b"NOTIFY=NEVER"));
        let recipient = Recipient {
            path: Bytes::from(format!("<{mailbox}>")),
            parameters: silent.into_iter().collect(),
        };
        let recipients = [recipient];
        let reply = match self.send(&envelope, &recipients, Partly::Refused, &letter).await {
            Ok(replies) => replies.into_iter().next().unwrap_or_else(replies::trouble),
            Err(error) => replies::relay_trouble(error),
        };
        let sent = [true];
        let keys = self.taken(memory, &named, std::slice::from_ref(&reply), &sent).await;
        self.edge.remember(keys).await;
        if !reply.is_permanent() {
            return Routed::Said(reply);
        }
        // A decision never becomes a bounce: the contact is on the queue, whole.
        tracing::error!(
            code = reply.code,
            contact = memory.map(|memory| memory.contact.as_str()),
            "a route's mailbox was refused; the contact is on the queue"
        );
        if let Some(memory) = memory {
            let attachment = Attachment {
                name: "route".into(),
                value: format!("the mailbox was refused ({})", reply.code),
                item: None,
            };
            let attached =
                self.edge.intake.attach(&memory.organisation, &memory.contact, attachment);
            if let Err(error) = attached.await {
                tracing::warn!(%error, "an item could not record that its mailbox was refused");
            }
        }
        Routed::Refused
    }

    /// `to`: its recipients, for the loop mark.
    pub(super) fn letter(
        &self,
        decision: Option<Arc<Decision>>,
        original_to: Vec<String>,
        memory: Option<&Memory>,
        to: Vec<String>,
    ) -> RelayedMessage {
        let content = &self.message.content;
        // Outgoing mail does not come round again, and a mark would be visible outside.
        let marked = memory.filter(|_| self.edge.direction == MailDirection::Inbound);
        let mark = marked.map(|memory| Marked {
            contact: memory.contact.clone(),
            digest: self.reading.digest,
            recipients: to,
        });
        RelayedMessage {
            original: content.original.clone(),
            head: content.head.clone(),
            header: Arc::new(HeaderBlock::clone(&self.reading.header)),
            length: content.length,
            trace: Trace {
                own_fields: self.own_fields,
                decision,
                original_to,
                mark,
                client: self.message.client.clone(),
                protocol: self.message.with,
                id: self.message.id.clone(),
                at: self.edge.clock.now(),
            },
        }
    }
}

/// Puts the answer of the server behind on a span.
fn say_how(span: &TraceSpan, result: &Result<Vec<Reply>, RelayError>) {
    let Ok(replies) = result else { return span.failed("not handed on") };
    match replies.iter().find(|reply| !reply.is_positive()) {
        None => span.came("accepted"),
        Some(reply) => {
            span.answered(reply.code);
            span.came(if reply.is_permanent() { "refused" } else { "deferred" });
        }
    }
}
