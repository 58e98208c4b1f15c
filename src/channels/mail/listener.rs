//! Accepting connections, and ending with all of them ended.

use std::net::IpAddr;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::Path;
use std::sync::Arc;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::edge::MailEdge;
pub use super::handover::Protocol;
use super::replies;
pub use super::session::Stream;
use super::session::{Peer, Session};
use super::settings::Bind;
use crate::runtime::limits::{SMTP_ACCEPT_PAUSE, SMTP_SESSIONS_MAX};
use crate::runtime::metrics::ListenerLabels;
use crate::runtime::shutdown::Stopping;

/// A listening socket.
pub enum Bound {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// Everybody on the machine may hand mail in by a local socket: `pipe` runs as any user, as
/// `sendmail` does. Where that is not wanted, the folder's permissions say so.
const SOCKET_MODE: u32 = 0o666;

/// Binds a mail listener. A socket file that a crash left is replaced.
///
/// # Errors
/// The address is taken, or can't be bound by this user.
pub async fn bind(bind: &Bind) -> std::io::Result<Bound> {
    match bind {
        Bind::Tcp(address) => Ok(Bound::Tcp(TcpListener::bind(address).await?)),
        Bind::Unix(path) => {
            remove_stale(path).await?;
            let listener = UnixListener::bind(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(SOCKET_MODE))?;
            Ok(Bound::Unix(listener))
        }
    }
}

/// Removes a socket on which nobody listens any more.
async fn remove_stale(path: &Path) -> std::io::Result<()> {
    let is_socket = std::fs::metadata(path).is_ok_and(|found| found.file_type().is_socket());
    if is_socket && tokio::net::UnixStream::connect(path).await.is_err() {
        std::fs::remove_file(path)?;
    }
    Ok(())
}

impl Bound {
    /// Where it listens, `IP:PORT` with the port that was given, or `unix:PATH`.
    pub fn address(&self) -> Option<String> {
        match self {
            Bound::Tcp(listener) => listener.local_addr().ok().map(|address| address.to_string()),
            Bound::Unix(listener) => {
                let address = listener.local_addr().ok()?;
                address.as_pathname().map(|path| format!("unix:{}", path.display()))
            }
        }
    }

    async fn accept(&self) -> std::io::Result<(Box<dyn Stream>, Peer)> {
        match self {
            Bound::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                // Replies are small, and the client waits for each.
                stream.set_nodelay(true)?;
                Ok((Box::new(stream), Peer::Host(peer.ip().to_canonical())))
            }
            Bound::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Peer::Local))
            }
        }
    }
}

/// Serves a listener until the stop is called, and returns when its last session has ended.
pub async fn serve(bound: Bound, protocol: Protocol, edge: Arc<MailEdge>, stopping: Stopping) {
    let mut stopping = stopping;
    let places = Arc::new(Semaphore::new(SMTP_SESSIONS_MAX));
    let mut sessions = JoinSet::new();
    let label = ListenerLabels {
        listener: match protocol {
            Protocol::Smtp => "smtp",
            Protocol::Lmtp => "lmtp",
        },
    };
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.called() => break,
            accepted = bound.accept() => accepted,
            Some(ended) = sessions.join_next() => {
                log_panic(&ended);
                continue;
            }
        };
        let (mut stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, most likely: trying at once would only spin.
                tracing::warn!(%error, "a mail connection could not be accepted");
                tokio::time::sleep(SMTP_ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            // Best effort: the client learns it from the closed connection otherwise.
            let _ = stream.write_all(&replies::wire(&replies::too_many_sessions())).await;
            continue;
        };
        let session = Session::new(Arc::clone(&edge), stream, peer, protocol, stopping.clone());
        let gauge = edge.metrics.sessions.get_or_create(&label).clone();
        gauge.inc();
        sessions.spawn(async move {
            let _place = place;
            session.run().await;
            gauge.dec();
        });
    }
    drop(bound);
    while let Some(ended) = sessions.join_next().await {
        log_panic(&ended);
    }
}

/// Serves one connection that is there already, from greeting to close. `peer` is `None` for a
/// program on this machine.
pub async fn serve_stream(
    stream: Box<dyn Stream>,
    peer: Option<IpAddr>,
    protocol: Protocol,
    edge: Arc<MailEdge>,
    stopping: Stopping,
) {
    let peer = peer.map_or(Peer::Local, Peer::Host);
    Session::new(edge, stream, peer, protocol, stopping).run().await;
}

/// A session that panicked took its client's connection with it: the client tries again.
fn log_panic(ended: &Result<(), tokio::task::JoinError>) {
    if ended.is_err() {
        tracing::error!("a mail session failed");
    }
}

/// Whether a peer is a mail server of the organisation: XFORWARD is its to send, and its bare
/// line ends are made whole.
pub(super) fn is_trusted(peer: &Peer, edge: &MailEdge) -> bool {
    match peer {
        Peer::Local => true,
        Peer::Host(address) => contains(edge, *address),
    }
}

fn contains(edge: &MailEdge, address: IpAddr) -> bool {
    edge.settings.xforward_from.iter().any(|network| network.contains(&address))
}
