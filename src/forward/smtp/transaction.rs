//! One mail transaction: sender, recipients, message, and the reply for each recipient.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio::time::Instant;

use super::pool::{HeldConnection, Pool};
use super::stuffing::Stuffing;
use crate::forward::letterhead::Letterhead;
use crate::ports::Original;
use crate::ports::relay::{
    Capabilities, DownstreamProtocol, Envelope, OwnFields, Partly, Recipient, RelayError,
    RelayedMessage, Reply, Transaction,
};
use crate::runtime::limits::{DOWNSTREAM_PIPELINE_MAX, XFORWARD_LINE_BYTES_MAX};

/// Bytes that are read from the spool and written to the server at once.
const PIECE_BYTES: usize = 64 * 1024;

/// About what our own fields take at most; longer ones only make a buffer grow.
const FIELDS_BYTES: usize = 1024;

/// A transaction whose sender the server has accepted, with its first recipients named.
pub(super) struct Open {
    pool: Arc<Pool>,
    held: HeldConnection,
    letterhead: Arc<Letterhead>,
    /// The reverse-path, for the loop mark.
    sender: Vec<u8>,
    taken: usize,
}

impl Open {
    /// XFORWARD, MAIL and the first RCPTs (at most [`DOWNSTREAM_PIPELINE_MAX`]), in one piece where
    /// the server offers PIPELINING; one reply for each recipient. The inner result is the server's
    /// refusal of the sender.
    pub(super) async fn begin(
        pool: &Arc<Pool>,
        held: HeldConnection,
        letterhead: &Arc<Letterhead>,
        envelope: &Envelope,
        recipients: &[Recipient],
    ) -> Result<Result<(Open, Vec<Reply>), Reply>, RelayError> {
        let mut held = held;
        let offer = &held.connection.capabilities;
        let mail = mail_command(offer, envelope)?;
        let forwarded = xforward_lines(offer, &envelope.forwarded);
        let at_once = offer.pipelining;
        let mut open = if at_once {
            // Postfix's XFORWARD_README: it may be pipelined as MAIL and RCPT may (RFC 2920 3.1).
            let mut group = forwarded.concat();
            group.extend(mail);
            group.extend(rcpt_commands(offer, recipients)?);
            held.connection.write(&group).await?;
            for _ in &forwarded {
                // The attributes only inform the server's logs: a refusal changes nothing.
                held.connection.reply().await?;
            }
            Open::new(pool, held, letterhead, envelope)
        } else {
            for line in forwarded {
                held.connection.ask(&line).await?;
            }
            held.connection.write(&mail).await?;
            Open::new(pool, held, letterhead, envelope)
        };
        let reply = open.held.connection.reply().await?;
        if !reply.is_positive() {
            if reply.code == 421 {
                return Err(RelayError::Lost);
            }
            // Recipients of a refused sender are refused as well, as a rule.
            match if at_once { open.replies(recipients.len()).await } else { Ok(Vec::new()) } {
                Ok(_) if open.taken == 0 => open.pool.keep(open.held),
                Ok(_) => open.reset().await,
                Err(_) => {}
            }
            return Ok(Err(reply));
        }
        let replies = if at_once {
            open.replies(recipients.len()).await?
        } else {
            open.name_recipients(recipients).await?
        };
        Ok(Ok((open, replies)))
    }

    fn new(
        pool: &Arc<Pool>,
        held: HeldConnection,
        letterhead: &Arc<Letterhead>,
        envelope: &Envelope,
    ) -> Open {
        let (pool, letterhead) = (Arc::clone(pool), Arc::clone(letterhead));
        Open { pool, held, letterhead, sender: envelope.sender.to_vec(), taken: 0 }
    }

    /// The recipients that are not named yet, and the message. `replies`: those about the ones that
    /// are. One reply for each recipient, in order.
    pub(super) async fn deliver_to(
        mut self,
        replies: Vec<Reply>,
        rest: &[Recipient],
        partly: Partly,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        let naming = tokio::time::timeout_at(deadline, self.name_recipients(rest));
        let mut replies = replies;
        replies.extend(naming.await.map_err(|_| RelayError::Slow)??);
        let wanted = match partly {
            Partly::Allowed => self.taken > 0,
            Partly::Refused => self.taken == replies.len() && self.taken > 0,
        };
        if !wanted {
            self.reset().await;
            return Ok(replies.into_iter().map(unsent).collect());
        }
        let mut results = self.message(letter, deadline).await?.into_iter();
        Ok(replies
            .into_iter()
            .map(|reply| if reply.is_positive() { results.next().unwrap_or(reply) } else { reply })
            .collect())
    }

    async fn name_recipients(
        &mut self,
        recipients: &[Recipient],
    ) -> Result<Vec<Reply>, RelayError> {
        let batch =
            if self.held.connection.capabilities.pipelining { DOWNSTREAM_PIPELINE_MAX } else { 1 };
        let mut replies = Vec::with_capacity(recipients.len());
        for recipients in recipients.chunks(batch) {
            let commands = rcpt_commands(&self.held.connection.capabilities, recipients)?;
            self.held.connection.write(&commands).await?;
            replies.extend(self.replies(recipients.len()).await?);
        }
        Ok(replies)
    }

    /// The replies about so many recipients.
    async fn replies(&mut self, recipients: usize) -> Result<Vec<Reply>, RelayError> {
        let mut replies = Vec::with_capacity(recipients);
        for _ in 0..recipients {
            let reply = self.held.connection.reply().await?;
            if reply.code == 421 {
                return Err(RelayError::Lost);
            }
            self.taken += usize::from(reply.is_positive());
            replies.push(reply);
        }
        Ok(replies)
    }

    /// DATA and the message: one reply for each recipient that was taken.
    async fn message(
        mut self,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        let asking = tokio::time::timeout_at(deadline, self.held.connection.ask(b"DATA\r\n"));
        let go_ahead = asking.await.map_err(|_| RelayError::Slow)??;
        if go_ahead.code != 354 {
            let replies = vec![go_ahead; self.taken];
            self.reset().await;
            return Ok(replies);
        }
        // From here on a failure drops the connection: without its dot the message is void.
        match tokio::time::timeout_at(deadline, self.write_message(letter)).await {
            Ok(written) => written?,
            Err(_) => return Err(RelayError::Slow),
        }
        let expected = match self.held.connection.protocol {
            DownstreamProtocol::Smtp => 1,
            DownstreamProtocol::Lmtp => self.taken,
        };
        let mut replies = Vec::with_capacity(self.taken);
        for _ in 0..expected {
            match self.held.connection.reply().await {
                Ok(reply) => replies.push(reply),
                Err(_) if replies.is_empty() => return Err(RelayError::Uncertain),
                // The rest did not come: those recipients are tried again.
                Err(_) => {
                    replies.resize(self.taken, trouble());
                    return Ok(replies);
                }
            }
        }
        if let (DownstreamProtocol::Smtp, Some(reply)) =
            (self.held.connection.protocol, replies.first().cloned())
        {
            replies = vec![reply; self.taken];
        }
        if replies.iter().all(|reply| reply.code != 421) {
            self.pool.keep(self.held);
        }
        Ok(replies)
    }

    /// Our fields, the message's own bytes, and the dot. The dot ends the last piece that is written: a write that
    /// fails or is given up has not taken all of its bytes (`write(2)`, and a TLS record without its end is not one),
    /// so that the server has no dot then.
    async fn write_message(&mut self, letter: &RelayedMessage) -> Result<(), RelayError> {
        let mut stuffing = Stuffing::new();
        let room = usize::try_from(letter.length).unwrap_or(PIECE_BYTES).min(PIECE_BYTES);
        let mut wire = Vec::with_capacity(room + room / 16 + FIELDS_BYTES);
        stuffing.push(&self.letterhead.write(letter, &self.sender), &mut wire);
        for range in kept_ranges(letter) {
            match &letter.original {
                Original::Bytes(bytes) => {
                    let piece = slice(bytes, &range).ok_or(RelayError::Spool)?;
                    for piece in piece.chunks(PIECE_BYTES) {
                        stuffing.push(piece, &mut wire);
                        self.flush_full(&mut wire).await?;
                    }
                }
                Original::File(path) => {
                    let mut file = File::open(path).await.map_err(|_| RelayError::Spool)?;
                    let start = std::io::SeekFrom::Start(range.start);
                    file.seek(start).await.map_err(|_| RelayError::Spool)?;
                    let mut left = range.end - range.start;
                    let mut piece = vec![0; PIECE_BYTES];
                    while left > 0 {
                        let read = file.read(&mut piece).await.map_err(|_| RelayError::Spool)?;
                        if read == 0 {
                            return Err(RelayError::Spool);
                        }
                        let read = read.min(usize::try_from(left).unwrap_or(read));
                        left -= read as u64;
                        stuffing.push(piece.get(..read).unwrap_or_default(), &mut wire);
                        self.flush_full(&mut wire).await?;
                    }
                }
            }
        }
        stuffing.finish(&mut wire);
        self.held.connection.write(&wire).await
    }

    async fn flush_full(&mut self, wire: &mut Vec<u8>) -> Result<(), RelayError> {
        if wire.len() >= PIECE_BYTES {
            self.held.connection.write(wire).await?;
            wire.clear();
        }
        Ok(())
    }

    /// RSET, and the connection is free for the next message.
    async fn reset(mut self) {
        if self.held.connection.ask(b"RSET\r\n").await.is_ok_and(|reply| reply.is_positive()) {
            self.pool.keep(self.held);
        }
    }
}

#[async_trait]
impl Transaction for Open {
    async fn recipient(&mut self, recipient: &Recipient) -> Result<Reply, RelayError> {
        let replies = self.name_recipients(std::slice::from_ref(recipient)).await?;
        replies.into_iter().next().ok_or(RelayError::Protocol)
    }

    async fn deliver(
        self: Box<Self>,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError> {
        self.message(letter, deadline).await
    }

    async fn abandon(self: Box<Self>) {
        self.reset().await;
    }
}

/// A recipient that was taken, of a message that was not sent because others were not.
fn unsent(reply: Reply) -> Reply {
    if reply.is_positive() {
        Reply::new(451, "4.3.0 Not sent, since other recipients were refused; try again")
    } else {
        reply
    }
}

fn trouble() -> Reply {
    Reply::new(451, "4.3.0 The mail server's answer did not come; try again")
}

fn kept_ranges(letter: &RelayedMessage) -> Vec<Range<u64>> {
    match letter.trace.own_fields {
        OwnFields::TakenOff => letter.header.without_own(&letter.head, letter.length),
        OwnFields::Stay => std::iter::once(0..letter.length).collect(),
    }
}

fn slice<'a>(bytes: &'a [u8], range: &Range<u64>) -> Option<&'a [u8]> {
    let start = usize::try_from(range.start).ok()?;
    let end = usize::try_from(range.end).ok()?;
    bytes.get(start..end)
}

fn mail_command(offer: &Capabilities, envelope: &Envelope) -> Result<Vec<u8>, RelayError> {
    command(b"MAIL FROM:", &envelope.sender, &envelope.parameters, offer)
}

fn rcpt_command(offer: &Capabilities, recipient: &Recipient) -> Result<Vec<u8>, RelayError> {
    command(b"RCPT TO:", &recipient.path, &recipient.parameters, offer)
}

fn rcpt_commands(offer: &Capabilities, recipients: &[Recipient]) -> Result<Vec<u8>, RelayError> {
    let mut commands = Vec::new();
    for recipient in recipients {
        commands.extend(rcpt_command(offer, recipient)?);
    }
    Ok(commands)
}

/// A command with its parameters as they were written. What the server does not offer (any more)
/// is never dropped in silence, SIZE aside, which only announces.
fn command(
    verb: &[u8],
    path: &[u8],
    parameters: &[bytes::Bytes],
    offer: &Capabilities,
) -> Result<Vec<u8>, RelayError> {
    let mut command = [verb, path].concat();
    for parameter in parameters {
        let keyword = parameter.split(|byte| *byte == b'=').next().unwrap_or_default();
        let (offered, name) = match keyword.to_ascii_uppercase().as_slice() {
            b"SIZE" if offer.size.is_none() => continue,
            b"BODY" => {
                if !offer.eight_bit_mime && parameter.to_ascii_uppercase() == b"BODY=7BIT" {
                    continue;
                }
                (offer.eight_bit_mime, "8BITMIME")
            }
            b"SMTPUTF8" => (offer.smtp_utf8, "SMTPUTF8"),
            b"RET" | b"ENVID" | b"NOTIFY" | b"ORCPT" => (offer.dsn, "DSN"),
            _ => (true, ""),
        };
        if !offered {
            return Err(RelayError::Lacks(name));
        }
        command.push(b' ');
        command.extend_from_slice(parameter);
    }
    // The session refuses control bytes; output is checked again, wherever it comes from.
    if command.iter().any(u8::is_ascii_control) {
        return Err(RelayError::Protocol);
    }
    command.extend_from_slice(b"\r\n");
    Ok(command)
}

/// The attributes that the server takes, on as many lines as they need.
fn xforward_lines(offer: &Capabilities, attributes: &[(String, String)]) -> Vec<Vec<u8>> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for (name, value) in attributes.iter().filter(|(name, _)| offer.xforward.contains(name)) {
        let attribute = format!(" {name}={value}");
        if attribute.bytes().any(|byte| byte.is_ascii_control()) {
            continue;
        }
        if !line.is_empty()
            && "XFORWARD".len() + line.len() + attribute.len() + 2 > XFORWARD_LINE_BYTES_MAX
        {
            lines.push(format!("XFORWARD{line}\r\n").into_bytes());
            line.clear();
        }
        line.push_str(&attribute);
    }
    if !line.is_empty() {
        lines.push(format!("XFORWARD{line}\r\n").into_bytes());
    }
    lines
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn parameters_are_replayed_as_written_or_not_at_all() {
        let offer = Capabilities { dsn: true, ..Capabilities::default() };
        let recipient = Recipient {
            path: Bytes::from_static(b"<\"a b\"@c.example>"),
            parameters: vec![Bytes::from_static(b"orcpt=rfc822;a+20b@c.example")],
        };
        let command = rcpt_command(&offer, &recipient).unwrap();
        assert_eq!(command, b"RCPT TO:<\"a b\"@c.example> orcpt=rfc822;a+20b@c.example\r\n");
        let lacking = rcpt_command(&Capabilities::default(), &recipient);
        assert_eq!(lacking.unwrap_err(), RelayError::Lacks("DSN"));
        let injected = Recipient { path: Bytes::from_static(b"<a\r\n>"), parameters: Vec::new() };
        assert_eq!(rcpt_command(&offer, &injected).unwrap_err(), RelayError::Protocol);
    }

    #[test]
    fn only_attributes_that_are_taken_are_forwarded_on_short_lines() {
        let offer = Capabilities {
            xforward: vec!["NAME".into(), "IDENT".into()],
            ..Capabilities::default()
        };
        let attributes = [
            ("NAME".to_owned(), "n".repeat(300)),
            ("ADDR".to_owned(), "1.2.3.4".to_owned()),
            ("IDENT".to_owned(), "i".repeat(300)),
        ];
        let lines = xforward_lines(&offer, &attributes);
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.len() <= XFORWARD_LINE_BYTES_MAX));
    }
}
