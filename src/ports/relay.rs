//! The mail server behind the gateway, as the mail edge sees it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use tokio::time::Instant;

use super::Original;
use super::message::HeaderBlock;
use crate::domain::decision::Decision;

/// The server behind the gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downstream {
    pub protocol: DownstreamProtocol,
    pub address: DownstreamAddress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownstreamProtocol {
    Smtp,
    Lmtp,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DownstreamAddress {
    /// `host:port`; a name is looked up at every connection.
    Tcp {
        host: String,
        port: u16,
    },
    Unix(PathBuf),
}

/// An SMTP reply: its code and the text of each line, enhanced status code included.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    pub code: u16,
    pub lines: Vec<String>,
}

impl Reply {
    pub fn new(code: u16, text: &str) -> Reply {
        Reply { code, lines: vec![text.to_owned()] }
    }

    pub const fn is_positive(&self) -> bool {
        self.code / 100 == 2
    }

    pub const fn is_permanent(&self) -> bool {
        self.code / 100 == 5
    }
}

/// A server's text may name a recipient: `Debug` shows only the code.
impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({})", self.code)
    }
}

/// What the server offers in its answer to EHLO or LHLO.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Capabilities {
    pub pipelining: bool,
    pub eight_bit_mime: bool,
    pub smtp_utf8: bool,
    pub dsn: bool,
    /// SIZE is offered; the limit in bytes, 0 where none is named.
    pub size: Option<u64>,
    /// The XFORWARD attributes that it takes, upper case; empty: no XFORWARD.
    pub xforward: Vec<String>,
}

impl Capabilities {
    /// The extensions offered while nothing is known of the server. It can't take a message now, so
    /// that nothing is promised wrongly; and a client that misses SMTPUTF8 or 8BITMIME would bounce
    /// or rewrite what it should keep and try again.
    pub fn unknown() -> Capabilities {
        Capabilities {
            pipelining: true,
            eight_bit_mime: true,
            smtp_utf8: true,
            dsn: true,
            size: Some(0),
            xforward: Vec::new(),
        }
    }
}

/// The sender's side of a transaction, as its commands wrote it.
#[derive(Clone, Default)]
pub struct Envelope {
    /// The reverse-path with its angle brackets.
    pub sender: Bytes,
    /// MAIL parameters, each `KEYWORD=value` as written.
    pub parameters: Vec<Bytes>,
    /// XFORWARD attributes: upper-case name, xtext value as written.
    pub forwarded: Vec<(String, String)>,
}

impl fmt::Debug for Envelope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Envelope({} parameters)", self.parameters.len())
    }
}

/// One recipient, as its command wrote it.
#[derive(Clone)]
pub struct Recipient {
    /// The forward-path with its angle brackets.
    pub path: Bytes,
    /// RCPT parameters, each `KEYWORD=value` as written.
    pub parameters: Vec<Bytes>,
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({} parameters)", self.parameters.len())
    }
}

/// A message to be relayed: its own bytes, and the fields added on top.
#[derive(Clone)]
pub struct RelayedMessage {
    pub original: Original,
    /// The message's first bytes, in which `header` has its offsets.
    pub head: Bytes,
    pub header: Arc<HeaderBlock>,
    /// The message's bytes in all.
    pub length: u64,
    pub trace: Trace,
}

/// The fields written on top of a message.
#[derive(Clone)]
pub struct Trace {
    /// Whether fields of the gateway's own names in the message are taken off or stay.
    pub own_fields: OwnFields,
    pub decision: Option<Arc<Decision>>,
    /// The recipients as addressed, where others take their place.
    pub original_to: Vec<String>,
    /// What the loop mark covers; `None`: no mark is added.
    pub mark: Option<Marked>,
    /// Who handed the message over, for `Received`: the name it gave and its address.
    pub client: String,
    /// `SMTP`, `ESMTP`, `LMTP` (RFC 3848), …
    pub protocol: &'static str,
    /// The id of this transaction in `Received`.
    pub id: String,
    pub at: DateTime<Utc>,
}

/// A header field of the gateway's own, as another server is asked to write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnField {
    pub name: &'static str,
    /// What follows the colon and a space; folded by CRLF and a space where it is long.
    pub value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OwnFields {
    /// Taken off: a sender wrote them.
    TakenOff,
    /// They stay: a valid mark shows that the gateway wrote them.
    Stay,
}

/// What a loop mark vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub contact: String,
    /// [`super::message::content_digest`].
    pub digest: [u8; 32],
    /// The mailboxes that the message goes to.
    pub recipients: Vec<String>,
}

/// Whether a message may go to some of its recipients while the server refuses others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Partly {
    /// Those that are taken get it (a sender that hears about each recipient).
    Allowed,
    /// All or none (a sender that hears one answer for all).
    Refused,
}

/// Why the server has not taken a message. None of these is the server's answer about a
/// recipient; trying again makes sense with each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RelayError {
    #[error("the mail server can't be reached")]
    Unreachable,
    #[error("the mail server does not answer in time")]
    Slow,
    #[error("the connection to the mail server was lost")]
    Lost,
    #[error("the mail server breaks the protocol")]
    Protocol,
    #[error("the mail server no longer offers {0}, which the message needs")]
    Lacks(&'static str),
    #[error("the message can't be read from the spool")]
    Spool,
    /// The whole message was sent and its answer did not come: it may have been taken.
    #[error("the mail server's answer to the message did not come")]
    Uncertain,
}

/// The server behind the gateway.
#[async_trait]
pub trait Relay: Send + Sync {
    /// What the server offers, newly asked or remembered; while nothing is known,
    /// [`Capabilities::unknown`].
    async fn capabilities(&self) -> Capabilities;

    /// Whether it answers now, or did a moment ago.
    async fn answers(&self) -> bool;

    /// Opens a transaction whose recipients are named one by one, as a client names them. It begins
    /// with the first of them, to whom the server's answer applies. The inner result is the
    /// server's own refusal of the sender.
    async fn open(
        &self,
        envelope: &Envelope,
        first: &Recipient,
    ) -> Result<Result<(Box<dyn Transaction>, Reply), Reply>, RelayError>;

    /// Hands a message on in one transaction: one reply for each recipient, in order. The last
    /// dot is not sent after `deadline`.
    async fn deliver(
        &self,
        envelope: &Envelope,
        recipients: &[Recipient],
        partly: Partly,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError>;

    /// The gateway's own fields for a message that another server will deliver, in their
    /// published order; `Received` is that server's. `sender`: the reverse-path in its brackets.
    fn own_fields(&self, trace: &Trace, sender: &[u8]) -> Vec<OwnField>;

    /// The contact of a loop mark that is the gateway's own, made for this sender and content, and for
    /// these recipients at least.
    fn own_mark(
        &self,
        mark: &str,
        sender: &[u8],
        digest: &[u8; 32],
        recipients: &[String],
        now: DateTime<Utc>,
    ) -> Option<String>;
}

/// A transaction in the making. Dropping it gives up the connection.
#[async_trait]
pub trait Transaction: Send {
    /// The server's answer about one more recipient.
    async fn recipient(&mut self, recipient: &Recipient) -> Result<Reply, RelayError>;

    /// Hands the message on to the recipients taken so far: one reply each, in order.
    async fn deliver(
        self: Box<Self>,
        letter: &RelayedMessage,
        deadline: Instant,
    ) -> Result<Vec<Reply>, RelayError>;

    /// Ends the transaction without a message.
    async fn abandon(self: Box<Self>);
}
