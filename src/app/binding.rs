//! Where the listeners listen: on sockets of their own, or on those that the service manager hands over.

use std::net::SocketAddr;

use tokio::net::{TcpListener, UnixListener};

use super::running::StartFault;
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
    let bound = match inherited_mail(what, address, sockets) {
        Ok(Some(bound)) => Ok(bound),
        Ok(None) => listener::bind(address, mail.socket_mode).await,
        Err(cause) => Err(cause),
    };
    let bound =
        bound.map_err(|cause| StartFault::Bind { what, address: address.to_string(), cause })?;
    closed(what, &bound, mail)?;
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
    if is_open(address.ip(), &mail.accept_from, certificates && what == "smtp") {
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
        Bind::Unix(_) => {
            let socket = sockets.unix(what)?.map(UnixListener::from_std).transpose()?;
            // The file is the service manager's, and stays.
            socket.map(|socket| Bound::Unix(socket, None))
        }
    })
}

pub(super) async fn bind(
    what: &'static str,
    address: SocketAddr,
    sockets: &mut Sockets,
) -> Result<TcpListener, StartFault> {
    let bound = match sockets.tcp(what) {
        Ok(Some(socket)) => TcpListener::from_std(socket),
        Ok(None) => TcpListener::bind(address).await,
        Err(cause) => Err(cause),
    };
    bound.map_err(|cause| StartFault::Bind { what, address: address.to_string(), cause })
}
