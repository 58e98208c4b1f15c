//! `[mail.tls]` and `[mail.downstream_tls]`. The files are read, so that `check` finds their faults.

use std::path::{Path, PathBuf};

use rustls::pki_types::ServerName;

use super::fault::Wrong;
use super::reader::{Field, Section, brief};
use crate::channels::mail::settings::{Downstream, DownstreamAddress};
use crate::runtime::tls::{
    self, Acceptor, ClientStart, ClientTls, Connector, Identity, ServerStart, ServerTls, TlsFault,
    Trust,
};

/// TLS on the SMTP listener. `file` is the configuration; relative paths begin in its folder.
pub(super) fn server(field: &Field<'_>, file: &Path) -> Option<ServerTls> {
    let section = field.section()?;
    let modes = [
        ("starttls", ServerStart::Offered),
        ("required", ServerStart::Required),
        ("implicit", ServerStart::AtOnce),
    ];
    let mode = section.field("mode");
    let start = mode.as_ref().map_or(Some(ServerStart::Required), |f| f.choice("a mode", &modes));
    section.need("certificate", "certificate = \"PATH\", including the chain to its CA");
    section.need("key", "key = \"PATH\"");
    let identity = identity(&section, file);
    let clients = clients(&section, file);
    if section.field("client_ca").is_some() && start == Some(ServerStart::Offered) {
        section.fault(
            "client_ca",
            "requires client certificates, but TLS is optional",
            "write mode = \"required\" or \"implicit\"",
        );
    }
    section.close();
    let settings = ServerTls { start: start?, identity: identity?, clients: clients? };
    whole(field, Acceptor::new(&settings).map(|_| settings))
}

/// TLS with the server behind.
pub(super) fn client(
    field: &Field<'_>,
    file: &Path,
    downstream: Option<&Downstream>,
) -> Option<ClientTls> {
    let section = field.section()?;
    let modes = [("starttls", ClientStart::ByCommand), ("implicit", ClientStart::AtOnce)];
    let mode = section.field("mode");
    let start = mode.as_ref().map_or(Some(ClientStart::ByCommand), |f| f.choice("a mode", &modes));
    let ca = section.need("ca", "ca = \"PATH\", such as /etc/ssl/certs/ca-certificates.crt");
    let ca = ca.and_then(|f| pem(&f, file, |path| tls::certificates(path).map(drop)));
    let named = section.field("name").map(|f| name(&f));
    let named = match (named, downstream.map(|downstream| &downstream.address)) {
        (Some(named), _) => named,
        (None, Some(DownstreamAddress::Tcp { host, .. })) => host_name(host).ok(),
        (None, Some(DownstreamAddress::Unix(_))) => {
            section.missing("name", "name = \"HOST\": the name in the server's certificate");
            None
        }
        (None, None) => None,
    };
    let (certificate, key) = (section.field("certificate"), section.field("key"));
    let identity = match (&certificate, &key) {
        (None, None) => Some(None),
        (Some(_), Some(_)) => identity(&section, file).map(Some),
        (Some(field), None) | (None, Some(field)) => {
            field.fault("is one half of a pair", "write both certificate and key");
            None
        }
    };
    section.close();
    let settings = ClientTls { start: start?, ca: ca?, name: named?, identity: identity? };
    whole(field, Connector::new(&settings).map(|_| settings))
}

/// The files are right one by one; whether they are right together.
fn whole<T>(field: &Field<'_>, made: Result<T, TlsFault>) -> Option<T> {
    made.map_err(|fault| field.fault(fault.to_string(), "use the files of one pair")).ok()
}

/// `client_ca` and `client_names`; the inner `None`: neither is there.
fn clients(section: &Section<'_>, file: &Path) -> Option<Option<Trust>> {
    let (ca, names) = (section.field("client_ca"), section.field("client_names"));
    match (ca, names) {
        (None, None) => Some(None),
        (Some(ca), Some(names)) => {
            let ca = pem(&ca, file, |path| tls::certificates(path).map(drop));
            let listed = names.list(name)?;
            if listed.is_empty() {
                names.fault("is empty", "write the names in the clients' certificates");
                return None;
            }
            Some(Some(Trust { ca: ca?, names: listed }))
        }
        (Some(_), None) => {
            section.missing(
                "client_names",
                "client_names = [\"HOST\"]: a CA has many customers, and only these may submit mail",
            );
            None
        }
        (None, Some(_)) => {
            section.missing(
                "client_ca",
                "client_ca = \"PATH\": the CA that issues these certificates",
            );
            None
        }
    }
}

fn identity(section: &Section<'_>, file: &Path) -> Option<Identity> {
    let certificate = section
        .field("certificate")
        .and_then(|f| pem(&f, file, |path| tls::certificates(path).map(drop)));
    let key =
        section.field("key").and_then(|f| pem(&f, file, |path| tls::private_key(path).map(drop)));
    Some(Identity { certificate: certificate?, key: key? })
}

fn pem(
    field: &Field<'_>,
    file: &Path,
    read: impl Fn(&Path) -> Result<(), TlsFault>,
) -> Option<PathBuf> {
    let path = field.file_beside(file)?;
    match read(&path) {
        Ok(()) => Some(path),
        Err(fault) => {
            let wrong = fault.to_string();
            // Without the operating system's number.
            let wrong = wrong.split(" (os error").next().unwrap_or_default();
            field.fault(wrong, "name a PEM file that the gateway's user can read");
            None
        }
    }
}

fn name(field: &Field<'_>) -> Option<ServerName<'static>> {
    field.parsed(host_name)
}

fn host_name(text: &str) -> Result<ServerName<'static>, Wrong> {
    ServerName::try_from(text.to_owned()).map_err(|_| {
        Wrong::new(
            format!("`{}` is not a name that a certificate can contain", brief(text)),
            "write it as mail.example.org",
        )
    })
}
