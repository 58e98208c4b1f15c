//! The treatment of each part of a message that leaves the organisation.

use std::sync::Arc;

use tokio::time::{Instant, timeout_at};

use super::edge::MailEdge;
use super::message::Message;
use super::parts::{Action, Memory, MessagePart};
use super::reading::MailReading;
use super::{replies, translate};
use crate::domain::identifier::domain_to_ascii;
use crate::domain::may_contact::Purpose;
use crate::domain::organisation::Organisation;
use crate::intake::outbound::{Outbound, Passage, Passages};
use crate::ports::message::PURPOSE_FIELD;

/// Judges a message for all its recipients. Mail from outside every organisation passes.
pub(super) async fn judge(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
    deadline: Instant,
) -> Vec<MessagePart> {
    let everybody: Vec<usize> = (0..message.recipients.len()).collect();
    let Some(organisation) = organisation_of_sender(edge, message, reading) else {
        return vec![MessagePart { members: everybody, action: Action::Relay(None), memory: None }];
    };
    let outbound = Outbound {
        // A message that also comes in by another listener is a separate contact there.
        id: format!("out-{}", translate::contact_id(&message.envelope, &reading.digest)),
        digest: reading.digest,
        envelope_sender: message.sender.mailbox.clone(),
        from: reading.from.iter().map(|address| address.text()).collect(),
        purpose: purpose(message, reading),
        automatic: reading.automatic,
        subject: reading.subject.clone(),
        text: reading.text.clone(),
        message_id: reading.message_id.clone(),
        recipients: message.mailboxes(&everybody),
        original: message.content.original.clone(),
    };
    // The future is large and gets moved into the timeout, so it goes on the heap.
    let judging = Box::pin(edge.intake.outbound(&organisation, &outbound));
    let Ok(judged) = timeout_at(deadline, judging).await else {
        tracing::warn!("judging an outgoing message took too long; it is deferred");
        let action = Action::Failed(replies::trouble());
        return vec![MessagePart { members: everybody, action, memory: None }];
    };
    parts(&organisation, outbound.id, &judged)
}

/// The parts of the message: failures first, deliveries last.
fn parts(organisation: &Organisation, contact: String, judged: &Passages) -> Vec<MessagePart> {
    let members = |wanted: Passage| -> Vec<usize> {
        let all = judged.passages.iter().enumerate();
        all.filter(|(_, passage)| **passage == wanted).map(|(index, _)| index).collect()
    };
    let memory = Memory {
        organisation: organisation.id.clone(),
        contact,
        repeated: judged.repeated,
        always: false,
    };
    let parts = [
        (members(Passage::TryAgain), Action::Failed(replies::no_room()), None),
        (members(Passage::Held), Action::Kept, None),
        (members(Passage::Deliver), Action::Relay(None), Some(memory)),
    ];
    let parts = parts.into_iter().filter(|(members, _, _)| !members.is_empty());
    parts.map(|(members, action, memory)| MessagePart { members, action, memory }).collect()
}

/// The organisation that the mail belongs to, by the From field or else by the envelope.
fn organisation_of_sender(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
) -> Option<Arc<Organisation>> {
    let from = reading.from.iter().map(|address| address.domain.as_str());
    let mut domains = from.chain(message.sender.domain()).filter_map(domain_to_ascii);
    domains.find_map(|domain| edge.intake.organisation_of_domain(&domain))
}

/// The purpose that the sending system gives.
fn purpose(message: &Message, reading: &MailReading) -> Option<Purpose> {
    let head = &message.content.head;
    let field = reading.header.fields.iter().find(|field| field.is(head, PURPOSE_FIELD))?;
    let said = String::from_utf8_lossy(field.value(head)).trim().to_ascii_lowercase();
    let purpose = Purpose::ALL.into_iter().find(|purpose| purpose.name() == said);
    if purpose.is_none() {
        tracing::warn!(
            "an outgoing message names a purpose that is not known: it counts as an answer"
        );
    }
    purpose
}
