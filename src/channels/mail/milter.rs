//! The milter edge: a mail server that keeps a message itself asks what to do with it, while its
//! client waits.
//!
//! The server names the client, sender and recipients, hands over the header field by field and the
//! body in pieces, and at the end learns which fields to write on top, which recipients to take
//! off, and whether the message continues. The decision is the same as on every other path. What is
//! kept is kept before the server hears of it; any trouble of ours makes its client try again.
//!
//! The codec is the project's own: it must bound every packet and every wait, hold the server to
//! the order of its commands, spool as the other sessions do, and stop between messages.

mod answers;
mod draft;
mod wire;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::timeout;

use super::edge::MailEdge;
use super::listener::{self, Bound, TurnedAway};
use super::peer::{Peer, Stream, is_trusted};
use super::settings::MilterKept;
use crate::runtime::limits::{
    BEGINNING_BYTES_FREE, MILTER_COMMAND_WAIT, MILTER_MACRO_CHARS_MAX, MILTER_PACKET_BYTES_MAX,
    SMTP_COMMAND_WAIT,
};
use crate::runtime::room::IncomingRoom;
use crate::runtime::shutdown::Stopping;
use draft::Draft;
use wire::{Command, MilterAnswer, WireFault, actions, steps};

/// What the gateway can't do its work without.
const NEEDED: u32 = actions::ADD_FIELDS
    | actions::CHANGE_FIELDS
    | actions::ADD_RECIPIENTS
    | actions::DELETE_RECIPIENTS;

/// What is left out, or needs no answer, where the server has it: fewer round trips.
const WANTED_STEPS: u32 = steps::NO_UNKNOWN
    | steps::NO_DATA
    | steps::SILENT_FIELD
    | steps::SILENT_CONNECT
    | steps::SILENT_HELO
    | steps::SILENT_MAIL
    | steps::SILENT_END_OF_HEADER
    | steps::LEADING_SPACE;

/// Serves a milter listener until the stop is called, and returns when its last session has ended.
pub async fn serve(bound: Bound, edge: Arc<MailEdge>, stopping: Stopping) {
    // There is nothing to say to a server that gets no session: it learns it from the closed
    // connection, and does as it is set up to.
    let turned_away = TurnedAway { full: b"", unlisted: b"" };
    listener::accept_each(
        bound,
        "milter",
        turned_away,
        edge,
        stopping,
        |edge, stream, peer, stopping| {
            let known = is_mail_server(&peer, &edge);
            async move {
                if known {
                    serve_stream(stream, edge, stopping).await;
                } else {
                    tracing::warn!("a milter connection from an unknown mail server was closed");
                }
            }
        },
    )
    .await;
}

/// Serves one connection that is there already, of a mail server of ours, to its close.
pub async fn serve_stream(stream: Box<dyn Stream>, edge: Arc<MailEdge>, stopping: Stopping) {
    let session = Session {
        edge,
        stream,
        input: BytesMut::new(),
        room: IncomingRoom::for_packet(),
        output: Vec::new(),
        agreed: None,
        client: Client::default(),
        draft: None,
        stopping,
    };
    session.run().await;
}

/// A mail server's word is trusted, so it must be ours: on this machine, or listed.
fn is_mail_server(peer: &Peer, edge: &MailEdge) -> bool {
    let own = match peer {
        Peer::Local => true,
        Peer::Host(address) => address.is_loopback(),
    };
    own || is_trusted(peer, edge)
}

/// Why a session ends.
#[derive(Debug, thiserror::Error)]
enum End {
    #[error("the mail server said goodbye")]
    Done,
    #[error("the connection is gone")]
    Lost,
    #[error("nothing came for too long")]
    Slow,
    #[error("there is no room for its packet among those that are coming in")]
    NoRoom,
    #[error(transparent)]
    Wire(#[from] WireFault),
    #[error("`{0:?}` out of order")]
    Order(Command),
    #[error("the mail server offers version {version} and actions {actions:#x}: not enough")]
    Offer { version: u32, actions: u32 },
}

/// What both sides agreed on.
#[derive(Clone, Copy)]
struct Agreed {
    actions: u32,
    steps: u32,
}

/// The mail server's client.
#[derive(Default)]
pub(super) struct Client {
    name: String,
    address: Option<IpAddr>,
    hello: String,
    /// The server's queue id for the message in hand, for the log.
    queue_id: String,
}

struct Session {
    edge: Arc<MailEdge>,
    stream: Box<dyn Stream>,
    input: BytesMut,
    /// For the packet that is coming in.
    room: IncomingRoom,
    /// Answers that wait until the server's packets are read.
    output: Vec<u8>,
    agreed: Option<Agreed>,
    client: Client,
    draft: Option<Draft>,
    stopping: Stopping,
}

impl Session {
    async fn run(mut self) {
        loop {
            let end = match self.next_command().await {
                Ok(command) => self.obey(command).await,
                Err(end) => Err(end),
            };
            match end {
                Ok(()) => {}
                Err(End::Done) => break,
                Err(end) => {
                    // The server does with the message in hand as its default action says.
                    tracing::warn!(reason = %end, "a milter session ended early");
                    break;
                }
            }
        }
        // The server may be gone: there is nobody else to tell.
        let _ = self.flush().await;
        let _ = self.stream.shutdown().await;
    }

    /// The next command. Between messages a stop ends the session; within one, it is finished.
    async fn next_command(&mut self) -> Result<Command, End> {
        loop {
            if let Some(packet) = wire::packet(&mut self.input)? {
                if self.input.is_empty() {
                    // The packet has the memory; what comes next begins anew.
                    self.input = BytesMut::new();
                    self.room.clear();
                }
                return Ok(wire::command(&packet)?);
            }
            self.flush().await?;
            let next = self.next_bytes();
            let whole = self.input.len() + next;
            if whole > BEGINNING_BYTES_FREE && !self.room.grow(whole) {
                return Err(End::NoRoom);
            }
            self.input.reserve(next);
            let reading = timeout(MILTER_COMMAND_WAIT, self.stream.read_buf(&mut self.input));
            let read = if self.draft.is_some() {
                reading.await
            } else {
                tokio::select! {
                    biased;
                    () = self.stopping.called() => return Err(End::Done),
                    read = reading => read,
                }
            };
            match read {
                Ok(Ok(0)) if self.input.is_empty() && self.draft.is_none() => {
                    return Err(End::Done);
                }
                Ok(Ok(0) | Err(_)) => return Err(End::Lost),
                Ok(Ok(_)) => {}
                Err(_) => return Err(End::Slow),
            }
        }
    }

    /// How many bytes to make room for: the rest of the packet that has begun, but no more at once than have
    /// come of it.
    fn next_bytes(&self) -> usize {
        const SOME: usize = 4 * 1024;
        let here = self.input.len();
        let Some(length) = self.input.first_chunk::<4>() else { return SOME };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        length.min(MILTER_PACKET_BYTES_MAX).saturating_sub(here).clamp(SOME, here.max(SOME))
    }

    async fn flush(&mut self) -> Result<(), End> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        match timeout(SMTP_COMMAND_WAIT, self.stream.write_all(&output)).await {
            Ok(written) => written.map_err(|_| End::Lost),
            Err(_) => Err(End::Slow),
        }
    }

    fn say(&mut self, answer: &MilterAnswer<'_>) {
        answer.write(&mut self.output);
    }

    /// Goes on, in silence where that was agreed.
    fn go_on(&mut self, silent: u32) {
        if self.agreed.is_none_or(|agreed| agreed.steps & silent == 0) {
            self.say(&MilterAnswer::Continue);
        }
    }

    async fn obey(&mut self, command: Command) -> Result<(), End> {
        let Some(_) = self.agreed else {
            return match command {
                Command::Negotiate { version, actions, steps } => {
                    self.negotiate(version, actions, steps)
                }
                Command::Quit => Err(End::Done),
                command => Err(End::Order(command)),
            };
        };
        match (command, &mut self.draft) {
            (Command::Macros(pairs), _) => self.client.learn(&pairs),
            (Command::Unknown, _) => self.go_on(0),
            (Command::Quit, _) => return Err(End::Done),
            (Command::Abort, _) => self.forget_draft(),
            (Command::QuitForAnother, _) => {
                self.forget_draft();
                self.client = Client::default();
            }
            (Command::Connect { name, address }, None) => {
                self.client = Client { name: text(&name), address, ..Client::default() };
                self.go_on(steps::SILENT_CONNECT);
            }
            (Command::Helo(name), None) => {
                self.client.hello = text(&name);
                self.go_on(steps::SILENT_HELO);
            }
            (Command::Mail(words), None) => {
                self.draft = Some(Draft::new(&self.edge.settings.spool, &words));
                self.go_on(steps::SILENT_MAIL);
            }
            (Command::Rcpt(words), Some(draft)) if draft.takes_recipients() => {
                let named = draft.recipient(&words);
                self.answer_recipient(named);
            }
            (Command::Data, Some(draft)) if draft.takes_recipients() => self.go_on(0),
            (Command::Field { name, value }, Some(draft)) if draft.takes_fields() => {
                let leading_space =
                    self.agreed.is_some_and(|agreed| agreed.steps & steps::LEADING_SPACE != 0);
                draft.field(&name, &value, leading_space, self.edge.settings.size_limit);
                self.go_on(steps::SILENT_FIELD);
            }
            (Command::EndOfHeader, Some(draft)) if draft.takes_fields() => {
                draft.end_of_header();
                self.go_on(steps::SILENT_END_OF_HEADER);
            }
            (Command::Body(piece), Some(draft)) if draft.takes_body() => {
                match draft.body(&piece, self.edge.settings.size_limit) {
                    Ok(()) => self.say(&MilterAnswer::Continue),
                    Err(trouble) => self.give_up(trouble),
                }
            }
            (Command::EndOfBody(piece), Some(draft)) if draft.takes_body() => {
                match draft.body(&piece, self.edge.settings.size_limit) {
                    Ok(()) => {
                        // It holds on to its packet, and an answer takes a while.
                        drop(piece);
                        self.answer().await;
                    }
                    Err(trouble) => self.give_up(trouble),
                }
            }
            (command, _) => return Err(End::Order(command)),
        }
        Ok(())
    }

    fn negotiate(&mut self, version: u32, offered: u32, offered_steps: u32) -> Result<(), End> {
        let needed = match self.edge.settings.milter_kept {
            MilterKept::Discard => NEEDED,
            MilterKept::Quarantine => NEEDED | actions::QUARANTINE,
        };
        if version < wire::VERSION_LEAST || offered & needed != needed {
            return Err(End::Offer { version, actions: offered });
        }
        let agreed = Agreed {
            actions: needed | (offered & actions::ADD_RECIPIENTS_WITH_PARAMETERS),
            steps: offered_steps & WANTED_STEPS,
        };
        self.agreed = Some(agreed);
        let version = version.min(wire::VERSION);
        self.say(&MilterAnswer::Negotiated {
            version,
            actions: agreed.actions,
            steps: agreed.steps,
        });
        Ok(())
    }

    fn forget_draft(&mut self) {
        self.draft = None;
        self.client.queue_id.clear();
    }
}

impl Client {
    /// Sendmail's and Postfix's names of values; others are of no use here.
    fn learn(&mut self, pairs: &[(Bytes, Bytes)]) {
        for (name, value) in pairs {
            match name.as_ref() {
                b"i" | b"{i}" => {
                    self.queue_id =
                        text(value).chars().filter(char::is_ascii_alphanumeric).collect();
                }
                // Mail that comes without a connection has its client here, if anywhere.
                b"{client_addr}" if self.address.is_none() => {
                    let value = text(value);
                    let value = value.strip_prefix("IPv6:").unwrap_or(&value);
                    self.address = value.parse().ok();
                }
                b"{client_name}" if self.name.is_empty() => self.name = text(value),
                _ => {}
            }
        }
    }
}

/// A value of the mail server's, of a bounded length.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().take(MILTER_MACRO_CHARS_MAX).collect()
}
