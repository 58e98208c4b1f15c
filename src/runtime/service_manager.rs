//! What systemd hands to the process and hears from it: listening sockets (sd_listen_fds(3)), and that the
//! gateway is ready, alive or stopping (sd_notify(3)). Without a service manager there is nothing of either.

use std::ffi::OsString;
use std::io;
use std::net::TcpListener;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use command_fds::{CommandFdExt as _, FdMapping};
use listenfd::ListenFd;

/// Listening sockets that were opened before the process started, by name (`FileDescriptorName=`). They
/// outlive the process, so that no connection is refused while it restarts.
pub struct Sockets {
    /// In the order of their descriptors. `None`: taken.
    names: Vec<Option<String>>,
    descriptors: ListenFd,
    /// Of the names, those whose sockets the gateway itself opened, before it was reloaded.
    own: Vec<String>,
    held: Vec<HeldSocket>,
    /// `Some`: a start is only rehearsed, beside the gateway whose sockets these are.
    copies: Option<SocketCopies>,
}

/// Copies of the sockets of a gateway that runs.
#[derive(Default)]
struct SocketCopies {
    /// Of the listeners that keep theirs, by name, until they are taken.
    kept: Vec<(String, OwnedFd)>,
    kept_names: Vec<String>,
    /// Of the others.
    given_up: Vec<OwnedFd>,
}

/// A socket that outlives the listener which serves it, to be handed on when the gateway is reloaded.
pub struct HeldSocket {
    name: String,
    descriptor: OwnedFd,
    /// The gateway itself opened it, at its configured address.
    pub is_own: bool,
    /// Whether its file must stay when the listener is gone.
    stays: Arc<AtomicBool>,
}

/// Names the sockets that the gateway itself opened, for the program that takes its place.
const OWN_SOCKETS: &str = "CONTACT_GATEWAY_OWN_SOCKETS";

/// The first descriptor that is handed on (sd_listen_fds(3)).
const FIRST_DESCRIPTOR: i32 = 3;

impl HeldSocket {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From now on the socket's file stays when its listener is gone.
    pub fn stays(&self) {
        self.stays.store(true, Ordering::Relaxed);
    }
}

/// Closes sockets that are not handed on after all, and removes the files of those that the gateway itself opened.
pub fn give_up(sockets: Vec<HeldSocket>) {
    for held in sockets.into_iter().filter(|held| held.is_own) {
        // That of a TCP socket has no such address.
        let address = UnixListener::from(held.descriptor).local_addr().ok();
        let path = address.as_ref().and_then(SocketAddr::as_pathname);
        if let Some(Err(error)) = path.map(std::fs::remove_file) {
            tracing::warn!(%error, "the socket file of a listener could not be removed");
        }
    }
}

/// Whether [`replace_process`] can start this program, as far as can be known before.
///
/// # Errors
/// The file is gone, or this user may not run it.
pub fn can_be_started(program: &Path) -> io::Result<()> {
    Ok(rustix::fs::access(program, rustix::fs::Access::EXEC_OK)?)
}

/// Puts a program in the place of this one, with its process id and these sockets. Returns only where
/// that can't be done.
pub fn replace_process(
    program: &Path,
    arguments: &[OsString],
    sockets: Vec<HeldSocket>,
) -> io::Error {
    let names: Vec<&str> = sockets.iter().map(HeldSocket::name).collect();
    let own = sockets.iter().filter(|held| held.is_own).map(HeldSocket::name).collect::<Vec<_>>();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .env("LISTEN_FDS", sockets.len().to_string())
        .env("LISTEN_PID", std::process::id().to_string())
        .env("LISTEN_FDNAMES", names.join(":"))
        .env(OWN_SOCKETS, own.join(":"));
    let mappings = (FIRST_DESCRIPTOR..).zip(sockets);
    let mappings = mappings
        .map(|(child_fd, held)| FdMapping { parent_fd: held.descriptor, child_fd })
        .collect();
    match command.fd_mappings(mappings) {
        Ok(command) => command.exec(),
        Err(collision) => io::Error::other(collision),
    }
}

impl Sockets {
    /// No sockets: every listener opens its own.
    pub fn none() -> Self {
        Sockets {
            names: Vec::new(),
            descriptors: ListenFd::empty(),
            own: Vec::new(),
            held: Vec::new(),
            copies: None,
        }
    }

    /// Copies of what a running gateway holds, to rehearse another start beside it: the listeners whose sockets stay
    /// find these, and the others find theirs in use only by the gateway itself.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn copied<'h>(
        held: impl IntoIterator<Item = &'h HeldSocket>,
        stays: impl Fn(&HeldSocket) -> bool,
    ) -> io::Result<Self> {
        let mut copies = SocketCopies::default();
        let mut own = Vec::new();
        for socket in held {
            let copy = socket.descriptor.try_clone()?;
            if !stays(socket) {
                copies.given_up.push(copy);
                continue;
            }
            if socket.is_own {
                own.push(socket.name.clone());
            }
            copies.kept_names.push(socket.name.clone());
            copies.kept.push((socket.name.clone(), copy));
        }
        Ok(Sockets { own, copies: Some(copies), ..Sockets::none() })
    }

    /// Those of this process; none if they are for another one.
    pub fn inherited() -> Self {
        // Read first: taking the descriptors removes the variables, so that no child takes them again.
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        let descriptors = ListenFd::from_env();
        let names = names.split(':').map(|name| Some(name.to_owned())).take(descriptors.len());
        let own = std::env::var(OWN_SOCKETS).unwrap_or_default();
        let own = own.split(':').map(str::to_owned).collect();
        Sockets { names: names.collect(), descriptors, own, held: Vec::new(), copies: None }
    }

    /// The TCP socket of a listener, once.
    ///
    /// # Errors
    /// It is a socket of another kind.
    pub fn tcp(&mut self, listener: &str) -> io::Result<Option<TcpListener>> {
        if let Some(copy) = self.copy(listener) {
            let socket = TcpListener::from(copy);
            // Fails for a socket of another kind.
            socket.local_addr()?;
            return Ok(Some(socket));
        }
        let Some(index) = self.taken(listener) else { return Ok(None) };
        let Some(socket) = self.descriptors.take_tcp_listener(index)? else { return Ok(None) };
        socket.set_nonblocking(true)?;
        Ok(Some(socket))
    }

    /// The same of a socket file.
    ///
    /// # Errors
    /// It is a socket of another kind.
    pub fn unix(&mut self, listener: &str) -> io::Result<Option<UnixListener>> {
        if let Some(copy) = self.copy(listener) {
            let socket = UnixListener::from(copy);
            socket.local_addr()?;
            return Ok(Some(socket));
        }
        let Some(index) = self.taken(listener) else { return Ok(None) };
        let Some(socket) = self.descriptors.take_unix_listener(index)? else { return Ok(None) };
        socket.set_nonblocking(true)?;
        Ok(Some(socket))
    }

    /// Whether the gateway itself opened a listener's socket, now or before it was reloaded.
    pub fn is_own(&self, listener: &str) -> bool {
        self.own.iter().any(|name| name == listener)
    }

    /// Whether a start is only rehearsed: the sockets are in use by a gateway that runs, and so are their files.
    pub const fn are_copies(&self) -> bool {
        self.copies.is_some()
    }

    /// In a rehearsal, the socket that the running gateway gives up and that keeps others off this address until then.
    pub fn tcp_given_up(&self, address: std::net::SocketAddr) -> Option<TcpListener> {
        self.copies.iter().flat_map(|copies| &copies.given_up).find_map(|socket| {
            let socket = TcpListener::from(socket.try_clone().ok()?);
            let held = socket.local_addr().ok()?;
            let is_any = held.ip().is_unspecified() || address.ip().is_unspecified();
            let is_there = held.port() == address.port() && (is_any || held.ip() == address.ip());
            is_there.then_some(socket)
        })
    }

    /// The same of a socket file.
    pub fn unix_given_up(&self, path: &Path) -> Option<UnixListener> {
        self.copies.iter().flat_map(|copies| &copies.given_up).find_map(|socket| {
            let socket = UnixListener::from(socket.try_clone().ok()?);
            let held = socket.local_addr().ok()?;
            (held.as_pathname() == Some(path)).then_some(socket)
        })
    }

    /// Holds the socket of a listener, to be handed on. Ask the returned value before the socket's file is removed.
    ///
    /// # Errors
    /// There are no descriptors left.
    pub fn hold(
        &mut self,
        listener: &str,
        socket: BorrowedFd<'_>,
        is_own: bool,
    ) -> io::Result<Arc<AtomicBool>> {
        let stays = Arc::new(AtomicBool::new(false));
        self.held.push(HeldSocket {
            name: listener.to_owned(),
            descriptor: socket.try_clone_to_owned()?,
            is_own,
            stays: Arc::clone(&stays),
        });
        Ok(stays)
    }

    /// What is held; of a rehearsal, what the running gateway does not hold.
    pub fn into_held(self) -> Vec<HeldSocket> {
        let copied = self.copies.map(|copies| copies.kept_names).unwrap_or_default();
        self.held.into_iter().filter(|held| !copied.contains(&held.name)).collect()
    }

    fn copy(&mut self, listener: &str) -> Option<OwnedFd> {
        let kept = &mut self.copies.as_mut()?.kept;
        let index = kept.iter().position(|(name, _)| name == listener)?;
        Some(kept.swap_remove(index).1)
    }

    fn taken(&mut self, listener: &str) -> Option<usize> {
        let mut places = self.names.iter_mut().enumerate();
        let (index, name) = places.find(|(_, name)| name.as_deref() == Some(listener))?;
        *name = None;
        Some(index)
    }

    /// Sockets that no listener took: connections to them would wait for ever.
    pub fn left(&self) -> impl Iterator<Item = &str> {
        self.names.iter().filter_map(|name| name.as_deref())
    }
}

/// Where the service manager hears how the process does.
pub struct Notify {
    socket: UnixDatagram,
    /// How often it must hear of a process that is alive.
    watchdog: Option<Duration>,
}

impl Notify {
    /// `None`: nobody asks.
    pub fn from_environment() -> Option<Self> {
        let address = std::env::var("NOTIFY_SOCKET").ok()?;
        let is_ours =
            std::env::var("WATCHDOG_PID").map_or(true, |pid| pid.parse() == Ok(std::process::id()));
        let watchdog = std::env::var("WATCHDOG_USEC").ok().filter(|_| is_ours);
        let watchdog = watchdog.and_then(|every| every.parse().ok()).map(Duration::from_micros);
        Notify::to(&address, watchdog).ok()
    }

    fn to(address: &str, watchdog: Option<Duration>) -> io::Result<Self> {
        // `@` means the abstract namespace (unix(7)).
        let address = match address.strip_prefix('@') {
            Some(name) => SocketAddr::from_abstract_name(name)?,
            None => SocketAddr::from_pathname(address)?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        socket.connect_addr(&address)?;
        Ok(Notify { socket, watchdog })
    }

    /// Listeners are open, and the last known state is loaded or awaited.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// A changed configuration is being loaded.
    pub fn reloading(&self) {
        self.say("RELOADING=1");
    }

    /// Work in hand is being finished.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// Says that the process is alive, twice within the time in which it must. Runs among all other
    /// tasks: a runtime that no longer gets round to it is stuck, and the manager restarts it.
    pub async fn keep_alive(&self) {
        let Some(every) = self.watchdog else { return };
        loop {
            tokio::time::sleep(every / 2).await;
            self.say("WATCHDOG=1");
        }
    }

    /// A manager that does not listen is not the gateway's fault.
    fn say(&self, state: &str) {
        if let Err(error) = self.socket.send(state.as_bytes()) {
            tracing::warn!(%error, state, "the service manager could not be notified");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut text = [0; 64];
        let length = socket.recv(&mut text).unwrap();
        String::from_utf8_lossy(&text[..length]).into_owned()
    }

    #[tokio::test(start_paused = true)]
    async fn the_manager_hears_ready_alive_and_stopping() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::to(path.to_str().unwrap(), Some(Duration::from_secs(10))).unwrap();
        notify.ready();
        assert_eq!(heard(&manager), "READY=1");
        let alive = tokio::time::timeout(Duration::from_secs(11), notify.keep_alive()).await;
        assert!(alive.is_err());
        assert_eq!((heard(&manager), heard(&manager)), ("WATCHDOG=1".into(), "WATCHDOG=1".into()));
        notify.stopping();
        assert_eq!(heard(&manager), "STOPPING=1");
    }

    #[test]
    fn an_address_may_be_abstract() {
        let name = format!("contact-gateway-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        Notify::to(&format!("@{name}"), None).unwrap().ready();
        assert_eq!(heard(&manager), "READY=1");
    }

    fn held(name: &str, sockets: &mut Sockets) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        sockets.hold(name, std::os::fd::AsFd::as_fd(&listener), true).unwrap();
        listener.local_addr().unwrap()
    }

    #[test]
    fn a_rehearsal_has_copies_of_what_stays_and_finds_what_is_given_up_in_its_way() {
        let mut running = Sockets::none();
        let (staff, contacts) = (held("staff", &mut running), held("contacts", &mut running));
        let running = running.into_held();
        let mut copies = Sockets::copied(&running, |held| held.name() == "staff").unwrap();
        assert!(copies.are_copies() && copies.is_own("staff") && !copies.is_own("contacts"));
        assert!(copies.unix("contacts").unwrap().is_none());
        let copy = copies.tcp("staff").unwrap().unwrap();
        assert_eq!(copy.local_addr().unwrap(), staff);
        assert!(copies.tcp("staff").unwrap().is_none(), "once");
        assert!(copies.tcp("contacts").unwrap().is_none());

        let everywhere = (std::net::Ipv4Addr::UNSPECIFIED, contacts.port()).into();
        for address in [contacts, everywhere] {
            assert_eq!(copies.tcp_given_up(address).unwrap().local_addr().unwrap(), contacts);
        }
        assert!(copies.tcp_given_up(staff).is_none(), "it stays");
        assert!(copies.unix_given_up(Path::new("/a")).is_none());
        assert!(Sockets::none().tcp_given_up(contacts).is_none());

        // What the running gateway holds is not handed on twice.
        copies.hold("staff", std::os::fd::AsFd::as_fd(&copy), true).unwrap();
        held("smtp", &mut copies);
        let new = copies.into_held();
        assert_eq!(new.iter().map(HeldSocket::name).collect::<Vec<_>>(), ["smtp"]);
    }

    #[test]
    fn sockets_that_are_given_up_leave_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut sockets = Sockets::none();
        let paths = [("lmtp", true), ("smtp", false)].map(|(name, is_own)| {
            let path = folder.path().join(name);
            let listener = UnixListener::bind(&path).unwrap();
            sockets.hold(name, std::os::fd::AsFd::as_fd(&listener), is_own).unwrap();
            path
        });
        let contacts = held("contacts", &mut sockets);
        give_up(sockets.into_held());
        assert_eq!(paths.map(|path| path.exists()), [false, true], "only its own");
        assert!(std::net::TcpStream::connect(contacts).is_err());
    }

    #[test]
    fn a_program_that_is_gone_can_not_be_started() {
        let folder = tempfile::tempdir().unwrap();
        assert!(can_be_started(&folder.path().join("gone")).is_err());
        assert!(can_be_started(Path::new("/bin/sh")).is_ok());
    }

    #[test]
    fn a_socket_without_a_listener_is_left() {
        let names = vec![Some("staff".to_owned()), Some("other".to_owned())];
        let mut sockets = Sockets { names, ..Sockets::none() };
        assert!(sockets.tcp("staff").unwrap().is_none());
        assert!(sockets.unix("contacts").unwrap().is_none());
        assert_eq!(sockets.left().collect::<Vec<_>>(), ["other"]);
    }
}
