//! The gateway's own check of a sender, for sites whose border makes none: DKIM (RFC 6376), SPF
//! (RFC 7208) and DMARC (RFC 9989), by mail-auth.
//!
//! It only ever says what a border's Authentication-Results would say. DNS that is away or slow, a
//! message that is too long, a signature that can't be judged: nothing is found out, and the sender
//! counts as unchecked. Only senders whose decision depends on it are checked.

use std::net::{IpAddr, SocketAddr};

use bytes::Bytes;
use mail_auth::dmarc::verify::DmarcParameters;
use mail_auth::hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ProtocolConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use mail_auth::spf::verify::SpfParameters;
use mail_auth::{
    AuthenticatedMessage, DkimResult, DmarcResult, MessageAuthenticator, SpfOutput, SpfResult,
};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::authentication::{self, Finding};
use super::wire::xtext;
use crate::domain::identifier::{Assurance, domain_to_ascii};
use crate::ports::Original;
use crate::ports::relay::Envelope;
use crate::runtime::limits::{
    MAIL_CHECK_BYTES_MAX, MAIL_CHECK_NAMES_MAX, MAIL_CHECK_WAIT, MAIL_CHECKS_MAX,
    MAIL_SIGNATURES_MAX,
};

/// One for the process: its answers from DNS are shared.
pub struct OwnCheck {
    authenticator: MessageAuthenticator,
    places: Semaphore,
    hostname: String,
}

/// Where a message came from, as the mail server in front says it.
#[derive(Clone, Default)]
pub struct Origin {
    /// The client that the server in front had; `None`: not said, and SPF is not asked.
    pub client: Option<IpAddr>,
    pub hello: String,
    /// The envelope's sender without brackets; empty: null.
    pub sender: String,
}

impl Origin {
    /// By XFORWARD, or by what a milter connection says.
    pub(super) fn of(envelope: &Envelope, sender: &str) -> Origin {
        let value = |wanted: &str| {
            let (_, value) = envelope.forwarded.iter().rev().find(|(name, _)| name == wanted)?;
            String::from_utf8(xtext(value)?).ok()
        };
        let client = value("ADDR").and_then(|address| {
            let start = address.get(..5).filter(|start| start.eq_ignore_ascii_case("IPV6:"));
            let address = address.get(start.map_or(0, str::len)..)?;
            address.parse::<IpAddr>().ok().map(|address| address.to_canonical())
        });
        let hello = value("HELO").filter(|hello| !hello.starts_with('[')).unwrap_or_default();
        Origin { client, hello, sender: sender.to_owned() }
    }
}

impl OwnCheck {
    /// # Errors
    /// The resolver can't be set up.
    pub fn new(nameserver: SocketAddr, hostname: &str) -> std::io::Result<OwnCheck> {
        let connection = |protocol| {
            let mut connection = ConnectionConfig::new(protocol);
            connection.port = nameserver.port();
            connection
        };
        let connections = vec![connection(ProtocolConfig::Udp), connection(ProtocolConfig::Tcp)];
        let server = NameServerConfig::new(nameserver.ip(), true, connections);
        let config = ResolverConfig::from_parts(None, Vec::new(), vec![server]);
        let mut options = ResolverOpts::default();
        options.use_hosts_file = ResolveHosts::Never;
        options.cache_size = MAIL_CHECK_NAMES_MAX;
        options.timeout = MAIL_CHECK_WAIT / 4;
        options.attempts = 1;
        let authenticator =
            MessageAuthenticator::new(config, options).map_err(std::io::Error::other)?;
        let places = Semaphore::new(MAIL_CHECKS_MAX);
        Ok(OwnCheck { authenticator, places, hostname: hostname.to_owned() })
    }

    /// The facts found about the From domain within [`MAIL_CHECK_WAIT`]. `signatures`: how many the
    /// message carries.
    pub async fn assurance(
        &self,
        original: &Original,
        length: u64,
        signatures: usize,
        origin: Origin,
        domain: &str,
    ) -> Assurance {
        let Some(domain) = domain_to_ascii(domain) else { return Assurance::Asserted };
        if length > MAIL_CHECK_BYTES_MAX || signatures > MAIL_SIGNATURES_MAX {
            tracing::info!("a message is too much to check; its sender counts as asserted");
            return Assurance::Asserted;
        }
        let started = tokio::time::Instant::now();
        let Ok(Ok(_place)) = timeout(MAIL_CHECK_WAIT, self.places.acquire()).await else {
            return Assurance::Asserted;
        };
        let Some(message) = whole(original).await else { return Assurance::Asserted };
        let left = MAIL_CHECK_WAIT.saturating_sub(started.elapsed());
        let work = verified(self.authenticator.clone(), message, origin, self.hostname.clone());
        // Hashing is work for other threads than the runtime's; and the library's panic on some
        // message is one message unchecked.
        let runtime = tokio::runtime::Handle::current();
        let checking = tokio::task::spawn_blocking(move || runtime.block_on(timeout(left, work)));
        match checking.await {
            Ok(Ok(findings)) => authentication::judge(&findings, &domain),
            Ok(Err(_)) => {
                tracing::warn!("a sender's check took too long; it counts as asserted");
                Assurance::Asserted
            }
            Err(_) => {
                tracing::error!("a sender's check failed; it counts as asserted");
                Assurance::Asserted
            }
        }
    }
}

async fn whole(original: &Original) -> Option<Bytes> {
    match original {
        Original::Bytes(bytes) => Some(bytes.clone()),
        Original::File(path) => tokio::fs::read(path).await.ok().map(Bytes::from),
    }
}

/// The findings in the terms of Authentication-Results.
async fn verified(
    authenticator: MessageAuthenticator,
    message: Bytes,
    origin: Origin,
    hostname: String,
) -> Vec<Finding> {
    // Strict: a signature over part of the body (`l=`) does not count.
    let Some(message) = AuthenticatedMessage::parse_with_opts(&message, None, true) else {
        return Vec::new();
    };
    let signatures = authenticator.verify_dkim(&message).await;
    let passed = signatures.iter().filter(|one| *one.result() == DkimResult::Pass);
    let mut findings: Vec<Finding> = passed
        .filter_map(|one| one.signature())
        .map(|signature| Finding::new("dkim", "pass", &[("header.d", &signature.d)]))
        .collect();
    let spf = match origin.client {
        Some(client) => {
            let Origin { hello, sender, .. } = &origin;
            let asked = if sender.is_empty() {
                SpfParameters::verify_ehlo(client, hello, &hostname)
            } else {
                SpfParameters::verify_mail_from(client, hello, &hostname, sender)
            };
            authenticator.verify_spf(asked).await
        }
        None => SpfOutput::default(),
    };
    let sender_domain =
        origin.sender.rsplit_once('@').map_or(origin.hello.as_str(), |(_, domain)| domain);
    if spf.result() == SpfResult::Pass && !origin.sender.is_empty() {
        findings.push(Finding::new("spf", "pass", &[("smtp.mailfrom", sender_domain)]));
    }
    let dmarc = authenticator
        .verify_dmarc(DmarcParameters {
            message: &message,
            dkim_output: &signatures,
            dkim2_output: None,
            rfc5321_mail_from_domain: sender_domain,
            spf_output: &spf,
        })
        .await;
    // A fail is only one if all that could have passed was looked at.
    let all_known = origin.client.is_some()
        && !matches!(spf.result(), SpfResult::TempError | SpfResult::PermError)
        && message.errors.is_empty()
        && !signatures
            .iter()
            .any(|one| matches!(one.result(), DkimResult::TempError(_) | DkimResult::PermError(_)));
    let result = match dmarc.result() {
        DmarcResult::Pass => Some("pass"),
        DmarcResult::Fail(_) if all_known => Some("fail"),
        DmarcResult::Fail(_)
        | DmarcResult::TempError(_)
        | DmarcResult::PermError(_)
        | DmarcResult::None => None,
    };
    if let Some(result) = result {
        findings.push(Finding::new("dmarc", result, &[("header.from", dmarc.domain())]));
    }
    findings
}
