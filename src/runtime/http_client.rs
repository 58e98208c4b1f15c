//! How the gateway calls other servers by HTTP: the connector that all its clients share.

use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;

use url::Url;

use super::limits::HTTP_UPSTREAM_CONNECT_WAIT;

/// What keeps a client from being made.
#[derive(Debug, thiserror::Error)]
#[error(
    "this machine has no CA certificates to verify https servers with; install the package ca-certificates"
)]
pub struct NoAuthorities;

/// Connects by http, and where `https` is asked for by that too, with the machine's own authorities:
/// there are some hundred and forty, which take time and memory.
///
/// # Errors
/// `https` is asked for and the machine knows no certificate authority.
pub fn connector(https: bool) -> Result<HttpsConnector<HttpConnector>, NoAuthorities> {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(HTTP_UPSTREAM_CONNECT_WAIT));
    tcp.set_nodelay(true);
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = HttpsConnectorBuilder::new();
    let builder = if https {
        builder.with_provider_and_native_roots(provider).map_err(|_| NoAuthorities)?
    } else {
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .map_err(|_| NoAuthorities)?
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        builder.with_tls_config(tls)
    };
    Ok(builder.https_or_http().enable_http1().wrap_connector(tcp))
}

/// Whether nobody on the way can read requests to a URL: it is `https`, or of a program on this machine.
pub fn is_private(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}
