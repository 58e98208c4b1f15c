//! A client of the test's own, that does exactly what it is told.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::authority::Issued;

pub trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

pub struct Client {
    stream: BufReader<Box<dyn Duplex>>,
}

/// What it believes, and what it shows.
pub fn connector(ca: &Path, own: Option<&Issued>) -> TlsConnector {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let chain = vec![CertificateDer::from_pem_file(&own.certificate).unwrap()];
            let key = PrivateKeyDer::from_pem_file(&own.key).unwrap();
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    TlsConnector::from(Arc::new(config))
}

fn name() -> ServerName<'static> {
    ServerName::try_from(super::GATEWAY).unwrap()
}

impl Client {
    /// Connects without TLS, and reads nothing.
    pub async fn plain(address: SocketAddr) -> Client {
        let stream: Box<dyn Duplex> = Box::new(TcpStream::connect(address).await.unwrap());
        Client { stream: BufReader::new(stream) }
    }

    /// TLS from the first byte.
    pub async fn at_once(address: SocketAddr, connector: &TlsConnector) -> Option<Client> {
        let stream = TcpStream::connect(address).await.unwrap();
        let stream = connector.connect(name(), stream).await.ok()?;
        Some(Client { stream: BufReader::new(Box::new(stream) as Box<dyn Duplex>) })
    }

    /// Up to and with the handshake.
    pub async fn by_command(address: SocketAddr, connector: &TlsConnector) -> Option<Client> {
        let mut client = Client::plain(address).await;
        assert!(client.reply().await.starts_with("220 "));
        let offer = client.ask("EHLO x.example").await;
        assert!(offer.contains("250-STARTTLS"), "{offer}");
        assert!(client.ask("STARTTLS").await.starts_with("220 2.0.0 "));
        client.handshake(connector).await
    }

    pub async fn handshake(self, connector: &TlsConnector) -> Option<Client> {
        assert!(self.stream.buffer().is_empty());
        let stream = connector.connect(name(), self.stream.into_inner()).await.ok()?;
        Some(Client { stream: BufReader::new(Box::new(stream) as Box<dyn Duplex>) })
    }

    /// A whole reply; empty: the connection has ended.
    pub async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let before = reply.len();
            let read = self.stream.read_line(&mut reply).await.unwrap_or(0);
            if read == 0 {
                return String::new();
            }
            if reply.as_bytes().get(before + 3) != Some(&b'-') {
                return reply;
            }
        }
    }

    pub async fn write(&mut self, text: &str) {
        // The gateway may have closed: the reply shows it.
        let _ = self.stream.get_mut().write_all(text.as_bytes()).await;
        let _ = self.stream.get_mut().flush().await;
    }

    pub async fn ask(&mut self, command: &str) -> String {
        self.write(&format!("{command}\r\n")).await;
        self.reply().await
    }

    /// A message from somebody, and the last reply.
    pub async fn send(&mut self, from: &str) -> String {
        assert!(self.ask("EHLO x.example").await.starts_with("250"));
        self.ask(&format!("MAIL FROM:<{from}>")).await;
        self.ask("RCPT TO:<repairs@karbon.example>").await;
        self.ask("DATA").await;
        self.ask(&format!("From: {from}\r\nSubject: tap\r\n\r\nIt drips.\r\n.")).await
    }
}
