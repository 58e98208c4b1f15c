//! Which client certificates are taken.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerifier as _};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Clients whose certificate leads to a listed authority and is good for a listed name.
///
/// A mail server shows the certificate that it has as a server: the purpose may be either. Public
/// authorities no longer issue certificates for clients (Chrome Root Program Policy 1.6, 3.2.1).
#[derive(Debug)]
pub(super) struct ListedClients {
    pub(super) clients: Arc<dyn ClientCertVerifier>,
    pub(super) servers: Arc<WebPkiServerVerifier>,
    pub(super) names: Vec<ServerName<'static>>,
}

impl ClientCertVerifier for ListedClients {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        // A list of every public authority is long, and some clients show nothing upon it.
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let listed = self.names.iter().find(|name| verify_server_name(&certificate, name).is_ok());
        let Some(name) = listed else {
            return Err(Error::InvalidCertificate(CertificateError::NotValidForName));
        };
        let as_client = self.clients.verify_client_cert(end_entity, intermediates, now);
        as_client.or_else(|fault| {
            let as_server =
                self.servers.verify_server_cert(end_entity, intermediates, name, &[], now);
            as_server.map(|_| ClientCertVerified::assertion()).map_err(|_| fault)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.clients.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.clients.supported_verify_schemes()
    }
}
