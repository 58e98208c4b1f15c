//! DATA: taking the message in, and answering for it.

use std::future::{Future as _, poll_fn};
use std::pin::pin;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::AsyncReadExt as _;
use tokio::time::{Instant, timeout_at};

use super::{End, Session, Untold};
use crate::channels::mail::data::{BareEnds, DataReader, Progress};
use crate::channels::mail::handover::{self, Handed};
use crate::channels::mail::message::{Message, Protocol};
use crate::channels::mail::replies;
use crate::channels::mail::spool::{Content, Intaking, UnreadHead};
use crate::ports::relay::Reply;
use crate::runtime::limits::{
    MAIL_OVERSIZE_FACTOR, SMTP_COMMAND_BYTES, SMTP_DATA_WAIT, SMTP_MESSAGE_WAIT, SMTP_MESSAGES_MAX,
};
use crate::runtime::metrics::MailEvent;
use tokio::io::AsyncRead as _;

impl Session {
    pub(super) async fn data(&mut self) -> Result<(), End> {
        let Some(draft) = &self.draft else {
            return self.fault(&replies::out_of_order("Name sender and recipients first"));
        };
        if draft.recipients.is_empty() {
            return match self.protocol {
                // RFC 2033 4.2: 503 and nothing else.
                Protocol::Lmtp => self.fault(&replies::out_of_order("No valid recipients")),
                Protocol::Smtp => self.fault(&replies::no_recipients()),
            };
        }
        // RFC 2920 3.1: DATA is the last command of a group. What follows it before the answer
        // is a message that might be taken for commands, or commands for a message.
        if !self.input.is_empty() {
            return Err(End::Say(replies::ahead_of_time()));
        }
        self.say(&replies::go_ahead());
        self.flush().await?;
        self.messages += 1;
        self.idle_commands = 0;
        match self.take_message().await? {
            Ok(content) => self.answer(content).await?,
            Err(reply) => {
                let recipients = self.draft.as_ref().map_or(0, |draft| draft.recipients.len());
                self.end_transaction().await;
                self.say_each(&vec![reply; recipients]);
            }
        }
        if self.messages >= SMTP_MESSAGES_MAX {
            return Err(End::Say(replies::too_many_messages()));
        }
        Ok(())
    }

    /// Reads up to the final dot, whatever becomes of the message. The inner result is why it
    /// can't be taken.
    async fn take_message(&mut self) -> Result<Result<Content, Reply>, End> {
        let bare_ends = if self.trusted { BareEnds::Normalise } else { BareEnds::Refuse };
        let mut reader = DataReader::new(bare_ends);
        let mut intaking = Some(Intaking::new(&self.edge.settings.spool));
        let mut refusal = None;
        let mut seen = 0_u64;
        let limit = self.size_limit();
        let deadline = Instant::now() + SMTP_MESSAGE_WAIT;
        loop {
            let at_once = intaking.as_ref().map_or(SMTP_COMMAND_BYTES, Intaking::at_once);
            self.more_data(deadline, at_once).await?;
            // Neither this nor what was read is held while more is waited for.
            let mut piece = Vec::with_capacity(self.input.len());
            let progress = reader.push(&self.input, &mut piece);
            seen += piece.len() as u64;
            if seen > limit {
                intaking = None;
                refusal = Some(replies::too_large());
                if seen > limit.saturating_mul(MAIL_OVERSIZE_FACTOR) {
                    return Err(End::Say(replies::too_large()));
                }
            }
            if let Some(message) = &mut intaking
                && let Err(error) = message.push(&piece)
            {
                tracing::error!(%error, "a message could not be spooled");
                intaking = None;
                refusal = Some(replies::no_room());
            }
            match progress {
                Progress::More => self.input = BytesMut::new(),
                Progress::Bare => {
                    self.edge.count(MailEvent::BareEndsRefused, 1);
                    return Err(End::Say(replies::bare_ends()));
                }
                Progress::End(taken) => {
                    // Behind the message, commands: seldom, and seldom many.
                    self.input = BytesMut::from(self.input.get(taken..).unwrap_or_default());
                    if reader.normalised > 0 {
                        self.edge.count(MailEvent::BareEndsNormalised, reader.normalised);
                    }
                    break;
                }
            }
        }
        let message = match (intaking, refusal) {
            (Some(message), None) => message,
            (_, refusal) => return Ok(Err(refusal.unwrap_or_else(replies::trouble))),
        };
        Ok(match message.with_head().await {
            Ok(message) => Ok(message.finish()),
            Err(error) => {
                tracing::error!(%error, "a message that was spooled can't be answered");
                Err(match error {
                    UnreadHead::NoRoom => {
                        self.edge.count(MailEvent::NoRoom, 1);
                        replies::no_room()
                    }
                    UnreadHead::Disk(_) => replies::trouble(),
                })
            }
        })
    }

    /// The next piece, within its own wait and the whole message's.
    async fn more_data(&mut self, deadline: Instant, at_once: usize) -> Result<(), End> {
        if !self.input.is_empty() {
            return Ok(());
        }
        let until = deadline.min(Instant::now() + SMTP_DATA_WAIT);
        let (stream, input) = (&mut self.stream, &mut self.input);
        // A session that waits has no memory to read into: a thousand wait at once.
        let reading = poll_fn(|context| {
            input.reserve(at_once);
            let read = pin!(stream.read_buf(&mut *input)).poll(context);
            if read.is_pending() {
                *input = BytesMut::new();
            }
            read
        });
        match timeout_at(until, reading).await {
            Ok(Ok(0) | Err(_)) => Err(End::Lost),
            Ok(Ok(_)) => Ok(()),
            Err(_) => Err(End::Say(replies::too_slow())),
        }
    }

    async fn answer(&mut self, content: Content) -> Result<(), End> {
        let Some(mut draft) = self.draft.take() else {
            return self.fault(&replies::out_of_order("Name sender and recipients first"));
        };
        let live = draft.take_live();
        // Of the recipients, until nothing is known of them any more.
        let room = std::mem::take(&mut draft.room);
        let with = self.with(draft.smtp_utf8);
        let message = Message {
            protocol: self.protocol,
            listener: self.edge.listener(self.protocol),
            envelope: draft.envelope,
            sender: draft.sender,
            recipients: draft.recipients,
            content: Arc::new(content),
            client: self.client(),
            with,
            id: uuid::Uuid::now_v7().simple().to_string(),
        };
        let edge = Arc::clone(&self.edge);
        // Large, and one of many: on the heap.
        let Handed { replies, delivered } =
            Box::pin(handover::hand_over(&edge, message, live)).await;
        self.end_transaction().await;
        self.say_each(&replies);
        self.untold = Untold { delivered, _room: Some(room) };
        let told = !self.is_gone() && self.flush().await.is_ok();
        if told { Ok(()) } else { Err(End::Lost) }
    }

    /// XFORWARD attributes hold for one message.
    async fn end_transaction(&mut self) {
        self.forget_draft().await;
        self.forwarded.clear();
    }

    /// LMTP: an answer for each recipient. SMTP: one for all.
    fn say_each(&mut self, replies: &[Reply]) {
        match self.protocol {
            Protocol::Lmtp => replies.iter().for_each(|reply| self.say(reply)),
            Protocol::Smtp => {
                let reply = replies.first().cloned().unwrap_or_else(replies::trouble);
                self.say(&reply);
            }
        }
    }

    /// Whether the client has closed the connection while it waited for the answer.
    fn is_gone(&mut self) -> bool {
        let mut byte = [0; 1];
        let mut buffer = tokio::io::ReadBuf::new(&mut byte);
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match std::pin::Pin::new(&mut self.stream).poll_read(&mut context, &mut buffer) {
            std::task::Poll::Pending => false,
            std::task::Poll::Ready(Ok(())) => {
                self.input.extend_from_slice(buffer.filled());
                buffer.filled().is_empty()
            }
            std::task::Poll::Ready(Err(_)) => true,
        }
    }

    /// RFC 3848, RFC 6531 4.3.
    fn with(&self, smtp_utf8: bool) -> &'static str {
        let extended = self.hello.as_ref().is_some_and(|hello| hello.extended);
        match (self.protocol, smtp_utf8, extended, self.encrypted) {
            (Protocol::Lmtp, true, _, _) => "UTF8LMTP",
            (Protocol::Lmtp, false, _, _) => "LMTP",
            (Protocol::Smtp, true, _, true) => "UTF8SMTPS",
            (Protocol::Smtp, true, _, false) => "UTF8SMTP",
            (Protocol::Smtp, false, true, true) => "ESMTPS",
            (Protocol::Smtp, false, true, false) => "ESMTP",
            (Protocol::Smtp, false, false, _) => "SMTP",
        }
    }
}
