//! TLS for mail (RFC 3207, RFC 8314): certificates and keys from PEM files, both sides of a
//! handshake, and files that are read again when they change.

mod clients;
mod files;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use clients::ListedClients;
use files::FromFiles;

/// When TLS begins on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerStart {
    /// By STARTTLS, if the client wants.
    Offered,
    /// By STARTTLS, before anything else.
    Required,
    /// With the connection's first byte.
    AtOnce,
}

/// When TLS begins with the server behind. It is never left out because the server did not offer
/// it: somebody in between could remove the offer (RFC 3207 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientStart {
    /// By STARTTLS.
    ByCommand,
    /// With the connection's first byte.
    AtOnce,
}

/// A certificate including the chain to its CA, and its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub certificate: PathBuf,
    pub key: PathBuf,
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// The authorities' certificates.
    pub ca: PathBuf,
    /// The other side's certificate must be good for one of these.
    pub names: Vec<ServerName<'static>>,
}

/// What a listener shows, and whether it asks clients for a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerTls {
    pub start: ServerStart,
    pub identity: Identity,
    /// `None`: clients are not asked for a certificate.
    pub clients: Option<Trust>,
}

/// What a client asks of the server, and what it shows where it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTls {
    pub start: ClientStart,
    pub ca: PathBuf,
    /// The name that the server's certificate must be good for.
    pub name: ServerName<'static>,
    pub identity: Option<Identity>,
}

/// Why certificates can't be used. A retry makes sense once the files are changed.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    #[error("{}: can't be read: {cause}", file.display())]
    Unreadable { file: PathBuf, cause: std::io::Error },
    #[error("{}: holds no certificate in PEM", file.display())]
    NoCertificate { file: PathBuf },
    #[error("{}: holds no private key in PEM without a password", file.display())]
    NoKey { file: PathBuf },
    #[error("{}: can't be used with {}: {cause}", certificate.display(), key.display())]
    Identity { certificate: PathBuf, key: PathBuf, cause: rustls::Error },
    #[error("{}: holds no usable CA certificate", file.display())]
    Authorities { file: PathBuf },
    #[error("TLS can't be set up: {0}")]
    Provider(#[from] rustls::Error),
}

/// A listener's side.
pub struct Acceptor {
    pub start: ServerStart,
    config: FromFiles<ServerConfig>,
}

impl Acceptor {
    /// # Errors
    /// The files can't be used.
    pub fn new(settings: &ServerTls) -> Result<Acceptor, TlsFault> {
        let mut files = vec![settings.identity.certificate.clone(), settings.identity.key.clone()];
        files.extend(settings.clients.iter().map(|clients| clients.ca.clone()));
        let made = settings.clone();
        let config = FromFiles::new(files, move || server_config(&made))?;
        Ok(Acceptor { start: settings.start, config })
    }

    /// With the certificate as it is in the file now.
    pub fn current(&self) -> tokio_rustls::TlsAcceptor {
        tokio_rustls::TlsAcceptor::from(self.config.current())
    }
}

/// A client's side.
pub struct Connector {
    pub start: ClientStart,
    pub name: ServerName<'static>,
    config: FromFiles<ClientConfig>,
}

impl Connector {
    /// # Errors
    /// The files can't be used.
    pub fn new(settings: &ClientTls) -> Result<Connector, TlsFault> {
        let mut files = vec![settings.ca.clone()];
        if let Some(identity) = &settings.identity {
            files.extend([identity.certificate.clone(), identity.key.clone()]);
        }
        let made = settings.clone();
        let config = FromFiles::new(files, move || client_config(&made))?;
        Ok(Connector { start: settings.start, name: settings.name.clone(), config })
    }

    /// With authorities and certificate as they are in the files now.
    pub fn current(&self) -> tokio_rustls::TlsConnector {
        tokio_rustls::TlsConnector::from(self.config.current())
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

fn server_config(settings: &ServerTls) -> Result<ServerConfig, TlsFault> {
    let builder =
        ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
    let builder = match &settings.clients {
        None => builder.with_no_client_auth(),
        Some(trust) => {
            let fault = |_| TlsFault::Authorities { file: trust.ca.clone() };
            let authorities = Arc::new(authorities(&trust.ca)?);
            let clients =
                WebPkiClientVerifier::builder_with_provider(Arc::clone(&authorities), provider())
                    .build()
                    .map_err(fault)?;
            let servers = WebPkiServerVerifier::builder_with_provider(authorities, provider())
                .build()
                .map_err(fault)?;
            let names = trust.names.clone();
            builder.with_client_cert_verifier(Arc::new(ListedClients { clients, servers, names }))
        }
    };
    let (chain, key) = identity(&settings.identity)?;
    builder.with_single_cert(chain, key).map_err(|cause| unusable(&settings.identity, cause))
}

fn client_config(settings: &ClientTls) -> Result<ClientConfig, TlsFault> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(authorities(&settings.ca)?);
    let Some(own) = &settings.identity else { return Ok(builder.with_no_client_auth()) };
    let (chain, key) = identity(own)?;
    builder.with_client_auth_cert(chain, key).map_err(|cause| unusable(own, cause))
}

fn unusable(identity: &Identity, cause: rustls::Error) -> TlsFault {
    let Identity { certificate, key } = identity.clone();
    TlsFault::Identity { certificate, key, cause }
}

type Chain = Vec<CertificateDer<'static>>;

fn identity(identity: &Identity) -> Result<(Chain, PrivateKeyDer<'static>), TlsFault> {
    Ok((certificates(&identity.certificate)?, private_key(&identity.key)?))
}

/// The certificates in a PEM file, at least one.
///
/// # Errors
/// It can't be read, or contains none.
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read(file)?).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) | Err(_) => Err(TlsFault::NoCertificate { file: file.to_owned() }),
    }
}

/// The private key in a PEM file.
///
/// # Errors
/// It can't be read, or holds none.
pub fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    let found = PrivateKeyDer::from_pem_slice(&read(file)?);
    found.map_err(|_| TlsFault::NoKey { file: file.to_owned() })
}

/// The authorities in a PEM file. Those that can't be understood are left out, as elsewhere.
fn authorities(file: &Path) -> Result<RootCertStore, TlsFault> {
    let mut store = RootCertStore::empty();
    match store.add_parsable_certificates(certificates(file)?) {
        (0, _) => Err(TlsFault::Authorities { file: file.to_owned() }),
        _ => Ok(store),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, TlsFault> {
    std::fs::read(file).map_err(|cause| TlsFault::Unreadable { file: file.to_owned(), cause })
}
