//! The address over which a provider signs: the configured public one, with what follows it
//! and the query exactly as they came.

use chrono::{DateTime, Utc};
use hyper::header::AUTHORIZATION;
use secrecy::ExposeSecret;
use subtle::ConstantTimeEq;
use url::Url;

use super::settings::{Provider, TelephonySettings};
use super::webhook::Webhook;
use crate::channels::http::fields;
use crate::runtime::limits::WEBHOOK_AGE_MAX;
use crate::runtime::tokens::{bearer, sha256};

/// The request is not proved to be the provider's. Nothing more is said: who does not know the
/// secret learns nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not signed by the provider")]
pub struct Refused;

/// Whether a signed time, in seconds since 1970, is now, give or take
/// [`WEBHOOK_AGE_MAX`].
pub(super) fn is_recent(seconds: i64, now: DateTime<Utc>) -> bool {
    now.timestamp().abs_diff(seconds) <= WEBHOOK_AGE_MAX.as_secs()
}

/// Whether a request carries one of the entry's secrets as a bearer token, from a network that
/// tokens are taken from: for sources that can't sign.
///
/// # Errors
/// [`Refused`]: it does not.
pub(super) fn verify_token(entry: &TelephonySettings, webhook: &Webhook) -> Result<(), Refused> {
    let from_elsewhere = webhook
        .peer
        .is_some_and(|peer| !entry.trusted_sources.iter().any(|net| net.contains(&peer)));
    // A SIP edge's networks are those of its trunks, which are not where it asks from.
    if entry.provider == Provider::Generic && !entry.trusted_sources.is_empty() && from_elsewhere {
        return Err(Refused);
    }
    let presented = fields::text(&webhook.headers, AUTHORIZATION).and_then(bearer);
    let presented = sha256(presented.ok_or(Refused)?.as_bytes());
    // Digests are compared, in constant time: neither length nor content shows in the time.
    let known = entry
        .secrets
        .iter()
        .any(|secret| sha256(secret.expose_secret().as_bytes()).ct_eq(&presented).into());
    if known { Ok(()) } else { Err(Refused) }
}

/// The addresses that the provider may have signed over, with the port in them and without.
pub(super) fn addresses(entry: &TelephonySettings, webhook: &Webhook) -> Vec<String> {
    let base = &entry.public_url;
    let host = base.host_str().unwrap_or_default();
    let written = base.port();
    let ports = [written, None, base.port_or_known_default()];
    let mut found: Vec<String> = Vec::with_capacity(ports.len());
    for port in ports {
        let authority = port.map_or(host.to_owned(), |port| format!("{host}:{port}"));
        let address = format!("{}://{authority}{}", base.scheme(), target(base, webhook));
        if !found.contains(&address) {
            found.push(address);
        }
    }
    found
}

/// Path and query below an address, as they came.
pub(super) fn target(base: &Url, webhook: &Webhook) -> String {
    let path = base.path();
    let path =
        if webhook.behind.is_empty() { path } else { path.strip_suffix('/').unwrap_or(path) };
    let query = webhook.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{}{query}", webhook.behind)
}

/// The address by which the existing call flow knows itself, for this request.
pub(super) fn upstream_address(entry: &TelephonySettings, webhook: &Webhook) -> Option<String> {
    let own = match (&entry.upstream_url, &entry.upstream) {
        (Some(url), _) => url.clone(),
        (None, Some(upstream)) => Url::parse(&upstream.to_string()).ok()?,
        (None, None) => return None,
    };
    let mut origin = own.clone();
    origin.set_path("");
    origin.set_query(None);
    origin.set_fragment(None);
    let query = match (own.query(), webhook.query.as_deref()) {
        (Some(own), Some(query)) => format!("?{own}&{query}"),
        (Some(query), None) | (None, Some(query)) => format!("?{query}"),
        (None, None) => String::new(),
    };
    let path = own.path();
    let path =
        if webhook.behind.is_empty() { path } else { path.strip_suffix('/').unwrap_or(path) };
    Some(format!("{}{path}{}{query}", origin.as_str().trim_end_matches('/'), webhook.behind))
}
