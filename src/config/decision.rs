//! `[[organisation.decision]]`: decision endpoints that proxies ask.

use hyper::header::HeaderName;

use super::context::Context;
use super::endpoint;
use super::fault::Wrong;
use super::reader::{Field, Section, brief};
use super::web_form::REVEALS;
use crate::channels::decisions::settings::{Proxy, ProxyFields, ProxySettings, Source};
use crate::channels::web_form::settings::Reveal;
use crate::domain::identifier::Assurance;
use crate::domain::organisation::OrganisationId;

const PROXIES: [(&str, Proxy); 4] = [
    ("nginx", Proxy::Nginx),
    ("haproxy", Proxy::Haproxy),
    ("traefik", Proxy::Traefik),
    ("envoy", Proxy::Envoy),
];

const ASSURANCES: [(&str, Assurance); 2] =
    [("asserted", Assurance::Asserted), ("proven", Assurance::Proven)];

/// All endpoints are below this path.
const BELOW: &str = "/decisions/";
/// Taken: the endpoint that takes whole contacts.
const CONTACT: &str = "/decisions/contact";

pub(super) fn read(
    context: &Context<'_>,
    section: Section<'_>,
    organisation: &OrganisationId,
) -> Option<ProxySettings> {
    let path =
        section.need("path", "the path on the contacts listener, such as \"/decisions/karbon\"");
    let path = path.and_then(|f| {
        let path = f.parsed(own_path)?;
        context.once("the path", &path, &f, "give every endpoint a path of its own");
        Some(path)
    });
    let proxy = section
        .need("proxy", "one of nginx, haproxy, traefik, envoy")
        .and_then(|f| f.choice("a proxy", &PROXIES));
    let fields = fields(&section);
    let assurance = section
        .field("assurance")
        .map_or(Some(Assurance::Asserted), |f| f.choice("an assurance", &ASSURANCES));
    let request_id = section.field("request_id").and_then(|f| f.parsed(header));
    let reveal = section.field("reveal").map_or(Some(Reveal::Proven), |f| {
        f.choice("an assurance at which a limited request's page shows more", &REVEALS)
    });
    let trusted_sources = section
        .field("trusted_sources")
        .and_then(|f| f.list(|item| item.parsed(endpoint::network)))
        .unwrap_or_default();
    section.close();
    Some(ProxySettings {
        organisation: organisation.clone(),
        path: path?,
        proxy: proxy?,
        fields: fields?,
        assurance: assurance?,
        request_id,
        reveal: reveal?,
        trusted_sources,
    })
}

fn own_path(text: &str) -> Result<String, Wrong> {
    let right = format!("write it as {BELOW}karbon; {CONTACT} is taken");
    let path = endpoint::listener_path(text)?;
    let is_free = path.strip_prefix(BELOW).is_some_and(|name| !name.is_empty())
        && path != CONTACT
        && !path.starts_with(&format!("{CONTACT}/"));
    if is_free {
        Ok(path)
    } else {
        Err(Wrong::new(format!("`{}` is not free", brief(text)), right))
    }
}

fn fields(section: &Section<'_>) -> Option<ProxyFields> {
    let example = "where to find the sender, such as { email = \"header:X-Customer-Email\" }";
    let fields = section.need("fields", example)?.section()?;
    let source = |field: Option<Field<'_>>| field.and_then(|f| f.parsed(source));
    let found = ProxyFields {
        email: source(fields.field("email")),
        phone: source(fields.field("phone")),
        account: source(fields.field("account")),
        text: source(fields.field("text")),
        subject: source(fields.field("subject")),
        issue: source(fields.field("issue")),
    };
    let names_nobody = ["email", "phone", "account"].iter().all(|key| fields.field(key).is_none());
    if names_nobody {
        fields.missing("email", "at least one of email, phone, account, to identify the sender");
    }
    fields.close();
    Some(found)
}

fn source(text: &str) -> Result<Source, Wrong> {
    match text.split_once(':') {
        Some(("header", name)) => header(name).map(Source::Header),
        Some(("query", name)) if !name.is_empty() => Ok(Source::Query(name.to_owned())),
        Some(_) | None => Err(Wrong::new(
            format!("`{}` names no place", brief(text)),
            "write it as \"header:X-Customer-Email\" or \"query:email\"",
        )),
    }
}

fn header(name: &str) -> Result<HeaderName, Wrong> {
    name.parse().map_err(|_| {
        Wrong::new(
            format!("`{}` is not the name of a header field", brief(name)),
            "write it as X-Customer-Email",
        )
    })
}
