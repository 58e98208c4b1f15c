//! Behind the final dot: decide, hand on, answer.
//!
//! LMTP has an answer for each recipient, SMTP one for all. So in SMTP the first part that fails
//! ends the work: what was delivered before it is remembered, the sender tries again, and then
//! only the rest is sent.

pub(super) mod in_place;
mod work;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tokio::sync::SemaphorePermit;
use tokio::task::JoinError;
use tokio::time::{Instant, timeout_at};

use super::authentication::Border;
use super::edge::MailEdge;
use super::message::{Message, Protocol};
use super::own_check::Origin;
use super::parts::{self, Action, MessagePart};
use super::reading::{self, MailReading};
use super::settings::{MailDirection, MailSettings};
use super::spool::Content;
use super::turns::MessageTurn;
use super::{outbound, replies, translate};
use crate::domain::identifier::Assurance;
use crate::domain::organisation::OrganisationId;
use crate::ports::message::Field;
use crate::ports::relay::{OwnFields, Reply, Transaction};
use crate::runtime::limits::{
    MAIL_DECIDE_AND_SEND, MAIL_FIELDS_BYTES_FREE, MAIL_HOPS_MAX, MAIL_MEMORY_BYTES_MAX,
    MAIL_READ_IN_PLACE_BYTES_MAX, MAIL_SEND_BYTES_PER_SECOND_MIN, MAIL_SEND_LONGER_MAX,
    MAIL_TEXT_FACTOR,
};
use crate::runtime::metrics::MailEvent;
use crate::runtime::room::IncomingRoom;
use crate::runtime::trace::TracedEdge;
use work::Work;

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
    let trace = edge.intake.trace(TracedEdge::Mail, None);
    let work = trace.around(hand_over_unguarded(edge, message, live));
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
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
    let deadline = Instant::now() + time_for(message.content.length);
    let recipients = message.recipients.len();
    let Some(mut read) = read(edge, &message, deadline).await else {
        abandon(&mut live).await;
        return all(recipients, replies::trouble());
    };
    if read.reading.hops > MAIL_HOPS_MAX {
        abandon(&mut live).await;
        return all(recipients, replies::looping());
    }
    let own_fields = match edge.direction {
        MailDirection::Inbound => own_fields(edge, &message, &read.reading),
        // Mail that leaves must not show the gateway's fields.
        MailDirection::Outbound => OwnFields::TakenOff,
    };
    // What came round again is not waited for: the first round may wait for it.
    let turn = match own_fields {
        OwnFields::Stay => None,
        OwnFields::TakenOff => match in_turn(edge, &message, read, deadline).await {
            Some((turn, again)) => {
                read = again;
                Some(turn)
            }
            None => {
                abandon(&mut live).await;
                return all(recipients, replies::trouble());
            }
        },
    };
    let Read { mut reading, place, _fields } = read;
    let parts = match own_fields {
        OwnFields::Stay => {
            let members = (0..recipients).collect();
            vec![MessagePart { members, action: Action::Relay(None), memory: None }]
        }
        OwnFields::TakenOff => match edge.direction {
            MailDirection::Inbound => parts::decide(edge, &message, &reading, deadline).await,
            MailDirection::Outbound => outbound::judge(edge, &message, &reading, deadline).await,
        },
    };
    // Sending takes longer than deciding, and needs nothing of what the message says.
    reading.text = None;
    drop(place);
    let work = Work { edge, message: &message, reading: &reading, own_fields, deadline };
    let handed = match message.protocol {
        Protocol::Smtp => work.as_one(parts, &mut live).await,
        Protocol::Lmtp => work.each(parts).await,
    };
    abandon(&mut live).await;
    drop(turn);
    handed
}

/// How long a message of so many bytes may take.
fn time_for(bytes: u64) -> Duration {
    let longer = Duration::from_secs(bytes / MAIL_SEND_BYTES_PER_SECOND_MIN);
    MAIL_DECIDE_AND_SEND + longer.min(MAIL_SEND_LONGER_MAX)
}

async fn abandon(live: &mut Option<Box<dyn Transaction>>) {
    if let Some(transaction) = live.take() {
        transaction.abandon().await;
    }
}

/// A message that was read, and the room that it takes.
struct Read<'a> {
    reading: MailReading,
    /// Until it is decided.
    place: Place<'a>,
    /// Of the fields of its header, until it is done with.
    _fields: IncomingRoom,
}

/// The place of a message among those whose texts are in memory; of a large one among the few that are parsed and
/// decided at once.
struct Place<'a> {
    _reader: Option<SemaphorePermit<'a>>,
    _text: IncomingRoom,
}

/// Takes the message's turn. If it has to wait, it gives back its memory, and reads the message again.
async fn in_turn<'a>(
    edge: &'a MailEdge,
    message: &Message,
    read: Read<'a>,
    deadline: Instant,
) -> Option<(MessageTurn<'a>, Read<'a>)> {
    let waiting = edge.turns.take(read.reading.digest, deadline);
    let mut waiting = pin!(waiting);
    if let Some(turn) = waiting.as_mut().now_or_never() {
        return Some((turn?, read));
    }
    drop(read);
    let turn = waiting.await?;
    Some((turn, self::read(edge, message, deadline).await?))
}

/// Reads the message. `None`: it can't be read, or not by the deadline.
async fn read<'a>(edge: &'a MailEdge, message: &Message, deadline: Instant) -> Option<Read<'a>> {
    let null_sender = message.sender.mailbox.is_empty();
    let length = message.content.length;
    let counted = usize::try_from(length)
        .map_or(MAIL_MEMORY_BYTES_MAX, |length| length.min(MAIL_MEMORY_BYTES_MAX));
    let is_small = length <= MAIL_READ_IN_PLACE_BYTES_MAX;
    // Parsing takes memory: a few at once are as quick as many. Before the room, so that whoever has room waits for
    // nobody.
    let place = if is_small {
        None
    } else {
        match timeout_at(deadline, edge.readers.acquire()).await {
            Ok(place) => Some(place.ok()?),
            Err(_) => return no_room(edge),
        }
    };
    let mut text = IncomingRoom::for_text();
    if timeout_at(deadline, text.wait_for(MAIL_TEXT_FACTOR * counted)).await.is_err() {
        return no_room(edge);
    }
    let reading = if is_small {
        // Read before another thread would have woken up.
        Ok((read_now(&edge.settings, &message.content, null_sender), text))
    } else {
        read_elsewhere(edge, message, null_sender, text).await
    };
    match reading {
        Ok((Ok(mut reading), text)) => {
            if reading.unread {
                edge.count(MailEvent::Unread, 1);
                tracing::warn!("a message can't be read in full; it goes on, flagged");
            }
            let large = message.content.length > MAIL_MEMORY_BYTES_MAX as u64;
            // A small one waits for DNS without a place.
            let place = place.filter(|_| large);
            if let Some(assurance) = checked_here(edge, message, &reading).await {
                reading.assurance = assurance;
            }
            let made = size_of::<Field>() * reading.header.fields.len();
            let mut fields = IncomingRoom::for_message();
            if made > MAIL_FIELDS_BYTES_FREE && !fields.grow(made) {
                return no_room(edge);
            }
            Some(Read { reading, place: Place { _reader: place, _text: text }, _fields: fields })
        }
        Ok((Err(error), _)) => {
            tracing::error!(%error, "a message can't be read from the spool");
            None
        }
        Err(_) => None,
    }
}

fn no_room<T>(edge: &MailEdge) -> Option<T> {
    edge.count(MailEvent::NoRoom, 1);
    tracing::warn!("a message was deferred: too many are in hand");
    None
}

/// Off the runtime's threads: the message may be on disk, and parsing takes a while. An error: it
/// panicked. The thread keeps the room until it is done, even if nobody waits here any more.
async fn read_elsewhere(
    edge: &MailEdge,
    message: &Message,
    null_sender: bool,
    text: IncomingRoom,
) -> Result<(std::io::Result<MailReading>, IncomingRoom), JoinError> {
    let content = Arc::clone(&message.content);
    let settings = Arc::clone(&edge.settings);
    tokio::task::spawn_blocking(move || (read_now(&settings, &content, null_sender), text)).await
}

fn read_now(
    settings: &MailSettings,
    content: &Content,
    null_sender: bool,
) -> std::io::Result<MailReading> {
    let border =
        Border { authserv_ids: &settings.trusted_authserv_ids, hosts: &settings.border_hosts };
    reading::read(content, null_sender, border)
}

/// What the gateway's own check finds out; `None`: it is not for this message. Only the contact of
/// somebody who may be restricted depends on it: the others cost no question to DNS.
async fn checked_here(
    edge: &MailEdge,
    message: &Message,
    reading: &MailReading,
) -> Option<Assurance> {
    let check = edge.own_check.as_ref()?;
    let settings = edge.settings.check.as_ref()?;
    let [from] = reading.from.as_slice() else { return None };
    if reading.checked || reading.ambiguous || !settings.listeners.contains(&message.listener) {
        return None;
    }
    let (sender, now) = (&message.sender.mailbox, edge.clock.now());
    let contact = translate::contact(String::new(), reading, sender, Vec::new(), now);
    let matters = message.recipients.iter().any(|recipient| {
        parts::organisation_of(edge, recipient)
            .is_some_and(|organisation| edge.intake.may_be_restricted(&organisation.id, &contact))
    });
    if !matters {
        return None;
    }
    let content = &message.content;
    let origin = Origin::of(&message.envelope, &message.sender.mailbox);
    let (original, length) = (&content.original, content.length);
    // Large, and rare: on the heap.
    let check = check.assurance(original, length, reading.signatures, origin, &from.domain);
    Some(Box::pin(check).await)
}

/// Whether the message carries a mark of ours. Fields that the gateway did not write are counted.
fn own_fields(edge: &MailEdge, message: &Message, reading: &MailReading) -> OwnFields {
    let now = edge.clock.now();
    let sender = &message.envelope.sender;
    let everybody: Vec<usize> = (0..message.recipients.len()).collect();
    let to = message.mailboxes(&everybody);
    let own = |mark: &String| edge.relay.own_mark(mark, sender, &reading.digest, &to, now);
    if let Some(contact) = reading.marks.iter().find_map(own) {
        edge.count(MailEvent::PassedByMark, 1);
        tracing::info!(contact, "a message came round again; its mark lets it pass");
        parts::note_return(edge, message, reading, &contact);
        return OwnFields::Stay;
    }
    if reading.own_fields > 0 {
        edge.count(MailEvent::ForgedFields, 1);
        tracing::warn!("a message carries fields with the gateway's own names; they are removed");
    }
    OwnFields::TakenOff
}
