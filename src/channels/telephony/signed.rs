//! The address over which a provider signs: the configured public one, with what stands behind it
//! and the query exactly as they came.

use url::Url;

use super::settings::TelephonySettings;
use super::webhook::Webhook;

/// The request is not proved to be the provider's. Nothing more is said: who does not know the
/// secret learns nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request is not signed by the provider")]
pub struct Refused;

/// The addresses that the provider may have signed over, with the port in them and without.
pub fn addresses(entry: &TelephonySettings, webhook: &Webhook) -> Vec<String> {
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
pub fn target(base: &Url, webhook: &Webhook) -> String {
    let path = base.path();
    let path =
        if webhook.behind.is_empty() { path } else { path.strip_suffix('/').unwrap_or(path) };
    let query = webhook.query.as_deref().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{path}{}{query}", webhook.behind)
}

/// The address by which the existing call flow knows itself, for this request.
pub fn upstream_address(entry: &TelephonySettings, webhook: &Webhook) -> Option<String> {
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
