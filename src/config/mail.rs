//! `[mail]`.

use std::path::Path;

use super::endpoint;
use super::fault::Wrong;
use super::mail_tls;
use super::reader::{Field, Section, brief};
use super::settings::MailWithoutKey;
use crate::channels::mail::settings::{
    Bind, CheckSettings, Downstream, MailListener, MailSettings, MilterKept, OutboundSettings,
    is_open,
};
use crate::domain::identifier::domain_to_ascii;
use crate::domain::organisation::OrganisationId;
use crate::runtime::limits::{MAIL_SIZE_BYTES_DEFAULT, MAIL_SIZE_BYTES_MAX};
use crate::runtime::tls::{ClientTls, ServerTls};

/// Messages smaller than this can't hold an ordinary header block.
const SIZE_LIMIT_MIN: u64 = 64 * 1024;
const MILTER_KEPT: &[(&str, MilterKept)] =
    &[("discard", MilterKept::Discard), ("quarantine", MilterKept::Quarantine)];
/// Everybody on the machine may hand mail in by a local socket: `pipe` runs as any user, as
/// `sendmail` does.
const SOCKET_MODE_DEFAULT: u32 = 0o666;
const MAIL_LISTENERS: &[(&str, MailListener)] =
    &[("smtp", MailListener::Smtp), ("lmtp", MailListener::Lmtp), ("milter", MailListener::Milter)];
const SPOOL_FOLDER: &str = "spool";

/// The mail settings; `None` where there is neither a mail listener nor a downstream. The keys of `[mail]` are checked
/// in any case.
pub(super) fn read(
    root: &Section<'_>,
    listen: MailListen,
    file: &Path,
    state: &Path,
) -> Option<MailWithoutKey> {
    let listeners = [&listen.smtp, &listen.lmtp, &listen.milter, &listen.outbound];
    let wanted = listeners.iter().any(|bind| bind.is_some());
    let field = if wanted {
        root.need("mail", "[mail] with downstream = \"smtp://HOST:PORT\"")
    } else {
        root.field("mail")
    };
    let section = field?.section()?;
    let downstream = if wanted {
        section.need("downstream", "the downstream server, such as \"smtp://127.0.0.1:10026\"")
    } else {
        section.field("downstream")
    };
    let downstream = downstream.and_then(|f| f.parsed(endpoint::downstream));
    let networks = |key| {
        let field = section.field(key);
        field.and_then(|f| f.list(|item| item.parsed(endpoint::network))).unwrap_or_default()
    };
    let tls = section.field("tls");
    let smtp_tls = tls.as_ref().and_then(|f| mail_tls::server(f, file));
    if let (Some(tls), None, None) = (&tls, &listen.smtp, &listen.outbound) {
        tls.fault(
            "belongs to a listener that is not configured",
            "write listen.smtp, or leave this out",
        );
    }
    let way_out = section.field("outbound");
    let (way_out, way_out_tls) =
        way_out.and_then(|f| outbound(&f, &listen, file)).unwrap_or_default();
    let downstream_tls = section.field("downstream_tls");
    let downstream_tls =
        downstream_tls.and_then(|f| mail_tls::client(&f, file, downstream.as_ref()));
    let hosts = |key| section.field(key).and_then(|f| f.list(host)).unwrap_or_default();
    let settings = MailParts {
        smtp_tls,
        way_out,
        way_out_tls,
        accept_from: networks("accept_from"),
        downstream_tls,
        trusted_authserv_ids: hosts("trusted_authserv_ids"),
        border_hosts: hosts("border_hosts"),
        xforward_from: networks("xforward_from"),
        default_organisation: section
            .field("default_organisation")
            .and_then(|f| f.words().map(OrganisationId::new)),
        size_limit: section
            .field("size_limit")
            .and_then(|f| f.bytes(SIZE_LIMIT_MIN, MAIL_SIZE_BYTES_MAX))
            .unwrap_or(MAIL_SIZE_BYTES_DEFAULT),
        check: section.field("check").and_then(|f| check(&f)),
        milter_kept: section
            .field("milter_kept")
            .and_then(|f| f.choice("a treatment of kept messages", MILTER_KEPT))
            .unwrap_or_default(),
        hostname: section.field("hostname").and_then(|f| host(&f)).unwrap_or_else(hostname),
    };
    let asks_for_certificates = tls.is_some_and(|tls| tls.has("client_ca"));
    closed(&section, &listen, &settings, asks_for_certificates);
    section.close();
    // Without a listener a downstream still accepts notices and mail routed to a mailbox.
    Some(MailWithoutKey(settings.with(listen, downstream?, state)))
}

/// The mail listeners.
#[derive(Default)]
pub(super) struct MailListen {
    pub(super) smtp: Option<Bind>,
    pub(super) lmtp: Option<Bind>,
    pub(super) milter: Option<Bind>,
    pub(super) outbound: Option<Bind>,
    pub(super) socket_mode: Option<u32>,
}

/// Refuses a listener through which anybody could submit mail that the downstream server accepts as the
/// organisation's own server's word.
fn closed(section: &Section<'_>, listen: &MailListen, mail: &MailParts, certificates: bool) {
    let listeners = [
        ("smtp", &listen.smtp, certificates),
        ("lmtp", &listen.lmtp, false),
        ("milter", &listen.milter, false),
        ("outbound", &listen.outbound, certificates),
    ];
    for (name, bind, asks_for_certificates) in listeners {
        let Some(Bind::Tcp(address)) = bind else { continue };
        if is_open(address.ip(), &mail.accept_from, asks_for_certificates) {
            section.fault(
                "accept_from",
                format!("lists nobody, and listen.{name} is open to every host that can reach it"),
                "write the networks of your mail servers, or for SMTP ask for their certificates \
                 with tls.client_ca",
            );
        }
    }
}

struct MailParts {
    smtp_tls: Option<ServerTls>,
    way_out: Option<Downstream>,
    way_out_tls: Option<ClientTls>,
    accept_from: Vec<ipnet::IpNet>,
    downstream_tls: Option<ClientTls>,
    trusted_authserv_ids: Vec<String>,
    border_hosts: Vec<String>,
    xforward_from: Vec<ipnet::IpNet>,
    check: Option<CheckSettings>,
    default_organisation: Option<OrganisationId>,
    size_limit: u64,
    milter_kept: MilterKept,
    hostname: String,
}

impl MailParts {
    fn with(self, listen: MailListen, downstream: Downstream, state: &Path) -> MailSettings {
        MailSettings {
            smtp: listen.smtp,
            lmtp: listen.lmtp,
            milter: listen.milter,
            outbound: listen.outbound.map(|listen| OutboundSettings {
                listen,
                downstream: self.way_out,
                downstream_tls: self.way_out_tls,
            }),
            milter_kept: self.milter_kept,
            socket_mode: listen.socket_mode.unwrap_or(SOCKET_MODE_DEFAULT),
            smtp_tls: self.smtp_tls,
            accept_from: self.accept_from,
            downstream,
            downstream_tls: self.downstream_tls,
            trusted_authserv_ids: self.trusted_authserv_ids,
            border_hosts: self.border_hosts,
            xforward_from: self.xforward_from,
            check: self.check,
            default_organisation: self.default_organisation,
            size_limit: self.size_limit,
            hostname: self.hostname,
            spool: state.join(SPOOL_FOLDER),
            pass_key: [0; 32],
        }
    }
}

/// `[mail.outbound]`: the server by which mail leaves, and TLS with it.
fn outbound(
    field: &Field<'_>,
    listen: &MailListen,
    file: &Path,
) -> Option<(Option<Downstream>, Option<ClientTls>)> {
    if listen.outbound.is_none() {
        field.fault(
            "belongs to a listener that is not configured",
            "write listen.outbound, or leave this out",
        );
    }
    let section = field.section()?;
    let downstream = section
        .need("downstream", "the server that mail leaves by, such as \"smtp://127.0.0.1:10028\"")
        .and_then(|f| f.parsed(endpoint::downstream));
    let tls = section.field("downstream_tls");
    let tls = tls.and_then(|f| mail_tls::client(&f, file, downstream.as_ref()));
    section.close();
    Some((downstream, tls))
}

/// `[mail.check]`; `None`: something is missing.
fn check(field: &Field<'_>) -> Option<CheckSettings> {
    let section = field.section()?;
    let nameserver = section
        .need("nameserver", "the DNS server to ask, such as \"127.0.0.1:53\"")
        .and_then(|f| f.parsed(endpoint::nameserver));
    let listeners = section
        .need("listeners", "the listeners whose mail is checked, such as [\"lmtp\"]")
        .and_then(|f| f.list(|item| item.choice("a mail listener", MAIL_LISTENERS)));
    section.close();
    Some(CheckSettings { nameserver: nameserver?, listeners: listeners? })
}

/// A host name, as in Authentication-Results, `Received` and greetings.
fn host(field: &Field<'_>) -> Option<String> {
    field.parsed(|text| {
        let ascii = domain_to_ascii(text).filter(|host| !host.contains(char::is_whitespace));
        ascii.ok_or_else(|| {
            Wrong::new(
                format!("`{}` is not a host name", brief(text)),
                "write it as mx.example.org",
            )
        })
    })
}

/// The machine's own name, as the kernel has it.
fn hostname() -> String {
    const UNKNOWN: &str = "localhost";
    std::fs::read_to_string("/proc/sys/kernel/hostname")
        .ok()
        .and_then(|name| domain_to_ascii(name.trim()))
        .unwrap_or_else(|| UNKNOWN.to_owned())
}
