//! What keeps a gateway from starting.

use std::io::ErrorKind;
use std::net::SocketAddr;

use crate::channels::contacts::EdgeError;
use crate::channels::mail::MailEdgeFault;
use crate::config::state_key::StateKeyError;
use crate::forward::events::CourierFault;
#[cfg(feature = "oidc")]
use crate::forward::oidc::Unusable;
use crate::ports::StoreError;
use crate::runtime::tls::TlsFault;

/// Why a gateway does not start. [`StartFault::key`] and [`StartFault::remedy`] say the rest.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{0}")]
    Archive(StoreError),
    #[error("{0}")]
    State(StoreError),
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
    /// `what`: its key in `[listen]`.
    #[error("{address} can't be bound: {cause}")]
    Bind { what: &'static str, address: String, cause: std::io::Error },
    #[error(
        "the service manager hands over {address} for listen.{what}, which is open to every host that can reach it, \
         and mail.accept_from lists nobody: write the networks of your mail servers, or for SMTP ask for their \
         certificates with mail.tls.client_ca"
    )]
    OpenToAll { what: &'static str, address: SocketAddr },
    /// Of a service that the gateway asks.
    #[error("{0}")]
    Client(String),
    #[error("{}: can't be made: {cause}", folder.display())]
    Scratch { folder: std::path::PathBuf, cause: std::io::Error },
    #[error("the start could not be rehearsed to its end: {0}")]
    Rehearsal(&'static str),
}

impl StartFault {
    /// The key of the configuration that it is about; empty: none, or it is named already.
    pub fn key(&self) -> String {
        let key = match self {
            StartFault::Bind { what, .. } => return format!("listen.{what}"),
            StartFault::Store(StoreError::Locked(_)) => "keys.store",
            StartFault::Store(_) => "store.url",
            StartFault::Archive(_) => "archive.url",
            StartFault::StateKey(_)
            | StartFault::State(_)
            | StartFault::AnchorKey
            | StartFault::DeadLetters { .. }
            | StartFault::Downloads { .. }
            | StartFault::Scratch { .. }
            | StartFault::Mail(MailEdgeFault::Spool { .. })
            | StartFault::Edge(EdgeError::Spool(_)) => "state.folder",
            StartFault::Mail(MailEdgeFault::Tls(_)) => "mail.tls",
            StartFault::Mail(MailEdgeFault::Resolver(_)) => "mail.check",
            StartFault::Downstream(_) => "mail.downstream_tls",
            StartFault::OpenToAll { .. } => "mail.accept_from",
            StartFault::Edge(
                EdgeError::NoAuthorities(_) | EdgeError::PathTwice(_) | EdgeError::NoSecret(_),
            )
            | StartFault::Courier(_)
            | StartFault::Client(_)
            | StartFault::Rehearsal(_) => "",
            #[cfg(feature = "oidc")]
            StartFault::Provider(_) => "",
        };
        key.to_owned()
    }

    /// What somebody does about it, where it does not say so itself.
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            StartFault::Bind { cause, .. } => Some(match cause.kind() {
                ErrorKind::AddrInUse => "name an address where nothing else listens",
                ErrorKind::AddrNotAvailable => "name an address of this machine",
                ErrorKind::PermissionDenied => {
                    "name a port above 1023, or allow the service CAP_NET_BIND_SERVICE"
                }
                _ => "name an address that this user can bind",
            }),
            StartFault::Store(StoreError::Locked(_)) => {
                Some("list the key that the records are encrypted with")
            }
            StartFault::Store(StoreError::Unavailable(_) | StoreError::Corrupt(_)) => {
                Some("name a store that `contact-gateway check --store` can read")
            }
            StartFault::Archive(StoreError::Unavailable(_) | StoreError::Corrupt(_)) => {
                Some("name a folder that this user can write, or a bucket that answers")
            }
            StartFault::State(StoreError::Unavailable(_)) => {
                Some("name a folder that this user can write")
            }
            _ => None,
        }
    }
}
