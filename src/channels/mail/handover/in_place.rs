//! A message that another server holds and asks about.
//!
//! Such a server asks for one verdict on the whole message, while its recipients may have been
//! decided differently. So one part stays in the message. Every other that is to be delivered is
//! handed on as LMTP would hand it on, with fields of its own, and its recipients are taken off.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt as _;
use tokio::time::{Instant, timeout};

use super::work::Work;
use super::{Handed, Read, own_fields, read};
use crate::channels::mail::edge::MailEdge;
use crate::channels::mail::message::Message;
use crate::channels::mail::parts::{self, Action, MessagePart};
use crate::ports::relay::{OwnField, OwnFields, Reply};
use crate::runtime::limits::{MAIL_DECIDE_AND_SEND, MILTER_ANSWER_WAIT};
use crate::runtime::trace::TracedEdge;

/// What the server is to do.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::channels::mail) enum Verdict {
    /// It carries the gateway's own mark: nothing is changed, its fields stay.
    Passes,
    /// It is passed on to the remaining recipients.
    GoesOn(Changes),
    /// Nobody is left to deliver it to: what was decided is carried out.
    Kept,
    /// It can't be done now.
    TryAgain,
}

/// The changes to a message that is passed on.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::channels::mail) struct Changes {
    /// Written on top, in this order.
    pub(in crate::channels::mail) fields: Vec<OwnField>,
    /// Recipients that are taken off, by their place in the message's.
    pub(in crate::channels::mail) removed: Vec<usize>,
    /// The mailbox that takes their place.
    pub(in crate::channels::mail) added: Option<String>,
}

/// Decides a message, and does all of it but what the server does itself. A panic on the way is
/// trouble of ours.
pub(in crate::channels::mail) async fn judge(edge: &MailEdge, message: Message) -> Verdict {
    let trace = edge.intake.trace(TracedEdge::Milter, None);
    let work = AssertUnwindSafe(trace.around(judge_unguarded(edge, message)));
    match timeout(MILTER_ANSWER_WAIT, work.catch_unwind()).await {
        Ok(Ok(verdict)) => verdict,
        Ok(Err(_)) => {
            tracing::error!("handling a message failed; its sender is asked to try again");
            Verdict::TryAgain
        }
        Err(_) => {
            tracing::warn!("a message took too long; its sender is asked to try again");
            Verdict::TryAgain
        }
    }
}

async fn judge_unguarded(edge: &MailEdge, message: Message) -> Verdict {
    let deadline = Instant::now() + MAIL_DECIDE_AND_SEND;
    let Some(Read { mut reading, place, _fields }) = read(edge, &message, deadline).await else {
        return Verdict::TryAgain;
    };
    let own_fields = own_fields(edge, &message, &reading);
    if own_fields == OwnFields::Stay {
        return Verdict::Passes;
    }
    let parts = parts::decide(edge, &message, &reading, deadline).await;
    // As where it is sent on: nothing further needs what the message says.
    reading.text = None;
    drop(place);
    let work = Work { edge, message: &message, reading: &reading, own_fields, deadline };
    let Some(Sorted { stays, handed_on, mut removed }) = sorted(parts) else {
        return Verdict::TryAgain;
    };
    if !handed_on.is_empty() {
        let Handed { replies, delivered } = work.as_one(handed_on, &mut None).await;
        // Whatever becomes of the rest, these have it: the server may fail after us.
        edge.remember(delivered).await;
        if !replies.iter().all(Reply::is_positive) {
            return Verdict::TryAgain;
        }
    }
    let Some(part) = stays else { return Verdict::Kept };
    let trace = |decision: &Arc<_>, original_to, to| {
        let memory = part.memory.as_ref();
        let letter = work.letter(Some(Arc::clone(decision)), original_to, memory, to);
        edge.relay.own_fields(&letter.trace, &message.envelope.sender)
    };
    let (fields, added) = match &part.action {
        Action::Relay(None) | Action::Kept | Action::Failed(_) => (Vec::new(), None),
        Action::Relay(Some(decision)) => {
            (trace(decision, Vec::new(), message.mailboxes(&part.members)), None)
        }
        Action::Route { decision, mailbox, .. } => {
            removed.extend(&part.members);
            let original_to = message.mailboxes(&part.members);
            (trace(decision, original_to, vec![mailbox.clone()]), Some(mailbox.clone()))
        }
    };
    Verdict::GoesOn(Changes { fields, removed, added })
}

/// The parts of a message by what becomes of them.
struct Sorted {
    /// What stays in the message; `None`: nothing does.
    stays: Option<MessagePart>,
    handed_on: Vec<MessagePart>,
    /// The recipients of all others.
    removed: Vec<usize>,
}

/// `None`: something can't be done now, so that nothing is.
fn sorted(parts: Vec<MessagePart>) -> Option<Sorted> {
    let mut goes_on = Vec::new();
    let mut removed = Vec::new();
    for part in parts {
        match part.action {
            Action::Failed(_) => return None,
            Action::Kept => removed.extend(part.members),
            Action::Relay(_) | Action::Route { .. } => goes_on.push(part),
        }
    }
    // The last: recipients of no organisation, for whom nothing remembers a delivery, come last.
    let stays = goes_on.pop();
    removed.extend(goes_on.iter().flat_map(|part| part.members.iter().copied()));
    Some(Sorted { stays, handed_on: goes_on, removed })
}
