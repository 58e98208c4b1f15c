//! What keeps a gateway from starting.

use std::net::SocketAddr;

use crate::channels::contacts::EdgeError;
use crate::channels::mail::MailEdgeFault;
use crate::config::state_key::StateKeyError;
use crate::forward::events::CourierFault;
#[cfg(feature = "oidc")]
use crate::forward::oidc::Unusable;
use crate::ports::StoreError;
use crate::runtime::tls::TlsFault;

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    StateKey(#[from] StateKeyError),
    #[error("the key of the anchors can't sign")]
    AnchorKey,
    #[error(transparent)]
    Edge(#[from] EdgeError),
    #[error(transparent)]
    Mail(#[from] MailEdgeFault),
    #[error("the way to the mail server: {0}")]
    Downstream(TlsFault),
    #[error(transparent)]
    Courier(#[from] CourierFault),
    #[cfg(feature = "oidc")]
    #[error(transparent)]
    Provider(#[from] Unusable),
    #[error("{}: the dead letters there can't be read: {cause}", folder.display())]
    DeadLetters { folder: std::path::PathBuf, cause: std::io::Error },
    #[error("{}: what downloads left there can't be removed: {cause}", folder.display())]
    Downloads { folder: std::path::PathBuf, cause: std::io::Error },
    #[error("listen.{what} = \"{address}\" can't be bound: {cause}")]
    Bind { what: &'static str, address: String, cause: std::io::Error },
    #[error(
        "the service manager hands over {address} for listen.{what}, which is open to every host that can reach it, \
         and mail.accept_from lists nobody: write the networks of your mail servers, or for SMTP ask for their \
         certificates with mail.tls.client_ca"
    )]
    OpenToAll { what: &'static str, address: SocketAddr },
}
