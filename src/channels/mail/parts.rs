//! The treatment of each part of a message: the recipients of one organisation are one contact with
//! one decision, those of none are relayed as they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::edge::MailEdge;
use super::message::{Addressed, Message};
use super::reading::MailReading;
use super::{notices, replies, translate};
use crate::domain::channel::Channel;
use crate::domain::decision::{Decision, Route};
use crate::domain::identifier::domain_to_ascii;
use crate::domain::organisation::{Organisation, OrganisationId};
use crate::intake::passed::Passed;
use crate::intake::treatment::{Queued, Treatment, Unreached};
use crate::intake::{Again, Inbound, Outcome};
use crate::ports::Attachment;
use crate::ports::message::FURTHER_RECIPIENTS;
use crate::ports::relay::Reply;
use crate::runtime::trace::{TraceSpan, TraceStep};

/// Some of a message's recipients, and the outcome for them.
pub(super) struct MessagePart {
    /// Positions in the message's recipients.
    pub(super) members: Vec<usize>,
    pub(super) action: Action,
    /// Where deliveries are remembered; recipients of no organisation have nowhere.
    pub(super) memory: Option<Memory>,
}

pub(super) enum Action {
    /// To its own recipients, with the decision on top if there was one.
    Relay(Option<Arc<Decision>>),
    /// To the route's mailbox instead.
    Route { decision: Arc<Decision>, mailbox: String, queued: Queued, unreached: Unreached },
    /// Intake has it: nothing goes downstream.
    Kept,
    /// It can't be done now.
    Failed(Reply),
}

pub(super) struct Memory {
    pub(super) organisation: OrganisationId,
    pub(super) contact: String,
    /// The contact was seen before: some of it may be delivered already.
    pub(super) repeated: bool,
    /// Remember every delivery. (Of a sender without restrictions only what a retry would
    /// deliver twice: most mail costs no store access.)
    pub(super) always: bool,
}

impl Memory {
    pub(super) fn key(&self, recipient: &str) -> String {
        format!("{} {recipient}", self.contact)
    }
}

/// Decides a message for all its recipients, organisation by organisation.
pub(super) async fn decide(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
    deadline: Instant,
) -> Vec<MessagePart> {
    let mut owned: BTreeMap<OrganisationId, (Arc<Organisation>, Vec<usize>)> = BTreeMap::new();
    let mut unowned = Vec::new();
    for (index, recipient) in message.recipients.iter().enumerate() {
        match organisation_of(edge, recipient) {
            Some(organisation) => owned
                .entry(organisation.id.clone())
                .or_insert_with(|| (organisation, Vec::new()))
                .1
                .push(index),
            None => unowned.push(index),
        }
    }
    let mut parts = Vec::new();
    for (organisation, members) in owned.into_values() {
        // Large, and moved into the timeout: on the heap.
        let one = Box::pin(decide_one(edge, message, reading, &organisation, members.clone()));
        let part = timeout_at(deadline, one).await.unwrap_or_else(|_| {
            tracing::warn!("a decision took too long; the sender is asked to try again");
            MessagePart { members, action: Action::Failed(replies::trouble()), memory: None }
        });
        parts.push(part);
    }
    if !unowned.is_empty() {
        // Last, since a delivery for nobody is not remembered: whatever can fail comes first.
        parts.push(MessagePart { members: unowned, action: Action::Relay(None), memory: None });
    }
    parts
}

/// Whose recipient it is. A mailbox without a domain (`postmaster`, RFC 5321 4.5.1) or at an address literal belongs to
/// the mail server's organisation.
pub(super) fn organisation_of(edge: &MailEdge, recipient: &Addressed) -> Option<Arc<Organisation>> {
    match recipient.address.domain() {
        Some(domain) if !domain.starts_with('[') => {
            edge.intake.organisation_of_domain(&domain_to_ascii(domain)?)
        }
        Some(_) | None => match &edge.settings.default_organisation {
            Some(organisation) => edge.intake.organisation(organisation),
            None => edge.intake.only_organisation(),
        },
    }
}

/// Leaves a trace of a message that came round again with its mark: once for a mark, on the trail of each organisation
/// and the timelines of the restricted people named.
pub(super) fn note_return(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
    contact: &str,
) {
    let now = edge.clock.now();
    let owners = message.recipients.iter().filter_map(|one| organisation_of(edge, one));
    let owners: BTreeMap<OrganisationId, Arc<Organisation>> =
        owners.map(|one| (one.id.clone(), one)).collect();
    for organisation in owners.values() {
        let id = format!("{contact}:returned:{}", now.timestamp() / RETURNS_NOTED_EVERY_SECONDS);
        let returned = translate::contact(id, reading, &message.sender.mailbox, Vec::new(), now);
        edge.intake.note_passed(organisation, &returned, Passed::ByMark);
    }
    if let Some(organisation) = owners.values().next() {
        let span = TraceSpan::current();
        span.of_contact(organisation.id.as_str(), contact, Channel::Email.name());
        span.came("came round again");
    }
}

/// Of one message that comes round, one entry in an hour.
const RETURNS_NOTED_EVERY_SECONDS: i64 = 3_600;

async fn decide_one(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
    organisation: &Organisation,
    members: Vec<usize>,
) -> MessagePart {
    let to = message.mailboxes(&members);
    let sender = &message.sender.mailbox;
    let id = translate::contact_id(&message.envelope, &reading.digest);
    let mut contact = translate::contact(id.clone(), reading, sender, to.clone(), edge.clock.now());
    contact.unanswerable = !notices::may_answer(organisation, sender, reading);
    let original = Some(message.content.original.clone());
    let inbound = Inbound { contact, digest: reading.digest, original };
    let outcome = edge.intake.receive(&organisation.id, inbound).await;
    let decision = Arc::new(outcome.decision.clone());
    tracing::info!(
        contact = %id,
        organisation = %organisation.id,
        disposition = decision.disposition.name(),
        repeated = outcome.repeated,
        "a message was decided"
    );
    let action = action(edge, organisation, message, reading, &outcome, &to).await;
    let memory = Memory {
        organisation: organisation.id.clone(),
        contact: id,
        repeated: outcome.repeated,
        always: decision.person.is_some(),
    };
    MessagePart { members, action, memory: Some(memory) }
}

async fn action(
    edge: &MailEdge,
    organisation: &Organisation,
    message: &Message,
    reading: &MailReading,
    outcome: &Outcome,
    to: &[String],
) -> Action {
    let decision = Arc::new(outcome.decision.clone());
    let is_further = outcome.repeated && decision.is_queued();
    if is_further && !name_further(edge, organisation, &decision, to).await {
        return Action::Failed(replies::trouble());
    }
    match outcome.treatment(Channel::Email) {
        Treatment::TryAgain(Again::CountersAway) => Action::Failed(replies::deferred()),
        Treatment::TryAgain(Again::NotKept) => Action::Failed(replies::no_room()),
        Treatment::PassOn => Action::Relay(Some(decision)),
        Treatment::Route { queued, unreached } => {
            match (decision.route.as_ref().and_then(mailbox), unreached) {
                (Some(mailbox), _) => Action::Route { decision, mailbox, queued, unreached },
                (None, Unreached::PassOn) => Action::Relay(Some(decision)),
                (None, Unreached::Waits) => waits(queued),
            }
        }
        Treatment::Limit(queued) => {
            let sender = &message.sender.mailbox;
            // Large, and not for most messages: on the heap.
            let noticing = Box::pin(notices::notify(edge, organisation, sender, reading, outcome));
            TraceSpan::during(TraceStep::OwnMail, noticing).await;
            waits(queued)
        }
        Treatment::File(queued) => waits(queued),
    }
}

/// Nobody is sent the message. If it could not be kept here for the quota, the sender's server keeps it
/// until there is room.
fn waits(queued: Queued) -> Action {
    match queued {
        Queued::Whole => Action::Kept,
        Queued::TextOnly => Action::Failed(replies::over_quota()),
    }
}

/// A server may hand one message over in several transactions. The item has the recipients of the
/// first; those of a further one are attached, so that a release reaches them. `false`: they are
/// not on record, and the sender must try again.
async fn name_further(
    edge: &MailEdge,
    organisation: &Organisation,
    decision: &Decision,
    to: &[String],
) -> bool {
    let mut to = to.to_vec();
    to.sort();
    let attachment =
        Attachment { name: FURTHER_RECIPIENTS.into(), value: to.join("\n"), item: None };
    let attached = edge.intake.attach(&organisation.id, &decision.contact, attachment).await;
    if let Err(error) = &attached {
        let contact = decision.contact.as_str();
        tracing::warn!(%error, contact, "further recipients could not be put on record");
    }
    attached.is_ok()
}

/// The route's mailbox, if it can be written in a command.
fn mailbox(route: &Route) -> Option<String> {
    let address = route.email.as_ref()?.trim();
    let plain = address.contains('@')
        && !address.chars().any(|c| c.is_control() || c.is_whitespace() || matches!(c, '<' | '>'));
    if !plain {
        tracing::warn!(queue = %route.queue, "a route's mailbox is not an address; the contact is on the queue");
    }
    plain.then(|| address.to_owned())
}
