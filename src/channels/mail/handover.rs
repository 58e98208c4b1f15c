//! Behind the final dot: decide, hand on, answer.
//!
//! LMTP has an answer for each recipient, SMTP one for all. So in SMTP the first part that fails
//! ends the work: what was delivered before it is remembered, the sender tries again, and then
//! only the rest is sent.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt as _;
use tokio::time::Instant;

use super::authentication::Border;
use super::edge::{MailEdge, count};
use super::parts::{self, Action, Memory, Part};
use super::reading::{self, Reading};
use super::replies;
use super::spool::Content;
use super::wire::Path;
use crate::domain::decision::Decision;
use crate::domain::organisation::OrganisationId;
use crate::ports::Attachment;
use crate::ports::message::HeaderBlock;
use crate::ports::relay::{
    Envelope, Letter, Marked, OwnFields, Partly, Recipient, RelayError, Reply, Trace, Transaction,
};
use crate::runtime::limits::{MAIL_DECIDE_AND_SEND, MAIL_HOPS_MAX};

/// How the sender hears of the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    Smtp,
    Lmtp,
}

/// A message with its envelope, all there.
pub(super) struct Message {
    pub(super) protocol: Protocol,
    pub(super) envelope: Envelope,
    pub(super) sender: Path,
    pub(super) recipients: Vec<Addressed>,
    pub(super) content: Arc<Content>,
    pub(super) client: String,
    pub(super) with: &'static str,
    pub(super) id: String,
}

/// One recipient: its address, and what is replayed of its command.
pub(super) struct Addressed {
    pub(super) address: Path,
    pub(super) recipient: Recipient,
}

impl Message {
    pub(super) fn mailboxes(&self, members: &[usize]) -> Vec<String> {
        self.members(members).map(|addressed| addressed.address.mailbox.clone()).collect()
    }

    fn members<'a>(&'a self, members: &'a [usize]) -> impl Iterator<Item = &'a Addressed> {
        members.iter().filter_map(|index| self.recipients.get(*index))
    }
}

/// The replies, one for each recipient; and what was delivered without being remembered yet.
pub(super) struct Handed {
    pub(super) replies: Vec<Reply>,
    pub(super) delivered: Vec<(OrganisationId, String)>,
}

/// Does all that is to be done with a message. A panic on the way is trouble of ours. `live`: a
/// transaction downstream that has these very recipients, if there is one.
pub(super) async fn hand_over(
    edge: &MailEdge,
    message: Message,
    live: Option<Box<dyn Transaction>>,
) -> Handed {
    let recipients = message.recipients.len();
    let work = AssertUnwindSafe(hand_over_unguarded(edge, message, live)).catch_unwind();
    work.await.unwrap_or_else(|_| {
        tracing::error!("handling a message failed; its sender is asked to try again");
        all(recipients, replies::trouble())
    })
}

fn all(recipients: usize, reply: Reply) -> Handed {
    Handed { replies: vec![reply; recipients], delivered: Vec::new() }
}

async fn hand_over_unguarded(
    edge: &MailEdge,
    message: Message,
    mut live: Option<Box<dyn Transaction>>,
) -> Handed {
    let deadline = Instant::now() + MAIL_DECIDE_AND_SEND;
    let recipients = message.recipients.len();
    let Some(reading) = read(edge, &message).await else {
        abandon(&mut live).await;
        return all(recipients, replies::trouble());
    };
    if reading.hops > MAIL_HOPS_MAX {
        abandon(&mut live).await;
        return all(recipients, replies::looping());
    }
    let own_fields = own_fields(edge, &message, &reading);
    let parts = match own_fields {
        OwnFields::Stay => {
            let members = (0..recipients).collect();
            vec![Part { members, action: Action::Relay(None), memory: None }]
        }
        OwnFields::TakenOff => parts::decide(edge, &message, &reading, deadline).await,
    };
    let work = Work { edge, message: &message, reading: &reading, own_fields, deadline };
    let handed = match message.protocol {
        Protocol::Smtp => work.as_one(parts, &mut live).await,
        Protocol::Lmtp => work.each(parts).await,
    };
    abandon(&mut live).await;
    handed
}

async fn abandon(live: &mut Option<Box<dyn Transaction>>) {
    if let Some(transaction) = live.take() {
        transaction.abandon().await;
    }
}

/// Reads the message off the runtime's threads: it may be on disk, and parsing takes a while.
async fn read(edge: &MailEdge, message: &Message) -> Option<Reading> {
    let content = Arc::clone(&message.content);
    let settings = Arc::clone(&edge.settings);
    let null_sender = message.sender.mailbox.is_empty();
    let reading = tokio::task::spawn_blocking(move || {
        let border =
            Border { authserv_ids: &settings.trusted_authserv_ids, hosts: &settings.border_hosts };
        reading::read(&content, null_sender, border)
    });
    match reading.await {
        Ok(Ok(reading)) => {
            if reading.unread {
                count(&edge.counts.unread, 1);
                tracing::warn!("a message can't be read in full; it goes on, flagged");
            }
            Some(reading)
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a message can't be read from the spool");
            None
        }
        Err(_) => None,
    }
}

/// Whether the message carries a mark of ours. Fields that the gateway did not write are counted.
fn own_fields(edge: &MailEdge, message: &Message, reading: &Reading) -> OwnFields {
    let now = edge.clock.now();
    let sender = &message.envelope.sender;
    let marked =
        reading.marks.iter().any(|mark| edge.relay.is_own_mark(mark, sender, &reading.digest, now));
    if marked {
        count(&edge.counts.passed_by_mark, 1);
        tracing::info!("a message came round again: it passes by its mark");
        return OwnFields::Stay;
    }
    if reading.own_fields > 0 {
        count(&edge.counts.forged_fields, 1);
        tracing::warn!("a message carries fields of the gateway's own names: they are taken off");
    }
    OwnFields::TakenOff
}

struct Work<'a> {
    edge: &'a MailEdge,
    message: &'a Message,
    reading: &'a Reading,
    own_fields: OwnFields,
    deadline: Instant,
}

/// What came of one part.
struct Done {
    /// A reply for each member, in order.
    replies: Vec<Reply>,
    /// Whether each member was sent now, rather than known to be delivered before.
    sent: Vec<bool>,
    /// Delivery keys of what was delivered now and is not remembered yet.
    keys: Vec<(OrganisationId, String)>,
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
    async fn each(&self, parts: Vec<Part>) -> Handed {
        let mut by_recipient: BTreeMap<usize, Reply> = BTreeMap::new();
        let mut delivered = Vec::new();
        for part in &parts {
            let done = self.part(part, Partly::Allowed, &mut None).await;
            by_recipient.extend(part.members.iter().copied().zip(done.replies));
            delivered.extend(done.keys);
        }
        let reply = |index| by_recipient.remove(&index).unwrap_or_else(replies::trouble);
        Handed { replies: (0..self.message.recipients.len()).map(reply).collect(), delivered }
    }

    /// SMTP: all of it, or the sender tries again.
    async fn as_one(&self, parts: Vec<Part>, live: &mut Option<Box<dyn Transaction>>) -> Handed {
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
        // What was delivered must not be delivered again by the retry that is asked for now.
        self.edge.remember(delivered).await;
        if refusal.is_permanent() && some_taken {
            return all(recipients, replies::some_refused());
        }
        all(recipients, refusal)
    }

    async fn part(
        &self,
        part: &Part,
        partly: Partly,
        live: &mut Option<Box<dyn Transaction>>,
    ) -> Done {
        let members = part.members.len();
        match &part.action {
            Action::Kept => Done::before(members),
            Action::Failed(reply) => Done::same(members, reply.clone()),
            Action::Relay(decision) => self.relay(part, decision.clone(), partly, live).await,
            Action::Route { decision, mailbox } => {
                abandon(live).await;
                match self.route(part, decision, mailbox).await {
                    Some(reply) => Done::same(members, reply),
                    None => Done::before(members),
                }
            }
        }
    }

    /// To the part's own recipients, those that have it already aside.
    async fn relay(
        &self,
        part: &Part,
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
        let letter = self.letter(decision, Vec::new(), part.memory.as_ref());
        if recipients.len() < self.message.recipients.len() {
            abandon(live).await;
        }
        let envelope = &self.message.envelope;
        let result = match live.take() {
            Some(transaction) => match transaction.deliver(&letter, self.deadline).await {
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
                tracing::warn!(%error, "a message could not be handed on");
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
        letter: &Letter,
    ) -> Result<Vec<Reply>, RelayError> {
        self.edge.relay.deliver(envelope, recipients, partly, letter, self.deadline).await
    }

    async fn delivered_before(&self, memory: Option<&Memory>, mailboxes: &[String]) -> Vec<bool> {
        let nothing = vec![false; mailboxes.len()];
        let Some(memory) = memory.filter(|memory| memory.repeated) else { return nothing };
        let keys: Vec<String> = mailboxes.iter().map(|to| memory.key(to)).collect();
        match self.edge.deliveries.delivered(&memory.organisation, &keys).await {
            Ok(done) if done.len() == mailboxes.len() => done,
            Ok(_) => nothing,
            Err(error) => {
                tracing::warn!(%error, "what was delivered before is not known");
                nothing
            }
        }
    }

    /// The keys of what was taken now. Remembered at once where every delivery is.
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

    /// To the route's mailbox, in place of all the part's recipients. `None`: it has it already.
    async fn route(&self, part: &Part, decision: &Arc<Decision>, mailbox: &str) -> Option<Reply> {
        let memory = part.memory.as_ref();
        let named = [format!("route {mailbox}")];
        if self.delivered_before(memory, &named).await == [true] {
            return None;
        }
        let original_to = self.message.mailboxes(&part.members);
        let letter = self.letter(Some(Arc::clone(decision)), original_to, memory);
        let mut envelope = self.message.envelope.clone();
        if !mailbox.is_ascii()
            && !envelope.parameters.iter().any(|p| p.eq_ignore_ascii_case(b"SMTPUTF8"))
        {
            envelope.parameters.push(Bytes::from_static(b"SMTPUTF8"));
        }
        // The sender addressed somebody else: no bounce tells of a mailbox that is the
        // organisation's own affair.
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
            return Some(reply);
        }
        // A decision never becomes a bounce: the contact is on the queue, whole.
        tracing::error!(code = reply.code, "a route's mailbox was refused; it is on the queue");
        if let Some(memory) = memory {
            let attachment = Attachment {
                name: "route".into(),
                value: format!("the mailbox was refused ({})", reply.code),
                item: None,
            };
            let attached =
                self.edge.intake.attach(&memory.organisation, &memory.contact, attachment);
            if let Err(error) = attached.await {
                tracing::warn!(%error, "an item could not be told that its mailbox was refused");
            }
        }
        None
    }

    fn letter(
        &self,
        decision: Option<Arc<Decision>>,
        original_to: Vec<String>,
        memory: Option<&Memory>,
    ) -> Letter {
        let content = &self.message.content;
        let mark = memory
            .map(|memory| Marked { contact: memory.contact.clone(), digest: self.reading.digest });
        Letter {
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
