//! Who connects to a mail listener, and what the gateway trusts it with.

use std::net::IpAddr;

use ipnet::IpNet;
use tokio::io::{AsyncRead, AsyncWrite};

use super::edge::MailEdge;

/// Either kind of socket.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Who is at the other end.
pub(super) enum Peer {
    Host(IpAddr),
    /// A program on this machine, by a socket file.
    Local,
}

/// Whether a peer may submit mail at all.
pub(super) fn may_hand_in(peer: &Peer, edge: &MailEdge) -> bool {
    let listed = &edge.settings.accept_from;
    match peer {
        Peer::Local => true,
        Peer::Host(address) => {
            listed.is_empty() || address.is_loopback() || contains(listed, *address)
        }
    }
}

/// Whether a peer is a mail server of the organisation: XFORWARD is its to send, and its bare
/// line ends are made whole.
pub(super) fn is_trusted(peer: &Peer, edge: &MailEdge) -> bool {
    match peer {
        Peer::Local => true,
        Peer::Host(address) => contains(&edge.settings.xforward_from, *address),
    }
}

fn contains(networks: &[IpNet], address: IpAddr) -> bool {
    networks.iter().any(|network| network.contains(&address))
}
