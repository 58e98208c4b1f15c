//! Accepting connections, and ending with all of them ended.

use std::future::Future;
use std::net::IpAddr;
use std::os::fd::{AsFd as _, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::edge::MailEdge;
pub use super::message::Protocol;
pub use super::peer::Stream;
use super::peer::{Peer, may_hand_in};
use super::replies;
use super::session::Session;
use super::settings::{Bind, MailListener};
use crate::runtime::accepting::Accepting;
use crate::runtime::descriptors;
use crate::runtime::limits::SMTP_SESSIONS_MAX;
use crate::runtime::metrics::{ListenerLabels, MailEvent};
use crate::runtime::shutdown::Stopping;

/// A listening socket.
pub enum Bound {
    Tcp(TcpListener),
    /// `None`: the file is somebody else's.
    Unix(UnixListener, Option<SocketFile>),
}

/// The file of a listening socket: gone with the listener, unless somebody put another one there.
pub struct SocketFile {
    path: PathBuf,
    inode: u64,
    /// The socket is handed on, and its file with it.
    stays: Arc<AtomicBool>,
}

impl SocketFile {
    fn at(path: &Path) -> std::io::Result<Self> {
        let inode = std::fs::metadata(path)?.ino();
        Ok(SocketFile { path: path.to_owned(), inode, stays: Arc::default() })
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.stays.load(Ordering::Relaxed) {
            return;
        }
        if std::fs::metadata(&self.path).is_ok_and(|found| found.ino() == self.inode)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(%error, "the socket file of a mail listener could not be removed");
        }
    }
}

/// Binds a mail listener. A socket file that a crash left is replaced; the new one has these
/// permissions.
///
/// # Errors
/// The address is taken, or can't be bound by this user.
pub async fn bind(bind: &Bind, socket_mode: u32) -> std::io::Result<Bound> {
    match bind {
        Bind::Tcp(address) => Ok(Bound::Tcp(TcpListener::bind(address).await?)),
        Bind::Unix(path) => {
            remove_stale(path).await?;
            let listener = UnixListener::bind(path)?;
            let file = SocketFile::at(path)?;
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(socket_mode))?;
            Ok(Bound::Unix(listener, Some(file)))
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
    /// A socket file's listener that was handed on by the gateway that bound it.
    ///
    /// # Errors
    /// The file is gone.
    pub fn handed_on(listener: UnixListener, path: &Path) -> std::io::Result<Self> {
        Ok(Bound::Unix(listener, Some(SocketFile::at(path)?)))
    }

    /// Has `hold` keep the socket, and its file if it is ours.
    ///
    /// # Errors
    /// The same.
    pub fn hold(
        &mut self,
        hold: impl FnOnce(BorrowedFd<'_>) -> std::io::Result<Arc<AtomicBool>>,
    ) -> std::io::Result<()> {
        match self {
            Bound::Tcp(listener) => hold(listener.as_fd()).map(drop),
            Bound::Unix(listener, file) => {
                let stays = hold(listener.as_fd())?;
                if let Some(file) = file {
                    file.stays = stays;
                }
                Ok(())
            }
        }
    }

    /// Where it listens, `IP:PORT` with the port that was given, or `unix:PATH`.
    pub fn address(&self) -> Option<String> {
        match self {
            Bound::Tcp(listener) => listener.local_addr().ok().map(|address| address.to_string()),
            Bound::Unix(listener, _) => {
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
            Bound::Unix(listener, _) => {
                let (stream, _) = listener.accept().await?;
                Ok((Box::new(stream), Peer::Local))
            }
        }
    }
}

/// Serves a listener until the stop is called, and returns when its last session has ended.
pub async fn serve(bound: Bound, protocol: Protocol, edge: Arc<MailEdge>, stopping: Stopping) {
    let listener = match edge.listener(protocol) {
        MailListener::Smtp => "smtp",
        MailListener::Lmtp => "lmtp",
        MailListener::Milter => "milter",
        MailListener::Outbound => "outbound",
    };
    let full = replies::wire(&replies::too_many_sessions());
    let unlisted = replies::wire(&replies::peer_not_listed());
    let turned_away = TurnedAway { full: &full, unlisted: &unlisted };
    accept_each(
        bound,
        listener,
        turned_away,
        edge,
        stopping,
        move |edge, stream, peer, stopping| {
            Session::new(edge, stream, peer, protocol, stopping).run()
        },
    )
    .await;
}

/// The answer to clients that get no session, in the protocol that they speak.
#[derive(Clone, Copy)]
pub(super) struct TurnedAway<'a> {
    /// All sessions are taken.
    pub full: &'a [u8],
    /// This client may not submit mail.
    pub unlisted: &'a [u8],
}

/// Runs a session for each connection, whatever is spoken on it.
pub(super) async fn accept_each<S, F>(
    bound: Bound,
    listener: &'static str,
    turned_away: TurnedAway<'_>,
    edge: Arc<MailEdge>,
    stopping: Stopping,
    session: S,
) where
    S: Fn(Arc<MailEdge>, Box<dyn Stream>, Peer, Stopping) -> F,
    F: Future<Output = ()> + Send + 'static,
{
    let mut stopping = stopping;
    let places = Arc::new(Semaphore::new(descriptors::fitted(SMTP_SESSIONS_MAX)));
    let mut sessions = JoinSet::new();
    let mut accepting = Accepting::new(listener);
    let label = ListenerLabels { listener };
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
                accepting.failed(&error).await;
                continue;
            }
        };
        if !may_hand_in(&peer, &edge) {
            edge.count(MailEvent::PeersRefused, 1);
            // Best effort, as below.
            let _ = stream.write_all(turned_away.unlisted).await;
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            // Best effort: the client learns it from the closed connection otherwise.
            let _ = stream.write_all(turned_away.full).await;
            continue;
        };
        let session = session(Arc::clone(&edge), stream, peer, stopping.clone());
        let gauge = edge.metrics.sessions.get_or_create(&label).clone();
        gauge.inc();
        sessions.spawn(async move {
            let _place = place;
            session.await;
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
