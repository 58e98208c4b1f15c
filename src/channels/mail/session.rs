//! One SMTP or LMTP session (RFC 5321, 2033, 2034, 3207, 3461, 6152, 6531).

mod commands;
mod draft;
mod message;
mod tls;

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use super::edge::MailEdge;
use super::envelope::EnvelopeRoom;
use super::message::Protocol;
use super::peer::{Peer, Stream, is_trusted};
use super::replies;
use super::wire::{self, Line, Lines};
use crate::domain::organisation::OrganisationId;
use crate::ports::relay::{Capabilities, Reply};
use crate::runtime::limits::{
    SMTP_COMMAND_BYTES, SMTP_COMMAND_WAIT, SMTP_FAULTS_MAX, SMTP_IDLE_COMMANDS_MAX,
    SMTP_LINGER_BYTES_MAX, SMTP_LINGER_WAIT,
};
use crate::runtime::metrics::MailEvent;
use crate::runtime::shutdown::Stopping;
use draft::Draft;

/// How the client greeted.
struct Hello {
    name: String,
    /// EHLO or LHLO: extensions were offered.
    extended: bool,
}

/// Why a session ends.
enum End {
    /// Said by either side; all replies are out.
    Done,
    /// The connection is gone.
    Lost,
    /// Said to the client before closing.
    Say(Reply),
}

impl From<std::io::Error> for End {
    fn from(_: std::io::Error) -> End {
        End::Lost
    }
}

/// What was delivered of a message, by contact and recipient, with the room that its recipients take.
#[derive(Default)]
struct Untold {
    delivered: Vec<(OrganisationId, String)>,
    _room: Option<EnvelopeRoom>,
}

pub(super) struct Session {
    edge: Arc<MailEdge>,
    stream: Box<dyn Stream>,
    input: BytesMut,
    /// Replies that wait until the client's commands are read (PIPELINING, RFC 2920).
    output: Vec<u8>,
    lines: Lines,
    protocol: Protocol,
    peer: Peer,
    trusted: bool,
    /// TLS has begun.
    encrypted: bool,
    hello: Option<Hello>,
    offer: Capabilities,
    /// XFORWARD attributes for the next message.
    forwarded: Vec<(String, String)>,
    draft: Option<Draft>,
    /// What was delivered of the last message, until the client shows that it has read so.
    untold: Untold,
    faults: usize,
    messages: usize,
    /// Commands since the last message that brought none.
    idle_commands: usize,
    stopping: Stopping,
}

impl Session {
    pub(super) fn new(
        edge: Arc<MailEdge>,
        stream: Box<dyn Stream>,
        peer: Peer,
        protocol: Protocol,
        stopping: Stopping,
    ) -> Self {
        let trusted = is_trusted(&peer, &edge);
        Session {
            edge,
            stream,
            input: BytesMut::new(),
            output: Vec::new(),
            lines: Lines::default(),
            protocol,
            peer,
            trusted,
            encrypted: false,
            hello: None,
            offer: Capabilities::default(),
            forwarded: Vec::new(),
            draft: None,
            untold: Untold::default(),
            faults: 0,
            messages: 0,
            idle_commands: 0,
            stopping,
        }
    }

    /// From greeting to close.
    pub(super) async fn run(mut self) {
        let end = self.converse().await;
        self.forget_draft().await;
        if !self.untold.delivered.is_empty() {
            // A client that leaves without a word behind our answer may not have read it (RFC 1047),
            // and sends it all again: what was delivered is not to be delivered twice.
            let untold = std::mem::take(&mut self.untold);
            self.edge.remember(untold.delivered).await;
        }
        let cut_off = matches!(end, Err(End::Say(_)));
        if let Err(End::Say(reply)) = end {
            self.say(&reply);
        }
        // The client may be gone: there is nobody else to tell.
        let _ = self.flush().await;
        if cut_off || self.encrypted {
            // Dropping the stream closes it, but neither waits for the client nor ends TLS.
            let _ = self.stream.shutdown().await;
        }
        if cut_off {
            let _ = timeout(SMTP_LINGER_WAIT, self.linger()).await;
        }
    }

    /// Reads what a client that is cut off still sends: closing with bytes unread resets the
    /// connection, and the client might never see why.
    async fn linger(&mut self) {
        let mut left = SMTP_LINGER_BYTES_MAX;
        loop {
            self.input.clear();
            match self.stream.read_buf(&mut self.input).await {
                Ok(read) if read > 0 && read < left => left -= read,
                Ok(_) | Err(_) => return,
            }
        }
    }

    async fn converse(&mut self) -> Result<(), End> {
        self.begin().await?;
        let service = match self.protocol {
            Protocol::Smtp => "ESMTP",
            Protocol::Lmtp => "LMTP",
        };
        let greeting = format!("{} {service} contact-gateway", self.edge.settings.hostname);
        self.say_plainly(&Reply::new(220, &greeting));
        loop {
            let line = self.next_line().await?;
            self.untold = Untold::default();
            match line {
                Line::Whole(line) => match wire::command(&line) {
                    Ok(command) => self.obey(command).await?,
                    Err(fault) => self.fault(&replies::wire_fault(fault))?,
                },
                Line::TooLong => self.fault(&replies::line_too_long())?,
                Line::Control => self.fault(&replies::not_a_command_line())?,
                Line::BareEnd if self.trusted => self.fault(&replies::not_a_command_line())?,
                Line::BareEnd => {
                    self.edge.count(MailEvent::BareEndsRefused, 1);
                    return Err(End::Say(replies::bare_ends()));
                }
            }
        }
    }

    fn say(&mut self, reply: &Reply) {
        self.output.extend(replies::wire(reply));
    }

    fn say_plainly(&mut self, reply: &Reply) {
        self.output.extend(replies::plain(reply));
    }

    /// Answers a faulty command; after too many the session ends.
    fn fault(&mut self, reply: &Reply) -> Result<(), End> {
        self.faults += 1;
        self.say(reply);
        if self.faults > SMTP_FAULTS_MAX {
            return Err(End::Say(replies::too_many_faults()));
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let writing = async {
            self.stream.write_all(&output).await?;
            self.stream.flush().await
        };
        match timeout(SMTP_COMMAND_WAIT, writing).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(End::Lost),
        }
    }

    /// Counts a command that brings no message; too many of them, and the session ends.
    fn idle(&mut self) -> Result<(), End> {
        self.idle_commands += 1;
        if self.idle_commands > SMTP_IDLE_COMMANDS_MAX {
            return Err(End::Say(replies::too_idle()));
        }
        Ok(())
    }

    /// The next command line. Between messages a stop ends the session; within one, it is
    /// finished first.
    async fn next_line(&mut self) -> Result<Line, End> {
        // For the whole line: one byte now and then must not hold a place for ever.
        let deadline = Instant::now() + SMTP_COMMAND_WAIT;
        loop {
            if let Some(line) = self.lines.next(&mut self.input) {
                return Ok(line);
            }
            self.flush().await?;
            self.input.reserve(SMTP_COMMAND_BYTES);
            let reading = timeout_at(deadline, self.stream.read_buf(&mut self.input));
            let read = if self.draft.is_some() {
                reading.await
            } else {
                tokio::select! {
                    biased;
                    () = self.stopping.called() => return Err(End::Say(replies::stopping())),
                    read = reading => read,
                }
            };
            match read {
                Ok(Ok(0) | Err(_)) => return Err(End::Lost),
                Ok(Ok(_)) => {}
                Err(_) => return Err(End::Say(replies::too_slow())),
            }
        }
    }

    /// Ends the transaction in hand, here and downstream.
    async fn forget_draft(&mut self) {
        if let Some(draft) = self.draft.take() {
            draft.abandon().await;
        }
    }

    /// The client, for `Received`: the name it gave and the address it has.
    fn client(&self) -> String {
        let name = self.hello.as_ref().map_or("unknown", |hello| hello.name.as_str());
        match &self.peer {
            Peer::Host(address) => format!("{name} ([{address}])"),
            Peer::Local => format!("{name} (local)"),
        }
    }
}
