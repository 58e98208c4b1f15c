//! What every page of the gateway shares: the headers that keep it shut, and colours that can be read.

pub mod colour;

use hyper::header::{
    CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};

/// Everything a page of ours loads comes from its own origin; nothing in it runs or posts elsewhere,
/// and nobody frames it.
pub const OWN_PAGE: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    font-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; \
    frame-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Foreign HTML that was cleaned, in a frame without rights: it shows text in its own colours, and loads
/// nothing from anywhere. Pictures that the message carries itself are `data:`.
pub const FOREIGN_PAGE: &str = "sandbox; default-src 'none'; style-src 'unsafe-inline'; \
    img-src data:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'";

/// Puts the headers on that keep a page shut: `policy` is one of this file's.
pub fn shut(headers: &mut HeaderMap, policy: &'static str) {
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // Not `no-referrer`: with it browsers send `Origin: null` along with our own forms (Fetch, "append a
    // request `Origin` header"). Nothing is said to others either way.
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
}
