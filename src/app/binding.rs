//! Where the listeners listen: on sockets of their own, or on those that the service manager hands over.

use std::net::SocketAddr;
use std::os::fd::AsFd as _;

use tokio::net::{TcpListener, UnixListener};

use super::start_fault::StartFault;
use crate::channels::mail::listener::{self, Bound};
use crate::channels::mail::settings::{Bind, MailSettings, is_open};
use crate::runtime::service_manager::Sockets;

/// Binds a mail listener, and writes down where.
pub(super) async fn bind_mail(
    what: &'static str,
    address: &Bind,
    mail: &MailSettings,
    place: &mut Option<String>,
    sockets: &mut Sockets,
) -> Result<Bound, StartFault> {
    let fault = |cause| StartFault::Bind { what, address: address.to_string(), cause };
    let inherited = inherited_mail(what, address, sockets).map_err(fault)?;
    let is_own = inherited.is_none() || sockets.is_own(what);
    let mut bound = match inherited {
        Some(bound) => bound,
        None => match listener::bind(address, mail.socket_mode).await {
            Ok(bound) => bound,
            Err(cause) => return mail_given_up(address, &cause, sockets).ok_or(fault(cause)),
        },
    };
    closed(what, &bound, mail)?;
    bound.hold(|socket| sockets.hold(what, socket, is_own)).map_err(fault)?;
    *place = Some(bound.address().unwrap_or_else(|| address.to_string()));
    Ok(bound)
}

/// Refuses an address at which anybody could hand in mail. `check` sees those that are configured, and not where a
/// socket of the service manager listens.
fn closed(what: &'static str, bound: &Bound, mail: &MailSettings) -> Result<(), StartFault> {
    let Bound::Tcp(listener) = bound else { return Ok(()) };
    let address = listener.local_addr().map_err(|cause| StartFault::Bind {
        what,
        address: "a socket of the service manager".to_owned(),
        cause,
    })?;
    let certificates = mail.smtp_tls.as_ref().is_some_and(|tls| tls.clients.is_some());
    if is_open(address.ip(), &mail.accept_from, certificates && matches!(what, "smtp" | "outbound"))
    {
        return Err(StartFault::OpenToAll { what, address });
    }
    Ok(())
}

fn inherited_mail(
    what: &str,
    address: &Bind,
    sockets: &mut Sockets,
) -> std::io::Result<Option<Bound>> {
    Ok(match address {
        Bind::Tcp(_) => sockets.tcp(what)?.map(TcpListener::from_std).transpose()?.map(Bound::Tcp),
        Bind::Unix(path) => {
            // The file of a copy is the running gateway's.
            let is_own = sockets.is_own(what) && !sockets.are_copies();
            match sockets.unix(what)?.map(UnixListener::from_std).transpose()? {
                Some(socket) if is_own => Some(Bound::handed_on(socket, path)?),
                // The file is the service manager's, and stays.
                Some(socket) => Some(Bound::Unix(socket, None)),
                None => None,
            }
        }
    })
}

/// A stand-in, used in a rehearsal, for a listener whose address the running gateway still holds. The address is free as
/// soon as that gateway stops.
fn mail_given_up(address: &Bind, cause: &std::io::Error, sockets: &Sockets) -> Option<Bound> {
    if cause.kind() != std::io::ErrorKind::AddrInUse {
        return None;
    }
    match address {
        Bind::Tcp(address) => {
            let socket = TcpListener::from_std(sockets.tcp_given_up(*address)?);
            socket.ok().map(Bound::Tcp)
        }
        Bind::Unix(path) => {
            let socket = UnixListener::from_std(sockets.unix_given_up(path)?);
            socket.ok().map(|socket| Bound::Unix(socket, None))
        }
    }
}

/// The same of a listener for HTTP.
fn given_up(address: SocketAddr, cause: &std::io::Error, sockets: &Sockets) -> Option<TcpListener> {
    if cause.kind() != std::io::ErrorKind::AddrInUse {
        return None;
    }
    TcpListener::from_std(sockets.tcp_given_up(address)?).ok()
}

pub(super) async fn bind(
    what: &'static str,
    address: SocketAddr,
    sockets: &mut Sockets,
) -> Result<TcpListener, StartFault> {
    let fault = |cause| StartFault::Bind { what, address: address.to_string(), cause };
    let inherited = sockets.tcp(what).map_err(fault)?;
    let is_own = inherited.is_none() || sockets.is_own(what);
    let bound = match inherited {
        Some(socket) => TcpListener::from_std(socket).map_err(fault)?,
        None => match TcpListener::bind(address).await {
            Ok(bound) => bound,
            Err(cause) => return given_up(address, &cause, sockets).ok_or(fault(cause)),
        },
    };
    sockets.hold(what, bound.as_fd(), is_own).map_err(fault)?;
    Ok(bound)
}
