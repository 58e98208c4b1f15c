//! What the mail edge is configured with.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use ipnet::IpNet;

use crate::domain::organisation::OrganisationId;

pub use crate::ports::relay::{Downstream, DownstreamAddress, DownstreamProtocol};
use crate::runtime::tls::{ClientTls, ServerTls};

/// Where a listener binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Bind {
    Tcp(SocketAddr),
    Unix(PathBuf),
}

impl std::fmt::Display for Bind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Bind::Tcp(address) => write!(f, "{address}"),
            Bind::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Whether everybody who can reach a mail listener at this address could hand in mail, which the downstream server
/// would accept as the organisation's own server's word. Asked of configured listeners, and of those that the service
/// manager hands over.
pub fn is_open(address: IpAddr, accept_from: &[IpNet], asks_for_certificates: bool) -> bool {
    !address.to_canonical().is_loopback() && accept_from.is_empty() && !asks_for_certificates
}

/// What a server that asks by milter does with a message that is kept and goes to nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MilterKept {
    /// It drops its own copy; its client gets 250.
    #[default]
    Discard,
    /// It keeps its own copy on hold as well as the gateway's.
    Quarantine,
}

/// One of the mail listeners.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailListener {
    Smtp,
    Lmtp,
    Milter,
    Outbound,
}

/// The direction of an edge's mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailDirection {
    /// To the organisation.
    Inbound,
    /// Out of the organisation.
    Outbound,
}

/// `listen.outbound` and `[mail.outbound]`.
#[derive(Debug, Clone)]
pub struct OutboundSettings {
    pub listen: Bind,
    /// `None` if it leaves by the same server as all other mail.
    pub downstream: Option<Downstream>,
    /// TLS with that server.
    pub downstream_tls: Option<ClientTls>,
}

/// `[mail.check]`: senders are checked here where the border has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckSettings {
    pub nameserver: SocketAddr,
    /// What comes in by these.
    pub listeners: Vec<MailListener>,
}

/// `[mail]` and the mail listeners.
#[derive(Debug, Clone)]
pub struct MailSettings {
    pub smtp: Option<Bind>,
    pub lmtp: Option<Bind>,
    pub milter: Option<Bind>,
    /// The listener for mail that leaves the organisation.
    pub outbound: Option<OutboundSettings>,
    pub milter_kept: MilterKept,
    /// Permissions of the socket files on which mail is taken, as of `chmod`.
    pub socket_mode: u32,
    /// TLS on the SMTP listeners.
    pub smtp_tls: Option<ServerTls>,
    /// Networks whose hosts may submit mail; empty: every host that can reach the listener.
    /// This machine always may.
    pub accept_from: Vec<IpNet>,
    /// The server to which messages are handed on.
    pub downstream: Downstream,
    /// TLS with that server.
    pub downstream_tls: Option<ClientTls>,
    /// Ids whose Authentication-Results are trusted (RFC 8601).
    pub trusted_authserv_ids: Vec<String>,
    /// Host names of the border, whose `Received` fields are the organisation's own.
    pub border_hosts: Vec<String>,
    /// Peers that may send XFORWARD.
    pub xforward_from: Vec<IpNet>,
    /// `None`: the gateway checks no sender itself.
    pub check: Option<CheckSettings>,
    /// Whose mail it is that is addressed to a mailbox without a domain, or at an address literal.
    /// `None`: the only organisation's, if there is but one.
    pub default_organisation: Option<OrganisationId>,
    /// Bytes.
    pub size_limit: u64,
    /// The name in greetings and `Received`.
    pub hostname: String,
    /// Folder for messages in hand; on the same file system as the archive where possible.
    pub spool: PathBuf,
    /// The key of the loop mark: random, made at the first start, kept next to the store.
    pub pass_key: [u8; 32],
}
